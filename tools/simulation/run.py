"""One run: everything put together, the sweeps, and what was measured."""

import gc
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from random import Random

from publishing.readiness.cadence import LAUNCHES, shards
from publishing.readiness.live import Live
from publishing.readiness.looks import Looks
from publishing.readiness.record import Record
from publishing.readiness.request import Requests
from publishing.readiness.sweep import Sweep, Sweeping
from publishing.triggers import RESERVE_MILLISECONDS
from tools.in_memory_readiness import InMemoryRuns
from tools.simulation import assumptions
from tools.simulation.cases import Case
from tools.simulation.engine import START, Engine, SimulatedQueue, SimulatedRecords, since_start
from tools.simulation.freshness import Freshness
from tools.simulation.population import Population, advertiser_id, team_id
from tools.simulation.profiles import Profile
from tools.simulation.tally import CountingBus, Tally, item_bytes
from tools.simulation.tiktok import SimulatedTikTok
from tools.simulation.traffic import NoLists, NoTeams, Traffic
from tools.simulation.workers import Workers, World

SWEEP_TIMEOUT_SECONDS = 300.0
"""Of the sweep's function, in template.yaml."""
SAMPLE_SECONDS = 300
"""Between two looks at the queue's depth."""
LAUNCH, IN_USE, IDLE = "near a launch", "in use", "idle"


@dataclass(slots=True)
class Simulation:
    """A case, ready to run."""

    case: Case
    profiles: Sequence[Profile]
    engine: Engine = field(default_factory=Engine)
    records: SimulatedRecords = field(default_factory=SimulatedRecords)
    tally: Tally = field(default_factory=Tally)
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
        random = Random(case.seed)  # noqa: S311 - a simulation is to be repeated
        self.population = Population(case, self.profiles, random)
        self.tiktok = SimulatedTikTok(case.pace.level, case.seconds, random, float(case.measured_from), case.outage_at)
        self.queue = SimulatedQueue(engine.clock)
        bus, runs = CountingBus(), InMemoryRuns()
        self.sweep = Sweep(self.records, self.queue, bus, runs, case.pace, engine.clock)
        looks = Looks(self.records, self.queue, bus, case.cadence, engine.clock)
        live = Live(self.records, self.queue, case.cadence, engine.clock)
        world = World(engine, self.queue, looks, live, runs, self.population, self.tiktok, self.tally, self._looked)
        self.traffic = Traffic(world, Requests(self.records, self.queue, NoTeams(), NoLists(), engine.clock))
        bus.heard = self.traffic.told
        workers = {
            urgent: Workers(world, urgent, case.pace.level.workers, case.pace.gap(urgent=urgent))
            for urgent in (False, True)
        }
        self.queue.visible = lambda urgent, at: workers[urgent].visible(at)
        self.records.sample = lambda record: self.tally.bytes_of_records.append(item_bytes(record))
        self.freshness = Freshness(case.advertisers, float(case.measured_from))

    def run(self) -> None:
        """From the start to the end."""
        case, engine = self.case, self.engine
        self.population.store(self.records, START)
        for number, record in enumerate(self.records.stored.values()):
            if record.snapshot.checked_at is not None:
                self.freshness.known(number, since_start(record.snapshot.checked_at))
        self.traffic.begin()
        for second in range(0, case.seconds, round(case.schedule.total_seconds())):
            late = self.population.random.random() * assumptions.SCHEDULER_SECONDS
            scheduled = engine.clock() + case.schedule * (second // round(case.schedule.total_seconds()))
            engine.at(second + late, partial(self._sweep, scheduled))
        for second in range(0, case.seconds, SAMPLE_SECONDS):
            engine.at(float(second), lambda: self.depths.append(len(self.queue)))
        engine.run(case.measured_from)
        self.tally.begin(self.records, self.queue)
        engine.run(case.seconds)
        now = engine.clock()
        kinds = {number: self._kind(number, self._record(number), now) for number in self.population.in_use}
        self.freshness.end(kinds, IDLE, float(case.seconds))

    def _sweep(self, scheduled: datetime) -> None:
        self.tally.sweep_seconds.append(0.0)
        sweeping = self.sweep.begin(scheduled.isoformat(timespec="milliseconds"), (LAUNCHES, *shards()))
        self._go_on(sweeping)

    def _go_on(self, sweeping: Sweeping) -> None:
        """Every call to AWS takes its time, as the sweep's clock says."""
        before = self._calls()

        def took() -> float:
            return (self._calls() - before) * assumptions.AWS_CALL_SECONDS

        limit = SWEEP_TIMEOUT_SECONDS - RESERVE_MILLISECONDS / 1_000
        self.engine.ahead = took
        swept = self.sweep.go_on(sweeping, out_of_time=lambda: took() > limit)
        self.engine.ahead = None
        self.tally.sweep_seconds[-1] += took()
        if swept.left is not None:
            self.tally.sweeps_handed_on += 1
            later = self.engine.seconds + took() + assumptions.HAND_ON_SECONDS
            self.engine.at(later, partial(self._go_on, swept.left))

    def _calls(self) -> int:
        return self.records.reads + self.records.writes + self.queue.sent

    def _looked(self, number: int, at: datetime) -> None:
        record = self._record(number)
        checked_at = record.snapshot.checked_at
        if checked_at is not None:
            now = self.engine.seconds
            if now >= self.case.measured_from:
                self.freshness.looks[number] += 1
            self.freshness.moved(number, self._kind(number, record, at), since_start(checked_at), now)
        self.traffic.looked(number)

    def _record(self, number: int) -> Record:
        return self.records.stored[team_id(number), advertiser_id(number)]

    def _kind(self, number: int, record: Record, at: datetime) -> str:
        if record.urgent(at):
            return LAUNCH
        return IN_USE if self.population.used[number] else IDLE


def simulated(case: Case, profiles: Sequence[Profile]) -> Simulation:
    """Run a case. Nothing in it is a cycle, so nobody needs to look for garbage among millions of records."""
    collects = gc.isenabled()
    gc.disable()
    try:
        simulation = Simulation(case, profiles)
        simulation.run()
    finally:
        if collects:
            gc.enable()
    return simulation
