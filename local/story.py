"""The story of `make demo`: the product in real HTTP calls, each with the response that it must give."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import requests

from local.console import Console, StackError
from local.demo.browser import Browser, Form
from local.demo.png import png
from local.demo.teams import MEDIA_BUYER, OWNER, OWNER_WITHOUT_CONNECTION, STARTER, UNPAID_OWNER, Person
from local.ministack.background import Listener
from local.ministack.deployment import API
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser

_AVATAR_SIDE = 240
_TIMEOUT_SECONDS = 30.0
_MAX_RESPONSE_SHOWN = 600
_MAX_BODY_SHOWN = 200
_POLLS = 100
_POLL_SECONDS = 0.3


def play(stack: LocalStack, console: Console) -> None:
    """Play the whole story and print each step.

    Raises:
        StackError: a response was not as expected; the message names the steps.
    """
    story = _Story(stack, console)
    _connect_tiktok(story)
    _create_first_identity(story)
    _other_teams(story)
    _readiness_in_background(stack, story)
    if story.unexpected:
        raise StackError(f"Not as expected: {'; '.join(story.unexpected)}")


class _Story:
    """Runs and prints one step at a time. `unexpected` names the steps whose response was not as expected."""

    def __init__(self, stack: LocalStack, console: Console) -> None:
        self._stack = stack
        self._console = console
        self._steps = 0
        self.unexpected: list[str] = []

    def call(
        self,
        title: str,
        person: Person,
        request: str,
        *,
        expected: Mapping[str, object],
        body: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        """Send a request like "GET /identities", compare the response with `expected`, and return it.

        `expected` has values by dotted path, for example "connections.0.status"; "status" is the HTTP status.
        """
        method, path = self._start_request(title, person, request, body)
        response = self._send(method, path, person, body)
        self._compare(response, expected)
        return response

    def poll(self, title: str, person: Person, request: str, *, expected: Mapping[str, object]) -> None:
        """Repeat a request until its response is as expected, for at most 30 seconds."""
        method, path = self._start_request(title, person, request)
        self._compare(_poll(lambda: self._send(method, path, person), expected), expected)

    def event(self, title: str, listener: Listener, advertiser_id: str, *, expected: Mapping[str, object]) -> None:
        """Wait for an event "TikTok Readiness Changed" about the advertiser whose detail is as expected."""
        self._start(title)

        def last() -> Mapping[str, Any]:
            details = listener.of("TikTok Readiness Changed", advertiser_id)
            return details[-1] if details else {}

        detail = _poll(last, expected)
        self._console.line(f"   event  TikTok Readiness Changed  {detail.get('id')}")
        self._compare(detail, expected)

    def consent(self, title: str, authorize_url: str) -> str:
        """Grant the app all permissions as the demo's new owner, and print the addresses that the browser opens.

        Return the handle with which the wizard was opened, which completes the connection.
        """
        self._start(title)
        browser = Browser()
        result: Mapping[str, Any]
        handle = ""
        try:
            page = browser.open(authorize_url)
            consented = browser.send(Form.of(page), user=STARTER.user_id, decision="allow")
            callback = browser.follow(consented)
            wizard = browser.follow(callback)
            page_url, _, query = callback.headers["Location"].partition("?")
            parameters = dict(parse_qsl(query))
            handle = parameters.pop("handle", "")
            result = {"status": callback.status_code, "page": page_url, **parameters, "wizard": wizard.status_code}
        except (requests.RequestException, StackError) as error:
            result = {"error": str(error)}
        for address, status in browser.visited:
            self._console.line(f"   {status}  {address}")
        expected = {"status": 303, "page": self._stack.wizard.url, "tiktok": "confirm", "wizard": 200}
        self._compare(result, expected)
        return handle

    def _start(self, title: str) -> None:
        self._steps += 1
        self._console.line(f"\n{self._steps}. {title}")

    def _start_request(
        self, title: str, person: Person, request: str, body: Mapping[str, str] | None = None
    ) -> tuple[str, str]:
        self._start(title)
        method, _, path = request.partition(" ")
        text = f" {json.dumps(body)}" if body else ""
        text = text if len(text) <= _MAX_BODY_SHOWN else f"{text[:_MAX_BODY_SHOWN]}…"
        self._console.line(f"   {person.user_id} ({person.role})  {method} {API}{path}{text}")
        return method, path

    def _compare(self, response: Mapping[str, Any], expected: Mapping[str, object]) -> None:
        actual = {path: _value_at(response, path) for path in expected}
        text = ", ".join(f"{path}: {json.dumps(value)}" for path, value in actual.items())
        self._console.line(f"   -> {text}")
        different = {path: value for path, value in expected.items() if actual[path] != value}
        if different:
            shown = json.dumps(response)[:_MAX_RESPONSE_SHOWN]
            self._console.line(f"   expected {json.dumps(different)}, the response was {shown}")
            self.unexpected.append(f"step {self._steps}, {', '.join(different)}")

    def _send(self, method: str, path: str, person: Person, body: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        url = f"{self._stack.base_url}{API}{path}"
        headers = self._stack.bearer(person)
        try:
            response = requests.request(method, url, headers=headers, json=body, timeout=_TIMEOUT_SECONDS)
            content = response.json()
        except requests.RequestException as error:
            return {"status": None, "error": str(error)}
        fields: Mapping[str, Any] = content if isinstance(content, dict) else {"content": content}
        return {**fields, "status": response.status_code}


def _poll(read: Callable[[], Mapping[str, Any]], expected: Mapping[str, object]) -> Mapping[str, Any]:
    """The first reading that is as expected, or the last one."""
    reading: Mapping[str, Any] = {}
    for _ in range(_POLLS):
        reading = read()
        if all(_value_at(reading, path) == value for path, value in expected.items()):
            break
        time.sleep(_POLL_SECONDS)
    return reading


def _value_at(content: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(content, list):
            content = content[int(name)] if name.isdecimal() and int(name) < len(content) else None
        else:
            content = content.get(name) if isinstance(content, dict) else None
    return content


def _connect_tiktok(story: _Story) -> None:
    """The owner of a new team connects TikTok."""
    story.call(
        "A new team has no TikTok connection: what does its first ad need?",
        STARTER,
        "GET /publish-check?objective=REACH",
        expected={"status": 200, "ready": False, "reason": "no_token", "missing": ["identity"]},
    )
    started = story.call(
        "Its owner connects TikTok",
        STARTER,
        "POST /connections",
        expected={"status": 201},
    )
    handle = story.consent(
        "In the browser: TikTok's consent page, the callback, the wizard", str(started.get("authorize_url"))
    )
    story.call(
        "Somebody else cannot complete it with their own bearer token, and then nobody can",
        OWNER,
        "POST /connections/complete",
        body={"handle": handle},
        expected={"status": 403, "code": "not_your_connection"},
    )
    started = story.call("The owner connects again", STARTER, "POST /connections", expected={"status": 201})
    handle = story.consent("In the browser, once more", str(started.get("authorize_url")))
    story.call(
        "The wizard completes the connection with the bearer token of the person who began it",
        STARTER,
        "POST /connections/complete",
        body={"handle": handle},
        expected={"status": 201, "user_id": STARTER.user_id},
    )
    story.call(
        "The connections of the team",
        STARTER,
        "GET /connections",
        expected={
            "status": 200,
            "connections.0.user_id": STARTER.user_id,
            "connections.0.status": "active",
            "connections.0.advertisers.0.name": "Nothing",
            "connections.0.advertisers.1.name": "Everything ready",
            "connections.0.missing": [],
        },
    )


def _create_first_identity(story: _Story) -> None:
    """From an advertiser without any prerequisite to an ad that can be published."""
    advertiser = DemoAdvertiser.NOTHING.value
    new = {"advertiser_id": advertiser, "display_name": "Harbour Autumn"}
    publish_check = f"/publish-check?advertiser_id={advertiser}&objective"
    story.call(
        "Does the first of these advertisers have an identity?",
        STARTER,
        "GET /identities/check",
        expected={"status": 200, "advertiser_id": advertiser, "hasIdentity": False, "reason": "no_tt_user"},
    )
    story.call(
        "What does an ad for web conversions need before it can be published?",
        STARTER,
        f"GET {publish_check}=WEB_CONVERSIONS",
        expected={"status": 200, "ready": False, "missing": ["identity", "pixel"]},
    )
    picture = base64.b64encode(png(_AVATAR_SIDE, _AVATAR_SIDE)).decode()
    uploaded = story.call(
        "The owner uploads an avatar",
        STARTER,
        "POST /identity-images",
        body={"advertiser_id": advertiser, "image_base64": picture},
        expected={"status": 201, "width": _AVATAR_SIDE, "height": _AVATAR_SIDE},
    )
    created = story.call(
        "The owner creates a custom identity with this avatar",
        STARTER,
        "POST /identities",
        body={**new, "image_uri": str(uploaded.get("image_uri"))},
        expected={"status": 201, "identity_type": "CUSTOMIZED_USER", "display_name": new["display_name"]},
    )
    story.call(
        "The same check again: the identity exists now, with its avatar",
        STARTER,
        f"GET {publish_check}=WEB_CONVERSIONS",
        expected={
            "status": 200,
            "ready": False,
            "missing": ["pixel"],
            "identity.identity_id": created.get("identity_id"),
            "identity.image": uploaded.get("image_url"),
        },
    )
    story.call(
        "An ad for reach needs nothing else: it is ready",
        STARTER,
        f"GET {publish_check}=REACH",
        expected={"status": 200, "ready": True, "missing": [], "unknown": []},
    )


def _other_teams(story: _Story) -> None:
    """Other verdicts, and other people's tokens."""
    story.call(
        "In another team a media buyer checks an advertiser whose only identity is custom and restricted by TikTok",
        MEDIA_BUYER,
        f"GET /publish-check?advertiser_id={DemoAdvertiser.CUSTOM_RESTRICTED.value}&objective=WEB_CONVERSIONS",
        expected={"status": 200, "ready": True, "at_risk": ["identity"]},
    )
    story.call(
        "An owner without a connection checks an advertiser: a teammate's token is used",
        OWNER_WITHOUT_CONNECTION,
        f"GET /identities/check?advertiser_id={DemoAdvertiser.SECOND_BUSINESS_CENTER.value}",
        expected={
            "status": 200,
            "hasIdentity": True,
            "token.source": "teammate",
            "token.user_id": "u-manager",
        },
    )
    story.call(
        "A team without a subscription can read, but not create",
        UNPAID_OWNER,
        "POST /identities",
        body={"advertiser_id": DemoAdvertiser.FOREIGN.value, "display_name": "Southgate"},
        expected={"status": 403, "code": "subscription_required"},
    )


def _readiness_in_background(stack: LocalStack, story: _Story) -> None:
    """Readiness changes without a request, and other services get an event. Hours pass in seconds."""
    advertiser = stack.tiktok.world.advertisers[DemoAdvertiser.EVERYTHING_READY.value]
    pixels = advertiser.pixels
    snapshot = f"GET /readiness?advertiser_id={advertiser.id}"
    web = "advertisers.0.objectives.WEB_CONVERSIONS"
    with stack.background.listener() as listener:
        stack.background.put_event(
            "wevion.campaigns", "Campaign Draft Saved", {"team_id": OWNER.team_id, "advertiser_id": advertiser.id}
        )
        story.poll(
            "A campaign draft is saved, so the advertiser is checked; this reads the snapshot without calling TikTok",
            OWNER,
            snapshot,
            expected={f"{web}.ready": True},
        )
        with stack.tiktok.lock:
            advertiser.pixels = []
        stack.background.make_due(OWNER.team_id)
        stack.background.sweep()
        story.poll(
            "The advertiser loses its pixel. The next sweep finds it missing, and a confirmation check confirms it",
            OWNER,
            snapshot,
            expected={f"{web}.ready": False, f"{web}.missing": ["pixel"]},
        )
        story.event("Other services are notified", listener, advertiser.id, expected={"added.0.requirement": "pixel"})
        with stack.tiktok.lock:
            advertiser.pixels = pixels
        stack.background.make_due(OWNER.team_id)
        stack.background.sweep()
        story.poll(
            "The pixel is back: this needs no confirmation check",
            OWNER,
            snapshot,
            expected={f"{web}.ready": True},
        )
        story.event("Other services are notified again", listener, advertiser.id, expected={"resolved": ["pixel"]})
