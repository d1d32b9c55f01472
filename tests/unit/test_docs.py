"""README, CONTRIBUTING and docs/ lead somewhere, name what there is, and say what the code says."""

import ast
import os
import re
from functools import cache

import pytest

from local.sam_template import TEMPLATE
from publishing.connecting.refusals import Refusal
from publishing.preflight.findings import Status
from publishing.problems import PROBLEMS
from tests.support.documentation import PAGES, ROOT, all_commands, anchors, blocks, links, prose, spans
from tools.docs.advice import PROBLEM_ADVICE, REFUSAL_ADVICE
from tools.docs.tables import PLACES, TABLES, with_tables
from tools.markdown import places

COMMAND = "DOCS=write .venv/bin/python -m pytest tests/unit/test_docs.py"
DOCUMENTS = pytest.mark.parametrize("name", PAGES)
DECISIONS = sorted(ROOT.glob("docs/decisions/0*.md"))
MADE = {".local", ".venv", ".tools", ".sdk", ".aws-sam"}
"""Folders that commands make: what is in them need not be there."""
OF_OTHERS = {
    "python_sdk",
    "yml_files",
    "open_api",
    "portal",
    "oauth2",
    "tiktok",
    "bububa",
    "NangoHQ",
    "airbytehq",
    "PostHog",
    "api-evangelist",
}
"""First words of paths that are TikTok's, or other repositories'."""


@cache
def source() -> str:
    """The text of all that runs in Lambda, and of the template."""
    files = [*ROOT.glob("layers/shared/**/*.py"), *ROOT.glob("functions/**/*.py"), ROOT / "template.yaml"]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@DOCUMENTS
def test_links_lead_somewhere(name: str) -> None:
    """To a file or folder, and to a heading of it."""
    for target, heading in links(PAGES[name]):
        file = (ROOT / name).parent / target if target else ROOT / name
        assert file.exists(), target
        if heading:
            assert heading in anchors(file.read_text(encoding="utf-8")), (target, heading)


@DOCUMENTS
def test_every_page_is_linked(name: str) -> None:
    """Some other page leads to it; a decision's is the list of decisions."""
    page = (ROOT / name).resolve()
    others = {one: text for one, text in PAGES.items() if one != name}
    linked = {((ROOT / one).parent / target).resolve() for one, text in others.items() for target, _ in links(text)}
    assert name == "README.md" or page in linked


@DOCUMENTS
def test_named_paths_exist(name: str) -> None:
    """Every path in a code span is one of the repository, as it stands or below the layer."""
    for span in spans(PAGES[name]):
        path = span.partition("::")[0].removesuffix("…")
        if not re.fullmatch(r"[\w.*/-]+", path) or not re.search(r"/|\.(py|md|yaml|toml|json|svg|mk)$", path):
            continue
        first = path.partition("/")[0]
        if first in MADE | OF_OTHERS or path.startswith("/") or path == "app.json" or _is_route(path):
            continue
        places = (
            ROOT,
            *(ROOT / place for place in ("layers/shared", "layers/shared/publishing", "docs", "local", "tools")),
        )
        found = any([*place.glob(path), *place.glob(f"{path}*")] for place in places)
        assert found or ("/" not in path and any([*(ROOT / top).rglob(path)] for top in ("layers", "functions"))), path


def _is_route(path: str) -> bool:
    """A path of TikTok's, which ends with a slash, an event's address, or a file that a command of ours is given."""
    return f'"{path}"' in source() or path in {"token.json", "application/json", "application/problem+json"}


@DOCUMENTS
def test_named_tests_exist(name: str) -> None:
    """File and function, in a class or not."""
    for file, test in re.findall(r"(tests/[\w/]+\.py)::(\w+)", PAGES[name]):
        assert re.search(rf"^ *def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), (file, test)


def test_every_threat_has_its_test() -> None:
    """No line of docs/security.md stands without one."""
    rows = re.findall(r"^\| (?!threat|---)(.+?) \| .+? \| (.+) \|$", PAGES["docs/security.md"], re.MULTILINE)
    assert len(rows) > 20
    for threat, shown in rows:
        assert re.findall(r"tests/[\w/]+\.py::test_\w+", shown), threat


@DOCUMENTS
def test_named_targets_exist(name: str) -> None:
    """Every `make <target>`, in a sentence and in a block, is one of the Makefile."""
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    said = [*spans(PAGES[name]), *(" ".join(words) for one, words in all_commands() if one == name)]
    assert {one for text in said for one in re.findall(r"^make ([a-z][\w-]*)", text)} <= targets


@DOCUMENTS
def test_named_variables_exist(name: str) -> None:
    """What is written as a parameter, an output, a variable or a constant is in the template or in the code."""
    template = {*TEMPLATE["Parameters"], *TEMPLATE["Outputs"], *TEMPLATE["Resources"]}
    said = [span.partition("=")[0] for span in spans(PAGES[name])]
    for word in said:
        if re.fullmatch(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+", word):
            assert word in template or word in OF_OTHER_MAKERS or re.search(rf"\b{word}\b", source()), word
        elif re.fullmatch(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+", word):
            assert re.search(rf"\b{word}\b", source()) or word in OF_COMMANDS, word


OF_OTHER_MAKERS = {"DeadLetterQueueSourceArn", "ReceiptHandle", "ClientRequestToken", "EventSource"}
"""What AWS or a browser calls it, which nothing in the layer names."""
OF_COMMANDS = {"FAULT_MATRIX", "PYDANTIC_DISABLE_PLUGINS"}
"""Variables of commands for developers, and of libraries."""


@DOCUMENTS
def test_values_of_parameters_are_ones(name: str) -> None:
    """Wherever a parameter stands with a value, the template takes it."""
    for parameter, value in (span.split("=", 1) for span in spans(PAGES[name]) if re.fullmatch(r"\w+=[^\s…]+", span)):
        one = TEMPLATE["Parameters"].get(parameter, {})
        assert value in one.get("AllowedValues", [value])
        assert re.fullmatch(one.get("AllowedPattern", ".*"), value)
    for parameter in re.findall(r"--parameter-overrides (\w+)=", PAGES[name]):
        assert parameter in TEMPLATE["Parameters"]


@DOCUMENTS
def test_tables_are_the_codes(name: str) -> None:
    """What stands between its markers is made from the code; the failure says how to write it anew."""
    written = with_tables(PAGES[name])
    if os.environ.get("DOCS") == "write":
        (ROOT / name).write_text(written, encoding="utf-8")
        return
    assert PAGES[name] == written, f"write it with: {COMMAND}"


def test_every_table_is_somewhere() -> None:
    """None is made for nobody."""
    assert sorted(name for page in PAGES.values() for name in places(page, PLACES)) == sorted(TABLES)


def test_there_is_advice_for_every_code() -> None:
    """For each problem and each return that connected nothing, and for no other."""
    assert PROBLEM_ADVICE.keys() == PROBLEMS.keys()
    assert set(REFUSAL_ADVICE) == set(Refusal)


def test_every_status_is_shown() -> None:
    """docs/integrate.md says what to show of each status of a check."""
    said = set(spans(PAGES["docs/integrate.md"]))
    assert {status.value for status in Status} <= said


def test_every_endpoint_of_tiktoks_is_told_of() -> None:
    """docs/tiktok.md has a line for each that the client asks, and for no other."""
    asked: set[str] = set()
    for file in ("api.py", "oauth.py"):
        tree = ast.parse((ROOT / "layers/shared/tiktok_business" / file).read_text(encoding="utf-8"))
        texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
        asked |= {text for text in texts if isinstance(text, str) and re.fullmatch(r"(?:[a-z0-9_]+/)+", text)}
    assert asked
    table = PAGES["docs/tiktok.md"].partition("## Endpoints")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)) == asked


def test_decisions_are_numbered_without_gaps() -> None:
    """From 1 on, in the file's name and in its heading."""
    assert [int(file.name[:4]) for file in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    for number, file in enumerate(DECISIONS, 1):
        assert file.read_text(encoding="utf-8").startswith(f"# {number}. ")


@DOCUMENTS
def test_decisions_that_are_named_exist(name: str) -> None:
    """By their number."""
    for numbers in re.findall(r"[Dd]ecisions? (\d+)", prose(PAGES[name])):
        assert 1 <= int(numbers) <= len(DECISIONS), numbers


@DOCUMENTS
def test_diagrams_are_of_a_known_kind(name: str) -> None:
    """GitHub draws flowcharts and sequences; brackets of the former are closed on their line, each fence has a kind."""
    for block in blocks(PAGES[name], "mermaid"):
        kind, _, body = block.partition("\n")
        assert re.fullmatch(r"flowchart (LR|TB)|sequenceDiagram", kind)
        for line in body.splitlines():
            assert kind != "sequenceDiagram" or ";" not in line, line  # it would begin another statement
            assert line.count("[") == line.count("]"), line
            assert line.count('"') % 2 == 0, line
    assert "```\n```" not in PAGES[name]


def test_a_table_that_is_not_made_is_an_error() -> None:
    """A place whose name is mistyped does not stay empty unnoticed."""
    assert with_tables("a <!-- code:scopes -->\nold\n<!-- end --> b").startswith("a <!-- code:scopes -->\n| permission")
    with pytest.raises(KeyError):
        with_tables("<!-- code:nothing -->\n<!-- end -->")
