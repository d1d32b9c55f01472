"""Runs the scripts of `local/in_tools` under the interpreter of `.tools`."""

import json
import subprocess
from typing import Any

from local.console import StackError
from local.paths import ROOT, TOOLS


def tool_command(script: str) -> list[str]:
    """Return the command that runs a script; -P keeps its folder out of its imports."""
    return [str(TOOLS / "python"), "-P", str(ROOT / "local" / "in_tools" / script)]


def ask_tool(script: str, request: object) -> Any:
    """Give a script JSON, return the JSON it prints; StackError with its last words where it fails."""
    ended = subprocess.run(  # noqa: S603 - our own script
        tool_command(script), input=json.dumps(request), capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise StackError(f"{script} failed: {(ended.stderr.strip().splitlines() or ['without a word'])[-1]}")
    return json.loads(ended.stdout)
