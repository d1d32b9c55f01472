"""The product shown on real HTTP calls, each with what it must answer."""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

import requests

from local.console import Console, StackError
from local.demo.browser import Browser, Form
from local.demo.png import png
from local.demo.teams import MEDIA_BUYER, OWNER, OWNER_WITHOUT_CONNECTION, STARTER, UNPAID_OWNER, Person
from local.ministack.background import Listener
from local.ministack.deployment import API
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser

_SECONDS = 30.0
_SHOWN = 600
_BODY_SHOWN = 200
_AVATAR_SIDE = 240
_LOOKS = 100
_BETWEEN_LOOKS = 0.3


def tell(stack: LocalStack, console: Console) -> None:
    """Make the calls and show them; StackError names the answers that were not as expected."""
    story = _Story(stack, console)
    _tell_of_connecting(story)
    _tell_of_the_first_identity(story)
    story.call(
        "In another team a mediabuyer asks: only a custom identity, and TikTok does not let it run any more",
        MEDIA_BUYER,
        f"GET /publish-check?advertiser_id={DemoAdvertiser.CUSTOM_RESTRICTED.value}&objective=WEB_CONVERSIONS",
        expected={"status": 200, "ready": True, "at_risk": ["identity"]},
    )
    story.call(
        "An owner who has connected nothing asks: a teammate's token answers",
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
        "A team without a subscription may look, but not create",
        UNPAID_OWNER,
        "POST /identities",
        body={"advertiser_id": DemoAdvertiser.FOREIGN.value, "display_name": "Southgate"},
        expected={"status": 403, "code": "subscription_required"},
    )
    _tell_of_watching(stack, story)
    if story.unexpected:
        raise StackError(f"Not as expected: {'; '.join(story.unexpected)}")


def _tell_of_connecting(story: "_Story") -> None:
    """An empty team: its owner connects TikTok."""
    story.call(
        "A new team has connected nothing: what does its first ad need?",
        STARTER,
        "GET /publish-check?objective=REACH",
        expected={"status": 200, "ready": False, "reason": "no_token", "missing": ["identity"]},
    )
    asked = story.call(
        "Its owner connects TikTok",
        STARTER,
        "POST /connections",
        expected={"status": 201},
    )
    story.consents("In the browser: TikTok's consent page, the way back, the wizard", str(asked.get("authorize_url")))
    story.call(
        "What is connected now?",
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


def _tell_of_the_first_identity(story: "_Story") -> None:
    """From an advertiser that has nothing to an ad that can be published."""
    advertiser = DemoAdvertiser.NOTHING.value
    new = {"advertiser_id": advertiser, "display_name": "Harbour Autumn"}
    publish_check = f"/publish-check?advertiser_id={advertiser}&objective"
    story.call(
        "Has the first of these advertisers an identity?",
        STARTER,
        "GET /identities/check",
        expected={"status": 200, "advertiser_id": advertiser, "hasIdentity": False, "reason": "no_tt_user"},
    )
    story.call(
        "What is missing before an ad for web conversions can be published?",
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
        "And creates a custom identity with it",
        STARTER,
        "POST /identities",
        body={**new, "image_uri": str(uploaded.get("image_uri"))},
        expected={"status": 201, "identity_type": "CUSTOMIZED_USER", "display_name": new["display_name"]},
    )
    story.call(
        "The same check again: the identity is no longer missing, and has its picture",
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
        "An ad for reach needs nothing else: ready",
        STARTER,
        f"GET {publish_check}=REACH",
        expected={"status": 200, "ready": True, "missing": [], "unknown": []},
    )


def _tell_of_watching(stack: LocalStack, story: "_Story") -> None:
    """Nobody asks, and yet it is noticed: hours in seconds."""
    advertiser = stack.tiktok.world.advertisers[DemoAdvertiser.EVERYTHING_READY.value]
    pixels = advertiser.pixels
    known = f"GET /readiness?advertiser_id={advertiser.id}"
    web = "advertisers.0.objectives.WEB_CONVERSIONS"
    with stack.background.listener() as listener:
        stack.background.ask(
            "wevion.campaigns", "Campaign Draft Saved", {"team_id": OWNER.team_id, "advertiser_id": advertiser.id}
        )
        story.becomes(
            "A draft is saved, so the advertiser is looked at: what is known, without asking TikTok",
            OWNER,
            known,
            expected={f"{web}.ready": True, "advertisers.0.generation": 1},
        )
        with stack.tiktok.lock:
            advertiser.pixels = []
        stack.background.make_due(OWNER.team_id)
        stack.background.sweep()
        story.becomes(
            "Overnight the advertiser loses its pixel. The next sweep misses it, a second look confirms it",
            OWNER,
            known,
            expected={f"{web}.ready": False, f"{web}.missing": ["pixel"], "advertisers.0.generation": 2},
        )
        story.told("Others are told", listener, advertiser.id, expected={"added.0.requirement": "pixel"})
        with stack.tiktok.lock:
            advertiser.pixels = pixels
        stack.background.make_due(OWNER.team_id)
        stack.background.sweep()
        story.becomes(
            "The pixel is back: one look is enough for good news",
            OWNER,
            known,
            expected={f"{web}.ready": True, "advertisers.0.generation": 3},
        )
        story.told("Others are told that too", listener, advertiser.id, expected={"resolved": ["pixel"]})


class _Story:
    def __init__(self, stack: LocalStack, console: Console) -> None:
        self._stack = stack
        self._console = console
        self._told = 0
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
        """Make a request like "GET /identities", show what matters of the answer, and return the answer."""
        method, path = self._ask(title, person, request, body)
        answer = self._answer(method, path, person, body)
        self._judge(answer, expected)
        return answer

    def becomes(self, title: str, person: Person, request: str, *, expected: Mapping[str, object]) -> None:
        """Make a request again and again until its answer is as expected, for as long as that may take."""
        method, path = self._ask(title, person, request)
        answer: Mapping[str, Any] = {}
        for _ in range(_LOOKS):
            answer = self._answer(method, path, person)
            if all(_at(answer, name) == value for name, value in expected.items()):
                break
            time.sleep(_BETWEEN_LOOKS)
        self._judge(answer, expected)

    def told(self, title: str, listener: Listener, advertiser_id: str, *, expected: Mapping[str, object]) -> None:
        """Show the last event of a change, as a rule's target hears it."""
        self._told += 1
        self._console.line(f"\n{self._told}. {title}")
        detail: Mapping[str, Any] = {}
        for _ in range(_LOOKS):
            heard = listener.of("TikTok Readiness Changed", advertiser_id)
            detail = heard[-1] if heard else {}
            if all(_at(detail, name) == value for name, value in expected.items()):
                break
            time.sleep(_BETWEEN_LOOKS)
        self._console.line(f"   event  TikTok Readiness Changed  {detail.get('id')}")
        self._judge(detail, expected)

    def consents(self, title: str, authorize_url: str) -> None:
        """Allow the app everything as the demo's starter, and show where the browser goes."""
        self._told += 1
        self._console.line(f"\n{self._told}. {title}")
        browser = Browser()
        back: Mapping[str, Any] = {}
        try:
            page = browser.open(authorize_url)
            sent_back = browser.send(Form.of(page), user=STARTER.user_id, decision="allow")
            answer = browser.follow(sent_back)
            wizard = browser.follow(answer)
            back = {"status": answer.status_code, "location": answer.headers["Location"], "wizard": wizard.status_code}
        except (requests.RequestException, StackError) as error:
            back = {"error": str(error)}
        for address, status in browser.visited:
            self._console.line(f"   {status}  {address}")
        expected = {"status": 303, "location": f"{self._stack.wizard.url}?tiktok=connected", "wizard": 200}
        self._judge(back, expected)

    def _ask(self, title: str, person: Person, request: str, body: Mapping[str, str] | None = None) -> tuple[str, str]:
        self._told += 1
        method, _, path = request.partition(" ")
        self._console.line(f"\n{self._told}. {title}")
        sent = f" {json.dumps(body)}" if body else ""
        sent = sent if len(sent) <= _BODY_SHOWN else f"{sent[:_BODY_SHOWN]}…"
        self._console.line(f"   {person.user_id} ({person.role})  {method} {API}{path}{sent}")
        return method, path

    def _judge(self, answer: Mapping[str, Any], expected: Mapping[str, object]) -> None:
        got = {name: _at(answer, name) for name in expected}
        shown = ", ".join(f"{name}: {json.dumps(value)}" for name, value in got.items())
        self._console.line(f"   -> {shown}")
        wrong = {name: value for name, value in expected.items() if got[name] != value}
        if wrong:
            self._console.line(f"   expected {json.dumps(wrong)}, the answer was {json.dumps(answer)[:_SHOWN]}")
            self.unexpected.append(f"step {self._told}, {', '.join(wrong)}")

    def _answer(
        self, method: str, path: str, person: Person, body: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        url = f"{self._stack.base_url}{API}{path}"
        try:
            response = requests.request(method, url, headers=self._stack.bearer(person), json=body, timeout=_SECONDS)
            answer = response.json()
        except requests.RequestException as error:
            return {"status": None, "error": str(error)}
        fields: Mapping[str, Any] = answer if isinstance(answer, dict) else {"answer": answer}
        return {**fields, "status": response.status_code}


def _at(answer: Any, dotted: str) -> Any:
    for name in dotted.split("."):
        if isinstance(answer, list):
            answer = answer[int(name)] if name.isdecimal() and int(name) < len(answer) else None
        else:
            answer = answer.get(name) if isinstance(answer, dict) else None
    return answer
