"""The template keeps the contract: parameters, outputs, roles, logs, and the API's own answers."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from publishing.problems import CONTENT_TYPE, PROBLEMS, Problem
from publishing.settings import Settings
from tests.template import load_template
from tiktok_business.transport import PRODUCTION_BASE_URL

TEMPLATE = load_template()
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
FUNCTIONS = {name: one for name, one in RESOURCES.items() if one["Type"] == "AWS::Serverless::Function"}

# Parameter and default; the readiness parameters come with the readiness sweep.
PARAMETERS = {
    "TikTokApiBaseUrl": PRODUCTION_BASE_URL,
    "JwksUrl": None,
    "TokenIssuer": None,
    "TokenAudience": None,
    "SecretPrefix": "wevion/tiktok",
    "AuthorizerCacheSeconds": 60,
    "AllowedOrigins": "*",
    "AcceptedIdentityTypes": "TT_USER,CUSTOMIZED_USER",
    "LogLevel": "INFO",
}
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
READER = LOGS | {"dynamodb:Query", "dynamodb:UpdateItem", "secretsmanager:GetSecretValue"}
ACTIONS = {
    "AuthorizerFunction": LOGS | {"dynamodb:Query"},
    "CheckIdentityFunction": READER,
    "ListIdentitiesFunction": READER,
    "CreateIdentityFunction": READER | {"dynamodb:PutItem", "dynamodb:DeleteItem"},
    "PublishCheckFunction": READER,
    "PublishCheckRulesFunction": LOGS,
}
"""What each function may do: a query for the team; the mark; secrets; intents begun, ended and forgotten; its log."""
ROUTES = {
    "get /api/v1/tiktok/identities/check": "functions/check_identity",
    "get /api/v1/tiktok/identities": "functions/list_identities",
    "post /api/v1/tiktok/identities": "functions/create_identity",
    "get /api/v1/tiktok/publish-check": "functions/publish_check",
    "get /api/v1/tiktok/publish-check/rules": "functions/publish_check_rules",
}
GATEWAY_RESPONSES = {
    "UNAUTHORIZED": "unauthorized",
    "MISSING_AUTHENTICATION_TOKEN": "not_found",
    "RESOURCE_NOT_FOUND": "not_found",
    "THROTTLED": "too_many_requests",
    "QUOTA_EXCEEDED": "too_many_requests",
    "DEFAULT_4XX": "invalid_request",
    "DEFAULT_5XX": "internal_error",
}


def named(reference: dict[str, Any]) -> dict[str, Any]:
    """The resource that a ``!Ref`` or ``!GetAtt x.Arn`` names."""
    (name,) = reference.values()
    return RESOURCES[name.removesuffix(".Arn")]


def statements(function: str) -> list[dict[str, Any]]:
    role = named(FUNCTIONS[function]["Properties"]["Role"])["Properties"]
    return [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_the_contracts(name: str) -> None:
    """Each with its default; those without one have to be given."""
    assert TEMPLATE["Parameters"][name].get("Default") == PARAMETERS[name]


@pytest.mark.parametrize("name", ["ApiBaseUrl", "TableName"])
def test_outputs_are_the_contracts(name: str) -> None:
    """Other services and the wizard read them."""
    assert TEMPLATE["Outputs"][name]["Value"]


def test_the_base_url_comes_before_the_paths() -> None:
    """Without a slash at its end, with the stage."""
    assert TEMPLATE["Outputs"]["ApiBaseUrl"]["Value"]["Fn::Sub"].endswith("/live")
    assert RESOURCES["Api"]["Properties"]["StageName"] == "live"


def test_every_function_has_its_folder() -> None:
    """And every folder its function."""
    folders = {one.parent.name for one in (Path(__file__).parents[2] / "functions").glob("*/app.py")}
    assert {one["Properties"]["CodeUri"] for one in FUNCTIONS.values()} == {f"functions/{one}" for one in folders}


def test_routes_lead_to_their_functions() -> None:
    """All behind the authorizer, which is the API's default."""
    routes = {
        f"{event['Properties']['Method']} {event['Properties']['Path']}": one["Properties"]["CodeUri"]
        for one in FUNCTIONS.values()
        for event in one["Properties"].get("Events", {}).values()
        if event["Type"] == "Api"
    }
    assert ROUTES.items() <= routes.items()
    auth = RESOURCES["Api"]["Properties"]["Auth"]
    authorizer = auth["Authorizers"][auth["DefaultAuthorizer"]]
    assert authorizer["FunctionPayloadType"] == "REQUEST"
    assert authorizer["Identity"] == {
        "Headers": ["Authorization"],
        "ReauthorizeEvery": {"Ref": "AuthorizerCacheSeconds"},
    }
    assert not [event for one in FUNCTIONS.values() for event in one["Properties"].get("Events", {}).values()
                if "Auth" in event["Properties"]]  # fmt: skip


def test_each_function_has_a_role_of_its_own() -> None:
    """None is shared, and only Lambda may take it."""
    roles = [json.dumps(one["Properties"]["Role"]) for one in FUNCTIONS.values()]
    assert len(set(roles)) == len(FUNCTIONS)
    for one in FUNCTIONS.values():
        role = named(one["Properties"]["Role"])["Properties"]
        assert "ManagedPolicyArns" not in role
        assert role["AssumeRolePolicyDocument"]["Statement"] == [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ]


@pytest.mark.parametrize("function", ACTIONS)
def test_a_role_grants_exactly_what_its_function_calls(function: str) -> None:
    """Every action by its name."""
    granted = [action for one in statements(function) for action in one["Action"]]
    assert set(granted) == ACTIONS[function]
    assert not [action for action in granted if "*" in action]


@pytest.mark.parametrize("function", ACTIONS)
def test_a_role_reaches_its_own_log_the_table_and_the_connections_alone(function: str) -> None:
    """By exact ARNs; of the secrets those of connections, not the app's."""
    log = FUNCTIONS[function]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
    for one in statements(function):
        (service,) = {action.partition(":")[0] for action in one["Action"]}
        if service == "logs":
            assert one["Resource"] == {"Fn::GetAtt": f"{log}.Arn"}
        elif service == "dynamodb":
            assert one["Resource"] == {"Fn::GetAtt": "Table.Arn"}
        else:
            assert one["Resource"]["Fn::Sub"].endswith(":secret:${SecretPrefix}/connections/*")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_has_a_log_that_ends(function: str) -> None:
    """A group of its own with a retention."""
    group = named(FUNCTIONS[function]["Properties"]["LoggingConfig"]["LogGroup"])
    assert group["Type"] == "AWS::Logs::LogGroup"
    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_no_function_is_left_out_of_the_tables() -> None:
    """A new function of the API needs its row here."""
    assert set(ACTIONS) <= set(FUNCTIONS)
    api = {one for one in FUNCTIONS if FUNCTIONS[one]["Properties"]["CodeUri"] in ROUTES.values()}
    assert api | {"AuthorizerFunction"} == set(ACTIONS)


def gateway_response(kind: str) -> dict[str, Any]:
    response: dict[str, Any] = RESOURCES["Api"]["Properties"]["GatewayResponses"][kind]
    return response


@pytest.mark.parametrize("kind", GATEWAY_RESPONSES)
def test_api_gateway_answers_in_our_words(kind: str) -> None:
    """Status and body are those of the problem table."""
    response, code = gateway_response(kind), GATEWAY_RESPONSES[kind]
    assert response["StatusCode"] == PROBLEMS[code].status
    body = json.loads(response["ResponseTemplates"]["application/json"])
    assert body == Problem(code).body("$context.requestId")


@pytest.mark.parametrize("code", ["not_a_member", "subscription_required"])
def test_a_denial_is_told_in_the_authorizers_words(code: str) -> None:
    """The template fills in what the authorizer's context says, and the result is the problem of the table."""
    response = gateway_response("ACCESS_DENIED")
    kind = PROBLEMS[code]
    context = {"deny_code": code, "deny_title": kind.title, "deny_detail": kind.detail}
    filled = re.sub(
        r"\$context\.authorizer\.(\w+)",
        lambda found: context[found[1]],
        response["ResponseTemplates"]["application/json"],
    )
    assert json.loads(filled) == Problem(code).body("$context.requestId")
    assert response["StatusCode"] == kind.status


@pytest.mark.parametrize("kind", [*GATEWAY_RESPONSES, "ACCESS_DENIED"])
def test_a_browser_may_read_what_api_gateway_answers(kind: str) -> None:
    """With CORS and the media type of problems."""
    assert gateway_response(kind)["ResponseParameters"]["Headers"] == {
        "Content-Type": f"'{CONTENT_TYPE}'",
        "Access-Control-Allow-Origin": {"Fn::Sub": "'${AllowedOrigins}'"},
    }


def test_no_answer_of_api_gateway_is_left_in_its_own_words() -> None:
    """Every kind that is set is compared here, and the two defaults catch the rest."""
    assert {*GATEWAY_RESPONSES, "ACCESS_DENIED"} == set(RESOURCES["Api"]["Properties"]["GatewayResponses"])


def test_the_table_is_kept_safe() -> None:
    """Encrypted, restorable, protected by parameter, and forgetful where items say so."""
    table = RESOURCES["Table"]["Properties"]
    assert table["SSESpecification"]["SSEEnabled"]
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert table["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert [one["AttributeName"] for one in table["KeySchema"]] == ["pk", "sk"]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "TikTokApiBaseUrl",
            ["https://x.example/v1", "http://localhost:8080/open_api/v1.3", "http://127.0.0.1:1"],
            ["http://x.example", "http://localhost.x.example", "http://127.0.0.1@x.example", "ftp://x", ""],
        ),
        (
            "JwksUrl",
            ["https://x.example/jwks.json", "http://localhost:8080/jwks.json"],
            ["http://x.example/jwks.json", "http://localhostx/jwks.json", "x"],
        ),
        ("AcceptedIdentityTypes", ["TT_USER", "CUSTOMIZED_USER,TT_USER"], ["", "AUTH_CODE", "TT_USER,TT_USER"]),
        ("AllowedOrigins", ["*", "https://app.example"], ["https://a.example,https://b.example", "", "'*'"]),
        ("SecretPrefix", ["wevion/tiktok", "x"], ["", "/x", "x/", "x/*"]),
    ],
)
def test_parameters_refuse_what_cannot_work(name: str, good: list[str], bad: list[str]) -> None:
    """At deploy time, not at the first request."""
    pattern = TEMPLATE["Parameters"][name]["AllowedPattern"]
    assert [one for one in good if not re.fullmatch(pattern, one)] == []
    assert [one for one in bad if re.fullmatch(pattern, one)] == []


def test_the_functions_defaults_are_the_templates() -> None:
    """What the template hands over is what the code would take by itself."""
    variables = {
        "TABLE_NAME": "table",
        "TIKTOK_API_BASE_URL": TEMPLATE["Parameters"]["TikTokApiBaseUrl"]["Default"],
        "ACCEPTED_IDENTITY_TYPES": TEMPLATE["Parameters"]["AcceptedIdentityTypes"]["Default"],
    }
    assert Settings.from_environment(variables) == Settings("table")
    assert set(variables) <= set(TEMPLATE["Globals"]["Function"]["Environment"]["Variables"])
