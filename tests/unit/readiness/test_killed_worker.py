"""A worker may die between any two of its effects: nothing is lost, and nothing is told twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from local.tiktok_simulator import DemoToken
from publishing.preflight.objectives import Requirement
from publishing.readiness.stores import LookMessage
from tests.support.effects import KilledError, Point
from tests.unit.readiness.aftermath import RECOVERY, Scenario, cases, name_of
from tests.unit.readiness.happenings import (
    CONFIRMATION,
    FIRST_CHANGE,
    READY,
    SECOND_CHANGE,
    connected_again,
    find_pixel,
    owner_refused,
    pixel_back,
    pixel_lost,
    pixel_suspected,
    pixel_unbound,
    rate_limited,
    tiktok_recovers,
    watched,
    work,
)
from tests.unit.readiness.system import EXPIRED, TEAM, System

pytestmark = pytest.mark.slow

NO_PIXEL = (Requirement.PIXEL,)
TOLD = ("write", "look", "write", "bus", "write", "write", "count", "delete")
"""Taken, asked, decided with an event in the outbox, sent, taken out of it, let go of."""
OWNER_EXPIRED = (EXPIRED, f"connection-expired/{TEAM}/{DemoToken.OWNER.user}/2026-11-01T09:00:00Z")
LONGER_THAN_VISIBILITY = timedelta(minutes=13)
PROMPT = LONGER_THAN_VISIBILITY + CONFIRMATION

BASELINE = Scenario("baseline", watched, work, ("write", "schedule", "look", "write", "count", "delete"))
SUSPECTED = Scenario(
    "suspected",
    pixel_lost,
    work,
    ("write", "look", "write", "queue", "write", "count", "delete"),
    NO_PIXEL,
    (FIRST_CHANGE,),
)
CONFIRMED = Scenario(
    "confirmed", pixel_suspected, work, tuple(one for one in TOLD if one != "count"), NO_PIXEL, (FIRST_CHANGE,)
)
UNBOUND = Scenario("unbound", pixel_unbound, work, TOLD, NO_PIXEL, (FIRST_CHANGE,))
RESOLVED = Scenario("resolved", pixel_back, work, TOLD, (), (FIRST_CHANGE, SECOND_CHANGE))
REFUSED = Scenario(
    "refused",
    owner_refused,
    work,
    ("write", "look", "mark", "begin", "bus", "told", "write", "count", "delete"),
    (),
    (OWNER_EXPIRED,),
    mend=connected_again,
)
LIMITED = Scenario(
    "rate limited", rate_limited, work, ("write", "look", "write", "hide", "count"), mend=tiktok_recovers
)
ALL = (BASELINE, SUSPECTED, CONFIRMED, UNBOUND, RESOLVED, REFUSED, LIMITED)


@pytest.mark.parametrize("case", cases(ALL), ids=name_of)
def test_a_worker_killed_at_any_point_loses_and_doubles_nothing(
    system: System, case: tuple[Scenario, Point | None]
) -> None:
    """The snapshot comes right, each event comes under its one id, and nothing is left undone.

    The events come with the message's next delivery or its confirmation, and need no sweep.
    """
    scenario, point = case
    scenario.happens(system, point)
    system.pass_time(PROMPT, sweeps=False)
    scenario.assert_told(system)
    system.pass_time(RECOVERY)
    scenario.assert_well(system, READY)


@pytest.mark.parametrize("case", [(one, at) for one in ALL for at in one.points()], ids=name_of)
def test_a_worker_held_up_at_any_point_does_no_harm_when_it_goes_on(
    system: System, case: tuple[Scenario, Point]
) -> None:
    """Its message comes to another worker meanwhile, which does all of it; then the first goes on where it was."""
    scenario, point = case

    def meanwhile() -> None:
        with system.another_worker():
            system.pass_time(LONGER_THAN_VISIBILITY, sweeps=False)

    scenario.happens(system, point, meanwhile)
    system.pass_time(RECOVERY)
    scenario.assert_well(system, READY)


def test_what_a_held_up_worker_saw_is_not_written_over_what_was_seen_since(system: System) -> None:
    """It saw the pixel unbound; while it was held up there was a new one, and another worker saw that."""

    def meanwhile() -> None:
        find_pixel(system)
        with system.another_worker():
            system.pass_time(LONGER_THAN_VISIBILITY, sweeps=False)

    pixel_unbound(system)
    system.effects.watch(Point(2, after=False), meanwhile)
    system.work()
    assert system.effects.reached
    system.pass_time(RECOVERY)
    assert system.seen_bus.events == []
    assert system.record(READY).snapshot.generation == 1


def test_a_second_look_whose_message_is_lost_is_made_by_the_first_sweep_thereafter(system: System) -> None:
    """The record is claimed for it, and due at its time."""
    pixel_lost(system)
    system.work()
    [message] = system.queue.messages
    record = system.record(READY)
    assert isinstance(message.content, LookMessage)
    assert message.content.claim == record.claim is not None
    assert record.due_at == message.visible_at == system.clock() + CONFIRMATION
    system.queue.delete(message.id)
    system.clock.forward(CONFIRMATION)
    system.run_sweep()
    system.work()
    assert [one.id for one in system.sent()] == [FIRST_CHANGE[1]]


def test_a_second_look_whose_message_comes_twice_is_made_once(system: System) -> None:
    """Its claim is for one look."""
    pixel_suspected(system)
    [message] = system.queue.messages
    system.queue.put(message.content)
    system.effects.watch()
    assert system.work() == 2
    assert system.effects.names.count("look") == 1


def _twice(system: System, case: tuple[Scenario, Point], second: int, until: timedelta) -> None:
    scenario, point = case
    replace(scenario, mend=lambda _system: None).happens(system, point)
    system.effects.watch(Point(second, after=True))
    with pytest.raises(KilledError):
        system.pass_time(until)
    scenario.mend(system)
    system.pass_time(RECOVERY)
    scenario.assert_well(system, READY)


@pytest.mark.parametrize("second", range(6))
@pytest.mark.parametrize(
    "case", [(one, at) for one in (SUSPECTED, UNBOUND) for at in one.points() if at.after], ids=name_of
)
def test_a_worker_killed_twice_loses_and_doubles_nothing(
    system: System, case: tuple[Scenario, Point], second: int
) -> None:
    """Also where the one that does it again dies too, at any of its first effects."""
    _twice(system, case, second, timedelta(hours=3))


@pytest.mark.parametrize("second", range(4))
@pytest.mark.parametrize("case", [(REFUSED, Point(at, after=True)) for at in range(6)], ids=name_of)
def test_two_deaths_on_the_way_to_tell_of_a_connections_end_tell_of_it_once(
    system: System, case: tuple[Scenario, Point], second: int
) -> None:
    """Whoever comes next tells of it, under the same id; before anything is stale for a whole interval."""
    _twice(system, case, second, timedelta(minutes=20))
