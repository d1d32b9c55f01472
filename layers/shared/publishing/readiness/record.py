"""An advertiser's place in the schedule, and how it moves: pure rules.

Whoever brings a look claims the advertiser first and then sends a message that names the claim. Whoever looks takes the
claim and holds a lease meanwhile. So a message that comes twice, a sweep that runs twice or an advertiser that is asked
for twice is looked at once, and what was lost on the way is due again. Every step is a new record, written only where
the stored one is still of the revision that it was made from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from publishing.readiness.cadence import (
    ACTIVE_AFTER_LAUNCH,
    ACTIVE_FOR,
    LAUNCHES,
    QUEUED_FOR,
    REST,
    Cadence,
    launch_is_near,
    shard,
)
from publishing.readiness.snapshot import Snapshot

LEASE = timedelta(minutes=2)
"""How long a worker is left alone with an advertiser; a look takes seconds."""

WRITE_TRIES = 5
"""Of a record that others write at the same time."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Whose look is under way."""

    claim: str
    """Of the message that brought it."""
    until: datetime


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    """An event that is decided on and not known to be sent."""

    id: str
    """The same whenever it is sent again."""
    detail_type: str
    detail: Mapping[str, Any]


class Turn(StrEnum):
    """What a worker is to do with a message."""

    LOOK = "look"
    WAIT = "wait"
    """Another worker is looking."""
    DONE = "done"
    """The look that the message asks for has been made."""


@dataclass(frozen=True, slots=True)
class Record:
    """One advertiser of one team."""

    team_id: str
    advertiser_id: str
    due_at: datetime
    snapshot: Snapshot = field(default_factory=Snapshot)
    claim: str | None = None
    """Of the message that is to bring the next look."""
    claimed_at: datetime | None = None
    lease: Lease | None = None
    active_until: datetime | None = None
    launch_at: datetime | None = None
    looked_at: datetime | None = None
    """The last look of a worker's, whatever it could verify."""
    outbox: tuple[OutgoingEvent, ...] = ()
    revision: int = 0
    """0: not stored yet."""

    @property
    def key(self) -> str:
        """One name for team and advertiser."""
        return f"{self.team_id}/{self.advertiser_id}"

    @property
    def shard(self) -> str:
        """The part of the list of due advertisers that it is in."""
        return LAUNCHES if launch_is_near(self.launch_at, self.due_at) else shard(self.key)

    def active(self, now: datetime) -> bool:
        """Whether it is in use: a recent preflight or draft, or a launch to come."""
        return self.active_until is not None and self.active_until > now

    def urgent(self, now: datetime) -> bool:
        """Whether its looks go ahead of the queue."""
        return launch_is_near(self.launch_at, now)

    def used(self, now: datetime, launch_at: datetime | None = None) -> "Record":
        """In use from now on, and until after the launch where there is one."""
        until = [now + ACTIVE_FOR]
        until += [self.active_until] if self.active_until else []
        until += [launch_at + ACTIVE_AFTER_LAUNCH] if launch_at else []
        return replace(self, active_until=max(until), launch_at=launch_at or self.launch_at)

    def claimed(self, claim: str, now: datetime) -> "Record":
        """A message is to be sent. One that is on its way stays good: whichever comes first brings the look."""
        if self.claim is not None and self.due_at > now:
            return self
        return replace(self, claim=self.claim or claim, claimed_at=self.claimed_at or now, due_at=now + QUEUED_FOR)

    def rested_at(self, now: datetime) -> datetime:
        """When the next look that is asked for may be made."""
        return now if self.looked_at is None or self.urgent(now) else max(now, self.looked_at + REST)

    def turn(self, claim: str | None, now: datetime) -> Turn:
        """Whether a message with this claim is to be looked after; without one it asks for a look in any case."""
        leased = self.lease is not None and self.lease.until > now
        if claim is not None and claim != self.claim and (self.lease is None or claim != self.lease.claim):
            return Turn.DONE
        return Turn.WAIT if leased else Turn.LOOK

    def taken(self, claim: str, now: datetime) -> "Record":
        """A worker begins: the claim is no more, so that what asks for a look from here on gets one of its own."""
        return replace(self, claim=None if self.claim == claim else self.claim, lease=Lease(claim, now + LEASE))

    def looked(self, snapshot: Snapshot, cadence: Cadence, now: datetime, *, troubled: bool) -> "Record":
        """A look is over. ``troubled``: TikTok's own trouble kept things unknown, so the next one comes sooner."""
        if self.claim is not None:  # another look is on its way
            return replace(self, snapshot=snapshot, looked_at=now)
        due = cadence.next_due(self.key, self.claimed_at or now, now, active=troubled or self.active(now))
        return replace(self, snapshot=snapshot, looked_at=now, due_at=due, claimed_at=None)

    def comes_back(self, claim: str, due_at: datetime) -> "Record":
        """A look could not be made: its message comes back, and should it be lost, the sweep after ``due_at`` helps."""
        return replace(self, lease=None, claim=self.claim or claim, due_at=due_at + QUEUED_FOR)

    def confirming(self, claim: str, now: datetime, at: datetime) -> "Record":
        """A second look is to be made ``at``; should its message be lost, by the first sweep thereafter."""
        return replace(self, claim=claim, claimed_at=now, due_at=at)

    def free(self) -> "Record":
        """Nobody is looking any more."""
        return replace(self, lease=None)

    def sent(self, ids: frozenset[str]) -> "Record":
        """These events are out."""
        return replace(self, outbox=tuple(one for one in self.outbox if one.id not in ids))
