"""`make invoke`: one function in Lambda's own image, against what `make run` started.

`sam local invoke` with the template that `make run` wrote, and with what is typed checked before.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from local.ministack.emulator import is_up
from local.ministack.invoke_template import INVOKE_TEMPLATE
from local.paths import ROOT
from local.sam_template import function_ids
from local.tool_programs import tool_command


class NotInvokableError(Exception):
    """It cannot be run; the message is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Asked:
    """A function and its event."""

    logical_id: str
    event: str


def main() -> int:
    """Run the function; its exit code is SAM CLI's, or 1 where something is missing."""
    options = _options()
    if not options.function and not options.event:
        sys.stdout.write(overview(function_ids(), _events()))
        return 0
    try:
        asked = understood(options.function, options.event, function_ids(), _events())
        _check_stack(INVOKE_TEMPLATE)
    except NotInvokableError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return subprocess.run(command(asked, options.further), cwd=ROOT, check=False).returncode  # noqa: S603 - SAM CLI


def command(asked: Asked, further: list[str], template: Path = INVOKE_TEMPLATE) -> list[str]:
    """What is run; without a container runtime SAM CLI says so in one sentence."""
    given = ["--event", asked.event, "--template-file", str(template), *further]
    return [*tool_command("sam_on_host_network.py"), "local", "invoke", asked.logical_id, *given]


def understood(function: str, event: str, ids: Mapping[str, str], events: list[str]) -> Asked:
    """What is meant: a function by its folder or logical id, or by the name of its event alone."""
    name = function or _function_of(event)
    if name not in ids and name not in ids.values():
        near = get_close_matches(name, [*ids, *ids.values()], 1)
        hint = f"did you mean {near[0]}?" if near else "make invoke alone lists them."
        raise NotInvokableError(f"There is no function {name}: {hint}")
    if not event:
        folder = next(one for one in ids if name in {one, ids[one]})
        of_function = " ".join(path for path in events if _function_of(path) == folder)
        raise NotInvokableError(f"Say which event, EVENT=…: {of_function or 'there is none yet in events/'}")
    if event != "-" and not (ROOT / event).is_file():
        raise NotInvokableError(f"There is no file {event}: make invoke alone lists the events.")
    return Asked(ids.get(name, name), event)


def overview(ids: Mapping[str, str], events: list[str]) -> str:
    """Every function with its events, and a line to type."""
    lines = ["Functions and their events:"]
    for folder, logical_id in ids.items():
        lines.append(f"\n  {folder}  ({logical_id})")
        lines += [f"    {path}" for path in events if _function_of(path) == folder]
    lines.append(
        "\nmake invoke FN=publish_check EVENT=events/publish_check.ready.json    (with make run up, and Docker)"
    )
    return "\n".join(lines) + "\n"


def endpoint_of(template: Path) -> str:
    """Where the functions of the written template find emulated AWS."""
    try:
        resources = json.loads(template.read_text())["Resources"].values()
    except (OSError, ValueError):
        raise NotInvokableError("There is no local stack to run it against: start one with make run.") from None
    variables = [one.get("Properties", {}).get("Environment", {}).get("Variables", {}) for one in resources]
    endpoint: str = next(one["AWS_ENDPOINT_URL"] for one in variables if "AWS_ENDPOINT_URL" in one)
    return endpoint


def _check_stack(template: Path) -> None:
    url = endpoint_of(template)
    if not is_up(url):
        raise NotInvokableError(
            f"The local stack does not answer at {url}: start it with make run in another terminal."
        )


def _function_of(event: str) -> str:
    return Path(event).name.partition(".")[0]


def _events() -> list[str]:
    return [str(path.relative_to(ROOT)) for path in sorted((ROOT / "events").glob("*.json"))]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.invoke", description="One function in Docker.")
    parser.add_argument("--function", default="", help="its folder's name, or its logical id")
    parser.add_argument("--event", default="", help="a file of events/")
    parser.add_argument("further", nargs="*", help="options of sam local invoke, after --")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
