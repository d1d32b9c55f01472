"""What a new user does first, as they do it: `make run` and all that it prints to paste, `make demo`, `make logs`."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

pytestmark = pytest.mark.deep

ROOT = Path(__file__).parents[2]
MAKE = shutil.which("make") or "make"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "AWS_"))}
SECONDS = 300.0
LAST_LINE = "Press Ctrl-C to stop."
ENDED = "Stopped."


def _end_at_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass
class Terminal:
    """A command of make's in a terminal of its own."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    ended: bool = False
    """Whether nothing more will be printed."""
    _read: threading.Condition = field(default_factory=threading.Condition)

    @classmethod
    def of(cls, *words: str) -> "Terminal":
        """Begin the command; what it prints is kept."""
        terminal = cls(
            subprocess.Popen(
                [MAKE, *words],
                cwd=ROOT,
                env=ENVIRONMENT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
                # A terminal's commands end at Ctrl-C, also if these tests run where it is ignored (in the background).
                preexec_fn=_end_at_interrupt,  # noqa: PLW1509 - nothing else runs between fork and exec
            )
        )
        threading.Thread(target=terminal._keep, daemon=True).start()
        return terminal

    def _keep(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as printed:
            for line in printed:
                with self._read:
                    self.lines.append(line.rstrip("\n"))
                    self._read.notify_all()
        with self._read:
            self.ended = True
            self._read.notify_all()

    def until(self, text: str) -> str:
        """All that was printed, once a line with ``text`` is among it."""
        with self._read:
            there = self._read.wait_for(lambda: self.ended or text in self.said, SECONDS)
        assert there, f"not within {SECONDS} s: {self.said}"
        assert text in self.said, self.said
        return self.said

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    def interrupt(self) -> None:
        """Ctrl-C: every process of the terminal hears of it."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(SECONDS)


@pytest.fixture(scope="module")
def running() -> Iterator[Terminal]:
    """`make run`, up to its last line; after the tests it is interrupted, and nothing of it is left."""
    terminal = Terminal.of("run", "PORT=0")
    try:
        terminal.until(LAST_LINE)
        yield terminal
    finally:
        terminal.interrupt()
    terminal.until(ENDED)
    with pytest.raises(ProcessLookupError):
        os.killpg(terminal.process.pid, 0)


def lines_to_paste(running: Terminal, first_word: str, between: str = " ") -> list[str]:
    return [line for line in running.lines if line.startswith(f"{first_word}{between}")]


def test_its_links_lead_somewhere(running: Terminal) -> None:
    """The wizard's page, the API's page and whatever else it prints an address of answers."""
    links = re.findall(r"^  (http://\S+)$", running.said, re.MULTILINE)
    assert len(links) == 5
    answers = {link: requests.get(link, timeout=30).status_code for link in links}
    assert not {link: status for link, status in answers.items() if status >= 500}
    assert sum(status == 200 for status in answers.values()) >= 2


def test_its_curl_lines_answer(running: Terminal) -> None:
    """Each is pasted as it is; each answers JSON, and those that ask for something that is refused say why."""
    lines = lines_to_paste(running, "curl")
    assert len(lines) == 11
    answers = []
    for line in lines:
        done = subprocess.run(["/bin/bash", "-c", line], capture_output=True, text=True, timeout=60, check=True)
        answers.append(json.loads(done.stdout))
    refused = [answer["code"] for answer in answers if "code" in answer]
    assert refused == ["subscription_required"]
    assert [answer["ready"] for answer in answers if "ready" in answer] == [True, True, True]


def test_its_logs_can_be_followed(running: Terminal) -> None:
    """The `make logs` line that it prints shows what the functions logged, and ends at Ctrl-C."""
    (line,) = lines_to_paste(running, "make logs")
    following = Terminal.of(*shlex.split(line)[1:])
    check = next(line for line in lines_to_paste(running, "curl") if "/publish-check?" in line)
    try:
        subprocess.run(["/bin/bash", "-c", check], capture_output=True, timeout=60, check=True)
        assert "answered" in following.until("publish_check")
    finally:
        following.interrupt()


def test_it_can_be_verified(running: Terminal) -> None:
    """The `make verify` line that it prints finds nothing wrong, and exits with 0."""
    (line,) = lines_to_paste(running, "VERIFY_TOKEN=", between="")
    done = subprocess.run(
        ["/bin/bash", "-c", line],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing is wrong with wevion-local" in done.stdout


def test_make_demo_ends_by_itself() -> None:
    """With 0, as every answer was as expected."""
    demo = Terminal.of("demo", "PORT=0")
    demo.until("All responses were as expected.")
    assert demo.process.wait(SECONDS) == 0
