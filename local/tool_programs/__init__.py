"""Programs that run in the environment of a command-line tool, under `.tools/`, because they import the tool.

The project never imports these programs, and they import nothing of the project.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from local.console import StackError
from local.paths import MINISTACK, SAM

_TOOLS = {
    "invoke_template.py": SAM,
    "ministack_server.py": MINISTACK,
    "sam_on_host_network.py": SAM,
    "transformed_template.py": MINISTACK,  # the translator that MiniStack deploys the template with
}


def tool_command(program: str) -> list[str]:
    """The command that runs a program in the environment of its tool; -P keeps this folder out of its imports."""
    return [str(_TOOLS[program] / "python"), "-P", str(Path(__file__).with_name(program))]


def ask_tool(program: str, request: object) -> Any:
    """Give a program JSON and return the JSON that it prints; StackError with its last line of stderr if it fails."""
    ended = subprocess.run(  # noqa: S603 - our own program
        tool_command(program), input=json.dumps(request), capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise StackError(f"{program} failed: {(ended.stderr.strip().splitlines() or ['no message'])[-1]}")
    return json.loads(ended.stdout)


def path_for_sam() -> str:
    """The PATH for SAM CLI: `sam build` finds the layers' Python and its pip there, which is this interpreter."""
    return os.pathsep.join([str(Path(sys.executable).parent), str(SAM), os.environ.get("PATH", os.defpath)])
