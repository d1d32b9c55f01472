"""A worker may be killed or interrupted between any two of its effects: nothing is lost, and no event is doubled."""

from dataclasses import replace
from datetime import timedelta

import pytest

from local.tiktok_simulator import DemoToken
from publishing.preflight.objectives import Requirement
from tests.support.effects import KilledError, Point
from tests.unit.readiness.scenarios import (
    CHANGE,
    CONFIRMATION,
    READY,
    RECOVERY,
    Case,
    Interrupted,
    Scenario,
    add_pixel,
    cases,
    first_job_queued,
    name_of,
    owner_reconnects,
    pixel_added,
    pixel_removed,
    pixel_unbound,
    pixel_unbound_by_hand,
    pixel_unconfirmed,
    process_queue,
    rate_limited,
    tiktok_recovers,
    token_revoked,
)
from tests.unit.readiness.system import EXPIRED, TEAM, System

pytestmark = [pytest.mark.in_process, pytest.mark.slow]

NO_PIXEL = (Requirement.PIXEL,)
OWNER_EXPIRED = (EXPIRED, f"connection-expired/{TEAM}/{DemoToken.OWNER.user}")
LONGER_THAN_VISIBILITY = timedelta(minutes=13)
PROMPTLY = LONGER_THAN_VISIBILITY + CONFIRMATION

CONFIRMING_EFFECTS = (
    "write record",  # with the lease
    "ask TikTok",
    "write record",  # with the event in its outbox
    "publish",
    "write record",  # without the event
    "write record",  # without the lease
    "delete messages",
)
CHANGE_EFFECTS = (*CONFIRMING_EFFECTS[:-1], "add statistics", "delete messages")
BASELINE = Scenario(
    "baseline",
    first_job_queued,
    process_queue,
    ("write record", "schedule refresh", "ask TikTok", "write record", "add statistics", "delete messages"),
)
UNCONFIRMED = Scenario(
    "unconfirmed",
    pixel_removed,
    process_queue,
    (
        "write record",
        "ask TikTok",
        "write record",
        "send job",
        "write record",
        "add statistics",
        "delete messages",
    ),
    NO_PIXEL,
    (CHANGE,),
)
CONFIRMED = Scenario("confirmed", pixel_unconfirmed, process_queue, CONFIRMING_EFFECTS, NO_PIXEL, (CHANGE,))
UNBOUND = Scenario("unbound", pixel_unbound, process_queue, CHANGE_EFFECTS, NO_PIXEL, (CHANGE,))
UNBOUND_BY_HAND = Scenario(
    "unbound by hand", pixel_unbound_by_hand, process_queue, CONFIRMING_EFFECTS, NO_PIXEL, (CHANGE,)
)
RESOLVED = Scenario("resolved", pixel_added, process_queue, CHANGE_EFFECTS, (), (CHANGE, CHANGE))
TOKEN_INVALID = Scenario(
    "token invalid",
    token_revoked,
    process_queue,
    (
        "write record",
        "ask TikTok",
        "mark expired",
        "begin notification",
        "publish",
        "finish notification",
        "write record",
        "add statistics",
        "delete messages",
    ),
    (),
    (OWNER_EXPIRED,),
    repair=owner_reconnects,
)
LIMITED = Scenario(
    "rate limited",
    rate_limited,
    process_queue,
    ("write record", "ask TikTok", "write record", "change visibility", "add statistics"),
    repair=tiktok_recovers,
)
ALL = (BASELINE, UNCONFIRMED, CONFIRMED, UNBOUND, UNBOUND_BY_HAND, RESOLVED, TOKEN_INVALID, LIMITED)


@pytest.mark.parametrize("case", cases(ALL), ids=name_of)
def test_a_worker_killed_at_any_point_loses_and_doubles_nothing(system: System, case: Case) -> None:
    """The snapshot is right in the end, each event is published under one id, and nothing stays pending.

    The events are published by the message's next delivery or by the confirmation check, and need no sweep.
    """
    scenario, point = case
    scenario.run(system, point)
    system.pass_time(PROMPTLY, sweeps=False)
    scenario.assert_published(system)
    system.pass_time(RECOVERY)
    scenario.assert_end_state(system, READY)


@pytest.mark.parametrize("case", [(one, at) for one in ALL for at in one.points()], ids=name_of)
def test_a_worker_delayed_at_any_point_does_no_harm_when_it_continues(system: System, case: Interrupted) -> None:
    """Its message is delivered to another worker meanwhile, which processes it; then the first one continues."""
    scenario, point = case

    def meanwhile() -> None:
        with system.another_worker():
            system.pass_time(LONGER_THAN_VISIBILITY, sweeps=False)

    scenario.run(system, point, meanwhile)
    system.pass_time(RECOVERY)
    scenario.assert_end_state(system, READY)


def test_the_result_of_a_delayed_worker_does_not_overwrite_a_later_one(system: System) -> None:
    """It found the pixel unbound; while it was delayed, a pixel was added and another worker found it."""

    def meanwhile() -> None:
        add_pixel(system)
        with system.another_worker():
            system.pass_time(LONGER_THAN_VISIBILITY, sweeps=False)

    pixel_unbound(system)
    baseline = system.record(READY).snapshot.generation
    system.effects.watch(Point(2, after=False), meanwhile)
    system.process_queue()
    assert system.effects.reached
    system.pass_time(RECOVERY)
    assert system.bus.events == []
    assert system.record(READY).snapshot.generation == baseline


def test_a_confirmation_check_whose_message_is_lost_is_made_by_the_next_sweep(system: System) -> None:
    """The record is claimed for it, and due at its time."""
    pixel_removed(system)
    system.process_queue()
    [message] = system.queue.messages
    [job] = system.queued_jobs()
    record = system.record(READY)
    assert job.claim == record.claim is not None
    assert record.due_at == message.visible_at == system.clock() + CONFIRMATION
    system.queue.delete(message.id)
    system.clock.forward(CONFIRMATION)
    system.run_sweep()
    system.process_queue()
    assert len(system.published()) == 1


def test_a_confirmation_check_whose_message_is_delivered_twice_is_made_once(system: System) -> None:
    """Its claim is valid for one check."""
    pixel_unconfirmed(system)
    [message] = system.queue.messages
    system.queue.put(message.content)
    system.effects.watch()
    assert system.process_queue() == 2
    assert system.checks_made() == 1


def _kill_twice(system: System, case: Interrupted, second: int, within: timedelta) -> None:
    scenario, point = case
    replace(scenario, repair=lambda _system: None).run(system, point)
    system.effects.watch(Point(second, after=True))
    with pytest.raises(KilledError):
        system.pass_time(within)
    scenario.repair(system)
    system.pass_time(RECOVERY)
    scenario.assert_end_state(system, READY)


@pytest.mark.parametrize("second", range(6))
@pytest.mark.parametrize(
    "case", [(one, at) for one in (UNCONFIRMED, UNBOUND) for at in one.points() if at.after], ids=name_of
)
def test_a_worker_killed_twice_loses_and_doubles_nothing(system: System, case: Interrupted, second: int) -> None:
    """The process that repeats its work is killed too, at any of its first effects."""
    _kill_twice(system, case, second, timedelta(hours=3))


@pytest.mark.parametrize("second", range(4))
@pytest.mark.parametrize("case", [(TOKEN_INVALID, Point(at, after=True)) for at in range(6)], ids=name_of)
def test_a_worker_killed_twice_while_it_publishes_an_expiry_publishes_it_once(
    system: System, case: Interrupted, second: int
) -> None:
    """The next process publishes it under the same id, before anything is stale for a whole interval."""
    _kill_twice(system, case, second, timedelta(minutes=20))
