"""`make invoke` checks the command line before it runs SAM CLI."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from local.invoke import InvalidInvocationError, Invocation, endpoint_of, overview, parse, sam_command
from local.paths import ROOT
from local.sam_template import RESOURCES, function_ids

IDS = {"publish_check": "PublishCheckFunction", "readiness": "ReadinessFunction"}
EVENT = "events/publish_check.ready.json"
EVENTS = [EVENT, "events/publish_check.strict.json"]


def run(*options: str) -> subprocess.CompletedProcess[str]:
    """Run the command of the make target."""
    return subprocess.run(
        [sys.executable, "-m", "local.invoke", *options], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_every_function_of_the_template_is_known_by_its_folder() -> None:
    """The folder's name is enough to run a function."""
    assert set(function_ids()) == {path.parent.name for path in ROOT.glob("functions/*/app.py")}
    assert {RESOURCES[logical_id]["Properties"]["CodeUri"] for logical_id in function_ids().values()} == {
        f"functions/{folder}" for folder in function_ids()
    }


@pytest.mark.parametrize("name", ["publish_check", "PublishCheckFunction", ""])
def test_a_function_is_found_by_folder_logical_id_or_event(name: str) -> None:
    """FN is a folder, FUNCTION a logical id; without both the event's name starts with the function's."""
    assert parse(name, EVENT, IDS, EVENTS) == Invocation("PublishCheckFunction", EVENT)


def test_an_event_can_come_from_standard_input() -> None:
    """SAM CLI reads standard input for a dash."""
    assert parse("readiness", "-", IDS, EVENTS) == Invocation("ReadinessFunction", "-")


@pytest.mark.parametrize(
    ("function", "event", "message"),
    [
        ("publish_chek", EVENT, "Unknown function publish_chek. Did you mean publish_check?"),
        ("zzz", EVENT, "Unknown function zzz. List the functions: make invoke"),
        ("publish_check", "", f"EVENT is missing. Events of publish_check: {EVENTS[0]} {EVENTS[1]}"),
        ("PublishCheckFunction", "", f"EVENT is missing. Events of publish_check: {EVENTS[0]} {EVENTS[1]}"),
        ("readiness", "", "EVENT is missing. Events of readiness: none in events/"),
        ("readiness", "events/none.json", "events/none.json does not exist. List the events: make invoke"),
    ],
)
def test_the_message_of_a_mistake_says_what_to_type(function: str, event: str, message: str) -> None:
    """A similar name, the events of the function, or the command that lists them."""
    with pytest.raises(InvalidInvocationError) as refused:
        parse(function, event, IDS, EVENTS)
    assert str(refused.value) == message


def test_sam_cli_gets_function_event_template_and_further_options() -> None:
    """`ARGS` are the last options."""
    command = sam_command(Invocation("PublishCheckFunction", EVENT), ["--skip-pull-image"], Path("written.json"))
    assert command[-8:] == [
        *("local", "invoke", "PublishCheckFunction", "--event", EVENT),
        *("--template-file", "written.json", "--skip-pull-image"),
    ]
    assert command[2].endswith("sam_on_host_network.py")


def test_without_options_it_lists_every_function_with_its_events() -> None:
    """Every event in events/ is listed below its function."""
    listed = run()
    assert listed.returncode == 0
    lines = {line.strip() for line in listed.stdout.splitlines()}
    assert {f"{folder}  ({logical_id})" for folder, logical_id in function_ids().items()} <= lines
    assert {f"events/{path.name}" for path in ROOT.glob("events/*.json")} <= lines
    assert overview(IDS, EVENTS).index(EVENT) < overview(IDS, EVENTS).index("ReadinessFunction")


def test_a_mistake_is_one_line_without_a_stack_trace() -> None:
    """On standard error, with exit code 1."""
    failed = run("--function", "publish_chek", "--event", EVENT)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "Unknown function publish_chek. Did you mean publish_check?\n"


def test_without_make_run_the_message_says_to_start_it(tmp_path: Path) -> None:
    """The template that make run writes does not exist."""
    with pytest.raises(InvalidInvocationError, match="another terminal: make run"):
        endpoint_of(tmp_path / "invoke.json")


def test_the_written_template_has_the_address_of_the_stack(tmp_path: Path) -> None:
    """`make invoke` checks that a stack responds there."""
    written = tmp_path / "invoke.json"
    variables = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}
    resources = {"Table": {}, "F": {"Properties": {"Environment": {"Variables": variables}}}}
    written.write_text(json.dumps({"Resources": resources}))
    assert endpoint_of(written) == "http://127.0.0.1:4566"
