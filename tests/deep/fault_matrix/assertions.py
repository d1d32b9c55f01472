"""Assertions about a cell's result: its summary for the table, and every violation of the contract."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from publishing.http.check_schemas import CreatedIdentityAnswer, IdentityCheck, IdentityList, PublishCheck
from publishing.http.response_schemas import IdentityImage
from publishing.preflight.objectives import OBJECTIVES, Requirement
from tests.deep.fault_matrix.assertions_common import RETRIED_WRITES, common_violations
from tests.deep.fault_matrix.assertions_connecting import connecting_violations
from tests.deep.fault_matrix.cells import Cell
from tests.deep.fault_matrix.connecting import After
from tests.deep.fault_matrix.rules import EITHER, Summary
from tests.deep.fault_matrix.running import SHORT_SECONDS, Seen
from tests.deep.fault_matrix.worlds import ADVERTISER, TEAMMATE, USER

_MODELS: Mapping[str, tuple[int, type[BaseModel]]] = {
    "check": (200, IdentityCheck),
    "list": (200, IdentityList),
    "create": (201, CreatedIdentityAnswer),
    "upload": (201, IdentityImage),
    "publish": (200, PublishCheck),
}
_PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}
_EXTRA_OF_PROBLEM = {"tiktok_rejected": {"tiktok"}}
_DONE = {"create": "created", "upload": "uploaded"}
_VERIFIED = {"satisfied", "missing"}
_ORDER = [one.value for one in Requirement]


def summary_of(seen: Seen | After) -> Summary:
    """Return a short summary of what the caller got."""
    return seen.outcome if isinstance(seen, After) else _summary(seen)


def _summary(seen: Seen) -> Summary:
    body = json.loads(seen.body)
    if seen.status >= 400:
        problem = f"{seen.status} {body['code']}"
        return EITHER if seen.cell.expected == EITHER and problem in EITHER else problem
    match seen.cell.row.operation:
        case "check":
            if body["hasIdentity"]:
                return "has one"
            return f"api_error: {body['detail']}" if body["reason"] == "api_error" else str(body["reason"])
        case "list":
            return f"{seen.status}, {len(body['identities'])} listed{'' if body['complete'] else ', incomplete'}"
        case "create" | "upload":
            how = "found by name" if "identity/get/" in seen.paths else _DONE[seen.cell.row.operation]
            return ", ".join([f"{seen.status} {how}", *_codes(body)])
        case _:
            return _verdict(body)


def details_of(seen: Seen | After) -> str:
    """Return the details to show for a violation."""
    return repr(seen) if isinstance(seen, After) else seen.body


def _verdict(body: Mapping[str, Any]) -> Summary:
    if body["reason"] == "no_token":
        return "no_token"
    if len(body["missing"]) + len(body["unknown"]) > 1:
        return f"missing {body['missing']}, unknown {body['unknown']}"
    reasons = [check["reason"] for check in body["checks"] if check["requirement"] in body["unknown"]]
    head = f"unknown: {reasons[0]}" if reasons else "missing" if body["missing"] else "ready"
    return ", ".join([head + (" at risk" if body["at_risk"] else ""), *_codes(body)])


def _codes(body: Mapping[str, Any]) -> list[str]:
    return [one["code"] for one in body.get("warnings", ())]


def violations(seen: Seen | After) -> Iterator[str]:
    """Yield every violation as a sentence."""
    if isinstance(seen, After):
        yield from connecting_violations(seen)
        return
    cell = seen.cell
    yield from common_violations(seen, summary_of(seen), cell.expected_finally, SHORT_SECONDS)
    yield from _of_connections(seen)
    yield from _of_form(seen)
    if cell.row.operation == "create":
        yield from _of_write(seen)
    if cell.row.operation == "upload":
        yield from _of_upload(seen)
    if cell.row.operation == "publish" and seen.status == 200:
        yield from _of_verdict(cell, json.loads(seen.body))
        yield from _of_snapshot(seen, json.loads(seen.body))


def _of_connections(seen: Seen) -> Iterator[str]:
    expected = (USER,) if seen.cell.expires_connection else ()
    if seen.marked != expected:
        yield f"connections marked expired: {seen.marked}, not {expected}"
    failed_over = seen.cell.teammate and seen.cell.uses_teammates_token
    if bool(seen.teammate_calls) != failed_over:
        yield f"{seen.teammate_calls} calls with the teammate's token"
    token = json.loads(seen.body).get("token")
    if token and token != {
        "source": "teammate" if failed_over else "own",
        "user_id": TEAMMATE if failed_over else USER,
    }:
        yield f"token is {token}"


def _of_form(seen: Seen) -> Iterator[str]:
    """Status and body are the contract's: every field of the model and no other."""
    body = json.loads(seen.body)
    if seen.status >= 400:
        yield from _of_problem(seen, body)
        return
    status, model = _MODELS[seen.cell.row.operation]
    if seen.status != status or seen.headers["Content-Type"] != "application/json":
        yield f"responded {seen.status} as {seen.headers['Content-Type']}"
    try:
        if model.model_validate_json(seen.body).model_dump(mode="json") != body:
            yield "the body has more than its model"
    except ValidationError as error:
        yield f"the body does not fit its model: {error}"
    if body.get("advertiser_id", ADVERTISER) != ADVERTISER:
        yield f"the response is about {body['advertiser_id']}"


def _of_problem(seen: Seen, body: Mapping[str, Any]) -> Iterator[str]:
    if seen.headers["Content-Type"] != "application/problem+json":
        yield f"a problem as {seen.headers['Content-Type']}"
    if set(body) != _PROBLEM | _EXTRA_OF_PROBLEM.get(body["code"], set()):
        yield f"a problem with {sorted(body)}"
    if body["status"] != seen.status or body["request_id"] != "gateway-request":
        yield f"a problem of {body['status']} and {body['request_id']}"
    if (body["code"] == "tiktok_rate_limited") != ("Retry-After" in seen.headers):
        yield "Retry-After is for rate limits and nothing else"
    if body["code"] == "tiktok_rejected" and body["tiktok"]["code"] != seen.cell.variant.values.get("code"):
        yield f"TikTok's rejection is returned as {body['tiktok']}"


def _of_write(seen: Seen) -> Iterator[str]:
    """A success creates exactly one identity, a rejection none; the retry without the fault results in one."""
    writes = seen.paths.count("identity/create/")
    if writes > (3 if seen.cell.conclusion in RETRIED_WRITES and not seen.cell.row.after_lost_write else 1):
        yield f"written {writes} times"
    created_count = int(seen.status == 201 or seen.cell.scene == "acted")
    if seen.created_count != created_count:
        yield f"{seen.created_count} identities, not {created_count}"
    if (seen.retry_status, seen.finally_created) != (201, 1):
        yield f"the same request again: {seen.retry_status}, and {seen.finally_created} identities"


def _of_upload(seen: Seen) -> Iterator[str]:
    """A success stores one picture, a rejection none; an upload whose outcome is unknown is not retried."""
    writes = seen.paths.count("file/image/ad/upload/")
    if writes > (3 if seen.cell.conclusion in RETRIED_WRITES else 1):
        yield f"sent {writes} times"
    created_count = int(seen.status == 201 or seen.cell.scene == "acted")
    if seen.created_count != created_count:
        yield f"{seen.created_count} pictures, not {created_count}"
    if (seen.retry_status, seen.finally_created) != (201, created_count + 1):
        yield f"the same request again: {seen.retry_status}, and {seen.finally_created} pictures"


def _of_verdict(cell: Cell, body: Mapping[str, Any]) -> Iterator[str]:
    """Rules for every preflight, whatever TikTok did."""
    missing, unknown = body["missing"], body["unknown"]
    if body["ready"] != (not missing and not unknown):
        yield f"ready is {body['ready']}"
    if missing != sorted(missing, key=_ORDER.index) or set(missing) & set(unknown):
        yield f"missing {missing}, unknown {unknown}"
    if cell.scene in {"there", "far"} and missing and body["reason"] != "no_token":
        yield f"exists but is reported missing: {missing}"
    reason = "no_token" if body["token"] is None else "api_error" if unknown else "no_tt_user" if missing else None
    if body["reason"] not in {reason, None if missing and "identity" not in missing else reason}:
        yield f"reason is {body['reason']}"
    required = OBJECTIVES[cell.row.arguments["objective"]]
    for check in body["checks"]:
        name = check["requirement"]
        listed = "missing" if name in missing else "unknown" if name in unknown else "satisfied"
        if check["status"] != (listed if name in required else "not_required"):
            yield f"{name} is {check['status']} in checks"
        elif listed == "satisfied" and name in required and not any(one["usable"] for one in check["assets"]):
            yield f"{name} is satisfied without a usable asset"
    if (body["identity"] is None) != ("identity" in missing + unknown):
        yield f"the ad would run under {body['identity']}"


def _of_snapshot(seen: Seen, body: Mapping[str, Any]) -> Iterator[str]:
    """The snapshot contains what TikTok said, with whichever token, and nothing else."""
    verified = {
        one["requirement"]: one["status"] == "satisfied" for one in body["checks"] if one["status"] in _VERIFIED
    }
    if seen.cell.row.arguments.get("strict"):
        there = [
            one["requirement"] for one in body["checks"] if any(asset["usable"] for asset in one.get("assets", ()))
        ]
        verified |= dict.fromkeys(there, True)  # the snapshot does not depend on strict
    if seen.cell.takes_time:
        if seen.snapshot and not seen.snapshot.items() <= verified.items():
            yield f"snapshot {seen.snapshot}, not only {verified}"
    elif seen.snapshot != (verified if body["token"] else None):
        yield f"snapshot {seen.snapshot}, not {verified}"
