"""A preflight that somebody makes tells the snapshot too, beside its own work and without holding up its answer."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from threading import Lock

from aws_lambda_powertools import Logger

from publishing.log_events import LogEvent
from publishing.readiness.cadence import Cadence
from publishing.readiness.decision import decide_after_preflight
from publishing.readiness.record import Record
from publishing.readiness.snapshot import Look
from publishing.readiness.stores import LookMessage, Outgoing, Queue, Records
from publishing.side_by_side import start

GRACE_SECONDS = 0.25
"""How long an answer waits for the snapshot to be written; DynamoDB takes milliseconds."""
LIVE_WRITE_TRIES = 2
"""Of a record that others write at the same time; the next look mends what is lost here."""

logger = Logger(service="publishing", child=True)

Reading = Future[Record | None]


@dataclass(frozen=True, slots=True)
class Live:
    """Refreshes snapshots. One call at a time goes to the stores, whatever is left over from an earlier request."""

    records: Records
    queue: Queue
    cadence: Cadence
    clock: Callable[[], datetime]
    _alone: Lock = field(default_factory=Lock, repr=False)

    def read(self, team_id: str, advertiser_id: str) -> Reading:
        """Begin to read what is known, while TikTok is being asked."""
        return start(partial(self._read, team_id, advertiser_id))

    def write(self, reading: Reading, team_id: str, advertiser_id: str, look: Look) -> Future[None]:
        """Begin to write what the preflight found. Never raises: the next look mends what is lost here."""
        return start(partial(self._write, reading, team_id, advertiser_id, look))

    def refresh(self, stored: Record | None, team_id: str, advertiser_id: str, look: Look) -> None:
        """Write what a preflight found, and ask for the look that it makes necessary."""
        for _ in range(LIVE_WRITE_TRIES):
            now = self.clock()
            record = stored or Record(team_id, advertiser_id, due_at=now)
            decision = decide_after_preflight(record, look, self.cadence, now)
            if decision is None:
                return
            if self.records.write(decision.record) is not None:
                if decision.look_in is not None:
                    message = LookMessage(team_id, advertiser_id, decision.record.claim)
                    self.queue.send([Outgoing(message, urgent=decision.record.urgent(now), delay=decision.look_in)])
                return
            stored = self.records.read(team_id, advertiser_id)

    def _read(self, team_id: str, advertiser_id: str) -> Record | None:
        with self._alone:
            return self.records.read(team_id, advertiser_id)

    def _write(self, reading: Reading, team_id: str, advertiser_id: str, look: Look) -> None:
        try:
            stored = reading.result()
            with self._alone:
                self.refresh(stored, team_id, advertiser_id, look)
        except Exception as error:  # noqa: BLE001 - whatever fails here, the preflight's own answer stands
            logger.warning(LogEvent.SNAPSHOT_NOT_REFRESHED, error=type(error).__name__)
