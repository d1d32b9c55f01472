"""The authorizer's answer: one policy for the whole stage, right for every method."""

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import pytest

from publishing.access import Stage, authorization
from publishing.bearer import Bearer
from publishing.problems import PROBLEMS
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
    "POST/api/v1/tiktok/identity-images",
]
PAID = Subscription("active")
UNPAID = Subscription("canceled")


def answer(team: Team, user_id: str = "u1") -> dict[str, Any]:
    return authorization(Bearer(user_id, "t1"), team, Stage(STAGE), NOW)


def allowed(policy: dict[str, Any], method_and_path: str) -> bool:
    """What IAM makes of the policy: an explicit deny wins, and what is not allowed is denied."""
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
def test_members_read_and_with_a_subscription_write(
    role: Role,
    subscription: Subscription | None,
    paid: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """Whatever the role: every GET and disconnecting, and the POSTs exactly with an active subscription."""
    told = answer(Team("t1", {"u1": role}, subscription))
    assert all(allowed(told["policyDocument"], one) for one in [*GETS, DISCONNECT])
    assert {allowed(told["policyDocument"], one) for one in POSTS} == {paid}
    code = "" if paid else "subscription_required"
    assert told["context"] == {
        "user_id": "u1",
        "team_id": "t1",
        "role": role.value,
        "subscription": "active" if paid else "inactive",
        "deny_code": code,
        "deny_title": PROBLEMS[code].title if code else "",
        "deny_detail": PROBLEMS[code].detail if code else "",
    }
    assert told["principalId"] == "u1"


@pytest.mark.parametrize("subscription", [PAID, UNPAID, None])
def test_who_is_no_member_may_nothing(subscription: Subscription | None) -> None:
    """Not read either, and is told why."""
    told = answer(Team("t1", {"u2": Role.OWNER}, subscription))
    assert not any(allowed(told["policyDocument"], one) for one in [*GETS, DISCONNECT, *POSTS])
    assert told["context"]["deny_code"] == "not_a_member"
    assert told["context"]["deny_detail"] == PROBLEMS["not_a_member"].detail
    everything = {"Effect": "Deny", "Action": "execute-api:Invoke", "Resource": [f"{STAGE}/*"]}
    assert told["policyDocument"]["Statement"] == [everything]


@pytest.mark.parametrize("team", [Team("t1", {"u1": Role.OWNER}, PAID), Team("t1", {"u1": Role.OWNER}), Team("t1")])
def test_the_policy_is_written_in_the_words_of_iam(team: Team) -> None:
    """The version, and statements that allow or deny in so many words: API Gateway answers 500 to anything else."""
    policy = answer(team)["policyDocument"]
    assert {name: type(value) for name, value in policy.items()} == {"Version": str, "Statement": list}
    assert policy["Version"] == "2012-10-17"
    assert {statement["Effect"] for statement in policy["Statement"]} <= {"Allow", "Deny"}


def test_writes_without_a_subscription_are_denied_in_so_many_words() -> None:
    """The denial holds although the reads of the same stage are allowed."""
    reads, writes = answer(Team("t1", {"u1": Role.OWNER}, UNPAID))["policyDocument"]["Statement"]
    denied = sorted(f"{STAGE}/{one}" for one in POSTS)
    assert (reads["Effect"], writes["Effect"], sorted(writes["Resource"])) == ("Allow", "Deny", denied)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
def test_other_methods_are_open_to_nobody(method: str) -> None:
    """What is not named is not allowed."""
    told = answer(Team("t1", {"u1": Role.OWNER}, PAID))
    assert not allowed(told["policyDocument"], f"{method}/api/v1/tiktok/identities")
    assert not allowed(told["policyDocument"], f"{method}/api/v1/tiktok/connections")
    for path in ("identities/check", "connections/u1", "connections/callback"):
        assert not allowed(told["policyDocument"], f"POST/api/v1/tiktok/{path}")


def test_the_policy_does_not_depend_on_the_method_that_was_asked_for() -> None:
    """API Gateway keeps it for the token and uses it for all."""
    arns = [f"{STAGE}/{one}" for one in [*GETS, DISCONNECT, *POSTS]]
    assert {Stage.of(arn) for arn in arns} == {Stage(STAGE)}


def test_another_stage_is_not_opened() -> None:
    """The policy names this API and this stage."""
    told = answer(Team("t1", {"u1": Role.OWNER}, PAID))
    for statement in told["policyDocument"]["Statement"]:
        assert all(resource.startswith(f"{STAGE}/") for resource in statement["Resource"])


def test_the_context_is_flat_and_holds_texts_only() -> None:
    """API Gateway refuses anything else."""
    for team in (Team("t1", {"u1": Role.OWNER}, PAID), Team("t1", {"u1": Role.OWNER}), Team("t1")):
        assert {type(value) for value in answer(team)["context"].values()} == {str}
