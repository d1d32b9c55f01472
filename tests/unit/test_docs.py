"""README, CONTRIBUTING and docs/: links work, named things exist, and tables match the code."""

import ast
import os
import re
from functools import cache

import pytest

from local.sam_template import TEMPLATE
from local.tiktok_simulator.endpoints import ENDPOINTS as SIMULATED
from publishing.connections.callback import CallbackErrorCode
from publishing.http.problems import PROBLEMS
from publishing.preflight.findings import Status
from tests.support.documentation import PAGES, ROOT, all_commands, anchors, blocks, links, prose, spans
from tools.docs.advice import CALLBACK_ADVICE, PROBLEM_ADVICE
from tools.docs.tables import PLACES, TABLES, with_tables
from tools.markdown import places

COMMAND = "DOCS=write .venv/bin/python -m pytest tests/unit/test_docs.py"
DOCUMENTS = pytest.mark.parametrize("name", PAGES)
DECISIONS = sorted(ROOT.glob("docs/decisions/0*.md"))
GENERATED = {".local", ".venv", ".tools", ".sdk", ".aws-sam"}
"""Folders that commands create: their files need not exist."""
EXTERNAL = {
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
"""First parts of paths of TikTok or of other repositories."""


@cache
def source() -> str:
    """Return the text of all code that runs in Lambda, of the template, and of what deploys it."""
    deployment = [ROOT / "template.yaml", ROOT / "deploy" / "pipeline.yaml", ROOT / ".github/workflows/deploy.yaml"]
    files = [*ROOT.glob("layers/shared/**/*.py"), *ROOT.glob("functions/**/*.py"), *deployment]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@DOCUMENTS
def test_links_have_a_target(name: str) -> None:
    """Every link is to an existing file or folder, and to one of its headings."""
    for target, heading in links(PAGES[name]):
        file = (ROOT / name).parent / target if target else ROOT / name
        assert file.exists(), target
        if heading:
            assert heading in anchors(file.read_text(encoding="utf-8")), (target, heading)


@DOCUMENTS
def test_every_page_is_linked(name: str) -> None:
    """Another page links to every page; the list of decisions links to each decision."""
    page = (ROOT / name).resolve()
    others = {one: text for one, text in PAGES.items() if one != name}
    linked = {((ROOT / one).parent / target).resolve() for one, text in others.items() for target, _ in links(text)}
    assert name == "README.md" or page in linked


@DOCUMENTS
def test_named_paths_exist(name: str) -> None:
    """Every path in a code span exists in the repository, relative to its root, the layer or another known folder."""
    for span in spans(PAGES[name]):
        path = span.partition("::")[0].removesuffix("…")
        if not re.fullmatch(r"[\w.*/-]+", path) or not re.search(r"/|\.(py|md|yaml|toml|json|svg|mk)$", path):
            continue
        first = path.partition("/")[0]
        if first in GENERATED | EXTERNAL or path.startswith("/") or path == "app.json" or _is_route(path):
            continue
        places = (
            ROOT,
            *(ROOT / place for place in ("layers/shared", "layers/shared/publishing", "docs", "local", "tools")),
        )
        found = any([*place.glob(path), *place.glob(f"{path}*")] for place in places)
        assert found or ("/" not in path and any([*(ROOT / top).rglob(path)] for top in ("layers", "functions"))), path


def _is_route(path: str) -> bool:
    """Whether it is a TikTok route that the code names or simulates, a content type or a file that a reader creates."""
    known = {*SIMULATED, "token.json", "application/json", "application/problem+json"}
    return path in known or f'"{path}"' in source()


@DOCUMENTS
def test_named_tests_exist(name: str) -> None:
    """Every named test is a function of the named file, in a class or not."""
    for file, test in re.findall(r"(tests/[\w/]+\.py)::(\w+)", PAGES[name]):
        assert re.search(rf"^ *def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), (file, test)


def test_every_threat_has_its_test() -> None:
    """Every row of docs/security.md names at least one test."""
    rows = re.findall(r"^\| (?!threat|---)(.+?) \| .+? \| (.+) \|$", PAGES["docs/security.md"], re.MULTILINE)
    assert len(rows) > 20
    for threat, shown in rows:
        assert re.findall(r"tests/[\w/]+\.py::test_\w+", shown), threat


@DOCUMENTS
def test_named_targets_exist(name: str) -> None:
    """Every `make <target>`, in a sentence or a block, is a target of the Makefile."""
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    texts = [*spans(PAGES[name]), *(" ".join(words) for page, words in all_commands() if page == name)]
    assert {one for text in texts for one in re.findall(r"^make ([a-z][\w-]*)", text)} <= targets


@DOCUMENTS
def test_named_variables_exist(name: str) -> None:
    """Everything written like a parameter, output, variable or constant is in the template or the code."""
    template = {*TEMPLATE["Parameters"], *TEMPLATE["Outputs"], *TEMPLATE["Resources"]}
    for word in (span.partition("=")[0] for span in spans(PAGES[name])):
        if re.fullmatch(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+", word):
            assert word in template or word in EXTERNAL_NAMES or re.search(rf"\b{word}\b", source()), word
        elif re.fullmatch(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+", word):
            assert re.search(rf"\b{word}\b", source()) or word in COMMAND_VARIABLES, word


EXTERNAL_NAMES = {"DeadLetterQueueSourceArn", "ReceiptHandle", "SentTimestamp", "ClientRequestToken", "EventSource"}
"""Names of AWS or of browsers that nothing in the layer uses."""
COMMAND_VARIABLES = {
    *("FAULT_MATRIX", "PYDANTIC_DISABLE_PLUGINS", "VERIFY_TOKEN", "VERIFY_TOKEN_UNSUBSCRIBED"),
    *("TIKTOK_ACCESS_TOKEN", "TIKTOK_ADVERTISER_ID", "TIKTOK_APP_ID", "TIKTOK_APP_SECRET"),
}
"""Environment variables of developers' commands and of libraries."""


@DOCUMENTS
def test_values_of_parameters_are_valid(name: str) -> None:
    """The template accepts every value that a page gives a parameter."""
    for parameter, value in (span.split("=", 1) for span in spans(PAGES[name]) if re.fullmatch(r"\w+=[^\s…]+", span)):
        definition = TEMPLATE["Parameters"].get(parameter, {})
        assert value in definition.get("AllowedValues", [value])
        assert re.fullmatch(definition.get("AllowedPattern", ".*"), value)
    for parameter in re.findall(r"--parameter-overrides (\w+)=", PAGES[name]):
        assert parameter in TEMPLATE["Parameters"]


@DOCUMENTS
def test_tables_match_the_code(name: str) -> None:
    """The text between the markers is generated from the code; the failure names the command that rewrites it."""
    written = with_tables(PAGES[name])
    if os.environ.get("DOCS") == "write":
        (ROOT / name).write_text(written, encoding="utf-8")
        return
    assert PAGES[name] == written, f"rewrite it with: {COMMAND}"


def test_every_table_is_used_once() -> None:
    """Every table that the code can generate is on exactly one page."""
    assert sorted(name for page in PAGES.values() for name in places(page, PLACES)) == sorted(TABLES)


def test_there_is_advice_for_every_code() -> None:
    """Each problem and each callback error has advice, and there is no other advice."""
    assert PROBLEM_ADVICE.keys() == PROBLEMS.keys()
    assert set(CALLBACK_ADVICE) == set(CallbackErrorCode)


def test_every_status_is_documented() -> None:
    """docs/integrate.md says what to show for each status of a check."""
    assert {status.value for status in Status} <= set(spans(PAGES["docs/integrate.md"]))


def test_examples_have_current_messages() -> None:
    """Every message and detail in README's example responses is one that the code returns."""
    texts = re.findall(r'"(?:message|detail)": "([^"]+)"', PAGES["README.md"])
    assert texts
    assert [text for text in texts if text not in source()] == []


def test_every_tiktok_endpoint_is_documented() -> None:
    """docs/tiktok.md has a row for each endpoint that the client calls, and no other."""
    called: set[str] = set()
    for file in ("endpoints.py", "oauth.py"):
        tree = ast.parse((ROOT / "layers/shared/tiktok_business" / file).read_text(encoding="utf-8"))
        texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
        called |= {text for text in texts if isinstance(text, str) and re.fullmatch(r"(?:[a-z0-9_]+/)+", text)}
    assert called
    table = PAGES["docs/tiktok.md"].partition("## Endpoints")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)) == called


def test_decisions_are_numbered_without_gaps() -> None:
    """The numbers start at 1, and a file's heading has the number of its name."""
    assert [int(file.name[:4]) for file in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    for number, file in enumerate(DECISIONS, 1):
        assert file.read_text(encoding="utf-8").startswith(f"# {number}. ")


@DOCUMENTS
def test_named_decisions_exist(name: str) -> None:
    """Every decision that a page names by its number exists."""
    numbers = {int(file.name[:4]) for file in DECISIONS}
    assert {int(number) for number in re.findall(r"[Dd]ecisions?\s+(\d+)", prose(PAGES[name]))} <= numbers


@DOCUMENTS
def test_diagrams_are_well_formed(name: str) -> None:
    """Diagrams are flowcharts or sequences; a flowchart's brackets and quotes are closed on their line."""
    for block in blocks(PAGES[name], "mermaid"):
        kind, _, body = block.partition("\n")
        assert re.fullmatch(r"flowchart (LR|TB)|sequenceDiagram", kind)
        for line in body.splitlines():
            assert kind != "sequenceDiagram" or ";" not in line, line  # a semicolon starts another statement
            assert line.count("[") == line.count("]"), line
            assert line.count('"') % 2 == 0, line
    assert "```\n```" not in PAGES[name]


def test_an_unknown_table_is_an_error() -> None:
    """A mistyped name between markers raises an error instead of leaving the table empty."""
    assert with_tables("a <!-- code:scopes -->\nold\n<!-- end --> b").startswith("a <!-- code:scopes -->\n| permission")
    with pytest.raises(KeyError):
        with_tables("<!-- code:nothing -->\n<!-- end -->")
