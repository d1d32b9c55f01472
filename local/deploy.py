"""`make deploy STAGE=…`: builds and deploys a stage of samconfig.toml to AWS, from what is committed and nothing else.

SAM CLI shows the change set and asks before it executes it (`confirm_changeset` of every stage).
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

from local.paths import ROOT, SAM
from local.sam_template import parameter_default, parameters_without_default
from local.tool_programs import path_for_sam

_CONFIG = ROOT / "samconfig.toml"
_SHOWN_FILES = 10
# What would deploy something else than the stage says, or build other than it deploys.
_STAGES_OWN = (
    "--config-env",
    "--config-file",
    "--parameter-overrides",
    "--stack-name",
    "--template",
    "--template-file",
    "-t",
)


class RefusedError(Exception):
    """Nothing is deployed; the message says why and what to do."""


@dataclass(frozen=True)
class Stage:
    """A stage of samconfig.toml."""

    name: str
    parameters: Mapping[str, str]

    @classmethod
    def of(cls, name: str, config: Mapping[str, Any]) -> Self:
        """The stage of that name; RefusedError where there is none."""
        stages = stages_of(config)
        if name not in stages:
            said = f"There is no stage {name}" if name else "Say which stage, STAGE=…"
            raise RefusedError(f"{said}: samconfig.toml has {' and '.join(stages)}.")
        given = config[name]["deploy"]["parameters"].get("parameter_overrides", [])
        return cls(name, dict(one.split("=", 1) for one in (shlex.split(given) if isinstance(given, str) else given)))

    def parameter(self, name: str) -> str:
        """What the stage says for a parameter, or what the template does."""
        return self.parameters[name] if name in self.parameters else parameter_default(name)

    def unsaid(self) -> list[str]:
        """The parameters that every deployment has to say, and this stage does not."""
        return [name for name in parameters_without_default() if name not in self.parameters]


def stages_of(config: Mapping[str, Any]) -> list[str]:
    """What can be deployed: the sections with settings of `sam deploy`, but for the one without a stage's name."""
    return [name for name, one in config.items() if name != "default" and isinstance(one, dict) and "deploy" in one]


def commands(stage: Stage, further: list[str]) -> list[list[str]]:
    """What is run, in this order, as long as it goes well."""
    sam, environment = str(SAM / "sam"), ("--config-env", stage.name)
    given = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in stage.parameters.items()]
    overrides = ("--parameter-overrides", *given) if given else ()
    # What is asked for is not committed yet, and may be another Architecture than the one that was built.
    only_shown = ("--no-execute-changeset",) if _is_guided(further) else ()
    # The build needs the parameters too: Architecture and PythonRuntime decide what is compiled.
    return [[sam, "build", *environment, *overrides], [sam, "deploy", *environment, *further, *only_shown]]


def check(stage: Stage, further: list[str], changed: list[str], python: str) -> None:
    """RefusedError where this must not be deployed."""
    # A short option's value may follow it at once.
    own = [option for option in further if option.partition("=")[0] in _STAGES_OWN or option.startswith("-t")]
    if own:
        raise RefusedError(
            f"{own[0]} is the stage's own: write it to samconfig.toml, so that it is known and built too."
        )
    if changed:
        files = "\n  ".join(changed[:_SHOWN_FILES])
        more = f"\n  and {len(changed) - _SHOWN_FILES} more" if len(changed) > _SHOWN_FILES else ""
        raise RefusedError(
            f"Only what is committed is deployed, and this is not:\n  {files}{more}\nCommit or stash it first."
        )
    wanted = stage.parameter("PythonRuntime")
    if python != wanted:
        raise RefusedError(f"AWS would run {wanted}, which must build it, and here is {python}: see make doctor.")
    if stage.unsaid() and not _is_guided(further):
        raise RefusedError(
            f"samconfig.toml does not say {', '.join(stage.unsaid())} of {stage.name}: "
            f"make deploy STAGE={stage.name} ARGS=--guided asks for them; commit what it writes there."
        )


def _is_guided(further: list[str]) -> bool:
    return not {"--guided", "-g"}.isdisjoint(further)


def changed_files(root: Path) -> list[str]:
    """What git would call changed or not tracked; RefusedError outside a repository, or without git."""
    try:
        ended = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=all"],  # noqa: S607 - the git of who deploys
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise RefusedError("Only what is committed is deployed, and there is no git: see make doctor.") from None
    if ended.returncode != 0:
        raise RefusedError(f"Only what is committed is deployed, and git says: {ended.stderr.strip()}")
    return ended.stdout.splitlines()


def main() -> int:
    """Build and deploy; the exit code is SAM CLI's, or 1 where it is refused."""
    options = _options()
    try:
        stage = Stage.of(options.stage, tomllib.loads(_CONFIG.read_text()))
        python = f"python{sys.version_info.major}.{sys.version_info.minor}"
        check(stage, options.further, changed_files(ROOT), python)
    except RefusedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    environment = {**os.environ, "PATH": path_for_sam()}
    for command in commands(stage, options.further):
        sys.stdout.write(f"+ {shlex.join(['sam', *command[1:]])}\n")
        sys.stdout.flush()
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
    sys.exit(main())
