"""What is to be said of what was seen: the few words for the table, and every promise that was not kept."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from publishing.answers.identities import CreatedIdentityAnswer, IdentityCheck, IdentityList
from publishing.answers.identity_images import IdentityImage
from publishing.answers.publish_check import PublishCheck
from publishing.preflight.objectives import OBJECTIVES, Requirement
from tests.deep.fault_matrix.cells import Cell
from tests.deep.fault_matrix.connecting import After
from tests.deep.fault_matrix.judging_any import MAY_BE_TRIED_AGAIN, broken_promises_of_any
from tests.deep.fault_matrix.judging_connecting import broken_promises_of_connecting
from tests.deep.fault_matrix.rules import EITHER, Word
from tests.deep.fault_matrix.running import SHORT_SECONDS, Seen
from tests.deep.fault_matrix.worlds import ADVERTISER, MATE, USER

_MODELS: Mapping[str, tuple[int, type[BaseModel]]] = {
    "check": (200, IdentityCheck),
    "list": (200, IdentityList),
    "create": (201, CreatedIdentityAnswer),
    "upload": (201, IdentityImage),
    "publish": (200, PublishCheck),
}
_PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}
_MORE_OF_PROBLEM = {"tiktok_rejected": {"tiktok"}}
_DONE = {"create": "created", "upload": "uploaded"}
_VERIFIED = {"satisfied", "missing"}
_ORDER = [one.value for one in Requirement]


def word(seen: Seen | After) -> Word:
    """What the caller was told."""
    return seen.told if isinstance(seen, After) else _word(seen)


def _word(seen: Seen) -> Word:
    body = json.loads(seen.body)
    if seen.status >= 400:
        told = f"{seen.status} {body['code']}"
        return EITHER if seen.cell.expected == EITHER and told in EITHER else told
    match seen.cell.row.asks:
        case "check":
            if body["hasIdentity"]:
                return "has one"
            return f"api_error: {body['detail']}" if body["reason"] == "api_error" else str(body["reason"])
        case "list":
            return f"{seen.status}, {len(body['identities'])} listed{'' if body['complete'] else ', incomplete'}"
        case "create" | "upload":
            how = "found by name" if "identity/get/" in seen.paths else _DONE[seen.cell.row.asks]
            return ", ".join([f"{seen.status} {how}", *_codes(body)])
        case _:
            return _verdict(body)


def shown(seen: Seen | After) -> str:
    """What there is to look at where a promise is broken."""
    return repr(seen) if isinstance(seen, After) else seen.body


def _verdict(body: Mapping[str, Any]) -> Word:
    if body["reason"] == "no_token":
        return "no_token"
    if len(body["missing"]) + len(body["unknown"]) > 1:
        return f"missing {body['missing']}, unknown {body['unknown']}"
    reasons = [check["reason"] for check in body["checks"] if check["requirement"] in body["unknown"]]
    head = f"unknown: {reasons[0]}" if reasons else "missing" if body["missing"] else "ready"
    return ", ".join([head + (" at risk" if body["at_risk"] else ""), *_codes(body)])


def _codes(body: Mapping[str, Any]) -> list[str]:
    return [one["code"] for one in body.get("warnings", ())]


def broken_promises(seen: Seen | After) -> Iterator[str]:
    """Everything that is wrong with what was seen, in sentences."""
    if isinstance(seen, After):
        yield from broken_promises_of_connecting(seen)
        return
    cell = seen.cell
    yield from broken_promises_of_any(seen, word(seen), cell.told, SHORT_SECONDS)
    yield from _of_connections(seen)
    yield from _of_form(seen)
    if cell.row.asks == "create":
        yield from _of_write(seen)
    if cell.row.asks == "upload":
        yield from _of_upload(seen)
    if cell.row.asks == "publish" and seen.status == 200:
        yield from _of_verdict(cell, json.loads(seen.body))
        yield from _of_snapshot(seen, json.loads(seen.body))


def _of_connections(seen: Seen) -> Iterator[str]:
    expected = (USER,) if seen.cell.marks else ()
    if seen.marked != expected:
        yield f"connections marked expired: {seen.marked}, not {expected}"
    passed_on = seen.cell.teammate and seen.cell.ends_the_tokens_turn
    if bool(seen.with_mates_token) != passed_on:
        yield f"{seen.with_mates_token} calls with the teammate's token"
    token = json.loads(seen.body).get("token")
    if token and token != {"source": "teammate" if passed_on else "own", "user_id": MATE if passed_on else USER}:
        yield f"token is {token}"


def _of_form(seen: Seen) -> Iterator[str]:
    """Status and body as in the contract: every field of the model, and none besides."""
    body = json.loads(seen.body)
    if seen.status >= 400:
        yield from _of_problem(seen, body)
        return
    status, model = _MODELS[seen.cell.row.asks]
    if seen.status != status or seen.headers["Content-Type"] != "application/json":
        yield f"answered {seen.status} as {seen.headers['Content-Type']}"
    try:
        if model.model_validate_json(seen.body).model_dump(mode="json") != body:
            yield "the body has more than its model"
    except ValidationError as error:
        yield f"the body does not fit its model: {error}"
    if body.get("advertiser_id", ADVERTISER) != ADVERTISER:
        yield f"the answer is about {body['advertiser_id']}"


def _of_problem(seen: Seen, body: Mapping[str, Any]) -> Iterator[str]:
    if seen.headers["Content-Type"] != "application/problem+json":
        yield f"a problem as {seen.headers['Content-Type']}"
    if set(body) != _PROBLEM | _MORE_OF_PROBLEM.get(body["code"], set()):
        yield f"a problem with {sorted(body)}"
    if body["status"] != seen.status or body["request_id"] != "gateway-request":
        yield f"a problem of {body['status']} and {body['request_id']}"
    if (body["code"] == "tiktok_rate_limited") != ("Retry-After" in seen.headers):
        yield "Retry-After goes with a rate limit, and with nothing else"
    if body["code"] == "tiktok_rejected" and body["tiktok"]["code"] != seen.cell.strike.values.get("code"):
        yield f"TikTok's refusal is told as {body['tiktok']}"


def _of_write(seen: Seen) -> Iterator[str]:
    """Exactly one identity for each success, none for each refusal; and one in the end, once TikTok is well."""
    writes = seen.paths.count("identity/create/")
    if writes > (3 if seen.cell.lesson in MAY_BE_TRIED_AGAIN and not seen.cell.row.after_lost_write else 1):
        yield f"written {writes} times"
    made = int(seen.status == 201 or seen.cell.scene == "acted")
    if seen.made != made:
        yield f"{seen.made} identities, not {made}"
    if (seen.again, seen.made_in_the_end) != (201, 1):
        yield f"the same request again: {seen.again}, and {seen.made_in_the_end} identities"


def _of_upload(seen: Seen) -> Iterator[str]:
    """One picture for each success, none for each refusal, and never a second try where the first may have made one."""
    writes = seen.paths.count("file/image/ad/upload/")
    if writes > (3 if seen.cell.lesson in MAY_BE_TRIED_AGAIN else 1):
        yield f"sent {writes} times"
    made = int(seen.status == 201 or seen.cell.scene == "acted")
    if seen.made != made:
        yield f"{seen.made} pictures, not {made}"
    if (seen.again, seen.made_in_the_end) != (201, made + 1):
        yield f"the same request again: {seen.again}, and {seen.made_in_the_end} pictures"


def _of_verdict(cell: Cell, body: Mapping[str, Any]) -> Iterator[str]:
    """What holds for every preflight, whatever TikTok did."""
    missing, unknown = body["missing"], body["unknown"]
    if body["ready"] != (not missing and not unknown):
        yield f"ready is {body['ready']}"
    if missing != sorted(missing, key=_ORDER.index) or set(missing) & set(unknown):
        yield f"missing {missing}, unknown {unknown}"
    if cell.scene in {"there", "far"} and missing and body["reason"] != "no_token":
        yield f"it is there, and called missing: {missing}"
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
            yield f"{name} is satisfied by nothing that was seen"
    if (body["identity"] is None) != ("identity" in missing + unknown):
        yield f"the ad would run under {body['identity']}"


def _of_snapshot(seen: Seen, body: Mapping[str, Any]) -> Iterator[str]:
    """What is kept of a preflight is what TikTok said, by whichever token, and nothing that it did not say."""
    verified = {
        one["requirement"]: one["status"] == "satisfied" for one in body["checks"] if one["status"] in _VERIFIED
    }
    if seen.cell.row.arguments.get("strict"):
        there = [
            one["requirement"] for one in body["checks"] if any(asset["usable"] for asset in one.get("assets", ()))
        ]
        verified |= dict.fromkeys(there, True)  # however strictly it is judged
    if seen.cell.takes_time:
        if seen.kept and not seen.kept.items() <= verified.items():
            yield f"kept {seen.kept}, not only {verified}"
    elif seen.kept != (verified if body["token"] else None):
        yield f"kept {seen.kept}, not {verified}"
