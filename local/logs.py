"""`make logs`: follows the logs of the local stack's functions, one readable line per entry."""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from botocore.exceptions import BotoCoreError

from local.console import CommandError, Console, exit_after
from local.ministack.emulator import Emulator, is_up
from local.sam_template import function_ids
from local.stack import STACK_NAME

_POLL_SECONDS = 1.0
# An entry can arrive after newer entries of another worker.
_OVERLAP_MS = 5_000
_FIRST_LINES = 20
_NAME_WIDTH = 21
# Shown in columns of their own, or facts about the logger.
_NOT_FIELDS = frozenset({"level", "location", "message", "timestamp", "service", "exception", "stack_trace"})
_LAMBDA_PREFIXES = ("START RequestId: ", "END RequestId: ", "INIT_START ")


@dataclass(frozen=True)
class LogEntry:
    """An entry of a CloudWatch log stream."""

    at: int
    """Milliseconds since 1970."""
    function: str
    stream: str
    message: str

    def readable(self) -> str | None:
        """Time, function, level, message and fields in one line; None for Lambda's own start and end lines."""
        text = self.message.rstrip()
        if not text or text.startswith(_LAMBDA_PREFIXES):
            return None
        if text.startswith("REPORT RequestId: "):
            return self._line("-", "duration", [text.partition("\tDuration: ")[2].partition("\t")[0]])
        entry = _json(text)
        if entry is None:
            return self._line("-", _indented(text), [])
        if "_aws" in entry:
            return self._line("METRIC", "", _fields(entry, {"_aws"}))
        line = self._line(str(entry.get("level", "-")), str(entry.get("message", "")), _fields(entry, _NOT_FIELDS))
        return f"{line}\n    {_indented(str(entry['exception']))}" if entry.get("exception") else line

    def _line(self, level: str, message: str, fields: list[str]) -> str:
        moment = datetime.fromtimestamp(self.at / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
        text = "  ".join(filter(None, [message, " ".join(fields)]))
        return f"{moment}  {self.function:<{_NAME_WIDTH}}  {level:<7}  {text}"


@dataclass
class Follower:
    """Polls log groups; returns every entry once, ordered by time."""

    client: Any
    groups: Mapping[str, str]
    """The function's name by log group."""
    _seen: set[LogEntry] = field(default_factory=set)
    _since: int = 0

    def new_entries(self) -> list[LogEntry]:
        """The entries that arrived since the last call."""
        found = [entry for group, function in self.groups.items() for entry in self._read(group, function)]
        # All entries of one invocation have the same time here; the sort keeps their order.
        new = sorted((entry for entry in dict.fromkeys(found) if entry not in self._seen), key=lambda entry: entry.at)
        if found:
            self._since = max(entry.at for entry in found) - _OVERLAP_MS
        self._seen = {entry for entry in self._seen.union(found) if entry.at >= self._since}
        return new

    def _read(self, group: str, function: str) -> Iterator[LogEntry]:
        pages = self.client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=self._since)
        with suppress(self.client.exceptions.ResourceNotFoundException):  # make run has not deployed it yet
            for page in pages:
                for event in page["events"]:
                    yield LogEntry(event["timestamp"], function, event["logStreamName"], event["message"])


def follow(follower: Follower, write: Callable[[str], object], wait: Callable[[], object]) -> None:
    """Write the last entries, then every new one after each `wait`. Ends with the exception of `wait` or of reading."""
    readable = filter(None, (entry.readable() for entry in reversed(follower.new_entries())))
    for text in reversed(list(islice(readable, _FIRST_LINES))):
        write(text)
    while True:
        wait()
        for text in filter(None, (entry.readable() for entry in follower.new_entries())):
            write(text)


def groups_of(names: list[str]) -> dict[str, str]:
    """The names of functions in the local stack, by their log groups."""
    return {f"/aws/lambda/{STACK_NAME}-{name.replace('_', '-')}": name for name in names}


def main() -> int:
    """Follow the logs until Ctrl-C or until the stack ends; both return 0.

    Raises:
        CommandError: no local stack is running, or the function does not exist.
    """
    options = _options()
    names = list(function_ids())
    if options.function and options.function not in names:
        raise CommandError(f"Unknown function {options.function}. Functions: {', '.join(names)}")
    stack = Emulator(options.port)
    if not is_up(stack.url):
        raise CommandError(f"No local stack responds at {stack.url}. Start it with make run, or set its PORT=…")
    console = Console()
    follower = Follower(stack.client("logs"), groups_of([options.function] if options.function else names))
    try:
        follow(follower, console.line, lambda: time.sleep(_POLL_SECONDS))
    except KeyboardInterrupt:
        console.line()
    except BotoCoreError:
        if is_up(stack.url):
            raise
        console.line("The local stack has stopped.")
    return 0


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
    parser = argparse.ArgumentParser(prog="python -m local.logs", description="Follow the logs of the functions.")
    parser.add_argument("--port", type=int, default=4566, help="port of emulated AWS on 127.0.0.1")
    parser.add_argument("--function", default="", help="the name of one function's folder; by default all functions")
    return parser.parse_args()


if __name__ == "__main__":
    exit_after(main)
