"""What runs in `.tools`, where SAM CLI and MiniStack live: the programs of this folder, under its interpreter.

The programs are never imported by the project, and import nothing of it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from local.console import StackError
from local.paths import TOOLS


def tool_command(program: str) -> list[str]:
    """The command that runs a program; -P keeps its folder out of its imports."""
    return [str(TOOLS / "python"), "-P", str(Path(__file__).with_name(program))]


def ask_tool(program: str, request: object) -> Any:
    """Give a program JSON, return the JSON it prints; StackError with its last words where it fails."""
    ended = subprocess.run(  # noqa: S603 - our own program
        tool_command(program), input=json.dumps(request), capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise StackError(f"{program} failed: {(ended.stderr.strip().splitlines() or ['without a word'])[-1]}")
    return json.loads(ended.stdout)


def path_for_sam() -> str:
    """The PATH for SAM CLI: `sam build` looks there for the layer's Python, with pip, which is this one."""
    return os.pathsep.join([str(Path(sys.executable).parent), str(TOOLS), os.environ.get("PATH", os.defpath)])
