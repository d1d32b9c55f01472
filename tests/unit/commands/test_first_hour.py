"""Makefile, continuous integration, the devcontainer and the scripts before them agree."""

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
from tools import shipped
from tools.checks import LINT

MAKEFILE = (ROOT / "Makefile").read_text()
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yaml").read_text())
JOB: dict[str, Any] = WORKFLOW["jobs"]["test"]
CONTAINER: dict[str, Any] = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
PREPARING = {"environment"}
SCRIPTS = [".ci/run", ".ci/chromium", "local/find-python", "local/make-environments", "local/uv"]


def targets() -> set[str]:
    """The targets of the Makefile."""
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", MAKEFILE, re.MULTILINE))


def make(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make without the settings of an outer make."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *words],  # noqa: S607 - make, wherever it is
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_help_lists_every_command() -> None:
    """It lists all but itself and the one that only prepares the others; make without a target prints the same."""
    printed = make("help").stdout
    assert set(re.findall(r"^make ([a-z-]+)", printed, re.MULTILINE)) == targets() - PREPARING - {"help"}
    assert make().stdout == printed
    assert max(map(len, printed.splitlines())) <= 120


def test_every_command_is_phony() -> None:
    """Otherwise make would take a file of that name for its result."""
    assert {
        name for line in re.findall(r"^\.PHONY: (.+)", MAKEFILE, re.MULTILINE) for name in line.split()
    } == targets()


def test_make_doctor_runs_on_the_first_python_that_can(tmp_path: Path) -> None:
    """An old one earlier on PATH is skipped, and PORT is passed on."""
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3").chmod(0o755)
    (tmp_path / "python3.13").write_text('#!/bin/sh\n[ "$1" = -c ] || echo "$1 at $PORT"\n')
    (tmp_path / "python3.13").chmod(0o755)
    said = make("--no-print-directory", "doctor", "PORT=4600", PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert (said.stdout, said.returncode) == ("local/doctor.py at 4600\n", 0)


def test_github_runs_the_commands_of_ci_run() -> None:
    """There is one step for each command, in the same order, and no other."""
    script = (ROOT / ".ci" / "run").read_text()
    assert re.search(r"^set -euo pipefail$", script, re.MULTILINE)
    body = script.partition('/.."\n')[2]
    assert [step["run"] for step in JOB["steps"] if "run" in step] == body.split("\n")[:-1]
    assert body


def test_github_uses_pinned_actions_and_the_python_of_lambda() -> None:
    """Each action is pinned by the full hash of a commit, with its version behind it."""
    text = (ROOT / ".github" / "workflows" / "ci.yaml").read_text()
    pinned = re.findall(r"uses: (\S+)@[0-9a-f]{40} # v\d+\.\d+\.\d+$", text, re.MULTILINE)
    assert pinned == ["actions/checkout", "actions/setup-python", "actions/upload-artifact"]
    used = {step["uses"].partition("@")[0]: step for step in JOB["steps"] if "uses" in step}
    assert list(used) == pinned
    assert f"python{used['actions/setup-python']['with']['python-version']}" == parameter_default("PythonRuntime")
    assert JOB["runs-on"] == "ubuntu-latest"


def test_github_may_only_read_and_gets_no_secret() -> None:
    """A pull request cannot change more than it reads, whatever its tests do."""
    assert WORKFLOW["permissions"] == {}
    assert [job["permissions"] for job in WORKFLOW["jobs"].values()] == [{"contents": "read"}]
    assert JOB["steps"][0]["with"] == {"persist-credentials": False}
    assert "secrets" not in (ROOT / ".github" / "workflows" / "ci.yaml").read_text()
    # YAML 1.1 reads `on` as true. pull_request_target would run a stranger's code with this repository's rights.
    assert set(WORKFLOW[True]) == {"push", "pull_request"}


def test_github_keeps_what_the_audit_writes() -> None:
    """The licences and the SBOM are uploaded from the folder that `make audit` writes."""
    upload = JOB["steps"][-1]
    assert upload["uses"].startswith("actions/upload-artifact@")
    assert (ROOT / upload["with"]["path"]) == shipped.FOLDER
    assert upload["with"]["include-hidden-files"]


def test_dependabot_watches_every_requirements_file() -> None:
    """It knows each folder with requirements, and the actions of the workflow."""
    settings = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())
    python, actions = settings["updates"]
    tracked = subprocess.run(
        ["git", "ls-files", "*requirements*.txt", "requirements/*.txt"],  # noqa: S607 - the git of this machine
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert {"/" + str(Path(file).parent) for file in tracked} | {"/"} == set(python["directories"])
    assert (python["package-ecosystem"], actions["package-ecosystem"]) == ("pip", "github-actions")


def test_every_skipped_check_has_a_reason() -> None:
    """A comment is above each skip of checkov, or above the skips that share it."""
    lines = (ROOT / ".checkov.yaml").read_text().partition("skip-check:\n")[2].splitlines()
    kinds = "".join("#" if line.strip().startswith("#") else "-" for line in lines)
    assert re.fullmatch(r"(#+-+)+", kinds)
    skipped = [line.strip().removeprefix("- ") for line in lines if not line.strip().startswith("#")]
    assert skipped == yaml.safe_load((ROOT / ".checkov.yaml").read_text())["skip-check"]
    assert len(set(skipped)) == len(skipped)


def test_the_devcontainer_has_the_python_of_lambda() -> None:
    """It makes the environments, so that the first command starts at once."""
    assert CONTAINER["image"].startswith(parameter_default("PythonRuntime").replace("python", "python:") + "-bookworm")
    assert set(CONTAINER["postCreateCommand"].split()[1:]) <= targets()
    default_port = re.search(r"^PORT \?= (\d+)$", MAKEFILE, re.MULTILINE)
    assert default_port is not None
    assert CONTAINER["forwardPorts"] == [int(default_port[1])]


def test_shellcheck_reads_every_shell_script() -> None:
    """A file that starts with a shell's #! line is one."""
    files = subprocess.run(
        ["git", "grep", "-lE", "^#!.*sh$"],  # noqa: S607 - the git of this machine
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert sorted(files) == sorted(SCRIPTS)
    (command,) = (check.command for check in LINT if check.name == "shellcheck")
    assert sorted(command[1:]) == sorted(SCRIPTS)


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_can_be_run_and_parsed(script: str) -> None:
    """They are executable, and their shell finds no syntax error."""
    path = ROOT / script
    assert os.access(path, os.X_OK)
    shell = path.read_text().splitlines()[0].split()[-1].removeprefix("#!").rpartition("/")[2]
    assert subprocess.run([shell, "-n", str(path)], check=False).returncode == 0


def chromium(path: Path) -> subprocess.CompletedProcess[str]:
    """Run the script that installs Chromium with this folder as PATH."""
    script = ROOT / ".ci" / "chromium"
    environment = {"PATH": str(path)}
    return subprocess.run(["/bin/bash", str(script)], env=environment, capture_output=True, text=True, check=False)


def command(folder: Path, name: str, *lines: str) -> None:
    """Put a command into a folder."""
    (folder / name).write_text("\n".join(["#!/bin/bash", *lines, ""]))
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("name", CHROMIUMS)
def test_an_installed_chromium_is_used(tmp_path: Path, name: str) -> None:
    """It may have each of the names that make doctor knows."""
    command(tmp_path, name)
    assert chromium(tmp_path).stdout == f"The browser tests run in {tmp_path / name}\n"


def test_root_installs_chromium_by_apt_get(tmp_path: Path) -> None:
    """It reads the package lists first and asks no question."""
    command(tmp_path, "id", "echo 0")
    command(tmp_path, "apt-get", 'echo "$DEBIAN_FRONTEND apt-get $*"')
    ended = chromium(tmp_path)
    assert ended.returncode == 0
    assert ended.stdout.splitlines() == [
        "noninteractive apt-get update -q",
        "noninteractive apt-get install -q -y --no-install-recommends chromium",
    ]


@pytest.mark.parametrize(
    ("user", "apt"), [("1000", "exit 0"), ("0", "[ $1 = update ]"), ("0", "exit 100"), ("0", None)]
)
def test_if_chromium_cannot_be_installed_the_other_tests_run(tmp_path: Path, user: str, apt: str | None) -> None:
    """The script succeeds with a message without root, without the package, without lists, and without apt-get."""
    command(tmp_path, "id", f"echo {user}")
    if apt:
        command(tmp_path, "apt-get", apt)
    ended = chromium(tmp_path)
    assert ended.returncode == 0
    assert "the browser tests do not run" in ended.stderr
