"""A record as plain data and back: what DynamoDB keeps of it, besides its keys, is one JSON text."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from publishing.preflight.objectives import Requirement
from publishing.readiness.record import Lease, OutgoingEvent, Record
from publishing.readiness.snapshot import Known, Snapshot, Suspicion

VERSION = 1
"""Of the text's shape; one that cannot be read any more counts as nothing known."""


def to_text(record: Record) -> str:
    """All of the record but its keys, its due time and its revision."""
    snapshot = record.snapshot
    return json.dumps(
        _without_nothing(
            {
                "v": VERSION,
                "known": {requirement.value: _from_known(known) for requirement, known in snapshot.known.items()},
                "generation": snapshot.generation,
                "at_risk": snapshot.at_risk,
                "warnings": list(snapshot.warnings),
                "witness": snapshot.witness,
                "stale_told": snapshot.stale_told,
                "provisional": snapshot.provisional,
                "claim": record.claim,
                "claimed_at": _from_moment(record.claimed_at),
                "lease": [record.lease.claim, _from_moment(record.lease.until)] if record.lease else None,
                "active_until": _from_moment(record.active_until),
                "launch_at": _from_moment(record.launch_at),
                "looked_at": _from_moment(record.looked_at),
                "outbox": [[one.id, one.detail_type, one.detail] for one in record.outbox],
            }
        ),
        separators=(",", ":"),
    )


def from_text(team_id: str, advertiser_id: str, due_at: datetime, revision: int, text: str) -> Record:
    """The record that :func:`to_text` made the text of; one that knows nothing where that cannot be read."""
    try:
        return _read(team_id, advertiser_id, due_at, revision, json.loads(text))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return Record(team_id, advertiser_id, due_at=due_at, revision=revision)


def _read(team_id: str, advertiser_id: str, due_at: datetime, revision: int, held: Mapping[str, Any]) -> Record:
    if held["v"] != VERSION:
        raise ValueError(held["v"])
    lease = held.get("lease")
    return Record(
        team_id=team_id,
        advertiser_id=advertiser_id,
        due_at=due_at,
        snapshot=Snapshot(
            known={Requirement(name): _to_known(known) for name, known in held.get("known", {}).items()},
            generation=held.get("generation", 0),
            at_risk=held.get("at_risk", False),
            warnings=tuple(held.get("warnings", ())),
            witness=held.get("witness"),
            stale_told=held.get("stale_told", False),
            provisional=held.get("provisional", False),
        ),
        claim=held.get("claim"),
        claimed_at=_to_moment(held.get("claimed_at")),
        lease=Lease(lease[0], from_seconds(lease[1])) if lease else None,
        active_until=_to_moment(held.get("active_until")),
        launch_at=_to_moment(held.get("launch_at")),
        looked_at=_to_moment(held.get("looked_at")),
        outbox=tuple(OutgoingEvent(*one) for one in held.get("outbox", ())),
        revision=revision,
    )


def _from_known(known: Known) -> dict[str, Any]:
    suspicion = known.suspicion
    return _without_nothing(
        {
            "satisfied": known.satisfied,
            "reason": known.reason,
            "since": _from_moment(known.since),
            "checked_at": _from_moment(known.checked_at),
            "stale_since": _from_moment(known.stale_since),
            "witness": known.witness,
            "suspicion": [suspicion.reason, _from_moment(suspicion.since)] if suspicion else None,
        }
    )


def _to_known(held: Mapping[str, Any]) -> Known:
    suspicion = held.get("suspicion")
    return Known(
        satisfied=held.get("satisfied", False),
        reason=held.get("reason"),
        since=from_seconds(held["since"]),
        checked_at=from_seconds(held["checked_at"]),
        stale_since=_to_moment(held.get("stale_since")),
        witness=held.get("witness"),
        suspicion=Suspicion(suspicion[0], from_seconds(suspicion[1])) if suspicion else None,
    )


def from_seconds(seconds: float) -> datetime:
    """The moment so many seconds after the epoch."""
    return datetime.fromtimestamp(seconds, UTC)


def _from_moment(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _to_moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else from_seconds(seconds)


def _without_nothing(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say something, since DynamoDB is paid by the kilobyte."""
    return {name: value for name, value in fields.items() if value not in (None, False, [], {})}
