"""Simulated time: events in their order, without waiting for any."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from publishing.readiness.record import Record
from publishing.readiness.stores import LookMessage
from tools.in_memory_readiness import InMemoryQueue, InMemoryRecords

START = datetime(2026, 11, 2, tzinfo=UTC)
"""Midnight, as TikTok's days begin."""


def since_start(moment: datetime) -> float:
    """Seconds of simulated time."""
    return (moment - START).total_seconds()


@dataclass(slots=True)
class Engine:
    """The clock, and what is to happen."""

    seconds: float = 0.0
    """Since the start."""
    now: datetime = START
    ahead: Callable[[], float] | None = None
    """The seconds by which whoever has the turn is ahead, where its work takes time and nobody else is let in."""
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def clock(self) -> datetime:
        """The simulated moment."""
        return self.now if self.ahead is None else self.now + timedelta(seconds=self.ahead())

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Have something happen at a moment; of the same moment, what was asked for first comes first."""
        heapq.heappush(self._events, (seconds, next(self._numbers), action))

    def run(self, until: float) -> None:
        """Let everything happen that is to happen before."""
        events = self._events
        while events and events[0][0] < until:
            self.seconds, _, action = heapq.heappop(events)
            self.now = START + timedelta(seconds=self.seconds)
            action()
        self.seconds = until
        self.now = START + timedelta(seconds=until)


@dataclass
class SimulatedQueue(InMemoryQueue):
    """The queues; they say when something can be received, so that nobody has to ask again and again."""

    urgent_sent: int = 0
    visibility_changes: int = 0
    visible: Callable[[bool, datetime], None] = lambda _urgent, _at: None
    """Called with the queue, and the moment at which a message will be visible in it."""

    def put(self, content: LookMessage | str, *, urgent: bool = False, delay: timedelta = timedelta()) -> None:
        """Put one message."""
        super().put(content, urgent=urgent, delay=delay)
        self.urgent_sent += urgent
        self.visible(urgent, self.clock() + delay)

    def hide(self, receipt: str, delay: timedelta, *, urgent: bool) -> None:
        """Let a message come back after `delay`."""
        super().hide(receipt, delay, urgent=urgent)
        self.visibility_changes += 1
        self.visible(urgent, self.clock() + delay)

    def next_visible(self, *, urgent: bool) -> datetime | None:
        """When the next message can be received, of those that cannot now."""
        hidden = self._hidden[urgent]
        while hidden:
            at, number = hidden[0]
            held = self._held.get(str(number))
            if held is not None and held.visible_at == at:
                return at
            heapq.heappop(hidden)
        return None


@dataclass
class SimulatedRecords(InMemoryRecords):
    """Records; they count the writes that move them in the index, and look at the size of some."""

    moves: int = 0
    every: int = 997
    sample: Callable[[Record], None] = lambda _record: None
    """Called with one written record of so many."""

    def write(self, record: Record) -> Record | None:
        """Store the record, if nobody else has meanwhile."""
        stored = self.stored.get((record.team_id, record.advertiser_id))
        written = super().write(record)
        self.moves += stored is None or stored.due_at != record.due_at
        if written is not None and self.writes % self.every == 0:
            self.sample(written)
        return written
