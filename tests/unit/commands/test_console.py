"""What the commands print, on a terminal and elsewhere."""

import io
import re

import pytest

from local.console import CommandError, Console, StackError, exit_after

LONG = "curl " + "x" * 500 + " [bold]-d[/bold] :smile:"


class Terminal(io.StringIO):
    """Standard output of a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal of 80 columns."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    return Terminal()


def test_a_line_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Long lines are not wrapped, and brackets and colons are no markup: a user copies them."""
    Console().line(LONG)
    assert capsys.readouterr().out == f"{LONG}\n"


def test_a_line_on_a_terminal_is_printed_as_it_is(terminal: Terminal) -> None:
    """Not wrapped by the program: the terminal does that without line breaks in the copied text."""
    Console(stream=terminal).line(LONG)
    assert terminal.getvalue() == f"{LONG}\n"


def test_a_step_prints_its_label_and_its_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """The label is there before the step ends, so that a log shows what runs."""
    with Console().step("Building") as step:
        assert capsys.readouterr().out.strip() == "Building"
        step.update("1 of 2")
    assert re.fullmatch(r" +\d\.\d s\n", capsys.readouterr().out)


def test_a_failed_step_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """And the error goes on."""
    with pytest.raises(StackError), Console().step("Building"):
        raise StackError("no disk")
    assert re.fullmatch(r"  Building +failed\n", capsys.readouterr().out)


def test_a_line_within_a_step_has_its_own_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The step's label is repeated with its seconds."""
    console = Console()
    with console.step("Simulating"):
        console.line("  first case")
    assert re.fullmatch(r"  Simulating +\n  first case\n  Simulating +\d\.\d s\n", capsys.readouterr().out)


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"])
def test_without_a_terminal_there_are_no_control_codes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Whatever the environment of continuous integration sets."""
    monkeypatch.setenv(variable, "1")
    console = Console()
    with console.step("Building") as step:
        step.update("1 of 2")
    console.table(("name",), [("a",)])
    assert "\x1b" not in capsys.readouterr().out


def test_a_terminal_shows_progress_and_keeps_one_line(terminal: Terminal) -> None:
    """The line with the spinner is erased; the last line has label and seconds."""
    with Console(stream=terminal).step("Mutating", refresh_in_thread=False) as step:
        step.update("3 of 7")
    printed = terminal.getvalue()
    assert "3 of 7" in printed
    assert re.search(r"\x1b\[2K  Mutating +\d\.\d s\n$", printed)


def test_a_table_is_aligned_with_numbers_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    """A column of numbers is aligned right, even with empty cells. Others, and the first one, are aligned left."""
    Console().table(("name", "figure"), [("1 a", "1"), ("2 long", "10.5"), ("3", "")])
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["name    figure", "1 a          1", "2 long    10.5", "3"]


def test_a_wide_table_is_not_cut_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A log has no width."""
    Console().table(("a", "b"), [("x" * 100, "y" * 100)])
    assert "x" * 100 in capsys.readouterr().out


def test_a_table_fits_the_window_of_a_terminal(terminal: Terminal) -> None:
    """Long cells are folded into several lines."""
    Console(stream=terminal).table(("a", "b"), [("x" * 100, "y" * 100)])
    plain = re.sub(r"\x1b\[[\d;]*m", "", terminal.getvalue())
    assert max(map(len, plain.splitlines())) <= 80
    assert (plain.count("x"), plain.count("y")) == (100, 100)


def test_a_quiet_console_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """For tests that start the stack."""
    console = Console(quiet=True)
    console.line("a")
    console.table(("a",), [("b",)])
    with console.step("c"):
        pass
    assert capsys.readouterr().out == ""


def test_a_mistake_is_one_message_without_a_stack_trace(capsys: pytest.CaptureFixture[str]) -> None:
    """It goes to standard error, and the exit code is 1."""

    def main() -> int:
        raise CommandError("Unknown function x.")

    with pytest.raises(SystemExit) as ended:
        exit_after(main)
    assert ended.value.code == 1
    assert capsys.readouterr() == ("", "Unknown function x.\n")


def test_ctrl_c_ends_a_command_without_a_stack_trace(capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 130, as shells expect."""

    def main() -> int:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        exit_after(main)
    assert ended.value.code == 130
    assert capsys.readouterr() == ("", "")


def test_an_internal_error_keeps_its_stack_trace() -> None:
    """It is no mistake of the user."""

    def main() -> int:
        raise KeyError("internal")

    with pytest.raises(KeyError):
        exit_after(main)


@pytest.mark.parametrize("code", [0, 3])
def test_the_exit_code_is_the_commands(code: int) -> None:
    """For example SAM CLI's."""
    with pytest.raises(SystemExit) as ended:
        exit_after(lambda: code)
    assert ended.value.code == code
