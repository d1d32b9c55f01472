"""`make doctor`: what this machine lacks, and the line that installs it.

It runs before anything is installed, on any Python from 3.8 on: nothing but the standard library, and no import of
the project's own.
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
# Environments, build and logs take 0.8 GB after `make run` (measured); pip unpacks beside that.
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
    "Python": {
        DEBIAN: "sudo apt-get install python3 python3-venv",
        FEDORA: "sudo dnf install python3.13",
        MACOS: "brew install python@3.13",
    },
    "Python 3.13": {
        DEBIAN: "sudo apt-get install python3.13-venv    (where apt has none: pyenv install 3.13)",
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
"""The line that installs a thing, for each kind of machine."""

START_DOCKER = {
    DEBIAN: "sudo systemctl start docker",
    FEDORA: "sudo systemctl start docker",
    MACOS: "open -a Docker",
}


class Finding(NamedTuple):
    """One line of the report."""

    name: str
    state: str
    said: str
    lines: tuple[str, ...] = ()
    """What to type, where something is to be done."""


class Machine:
    """What the checks ask of this machine."""

    def kind(self) -> str | None:
        """One of DEBIAN, FEDORA and MACOS; None for anything else."""
        if platform.system() == "Darwin":
            return MACOS
        released = ""
        with suppress(OSError):
            released = Path("/etc/os-release").read_text(encoding="utf-8")
        return kind_of(released)

    def variable(self, name: str) -> str | None:
        """What an environment variable says, if it says anything."""
        return os.environ.get(name) or None

    def which(self, command: str) -> str | None:
        """The path of a command, if there is one."""
        return shutil.which(command)

    def says(self, *command: str) -> str | None:
        """What a command prints; None where it fails."""
        try:
            ended = subprocess.run(  # noqa: S603 - commands of this file
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return ended.stdout.decode(errors="replace").strip() if ended.returncode == 0 else None

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        return Path(path).exists()

    def is_free(self, port: int) -> bool:
        """Whether a port of 127.0.0.1 can be listened at."""
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                return False
        return True

    def is_stack(self, port: int) -> bool:
        """Whether emulated AWS answers there."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=2) as answer:
                return bool(answer.status == 200)  # noqa: PLR2004 - OK
        except (OSError, ValueError):
            return False

    def free_bytes(self) -> int:
        """The room left where this checkout is."""
        return shutil.disk_usage(ROOT).free


def kind_of(os_release: str) -> str | None:
    """The kind of Linux that /etc/os-release names."""
    said = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    names = f"{said.get('ID', '')} {said.get('ID_LIKE', '')}".replace('"', "").split()
    if {"debian", "ubuntu"} & set(names):
        return DEBIAN
    return FEDORA if {"fedora", "rhel"} & set(names) else None


def examine(machine: Machine, port: int) -> list[Finding]:
    """Everything that is looked at, in the order in which it is needed."""
    return [
        _command(machine, "git", needed="for cloning, and by make deploy"),
        _command(machine, "make", needed="for every command"),
        *_python(machine),
        _room(machine),
        _port(machine, port),
        _command(machine, "curl", wanted="for the lines that make run prints"),
        _docker(machine),
        _chromium(machine),
    ]


def report(findings: list[Finding]) -> str:
    """The findings as aligned lines, what is to be typed below its finding."""
    width = max(len(one.name) for one in findings)
    lines = []
    for one in findings:
        lines.append(f"  {one.name:<{width}}  {one.state:<8}  {one.said}")
        lines += [f"  {'':<{width}}  {'':<8}  > {line}" for line in one.lines]
    return "\n".join(lines)


def main() -> int:
    """Print the report; 1 where something needed is missing."""
    port = os.environ.get("PORT") or "4566"
    if not port.isdigit():
        sys.stderr.write(f"PORT={port} is no port number.\n")
        return 2
    findings = examine(Machine(), int(port))
    missing = [one.name for one in findings if one.state == MISSING]
    sys.stdout.write(f"{report(findings)}\n\n")
    if missing:
        sys.stdout.write(f"Missing: {', '.join(missing)}. What is optional is for the commands that its line names.\n")
        return 1
    sys.stdout.write("Nothing needed is missing: make run and make test will do.\n")
    return 0


def _install(machine: Machine, name: str) -> tuple[str, ...]:
    return _lines(machine, INSTALL[name])


def _lines(machine: Machine, lines: dict[str, str]) -> tuple[str, ...]:
    kind = machine.kind()
    return (lines[kind],) if kind else tuple(f"{other}: {line}" for other, line in lines.items())


def _command(machine: Machine, name: str, *, needed: str = "", wanted: str = "") -> Finding:
    said = machine.says(name, "--version") if machine.which(name) else None
    if said is not None:
        return Finding(name, OK, said.split("\n")[0].split(" (")[0])
    return Finding(name, MISSING if needed else OPTIONAL, needed or wanted, _install(machine, name))


def _python(machine: Machine) -> list[Finding]:
    """What local/find-python chooses, which every other command asks too."""
    chosen = machine.says(str(ROOT / "local" / "find-python"))
    version = chosen and machine.says(chosen, "-c", "import platform; print(platform.python_version())")
    if not chosen or not version:
        return [_no_python(machine)]
    found = Finding("Python", OK, f"{version}, with venv and pip: {chosen}")
    if version.startswith("3.13."):
        return [found]
    why = f"for make build and make deploy, as AWS runs it; make run builds for {version} here"
    return [found, Finding("Python 3.13", OPTIONAL, why, _install(machine, "Python 3.13"))]


def _no_python(machine: Machine) -> Finding:
    named = machine.variable("PYTHON")
    if named:
        return Finding("Python", MISSING, f"PYTHON={named} is none from 3.11 on with venv and pip", ("unset PYTHON",))
    for version in ("3.13", "3.14", "3.12", "3.11"):
        # Debian packs venv and pip apart from the interpreter.
        if machine.says(f"python{version}", "-c", "") is not None:
            lines = (
                (f"sudo apt-get install python{version}-venv",)
                if machine.kind() == DEBIAN
                else _install(machine, "Python")
            )
            return Finding("Python", MISSING, f"{version} is here, but without venv or ensurepip (pip)", lines)
    return Finding("Python", MISSING, "3.13, or any from 3.11 on, with venv and pip", _install(machine, "Python"))


def _room(machine: Machine) -> Finding:
    free = machine.free_bytes()
    said = f"{free / _GIGABYTE:.1f} GB free"
    if free >= _NEEDED_BYTES:
        return Finding("disk space", OK, said)
    return Finding("disk space", MISSING, f"{said}, and {_NEEDED_BYTES // _GIGABYTE} GB are needed: make room")


def _port(machine: Machine, port: int) -> Finding:
    name = f"port {port}"
    if machine.is_free(port):
        return Finding(name, OK, "free")
    if machine.is_stack(port):
        return Finding(name, OK, "make run is up there")
    return Finding(name, OPTIONAL, "taken by something else: give make run another", ("make run PORT=4600",))


def _docker(machine: Machine) -> Finding:
    if machine.which("docker") is None:
        return Finding("Docker", OPTIONAL, "for make invoke", _install(machine, "Docker"))
    version = machine.says("docker", "version", "--format", "{{.Server.Version}}")
    if version:
        return Finding("Docker", OK, version)
    said = "for make invoke: it is installed, but its engine does not answer"
    return Finding("Docker", OPTIONAL, said, _lines(machine, START_DOCKER))


def chromium(machine: Machine) -> str | None:
    """The Chromium that the browser tests start: what CHROMIUM names and no other, else the first there is."""
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
        return Finding("Chromium", OPTIONAL, f"CHROMIUM={named} is no command", ("unset CHROMIUM",))
    return Finding("Chromium", OPTIONAL, "for the browser tests of make test", _install(machine, "Chromium"))


if __name__ == "__main__":
    sys.exit(main())
