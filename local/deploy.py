"""`make deploy STAGE=…`: builds and deploys a stage of samconfig.toml to AWS, from committed files only.

SAM CLI shows the change set and asks before it executes it (every stage sets `confirm_changeset`).
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from local.console import CommandError, Console, exit_after
from local.paths import ROOT, SAM
from local.sam_template import parameter_default, parameters_without_default
from local.tool_programs import path_for_sam

_CONFIG = ROOT / "samconfig.toml"
_SHOWN_FILES = 10
# Options with which the deployment would differ from the stage in samconfig.toml, or from the build.
_OPTIONS_OF_STAGE = (
    "--config-env",
    "--config-file",
    "--parameter-overrides",
    "--stack-name",
    "--template",
    "--template-file",
    "-t",
)


class RefusedError(CommandError):
    """The deployment is refused."""


@dataclass(frozen=True)
class Stage:
    """A stage of samconfig.toml: its name and the values of template parameters that it sets."""

    name: str
    parameters: Mapping[str, str]

    @classmethod
    def of(cls, name: str, config: Mapping[str, Any]) -> Self:
        """Read a stage from the content of samconfig.toml. RefusedError if there is no such stage."""
        stages = stages_of(config)
        if name not in stages:
            reason = f"Unknown stage {name}" if name else "STAGE is missing"
            raise RefusedError(f"{reason}. Stages in samconfig.toml: {', '.join(stages)}")
        given = config[name]["deploy"]["parameters"].get("parameter_overrides", [])
        return cls(name, dict(one.split("=", 1) for one in (shlex.split(given) if isinstance(given, str) else given)))

    def parameter(self, name: str) -> str:
        """The value of a parameter: the stage's own, or the default of the template."""
        return self.parameters[name] if name in self.parameters else parameter_default(name)

    def unset(self) -> list[str]:
        """The parameters without default that the stage does not set."""
        return [name for name in parameters_without_default() if name not in self.parameters]


def stages_of(config: Mapping[str, Any]) -> list[str]:
    """The stages: the sections with settings of `sam deploy`, except "default"."""
    return [name for name, one in config.items() if name != "default" and isinstance(one, dict) and "deploy" in one]


def commands(stage: Stage, further: list[str], commit: str) -> list[list[str]]:
    """The commands to run in this order, each if the one before succeeded. `further` are options of `sam deploy`.

    The commit becomes the parameter Release: with it every function gets a new version, and with that its parameters.
    """
    sam, environment = str(SAM / "sam"), ("--config-env", stage.name)
    given = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in stage.parameters.items()]
    overrides = ("--parameter-overrides", *given) if given else ()
    # The build needs the parameters too: it compiles for the Architecture and the PythonRuntime.
    build = [sam, "build", *environment, *overrides]
    if _is_guided(further):
        # The answers are not committed yet, and may name another Architecture than the built one.
        return [build, [sam, "deploy", *environment, *further, "--no-execute-changeset"]]
    released = ("--parameter-overrides", *given, f"Release={commit}")
    return [build, [sam, "deploy", *environment, *released, *further]]


def check(stage: Stage, further: list[str], changed: list[str], python: str) -> None:
    """Check that this may be deployed.

    `further` are options of `sam deploy`, `changed` the files that are not committed, `python` is the Python that
    builds, for example "python3.13".

    Raises:
        RefusedError: an option contradicts the stage, a file is not committed, the Python is wrong, or the stage
            does not set a parameter.
    """
    # The value of a short option may follow it without a space.
    own = [option for option in further if option.partition("=")[0] in _OPTIONS_OF_STAGE or option.startswith("-t")]
    if own:
        raise RefusedError(f"{own[0]} belongs to the stage. Set it in samconfig.toml, so that the build uses it too.")
    if changed:
        files = "\n  ".join(changed[:_SHOWN_FILES])
        more = f"\n  and {len(changed) - _SHOWN_FILES} more" if len(changed) > _SHOWN_FILES else ""
        raise RefusedError(f"These files are not committed:\n  {files}{more}\nCommit or stash them first.")
    wanted = stage.parameter("PythonRuntime")
    if python != wanted:
        raise RefusedError(f"The stage runs on {wanted}, but this environment has {python}. See make doctor.")
    if stage.unset() and not _is_guided(further):
        raise RefusedError(
            f"The stage {stage.name} in samconfig.toml does not set {', '.join(stage.unset())}. "
            f"Enter them with make deploy STAGE={stage.name} ARGS=--guided, and commit samconfig.toml."
        )


def _is_guided(further: list[str]) -> bool:
    return not {"--guided", "-g"}.isdisjoint(further)


def changed_files(root: Path) -> list[str]:
    """The changed and untracked files, as `git status` prints them.

    Raises:
        RefusedError: git is not installed, or the folder is not in a repository.
    """
    return _git(root, "status", "--porcelain", "--untracked-files=all")


def current_commit(root: Path) -> str:
    """The hash of the commit that is deployed.

    Raises:
        RefusedError: git is not installed, or the folder is not in a repository with a commit.
    """
    (commit,) = _git(root, "rev-parse", "HEAD")
    return commit


def _git(root: Path, *arguments: str) -> list[str]:
    try:
        ended = subprocess.run(  # noqa: S603 - the arguments are ours
            ["git", *arguments],  # noqa: S607 - the user's git
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise RefusedError("git is not installed. Only committed files are deployed: see make doctor.") from None
    if ended.returncode != 0:
        raise RefusedError(f"Only committed files are deployed, and git failed: {ended.stderr.strip()}")
    return ended.stdout.splitlines()


def main() -> int:
    """Build and deploy; returns the exit code of SAM CLI."""
    options = _options()
    stage = Stage.of(options.stage, tomllib.loads(_CONFIG.read_text()))
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    check(stage, options.further, changed_files(ROOT), python)
    console = Console()
    environment = {**os.environ, "PATH": path_for_sam()}
    for command in commands(stage, options.further, current_commit(ROOT)):
        console.line(f"+ {shlex.join(['sam', *command[1:]])}")
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 - SAM CLI
        if code:
            return code
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.deploy", description="Deploy a stage to AWS.")
    parser.add_argument("--stage", default="", help="a section of samconfig.toml")
    parser.add_argument("further", nargs="*", help="options of sam deploy, after --")
    return parser.parse_args()


if __name__ == "__main__":
    exit_after(main)
