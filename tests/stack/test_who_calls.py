"""Contract §2: authentication and authorization."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from local.demo.teams import MEDIA_BUYER, OWNER, TEAM, TRAINEE, UNPAID_OWNER, UNPAID_TEAM, Person
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser
from tests.support.stack import Api, problem

GETS = ["/identities/check", "/identities", "/publish-check?objective=REACH", "/publish-check/rules", "/connections"]
WRITES = [
    ("POST", "/identities"),
    ("POST", "/identity-images"),
    ("POST", "/connections"),
    ("POST", "/connections/complete"),
    ("DELETE", "/connections/u-1"),
]


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _claims(stack: LocalStack, **changes: object) -> dict[str, Any]:
    provider = stack.identity_provider
    claims = {"sub": OWNER.user_id, "team_id": TEAM, "iss": provider.issuer, "aud": provider.audience}
    return {**claims, "exp": int(time.time()) + 600, **changes}


def _unsigned(stack: LocalStack) -> str:
    parts = [{"alg": "none", "typ": "JWT", "kid": "RS256"}, _claims(stack)]
    return ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts) + "."


def _signed_with_another_key(stack: LocalStack) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(_claims(stack), key, "RS256", headers={"kid": "RS256"})


def _hmac(stack: LocalStack) -> str:
    return jwt.encode(_claims(stack), "a" * 64, "HS256", headers={"kid": "RS256"})


def _without(stack: LocalStack, claim: str) -> str:
    return stack.identity_provider.token(OWNER.user_id, TEAM, claims={claim: None})


BAD_TOKENS: dict[str, Callable[[LocalStack], str]] = {
    "expired": lambda stack: stack.identity_provider.token(OWNER.user_id, TEAM, expires_in=-60),
    "of another issuer": lambda stack: stack.identity_provider.token(OWNER.user_id, TEAM, claims={"iss": "https://x"}),
    "for another audience": lambda stack: stack.identity_provider.token(OWNER.user_id, TEAM, claims={"aud": "other"}),
    "unsigned": _unsigned,
    "signed with a shared secret": _hmac,
    "signed with another key": _signed_with_another_key,
    "without an expiry": lambda stack: _without(stack, "exp"),
    "without a user": lambda stack: _without(stack, "sub"),
    "without a team": lambda stack: _without(stack, "team_id"),
    "no JWT at all": lambda _stack: "not-a-jwt",
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
def test_invalid_token(api: Api, stack: LocalStack, kind: str) -> None:
    """An invalid token gets a 401 that the wizard can read."""
    problem(api.call("GET", "/identities/check", headers=_bearer(BAD_TOKENS[kind](stack))), 401, "unauthorized")


@pytest.mark.parametrize(
    "header", [{"Authorization": ""}, {"Authorization": "Basic dTpw"}, {"Authorization": "Bearer"}]
)
def test_no_bearer_token(api: Api, header: dict[str, str]) -> None:
    """Anything but a bearer token counts as no token."""
    problem(api.call("GET", GETS[0], headers=header), 401, "unauthorized")


@pytest.mark.parametrize("path", GETS)
def test_no_token(api: Api, path: str) -> None:
    """Without a bearer token every read is 401."""
    problem(api.call("GET", path, headers={}), 401, "unauthorized")


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_no_token_on_writes(api: Api, method: str, path: str) -> None:
    """Without a bearer token every write is 401, before its input is read."""
    problem(api.call(method, path, data=b"{"), 401, "unauthorized")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_valid_token(api: Api, stack: LocalStack, algorithm: str) -> None:
    """Both public-key algorithms are accepted."""
    token = stack.identity_provider.token(OWNER.user_id, TEAM, algorithm=algorithm)
    assert api.call("GET", "/publish-check/rules", headers=_bearer(token)).status_code == 200


def test_not_a_member(api: Api, stack: LocalStack) -> None:
    """A valid token of a non-member is 403 for reads and writes."""
    token = _bearer(stack.identity_provider.token(OWNER.user_id, UNPAID_TEAM))
    problem(api.call("GET", "/identities/check", headers=token), 403, "not_a_member")
    for method, path in WRITES:
        problem(api.call(method, path, headers=token), 403, "not_a_member")


def test_what_the_policy_does_not_name_is_a_problem_too(api: Api) -> None:
    """A denial after an answer that allows has a code and a text; emulated IAM matches no line break with a `*`."""
    problem(api.call("GET", "/connections/u-owner%0a/advertisers", person=OWNER), 403, "forbidden")


def _post(api: Api, token: dict[str, str]) -> Any:
    body = {"advertiser_id": DemoAdvertiser.FOREIGN.value, "display_name": "Southgate"}
    return api.call("POST", "/identities", headers=token, json=body)


def test_a_read_first_does_not_allow_writes(api: Api, stack: LocalStack) -> None:
    """With one cached policy: GET allowed, POST denied without a subscription, GET still allowed."""
    token = _bearer(stack.identity_provider.token(UNPAID_OWNER.user_id, UNPAID_TEAM, claims={"jti": "read-first"}))
    assert api.call("GET", "/identities/check", headers=token).status_code == 200
    problem(_post(api, token), 403, "subscription_required")
    assert api.call("GET", "/identities/check", headers=token).status_code == 200


def test_disconnecting_is_allowed_without_a_subscription(api: Api, stack: LocalStack) -> None:
    """With the same cached policy POST is denied without a subscription, and DELETE is allowed."""
    token = _bearer(stack.identity_provider.token(UNPAID_OWNER.user_id, UNPAID_TEAM, claims={"jti": "disconnect"}))
    for method, path in WRITES[:3]:
        problem(api.call(method, path, headers=token), 403, "subscription_required")
    problem(api.call("DELETE", "/connections/u-nobody", headers=token), 404, "no_connection")
    problem(api.call("POST", "/connections", headers=token), 403, "subscription_required")


def test_a_denied_write_does_not_deny_reads(api: Api, stack: LocalStack) -> None:
    """In the reverse order: POST denied, GET allowed, POST still denied."""
    token = _bearer(stack.identity_provider.token(UNPAID_OWNER.user_id, UNPAID_TEAM, claims={"jti": "write-first"}))
    problem(_post(api, token), 403, "subscription_required")
    assert api.call("GET", "/identities/check", headers=token).status_code == 200
    problem(_post(api, token), 403, "subscription_required")


@pytest.mark.parametrize(
    ("subscription", "may_write"),
    [
        ({"status": "trialing"}, True),
        ({"status": "active", "current_period_end": int(time.time()) + 3600}, True),
        ({"status": "active", "current_period_end": int(time.time()) - 3600}, False),
        ({"status": "past_due"}, False),
        (None, False),
    ],
)
def test_subscription(api: Api, stack: LocalStack, subscription: dict[str, Any] | None, *, may_write: bool) -> None:
    """Writes need the status active or trialing and a period that has not ended."""
    table = stack.client("dynamodb")
    key = {"pk": {"S": f"TEAM#{UNPAID_TEAM}"}, "sk": {"S": "SUBSCRIPTION"}}
    if subscription is None:
        table.delete_item(TableName=stack.table_name, Key=key)
    else:
        values = {name: {"N" if isinstance(value, int) else "S": str(value)} for name, value in subscription.items()}
        table.put_item(TableName=stack.table_name, Item={**key, **values})
    claims = {"jti": f"subscription-{subscription}"}
    token = _bearer(stack.identity_provider.token(UNPAID_OWNER.user_id, UNPAID_TEAM, claims=claims))
    if may_write:
        assert _post(api, token).status_code == 201
    else:
        problem(_post(api, token), 403, "subscription_required")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing-here"),
        ("DELETE", "/identities"),
        ("POST", "/publish-check"),
        ("PUT", "/identities/check"),
        ("GET", "/identities/check/more"),
        ("GET", "/identity-images"),
        ("POST", "/connections/callback"),
        ("GET", "/connections/complete"),
        ("GET", "/connections/u-owner"),
        ("PUT", "/connections/u-owner"),
        ("DELETE", "/connections"),
    ],
)
def test_unknown_route(api: Api, method: str, path: str) -> None:
    """An unknown route or method is 404, instead of API Gateway's authentication error."""
    problem(api.call(method, path, person=OWNER), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [*(("GET", path.partition("?")[0]) for path in GETS), *WRITES],
)
def test_cors_preflight(api: Api, method: str, path: str) -> None:
    """A CORS preflight needs no token and allows what the wizard sends."""
    answer = api.call(
        "OPTIONS",
        path,
        headers={
            "Origin": "https://app.example",
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert {"DELETE", "GET", "POST", "OPTIONS"} == set(answer.headers["Access-Control-Allow-Methods"].split(","))
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(",")
    assert {"authorization", "content-type", "idempotency-key"} <= set(allowed)


def test_successful_responses_have_cors_headers(api: Api) -> None:
    """Successful responses have the CORS header too."""
    answer = api.call("GET", "/publish-check/rules", person=OWNER, headers={"Origin": "https://app.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("name", ["user_id", "team_id", "role", "subscription"])
def test_no_other_principal_can_be_named(api: Api, name: str) -> None:
    """Neither query, body nor header can name another user, team or role."""
    problem(api.get("/identities/check", TRAINEE, **{name: OWNER.user_id}), 400, "invalid_request")
    body = {"advertiser_id": DemoAdvertiser.NOTHING.value, "display_name": "Forged", name: OWNER.user_id}
    problem(api.create(MEDIA_BUYER, **body), 400, "invalid_request")
    answer = api.call(
        "GET", "/identities/check", person=TRAINEE, headers={f"X-{name}": OWNER.user_id, name: OWNER.user_id}
    )
    assert answer.json()["reason"] == "no_token"


def test_unknown_roles_have_the_fewest_rights(api: Api, stack: LocalStack) -> None:
    """An unknown role may not borrow."""
    stranger = Person("u-stranger", TEAM, "admin")
    key = {"pk": {"S": f"TEAM#{TEAM}"}, "sk": {"S": f"MEMBER#{stranger.user_id}"}}
    stack.client("dynamodb").put_item(TableName=stack.table_name, Item={**key, "role": {"S": "admin"}})
    assert api.get("/identities/check", stranger).json()["reason"] == "no_token"
