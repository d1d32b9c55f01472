"""What happens in simulated time: workers process the queues, people use advertisers, and assets change."""

import math
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from publishing.events.schemas import OutboxEvent
from publishing.preflight.objectives import Requirement
from publishing.readiness.cadence import ACTIVE_AFTER_LAUNCH, LAUNCH_NEAR
from publishing.readiness.check import CheckReport, CheckRunner, JobOutcome, RetryLaterError, StartedCheck
from publishing.readiness.check_job import CheckJob, SweepStatistics
from publishing.readiness.check_request import CheckRequests
from publishing.readiness.decision import has_transient_failure
from publishing.readiness.snapshot import CheckResult
from publishing.readiness.snapshot_refresher import SnapshotRefresher
from publishing.readiness.worker import BUDGET_SECONDS, MARGIN_SECONDS
from tools.in_memory_readiness import InMemorySweeps, QueuedMessage
from tools.simulation import assumptions
from tools.simulation.engine import Engine, SimulatedQueue, since_start
from tools.simulation.measurements import Counts
from tools.simulation.population import REQUIREMENTS, Population, advertiser_id, number_of, team_id
from tools.simulation.tiktok import SimulatedTikTok

TIMEOUT_SECONDS = 120.0
"""Timeout of the worker's function, in template.yaml."""
BATCH_SIZES = {False: 5, True: 1}
"""Messages that a worker receives at once, by whether they are urgent; in template.yaml."""
DAY = 86_400.0
_PEAK_HOUR = 14


@dataclass(slots=True)
class World:
    """What workers and people work with."""

    engine: Engine
    queue: SimulatedQueue
    checks: CheckRunner
    refresher: SnapshotRefresher
    statistics: InMemorySweeps
    population: Population
    tiktok: SimulatedTikTok
    counts: Counts
    checked: Callable[[int, datetime], None]
    """Called after each check with the advertiser's number, and when the check was made."""


@dataclass(slots=True, eq=False)
class _Worker:
    batch: "deque[QueuedMessage]" = field(default_factory=deque)
    done: list[str] = field(default_factory=list)
    started: float = 0.0
    runs: dict[str, "Counter[bool]"] = field(default_factory=dict)


@dataclass(slots=True)
class Workers:
    """The workers of one queue: `publishing.readiness.worker` in simulated time, at the app's pace."""

    world: World
    urgent: bool
    count: int
    min_duration: timedelta
    _idle: list[_Worker] = field(init=False)
    _wakes_at: float = float("inf")

    def __post_init__(self) -> None:
        self._idle = [_Worker() for _ in range(self.count)]

    def visible(self, at: datetime) -> None:
        """Wake idle workers when a message is visible."""
        if self._idle:
            self._wake_at(since_start(at))

    def _wake_at(self, seconds: float) -> None:
        if seconds < self._wakes_at:
            self._wakes_at = seconds
            self.world.engine.at(seconds, partial(self._wake, seconds))

    def _wake(self, seconds: float) -> None:
        if seconds != self._wakes_at:
            return
        self._wakes_at = float("inf")
        idle, self._idle = self._idle, []
        for worker in idle:
            self._receive(worker)

    def _receive(self, worker: _Worker) -> None:
        received = self.world.queue.receive(BATCH_SIZES[self.urgent], urgent=self.urgent)
        if not received:
            self._idle.append(worker)
            later = self.world.queue.next_visible(urgent=self.urgent)
            if later is not None:
                self._wake_at(since_start(later))
            return
        worker.batch.extend(received)
        worker.started = self.world.engine.seconds
        self._continue(worker)

    def _continue(self, worker: _Worker) -> None:
        """Process the batch until a check takes time."""
        while worker.batch:
            message = worker.batch.popleft()
            try:
                started = self._start(worker, message)
            except RetryLaterError as later:
                self._retry(worker, message, later)
                continue
            if started is not None:
                self._ask_tiktok(worker, message, started)
                return
            self._succeed(worker, message, CheckReport(JobOutcome.SUPERSEDED))
        self._finish(worker)

    def _start(self, worker: _Worker, message: QueuedMessage) -> StartedCheck | None:
        if self._remaining(worker) < BUDGET_SECONDS:
            raise RetryLaterError(CheckReport(JobOutcome.OUT_OF_TIME), self.world.engine.clock())
        return self.world.checks.start(_job(message), message.id)

    def _ask_tiktok(self, worker: _Worker, message: QueuedMessage, started: StartedCheck) -> None:
        world, now = self.world, self.world.engine.seconds
        number = number_of(started.job.advertiser_id)
        calls = world.tiktok.check(world.population.profile(number), now)
        result = world.population.check(number, calls, world.engine.clock())
        world.counts.refused_checks += bool(calls.refused)
        world.engine.at(now + calls.seconds, partial(self._finish_check, worker, message, started, result))

    def _finish_check(
        self, worker: _Worker, message: QueuedMessage, started: StartedCheck, result: CheckResult
    ) -> None:
        engine = self.world.engine
        try:
            self._succeed(worker, message, self.world.checks.finish(started, result, message.tries))
            self.world.checked(number_of(started.job.advertiser_id), result.at)
        except RetryLaterError as later:
            self._retry(worker, message, later)
        took = (engine.clock() - result.at).total_seconds()
        pause = max(0.0, min(self.min_duration.total_seconds() - took, self._remaining(worker)))
        engine.at(engine.seconds + pause, partial(self._continue, worker))

    def _retry(self, worker: _Worker, message: QueuedMessage, later: RetryLaterError) -> None:
        delay = max(later.at - self.world.engine.clock(), timedelta())
        self.world.queue.change_visibility(message.id, delay, urgent=self.urgent)
        self._count(worker, message, later.report)

    def _succeed(self, worker: _Worker, message: QueuedMessage, report: CheckReport) -> None:
        worker.done.append(message.id)
        self._count(worker, message, report)

    def _count(self, worker: _Worker, message: QueuedMessage, report: CheckReport) -> None:
        self.world.counts.outcomes[report.outcome] += 1
        run, first_refusal = _job(message).run, report.outcome is JobOutcome.RATE_LIMITED and message.tries == 1
        if run and report.result and (report.outcome is JobOutcome.CHECKED or first_refusal):
            worker.runs.setdefault(run, Counter())[has_transient_failure(report.result)] += 1

    def _finish(self, worker: _Worker) -> None:
        """End the batch: delete the messages that succeeded, and update the statistics of sweeps."""
        world = self.world
        for receipt in worker.done:
            world.queue.delete(receipt)
        for run, counted in worker.runs.items():
            world.statistics.add(SweepStatistics(run, verified=counted[False], unverified=counted[True]))
        world.counts.batches += 1
        world.counts.busy[self.urgent] += world.engine.seconds - worker.started
        worker.done.clear()
        worker.runs.clear()
        world.engine.at(world.engine.seconds + assumptions.POLL_SECONDS, partial(self._receive, worker))

    def _remaining(self, worker: _Worker) -> float:
        return TIMEOUT_SECONDS - MARGIN_SECONDS - (self.world.engine.seconds - worker.started)


def _job(message: QueuedMessage) -> CheckJob:
    if not isinstance(message.content, CheckJob):
        raise TypeError("the simulation sends no unreadable messages")
    return message.content


@dataclass(slots=True)
class Traffic:
    """Preflights, drafts, scheduled campaigns and real changes, at random times."""

    world: World
    _requests: CheckRequests = field(init=False)
    _requested: dict[int, float] = field(default_factory=dict)
    """When a check was requested that has not been made."""
    _changed: dict[tuple[int, Requirement], float] = field(default_factory=dict)
    """When a prerequisite changed whose change was not published."""
    _events: int = 0

    def __post_init__(self) -> None:
        records, queue = self.world.refresher.records, self.world.queue
        unused: Any = None  # every event names its advertiser, so neither teams nor connections are read
        self._requests = CheckRequests(records, queue, unused, unused, unused, self.world.engine.clock)

    def start(self) -> None:
        """Start every stream of events."""
        active = len(self.world.population.active)
        urgent_days = (LAUNCH_NEAR + ACTIVE_AFTER_LAUNCH).total_seconds() / DAY
        self._stream(active * assumptions.PREFLIGHTS_A_DAY, self._preflight, varies=True)
        self._stream(active * assumptions.DRAFTS_A_DAY, self._save_draft, varies=True)
        self._stream(active * assumptions.LAUNCH_NEAR / urgent_days, self._schedule_campaign, varies=True)
        self._stream(self.world.population.case.advertisers * assumptions.CHANGES_A_DAY, self._change, varies=False)

    def checked(self, number: int) -> None:
        """Count how long a requested check took."""
        requested = self._requested.pop(number, None)
        if requested is not None:
            self.world.counts.request_waits.append(self.world.engine.seconds - requested)

    def published(self, event: OutboxEvent) -> None:
        """Count an event, and how long after the changes it was published."""
        counts = self.world.counts
        counts.events[event.detail_type] += 1
        if event.detail_type != "TikTok Readiness Changed":
            return
        number = number_of(event.detail["advertiser_id"])
        names = [one["requirement"] for one in event.detail["added"]] + list(event.detail["resolved"])
        for name in names:
            since = self._changed.pop((number, Requirement(name)), None)
            if since is None:
                counts.false_events += 1
            else:
                active = bool(self.world.population.is_active[number])
                counts.notified_after[active].append(self.world.engine.seconds - since)

    def _stream(self, a_day: float, action: Callable[[], None], *, varies: bool) -> None:
        """Do something so many times a day, at random times; more often by day than by night if it ``varies``."""
        if a_day <= 0:
            return
        engine, random = self.world.engine, self.world.population.random
        rate = a_day / DAY * (1 + assumptions.DAILY_VARIATION * varies)

        def next_one() -> None:
            engine.at(engine.seconds + random.expovariate(rate), next_one)
            if not varies or random.random() * (1 + assumptions.DAILY_VARIATION) < relative_rate(engine.seconds):
                action()

        engine.at(engine.seconds + random.expovariate(rate), next_one)

    def _preflight(self) -> None:
        world = self.world
        population, now = world.population, world.engine.seconds
        number = population.random.choice(population.active)
        other = population.random.choice(REQUIREMENTS[1:])
        calls = world.tiktok.preflight(population.profile(number), other, now)
        world.counts.preflights += 1
        world.counts.refused_preflights += bool(calls.refused)
        result = population.check(number, calls, world.engine.clock(), (Requirement.IDENTITY, other))
        team, advertiser = team_id(number), advertiser_id(number)
        world.refresher.refresh(world.refresher.records.read(team, advertiser), team, advertiser, result)

    def _save_draft(self) -> None:
        self._request_check({}, debounced=True)

    def _schedule_campaign(self) -> None:
        self._request_check({"launch_at": (self.world.engine.clock() + LAUNCH_NEAR).isoformat()}, debounced=False)

    def _request_check(self, detail: dict[str, str], *, debounced: bool) -> None:
        number = self.world.population.random.choice(self.world.population.active)
        self._requested.setdefault(number, self.world.engine.seconds)
        self._events += 1
        ids = {"team_id": team_id(number), "advertiser_id": advertiser_id(number)}
        self._requests.enqueue(f"{self._events:036d}", ids | detail, debounced=debounced)

    def _change(self) -> None:
        population = self.world.population
        number = population.random.randrange(population.case.advertisers)
        requirement = population.random.choice(REQUIREMENTS)
        population.change(number, requirement)
        if self._changed.pop((number, requirement), None) is None:  # else it is as it was published
            self._changed[number, requirement] = self.world.engine.seconds


def relative_rate(seconds: float) -> float:
    """Return how much more people do at this time of the day than on average."""
    hour = seconds / 3_600 - _PEAK_HOUR
    return 1 + assumptions.DAILY_VARIATION * math.cos(hour / 24 * 2 * math.pi)
