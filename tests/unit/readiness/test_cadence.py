"""When to look again."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.readiness.cadence import (
    ACTIVE_AFTER_LAUNCH,
    ACTIVE_FOR,
    JITTER,
    LAUNCH_NEAR,
    REST,
    Cadence,
    launch_is_near,
    next_midnight,
    shard,
    shards,
)
from publishing.readiness.record import Record

HOUR = timedelta(hours=1)
ROME = ZoneInfo("Europe/Rome")
TURNS = {
    "a month's end": datetime(2026, 11, 30, 23, 50, tzinfo=UTC),
    "a year's end": datetime(2026, 12, 31, 23, 50, tzinfo=UTC),
    "before 29 February": datetime(2028, 2, 28, 23, 50, tzinfo=UTC),
    "29 February": datetime(2028, 2, 29, 23, 50, tzinfo=UTC),
    "28 February, no leap year": datetime(2027, 2, 28, 23, 50, tzinfo=UTC),
    "summer time begins in Rome": datetime(2027, 3, 28, 0, 50, tzinfo=UTC),
    "summer time ends in Rome": datetime(2026, 10, 25, 0, 50, tzinfo=UTC),
}
moments = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(2040, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)
keys = st.text(min_size=1, max_size=30)


@given(keys, moments, st.booleans())
def test_a_look_is_never_late_and_at_most_a_tenth_early(key: str, last: datetime, active: bool) -> None:  # noqa: FBT001 - as Hypothesis gives it
    """Counted from when the last one was due, whatever the calendar says."""
    cadence = Cadence()
    every = cadence.every(active=active)
    due = cadence.next_due(key, last, last, active=active)
    assert last + every * (1 - JITTER) <= due <= last + every
    assert due == cadence.next_due(key, last, last, active=active)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("active", [True, False])
def test_the_calendar_makes_no_interval_longer_or_shorter(turn: str, *, active: bool) -> None:
    """At the end of a month, of a year, around a leap day and where Rome's clocks change."""
    last = TURNS[turn]
    cadence = Cadence()
    due = cadence.next_due("northlight/1", last, last + timedelta(seconds=9), active=active)
    seconds = due.timestamp() - last.timestamp()
    every = cadence.every(active=active).total_seconds()
    assert 0.9 * every <= seconds <= every


def test_what_came_together_does_not_stay_together() -> None:
    """A thousand advertisers that were due at once are spread over the whole tenth."""
    last = datetime(2026, 11, 16, 10, tzinfo=UTC)
    due = [Cadence().next_due(f"northlight/{number}", last, last, active=True) for number in range(1000)]
    early = sorted((last + HOUR - one) / (HOUR * JITTER) for one in due)
    assert early[0] < 0.01
    assert early[-1] > 0.99
    assert 0.45 < early[500] < 0.55


def test_an_early_look_does_not_add_up() -> None:
    """A day of hourly looks, each swept on the hour, is a day of hourly looks."""
    cadence, at = Cadence(), datetime(2026, 11, 16, 10, tzinfo=UTC)
    for _ in range(24):
        due = cadence.next_due("northlight/1", at, at + timedelta(seconds=30), active=True)
        assert at + REST < due <= at + HOUR
        at += HOUR


def test_who_waited_long_is_not_looked_at_twice_in_a_row() -> None:
    """What was due long ago rests after its look all the same."""
    now = datetime(2026, 11, 16, 10, tzinfo=UTC)
    assert Cadence().next_due("k", now - timedelta(days=3), now, active=True) == now + REST
    fast = Cadence(active_every=timedelta(seconds=5))
    assert fast.next_due("k", now - timedelta(days=3), now, active=True) == now + timedelta(seconds=5)


@given(keys)
def test_every_advertiser_is_in_a_shard_that_is_swept(key: str) -> None:
    """And always in the same one."""
    assert shard(key) in shards()
    assert len(set(shards())) == 16


@pytest.mark.parametrize(
    ("before_launch", "near"),
    [
        (LAUNCH_NEAR + timedelta(seconds=1), False),
        (LAUNCH_NEAR, True),
        (timedelta(), True),
        (-ACTIVE_AFTER_LAUNCH, True),
        (-ACTIVE_AFTER_LAUNCH - timedelta(seconds=1), False),
    ],
)
@pytest.mark.parametrize("zone", [UTC, ROME, timezone(timedelta(hours=-8))], ids=str)
@pytest.mark.parametrize("turn", TURNS)
def test_a_launch_is_near_for_a_day_before_and_after(
    before_launch: timedelta, zone: ZoneInfo, turn: str, *, near: bool
) -> None:
    """Whichever zone it was given in."""
    now = TURNS[turn]
    assert launch_is_near((now + before_launch).astimezone(zone), now) is near
    assert not launch_is_near(None, now)


@pytest.mark.parametrize(
    ("moment", "midnight"),
    [
        ("2026-11-30T23:59:59+00:00", "2026-12-01T00:00:00+00:00"),
        ("2026-12-31T12:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("2028-02-28T12:00:00+00:00", "2028-02-29T00:00:00+00:00"),
        ("2028-02-29T12:00:00+00:00", "2028-03-01T00:00:00+00:00"),
        ("2026-11-16T00:00:00+00:00", "2026-11-17T00:00:00+00:00"),
        ("2026-11-17T00:30:00+01:00", "2026-11-17T00:00:00+00:00"),
        ("2026-11-16T17:00:00-08:00", "2026-11-18T00:00:00+00:00"),
    ],
)
def test_the_days_limit_ends_at_midnight_utc(moment: str, midnight: str) -> None:
    """Whichever zone the clock shows, at the ends of months and years too."""
    assert next_midnight(datetime.fromisoformat(moment)) == datetime.fromisoformat(midnight)


@pytest.mark.parametrize("zone", [UTC, ROME], ids=str)
@pytest.mark.parametrize("day", [datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2027, 3, 27, 22, tzinfo=UTC)])
def test_midnight_is_the_same_over_a_change_of_clocks(zone: ZoneInfo, day: datetime) -> None:
    """Where the clocks of the zone change in that night, too."""
    assert next_midnight(day.astimezone(zone)) == (day + timedelta(hours=2))


def test_who_is_used_is_active_for_a_week_and_until_a_day_after_the_launch() -> None:
    """A later launch keeps it active longer; a preflight never shortens that."""
    now = datetime(2026, 12, 28, 10, tzinfo=UTC)
    record = Record("northlight", "1", due_at=now)
    assert not record.active(now)
    used = record.used(now)
    assert used.active(now + ACTIVE_FOR - timedelta(seconds=1))
    assert not used.active(now + ACTIVE_FOR)
    launch = datetime(2027, 2, 1, 1, tzinfo=ROME)
    launched = used.used(now, launch)
    assert launched.active(launch + ACTIVE_AFTER_LAUNCH - timedelta(seconds=1))
    assert not launched.active(launch + ACTIVE_AFTER_LAUNCH)
    assert launched.used(now).active_until == launched.active_until
    assert launched.used(now).launch_at == launch
