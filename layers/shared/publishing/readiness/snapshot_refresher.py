"""Writes what a preflight found to the advertiser's record, concurrently and without delaying the response."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from threading import Lock

from aws_lambda_powertools import Logger

from publishing.concurrency import start
from publishing.log_events import LogEvent
from publishing.ports import CheckQueue, ReadinessRepository
from publishing.readiness.cadence import Cadence
from publishing.readiness.check_job import CheckJob
from publishing.readiness.decision import decide_after_preflight
from publishing.readiness.record import Record
from publishing.readiness.snapshot import CheckResult

GRACE_SECONDS = 0.25
"""How long a response waits for the record to be written; DynamoDB takes milliseconds."""
REFRESH_WRITE_TRIES = 2
"""Attempts at writing a record that others write at the same time; the next check repairs what is lost here."""

logger = Logger(service="publishing", child=True)

RecordRead = Future[Record | None]


@dataclass(frozen=True, slots=True)
class SnapshotRefresher:
    """Refreshes snapshots. One thread at a time calls the repositories, whatever an earlier request left running."""

    records: ReadinessRepository
    queue: CheckQueue
    cadence: Cadence
    clock: Callable[[], datetime]
    _lock: Lock = field(default_factory=Lock, repr=False)

    def read(self, team_id: str, advertiser_id: str) -> RecordRead:
        """Start reading the record, while TikTok is asked."""
        return start(partial(self._read, team_id, advertiser_id))

    def write(self, read: RecordRead, team_id: str, advertiser_id: str, result: CheckResult) -> Future[None]:
        """Start writing what the preflight found. Never raises: the next check repairs what is lost here."""
        return start(partial(self._write, read, team_id, advertiser_id, result))

    def refresh(self, stored: Record | None, team_id: str, advertiser_id: str, result: CheckResult) -> None:
        """Write what a preflight found, and request the check that it makes necessary."""
        for _ in range(REFRESH_WRITE_TRIES):
            now = self.clock()
            record = stored or Record(team_id, advertiser_id, due_at=now)
            decision = decide_after_preflight(record, result, self.cadence, now)
            if decision is None:
                return
            if self.records.write(decision.record) is not None:
                if decision.check_in is not None:
                    job = CheckJob(team_id, advertiser_id, decision.record.claim)
                    self.queue.send(job, urgent=decision.record.urgent(now), delay=decision.check_in)
                return
            stored = self.records.read(team_id, advertiser_id)

    def _read(self, team_id: str, advertiser_id: str) -> Record | None:
        with self._lock:
            return self.records.read(team_id, advertiser_id)

    def _write(self, read: RecordRead, team_id: str, advertiser_id: str, result: CheckResult) -> None:
        try:
            stored = read.result()
            with self._lock:
                self.refresh(stored, team_id, advertiser_id, result)
        except Exception as error:  # noqa: BLE001 - whatever fails here, the preflight's own response is sent
            logger.warning(LogEvent.SNAPSHOT_NOT_REFRESHED, error=type(error).__name__)
