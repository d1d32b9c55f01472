"""What the commands print: steps with the seconds they take, tables and lines, drawn by rich.

On a terminal a running step has a spinner and a clock, and tables fit the window. Elsewhere (a file, a pipe, the log of
continuous integration) the same text is printed once, without control codes.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Never, TextIO

from rich.console import Console as RichConsole
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

_LABEL_WIDTH = 44
_WIDTH_WITHOUT_TERMINAL = 240
_FAILED, _INTERRUPTED = 1, 130


class CommandError(Exception):
    """A command cannot continue. The message says why and what to do; people read it without a stack trace."""


class StackError(CommandError):
    """The local stack cannot start or continue."""


@dataclass(frozen=True)
class Step:
    """A running step of a command."""

    _label: str
    _progress: Progress | None
    _task: TaskID

    def update(self, text: str) -> None:
        """Show how far the step is, behind its label. Only a terminal shows it."""
        if self._progress is not None:
            self._progress.update(self._task, description=f"{self._label}  {text}", refresh=True)


class Console:
    """Prints to a text stream, by default standard output. A quiet console prints nothing."""

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._rich = _rich_console(stream or sys.stdout, quiet=quiet)
        self._live = self._rich.is_interactive and not quiet
        self._label_open = False
        """Whether the last line printed is a label that waits for its outcome."""

    def line(self, text: str = "") -> None:
        """Print a line as it is: never wrapped or styled, so that it can be copied."""
        self._end_label()
        self._rich.print(text)

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table. Columns of numbers are aligned right, except the first column, which names the rows."""
        cells = [list(row) for row in rows]
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for index, title in enumerate(head):
            column = [row[index] for row in cells]
            table.add_column(title, justify="right" if index and _is_numeric(column) else "left", overflow="fold")
        for row in cells:
            table.add_row(*row)
        self._end_label()
        self._rich.print(table, soft_wrap=False)

    @contextmanager
    def step(self, label: str, *, refresh_in_thread: bool = True) -> Iterator[Step]:
        """Print the label when the step starts, and its seconds, or "failed", when it ends.

        Without `refresh_in_thread` the clock moves at each `Step.update` only: for steps that fork the process.
        """
        started = time.monotonic()
        padded = f"  {label:<{_LABEL_WIDTH}}"
        progress = _progress(self._rich, refresh_in_thread=refresh_in_thread) if self._live else None
        if progress is None:
            self._end_label()
            self._rich.print(padded, end="")
            self._label_open = True
        outcome = Text("failed", "red")
        try:
            with progress or nullcontext():
                yield Step(padded, progress, progress.add_task(padded) if progress else TaskID(0))
            outcome = Text(_seconds(time.monotonic() - started))
        finally:
            self._rich.print(outcome if self._label_open else Text(padded) + outcome)
            self._label_open = False

    def _end_label(self) -> None:
        if self._label_open:
            self._rich.print()
            self._label_open = False


def exit_after(main: Callable[[], int]) -> Never:
    """Run a command's `main` and exit with the code that it returns.

    A CommandError is printed to standard error and exits with 1, Ctrl-C exits with 130; neither prints a stack trace.
    """
    try:
        sys.exit(main())
    except CommandError as error:
        _rich_console(sys.stderr).print(str(error), style="red")
        sys.exit(_FAILED)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


class _Seconds(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(_seconds(task.elapsed or 0.0))


def _rich_console(stream: TextIO, *, quiet: bool = False) -> RichConsole:
    # FORCE_COLOR and the like do not count: control codes are for terminals.
    is_terminal = stream.isatty()
    return RichConsole(
        file=stream,
        quiet=quiet,
        force_terminal=is_terminal,
        width=None if is_terminal else _WIDTH_WITHOUT_TERMINAL,
        soft_wrap=True,
        markup=False,
        highlight=False,
        emoji=False,
    )


def _progress(console: RichConsole, *, refresh_in_thread: bool) -> Progress:
    label = TextColumn("{task.description}", markup=False)
    spinner = SpinnerColumn("line")
    return Progress(
        *(label, _Seconds(), spinner),
        console=console,
        transient=True,
        auto_refresh=refresh_in_thread,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _seconds(seconds: float) -> str:
    return f"{seconds:6.1f} s"


def _is_numeric(column: Sequence[str]) -> bool:
    return all(cell[:1].isdigit() for cell in column if cell)
