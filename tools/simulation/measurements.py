"""What is counted while the simulation runs, after its warm-up: work, waits, and the age of what is known."""

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from publishing.readiness.record import Record
from publishing.repositories.readiness_repository import DynamoDBReadinessRepository
from publishing.repositories.table import Table
from tools.simulation.engine import SimulatedQueue, SimulatedReadiness

if TYPE_CHECKING:
    from publishing.readiness.check import JobOutcome

BIN_SECONDS = 60.0
BINS = 30 * 1_440
"""Thirty days: older knowledge counts as this old."""


@dataclass(slots=True)
class Counts:
    """Counts, waits and sizes."""

    outcomes: "Counter[JobOutcome]" = field(default_factory=Counter)
    refused_checks: int = 0
    preflights: int = 0
    refused_preflights: int = 0
    busy: dict[bool, float] = field(default_factory=lambda: {True: 0.0, False: 0.0})
    """Seconds of workers, by whether they are the urgent ones."""
    batches: int = 0
    sweep_seconds: list[float] = field(default_factory=list)
    """The duration of each sweep, with its continuations."""
    sweeps_continued: int = 0
    request_waits: list[float] = field(default_factory=list)
    """From an event that requests a check to the check."""
    notified_after: dict[bool, list[float]] = field(default_factory=lambda: {True: [], False: []})
    """From a real change to its event, by whether the advertiser is active."""
    false_events: int = 0
    """Published changes that had not happened."""
    events: "Counter[str]" = field(default_factory=Counter)
    bytes_of_records: list[int] = field(default_factory=list)
    at_start: "Counter[str]" = field(default_factory=Counter)
    """What the repositories had counted at the end of the warm-up."""

    def start(self, records: SimulatedReadiness, queue: SimulatedQueue) -> None:
        """Forget what was counted in the warm-up."""
        self.__init__()  # type: ignore[misc] # new counters in the same object
        self.at_start = repository_counts(records, queue)


def repository_counts(records: SimulatedReadiness, queue: SimulatedQueue) -> "Counter[str]":
    """Return what the repositories have counted."""
    return Counter(
        reads=records.reads,
        writes=records.writes,
        moves=records.moves,
        sent=queue.sent,
        urgent=queue.urgent_sent,
        visibility_changes=queue.visibility_changes,
        dead_letters=len(queue.dead_letters),
    )


def item_bytes(record: Record) -> int:
    """Return the size of a record's item, as DynamoDB counts it: names and values."""
    items: list[dict[str, dict[str, str]]] = []

    def call(_operation: str, **request: object) -> dict[str, object]:
        items.append(request["Item"])  # type: ignore[arg-type] # a write calls PutItem only
        return {}

    DynamoDBReadinessRepository(Table(call, "table")).write(record)
    return sum(
        len(name) + (len(value["S"].encode()) if "S" in value else len(value["N"]) // 2 + 1)
        for name, value in items[0].items()
    )


@dataclass(slots=True)
class Ages:
    """How long advertisers' knowledge had each age. Exact to a minute."""

    oldest: float = 0.0
    _steps: list[int] = field(default_factory=lambda: [0] * (BINS + 1))

    def add(self, young: float, old: float) -> None:
        """Count one advertiser, whose knowledge went from one age to another."""
        self._steps[min(round(young / BIN_SECONDS), BINS)] += 1
        self._steps[min(round(old / BIN_SECONDS), BINS)] -= 1
        self.oldest = max(self.oldest, old)

    def percentiles(self, *parts: float) -> list[float]:
        """Return the ages, in seconds, that these parts of all were below."""
        current, durations = 0, []
        for step in self._steps[:BINS]:
            current += step
            durations.append(current)
        total = sum(durations)
        found = []
        reached, at = 0, 0
        for part in sorted(parts):
            while at < BINS - 1 and reached + durations[at] < part * total:
                reached += durations[at]
                at += 1
            found.append((at + 0.5) * BIN_SECONDS if total else 0.0)
        return found


@dataclass(slots=True)
class Freshness:
    """The age of the oldest evidence, over all moments and advertisers, by kind of advertiser."""

    size: int
    measured_from: float
    checked: "array[float]" = field(init=False)
    """When the oldest evidence of each advertiser was found."""
    since: "array[float]" = field(init=False)
    """Since when that is the oldest."""
    checks: "array[int]" = field(init=False)
    """How often each advertiser was checked, after the warm-up."""
    ages: dict[str, Ages] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.checked = array("d", bytes(8 * self.size))
        self.since = array("d", bytes(8 * self.size))
        self.checks = array("L", [0]) * self.size

    def start(self, number: int, checked_at: float) -> None:
        """Set what is known at the start."""
        self.checked[number] = checked_at

    def update(self, number: int, kind: str, checked_at: float, now: float) -> None:
        """Count the age until now; from now on, ``checked_at`` is the oldest evidence."""
        if now > self.measured_from:
            self._count(number, kind, now)
        self.checked[number] = checked_at
        self.since[number] = now

    def end(self, kinds: Mapping[int, str], other: str, now: float) -> None:
        """Count the age of all advertisers until the end."""
        for number in range(self.size):
            self._count(number, kinds.get(number, other), now)

    def _count(self, number: int, kind: str, now: float) -> None:
        ages = self.ages.get(kind)
        if ages is None:
            ages = self.ages[kind] = Ages()
        checked = self.checked[number]
        ages.add(max(self.since[number], self.measured_from) - checked, now - checked)
