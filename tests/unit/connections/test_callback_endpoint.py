"""The callback redirects to the wizard only, and its response holds nothing of the request."""

import io
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publishing.connections.callback import callback_endpoint
from publishing.connections.callback_errors import CallbackError, CallbackErrorCode
from tests.support.invocations import FakeContext
from tests.unit.connections.system import WIZARD, System
from tiktok_business.deadline import Deadline

CANARY = "canary-5f1e"
OUTCOMES = [[("tiktok", "connected")], *([("tiktok", "error"), ("code", one.value)] for one in CallbackErrorCode)]
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


def _added_to_wizard_url(response: Mapping[str, Any], wizard: str) -> list[tuple[str, str]]:
    """Assert that the response redirects to the wizard and holds nothing else; return the added parameters."""
    assert response["statusCode"] == 303
    assert response["body"] == ""
    assert set(response) == {"statusCode", "headers", "body"}
    headers = dict(response["headers"])
    location = headers.pop("Location")
    assert headers == {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    expected, actual = urlsplit(wizard), urlsplit(location)
    assert expected[:3] == actual[:3]
    assert expected.fragment == actual.fragment
    assert actual.query.startswith(expected.query)
    added = parse_qsl(actual.query.removeprefix(expected.query).lstrip("&"), strict_parsing=True)
    assert added in OUTCOMES
    assert location.isascii()
    assert location.isprintable()
    return added


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES, wizard=st.sampled_from(WIZARDS), extra=st.booleans())
def test_the_callback_redirects_nowhere_else(
    system: System,
    log: io.StringIO,
    query: dict[str, list[str]] | None,
    wizard: str,
    extra: bool,  # noqa: FBT001 - drawn
) -> None:
    """Nothing of the request is in the address, the headers, the body or the log, and nothing stored changes."""
    before = system.full_state()
    event: dict[str, Any] = {
        "multiValueQueryStringParameters": query,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} if query else None,
        "headers": {"Host": f"{CANARY}.example", "Referer": f"https://{CANARY}.example/", "X-Forwarded-Host": CANARY},
        "body": json.dumps({"redirect_uri": f"https://{CANARY}.example/"}) if extra else None,
        "path": f"/{CANARY}",
        "requestContext": {"requestId": "gateway-request", "domainName": f"{CANARY}.example", "path": f"/{CANARY}"},
    }
    response = callback_endpoint(system.callback.connect, wizard)(event, FakeContext())
    added = _added_to_wizard_url(response, wizard)
    assert dict(added)["code"] in {"state_invalid", "consent_denied"}
    assert CANARY not in json.dumps(response) + log.getvalue()
    assert system.full_state() == before


@pytest.mark.parametrize("wizard", WIZARDS)
@pytest.mark.parametrize("code", [None, *CallbackErrorCode])
def test_every_outcome_redirects_to_the_wizard(wizard: str, code: CallbackErrorCode | None) -> None:
    """The outcome is appended to the wizard's query, before its fragment."""

    def connect(_state: str, _code: str, _deadline: Deadline) -> None:
        if code is not None:
            raise CallbackError(code)

    event = {"multiValueQueryStringParameters": {"state": ["s"], "auth_code": ["c"]}}
    added = _added_to_wizard_url(callback_endpoint(connect, wizard)(event, FakeContext()), wizard)
    assert added == ([("tiktok", "connected")] if code is None else [("tiktok", "error"), ("code", code.value)])


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
def test_a_malformed_request_connects_nothing(query: dict[str, list[str]] | None, code: str) -> None:
    """Exactly one state and one code are required."""

    def connect(*given: object) -> None:
        raise AssertionError(given)

    response = callback_endpoint(connect, WIZARD)({"multiValueQueryStringParameters": query}, FakeContext())
    assert response["headers"]["Location"].endswith(f"&tiktok=error&code={code}#connect")


def test_an_internal_error_redirects_to_the_wizard(log: io.StringIO) -> None:
    """Its text, which may quote a token, is neither returned nor logged."""

    def connect(*_given: object) -> None:
        raise RuntimeError(f"could not store {CANARY}")

    event = {"multiValueQueryStringParameters": {"state": ["s"], "auth_code": ["c"]}}
    response = callback_endpoint(connect, WIZARD)(event, FakeContext())
    assert _added_to_wizard_url(response, WIZARD) == [("tiktok", "error"), ("code", "internal_error")]
    assert "RuntimeError" in log.getvalue()
    assert CANARY not in json.dumps(response) + log.getvalue()


def test_without_a_wizard_url_there_is_no_redirect(system: System) -> None:
    """A deployment without a ``WizardUrl`` connects nobody; the response is a problem."""
    url = system.consent("u-owner")
    before = system.full_state()
    query = {name: [text] for name, text in parse_qsl(urlsplit(url).query)}
    response = callback_endpoint(system.callback.connect, None)(
        {"multiValueQueryStringParameters": query}, FakeContext()
    )
    assert "Location" not in response["headers"]
    assert json.loads(response["body"])["code"] == "connect_not_set_up"
    assert response["headers"]["Cache-Control"] == "no-store"
    assert system.full_state() == before


def test_the_callbacks_deadline_is_within_the_lambdas() -> None:
    """The deadline is 20 seconds at most, and half a second before the end of the Lambda."""
    deadlines: list[Deadline] = []

    def connect(_state: str, _code: str, deadline: Deadline) -> None:
        deadlines.append(deadline)

    event = {"multiValueQueryStringParameters": {"state": ["s"], "auth_code": ["c"]}}
    for seconds in (60.0, 3.0, 0.1):
        callback_endpoint(connect, WIZARD)(event, FakeContext(seconds))
    remaining = [one.remaining() for one in deadlines]
    assert 15 < remaining[0] <= 20
    assert remaining[1] <= 2.5
    assert remaining[2] == 0
