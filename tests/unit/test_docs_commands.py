"""Every command of README, CONTRIBUTING and docs/ is run by a test, or this table says why not and what is tested."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.aws_commands import faults
from tests.support.documentation import PAGES, ROOT, all_commands, blocks

MAKE = shutil.which("make") or "make"
RUNBOOK = "tests/unit/test_operations.py::test_the_runbook_"
SHELL = "part of a function that the page defines; its calls to AWS are checked like every aws command"
COVERED_BY = {
    "aws": "needs an account: tests/unit/test_docs_commands.py::test_aws_commands_are_valid; those of "
    "docs/integrate.md run on moto in "
    "tests/adapters/test_docs_commands.py::test_the_functions_read_what_the_documented_commands_write",
    "output": f"needs a stack: {RUNBOOK}names_existing_outputs_and_resources",
    "resource": f"needs a stack: {RUNBOOK}names_existing_outputs_and_resources",
    "ask": f"needs CloudWatch: {RUNBOOK}queries_existing_log_events and {RUNBOOK}queries_existing_log_groups",
    "metric": f"needs CloudWatch: {RUNBOOK}reads_emitted_metrics",
    "local": SHELL,
    "shift": SHELL,
    "sleep": SHELL,
    "jq": "builds the request that revokes a token; the code sends the same request in tests/unit/connections/"
    "test_disconnect.py::test_a_disconnection_removes_another_services_secret_and_our_own; jq is not installed here",
    "curl": "would be sent to TikTok, with a secret",
    "make run": "tests/deep/test_make_run.py runs every command that it prints",
    "make test": "runs this test",
    "make test-deep": "runs the deep tests, in .ci/run",
    "make lint": "runs before the tests in make test",
    "make check": "runs checks of make lint and unit tests: tests/unit/commands/test_checks.py tests its parts",
    "make audit": "runs in .ci/run: tests/unit/commands/test_checks.py::test_the_audit_reads_all_that_ships",
    "make house": "tests/unit/test_house.py holds the same counts",
    "make format": "rewrites the work tree; make lint reports what it would do",
    "make mutation": "is part of make test-deep: tests/unit/test_mutation.py tests its parts",
    "make bench": "takes minutes: tests/unit/test_bench.py tests its parts",
    "make simulate": "takes minutes: tests/unit/test_simulation.py tests its parts",
    "make invoke": "needs a Docker engine: tests/stack/test_events.py::test_event sends each event to its function; "
    "the event's file exists: tests/unit/test_docs_commands.py::test_files_that_commands_use_exist",
    "make deploy": "needs an account: tests/unit/commands/test_deploy.py tests its parts",
    "make verify": "needs a stage: tests/stack/test_verify.py verifies the local one, "
    "tests/unit/commands/test_verify.py tests its parts",
    "make verify-tiktok": "needs a token: tests/unit/test_verify_tiktok.py asks the simulator",
    "read": "reads a secret from the keyboard",
    "export": "sets a variable of a command",
    "make clean": "removes the environments that the tests run in",
    "make logs": "tests/deep/test_make_run.py::test_its_logs_can_be_followed",
}
"""By the command's first word; by its first two for `make` and `sam`."""


def kind(words: tuple[str, ...]) -> str:
    """Return the command's key in the table."""
    return " ".join(words[:2]) if words[0] in {"make", "sam"} else words[0]


def test_every_command_is_in_the_table() -> None:
    """Every kind of command has an entry, and every entry has a command."""
    assert {kind(words) for _, words in all_commands()} == COVERED_BY.keys()
    assert len(all_commands()) > 80


@pytest.mark.parametrize("one", COVERED_BY)
def test_named_tests_exist(one: str) -> None:
    """Every file and function that the table names exists."""
    for file, test in re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", COVERED_BY[one]):
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not test or re.search(rf"^ *def {test}\(", text, re.MULTILINE), (file, test)


@pytest.mark.parametrize("name", PAGES)
def test_blocks_are_valid_shell(name: str) -> None:
    """bash parses every block without an error."""
    for block in blocks(PAGES[name], "sh"):
        done = subprocess.run(["/bin/bash", "-n"], input=block, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_aws_commands_are_valid() -> None:
    """Service, operation and options exist, no required option is missing, and JSON has the operation's shape."""
    commands = [(name, words) for name, words in all_commands() if words[0] == "aws"]
    assert len(commands) > 30
    assert [(name, words[1:3], fault) for name, words in commands for fault in faults(words)] == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("aws sqz send-message", "unknown service sqz"),
        ("aws sqs sendmessage", "sqs has no operation sendmessage"),
        ("aws sqs send-message --queue-url u", "--message-body is missing"),
        ("aws sqs delete-message --queue-url u --receipt-handle r --force", "sqs delete-message has no --force"),
        (
            "aws sqs receive-message --queue-url u --max-number-of-messages ten",
            "--max-number-of-messages must be a number",
        ),
        ("aws lambda update-event-source-mapping --uuid u --no-enabled x", "--no-enabled is a flag"),
        ("aws lambda invoke --function-name f", "0 positional arguments"),
        ("aws sqs get-queue-attributes --queue-url u --attribute-names Everything", "unknown value Everything"),
        ('aws dynamodb get-item --table-name t --key {"pk":"x"}', "--key: Invalid type"),
        ("aws dynamodb get-item --table-name t --key {pk}", "--key is not JSON"),
    ],
)
def test_invalid_aws_commands_are_found(line: str, fault: str) -> None:
    """Each kind of mistake in an aws command is reported."""
    assert any(fault in one for one in faults(line.split()))


def test_make_commands_are_valid() -> None:
    """make resolves every target and its prerequisites; with -n, so that nothing runs."""
    makes = {words for _, words in all_commands() if words[0] == "make"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    for words in sorted(makes):
        done = subprocess.run(
            [MAKE, "-n", *words[1:]], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (words, done.stderr)


def test_files_that_commands_use_exist() -> None:
    """The events of `make invoke` exist and belong to the named function; files that readers create are not checked."""
    for _, words in all_commands():
        given = dict(word.split("=", 1) for word in words if re.match(r"[A-Z]+=", word))
        if "EVENT" in given:
            event = Path(given["EVENT"])
            assert (ROOT / event).is_file()
            function = given.get("FUNCTION", given.get("FN", ""))
            snake = re.sub(r"(?<!^)(?=[A-Z])", "_", function.removesuffix("Function")).lower()
            assert event.name.partition(".")[0] == snake
