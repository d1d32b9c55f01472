"""A transport that answers by a script, a clock that moves only when somebody sleeps, and a client of both."""

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
    """A clock that moves only when somebody sleeps."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Sent(NamedTuple):
    """One request as a transport was asked to send it."""

    method: str
    endpoint: str
    params: Mapping[str, Any] | None
    body: Body | None


Reply = RawAnswer | Exception


@dataclass
class ScriptedTransport:
    """Gives the replies in order and remembers what was sent; to be asked once more than that is an error."""

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


def json_answer(envelope: object, status: int = 200) -> RawAnswer:
    """An HTTP answer with this JSON."""
    return RawAnswer(status, json.dumps(envelope).encode())


def success(data: object) -> RawAnswer:
    """TikTok's answer to a request that went well."""
    return json_answer({"code": 0, "message": "OK", "request_id": "r-0", "data": data})


def refusal(code: int, message: str = "Refused.") -> RawAnswer:
    """TikTok's answer with another code than 0."""
    return json_answer({"code": code, "message": message, "request_id": f"r-{code}", "data": {}})


def client_of(
    transport: Transport, *, clock: FakeClock | None = None, seconds: float = 60.0, jitter: float = 1.0
) -> TikTokClient:
    """A client that never really waits, on a deadline of the fake clock."""
    clock = clock or FakeClock()
    return TikTokClient(
        transport, SecretStr(TOKEN), Deadline.after(seconds, clock), sleep=clock.sleep, jitter=lambda: jitter
    )
