"""A deadline: what remains of it, and earlier ones made of it."""

import pytest

from tests.unit.tiktok_business.fakes import FakeClock
from tiktok_business.deadline import Deadline


@pytest.fixture
def clock() -> FakeClock:
    """A clock that shows another time than 0."""
    return FakeClock(now=100.0)


def test_remaining(clock: FakeClock) -> None:
    """What remains shrinks with the clock and is never negative."""
    deadline = Deadline.after(5, clock)
    assert deadline.remaining() == 5
    clock.now += 3
    assert deadline.remaining() == 2
    clock.now += 30
    assert deadline.remaining() == 0


@pytest.mark.parametrize(("elapsed", "passed"), [(0, False), (4.999, False), (5, True), (6, True)])
def test_passed(clock: FakeClock, elapsed: float, passed: bool) -> None:  # noqa: FBT001 - a row of the table
    """A deadline has passed from its very moment on."""
    deadline = Deadline.after(5, clock)
    clock.now += elapsed
    assert deadline.passed is passed


def test_within(clock: FakeClock) -> None:
    """A deadline within some seconds is never later than the one it was made of."""
    deadline = Deadline.after(5, clock)
    assert deadline.within(2).remaining() == 2
    assert deadline.within(9) == deadline


def test_within_counts_from_now(clock: FakeClock) -> None:
    """A deadline within some seconds counts them from when it is made."""
    deadline = Deadline.after(5, clock)
    clock.now += 1
    assert deadline.within(2).remaining() == 2
    clock.now += 3
    assert deadline.within(2).remaining() == 1


def test_keeping(clock: FakeClock) -> None:
    """A deadline that keeps time back comes so much earlier, and has passed where less than that is left."""
    deadline = Deadline.after(5, clock)
    assert deadline.keeping(2).remaining() == 3
    clock.now += 4
    assert deadline.keeping(2).passed
    assert not deadline.passed
