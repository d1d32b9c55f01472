"""The product shown on real HTTP calls, each with what it must answer."""

import json
from collections.abc import Mapping
from typing import Any

import requests

from local.console import Console, StackError
from local.demo_data import MEDIA_BUYER, OWNER_WITHOUT_CONNECTION, UNPAID_OWNER, Person
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser

API = "/api/v1/tiktok"
_SECONDS = 30.0
_SHOWN = 600


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
    if story.unexpected:
        raise StackError(f"Not as expected: {'; '.join(story.unexpected)}")


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
        self._told += 1
        method, _, path = request.partition(" ")
        self._console.line(f"\n{self._told}. {title}")
        sent = f" {json.dumps(body)}" if body else ""
        self._console.line(f"   {person.user_id} ({person.role})  {method} {API}{path}{sent}")
        answer = self._answer(method, path, person, body)
        got = {name: _at(answer, name) for name in expected}
        shown = ", ".join(f"{name}: {json.dumps(value)}" for name, value in got.items())
        self._console.line(f"   -> {shown}")
        wrong = {name: value for name, value in expected.items() if got[name] != value}
        if wrong:
            self._console.line(f"   expected {json.dumps(wrong)}, the answer was {json.dumps(answer)[:_SHOWN]}")
            self.unexpected.append(f"step {self._told}, {', '.join(wrong)}")
        return answer

    def _answer(self, method: str, path: str, person: Person, body: Mapping[str, str] | None) -> Mapping[str, Any]:
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
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer
