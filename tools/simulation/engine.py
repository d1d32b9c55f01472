"""Simulated time: events in their order, without waiting for any; and repositories that count and call back."""

import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from publishing.events.schemas import OutboxEvent
from publishing.readiness.check_job import CheckJob
from publishing.readiness.record import Record
from tools.in_memory_readiness import InMemoryCheckQueue, InMemoryReadiness

START = datetime(2026, 11, 2, tzinfo=UTC)
"""Midnight, when TikTok's days begin."""


def since_start(moment: datetime) -> float:
    """Return the seconds of simulated time until this moment."""
    return (moment - START).total_seconds()


@dataclass(slots=True)
class Engine:
    """The clock, and the planned actions."""

    seconds: float = 0.0
    """Since the start."""
    now: datetime = START
    ahead: Callable[[], float] | None = None
    """Seconds by which the running action is ahead of the clock, if it takes time during which nothing else happens."""
    _actions: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def clock(self) -> datetime:
        """Return the simulated time."""
        return self.now if self.ahead is None else self.now + timedelta(seconds=self.ahead())

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Plan an action; of those planned for the same time, the first planned runs first."""
        heapq.heappush(self._actions, (seconds, next(self._numbers), action))

    def run(self, until: float) -> None:
        """Run all actions that are planned before ``until``."""
        actions = self._actions
        while actions and actions[0][0] < until:
            self.seconds, _, action = heapq.heappop(actions)
            self.now = START + timedelta(seconds=self.seconds)
            action()
        self.seconds = until
        self.now = START + timedelta(seconds=until)


@dataclass
class SimulatedQueue(InMemoryCheckQueue):
    """The check queues; they call back when a message will be visible, so that no worker has to poll."""

    urgent_sent: int = 0
    visibility_changes: int = 0
    visible: Callable[[bool, datetime], None] = lambda _urgent, _at: None
    """Called with the queue, and the time at which a message will be visible in it."""

    def put(self, content: CheckJob | str, *, urgent: bool = False, delay: timedelta = timedelta()) -> None:
        """Put a job into one of the queues."""
        super().put(content, urgent=urgent, delay=delay)
        self.urgent_sent += urgent
        self.visible(urgent, self.clock() + delay)

    def change_visibility(self, receipt: str, delay: timedelta, *, urgent: bool) -> None:
        """Make a message visible again after ``delay``."""
        super().change_visibility(receipt, delay, urgent=urgent)
        self.visibility_changes += 1
        self.visible(urgent, self.clock() + delay)

    def next_visible(self, *, urgent: bool) -> datetime | None:
        """Return when the next hidden message will be visible."""
        hidden = self._hidden[urgent]
        while hidden:
            at, number = hidden[0]
            message = self._messages.get(str(number))
            if message is not None and message.visible_at == at:
                return at
            heapq.heappop(hidden)
        return None


@dataclass
class SimulatedReadiness(InMemoryReadiness):
    """Readiness records; they count writes that move a record in the index, and call back with a sample."""

    moves: int = 0
    every: int = 997
    sample: Callable[[Record], None] = lambda _record: None
    """Called with one written record of ``every``."""

    def write(self, record: Record) -> Record | None:
        """Store the record, unless the stored one has another revision."""
        stored = self.stored.get((record.team_id, record.advertiser_id))
        written = super().write(record)
        self.moves += stored is None or stored.due_at != record.due_at
        if written is not None and self.writes % self.every == 0:
            self.sample(written)
        return written


@dataclass
class SimulatedBus:
    """The event bus; it calls back with each event, and keeps none."""

    received: Callable[[OutboxEvent], None] = lambda _event: None

    def publish(self, events: Iterable[OutboxEvent]) -> None:
        """Call back with each event."""
        for event in events:
            self.received(event)
