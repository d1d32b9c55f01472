"""From a message to a look, and from a look to what is known and told; between the two :mod:`check` asks TikTok.

May be ended at any point and done again: see :mod:`record`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from publishing.readiness.cadence import Cadence
from publishing.readiness.decision import Decision, decide_after_look, rate_limited
from publishing.readiness.pacing import recovers_at
from publishing.readiness.record import WRITE_TRIES, Record, Turn
from publishing.readiness.snapshot import Look
from publishing.readiness.stores import Bus, LookMessage, Outgoing, Queue, Records

MAX_RECEIVES = 5
"""Times that SQS gives out a message before it is a dead letter; in template.yaml too (a test compares them)."""
CONTENDED = timedelta(seconds=5)
"""When a message comes back whose record others kept writing."""


class Outcome(StrEnum):
    """What a message came to."""

    LOOKED = "looked"
    SUPERSEDED = "superseded"
    """The look had been made already, or its record is no more."""
    RATE_LIMITED = "rate_limited"
    CONTENDED = "contended"
    """Another worker, or a preflight, is at it."""
    OUT_OF_TIME = "out_of_time"
    """The worker's time was almost over."""
    UNREADABLE = "unreadable"
    """The message asks for nothing that can be understood."""
    FAILED = "failed"
    """An error of ours, or of AWS's."""


@dataclass(frozen=True, slots=True)
class Checked:
    """How one message was done."""

    outcome: Outcome
    look: Look | None = None
    events: tuple[str, ...] = ()
    """The detail types that were sent."""


class ComesBackError(Exception):
    """The message is hidden in the queue until it can be done; nothing is wrong with it."""

    def __init__(self, checked: Checked, at: datetime) -> None:
        super().__init__(checked.outcome.value)
        self.checked = checked
        self.at = at


@dataclass(frozen=True, slots=True)
class Begun:
    """A look may be made: nobody else is at it."""

    message: LookMessage
    claim: str
    record: Record
    events: tuple[str, ...] = ()
    """The detail types that have been sent on the way."""

    def told(self, *events: str) -> "Begun":
        """The same, with further events sent."""
        return replace(self, events=self.events + events)


@dataclass(frozen=True, slots=True)
class Looks:
    """Begins and ends looks."""

    records: Records
    queue: Queue
    bus: Bus
    cadence: Cadence
    clock: Callable[[], datetime]

    def begin(self, message: LookMessage, message_id: str) -> Begun | None:
        """Take the advertiser; None where the look that is asked for has been made.

        What a look before this one owes, because it ended between two steps, is done first.

        Raises:
            ComesBackError: another one is at it.
        """
        now = self.clock()
        record = self.records.read(message.team_id, message.advertiser_id)
        if record is None:
            if message.claim is not None:
                return None
            record = Record(message.team_id, message.advertiser_id, due_at=now).used(now)
        turn = record.turn(message.claim, now)
        if turn is Turn.DONE:
            return None
        if turn is Turn.WAIT and record.lease is not None:
            raise ComesBackError(Checked(Outcome.CONTENDED), record.lease.until)
        claim = message.claim or message_id
        taken = self.records.write(record.taken(claim, now))
        if taken is None:
            raise ComesBackError(Checked(Outcome.CONTENDED), now + CONTENDED)
        taken, events = self._send(claim, taken)
        return Begun(message, claim, taken, events)

    def end(self, begun: Begun, look: Look, tries: int) -> Checked:
        """Write down what the look found and do what follows from it; ``tries`` counts the message's, from 1.

        Raises:
            ComesBackError: TikTok refused a part for rate, and the message has a try left; or others kept writing.
        """
        if rate_limited(look) and tries < MAX_RECEIVES:
            at = recovers_at(self.clock(), tries, self.cadence.rate_limit_pause)
            self._store(begun.claim, begun.record, lambda stored: Decision(stored.comes_back(begun.claim, at)))
            raise ComesBackError(Checked(Outcome.RATE_LIMITED, look, begun.events), at)
        tell_stale = begun.message.run is not None and not begun.message.quiet

        def decided(stored: Record) -> Decision:
            decision = decide_after_look(stored, look, self.cadence, self.clock(), tell_stale=tell_stale)
            owes = decision.record.outbox or decision.look_in is not None
            return decision if owes else replace(decision, record=decision.record.free())

        decision = self._store(begun.claim, begun.record, decided)
        if decision is None:
            return Checked(Outcome.SUPERSEDED, look, begun.events)
        return Checked(Outcome.LOOKED, look, begun.events + self._settle(begun.claim, decision))

    def _settle(self, claim: str, decision: Decision) -> tuple[str, ...]:
        """Do what a written record owes: its further look, its events; then let go of it."""
        record = decision.record
        if record.lease is None:
            return ()
        if decision.look_in is not None:
            again = LookMessage(record.team_id, record.advertiser_id, record.claim)
            self.queue.send([Outgoing(again, urgent=record.urgent(self.clock()), delay=decision.look_in)])
        record, events = self._send(claim, record)
        self._store(claim, record, lambda stored: Decision(stored.free()))
        return events

    def _send(self, claim: str, record: Record) -> tuple[Record, tuple[str, ...]]:
        """Send the events in the record's outbox, and take them out of it."""
        if not record.outbox:
            return record, ()
        self.bus.send(record.outbox)
        ids = frozenset(one.id for one in record.outbox)
        stored = self._store(claim, record, lambda stored: Decision(stored.sent(ids)))
        return stored.record if stored else record, tuple(one.detail_type for one in record.outbox)

    def _store(self, claim: str, record: Record, decide_on: Callable[[Record], Decision]) -> Decision | None:
        """Write what is decided on the record as it is then; None where this look's lease is over."""
        for _ in range(WRITE_TRIES):
            decision = decide_on(record)
            written = self.records.write(decision.record)
            if written is not None:
                return replace(decision, record=written)
            stored = self.records.read(record.team_id, record.advertiser_id)
            if stored is None or stored.lease is None or stored.lease.claim != claim:
                return None
            record = stored
        raise ComesBackError(Checked(Outcome.CONTENDED), self.clock() + CONTENDED)
