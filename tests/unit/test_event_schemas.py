"""docs/events/ describes the events that are published."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

from local.paths import EVENT_SCHEMAS
from publishing.events.notifications import connected_event, expired_event
from publishing.events.schemas import DETAIL_TYPES, SOURCE, OutboxEvent
from publishing.preflight.findings import Finding, Status
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.readiness.cadence import Cadence
from publishing.readiness.check_job import SweepStatistics
from publishing.readiness.decision import decide_after_check
from publishing.readiness.record import Record
from publishing.readiness.snapshot import CheckResult
from publishing.readiness.sweep import unverifiable_event
from publishing.teams import Connection
from tools.openapi.event_schemas import event_schemas, write_event_schemas, written

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
CADENCE = Cadence()


def _result(at: datetime, status: Status, reason: str | None = None) -> CheckResult:
    """Return the result of a check that found this of the pixel, and all else satisfied."""
    findings = dict.fromkeys(Requirement, Finding(Status.SATISFIED)) | {Requirement.PIXEL: Finding(status, reason)}
    return CheckResult(at, findings, "u-owner", warnings=())


def _events_after(*results: CheckResult) -> tuple[OutboxEvent, ...]:
    """Return the events that follow from checks of one advertiser."""
    record = Record("northlight", "7300000000000000001", due_at=NOW)
    for one in results:
        record = decide_after_check(record, one, CADENCE, one.at, notify_stale=True).record
    return record.outbox


def _every_event() -> list[OutboxEvent]:
    """Return one event of each type, made as the functions make it."""
    connection = Connection("northlight", "u-1", "expired", ("7300000000000000001",), "secret", "2026-11-01T09:00:00Z")
    baseline = _result(NOW, Status.SATISFIED)
    missing = [_result(NOW + HOUR, Status.MISSING, "no_pixel"), _result(NOW + 2 * HOUR, Status.MISSING, "no_pixel")]
    stale = [_result(NOW + days * 24 * HOUR, Status.UNKNOWN, "timeout") for days in (1, 2)]
    return [
        *_events_after(baseline, *missing),
        *_events_after(baseline, *stale),
        connected_event(connection),
        expired_event(connection),
        unverifiable_event(SweepStatistics(NOW.isoformat(), queued=4, verified=1, unverified=3)),
    ]


def test_the_files_are_generated_from_the_models() -> None:
    """There are no other files; `make openapi` writes them."""
    files = {file.name: file.read_text(encoding="utf-8") for file in EVENT_SCHEMAS.glob("*.json")}
    assert files == {name: written(schema) for name, schema in event_schemas().items()}


def test_files_of_removed_events_are_deleted(tmp_path: Path) -> None:
    """After writing, the folder holds the models' files only."""
    (tmp_path / "old.json").write_text("{}")
    write_event_schemas(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == set(event_schemas())


def test_every_detail_type_is_tested_here() -> None:
    """The next test validates one event of each."""
    assert [one.detail_type for one in _every_event()] == list(DETAIL_TYPES.values())


@pytest.mark.parametrize("event", _every_event(), ids=lambda event: event.detail_type)
def test_an_event_is_valid_by_its_schema(event: OutboxEvent) -> None:
    """The schema describes the whole envelope, as a rule's target gets it, with formats; all fields are required."""
    validator, envelope = _validator(event), _envelope(event)
    validator.validate(envelope)
    for name in event.detail:
        changed = _envelope(event)
        del changed["detail"][name]
        assert not validator.is_valid(changed), name
    envelope["detail"]["team_id" if "team_id" in event.detail else "id"] = 7
    assert not validator.is_valid(envelope)


@pytest.mark.parametrize("event", _every_event(), ids=lambda event: event.detail_type)
def test_fields_may_be_added_to_an_event(event: OutboxEvent) -> None:
    """A consumer that validates by today's schema accepts tomorrow's event; what we publish today has no such field."""
    envelope = _envelope(event)
    for one in _objects(envelope["detail"]):
        if not one.keys() & set(OBJECTIVES):  # a map
            one["added_later"] = "new"
    _validator(event).validate(envelope)
    (model,) = (model for model, name in DETAIL_TYPES.items() if name == event.detail_type)
    model.model_validate(json.loads(json.dumps(event.detail)))
    with pytest.raises(ValidationError) as caught:
        model.model_validate(envelope["detail"])
    assert {one["type"] for one in caught.value.errors()} == {"extra_forbidden"}
    assert ("added_later",) in {one["loc"] for one in caught.value.errors()}


def _envelope(event: OutboxEvent) -> dict[str, Any]:
    made: dict[str, Any] = {"source": SOURCE, "detail-type": event.detail_type, "detail": event.detail}
    read: dict[str, Any] = json.loads(json.dumps(made))
    return read


def _validator(event: OutboxEvent) -> jsonschema_rs.Draft202012Validator:
    schema = event_schemas()[f"{event.detail_type.lower().replace(' ', '-')}.json"]
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for one in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _objects(one)
