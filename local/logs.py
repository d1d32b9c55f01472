"""`make logs`: follows what the functions of the running local stack log, one readable line each."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from botocore.exceptions import BotoCoreError

from local.ministack.emulator import Emulator, is_up
from local.sam_template import function_ids
from local.stack import STACK_NAME

_POLL_SECONDS = 1.0
# A line may come into the logs a little after younger ones of another worker.
_OVERLAP_MS = 5_000
_FIRST_LINES = 20
_NAME_WIDTH = 21
# Said in columns of their own, or about the logger alone.
_NOT_FIELDS = frozenset({"level", "location", "message", "timestamp", "service", "exception", "stack_trace"})
_LAMBDAS_OWN = ("START RequestId: ", "END RequestId: ", "INIT_START ")


@dataclass(frozen=True)
class Logged:
    """A line as CloudWatch has it."""

    at: int
    function: str
    stream: str
    message: str

    def readable(self) -> str | None:
        """Time, function, level, message and fields; None for the lines of Lambda's own that tell nothing."""
        text = self.message.rstrip()
        if not text or text.startswith(_LAMBDAS_OWN):
            return None
        if text.startswith("REPORT RequestId: "):
            return self._line("-", "ended after", [text.partition("\tDuration: ")[2].partition("\t")[0]])
        entry = _json(text)
        if entry is None:
            return self._line("-", _indented(text), [])
        if "_aws" in entry:
            return self._line("METRIC", "", _fields(entry, {"_aws"}))
        line = self._line(str(entry.get("level", "-")), str(entry.get("message", "")), _fields(entry, _NOT_FIELDS))
        return f"{line}\n    {_indented(str(entry['exception']))}" if entry.get("exception") else line

    def _line(self, level: str, message: str, fields: list[str]) -> str:
        moment = datetime.fromtimestamp(self.at / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
        said = "  ".join(filter(None, [message, " ".join(fields)]))
        return f"{moment}  {self.function:<{_NAME_WIDTH}}  {level:<7}  {said}"


@dataclass
class Follower:
    """Reads log groups again and again, and yields every line once, in the order of time."""

    client: Any
    groups: Mapping[str, str]
    """The function of each log group."""
    _seen: set[Logged] = field(default_factory=set)
    _since: int = 0

    def new_lines(self) -> list[Logged]:
        """What has come since the last time."""
        found = [line for group, function in self.groups.items() for line in self._read(group, function)]
        # What one run logs has one moment here, and is told in the order of the log.
        fresh = sorted((line for line in dict.fromkeys(found) if line not in self._seen), key=lambda line: line.at)
        if found:
            self._since = max(line.at for line in found) - _OVERLAP_MS
        self._seen = {line for line in self._seen.union(found) if line.at >= self._since}
        return fresh

    def _read(self, group: str, function: str) -> Iterator[Logged]:
        pages = self.client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=self._since)
        with suppress(self.client.exceptions.ResourceNotFoundException):  # make run is still deploying
            for page in pages:
                for event in page["events"]:
                    yield Logged(event["timestamp"], function, event["logStreamName"], event["message"])


def follow(follower: Follower, write: Callable[[str], object], wait: Callable[[], object]) -> None:
    """Write the last lines that are there, then every further one; ends with what `wait` or the reading raises."""
    readable = filter(None, (line.readable() for line in reversed(follower.new_lines())))
    for text in reversed(list(islice(readable, _FIRST_LINES))):
        write(f"{text}\n")
    while True:
        wait()
        for text in filter(None, (line.readable() for line in follower.new_lines())):
            write(f"{text}\n")


def groups_of(names: list[str]) -> dict[str, str]:
    """The log groups of these functions in the local stack."""
    return {f"/aws/lambda/{STACK_NAME}-{name.replace('_', '-')}": name for name in names}


def main() -> int:
    """Follow until Ctrl-C (0), or until the stack ends (0); 1 where nothing runs or no such function is there."""
    options = _options()
    names = list(function_ids())
    if options.function and options.function not in names:
        sys.stderr.write(f"There is no function {options.function}. There are: {', '.join(names)}\n")
        return 1
    stack = Emulator(options.port)
    if not is_up(stack.url):
        sys.stderr.write(f"No local stack answers at {stack.url}: start it with make run, or say its PORT=….\n")
        return 1
    follower = Follower(stack.client("logs"), groups_of([options.function] if options.function else names))
    try:
        follow(follower, _write, lambda: time.sleep(_POLL_SECONDS))
    except KeyboardInterrupt:
        _write("\n")
    except BotoCoreError:
        if is_up(stack.url):
            raise
        _write("The local stack has ended.\n")
    return 0


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _json(text: str) -> dict[str, Any] | None:
    with suppress(ValueError):
        read = json.loads(text)
        return read if isinstance(read, dict) else None
    return None


def _fields(entry: Mapping[str, Any], without: set[str] | frozenset[str]) -> list[str]:
    return [
        f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in entry.items()
        if name not in without
    ]


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.logs", description="Follow the functions' logs.")
    parser.add_argument("--port", type=int, default=4566, help="port of emulated AWS on 127.0.0.1")
    parser.add_argument("--function", default="", help="the folder's name of one function; all without it")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
