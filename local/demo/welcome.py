"""What `make run` prints once the stack is up: addresses, and a curl line to paste for each role."""

import json
import shlex
from urllib.parse import urlsplit

from local.console import Console
from local.demo.teams import (
    MANAGER,
    MEDIA_BUYER,
    OWNER,
    OWNER_WITHOUT_CONNECTION,
    TRAINEE,
    UNPAID_OWNER,
    Person,
)
from local.ministack.deployment import API
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser as Ad


def _check(advertiser: Ad, objective: str) -> str:
    return f"/publish-check?advertiser_id={advertiser.value}&objective={objective}"


_REQUESTS: tuple[tuple[str, Person, str, dict[str, str] | None], ...] = (
    ("owner", OWNER, _check(Ad.EVERYTHING_READY, "PRODUCT_SALES"), None),
    ("owner without a connection", OWNER_WITHOUT_CONNECTION, _check(Ad.LIBRARY_FORM, "LEAD_GENERATION"), None),
    ("manager", MANAGER, f"/identities?advertiser_id={Ad.LINKED_BY_OWNER.value}", None),
    ("mediabuyer", MEDIA_BUYER, _check(Ad.CUSTOM_RESTRICTED, "WEB_CONVERSIONS"), None),
    (
        "mediabuyer, creating an identity",
        MEDIA_BUYER,
        "/identities",
        {"advertiser_id": Ad.NOTHING.value, "display_name": "My brand"},
    ),
    ("owner, what is known without asking TikTok", OWNER, "/readiness", None),
    ("mediabuyer without a connection", TRAINEE, "/identities/check", None),
    ("the same, connecting TikTok: open the answer's authorize_url in a browser", TRAINEE, "/connections", {}),
    ("what is connected then", TRAINEE, "/connections", None),
    (
        "owner of a team without a subscription, creating an identity",
        UNPAID_OWNER,
        "/identities",
        {"advertiser_id": Ad.FOREIGN.value, "display_name": "My brand"},
    ),
)
"""What to try: a title, who asks, the path, and the body of a POST."""


def welcome(stack: LocalStack, console: Console) -> None:
    """Print where everything is, and requests to try."""
    console.line("\nIt is up. The wizard's page, to play it through in a browser:")
    console.line(f"  {stack.wizard.url}")
    console.line("\nBase URL (API, emulated AWS, the simulated TikTok's control):")
    console.line(f"  {stack.base_url}")
    console.line(f"  {stack.aws.url}")
    console.line(f"  {stack.tiktok.control_url}")
    console.line("\nThe API to browse, every operation with examples:")
    console.line(f"  {stack.api_page.url}")
    console.line(
        "\nTry it; the tokens are good for twelve hours. Put  | python3 -m json.tool  behind it for nice JSON."
    )
    for title, person, path, body in _REQUESTS:
        console.line(f"\n# {title}")
        console.line(_curl(stack, person, path, body))
    console.line(
        "\n# take an advertiser's pixels away: here a sweep comes every minute, and /readiness says so within two"
    )
    changed = f"{stack.tiktok.control_url}/advertisers/{Ad.EVERYTHING_READY.value}"
    console.line(shlex.join(["curl", "-s", "-X", "PATCH", changed, "-d", json.dumps({"pixels": []})]))
    console.line("\n# what the functions log; and one function in Docker")
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
