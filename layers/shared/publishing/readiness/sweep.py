"""The scheduled sweep: finds the advertisers that are due, claims each and queues one job for it."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from aws_lambda_powertools import Logger

from publishing.events.schemas import ChecksUnverifiable, OutboxEvent, outbox_event
from publishing.log_events import LogEvent
from publishing.ports import CheckQueue, PublishEvents, ReadinessRepository, SweepRepository
from publishing.readiness import metrics
from publishing.readiness.cadence import LAUNCHES, shards
from publishing.readiness.check_job import CheckJob, SweepStatistics
from publishing.readiness.pacing import Pace
from publishing.readiness.record import Record

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SWEEP_CONTINUED = "TikTok Readiness Sweep Goes On"
"""The detail type with which a sweep continues itself in another run; template.yaml has the rule."""
RESERVE_MILLISECONDS = 20_000
"""Stop paging below this remaining Lambda time: a page takes seconds."""
PAGE_SIZE = 100
"""Records claimed before their jobs are sent."""
MIN_JUDGED = 3
"""Minimum of checks before the result of a sweep is judged."""

Handler = Callable[[Mapping[str, Any], "LambdaContext"], None]

logger = Logger(service="publishing")


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """A sweep, or what remains of one."""

    run: str
    """The time for which it was scheduled, ISO 8601 in UTC."""
    shards: tuple[str, ...]
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a run of the sweep did."""

    queued: int
    remaining: SweepProgress | None = None
    """What there was no time for."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """The sweep with all it needs."""

    records: ReadinessRepository
    queue: CheckQueue
    publish_events: PublishEvents
    statistics: SweepRepository
    pace: Pace
    clock: Callable[[], datetime]

    def start(self, run: str, shards: tuple[str, ...]) -> SweepProgress:
        """Return a new sweep; operators are notified if most checks of the previous one could not be verified."""
        previous = self.statistics.previous(run)
        quiet = previous is not None and mostly_unverified(previous)
        if previous is not None and quiet:
            self.publish_events([unverifiable_event(previous)])
            logger.warning(LogEvent.CHECKS_UNVERIFIABLE, run=previous.run, unverified=previous.unverified)
        return SweepProgress(run, shards, quiet=quiet)

    def run(self, progress: SweepProgress, *, out_of_time: Callable[[], bool]) -> SweepResult:
        """Claim what is due and send its jobs, shard by shard, as far as time and the queue's capacity allow.

        Launches come first and need no capacity: they have their own queue. Each of the other shards gets an equal part
        of the remaining capacity, so that none waits forever behind the others.
        """
        capacity = self.pace.capacity(self.queue.waiting())
        queued = taken = 0
        for index, shard in enumerate(progress.shards):
            launches = shard == LAUNCHES
            limit = taken + math.ceil((capacity - taken) / (len(progress.shards) - index))
            for keys in self.records.due(shard, self.clock(), PAGE_SIZE):
                wanted = len(keys) if launches else limit - taken
                if wanted <= 0:
                    break
                if out_of_time():
                    remaining = replace(progress, shards=progress.shards[index:])
                    return SweepResult(self._counted(progress, queued), remaining)
                claimed = self._claimed(keys[:wanted])
                self._send(claimed, progress)
                queued += len(claimed)
                taken += 0 if launches else len(claimed)
        return SweepResult(self._counted(progress, queued))

    def _claimed(self, keys: Iterable[tuple[str, str]]) -> Sequence[Record]:
        """Return the records that this sweep, and no other one, has claimed."""
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

    def _send(self, records: Iterable[Record], progress: SweepProgress) -> None:
        now = self.clock()
        for record in records:
            job = CheckJob(record.team_id, record.advertiser_id, record.claim, progress.run, progress.quiet)
            self.queue.send(job, urgent=record.urgent(now))

    def _counted(self, progress: SweepProgress, queued: int) -> int:
        try:
            if queued:
                self.statistics.add(SweepStatistics(progress.run, queued=queued))
        except Exception as error:  # noqa: BLE001 - the jobs are queued: the sweep must not be repeated for its statistics
            logger.warning(LogEvent.SWEEP_STATISTICS_NOT_UPDATED, error=type(error).__name__)
        return queued


def sweep_handler(sweep: Sweep, sweep_connections: Callable[..., int]) -> Handler:
    """Return the handler of the schedule's events, and of those with which a sweep continues itself.

    ``sweep_connections`` sweeps the connections until ``out_of_time``, and returns how many it queued.
    """

    def handler(event: Mapping[str, Any], context: "LambdaContext") -> None:
        logger.clear_state()

        def out_of_time() -> bool:
            return context.get_remaining_time_in_millis() < RESERVE_MILLISECONDS

        progress = _continued(event) or sweep.start(_scheduled_for(event), (LAUNCHES, *shards()))
        result = sweep.run(progress, out_of_time=out_of_time)
        if result.remaining is None:
            logger.info(LogEvent.REFRESHES_REQUESTED, connections=sweep_connections(out_of_time=out_of_time))
        else:
            left = len(result.remaining.shards)
            event_id = f"sweep/{result.remaining.run}/{left}"
            sweep.publish_events([OutboxEvent(event_id, SWEEP_CONTINUED, asdict(result.remaining))])
            logger.info(LogEvent.SWEEP_CONTINUED, run=progress.run, queued=result.queued, shards=left)
        finished = result.remaining is None
        logger.info(LogEvent.SWEEP_ENDED, run=progress.run, queued=result.queued, finished=finished)
        metrics.count_sweep(result.queued, finished=finished)

    return handler


def mostly_unverified(statistics: SweepStatistics) -> bool:
    """Whether more than half of a sweep's checks could not be verified."""
    judged = statistics.verified + statistics.unverified
    return judged >= MIN_JUDGED and statistics.unverified * 2 > judged


def unverifiable_event(statistics: SweepStatistics) -> OutboxEvent:
    """Return the event that notifies operators of such a sweep."""
    return outbox_event(
        ChecksUnverifiable(
            id=f"checks-unverifiable/{statistics.run}",
            swept_at=datetime.fromisoformat(statistics.run),
            verified=statistics.verified,
            unverified=statistics.unverified,
        )
    )


def _continued(event: Mapping[str, Any]) -> SweepProgress | None:
    if event.get("detail-type") != SWEEP_CONTINUED:
        return None
    detail = event["detail"]
    return SweepProgress(str(detail["run"]), tuple(detail["shards"]), quiet=bool(detail["quiet"]))


def _scheduled_for(event: Mapping[str, Any]) -> str:
    """Return the time that the schedule names: the same event again is the same run."""
    time = event.get("time")
    try:
        moment = datetime.fromisoformat(time) if isinstance(time, str) else datetime.now(UTC)
    except ValueError:
        moment = datetime.now(UTC)
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.isoformat(timespec="milliseconds")
