"""Connections in the template: callback and completion, the app's secret, the queue, and timeouts."""

import json
import re
from urllib.parse import unquote

import pytest

from local.paths import ROOT
from local.sam_template import FUNCTIONS, RESOURCES, TEMPLATE, events
from publishing.connections import connect, refresh
from publishing.connections.pending_operation import LEASE
from publishing.http import request_context
from publishing.identities import images
from publishing.readiness.check import MAX_RECEIVES
from tests.unit.template.grants import (
    APP,
    CONNECTION_QUEUE,
    DEAD_LETTERS,
    DELETE,
    GRANTS,
    LOG,
    TABLE,
    WRITTEN_CONNECTIONS,
    WRITTEN_STATES,
)

LEASED = {
    "CompleteConnectionFunction": connect.BUDGET_SECONDS,
    "DeleteConnectionFunction": request_context.BUDGET_SECONDS,
    "RefreshConnectionsFunction": refresh.BUDGET_SECONDS,
}
"""The functions that change a connection, with their time budgets in seconds."""
BUDGETS = {
    **LEASED,
    "CreateIdentityImageFunction": images.BUDGET_SECONDS,
    "CreateConnectionFunction": request_context.BUDGET_SECONDS,
    "ListConnectionsFunction": request_context.BUDGET_SECONDS,
    "ListConnectionAdvertisersFunction": request_context.BUDGET_SECONDS,
}
API_GATEWAY_SECONDS = 29
"""API Gateway's timeout, unless a quota is raised."""


def timeout(function: str) -> float:
    """Return the seconds after which Lambda ends a function."""
    shared: float = TEMPLATE["Globals"]["Function"]["Timeout"]
    return float(FUNCTIONS[function]["Properties"].get("Timeout", shared))


def test_words_that_are_routes_and_might_be_user_ids_are_documented() -> None:
    """The page says how to name a person whose id is one of them."""
    connections = "/api/v1/tiktok/connections/"
    paths = {str(one["Path"]) for name in FUNCTIONS for one in events(name, "Api")}
    words = {one.removeprefix(connections).split("/")[0] for one in paths if one.startswith(connections)} - {
        "{user_id}"
    }
    page = (
        (ROOT / "docs/operations.md")
        .read_text("utf-8")
        .partition("### User ids that are routes")[2]
        .partition("###")[0]
    )
    assert words
    assert set(re.findall(r"`/connections/(\w+)`", page)) == words
    escaped = re.findall(r"`/connections/(%25\w+)`", page)
    assert {unquote(unquote(one)) for one in escaped} == words
    assert not words & {unquote(one) for one in escaped}, "API Gateway must not read the route's own name"


def test_the_connection_queue_is_configured_like_the_check_queue() -> None:
    """One message at a time, invisible for six timeouts, and a dead letter after the maximum of receives."""
    queue = RESOURCES["ConnectionQueue"]["Properties"]
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": DEAD_LETTERS},
        "maxReceiveCount": MAX_RECEIVES,
    }
    assert queue["VisibilityTimeout"] >= 6 * timeout("RefreshConnectionsFunction")
    (source,) = events("RefreshConnectionsFunction", "SQS")
    assert source["Queue"] == {"Fn::GetAtt": CONNECTION_QUEUE}
    assert source["BatchSize"] == 1
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    variables = FUNCTIONS["ReadinessSweepFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["CONNECTION_QUEUE_URL"] == {"Ref": "ConnectionQueue"}


@pytest.mark.parametrize("function", LEASED)
def test_the_lease_outlasts_every_attempt(function: str) -> None:
    """While Lambda may still run an attempt, no other attempt takes over its operation."""
    assert timeout(function) < LEASE.total_seconds()


def test_every_function_that_completes_operations_is_in_the_table() -> None:
    """These functions delete items and read the app's secret; a new one needs its row."""
    completing = {name for name, one in GRANTS.items() if APP in one and DELETE in one.get(WRITTEN_CONNECTIONS, ())}
    assert completing == set(LEASED)


@pytest.mark.parametrize("function", BUDGETS)
def test_a_function_ends_by_itself_before_lambda_ends_it(function: str) -> None:
    """Its budget leaves time to store results, and functions of the API end before API Gateway's timeout."""
    assert BUDGETS[function] + request_context.MARGIN_SECONDS < timeout(function)
    if events(function, "Api"):
        assert timeout(function) < API_GATEWAY_SECONDS


def test_tiktok_redirects_to_the_callback() -> None:
    """The output registered at TikTok is the callback's URL, which is also derived from the connect route."""
    url = TEMPLATE["Outputs"]["ConnectCallbackUrl"]["Value"]["Fn::Sub"]
    base: str = TEMPLATE["Outputs"]["ApiBaseUrl"]["Value"]["Fn::Sub"]
    assert url == f"{base}/api/v1/tiktok/connections/callback"
    (route,) = events("CreateConnectionFunction", "Api")
    assert url == f"{base}{route['Path']}/callback"


def test_the_callback_has_no_secrets() -> None:
    """It needs no bearer token, so it reads and writes states only: neither secrets nor the bus nor other items."""
    assert GRANTS["ConnectionCallbackFunction"].keys() == {LOG, TABLE, WRITTEN_STATES}


def test_the_apps_secret_begins_empty() -> None:
    """The secret has the granted name and no app id until an operator fills it in."""
    secret = RESOURCES["TikTokAppSecret"]["Properties"]
    assert secret["Name"] == {"Fn::Sub": "${SecretPrefix}/app"}
    assert APP.removesuffix("-??????").endswith(f":secret:{secret['Name']['Fn::Sub']}")
    assert json.loads(secret["GenerateSecretString"]["SecretStringTemplate"]) == {"app_id": ""}
