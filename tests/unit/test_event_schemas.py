"""docs/events/ describes what is sent."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema_rs
import pytest

from local.paths import EVENT_SCHEMAS
from publishing.preflight.findings import Finding, Status
from publishing.preflight.objectives import Requirement
from publishing.readiness import events
from publishing.readiness.cadence import Cadence
from publishing.readiness.decision import decide_after_look
from publishing.readiness.record import OutgoingEvent, Record
from publishing.readiness.snapshot import Look
from publishing.readiness.stores import Run
from publishing.readiness.sweep import unverifiable
from publishing.teams import Connection
from tools.openapi.event_schemas import event_schemas, write_event_schemas, written

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
CADENCE = Cadence()


def _look(at: datetime, status: Status, reason: str | None = None) -> Look:
    findings = dict.fromkeys(Requirement, Finding(Status.SATISFIED)) | {Requirement.PIXEL: Finding(status, reason)}
    return Look(at, findings, "u-owner", warnings=())


def _after(*looks: Look) -> tuple[OutgoingEvent, ...]:
    """The events that follow from looks at one advertiser."""
    record = Record("northlight", "7300000000000000001", due_at=NOW)
    for look in looks:
        record = decide_after_look(record, look, CADENCE, look.at, tell_stale=True).record
    return record.outbox


def _every_event() -> list[OutgoingEvent]:
    """One of each type, made as the functions make it."""
    ended = Connection("northlight", "u-1", "expired", ("7300000000000000001",), "secret", "2026-11-01T09:00:00Z")
    baseline = _look(NOW, Status.SATISFIED)
    lost = [_look(NOW + HOUR, Status.MISSING, "no_pixel"), _look(NOW + 2 * HOUR, Status.MISSING, "no_pixel")]
    stale = [_look(NOW + days * 24 * HOUR, Status.UNKNOWN, "timeout") for days in (1, 2)]
    return [
        *_after(baseline, *lost),
        *_after(baseline, *stale),
        events.outgoing(events.connected(ended)),
        events.outgoing(events.connection_expired(ended)),
        events.outgoing(unverifiable(Run(NOW.isoformat(), queued=4, verified=1, unverified=3))),
    ]


def test_the_files_are_those_that_the_models_make() -> None:
    """No more and no fewer; `make openapi` writes them."""
    files = {file.name: file.read_text(encoding="utf-8") for file in EVENT_SCHEMAS.glob("*.json")}
    assert files == {name: written(schema) for name, schema in event_schemas().items()}


def test_files_of_events_that_are_no_more_are_removed(tmp_path: Path) -> None:
    """Writing leaves nothing that no model makes."""
    (tmp_path / "old.json").write_text("{}")
    write_event_schemas(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == set(event_schemas())


def test_every_type_is_tried_here() -> None:
    """No event escapes the next test."""
    assert [one.detail_type for one in _every_event()] == list(events.DETAIL_TYPES.values())


@pytest.mark.parametrize("event", _every_event(), ids=lambda event: event.detail_type)
def test_an_event_is_as_its_schema_says(event: OutgoingEvent) -> None:
    """The whole envelope, as a rule's target gets it, with formats; and nothing besides what is described."""
    envelope = json.loads(
        json.dumps({"source": events.SOURCE, "detail-type": event.detail_type, "detail": event.detail})
    )
    schema = event_schemas()[f"{event.detail_type.lower().replace(' ', '-')}.json"]
    judge = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    judge.validate(envelope)
    envelope["detail"]["access_token"] = "secret"
    assert not judge.is_valid(envelope)
