"""`make logs` shows the log entries of the functions as readable lines."""

import json
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from local.logs import Follower, LogEntry, follow, groups_of
from local.ministack.emulator import Emulator
from local.paths import ROOT
from local.sam_template import RESOURCES, function_ids

MOMENT = 1_795_725_387_090  # 20:36:27.090 UTC


def entry(message: str, at: int = MOMENT, function: str = "publish_check") -> LogEntry:
    return LogEntry(at, function, "a stream", message)


class FakeLogs:
    """CloudWatch log groups, with two events on a page."""

    def __init__(self) -> None:
        self.groups: dict[str, list[tuple[int, str]]] = {}
        self.exceptions = SimpleNamespace(ResourceNotFoundException=KeyError)

    def get_paginator(self, name: str) -> "FakeLogs":
        assert name == "filter_log_events"
        return self

    def paginate(self, *, logGroupName: str, startTime: int) -> Iterator[dict[str, Any]]:  # noqa: N803 - the names of AWS
        found = [
            {"timestamp": at, "message": message, "logStreamName": "a stream"}
            for at, message in self.groups[logGroupName]
            if at >= startTime
        ]
        for first in range(0, len(found) + 1, 2):
            yield {"events": found[first : first + 2]}


class EndedError(Exception):
    """Ends `follow`, as Ctrl-C does."""


def written(logs: FakeLogs, *further: list[tuple[str, int, str]]) -> list[str]:
    """All lines written while these entries arrive, one list after the other."""
    follower = Follower(logs, {"g": "publish_check", "h": "readiness"})
    arriving = list(further)
    out: list[str] = []

    def wait() -> None:
        if not arriving:
            raise EndedError
        for group, at, message in arriving.pop(0):
            logs.groups.setdefault(group, []).append((at, message))

    with pytest.raises(EndedError):
        follow(follower, out.append, wait)
    return out


def test_a_structured_entry_is_time_function_level_message_and_fields() -> None:
    """Facts in columns are not repeated as fields, and the location in the code is left out."""
    content = {
        "level": "INFO",
        "location": "handler:82",
        "message": "answered",
        "timestamp": "…",
        "service": "publishing",
    }
    text = entry(json.dumps({**content, "status": 200, "request_id": "r-1", "missing": ["pixel"]})).readable()
    expected = 'answered  status=200 request_id=r-1 missing=["pixel"]'
    assert text == f"20:36:27.090  publish_check          INFO     {expected}"


def test_an_exception_is_below_its_line() -> None:
    """With its line breaks, indented."""
    content = {"level": "ERROR", "message": "failed", "exception": "Traceback\n  File x", "exception_name": "KeyError"}
    text = entry(json.dumps(content)).readable()
    assert text is not None
    head, *below = text.splitlines()
    assert head.endswith("ERROR    failed  exception_name=KeyError")
    assert below == ["    Traceback", "      File x"]


@pytest.mark.parametrize("message", ["START RequestId: 1 Version: $LATEST", "END RequestId: 1", "INIT_START x", "\n"])
def test_start_and_end_lines_of_lambda_are_left_out(message: str) -> None:
    """They are half of the log and contain no information."""
    assert entry(message).readable() is None


def test_the_report_line_of_lambda_shows_the_duration() -> None:
    """It leaves out memory, which the emulator does not measure."""
    text = entry("REPORT RequestId: 1\tDuration: 26 ms\tBilled Duration: 26 ms\tMemory Size: 1024 MB").readable()
    assert text is not None
    assert text.endswith("  -        duration  26 ms")


def test_other_text_is_shown_unchanged() -> None:
    """Plain text of a crashed runtime, and JSON that is not an object."""
    for message in ("Segmentation fault", "[1, 2]", "{broken"):
        text = entry(message).readable()
        assert text is not None
        assert text.endswith(f"  -        {message}")


def test_metrics_are_marked() -> None:
    """Without the metric description for CloudWatch."""
    text = entry(json.dumps({"_aws": {"CloudWatchMetrics": []}, "check": "app", "Prerequisites": [1.0]})).readable()
    assert text is not None
    assert text.endswith("METRIC   check=app Prerequisites=[1.0]")


def test_every_entry_is_written_once_in_order_of_time() -> None:
    """For several functions and pages, and if an entry arrives late."""
    logs = FakeLogs()
    logs.groups = {"g": [(MOMENT, "a"), (MOMENT, "b"), (MOMENT + 2000, "d")], "h": [(MOMENT + 1000, "c")]}
    out = written(logs, [], [("g", MOMENT + 3000, "f"), ("h", MOMENT + 2500, "e")], [("h", MOMENT + 2600, "late")], [])
    assert [line.split()[-1] for line in out] == ["a", "b", "c", "d", "e", "f", "late"]


def test_entries_of_the_same_time_keep_their_order() -> None:
    """All entries of one invocation have the same time in the local stack."""
    logs = FakeLogs()
    logs.groups = {"g": [(MOMENT, "z"), (MOMENT, "a"), (MOMENT, "m")], "h": []}
    assert [line.split()[-1] for line in written(logs)] == ["z", "a", "m"]


def test_a_function_that_is_not_deployed_yet_has_no_entries() -> None:
    """`make logs` started before the deployment waits for them."""
    assert [line.split()[-1] for line in written(FakeLogs(), [("h", MOMENT, "first")], [])] == ["first"]


def test_it_starts_with_the_last_twenty_lines() -> None:
    """Lines that are left out do not count; all later entries are shown."""
    logs = FakeLogs()
    logs.groups = {"g": [(MOMENT + at, f"{at}") for at in range(50)], "h": [(MOMENT + 60, "END RequestId: 1")]}
    out = written(logs, [("g", MOMENT + 100 + at, f"{100 + at}") for at in range(30)])
    assert [line.split()[-1] for line in out] == [f"{at}" for at in (*range(30, 50), *range(100, 130))]


def test_the_log_groups_are_those_of_the_template() -> None:
    """The name of a function's log group contains the name of its folder."""
    groups = {
        one["Properties"]["LogGroupName"]["Fn::Sub"].replace("${AWS::StackName}", "wevion-local")
        for one in RESOURCES.values()
        if one["Type"] == "AWS::Logs::LogGroup"
    }
    assert set(groups_of(list(function_ids()))) == {name for name in groups if name.startswith("/aws/lambda/")}


def test_a_mistake_is_one_line_without_a_stack_trace() -> None:
    """No running stack: the message names make run. An unknown function: the message lists the functions."""
    free = Emulator()
    free.choose_port()
    port = free.url.rpartition(":")[2]
    for options, message in (
        (["--port", port], f"No local stack responds at {free.url}. Start it with make run, or set its PORT=…\n"),
        (["--port", port, "--function", "x"], "Unknown function x. Functions: authorizer, "),
    ):
        ended = subprocess.run(
            [sys.executable, "-m", "local.logs", *options], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.startswith(message)
        assert ended.stderr.count("\n") == 1
