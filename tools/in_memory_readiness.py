"""What readiness keeps and sends, in memory: for tests, and for the simulation with its own clock.

They keep the promises of the real ones in publishing.aws; tests/adapters holds both to the same tests.
"""

import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from publishing.readiness.record import OutgoingEvent, Record
from publishing.readiness.stores import LookMessage, Outgoing, Run
from publishing.teams import Connection

Clock = Callable[[], datetime]

VISIBILITY = timedelta(minutes=12)
MAX_RECEIVES = 5
TELLING = timedelta(minutes=1)


@dataclass
class InMemoryRecords:
    """Records, and a heap for each shard in place of the index of those that are due."""

    stored: dict[tuple[str, str], Record] = field(default_factory=dict)
    reads: int = 0
    writes: int = 0
    _due: dict[str, list[tuple[datetime, tuple[str, str]]]] = field(default_factory=lambda: defaultdict(list))

    def __len__(self) -> int:
        """How many records there are."""
        return len(self.stored)

    def __contains__(self, key: object) -> bool:
        """Whether there is a record of this team and advertiser."""
        return key in self.stored

    def read(self, team_id: str, advertiser_id: str) -> Record | None:
        """The record as it is."""
        self.reads += 1
        return self.stored.get((team_id, advertiser_id))

    def write(self, record: Record) -> Record | None:
        """Store the record, if nobody else has meanwhile."""
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

    def due(self, shard: str, before: datetime, page: int) -> Iterator[Sequence[tuple[str, str]]]:
        """Pages of what is due; what the caller leaves unclaimed stays due."""
        heap = self._due[shard]
        given: list[tuple[datetime, tuple[str, str]]] = []
        try:
            while heap and heap[0][0] <= before:
                keys: list[tuple[str, str]] = []
                while heap and heap[0][0] <= before and len(keys) < page:
                    entry = heapq.heappop(heap)
                    if self._holds(shard, entry):
                        given.append(entry)
                        keys.append(entry[1])
                if keys:
                    yield keys
        finally:
            for entry in given:
                if self._holds(shard, entry):
                    heapq.heappush(heap, entry)

    def of_team(self, team_id: str) -> Sequence[Record]:
        """All records of a team."""
        self.reads += 1
        return [record for (team, _), record in self.stored.items() if team == team_id]

    def _holds(self, shard: str, entry: tuple[datetime, tuple[str, str]]) -> bool:
        due_at, key = entry
        stored = self.stored.get(key)
        return stored is not None and stored.due_at == due_at and stored.shard == shard


@dataclass
class Waiting:
    """A message in a queue."""

    id: str
    content: LookMessage | str
    """A text is a body as it came, readable or not."""
    visible_at: datetime
    urgent: bool = False
    tries: int = 0


@dataclass
class InMemoryQueue:
    """Both queues, with SQS's delays, visibility and dead letters. What is visible is given out as it was put.

    Heaps and a count, since the simulation has queues of many thousands.
    """

    clock: Clock
    dead: list[Waiting] = field(default_factory=list)
    sent: int = 0
    _held: dict[str, Waiting] = field(default_factory=dict)
    _not_urgent: int = 0
    _hidden: dict[bool, list[tuple[datetime, int]]] = field(default_factory=lambda: {False: [], True: []})
    """When each message becomes visible, of each queue; an entry whose message has another time by now is void."""
    _visible: dict[bool, list[int]] = field(default_factory=lambda: {False: [], True: []})
    """The numbers of messages whose time has come; void where they are hidden again."""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __len__(self) -> int:
        """How many messages wait, visible or not."""
        return len(self._held)

    @property
    def messages(self) -> list[Waiting]:
        """Those that wait, visible or not, as they were put."""
        return list(self._held.values())

    def send(self, messages: Iterable[Outgoing]) -> None:
        """Put messages."""
        for one in messages:
            self.put(one.message, urgent=one.urgent, delay=one.delay)

    def put(self, content: LookMessage | str, *, urgent: bool = False, delay: timedelta = timedelta()) -> None:
        """Put one message, of whichever content."""
        self.sent += 1
        self._not_urgent += not urgent
        one = Waiting(str(next(self._numbers)), content, self.clock(), urgent)
        self._held[one.id] = one
        self._show(one, one.visible_at + delay)

    def waiting(self) -> int:
        """How many are not urgent."""
        return self._not_urgent

    def hide(self, receipt: str, delay: timedelta, *, urgent: bool) -> None:
        """Let a message come back after `delay`."""
        one = self._held.get(receipt)
        if one is not None and one.urgent is urgent:
            self._show(one, self.clock() + delay)

    def receive(self, count: int, *, urgent: bool = False) -> list[Waiting]:
        """Give out up to so many messages, which stay hidden until they are deleted or their time is over."""
        now = self.clock()
        hidden, visible = self._hidden[urgent], self._visible[urgent]
        while hidden and hidden[0][0] <= now:
            heapq.heappush(visible, heapq.heappop(hidden)[1])
        given: list[Waiting] = []
        while visible and len(given) < count:
            one = self._held.get(str(heapq.heappop(visible)))
            if one is None or one.visible_at > now:
                continue
            if one.tries >= MAX_RECEIVES:
                self.delete(one.id)
                self.dead.append(one)
                continue
            one.tries += 1
            self._show(one, now + VISIBILITY)
            given.append(one)
        return given

    def delete(self, receipt: str) -> None:
        """A message is done."""
        one = self._held.pop(receipt, None)
        self._not_urgent -= one is not None and not one.urgent

    def _show(self, one: Waiting, at: datetime) -> None:
        one.visible_at = at
        heapq.heappush(self._hidden[one.urgent], (at, int(one.id)))


@dataclass
class InMemoryBus:
    """The events in the order in which they came."""

    events: list[OutgoingEvent] = field(default_factory=list)

    def __len__(self) -> int:
        """How many came, repetitions too."""
        return len(self.events)

    def send(self, events: Iterable[OutgoingEvent]) -> None:
        """Keep events."""
        self.events.extend(events)

    def of_type(self, detail_type: str) -> list[OutgoingEvent]:
        """Those of one type, each id once, as a consumer sees them that deduplicates."""
        return list({one.id: one for one in self.events if one.detail_type == detail_type}.values())


@dataclass
class InMemoryRuns:
    """The accounts of sweeps."""

    runs: dict[str, Run] = field(default_factory=dict)

    def before(self, name: str) -> Run | None:
        """The last run before this one."""
        earlier = [one for one in self.runs if one < name]
        return self.runs[max(earlier)] if earlier else None

    def count(self, run: Run) -> None:
        """Add to the run's account."""
        was = self.runs.get(run.name, Run(run.name))
        self.runs[run.name] = Run(
            run.name, was.queued + run.queued, was.verified + run.verified, was.unverified + run.unverified
        )


@dataclass
class InMemoryAnnouncements:
    """Which ended connections were told of; `current` says what the connection is by now."""

    current: Callable[[Connection], Connection | None] = lambda connection: connection
    told_of: set[tuple[str, str, str]] = field(default_factory=set)
    telling: dict[tuple[str, str, str], datetime] = field(default_factory=dict)

    def begin(self, connection: Connection, now: datetime) -> bool:
        """Whether it is on the caller to tell of this one."""
        name = _name(connection)
        now_there = self.current(connection)
        if now_there is None or (now_there.status, now_there.connected_at) != ("expired", connection.connected_at):
            return False
        if name in self.told_of or self.telling.get(name, now - TELLING) >= now:
            return False
        self.telling[name] = now + TELLING
        return True

    def told(self, connection: Connection) -> None:
        """Nobody tells of it again."""
        self.told_of.add(_name(connection))


def _name(connection: Connection) -> tuple[str, str, str]:
    return (connection.team_id, connection.user_id, connection.connected_at)
