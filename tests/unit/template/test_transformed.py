"""The template as CloudFormation receives it: what calls which version, gradual deployments, and unknown paths."""

import json
import re
from functools import cache
from typing import Any

import pytest

from local.paths import ROOT
from local.sam_template import FUNCTIONS, RESOURCES, TEMPLATE
from local.tool_programs import ask_tool
from publishing.http.problems import CONTENT_TYPE, Problem

COMMIT, NEXT_COMMIT = "0123456789abcdef0123456789abcdef01234567", "f" * 40
GRADUAL = [one for one in TEMPLATE["Parameters"]["Deployments"]["AllowedValues"] if one != "AllAtOnce"]
ANY_METHOD = "x-amazon-apigateway-any-method"
CALLBACK = "/api/v1/tiktok/connections/callback"


@cache
def transformed(**parameters: str) -> dict[str, dict[str, Any]]:
    """Return the resources with these values of parameters; the code is where `sam deploy` would have uploaded it."""
    template = re.sub(r"(CodeUri|ContentUri): ([\w/]+)", r"\1: s3://bucket/\2", (ROOT / "template.yaml").read_text())
    required = {"JwksUrl": "https://x.example", "TokenIssuer": "issuer", "TokenAudience": "audience"}
    asked = {"template": template, "parameters": {**required, **parameters}, "region": "eu-central-1"}
    resources: dict[str, dict[str, Any]] = ask_tool("transformed_template.py", asked)
    return resources


def of_type(kind: str, **parameters: str) -> dict[str, dict[str, Any]]:
    return {name: one for name, one in transformed(**parameters).items() if one["Type"] == kind}


def body() -> dict[str, Any]:
    """Return the API as OpenAPI."""
    (api,) = of_type("AWS::ApiGateway::RestApi").values()
    found: dict[str, Any] = api["Properties"]["Body"]
    return found


# Versions.


def test_everything_calls_the_alias() -> None:
    """Routes, authorizer, rules, schedule, queues and permissions name the alias, never the unpublished function."""
    used: dict[str, list[str]] = {}
    for name, one in transformed().items():
        properties = one.get("Properties", {})
        match one["Type"]:
            case "AWS::Lambda::Permission" | "AWS::Lambda::EventSourceMapping":
                used[name] = [json.dumps(properties["FunctionName"])]
            case "AWS::Events::Rule":
                used[name] = [json.dumps(target["Arn"]) for target in properties["Targets"]]
            case "AWS::Scheduler::Schedule":
                used[name] = [json.dumps(properties["Target"]["Arn"])]
            case "AWS::Lambda::EventInvokeConfig":
                assert properties["Qualifier"] == "live"
    used["routes"] = re.findall(r"functions/\$\{(\w+)\}/invocations", json.dumps(body()["paths"]))
    used["authorizer"] = [json.dumps(body()["components"]["securitySchemes"])]
    invoke = transformed()["ReadinessScheduleRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
    assert invoke["Action"] == ["lambda:InvokeFunction"]
    used["schedule's role"] = [json.dumps(invoke["Resource"])]
    assert len(used["routes"]) == sum(len(of) for of in body()["paths"].values()) - len(body()["paths"]) - 1
    assert [
        name for name, texts in used.items() if not all(re.search(r"FunctionAliaslive\b", one) for one in texts)
    ] == []
    called = {found for texts in used.values() for one in texts for found in re.findall(r"(\w+)Aliaslive", one)}
    assert called - {"__FunctionArn__"} == set(FUNCTIONS)


def test_a_release_is_a_new_version_of_every_function() -> None:
    """Otherwise the alias would keep the version with the parameters of an earlier release.

    SAM's own trigger does not see that a parameter has another value, which is why there is Release.
    """
    first, again = of_type("AWS::Lambda::Version", Release=COMMIT), of_type("AWS::Lambda::Version", Release=COMMIT)
    changed = of_type("AWS::Lambda::Version", Release=NEXT_COMMIT)
    assert len(first) == len(changed) == len(FUNCTIONS)
    assert set(first) == set(again)
    assert not set(first) & set(changed)
    for resources, commit in ((first, COMMIT), (changed, NEXT_COMMIT)):
        functions = of_type("AWS::Lambda::Function", Release=commit)
        assert {one["Properties"]["Description"].rpartition(" ")[2] for one in functions.values()} == {commit}
        assert {one["DeletionPolicy"] for one in resources.values()} == {"Delete"}


@pytest.mark.parametrize("name", ["", COMMIT, COMMIT[:12]])
def test_a_release_is_a_commit(name: str) -> None:
    """Anything else would not be a valid part of the version's logical id."""
    assert re.fullmatch(TEMPLATE["Parameters"]["Release"]["AllowedPattern"], name)
    assert not re.fullmatch(TEMPLATE["Parameters"]["Release"]["AllowedPattern"], f"{name}-dirty")


# Gradual deployments.


@pytest.mark.parametrize("kind", GRADUAL)
def test_a_gradual_deployment_is_moved_back_by_alarms(kind: str) -> None:
    """CodeDeploy moves every function's alias, and back if an alarm starts, the deployment fails or is stopped."""
    groups = of_type("AWS::CodeDeploy::DeploymentGroup", Deployments=kind)
    assert set(groups) == {f"{name}DeploymentGroup" for name in FUNCTIONS}
    alarms = {name for name, one in RESOURCES.items() if one["Type"] == "AWS::CloudWatch::Alarm"}
    for one in groups.values():
        properties = one["Properties"]
        assert properties["DeploymentConfigName"] == {
            "Fn::Sub": ["CodeDeployDefault.Lambda${ConfigName}", {"ConfigName": kind}]
        }
        assert properties["ServiceRoleArn"] == {"Fn::GetAtt": ["DeploymentRole", "Arn"]}
        watched = {alarm["Name"]["Ref"] for alarm in properties["AlarmConfiguration"]["Alarms"]}
        assert watched == {"ApiErrorsAlarm", "WorkerErrorsAlarm", "SweepErrorsAlarm", "RequestErrorsAlarm"} <= alarms
        assert "DEPLOYMENT_STOP_ON_ALARM" in properties["AutoRollbackConfiguration"]["Events"]
    for name, one in of_type("AWS::Lambda::Alias", Deployments=kind).items():
        moved_by = one["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        assert moved_by["DeploymentGroupName"] == {"Ref": name.replace("Aliaslive", "DeploymentGroup")}


def test_all_at_once_needs_no_codedeploy() -> None:
    """The default moves the aliases with the stack, and each value of the parameter is in the mapping."""
    assert [one["Type"] for one in transformed().values() if "CodeDeploy" in one["Type"]] == []
    assert not any("UpdatePolicy" in one for one in of_type("AWS::Lambda::Alias").values())
    deployments = TEMPLATE["Parameters"]["Deployments"]
    assert {name: one["Gradual"] for name, one in TEMPLATE["Mappings"]["Deployments"].items()} == {
        name: name != deployments["Default"] for name in deployments["AllowedValues"]
    }


# Paths.


def test_every_route_but_two_needs_a_bearer_token() -> None:
    """TikTok's redirect and unknown paths need none, nor do preflights, which browsers send without one."""
    unsecured = {
        (path, method)
        for path, operations in body()["paths"].items()
        for method, operation in operations.items()
        if operation.get("security") != [{"BearerAuthorizer": []}] and method != "options"
    }
    assert unsecured == {(CALLBACK, "get"), ("/{proxy+}", ANY_METHOD)}


def test_unknown_paths_and_methods_are_our_404() -> None:
    """API Gateway itself answers them, with CORS, whatever the Authorization header and the media type are."""
    operation = body()["paths"]["/{proxy+}"][ANY_METHOD]
    integration = operation["x-amazon-apigateway-integration"]
    assert (integration["type"], integration["passthroughBehavior"]) == ("mock", "never")
    assert integration["requestTemplates"] == {"application/json": '{"statusCode": 404}'}
    assert set(integration["responses"]) == {"default"}
    response = integration["responses"]["default"]
    assert response["statusCode"] == "404"
    assert json.loads(response["responseTemplates"]["application/json"]) == Problem("not_found").body(
        "$context.requestId"
    )
    headers = {
        "Content-Type": f"'{CONTENT_TYPE}'",
        "Cache-Control": "'no-store'",
        "Access-Control-Allow-Origin": {"Fn::Sub": "'${AllowedOrigins}'"},
    }
    assert response["responseParameters"] == {f"method.response.header.{name}": one for name, one in headers.items()}
    assert set(operation["responses"]["404"]["headers"]) == set(headers)
    assert "options" in body()["paths"]["/{proxy+}"]


def test_a_changed_parameter_of_the_api_is_deployed() -> None:
    """A stage serves a snapshot: without a new one, a changed AllowedOrigins never takes effect."""
    assert RESOURCES["Api"]["Properties"]["AlwaysDeploy"] is True


# Limits, traces, costs and recovery.


def test_the_callback_has_a_throttle_of_its_own() -> None:
    """It is the one route that runs a function for anybody; metrics of single methods are off."""
    (stage,) = of_type("AWS::ApiGateway::Stage").values()
    every, callback = stage["Properties"]["MethodSettings"]
    assert (every["ResourcePath"], every["HttpMethod"]) == ("/*", "*")
    # CloudFormation encodes each slash of a path, except the first, as ~1.
    assert (callback["ResourcePath"], callback["HttpMethod"]) == (f"/{CALLBACK.replace('/', '~1')}", "GET")
    assert callback["ThrottlingRateLimit"] < TEMPLATE["Parameters"]["ThrottleRate"]["Default"]
    assert callback["ThrottlingBurstLimit"] < TEMPLATE["Parameters"]["ThrottleBurst"]["Default"]
    assert [one["MetricsEnabled"] for one in (every, callback)] == [False, False]


def test_a_missed_sweep_is_retried_for_an_hour() -> None:
    """Then it is a dead letter; Scheduler's default is to retry for a day and to forget."""
    (schedule,) = of_type("AWS::Scheduler::Schedule").values()
    target = schedule["Properties"]["Target"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["ReadinessDeadLetterQueue", "Arn"]}}
    assert target["RoleArn"] == {"Fn::GetAtt": ["ReadinessScheduleRole", "Arn"]}
    role = RESOURCES["ReadinessScheduleRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert [one["Action"] for one in role] == [["lambda:InvokeFunction"], ["sqs:SendMessage"]]


def test_traces_and_budget_are_off_until_a_parameter_says_otherwise() -> None:
    """The emulator has neither, and both cost money or need a topic."""
    conditions = {name: one.get("Condition") for name, one in RESOURCES.items()}
    assert (conditions["TracingPolicy"], conditions["Budget"]) == ("Traces", "HasBudget")
    assert TEMPLATE["Parameters"]["Tracing"]["Default"] == "PassThrough"
    assert TEMPLATE["Parameters"]["MonthlyBudget"]["Default"] == 0
    for one in of_type("AWS::Lambda::Function").values():
        assert one["Properties"]["TracingConfig"] == {"Mode": {"Ref": "Tracing"}}
    (stage,) = of_type("AWS::ApiGateway::Stage").values()
    assert stage["Properties"]["TracingEnabled"] == {"Fn::If": ["Traces", True, False]}


def test_the_table_survives_even_a_failed_first_deployment() -> None:
    """Its deletion would be refused, so that the stack could not roll back; the names of both are not in the way.

    The app's secret has a fixed name and is deleted then, because it would be in the way.
    """
    table, secret = RESOURCES["Table"], RESOURCES["TikTokAppSecret"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert "TableName" not in table["Properties"]
    assert (secret["DeletionPolicy"], secret["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert TEMPLATE["Parameters"]["DeletionProtection"]["Default"] == "true"


def test_functions_run_on_pythons_with_the_c_library_of_the_wheels() -> None:
    """Lambda's Python 3.11 is on Amazon Linux 2, whose glibc is older than the one that the wheels need."""
    offered = TEMPLATE["Parameters"]["PythonRuntime"]["AllowedValues"]
    assert offered == ["python3.13", "python3.14"]
    folders = {path.name.partition("-")[0] for path in (ROOT / "makefiles").iterdir() if path.is_dir()}
    assert folders == set(offered)
