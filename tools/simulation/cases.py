"""What is simulated: how many advertisers, under which parameters of the template, for how long."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from publishing.readiness.cadence import Cadence
from publishing.readiness.pacing import LEVELS, Pace
from tools.simulation import assumptions

SEED = 5


@dataclass(frozen=True, slots=True)
class Case:
    """One run. The defaults are the template's."""

    advertisers: int
    level: str = "Basic"
    share_percent: int = 50
    active_every: timedelta = timedelta(hours=1)
    idle_every: timedelta = timedelta(hours=24)
    schedule: timedelta = timedelta(hours=1)
    in_use: float = assumptions.IN_USE
    warm_up_hours: int = 24
    hours: int = 72
    """Measured, after those of the warm-up."""
    outage: bool = True
    seed: int = SEED

    @property
    def name(self) -> str:
        """In a few words."""
        return f"{self.advertisers:,} {self.level}".replace(",", " ")

    @property
    def cadence(self) -> Cadence:
        """How often advertisers are looked at."""
        return Cadence(active_every=self.active_every, idle_every=self.idle_every)

    @property
    def pace(self) -> Pace:
        """How fast TikTok may be asked."""
        return Pace(LEVELS[self.level], self.share_percent / 100)

    @property
    def seconds(self) -> int:
        """Of simulated time."""
        return (self.warm_up_hours + self.hours) * 3_600

    @property
    def measured_from(self) -> int:
        """The second from which on it counts."""
        return self.warm_up_hours * 3_600

    @property
    def outage_at(self) -> float | None:
        """The second at which TikTok falls silent: on the second day that counts, if there is one."""
        hour = self.warm_up_hours + (24 if self.hours > 24 else 0) + assumptions.OUTAGE_HOUR  # noqa: PLR2004 - a day
        return hour * 3_600.0 if self.outage else None

    @property
    def days(self) -> float:
        """Measured."""
        return self.hours / 24


@dataclass(frozen=True, slots=True)
class Variation:
    """A parameter of the template with another value."""

    parameter: str
    value: str
    case: Case


SIZES: tuple[Case, ...] = (
    Case(1_000),
    Case(100_000),
    Case(100_000, "Advanced"),
    Case(1_000_000, "Ultimate", hours=24),
)
"""The levels that make sense: the least one, and the first that does, or the highest. A million runs for less."""

VARIED = Case(100_000, warm_up_hours=6, hours=24, outage=False)
"""What the variations vary: the template's defaults on an ordinary day."""


def variations(base: Case = VARIED) -> Iterator[Variation]:
    """One parameter at a time, the unchanged case first."""
    yield Variation("(none)", "", base)
    for level in LEVELS:
        if level != base.level:
            yield Variation("TikTokAppLevel", level, replace(base, level=level))
    for share in (25, 80):
        yield Variation("ReadinessSharePercent", str(share), replace(base, share_percent=share))
    for hours in (0.5, 2, 4):
        every = timedelta(hours=hours)
        schedule = min(base.schedule, every)
        yield Variation("ActiveEvery", _told(every), replace(base, active_every=every, schedule=schedule))
    for hours in (12, 48):
        yield Variation("IdleEvery", _told(timedelta(hours=hours)), replace(base, idle_every=timedelta(hours=hours)))
    for minutes in (15, 120):
        yield Variation(
            "ReadinessSchedule", _told(timedelta(minutes=minutes)), replace(base, schedule=timedelta(minutes=minutes))
        )
    for part in (0.02, 0.1):
        yield Variation("(share in use)", f"{part:.0%}", replace(base, in_use=part))


def _told(every: timedelta) -> str:
    minutes = every / timedelta(minutes=1)
    return f"{minutes:.0f} minutes" if minutes < 120 and minutes != 60 else f"{minutes / 60:.0f} h"  # noqa: PLR2004 - an hour is told as one
