"""The readiness functions with in-memory repositories, a clock that tests move, and queues as Lambda reads them."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from local.tiktok_simulator import DemoToken, Simulator
from publishing.events.notifications import ExpiryNotifier
from publishing.events.schemas import OutboxEvent
from publishing.http.check_schemas import PublishCheck
from publishing.http.request_context import Principal, RequestContext
from publishing.http.request_schemas import PublishCheckQuery
from publishing.ports import ReadinessRepository
from publishing.publish_check import publish_check
from publishing.readiness.cadence import Cadence
from publishing.readiness.check import CheckRunner, CheckServices
from publishing.readiness.check_job import CheckJob, write_job
from publishing.readiness.check_request import CheckRequests, request_handler
from publishing.readiness.pacing import Pace
from publishing.readiness.record import Record
from publishing.readiness.snapshot_refresher import SnapshotRefresher
from publishing.readiness.sweep import Sweep, sweep_handler
from publishing.readiness.worker import CheckWorker
from publishing.teams import Role
from tests.support.clock import MovableClock
from tests.support.effects import Effects, WatchedBus, WatchedCheckQueue, WatchedReadiness, WatchedSweeps
from tests.support.invocations import FakeContext
from tests.support.product import Product, product
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.transport import Transport
from tools.in_memory_readiness import InMemoryBus, InMemorySweeps, QueuedMessage

TEAM = "northlight"
CHANGED, STALE, EXPIRED, UNVERIFIABLE = (
    f"TikTok {name}" for name in ("Readiness Changed", "Readiness Stale", "Connection Expired", "Checks Unverifiable")
)
QUEUE, URGENT_QUEUE = "checks", "urgent-checks"
HOUR = timedelta(hours=1)


@dataclass
class System:
    """All of readiness, with one simulated TikTok. Every write and every opened TikTok client is an effect."""

    tiktok: Simulator
    transport: Transport
    cadence: Cadence = field(default_factory=Cadence)
    pace: Pace = field(default_factory=Pace)
    clock: MovableClock = field(default_factory=MovableClock)
    effects: Effects = field(default_factory=Effects)
    pauses: list[float] = field(default_factory=list)
    """How long the worker waited after each check, in seconds."""
    bus: InMemoryBus = field(default_factory=InMemoryBus)
    statistics: InMemorySweeps = field(default_factory=InMemorySweeps)
    product: Product = field(init=False)

    def __post_init__(self) -> None:
        self.product = product(self.transport, clock=self.clock)
        self.product.connections.step = self.effects
        self.queue = self.product.queue
        self.records = WatchedReadiness(self.product.records, self.effects)
        queue = WatchedCheckQueue(self.queue, self.effects)
        publish_events = WatchedBus(self.bus, self.effects).publish
        statistics = WatchedSweeps(self.statistics, self.effects)
        connections = self.product.connections
        self.sweep = Sweep(self.records, queue, publish_events, statistics, self.pace, self.clock)
        self.requests = CheckRequests(self.records, queue, self.product.teams, connections, publish_events, self.clock)
        self.refresher = SnapshotRefresher(self.records, queue, self.cadence, self.clock)
        self.services = CheckServices(
            runner=CheckRunner(self.records, queue, publish_events, self.cadence, self.clock),
            queue=queue,
            teams=self.product.teams,
            tokens=replace(self.product.tokens, open_tiktok=self._open_tiktok),
            connections=connections,
            expiry=ExpiryNotifier(connections, publish_events, self.clock),
            accepted_identity_types=self.product.accepted_types,
            clock=self.clock,
        )
        self.worker = CheckWorker(self.services, statistics, self.pace, URGENT_QUEUE, sleep=self.pauses.append)

    def replace_services(self, **services: Any) -> None:
        """Give the worker these services in place of its own."""
        self.services = replace(self.services, **services)
        self.worker.services = self.services

    def replace_records(self, records: ReadinessRepository) -> None:
        """Give the worker these records in place of its own."""
        self.replace_services(runner=replace(self.services.runner, records=records))

    def replace_tokens(self, **parts: Any) -> None:
        """Give the worker these parts of the token failover in place of its own."""
        self.replace_services(tokens=replace(self.services.tokens, **parts))

    def add_person(self, token: DemoToken, role: str = "owner", advertisers: Iterable[str] | None = None) -> str:
        """Add a person of the demo world to the team and connect them; return their user id."""
        known = self.tiktok.world.tokens[token].advertiser_ids if advertisers is None else tuple(advertisers)
        self.product.person(token.user, role, token, known, team_id=TEAM)
        return token.user

    def add_record(self, advertiser_id: str, *, active: bool = True, team_id: str = TEAM, due: bool = True) -> None:
        """Add a record of the advertiser, due now."""
        due_at = self.clock() if due else self.clock() + timedelta(days=1)
        record = Record(team_id, advertiser_id, due_at=due_at)
        self.product.records.write(record.used(self.clock()) if active else record)

    def record(self, advertiser_id: str, team_id: str = TEAM) -> Record:
        """Return the advertiser's record, which must exist."""
        record = self.product.records.read(team_id, advertiser_id)
        assert record is not None
        return record

    def update(self, record: Record, **changes: Any) -> Record:
        """Store the record with these changes."""
        written = self.product.records.write(replace(record, **changes))
        assert written is not None
        return written

    def run_sweep(self, scheduled: datetime | None = None, *, seconds: float = 300.0) -> None:
        """Handle the schedule's event as Lambda does."""
        at = self.clock() if scheduled is None else scheduled
        self.handle_sweep_event({"time": at.isoformat()}, seconds=seconds)

    def handle_sweep_event(self, event: Mapping[str, Any], *, seconds: float = 300.0) -> None:
        """Handle an event of the sweep function as Lambda does; no connection is due for refresh."""
        sweep_handler(self.sweep, lambda **_: 0)(event, FakeContext(seconds))

    def request_check(
        self, detail: object, kind: str = "Campaign Scheduled", event_id: str = "event-1", *, seconds: float = 300.0
    ) -> None:
        """Handle another service's event as Lambda does."""
        request_handler(self.requests)({"id": event_id, "detail-type": kind, "detail": detail}, FakeContext(seconds))

    def check_now(self, advertiser_id: str, **fields: Any) -> None:
        """Queue a job without a claim, and process the queue."""
        self.queue.put(CheckJob(TEAM, advertiser_id, **fields))
        self.process_queue()

    def preflight(
        self, advertiser_id: str, objective: str = "WEB_CONVERSIONS", user_id: str = "u-owner"
    ) -> PublishCheck:
        """Return the response to a person's publish check, once the snapshot is refreshed."""
        role = self.product.teams.read(TEAM).roles.get(user_id, Role.MEDIA_BUYER)
        context = RequestContext(Principal(user_id, TEAM, role), Deadline.after(7.5), self.clock())
        query = PublishCheckQuery.model_validate({"advertiser_id": advertiser_id, "objective": objective})
        return publish_check(self.product.tokens, self.refresher, self.product.accepted_types, context, query)

    def process_queue(self, *, batch: int = 5, seconds: float = 120.0) -> int:
        """Deliver all visible messages to the worker, in batches as Lambda does; return how many."""
        delivered = 0
        for urgent, size in ((True, 1), (False, batch)):
            while messages := self.queue.receive(size, urgent=urgent):
                delivered += len(messages)
                self.process_batch(messages, seconds=seconds)
        return delivered

    def process_batch(self, messages: Iterable[QueuedMessage], *, seconds: float = 120.0) -> Mapping[str, Any]:
        """Deliver one batch to the worker; the messages that succeed are deleted, those that fail stay hidden."""
        messages = list(messages)
        answer = self.worker.handle({"Records": [sqs_record(one) for one in messages]}, FakeContext(seconds))
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        succeeded = [one.id for one in messages if one.id not in failed]
        if succeeded:
            self.effects("delete messages", lambda: self._delete(succeeded))
        return answer

    def _delete(self, ids: Iterable[str]) -> None:
        for one in ids:
            self.queue.delete(one)

    @contextmanager
    def another_worker(self) -> Iterator[None]:
        """Deliver messages to a second worker, while the first is interrupted in the middle of a batch."""
        first = self.worker
        self.worker = CheckWorker(self.services, first.statistics, self.pace, first.urgent_queue, sleep=first.sleep)
        yield
        self.worker = first

    def pass_time(self, span: timedelta, *, sweeps: bool = True) -> None:
        """Move the clock by ``span``; on the way, deliver messages when they become visible and sweep every hour."""
        end = self.clock() + span
        while True:
            hour = self.clock().replace(minute=0, second=0, microsecond=0) + HOUR
            moments = [max(one.visible_at, self.clock()) for one in self.queue.messages] + ([hour] if sweeps else [])
            following = min(moments, default=None)
            if following is None or following > end:
                self.clock.now = end
                return
            self.clock.now = following
            if sweeps and following == hour:
                self.run_sweep()
            self.process_queue()

    def published(self, detail_type: str = CHANGED) -> list[OutboxEvent]:
        """Return the published events of one type, each id once."""
        return self.bus.of_type(detail_type)

    def published_types(self) -> list[str]:
        """Return the detail types of all published events, in order."""
        return [one.detail_type for one in self.bus.events]

    def queued_jobs(self) -> list[CheckJob]:
        """Return the jobs in both queues, none of which may be a raw body."""
        jobs = [one.content for one in self.queue.messages if isinstance(one.content, CheckJob)]
        assert len(jobs) == len(self.queue)
        return jobs

    def checks_made(self) -> int:
        """Return how many checks have asked TikTok since the effects are watched."""
        return self.effects.names.count("ask TikTok")

    def _open_tiktok(self, token: SecretStr, deadline: Deadline) -> TikTokBusinessApi:
        return self.effects("ask TikTok", lambda: self.product.tokens.open_tiktok(token, deadline))


def sqs_record(message: QueuedMessage) -> dict[str, Any]:
    """Return a message in the form in which Lambda delivers it."""
    name = URGENT_QUEUE if message.urgent else QUEUE
    return {
        "messageId": message.id,
        "receiptHandle": message.id,
        "body": message.content if isinstance(message.content, str) else write_job(message.content),
        "attributes": {"ApproximateReceiveCount": str(message.tries)},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:000000000000:{name}",
        "awsRegion": "eu-central-1",
    }
