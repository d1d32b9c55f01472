"""Control over HTTP, for tests against a deployed stack and for a browser page.

GET    health                          {"status": "ok"}
GET    requests                        every TikTok request since the last reset
DELETE requests                        forget them
GET    faults                          what is switched on, and the kinds there are
POST   faults                          switch one on: {"path", "kind", ...}
DELETE faults                          switch all off
POST   reset                           world, faults and requests as at the start
GET    advertisers                     the advertisers, with demo names and descriptions
PATCH  advertisers/<id>                change one until the next reset: {"pixels": []}, {"status": "..."}
GET    identities?advertiser_id=<id>   what exists at TikTok, whoever may see it
POST   tokens/revoke                   {"token": "..."}
PATCH  users/<user>                    {"advertiser_ids": [...]}: what all tokens of a user reach, and later consents

Beside it stands TikTok's consent page, /portal/auth: see `consent`.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_origin, get_type_hints
from urllib.parse import urlsplit

from local.tiktok_simulator.answers import ApiError, JsonObject
from local.tiktok_simulator.demo import DemoAdvertiser
from local.tiktok_simulator.faults import FAULT_KINDS, Fault, FaultError
from local.tiktok_simulator.http_messages import Answer, HttpRequest, json_answer
from local.tiktok_simulator.world import Advertiser, App, Identity, Page, Pixel

if TYPE_CHECKING:
    from local.tiktok_simulator.simulator import Simulator

PATH = "/_simulator/"

_ASSETS: Mapping[str, type] = MappingProxyType({"identities": Identity, "pixels": Pixel, "apps": App, "pages": Page})
_SIMPLE_FIELDS = ("status", "can_use_custom_identity", "deleted", "lead_terms_confirmed", "owner_bc_id")


class _BadRequestError(Exception):
    """The control request makes no sense; the message says why."""


def answer(simulator: "Simulator", request: HttpRequest) -> Answer:
    """Answer a control request."""
    cors = _cors(request.origin)
    if request.method == "OPTIONS":
        return Answer(204, b"", "text/plain", cors)
    path = request.path.removeprefix(PATH).rstrip("/")
    kind, _, argument = path.partition("/")
    control = _CONTROLS.get((request.method, path)) or _CONTROLS.get((request.method, f"{kind}/<id>"))
    if control is None:
        return json_answer(404, {"error": f"there is no {request.method} {PATH}{path}"}, cors)
    try:
        with simulator.lock:
            return json_answer(200, control(simulator, request, argument), cors)
    except (_BadRequestError, FaultError) as error:
        return json_answer(400, {"error": str(error)}, cors)


def _health(_simulator: "Simulator", _request: HttpRequest, _argument: str) -> JsonObject:
    return {"status": "ok"}


def _get_requests(simulator: "Simulator", _request: HttpRequest, _argument: str) -> JsonObject:
    return {"requests": [request.to_json() for request in simulator.requests]}


def _delete_requests(simulator: "Simulator", _request: HttpRequest, _argument: str) -> JsonObject:
    simulator.requests.clear()
    return {}


def _get_faults(simulator: "Simulator", _request: HttpRequest, _argument: str) -> JsonObject:
    kinds = {kind: rule.meaning for kind, rule in FAULT_KINDS.items()}
    return {"faults": [fault.to_json() for fault in simulator.faults], "kinds": kinds}


def _post_fault(simulator: "Simulator", request: HttpRequest, _argument: str) -> JsonObject:
    return {"fault": simulator.faults.add(Fault.from_json(_body(request))).to_json()}


def _delete_faults(simulator: "Simulator", _request: HttpRequest, _argument: str) -> JsonObject:
    simulator.faults.clear()
    return {}


def _reset(simulator: "Simulator", _request: HttpRequest, _argument: str) -> JsonObject:
    simulator.reset()
    return {}


def _get_advertisers(simulator: "Simulator", _request: HttpRequest, _argument: str) -> JsonObject:
    named = {member.value: member for member in DemoAdvertiser}
    rows = []
    for advertiser in simulator.world.advertisers.values():
        demo = named.get(advertiser.id)
        rows.append(
            {
                "advertiser_id": advertiser.id,
                "name": demo.name if demo else advertiser.name,
                "description": demo.description if demo else "",
                "users": list(
                    dict.fromkeys(
                        token.user for token in simulator.world.tokens.values() if advertiser.id in token.advertiser_ids
                    )
                ),
            }
        )
    return {"advertisers": rows}


def _patch_advertiser(simulator: "Simulator", request: HttpRequest, advertiser_id: str) -> JsonObject:
    advertiser = _advertiser(simulator, advertiser_id)
    hints = get_type_hints(Advertiser)
    changes: JsonObject = {}
    for name, value in _body(request).items():
        if name in _ASSETS:
            changes[name] = _assets(name, value)
        elif name in _SIMPLE_FIELDS:
            changes[name] = _typed(name, value, hints, name)
        else:
            raise _BadRequestError(f"{name} cannot be changed, only {', '.join([*_ASSETS, *_SIMPLE_FIELDS])}")
    for name, value in changes.items():
        setattr(advertiser, name, value)
    return {"advertiser_id": advertiser.id, "changed": sorted(changes)}


def _get_identities(simulator: "Simulator", request: HttpRequest, _argument: str) -> JsonObject:
    advertiser = _advertiser(simulator, request.query.get("advertiser_id", ""))
    rows = [
        {"identity_id": item.id, "identity_type": item.identity_type, "display_name": item.display_name}
        for item in advertiser.identities
    ]
    return {"advertiser_id": advertiser.id, "count": len(rows), "identities": rows}


def _revoke_token(simulator: "Simulator", request: HttpRequest, _argument: str) -> JsonObject:
    token = _body(request).get("token")
    if not isinstance(token, str):
        raise _BadRequestError('the body must be {"token": "..."}')
    if token not in simulator.world.tokens:
        raise _BadRequestError("there is no such token")
    simulator.world.revoke(token)
    return {}


def _patch_user(simulator: "Simulator", request: HttpRequest, name: str) -> JsonObject:
    body = _body(request)
    ids = body.get("advertiser_ids")
    if set(body) != {"advertiser_ids"} or not isinstance(ids, list):
        raise _BadRequestError('the body must be {"advertiser_ids": [...]}')
    advertiser_ids = [_advertiser(simulator, advertiser_id).id for advertiser_id in ids]
    try:
        simulator.world.reach(name, advertiser_ids)
    except KeyError:
        raise _BadRequestError(f"there is no user {name!r}") from None
    return {"user": name, "advertiser_ids": advertiser_ids}


_CONTROLS: Mapping[tuple[str, str], Callable[["Simulator", HttpRequest, str], JsonObject]] = MappingProxyType(
    {
        ("GET", "health"): _health,
        ("GET", "requests"): _get_requests,
        ("DELETE", "requests"): _delete_requests,
        ("GET", "faults"): _get_faults,
        ("POST", "faults"): _post_fault,
        ("DELETE", "faults"): _delete_faults,
        ("POST", "reset"): _reset,
        ("GET", "advertisers"): _get_advertisers,
        ("PATCH", "advertisers/<id>"): _patch_advertiser,
        ("GET", "identities"): _get_identities,
        ("POST", "tokens/revoke"): _revoke_token,
        ("PATCH", "users/<id>"): _patch_user,
    }
)


def _cors(origin: str | None) -> dict[str, str]:
    """The headers that let a page of this machine, and no other, read the answer."""
    if origin is None or urlsplit(origin).hostname not in {"localhost", "127.0.0.1"}:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE",
        "Access-Control-Allow-Headers": "Content-Type",
        "Vary": "Origin",
    }


def _body(request: HttpRequest) -> JsonObject:
    try:
        return request.json_body()
    except ApiError as error:
        raise _BadRequestError(error.message) from None


def _advertiser(simulator: "Simulator", advertiser_id: object) -> Advertiser:
    if not isinstance(advertiser_id, str) or advertiser_id not in simulator.world.advertisers:
        raise _BadRequestError(f"there is no advertiser {advertiser_id!r}")
    return simulator.world.advertisers[advertiser_id]


def _assets(name: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise _BadRequestError(f"{name} must be a list")
    return [_built(_ASSETS[name], item) for item in value]


def _built(kind: type, value: object) -> object:
    """A dataclass made of a JSON object with the same names."""
    name = kind.__name__
    if not isinstance(value, dict):
        raise _BadRequestError(f"each {name} must be an object")
    hints = get_type_hints(kind)
    if unknown := set(value) - set(hints):
        raise _BadRequestError(f"unknown {', '.join(sorted(unknown))}; {name} has {', '.join(hints)}")
    needed = {item.name for item in fields(kind) if item.default is MISSING}
    if missing := needed - set(value):
        raise _BadRequestError(f"{name} needs {', '.join(sorted(missing))}")
    return kind(**{key: _typed(f"{name}.{key}", item, hints, key) for key, item in value.items()})


def _typed(name: str, value: object, hints: Mapping[str, Any], key: str) -> object:
    """A value of its hinted type: text, true/false, null where allowed, or a tuple of texts."""
    hint = hints[key]
    if get_origin(hint) is tuple:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise _BadRequestError(f"{name} must be a list of texts")
        return tuple(value)
    if not isinstance(value, hint):
        raise _BadRequestError(f"{name} has the wrong type: {value!r}")
    return value
