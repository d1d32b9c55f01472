"""The product shown on real HTTP calls, each with what it must answer."""

import json
import time
from collections.abc import Mapping
from typing import Any

import requests

from local.console import Console, StackError
from local.demo_data import MEDIA_BUYER, OWNER, OWNER_WITHOUT_CONNECTION, UNPAID_OWNER, Person
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser
from local.watching import Listener

API = "/api/v1/tiktok"
_SECONDS = 30.0
_SHOWN = 600
_LOOKS = 100
_BETWEEN_LOOKS = 0.3


def tell(stack: LocalStack, console: Console) -> None:
    """Make the calls and show them; StackError names the answers that were not as expected."""
    story = _Story(stack, console)
    new = {"advertiser_id": DemoAdvertiser.NOTHING.value, "display_name": "Northlight Autumn"}
    publish_check = f"/publish-check?advertiser_id={DemoAdvertiser.NOTHING.value}&objective"

    story.call(
        "A mediabuyer asks: has this advertiser an identity?",
        MEDIA_BUYER,
        f"GET /identities/check?advertiser_id={DemoAdvertiser.NOTHING.value}",
        expected={"status": 200, "hasIdentity": False, "reason": "no_tt_user"},
    )
    story.call(
        "What is missing before an ad for web conversions can be published?",
        MEDIA_BUYER,
        f"GET {publish_check}=WEB_CONVERSIONS",
        expected={"status": 200, "ready": False, "missing": ["identity", "pixel"]},
    )
    created = story.call(
        "The mediabuyer creates a custom identity",
        MEDIA_BUYER,
        "POST /identities",
        body=new,
        expected={"status": 201, "identity_type": "CUSTOMIZED_USER", "display_name": new["display_name"]},
    )
    story.call(
        "The same check again: the identity is no longer missing",
        MEDIA_BUYER,
        f"GET {publish_check}=WEB_CONVERSIONS",
        expected={
            "status": 200,
            "ready": False,
            "missing": ["pixel"],
            "identity.identity_id": created.get("identity_id"),
        },
    )
    story.call(
        "An ad for reach needs nothing else: ready",
        MEDIA_BUYER,
        f"GET {publish_check}=REACH",
        expected={"status": 200, "ready": True, "missing": [], "unknown": []},
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
        body={**new, "advertiser_id": DemoAdvertiser.FOREIGN.value},
        expected={"status": 403, "code": "subscription_required"},
    )
    _tell_of_watching(stack, story)
    if story.unexpected:
        raise StackError(f"Not as expected: {'; '.join(story.unexpected)}")


def _tell_of_watching(stack: LocalStack, story: "_Story") -> None:
    """Nobody asks, and yet it is noticed: hours in seconds."""
    advertiser = stack.tiktok.world.advertisers[DemoAdvertiser.EVERYTHING_READY.value]
    pixels = advertiser.pixels
    known = f"GET /readiness?advertiser_id={advertiser.id}"
    web = "advertisers.0.objectives.WEB_CONVERSIONS"
    with stack.watching.listener() as listener:
        stack.watching.ask(
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
        stack.watching.make_due(OWNER.team_id)
        stack.watching.sweep()
        story.becomes(
            "Overnight the advertiser loses its pixel. The next sweep misses it, a second look confirms it",
            OWNER,
            known,
            expected={f"{web}.ready": False, f"{web}.missing": ["pixel"], "advertisers.0.generation": 2},
        )
        story.told("Others are told", listener, advertiser.id, expected={"added.0.requirement": "pixel"})
        with stack.tiktok.lock:
            advertiser.pixels = pixels
        stack.watching.make_due(OWNER.team_id)
        stack.watching.sweep()
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

    def _ask(self, title: str, person: Person, request: str, body: Mapping[str, str] | None = None) -> tuple[str, str]:
        self._told += 1
        method, _, path = request.partition(" ")
        self._console.line(f"\n{self._told}. {title}")
        sent = f" {json.dumps(body)}" if body else ""
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
