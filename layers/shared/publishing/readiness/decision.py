"""What follows from a look: the new record, the events, and whether a second look is needed. Pure rules."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from publishing.preflight.findings import Status, Unverified
from publishing.preflight.objectives import Requirement
from publishing.readiness.cadence import ACTIVE_FOR, Cadence
from publishing.readiness.events import Event, outgoing, readiness_changed, readiness_stale
from publishing.readiness.record import Record
from publishing.readiness.snapshot import PERSONAL, Change, Known, Look, Snapshot, contradicted, observe, settled

TROUBLE = frozenset(
    {Unverified.RATE_LIMITED, Unverified.TIMEOUT, Unverified.UPSTREAM_ERROR, Unverified.UNEXPECTED_RESPONSE}
)
"""Reasons for not knowing that are TikTok's own and pass; the others are the connection's and stay until it changes."""
FRESH_FOR = timedelta(minutes=5)
"""Evidence so young need not be written anew."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The record to write, and the message to send once it is written."""

    record: Record
    look_in: timedelta | None = None
    """A further look is to be made then; the record is claimed for it."""


def troubled(look: Look) -> bool:
    """Whether TikTok's own trouble kept something of the look unknown."""
    return any(one.status is Status.UNKNOWN and one.reason in TROUBLE for one in look.findings.values())


def rate_limited(look: Look) -> bool:
    """Whether TikTok refused a part of the look for rate."""
    return any(one.reason == Unverified.RATE_LIMITED for one in look.findings.values())


def decide_after_look(record: Record, look: Look, cadence: Cadence, now: datetime, *, tell_stale: bool) -> Decision:
    """After a look of a worker's. ``tell_stale``: others may be told that it cannot be verified any more."""
    observed = observe(settled(record.snapshot, look), look, cadence.confirm_after)
    events: list[Event] = []
    if observed.changes:
        events.append(_changed(record, observed.snapshot, look, observed.changes))
    snapshot = observed.snapshot
    every = cadence.every(active=record.active(now))
    if tell_stale and snapshot.stale_since and not snapshot.stale_told and now - snapshot.stale_since >= every:
        checked_at = snapshot.checked_at or snapshot.stale_since
        events.append(readiness_stale(record.team_id, record.advertiser_id, snapshot, checked_at))
        snapshot = replace(snapshot, stale_told=True)
    after = record.looked(snapshot, cadence, now, troubled=troubled(look))
    after = replace(after, outbox=(*after.outbox, *map(outgoing, events)))
    return _with_second_look(after, look, cadence, now)


def decide_after_preflight(record: Record, look: Look, cadence: Cadence, now: datetime) -> Decision | None:
    """After a preflight that somebody made; None where there is nothing to write.

    What the preflight could not verify says nothing here. Where another person's token finds the opposite of what is
    known, the next look decides, which is made at once: a token sees its own person's accounts and Business Centers.
    For that reason it adds nothing of them either, once a look has been made.
    """
    provisional = record.snapshot.provisional or not record.snapshot.generation
    verified = look.only(one for one, found in look.findings.items() if found.status is not Status.UNKNOWN)
    opposite = suspected = unseen = frozenset[Requirement]()
    if look.witness != record.snapshot.witness:
        opposite = contradicted(record.snapshot, verified)
        suspected = PERSONAL & {one for one, known in record.snapshot.known.items() if known.suspicion}
        if not provisional:
            unseen = PERSONAL - set(record.snapshot.known)
            verified = replace(verified, witness=record.snapshot.witness)
    kept = verified.only(set(verified.findings) - opposite - suspected - unseen)
    observed = observe(record.snapshot, kept, cadence.confirm_after)
    witness = record.snapshot.witness or look.witness
    after = replace(record.used(now), snapshot=replace(observed.snapshot, provisional=provisional, witness=witness))
    if observed.changes:
        event = _changed(record, observed.snapshot, look, observed.changes)
        after = replace(after, outbox=(*after.outbox, outgoing(event)))
    if opposite or after.outbox:
        rest = timedelta() if after.outbox else record.rested_at(now) - now
        return Decision(after.claimed(f"preflight/{now.isoformat()}", now), rest)
    decision = _with_second_look(after, look, cadence, now) if _doubts(after) > _doubts(record) else Decision(after)
    if decision.look_in is None and not _worth_writing(record, after, kept):
        return None
    return decision


def _with_second_look(record: Record, look: Look, cadence: Cadence, now: datetime) -> Decision:
    """The decision with the look that a suspicion waits for.

    Not where a look is on its way, which finds the suspicion and asks for the second look itself. Nor where this look
    was the second and could not verify anything: the regular looks go on until one can.
    """
    suspected = record.snapshot.suspected_since
    if suspected is None or record.claim is not None or suspected + cadence.confirm_after <= look.at:
        return Decision(record)
    at = max(now, suspected + cadence.confirm_after)
    return Decision(record.confirming(f"confirm/{suspected.isoformat()}/{now.isoformat()}", now, at), at - now)


def _doubts(record: Record) -> int:
    return sum(1 for known in record.snapshot.known.values() if known.suspicion)


def _worth_writing(before: Record, after: Record, look: Look) -> bool:
    """Whether something is new, or so much older than it could be that it matters."""
    if before.revision == 0 or before.active_until is None:
        return True
    if before.active_until < look.at + ACTIVE_FOR - timedelta(days=1):
        return True
    return any(
        _differs(before.snapshot.known, after.snapshot.known, one)
        or look.at - before.snapshot.known[one].checked_at >= FRESH_FOR
        for one in look.findings
    )


def _differs(before: Mapping[Requirement, Known], after: Mapping[Requirement, Known], one: Requirement) -> bool:
    if one not in before:
        return True
    return replace(before[one], checked_at=after[one].checked_at) != after[one]


def _changed(record: Record, after: Snapshot, look: Look, changes: tuple[Change, ...]) -> Event:
    return readiness_changed(record.team_id, record.advertiser_id, record.snapshot, after, changes, look.at)
