"""What `make doctor` reports about a machine."""

import ast
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from local.doctor import (
    DEBIAN,
    FEDORA,
    INSTALL,
    MACOS,
    MISSING,
    OK,
    OPTIONAL,
    START_DOCKER,
    Finding,
    Machine,
    examine,
    kind_of,
    report,
)
from local.paths import ROOT

FIND_PYTHON = str(ROOT / "local" / "find-python")


@dataclass
class FakeMachine(Machine):
    """A machine that has everything; a test removes something."""

    without: frozenset[str] = frozenset()
    runs: str | None = DEBIAN
    python: str | None = "3.13.1"
    pythons_with_venv: frozenset[str] = frozenset({"python3"})
    docker_answers: bool = True
    port_free: bool = True
    stack_up: bool = False
    free: int = 10**11
    files: frozenset[str] = field(default_factory=frozenset)
    variables: Mapping[str, str] = field(default_factory=dict)

    def kind(self) -> str | None:
        return self.runs

    def variable(self, name: str) -> str | None:
        return self.variables.get(name)

    def which(self, command: str) -> str | None:
        return None if command in self.without else f"/usr/bin/{command}"

    def output_of(self, *command: str) -> str | None:
        match command:
            case (found,) if found == FIND_PYTHON:
                return "/usr/bin/a-python" if self.python else None
            case ("/usr/bin/a-python", *_):
                return self.python
            case ("docker", *_):
                return "29.0.1" if self.docker_answers else None
            case (other, "-c", _):
                return "" if other in self.pythons_with_venv else None
            case (name, "--version"):
                return f"{name} 1.2\nand more"
        return None

    def exists(self, path: str) -> bool:
        return path in self.files

    def is_free(self, port: int) -> bool:
        del port
        return self.port_free

    def is_stack(self, port: int) -> bool:
        del port
        return self.stack_up

    def free_bytes(self) -> int:
        return self.free


def found(machine: FakeMachine) -> dict[str, Finding]:
    return {one.name: one for one in examine(machine, 4566)}


CHROMIUMS = frozenset({"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"})


def test_a_machine_with_everything_is_all_ok() -> None:
    """There is nothing to type."""
    assert {(one.state, one.lines) for one in found(FakeMachine()).values()} == {(OK, ())}


@pytest.mark.parametrize("kind", [DEBIAN, FEDORA, MACOS])
@pytest.mark.parametrize(
    ("without", "name", "state"),
    [
        ({"git"}, "git", MISSING),
        ({"make"}, "make", MISSING),
        ({"curl"}, "curl", OPTIONAL),
        ({"docker"}, "Docker", OPTIONAL),
        (CHROMIUMS, "Chromium", OPTIONAL),
    ],
)
def test_a_missing_thing_comes_with_the_line_that_installs_it(
    kind: str, without: set[str], name: str, state: str
) -> None:
    """The line is for this kind of machine, and only a thing that every command needs is missing."""
    findings = found(FakeMachine(without=frozenset(without), runs=kind))
    assert (findings[name].state, findings[name].lines) == (state, (INSTALL[name][kind],))
    assert {one.state for other, one in findings.items() if other != name} == {OK}


def test_an_unknown_kind_of_machine_gets_the_lines_of_all_kinds() -> None:
    """Each line starts with its kind."""
    lines = found(FakeMachine(without=frozenset({"git"}), runs=None))["git"].lines
    assert lines == tuple(f"{kind}: {line}" for kind, line in INSTALL["git"].items())


def test_a_newer_python_by_name_is_enough_for_the_local_stack() -> None:
    """Python 3.13 is optional then: only builds for AWS need the Python of the stage."""
    findings = found(FakeMachine(python="3.14.1", variables={"PYTHON": "/opt/python3.14"}))
    assert (findings["Python"].state, findings["Python 3.13"].state) == (OK, OPTIONAL)
    assert "/opt/python3.14" in findings["Python 3.13"].text


def test_without_python_3_13_uv_fetches_it() -> None:
    """It is optional, and its line installs it where uv may not fetch it."""
    findings = found(FakeMachine(python=None))
    assert (findings["Python 3.13"].state, findings["Python 3.13"].lines) == (
        OPTIONAL,
        (INSTALL["Python 3.13"][DEBIAN],),
    )
    assert "Python" not in findings


@pytest.mark.parametrize("python", ["python3", "python3.14", "/opt/python3.13"])
def test_without_uv_a_python_with_venv_is_enough(python: str) -> None:
    """The first command installs uv with it: with one of PATH, or with the one that PYTHON names."""
    machine = FakeMachine(
        without=frozenset({"uv"}), pythons_with_venv=frozenset({python}), variables={"PYTHON": "/opt/python3.13"}
    )
    assert found(machine)["uv"].state == OK


def test_without_uv_and_without_venv_uv_is_missing() -> None:
    """Debian packages venv separately from the interpreter."""
    finding = found(FakeMachine(without=frozenset({"uv"}), pythons_with_venv=frozenset()))["uv"]
    assert (finding.state, finding.lines) == (MISSING, ("sudo apt-get install python3-venv",))


def test_a_named_python_that_cannot_be_used_is_reported() -> None:
    """Installing another one would not help while PYTHON names this one."""
    finding = found(FakeMachine(python=None, variables={"PYTHON": "/opt/old/python"}))["Python"]
    assert (finding.state, finding.lines) == (MISSING, ("unset PYTHON",))
    assert "/opt/old/python" in finding.text


def test_docker_without_its_engine_needs_starting_and_not_installing() -> None:
    """The command exists, but its engine does not answer."""
    finding = found(FakeMachine(docker_answers=False, runs=FEDORA))["Docker"]
    assert (finding.state, finding.lines) == (OPTIONAL, (START_DOCKER[FEDORA],))


def test_chrome_of_a_mac_is_found_in_the_applications_folder() -> None:
    """It is not on PATH."""
    path = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    assert found(FakeMachine(without=CHROMIUMS, files=frozenset({path})))["Chromium"].text == path


def test_only_the_named_chromium_counts() -> None:
    """If CHROMIUM does not name a command, no other one counts, as in the browser tests."""
    variables = {"CHROMIUM": "my-chromium"}
    assert found(FakeMachine(without=CHROMIUMS, variables=variables))["Chromium"].text == "/usr/bin/my-chromium"
    finding = found(FakeMachine(without=frozenset({"my-chromium"}), variables=variables))["Chromium"]
    assert (finding.state, finding.lines) == (OPTIONAL, ("unset CHROMIUM",))
    assert "my-chromium" in finding.text


def test_a_full_disk_is_missing_space() -> None:
    """Nothing can be installed on it."""
    assert found(FakeMachine(free=10**9))["disk space"].state == MISSING


def test_a_port_in_use_is_optional_and_fine_if_the_stack_uses_it() -> None:
    """Another port works, and make doctor beside make run reports nothing."""
    assert found(FakeMachine(port_free=False))["port 4566"].lines == ("make run PORT=4600",)
    assert found(FakeMachine(port_free=False, stack_up=True))["port 4566"].state == OK


def test_the_report_is_aligned() -> None:
    """States and texts are in columns, and lines to type are below the texts."""
    text = report([Finding("a", OK, "1.2"), Finding("longer", MISSING, "for all", ("install it",))])
    assert text.splitlines() == [
        "  a       ok        1.2",
        "  longer  missing   for all",
        "                    > install it",
    ]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ID=debian\n", DEBIAN),
        ('NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n', DEBIAN),
        ("ID=fedora\n", FEDORA),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', FEDORA),
        ("ID=arch\n", None),
        ("", None),
    ],
)
def test_the_kind_of_linux_is_read_from_os_release(text: str, kind: str | None) -> None:
    """By ID or by ID_LIKE."""
    assert kind_of(text) == kind


def test_the_script_is_python_3_8_and_imports_the_standard_library_alone() -> None:
    """It runs before anything is installed, on the Python of a Mac or of an old distribution."""
    source = (ROOT / "local" / "doctor.py").read_text()
    tree = ast.parse(source, feature_version=(3, 8))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_the_exit_code_is_1_only_if_something_required_is_missing() -> None:
    """The script runs with a usable Python in PYTHON, and with an unusable one."""
    script = [sys.executable, "-I", "-S", str(ROOT / "local" / "doctor.py")]
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": sys.executable}
    good = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert good.returncode == int(any(line.split()[1:2] == ["missing"] for line in good.stdout.splitlines()))
    bad = subprocess.run(script, env={**environment, "PYTHON": "/none"}, capture_output=True, text=True, check=False)
    assert (bad.returncode, "Missing: Python." in bad.stdout) == (1, True), bad.stdout
    assert not good.stderr + bad.stderr
