"""The callback redirects to the wizard only, and its response holds nothing of the request but whose state it was."""

import io
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from publishing.connections.callback import CALLBACK_MESSAGES, CallbackError, CallbackErrorCode, callback_endpoint
from tests.support.invocations import FakeContext
from tests.unit.connections.system import WIZARD, System

CANARY = "canary-5f1e"
HANDLE = "a-handle"
OUTCOMES = [
    [("tiktok", "confirm"), ("handle", HANDLE)],
    *([("tiktok", "error"), ("code", one.value)] for one in CallbackErrorCode),
]
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
    response = callback_endpoint(system.callback.keep_code, wizard)(event, FakeContext())
    added = _added_to_wizard_url(response, wizard)
    assert dict(added)["code"] in {"state_invalid", "consent_denied"}
    assert CANARY not in json.dumps(response) + log.getvalue()
    assert system.full_state() == before


@pytest.mark.parametrize("wizard", WIZARDS)
@pytest.mark.parametrize("code", [None, *CallbackErrorCode])
def test_every_outcome_redirects_to_the_wizard(wizard: str, code: CallbackErrorCode | None) -> None:
    """The outcome is appended to the wizard's query, before its fragment."""

    def keep_code(_state: str, _code: SecretStr) -> str:
        if code is not None:
            raise CallbackError(code)
        return HANDLE

    event = {"multiValueQueryStringParameters": {"state": ["s"], "auth_code": ["c"]}}
    added = _added_to_wizard_url(callback_endpoint(keep_code, wizard)(event, FakeContext()), wizard)
    expected = ("tiktok", "confirm"), ("handle", HANDLE)
    assert added == [*expected] if code is None else [("tiktok", "error"), ("code", code.value)]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (None, "state_invalid"),
        ({}, "state_invalid"),
        ({"auth_code": ["c"]}, "state_invalid"),
        ({"state": ["s", "s"], "auth_code": ["c"]}, "state_invalid"),
        ({"state": ["s"], "auth_code": ["c", "c"]}, "state_invalid"),
        ({"state": ["s"], "code": ["c", "d"]}, "state_invalid"),
        ({"state": ["s"], "auth_code": ["c\n"]}, "state_invalid"),
        ({"state": ["s"], "auth_code": ["\ud83d"]}, "state_invalid"),
        ({"state": ["s"]}, "consent_denied"),
        ({"state": ["s"], "auth_code": [""]}, "consent_denied"),
        ({"state": ["s"], "error": ["access_denied"]}, "consent_denied"),
    ],
)
def test_a_malformed_request_has_no_handle(query: dict[str, list[str]] | None, code: str) -> None:
    """Exactly one state and one code of printable characters are required."""

    def keep_code(*given: object) -> str:
        raise AssertionError(given)

    response = callback_endpoint(keep_code, WIZARD)({"multiValueQueryStringParameters": query}, FakeContext())
    assert response["headers"]["Location"].endswith(f"&tiktok=error&code={code}#connect")


def test_an_internal_error_redirects_to_the_wizard(log: io.StringIO) -> None:
    """Its text, which may quote a token, is neither returned nor logged."""

    def keep_code(*_given: object) -> str:
        raise RuntimeError(f"could not store {CANARY}")

    event = {"multiValueQueryStringParameters": {"state": ["s"], "auth_code": ["c"]}}
    response = callback_endpoint(keep_code, WIZARD)(event, FakeContext())
    assert _added_to_wizard_url(response, WIZARD) == [("tiktok", "error"), ("code", "internal_error")]
    assert "RuntimeError" in log.getvalue()
    assert CANARY not in json.dumps(response) + log.getvalue()


def test_without_a_wizard_url_there_is_no_redirect(system: System) -> None:
    """A deployment without a ``WizardUrl`` connects nobody; the response is a problem."""
    url = system.consent("u-owner")
    before = system.full_state()
    query = {name: [text] for name, text in parse_qsl(urlsplit(url).query)}
    response = callback_endpoint(system.callback.keep_code, None)(
        {"multiValueQueryStringParameters": query}, FakeContext()
    )
    assert "Location" not in response["headers"]
    assert json.loads(response["body"])["code"] == "connect_not_set_up"
    assert response["headers"]["Cache-Control"] == "no-store"
    assert system.full_state() == before


def test_the_wizard_depends_on_these_codes() -> None:
    """Codes may be added; existing ones never change. Each has a message of whole sentences."""
    assert {*CallbackErrorCode} >= {"state_invalid", "state_expired", "state_used", "consent_denied", "internal_error"}
    assert CALLBACK_MESSAGES.keys() == {*CallbackErrorCode}
    assert all(text.endswith(".") for text in CALLBACK_MESSAGES.values())


def test_the_text_of_a_callback_error_is_its_code() -> None:
    """It says nothing else."""
    error = CallbackError(CallbackErrorCode.STATE_USED)
    assert (error.code, str(error)) == (CallbackErrorCode.STATE_USED, "state_used")
