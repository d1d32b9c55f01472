"""What `make invoke` makes of what is typed, before SAM CLI is asked."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from local.invoke import Asked, NotInvokableError, command, endpoint_of, overview, understood
from local.paths import ROOT
from local.sam_template import RESOURCES, function_ids

IDS = {"publish_check": "PublishCheckFunction", "readiness": "ReadinessFunction"}
EVENT = "events/publish_check.ready.json"
EVENTS = [EVENT, "events/publish_check.strict.json"]


def run(*options: str) -> subprocess.CompletedProcess[str]:
    """What the make target runs."""
    return subprocess.run(
        [sys.executable, "-m", "local.invoke", *options], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_every_function_of_the_template_is_known_by_its_folder() -> None:
    """The folder's name is all that one has to know."""
    assert set(function_ids()) == {path.parent.name for path in ROOT.glob("functions/*/app.py")}
    template = RESOURCES
    assert {template[logical_id]["Properties"]["CodeUri"] for logical_id in function_ids().values()} == {
        f"functions/{folder}" for folder in function_ids()
    }


@pytest.mark.parametrize("name", ["publish_check", "PublishCheckFunction", ""])
def test_folder_logical_id_and_event_alone_mean_the_same(name: str) -> None:
    """FN, the older FUNCTION, or neither: an event's name begins with its function's."""
    assert understood(name, EVENT, IDS, EVENTS) == Asked("PublishCheckFunction", EVENT)


def test_standard_input_is_an_event_too() -> None:
    """SAM CLI reads it for a dash."""
    assert understood("readiness", "-", IDS, EVENTS) == Asked("ReadinessFunction", "-")


@pytest.mark.parametrize(
    ("function", "event", "said"),
    [
        ("publish_chek", EVENT, "There is no function publish_chek: did you mean publish_check?"),
        ("zzz", EVENT, "There is no function zzz: make invoke alone lists them."),
        ("publish_check", "", f"Say which event, EVENT=…: {EVENTS[0]} {EVENTS[1]}"),
        ("PublishCheckFunction", "", f"Say which event, EVENT=…: {EVENTS[0]} {EVENTS[1]}"),
        ("readiness", "", "Say which event, EVENT=…: there is none yet in events/"),
        ("readiness", "events/none.json", "There is no file events/none.json: make invoke alone lists the events."),
    ],
)
def test_what_cannot_be_run_is_told_in_one_sentence(function: str, event: str, said: str) -> None:
    """With what to type instead."""
    with pytest.raises(NotInvokableError) as refused:
        understood(function, event, IDS, EVENTS)
    assert str(refused.value) == said


def test_sam_gets_the_function_the_event_the_written_template_and_what_else_is_said() -> None:
    """`ARGS` go last."""
    asked = command(Asked("PublishCheckFunction", EVENT), ["--skip-pull-image"], Path("written.json"))
    assert asked[-8:] == [
        *("local", "invoke", "PublishCheckFunction", "--event", EVENT),
        *("--template-file", "written.json", "--skip-pull-image"),
    ]
    assert asked[2].endswith("sam_on_host_network.py")


def test_alone_it_lists_every_function_with_its_events() -> None:
    """And every event of the folder is listed below one of them."""
    listed = run()
    assert listed.returncode == 0
    lines = {line.strip() for line in listed.stdout.splitlines()}
    assert {f"{folder}  ({logical_id})" for folder, logical_id in function_ids().items()} <= lines
    assert {f"events/{path.name}" for path in ROOT.glob("events/*.json")} <= lines
    assert overview(IDS, EVENTS).index(EVENT) < overview(IDS, EVENTS).index("ReadinessFunction")


def test_it_fails_with_a_sentence_and_without_a_trace() -> None:
    """As a user meets it."""
    failed = run("--function", "publish_chek", "--event", EVENT)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "There is no function publish_chek: did you mean publish_check?\n"


def test_without_make_run_there_is_nothing_to_run_it_against(tmp_path: Path) -> None:
    """The template that it writes is not there."""
    with pytest.raises(NotInvokableError, match="start one with make run"):
        endpoint_of(tmp_path / "invoke.json")


def test_the_written_template_says_where_the_stack_is(tmp_path: Path) -> None:
    """Which is asked whether it still runs."""
    written = tmp_path / "invoke.json"
    variables = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}
    resources = {"Table": {}, "F": {"Properties": {"Environment": {"Variables": variables}}}}
    written.write_text(json.dumps({"Resources": resources}))
    assert endpoint_of(written) == "http://127.0.0.1:4566"
