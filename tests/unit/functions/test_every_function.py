"""Each function's app.py can be loaded with the environment that the template gives it, and answers."""

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

from publishing.bearer import Bearer, KeysUnavailableError, UnauthorizedError
from publishing.environment import SettingsError
from publishing.preflight.objectives import OBJECTIVES
from publishing.teams import Role, Subscription, Team
from tests.support.function_handlers import collect_again
from tests.support.in_memory_stores import InMemoryTeams
from tests.support.invocations import FakeContext, Received, api_event
from tools.lambda_runtime import ENVIRONMENT

FOLDER = Path(__file__).parents[3] / "functions"
API_FUNCTIONS = [
    "check_identity",
    "create_connection",
    "create_identity",
    "create_identity_image",
    "delete_connection",
    "list_connections",
    "list_identities",
    "publish_check",
    "publish_check_rules",
    "readiness",
]
CALLBACK = "connection_callback"
"""Answers people whom TikTok sends back: a redirect, whatever it was."""
BACKGROUND_FUNCTIONS = ["readiness_sweep", "readiness_request", "readiness_check", "refresh_connections"]
TIKTOK = ["TABLE_NAME", "TIKTOK_API_BASE_URL", "ACCEPTED_IDENTITY_TYPES"]
READINESS = [
    "TABLE_NAME",
    "ACTIVE_EVERY",
    "IDLE_EVERY",
    "CONFIRM_AFTER",
    "RATE_LIMIT_PAUSE",
    "READINESS_QUEUE_URL",
    "READINESS_URGENT_QUEUE_URL",
    "EVENT_BUS_NAME",
]
CONNECTING = ["TABLE_NAME", "TIKTOK_API_BASE_URL", "EVENT_BUS_NAME", "SECRET_PREFIX"]
PACE = ["TIKTOK_APP_LEVEL", "READINESS_SHARE_PERCENT"]
NEEDS = {
    "authorizer": ["JWKS_URL", "TOKEN_ISSUER", "TOKEN_AUDIENCE", "TABLE_NAME"],
    "check_identity": TIKTOK,
    "connection_callback": CONNECTING,
    "create_connection": CONNECTING,
    "create_identity": TIKTOK,
    "create_identity_image": TIKTOK,
    "delete_connection": CONNECTING,
    "list_connections": ["TABLE_NAME"],
    "list_identities": TIKTOK,
    "publish_check": [*TIKTOK, *READINESS[1:], "SECRET_PREFIX"],
    "publish_check_rules": [],
    "readiness": READINESS,
    "readiness_sweep": [*READINESS, *PACE, "CONNECTION_QUEUE_URL"],
    "readiness_request": READINESS,
    "readiness_check": [*TIKTOK, *READINESS[1:], *PACE],
    "refresh_connections": CONNECTING,
}
"""The variables of the template that each function cannot do without."""
ARN = "arn:aws:execute-api:eu-central-1:123456789012:abc123/live/GET/api/v1/tiktok/identities"


def load(name: str) -> ModuleType:
    """The function's module, run anew as Lambda's Init does."""
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
    collect_again()


def answered(name: str, event: dict[str, Any]) -> Received:
    return Received.of(load(name).lambda_handler(event, FakeContext()))


@pytest.mark.parametrize("name", API_FUNCTIONS)
def test_a_function_answers_a_bad_request(name: str) -> None:
    """Init works without any network, and the handler is the real one, with the stack's origin."""
    answer = answered(name, api_event({"nonsense": "1"}))
    assert (answer.status, answer.json["code"]) == (400, "invalid_request")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"


RETURNS: dict[str, tuple[Any, str]] = {
    "nothing": ({}, "state_invalid"),
    "no query": (api_event(), "state_invalid"),
    "no authorizer": ({"multiValueQueryStringParameters": None, "requestContext": None}, "state_invalid"),
    "nonsense": (api_event({"nonsense": "1"}), "state_invalid"),
    "a state of nobody's form": (api_event({"state": "https://evil.example", "auth_code": "x"}), "state_invalid"),
    "two states": (api_event([("state", "a"), ("state", "b"), ("auth_code", "x")]), "state_invalid"),
    "two codes": (api_event([("state", "a"), ("auth_code", "x"), ("auth_code", "y")]), "state_invalid"),
    "no code": (api_event({"state": "a", "error": "access_denied"}), "consent_denied"),
    "an empty code": (api_event({"state": "a", "auth_code": ""}), "consent_denied"),
    "no event of API Gateway's": ({"multiValueQueryStringParameters": "state"}, "internal_error"),
}
"""What may come to the callback, and what the wizard is told of it; nothing of it needs AWS to be refused."""


@pytest.mark.parametrize("case", RETURNS)
def test_the_callback_sends_everybody_back_to_the_wizard(case: str) -> None:
    """Whatever came, by a 303 to the deployment's own address, which nobody keeps or tells TikTok's code on to."""
    event, code = RETURNS[case]
    answer = load(CALLBACK).lambda_handler(event, FakeContext())
    assert (answer["statusCode"], answer["body"]) == (303, "")
    assert answer["headers"] == {
        "Location": f"{ENVIRONMENT['WIZARD_URL']}?tiktok=error&code={code}",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }


@pytest.mark.parametrize("unset", ["", None])
@pytest.mark.parametrize(("name", "event"), [(CALLBACK, api_event({"state": "a"})), ("create_connection", api_event())])
def test_without_a_wizard_nobody_connects(
    monkeypatch: pytest.MonkeyPatch, name: str, event: dict[str, Any], unset: str | None
) -> None:
    """Told as such before anything is asked of AWS: the function can be loaded, the deployment lacks something."""
    if unset is None:
        monkeypatch.delenv("WIZARD_URL")
    else:
        monkeypatch.setenv("WIZARD_URL", unset)
    answer = answered(name, event)
    assert (answer.status, answer.json["code"]) == (503, "connect_not_set_up")


@pytest.mark.parametrize("url", ["http://app.example", "javascript:alert(1)", "/campaigns", "https://"])
@pytest.mark.parametrize("name", [CALLBACK, "create_connection"])
def test_a_wizard_to_which_nobody_may_be_sent_fails_in_init(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    """Not with the first person who comes back."""
    monkeypatch.setenv("WIZARD_URL", url)
    with pytest.raises(SettingsError, match="WIZARD_URL"):
        load(name)


def test_every_function_is_in_the_tables() -> None:
    """Whoever makes another one says what it needs."""
    assert set(NEEDS) == {"authorizer", CALLBACK, *API_FUNCTIONS, *BACKGROUND_FUNCTIONS}
    assert set(NEEDS) == {path.parent.name for path in FOLDER.glob("*/app.py")}


@pytest.mark.parametrize("name", NEEDS)
def test_the_garbage_collector_is_off_in_init_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Loading a function turns it off before anything else is loaded, and on again for the requests."""
    turned: list[str] = []  # by patching: importing is all that is done, and an import takes no arguments
    for what in ("disable", "freeze", "enable"):
        monkeypatch.setattr(gc, what, partial(turned.append, what))
    monkeypatch.delitem(sys.modules, "publishing.cold_start", raising=False)
    monkeypatch.delattr("publishing.cold_start", raising=False)
    load(name)
    assert turned == ["disable", "freeze", "enable"]
    statements = ast.parse((FOLDER / name / "app.py").read_text()).body
    imported = [one for one in statements if isinstance(one, ast.ImportFrom | ast.Import)]
    ours = [ast.unparse(one) for one in imported if not _is_of_the_standard_library(one)]
    assert ours[0] == "from publishing import cold_start"


def _is_of_the_standard_library(statement: ast.ImportFrom | ast.Import) -> bool:
    name = statement.module if isinstance(statement, ast.ImportFrom) else statement.names[0].name
    return (name or "").partition(".")[0] in sys.stdlib_module_names


@pytest.mark.parametrize(("name", "variable"), [(name, one) for name, needs in NEEDS.items() for one in needs])
def test_a_function_without_a_variable_fails_in_init(monkeypatch: pytest.MonkeyPatch, name: str, variable: str) -> None:
    """Not at the first request; the authorizer lets nobody in by mistake. What is empty is not there either."""
    monkeypatch.setenv(variable, "")
    with pytest.raises(SettingsError, match=variable):
        load(name)
    monkeypatch.delenv(variable)
    with pytest.raises(SettingsError, match=variable):
        load(name)


@pytest.mark.parametrize("name", NEEDS)
def test_a_function_needs_no_other_variable_of_ours(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The tables are whole: with its row and what Lambda itself sets, a function can be loaded."""
    for variable in ENVIRONMENT:
        if not variable.startswith(("AWS_", "DNS_")) and variable not in NEEDS[name]:
            monkeypatch.delenv(variable)
    assert load(name).lambda_handler


@pytest.mark.parametrize("detail", [None, {}, {"team_id": "northlight", "advertiser_id": "not an id"}])
def test_an_event_that_asks_for_nothing_is_no_failure(detail: Any) -> None:
    """It would be as unusable when it comes again; nothing is asked of AWS."""
    event = {"id": "e1", "source": "wevion.campaigns", "detail-type": "Campaign Scheduled", "detail": detail}
    assert load("readiness_request").lambda_handler(event, FakeContext()) is None


def test_the_rules_are_the_table() -> None:
    """As data, without TikTok, without AWS."""
    answer = answered("publish_check_rules", api_event())
    expected = {objective: [*required] for objective, required in OBJECTIVES.items()}
    assert (answer.status, answer.json) == (200, {"objectives": expected})


class Keys:
    """A verifier that knows one token."""

    def verify(self, authorization: str) -> Bearer:
        if authorization == "Bearer good":
            return Bearer("u1", "t1")
        if authorization == "Bearer keys-down":
            raise KeysUnavailableError("PyJWKClientConnectionError")
        raise UnauthorizedError("not a bearer token")


@pytest.fixture
def authorizer(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The authorizer with a verifier and a team in memory in the place of those that its Init made."""
    module = load("authorizer")
    teams = InMemoryTeams()
    teams.member("t1", "u1", "manager")
    teams.put("t1", "SUBSCRIPTION", status="active")
    assert teams.read("t1") == Team("t1", {"u1": Role.MANAGER}, Subscription("active"))
    monkeypatch.setattr(module, "VERIFIER", Keys())
    monkeypatch.setattr(module, "TEAMS", teams)
    return module


@pytest.mark.parametrize("header", ["Authorization", "authorization", "AUTHORIZATION"])
def test_the_authorizer_reads_the_header_in_any_letter_case(authorizer: ModuleType, header: str) -> None:
    """And answers with role and subscription of the table."""
    answer = authorizer.lambda_handler({"headers": {header: "Bearer good"}, "methodArn": ARN}, FakeContext())
    assert (answer["context"]["role"], answer["context"]["subscription"]) == ("manager", "active")
    assert "live/POST/api/v1/tiktok/identities" in json.dumps(answer)


@pytest.mark.parametrize("headers", [None, {}, {"Authorization": None}, {"Authorization": "Bearer bad"}, {"X": "y"}])
def test_the_authorizer_refuses_in_the_words_of_api_gateway(
    authorizer: ModuleType, headers: dict[str, Any] | None
) -> None:
    """The text Unauthorized, and no other, becomes a 401."""
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorizer.lambda_handler({"headers": headers, "methodArn": ARN}, FakeContext())


def test_an_issuer_that_is_down_is_not_a_401(authorizer: ModuleType) -> None:
    """Any other error of the authorizer's becomes a 500."""
    event = {"headers": {"Authorization": "Bearer keys-down"}, "methodArn": ARN}
    with pytest.raises(KeysUnavailableError):
        authorizer.lambda_handler(event, FakeContext())


def test_the_bearer_token_is_not_logged(authorizer: ModuleType) -> None:
    """Neither a good one nor a bad one; that somebody came is."""
    written = io.StringIO()
    before = authorizer.logger.registered_handler.setStream(written)
    authorizer.lambda_handler({"headers": {"Authorization": "Bearer good"}, "methodArn": ARN}, FakeContext())
    with pytest.raises(Exception, match="Unauthorized"):
        authorizer.lambda_handler({"headers": {"Authorization": "Bearer made-up"}, "methodArn": ARN}, FakeContext())
    authorizer.logger.registered_handler.setStream(before)
    messages = [json.loads(line)["message"] for line in written.getvalue().splitlines()]
    assert messages == ["authenticated", "not authenticated"]
    assert "Bearer" not in written.getvalue()
    assert "made-up" not in written.getvalue()
