"""Each function's app.py can be loaded with the template's environment, and responds."""

import ast
import gc
import importlib.util
import io
import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from publishing.authorizer.token_claims import KeysUnavailableError, TokenClaims, UnauthorizedError
from publishing.environment import SettingsError
from publishing.log_events import LogEvent
from publishing.preflight.objectives import OBJECTIVES
from publishing.teams import Role, Subscription, Team
from tests.support.function_handlers import restore_garbage_collector
from tests.support.in_memory_repositories import InMemoryTeams
from tests.support.invocations import FakeContext, Received, api_event
from tools.lambda_runtime import ENVIRONMENT

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[3] / "functions"
API_FUNCTIONS = [
    "check_identity",
    "complete_connection",
    "create_connection",
    "create_identity",
    "create_identity_image",
    "delete_connection",
    "list_connection_advertisers",
    "list_connections",
    "list_identities",
    "publish_check",
    "publish_check_rules",
    "readiness",
]
CALLBACK = "connection_callback"
"""Serves people whom TikTok redirects back; it always responds with a redirect."""
BACKGROUND_FUNCTIONS = ["readiness_sweep", "readiness_request", "readiness_check", "refresh_connections"]
TOKENS = ["TABLE_NAME", "TIKTOK_API_BASE_URL", "SECRET_PREFIX"]
CONNECTIONS = [*TOKENS, "EVENT_BUS_NAME"]
CADENCE = ["ACTIVE_EVERY", "IDLE_EVERY", "CONFIRM_AFTER", "RATE_LIMIT_PAUSE"]
QUEUES = ["READINESS_QUEUE_URL", "READINESS_URGENT_QUEUE_URL"]
PREFLIGHT = [*TOKENS, *CADENCE, *QUEUES, "ACCEPTED_IDENTITY_TYPES"]
PACE = ["TIKTOK_APP_LEVEL", "READINESS_SHARE_PERCENT"]
REQUIRED = {
    "authorizer": ["JWKS_URL", "TOKEN_ISSUER", "TOKEN_AUDIENCE", "TABLE_NAME"],
    "check_identity": TOKENS,
    "complete_connection": CONNECTIONS,
    "connection_callback": ["TABLE_NAME"],
    "create_connection": TOKENS,
    "create_identity": TOKENS,
    "create_identity_image": TOKENS,
    "delete_connection": CONNECTIONS,
    "list_connection_advertisers": ["TABLE_NAME"],
    "list_connections": ["TABLE_NAME"],
    "list_identities": TOKENS,
    "publish_check": PREFLIGHT,
    "publish_check_rules": [],
    "readiness": ["TABLE_NAME", *CADENCE],
    "readiness_sweep": ["TABLE_NAME", *QUEUES, *PACE, "EVENT_BUS_NAME", "CONNECTION_QUEUE_URL"],
    "readiness_request": ["TABLE_NAME", *QUEUES, "EVENT_BUS_NAME"],
    "readiness_check": [*PREFLIGHT, *PACE, "EVENT_BUS_NAME"],
    "refresh_connections": CONNECTIONS,
}
"""The template's variables without which a function cannot be loaded."""
ARN = "arn:aws:execute-api:eu-central-1:123456789012:abc123/live/GET/api/v1/tiktok/identities"


def load(name: str) -> ModuleType:
    """Run the function's module anew, as Lambda's Init does, and return it."""
    spec = importlib.util.spec_from_file_location(f"app_{name}", FOLDER / name / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    yield
    restore_garbage_collector()


def respond(name: str, event: dict[str, Any]) -> Received:
    return Received.of(load(name).lambda_handler(event, FakeContext()))


@pytest.mark.parametrize("name", API_FUNCTIONS)
def test_a_function_responds_to_an_invalid_request(name: str) -> None:
    """Init needs no network, and the real handler responds with the stack's origin."""
    response = respond(name, api_event({"nonsense": "1"}))
    assert (response.status, response.json["code"]) == (400, "invalid_request")
    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"


CALLBACK_EVENTS: dict[str, tuple[Any, str]] = {
    "nothing": ({}, "state_invalid"),
    "no query": (api_event(), "state_invalid"),
    "no authorizer": ({"multiValueQueryStringParameters": None, "requestContext": None}, "state_invalid"),
    "nonsense": (api_event({"nonsense": "1"}), "state_invalid"),
    "a malformed state": (api_event({"state": "https://evil.example", "auth_code": "x"}), "state_invalid"),
    "two states": (api_event([("state", "a"), ("state", "b"), ("auth_code", "x")]), "state_invalid"),
    "two codes": (api_event([("state", "a"), ("auth_code", "x"), ("auth_code", "y")]), "state_invalid"),
    "no code": (api_event({"state": "a", "error": "access_denied"}), "consent_denied"),
    "an empty code": (api_event({"state": "a", "auth_code": ""}), "consent_denied"),
    "not an event of API Gateway": ({"multiValueQueryStringParameters": "state"}, "internal_error"),
}
"""Events of the callback and the code that the wizard gets; none of them needs AWS."""


@pytest.mark.parametrize("case", CALLBACK_EVENTS)
def test_the_callback_always_redirects_to_the_wizard(case: str) -> None:
    """Every event gets a 303 to the deployment's wizard, uncached and without a referrer."""
    event, code = CALLBACK_EVENTS[case]
    response = load(CALLBACK).lambda_handler(event, FakeContext())
    assert (response["statusCode"], response["body"]) == (303, "")
    assert response["headers"] == {
        "Location": f"{ENVIRONMENT['WIZARD_URL']}?tiktok=error&code={code}",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }


@pytest.mark.parametrize("unset", ["", None])
@pytest.mark.parametrize(("name", "event"), [(CALLBACK, api_event({"state": "a"})), ("create_connection", api_event())])
def test_without_a_wizard_connecting_is_disabled(
    monkeypatch: pytest.MonkeyPatch, name: str, event: dict[str, Any], unset: str | None
) -> None:
    """Without WIZARD_URL the function can be loaded and responds 503 connect_not_set_up without calling AWS."""
    if unset is None:
        monkeypatch.delenv("WIZARD_URL")
    else:
        monkeypatch.setenv("WIZARD_URL", unset)
    response = respond(name, event)
    assert (response.status, response.json["code"]) == (503, "connect_not_set_up")


@pytest.mark.parametrize("url", ["http://app.example", "javascript:alert(1)", "/campaigns", "https://"])
@pytest.mark.parametrize("name", [CALLBACK, "create_connection"])
def test_an_unsafe_wizard_url_fails_in_init(monkeypatch: pytest.MonkeyPatch, name: str, url: str) -> None:
    """A URL that is not https ends Init with an error that names the variable."""
    monkeypatch.setenv("WIZARD_URL", url)
    with pytest.raises(SettingsError, match="WIZARD_URL"):
        load(name)


def test_every_function_is_in_the_table() -> None:
    """The table lists exactly the functions of the repository."""
    assert set(REQUIRED) == {"authorizer", CALLBACK, *API_FUNCTIONS, *BACKGROUND_FUNCTIONS}
    assert set(REQUIRED) == {path.parent.name for path in FOLDER.glob("*/app.py")}


@pytest.mark.parametrize("name", REQUIRED)
def test_the_garbage_collector_is_off_only_in_init(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A function disables it before it imports anything else, and enables it again at the end of Init."""
    calls: list[str] = []  # patched: an import takes no arguments
    for name_of_call in ("disable", "freeze", "enable"):
        monkeypatch.setattr(gc, name_of_call, partial(calls.append, name_of_call))
    monkeypatch.delitem(sys.modules, "publishing.cold_start", raising=False)
    monkeypatch.delattr("publishing.cold_start", raising=False)
    load(name)
    assert calls == ["disable", "freeze", "enable"]
    statements = ast.parse((FOLDER / name / "app.py").read_text()).body
    imported = [one for one in statements if isinstance(one, ast.ImportFrom | ast.Import)]
    first = next(one for one in imported if not _is_of_the_standard_library(one))
    assert isinstance(first, ast.ImportFrom)
    assert (first.module, first.names[0].name) == ("publishing", "cold_start")


def _is_of_the_standard_library(statement: ast.ImportFrom | ast.Import) -> bool:
    name = statement.module if isinstance(statement, ast.ImportFrom) else statement.names[0].name
    return (name or "").partition(".")[0] in sys.stdlib_module_names


@pytest.mark.parametrize(
    ("name", "variable"), [(name, one) for name, variables in REQUIRED.items() for one in variables]
)
def test_a_function_without_a_variable_fails_in_init(monkeypatch: pytest.MonkeyPatch, name: str, variable: str) -> None:
    """An absent or empty variable ends Init, before any request, with an error that names it."""
    monkeypatch.setenv(variable, "")
    with pytest.raises(SettingsError, match=variable):
        load(name)
    monkeypatch.delenv(variable)
    with pytest.raises(SettingsError, match=variable):
        load(name)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_function_needs_no_other_variable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The table is complete: with its row and the variables that Lambda sets, a function can be loaded."""
    for variable in ENVIRONMENT:
        if not variable.startswith(("AWS_", "DNS_")) and variable not in REQUIRED[name]:
            monkeypatch.delenv(variable)
    assert load(name).lambda_handler


@pytest.mark.parametrize("detail", [None, {}, {"team_id": "northlight", "advertiser_id": "not an id"}])
def test_an_unusable_check_request_is_dropped(detail: Any) -> None:
    """A malformed event would stay malformed, so the function succeeds without calling AWS."""
    event = {"id": "e1", "source": "wevion.campaigns", "detail-type": "Campaign Scheduled", "detail": detail}
    assert load("readiness_request").lambda_handler(event, FakeContext()) is None


def test_the_rules_are_the_table() -> None:
    """The rules are the objective table; neither TikTok nor AWS is called."""
    response = respond("publish_check_rules", api_event())
    expected = {objective: [*required] for objective, required in OBJECTIVES.items()}
    assert (response.status, response.json) == (200, {"objectives": expected})


class StubVerifier:
    """A verifier that accepts one token."""

    def verify(self, authorization: str) -> TokenClaims:
        if authorization == "Bearer good":
            return TokenClaims("u1", "t1")
        if authorization == "Bearer keys-down":
            raise KeysUnavailableError("PyJWKClientConnectionError")
        raise UnauthorizedError("not a bearer token")


@pytest.fixture
def authorizer(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The authorizer with a stub verifier and in-memory teams instead of those that its Init creates."""
    module = load("authorizer")
    teams = InMemoryTeams()
    teams.member("t1", "u1", "manager")
    teams.put("t1", "SUBSCRIPTION", status="active")
    assert teams.read("t1") == Team("t1", {"u1": Role.MANAGER}, Subscription("active"))
    monkeypatch.setattr(module, "verifier", StubVerifier())
    monkeypatch.setattr(module, "teams", teams)
    return module


@pytest.mark.parametrize("header", ["Authorization", "authorization", "AUTHORIZATION"])
def test_the_authorizer_reads_the_header_in_any_letter_case(authorizer: ModuleType, header: str) -> None:
    """The header is found in any letter case; the context has the stored role and subscription."""
    response = authorizer.lambda_handler({"headers": {header: "Bearer good"}, "methodArn": ARN}, FakeContext())
    assert (response["context"]["role"], response["context"]["subscription"]) == ("manager", "active")
    assert "live/POST/api/v1/tiktok/identities" in json.dumps(response)


@pytest.mark.parametrize("headers", [None, {}, {"Authorization": None}, {"Authorization": "Bearer bad"}, {"X": "y"}])
def test_the_authorizer_rejects_with_the_text_that_api_gateway_requires(
    authorizer: ModuleType, headers: dict[str, Any] | None
) -> None:
    """Only an exception with the text Unauthorized becomes a 401."""
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorizer.lambda_handler({"headers": headers, "methodArn": ARN}, FakeContext())


def test_an_unavailable_issuer_is_not_a_401(authorizer: ModuleType) -> None:
    """KeysUnavailableError is raised, which API Gateway turns into a 500."""
    event = {"headers": {"Authorization": "Bearer keys-down"}, "methodArn": ARN}
    with pytest.raises(KeysUnavailableError):
        authorizer.lambda_handler(event, FakeContext())


def test_the_bearer_token_is_not_logged(authorizer: ModuleType) -> None:
    """Neither a valid nor an invalid token is logged; the outcome is."""
    written = io.StringIO()
    before = authorizer.logger.registered_handler.setStream(written)
    authorizer.lambda_handler({"headers": {"Authorization": "Bearer good"}, "methodArn": ARN}, FakeContext())
    with pytest.raises(Exception, match="Unauthorized"):
        authorizer.lambda_handler({"headers": {"Authorization": "Bearer made-up"}, "methodArn": ARN}, FakeContext())
    authorizer.logger.registered_handler.setStream(before)
    messages = [json.loads(line)["message"] for line in written.getvalue().splitlines()]
    assert messages == [LogEvent.AUTHENTICATED, LogEvent.NOT_AUTHENTICATED]
    assert "Bearer" not in written.getvalue()
    assert "made-up" not in written.getvalue()
