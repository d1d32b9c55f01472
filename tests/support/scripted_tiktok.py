"""A transport with scripted responses, a clock that only sleeping advances, and a client that uses both."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import SecretStr

from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.transport import Body, RawAnswer, Transport

TOKEN = "made-up-token-7f3a9c"


@dataclass
class FakeClock:
    """A clock that only ``sleep`` advances."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Sent(NamedTuple):
    """One request that a transport was given."""

    method: str
    endpoint: str
    params: Mapping[str, Any] | None
    body: Body | None


Reply = RawAnswer | Exception


@dataclass
class ScriptedTransport:
    """Returns or raises the replies in order and records what was sent; one more request is an error."""

    replies: list[Reply]
    sent: list[Sent] = field(default_factory=list)
    on_send: Callable[[], None] = lambda: None

    def send(
        self,
        method: str,
        endpoint: str,
        *,
        token: SecretStr | None,
        deadline: Deadline,
        params: Mapping[str, Any] | None = None,
        body: Body | None = None,
    ) -> RawAnswer:
        assert token is not None
        assert token.get_secret_value() == TOKEN
        assert deadline is not None
        self.sent.append(Sent(method, endpoint, params, body))
        self.on_send()
        reply = self.replies[len(self.sent) - 1]
        if isinstance(reply, Exception):
            raise reply
        return reply


def json_response(envelope: object, status: int = 200) -> RawAnswer:
    """Return an HTTP response with this JSON body."""
    return RawAnswer(status, json.dumps(envelope).encode())


def success(data: object) -> RawAnswer:
    """Return TikTok's response to a successful request."""
    return json_response({"code": 0, "message": "OK", "request_id": "r-0", "data": data})


def error_response(code: int, message: str = "Rejected.") -> RawAnswer:
    """Return TikTok's response with an error code."""
    return json_response({"code": code, "message": message, "request_id": f"r-{code}", "data": {}})


def client_of(
    transport: Transport, *, clock: FakeClock | None = None, seconds: float = 60.0, jitter: float = 1.0
) -> TikTokClient:
    """Return a client that never waits, with a deadline on the fake clock."""
    clock = clock or FakeClock()
    return TikTokClient(
        transport, SecretStr(TOKEN), Deadline.after(seconds, clock), sleep=clock.sleep, jitter=lambda: jitter
    )
