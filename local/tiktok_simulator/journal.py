"""The record of every request that the simulated TikTok received, without secrets."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from pydantic import JsonValue

from local.tiktok_simulator.http_messages import HttpRequest, JsonObject

_SECRET_NAMES = frozenset({"secret", "access_token", "auth_code"})
_HIDDEN = "<hidden>"


def fingerprint(token: str | None) -> str | None:
    """The start of a token's SHA-256: identifies the token in the journal without revealing it."""
    return None if token is None else hashlib.sha256(token.encode()).hexdigest()[:12]


@dataclass
class ReceivedRequest:
    """One request; `status` and `code` stay None if no response with them was sent.

    `path` is relative for TikTok's own paths ("identity/get/"). `body` is the parsed JSON or form with files
    described, or the text. `causes` names the rules that refused to create a campaign, an ad group or an ad.
    """

    method: str
    path: str
    query: dict[str, str]
    body: JsonValue
    token_fingerprint: str | None
    time: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"))
    status: int | None = None
    code: int | None = None
    request_id: str | None = None
    fault: str | None = None
    causes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, request: HttpRequest, path: str) -> "ReceivedRequest":
        """Record a request before any response exists."""
        query = {name: _HIDDEN if name in _SECRET_NAMES else value for name, value in request.query.items()}
        body = _without_secrets(request.decoded_body)
        # A text in an unknown format may contain a secret anywhere.
        if isinstance(body, str) and any(name in body for name in _SECRET_NAMES):
            body = _HIDDEN
        return cls(request.method, path, query, body, fingerprint(request.token))

    def to_json(self) -> JsonObject:
        """The record as JSON."""
        return asdict(self)


class Journal:
    """The requests received since the start or the last reset, oldest first."""

    def __init__(self) -> None:
        self._requests: list[ReceivedRequest] = []
        self._lock = threading.Lock()

    def add(self, request: ReceivedRequest) -> None:
        """Append a request; the simulator does this before it processes the request."""
        with self._lock:
            self._requests.append(request)

    def clear(self) -> None:
        """Delete every record."""
        with self._lock:
            self._requests.clear()

    def to(self, path: str) -> list[ReceivedRequest]:
        """The requests to one path."""
        return [request for request in self if request.path == path]

    def __iter__(self) -> Iterator[ReceivedRequest]:
        with self._lock:
            return iter(list(self._requests))

    def __len__(self) -> int:
        return len(self._requests)

    def __getitem__(self, index: int) -> ReceivedRequest:
        return self._requests[index]


def _without_secrets(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _HIDDEN if name in _SECRET_NAMES else _without_secrets(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    return value
