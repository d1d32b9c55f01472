"""The commands of the local stack: `python -m local run` and `python -m local demo`."""

import argparse
import json
import platform
import shlex
import signal
import threading
from urllib.parse import urlsplit

from local.console import Console, exit_after
from local.demo.teams import MANAGER, MEDIA_BUYER, OWNER, OWNER_WITHOUT_CONNECTION, TRAINEE, UNPAID_OWNER, Person
from local.invoke import write_invoke_template
from local.ministack.background import FAST
from local.ministack.build import build_parameters
from local.ministack.deployment import API
from local.stack import LocalStack
from local.story import play
from local.tiktok_simulator import DemoAdvertiser as Ad
from local.verify.stage import TOKEN, UNSUBSCRIBED_TOKEN

_INTERRUPTED = 130


def main() -> int:
    """Run a command and return its exit code.

    Raises:
        StackError: the stack does not start, or a response of the story is not as expected.
    """
    options = _options()
    console = Console()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    console.line(f"\nWevion TikTok publishing on this machine (Python {platform.python_version()})")
    runtime = build_parameters()["PythonRuntime"]
    if runtime != "python3.13":
        console.line(f"  Functions are built for {runtime} here. AWS uses python3.13.")
    try:
        with LocalStack(port=options.port, parameters=FAST, console=console) as stack:
            play(stack, console)
            if options.command == "run":
                stack.reset()  # a user starts where the story started
                write_invoke_template(stack.aws, stack.main)
                _welcome(stack, console)
                console.line("Press Ctrl-C to stop.")
                threading.Event().wait()
    except KeyboardInterrupt:
        console.line("\nStopped.")
        return 0 if options.command == "run" else _INTERRUPTED
    console.line("\nAll responses were as expected.")
    return 0


def _check(advertiser: Ad, objective: str) -> str:
    return f"/publish-check?advertiser_id={advertiser.value}&objective={objective}"


_EXAMPLES: tuple[tuple[str, Person, str, dict[str, str] | None], ...] = (
    ("owner", OWNER, _check(Ad.EVERYTHING_READY, "PRODUCT_SALES"), None),
    ("owner without a connection", OWNER_WITHOUT_CONNECTION, _check(Ad.LIBRARY_FORM, "LEAD_GENERATION"), None),
    ("manager", MANAGER, f"/identities?advertiser_id={Ad.LINKED_BY_OWNER.value}", None),
    ("media buyer", MEDIA_BUYER, _check(Ad.CUSTOM_RESTRICTED, "WEB_CONVERSIONS"), None),
    (
        "media buyer, creates an identity",
        MEDIA_BUYER,
        "/identities",
        {"advertiser_id": Ad.NOTHING.value, "display_name": "My brand"},
    ),
    ("owner, reads the readiness snapshots without calling TikTok", OWNER, "/readiness", None),
    ("media buyer without a connection", TRAINEE, "/identities/check", None),
    (
        "the same person connects TikTok: open the authorize_url of the response in a browser",
        TRAINEE,
        "/connections",
        {},
    ),
    ("the same person, after that", TRAINEE, "/connections", None),
    (
        "owner of a team without a subscription, creates an identity",
        UNPAID_OWNER,
        "/identities",
        {"advertiser_id": Ad.FOREIGN.value, "display_name": "My brand"},
    ),
)
"""Requests to try: a title, the person, the path, and the body of a POST."""
_VERIFIERS = ((TOKEN, OWNER), (UNSUBSCRIBED_TOKEN, UNPAID_OWNER))
"""Whose bearer tokens `make verify` uses."""


def _welcome(stack: LocalStack, console: Console) -> None:
    """Print all addresses, and a curl command for each example."""
    console.line("\nThe stack is running. The wizard, for your browser:")
    console.line(f"  {stack.wizard.url}")
    console.line("\nThe API in Swagger UI, with tokens of demo people:")
    console.line(f"  {stack.wizard.api_page_url}")
    console.line("\nBase URLs of the API, emulated AWS and the control of the simulated TikTok:")
    console.line(f"  {stack.base_url}")
    console.line(f"  {stack.aws.url}")
    console.line(f"  {stack.tiktok.control_url}")
    console.line("\nExamples. Tokens are valid for twelve hours. Append  | python3 -m json.tool  for indented JSON.")
    for title, person, path, body in _EXAMPLES:
        console.line(f"\n# {title}")
        console.line(_curl(stack, person, path, body))
    console.line("\n# remove an advertiser's pixels; the sweep runs every minute here, /readiness shows it within two")
    advertiser = f"{stack.tiktok.control_url}/advertisers/{Ad.EVERYTHING_READY.value}"
    console.line(shlex.join(["curl", "-s", "-X", "PATCH", advertiser, "-d", json.dumps({"pixels": []})]))
    console.line("\n# the checks of a deployed stage, of this one")
    words = [f"{name}={stack.bearer(person)['Authorization'].removeprefix('Bearer ')}" for name, person in _VERIFIERS]
    console.line(f"{' '.join(words)} make verify STAGE=local PORT={urlsplit(stack.aws.url).port}")
    console.line("\n# the logs of the functions; one function in Docker")
    console.line(f"make logs PORT={urlsplit(stack.aws.url).port}")
    console.line("make invoke FN=check_identity EVENT=events/check_identity.linked.json\n")


def _curl(stack: LocalStack, person: Person, path: str, body: dict[str, str] | None) -> str:
    words = ["curl", "-s", f"{stack.base_url}{API}{path}"]
    headers = stack.bearer(person)
    if body is not None:
        headers["Content-Type"] = "application/json"
        words += ["-d", json.dumps(body)]
    for name, value in headers.items():
        words += ["-H", f"{name}: {value}"]
    return shlex.join(words)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local", description="The local stack.")
    parser.add_argument("command", choices=["run", "demo"], help="run until Ctrl-C, or stop after the story")
    parser.add_argument("--port", type=int, default=4566, help="port of emulated AWS on 127.0.0.1; 0 for a free port")
    return parser.parse_args()


if __name__ == "__main__":
    exit_after(main)
