"""Each sample event in events/ does what its name says, invoked as `sam local invoke` invokes it."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.demo.teams import PEOPLE, TEAM
from local.sam_template import FUNCTIONS
from local.stack import LocalStack
from local.tiktok_simulator import Simulator
from tests.stack.resources import physical_id
from tests.support.stack import eventually

EVENTS = Path(__file__).parents[2] / "events"
LOGICAL_IDS = {one["Properties"]["CodeUri"].removeprefix("functions/"): name for name, one in FUNCTIONS.items()}
"""The name of each function in the template, by its folder."""
MESSAGE_ID = "00000000-0000-4000-8000-0000000000{}"
WHOLE_TEAM = sorted(one.user_id for one in PEOPLE if one.team_id == TEAM and one.token)
EXPECTED: dict[str, dict[str, Any]] = {
    "authorizer.bad_token": {"errorMessage": "Unauthorized"},
    "check_identity.linked": {"hasIdentity": True},
    "check_identity.first_advertiser": {"advertiser_id_source": "first_of_active_token"},
    "check_identity.no_token": {"reason": "no_token"},
    "check_identity.no_tt_user": {"reason": "no_tt_user"},
    "complete_connection.invalid": {"status": 400, "code": "invalid_request"},
    "complete_connection.unknown_handle": {"status": 400, "code": "invalid_request"},
    "connection_callback.denied": {"status": 303},
    "connection_callback.unknown_state": {"status": 303},
    "create_connection.asked": {},
    "create_connection.invalid": {"status": 400, "code": "invalid_request"},
    "create_identity.created": {"identity_type": "CUSTOMIZED_USER", "display_name": "Northlight Spring"},
    "create_identity.idempotency_key": {"display_name": "Northlight Summer"},
    "create_identity.invalid": {"status": 400, "code": "invalid_request"},
    "create_identity_image.not_square": {"status": 422, "code": "image_not_square"},
    "create_identity_image.square": {"width": 64, "height": 64},
    "delete_connection.disconnected": {"user_id": "u-freelancer", "status": "revoked"},
    "delete_connection.no_connection": {"status": 404, "code": "no_connection"},
    "delete_connection.owner_only": {"status": 403, "code": "owner_only"},
    "list_connection_advertisers.own": {"next_token": None},
    "list_connections.own": {"connections": ["u-buyer"]},
    "list_connections.team": {"connections": WHOLE_TEAM},
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
    "readiness.one_advertiser": {"advertisers": ["7300000000000000001"]},
    "readiness.team": {"advertisers": ["7300000000000000001", "7300000000000000002"]},
    "readiness_check.one": {"batchItemFailures": []},
    "readiness_check.unreadable": {"batchItemFailures": [{"itemIdentifier": MESSAGE_ID.format(22)}]},
    "readiness_request.connected": {},
    "readiness_request.draft_saved": {},
    "readiness_request.goes_on": {},
    "readiness_request.scheduled": {},
    "refresh_connections.one": {"batchItemFailures": []},
    "refresh_connections.unreadable": {"batchItemFailures": [{"itemIdentifier": MESSAGE_ID.format(32)}]},
    "readiness_sweep.goes_on": {},
    "readiness_sweep.scheduled": {},
}
AFTER = {
    "readiness.one_advertiser": ["publish_check.no_identity_no_pixel", "readiness_check.one"],
    "readiness.team": ["publish_check.no_identity_no_pixel", "readiness_check.one"],
}
"""Events that are invoked before: only then does the response show something."""
CHANGES_DEMO_DATA = {"delete_connection.disconnected"}
"""Events after which the demo data are written again, because a secret was removed."""
CHECKED = {
    "publish_check.ready": "northlight/7300000000000000001",
    "readiness_check.one": "northlight/7300000000000000001",
    "readiness_request.connected": "southgate/7300000000000000021",
    "readiness_request.draft_saved": "northlight/7300000000000000001",
    "readiness_request.goes_on": "southgate/7300000000000000021",
    "readiness_request.scheduled": "northlight/7300000000000000001",
}
"""Team and advertiser that are checked because of the event: at once, or by a worker."""


def test_every_event_and_every_function_is_tested() -> None:
    """Every event has an expectation, and every function has an event."""
    assert {path.stem for path in EVENTS.glob("*.json")} == set(EXPECTED)
    assert {name.split(".")[0] for name in EXPECTED} == set(LOGICAL_IDS)


def _invoke(stack: LocalStack, name: str) -> dict[str, Any]:
    """Return the function's response to the event; it fails only if an error is expected."""
    function = physical_id(stack, LOGICAL_IDS[name.partition(".")[0]])
    event = (EVENTS / f"{name}.json").read_bytes()
    answer = stack.client("lambda").invoke(FunctionName=function, Qualifier="live", Payload=event)
    response: dict[str, Any] = json.loads(answer["Payload"].read()) or {}
    assert ("FunctionError" in answer) == ("errorMessage" in EXPECTED[name]), response
    return response


def _is_checked(stack: LocalStack, key: str) -> bool:
    """Whether the advertiser has been checked, and its record has neither claim nor lease."""
    team_id, _, advertiser_id = key.partition("/")
    item = stack.client("dynamodb").get_item(
        TableName=stack.table_name,
        Key={"pk": {"S": f"READINESS#{team_id}"}, "sk": {"S": f"ADVERTISER#{advertiser_id}"}},
    )["Item"]
    record = json.loads(item["record"]["S"])
    return item["generation"]["N"] != "0" and not {"claim", "lease"} & set(record)


@pytest.mark.deep
@pytest.mark.parametrize("name", EXPECTED)
def test_event(stack: LocalStack, tiktok: Simulator, name: str) -> None:
    """The function responds as the event's name says, and the requested check is made."""
    assert tiktok.base_url
    for earlier in AFTER.get(name, []):
        _invoke(stack, earlier)
    answer = _invoke(stack, name)
    fields = json.loads(answer["body"]) if answer.get("body") else {**answer, "status": answer.get("statusCode")}
    if "connections" in fields:
        fields["connections"] = sorted(one["user_id"] for one in fields["connections"])
    if "advertisers" in fields:
        fields["advertisers"] = [one["advertiser_id"] for one in fields["advertisers"]]
    assert {field: fields[field] for field in EXPECTED[name]} == EXPECTED[name], fields
    if name in CHECKED:
        eventually(lambda: _is_checked(stack, CHECKED[name]), f"a check of {CHECKED[name]}")
    if name in CHANGES_DEMO_DATA:
        stack.write_demo_data(stack.main)
