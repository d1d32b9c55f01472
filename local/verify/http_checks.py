"""What a browser gets of a stage. Nothing is created: requests that could create something are invalid on purpose."""

import base64
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import requests

from local.verify.described import Route, routes, undescribed
from local.verify.stage import UNSUBSCRIBED_TOKEN, Bearer, Stage
from publishing.http.endpoint import MAX_BODY_BYTES
from publishing.http.problems import CONTENT_TYPE, PROBLEMS

NOBODY = "verify-nobody"
"""A user who has no connection."""
_QUERY = {"objective": "REACH", "state": "verify"}
"""Values of the query parameters that operations require."""
_SENT_HEADERS = "authorization,content-type,idempotency-key"
"""The headers of the wizard that a browser asks for."""
_PREFLIGHT_METHODS = ("GET", "POST", "DELETE")
_FOREIGN_ORIGIN = "https://verify.invalid"
_ABOVE_LAMBDA = 7_000_000
"""More than Lambda accepts (6 MB), less than API Gateway does (10 MB)."""
_ABOVE_API_GATEWAY = 11_000_000
_RULES = "/publish-check/rules"
_IDENTITIES = "/identities"
_REFUSED = (HTTPStatus.BAD_REQUEST, "invalid_request")
_UNSUBSCRIBED = (HTTPStatus.FORBIDDEN, "subscription_required")


@dataclass
class Outcome:
    """The result of a check: what was looked at, what is wrong, and what could not be looked at."""

    seen: str = ""
    faults: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(self, *faults: str | None) -> None:
        """Add faults; None is no fault."""
        self.faults += [one for one in faults if one]


Check = Callable[[Stage], Outcome]


def caller(stage: Stage) -> Outcome:
    """The stage accepts the bearer token, and its person is a member of the team."""
    outcome = Outcome("the bearer token is accepted")
    response = stage.send("GET", _RULES, stage.bearer.header())
    code = code_of(response)
    if code == "unauthorized":
        outcome.add("the authorizer refuses VERIFY_TOKEN: is it of this stage's TokenIssuer and TokenAudience?")
    elif code == "not_a_member":
        outcome.add("the person of VERIFY_TOKEN is not a member of its team: use another person's token")
    else:
        outcome.add(_not(response, f"GET {_RULES}", HTTPStatus.OK))
    return outcome


def endpoints(stage: Stage) -> Outcome:
    """Every endpoint answers as docs/openapi.yaml says. Reads are made; writes are refused because of their input."""
    outcome = Outcome()
    answers: dict[str, int] = {}
    for route in routes():
        name = f"{route.method} {route.path}"
        path, request = _harmless(route)
        headers = stage.bearer.header() if route.secured else {}
        response = stage.send(route.method, path, headers, **request)
        answers[name] = response.status_code
        if code_of(response) == "connect_not_set_up":
            outcome.skipped.append(f"{name}: connecting is not set up, see docs/operations.md#connecting-tiktok")
            continue
        outcome.add(*(f"{name}: {fault}" for fault in _endpoint_faults(stage, route, path, response)))
    outcome.seen = f"{len(answers)} endpoints"
    return outcome


def _harmless(route: Route) -> tuple[str, dict[str, Any]]:
    """The path and options of a request that changes nothing. A POST has no object, a DELETE an unknown parameter."""
    path = route.path.replace("{user_id}", NOBODY)
    if route.method == "GET":
        return path, {"params": {name: _QUERY.get(name, "1") for name in route.required}}
    if route.method == "POST":
        return path, {"json": []}
    return path, {"params": {"verify": "1"}}


def _endpoint_faults(stage: Stage, route: Route, path: str, response: requests.Response) -> Iterator[str]:
    code, status = code_of(response), response.status_code
    at = f"{status} {code or ''}".strip() + _request(response)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS} or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        yield at
    elif code == "not_found":
        yield f"{at}: the route is not deployed"
    elif route.secured and route.method != "GET" and (status, code) not in {_REFUSED, _UNSUBSCRIBED}:
        yield f"{at}, although the request is invalid"
    elif why := undescribed(route.method, path, response):
        yield f"{at} is not described in docs/openapi.yaml: {why}"
    if route.secured:
        yield from _origin_faults(stage, response)
    yield from _cache_faults(response)


def gateway_errors(stage: Stage) -> Outcome:
    """API Gateway's own errors are problems that a page of the allowed origin can read and nothing keeps."""
    good, bad = stage.bearer.header(), {"Authorization": "Bearer verify.not.valid"}
    cases: tuple[tuple[str, str, str, Mapping[str, str], str], ...] = (
        ("no token", "GET", _RULES, {}, "unauthorized"),
        ("no token on a write", "POST", _IDENTITIES, {}, "unauthorized"),
        ("an invalid token", "GET", _RULES, bad, "unauthorized"),
        ("an unknown route", "GET", "/verify-nothing-here", good, "not_found"),
        ("an unknown route without a token", "GET", "/verify-nothing-here", {}, "not_found"),
        ("a route below a known one", "GET", f"{_RULES}/verify", good, "not_found"),
        ("an unknown method", "PUT", _IDENTITIES, good, "not_found"),
    )
    outcome = Outcome(f"{len(cases)} errors")
    for name, method, path, headers, code in cases:
        response = stage.send(method, path, headers)
        outcome.add(*(f"{name}: {fault}" for fault in problem_faults(stage, response, code)))
    return outcome


def cors(stage: Stage) -> Outcome:
    """Browsers may call every endpoint from pages of the parameter AllowedOrigins, and from no others."""
    allowed = stage.allowed_origin
    paths = list(dict.fromkeys(route.path.replace("{user_id}", NOBODY) for route in routes() if route.secured))
    outcome = Outcome(f"{len(paths)} preflights, allowed origin {allowed}")
    for path in paths:
        asked = {"Origin": allowed if allowed != "*" else _FOREIGN_ORIGIN, "Access-Control-Request-Method": "GET"}
        response = stage.send("OPTIONS", path, {**asked, "Access-Control-Request-Headers": _SENT_HEADERS})
        outcome.add(*(f"OPTIONS {path}: {fault}" for fault in _preflight_faults(stage, response)))
    answer = stage.send("GET", _RULES, {**stage.bearer.header(), "Origin": _FOREIGN_ORIGIN})
    outcome.add(*(f"a page of another origin: {fault}" for fault in _origin_faults(stage, answer)))
    return outcome


def _preflight_faults(stage: Stage, response: requests.Response) -> Iterator[str]:
    if not response.ok:
        yield f"{response.status_code}, so that a browser sends no request"
        return
    yield from _origin_faults(stage, response)
    methods, headers = (
        {one.strip().lower() for one in response.headers.get(f"Access-Control-Allow-{name}", "").split(",")}
        for name in ("Methods", "Headers")
    )
    if lacking := {one.lower() for one in _PREFLIGHT_METHODS} - methods:
        yield f"does not allow the methods {', '.join(sorted(lacking)).upper()}"
    if lacking := set(_SENT_HEADERS.split(",")) - headers:
        yield f"does not allow the headers {', '.join(sorted(lacking))}"


def authorizer_cache(stage: Stage) -> Outcome:
    """One cached answer of the authorizer is right for reads and writes, whichever comes first."""
    outcome = Outcome()
    people: list[tuple[str, Bearer, set[tuple[int, str]]]] = [("VERIFY_TOKEN", stage.bearer, {_REFUSED, _UNSUBSCRIBED})]
    if stage.unsubscribed:
        people.append((UNSUBSCRIBED_TOKEN, stage.unsubscribed, {_UNSUBSCRIBED}))
    sides = set()
    for name, bearer, expected in people:
        answers = [_orders(stage, bearer, order, outcome, name) for order in ("rwr", "wrw")]
        writes = {one for some in answers for one in some}
        sides |= writes
        if not writes <= expected:
            outcome.add(f"{name}: a write got {_listed(writes - expected)}")
        elif len(writes) > 1:
            outcome.add(f"{name}: a write got {_listed(writes)}, depending on what was called before")
    bad = {"Authorization": f"{stage.bearer.header()['Authorization']}x"}
    for headers, code in ((stage.bearer.header(), None), (bad, "unauthorized"), (stage.bearer.header(), None)):
        got = code_of(stage.send("GET", _RULES, headers))
        outcome.add(f"after another token: {got or 'allowed'}, not {code or 'allowed'}" if got != code else None)
    outcome.seen = "reads and writes in both orders, writes " + " and ".join(
        text for side, text in ((_REFUSED, "allowed"), (_UNSUBSCRIBED, "denied")) if side in sides
    )
    if _UNSUBSCRIBED not in sides:
        outcome.skipped.append(f"denied writes: {UNSUBSCRIBED_TOKEN} is not set")
    if _REFUSED not in sides:
        outcome.skipped.append("allowed writes: the team of VERIFY_TOKEN has no subscription")
    return outcome


def _orders(stage: Stage, bearer: Bearer, order: str, outcome: Outcome, name: str) -> list[tuple[int, str]]:
    """Read (r) and write (w) in this order, with a header that has no cached answer yet; return what writes got."""
    scheme = "".join(random.choice((one.lower(), one.upper())) for one in "bearer")  # noqa: S311 - no secret
    got = []
    for step in order:
        if step == "r":
            response = stage.send("GET", _RULES, bearer.header(scheme))
            outcome.add(_not(response, f"{name}: a read ({order})", HTTPStatus.OK))
        else:
            response = stage.send("POST", _IDENTITIES, bearer.header(scheme), json=[])
            got.append((response.status_code, code_of(response) or ""))
    return got


def oversized_bodies(stage: Stage) -> Outcome:
    """A body that is too large is refused with a problem that says so."""
    outcome = Outcome("a body above our limit, above Lambda's and above API Gateway's")
    bearer = stage.bearer.header()
    padding = json.dumps({"padding": "x" * MAX_BODY_BYTES}).encode()
    response = stage.send("POST", _IDENTITIES, bearer, data=padding)
    if code_of(response) == _UNSUBSCRIBED[1]:
        return Outcome(skipped=["the team of VERIFY_TOKEN has no subscription: its writes are denied before"])
    outcome.add(*(f"{len(padding)} bytes: {fault}" for fault in problem_faults(stage, response, "invalid_request")))
    refused = _image(stage, _ABOVE_LAMBDA)
    if refused is None:
        outcome.add("above Lambda's limit: the connection was closed without a response")
    else:
        outcome.add(*(f"above Lambda's limit: {one}" for one in problem_faults(stage, refused, "image_too_large")))
    # API Gateway may refuse it before it looks at the API, and close the connection while the body is sent.
    refused = _image(stage, _ABOVE_API_GATEWAY)
    if refused is None or any(_origin_faults(stage, refused)):
        outcome.skipped.append("a page cannot read API Gateway's own refusal of more than 10 MB")
    if refused is not None and refused.status_code not in {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _REFUSED[0]}:
        outcome.add(f"above API Gateway's limit: {refused.status_code} {code_of(refused) or ''}".rstrip())
    return outcome


def _image(stage: Stage, size: int) -> requests.Response | None:
    """The response to an avatar of this many bytes in base64; None if the connection is closed instead."""
    body = {"advertiser_id": "1", "image_base64": base64.b64encode(bytes(size * 3 // 4)).decode()}
    try:
        return stage.send("POST", "/identity-images", stage.bearer.header(), data=json.dumps(body).encode())
    except requests.ConnectionError:
        return None


def code_of(response: requests.Response) -> str | None:
    """The code of a problem; None if the response is no problem."""
    code = _body(response).get("code")
    return code if isinstance(code, str) else None


def problem_faults(stage: Stage, response: requests.Response, code: str) -> Iterator[str]:
    """What is wrong with a response that should be this problem, readable by a page of the allowed origin."""
    got, status = code_of(response), PROBLEMS[code].status
    if (response.status_code, got) != (status, code):
        yield f"{response.status_code} {got or 'without a code'}, not {int(status)} {code}{_request(response)}"
    elif response.headers.get("Content-Type") != CONTENT_TYPE:
        yield f"the Content-Type is {response.headers.get('Content-Type')}, not {CONTENT_TYPE}"
    elif not _body(response).get("request_id"):
        yield "no request_id"
    elif status == HTTPStatus.UNAUTHORIZED and response.headers.get("WWW-Authenticate") != "Bearer":
        yield f"WWW-Authenticate is {response.headers.get('WWW-Authenticate') or 'absent'}, not Bearer"
    yield from _origin_faults(stage, response)
    yield from _cache_faults(response)


def _cache_faults(response: requests.Response) -> Iterator[str]:
    got = response.headers.get("Cache-Control")
    if got != "no-store":
        yield f"Cache-Control is {got or 'absent'}, not no-store"


def _origin_faults(stage: Stage, response: requests.Response) -> Iterator[str]:
    got = response.headers.get("Access-Control-Allow-Origin")
    if got != stage.allowed_origin:
        yield f"Access-Control-Allow-Origin is {got or 'absent'}, but the stage's AllowedOrigins {stage.allowed_origin}"


def _not(response: requests.Response, what: str, status: HTTPStatus) -> str | None:
    if response.status_code == status:
        return None
    return f"{what}: {response.status_code} {code_of(response) or ''}".rstrip() + _request(response)


def _request(response: requests.Response) -> str:
    request_id = _body(response).get("request_id")
    return f" (request {request_id})" if request_id else ""


def _body(response: requests.Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _listed(answers: set[tuple[int, str]]) -> str:
    return ", ".join(f"{status} {code}".rstrip() for status, code in sorted(answers))
