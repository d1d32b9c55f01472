"""The text in which a readiness record is stored. Its form is the one of all stored records."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.events.schemas import OutboxEvent
from publishing.preflight.objectives import Requirement
from publishing.readiness.record import LAUNCHES_KEPT, REQUESTS_KEPT, Lease, Record
from publishing.readiness.snapshot import PrerequisiteState, Snapshot, UnconfirmedAbsence
from publishing.repositories.readiness_repository import VERSION, parse_record, write_record
from tests.support.readiness_strategies import moments, names, records

NOW = datetime(2026, 11, 30, 23, 59, 59, 999999, tzinfo=UTC)
NOTHING_KNOWN = Record("t1", "7300000000000000001", due_at=NOW, revision=7)
SECONDS = 1_800_000_000.000001
MOMENT = datetime(2027, 1, 15, 8, 0, 0, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STORED = {
    "v": 1,
    "known": {
        "identity": {"satisfied": True, "since": SECONDS, "checked_at": SECONDS + 60, "witness": "u-owner"},
        "pixel": {
            "satisfied": True,
            "since": SECONDS,
            "checked_at": SECONDS + 60,
            "witness": "u-owner",
            "suspicion": ["no_pixel", SECONDS + 120],
        },
        "catalog": {
            "reason": "no_catalog",
            "since": SECONDS,
            "checked_at": SECONDS + 60,
            "stale_since": SECONDS + 120,
            "witness": "u-buyer",
            "stale_told": True,
        },
    },
    "generation": 3,
    "at_risk": True,
    "warnings": ["quiet_pixel"],
    "witness": "u-owner",
    "stale_told": True,
    "provisional": True,
    "claim": "claim",
    "claimed_at": SECONDS,
    "lease": ["lease", SECONDS + 120],
    "active_until": SECONDS + 180,
    "launch_at": SECONDS + 240,
    "later_launches": [SECONDS + 300],
    "looked_at": SECONDS + 60,
    "requests": ["event-1", "event-2"],
    "outbox": [["id", "TikTok Readiness Changed", {"generation": 3, "added": [], "fix": None}]],
}
"""A text of version 1 with every field: records in this form are in customers' tables."""
RECORD = replace(
    NOTHING_KNOWN,
    snapshot=Snapshot(
        {
            Requirement.IDENTITY: PrerequisiteState(
                satisfied=True, reason=None, since=MOMENT, checked_at=MOMENT + MINUTE, verified_by="u-owner"
            ),
            Requirement.PIXEL: PrerequisiteState(
                satisfied=True,
                reason=None,
                since=MOMENT,
                checked_at=MOMENT + MINUTE,
                unconfirmed_absence=UnconfirmedAbsence("no_pixel", MOMENT + 2 * MINUTE),
                verified_by="u-owner",
            ),
            Requirement.CATALOG: PrerequisiteState(
                satisfied=False,
                reason="no_catalog",
                since=MOMENT,
                checked_at=MOMENT + MINUTE,
                stale_since=MOMENT + 2 * MINUTE,
                verified_by="u-buyer",
                stale_notified=True,
            ),
        },
        generation=3,
        at_risk=True,
        warnings=("quiet_pixel",),
        verified_by="u-owner",
        provisional=True,
    ),
    claim="claim",
    claimed_at=MOMENT,
    lease=Lease("lease", MOMENT + 2 * MINUTE),
    active_until=MOMENT + 3 * MINUTE,
    launch_at=MOMENT + 4 * MINUTE,
    later_launches=(MOMENT + 5 * MINUTE,),
    last_check_at=MOMENT + MINUTE,
    requests=("event-1", "event-2"),
    outbox=(OutboxEvent("id", "TikTok Readiness Changed", {"generation": 3, "added": [], "fix": None}),),
)
"""What ``STORED`` means."""


def parsed(text: str) -> Record:
    """Return the record of a text that is stored with the keys of NOTHING_KNOWN."""
    return parse_record("t1", "7300000000000000001", NOW, 7, text)


def text_with(**fields: Any) -> str:
    return json.dumps({"v": VERSION, **fields})


def text_with_pixel(**fields: Any) -> str:
    return text_with(known={"pixel": {"satisfied": True, "since": 1, "checked_at": 1, **fields}})


def test_a_stored_record_is_read() -> None:
    """Every field of a text of version 1 has its meaning."""
    assert parsed(json.dumps(STORED)) == RECORD


def test_a_record_is_written_in_the_stored_form() -> None:
    """The version that was deployed before can read it."""
    assert json.loads(write_record(RECORD)) == STORED


def test_a_flag_for_the_whole_snapshot_holds_for_all_that_is_stale() -> None:
    """So it was stored before each prerequisite had its own: nobody is notified again after a deployment."""
    known = {
        "pixel": {"satisfied": True, "since": 1, "checked_at": 1, "stale_since": 2},
        "app": {"satisfied": True, "since": 1, "checked_at": 3},
    }
    states = parsed(text_with(known=known, stale_told=True)).snapshot.known
    assert {one: state.stale_notified for one, state in states.items()} == {
        Requirement.PIXEL: True,
        Requirement.APP: False,
    }


def test_times_of_every_accepted_year_are_kept() -> None:
    """A launch may be planned up to the year 2999; a "no end" in it is stored, not an error."""
    record = replace(
        RECORD, launch_at=datetime(2999, 6, 1, tzinfo=UTC), active_until=datetime(2999, 12, 31, tzinfo=UTC)
    )
    assert parsed(write_record(record)) == record


@given(records)
def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    """Times are kept to the microsecond; keys, due time and revision are stored beside the text."""
    read = parse_record(record.team_id, record.advertiser_id, record.due_at, record.revision, write_record(record))
    assert read == record


@given(records, names, moments, st.integers(0, 9))
def test_the_text_does_not_hold_keys_due_time_and_revision(
    record: Record, name: str, due_at: datetime, revision: int
) -> None:
    """Each is stored in one place, so that the index and the text cannot disagree."""
    other = replace(record, team_id=name, advertiser_id=name, due_at=due_at, revision=revision)
    assert write_record(other) == write_record(record)
    fields = {"team_id": "other", "advertiser_id": "2", "due_at": 1, "revision": 3, "snapshot": {"generation": 9}}
    assert parsed(text_with(**fields)) == NOTHING_KNOWN


def test_empty_fields_are_left_out() -> None:
    """DynamoDB bills by the kilobyte: the text of a record without knowledge holds its version only."""
    assert json.loads(write_record(NOTHING_KNOWN)) == {"v": VERSION}


def test_a_record_with_every_field_is_billed_as_two_kilobytes() -> None:
    """All prerequisites have an unconfirmed absence, a check is running and another one is claimed."""
    state = PrerequisiteState(
        satisfied=True,
        reason="catalog_not_eligible",
        since=NOW,
        checked_at=NOW,
        stale_since=NOW,
        unconfirmed_absence=UnconfirmedAbsence("catalog_not_eligible", NOW),
        stale_notified=True,
    )
    snapshot = Snapshot(
        known=dict.fromkeys(Requirement, state),
        generation=int(NOW.timestamp() * 1000),
        at_risk=True,
        warnings=("quiet_pixel",),
        verified_by="u" * 36,
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
        later_launches=(NOW,) * (LAUNCHES_KEPT - 1),
        requests=("e" * 36,) * REQUESTS_KEPT,
    )
    assert len(write_record(record)) < 2048 - 300  # keys and the other attributes take less than 300


def test_fields_of_a_newer_version_are_ignored() -> None:
    """A field can be added, and the version before it deployed again."""
    text = text_with(generation=3, of_tomorrow={"a": 1})
    assert parsed(text) == replace(NOTHING_KNOWN, snapshot=Snapshot(generation=3))


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
        text_with(known=[1]),
        text_with(known={"moon": {"satisfied": True, "since": 1, "checked_at": 1}}),
        text_with(known={"pixel": {"satisfied": True}}),
        text_with(known={"pixel": 7}),
        text_with_pixel(since="yesterday"),
        text_with_pixel(since=1e15),
        text_with_pixel(since=float("nan")),
        text_with_pixel(stale_since="now"),
        text_with_pixel(suspicion=7),
        text_with(lease=7),
        text_with(lease=["c", None]),
        text_with(lease=["c"]),
        text_with_pixel(suspicion=["r"]),
        text_with_pixel(since=1e30),
        text_with_pixel(since=float("inf")),
        "[" * 200_000,
        text_with(claimed_at=[]),
        text_with(warnings=7),
        text_with(outbox=[["id", "type"]]),
        text_with(outbox=7),
    ],
)
def test_an_unreadable_text_counts_as_nothing_known(text: str) -> None:
    """Due time and revision stay: the next check is a baseline, and its record replaces the text."""
    assert parsed(text) == NOTHING_KNOWN


def test_times_are_read_in_utc() -> None:
    """They are stored as seconds since the epoch, whatever zone they had."""
    since = parsed(text_with_pixel(since=SECONDS)).snapshot.known[Requirement.PIXEL].since
    assert (since, since.utcoffset()) == (MOMENT, timedelta())


def test_the_outbox_keeps_its_order() -> None:
    """The oldest event is published first."""
    outbox = tuple(OutboxEvent(str(number), "type", _detail(number)) for number in range(5))
    assert parsed(write_record(replace(NOTHING_KNOWN, outbox=outbox))).outbox == outbox


def _detail(number: int) -> Mapping[str, Any]:
    return {"number": number, "nothing": None, "no": False, "empty": [], "text": "ä\N{GRINNING FACE}"}
