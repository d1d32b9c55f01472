"""SAM CLI for the local stack: without samconfig.toml, without the user's own AWS, its output in a log."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local.console import StackError
from local.paths import ROOT, SAM, WORK
from local.tool_programs import path_for_sam

# An empty one: what samconfig.toml says is for deployments to AWS.
_SAM_CONFIG = WORK / "samconfig.toml"


class SamError(StackError):
    """SAM CLI failed: with which error, and where its whole output is."""

    def __init__(self, command: str, log: Path) -> None:
        self.reason = _error_in(log)
        self.log = log.relative_to(ROOT)
        super().__init__(f"sam {command} failed: {self.reason} (whole output: {self.log})")


def run_sam(
    command: str,
    options: list[str],
    parameters: Mapping[str, str],
    environment: Mapping[str, str],
    log: Path,
) -> None:
    """Run a command with these values of the template's parameters; SamError where it fails."""
    _SAM_CONFIG.write_text("version = 0.1\n")
    overrides = [f"{name}={json.dumps(value)}" for name, value in parameters.items()]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with log.open("wb") as output:
        ended = subprocess.run(  # noqa: S603 - SAM CLI with our own options
            [
                *(str(SAM / "sam"), command, *options),
                *("--config-file", str(_SAM_CONFIG), "--parameter-overrides", *overrides),
            ],
            cwd=ROOT,
            env={
                **inherited,
                **environment,
                "PATH": path_for_sam(),
                "SAM_CLI_TELEMETRY": "0",
                # Seconds between looks at the deployment, 5 if unsaid.
                "SAM_CLI_POLL_DELAY": "0.2",
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode != 0:
        raise SamError(command, log)


def _error_in(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix("Error: ") for line in lines if "error" in line.lower()]
    return (errors or lines or ["no output"])[-1]
