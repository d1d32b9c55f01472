"""Makefile, continuous integration and the devcontainer say the same."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.doctor import CHROMIUMS
from local.paths import ROOT
from local.sam_template import parameter_default

MAKEFILE = (ROOT / "Makefile").read_text()
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yaml").read_text())
JOB: dict[str, Any] = WORKFLOW["jobs"]["test"]
CONTAINER: dict[str, Any] = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
PREPARING = {"environment", "tools", "sdk"}


def targets() -> set[str]:
    """What make can be asked for."""
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", MAKEFILE, re.MULTILINE))


def make(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Ask make, with nothing of an outer make's settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *words],  # noqa: S607 - make, wherever it is
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_help_tells_every_command() -> None:
    """All but help itself and those that only prepare the others; and make alone says the same."""
    told = make("help").stdout
    assert set(re.findall(r"^make ([a-z-]+)", told, re.MULTILINE)) == targets() - PREPARING - {"help"}
    assert make().stdout == told
    assert max(map(len, told.splitlines())) <= 120


def test_every_command_is_phony() -> None:
    """A file of its name would otherwise be taken for its result."""
    assert {
        name for line in re.findall(r"^\.PHONY: (.+)", MAKEFILE, re.MULTILINE) for name in line.split()
    } == targets()


def test_make_doctor_runs_on_the_first_python_that_can(tmp_path: Path) -> None:
    """An old one before it on PATH is passed over, and PORT is handed on."""
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3").chmod(0o755)
    (tmp_path / "python3.13").write_text('#!/bin/sh\n[ "$1" = -c ] || echo "$1 at $PORT"\n')
    (tmp_path / "python3.13").chmod(0o755)
    said = make("--no-print-directory", "doctor", "PORT=4600", PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert (said.stdout, said.returncode) == ("local/doctor.py at 4600\n", 0)


def test_github_runs_the_commands_of_ci_run() -> None:
    """One step each, in that order, and nothing else."""
    script = (ROOT / ".ci" / "run").read_text()
    assert re.search(r"^set -euo pipefail$", script, re.MULTILINE)
    body = script.partition('/.."\n')[2]
    assert [step["run"] for step in JOB["steps"] if "run" in step] == body.split("\n")[:-1]
    assert body


def test_github_uses_pinned_actions_and_the_python_of_lambda() -> None:
    """Each by a whole tag."""
    used = {step["uses"].partition("@")[0]: step for step in JOB["steps"] if "uses" in step}
    assert set(used) == {"actions/checkout", "actions/setup-python"}
    assert all(re.fullmatch(r".+@v\d+\.\d+\.\d+", step["uses"]) for step in used.values())
    assert f"python{used['actions/setup-python']['with']['python-version']}" == parameter_default("PythonRuntime")
    assert JOB["runs-on"] == "ubuntu-latest"


def test_github_may_only_read_and_is_told_no_secret() -> None:
    """Whatever a pull request changes in the tests."""
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "permissions" not in JOB
    assert "secrets" not in (ROOT / ".github" / "workflows" / "ci.yaml").read_text()
    # YAML 1.1 reads `on` as true. pull_request_target would run a stranger's code with this repository's rights.
    assert set(WORKFLOW[True]) == {"push", "pull_request"}


def test_the_devcontainer_has_the_python_of_lambda() -> None:
    """And makes the environments, so that the first command starts at once."""
    assert CONTAINER["image"].startswith(parameter_default("PythonRuntime").replace("python", "python:") + "-bookworm")
    assert set(CONTAINER["postCreateCommand"].split()[1:]) <= targets()
    default_port = re.search(r"^PORT \?= (\d+)$", MAKEFILE, re.MULTILINE)
    assert default_port is not None
    assert CONTAINER["forwardPorts"] == [int(default_port[1])]


@pytest.mark.parametrize("script", [".ci/run", ".ci/chromium", "local/find-python", "local/make-environment"])
def test_scripts_can_be_run_and_parsed(script: str) -> None:
    """As git keeps them."""
    path = ROOT / script
    assert os.access(path, os.X_OK)
    shell = path.read_text().splitlines()[0].split()[-1].removeprefix("#!").rpartition("/")[2]
    assert subprocess.run([shell, "-n", str(path)], check=False).returncode == 0


def chromium(path: Path) -> subprocess.CompletedProcess[str]:
    """Run the script that installs Chromium where PATH is this folder."""
    script = ROOT / ".ci" / "chromium"
    environment = {"PATH": str(path)}
    return subprocess.run(["/bin/bash", str(script)], env=environment, capture_output=True, text=True, check=False)


def command(folder: Path, name: str, *lines: str) -> None:
    """Put a command into a folder."""
    (folder / name).write_text("\n".join(["#!/bin/bash", *lines, ""]))
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("name", CHROMIUMS)
def test_a_chromium_that_is_there_is_taken(tmp_path: Path, name: str) -> None:
    """Under each name that make doctor knows."""
    command(tmp_path, name)
    assert chromium(tmp_path).stdout == f"The browser tests run in {tmp_path / name}\n"


def test_root_installs_chromium_by_apt_get(tmp_path: Path) -> None:
    """After reading the lists anew, and without a question."""
    command(tmp_path, "id", "echo 0")
    command(tmp_path, "apt-get", 'echo "$DEBIAN_FRONTEND apt-get $*"')
    told = chromium(tmp_path)
    assert told.returncode == 0
    assert told.stdout.splitlines() == [
        "noninteractive apt-get update -q",
        "noninteractive apt-get install -q -y --no-install-recommends chromium",
    ]


@pytest.mark.parametrize(
    ("user", "apt"), [("1000", "exit 0"), ("0", "[ $1 = update ]"), ("0", "exit 100"), ("0", None)]
)
def test_where_chromium_cannot_be_installed_it_is_said_and_the_rest_runs(
    tmp_path: Path, user: str, apt: str | None
) -> None:
    """No root, no such package, no lists, or no apt-get at all."""
    command(tmp_path, "id", f"echo {user}")
    if apt:
        command(tmp_path, "apt-get", apt)
    told = chromium(tmp_path)
    assert told.returncode == 0
    assert "the browser tests do not run" in told.stderr
