"""What readiness keeps and sends outside the process, as its actions see it; publishing.aws has the real ones."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from publishing.readiness.record import OutgoingEvent, Record
from publishing.teams import Connection


@dataclass(frozen=True, slots=True)
class LookMessage:
    """Asks for one look. In the queue it is JSON with these names."""

    team_id: str
    advertiser_id: str
    claim: str | None = None
    """Of the record; without one the look is made in any case."""
    run: str | None = None
    """The sweep that asks."""
    quiet: bool = False
    """Most checks could not be verified lately: nobody is to be told that this one cannot either."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message and how it goes."""

    message: LookMessage
    urgent: bool = False
    delay: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one sweep until now."""

    name: str
    """The moment for which it was scheduled, ISO 8601 in UTC: sorted by name, they are in order."""
    queued: int = 0
    verified: int = 0
    unverified: int = 0


class Records(Protocol):
    """Where records are kept."""

    def read(self, team_id: str, advertiser_id: str) -> Record | None:
        """The record as it is now."""
        ...

    def write(self, record: Record) -> Record | None:
        """Store a record made from the one that is stored, and return it with its revision.

        None, and nothing is written, where that is of another revision by now.
        """
        ...

    def due(self, shard: str, before: datetime, page: int) -> Iterator[Sequence[tuple[str, str]]]:
        """Team and advertiser of the records that are due, the longest due first, in pages. May lag behind."""
        ...

    def of_team(self, team_id: str) -> Sequence[Record]:
        """All records of a team."""
        ...


class Queue(Protocol):
    """The queue of looks, and the urgent one."""

    def send(self, messages: Iterable[Outgoing]) -> None:
        """Put messages."""
        ...

    def waiting(self) -> int:
        """About how many messages are there that are not urgent."""
        ...

    def hide(self, receipt: str, delay: timedelta, *, urgent: bool) -> None:
        """Let a message that is being worked at come back after ``delay``."""
        ...


class Bus(Protocol):
    """The event bus."""

    def send(self, events: Iterable[OutgoingEvent]) -> None:
        """Put events; returns when all are accepted."""
        ...


class Runs(Protocol):
    """Where sweeps are accounted for."""

    def before(self, name: str) -> Run | None:
        """The last run before this one."""
        ...

    def count(self, run: Run) -> None:
        """Add these numbers to the run's."""
        ...


class Announcements(Protocol):
    """Which ended connections others were told of."""

    def begin(self, connection: Connection, now: datetime) -> bool:
        """Whether it is on the caller to tell of this one; then nobody else tells for a minute."""
        ...

    def told(self, connection: Connection) -> None:
        """Others know; nobody tells of it again."""
        ...


class Refreshes(Protocol):
    """Schedules the daily refresh of connections' lists of advertisers."""

    def schedule(self, connection: Connection, due_at: datetime) -> None:
        """Have the connection's list refreshed then, unless a refresh is scheduled already."""
        ...
