"""Each function's role in the template grants exactly what the table lists."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from local.sam_template import FUNCTIONS, RESOURCES, referenced
from tests.unit.template.grants import GRANTS, LOG


def statements(function: str) -> list[dict[str, Any]]:
    role = referenced(FUNCTIONS[function]["Properties"]["Role"])["Properties"]
    return [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]


def leading_keys(statement: dict[str, Any]) -> list[str]:
    """Return the leading keys to which a statement is limited."""
    match statement.get("Condition"):
        case None:
            return []
        case {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(keys)}, **others} if not others:
            return keys
        case other:
            raise ValueError(f"unknown condition: {other}")


def test_each_function_has_its_own_role() -> None:
    """No role is shared, and only Lambda may assume it."""
    roles = [json.dumps(one["Properties"]["Role"]) for one in FUNCTIONS.values()]
    assert len(set(roles)) == len(FUNCTIONS)
    for one in FUNCTIONS.values():
        role = referenced(one["Properties"]["Role"])["Properties"]
        assert "ManagedPolicyArns" not in role
        assert role["AssumeRolePolicyDocument"]["Statement"] == [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ]


@pytest.mark.parametrize("function", GRANTS)
def test_a_role_grants_exactly_the_listed_actions(function: str) -> None:
    """A role grants the listed actions by name, on exact ARNs, and nothing else."""
    log = FUNCTIONS[function]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
    granted: dict[str, set[str]] = {}
    for one in statements(function):
        assert set(one) - {"Condition"} == {"Effect", "Action", "Resource"}
        for resource in one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]]:
            ((intrinsic, name),) = resource.items()
            assert intrinsic in {"Fn::GetAtt", "Fn::Sub"}
            for named in [f"{name} {key}" for key in leading_keys(one)] or [LOG if name == f"{log}.Arn" else name]:
                granted.setdefault(named, set()).update(one["Action"])
    assert granted == GRANTS[function]


WRITES = {f"dynamodb:{one}" for one in ("BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem")}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_may_write_members_or_subscriptions(function: str) -> None:
    """Every write of items is limited to leading keys, none of which matches a team's partition.

    A fault of this service can thus make nobody an owner or a subscriber.
    """
    for one in statements(function):
        if WRITES & set(one["Action"]):
            assert leading_keys(one)
            assert not [key for key in leading_keys(one) if fnmatchcase("TEAM#northlight", key)]
        assert not [action for action in one["Action"] if action.startswith("dynamodb:PartiQL")]


TRUSTED_WITHOUT_CONDITION = {
    # An execution role can be given to functions of its own account only (iam:PassRole).
    "lambda.amazonaws.com",
    # API Gateway does not send aws:SourceAccount when it assumes a role: with the condition it could not.
    "apigateway.amazonaws.com",
}


def test_services_act_for_this_account_only() -> None:
    """A role or queue that AWS services use is bound to this account, so that nobody uses it through the service."""
    account = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    own_rules = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/${EventBus}/*"
    trusted: dict[str, list[Any]] = {}
    for one in RESOURCES.values():
        properties = one.get("Properties", {})
        for name in ("AssumeRolePolicyDocument", "PolicyDocument"):
            for statement in properties.get(name, {}).get("Statement", []):
                if "Principal" in statement:
                    trusted.setdefault(statement["Principal"]["Service"], []).append(statement.get("Condition"))
    assert trusted.pop("events.amazonaws.com") == [{"ArnLike": {"aws:SourceArn": {"Fn::Sub": own_rules}}}]
    assert {service for service, conditions in trusted.items() if None in conditions} == TRUSTED_WITHOUT_CONDITION
    for service in trusted.keys() - TRUSTED_WITHOUT_CONDITION:
        assert trusted[service] == [account]


def test_traces_are_the_only_permission_on_everything() -> None:
    """With Tracing=Active every function may send traces; X-Ray has no resources to name."""
    policies = {name: one for name, one in RESOURCES.items() if one["Type"] == "AWS::IAM::ManagedPolicy"}
    assert set(policies) == {"TracingPolicy"}
    policy = policies["TracingPolicy"]
    assert policy["Condition"] == "Traces"
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == (["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*")
    roles = {one["Properties"]["Role"]["Fn::GetAtt"].removesuffix(".Arn") for one in FUNCTIONS.values()}
    assert {one["Ref"] for one in policy["Properties"]["Roles"]} == roles


def test_every_function_is_in_the_table() -> None:
    """The table lists exactly the template's functions."""
    assert set(GRANTS) == set(FUNCTIONS)
