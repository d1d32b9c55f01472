"""A record as text and back."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.preflight.objectives import Requirement
from publishing.readiness.codec import VERSION, from_seconds, from_text, to_text
from publishing.readiness.record import Lease, OutgoingEvent, Record
from publishing.readiness.snapshot import Known, Snapshot, Suspicion
from tests.support.readiness_strategies import moments, names, records

NOW = datetime(2026, 11, 30, 23, 59, 59, 999999, tzinfo=UTC)
NOTHING_KNOWN = Record("t1", "7300000000000000001", due_at=NOW, revision=7)


def read(text: str) -> Record:
    """What is read from a text, under the keys of NOTHING_KNOWN."""
    return from_text("t1", "7300000000000000001", NOW, 7, text)


def body(**fields: Any) -> str:
    return json.dumps({"v": VERSION, **fields})


def known(**fields: Any) -> str:
    return body(known={"pixel": {"satisfied": True, "since": 1, "checked_at": 1, **fields}})


@given(records)
def test_a_record_comes_back_as_it_was(record: Record) -> None:
    """Whatever it holds, to the microsecond; keys, due time and revision are kept beside the text."""
    came = from_text(record.team_id, record.advertiser_id, record.due_at, record.revision, to_text(record))
    assert came == record


@given(records, names, moments, st.integers(0, 9))
def test_the_text_says_nothing_of_keys_due_time_and_revision(
    record: Record, name: str, due_at: datetime, revision: int
) -> None:
    """They have one place each, so that the index and the text cannot disagree."""
    other = replace(record, team_id=name, advertiser_id=name, due_at=due_at, revision=revision)
    assert to_text(other) == to_text(record)


def test_what_says_nothing_takes_no_room() -> None:
    """DynamoDB is paid by the kilobyte: of a record that knows nothing the version is left."""
    assert json.loads(to_text(NOTHING_KNOWN)) == {"v": VERSION}


def test_a_record_in_full_use_is_paid_as_two_kilobytes() -> None:
    """All prerequisites, all of them missed, a look under way and another one claimed."""
    one = Known(
        satisfied=True,
        reason="catalog_not_eligible",
        since=NOW,
        checked_at=NOW,
        stale_since=NOW,
        suspicion=Suspicion("catalog_not_eligible", NOW),
    )
    snapshot = Snapshot(
        known=dict.fromkeys(Requirement, one),
        generation=12345,
        at_risk=True,
        warnings=("quiet_pixel",),
        witness="u" * 36,
        stale_told=True,
        provisional=True,
    )
    record = replace(
        NOTHING_KNOWN,
        snapshot=snapshot,
        claim="c" * 36,
        claimed_at=NOW,
        lease=Lease("d" * 36, NOW),
        active_until=NOW,
        launch_at=NOW,
    )
    assert len(to_text(record)) < 2048 - 300  # keys and the other attributes take less than 300


def test_what_a_newer_version_adds_is_passed_over() -> None:
    """So that a field can be added and the version before it put back."""
    assert read(body(generation=3, of_tomorrow={"a": 1})) == replace(NOTHING_KNOWN, snapshot=Snapshot(generation=3))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "7",
        '"v"',
        "[]",
        "{}",
        '{"v": 0}',
        '{"v": 2, "generation": 3}',
        '{"v": "1"}',
        body(known=[1]),
        body(known={"moon": {"satisfied": True, "since": 1, "checked_at": 1}}),
        body(known={"pixel": {"satisfied": True}}),
        body(known={"pixel": 7}),
        known(since="2026-11-22T17:00:00Z"),
        known(since=1e15),
        known(since=float("nan")),
        known(stale_since="now"),
        known(suspicion=7),
        body(lease=7),
        body(lease=["c", None]),
        body(lease=["c"]),
        known(suspicion=["r"]),
        known(since=1e30),
        known(since=float("inf")),
        "[" * 200_000,
        body(claimed_at=[]),
        body(warnings=7),
        body(outbox=[["id", "type"]]),
        body(outbox=7),
    ],
)
def test_a_text_that_cannot_be_read_counts_as_nothing_known(text: str) -> None:
    """It keeps due time and revision: the next look is a baseline, and may be written over it."""
    assert read(text) == NOTHING_KNOWN


def test_a_moment_is_in_utc() -> None:
    """The epoch's seconds name it, whatever zone it was said in."""
    assert from_seconds(1_800_000_000.000001) == datetime(2027, 1, 15, 8, 0, 0, 1, tzinfo=UTC)
    assert from_seconds(0).utcoffset() == timedelta()


def test_the_order_of_events_is_kept() -> None:
    """The older event of an outbox is sent first."""
    outbox = tuple(OutgoingEvent(str(number), "type", _detail(number)) for number in range(5))
    assert read(to_text(replace(NOTHING_KNOWN, outbox=outbox))).outbox == outbox


def _detail(number: int) -> Mapping[str, Any]:
    return {"number": number, "nothing": None, "no": False, "empty": [], "text": "ä\N{GRINNING FACE}"}
