"""Invoking a function as Lambda does: API Gateway's event, Lambda's context, and the response as a client reads it."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext


class FakeContext(LambdaContext):
    """Lambda's context; ``seconds`` is the remaining time of the invocation."""

    def __init__(self, seconds: float = 15.0, request_id: str = "lambda-request") -> None:
        self._aws_request_id = request_id
        self._function_name = "function"
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override] # in Powertools it is a static method by mistake
        return max(0, int((self._end - time.monotonic()) * 1000))


def api_event(
    query: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    *,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    user_id: str = "u-owner",
    team_id: str = "northlight",
    role: str = "owner",
) -> dict[str, Any]:
    """Return the event of API Gateway's REST proxy for an authorized caller.

    A ``body`` that is not a string is sent as JSON. Without query parameters API Gateway sends null.
    """
    pairs = list(query.items() if isinstance(query, Mapping) else query)
    many: dict[str, list[str]] = {}
    for name, value in pairs:
        many.setdefault(name, []).append(value)
    return {
        "headers": dict(headers or {}),
        "queryStringParameters": dict(pairs) or None,
        "multiValueQueryStringParameters": many or None,
        "body": body if isinstance(body, str | None) else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {
            "requestId": "gateway-request",
            "authorizer": {
                "principalId": user_id,
                "user_id": user_id,
                "team_id": team_id,
                "role": role,
                "subscription": "active",
                "deny_code": "",
            },
        },
    }


@dataclass(frozen=True)
class Received:
    """A function's response, as a client reads it."""

    status: int
    headers: Mapping[str, str]
    json: Any

    @classmethod
    def of(cls, response: Mapping[str, Any]) -> "Received":
        body = response["body"].encode("utf-8")  # must not fail: Lambda sends UTF-8
        return cls(response["statusCode"], response["headers"], json.loads(body))


Ask = Callable[..., Received]
"""Sends a request to an endpoint's real handler as a user; see the fixture ``ask``."""
