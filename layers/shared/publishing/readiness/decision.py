"""What follows from a check: the new record, the events, and whether a confirmation check is needed (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from publishing.events.schemas import (
    Added,
    ObjectiveChange,
    ObjectiveVerdict,
    OutboxEvent,
    ReadinessChanged,
    ReadinessStale,
    outbox_event,
)
from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.messages import text_of
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.readiness.cadence import ACTIVE_FOR, Cadence
from publishing.readiness.record import Record
from publishing.readiness.snapshot import (
    TOKEN_DEPENDENT,
    CheckResult,
    PrerequisiteChange,
    PrerequisiteState,
    Snapshot,
    contradicted,
    next_generation,
    observe,
    settle_provisional,
)

TRANSIENT_FAILURES = frozenset(
    {Unverified.RATE_LIMITED, Unverified.TIMEOUT, Unverified.UPSTREAM_ERROR, Unverified.UNEXPECTED_RESPONSE}
)
"""Reasons for unknown that are TikTok's own and pass; the others are the connection's and stay until it changes."""
FRESH_FOR = timedelta(minutes=5)
"""Evidence this young need not be written again."""
PREFLIGHT_PATH = "/api/v1/tiktok/publish-check"


@dataclass(frozen=True, slots=True)
class Decision:
    """The record to write, and when to send a job once it is written."""

    record: Record
    check_in: timedelta | None = None
    """Delay of a further check, for which the record is claimed; None if none is needed."""


def has_transient_failure(result: CheckResult) -> bool:
    """Whether a transient TikTok failure kept something unknown."""
    return any(one.status is Status.UNKNOWN and one.reason in TRANSIENT_FAILURES for one in result.findings.values())


def rate_limited(result: CheckResult) -> bool:
    """Whether TikTok refused a part of the check for rate."""
    return any(one.reason == Unverified.RATE_LIMITED for one in result.findings.values())


def decide_after_check(
    record: Record, result: CheckResult, cadence: Cadence, now: datetime, *, notify_stale: bool
) -> Decision:
    """Decide after a worker's check. ``notify_stale``: an event may say that it can no longer be verified."""
    observation = observe(settle_provisional(record.snapshot, result), result, cadence.confirm_after)
    snapshot = observation.snapshot
    events: list[OutboxEvent] = []
    if observation.changes:
        events.append(readiness_changed(record, snapshot, observation.changes, result.at))
    if notify_stale and _stale_too_long(snapshot, now - cadence.every(active=record.active(now))):
        if not observation.changes:
            snapshot = replace(snapshot, generation=next_generation(snapshot.generation, result.at))
        events.append(readiness_stale(record.team_id, record.advertiser_id, snapshot))
        snapshot = replace(snapshot, known={one: _stale_notified(state) for one, state in snapshot.known.items()})
    after = record.checked(snapshot, cadence, now, transient_failure=has_transient_failure(result))
    after = replace(after, outbox=(*after.outbox, *events))
    return _with_confirmation_check(after, result, cadence, now)


def decide_after_preflight(record: Record, result: CheckResult, cadence: Cadence, now: datetime) -> Decision | None:
    """Decide after a preflight; None if there is nothing to write.

    What the preflight could not verify changes nothing. If another person's token finds the opposite of what is known,
    a check is made at once and decides: a token sees its own person's accounts and Business Centers. For the same
    reason a preflight adds nothing that depends on the token once a check has been made.
    """
    provisional = record.snapshot.provisional or not record.snapshot.generation
    verified = result.only(one for one, found in result.findings.items() if found.status is not Status.UNKNOWN)
    opposite = unconfirmed = unseen = frozenset[Requirement]()
    if result.verified_by != record.snapshot.verified_by:
        opposite = contradicted(record.snapshot, verified)
        unconfirmed = TOKEN_DEPENDENT & _unconfirmed(record)
        if not provisional:
            unseen = TOKEN_DEPENDENT - set(record.snapshot.known)
            verified = replace(verified, verified_by=record.snapshot.verified_by)
    kept = verified.only(set(verified.findings) - opposite - unconfirmed - unseen)
    observation = observe(record.snapshot, kept, cadence.confirm_after)
    verified_by = record.snapshot.verified_by or result.verified_by
    snapshot = replace(observation.snapshot, provisional=provisional, verified_by=verified_by)
    after = replace(record.used(now), snapshot=snapshot)
    if observation.changes:
        event = readiness_changed(record, observation.snapshot, observation.changes, result.at)
        after = replace(after, outbox=(*after.outbox, event))
    if opposite or after.outbox:
        delay = timedelta() if after.outbox else record.earliest_check_at(now) - now
        return Decision(after.claimed(f"preflight/{now.isoformat()}", now), delay)
    more_unconfirmed = len(_unconfirmed(after)) > len(_unconfirmed(record))
    decision = _with_confirmation_check(after, result, cadence, now) if more_unconfirmed else Decision(after)
    if decision.check_in is None and not _worth_writing(record, after, kept):
        return None
    return decision


def readiness_changed(
    record: Record, after: Snapshot, changes: tuple[PrerequisiteChange, ...], at: datetime
) -> OutboxEvent:
    """Return the event of one generation; ``record`` is the one before it."""
    before = record.snapshot
    return outbox_event(
        ReadinessChanged(
            id=f"readiness-changed/{record.team_id}/{record.advertiser_id}/{after.generation}",
            team_id=record.team_id,
            advertiser_id=record.advertiser_id,
            generation=after.generation,
            checked_at=at,
            added=tuple(_added(one) for one in changes if not one.satisfied),
            resolved=tuple(one.requirement for one in changes if one.satisfied),
            objectives={
                name: ObjectiveChange(
                    before=_verdict(before, name),
                    after=_verdict(after, name),
                    preflight=f"{PREFLIGHT_PATH}?advertiser_id={record.advertiser_id}&objective={name}",
                )
                for name in OBJECTIVES
                if before.objective(name).missing != after.objective(name).missing
            },
        )
    )


def readiness_stale(team_id: str, advertiser_id: str, snapshot: Snapshot) -> OutboxEvent:
    """Return the event about all that is stale now.

    Raises:
        ValueError: the snapshot is not stale.
    """
    stale_since = snapshot.stale_since
    if stale_since is None:
        raise ValueError("the snapshot is not stale")
    return outbox_event(
        ReadinessStale(
            id=f"readiness-stale/{team_id}/{advertiser_id}/{snapshot.generation}",
            team_id=team_id,
            advertiser_id=advertiser_id,
            generation=snapshot.generation,
            checked_at=snapshot.checked_at or stale_since,
            stale_since=stale_since,
            unverified=tuple(one for one, state in snapshot.known.items() if state.stale_since),
        )
    )


def _stale_too_long(snapshot: Snapshot, since: datetime) -> bool:
    """Whether something has been stale since then, or longer, without an event about it."""
    return any(
        one.stale_since is not None and one.stale_since <= since and not one.stale_notified
        for one in snapshot.known.values()
    )


def _stale_notified(state: PrerequisiteState) -> PrerequisiteState:
    return replace(state, stale_notified=state.stale_since is not None)


def _added(change: PrerequisiteChange) -> Added:
    message, fix = text_of(change.requirement, Finding(Status.MISSING, change.reason))
    return Added(requirement=change.requirement, reason=change.reason, message=message, fix=fix)


def _verdict(snapshot: Snapshot, objective: str) -> ObjectiveVerdict:
    state = snapshot.objective(objective)
    return ObjectiveVerdict(ready=state.ready, missing=state.missing, unknown=state.unknown)


def _with_confirmation_check(record: Record, result: CheckResult, cadence: Cadence, now: datetime) -> Decision:
    """Add the confirmation check that an unconfirmed absence needs.

    Not if a check is queued, which finds the absence and requests the confirmation itself. Nor if this check was the
    confirmation and could not verify anything: the regular checks continue until one can.
    """
    since = record.snapshot.unconfirmed_since
    if since is None or record.claim is not None or since + cadence.confirm_after <= result.at:
        return Decision(record)
    at = max(now, since + cadence.confirm_after)
    return Decision(record.confirming(f"confirm/{since.isoformat()}/{now.isoformat()}", now, at), at - now)


def _unconfirmed(record: Record) -> frozenset[Requirement]:
    return frozenset(one for one, state in record.snapshot.known.items() if state.unconfirmed_absence)


def _worth_writing(before: Record, after: Record, result: CheckResult) -> bool:
    """Whether something is new, or its evidence much newer than what is stored."""
    if before.revision == 0 or before.active_until is None:
        return True
    if before.active_until < result.at + ACTIVE_FOR - timedelta(days=1):
        return True
    return any(
        _differs(before.snapshot.known, after.snapshot.known, one)
        or result.at - before.snapshot.known[one].checked_at >= FRESH_FOR
        for one in result.findings
    )


def _differs(
    before: Mapping[Requirement, PrerequisiteState], after: Mapping[Requirement, PrerequisiteState], one: Requirement
) -> bool:
    if one not in before:
        return True
    return replace(before[one], checked_at=after[one].checked_at) != after[one]
