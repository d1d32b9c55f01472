"""An advertiser's place in the schedule, and how it changes (pure).

Whoever requests a check first claims the advertiser, then sends a job that names the claim. The worker takes the claim
and holds a lease while it checks. So a job that is delivered twice, a sweep that runs twice or an advertiser that is
requested twice is checked once, and lost jobs become due again. Every step is a new record, written
only if the stored one still has the revision that it was derived from.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from pydantic import ConfigDict

from publishing.events.schemas import OutboxEvent
from publishing.readiness.cadence import (
    ACTIVE_AFTER_LAUNCH,
    ACTIVE_FOR,
    LAUNCHES,
    MIN_INTERVAL,
    QUEUED_FOR,
    Cadence,
    launch_is_near,
    shard,
)
from publishing.readiness.snapshot import Snapshot

LEASE = timedelta(minutes=2)
"""How long a worker has an advertiser to itself; a check takes seconds."""

LAUNCHES_KEPT = 5
"""Launches that are remembered, the nearest ones: drafts are saved with any number of dates."""
REQUESTS_KEPT = 3
"""Requests that are remembered: EventBridge, Lambda and SQS may deliver one more than once."""

WRITE_TRIES = 5
"""Attempts at writing a record that others write at the same time."""


class Lease(NamedTuple):
    """Whose check is running."""

    claim: str
    """Claim of the job that requested it."""
    until: datetime


class JobStatus(StrEnum):
    """What a worker does with a job."""

    READY = "ready"
    BUSY = "busy"
    """Another worker is checking."""
    STALE = "stale"
    """The requested check has been made."""


@dataclass(frozen=True, slots=True)
class Record:
    """One advertiser of one team."""

    # As stored, a time is a number of Unix seconds; pydantic would take numbers from 2603 on for milliseconds.
    __pydantic_config__ = ConfigDict(val_temporal_unit="seconds")

    team_id: str
    advertiser_id: str
    due_at: datetime
    snapshot: Snapshot = field(default_factory=Snapshot)
    claim: str | None = None
    """Claim of the job that makes the next check."""
    claimed_at: datetime | None = None
    lease: Lease | None = None
    active_until: datetime | None = None
    launch_at: datetime | None = None
    """The next launch, or one that is not over for more than a day."""
    later_launches: tuple[datetime, ...] = ()
    last_check_at: datetime | None = None
    """The last scheduled check, whatever it could verify."""
    requests: tuple[str, ...] = ()
    """Ids of the latest events that requested a check, and of the latest messages without a claim."""
    outbox: tuple[OutboxEvent, ...] = ()
    revision: int = 0
    """0: not stored yet."""

    @property
    def key(self) -> str:
        """One name for team and advertiser."""
        return f"{self.team_id}/{self.advertiser_id}"

    @property
    def shard(self) -> str:
        """Its shard in the index of due advertisers."""
        return LAUNCHES if self.urgent(self.due_at) else shard(self.key)

    def active(self, now: datetime) -> bool:
        """Whether it is active: a recent preflight or draft, or a launch to come."""
        return self.active_until is not None and self.active_until > now

    def urgent(self, now: datetime) -> bool:
        """Whether its checks use the urgent queue."""
        return any(launch_is_near(one, now) for one in (self.launch_at, *self.later_launches))

    def used(self, now: datetime, launch_at: datetime | None = None) -> "Record":
        """Return the record, active from now on, and until after the launch if there is one.

        A launch takes nothing from the others: each is urgent at its time.
        """
        until = [now + ACTIVE_FOR]
        until += [self.active_until] if self.active_until else []
        until += [launch_at + ACTIVE_AFTER_LAUNCH] if launch_at else []
        launches = {one for one in (launch_at, self.launch_at, *self.later_launches) if one}
        ahead = tuple(sorted(one for one in launches if now - one <= ACTIVE_AFTER_LAUNCH))[:LAUNCHES_KEPT]
        next_one = ahead[0] if ahead else None
        return replace(self, active_until=max(until), launch_at=next_one, later_launches=ahead[1:])

    def requested(self, event_id: str, now: datetime, launch_at: datetime | None) -> "Record":
        """Return the record, used and claimed by an event that requests its check."""
        return self.used(now, launch_at).claimed(f"{event_id}/{self.advertiser_id}", now).remembering(event_id)

    def remembering(self, request: str) -> "Record":
        """Return the record, which recognizes this request if it is delivered again."""
        return replace(self, requests=(*self.requests, request)[-REQUESTS_KEPT:])

    def claimed(self, claim: str, now: datetime) -> "Record":
        """Return the record, claimed for a job.

        A claim whose job is still queued stays valid; whichever job is received first makes the check.
        """
        if self.claim is not None and self.due_at > now:
            return self
        return replace(self, claim=self.claim or claim, claimed_at=self.claimed_at or now, due_at=now + QUEUED_FOR)

    def earliest_check_at(self, now: datetime) -> datetime:
        """Return when the next requested check may be made."""
        return now if self.last_check_at is None or self.urgent(now) else max(now, self.last_check_at + MIN_INTERVAL)

    def job_status(self, claim: str | None, now: datetime) -> JobStatus:
        """Return what to do with a job of this claim; a job without one requests a check in any case."""
        leased = self.lease is not None and self.lease.until > now
        if claim is not None and claim != self.claim and (self.lease is None or claim != self.lease.claim):
            return JobStatus.STALE
        return JobStatus.BUSY if leased else JobStatus.READY

    def leased(self, claim: str, now: datetime) -> "Record":
        """Return the record, leased and without the claim: whoever requests a check from now on gets another one."""
        return replace(self, claim=None if self.claim == claim else self.claim, lease=Lease(claim, now + LEASE))

    def checked(self, snapshot: Snapshot, cadence: Cadence, now: datetime, *, transient_failure: bool) -> "Record":
        """Return the record after a check. After a transient TikTok failure the next check comes sooner."""
        if self.claim is not None:  # another check is queued
            return replace(self, snapshot=snapshot, last_check_at=now)
        active = transient_failure or self.active(now)
        due = cadence.next_due(self.key, self.claimed_at or now, now, active=active)
        return replace(self, snapshot=snapshot, last_check_at=now, due_at=due, claimed_at=None)

    def retried_at(self, claim: str, due_at: datetime) -> "Record":
        """Return the record, waiting for a retry of its job.

        If the message is lost, a sweep after ``due_at`` replaces it.
        """
        return replace(self, lease=None, claim=self.claim or claim, due_at=due_at + QUEUED_FOR)

    def confirming(self, claim: str, now: datetime, at: datetime) -> "Record":
        """Return the record, claimed for a confirmation check at ``at``.

        If its message is lost, the next sweep replaces it.
        """
        return replace(self, claim=claim, claimed_at=now, due_at=at)

    def released(self) -> "Record":
        """Return the record without a lease."""
        return replace(self, lease=None)

    def without_events(self, ids: frozenset[str]) -> "Record":
        """Return the record with these events removed from the outbox."""
        return replace(self, outbox=tuple(one for one in self.outbox if one.id not in ids))
