"""What must hold once everything has come to rest, however often a process died on the way."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from publishing.preflight.objectives import OBJECTIVES, Requirement
from tests.support.effects import KilledError, Point, die
from tests.unit.readiness.system import CHANGED, EXPIRED, STALE, UNVERIFIABLE, System

RECOVERY = timedelta(hours=4, minutes=30)
"""A message is lost for two hours at most, and then an hourly sweep finds its advertiser; not on the hour."""
FRESH = timedelta(hours=1, minutes=30)
"""Evidence of an advertiser in use is no older, where nothing is stuck."""


@dataclass(frozen=True)
class Scenario:
    """Something that happens, the effects that it has in their order, and what the system comes to in the end."""

    name: str
    prepare: Callable[[System], None]
    """Until just before."""
    act: Callable[[System], None]
    """The work that may be killed."""
    effects: tuple[str, ...]
    missing: tuple[Requirement, ...] = ()
    events: tuple[tuple[str, str], ...] = ()
    """Detail type and id of each event that others get."""
    mend: Callable[[System], None] = lambda _system: None
    """What the world does afterwards: TikTok recovers, EventBridge delivers once more."""

    def points(self) -> Iterable[Point]:
        """Every point at which a process can die."""
        return [Point(at, after) for at in range(len(self.effects)) for after in (False, True)]

    def happens(self, system: System, point: Point | None, interruption: Callable[[], None] = die) -> None:
        """Let it happen, with an interruption at that point; all effects until then are those that are listed."""
        self.prepare(system)
        system.effects.watch(point, interruption)
        try:
            self.act(system)
        except KilledError:
            assert interruption is die
        system.effects.watching = False
        expected = self.effects if point is None else self.effects[: point.at + 1]
        assert system.effects.names == list(expected)
        assert system.effects.reached == (point is not None)
        self.mend(system)

    def assert_well(self, system: System, advertiser_id: str) -> None:
        """Everything is at rest, the snapshot is right, and each event came under its one id."""
        assert_at_rest(system)
        assert_told_once(system)
        self.assert_told(system)
        snapshot = system.record(advertiser_id).snapshot
        assert snapshot.generation == 1 + len(system.sent())
        for name, required in OBJECTIVES.items():
            state = snapshot.objective(name)
            assert (state.unknown, state.missing) == ((), tuple(one for one in self.missing if one in required))
        assert snapshot.checked_at is not None
        assert snapshot.checked_at > system.clock() - FRESH

    def assert_told(self, system: System) -> None:
        """Others got these events and no other one."""
        kinds = (CHANGED, STALE, EXPIRED, UNVERIFIABLE)
        assert [(kind, one.id) for kind in kinds for one in system.sent(kind)] == list(self.events)


def cases(scenarios: Iterable[Scenario]) -> list[tuple[Scenario, Point | None]]:
    """Each scenario whole, and with each of its points."""
    return [(scenario, point) for scenario in scenarios for point in (None, *scenario.points())]


def name_of(case: object) -> str:
    """How pytest shows one."""
    if not isinstance(case, tuple):
        return str(case)
    scenario, point = case
    if point is None:
        return f"{scenario.name}-whole"
    return f"{scenario.name}-{'after' if point.after else 'before'}-{point.at}-{scenario.effects[point.at]}"


def assert_at_rest(system: System) -> None:
    """Nothing waits that nobody would ever do: no lease, no claim, no event, no suspicion, no message."""
    for record in system.product.records.stored.values():
        assert record.lease is None
        assert record.claim is None
        assert record.outbox == ()
        assert record.snapshot.suspected_since is None
        assert record.snapshot.stale_since is None
        assert record.due_at > system.clock()
    assert len(system.queue) == 0
    assert system.queue.dead == []


def assert_told_once(system: System) -> None:
    """The same id always tells the same, and no two ids tell the same transition: they follow each other."""
    first: dict[str, Any] = {}
    for one in system.seen_bus.events:
        assert json.dumps(first.setdefault(one.id, one.detail)) == json.dumps(one.detail), one.id
    generations: dict[str, int] = {}
    missing: dict[str, set[str]] = {}
    for one in system.sent(CHANGED):
        advertiser = one.detail["advertiser_id"]
        assert one.detail["generation"] == generations.get(advertiser, 1) + 1, "in order, with no gap"
        generations[advertiser] = one.detail["generation"]
        added = {change["requirement"] for change in one.detail["added"]}
        resolved = set(one.detail["resolved"])
        known = missing.setdefault(advertiser, set())
        assert added | resolved
        assert not added & known, "what is missing goes missing but once"
        assert not resolved - known, "what is resolved was missing"
        known |= added
        known -= resolved
