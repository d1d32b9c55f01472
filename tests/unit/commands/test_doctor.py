"""What `make doctor` says of a machine."""

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
    """A machine with everything, from which a test takes something away."""

    without: frozenset[str] = frozenset()
    runs: str | None = DEBIAN
    python: str | None = "3.13.1"
    other_pythons: frozenset[str] = frozenset()
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

    def says(self, *command: str) -> str | None:
        match command:
            case (found,) if found == FIND_PYTHON:
                return "/usr/bin/a-python" if self.python else None
            case ("/usr/bin/a-python", *_):
                return self.python
            case ("docker", *_):
                return "29.0.1" if self.docker_answers else None
            case (other, "-c", _):
                return "" if other in self.other_pythons else None
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
    """And nothing is to be typed."""
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
def test_what_is_not_there_comes_with_the_line_that_installs_it(
    kind: str, without: set[str], name: str, state: str
) -> None:
    """The line of this kind of machine, and only what every command needs is missing."""
    said = found(FakeMachine(without=frozenset(without), runs=kind))
    assert (said[name].state, said[name].lines) == (state, (INSTALL[name][kind],))
    assert {one.state for other, one in said.items() if other != name} == {OK}


def test_an_unknown_kind_of_machine_is_told_the_lines_of_all() -> None:
    """Each with whom it is for."""
    lines = found(FakeMachine(without=frozenset({"git"}), runs=None))["git"].lines
    assert lines == tuple(f"{kind}: {line}" for kind, line in INSTALL["git"].items())


def test_an_older_python_will_do_for_the_local_stack() -> None:
    """3.13 is optional then: AWS' builds need it."""
    said = found(FakeMachine(python="3.11.9"))
    assert (said["Python"].state, said["Python 3.13"].state) == (OK, OPTIONAL)
    assert "3.11.9" in said["Python 3.13"].said


def test_no_python_from_3_11_on_is_missing() -> None:
    """Every command but this one needs it."""
    said = found(FakeMachine(python=None))["Python"]
    assert (said.state, said.lines) == (MISSING, (INSTALL["Python"][DEBIAN],))


def test_a_python_without_venv_needs_that_alone() -> None:
    """Debian packs it apart, and find-python passes such a Python over."""
    said = found(FakeMachine(python=None, other_pythons=frozenset({"python3.12"})))["Python"]
    assert (said.state, said.lines) == (MISSING, ("sudo apt-get install python3.12-venv",))


def test_a_named_python_that_cannot_be_used_is_told() -> None:
    """Installing another would not help as long as PYTHON names this one."""
    said = found(FakeMachine(python=None, variables={"PYTHON": "/opt/old/python"}))["Python"]
    assert (said.state, said.lines) == (MISSING, ("unset PYTHON",))
    assert "/opt/old/python" in said.said


def test_docker_without_its_engine_needs_starting_and_not_installing() -> None:
    """The command is there, and nobody answers it."""
    said = found(FakeMachine(docker_answers=False, runs=FEDORA))["Docker"]
    assert (said.state, said.lines) == (OPTIONAL, (START_DOCKER[FEDORA],))


def test_chrome_of_a_mac_is_found_where_macs_have_it() -> None:
    """It is on nobody's PATH."""
    path = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    assert found(FakeMachine(without=CHROMIUMS, files=frozenset({path})))["Chromium"].said == path


def test_a_named_chromium_is_taken_and_no_other() -> None:
    """As the browser tests take it: where CHROMIUM names nothing that runs, another one does not count."""
    variables = {"CHROMIUM": "my-chromium"}
    assert found(FakeMachine(without=CHROMIUMS, variables=variables))["Chromium"].said == "/usr/bin/my-chromium"
    said = found(FakeMachine(without=frozenset({"my-chromium"}), variables=variables))["Chromium"]
    assert (said.state, said.lines) == (OPTIONAL, ("unset CHROMIUM",))
    assert "my-chromium" in said.said


def test_a_full_disk_is_missing_room() -> None:
    """Nothing can be installed on it."""
    assert found(FakeMachine(free=10**9))["disk space"].state == MISSING


def test_a_taken_port_is_optional_and_none_at_all_of_the_stack_itself() -> None:
    """Another port will do; and a second make doctor beside make run finds no fault."""
    assert found(FakeMachine(port_free=False))["port 4566"].lines == ("make run PORT=4600",)
    assert found(FakeMachine(port_free=False, stack_up=True))["port 4566"].state == OK


def test_the_report_is_aligned() -> None:
    """State and words stand in columns, lines to type below the words."""
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
    """By its own name, or by what it says it is like."""
    assert kind_of(text) == kind


def test_the_script_is_python_3_8_and_imports_the_standard_library_alone() -> None:
    """It runs where nothing is installed yet, on the Python of a Mac or of an old distribution."""
    source = (ROOT / "local" / "doctor.py").read_text()
    tree = ast.parse(source, feature_version=(3, 8))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_the_exit_code_is_1_only_where_something_needed_is_missing() -> None:
    """Run as a script of its own, with a Python that will do and with one that will not."""
    script = [sys.executable, "-I", "-S", str(ROOT / "local" / "doctor.py")]
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": sys.executable}
    good = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert good.returncode == int(any(line.split()[1:2] == ["missing"] for line in good.stdout.splitlines()))
    bad = subprocess.run(script, env={**environment, "PYTHON": "/none"}, capture_output=True, text=True, check=False)
    assert (bad.returncode, "Missing: Python." in bad.stdout) == (1, True), bad.stdout
    assert not good.stderr + bad.stderr
