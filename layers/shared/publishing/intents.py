"""Exactly one effect per intent: who wants the same thing twice gets the first answer twice.

An intent is remembered while it runs and, once it has succeeded, with its answer. What makes this more than a lock: an
attempt that died, or ended without knowing whether TikTok acted, leaves a trace, so that the next attempt looks before
it acts (decision 6).
"""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from publishing.calls import Caller

LEASE = timedelta(seconds=20)
"""How long a running attempt is believed to live: longer than the function that creates identities may run (15 s)."""
KEEP_WITH_KEY = timedelta(hours=24)
"""How long an answer is replayed to the same Idempotency-Key."""
KEEP_WITHOUT_KEY = timedelta(minutes=10)
"""How long an answer is replayed to the same request without a key."""


class State(StrEnum):
    """Of an intent."""

    RUNNING = "running"
    UNCERTAIN = "uncertain"
    """The last attempt ended without knowing whether TikTok acted."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Intent:
    """What a caller wants once."""

    caller: Caller
    key: str
    """Names the intent among the caller's."""
    fingerprint: str
    """Of what is wanted: the same key with another fingerprint is a mistake."""
    keep: timedelta
    attempt: str
    """Names this attempt, so that only it can end itself."""

    @classmethod
    def to(cls, caller: Caller, action: str, wanted: Mapping[str, Any], idempotency_key: str | None) -> "Intent":
        """The intent of ``caller`` to do ``action`` with ``wanted``, named by ``idempotency_key`` if there is one."""
        fingerprint = _digest(json.dumps([action, wanted], sort_keys=True))
        named = idempotency_key is not None
        return cls(
            caller=caller,
            key=f"{action}#{_digest(f'key:{idempotency_key}') if named else fingerprint}",
            fingerprint=fingerprint,
            keep=KEEP_WITH_KEY if named else KEEP_WITHOUT_KEY,
            attempt=uuid.uuid4().hex,
        )


class Begun(StrEnum):
    """How an intent could be begun."""

    FIRST = "first"
    AGAIN = "again"
    """An earlier attempt died or is uncertain: look before acting."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The intent is done: its answer."""

    answer: str


class StillRunningError(Exception):
    """Another attempt at the same intent is running."""


class OtherIntentError(Exception):
    """The key stands for something else."""


class Intents(Protocol):
    """Where intents are remembered."""

    def begin(self, intent: Intent, now: datetime) -> Begun | Replay:
        """Claim the intent. Raises StillRunningError, OtherIntentError."""
        ...

    def done(self, intent: Intent, answer: str, now: datetime) -> None:
        """Keep the answer for replay."""
        ...

    def uncertain(self, intent: Intent) -> None:
        """Give the intent back, with a note that TikTok may have acted."""
        ...

    def forget(self, intent: Intent) -> None:
        """Give the intent back as if it had never been: nothing happened."""
        ...


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
