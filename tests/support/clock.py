"""Clocks for tests: the time does not change until the test changes it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 16, 10, tzinfo=UTC)


def milliseconds(at: datetime) -> int:
    """Return the time since the epoch: the generation of what was found then."""
    return round(at.timestamp() * 1000)


@dataclass
class MovableClock:
    """A clock of datetimes."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


@dataclass
class SecondsClock:
    """A clock of seconds since the epoch."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now
