"""The deployment: permissions, logs, and a second stack of the same template."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from local.demo.teams import MEDIA_BUYER, OWNER, PEOPLE
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser as A
from tests.stack.resources import physical_id
from tests.support.stack import Api, problem


@pytest.mark.parametrize(
    ("action", "status", "code"),
    [("dynamodb:Query", 500, "internal_error"), ("secretsmanager:GetSecretValue", 409, "no_token")],
)
def test_permissions_are_enforced(api: Api, stack: LocalStack, action: str, status: int, code: str) -> None:
    """A function whose role lacks an action fails, a secret out of reach is no token; then it succeeds again."""
    iam = stack.client("iam")
    policy = {"RoleName": physical_id(stack, "ListIdentitiesRole"), "PolicyName": "function"}
    document: dict[str, Any] = iam.get_role_policy(**policy)["PolicyDocument"]
    kept = [one for one in document["Statement"] if action not in one["Action"]]
    assert len(kept) < len(document["Statement"])
    iam.put_role_policy(**policy, PolicyDocument=json.dumps({**document, "Statement": kept}))
    try:
        _forget_tokens(stack)
        rejected = api.get("/identities", MEDIA_BUYER, advertiser_id=A.CUSTOM_ALLOWED.value)
        problem(rejected, status, code)
        assert "AccessDenied" not in rejected.text
    finally:
        iam.put_role_policy(**policy, PolicyDocument=json.dumps(document))
    assert api.get("/identities", MEDIA_BUYER, advertiser_id=A.CUSTOM_ALLOWED.value).status_code == 200


def _forget_tokens(stack: LocalStack) -> None:
    """Replace warm functions, which cache tokens, by a new version."""
    function = physical_id(stack, "ListIdentitiesFunction")
    client = stack.client("lambda")
    variables = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    variables["RESTARTED"] = str(time.time_ns())
    client.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
    version = client.publish_version(FunctionName=function)["Version"]
    client.update_alias(FunctionName=function, Name="live", FunctionVersion=version)


def _log_lines(stack: LocalStack) -> Iterator[str]:
    logs = stack.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
            yield from (event["message"] for event in page["events"])


def test_logs_contain_no_token(api: Api, stack: LocalStack) -> None:
    """Functions log their responses' outcome, and neither TikTok tokens nor bearer tokens."""
    bearer = stack.identity_provider.token(OWNER.user_id, OWNER.team_id, claims={"jti": "for-the-logs"})
    path = f"/publish-check?advertiser_id={A.EVERYTHING_READY.value}&objective=LEAD_GENERATION"
    assert api.call("GET", path, headers={"Authorization": f"Bearer {bearer}"}).status_code == 200
    lines = list(_log_lines(stack))
    assert any('"answered"' in line for line in lines)
    secrets = [bearer, *(str(person.token.value) for person in PEOPLE if person.token)]
    assert not [line for line in lines if any(secret in line for secret in secrets)]


def test_a_second_stack(api: Api, stack: LocalStack) -> None:
    """A second stack with other parameters does not affect the first one."""
    second = stack.deploy(
        "wevion-second",
        {
            "AcceptedIdentityTypes": "CUSTOMIZED_USER",
            "AllowedOrigins": "https://app.example",
            "AuthorizerCacheSeconds": "0",
            "LogLevel": "WARNING",
            "ManageApiGatewayAccount": "false",
        },
    )
    assert second.table_name != stack.table_name
    there = Api(second.base_url, stack)
    query = {"advertiser_id": A.EVERYTHING_READY.value, "objective": "REACH"}
    rejected = there.get("/publish-check", OWNER, **query)
    assert rejected.status_code == 403  # the second stack's table has no member
    assert rejected.headers["Access-Control-Allow-Origin"] == "https://app.example"
    stack.write_demo_data(second)
    allowed = there.get("/publish-check", OWNER, **query)
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert allowed.json()["identity"]["identity_type"] == "CUSTOMIZED_USER"
    assert api.get("/publish-check", OWNER, **query).json()["identity"]["identity_type"] == "TT_USER"
