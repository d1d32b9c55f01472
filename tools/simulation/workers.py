"""The workers of one queue: `publishing.readiness.worker` in simulated time, message by message at the app's pace."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from publishing.readiness.decision import troubled
from publishing.readiness.live import Live
from publishing.readiness.looks import Begun, Checked, ComesBackError, Looks, Outcome
from publishing.readiness.snapshot import Look
from publishing.readiness.stores import LookMessage, Run
from publishing.readiness.worker import BUDGET_SECONDS, MARGIN_SECONDS
from tools.in_memory_readiness import InMemoryRuns, Waiting
from tools.simulation import assumptions
from tools.simulation.engine import Engine, SimulatedQueue, since_start
from tools.simulation.population import Population, number_of
from tools.simulation.tally import Tally
from tools.simulation.tiktok import SimulatedTikTok

TIMEOUT_SECONDS = 120.0
"""Of the worker's function, in template.yaml."""
BATCH_SIZES = {False: 5, True: 1}
"""Messages that a worker takes at once, by whether they are urgent; in template.yaml."""


@dataclass(slots=True, eq=False)
class _Worker:
    batch: "deque[Waiting]" = field(default_factory=deque)
    done: list[str] = field(default_factory=list)
    began: float = 0.0
    runs: dict[str, "Counter[bool]"] = field(default_factory=dict)


@dataclass(slots=True)
class World:
    """What every worker works with."""

    engine: Engine
    queue: SimulatedQueue
    looks: Looks
    live: Live
    runs: InMemoryRuns
    population: Population
    tiktok: SimulatedTikTok
    tally: Tally
    looked: Callable[[int, datetime], None]
    """Called with the advertiser's number after each look, and with when it was made."""


@dataclass(slots=True)
class Workers:
    """So many at once as the level allows."""

    world: World
    urgent: bool
    many: int
    gap: timedelta
    _idle: list[_Worker] = field(init=False)
    _woken_at: float = float("inf")

    def __post_init__(self) -> None:
        self._idle = [_Worker() for _ in range(self.many)]

    def visible(self, at: datetime) -> None:
        """A message can be received at that moment."""
        if self._idle:
            self._wake(since_start(at))

    def _wake(self, seconds: float) -> None:
        if seconds < self._woken_at:
            self._woken_at = seconds
            self.world.engine.at(seconds, partial(self._woken, seconds))

    def _woken(self, seconds: float) -> None:
        if seconds != self._woken_at:
            return
        self._woken_at = float("inf")
        idle, self._idle = self._idle, []
        for worker in idle:
            self._fetch(worker)

    def _fetch(self, worker: _Worker) -> None:
        received = self.world.queue.receive(BATCH_SIZES[self.urgent], urgent=self.urgent)
        if not received:
            self._idle.append(worker)
            later = self.world.queue.next_visible(urgent=self.urgent)
            if later is not None:
                self._wake(since_start(later))
            return
        worker.batch.extend(received)
        worker.began = self.world.engine.seconds
        self._next(worker)

    def _next(self, worker: _Worker) -> None:
        """Go on with the batch as far as no time passes."""
        while worker.batch:
            waiting = worker.batch.popleft()
            try:
                begun = self._begun(worker, waiting)
            except ComesBackError as later:
                self._comes_back(worker, waiting, later)
                continue
            if begun is not None:
                self._look(worker, waiting, begun)
                return
            self._ended(worker, waiting, Checked(Outcome.SUPERSEDED))
        self._finish(worker)

    def _begun(self, worker: _Worker, waiting: Waiting) -> Begun | None:
        if self._remaining(worker) < BUDGET_SECONDS:
            raise ComesBackError(Checked(Outcome.OUT_OF_TIME), self.world.engine.clock())
        return self.world.looks.begin(_message(waiting), waiting.id)

    def _look(self, worker: _Worker, waiting: Waiting, begun: Begun) -> None:
        world, began = self.world, self.world.engine.seconds
        number = number_of(begun.message.advertiser_id)
        asked = world.tiktok.check(world.population.profile(number), began)
        look = world.population.look(number, asked, world.engine.clock())
        world.tally.refused_looks += bool(asked.refused)
        world.engine.at(began + asked.seconds, partial(self._looked, worker, waiting, begun, look))

    def _looked(self, worker: _Worker, waiting: Waiting, begun: Begun, look: Look) -> None:
        engine = self.world.engine
        try:
            self._ended(worker, waiting, self.world.looks.end(begun, look, waiting.tries))
            self.world.looked(number_of(begun.message.advertiser_id), look.at)
        except ComesBackError as later:
            self._comes_back(worker, waiting, later)
        took = (engine.clock() - look.at).total_seconds()
        pause = max(0.0, min(self.gap.total_seconds() - took, self._remaining(worker)))
        engine.at(engine.seconds + pause, partial(self._next, worker))

    def _comes_back(self, worker: _Worker, waiting: Waiting, later: ComesBackError) -> None:
        delay = max(later.at - self.world.engine.clock(), timedelta())
        self.world.queue.hide(waiting.id, delay, urgent=self.urgent)
        self._account(worker, waiting, later.checked)

    def _ended(self, worker: _Worker, waiting: Waiting, checked: Checked) -> None:
        worker.done.append(waiting.id)
        self._account(worker, waiting, checked)

    def _account(self, worker: _Worker, waiting: Waiting, checked: Checked) -> None:
        self.world.tally.outcomes[checked.outcome] += 1
        run, first_refusal = _message(waiting).run, checked.outcome is Outcome.RATE_LIMITED and waiting.tries == 1
        if run and checked.look and (checked.outcome is Outcome.LOOKED or first_refusal):
            worker.runs.setdefault(run, Counter())[troubled(checked.look)] += 1

    def _finish(self, worker: _Worker) -> None:
        """The batch is over: what is done is deleted, and the sweep's account is kept."""
        world = self.world
        for receipt in worker.done:
            world.queue.delete(receipt)
        for name, one in worker.runs.items():
            world.runs.count(Run(name, verified=one[False], unverified=one[True]))
        world.tally.batches += 1
        world.tally.busy[self.urgent] += world.engine.seconds - worker.began
        worker.done.clear()
        worker.runs.clear()
        world.engine.at(world.engine.seconds + assumptions.POLL_SECONDS, partial(self._fetch, worker))

    def _remaining(self, worker: _Worker) -> float:
        return TIMEOUT_SECONDS - MARGIN_SECONDS - (self.world.engine.seconds - worker.began)


def _message(waiting: Waiting) -> LookMessage:
    if not isinstance(waiting.content, LookMessage):
        raise TypeError("the simulation sends no poison")
    return waiting.content
