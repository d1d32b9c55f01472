"""What API Gateway itself answers, in the template, is what our problems say."""

import json
import re
from typing import Any

import pytest

from local.sam_template import RESOURCES
from publishing.problems import CONTENT_TYPE, PROBLEMS, Problem

GATEWAY_RESPONSES = {
    "UNAUTHORIZED": "unauthorized",
    "MISSING_AUTHENTICATION_TOKEN": "not_found",
    "INVALID_SIGNATURE": "not_found",
    "RESOURCE_NOT_FOUND": "not_found",
    "REQUEST_TOO_LARGE": "image_too_large",
    "THROTTLED": "too_many_requests",
    "QUOTA_EXCEEDED": "too_many_requests",
    "DEFAULT_4XX": "invalid_request",
    "DEFAULT_5XX": "internal_error",
}


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


def test_the_stage_waits_for_the_accounts_role() -> None:
    """An access log cannot be set before API Gateway may write logs, and nothing else of the stage needs the role.

    CloudFormation lets nobody depend on a conditional resource but by naming it.
    """
    variables = RESOURCES["Api"]["Properties"]["Variables"]
    assert {"Fn::If": ["ManagesApiGatewayAccount", {"Ref": "ApiGatewayAccount"}, "another-stack"]} in variables.values()
