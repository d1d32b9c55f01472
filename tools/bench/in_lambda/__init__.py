"""Programs that run in a fresh interpreter with only a built function, its layers and Lambda's runtime packages.

The project never imports the programs of this folder.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools.lambda_runtime import ENVIRONMENT


def command(program: str, *arguments: str) -> list[str]:
    """Return the command of an isolated interpreter without site packages that writes no bytecode."""
    return [sys.executable, "-I", "-S", "-B", str(Path(__file__).with_name(program)), *arguments]


def run_program(program: str, *arguments: str, text: str | None = None) -> Any:
    """Run a program in a function's environment; return the JSON that it prints."""
    ended = subprocess.run(  # noqa: S603 - our own programs
        command(program, *arguments), env=dict(ENVIRONMENT), input=text, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise RuntimeError(f"{program} failed: {ended.stderr}")
    return json.loads(ended.stdout)
