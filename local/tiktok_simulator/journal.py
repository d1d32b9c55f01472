"""The record of every request that the simulated TikTok received."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from local.tiktok_simulator.answers import JsonObject

_SECRET_NAMES = frozenset({"secret", "access_token", "auth_code"})
_HIDDEN = "<hidden>"


def fingerprint(token: str | None) -> str | None:
    """What may be recorded of a token: the start of its SHA-256."""
    return None if token is None else hashlib.sha256(token.encode()).hexdigest()[:12]


def without_secrets(value: Any) -> Any:
    """JSON, or a query, whose secrets cannot be read."""
    if isinstance(value, dict):
        return {name: _HIDDEN if name in _SECRET_NAMES else without_secrets(item) for name, item in value.items()}
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    return value


def text_without_secrets(text: str) -> str:
    """A text that is not known to be anything, unless it speaks of secrets."""
    return _HIDDEN if any(name in text for name in _SECRET_NAMES) else text


@dataclass
class ReceivedRequest:
    """One request; `status` and `code` stay None until, and unless, an answer with them is sent.

    `path` is short where it is one of TikTok's ("identity/get/"). `body` is the parsed JSON or form, where files
    are described, or the text.
    """

    method: str
    path: str
    query: dict[str, str]
    body: object
    token_fingerprint: str | None
    time: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"))
    status: int | None = None
    code: int | None = None
    request_id: str | None = None
    fault: str | None = None

    def to_json(self) -> JsonObject:
        """The record as JSON."""
        return asdict(self)


class Journal:
    """The requests received since the start or the last reset, oldest first."""

    def __init__(self) -> None:
        self._requests: list[ReceivedRequest] = []
        self._lock = threading.Lock()

    def add(self, request: ReceivedRequest) -> None:
        """Record a request as soon as it is read, before anything is done about it."""
        with self._lock:
            self._requests.append(request)

    def clear(self) -> None:
        """Forget every request."""
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
