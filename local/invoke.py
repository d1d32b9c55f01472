"""`make invoke`: runs one function in Lambda's own image (Docker) against the stack that `make run` started.

`make run` writes the template for it: the functions as deployed, with the variables of the deployed functions.
"""

import argparse
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from local.console import CommandError, Console, exit_after
from local.ministack.build import BUILT_TEMPLATE
from local.ministack.deployment import Deployment
from local.ministack.emulator import CREDENTIALS, REGION, Emulator, is_up
from local.paths import ROOT, WORK
from local.sam_template import function_ids
from local.tool_programs import ask_tool, tool_command

INVOKE_TEMPLATE = WORK / "invoke.json"


class InvalidInvocationError(CommandError):
    """The command line is invalid, or no stack is running."""


@dataclass(frozen=True)
class Invocation:
    """A function, by its logical id, and the path of its event."""

    logical_id: str
    event: str


def main() -> int:
    """Run the function and return SAM CLI's exit code; without a function and an event, list both."""
    options = _options()
    if not options.function and not options.event:
        Console().line(overview(function_ids(), _event_files()))
        return 0
    invocation = parse(options.function, options.event, function_ids(), _event_files())
    url = endpoint_of(INVOKE_TEMPLATE)
    if not is_up(url):
        raise InvalidInvocationError(f"No local stack responds at {url}. Start it in another terminal: make run")
    command = sam_command(invocation, options.further)
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - SAM CLI


def parse(function: str, event: str, ids: Mapping[str, str], events: list[str]) -> Invocation:
    """The function and the event that the options mean.

    `function` is a folder's name, a logical id, or empty: then the event's name says which function it is for. `event`
    is a file or "-" for standard input; `ids` are the logical ids by folder, `events` the files of events/.

    Raises:
        InvalidInvocationError: the function or the event does not exist; the message suggests what to type.
    """
    name = function or _function_of(event)
    if name not in ids and name not in ids.values():
        near = get_close_matches(name, [*ids, *ids.values()], 1)
        hint = f"Did you mean {near[0]}?" if near else "List the functions: make invoke"
        raise InvalidInvocationError(f"Unknown function {name}. {hint}")
    if not event:
        folder = next(one for one in ids if name in {one, ids[one]})
        of_function = " ".join(path for path in events if _function_of(path) == folder)
        raise InvalidInvocationError(f"EVENT is missing. Events of {folder}: {of_function or 'none in events/'}")
    if event != "-" and not (ROOT / event).is_file():
        raise InvalidInvocationError(f"{event} does not exist. List the events: make invoke")
    return Invocation(ids.get(name, name), event)


def sam_command(invocation: Invocation, further: list[str], template: Path = INVOKE_TEMPLATE) -> list[str]:
    """The command that runs the invocation; `further` are options of `sam local invoke`."""
    options = ["--event", invocation.event, "--template-file", str(template), *further]
    return [*tool_command("sam_on_host_network.py"), "local", "invoke", invocation.logical_id, *options]


def overview(ids: Mapping[str, str], events: list[str]) -> str:
    """All functions with their events, and an example."""
    lines = ["Functions and their events:"]
    for folder, logical_id in ids.items():
        lines.append(f"\n  {folder}  ({logical_id})")
        lines += [f"    {path}" for path in events if _function_of(path) == folder]
    lines.append("\nExample (needs Docker and a running make run):")
    lines.append("  make invoke FN=publish_check EVENT=events/publish_check.ready.json")
    return "\n".join(lines)


def endpoint_of(template: Path) -> str:
    """The address of emulated AWS in the written template.

    Raises:
        InvalidInvocationError: there is no such template.
    """
    try:
        resources = json.loads(template.read_text())["Resources"].values()
    except (OSError, ValueError):
        raise InvalidInvocationError("No local stack is running. Start it in another terminal: make run") from None
    variables = [one.get("Properties", {}).get("Environment", {}).get("Variables", {}) for one in resources]
    endpoint: str = next(one["AWS_ENDPOINT_URL"] for one in variables if "AWS_ENDPOINT_URL" in one)
    return endpoint


def write_invoke_template(emulator: Emulator, deployment: Deployment, path: Path = INVOKE_TEMPLATE) -> None:
    """Write the template for `make invoke`: functions with the deployed variables, which reach emulated AWS."""
    access = {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }
    variables = {
        logical_id: {**_deployed_variables(emulator, name), **access}
        for logical_id, name in _deployed_functions(emulator, deployment)
    }
    request = {
        "template": str(BUILT_TEMPLATE),
        "parameters": dict(deployment.parameters),
        "variables": variables,
    }
    path.write_text(json.dumps(ask_tool("invoke_template.py", request), indent=1))


def _deployed_functions(emulator: Emulator, deployment: Deployment) -> list[tuple[str, str]]:
    pages = emulator.client("cloudformation").get_paginator("list_stack_resources")
    return [
        (row["LogicalResourceId"], row["PhysicalResourceId"])
        for page in pages.paginate(StackName=deployment.stack_name)
        for row in page["StackResourceSummaries"]
        if row["ResourceType"] == "AWS::Lambda::Function"
    ]


def _deployed_variables(emulator: Emulator, function: str) -> dict[str, str]:
    configuration = emulator.client("lambda").get_function_configuration(FunctionName=function)
    variables: dict[str, str] = configuration.get("Environment", {}).get("Variables", {})
    return variables


def _function_of(event: str) -> str:
    return Path(event).name.partition(".")[0]


def _event_files() -> list[str]:
    return [str(path.relative_to(ROOT)) for path in sorted((ROOT / "events").glob("*.json"))]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.invoke", description="Run one function in Docker.")
    parser.add_argument("--function", default="", help="the name of its folder, or its logical id")
    parser.add_argument("--event", default="", help="a file of events/, or - for standard input")
    parser.add_argument("further", nargs="*", help="options of sam local invoke, after --")
    return parser.parse_args()


if __name__ == "__main__":
    exit_after(main)
