"""`make verify` of the deployed stack: nothing is wrong with it, and what is broken on purpose is named."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from io import StringIO
from typing import Any

import pytest

from local.console import Console
from local.demo.teams import OWNER, UNPAID_OWNER, Person
from local.ministack.emulator import REGION
from local.stack import LocalStack
from local.tiktok_simulator import Simulator
from local.verify.report import CHECKS, print_table, verify
from local.verify.stage import Bearer, Stage, local_stage
from publishing.connections.authorize import StateKey, new_handle
from tests.stack.resources import physical_id
from tests.support.stack import eventually
from tiktok_business.deadline import Deadline

ALARM_FIELDS = (
    *("AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "MetricName", "Namespace"),
    *("Statistic", "ExtendedStatistic", "Dimensions", "Period", "EvaluationPeriods", "DatapointsToAlarm", "Threshold"),
    *("ComparisonOperator", "TreatMissingData", "Metrics"),
)
"""What describes an alarm and creates it."""
TOPIC = f"arn:aws:sns:{REGION}:000000000000:somebody-else"
HANDLE, _handle = new_handle(StateKey("v" * 22, "0" * 64), "n" * 43)


@pytest.fixture
def stage(stack: LocalStack, tiktok: Simulator) -> Stage:
    """The stage of the local stack, with the demo data in their initial state."""
    assert tiktok is stack.tiktok

    def bearer(person: Person) -> Bearer:
        return Bearer.of("VERIFY_TOKEN", stack.bearer(person)["Authorization"])

    return local_stage(stack.aws, bearer(OWNER), bearer(UNPAID_OWNER), Deadline.after(600))


def result(stage: Stage, *, write: bool = False) -> tuple[bool, dict[str, list[str]], str]:
    """Verify; return whether nothing is wrong, the faults by the names of the checks, and what is printed."""
    printed = StringIO()
    console = Console(stream=printed)
    outcomes = verify(stage, console, write=write)
    fine = print_table(stage, outcomes, console)
    return fine, {name: one.faults for name, one in outcomes.items() if one.faults}, printed.getvalue()


def test_nothing_is_wrong(stage: Stage) -> None:
    """Every check passes, also those that write; the table has a row for each and holds no token."""
    fine, faults, printed = result(stage, write=True)
    assert (fine, faults) == (True, {})
    table = printed[printed.index("check ") :]
    assert [name for name in CHECKS if f"\n{name} " not in table] == []
    assert "writes allowed and denied" in table
    assert "skipped" not in table
    assert stage.bearer.token.get_secret_value() not in printed


def test_it_only_reads(stage: Stage, stack: LocalStack) -> None:
    """Without WRITE=1 no event is sent, no consent is begun and TikTok gets no write."""
    before = _consents(stack)
    fine, _, printed = result(stage)
    assert fine
    assert "WRITE=1" in printed
    assert _consents(stack) == before
    assert {request.method for request in stack.tiktok.requests} == {"GET"}


def _consents(stack: LocalStack) -> int:
    """How many consents have begun."""
    rows = stack.client("dynamodb").scan(TableName=stack.table_name)["Items"]
    return sum(row["pk"]["S"].startswith("CONNECTING#") for row in rows)


def test_what_is_broken_is_named(stage: Stage, stack: LocalStack) -> None:
    """Headers, a route, alarms, policies and secrets in logs: each has its row; restored, nothing is wrong."""
    with ExitStack() as broken:
        broken.enter_context(_another_origin(stack))
        broken.enter_context(_without_route(stack, "/api/v1/tiktok/readiness", "GET"))
        broken.enter_context(_without_alarm(stack, "ChecksWaitAlarm"))
        broken.enter_context(_another_alarm(stack, "ApiErrorsAlarm", Threshold=1.0, AlarmActions=[TOPIC]))
        broken.enter_context(_without_action(stack, "ListIdentitiesRole", "dynamodb:Query"))
        broken.enter_context(_on_every_resource(stack, "PublishCheckRole", "dynamodb:UpdateItem"))
        broken.enter_context(_secret_in_log(stack, "PublishCheckLogGroup", {"Access-Token": "never-log-this-01234"}))
        broken.enter_context(_secret_in_log(stack, "ConnectionCallbackLogGroup", {"location": f"/?handle={HANDLE}"}))
        fine, faults, printed = result(stage)
    assert not fine
    assert (
        "no token: Access-Control-Allow-Origin is https://old.example, but the stage's AllowedOrigins *"
        in faults["gateway errors"]
    )
    assert "no token: Cache-Control is absent, not no-store" in faults["gateway errors"]
    assert "no token: WWW-Authenticate is absent, not Bearer" in faults["gateway errors"]
    (route,) = [one for one in faults["endpoints"] if "readiness" in one]
    assert route.startswith("GET /readiness: 404 not_found")
    assert [one.partition(":")[0] for one in faults["alarms"]] == [
        "ChecksWaitAlarm was deleted",
        *["ApiErrorsAlarm"] * 2,
    ]
    assert faults["alarms"][1:] == [
        "ApiErrorsAlarm: Threshold is 1, in the template 0.05",
        f"ApiErrorsAlarm: AlarmActions is {TOPIC}, in the template nobody",
    ]
    table = f"arn:aws:dynamodb:{REGION}:000000000000:table/{stack.table_name}"
    keys = "dynamodb:LeadingKeys ForAllValues:StringLike CONNECTIONS#*"
    assert faults["permissions"] == [
        f"ListIdentitiesRole lacks dynamodb:Query on {table}",
        f"PublishCheckRole lacks dynamodb:UpdateItem on {table} if {keys}",
        f"PublishCheckRole has more than the template: dynamodb:UpdateItem on * if {keys}",
    ]
    assert any(one.startswith("GET /identities: 500 internal_error") for one in faults["endpoints"])
    callback, check = sorted(faults["logs"])
    assert callback.startswith("/aws/lambda/wevion-local-connection-callback: a handle is in a line of 2")
    assert check.startswith("/aws/lambda/wevion-local-publish-check: an access token is in a line of 2")
    assert "never-log-this" not in printed
    assert HANDLE not in printed
    assert "docs/operations.md#when-make-verify-fails" in printed
    eventually(lambda: result(stage)[0], "the restored stage without a fault")


def test_an_origin_that_never_reached_the_stage_is_named(stage: Stage) -> None:
    """The stack has another AllowedOrigins than the API answers: preflights, responses and errors are named."""
    stage.parameters = {**stage.parameters, "AllowedOrigins": "https://app.example"}
    fine, faults, _ = result(stage)
    assert not fine
    text = "Access-Control-Allow-Origin is *, but the stage's AllowedOrigins https://app.example"
    assert f"OPTIONS /identities: {text}" in faults["cors"]
    assert f"GET /publish-check/rules: {text}" in faults["endpoints"]
    assert f"an unknown route: {text}" in faults["gateway errors"]


def test_a_write_that_is_allowed_wrongly_is_named(stage: Stage) -> None:
    """If a team without a subscription may write, the check of the authorizer's cache says so."""
    stage.unsubscribed = stage.bearer
    _, faults, _ = result(stage)
    assert faults == {"authorizer cache": ["VERIFY_TOKEN_UNSUBSCRIBED: a write got 400 invalid_request"]}


@contextmanager
def _another_origin(stack: LocalStack) -> Iterator[None]:
    """A deployment that did not reach the stage: an error has the origin of before, and lacks two headers."""
    gateway, response = stack.client("apigateway"), {"restApiId": _api(stack), "responseType": "UNAUTHORIZED"}
    kept = gateway.get_gateway_response(**response)
    options = {name: kept[name] for name in ("statusCode", "responseParameters", "responseTemplates")}
    changed = {
        "gatewayresponse.header.Access-Control-Allow-Origin": "'https://old.example'",
        "gatewayresponse.header.Content-Type": "'application/problem+json'",
    }
    gateway.put_gateway_response(**response, **{**options, "responseParameters": changed})
    gateway.create_deployment(restApiId=_api(stack), stageName="live")
    try:
        yield
    finally:
        gateway.put_gateway_response(**response, **options)
        gateway.create_deployment(restApiId=_api(stack), stageName="live")


@contextmanager
def _without_route(stack: LocalStack, path: str, method: str) -> Iterator[None]:
    gateway, api = stack.client("apigateway"), _api(stack)
    (found,) = [one for one in gateway.get_resources(restApiId=api, limit=500)["items"] if one.get("path") == path]
    route = {"restApiId": api, "resourceId": found["id"], "httpMethod": method}
    kept, integration = gateway.get_method(**route), gateway.get_integration(**route)
    gateway.delete_method(**route)
    gateway.create_deployment(restApiId=api, stageName="live")
    try:
        yield
    finally:
        gateway.put_method(**route, authorizationType=kept["authorizationType"], authorizerId=kept["authorizerId"])
        gateway.put_integration(
            **route, type=integration["type"], integrationHttpMethod=integration["httpMethod"], uri=integration["uri"]
        )
        gateway.create_deployment(restApiId=api, stageName="live")


@contextmanager
def _without_alarm(stack: LocalStack, name: str) -> Iterator[None]:
    cloudwatch, alarm = stack.client("cloudwatch"), physical_id(stack, name)
    (row,) = cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    cloudwatch.delete_alarms(AlarmNames=[alarm])
    try:
        yield
    finally:
        cloudwatch.put_metric_alarm(**_described(row))


@contextmanager
def _another_alarm(stack: LocalStack, name: str, **changes: Any) -> Iterator[None]:
    cloudwatch = stack.client("cloudwatch")
    (row,) = cloudwatch.describe_alarms(AlarmNames=[physical_id(stack, name)])["MetricAlarms"]
    cloudwatch.put_metric_alarm(**{**_described(row), **changes})
    try:
        yield
    finally:
        cloudwatch.put_metric_alarm(**_described(row))


def _described(row: Mapping[str, Any]) -> dict[str, Any]:
    return {field: row[field] for field in ALARM_FIELDS if row.get(field) is not None}


def _without_action(stack: LocalStack, role: str, action: str) -> AbstractContextManager[None]:
    return _another_policy(
        stack,
        role,
        lambda statements: [
            {**one, "Action": [each for each in one["Action"] if each != action]}
            for one in statements
            if one["Action"] != [action]
        ],
    )


def _on_every_resource(stack: LocalStack, role: str, action: str) -> AbstractContextManager[None]:
    return _another_policy(
        stack,
        role,
        lambda statements: [{**one, "Resource": "*"} if one["Action"] == [action] else one for one in statements],
    )


@contextmanager
def _another_policy(
    stack: LocalStack, role: str, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
) -> Iterator[None]:
    iam, policy = stack.client("iam"), {"RoleName": physical_id(stack, role), "PolicyName": "function"}
    document: Mapping[str, Any] = iam.get_role_policy(**policy)["PolicyDocument"]
    changed = {**document, "Statement": change(document["Statement"])}
    iam.put_role_policy(**policy, PolicyDocument=json.dumps(changed))
    try:
        yield
    finally:
        iam.put_role_policy(**policy, PolicyDocument=json.dumps(document))


@contextmanager
def _secret_in_log(stack: LocalStack, name: str, fields: Mapping[str, str]) -> Iterator[None]:
    logs, stream = stack.client("logs"), {"logGroupName": physical_id(stack, name), "logStreamName": "verify"}
    line = json.dumps({"message": "answered", **fields})
    logs.create_log_stream(**stream)
    logs.put_log_events(**stream, logEvents=[{"timestamp": int(time.time() * 1000), "message": line}])
    try:
        yield
    finally:
        logs.delete_log_stream(**stream)


def _api(stack: LocalStack) -> str:
    return physical_id(stack, "Api")
