"""The authorizer's response: one policy for the whole stage, correct for every method."""

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import pytest

from publishing.authorizer.policy import Stage, authorization
from publishing.authorizer.token_claims import TokenClaims
from publishing.http.problems import PROBLEMS
from publishing.teams import Role, Subscription, Team

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
STAGE = "arn:aws:execute-api:eu-central-1:123456789012:abc123/live"
GETS = [
    "GET/api/v1/tiktok/identities/check",
    "GET/api/v1/tiktok/identities",
    "GET/api/v1/tiktok/publish-check",
    "GET/api/v1/tiktok/publish-check/rules",
    "GET/api/v1/tiktok/readiness",
    "GET/api/v1/tiktok/connections",
]
DISCONNECT = "DELETE/api/v1/tiktok/connections/u1"
POSTS = [
    "POST/api/v1/tiktok/identities",
    "POST/api/v1/tiktok/connections",
    "POST/api/v1/tiktok/connections/complete",
    "POST/api/v1/tiktok/identity-images",
]
PAID = Subscription("active")
UNPAID = Subscription("canceled")


def response_for(team: Team, user_id: str = "u1") -> dict[str, Any]:
    return authorization(TokenClaims(user_id, "t1"), team, Stage(STAGE), NOW)


def allowed(policy: dict[str, Any], method_and_path: str) -> bool:
    """Return whether IAM allows the call: an explicit deny wins, and anything not allowed is denied."""
    effects = {
        statement["Effect"]
        for statement in policy["Statement"]
        for resource in statement["Resource"]
        if statement["Action"] == "execute-api:Invoke" and fnmatchcase(f"{STAGE}/{method_and_path}", resource)
    }
    return effects == {"Allow"}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("subscription", "paid"),
    [
        (PAID, True),
        (Subscription("trialing"), True),
        (Subscription("active", NOW.timestamp() + 1), True),
        (Subscription("active", NOW.timestamp()), False),
        (UNPAID, False),
        (None, False),
    ],
)
def test_members_may_read_and_with_a_subscription_write(
    role: Role,
    subscription: Subscription | None,
    paid: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """Every member may call all GETs and disconnect; the POSTs need an active subscription, whatever the role.

    What a denial is stands in the context in any case, because the policy also denies what it does not name.
    """
    response = response_for(Team("t1", {"u1": role}, subscription))
    assert all(allowed(response["policyDocument"], one) for one in [*GETS, DISCONNECT])
    assert {allowed(response["policyDocument"], one) for one in POSTS} == {paid}
    code = "forbidden" if paid else "subscription_required"
    assert response["context"] == {
        "user_id": "u1",
        "team_id": "t1",
        "role": role.value,
        "subscription": "active" if paid else "inactive",
        "deny_code": "" if paid else code,
        "problem_code": code,
        "problem_title": PROBLEMS[code].title,
        "problem_detail": PROBLEMS[code].detail,
    }
    assert response["principalId"] == "u1"


@pytest.mark.parametrize("subscription", [PAID, UNPAID, None])
def test_non_members_may_call_nothing(subscription: Subscription | None) -> None:
    """Every method is denied, with the reason in the context."""
    response = response_for(Team("t1", {"u2": Role.OWNER}, subscription))
    assert not any(allowed(response["policyDocument"], one) for one in [*GETS, DISCONNECT, *POSTS])
    assert response["context"]["deny_code"] == "not_a_member"
    assert response["context"]["problem_detail"] == PROBLEMS["not_a_member"].detail
    everything = {"Effect": "Deny", "Action": "execute-api:Invoke", "Resource": [f"{STAGE}/*"]}
    assert response["policyDocument"]["Statement"] == [everything]


@pytest.mark.parametrize("team", [Team("t1", {"u1": Role.OWNER}, PAID), Team("t1", {"u1": Role.OWNER}), Team("t1")])
def test_the_policy_has_the_form_that_iam_requires(team: Team) -> None:
    """A version, and statements with an explicit Allow or Deny: API Gateway returns 500 for anything else."""
    policy = response_for(team)["policyDocument"]
    assert {name: type(value) for name, value in policy.items()} == {"Version": str, "Statement": list}
    assert policy["Version"] == "2012-10-17"
    assert {statement["Effect"] for statement in policy["Statement"]} <= {"Allow", "Deny"}


def test_writes_without_a_subscription_are_denied_explicitly() -> None:
    """The denial applies although reads of the same stage are allowed."""
    reads, writes = response_for(Team("t1", {"u1": Role.OWNER}, UNPAID))["policyDocument"]["Statement"]
    denied = sorted(f"{STAGE}/{one}" for one in POSTS)
    assert (reads["Effect"], writes["Effect"], sorted(writes["Resource"])) == ("Allow", "Deny", denied)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
def test_other_methods_are_not_allowed(method: str) -> None:
    """Even an owner with a subscription may call only the listed methods and paths."""
    response = response_for(Team("t1", {"u1": Role.OWNER}, PAID))
    assert not allowed(response["policyDocument"], f"{method}/api/v1/tiktok/identities")
    assert not allowed(response["policyDocument"], f"{method}/api/v1/tiktok/connections")
    for path in ("identities/check", "connections/u1", "connections/callback"):
        assert not allowed(response["policyDocument"], f"POST/api/v1/tiktok/{path}")


def test_the_policy_does_not_depend_on_the_called_method() -> None:
    """API Gateway caches one policy for each token and applies it to all methods."""
    arns = [f"{STAGE}/{one}" for one in [*GETS, DISCONNECT, *POSTS]]
    assert {Stage.of(arn) for arn in arns} == {Stage(STAGE)}


def test_the_policy_covers_one_stage_only() -> None:
    """Every resource is an ARN of this API and this stage."""
    response = response_for(Team("t1", {"u1": Role.OWNER}, PAID))
    for statement in response["policyDocument"]["Statement"]:
        assert all(resource.startswith(f"{STAGE}/") for resource in statement["Resource"])


def test_the_context_holds_strings_only() -> None:
    """API Gateway rejects nested values."""
    for team in (Team("t1", {"u1": Role.OWNER}, PAID), Team("t1", {"u1": Role.OWNER}), Team("t1")):
        assert {type(value) for value in response_for(team)["context"].values()} == {str}
