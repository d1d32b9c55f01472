"""How `make logs` shows what functions log."""

import json
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from local.logs import Follower, Logged, follow, groups_of
from local.ministack.emulator import Emulator
from local.paths import ROOT
from local.sam_template import RESOURCES, function_ids

MOMENT = 1_795_725_387_090  # 20:36:27.090 UTC


def logged(message: str, at: int = MOMENT, function: str = "publish_check") -> Logged:
    return Logged(at, function, "a stream", message)


class FakeLogs:
    """CloudWatch's log groups, as far as they are read; two events on a page."""

    def __init__(self) -> None:
        self.groups: dict[str, list[tuple[int, str]]] = {}
        self.exceptions = SimpleNamespace(ResourceNotFoundException=KeyError)

    def get_paginator(self, name: str) -> "FakeLogs":
        assert name == "filter_log_events"
        return self

    def paginate(self, *, logGroupName: str, startTime: int) -> Iterator[dict[str, Any]]:  # noqa: N803 - AWS' names
        found = [
            {"timestamp": at, "message": message, "logStreamName": "a stream"}
            for at, message in self.groups[logGroupName]
            if at >= startTime
        ]
        for first in range(0, len(found) + 1, 2):
            yield {"events": found[first : first + 2]}


class EndedError(Exception):
    """Stands for Ctrl-C."""


def written(logs: FakeLogs, *further: list[tuple[str, int, str]]) -> list[str]:
    """All that is written while these come, one list after the other."""
    follower = Follower(logs, {"g": "publish_check", "h": "readiness"})
    to_come = list(further)
    out: list[str] = []

    def wait() -> None:
        if not to_come:
            raise EndedError
        for group, at, message in to_come.pop(0):
            logs.groups.setdefault(group, []).append((at, message))

    with pytest.raises(EndedError):
        follow(follower, out.append, wait)
    return out


def test_a_line_of_ours_is_time_function_level_message_and_fields() -> None:
    """What stands in a column is not said again among the fields, nor where in the code it was logged."""
    entry = {
        "level": "INFO",
        "location": "handler:82",
        "message": "answered",
        "timestamp": "…",
        "service": "publishing",
    }
    text = logged(json.dumps({**entry, "status": 200, "request_id": "r-1", "missing": ["pixel"]})).readable()
    said = 'answered  status=200 request_id=r-1 missing=["pixel"]'
    assert text == f"20:36:27.090  publish_check          INFO     {said}"


def test_an_exception_stands_below_its_line() -> None:
    """With its own line ends."""
    entry = {"level": "ERROR", "message": "failed", "exception": "Traceback\n  File x", "exception_name": "KeyError"}
    text = logged(json.dumps(entry)).readable()
    assert text is not None
    head, *below = text.splitlines()
    assert head.endswith("ERROR    failed  exception_name=KeyError")
    assert below == ["    Traceback", "      File x"]


@pytest.mark.parametrize("message", ["START RequestId: 1 Version: $LATEST", "END RequestId: 1", "INIT_START x", "\n"])
def test_lines_of_lambda_that_tell_nothing_are_left_out(message: str) -> None:
    """They are half of the log."""
    assert logged(message).readable() is None


def test_lambdas_report_says_how_long_it_took() -> None:
    """And nothing of memory, which is not measured here."""
    text = logged("REPORT RequestId: 1\tDuration: 26 ms\tBilled Duration: 26 ms\tMemory Size: 1024 MB").readable()
    assert text is not None
    assert text.endswith("  -        ended after  26 ms")


def test_what_is_no_json_is_shown_as_it_is() -> None:
    """A runtime that dies says so in plain text, or in JSON that is no object."""
    for message in ("Segmentation fault", "[1, 2]", "{broken"):
        text = logged(message).readable()
        assert text is not None
        assert text.endswith(f"  -        {message}")


def test_metrics_are_marked_as_such() -> None:
    """Without the description that CloudWatch needs."""
    text = logged(json.dumps({"_aws": {"CloudWatchMetrics": []}, "check": "app", "Prerequisites": [1.0]})).readable()
    assert text is not None
    assert text.endswith("METRIC   check=app Prerequisites=[1.0]")


def test_every_line_is_written_once_and_in_the_order_of_time() -> None:
    """Of several functions, on several pages, and where one comes in a little late."""
    logs = FakeLogs()
    logs.groups = {"g": [(MOMENT, "a"), (MOMENT, "b"), (MOMENT + 2000, "d")], "h": [(MOMENT + 1000, "c")]}
    out = written(logs, [], [("g", MOMENT + 3000, "f"), ("h", MOMENT + 2500, "e")], [("h", MOMENT + 2600, "late")], [])
    assert [line.split()[-1] for line in out] == ["a", "b", "c", "d", "e", "f", "late"]


def test_what_one_run_logs_at_once_stays_in_its_order() -> None:
    """Its lines have one moment in the local stack."""
    logs = FakeLogs()
    logs.groups = {"g": [(MOMENT, "z"), (MOMENT, "a"), (MOMENT, "m")], "h": []}
    assert [line.split()[-1] for line in written(logs)] == ["z", "a", "m"]


def test_a_function_that_is_not_deployed_yet_has_no_lines() -> None:
    """Whoever is earlier than make run waits for them."""
    assert [line.split()[-1] for line in written(FakeLogs(), [("h", MOMENT, "first")], [])] == ["first"]


def test_it_begins_with_the_last_twenty_lines() -> None:
    """Of those that are shown at all; what comes later is all shown."""
    logs = FakeLogs()
    logs.groups = {"g": [(MOMENT + at, f"{at}") for at in range(50)], "h": [(MOMENT + 60, "END RequestId: 1")]}
    out = written(logs, [("g", MOMENT + 100 + at, f"{100 + at}") for at in range(30)])
    assert [line.split()[-1] for line in out] == [f"{at}" for at in (*range(30, 50), *range(100, 130))]


def test_the_groups_are_those_of_the_template() -> None:
    """A function's log group is named after its folder."""
    groups = {
        one["Properties"]["LogGroupName"]["Fn::Sub"].replace("${AWS::StackName}", "wevion-local")
        for one in RESOURCES.values()
        if one["Type"] == "AWS::Logs::LogGroup"
    }
    assert set(groups_of(list(function_ids()))) == {name for name in groups if name.startswith("/aws/lambda/")}


def test_where_nothing_runs_it_says_so() -> None:
    """In one sentence that names make run; and a function that is not there is told with those that are."""
    free = Emulator()
    free.choose_port()
    port = free.url.rpartition(":")[2]
    for options, said in (
        (["--port", port], f"No local stack answers at {free.url}: start it with make run, or say its PORT=….\n"),
        (["--port", port, "--function", "x"], "There is no function x. There are: authorizer, "),
    ):
        ended = subprocess.run(
            [sys.executable, "-m", "local.logs", *options], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.startswith(said)
        assert ended.stderr.count("\n") == 1
