"""`make doctor`: what this machine lacks, and the line that installs it.

It runs before anything is installed, on any Python from 3.8 on: it imports only the standard library.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
import urllib.request
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent

OK, MISSING, OPTIONAL = "ok", "missing", "optional"

DEBIAN, FEDORA, MACOS = "Debian, Ubuntu", "Fedora", "macOS (Homebrew)"
_GIGABYTE = 1_000_000_000
# Environments, build and logs take 0.8 GB after `make run` (measured); uv's cache may take as much again.
_NEEDED_BYTES = 2 * _GIGABYTE
_SECONDS = 20

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC_CHROMIUMS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

INSTALL = {
    "git": {
        DEBIAN: "sudo apt-get install git",
        FEDORA: "sudo dnf install git",
        MACOS: "xcode-select --install",
    },
    "make": {
        DEBIAN: "sudo apt-get install make",
        FEDORA: "sudo dnf install make",
        MACOS: "xcode-select --install",
    },
    "uv": {
        DEBIAN: "sudo apt-get install python3-venv",
        FEDORA: "sudo dnf install uv",
        MACOS: "brew install uv",
    },
    "Python 3.13": {
        DEBIAN: "sudo apt-get install python3.13    (if apt does not have it: pyenv install 3.13)",
        FEDORA: "sudo dnf install python3.13",
        MACOS: "brew install python@3.13",
    },
    "Docker": {
        DEBIAN: "curl -fsSL https://get.docker.com | sudo sh && sudo usermod -aG docker $USER    (then log in again)",
        FEDORA: "sudo dnf install moby-engine && sudo systemctl enable --now docker",
        MACOS: "brew install --cask docker-desktop && open -a Docker",
    },
    "Chromium": {
        DEBIAN: "sudo apt-get install chromium",
        FEDORA: "sudo dnf install chromium",
        MACOS: "brew install --cask google-chrome",
    },
    "curl": {
        DEBIAN: "sudo apt-get install curl",
        FEDORA: "sudo dnf install curl",
        MACOS: "brew install curl",
    },
}
"""The line that installs a thing, for each kind of machine; for uv: that lets the first command install it."""

START_DOCKER = {
    DEBIAN: "sudo systemctl start docker",
    FEDORA: "sudo systemctl start docker",
    MACOS: "open -a Docker",
}


class Finding(NamedTuple):
    """One line of the report."""

    name: str
    state: str
    text: str
    lines: tuple[str, ...] = ()
    """What to type, if anything."""


class Machine:
    """What the checks read from this machine."""

    def kind(self) -> str | None:
        """One of DEBIAN, FEDORA and MACOS; None for anything else."""
        if platform.system() == "Darwin":
            return MACOS
        released = ""
        with suppress(OSError):
            released = Path("/etc/os-release").read_text(encoding="utf-8")
        return kind_of(released)

    def variable(self, name: str) -> str | None:
        """The value of an environment variable; None if it is unset or empty."""
        return os.environ.get(name) or None

    def which(self, command: str) -> str | None:
        """The path of a command; None if it does not exist."""
        return shutil.which(command)

    def output_of(self, *command: str) -> str | None:
        """The output of a command; None if it fails."""
        try:
            ended = subprocess.run(  # noqa: S603 - commands of this file
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return ended.stdout.decode(errors="replace").strip() if ended.returncode == 0 else None

    def exists(self, path: str) -> bool:
        """Whether a file exists."""
        return Path(path).exists()

    def is_free(self, port: int) -> bool:
        """Whether a process can listen on a port of 127.0.0.1."""
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                return False
        return True

    def is_stack(self, port: int) -> bool:
        """Whether emulated AWS answers on a port."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=2) as answer:
                return bool(answer.status == 200)  # noqa: PLR2004 - OK
        except (OSError, ValueError):
            return False

    def free_bytes(self) -> int:
        """The free space on the disk of this checkout."""
        return shutil.disk_usage(ROOT).free


def kind_of(os_release: str) -> str | None:
    """The kind of Linux in the text of /etc/os-release; None for an unknown one."""
    values = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    names = f"{values.get('ID', '')} {values.get('ID_LIKE', '')}".replace('"', "").split()
    if {"debian", "ubuntu"} & set(names):
        return DEBIAN
    return FEDORA if {"fedora", "rhel"} & set(names) else None


def examine(machine: Machine, port: int) -> list[Finding]:
    """All findings, in the order in which the commands need them."""
    return [
        _command(machine, "git", needed="for cloning, and by make deploy"),
        _command(machine, "make", needed="for every command"),
        _uv(machine),
        *_python(machine),
        _room(machine),
        _port(machine, port),
        _command(machine, "curl", wanted="for the lines that make run prints"),
        _docker(machine),
        _chromium(machine),
    ]


def report(findings: list[Finding]) -> str:
    """The findings as aligned lines; what to type is below its finding."""
    width = max(len(one.name) for one in findings)
    lines = []
    for one in findings:
        lines.append(f"  {one.name:<{width}}  {one.state:<8}  {one.text}")
        lines += [f"  {'':<{width}}  {'':<8}  > {line}" for line in one.lines]
    return "\n".join(lines)


def main() -> int:
    """Print the report; 1 if something required is missing."""
    port = os.environ.get("PORT") or "4566"
    if not port.isdigit():
        sys.stderr.write(f"PORT={port} is not a port number.\n")
        return 2
    findings = examine(Machine(), int(port))
    missing = [one.name for one in findings if one.state == MISSING]
    sys.stdout.write(f"{report(findings)}\n\n")
    if missing:
        sys.stdout.write(f"Missing: {', '.join(missing)}. Optional things are for the commands in their lines.\n")
        return 1
    sys.stdout.write("Nothing required is missing: make run and make test work.\n")
    return 0


def _install(machine: Machine, name: str) -> tuple[str, ...]:
    return _lines(machine, INSTALL[name])


def _lines(machine: Machine, lines: dict[str, str]) -> tuple[str, ...]:
    kind = machine.kind()
    return (lines[kind],) if kind else tuple(f"{other}: {line}" for other, line in lines.items())


def _command(machine: Machine, name: str, *, needed: str = "", wanted: str = "") -> Finding:
    version = machine.output_of(name, "--version") if machine.which(name) else None
    if version is not None:
        return Finding(name, OK, version.split("\n")[0].split(" (")[0])
    return Finding(name, MISSING if needed else OPTIONAL, needed or wanted, _install(machine, name))


def _uv(machine: Machine) -> Finding:
    """uv, or a Python that can install it: what local/uv does."""
    if machine.which("uv"):
        return Finding("uv", OK, machine.output_of("uv", "--version") or "uv")
    named = machine.variable("PYTHON")
    for python in ([named] if named else []) + ["python3", "python3.13", "python3.14", "python3.12", "python3.11"]:
        # Debian packages venv and ensurepip separately from the interpreter.
        if (
            machine.output_of(python, "-c", "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 8))")
            is not None
        ):
            return Finding("uv", OK, "the first command installs it here, into .local/uv")
    text = "for every command; the first one installs it, with any Python that has venv"
    return Finding("uv", MISSING, text, _install(machine, "uv"))


def _python(machine: Machine) -> list[Finding]:
    """The Python that local/find-python finds, as for every other command."""
    chosen = machine.output_of(str(ROOT / "local" / "find-python"))
    version = chosen and machine.output_of(chosen, "-c", "import platform; print(platform.python_version())")
    named = machine.variable("PYTHON")
    if chosen and version:
        found = Finding("Python", OK, f"{version}: {chosen}")
        if version.startswith("3.13."):
            return [found]
        why = f"for make deploy, unless PythonRuntime of the stage is that of PYTHON={named}"
        return [found, Finding("Python 3.13", OPTIONAL, why, _install(machine, "Python 3.13"))]
    if named:
        return [Finding("Python", MISSING, f"PYTHON={named} is not Python 3.13 or newer", ("unset PYTHON",))]
    why = "not found; uv fetches it for the first command, if the network allows that"
    return [Finding("Python 3.13", OPTIONAL, why, _install(machine, "Python 3.13"))]


def _room(machine: Machine) -> Finding:
    free = machine.free_bytes()
    text = f"{free / _GIGABYTE:.1f} GB free"
    if free >= _NEEDED_BYTES:
        return Finding("disk space", OK, text)
    return Finding("disk space", MISSING, f"{text}, {_NEEDED_BYTES // _GIGABYTE} GB are required: free some space")


def _port(machine: Machine, port: int) -> Finding:
    name = f"port {port}"
    if machine.is_free(port):
        return Finding(name, OK, "free")
    if machine.is_stack(port):
        return Finding(name, OK, "make run is using it")
    return Finding(name, OPTIONAL, "in use by another program: choose another port", ("make run PORT=4600",))


def _docker(machine: Machine) -> Finding:
    if machine.which("docker") is None:
        return Finding("Docker", OPTIONAL, "for make invoke", _install(machine, "Docker"))
    version = machine.output_of("docker", "version", "--format", "{{.Server.Version}}")
    if version:
        return Finding("Docker", OK, version)
    text = "for make invoke: it is installed, but its engine does not answer"
    return Finding("Docker", OPTIONAL, text, _lines(machine, START_DOCKER))


def chromium(machine: Machine) -> str | None:
    """The Chromium of the browser tests: only the one that CHROMIUM names if it is set, else the first one found."""
    named = machine.variable("CHROMIUM")
    if named:
        return machine.which(named)
    commands = filter(None, map(machine.which, CHROMIUMS))
    return next(commands, None) or next(filter(machine.exists, _MAC_CHROMIUMS), None)


def _chromium(machine: Machine) -> Finding:
    found = chromium(machine)
    if found:
        return Finding("Chromium", OK, found)
    named = machine.variable("CHROMIUM")
    if named:
        return Finding("Chromium", OPTIONAL, f"CHROMIUM={named} is not a command", ("unset CHROMIUM",))
    return Finding("Chromium", OPTIONAL, "for the browser tests of make test", _install(machine, "Chromium"))


if __name__ == "__main__":
    sys.exit(main())
