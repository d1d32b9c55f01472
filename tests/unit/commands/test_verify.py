"""What `make verify` refuses to begin with, and what its checks conclude from AWS's answers."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from local.console import CommandError, Console
from local.paths import ROOT
from local.sam_template import FUNCTIONS, RESOURCES, TEMPLATE
from local.verify.as_deployed import UNKNOWN, as_deployed, fits
from local.verify.aws_checks import alarms, background, grants, logs, permissions, secrets_in
from local.verify.http_checks import Outcome
from local.verify.report import CHECKS, print_table, verify
from local.verify.stage import Bearer, Stage, TimeUpError, read_stage, stage_of
from publishing.connections.authorize import StateKey, new_handle, new_state
from publishing.http.request_context import Principal
from tiktok_business.deadline import Deadline

CONFIG = {"dev": {"global": {"parameters": {"stack_name": "a-stack"}}, "deploy": {"parameters": {}}}}
FUTURE = 4_102_444_800
MINUTE = Deadline.after(60, lambda: 0.0)


STATE, _key = new_state(Principal("u-1", "t-1", "owner"), datetime(2026, 11, 22, tzinfo=UTC), "n" * 43)
HANDLE, _handle = new_handle(StateKey(STATE.partition(".")[0], "0123456789abcdef" * 4), "n" * 43)
HEX_40 = "0123456789abcdef0123456789abcdef01234567"


def jwt(**claims: object) -> str:
    """Return an unsigned token."""
    parts = ({"alg": "none"}, {"team_id": "t", "exp": FUTURE, **claims})
    encoded = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts]
    return ".".join([*encoded, "signature"])


def no_client(service: str) -> Any:
    """AWS must not be asked."""
    raise AssertionError(service)


def stage(client: Callable[[str], Any] = no_client, deadline: Deadline = MINUTE) -> Stage:
    """Return a stage where every resource of the template has its logical id as its name."""
    return Stage(
        name="dev",
        stack_name="a-stack",
        base_url="http://127.0.0.1:1",
        client=client,
        resources={name: name for name in RESOURCES},
        parameters={"AllowedOrigins": "*", "AlarmTopicArn": "arn:aws:sns:eu-central-1:1:alarms"},
        outputs={name: name for name in TEMPLATE["Outputs"]},
        bearer=Bearer.of("VERIFY_TOKEN", jwt()),
        unsubscribed=None,
        deadline=deadline,
    )


@pytest.mark.parametrize(
    ("name", "environment", "message"),
    [
        ("", {"VERIFY_TOKEN": jwt()}, r"STAGE is missing\. Stages: dev, local"),
        ("live", {"VERIFY_TOKEN": jwt()}, r"Unknown stage live\. Stages: dev, local"),
        ("dev", {}, r"VERIFY_TOKEN is not set\. Export a bearer token"),
        ("dev", {"VERIFY_TOKEN": "abc"}, r"VERIFY_TOKEN is not a JWT"),
        ("dev", {"VERIFY_TOKEN": "a.b.c"}, r"VERIFY_TOKEN is not a JWT"),
        ("dev", {"VERIFY_TOKEN": jwt(exp=1_600_000_000)}, r"VERIFY_TOKEN expired \d+ minutes ago\. Export a new one"),
        ("dev", {"VERIFY_TOKEN": jwt(), "VERIFY_TOKEN_UNSUBSCRIBED": "abc"}, r"VERIFY_TOKEN_UNSUBSCRIBED is not a JWT"),
        (
            "local",
            {"VERIFY_TOKEN": jwt()},
            r"No local stack responds at http://127\.0\.0\.1:1\. Start it with make run",
        ),
    ],
)
def test_mistakes_are_named(name: str, environment: Mapping[str, str], message: str) -> None:
    """A missing stage, an unknown one, and a missing or useless token are errors that say what to do."""
    with pytest.raises(CommandError, match=message):
        stage_of(name, CONFIG, environment, MINUTE, port=1)


def cloudformation(**stack: Any) -> Callable[[str], Any]:
    """Return a client of a stack."""
    client = SimpleNamespace(describe_stacks=lambda **_: {"Stacks": [{"Outputs": [], "Parameters": [], **stack}]})
    return lambda _service: client


def test_a_stack_of_another_commit_is_named() -> None:
    """Outputs that the checkout's template has and the stack lacks are an error that says what to do."""
    outputs = [{"OutputKey": name, "OutputValue": "x"} for name in TEMPLATE["Outputs"] if name != "TableName"]
    with pytest.raises(
        CommandError, match=r"The stack a-stack has no output TableName: .*Check out the deployed commit"
    ):
        read_stage("dev", "a-stack", cloudformation(Outputs=outputs), None, (Bearer.of("X", jwt()), None), MINUTE)


def test_a_mistake_prints_no_stack_trace() -> None:
    """The command exits with 1 and prints the sentence alone; a token is not part of it."""
    command = [sys.executable, "-m", "local.verify", "--stage", "dev"]
    environment = {**os.environ, "VERIFY_TOKEN": "a-token-that-is-no-jwt"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("VERIFY_TOKEN is not a JWT.")
    assert "a-token" not in done.stderr


@pytest.mark.parametrize("target", ["verify", "verify-tiktok"])
def test_a_secret_on_the_command_line_is_refused(target: str) -> None:
    """Make stops before it begins anything, because a command line is visible in the list of processes."""
    variable = "VERIFY_TOKEN" if target == "verify" else "TIKTOK_ACCESS_TOKEN"
    command = ["make", "-n", target, f"{variable}=x"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert f"{variable} is a secret: export it" in done.stderr


def test_a_bearer_prefix_is_ignored() -> None:
    """A copied header value works like the token alone; the repr does not show it."""
    token = jwt(team_id="northlight")
    bearer = Bearer.of("VERIFY_TOKEN", f" Bearer {token}\n")
    assert bearer.header() == {"Authorization": f"Bearer {token}"}
    assert bearer.team_id == "northlight"
    assert token not in repr(bearer)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('{"message": "answered", "status": 200}', []),
        ('{"why": "not a bearer token"}', []),
        ('{"message": "token_invalid", "secret_id": "wevion/tiktok/connections/a/b"}', []),
        ('{"fields": ["access_token", "advertiser_ids"]}', []),
        ('{"access_token": null, "message": "Access token is incorrect or has been revoked."}', []),
        (f'{{"header": "{jwt()}"}}', ["a JWT"]),
        ('{"Authorization": "Bearer 0123456789abcdef0123"}', ["a bearer token"]),
        ('{"access_token": "act.0123456789"}', ["an access token"]),
        (r'{"event": "{\"Access-Token\": \"0123456789\"}"}', ["an access token"]),
        ("GET /callback?auth_code=0123456789abcdef&state=x", ["an authorization code"]),
        ('{"app_id": "7", "secret": "0123456789"}', ["an app secret"]),
        ("GET /oauth2/advertiser/get/?app_id=7&secret=0123456789", ["an app secret"]),
        (f"GET /callback?state={STATE}&x=1", ["a state"]),
        (f'{{"url": "https://x.example/auth?state%3D{STATE}"}}', ["a state"]),
        (f"the state {STATE}.", ["a state"]),
        (f'{{"body": "{{\\"handle\\": \\"{HANDLE}\\"}}"}}', ["a handle"]),
        (f"?tiktok=confirm&handle={HANDLE}", ["a handle"]),
        (f'{{"handle": "{HANDLE[:30]}', ["a handle"]),
        ('{"errors": [{"field": "handle", "message": "is unknown, used or has expired"}]}', []),
        (f"oauth {HEX_40}", ["an access token or app secret"]),
        (f'{{"why": "x", "value": "{HEX_40}"}}', ["an access token or app secret"]),
        (r'{"body": "{\"auth_code\": \"0123456789abcdef\"}"}', ["an authorization code"]),
        ('{"Access-Token":"0123456789"}', ["an access token"]),
        ("https://app.example/?tiktok=error&code=connect_not_set_up", []),
        ('{"code": "invalid_request", "request_id": "550a2429-7890-4bc3-adbd-07eef3478639"}', []),
        (f'{{"digest": "{HEX_40}{HEX_40[:24]}", "attempt": "{HEX_40[:32]}"}}', []),
        ('{"xray_trace_id": "1-5759e988-bd862e3fe1be46a994272793"}', []),
        ('{"request_id": "202611221700000101890740351A2B3C4D"}', []),
        (f"REPORT RequestId: 550a2429 Runtime Version ARN: arn:aws:lambda:x::runtime:{HEX_40}{HEX_40[:24]}", []),
        ("File /opt/python/publishing/connections/list_connections.py in advertisers_of_a_connection", []),
        ("of-this-run", ["the bearer token of this verification"]),
    ],
)
def test_shapes_of_secrets(line: str, found: list[str]) -> None:
    """Each kind of secret is found in a log line, and codes and names of ours are none."""
    assert secrets_in(line, ["of-this-run"]) == found


def iam_of(change: Callable[[str, dict[str, Any]], None], **attached: list[str]) -> Callable[[str], Any]:
    """Return IAM with the template's roles, each changed by its name and policies; `attached` are further ones.

    "trust" among the policies says who may assume the role.
    """
    roles: dict[str, dict[str, Any]] = {}
    for name, one in RESOURCES.items():
        if one["Type"] == "AWS::IAM::Role":
            written = json.loads(
                json.dumps(as_deployed(stage(), one["Properties"]), ensure_ascii=False).replace(UNKNOWN, "x")
            )
            roles[name] = {policy["PolicyName"]: policy["PolicyDocument"] for policy in written.get("Policies", [])}
            roles[name]["trust"] = written["AssumeRolePolicyDocument"]
            change(name, roles[name])
            roles[name]["attached"] = [*written.get("ManagedPolicyArns", []), *attached.get(name, [])]

    def named(role: str) -> list[str]:
        return [one for one in roles[role] if one not in {"trust", "attached"}]

    iam = SimpleNamespace(
        list_role_policies=lambda RoleName: {"PolicyNames": named(RoleName)},  # noqa: N803 - boto3's names
        get_role_policy=lambda RoleName, PolicyName: {"PolicyDocument": roles[RoleName][PolicyName]},  # noqa: N803
        get_role=lambda RoleName: {"Role": {"AssumeRolePolicyDocument": roles[RoleName]["trust"]}},  # noqa: N803
        list_attached_role_policies=lambda RoleName: {  # noqa: N803
            "AttachedPolicies": [{"PolicyArn": one} for one in roles[RoleName]["attached"]]
        },
    )
    return lambda _service: iam


def test_roles_as_in_the_template() -> None:
    """Roles that are as deployed have no fault."""
    assert permissions(stage(iam_of(lambda *_: None))).faults == []


def test_changed_roles_are_named() -> None:
    """A further action, a further policy, an attached policy and a policy that was deleted have a fault each."""

    def change(name: str, policies: dict[str, Any]) -> None:
        if name == "AuthorizerRole":
            policies["function"]["Statement"].append({"Effect": "Allow", "Action": "*", "Resource": "*"})
        if name == "PublishCheckRole":
            policies["by-hand"] = {"Statement": []}
        if name == "ListIdentitiesRole":
            policies["function"]["Statement"].clear()

    faults = permissions(stage(iam_of(change, ReadinessRole=["AdministratorAccess"]))).faults
    assert "AuthorizerRole has more than the template: * on *" in faults
    assert "PublishCheckRole has a policy of its own: by-hand" in faults
    assert "ReadinessRole has more than the template: AdministratorAccess" in faults
    (lacking,) = [one for one in faults if one.startswith("ListIdentitiesRole lacks ")]
    assert "dynamodb:Query on arn:…:dynamodb:…:…:table/Table" in lacking
    assert len(faults) == 4


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ({"Resource": "*"}, "dynamodb:UpdateItem on * if "),
        ({"Resource": "arn:x:dynamodb:x:x:table/*"}, "dynamodb:UpdateItem on arn:x:dynamodb:x:x:table/* if "),
        ({"Resource": "arn:x:dynamodb:x:x:table/Other"}, "dynamodb:UpdateItem on arn:x:dynamodb:x:x:table/Other if "),
        ({"Resource": None, "NotResource": "arn:x"}, "dynamodb:UpdateItem on all but arn:x if "),
        ({"Action": None, "NotAction": ["dynamodb:Query"]}, "all but dynamodb:Query on "),
        ({"Condition": {}}, "dynamodb:UpdateItem on arn:x:dynamodb:x:x:table/Table"),
        (
            {"Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*"]}}},
            "dynamodb:UpdateItem on arn:x:dynamodb:x:x:table/Table if dynamodb:LeadingKeys ForAllValues:StringLike *",
        ),
        ({"Effect": "Deny"}, "Deny dynamodb:UpdateItem on "),
    ],
)
def test_a_widened_grant_is_named(change: Mapping[str, Any], more: str) -> None:
    """The same action on another resource, on all but one, with another leading key or without: each is two faults."""

    def widen(name: str, policies: dict[str, Any]) -> None:
        if name == "PublishCheckRole":
            (one,) = [each for each in policies["function"]["Statement"] if each["Action"] == ["dynamodb:UpdateItem"]]
            one |= change
            for gone in [key for key, value in one.items() if value is None]:
                del one[gone]

    lacks, has = permissions(stage(iam_of(widen))).faults
    assert lacks.startswith("PublishCheckRole lacks dynamodb:UpdateItem on arn:…:dynamodb:…:…:table/Table if ")
    assert has.startswith(f"PublishCheckRole has more than the template: {more}")


def test_another_trusted_service_is_named() -> None:
    """Who may assume a role is compared, too."""

    def trust(name: str, policies: dict[str, Any]) -> None:
        if name == "ReadinessRole":
            policies["trust"]["Statement"][0]["Principal"] = {"Service": "lambda.amazonaws.com", "AWS": "*"}

    faults = permissions(stage(iam_of(trust))).faults
    assert faults == ["ReadinessRole has more than the template: sts:AssumeRole by AWS *"]


def test_a_grant_has_its_conditions() -> None:
    """The same action under two conditions, and its denial, are three grants."""
    on = {"Action": "a:B", "Resource": ["r"]}
    statements = [
        {"Effect": "Allow", **on, "Condition": {"StringLike": {"k": ["x", "y"]}}},
        {"Effect": "Allow", **on},
        {"Effect": "Deny", **on},
    ]
    assert grants({"Statement": statements}) == {"a:B on r if k StringLike x or y", "a:B on r", "Deny a:B on r"}


def test_the_template_with_a_stages_values() -> None:
    """Parameters, pseudo parameters, names, ARNs and conditions are filled in; what is unknown is no wildcard."""
    one = stage()
    one.stack_id = "arn:aws-cn:cloudformation:cn-north-1:123456789012:stack/a-stack/0"
    one.resources = {**one.resources, "ReadinessQueue": "https://sqs.cn-north-1.example/123456789012/jobs"}
    filled = as_deployed(
        one,
        {
            "queue": {"Fn::GetAtt": "ReadinessQueue.Arn"},
            "name": {"Fn::GetAtt": "ReadinessQueue.QueueName"},
            "index": {"Fn::Sub": "${Table.Arn}/index/due"},
            "alias": {"Ref": "ReadinessSweepFunction.Alias"},
            "stack": {"Ref": "AWS::StackName"},
            "default": {"Ref": "SecretPrefix"},
            "topic": {"Fn::If": ["HasAlarmTopic", ["yes"], {"Ref": "AWS::NoValue"}]},
            "budget": {"Fn::If": ["HasBudget", ["yes"], {"Ref": "AWS::NoValue"}]},
            "unknown": {"Fn::GetAtt": "Dashboard.Arn"},
        },
    )
    assert filled == {
        "queue": "arn:aws-cn:sqs:cn-north-1:123456789012:jobs",
        "name": "jobs",
        "index": "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/Table/index/due",
        "alias": "arn:aws-cn:lambda:cn-north-1:123456789012:function:ReadinessSweepFunction:live",
        "stack": "a-stack",
        "default": "wevion/tiktok",
        "topic": ["yes"],
        "unknown": "…",
    }
    assert fits("arn:…:table/a", "arn:aws:table/a")
    assert not any(fits("arn:…:table/a", text) for text in ("arn:*:table/a", "arn:a:table/ab", "*", "arn:a b:table/a"))


def alarms_of(**changes: Mapping[str, Any] | None) -> Callable[[str], Any]:
    """Return CloudWatch with the template's alarms, changed by their names; None: it does not exist."""

    def describe_alarms(AlarmNames: list[str]) -> Any:  # noqa: N803 - boto3's name
        rows = [
            {
                **as_deployed(stage(), RESOURCES[name]["Properties"]),
                "AlarmName": name,
                "StateValue": "OK",
                "ActionsEnabled": True,
                **(changes.get(name) or {}),
            }
            for name in AlarmNames
        ]
        return {"MetricAlarms": [one for one in rows if changes.get(str(one["AlarmName"]), {}) is not None]}

    return lambda _service: SimpleNamespace(describe_alarms=describe_alarms)


def test_alarms_that_notify_nobody_are_named() -> None:
    """A deleted alarm, one that is switched off and one that is not deployed are faults; one in ALARM is a note."""
    client = alarms_of(
        ChecksWaitAlarm=None, ApiSlowAlarm={"ActionsEnabled": False}, SweepErrorsAlarm={"StateValue": "ALARM"}
    )
    one = stage(client)
    one.resources = {name: name for name in RESOURCES if name != "DeadLettersAlarm"}
    outcome = alarms(one)
    assert [fault.split(" ")[:3] for fault in outcome.faults] == [
        ["DeadLettersAlarm", "is", "not"],
        ["ChecksWaitAlarm", "was", "deleted:"],
        ["ApiSlowAlarm", "is", "switched"],
    ]
    assert outcome.skipped == ["SweepErrorsAlarm is in ALARM: see docs/operations.md"]


TOPIC = "arn:aws:sns:eu-central-1:1:alarms"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"Threshold": 1_000_000.0}, "Threshold is 1000000, in the template 0.05"),
        ({"Threshold": 0.0}, "Threshold is 0, in the template 0.05"),
        ({"Statistic": "Minimum"}, "ExtendedStatistic is Minimum, in the template Average"),
        ({"ExtendedStatistic": "p10"}, "ExtendedStatistic is p10, in the template Average"),
        ({"Metrics": [{"Id": "m"}]}, "Metrics is {'Id': 'm'}, in the template absent"),
        ({"MetricName": "4XXError"}, "MetricName is 4XXError, in the template 5XXError"),
        ({"Namespace": "AWS/Lambda"}, "Namespace is AWS/Lambda, in the template AWS/ApiGateway"),
        (
            {"Dimensions": [{"Name": "ApiName", "Value": "other"}, {"Name": "Stage", "Value": "live"}]},
            "Dimensions is ApiName=other and Stage=live, in the template ApiName=a-stack and Stage=live",
        ),
        ({"Period": 86400}, "Period is 86400, in the template 300"),
        ({"EvaluationPeriods": 5}, "EvaluationPeriods is 5, in the template 3"),
        ({"DatapointsToAlarm": None}, "DatapointsToAlarm is 3, in the template 2"),
        (
            {"ComparisonOperator": "LessThanThreshold"},
            "ComparisonOperator is LessThanThreshold, in the template GreaterThanThreshold",
        ),
        ({"TreatMissingData": None}, "TreatMissingData is missing, in the template notBreaching"),
        ({"Unit": "Seconds"}, "Unit is Seconds, in the template absent"),
        ({"AlarmActions": []}, f"AlarmActions is nobody, in the template {TOPIC}"),
        ({"OKActions": [f"{TOPIC}-2"]}, f"OKActions is {TOPIC}-2, in the template {TOPIC}"),
        ({"InsufficientDataActions": [TOPIC]}, f"InsufficientDataActions is {TOPIC}, in the template nobody"),
    ],
)
def test_a_changed_alarm_is_named(change: Mapping[str, Any], fault: str) -> None:
    """Whatever decides when an alarm starts and whom it tells is compared with the template."""
    assert alarms(stage(alarms_of(ApiErrorsAlarm=change))).faults == [f"ApiErrorsAlarm: {fault}"]


def test_alarms_as_in_the_template() -> None:
    """Alarms that are as deployed have no fault, with a topic and without one, in whatever order dimensions come."""
    dimensions = [{"Name": "Stage", "Value": "live"}, {"Name": "ApiName", "Value": "a-stack"}]
    assert alarms(stage(alarms_of(ApiErrorsAlarm={"Dimensions": dimensions, "Threshold": 0.05}))).faults == []
    without = stage(alarms_of())
    without.parameters = {"AlarmTopicArn": ""}
    assert {one.partition(": ")[2] for one in alarms(without).faults} == {
        f"{name} is {TOPIC}, in the template nobody" for name in ("AlarmActions", "OKActions")
    }


def test_what_is_switched_off_is_named() -> None:
    """A disabled worker, a disabled schedule and a rule that is not deployed have a fault each; dead letters a note."""

    def mapping(UUID: str) -> Any:  # noqa: N803 - boto3's name
        return {"State": "Disabled" if UUID.startswith("RefreshConnectionsFunction") else "Enabled"}

    client = SimpleNamespace(
        get_event_source_mapping=mapping,
        get_schedule=lambda **_: {"State": "DISABLED"},
        describe_rule=lambda **_: {"State": "ENABLED"},
        get_queue_attributes=lambda **_: {"Attributes": {"ApproximateNumberOfMessages": "3"}},
    )
    one = stage(lambda _service: client)
    kinds = {
        f"{name}{event}": each["Type"]
        for name, function in FUNCTIONS.items()
        for event, each in function["Properties"].get("Events", {}).items()
    }
    one.resources = {name: name for name in kinds if name != "ReadinessRequestFunctionCampaigns"}
    outcome = background(one)
    expected = [name for name in kinds if name.startswith("RefreshConnectionsFunction")]
    expected += [name for name, kind in kinds.items() if kind == "ScheduleV2"]
    expected += ["ReadinessRequestFunctionCampaigns"]
    assert sorted(fault.partition(" ")[0] for fault in outcome.faults) == sorted(expected)
    assert outcome.skipped == ["3 dead letters: see docs/operations.md#dead-letters"]


def test_logs_that_are_too_long_are_noted() -> None:
    """If a log group has more pages than are read, it is said; what was read is searched."""
    line = {"timestamp": 1_700_000_000_000, "message": f"{{'t': '{jwt()}'}}"}
    paginator = SimpleNamespace(paginate=lambda **_: [{"events": [line]}] * 30)
    outcome = logs(stage(lambda _service: SimpleNamespace(get_paginator=lambda _name: paginator)))
    assert "AuthorizerLogGroup has more lines than were searched" in outcome.skipped
    assert any(one.startswith("AuthorizerLogGroup: ") and "2023-11-14T22:13:20Z" in one for one in outcome.faults)


def test_no_time_is_left() -> None:
    """After the ten minutes the other checks are faults, and are not begun."""
    outcomes = verify(stage(deadline=Deadline.after(0)), Console(quiet=True))
    assert {one.faults[0] for one in outcomes.values() if one.faults} == {"not begun: the time is over"}


def test_a_log_that_never_fills_is_given_up() -> None:
    """Waiting for a line ends with the time of the verification."""
    now = iter([0.0, 0.0, 0.0, *[60.0] * 20])
    paginator = SimpleNamespace(paginate=lambda **_: [])
    client = SimpleNamespace(get_paginator=lambda _name: paginator)
    one = stage(lambda _service: client, Deadline(60.0, lambda: next(now)))
    with pytest.raises(TimeUpError):
        logs(one)


class NoRights:
    """A client that may nothing, or has no credentials."""

    def __init__(self, service: str) -> None:
        self.service = service

    def __getattr__(self, operation: str) -> Callable[..., None]:
        def refuse(*_: Any, **__: Any) -> None:
            if self.service == "cloudwatch":
                raise NoCredentialsError
            error = {"Error": {"Code": "AccessDenied", "Message": f"not allowed to perform {operation}"}}
            raise ClientError(error, operation)  # type: ignore[arg-type]  # the rest is not read

        return refuse


def test_what_cannot_be_looked_at_is_a_fault() -> None:
    """No response, no right and no credentials are faults of their checks; the others still run."""
    outcomes = verify(stage(NoRights), Console(quiet=True))
    assert outcomes["caller"].faults == ["no response from http://127.0.0.1:1: ConnectionError"]
    assert outcomes["permissions"].faults == ["list_role_policies failed: not allowed to perform list_role_policies"]
    assert outcomes["alarms"].faults == ["AWS cannot be asked: Unable to locate credentials"]
    assert list(outcomes) == list(CHECKS)


def test_the_table_has_faults_and_notes() -> None:
    """Each fault has a line, a check without result is skipped, and the last line says where to read on."""
    printed = StringIO()
    outcomes = {
        "a": Outcome("seen"),
        "b": Outcome(faults=["one", "two"], skipped=["three"]),
        "c": Outcome(skipped=["four"]),
    }
    assert not print_table(stage(), outcomes, Console(stream=printed))
    lines = [line.split() for line in printed.getvalue().splitlines() if line]
    assert lines[1:6] == [
        ["a", "ok", "seen"],
        ["b", "failed", "one"],
        ["failed", "two"],
        ["note", "three"],
        ["c", "skipped", "four"],
    ]
    assert lines[-1][-1] == "docs/operations.md#when-make-verify-fails"
    assert print_table(stage(), {"a": Outcome("seen")}, Console(quiet=True))
