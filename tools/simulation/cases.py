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
    active_share: float = assumptions.ACTIVE
    warm_up_hours: int = 24
    hours: int = 72
    """Measured, after the warm-up."""
    outage: bool = True
    seed: int = SEED

    @property
    def name(self) -> str:
        """Size and level."""
        return f"{self.advertisers:,} {self.level}".replace(",", " ")

    @property
    def cadence(self) -> Cadence:
        """How often advertisers are checked."""
        return Cadence(active_every=self.active_every, idle_every=self.idle_every)

    @property
    def pace(self) -> Pace:
        """How fast TikTok may be asked."""
        return Pace(LEVELS[self.level], self.share_percent / 100)

    @property
    def seconds(self) -> int:
        """Simulated time, warm-up included."""
        return (self.warm_up_hours + self.hours) * 3_600

    @property
    def measured_from(self) -> int:
        """The second at which the warm-up ends."""
        return self.warm_up_hours * 3_600

    @property
    def outage_at(self) -> float | None:
        """The second at which TikTok stops responding: on the second measured day, if there is one."""
        hour = self.warm_up_hours + (24 if self.hours > 24 else 0) + assumptions.OUTAGE_HOUR  # noqa: PLR2004 - a day
        return hour * 3_600.0 if self.outage else None

    @property
    def days(self) -> float:
        """Measured days."""
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
"""The lowest level, and the first sufficient one, or the highest. A million advertisers run for fewer hours."""

VARIED = Case(100_000, warm_up_hours=6, hours=24, outage=False)
"""The base of the variations: the template's defaults on an ordinary day."""


def variations(base: Case = VARIED) -> Iterator[Variation]:
    """Return the base, and then one changed parameter at a time."""
    yield Variation("(none)", "", base)
    for level in LEVELS:
        if level != base.level:
            yield Variation("TikTokAppLevel", level, replace(base, level=level))
    for share in (25, 80):
        yield Variation("ReadinessSharePercent", str(share), replace(base, share_percent=share))
    for hours in (0.5, 2, 4):
        every = timedelta(hours=hours)
        schedule = min(base.schedule, every)
        yield Variation("ActiveEvery", _text(every), replace(base, active_every=every, schedule=schedule))
    for hours in (12, 48):
        yield Variation("IdleEvery", _text(timedelta(hours=hours)), replace(base, idle_every=timedelta(hours=hours)))
    for minutes in (15, 120):
        yield Variation(
            "ReadinessSchedule", _text(timedelta(minutes=minutes)), replace(base, schedule=timedelta(minutes=minutes))
        )
    for active_share in (0.02, 0.1):
        yield Variation("(active share)", f"{active_share:.0%}", replace(base, active_share=active_share))


def _text(every: timedelta) -> str:
    minutes = every / timedelta(minutes=1)
    in_minutes = minutes < 120 and minutes != 60  # noqa: PLR2004 - one hour, or two
    return f"{minutes:.0f} minutes" if in_minutes else f"{minutes / 60:.0f} h"
