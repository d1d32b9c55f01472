"""local/make-environments, local/uv and local/find-python, with a uv and Pythons that only record their calls."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.paths import ROOT

SCRIPTS = ("make-environments", "uv", "find-python")
# `uv venv` makes a folder with a Python; every call is recorded in calls.txt.
UV = """
echo "$*" >>"$CALLS"
case "$1" in
  --version) echo uv 1.2 ;;
  venv) for folder; do :; done; mkdir -p "$folder/bin" && touch "$folder/bin/python" && chmod +x "$folder/bin/python" ;;
  python) [ "$2" = install ] && [ -n "${FETCHES:-}" ] && cp "$FETCHES" "$(dirname "$0")/python3.13" ;;
  pip) case "$*" in *"${BROKEN:-nothing}"*) echo "error: no such package"; exit 1 ;; esac ;;
esac
"""
FAILING = "echo 'pyenv: command not found' >&2; exit 127\n"


def python(version: str, path: str) -> str:
    """A Python that answers local/find-python's question."""
    return f"echo '{version} {path}'\n"


@dataclass(frozen=True)
class Checkout:
    """A checkout with the scripts, some requirements files and a PATH of its own."""

    folder: Path

    @property
    def path(self) -> Path:
        """The first folder of PATH."""
        return self.folder / "path"

    def command(self, name: str, text: str, folder: Path | None = None) -> Path:
        """Write a command, by default on PATH."""
        file = (folder or self.path) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{text}")
        file.chmod(0o755)
        return file

    def run(self, script: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a script with nothing on PATH but this checkout's commands and those of every system."""
        environment = {"HOME": str(self.folder), "CALLS": str(self.folder / "calls.txt"), **variables}
        return subprocess.run(
            [str(self.folder / "local" / script), *words],
            env={"PATH": f"{self.path}:{self.folder / 'system'}", **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        """What uv was asked since the last time, without its questions for a version."""
        file = self.folder / "calls.txt"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return sorted(line for line in lines if line != "--version")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A machine with uv and Python 3.13 on PATH."""
    (tmp_path / "local").mkdir()
    (tmp_path / "requirements").mkdir()
    (tmp_path / "system").mkdir()
    for command in (
        "cat",
        "cksum",
        "cmp",
        "cp",
        "date",
        "dirname",
        "grep",
        "head",
        "mkdir",
        "rm",
        "sh",
        "touch",
        "chmod",
    ):
        (tmp_path / "system" / command).symlink_to(shutil.which(command) or "")
    for script in SCRIPTS:
        shutil.copy(ROOT / "local" / script, tmp_path / "local" / script)
    for name in ("dev", "sam", "sdk", "uv"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"{name}==1\n")
    (tmp_path / "pyproject.toml").write_text("")
    made = Checkout(tmp_path)
    made.command("uv", UV)
    made.command("python3.13", python("3.13", "/opt/python3.13"))
    return made


def test_each_name_gets_an_environment_from_its_hashed_file(checkout: Checkout) -> None:
    """The project is installed into .venv too; one line reports the progress."""
    ended = checkout.run("make-environments", "dev", "sam", "sdk")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split()[:3] == ["Installing", "3", "environments"]
    assert checkout.calls() == sorted(
        [f"venv --quiet --no-project --python /opt/python3.13 {folder}" for folder in (".venv", ".tools/sam", ".sdk")]
        + [
            f"pip sync --quiet --python {folder}/bin/python --require-hashes requirements/{name}.txt"
            for name, folder in (("dev", ".venv"), ("sam", ".tools/sam"), ("sdk", ".sdk"))
        ]
        + ["pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable ."]
    )


def test_nothing_is_done_if_nothing_has_changed(checkout: Checkout) -> None:
    """Nothing is printed and uv is not asked, as every command starts with this."""
    checkout.run("make-environments", "dev", "sam")
    checkout.calls()
    again = checkout.run("make-environments", "dev", "sam")
    assert (again.returncode, again.stdout + again.stderr, checkout.calls()) == (0, "", [])


def test_new_requirements_change_only_their_environment(checkout: Checkout) -> None:
    """The environment is kept and its packages are replaced."""
    checkout.run("make-environments", "dev", "sam")
    checkout.calls()
    (checkout.folder / "requirements" / "sam.txt").write_text("sam==2\n")
    ended = checkout.run("make-environments", "dev", "sam")
    assert ended.stdout.split()[:2] == ["Installing", ".tools/sam"]
    assert checkout.calls() == ["pip sync --quiet --python .tools/sam/bin/python --require-hashes requirements/sam.txt"]


def test_another_python_makes_the_environment_again(checkout: Checkout) -> None:
    """PYTHON names it, and without PYTHON the environment is made with Python 3.13 again."""
    newer = str(checkout.command("newer", python("3.14", "/opt/python3.14")))
    for variables, used in (({}, "3.13"), ({"PYTHON": newer}, "3.14"), ({}, "3.13")):
        ended = checkout.run("make-environments", "sam", **variables)
        assert ended.returncode == 0, ended.stderr
        assert f"venv --quiet --no-project --python /opt/python{used} .tools/sam" in checkout.calls()


def test_a_failed_installation_is_one_line_and_is_tried_again(checkout: Checkout) -> None:
    """The line has uv's error and the log; the other environments are finished."""
    ended = checkout.run("make-environments", "dev", "sam", BROKEN="requirements/sam.txt")
    assert ended.returncode == 1
    assert ended.stderr == (
        "Installing requirements/sam.txt failed: error: no such package (whole output: .local/install-sam.log)\n"
    )
    checkout.calls()
    assert checkout.run("make-environments", "dev", "sam").returncode == 0
    assert [call.split()[0] for call in checkout.calls()] == ["pip", "venv"]


def test_uv_fetches_python_if_the_machine_has_none(checkout: Checkout) -> None:
    """Only then, and the environment is made with it."""
    (checkout.path / "python3.13").unlink()
    fetched = checkout.command("fetched", python("3.13", "/fetched/python3.13"), checkout.folder)
    ended = checkout.run("make-environments", "sam", FETCHES=str(fetched))
    assert ended.returncode == 0, ended.stderr
    assert "venv --quiet --no-project --python /fetched/python3.13 .tools/sam" in checkout.calls()


def test_without_python_3_13_one_line_says_how_to_get_it(checkout: Checkout) -> None:
    """Here uv cannot fetch it, and an older one does not count."""
    (checkout.path / "python3.13").unlink()
    checkout.command("python3", python("3.12", "/usr/bin/python3.12"))
    ended = checkout.run("make-environments", "sam")
    assert ended.returncode == 1
    assert ended.stderr.startswith("Python 3.13 was not found. Install it")
    assert ended.stderr.count("\n") == 1


def test_a_python_that_is_named_is_used_or_refused(checkout: Checkout) -> None:
    """uv fetches nothing instead of it."""
    old = str(checkout.command("old", python("3.12", "/opt/python3.12")))
    ended = checkout.run("make-environments", "sam", PYTHON=old)
    assert (ended.returncode, ended.stderr) == (
        1,
        f"PYTHON={old} is not Python 3.13 or newer. Unset PYTHON or name another.\n",
    )
    assert checkout.calls() == []


def test_the_python_of_pyenv_is_found_behind_a_shim_that_fails(checkout: Checkout) -> None:
    """pyenv has shims on PATH for versions that are not chosen."""
    checkout.command("python3.13", FAILING)
    checkout.command("python3", FAILING)
    pyenv = checkout.folder / ".pyenv" / "versions" / "3.13.0" / "bin"
    checkout.command("python3.13", python("3.13", "/pyenv/python3.13"), pyenv)
    assert checkout.run("find-python").stdout == "/pyenv/python3.13\n"


def test_the_python_of_uv_is_found(checkout: Checkout) -> None:
    """It is asked last, and downloads nothing."""
    (checkout.path / "python3.13").unlink()
    managed = checkout.command("python", python("3.13", "/uv/python3.13"), checkout.folder / "managed")
    checkout.command("uv", f'[ "$*" = "python find --no-python-downloads --no-project 3.13" ] && echo {managed}\n')
    assert checkout.run("find-python").stdout == "/uv/python3.13\n"


def test_uv_is_installed_once_if_it_is_not_on_path(checkout: Checkout) -> None:
    """A Python with venv installs the pinned one, with its hash."""
    (checkout.path / "uv").unlink()
    installed = "#!/bin/sh\\necho uv is asked \\$*\\n"
    inside = f'#!/bin/sh\necho "$*" >>"$CALLS"\nprintf "{installed}" >.local/uv/bin/uv\nchmod +x .local/uv/bin/uv\n'
    (checkout.folder / "inside").write_text(inside)
    venv = (
        'if [ "$1 $2" = "-m venv" ]; then mkdir -p "$3/bin"; cp inside "$3/bin/python"; chmod +x "$3/bin/python"; fi\n'
    )
    checkout.command("python3", venv)
    for _ in range(2):
        assert checkout.run("uv", "pip", "list").stdout == "uv is asked pip list\n"
    options = "--disable-pip-version-check --no-deps --only-binary=:all: --require-hashes"
    assert checkout.calls() == [f"-m pip install {options} --requirement requirements/uv.txt"]
    (checkout.folder / "requirements" / "uv.txt").write_text("uv==2\n")
    assert checkout.run("uv", "pip", "list").returncode == 0
    assert len(checkout.calls()) == 1


def test_without_uv_and_without_a_python_one_line_says_so(checkout: Checkout) -> None:
    """The scripts need one of the two."""
    (checkout.path / "uv").unlink()
    (checkout.path / "python3.13").unlink()
    ended = checkout.run("make-environments", "sam")
    assert ended.returncode == 1
    assert ended.stderr == "uv is not on PATH, and no Python with venv can install it: see make doctor\n"


def test_the_files_of_all_environments_are_compiled() -> None:
    """Every name that the Makefile installs has a requirements file with hashes and without hosts."""
    makefile = (ROOT / "Makefile").read_text()
    names = {
        name
        for line in makefile.splitlines()
        if line.startswith("\t@local/make-environments")
        for name in line.split()[1:]
    }
    files = {path.stem: path.read_text() for path in (ROOT / "requirements").glob("*.txt")}
    assert names | {"uv"} == files.keys()
    for text in files.values():
        assert "--hash=sha256:" in text
        assert "://" not in text


def test_the_environments_need_no_index_of_this_machine() -> None:
    """No setting of the user's that names an index is overridden: uv reads its own settings and variables."""
    scripts = "".join((ROOT / "local" / script).read_text() for script in SCRIPTS)
    assert not any(word in scripts for word in ("--index", "--no-config", "UV_", os.sep + "simple"))
