"""Connecting TikTok in the template: the callback, the app's secret, the queue, and the time that changes take."""

import json

import pytest

from local.sam_template import FUNCTIONS, RESOURCES, TEMPLATE, events
from publishing import calls
from publishing.connecting import callback_endpoint, worker
from publishing.connecting.changes import LEASE
from publishing.identities import images
from publishing.readiness.looks import MAX_RECEIVES
from tests.unit.template.grants import APP, CONNECTION_QUEUE, DEAD, GRANTS, TABLE

LEASED = {
    "ConnectionCallbackFunction": callback_endpoint.BUDGET_SECONDS,
    "DeleteConnectionFunction": calls.BUDGET_SECONDS,
    "RefreshConnectionsFunction": worker.BUDGET_SECONDS,
}
"""The functions that change a connection, each with the seconds that it gives itself."""
BUDGETS = {
    **LEASED,
    "CreateIdentityImageFunction": images.BUDGET_SECONDS,
    "CreateConnectionFunction": calls.BUDGET_SECONDS,
    "ListConnectionsFunction": calls.BUDGET_SECONDS,
}
API_GATEWAY_SECONDS = 29
"""How long API Gateway waits for a function, unless a quota is raised."""


def timeout(function: str) -> float:
    """The seconds after which Lambda ends a function."""
    shared: float = TEMPLATE["Globals"]["Function"]["Timeout"]
    return float(FUNCTIONS[function]["Properties"].get("Timeout", shared))


def test_connections_have_a_queue_as_looks_have() -> None:
    """One connection at a time, hidden for six times as long as it may take, and a dead letter after five tries."""
    queue = RESOURCES["ConnectionQueue"]["Properties"]
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": {"Fn::GetAtt": DEAD}, "maxReceiveCount": MAX_RECEIVES}
    assert queue["VisibilityTimeout"] >= 6 * timeout("RefreshConnectionsFunction")
    (source,) = events("RefreshConnectionsFunction", "SQS")
    assert source["Queue"] == {"Fn::GetAtt": CONNECTION_QUEUE}
    assert source["BatchSize"] == 1
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    asks = FUNCTIONS["ReadinessSweepFunction"]["Properties"]["Environment"]["Variables"]
    assert asks["CONNECTION_QUEUE_URL"] == {"Ref": "ConnectionQueue"}


@pytest.mark.parametrize("function", LEASED)
def test_a_change_is_left_alone_while_lambda_may_be_at_it(function: str) -> None:
    """Two at one connection at once: the second would undo what the first does."""
    assert timeout(function) < LEASE.total_seconds()


def test_whoever_may_end_a_change_is_in_the_table_of_leases() -> None:
    """Those that delete an item and know the app; a new one needs its row."""
    holds = {name for name, one in GRANTS.items() if APP in one and "dynamodb:DeleteItem" in one[TABLE]}
    assert holds == set(LEASED)


@pytest.mark.parametrize("function", BUDGETS)
def test_a_function_ends_by_itself_before_lambda_ends_it(function: str) -> None:
    """With time to write down what it did; and what people wait for, before API Gateway gives it up."""
    assert BUDGETS[function] + calls.MARGIN_SECONDS < timeout(function)
    if events(function, "Api"):
        assert timeout(function) < API_GATEWAY_SECONDS


def test_tiktok_sends_people_to_the_callback() -> None:
    """The output to be registered at TikTok is the callback's own address, and what is made of the other route's."""
    url = TEMPLATE["Outputs"]["ConnectCallbackUrl"]["Value"]["Fn::Sub"]
    base: str = TEMPLATE["Outputs"]["ApiBaseUrl"]["Value"]["Fn::Sub"]
    assert url == f"{base}/api/v1/tiktok/connections/callback"
    (asked,) = events("CreateConnectionFunction", "Api")
    assert url == f"{base}{asked['Path']}/callback"


def test_the_apps_secret_begins_empty() -> None:
    """Known by the name that is granted, and nothing in it is an app until it is filled in by hand."""
    secret = RESOURCES["TikTokAppSecret"]["Properties"]
    assert secret["Name"] == {"Fn::Sub": "${SecretPrefix}/app"}
    assert APP.removesuffix("-??????").endswith(f":secret:{secret['Name']['Fn::Sub']}")
    assert json.loads(secret["GenerateSecretString"]["SecretStringTemplate"]) == {"app_id": ""}
