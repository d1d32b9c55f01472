"""From API Gateway's event to a response, whatever the action does."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest

from publishing.answers.identities import ListedIdentity
from publishing.answers.publish_check import Rules
from publishing.calls import BUDGET_SECONDS, Call
from publishing.endpoint import body_endpoint, query_endpoint
from publishing.inputs import AdvertiserQuery, CreateIdentityBody, NoInput
from publishing.problems import PROBLEMS, Problem
from publishing.token_choice import AdvertiserNotConnectedError, NoTokenError
from tests.support.invocations import FakeContext, Received, api_event
from tiktok_business.errors import (
    AdvertiserNotAccessibleError,
    RateLimitedError,
    ScopeMissingError,
    TimedOutError,
    UnavailableError,
    UnexpectedResponseError,
)

RULES = Rules(objectives={"REACH": ()})


def answer_to(error: Exception) -> Received:
    def action(_call: Call, _query: NoInput) -> NoReturn:
        raise error

    return Received.of(query_endpoint(action, NoInput)(api_event(), FakeContext()))


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_has_the_shape_of_the_contract(code: str) -> None:
    """RFC 9457 with a stable code, the request's id, and a detail of two sentences: what is wrong, what to do."""
    answer = answer_to(Problem(code))
    kind = PROBLEMS[code]
    assert answer.status == kind.status
    assert answer.json == {
        "type": f"urn:wevion:tiktok:problem:{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.detail,
        "code": code,
        "request_id": "gateway-request",
    }
    assert kind.detail.count(". ") == 1
    assert kind.detail.endswith(".")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


STATUS_OF_CODE = {
    "invalid_request": 400,
    "unknown_objective": 400,
    "unauthorized": 401,
    "not_a_member": 403,
    "subscription_required": 403,
    "owner_only": 403,
    "advertiser_not_accessible": 403,
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


def test_codes_and_statuses_are_those_of_the_contract() -> None:
    """Callers rely on every pair."""
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
        (ScopeMissingError("identity/get/"), "tiktok_error"),
        (ValueError("secret-text"), "internal_error"),
        (KeyError("secret-text"), "internal_error"),
        (RecursionError("secret-text"), "internal_error"),
    ],
)
def test_every_error_becomes_its_problem(error: Exception, code: str) -> None:
    """What an action raises decides the answer; what nobody foresaw is a fault of ours."""
    assert answer_to(error).json["code"] == code


def test_a_rate_limit_says_when_to_come_back() -> None:
    """Retry-After is there, and a browser may read it."""
    headers = answer_to(RateLimitedError("identity/get/")).headers
    assert headers["Retry-After"] == "300"
    assert headers["Access-Control-Expose-Headers"] == "Retry-After"


def test_a_fault_of_ours_is_answered_and_logged_without_its_text(log: io.StringIO) -> None:
    """The error's text may quote a secret: neither answer nor log has it, but the log says type and place."""
    answer = answer_to(ValueError("secret-text"))
    assert (answer.status, answer.json["code"]) == (500, "internal_error")
    assert "secret-text" not in json.dumps(answer.json) + log.getvalue()
    line = json.loads(next(line for line in log.getvalue().splitlines() if line.startswith("{")))
    assert (line["message"], line["error"], line["request_id"]) == ("failed", "ValueError", "gateway-request")
    assert "Traceback" not in json.dumps(answer.json)
    assert any("test_endpoint" in frame for frame in line["frames"])


def test_an_answer_that_cannot_be_written_is_a_fault_of_ours() -> None:
    """Also what goes wrong after the action ends in a problem, not in a crash of the function."""
    odd = Rules.model_construct(objectives=object())
    answer = Received.of(query_endpoint(lambda _call, _query: odd, NoInput)(api_event(), FakeContext()))
    assert answer.json["code"] == "internal_error"


def test_a_name_with_half_of_a_surrogate_pair_is_answered() -> None:
    """TikTok may cut a name in the middle of an emoji; Lambda must still be able to send the answer."""
    halved = ListedIdentity(
        identity_id="1", identity_type="TT_USER", display_name="Acme \ud83d", image=None, usable=True, why_not=()
    )
    answer = Received.of(query_endpoint(lambda _call, _query: halved, NoInput)(api_event(), FakeContext()))
    assert (answer.status, answer.json["display_name"]) == (200, "Acme \ud83d")


def test_a_get_is_answered_with_200_and_a_post_with_201() -> None:
    """As JSON that nobody keeps."""
    got = Received.of(query_endpoint(lambda _call, _query: RULES, NoInput)(api_event(), FakeContext()))
    body = {"advertiser_id": "1", "display_name": "Acme"}
    handler = body_endpoint(lambda _call, sent: sent, CreateIdentityBody)
    posted = Received.of(handler(api_event(body=body), FakeContext()))
    assert (got.status, got.json) == (200, {"objectives": {"REACH": []}})
    assert (posted.status, posted.json) == (201, {**body, "image_uri": None})
    for answer in (got, posted):
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_allowed_origin_is_the_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """ALLOWED_ORIGIN, read in Init, stands in answers and in problems."""
    monkeypatch.setenv("ALLOWED_ORIGIN", "https://app.example")
    handler = query_endpoint(lambda _call, _query: RULES, NoInput)
    for event in (api_event(), api_event({"x": "1"})):
        assert (
            Received.of(handler(event, FakeContext())).headers["Access-Control-Allow-Origin"] == "https://app.example"
        )


def call_made_of(*, seconds: float = 15.0, key: str | None = None, **caller: str) -> Call:
    calls: list[Call] = []

    def action(call: Call, _query: AdvertiserQuery) -> Rules:
        calls.append(call)
        return RULES

    event = api_event(headers={} if key is None else {"iDempotency-kEY": key})
    event["requestContext"]["authorizer"] |= caller
    query_endpoint(action, AdvertiserQuery)(event, FakeContext(seconds))
    return calls[0]


def test_the_caller_is_the_authorizers() -> None:
    """User, team and role come from the authorizer's context."""
    caller = call_made_of(user_id="u1", team_id="t1", role="manager").caller
    assert (caller.user_id, caller.team_id, caller.role) == ("u1", "t1", "manager")


@pytest.mark.parametrize(("seconds", "budget"), [(15.0, BUDGET_SECONDS), (3.0, 2.5), (0.2, 0.0)])
def test_the_deadline_is_cut_to_what_lambda_leaves(seconds: float, budget: float) -> None:
    """At most the promised time, and half a second before Lambda ends the function."""
    assert call_made_of(seconds=seconds).deadline.remaining() == pytest.approx(budget, abs=0.1)


def test_an_endpoint_may_have_a_time_of_its_own() -> None:
    """Longer than the promised one, but still within what Lambda leaves."""
    calls: list[Call] = []

    def action(call: Call, _body: CreateIdentityBody) -> Rules:
        calls.append(call)
        return RULES

    handler = body_endpoint(action, CreateIdentityBody, budget_seconds=20.0)
    event = api_event(body={"advertiser_id": "1", "display_name": "Acme"})
    for seconds in (25.0, 3.0):
        handler(event, FakeContext(seconds))
    assert [call.deadline.remaining() for call in calls] == pytest.approx([20.0, 2.5], abs=0.1)


def test_an_endpoint_may_take_larger_bodies() -> None:
    """Up to its own limit and not a byte more; the others keep theirs."""
    body = json.dumps({"advertiser_id": "1", "display_name": "Acme"})
    usual = body_endpoint(lambda _call, _body: RULES, CreateIdentityBody)
    large = body_endpoint(lambda _call, _body: RULES, CreateIdentityBody, max_bytes=200_000)
    for handler, most in ((usual, 100_000), (large, 200_000)):
        for size, status in ((most, 201), (most + 1, 400)):
            answer = Received.of(handler(api_event(body=body.ljust(size)), FakeContext()))
            assert answer.status == status
    assert answer.json["errors"] == [{"field": "body", "message": "is larger than 200000 bytes"}]


def test_the_idempotency_key_is_read_in_any_letter_case() -> None:
    """Header names have none."""
    assert call_made_of(key="k-1").idempotency_key == "k-1"
    assert call_made_of().idempotency_key is None


def test_now_is_now_in_utc() -> None:
    """checked_at is told in UTC."""
    now = call_made_of().now
    assert now.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=10)


def test_lambdas_request_id_stands_in_for_the_gateways() -> None:
    """Whoever invokes the function directly still gets a request id to report."""
    event = api_event({"x": "1"})
    del event["requestContext"]["requestId"]
    answer = Received.of(query_endpoint(lambda _call, _query: RULES, NoInput)(event, FakeContext()))
    assert answer.json["request_id"] == "lambda-request"
