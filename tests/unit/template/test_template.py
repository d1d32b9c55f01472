"""The template's outputs, routes, logs and table."""

from pathlib import Path

import pytest

from local.sam_template import FUNCTIONS, RESOURCES, TEMPLATE, events, referenced

OUTPUTS = {
    "TableName": "Table",
    "EventBusName": "EventBus",
    "ReadinessQueueUrl": "ReadinessQueue",
    "ReadinessDeadLetterQueueUrl": "ReadinessDeadLetterQueue",
}
ROUTES = {
    "get /api/v1/tiktok/identities/check": "functions/check_identity",
    "get /api/v1/tiktok/identities": "functions/list_identities",
    "post /api/v1/tiktok/identities": "functions/create_identity",
    "post /api/v1/tiktok/identity-images": "functions/create_identity_image",
    "post /api/v1/tiktok/connections": "functions/create_connection",
    "get /api/v1/tiktok/connections/callback": "functions/connection_callback",
    "post /api/v1/tiktok/connections/complete": "functions/complete_connection",
    "get /api/v1/tiktok/connections": "functions/list_connections",
    "get /api/v1/tiktok/connections/{user_id}/advertisers": "functions/list_connection_advertisers",
    "delete /api/v1/tiktok/connections/{user_id}": "functions/delete_connection",
    "get /api/v1/tiktok/publish-check": "functions/publish_check",
    "get /api/v1/tiktok/publish-check/rules": "functions/publish_check_rules",
    "get /api/v1/tiktok/readiness": "functions/readiness",
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_are_the_contracts(name: str) -> None:
    """Other services and the wizard rely on these outputs."""
    assert TEMPLATE["Outputs"][name]["Value"] == {"Ref": OUTPUTS[name]}


def test_the_base_url_is_a_prefix_of_the_routes() -> None:
    """The base URL ends with the stage and without a slash."""
    assert TEMPLATE["Outputs"]["ApiBaseUrl"]["Value"]["Fn::Sub"].endswith("/live")
    assert RESOURCES["Api"]["Properties"]["StageName"] == "live"


def test_functions_and_folders_match() -> None:
    """Every function has its folder, and every folder its function."""
    folders = {one.parent.name for one in (Path(__file__).parents[3] / "functions").glob("*/app.py")}
    assert {one["Properties"]["CodeUri"] for one in FUNCTIONS.values()} == {f"functions/{one}" for one in folders}


def test_routes_invoke_their_functions() -> None:
    """Every route invokes its function; all but the callback use the authorizer."""
    routes = {
        f"{event['Method']} {event['Path']}": FUNCTIONS[function]["Properties"]["CodeUri"]
        for function in FUNCTIONS
        for event in events(function, "Api")
    }
    assert routes == ROUTES
    auth = RESOURCES["Api"]["Properties"]["Auth"]
    authorizer = auth["Authorizers"][auth["DefaultAuthorizer"]]
    assert authorizer["FunctionPayloadType"] == "REQUEST"
    assert authorizer["Identity"] == {
        "Headers": ["Authorization"],
        "ReauthorizeEvery": {"Ref": "AuthorizerCacheSeconds"},
    }
    overrides = {
        f"{event['Method']} {event['Path']}": event["Auth"]
        for function in FUNCTIONS
        for event in events(function, "Api")
        if "Auth" in event
    }
    assert overrides == {"get /api/v1/tiktok/connections/callback": {"Authorizer": "NONE"}}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_has_a_log_group_with_retention(function: str) -> None:
    """Each function has its own log group, whose retention is a parameter."""
    group = referenced(FUNCTIONS[function]["Properties"]["LoggingConfig"]["LogGroup"])
    assert group["Type"] == "AWS::Logs::LogGroup"
    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_the_table_is_protected() -> None:
    """The table is encrypted, has point-in-time recovery, deletion protection by parameter and time to live."""
    table = RESOURCES["Table"]["Properties"]
    assert table["SSESpecification"]["SSEEnabled"]
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert table["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert [one["AttributeName"] for one in table["KeySchema"]] == ["pk", "sk"]
