"""The sample events of events/ do what their names say, invoked as `sam local invoke` would."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.stack import LocalStack
from local.tiktok_simulator import Simulator
from tests.template import load_template

EVENTS = Path(__file__).parents[2] / "events"
SAYS: dict[str, dict[str, Any]] = {
    "authorizer.bad_token": {"errorMessage": "Unauthorized"},
    "check_identity.linked": {"hasIdentity": True},
    "check_identity.first_advertiser": {"advertiser_id_source": "first_of_active_token"},
    "check_identity.no_token": {"reason": "no_token"},
    "check_identity.no_tt_user": {"reason": "no_tt_user"},
    "create_identity.created": {"identity_type": "CUSTOMIZED_USER", "display_name": "Northlight Spring"},
    "create_identity.idempotency_key": {"display_name": "Northlight Summer"},
    "create_identity.invalid": {"status": 400, "code": "invalid_request"},
    "list_identities.both_types": {"complete": True},
    "list_identities.borrowed_token": {"token": {"source": "teammate", "user_id": "u-buyer"}},
    "publish_check.app": {"ready": True, "objective": "APP_PROMOTION"},
    "publish_check.at_risk": {"ready": True, "at_risk": ["identity"]},
    "publish_check.catalog_in_second_business_center": {"ready": True},
    "publish_check.lead_form_in_library": {"ready": True},
    "publish_check.no_business_center": {"ready": False, "missing": [], "unknown": ["catalog"]},
    "publish_check.no_identity_no_pixel": {"missing": ["identity", "pixel"]},
    "publish_check.ready": {"ready": True, "objective": "WEB_CONVERSIONS"},
    "publish_check.strict": {"ready": False, "missing": ["identity"]},
    "publish_check.unknown_objective": {"status": 400, "code": "unknown_objective"},
    "publish_check_rules.all": {},
}


def _functions() -> dict[str, str]:
    """The logical id of each function, by its folder."""
    resources = load_template()["Resources"].items()
    return {
        one["Properties"]["CodeUri"].removeprefix("functions/"): logical_id
        for logical_id, one in resources
        if one["Type"] == "AWS::Serverless::Function"
    }


def test_every_event_and_every_function_is_here() -> None:
    """No event is untried, and no function without an event."""
    assert {path.stem for path in EVENTS.glob("*.json")} == set(SAYS)
    assert {name.split(".")[0] for name in SAYS} == set(_functions())


@pytest.mark.parametrize("name", SAYS)
def test_event(stack: LocalStack, tiktok: Simulator, name: str) -> None:
    """The function answers the event as the event's name says."""
    assert tiktok.base_url
    function = stack.client("cloudformation").describe_stack_resource(
        StackName=stack.main.stack_name, LogicalResourceId=_functions()[name.split(".", maxsplit=1)[0]]
    )["StackResourceDetail"]["PhysicalResourceId"]
    payload = (EVENTS / f"{name}.json").read_bytes()
    answer = json.loads(stack.client("lambda").invoke(FunctionName=function, Payload=payload)["Payload"].read())
    said = json.loads(answer["body"]) if "body" in answer else answer
    assert {field: said[field] for field in SAYS[name]} == SAYS[name], said
