"""An endpoint turns API Gateway's event into a response, whatever the action does."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest

from publishing.concurrency import start
from publishing.http.check_schemas import ListedIdentity, Rules
from publishing.http.endpoint import body_endpoint, query_endpoint
from publishing.http.problems import PROBLEMS, Problem
from publishing.http.request_context import BUDGET_SECONDS, RequestContext
from publishing.http.request_schemas import AdvertiserQuery, CreateIdentityBody, NoInput
from publishing.log_events import LogEvent
from publishing.tokens import AdvertiserNotConnectedError, NoTokenError
from tests.support.invocations import FakeContext, Received, api_event
from tiktok_business.deadline import Deadline, request_deadline
from tiktok_business.errors import (
    AdvertiserNotAccessibleError,
    DeploymentRefusedError,
    RateLimitedError,
    ScopeMissingError,
    TimedOutError,
    UnavailableError,
    UnexpectedResponseError,
)

RULES = Rules(objectives={"REACH": ()})


def response_to(error: Exception) -> Received:
    def action(_context: RequestContext, _query: NoInput) -> NoReturn:
        raise error

    return Received.of(query_endpoint(action, NoInput)(api_event(), FakeContext()))


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_has_the_form_of_the_contract(code: str) -> None:
    """A problem is RFC 9457 JSON with a stable code, the request's id and a detail: what is wrong, what to do."""
    response = response_to(Problem(code))
    kind = PROBLEMS[code]
    assert response.status == kind.status
    assert response.json == {
        "type": f"urn:wevion:tiktok:problem:{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.detail,
        "code": code,
        "request_id": "gateway-request",
    }
    assert kind.detail.count(". ") == 1
    assert kind.detail.endswith(".")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"


STATUS_OF_CODE = {
    "invalid_request": 400,
    "unknown_objective": 400,
    "unauthorized": 401,
    "not_a_member": 403,
    "subscription_required": 403,
    "forbidden": 403,
    "owner_only": 403,
    "not_your_connection": 403,
    "advertiser_not_accessible": 403,
    "missing_scope": 403,
    "not_found": 404,
    "no_connection": 404,
    "no_token": 409,
    "in_progress": 409,
    "tiktok_rejected": 422,
    "image_too_large": 413,
    "image_unusable": 422,
    "image_not_square": 422,
    "idempotency_key_reused": 422,
    "too_many_requests": 429,
    "internal_error": 500,
    "connect_not_set_up": 503,
    "tiktok_error": 502,
    "tiktok_rate_limited": 503,
    "tiktok_timeout": 504,
}


def test_codes_and_statuses_are_the_contracts() -> None:
    """Every code has the status that the contract gives it."""
    assert {code: int(kind.status) for code, kind in PROBLEMS.items()} == STATUS_OF_CODE


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NoTokenError(), "no_token"),
        (AdvertiserNotConnectedError(), "advertiser_not_accessible"),
        (AdvertiserNotAccessibleError("identity/get/"), "advertiser_not_accessible"),
        (RateLimitedError("identity/get/"), "tiktok_rate_limited"),
        (TimedOutError("identity/get/"), "tiktok_timeout"),
        (UnavailableError("identity/get/"), "tiktok_error"),
        (UnexpectedResponseError("identity/get/"), "tiktok_error"),
        (ScopeMissingError("identity/get/"), "missing_scope"),
        (ScopeMissingError("oauth2/revoke_token/"), "tiktok_error"),
        (DeploymentRefusedError("identity/get/"), "tiktok_error"),
        (ValueError("secret-text"), "internal_error"),
        (KeyError("secret-text"), "internal_error"),
        (RecursionError("secret-text"), "internal_error"),
    ],
)
def test_every_error_becomes_a_problem(error: Exception, code: str) -> None:
    """Each error of an action has its problem; unexpected errors are internal errors."""
    assert response_to(error).json["code"] == code


@pytest.mark.parametrize(
    ("endpoint", "permission"),
    [
        ("identity/get/", '"Read identities" (693)'),
        ("identity/create/", '"Create identities" (692)'),
        ("file/image/ad/upload/", '"Upload images" (601)'),
    ],
)
def test_a_missing_permission_is_named(endpoint: str, permission: str) -> None:
    """The response is 403 and says which permission to grant: it does not pass by itself."""
    response = response_to(ScopeMissingError(endpoint, code=40001))
    assert response.status == 403
    assert response.json["detail"] == (
        f"The TikTok connection lacks the permission {permission}. Connect TikTok again and grant it."
    )


def test_a_refused_deployment_is_logged_as_an_error(log: io.StringIO) -> None:
    """The response is 502 and asks for no retry; operators find the line at every log level."""
    response = response_to(DeploymentRefusedError("identity/get/", "Banned country", code=41000))
    assert response.status == 502
    assert "operators" in response.json["detail"]
    assert "Retry" not in response.json["detail"]
    line = json.loads(next(line for line in log.getvalue().splitlines() if line.startswith("{")))
    assert (line["level"], line["message"], line["code"]) == ("ERROR", "deployment_refused", "tiktok_error")
    assert "41000" in line["tiktok"]


def test_a_rate_limit_says_when_to_retry() -> None:
    """The response has Retry-After, and browsers may read it."""
    headers = response_to(RateLimitedError("identity/get/")).headers
    assert headers["Retry-After"] == "300"
    assert headers["Access-Control-Expose-Headers"] == "Retry-After"


def test_an_internal_error_is_returned_and_logged_without_its_text(log: io.StringIO) -> None:
    """The error's text may contain a secret: response and log omit it, the log has its type and frames."""
    response = response_to(ValueError("secret-text"))
    assert (response.status, response.json["code"]) == (500, "internal_error")
    assert "secret-text" not in json.dumps(response.json) + log.getvalue()
    line = json.loads(next(line for line in log.getvalue().splitlines() if line.startswith("{")))
    assert (line["message"], line["error"], line["request_id"]) == (
        LogEvent.REQUEST_FAILED,
        "ValueError",
        "gateway-request",
    )
    assert "Traceback" not in json.dumps(response.json)
    assert any("test_endpoint" in frame for frame in line["frames"])


def test_a_result_that_cannot_be_serialized_is_an_internal_error() -> None:
    """An error after the action becomes a problem too; the function does not crash."""
    odd = Rules.model_construct(objectives=object())
    response = Received.of(query_endpoint(lambda _context, _query: odd, NoInput)(api_event(), FakeContext()))
    assert response.json["code"] == "internal_error"


def test_a_name_with_half_of_a_surrogate_pair_is_returned() -> None:
    """TikTok may cut a name in the middle of an emoji; Lambda can still send the response."""
    halved = ListedIdentity(
        identity_id="1", identity_type="TT_USER", display_name="Acme \ud83d", image=None, usable=True, why_not=()
    )
    response = Received.of(query_endpoint(lambda _context, _query: halved, NoInput)(api_event(), FakeContext()))
    assert (response.status, response.json["display_name"]) == (200, "Acme \ud83d")


def test_a_get_returns_200_and_a_post_201() -> None:
    """Responses are JSON that no cache stores."""
    got = Received.of(query_endpoint(lambda _context, _query: RULES, NoInput)(api_event(), FakeContext()))
    body = {"advertiser_id": "1", "display_name": "Acme"}
    handler = body_endpoint(lambda _context, sent: sent, CreateIdentityBody)
    posted = Received.of(handler(api_event(body=body), FakeContext()))
    assert (got.status, got.json) == (200, {"objectives": {"REACH": []}})
    assert (posted.status, posted.json) == (201, {**body, "image_uri": None})
    for response in (got, posted):
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["Cache-Control"] == "no-store"


def test_the_allowed_origin_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Responses and problems have ALLOWED_ORIGIN, which is read in Init."""
    monkeypatch.setenv("ALLOWED_ORIGIN", "https://app.example")
    handler = query_endpoint(lambda _context, _query: RULES, NoInput)
    for event in (api_event(), api_event({"x": "1"})):
        assert (
            Received.of(handler(event, FakeContext())).headers["Access-Control-Allow-Origin"] == "https://app.example"
        )


def context_of(*, seconds: float = 15.0, key: str | None = None, **authorizer: str) -> RequestContext:
    """Return the context that an action gets."""
    contexts: list[RequestContext] = []

    def action(context: RequestContext, _query: AdvertiserQuery) -> Rules:
        contexts.append(context)
        return RULES

    event = api_event(headers={} if key is None else {"iDempotency-kEY": key})
    event["requestContext"]["authorizer"] |= authorizer
    query_endpoint(action, AdvertiserQuery)(event, FakeContext(seconds))
    return contexts[0]


def test_the_principal_comes_from_the_authorizer() -> None:
    """User, team and role come from the authorizer's context."""
    principal = context_of(user_id="u1", team_id="t1", role="manager").principal
    assert (principal.user_id, principal.team_id, principal.role) == ("u1", "t1", "manager")


@pytest.mark.parametrize(("seconds", "budget"), [(15.0, BUDGET_SECONDS), (3.0, 2.5), (0.2, 0.0)])
def test_the_deadline_is_cut_to_the_remaining_time_of_the_lambda(seconds: float, budget: float) -> None:
    """The deadline is at most the promised time, and half a second before Lambda ends the function."""
    assert context_of(seconds=seconds).deadline.remaining() == pytest.approx(budget, abs=0.1)


def test_an_endpoint_may_have_another_time_budget() -> None:
    """It may be longer than the promised time, but is still cut to the remaining time of the Lambda."""
    contexts: list[RequestContext] = []

    def action(context: RequestContext, _body: CreateIdentityBody) -> Rules:
        contexts.append(context)
        return RULES

    handler = body_endpoint(action, CreateIdentityBody, budget_seconds=20.0)
    event = api_event(body={"advertiser_id": "1", "display_name": "Acme"})
    for seconds in (25.0, 3.0):
        handler(event, FakeContext(seconds))
    assert [context.deadline.remaining() for context in contexts] == pytest.approx([20.0, 2.5], abs=0.1)


def test_the_deadline_holds_for_calls_that_are_not_given_one() -> None:
    """Calls to AWS, also in other threads, find that of their own request, and none after it."""
    found: list[tuple[Deadline | None, ...]] = []

    def action(context: RequestContext, _query: NoInput) -> Rules:
        found.append((context.deadline, request_deadline.get(), start(request_deadline.get).result()))
        if len(found) > 1:
            raise Problem("internal_error")
        return RULES

    for _ in range(2):
        query_endpoint(action, NoInput)(api_event(), FakeContext())
        assert request_deadline.get() is None
    for own, here, in_a_thread in found:
        assert own is here is in_a_thread


def test_an_endpoint_may_accept_larger_bodies() -> None:
    """Each endpoint accepts bodies up to its own limit and not one byte more."""
    body = json.dumps({"advertiser_id": "1", "display_name": "Acme"})
    usual = body_endpoint(lambda _context, _body: RULES, CreateIdentityBody)
    large = body_endpoint(lambda _context, _body: RULES, CreateIdentityBody, max_bytes=200_000)
    for handler, most in ((usual, 100_000), (large, 200_000)):
        for size, status in ((most, 201), (most + 1, 400)):
            response = Received.of(handler(api_event(body=body.ljust(size)), FakeContext()))
            assert response.status == status
    assert response.json["errors"] == [{"field": "body", "message": "is larger than 200000 bytes"}]


def test_the_idempotency_key_is_read_in_any_letter_case() -> None:
    """Header names are case-insensitive."""
    assert context_of(key="k-1").idempotency_key == "k-1"
    assert context_of().idempotency_key is None


def test_now_is_in_utc() -> None:
    """The context's time is the current time in UTC."""
    now = context_of().now
    assert now.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=10)


def test_lambdas_request_id_replaces_a_missing_one_of_api_gateway() -> None:
    """A function that is invoked directly still returns a request id to report."""
    event = api_event({"x": "1"})
    del event["requestContext"]["requestId"]
    response = Received.of(query_endpoint(lambda _context, _query: RULES, NoInput)(event, FakeContext()))
    assert response.json["request_id"] == "lambda-request"
