"""A connection that is being made or ended: a write-ahead record, deleted on completion (pure)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import uuid4

LEASE = timedelta(seconds=30)
"""How long one attempt works alone: longer than any Lambda that makes one may run (a test compares them)."""
RECOVERY_DELAY = timedelta(minutes=2)
"""From the end of the lease until the sweep recovers the operation."""


class OperationKind(StrEnum):
    """What an operation does."""

    CONNECT = "connect"
    DISCONNECT = "disconnect"


@dataclass(frozen=True, slots=True)
class PendingOperation:
    """What is being done to one person's connection; one at a time."""

    team_id: str
    user_id: str
    kind: OperationKind
    started_at: datetime
    """When it began or, once TikTok granted a token, when it did; becomes ``connected_at`` of that connection."""
    attempt: str
    """Names the attempt, so that only it can end the operation."""
    lease_until: datetime
    secret_version: str = ""
    """For a connection that is made: the digest of its state, and the version of the secret that holds its token."""
    scopes: tuple[str, ...] | None = None
    """What TikTok granted; known before the token is stored."""

    @classmethod
    def start(
        cls, team_id: str, user_id: str, kind: OperationKind, now: datetime, secret_version: str = ""
    ) -> "PendingOperation":
        """Return a new operation with a lease."""
        return cls(team_id, user_id, kind, now, uuid4().hex, now + LEASE, secret_version)

    def resumed(self, now: datetime) -> "PendingOperation":
        """Return the operation as another attempt resumes it."""
        return replace(self, attempt=uuid4().hex, lease_until=now + LEASE)

    def granted(self, scopes: tuple[str, ...] | None, now: datetime) -> "PendingOperation":
        """Return the operation with what TikTok granted.

        The connection begins now, however long ago the first attempt was: its token is stored next, and for a minute
        from ``connected_at`` that version of the secret may not be found.
        """
        return replace(self, scopes=scopes, started_at=now)

    def released(self, now: datetime) -> "PendingOperation":
        """Return the operation without a lease: any attempt may resume it."""
        return replace(self, lease_until=now)

    def lease_expired(self, now: datetime) -> bool:
        """Whether another attempt may resume the operation."""
        return self.lease_until <= now


@dataclass(frozen=True, slots=True)
class DueConnection:
    """A connection whose advertiser list is due for refresh, or whose operation was left unfinished."""

    team_id: str
    user_id: str
    unfinished: bool = False
