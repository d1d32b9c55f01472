"""How fast background checks may ask TikTok, and when to ask again after a refusal."""

from datetime import datetime, timedelta

import pytest

from publishing.readiness.pacing import (
    CALLS_PER_CHECK,
    LEVELS,
    MAX_VISIBILITY_TIMEOUT,
    URGENT_SHARE,
    Pace,
    recovers_at,
)


@pytest.mark.parametrize(
    ("at", "tries", "until"),
    [
        ("2026-11-16T10:00:00+00:00", 1, "2026-11-16T10:05:00+00:00"),
        ("2026-11-16T23:58:00+00:00", 3, "2026-11-17T00:03:00+00:00"),
        ("2026-11-16T20:00:00+00:00", 4, "2026-11-17T00:00:00+00:00"),
        ("2026-12-31T20:00:00+00:00", 4, "2027-01-01T00:00:00+00:00"),
        ("2026-11-16T10:00:00+00:00", 4, "2026-11-16T21:50:00+00:00"),
    ],
)
def test_tiktok_recovers_after_a_pause_or_at_midnight(at: str, tries: int, until: str) -> None:
    """More than three refusals in a row mean the daily limit; SQS hides a message for twelve hours at most."""
    now = datetime.fromisoformat(at)
    assert recovers_at(now, tries, timedelta(minutes=5)) == datetime.fromisoformat(until)
    assert recovers_at(now, tries, timedelta(minutes=5)) - now <= MAX_VISIBILITY_TIMEOUT


@pytest.mark.parametrize("name", LEVELS)
@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_all_workers_together_stay_within_the_share_of_every_limit(name: str, share: float) -> None:
    """Each worker makes one check after another at its pace, on both queues at the same time."""
    level, pace = LEVELS[name], Pace(LEVELS[name], share)
    per_second = CALLS_PER_CHECK * sum(
        level.workers / pace.min_duration(urgent=urgent).total_seconds() for urgent in (True, False)
    )
    assert per_second <= level.per_second * share + 1e-6
    assert per_second * 60 <= level.per_minute * share + 1e-6
    assert per_second * 86_400 <= level.per_day * share + 1e-3
    urgent = level.workers / pace.min_duration(urgent=True).total_seconds()
    assert CALLS_PER_CHECK * urgent <= URGENT_SHARE * level.per_second * share + 1e-6


@pytest.mark.parametrize("name", LEVELS)
def test_the_queue_takes_as_many_jobs_as_an_hour_can_process(name: str) -> None:
    """Jobs that wait in it are subtracted, and the capacity is never negative."""
    pace = Pace(LEVELS[name])
    hour = pace.capacity(0)
    assert hour == int(pace.checks_per_minute * 60)
    assert pace.capacity(100) == hour - 100
    assert pace.capacity(hour + 1) == 0
