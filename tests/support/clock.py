"""The time in tests: it stands still until it is moved."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 16, 10, tzinfo=UTC)


@dataclass
class MovableClock:
    """A clock that stands still until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


@dataclass
class SecondsClock:
    """The same for what counts in seconds."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now
