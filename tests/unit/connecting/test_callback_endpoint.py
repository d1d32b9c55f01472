"""Whatever comes in, people are sent to the wizard and nowhere else, and nothing of it goes out again."""

import io
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publishing.connecting.callback_endpoint import callback_endpoint
from publishing.connecting.refusals import MEANINGS, Refusal, RefusedError
from tests.support.invocations import FakeContext
from tests.unit.connecting.system import WIZARD, System
from tiktok_business.deadline import Deadline

CANARY = "canary-5f1e"
OUTCOMES = [[("tiktok", "connected")], *([("tiktok", "error"), ("code", one.value)] for one in Refusal)]
WIZARDS = [
    "https://wizard.example",
    "https://wizard.example/",
    "https://wizard.example/campaigns/new?step=tiktok&a=%20b#connect",
    "https://wizard.example/?next=https%3A%2F%2Fother.example#/route?x=1",
    "http://localhost:3000/app#",
]
NAMES = st.one_of(
    st.sampled_from(
        ["state", "auth_code", "code", "redirect_uri", "redirect_url", "next", "url", "return_to", "tiktok", "Location"]
    ),
    st.text(max_size=20),
)
VALUES = st.one_of(
    st.sampled_from(
        [
            f"https://{CANARY}.example/",
            f"//{CANARY}.example",
            f"\r\nLocation: https://{CANARY}.example/",
            f"{CANARY}\r\nSet-Cookie: a=b",
            f"javascript:alert('{CANARY}')",
            f"\ud83d{CANARY}",
            "",
            f"{'A' * 22}.{'B' * 43}",
        ]
    ),
    st.text(max_size=40).map(lambda text: f"{CANARY}{text}"),
)
QUERIES = st.one_of(st.none(), st.dictionaries(NAMES, st.lists(VALUES, min_size=1, max_size=3), max_size=6))


def _expect_wizard(answer: Mapping[str, Any], wizard: str) -> list[tuple[str, str]]:
    """Assert that the answer leads to the wizard and holds nothing else; returns what was added."""
    assert answer["statusCode"] == 303
    assert answer["body"] == ""
    assert set(answer) == {"statusCode", "headers", "body"}
    headers = dict(answer["headers"])
    location = headers.pop("Location")
    assert headers == {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    there, given_there = urlsplit(wizard), urlsplit(location)
    assert there[:3] == given_there[:3]
    assert there.fragment == given_there.fragment
    assert given_there.query.startswith(there.query)
    added = parse_qsl(given_there.query.removeprefix(there.query).lstrip("&"), strict_parsing=True)
    assert added in OUTCOMES
    assert location.isascii()
    assert location.isprintable()
    return added


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES, wizard=st.sampled_from(WIZARDS), extra=st.booleans())
def test_nobody_is_sent_anywhere_else(
    system: System,
    log: io.StringIO,
    query: dict[str, list[str]] | None,
    wizard: str,
    extra: bool,  # noqa: FBT001 - drawn
) -> None:
    """Nothing of the request is in the address, the headers, the body or the log, and nothing is changed by it."""
    before = system.everything()
    event: dict[str, Any] = {
        "multiValueQueryStringParameters": query,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} if query else None,
        "headers": {"Host": f"{CANARY}.example", "Referer": f"https://{CANARY}.example/", "X-Forwarded-Host": CANARY},
        "body": json.dumps({"redirect_uri": f"https://{CANARY}.example/"}) if extra else None,
        "path": f"/{CANARY}",
        "requestContext": {"requestId": "gateway-request", "domainName": f"{CANARY}.example", "path": f"/{CANARY}"},
    }
    answer = callback_endpoint(system.consent_callback.connect, wizard)(event, FakeContext())
    added = _expect_wizard(answer, wizard)
    assert dict(added)["code"] in {"state_invalid", "consent_denied"}
    assert CANARY not in json.dumps(answer) + log.getvalue()
    assert system.everything() == before


@pytest.mark.parametrize("wizard", WIZARDS)
@pytest.mark.parametrize("refusal", [None, *Refusal])
def test_every_outcome_leads_to_the_wizard(wizard: str, refusal: Refusal | None) -> None:
    """With the outcome in its query, before its fragment and behind what is there already."""

    def connect(_state: str, _code: str, _deadline: Deadline) -> None:
        if refusal is not None:
            raise RefusedError(refusal)

    event = {"multiValueQueryStringParameters": {"state": ["s"], "auth_code": ["c"]}}
    added = _expect_wizard(callback_endpoint(connect, wizard)(event, FakeContext()), wizard)
    assert added == ([("tiktok", "connected")] if refusal is None else [("tiktok", "error"), ("code", refusal.value)])


def test_every_refusal_has_a_meaning() -> None:
    """One sentence or two for people."""
    assert set(MEANINGS) == set(Refusal)
    assert all(text.endswith(".") for text in MEANINGS.values())


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (None, "state_invalid"),
        ({}, "state_invalid"),
        ({"auth_code": ["c"]}, "state_invalid"),
        ({"state": ["s", "s"], "auth_code": ["c"]}, "state_invalid"),
        ({"state": ["s"], "auth_code": ["c", "c"]}, "state_invalid"),
        ({"state": ["s"], "code": ["c", "d"]}, "state_invalid"),
        ({"state": ["s"]}, "consent_denied"),
        ({"state": ["s"], "auth_code": [""]}, "consent_denied"),
        ({"state": ["s"], "error": ["access_denied"]}, "consent_denied"),
    ],
)
def test_what_makes_no_sense_is_not_tried(query: dict[str, list[str]] | None, code: str) -> None:
    """A state and a code, once each."""

    def connect(*given: object) -> None:
        raise AssertionError(given)

    answer = callback_endpoint(connect, WIZARD)({"multiValueQueryStringParameters": query}, FakeContext())
    assert answer["headers"]["Location"].endswith(f"&tiktok=error&code={code}#connect")


def test_a_fault_of_ours_leads_to_the_wizard_too(log: io.StringIO) -> None:
    """Its text, which may quote a token, goes nowhere."""

    def connect(*_given: object) -> None:
        raise RuntimeError(f"could not store {CANARY}")

    event = {"multiValueQueryStringParameters": {"state": ["s"], "auth_code": ["c"]}}
    answer = callback_endpoint(connect, WIZARD)(event, FakeContext())
    assert _expect_wizard(answer, WIZARD) == [("tiktok", "error"), ("code", "internal_error")]
    assert "RuntimeError" in log.getvalue()
    assert CANARY not in json.dumps(answer) + log.getvalue()


def test_without_a_wizard_nobody_is_sent_anywhere(system: System) -> None:
    """A deployment that does not say where its wizard is connects nobody; the answer is a problem for people."""
    url = system.consent("u-owner")
    before = system.everything()
    query = {name: [text] for name, text in parse_qsl(urlsplit(url).query)}
    answer = callback_endpoint(system.consent_callback.connect, None)(
        {"multiValueQueryStringParameters": query}, FakeContext()
    )
    assert "Location" not in answer["headers"]
    assert json.loads(answer["body"])["code"] == "connect_not_set_up"
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert system.everything() == before


def test_the_time_of_a_return_is_within_the_lambdas() -> None:
    """Twenty seconds at most, and half a second less than the function has."""
    given_deadlines: list[Deadline] = []

    def connect(_state: str, _code: str, deadline: Deadline) -> None:
        given_deadlines.append(deadline)

    event = {"multiValueQueryStringParameters": {"state": ["s"], "auth_code": ["c"]}}
    for seconds in (60.0, 3.0, 0.1):
        callback_endpoint(connect, WIZARD)(event, FakeContext(seconds))
    left = [one.remaining() for one in given_deadlines]
    assert 15 < left[0] <= 20
    assert left[1] <= 2.5
    assert left[2] == 0
