"""What happens to an advertiser, its effects in order, and what must hold in the end, whichever process is killed."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Pixel, Token
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.readiness.check_job import CheckJob
from tests.support.effects import KilledError, Point, kill
from tests.unit.readiness.system import CHANGED, EXPIRED, STALE, TEAM, UNVERIFIABLE, System

READY = DemoAdvertiser.EVERYTHING_READY
CONFIRMATION = timedelta(minutes=5)
CHANGE = (CHANGED, f"readiness-changed/{TEAM}/{READY}")
RATE_LIMITED = 40100
RECOVERY = timedelta(hours=4, minutes=30)
"""A job counts as lost after two hours, then an hourly sweep finds its advertiser. Does not end on the hour."""
FRESH = timedelta(hours=1, minutes=30)
"""Evidence of an active advertiser is younger than this, unless something is stuck."""


def sweep_queues_job(system: System) -> None:
    """A sweep queues the advertiser's next check."""
    system.clock.now = max(system.record(READY).due_at, system.clock())
    system.run_sweep()
    assert len(system.queue) == 1


def first_job_queued(system: System) -> None:
    """The first check of an active advertiser is queued."""
    system.add_record(READY)
    sweep_queues_job(system)


def known_ready(system: System) -> None:
    """A check has found the advertiser ready."""
    first_job_queued(system)
    system.process_queue()


def remove_pixel(system: System) -> None:
    """TikTok lists no pixel from now on."""
    system.tiktok.world.advertisers[READY].pixels.clear()


def unbind_pixel(system: System) -> None:
    """TikTok lists the pixel as unbound from now on."""
    system.tiktok.world.advertisers[READY].pixels[:] = [Pixel("75", "Shop", relation_status="UNBOUND")]


def add_pixel(system: System) -> None:
    """TikTok lists a new pixel from now on."""
    system.tiktok.world.advertisers[READY].pixels[:] = [Pixel("76", "Shop")]


def pixel_removed(system: System) -> None:
    """The queued check will not find the pixel."""
    known_ready(system)
    remove_pixel(system)
    sweep_queues_job(system)


def pixel_unconfirmed(system: System) -> None:
    """The queued check is the confirmation check of the pixel's absence."""
    pixel_removed(system)
    system.process_queue()
    assert system.published() == []
    system.clock.forward(CONFIRMATION)


def pixel_unbound(system: System) -> None:
    """The queued check will find the pixel unbound."""
    known_ready(system)
    unbind_pixel(system)
    sweep_queues_job(system)


def pixel_unbound_by_hand(system: System) -> None:
    """The same, but the check was requested by hand: its job has no claim."""
    known_ready(system)
    unbind_pixel(system)
    system.queue.put(CheckJob(TEAM, READY))


def pixel_added(system: System) -> None:
    """The pixel's absence has been published, and the queued check will find a new pixel."""
    pixel_unconfirmed(system)
    system.process_queue()
    assert len(system.published()) == 1
    add_pixel(system)
    sweep_queues_job(system)


def token_revoked(system: System) -> None:
    """The queued check will find the owner's token invalid."""
    known_ready(system)
    system.tiktok.world.revoke(DemoToken.OWNER)
    sweep_queues_job(system)


def owner_reconnects(system: System) -> None:
    """The owner connects again, half an hour later."""
    system.pass_time(timedelta(minutes=30))
    system.tiktok.world.tokens[DemoToken.OWNER] = Token(DemoToken.OWNER, DemoToken.OWNER.user, (READY,))
    system.product.person(DemoToken.OWNER.user, "owner", DemoToken.OWNER, [READY], connected_at="2026-11-16T12:00:00Z")


def rate_limited(system: System) -> None:
    """TikTok will refuse a part of the queued check for rate."""
    known_ready(system)
    sweep_queues_job(system)
    system.tiktok.faults.add(Fault(path="pixel/list/", kind=FaultKind.CODE, code=RATE_LIMITED))


def tiktok_recovers(system: System) -> None:
    """TikTok answers everything again."""
    system.tiktok.faults.clear()


def process_queue(system: System) -> None:
    """The worker processes what is queued."""
    system.process_queue()


@dataclass(frozen=True)
class Scenario:
    """One thing that a process does, its effects in order, and the expected end state."""

    name: str
    prepare: Callable[[System], None]
    """What happened before."""
    act: Callable[[System], None]
    """What the process does; tests interrupt it."""
    effects: tuple[str, ...]
    missing: tuple[Requirement, ...] = ()
    """What is missing in the end."""
    events: tuple[tuple[str, str], ...] = ()
    """Detail type of each published event, and its id without the part that tells it from others of its kind."""
    repair: Callable[[System], None] = lambda _system: None
    """What happens afterwards: TikTok recovers, EventBridge delivers again."""

    def points(self) -> Iterable[Point]:
        """Return every point at which the process can be interrupted."""
        return [Point(at, after) for at in range(len(self.effects)) for after in (False, True)]

    def run(self, system: System, point: Point | None, interruption: Callable[[], None] = kill) -> None:
        """Run the scenario with an interruption at ``point``; until then the effects are exactly the listed ones."""
        self.prepare(system)
        system.effects.watch(point, interruption)
        try:
            self.act(system)
        except KilledError:
            assert interruption is kill
        system.effects.watching = False
        expected = self.effects if point is None else self.effects[: point.at + 1]
        assert system.effects.names == list(expected)
        assert system.effects.reached == (point is not None)
        self.repair(system)

    def assert_end_state(self, system: System, advertiser_id: str) -> None:
        """Assert that nothing is pending, the snapshot is right, and each event was published under one id."""
        assert_nothing_pending(system)
        assert_events_consistent(system)
        self.assert_published(system)
        snapshot = system.record(advertiser_id).snapshot
        assert snapshot.generation == max(
            (one.detail["generation"] for one in system.published()), default=snapshot.generation
        )
        for name, required in OBJECTIVES.items():
            state = snapshot.objective(name)
            assert (state.unknown, state.missing) == ((), tuple(one for one in self.missing if one in required))
        assert snapshot.checked_at is not None
        assert snapshot.checked_at > system.clock() - FRESH

    def assert_published(self, system: System) -> None:
        """Assert that exactly the listed events were published."""
        types = (CHANGED, STALE, EXPIRED, UNVERIFIABLE)
        published = [(one, event.id.rpartition("/")[0]) for one in types for event in system.published(one)]
        assert published == list(self.events)


Case = tuple[Scenario, Point | None]
Interrupted = tuple[Scenario, Point]


def cases(scenarios: Iterable[Scenario]) -> list[Case]:
    """Return each scenario without an interruption, and with one at each of its points."""
    return [(scenario, point) for scenario in scenarios for point in (None, *scenario.points())]


def name_of(case: object) -> str:
    """Return the name under which pytest shows a case."""
    if not isinstance(case, tuple):
        return str(case)
    scenario, point = case
    if point is None:
        return f"{scenario.name}-uninterrupted"
    return f"{scenario.name}-{'after' if point.after else 'before'}-{point.at}-{scenario.effects[point.at]}"


def assert_nothing_pending(system: System) -> None:
    """Assert that no lease, claim, outbox event, unconfirmed absence or message is left."""
    for record in system.product.records.stored.values():
        assert record.lease is None
        assert record.claim is None
        assert record.outbox == ()
        assert record.snapshot.unconfirmed_since is None
        assert record.snapshot.stale_since is None
        assert record.due_at > system.clock()
    assert len(system.queue) == 0
    assert system.queue.dead_letters == []


def assert_events_consistent(system: System) -> None:
    """Assert that events of one id are equal, and that each advertiser's changes follow from each other."""
    first: dict[str, Any] = {}
    for one in system.bus.events:
        assert json.dumps(first.setdefault(one.id, one.detail)) == json.dumps(one.detail), one.id
    generations: dict[str, int] = {}
    missing: dict[str, set[str]] = {}
    for one in system.published(CHANGED):
        advertiser = one.detail["advertiser_id"]
        assert one.detail["generation"] > generations.get(advertiser, 0), "in order"
        generations[advertiser] = one.detail["generation"]
        added = {change["requirement"] for change in one.detail["added"]}
        resolved = set(one.detail["resolved"])
        known = missing.setdefault(advertiser, set())
        assert added | resolved
        assert not added & known, "what is missing already is not added again"
        assert not resolved - known, "what is resolved was missing"
        known |= added
        known -= resolved
