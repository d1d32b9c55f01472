"""The template keeps the contract: outputs, routes, logs, the table."""

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
    "get /api/v1/tiktok/connections": "functions/list_connections",
    "delete /api/v1/tiktok/connections/{user_id}": "functions/delete_connection",
    "get /api/v1/tiktok/publish-check": "functions/publish_check",
    "get /api/v1/tiktok/publish-check/rules": "functions/publish_check_rules",
    "get /api/v1/tiktok/readiness": "functions/readiness",
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_are_the_contracts(name: str) -> None:
    """Other services and the wizard read them."""
    assert TEMPLATE["Outputs"][name]["Value"] == {"Ref": OUTPUTS[name]}


def test_the_base_url_comes_before_the_paths() -> None:
    """Without a slash at its end, with the stage."""
    assert TEMPLATE["Outputs"]["ApiBaseUrl"]["Value"]["Fn::Sub"].endswith("/live")
    assert RESOURCES["Api"]["Properties"]["StageName"] == "live"


def test_every_function_has_its_folder() -> None:
    """And every folder its function."""
    folders = {one.parent.name for one in (Path(__file__).parents[3] / "functions").glob("*/app.py")}
    assert {one["Properties"]["CodeUri"] for one in FUNCTIONS.values()} == {f"functions/{one}" for one in folders}


def test_routes_lead_to_their_functions() -> None:
    """All behind the authorizer, which is the API's default, but the one that TikTok sends people back to."""
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
    of_their_own = {
        f"{event['Method']} {event['Path']}": event["Auth"]
        for function in FUNCTIONS
        for event in events(function, "Api")
        if "Auth" in event
    }
    assert of_their_own == {"get /api/v1/tiktok/connections/callback": {"Authorizer": "NONE"}}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_has_a_log_that_ends(function: str) -> None:
    """A group of its own with a retention."""
    group = referenced(FUNCTIONS[function]["Properties"]["LoggingConfig"]["LogGroup"])
    assert group["Type"] == "AWS::Logs::LogGroup"
    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_the_table_is_kept_safe() -> None:
    """Encrypted, restorable, protected by parameter, and forgetful where items say so."""
    table = RESOURCES["Table"]["Properties"]
    assert table["SSESpecification"]["SSEEnabled"]
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert table["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert [one["AttributeName"] for one in table["KeySchema"]] == ["pk", "sk"]
