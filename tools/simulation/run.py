"""Runs cases: one in this process, or many in processes of their own."""

import gc
import logging
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from multiprocessing import get_context
from random import Random

from local.console import Console
from publishing.readiness.cadence import LAUNCHES, shards
from publishing.readiness.check import CheckRunner
from publishing.readiness.record import Record
from publishing.readiness.snapshot_refresher import SnapshotRefresher
from publishing.readiness.sweep import RESERVE_MILLISECONDS, Sweep, SweepProgress
from tools.in_memory_readiness import InMemorySweeps
from tools.simulation import assumptions
from tools.simulation.activity import Traffic, Workers, World
from tools.simulation.cases import Case
from tools.simulation.engine import START, Engine, SimulatedBus, SimulatedQueue, SimulatedReadiness, since_start
from tools.simulation.figures import ACTIVE, IDLE, LAUNCH, SAMPLE_SECONDS, Figures, figures
from tools.simulation.measurements import Counts, Freshness, item_bytes
from tools.simulation.population import Population, advertiser_id, team_id
from tools.simulation.tiktok import Profile, SimulatedTikTok

SWEEP_TIMEOUT_SECONDS = 300.0
"""Timeout of the sweep's function, in template.yaml."""


@dataclass(slots=True)
class Simulation:
    """A case, ready to run."""

    case: Case
    profiles: Sequence[Profile]
    engine: Engine = field(default_factory=Engine)
    records: SimulatedReadiness = field(default_factory=SimulatedReadiness)
    counts: Counts = field(default_factory=Counts)
    depths: list[int] = field(default_factory=list)
    """Messages in both queues, every `SAMPLE_SECONDS` from the start on."""
    population: Population = field(init=False)
    tiktok: SimulatedTikTok = field(init=False)
    queue: SimulatedQueue = field(init=False)
    freshness: Freshness = field(init=False)
    traffic: Traffic = field(init=False)
    sweep: Sweep = field(init=False)

    def __post_init__(self) -> None:
        case, engine = self.case, self.engine
        random = Random(case.seed)  # noqa: S311 - a simulation must be repeatable
        self.population = Population(case, self.profiles, random)
        self.tiktok = SimulatedTikTok(case.pace.level, case.seconds, random, float(case.measured_from), case.outage_at)
        self.queue = SimulatedQueue(engine.clock)
        bus, statistics = SimulatedBus(), InMemorySweeps()
        self.sweep = Sweep(self.records, self.queue, bus.publish, statistics, case.pace, engine.clock)
        world = World(
            engine,
            self.queue,
            CheckRunner(self.records, self.queue, bus.publish, case.cadence, engine.clock),
            SnapshotRefresher(self.records, self.queue, case.cadence, engine.clock),
            statistics,
            self.population,
            self.tiktok,
            self.counts,
            self._checked,
        )
        self.traffic = Traffic(world)
        bus.received = self.traffic.published
        workers = {
            urgent: Workers(world, urgent, case.pace.level.workers, case.pace.min_duration(urgent=urgent))
            for urgent in (False, True)
        }
        self.queue.visible = lambda urgent, at: workers[urgent].visible(at)
        self.records.sample = lambda record: self.counts.bytes_of_records.append(item_bytes(record))
        self.freshness = Freshness(case.advertisers, float(case.measured_from))

    def run(self) -> None:
        """Simulate from the start to the end."""
        case, engine = self.case, self.engine
        self.population.store(self.records, START)
        for number, record in enumerate(self.records.stored.values()):
            if record.snapshot.checked_at is not None:
                self.freshness.start(number, since_start(record.snapshot.checked_at))
        self.traffic.start()
        for second in range(0, case.seconds, round(case.schedule.total_seconds())):
            late = self.population.random.random() * assumptions.SCHEDULER_SECONDS
            scheduled = engine.clock() + case.schedule * (second // round(case.schedule.total_seconds()))
            engine.at(second + late, partial(self._sweep, scheduled))
        for second in range(0, case.seconds, SAMPLE_SECONDS):
            engine.at(float(second), lambda: self.depths.append(len(self.queue)))
        engine.run(case.measured_from)
        self.counts.start(self.records, self.queue)
        engine.run(case.seconds)
        now = engine.clock()
        kinds = {number: self._kind(number, self._record(number), now) for number in self.population.active}
        self.freshness.end(kinds, IDLE, float(case.seconds))

    def _sweep(self, scheduled: datetime) -> None:
        self.counts.sweep_seconds.append(0.0)
        progress = self.sweep.start(scheduled.isoformat(timespec="milliseconds"), (LAUNCHES, *shards()))
        self._continue_sweep(progress)

    def _continue_sweep(self, progress: SweepProgress) -> None:
        """Run the sweep; each of its calls to AWS takes time, which its clock shows."""
        before = self._calls()

        def took() -> float:
            return (self._calls() - before) * assumptions.AWS_CALL_SECONDS

        limit = SWEEP_TIMEOUT_SECONDS - RESERVE_MILLISECONDS / 1_000
        self.engine.ahead = took
        result = self.sweep.run(progress, out_of_time=lambda: took() > limit)
        self.engine.ahead = None
        self.counts.sweep_seconds[-1] += took()
        if result.remaining is not None:
            self.counts.sweeps_continued += 1
            later = self.engine.seconds + took() + assumptions.CONTINUATION_SECONDS
            self.engine.at(later, partial(self._continue_sweep, result.remaining))

    def _calls(self) -> int:
        return self.records.reads + self.records.writes + self.queue.sent

    def _checked(self, number: int, at: datetime) -> None:
        record = self._record(number)
        checked_at = record.snapshot.checked_at
        if checked_at is not None:
            now = self.engine.seconds
            if now >= self.case.measured_from:
                self.freshness.checks[number] += 1
            self.freshness.update(number, self._kind(number, record, at), since_start(checked_at), now)
        self.traffic.checked(number)

    def _record(self, number: int) -> Record:
        return self.records.stored[team_id(number), advertiser_id(number)]

    def _kind(self, number: int, record: Record, at: datetime) -> str:
        if record.urgent(at):
            return LAUNCH
        return ACTIVE if self.population.is_active[number] else IDLE


def simulated(case: Case, profiles: Sequence[Profile]) -> Figures:
    """Run a case, without garbage collection: there are millions of records, and no cycles."""
    collects = gc.isenabled()
    gc.disable()
    try:
        simulation = Simulation(case, profiles)
        simulation.run()
    finally:
        if collects:
            gc.enable()
    return figures(simulation)


def run_all(cases: Iterable[Case], profiles: Sequence[Profile], jobs: int, console: Console) -> dict[Case, Figures]:
    """Run cases in processes of their own, the longest first, and report each that is done."""
    wanted = sorted(set(cases), key=lambda one: -one.advertisers * one.seconds)
    started = time.monotonic()
    done: dict[Case, Figures] = {}
    console.line(f"  {len(wanted)} cases, {jobs} at a time")
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        running = {pool.submit(_run, one, profiles): one for one in wanted}
        for future in as_completed(running):
            case = running[future]
            done[case], took = future.result()
            progress = f"{len(done)} of {len(wanted)}, {time.monotonic() - started:.0f} s in all"
            console.line(f"  {case.name + f', {case.hours} h':<44}{took:6.1f} s   ({progress})")
    return done


def _run(case: Case, profiles: Sequence[Profile]) -> tuple[Figures, float]:
    logging.disable(logging.CRITICAL)
    started = time.monotonic()
    return simulated(case, profiles), time.monotonic() - started
