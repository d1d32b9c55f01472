"""One step of the story at a time: a call of the API, an event, a consent; shown, and judged by what is expected."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

from local.console import Console, StackError
from local.demo.browser import Browser, Form
from local.demo.teams import STARTER, Person
from local.ministack.background import Listener
from local.ministack.deployment import API
from local.stack import LocalStack

_SECONDS = 30.0
_SHOWN = 600
_BODY_SHOWN = 200
_LOOKS = 100
_BETWEEN_LOOKS = 0.3


class Storyteller:
    """Tells a story step by step; `unexpected` names the answers that were not as they had to be."""

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
        self._judge(_awaited(lambda: self._answer(method, path, person), expected), expected)

    def told(self, title: str, listener: Listener, advertiser_id: str, *, expected: Mapping[str, object]) -> None:
        """Show the last event of a change, as a rule's target hears it."""
        self._begin(title)

        def last() -> Mapping[str, Any]:
            heard = listener.of("TikTok Readiness Changed", advertiser_id)
            return heard[-1] if heard else {}

        detail = _awaited(last, expected)
        self._console.line(f"   event  TikTok Readiness Changed  {detail.get('id')}")
        self._judge(detail, expected)

    def consents(self, title: str, authorize_url: str) -> None:
        """Allow the app everything as the demo's starter, and show where the browser goes."""
        self._begin(title)
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

    def _begin(self, title: str) -> None:
        self._told += 1
        self._console.line(f"\n{self._told}. {title}")

    def _ask(self, title: str, person: Person, request: str, body: Mapping[str, str] | None = None) -> tuple[str, str]:
        self._begin(title)
        method, _, path = request.partition(" ")
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


def _awaited(look: Callable[[], Mapping[str, Any]], expected: Mapping[str, object]) -> Mapping[str, Any]:
    """What is found once it is as expected, or at the last look."""
    found: Mapping[str, Any] = {}
    for _ in range(_LOOKS):
        found = look()
        if all(_at(found, name) == value for name, value in expected.items()):
            break
        time.sleep(_BETWEEN_LOOKS)
    return found


def _at(answer: Any, dotted: str) -> Any:
    for name in dotted.split("."):
        if isinstance(answer, list):
            answer = answer[int(name)] if name.isdecimal() and int(name) < len(answer) else None
        else:
            answer = answer.get(name) if isinstance(answer, dict) else None
    return answer
