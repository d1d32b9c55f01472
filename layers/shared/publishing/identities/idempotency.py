"""Exactly one effect for each create: duplicates replay the first response.

A record exists while a create runs and, after it has succeeded, holds its response. It is more than a lock: an attempt
that crashed, or ended without knowing whether TikTok acted, leaves its record, so that the next attempt first searches
for the identity that it may have created (decision 6).
"""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from publishing.http.request_context import Principal

LEASE = timedelta(seconds=20)
"""How long a running attempt is taken to live: longer than the function that creates identities may run (15 s)."""
KEEP_WITH_KEY = timedelta(hours=24)
"""How long a response is replayed to the same Idempotency-Key."""
KEEP_WITHOUT_KEY = timedelta(minutes=10)
"""How long a response is replayed to the same request without a key."""


class IdempotencyState(StrEnum):
    """State of a record."""

    RUNNING = "running"
    UNCERTAIN = "uncertain"
    """The last attempt ended without knowing whether TikTok acted."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """A create that must take effect once."""

    principal: Principal
    key: str
    """Names the record among the principal's."""
    fingerprint: str
    """Digest of what is requested: the same key with another fingerprint is a mistake."""
    keep: timedelta
    attempt: str
    """Names this attempt, so that only it can end itself."""

    @classmethod
    def of(
        cls, principal: Principal, action: str, requested: Mapping[str, Any], idempotency_key: str | None
    ) -> "IdempotencyRecord":
        """Return the record of an ``action``, named by the ``Idempotency-Key`` header or by what is requested."""
        fingerprint = _digest(json.dumps([action, requested], sort_keys=True))
        named = idempotency_key is not None
        return cls(
            principal=principal,
            key=f"{action}#{_digest(f'key:{idempotency_key}') if named else fingerprint}",
            fingerprint=fingerprint,
            keep=KEEP_WITH_KEY if named else KEEP_WITHOUT_KEY,
            attempt=uuid.uuid4().hex,
        )


class ClaimResult(StrEnum):
    """How a record was claimed."""

    NEW = "new"
    RESUMED = "resumed"
    """An earlier attempt crashed or is uncertain: search for its identity before creating one."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The create has succeeded before: its response."""

    response: str


class StillRunningError(Exception):
    """Another attempt at the same create is running."""


class KeyReusedError(Exception):
    """The Idempotency-Key was sent with another body before."""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
