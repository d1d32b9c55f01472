"""One readiness check: from a job to what TikTok says now, and from there to what is known and published.

May be interrupted at any point and repeated: see :mod:`publishing.readiness.record`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from publishing.concurrency import best_effort
from publishing.events.notifications import ExpiryNotifier
from publishing.ports import CheckQueue, ConnectionRepository, PublishEvents, ReadinessRepository, TeamRepository
from publishing.preflight.evidence import gather
from publishing.preflight.findings import Finding, Status, Unverified, unknown
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.preflight.verdict import Evidence
from publishing.readiness.cadence import Cadence
from publishing.readiness.check_job import CheckJob
from publishing.readiness.decision import Decision, decide_after_check, rate_limited
from publishing.readiness.pacing import recovers_at
from publishing.readiness.record import WRITE_TRIES, JobStatus, Record
from publishing.readiness.snapshot import CheckResult
from publishing.teams import Connection, ConnectionStatus, Role, Team
from publishing.tokens import AdvertiserNotConnectedError, NoTokenError, Purpose, TokenFailover, candidates
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import TikTokError
from tiktok_business.models import IdentityType

MAX_RECEIVES = 5
"""Deliveries after which SQS moves a message to the dead-letter queue; in template.yaml too (a test compares them)."""
CONTENDED = timedelta(seconds=5)
"""When a job is retried whose record others kept writing."""


class JobOutcome(StrEnum):
    """How a job ended."""

    CHECKED = "checked"
    SUPERSEDED = "superseded"
    """The check had been made already, or its record no longer exists."""
    RATE_LIMITED = "rate_limited"
    CONTENDED = "contended"
    """Another worker, or a preflight, was writing the record."""
    OUT_OF_TIME = "out_of_time"
    """The Lambda's time was almost over."""
    UNREADABLE = "unreadable"
    """The message holds no valid job."""
    FAILED = "failed"
    """Internal or AWS error."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """How one job ended."""

    outcome: JobOutcome
    result: CheckResult | None = None
    events: tuple[str, ...] = ()
    """The detail types that were published."""


class RetryLaterError(Exception):
    """The job is to be retried at a later time; nothing is wrong with it."""

    def __init__(self, report: CheckReport, at: datetime) -> None:
        super().__init__(report.outcome.value)
        self.report = report
        self.at = at


@dataclass(frozen=True, slots=True)
class CheckServices:
    """The dependencies of a check."""

    runner: "CheckRunner"
    queue: CheckQueue
    teams: TeamRepository
    tokens: TokenFailover
    connections: ConnectionRepository
    expiry: ExpiryNotifier
    accepted_identity_types: tuple[IdentityType, ...]
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class StartedCheck:
    """A check that this worker holds the lease for."""

    job: CheckJob
    claim: str
    record: Record
    events: tuple[str, ...] = ()
    """The detail types that have been published so far."""

    def published(self, *events: str) -> "StartedCheck":
        """Return the check with further published events."""
        return replace(self, events=self.events + events)

    def released(self, record: Record) -> Record:
        """Return the record without the lease of this check, which has ended.

        Without a claim in the job, only the id of its message tells that it is delivered again.
        """
        released = record.released()
        return released if self.job.claim is not None else released.remembering(self.claim)


def check(services: CheckServices, job: CheckJob, message_id: str, tries: int, deadline: Deadline) -> CheckReport:
    """Process a job of the message ``message_id``; ``tries`` counts its deliveries, from 1.

    ``deadline`` bounds what TikTok is asked; calls to AWS have their own time limits.

    Raises:
        RetryLaterError: not now; the message is to become visible again then.
    """
    started = services.runner.start(job, message_id)
    if started is None:
        return CheckReport(JobOutcome.SUPERSEDED)
    team = services.teams.read(job.team_id, job.advertiser_id)
    for connection in team.connections:  # those that another service wrote without sending an event
        if team.may_use(connection) and not connection.scheduled:
            schedule = partial(services.connections.schedule_refresh, connection, services.clock())
            best_effort("schedule_refresh", schedule, deadline)
    expired: list[Connection] = []
    result = _ask_tiktok(services, team, job.advertiser_id, expired, deadline)
    return services.runner.finish(started.published(*_notify_expired(services, team, expired)), result, tries)


def _ask_tiktok(
    services: CheckServices, team: Team, advertiser_id: str, expired: list[Connection], deadline: Deadline
) -> CheckResult:
    """Ask for all prerequisites with the token that a preflight of the team's owner would take.

    Connections whose token turns out to be invalid are added to ``expired``.
    """

    def mark_expired(connection: Connection) -> None:
        services.tokens.mark_expired(connection)
        expired.append(replace(connection, status=ConnectionStatus.EXPIRED))

    def work(api: TikTokBusinessApi, advertiser: str) -> Evidence:
        return gather(
            api,
            advertiser,
            tuple(Requirement),
            accepted_types=services.accepted_identity_types,
            strict=False,
            deadline=deadline,
        )

    at = services.clock()
    try:
        chosen = candidates(team, "", Role.OWNER, advertiser_id, Purpose.READ)
        answered = replace(services.tokens, mark_expired=mark_expired).first_answer(chosen, work, deadline)
    except (NoTokenError, AdvertiserNotConnectedError):
        return CheckResult.nothing_verified(at, Finding(Status.UNKNOWN, Unverified.NO_TOKEN))
    except TikTokError as error:  # no token could answer
        return CheckResult.nothing_verified(at, unknown(error))
    answering = answered.candidate.connection
    return CheckResult.of(replace(answered.result, scopes=answering.scopes), OBJECTIVES, at, answering.user_id)


def _notify_expired(services: CheckServices, team: Team, expired: list[Connection]) -> tuple[str, ...]:
    """Publish the expiry of connections whose expiry was not published yet."""
    known = [one for one in team.connections if one.status == ConnectionStatus.EXPIRED and not one.expiry_notified]
    return tuple(event for connection in (*known, *expired) for event in services.expiry.notify(connection))


@dataclass(frozen=True, slots=True)
class CheckRunner:
    """Starts and finishes checks: lease, outbox and record."""

    records: ReadinessRepository
    queue: CheckQueue
    publish_events: PublishEvents
    cadence: Cadence
    clock: Callable[[], datetime]

    def start(self, job: CheckJob, message_id: str) -> StartedCheck | None:
        """Take the lease of the advertiser's record; None if the requested check has been made.

        Events that an interrupted check left in the outbox are published first.

        Raises:
            RetryLaterError: another worker holds the lease.
        """
        now = self.clock()
        record = self.records.read(job.team_id, job.advertiser_id)
        if record is None:
            if job.claim is not None:
                return None
            record = Record(job.team_id, job.advertiser_id, due_at=now).used(now)
        status = record.job_status(job.claim, now)
        if status is JobStatus.STALE or (job.claim is None and message_id in record.requests):
            return None
        if status is JobStatus.BUSY and record.lease is not None:
            raise RetryLaterError(CheckReport(JobOutcome.CONTENDED), record.lease.until)
        claim = job.claim or message_id
        leased = self.records.write(record.leased(claim, now))
        if leased is None:
            raise RetryLaterError(CheckReport(JobOutcome.CONTENDED), now + CONTENDED)
        leased, events = self._publish_outbox(claim, leased)
        return StartedCheck(job, claim, leased, events)

    def finish(self, started: StartedCheck, result: CheckResult, tries: int) -> CheckReport:
        """Write the result and what follows from it; ``tries`` counts the message's deliveries, from 1.

        Raises:
            RetryLaterError: TikTok refused a part for rate and the message has a delivery left, or others kept writing.
        """
        if rate_limited(result) and tries < MAX_RECEIVES:
            at = recovers_at(self.clock(), tries, self.cadence.rate_limit_pause)
            self._store(started.claim, started.record, lambda stored: Decision(stored.retried_at(started.claim, at)))
            raise RetryLaterError(CheckReport(JobOutcome.RATE_LIMITED, result, started.events), at)
        notify_stale = started.job.run is not None and not started.job.quiet

        def decided(stored: Record) -> Decision:
            decision = decide_after_check(stored, result, self.cadence, self.clock(), notify_stale=notify_stale)
            pending = decision.record.outbox or decision.check_in is not None
            return decision if pending else replace(decision, record=started.released(decision.record))

        decision = self._store(started.claim, started.record, decided)
        if decision is None:
            return CheckReport(JobOutcome.SUPERSEDED, result, started.events)
        return CheckReport(JobOutcome.CHECKED, result, started.events + self._apply(started, decision))

    def _apply(self, started: StartedCheck, decision: Decision) -> tuple[str, ...]:
        """Apply a written record's pending effects: its confirmation check, its events; then release the lease."""
        record = decision.record
        if record.lease is None:
            return ()
        if decision.check_in is not None:
            job = CheckJob(record.team_id, record.advertiser_id, record.claim)
            self.queue.send(job, urgent=record.urgent(self.clock()), delay=decision.check_in)
        record, events = self._publish_outbox(started.claim, record)
        self._store(started.claim, record, lambda stored: Decision(started.released(stored)))
        return events

    def _publish_outbox(self, claim: str, record: Record) -> tuple[Record, tuple[str, ...]]:
        """Publish the events in the record's outbox, and remove them from it."""
        if not record.outbox:
            return record, ()
        self.publish_events(record.outbox)
        ids = frozenset(one.id for one in record.outbox)
        stored = self._store(claim, record, lambda stored: Decision(stored.without_events(ids)))
        return stored.record if stored else record, tuple(one.detail_type for one in record.outbox)

    def _store(self, claim: str, record: Record, decide_on: Callable[[Record], Decision]) -> Decision | None:
        """Write what is decided on the record as it is stored; None if this check no longer holds the lease."""
        for _ in range(WRITE_TRIES):
            decision = decide_on(record)
            written = self.records.write(decision.record)
            if written is not None:
                return replace(decision, record=written)
            stored = self.records.read(record.team_id, record.advertiser_id)
            if stored is None or stored.lease is None or stored.lease.claim != claim:
                return None
            record = stored
        raise RetryLaterError(CheckReport(JobOutcome.CONTENDED), self.clock() + CONTENDED)
