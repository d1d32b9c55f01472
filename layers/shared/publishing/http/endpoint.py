"""Handlers of the HTTP API: API Gateway's event to an action's typed arguments, its result or error to the response."""

import base64
import binascii
import json
import os
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from pydantic import BaseModel, ValidationError

from publishing.environment import LOOPBACK_HOSTS
from publishing.http.problems import CONTENT_TYPE, Problem, invalid, problem_of_tiktok_error
from publishing.http.request_context import BUDGET_SECONDS, MARGIN_SECONDS, Principal, RequestContext
from publishing.http.request_schemas import MAX_IDEMPOTENCY_KEY
from publishing.log_events import LogEvent
from publishing.preflight.objectives import OBJECTIVES
from publishing.tokens import AdvertiserNotConnectedError, NoTokenError
from tiktok_business.deadline import Deadline, request_deadline
from tiktok_business.errors import DeploymentRefusedError, TikTokError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

MAX_BODY_BYTES = 100_000

Event = Mapping[str, Any]
Response = dict[str, Any]
Handler = Callable[[Event, "LambdaContext"], Response]
ActionResult = BaseModel | str
"""What an action returns: a response model, or JSON text."""

logger = Logger(service="publishing")


def query_endpoint[Input: BaseModel](
    action: Callable[[RequestContext, Input], ActionResult], query: type[Input]
) -> Handler:
    """Return the handler of a GET: ``action`` gets the query parameters as ``query``; its result is a 200 response."""
    return _handler(lambda context, event: action(context, _query(event, query)), HTTPStatus.OK)


def body_endpoint[Input: BaseModel](
    action: Callable[[RequestContext, Input], ActionResult],
    body: type[Input],
    *,
    max_bytes: int = MAX_BODY_BYTES,
    budget_seconds: float = BUDGET_SECONDS,
) -> Handler:
    """Return the handler of a POST: ``action`` gets the JSON body as ``body``; its result is a 201 response.

    ``max_bytes`` is the largest accepted body, ``budget_seconds`` the time for one request.
    """
    return _handler(
        lambda context, event: action(context, _body(event, body, max_bytes)), HTTPStatus.CREATED, budget_seconds
    )


def path_endpoint[Input: BaseModel](
    action: Callable[[RequestContext, Input], ActionResult], path: type[Input]
) -> Handler:
    """Return the handler of a DELETE: ``action`` gets the path parameters; its result is a 200 response."""
    return _handler(lambda context, event: action(context, _path(event, path)), HTTPStatus.OK)


def _handler(
    respond: Callable[[RequestContext, Event], ActionResult],
    success: HTTPStatus,
    budget_seconds: float = BUDGET_SECONDS,
) -> Handler:
    origin = os.environ.get("ALLOWED_ORIGIN", "*")

    def handler(event: Event, context: "LambdaContext") -> Response:
        request_id = (event.get("requestContext") or {}).get("requestId") or context.aws_request_id
        logger.clear_state()
        logger.append_keys(request_id=request_id)
        remaining = context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS
        deadline = Deadline.after(min(budget_seconds, remaining))
        outer = request_deadline.set(deadline)
        try:
            body = _json(respond(_request_context(event, deadline), event))
        except Exception as error:  # noqa: BLE001 - the one place where every error becomes a response
            problem = _problem(error)
            _log(error, problem)
            body = json.dumps(problem.body(request_id))
            return _response(problem.kind.status, body, CONTENT_TYPE, origin, problem.headers)
        finally:
            request_deadline.reset(outer)
        logger.info(LogEvent.ANSWERED, status=int(success))
        return _response(success, body, "application/json", origin, {})

    return handler


def _request_context(event: Event, deadline: Deadline) -> RequestContext:
    return RequestContext(
        principal=Principal.of(event),
        deadline=deadline,
        now=datetime.now(UTC),
        idempotency_key=_idempotency_key(event),
        url=_url(event),
    )


def _url(event: Event) -> str:
    """Return the resource's URL as API Gateway states it, not the caller's Host header."""
    context = event.get("requestContext") or {}
    domain, path = context.get("domainName"), context.get("path")
    if not domain or not path:
        return ""
    scheme = "http" if domain.partition(":")[0] in LOOPBACK_HOSTS else "https"
    return f"{scheme}://{domain}{path}"


def _query[Input: BaseModel](event: Event, model: type[Input]) -> Input:
    errors = [
        {"field": name, "message": "is repeated; send it once"}
        for name, values in (event.get("multiValueQueryStringParameters") or {}).items()
        if len(values) > 1
    ]
    if errors:
        raise Problem("invalid_request", errors=errors)
    path = event.get("pathParameters") or {}
    query = event.get("queryStringParameters") or {}
    if both := path.keys() & query.keys():
        raise invalid(min(both), "is part of the path; leave it out of the query")
    try:
        return model.model_validate({**query, **path})
    except ValidationError as error:
        raise _invalid_request(error) from None


def _body[Input: BaseModel](event: Event, model: type[Input], max_bytes: int) -> Input:
    if event.get("queryStringParameters"):
        raise invalid("query", "takes no parameters; send them in the body")
    body = (event.get("body") or "").encode("utf-8", "surrogatepass")
    if event.get("isBase64Encoded"):
        try:
            body = base64.b64decode(body, validate=True)
        except binascii.Error:
            raise invalid("body", "is not valid base64") from None
    if not body.strip():
        if model.model_fields:
            raise invalid("body", "is empty; send a JSON object")
        body = b"{}"
    if len(body) > max_bytes:
        raise invalid("body", f"is larger than {max_bytes} bytes")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _invalid_request(error) from None


def _path[Input: BaseModel](event: Event, model: type[Input]) -> Input:
    if event.get("queryStringParameters"):
        raise invalid("query", "takes no parameters")
    try:
        return model.model_validate(event.get("pathParameters") or {})
    except ValidationError as error:
        raise _invalid_request(error) from None


def _idempotency_key(event: Event) -> str | None:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    key = headers.get("idempotency-key")
    if key is None:
        return None
    if not key.strip() or len(key) > MAX_IDEMPOTENCY_KEY or not (key.isascii() and key.isprintable()):
        raise invalid("Idempotency-Key", f"must be 1 to {MAX_IDEMPOTENCY_KEY} printable ASCII characters")
    return str(key)


def _invalid_request(error: ValidationError) -> Problem:
    """Return the problem of a request that its model rejects. Never repeats what was sent."""
    found = error.errors(include_url=False, include_input=False)
    objective = next((one for one in found if one["type"] == "unknown_objective"), None)
    absent = next((one for one in found if one["type"] == "missing" and one["loc"] == ("objective",)), None)
    if len(found) == 1 and (objective or absent):
        return Problem("unknown_objective", accepted=list(OBJECTIVES))
    return Problem(
        "invalid_request",
        errors=[
            {
                "field": ".".join(str(part) for part in one["loc"]) or "body",
                "message": _MESSAGES.get(one["type"], one["msg"]),
            }
            for one in found
        ],
    )


_MESSAGES: Mapping[str, str] = {
    "extra_forbidden": "is not a field of this request; leave it out",
    "missing": "is required",
    "json_invalid": "is not valid JSON",
    "model_type": "must be a JSON object",
    "string_type": "must be a string",
    "string_pattern_mismatch": "must be TikTok's id: 1 to 20 digits",
    "bool_parsing": "must be true or false",
}
"""Our messages by pydantic's error types; pydantic's own are used for all others."""


def _problem(error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case NoTokenError():
            return Problem("no_token")
        case AdvertiserNotConnectedError():
            return Problem("advertiser_not_accessible")
        case TikTokError():
            return problem_of_tiktok_error(error)
        case _:
            return Problem("internal_error")


def _log(error: Exception, problem: Problem) -> None:
    fields: dict[str, Any] = {"status": int(problem.kind.status), "code": problem.code}
    if isinstance(error, TikTokError):
        fields["tiktok"] = str(error)
    if isinstance(error, DeploymentRefusedError):
        logger.error(LogEvent.DEPLOYMENT_REFUSED, **fields)
        return
    if problem.code != "internal_error":
        logger.info(LogEvent.REQUEST_REFUSED, **fields)
        return
    # Type and frames, not the text of the error: that may quote what must not be logged.
    fields |= {"error": type(error).__name__, "frames": traceback.format_tb(error.__traceback__)}
    logger.error(LogEvent.REQUEST_FAILED, **fields)


def _response(status: int, body: str, kind: str, origin: str, headers: Mapping[str, str]) -> Response:
    return {
        "statusCode": int(status),
        "headers": {
            "Content-Type": kind,
            "Cache-Control": "no-store",
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": "Retry-After",
            **headers,
        },
        "body": body,
    }


def _json(result: ActionResult) -> str:
    """Return ASCII JSON: a name from TikTok may hold half of a surrogate pair, which UTF-8 cannot encode."""
    return result if isinstance(result, str) else json.dumps(result.model_dump(mode="json"))
