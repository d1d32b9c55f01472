"""In-memory repositories, queues and event bus of readiness: for tests, and for the simulation with its own clock.

They keep the promises of the real ones; tests/adapters runs the same tests against both.
"""

import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from publishing.events.schemas import OutboxEvent
from publishing.readiness.check_job import CheckJob, SweepStatistics
from publishing.readiness.record import Record

Clock = Callable[[], datetime]

VISIBILITY = timedelta(minutes=12)
"""The queues' visibility timeout; in template.yaml too (a test compares them)."""
MAX_RECEIVES = 5
"""Deliveries of a message before it is a dead letter; in template.yaml too (a test compares them)."""


@dataclass
class InMemoryReadiness:
    """Readiness records, and for each shard a heap in place of the index of due records."""

    stored: dict[tuple[str, str], Record] = field(default_factory=dict)
    reads: int = 0
    writes: int = 0
    _due: dict[str, list[tuple[datetime, tuple[str, str]]]] = field(default_factory=lambda: defaultdict(list))

    def __len__(self) -> int:
        """The number of records."""
        return len(self.stored)

    def __contains__(self, key: object) -> bool:
        """Whether there is a record for this team and advertiser."""
        return key in self.stored

    def read(self, team_id: str, advertiser_id: str) -> Record | None:
        """Return the record."""
        self.reads += 1
        return self.stored.get((team_id, advertiser_id))

    def write(self, record: Record) -> Record | None:
        """Store the record, unless the stored one has another revision."""
        self.writes += 1
        key = (record.team_id, record.advertiser_id)
        stored = self.stored.get(key)
        if (stored.revision if stored else 0) != record.revision:
            return None
        written = replace(record, revision=record.revision + 1)
        self.stored[key] = written
        if stored is None or (stored.shard, stored.due_at) != (written.shard, written.due_at):
            heapq.heappush(self._due[record.shard], (written.due_at, key))
        return written

    def due(self, shard: str, before: datetime, page_size: int) -> Iterator[Sequence[tuple[str, str]]]:
        """Return due records in pages; those that the caller does not claim stay due."""
        heap = self._due[shard]
        returned: list[tuple[datetime, tuple[str, str]]] = []
        try:
            while heap and heap[0][0] <= before:
                keys: list[tuple[str, str]] = []
                while heap and heap[0][0] <= before and len(keys) < page_size:
                    entry = heapq.heappop(heap)
                    if self._is_current(shard, entry):
                        returned.append(entry)
                        keys.append(entry[1])
                if keys:
                    yield keys
        finally:
            for entry in returned:
                if self._is_current(shard, entry):
                    heapq.heappush(heap, entry)

    def read_many(self, team_id: str, advertiser_ids: Sequence[str]) -> Sequence[Record]:
        """Return the records that exist of these advertisers."""
        self.reads += 1
        return [self.stored[team_id, one] for one in advertiser_ids if (team_id, one) in self.stored]

    def _is_current(self, shard: str, entry: tuple[datetime, tuple[str, str]]) -> bool:
        due_at, key = entry
        stored = self.stored.get(key)
        return stored is not None and stored.due_at == due_at and stored.shard == shard


@dataclass
class QueuedMessage:
    """A message in a queue; its id is its receipt handle too."""

    id: str
    content: CheckJob | str
    """A string is a raw body, readable or not."""
    visible_at: datetime
    urgent: bool = False
    tries: int = 0
    """How often it was delivered."""


@dataclass
class InMemoryCheckQueue:
    """Both check queues, with SQS's delays, visibility timeouts and dead letters; messages are received in order.

    Uses heaps and counters, since the simulation has queues of many thousands.
    """

    clock: Clock
    dead_letters: list[QueuedMessage] = field(default_factory=list)
    sent: int = 0
    _messages: dict[str, QueuedMessage] = field(default_factory=dict)
    _not_urgent: int = 0
    _hidden: dict[bool, list[tuple[datetime, int]]] = field(default_factory=lambda: {False: [], True: []})
    """For each queue, when messages become visible; an entry is void if its message has another time by now."""
    _visible: dict[bool, list[int]] = field(default_factory=lambda: {False: [], True: []})
    """For each queue, the numbers of visible messages; an entry is void if its message is hidden again."""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __len__(self) -> int:
        """The number of messages, visible or not."""
        return len(self._messages)

    @property
    def messages(self) -> list[QueuedMessage]:
        """All messages, visible or not, in the order in which they were sent."""
        return list(self._messages.values())

    def send(self, job: CheckJob, *, urgent: bool = False, delay: timedelta = timedelta()) -> None:
        """Put a job into one of the queues."""
        self.put(job, urgent=urgent, delay=delay)

    def put(self, content: CheckJob | str, *, urgent: bool = False, delay: timedelta = timedelta()) -> None:
        """Put a job or a raw body into one of the queues."""
        self.sent += 1
        self._not_urgent += not urgent
        message = QueuedMessage(str(next(self._numbers)), content, self.clock(), urgent)
        self._messages[message.id] = message
        self._hide_until(message, message.visible_at + delay)

    def waiting(self) -> int:
        """Return the number of messages that are not urgent."""
        return self._not_urgent

    def change_visibility(self, receipt: str, delay: timedelta, *, urgent: bool) -> None:
        """Make a message visible again after `delay`."""
        message = self._messages.get(receipt)
        if message is not None and message.urgent is urgent:
            self._hide_until(message, self.clock() + delay)

    def receive(self, count: int, *, urgent: bool = False) -> list[QueuedMessage]:
        """Return up to `count` messages, which stay hidden until they are deleted or their visibility timeout ends."""
        now = self.clock()
        hidden, visible = self._hidden[urgent], self._visible[urgent]
        while hidden and hidden[0][0] <= now:
            heapq.heappush(visible, heapq.heappop(hidden)[1])
        received: list[QueuedMessage] = []
        while visible and len(received) < count:
            message = self._messages.get(str(heapq.heappop(visible)))
            if message is None or message.visible_at > now:
                continue
            if message.tries >= MAX_RECEIVES:
                self.delete(message.id)
                self.dead_letters.append(message)
                continue
            message.tries += 1
            self._hide_until(message, now + VISIBILITY)
            received.append(message)
        return received

    def delete(self, receipt: str) -> None:
        """Delete a message."""
        message = self._messages.pop(receipt, None)
        self._not_urgent -= message is not None and not message.urgent

    def _hide_until(self, message: QueuedMessage, at: datetime) -> None:
        message.visible_at = at
        heapq.heappush(self._hidden[message.urgent], (at, int(message.id)))


@dataclass
class InMemoryBus:
    """The published events, in order."""

    events: list[OutboxEvent] = field(default_factory=list)

    def __len__(self) -> int:
        """The number of events, repetitions included."""
        return len(self.events)

    def publish(self, events: Iterable[OutboxEvent]) -> None:
        """Add the events."""
        self.events.extend(events)

    def of_type(self, detail_type: str) -> list[OutboxEvent]:
        """Return the events of one type, each id once, as a consumer sees them that deduplicates."""
        return list({one.id: one for one in self.events if one.detail_type == detail_type}.values())


@dataclass
class InMemorySweeps:
    """Statistics of sweeps, by the sweep's scheduled time."""

    stored: dict[str, SweepStatistics] = field(default_factory=dict)

    def previous(self, run: str) -> SweepStatistics | None:
        """Return the statistics of the last sweep before this one."""
        earlier = [one for one in self.stored if one < run]
        return self.stored[max(earlier)] if earlier else None

    def add(self, statistics: SweepStatistics) -> None:
        """Add these numbers to the sweep's."""
        was = self.stored.get(statistics.run, SweepStatistics(statistics.run))
        self.stored[statistics.run] = SweepStatistics(
            statistics.run,
            was.queued + statistics.queued,
            was.verified + statistics.verified,
            was.unverified + statistics.unverified,
        )
