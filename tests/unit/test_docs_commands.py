"""Every command of README, CONTRIBUTING and docs/ is run by a test, or it is said here why not and what is tested."""

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
SHELL = "part of a function that the page defines; what it asks of AWS is checked as every aws line"
HANDLED = {
    "aws": "needs an account: tests/unit/test_docs_commands.py::test_aws_commands_are_ones; those of docs/integrate.md "
    "run against moto in tests/adapters/test_docs_commands.py::test_what_other_services_write_is_read",
    "output": f"needs a stack: {RUNBOOK}names_outputs_and_resources_that_are_there",
    "resource": f"needs a stack: {RUNBOOK}names_outputs_and_resources_that_are_there",
    "ask": f"needs CloudWatch: {RUNBOOK}asks_for_what_is_logged and {RUNBOOK}reads_logs_that_are_there",
    "metric": f"needs CloudWatch: {RUNBOOK}asks_for_metrics_that_are_emitted",
    "local": SHELL,
    "shift": SHELL,
    "sleep": SHELL,
    "jq": "puts together what revoking takes; what is sent so is what "
    "tests/unit/connecting/test_disconnect.py::test_a_disconnection_ends_another_services_secret_and_what_lies_"
    "beside_it sees sent by the code, and there is no jq here to run",
    "curl": "would be sent to TikTok, with a secret",
    "make run": "tests/deep/test_make_run.py pastes all that it prints",
    "make test": "runs this",
    "make test-deep": "runs deep tests, in .ci/run",
    "make lint": "runs before the tests in make test",
    "make check": "runs checks of make lint and unit tests: tests/unit/commands/test_checks.py has its parts",
    "make audit": "runs in .ci/run: tests/unit/commands/test_checks.py::test_the_audit_reads_all_that_ships",
    "make format": "rewrites the work tree; make lint says what it would do",
    "make mutation": "is part of make test-deep: tests/unit/test_mutation.py has its parts",
    "make bench": "takes minutes: tests/unit/test_bench.py has its parts",
    "make simulate": "takes minutes: tests/unit/test_simulation.py has its parts",
    "make invoke": "needs a Docker engine: tests/stack/test_events.py::test_event gives each event to its function; "
    "that the event's file is there: tests/unit/test_docs_commands.py::test_files_that_commands_are_given_are_there",
    "make deploy": "needs an account: tests/unit/commands/test_deploy.py has its parts",
    "make clean": "removes what the tests run with",
    "make logs": "tests/deep/test_make_run.py::test_its_logs_can_be_followed",
}
"""By the command's first word, or its first two where it is `make` or `sam`."""


def kind(words: tuple[str, ...]) -> str:
    """The key of a command in the table."""
    return " ".join(words[:2]) if words[0] in {"make", "sam"} else words[0]


def test_every_command_is_in_the_table() -> None:
    """A new kind of command wants its line here first, and no line outlives its command."""
    assert {kind(words) for _, words in all_commands()} == HANDLED.keys()
    assert len(all_commands()) > 80


@pytest.mark.parametrize("one", HANDLED)
def test_the_tests_that_are_named_exist(one: str) -> None:
    """File and function."""
    for file, test in re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", HANDLED[one]):
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not test or re.search(rf"^ *def {test}\(", text, re.MULTILINE), (file, test)


@pytest.mark.parametrize("name", PAGES)
def test_blocks_are_shell(name: str) -> None:
    """bash reads every block to its end without running it."""
    for block in blocks(PAGES[name], "sh"):
        done = subprocess.run(["/bin/bash", "-n"], input=block, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_aws_commands_are_ones() -> None:
    """Service, operation and options are there, none that is required lacks, and JSON has the operation's shape."""
    commands = [(name, words) for name, words in all_commands() if words[0] == "aws"]
    assert len(commands) > 30
    assert [(name, words[1:3], fault) for name, words in commands for fault in faults(words)] == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("aws sqz send-message", "there is no service sqz"),
        ("aws sqs sendmessage", "sqs has no operation sendmessage"),
        ("aws sqs send-message --queue-url u", "--message-body lacks"),
        ("aws sqs delete-message --queue-url u --receipt-handle r --force", "sqs delete-message has no --force"),
        ("aws sqs receive-message --queue-url u --max-number-of-messages ten", "--max-number-of-messages is a number"),
        ("aws lambda update-event-source-mapping --uuid u --no-enabled x", "--no-enabled is a flag"),
        ("aws lambda invoke --function-name f", "0 words beside the options"),
        ("aws sqs get-queue-attributes --queue-url u --attribute-names Everything", "no such value Everything"),
        ('aws dynamodb get-item --table-name t --key {"pk":"x"}', "--key: Invalid type"),
        ("aws dynamodb get-item --table-name t --key {pk}", "--key is no JSON"),
    ],
)
def test_a_command_that_aws_would_refuse_is_found(line: str, fault: str) -> None:
    """What the checks are there for."""
    assert any(fault in one for one in faults(line.split()))


def test_make_knows_what_it_is_asked() -> None:
    """With -n, so that nothing is done: the target, and everything that it needs."""
    makes = {words for _, words in all_commands() if words[0] == "make"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    for words in sorted(makes):
        done = subprocess.run(
            [MAKE, "-n", *words[1:]], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (words, done.stderr)


def test_files_that_commands_are_given_are_there() -> None:
    """Events of `make invoke`, and the function that each is of; not the secrets that people write themselves."""
    for _, words in all_commands():
        given = dict(word.split("=", 1) for word in words if re.match(r"[A-Z]+=", word))
        if "EVENT" in given:
            event = Path(given["EVENT"])
            assert (ROOT / event).is_file()
            function = given.get("FUNCTION", given.get("FN", ""))
            snake = re.sub(r"(?<!^)(?=[A-Z])", "_", function.removesuffix("Function")).lower()
            assert event.name.partition(".")[0] == snake
