"""Finds the advertisers that are due and has each looked at once."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from aws_lambda_powertools import Logger

from publishing.log_events import LogEvent
from publishing.readiness.cadence import LAUNCHES
from publishing.readiness.events import ChecksUnverifiable, outgoing
from publishing.readiness.pacing import Pace
from publishing.readiness.record import Record
from publishing.readiness.stores import Bus, LookMessage, Outgoing, Queue, Records, Run, Runs

PAGE = 100
"""Records claimed before their messages are sent."""
LEAST_JUDGED = 3
"""Checks of a run from which on it says something about TikTok."""

logger = Logger(service="publishing", child=True)


@dataclass(frozen=True, slots=True)
class Sweeping:
    """A sweep, or what is left of one."""

    run: str
    """The moment for which it was scheduled, ISO 8601 in UTC."""
    shards: tuple[str, ...]
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep came to."""

    queued: int
    left: Sweeping | None = None
    """What there was no time for."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """The sweep with all it needs."""

    records: Records
    queue: Queue
    bus: Bus
    runs: Runs
    pace: Pace
    clock: Callable[[], datetime]

    def begin(self, run: str, shards: tuple[str, ...]) -> Sweeping:
        """A new sweep; operators are told where the one before could verify but few of its checks."""
        before = self.runs.before(run)
        quiet = before is not None and mostly_unverified(before)
        if before is not None and quiet:
            self.bus.send([outgoing(unverifiable(before))])
            logger.warning(LogEvent.CHECKS_UNVERIFIABLE, run=before.name, unverified=before.unverified)
        return Sweeping(run, shards, quiet=quiet)

    def go_on(self, sweeping: Sweeping, *, out_of_time: Callable[[], bool]) -> Swept:
        """Claim what is due and send its messages, shard by shard, as far as time and the queue's room allow.

        Launches come first and need no room: their queue is another one. Each of the other shards has an equal part of
        the room that is left, so that none waits for ever behind the others.
        """
        room = self.pace.room(self.queue.waiting())
        queued = taken = 0
        for index, shard in enumerate(sweeping.shards):
            launches = shard == LAUNCHES
            part = taken + math.ceil((room - taken) / (len(sweeping.shards) - index))
            for keys in self.records.due(shard, self.clock(), PAGE):
                wanted = len(keys) if launches else part - taken
                if wanted <= 0:
                    break
                if out_of_time():
                    rest = replace(sweeping, shards=sweeping.shards[index:])
                    return Swept(self._counted(sweeping, queued), rest)
                claimed = self._claimed(keys[:wanted])
                self.queue.send(self._messages(claimed, sweeping))
                queued += len(claimed)
                taken += 0 if launches else len(claimed)
        return Swept(self._counted(sweeping, queued))

    def _claimed(self, keys: Iterable[tuple[str, str]]) -> Sequence[Record]:
        """The records that this sweep, and no other one, has claimed."""
        now = self.clock()
        claimed = []
        for team_id, advertiser_id in keys:
            record = self.records.read(team_id, advertiser_id)
            if record is None or record.due_at > now:
                continue  # the index lags behind, or another sweep was faster
            wanted = record.claimed(uuid4().hex, now)
            written = self.records.write(wanted) or self.records.read(team_id, advertiser_id)
            if written is not None and written.claim == wanted.claim:  # read again: written, but the answer was lost
                claimed.append(written)
        return claimed

    def _messages(self, records: Iterable[Record], sweeping: Sweeping) -> Iterable[Outgoing]:
        now = self.clock()
        for record in records:
            message = LookMessage(record.team_id, record.advertiser_id, record.claim, sweeping.run, sweeping.quiet)
            yield Outgoing(message, urgent=record.urgent(now))

    def _counted(self, sweeping: Sweeping, queued: int) -> int:
        if queued:
            self.runs.count(Run(sweeping.run, queued=queued))
        return queued


def mostly_unverified(run: Run) -> bool:
    """Whether more than half of a run's checks could not be verified."""
    judged = run.verified + run.unverified
    return judged >= LEAST_JUDGED and run.unverified * 2 > judged


def unverifiable(run: Run) -> ChecksUnverifiable:
    """The event that tells operators of such a run."""
    return ChecksUnverifiable(
        id=f"checks-unverifiable/{run.name}",
        swept_at=datetime.fromisoformat(run.name),
        verified=run.verified,
        unverified=run.unverified,
    )
