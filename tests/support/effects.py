"""Counts every step that has an effect outside the process, and interrupts or kills the process at one of them."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from publishing.events.schemas import OutboxEvent
from publishing.readiness.check_job import CheckJob, SweepStatistics
from publishing.readiness.record import Record
from tools.in_memory_readiness import InMemoryBus, InMemoryCheckQueue, InMemoryReadiness, InMemorySweeps

Result = TypeVar("Result")


class KilledError(BaseException):
    """The process ends here; the product catches no BaseException."""


@dataclass(frozen=True)
class Point:
    """A moment between two effects: just before or just after the effect number ``at``, counted from 0."""

    at: int
    after: bool


def kill() -> None:
    """End the process."""
    raise KilledError


@dataclass
class Effects:
    """Records the names of effects while it watches, and calls ``interruption`` at one point."""

    names: list[str] = field(default_factory=list)
    watching: bool = False
    reached: bool = False
    """Whether the point was reached."""
    _point: Point | None = None
    _interruption: Callable[[], None] = kill
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, point: Point | None = None, interruption: Callable[[], None] = kill) -> None:
        """Start recording; after the interruption nothing more is recorded."""
        self.names.clear()
        self.watching, self.reached = True, False
        self._point, self._interruption = point, interruption

    def __call__(self, name: str, act: Callable[[], Result]) -> Result:
        point = self._record(name)
        if point is None:
            return act()
        if not point.after:
            self._interruption()
            return act()
        result = act()
        self._interruption()
        return result

    def _record(self, name: str) -> Point | None:
        """Record an effect; return the point if this effect is the one to interrupt."""
        with self._lock:
            if not self.watching:
                return None
            self.names.append(name)
            if self._point is None or self._point.at != len(self.names) - 1:
                return None
            self.watching, self.reached = False, True
            return self._point


@dataclass
class WatchedReadiness:
    """Readiness records whose writes are effects; the responses to the next ``lost_responses`` writes are lost."""

    inner: InMemoryReadiness
    effects: Effects
    lost_responses: int = 0
    before_write: Callable[[Record], None] = lambda _record: None

    def read(self, team_id: str, advertiser_id: str) -> Record | None:
        return self.inner.read(team_id, advertiser_id)

    def write(self, record: Record) -> Record | None:
        self.before_write(record)
        written = self.effects("write record", lambda: self.inner.write(record))
        if written is not None and self.lost_responses:
            self.lost_responses -= 1
            return None
        return written

    def due(self, shard: str, before: datetime, page_size: int) -> Iterator[Sequence[tuple[str, str]]]:
        """Like DynamoDB's index: two sweeps can read it at the same time, and it lags behind their writes."""
        keys = [
            key
            for key, record in sorted(self.inner.stored.items(), key=lambda item: item[1].due_at)
            if record.shard == shard and record.due_at <= before
        ]
        for start in range(0, len(keys), page_size):
            yield keys[start : start + page_size]

    def read_many(self, team_id: str, advertiser_ids: Sequence[str]) -> Sequence[Record]:
        return self.inner.read_many(team_id, advertiser_ids)


@dataclass
class WatchedCheckQueue:
    """The check queues; each message is an effect."""

    inner: InMemoryCheckQueue
    effects: Effects

    def send(self, job: CheckJob, *, urgent: bool = False, delay: timedelta = timedelta()) -> None:
        self.effects("send job", lambda: self.inner.send(job, urgent=urgent, delay=delay))

    def waiting(self) -> int:
        return self.inner.waiting()

    def change_visibility(self, receipt: str, delay: timedelta, *, urgent: bool) -> None:
        self.effects("change visibility", lambda: self.inner.change_visibility(receipt, delay, urgent=urgent))


@dataclass
class WatchedBus:
    """The event bus; each call is an effect."""

    inner: InMemoryBus
    effects: Effects

    def publish(self, events: Iterable[OutboxEvent]) -> None:
        self.effects("publish", lambda: self.inner.publish(events))


@dataclass
class WatchedSweeps:
    """The statistics of sweeps; each addition is an effect."""

    inner: InMemorySweeps
    effects: Effects

    def previous(self, run: str) -> SweepStatistics | None:
        return self.inner.previous(run)

    def add(self, statistics: SweepStatistics) -> None:
        self.effects("add statistics", lambda: self.inner.add(statistics))
