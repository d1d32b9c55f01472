"""One look at one advertiser: what TikTok says now, what that changes, and who is told of it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from aws_lambda_powertools import Logger
from pydantic import SecretStr

from publishing.connections import Marks, Tokens
from publishing.findings import Finding, Status, Unverified, unknown
from publishing.log_events import LogEvent
from publishing.objectives import OBJECTIVES, Requirement
from publishing.preflight import gather
from publishing.readiness.cadence import Cadence
from publishing.readiness.decision import Decision, decide, rate_limited
from publishing.readiness.events import connection_expired, outgoing
from publishing.readiness.pacing import recovers_at
from publishing.readiness.record import WRITE_TRIES, Record, Turn
from publishing.readiness.snapshot import Look
from publishing.readiness.stores import Announcements, Bus, LookMessage, Outgoing, Queue, Records
from publishing.session import Session
from publishing.teams import Connection, ConnectionStatus, Role, Team, Teams
from publishing.token_choice import AdvertiserNotConnectedError, NoTokenError, Purpose, candidates
from publishing.verdict import Evidence
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.deadline import Deadline
from tiktok_business.errors import AdvertiserNotAccessibleError
from tiktok_business.models import IdentityType

MAX_RECEIVES = 5
"""Times that SQS gives out a message before it is a dead letter; in template.yaml too (a test compares them)."""
CONTENDED = timedelta(seconds=5)

logger = Logger(service="publishing", child=True)


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
class Services:
    """What a check works with."""

    records: Records
    queue: Queue
    bus: Bus
    teams: Teams
    tokens: Tokens
    marks: Marks
    announcements: Announcements
    open_tiktok: Callable[[SecretStr, Deadline], TikTokBusinessApi]
    cadence: Cadence
    accepted_identity_types: tuple[IdentityType, ...]
    clock: Callable[[], datetime]


@dataclass(slots=True)
class _Noted:
    """Marks, and which connections they were set on."""

    marks: Marks
    ended: list[Connection] = field(default_factory=list)

    def expired(self, connection: Connection) -> None:
        self.marks.expired(connection)
        self.ended.append(replace(connection, status=ConnectionStatus.EXPIRED))


def check(services: Services, message: LookMessage, message_id: str, tries: int, deadline: Deadline) -> Checked:
    """Do what a message asks for; ``tries`` counts from 1 how often it has come.

    May be ended at any point and done again: see :mod:`publishing.readiness.record`.

    Raises:
        ComesBackError: not now; the message is to be hidden until then.
    """
    now = services.clock()
    record = services.records.read(message.team_id, message.advertiser_id)
    if record is None:
        if message.claim is not None:
            return Checked(Outcome.SUPERSEDED)
        record = Record(message.team_id, message.advertiser_id, due_at=now).used(now)
    turn = record.turn(message.claim, now)
    if turn is Turn.DONE:
        return Checked(Outcome.SUPERSEDED)
    if turn is Turn.WAIT and record.lease is not None:
        raise ComesBackError(Checked(Outcome.CONTENDED), record.lease.until)
    claim = message.claim or message_id
    taken = services.records.write(record.taken(claim, now))
    if taken is None:
        raise ComesBackError(Checked(Outcome.CONTENDED), now + CONTENDED)
    taken, sent = _send(services, taken)  # what a look before this one left, if it ended between two steps
    team = services.teams.read(message.team_id)
    noted = _Noted(services.marks)
    look = _look(services, team, message.advertiser_id, noted, deadline)
    sent += _announce(services, team, noted.ended)
    if rate_limited(look) and tries < MAX_RECEIVES:
        at = recovers_at(services.clock(), tries, services.cadence.rate_limit_pause)
        _store(services, claim, taken, lambda stored: Decision(stored.comes_back(claim, at)))
        raise ComesBackError(Checked(Outcome.RATE_LIMITED, look, sent), at)
    tell_stale = message.run is not None and not message.quiet

    def decided(stored: Record) -> Decision:
        decision = decide(stored, look, services.cadence, services.clock(), tell_stale=tell_stale)
        owes = decision.record.outbox or decision.look_in is not None
        return decision if owes else replace(decision, record=decision.record.free())

    stored = _store(services, claim, taken, decided)
    if stored is None:
        return Checked(Outcome.SUPERSEDED, look, sent)
    sent += _settle(services, stored)
    return Checked(Outcome.LOOKED, look, sent)


def _look(services: Services, team: Team, advertiser_id: str, marks: Marks, deadline: Deadline) -> Look:
    """Ask TikTok for all prerequisites with the token that a preflight of the team's owner would take."""

    def work(api: TikTokBusinessApi, of: str) -> Evidence:
        return gather(
            api,
            of,
            tuple(Requirement),
            accepted_types=services.accepted_identity_types,
            strict=False,
            deadline=deadline,
        )

    session = Session(services.tokens, marks, lambda token: services.open_tiktok(token, deadline))
    at = services.clock()
    try:
        chosen = candidates(team, "", Role.OWNER, advertiser_id, Purpose.READ)
        answered = session.first_answer(chosen, work)
    except (NoTokenError, AdvertiserNotConnectedError):
        return Look.of_nothing(at, Finding(Status.UNKNOWN, Unverified.NO_TOKEN))
    except AdvertiserNotAccessibleError as error:
        return Look.of_nothing(at, unknown(error))
    return Look.of(answered.result, OBJECTIVES, at, answered.candidate.connection.user_id)


def _store(services: Services, claim: str, record: Record, decide_on: Callable[[Record], Decision]) -> Decision | None:
    """Write what is decided on the record as it is then; None where this look's lease is over."""
    for _ in range(WRITE_TRIES):
        decision = decide_on(record)
        written = services.records.write(decision.record)
        if written is not None:
            return replace(decision, record=written)
        now = services.records.read(record.team_id, record.advertiser_id)
        if now is None or now.lease is None or now.lease.claim != claim:
            return None
        record = now
    raise ComesBackError(Checked(Outcome.CONTENDED), services.clock() + CONTENDED)


def _settle(services: Services, decision: Decision) -> tuple[str, ...]:
    """Do what a written record owes: its further look, its events; then let go of it."""
    record = decision.record
    if record.lease is None:
        return ()
    if decision.look_in is not None:
        again = LookMessage(record.team_id, record.advertiser_id, record.claim)
        services.queue.send([Outgoing(again, urgent=record.urgent(services.clock()), delay=decision.look_in)])
    claim = record.lease.claim
    record, sent = _send(services, record)
    _store(services, claim, record, lambda stored: Decision(stored.free()))
    return sent


def _send(services: Services, record: Record) -> tuple[Record, tuple[str, ...]]:
    """Send the events in the record's outbox, and take them out of it."""
    if not record.outbox or record.lease is None:
        return record, ()
    services.bus.send(record.outbox)
    ids = frozenset(one.id for one in record.outbox)
    stored = _store(services, record.lease.claim, record, lambda stored: Decision(stored.sent(ids)))
    return stored.record if stored else record, tuple(one.detail_type for one in record.outbox)


def _announce(services: Services, team: Team, ended: list[Connection]) -> tuple[str, ...]:
    """Tell of the connections whose end nobody was told of."""
    known = [one for one in team.connections if one.status == ConnectionStatus.EXPIRED and not one.expiry_told]
    sent: tuple[str, ...] = ()
    for connection in (*known, *ended):
        if services.announcements.begin(connection, services.clock()):
            event = outgoing(connection_expired(connection))
            services.bus.send([event])
            services.announcements.told(connection)
            sent += (event.detail_type,)
            logger.info(LogEvent.EXPIRY_TOLD, user_id=connection.user_id)
    return sent
