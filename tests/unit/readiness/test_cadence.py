"""When an advertiser is checked again."""

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
    MIN_INTERVAL,
    Cadence,
    launch_is_near,
    next_midnight,
    shard,
    shards,
)
from publishing.readiness.record import Record

HOUR = timedelta(hours=1)
ROME = ZoneInfo("Europe/Rome")
CALENDAR = {
    "the end of a month": datetime(2026, 11, 30, 23, 50, tzinfo=UTC),
    "the end of a year": datetime(2026, 12, 31, 23, 50, tzinfo=UTC),
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
def test_a_check_is_never_late_and_at_most_a_tenth_early(key: str, last: datetime, active: bool) -> None:  # noqa: FBT001 - Hypothesis passes positions
    """The interval is counted from when the last check was due, and is the same every time it is computed."""
    cadence = Cadence()
    every = cadence.every(active=active)
    due = cadence.next_due(key, last, last, active=active)
    assert last + every * (1 - JITTER) <= due <= last + every
    assert due == cadence.next_due(key, last, last, active=active)


@pytest.mark.parametrize("when", CALENDAR)
@pytest.mark.parametrize("active", [True, False])
def test_the_calendar_does_not_change_an_interval(when: str, *, active: bool) -> None:
    """Intervals are the same at the end of a month or year, around a leap day, and when Rome's clocks change."""
    last = CALENDAR[when]
    cadence = Cadence()
    due = cadence.next_due("northlight/1", last, last + timedelta(seconds=9), active=active)
    seconds = due.timestamp() - last.timestamp()
    every = cadence.every(active=active).total_seconds()
    assert 0.9 * every <= seconds <= every


def test_advertisers_that_were_due_together_spread_out() -> None:
    """A thousand advertisers that were due at once are spread evenly over the whole tenth."""
    last = datetime(2026, 11, 16, 10, tzinfo=UTC)
    due = [Cadence().next_due(f"northlight/{number}", last, last, active=True) for number in range(1000)]
    early = sorted((last + HOUR - one) / (HOUR * JITTER) for one in due)
    assert early[0] < 0.01
    assert early[-1] > 0.99
    assert 0.45 < early[500] < 0.55


def test_early_checks_do_not_add_up() -> None:
    """Hourly checks that each start with an hourly sweep stay hourly for a whole day."""
    cadence, at = Cadence(), datetime(2026, 11, 16, 10, tzinfo=UTC)
    for _ in range(24):
        due = cadence.next_due("northlight/1", at, at + timedelta(seconds=30), active=True)
        assert at + MIN_INTERVAL < due <= at + HOUR
        at += HOUR


def test_an_overdue_advertiser_is_not_checked_twice_in_a_row() -> None:
    """The minimum interval applies after the check of an advertiser that was due long ago."""
    now = datetime(2026, 11, 16, 10, tzinfo=UTC)
    assert Cadence().next_due("k", now - timedelta(days=3), now, active=True) == now + MIN_INTERVAL
    fast = Cadence(active_every=timedelta(seconds=5))
    assert fast.next_due("k", now - timedelta(days=3), now, active=True) == now + timedelta(seconds=5)


@given(keys)
def test_every_advertiser_is_in_one_shard_that_is_swept(key: str) -> None:
    """There are sixteen shards."""
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
@pytest.mark.parametrize("when", CALENDAR)
def test_a_launch_is_near_from_a_day_before_to_a_day_after(
    before_launch: timedelta, zone: ZoneInfo, when: str, *, near: bool
) -> None:
    """The launch's time zone makes no difference."""
    now = CALENDAR[when]
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
def test_the_daily_limit_ends_at_midnight_utc(moment: str, midnight: str) -> None:
    """The time zone makes no difference, nor does the end of a month or year."""
    assert next_midnight(datetime.fromisoformat(moment)) == datetime.fromisoformat(midnight)


@pytest.mark.parametrize("zone", [UTC, ROME], ids=str)
@pytest.mark.parametrize("day", [datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2027, 3, 27, 22, tzinfo=UTC)])
def test_midnight_utc_does_not_move_when_clocks_change(zone: ZoneInfo, day: datetime) -> None:
    """In these nights the clocks of Rome change."""
    assert next_midnight(day.astimezone(zone)) == (day + timedelta(hours=2))


def test_an_advertiser_stays_active_for_a_week_and_until_a_day_after_its_launch() -> None:
    """A later launch keeps it active for longer; a preflight never shortens that."""
    now = datetime(2026, 12, 28, 10, tzinfo=UTC)
    record = Record("northlight", "1", due_at=now)
    assert not record.active(now)
    used = record.used(now)
    assert used.active(now + ACTIVE_FOR - timedelta(seconds=1))
    assert not used.active(now + ACTIVE_FOR)
    launch = datetime(2027, 2, 1, 1, tzinfo=ROME)
    scheduled = used.used(now, launch)
    assert scheduled.active(launch + ACTIVE_AFTER_LAUNCH - timedelta(seconds=1))
    assert not scheduled.active(launch + ACTIVE_AFTER_LAUNCH)
    assert scheduled.used(now).active_until == scheduled.active_until
    assert scheduled.used(now).launch_at == launch
