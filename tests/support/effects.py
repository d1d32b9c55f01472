"""Every step with an effect outside the process, by name, and a process that dies at one of them."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from publishing.readiness.record import OutgoingEvent, Record
from publishing.readiness.stores import Outgoing, Run
from publishing.teams import Connection
from tests.support.in_memory_stores import InMemoryMarks, InMemoryRefreshes
from tools.in_memory_readiness import InMemoryAnnouncements, InMemoryBus, InMemoryQueue, InMemoryRecords, InMemoryRuns

Result = TypeVar("Result")


class KilledError(BaseException):
    """The process ends here; nothing of the product's catches it."""


@dataclass(frozen=True)
class Point:
    """A moment between two effects: right before or right after one of them, counted from 0."""

    at: int
    after: bool


def die() -> None:
    """End the process."""
    raise KilledError


@dataclass
class Effects:
    """Counts effects while it watches, and lets something happen at one point."""

    names: list[str] = field(default_factory=list)
    watching: bool = False
    reached: bool = False
    """Whether the point was come to."""
    _point: Point | None = None
    _happens: Callable[[], None] = die
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, point: Point | None = None, happens: Callable[[], None] = die) -> None:
        """Begin to count."""
        self.names.clear()
        self.watching, self.reached = True, False
        self._point, self._happens = point, happens

    def __call__(self, name: str, act: Callable[[], Result]) -> Result:
        here = self._noted(name)
        if here is None:
            return act()
        if not here.after:
            self._happens()
            return act()
        done = act()
        self._happens()
        return done

    def _noted(self, name: str) -> Point | None:
        with self._lock:
            if not self.watching:
                return None
            self.names.append(name)
            if self._point is None or self._point.at != len(self.names) - 1:
                return None
            self.watching, self.reached = False, True
            return self._point


@dataclass
class WatchedRecords:
    """Records whose writes are counted; the answers to the next ``answers_lost`` writes never come."""

    inner: InMemoryRecords
    effects: Effects
    answers_lost: int = 0
    before_write: Callable[[Record], None] = lambda _record: None

    def read(self, team_id: str, advertiser_id: str) -> Record | None:
        return self.inner.read(team_id, advertiser_id)

    def write(self, record: Record) -> Record | None:
        self.before_write(record)
        written = self.effects("write", lambda: self.inner.write(record))
        if written is not None and self.answers_lost:
            self.answers_lost -= 1
            return None
        return written

    def due(self, shard: str, before: datetime, page: int) -> Iterator[Sequence[tuple[str, str]]]:
        """As an index that two sweeps can read at the same time, and that lags behind what they write."""
        keys = [
            key
            for key, record in sorted(self.inner.stored.items(), key=lambda item: item[1].due_at)
            if record.shard == shard and record.due_at <= before
        ]
        for start in range(0, len(keys), page):
            yield keys[start : start + page]

    def of_team(self, team_id: str) -> Sequence[Record]:
        return self.inner.of_team(team_id)


@dataclass
class WatchedQueue:
    """A queue to which each message is an effect of its own."""

    inner: InMemoryQueue
    effects: Effects

    def send(self, messages: Iterable[Outgoing]) -> None:
        for one in messages:
            self._send(one)

    def _send(self, one: Outgoing) -> None:
        self.effects("queue", lambda: self.inner.send([one]))

    def waiting(self) -> int:
        return self.inner.waiting()

    def hide(self, receipt: str, delay: timedelta, *, urgent: bool) -> None:
        self.effects("hide", lambda: self.inner.hide(receipt, delay, urgent=urgent))


@dataclass
class WatchedBus:
    """A bus."""

    inner: InMemoryBus
    effects: Effects

    def send(self, events: Iterable[OutgoingEvent]) -> None:
        self.effects("bus", lambda: self.inner.send(events))


@dataclass
class WatchedRuns:
    """Accounts of sweeps."""

    inner: InMemoryRuns
    effects: Effects

    def before(self, name: str) -> Run | None:
        return self.inner.before(name)

    def count(self, run: Run) -> None:
        self.effects("count", lambda: self.inner.count(run))


@dataclass
class WatchedMarks:
    """Marks on connections."""

    inner: InMemoryMarks
    effects: Effects

    def expired(self, connection: Connection) -> None:
        self.effects("mark", lambda: self.inner.expired(connection))


@dataclass
class WatchedAnnouncements:
    """Announcements."""

    inner: InMemoryAnnouncements
    effects: Effects

    def begin(self, connection: Connection, now: datetime) -> bool:
        return self.effects("begin", lambda: self.inner.begin(connection, now))

    def told(self, connection: Connection) -> None:
        self.effects("told", lambda: self.inner.told(connection))


@dataclass
class WatchedRefreshes:
    """When connections are refreshed."""

    inner: InMemoryRefreshes
    effects: Effects

    def schedule(self, connection: Connection, due_at: datetime) -> None:
        self.effects("schedule", lambda: self.inner.schedule(connection, due_at))
