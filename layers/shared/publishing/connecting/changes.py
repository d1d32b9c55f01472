"""A connection that is being made or ended: written down before, struck out after, so that it can be finished."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import uuid4

LEASE = timedelta(seconds=30)
"""How long one attempt is left alone: longer than any Lambda that makes one may run (a test compares them)."""
FINISHED_AFTER = timedelta(minutes=2)
"""When the sweep takes up what nobody finished."""


class Kind(StrEnum):
    """Of a change."""

    CONNECT = "connect"
    DISCONNECT = "disconnect"


@dataclass(frozen=True, slots=True)
class Change:
    """What is being done to one person's connection. One at a time."""

    team_id: str
    user_id: str
    kind: Kind
    at: datetime
    """When it was begun; of a connection that is made, ``connected_at``."""
    attempt: str
    """Names who is at it, so that only that one ends it."""
    lease_until: datetime
    grant: str = ""
    """Of a connection that is made: the digest of its state, and the version of the secret that holds its token."""
    scopes: tuple[str, ...] | None = None
    """What TikTok granted; known before the token is stored."""

    @classmethod
    def begun(cls, team_id: str, user_id: str, kind: Kind, now: datetime, grant: str = "") -> "Change":
        """A change from now on."""
        return cls(team_id, user_id, kind, now, uuid4().hex, now + LEASE, grant)

    def again(self, now: datetime) -> "Change":
        """The same, taken up by another attempt."""
        return replace(self, attempt=uuid4().hex, lease_until=now + LEASE)

    def granted(self, scopes: tuple[str, ...] | None) -> "Change":
        """The same, with what TikTok granted."""
        return replace(self, scopes=scopes)

    def given_up(self, now: datetime) -> "Change":
        """The same, with nobody at it: anybody may take it up."""
        return replace(self, lease_until=now)

    def is_alone(self, now: datetime) -> bool:
        """Whether nobody is at it any more."""
        return self.lease_until <= now
