"""What the commands print: one line per step, with the seconds it took."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_WIDTH = 44
_FRAMES = "|/-\\"


class StackError(Exception):
    """The local stack cannot go on; the message is one line that says why and what to do."""


class Console:
    """Prints steps and plain lines; a quiet one prints nothing."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live = sys.stdout.isatty() and not quiet

    def line(self, text: str = "") -> None:
        """Print a line."""
        self._write(f"{text}\n")

    @contextmanager
    def step(self, label: str) -> Iterator[None]:
        """Print a step's label at once, and the seconds (or that it failed) when it ends."""
        started = time.monotonic()
        start_of_line = f"  {label:<{_WIDTH}}"
        self._write(start_of_line)
        ended = threading.Event()
        spinner = threading.Thread(target=self._spin, args=(start_of_line, started, ended), daemon=True)
        if self._live:
            spinner.start()
        outcome = "failed"
        try:
            yield
            outcome = f"{time.monotonic() - started:6.1f} s"
        finally:
            ended.set()
            if self._live:
                spinner.join()
                start_of_line = f"\r{start_of_line}"
            else:
                start_of_line = ""
            self._write(f"{start_of_line}{outcome}\n")

    def _spin(self, start_of_line: str, started: float, ended: threading.Event) -> None:
        turn = 0
        while not ended.wait(0.1):
            turn += 1
            elapsed = time.monotonic() - started
            self._write(f"\r{start_of_line}{elapsed:6.1f} s {_FRAMES[turn % len(_FRAMES)]}")

    def _write(self, text: str) -> None:
        if not self._quiet:
            sys.stdout.write(text)
            sys.stdout.flush()
