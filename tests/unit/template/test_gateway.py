"""API Gateway's own error responses equal the problems of the API."""

import json
import re
from typing import Any

import pytest

from local.sam_template import RESOURCES
from publishing.http.problems import CONTENT_TYPE, PROBLEMS, Problem

GATEWAY_RESPONSES = {
    "UNAUTHORIZED": "unauthorized",
    "MISSING_AUTHENTICATION_TOKEN": "not_found",
    "INVALID_SIGNATURE": "not_found",
    "RESOURCE_NOT_FOUND": "not_found",
    "UNSUPPORTED_MEDIA_TYPE": "not_found",
    "THROTTLED": "too_many_requests",
    "QUOTA_EXCEEDED": "too_many_requests",
    "DEFAULT_4XX": "invalid_request",
    "DEFAULT_5XX": "internal_error",
}


def gateway_response(kind: str) -> dict[str, Any]:
    response: dict[str, Any] = RESOURCES["Api"]["Properties"]["GatewayResponses"][kind]
    return response


@pytest.mark.parametrize("kind", GATEWAY_RESPONSES)
def test_gateway_responses_are_problems(kind: str) -> None:
    """A gateway response has the status and body of its problem."""
    response, code = gateway_response(kind), GATEWAY_RESPONSES[kind]
    assert response["StatusCode"] == PROBLEMS[code].status
    body = json.loads(response["ResponseTemplates"]["application/json"])
    assert body == Problem(code).body("$context.requestId")


@pytest.mark.parametrize("code", ["not_a_member", "subscription_required", "forbidden"])
def test_a_denial_is_the_authorizers_problem(code: str) -> None:
    """With the values of the authorizer's context the template results in the problem of the table."""
    response = gateway_response("ACCESS_DENIED")
    kind = PROBLEMS[code]
    context = {"problem_code": code, "problem_title": kind.title, "problem_detail": kind.detail}
    filled = re.sub(
        r"\$context\.authorizer\.(\w+)",
        lambda found: context[found[1]],
        response["ResponseTemplates"]["application/json"],
    )
    assert json.loads(filled) == Problem(code).body("$context.requestId")
    assert response["StatusCode"] == kind.status


@pytest.mark.parametrize("kind", [*GATEWAY_RESPONSES, "ACCESS_DENIED"])
def test_browsers_may_read_gateway_responses_but_keep_none(kind: str) -> None:
    """Gateway responses have CORS headers, the media type of problems and no-store; a 401 names its scheme."""
    assert gateway_response(kind)["ResponseParameters"]["Headers"] == {
        "Content-Type": f"'{CONTENT_TYPE}'",
        "Cache-Control": "'no-store'",
        "Access-Control-Allow-Origin": {"Fn::Sub": "'${AllowedOrigins}'"},
        **({"WWW-Authenticate": "'Bearer'"} if gateway_response(kind)["StatusCode"] == 401 else {}),
    }


def test_every_gateway_response_is_compared() -> None:
    """Every configured response is compared here; the two defaults cover all others."""
    assert {*GATEWAY_RESPONSES, "ACCESS_DENIED"} == set(RESOURCES["Api"]["Properties"]["GatewayResponses"])


def test_no_response_is_configured_that_api_gateway_ignores() -> None:
    """A request over 10 MB gets API Gateway's own 413, in another form and without CORS headers.

    API Gateway Developer Guide, "Important notes", REST APIs: the response REQUEST_TOO_LARGE cannot be customized.
    """
    assert "REQUEST_TOO_LARGE" not in RESOURCES["Api"]["Properties"]["GatewayResponses"]


def test_the_stage_waits_for_the_accounts_role() -> None:
    """An access log cannot be configured before API Gateway may write logs.

    In CloudFormation a resource depends on a conditional one only by referencing it.
    """
    variables = RESOURCES["Api"]["Properties"]["Variables"]
    assert {"Fn::If": ["ManagesApiGatewayAccount", {"Ref": "ApiGatewayAccount"}, "another-stack"]} in variables.values()
