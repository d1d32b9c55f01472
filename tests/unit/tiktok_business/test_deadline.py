"""Deadlines: their remaining time, and earlier deadlines derived from them."""

import pytest

from tests.support.scripted_tiktok import FakeClock
from tiktok_business.deadline import Deadline


@pytest.fixture
def clock() -> FakeClock:
    """A clock that does not start at 0."""
    return FakeClock(now=100.0)


def test_remaining(clock: FakeClock) -> None:
    """The remaining time shrinks with the clock and is never negative."""
    deadline = Deadline.after(5, clock)
    assert deadline.remaining() == 5
    clock.now += 3
    assert deadline.remaining() == 2
    clock.now += 30
    assert deadline.remaining() == 0


@pytest.mark.parametrize(("elapsed", "passed"), [(0, False), (4.999, False), (5, True), (6, True)])
def test_passed(clock: FakeClock, elapsed: float, passed: bool) -> None:  # noqa: FBT001 - a row of the table
    """A deadline has passed from its exact time on."""
    deadline = Deadline.after(5, clock)
    clock.now += elapsed
    assert deadline.passed is passed


def test_within(clock: FakeClock) -> None:
    """``within`` never returns a later deadline."""
    deadline = Deadline.after(5, clock)
    assert deadline.within(2).remaining() == 2
    assert deadline.within(9) == deadline


def test_within_counts_from_now(clock: FakeClock) -> None:
    """``within`` counts the seconds from now."""
    deadline = Deadline.after(5, clock)
    clock.now += 1
    assert deadline.within(2).remaining() == 2
    clock.now += 3
    assert deadline.within(2).remaining() == 1


def test_reserve(clock: FakeClock) -> None:
    """``reserve`` returns an earlier deadline, which has passed if less than that remains."""
    deadline = Deadline.after(5, clock)
    assert deadline.reserve(2).remaining() == 3
    clock.now += 4
    assert deadline.reserve(2).passed
    assert not deadline.passed
