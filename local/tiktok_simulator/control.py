"""Control over HTTP, for tests against a deployed stack and for a browser page.

GET    health                          {"status": "ok"}
GET    requests                        every TikTok request since the last reset
DELETE requests                        delete the recorded requests
GET    faults                          the active faults, and the kinds of faults
POST   faults                          activate a fault: {"path", "kind", ...}
DELETE faults                          deactivate all faults
POST   reset                           restore the initial world, without faults and recorded requests
GET    advertisers                     the advertisers, with demo names and descriptions
PATCH  advertisers/<id>                change one until the next reset: {"pixels": []}, {"status": "..."}
GET    identities?advertiser_id=<id>   the advertiser's identities at TikTok, for whichever user they are visible
POST   tokens/revoke                   {"token": "..."}
PATCH  users/<user>                    {"advertiser_ids": [...]}: the advertisers of a user's tokens and later consents
GET    clock                           {"at": "..."}: TikTok's time, which decides which dated rules hold
POST   clock                           {"at": "2027-01-01T00:00:00Z"}: stop TikTok's time there until the next reset
GET    publishing-rules                the rules that refuse campaigns, ad groups and ads, and which of them hold
POST   publishing-rules                {"unsettled": ["..."]}: hold these rules too until the next reset

A browser shows TikTok's consent page at /portal/auth: see `oauth`.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from local.tiktok_simulator.demo import DemoAdvertiser, demo_world
from local.tiktok_simulator.faults import FAULT_KINDS, Fault, Faults
from local.tiktok_simulator.http_messages import HttpRequest, HttpResponse, JsonObject, json_response
from local.tiktok_simulator.journal import Journal
from local.tiktok_simulator.publishing_rules import RULES, Cause
from local.tiktok_simulator.world import Advertiser, App, Identity, Page, Pixel, Store, World

PATH = "/_simulator/"


class State:
    """The simulator's state: `world` is what exists at TikTok, `faults` what fails, `requests` what was received.

    `lock` protects the world. `clock` returns TikTok's time in epoch seconds.
    """

    def __init__(self, world: World | None = None, clock: Callable[[], float] = time.time) -> None:
        self.world = demo_world() if world is None else world
        self.faults = Faults()
        self.requests = Journal()
        self.lock = threading.RLock()
        self.clock = clock
        self._initial_world = self.world.copy()
        self._initial_clock = clock

    def reset(self) -> None:
        """Restore the initial world and clock, without faults and recorded requests."""
        with self.lock:
            self.clock = self._initial_clock
            self.world = self._initial_world.copy()
            self.faults.clear()
            self.requests.clear()


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _AdvertiserChange(_Body):
    """New values for an advertiser; only the names in the request are changed."""

    status: str = ""
    can_use_custom_identity: bool | None = None
    deleted: bool = False
    lead_terms_confirmed: bool = True
    owner_bc_id: str | None = None
    identities: list[Identity] = []
    pixels: list[Pixel] = []
    apps: list[App] = []
    pages: list[Page] = []
    user_roles: dict[str, str] = {}
    countries: tuple[str, ...] | None = None
    verification_status: str = ""
    created_at: int = 0
    smart_plus_allowed: bool = True
    stores: tuple[Store, ...] = ()


class _Clock(_Body):
    at: AwareDatetime


class _Unsettled(_Body):
    unsettled: frozenset[Cause]


class _TokenBody(_Body):
    token: str


class _UserChange(_Body):
    advertiser_ids: list[str]


class _RefusedError(Exception):
    """A control request that is refused; the message says why."""


def respond(state: State, request: HttpRequest) -> HttpResponse:
    """Respond to a control request."""
    cors = _cors(request.origin)
    if request.method == "OPTIONS":
        return HttpResponse(204, b"", "text/plain", cors)
    path = request.path.removeprefix(PATH).rstrip("/")
    kind, _, argument = path.partition("/")
    control = _CONTROLS.get((request.method, path)) or _CONTROLS.get((request.method, f"{kind}/<id>"))
    if control is None:
        return json_response(404, {"error": f"there is no {request.method} {PATH}{path}"}, cors)
    try:
        with state.lock:
            return json_response(200, control(state, request, argument), cors)
    except _RefusedError as error:
        return json_response(400, {"error": str(error)}, cors)
    except ValidationError as error:
        return json_response(400, {"error": _explanation(error)}, cors)


def _explanation(error: ValidationError) -> str:
    """Which values are wrong and why, without the values."""
    found = [(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors(include_url=False)]
    return "; ".join(f"{name}: {message}" if name else message for name, message in found)


def _get_health(_state: State, _request: HttpRequest, _argument: str) -> JsonObject:
    return {"status": "ok"}


def _get_requests(state: State, _request: HttpRequest, _argument: str) -> JsonObject:
    return {"requests": [request.to_json() for request in state.requests]}


def _delete_requests(state: State, _request: HttpRequest, _argument: str) -> JsonObject:
    state.requests.clear()
    return {}


def _get_faults(state: State, _request: HttpRequest, _argument: str) -> JsonObject:
    kinds = {kind.value: rule.meaning for kind, rule in FAULT_KINDS.items()}
    return {"faults": [fault.to_json() for fault in state.faults], "kinds": kinds}


def _post_fault(state: State, request: HttpRequest, _argument: str) -> JsonObject:
    return {"fault": state.faults.add(Fault.model_validate_json(request.body)).to_json()}


def _delete_faults(state: State, _request: HttpRequest, _argument: str) -> JsonObject:
    state.faults.clear()
    return {}


def _post_reset(state: State, _request: HttpRequest, _argument: str) -> JsonObject:
    state.reset()
    return {}


def _get_advertisers(state: State, _request: HttpRequest, _argument: str) -> JsonObject:
    demo = {member.value: member for member in DemoAdvertiser}
    tokens = state.world.tokens.values()
    return {
        "advertisers": [
            {
                "advertiser_id": one.id,
                "name": demo[one.id].name if one.id in demo else one.name,
                "description": demo[one.id].description if one.id in demo else "",
                "users": list(dict.fromkeys(token.user for token in tokens if one.id in token.advertiser_ids)),
            }
            for one in state.world.advertisers.values()
        ]
    }


def _patch_advertiser(state: State, request: HttpRequest, advertiser_id: str) -> JsonObject:
    advertiser = _advertiser(state, advertiser_id)
    change = _AdvertiserChange.model_validate_json(request.body)
    for name in change.model_fields_set:
        setattr(advertiser, name, getattr(change, name))
    return {"advertiser_id": advertiser.id, "changed": sorted(change.model_fields_set)}


def _get_identities(state: State, request: HttpRequest, _argument: str) -> JsonObject:
    advertiser = _advertiser(state, request.query.get("advertiser_id", ""))
    rows = [
        {"identity_id": item.id, "identity_type": item.identity_type, "display_name": item.display_name}
        for item in advertiser.identities
    ]
    return {"advertiser_id": advertiser.id, "count": len(rows), "identities": rows}


def _revoke_token(state: State, request: HttpRequest, _argument: str) -> JsonObject:
    body = _TokenBody.model_validate_json(request.body)
    try:
        state.world.revoke(body.token)
    except KeyError:
        raise _RefusedError("there is no such token") from None
    return {}


def _patch_user(state: State, request: HttpRequest, name: str) -> JsonObject:
    body = _UserChange.model_validate_json(request.body)
    advertiser_ids = [_advertiser(state, advertiser_id).id for advertiser_id in body.advertiser_ids]
    try:
        state.world.reach(name, advertiser_ids)
    except KeyError:
        raise _RefusedError(f"there is no user {name!r}") from None
    return {"user": name, "advertiser_ids": advertiser_ids}


def _get_clock(state: State, _request: HttpRequest, _argument: str) -> JsonObject:
    return {"at": datetime.fromtimestamp(state.clock(), UTC).isoformat()}


def _post_clock(state: State, request: HttpRequest, argument: str) -> JsonObject:
    stopped_at = _Clock.model_validate_json(request.body).at.timestamp()
    state.clock = lambda: stopped_at
    return _get_clock(state, request, argument)


def _get_publishing_rules(state: State, _request: HttpRequest, _argument: str) -> JsonObject:
    return {"rules": [rule.to_json() | {"holds": rule.holds_in(state.world)} for rule in RULES]}


def _post_publishing_rules(state: State, request: HttpRequest, argument: str) -> JsonObject:
    state.world.unsettled = _Unsettled.model_validate_json(request.body).unsettled
    return _get_publishing_rules(state, request, argument)


_CONTROLS: Mapping[tuple[str, str], Callable[[State, HttpRequest, str], JsonObject]] = MappingProxyType(
    {
        ("GET", "health"): _get_health,
        ("GET", "requests"): _get_requests,
        ("DELETE", "requests"): _delete_requests,
        ("GET", "faults"): _get_faults,
        ("POST", "faults"): _post_fault,
        ("DELETE", "faults"): _delete_faults,
        ("POST", "reset"): _post_reset,
        ("GET", "advertisers"): _get_advertisers,
        ("PATCH", "advertisers/<id>"): _patch_advertiser,
        ("GET", "identities"): _get_identities,
        ("POST", "tokens/revoke"): _revoke_token,
        ("PATCH", "users/<id>"): _patch_user,
        ("GET", "clock"): _get_clock,
        ("POST", "clock"): _post_clock,
        ("GET", "publishing-rules"): _get_publishing_rules,
        ("POST", "publishing-rules"): _post_publishing_rules,
    }
)


def _cors(origin: str | None) -> dict[str, str]:
    """The headers that let a page of this machine, and no other page, read the response."""
    if origin is None or urlsplit(origin).hostname not in {"localhost", "127.0.0.1"}:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE",
        "Access-Control-Allow-Headers": "Content-Type",
        "Vary": "Origin",
    }


def _advertiser(state: State, advertiser_id: str) -> Advertiser:
    if advertiser_id not in state.world.advertisers:
        raise _RefusedError(f"there is no advertiser {advertiser_id!r}")
    return state.world.advertisers[advertiser_id]
