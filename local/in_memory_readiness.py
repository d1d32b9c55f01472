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
        if stored is None or stored.due_at != written.due_at:
            heapq.heappush(self._due[record.shard], (written.due_at, key))
        return written

    def due(self, shard: str, before: datetime, page: int = 100) -> Iterator[Sequence[tuple[str, str]]]:
        """Pages of what is due; what the caller leaves unclaimed stays due."""
        heap = self._due[shard]
        given: list[tuple[datetime, tuple[str, str]]] = []
        try:
            while heap and heap[0][0] <= before:
                keys: list[tuple[str, str]] = []
                while heap and heap[0][0] <= before and len(keys) < page:
                    entry = heapq.heappop(heap)
                    if self._holds(entry):
                        given.append(entry)
                        keys.append(entry[1])
                if keys:
                    yield keys
        finally:
            for entry in given:
                if self._holds(entry):
                    heapq.heappush(heap, entry)

    def of_team(self, team_id: str) -> Sequence[Record]:
        """All records of a team."""
        self.reads += 1
        return [record for (team, _), record in self.stored.items() if team == team_id]

    def _holds(self, entry: tuple[datetime, tuple[str, str]]) -> bool:
        due_at, key = entry
        return key in self.stored and self.stored[key].due_at == due_at


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
    """Both queues, with SQS's delays, visibility and dead letters."""

    clock: Clock
    messages: list[Waiting] = field(default_factory=list)
    dead: list[Waiting] = field(default_factory=list)
    sent: int = 0
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __len__(self) -> int:
        """How many messages wait, visible or not."""
        return len(self.messages)

    def send(self, messages: Iterable[Outgoing]) -> None:
        """Put messages."""
        for one in messages:
            self.put(one.message, urgent=one.urgent, delay=one.delay)

    def put(self, content: LookMessage | str, *, urgent: bool = False, delay: timedelta = timedelta()) -> None:
        """Put one message, of whichever content."""
        self.sent += 1
        self.messages.append(Waiting(str(next(self._ids)), content, self.clock() + delay, urgent))

    def waiting(self) -> int:
        """How many are not urgent."""
        return sum(1 for one in self.messages if not one.urgent)

    def hide(self, receipt: str, delay: timedelta, *, urgent: bool) -> None:
        """Let a message come back after `delay`."""
        for one in self.messages:
            if one.id == receipt and one.urgent is urgent:
                one.visible_at = self.clock() + delay

    def receive(self, count: int, *, urgent: bool = False) -> list[Waiting]:
        """Give out up to so many messages, which stay hidden until they are deleted or their time is over."""
        now = self.clock()
        given: list[Waiting] = []
        for one in list(self.messages):
            if len(given) == count:
                break
            if one.urgent is not urgent or one.visible_at > now:
                continue
            if one.tries >= MAX_RECEIVES:
                self.messages.remove(one)
                self.dead.append(one)
                continue
            one.tries += 1
            one.visible_at = now + VISIBILITY
            given.append(one)
        return given

    def delete(self, receipt: str) -> None:
        """A message is done."""
        self.messages = [one for one in self.messages if one.id != receipt]


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
