"""The readiness functions around stores in memory: a clock that is moved, a queue that is read as Lambda reads it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from local.tiktok_simulator import DemoToken, Simulator
from publishing.calls import Call, Caller
from publishing.connecting.sweep import ConnectionSweep
from publishing.inputs import PublishCheckQuery
from publishing.publish_check import publish_check
from publishing.readiness import check
from publishing.readiness.cadence import Cadence
from publishing.readiness.live import Live
from publishing.readiness.pacing import Pace
from publishing.readiness.record import OutgoingEvent, Record
from publishing.readiness.request import Requests
from publishing.readiness.stores import LookMessage
from publishing.readiness.sweep import Sweep
from publishing.readiness.worker import Worker
from publishing.teams import Role
from publishing.triggers import request_handler, sweep_handler
from tests.support.clock import MovableClock
from tests.support.effects import (
    Effects,
    WatchedAnnouncements,
    WatchedBus,
    WatchedMarks,
    WatchedQueue,
    WatchedRecords,
    WatchedRefreshes,
    WatchedRuns,
)
from tests.support.in_memory_connecting import NothingDue
from tests.support.in_memory_stores import InMemoryRefreshes
from tests.support.invocations import FakeContext
from tests.support.product import Product, product
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.deadline import Deadline
from tools.in_memory_readiness import InMemoryAnnouncements, InMemoryBus, InMemoryRuns, Waiting

TEAM = "northlight"
CHANGED, STALE, EXPIRED, UNVERIFIABLE = (
    f"TikTok {name}" for name in ("Readiness Changed", "Readiness Stale", "Connection Expired", "Checks Unverifiable")
)
QUEUE, URGENT_QUEUE = "looks", "looks-urgent"
HOUR = timedelta(hours=1)


@dataclass
class System:
    """All of readiness in memory, at one simulated TikTok."""

    tiktok: Simulator
    cadence: Cadence = field(default_factory=Cadence)
    pace: Pace = field(default_factory=Pace)
    clock: MovableClock = field(default_factory=MovableClock)
    effects: Effects = field(default_factory=Effects)
    slept: list[float] = field(default_factory=list)
    product: Product = field(init=False)

    def __post_init__(self) -> None:
        self.product = product(self.tiktok.base_url, clock=self.clock)
        self.seen_bus, self.seen_runs = InMemoryBus(), InMemoryRuns()
        self.told = InMemoryAnnouncements(self.product.teams.current)
        self.queue = self.product.queue
        self.records = WatchedRecords(self.product.records, self.effects)
        queue = WatchedQueue(self.queue, self.effects)
        self.bus = WatchedBus(self.seen_bus, self.effects)
        runs = WatchedRuns(self.seen_runs, self.effects)
        self.sweep = Sweep(self.records, queue, self.bus, runs, self.pace, self.clock)
        self.refreshes = InMemoryRefreshes(self.product.teams)
        refreshes = WatchedRefreshes(self.refreshes, self.effects)
        self.requests = Requests(self.records, queue, self.product.teams, refreshes, self.clock)
        self.connection_sweep = ConnectionSweep(NothingDue(), self.clock)
        self.live = Live(self.records, queue, self.cadence, self.clock)
        self.services = check.CheckServices(
            records=self.records,
            queue=queue,
            bus=self.bus,
            teams=self.product.teams,
            tokens=self.product.tokens,
            marks=WatchedMarks(self.product.marks, self.effects),
            announcements=WatchedAnnouncements(self.told, self.effects),
            refreshes=refreshes,
            open_tiktok=self._open_tiktok,
            cadence=self.cadence,
            accepted_identity_types=self.product.services.settings.accepted_identity_types,
            clock=self.clock,
        )
        self.worker = Worker(self.services, runs, self.pace, URGENT_QUEUE, sleep=self.slept.append)

    def use(self, **services: Any) -> None:
        """From now on the worker has these in the place of its own."""
        self.services = replace(self.services, **services)
        self.worker.services = self.services

    def person(self, token: DemoToken, role: str = "owner", advertisers: Iterable[str] | None = None) -> str:
        """Someone of the demo world joins the team and connects; returns who."""
        known = self.tiktok.world.tokens[token].advertiser_ids if advertisers is None else tuple(advertisers)
        self.product.person(token.user, role, token, known, team_id=TEAM)
        return token.user

    def watch_over(self, advertiser_id: str, *, active: bool = True, team_id: str = TEAM, due: bool = True) -> None:
        """Keep a record of the advertiser, due now."""
        due_at = self.clock() if due else self.clock() + timedelta(days=1)
        record = Record(team_id, advertiser_id, due_at=due_at)
        self.product.records.write(record.used(self.clock()) if active else record)

    def record(self, advertiser_id: str, team_id: str = TEAM) -> Record:
        """The advertiser's record, which there is."""
        record = self.product.records.read(team_id, advertiser_id)
        assert record is not None
        return record

    def change(self, record: Record, **changes: Any) -> Record:
        """Store the record with these changes."""
        written = self.product.records.write(replace(record, **changes))
        assert written is not None
        return written

    def run_sweep(self, scheduled: datetime | None = None, *, seconds: float = 300.0) -> None:
        """The schedule's event, handled as in Lambda."""
        at = self.clock() if scheduled is None else scheduled
        sweep_handler(self.sweep, self.connection_sweep, self.bus)({"time": at.isoformat()}, FakeContext(seconds))

    def ask(self, detail: object, kind: str = "Campaign Scheduled", event_id: str = "event-1") -> None:
        """Another service's event, handled as in Lambda."""
        request_handler(self.requests)({"id": event_id, "detail-type": kind, "detail": detail}, FakeContext())

    def look(self, advertiser_id: str, **fields: Any) -> None:
        """A message without a claim, worked at once."""
        self.queue.put(LookMessage(TEAM, advertiser_id, **fields))
        self.work()

    def preflight(self, advertiser_id: str, objective: str = "WEB_CONVERSIONS", user_id: str = "u-owner") -> Any:
        """A person's publish check; returns the answer, after the snapshot was written."""
        role = self.product.teams.read(TEAM).roles.get(user_id, Role.MEDIA_BUYER)
        call = Call(Caller(user_id, TEAM, role), Deadline.after(7.5), self.clock())
        query = PublishCheckQuery.model_validate({"advertiser_id": advertiser_id, "objective": objective})
        return publish_check(self.product.services, self.live, call, query)

    def work(self, *, batch: int = 5, seconds: float = 120.0) -> int:
        """Give the worker all that is visible, in batches as Lambda does; return how many messages."""
        worked = 0
        for urgent, size in ((True, 1), (False, batch)):
            while given := self.queue.receive(size, urgent=urgent):
                worked += len(given)
                self.deliver(given, seconds=seconds)
        return worked

    def deliver(self, given: Iterable[Waiting], *, seconds: float = 120.0) -> Mapping[str, Any]:
        """One batch: what succeeded is deleted, what failed stays hidden."""
        given = list(given)
        answer = self.worker.handle({"Records": [sqs_record(one) for one in given]}, FakeContext(seconds))
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        done = [one.id for one in given if one.id not in failed]
        if done:
            self.effects("delete", lambda: self._delete(done))
        return answer

    def _delete(self, ids: Iterable[str]) -> None:
        for one in ids:
            self.queue.delete(one)

    @contextmanager
    def another_worker(self) -> Iterator[None]:
        """While one is held up in the middle of a batch, another works."""
        held_up = self.worker
        self.worker = Worker(self.services, held_up.runs, self.pace, held_up.urgent_queue, sleep=held_up.sleep)
        yield
        self.worker = held_up

    def pass_time(self, span: timedelta, *, sweeps: bool = True) -> None:
        """Let time pass: messages are worked when they become visible, and the hour strikes a sweep."""
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
            self.work()

    def sent(self, detail_type: str = CHANGED) -> list[OutgoingEvent]:
        """The events of one type, each id once."""
        return self.seen_bus.of_type(detail_type)

    def _open_tiktok(self, token: SecretStr, deadline: Deadline) -> TikTokBusinessApi:
        return self.effects("look", lambda: self.product.services.open_tiktok(token, deadline))


def sqs_record(one: Waiting) -> dict[str, Any]:
    """A message as Lambda hands it over."""
    name = URGENT_QUEUE if one.urgent else QUEUE
    return {
        "messageId": one.id,
        "receiptHandle": one.id,
        "body": one.content if isinstance(one.content, str) else body_of(one.content),
        "attributes": {"ApproximateReceiveCount": str(one.tries)},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:000000000000:{name}",
        "awsRegion": "eu-central-1",
    }


def body_of(message: LookMessage) -> str:
    """A message's body."""
    return json.dumps({name: value for name, value in asdict(message).items() if value not in {None, False}})
