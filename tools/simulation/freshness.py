"""How old what is known is: over all moments and all advertisers, not only when somebody looks."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

BIN_SECONDS = 60.0
BINS = 30 * 1_440
"""Thirty days, which is as old as anything is told to be."""


@dataclass(slots=True)
class Ages:
    """How long advertisers had each age. Exact to a minute."""

    oldest: float = 0.0
    _steps: list[int] = field(default_factory=lambda: [0] * (BINS + 1))

    def add(self, young: float, old: float) -> None:
        """One advertiser's knowledge went from one age to another."""
        self._steps[min(round(young / BIN_SECONDS), BINS)] += 1
        self._steps[min(round(old / BIN_SECONDS), BINS)] -= 1
        self.oldest = max(self.oldest, old)

    def percentiles(self, *parts: float) -> list[float]:
        """The ages, in seconds, that so many parts of all were below."""
        having, lasted = 0, []
        for step in self._steps[:BINS]:
            having += step
            lasted.append(having)
        total = sum(lasted)
        found = []
        reached, at = 0, 0
        for part in sorted(parts):
            while at < BINS - 1 and reached + lasted[at] < part * total:
                reached += lasted[at]
                at += 1
            found.append((at + 0.5) * BIN_SECONDS if total else 0.0)
        return found


@dataclass(slots=True)
class Freshness:
    """Ages by kind of advertiser."""

    size: int
    measured_from: float
    checked: "array[float]" = field(init=False)
    """When the oldest evidence on an advertiser was found."""
    since: "array[float]" = field(init=False)
    """Since when that is the oldest."""
    looks: "array[int]" = field(init=False)
    """How often an advertiser was looked at, while it counts."""
    ages: dict[str, Ages] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.checked = array("d", bytes(8 * self.size))
        self.since = array("d", bytes(8 * self.size))
        self.looks = array("L", [0]) * self.size

    def known(self, number: int, checked_at: float) -> None:
        """At the start."""
        self.checked[number] = checked_at

    def moved(self, number: int, kind: str, checked_at: float, now: float) -> None:
        """Somebody looked, and this is the oldest evidence by now."""
        if now > self.measured_from:
            self._count(number, kind, now)
        self.checked[number] = checked_at
        self.since[number] = now

    def end(self, kinds: Mapping[int, str], other: str, now: float) -> None:
        """The simulation is over; what is known got so old."""
        for number in range(self.size):
            self._count(number, kinds.get(number, other), now)

    def _count(self, number: int, kind: str, now: float) -> None:
        ages = self.ages.get(kind)
        if ages is None:
            ages = self.ages[kind] = Ages()
        checked = self.checked[number]
        ages.add(max(self.since[number], self.measured_from) - checked, now - checked)
