"""A sweep, a request or a preflight may die between any two of its effects too."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken
from publishing.preflight.objectives import Requirement
from publishing.readiness.record import OutgoingEvent
from publishing.readiness.stores import Run
from publishing.triggers import GOES_ON, sweep_handler
from tests.support.effects import Point
from tests.support.invocations import FakeContext
from tests.unit.readiness.aftermath import RECOVERY, Scenario, cases, name_of
from tests.unit.readiness.happenings import FIRST_CHANGE, READY, baseline, lose_pixel, unbind_pixel
from tests.unit.readiness.system import TEAM, UNVERIFIABLE, System

pytestmark = pytest.mark.slow

OF_OWNER = tuple(str(one) for one in (READY, DemoAdvertiser.SUSPENDED, DemoAdvertiser.LINKED_BY_OWNER))
ON_TWO_PAGES = (READY, DemoAdvertiser.LINKED_BY_OWNER, DemoAdvertiser.CUSTOM_ALLOWED)
"""The latter two are in one shard of those that are due, so that they are claimed together."""
NO_PIXEL = (Requirement.PIXEL,)
LAST_RUN = "2026-11-16T09:00:00.000+00:00"


def _three(system: System) -> None:
    system.person(DemoToken.MEDIA_BUYER, "mediabuyer")
    for one in ON_TWO_PAGES:
        system.watch_over(one)


def _three_after_an_outage(system: System) -> None:
    _three(system)
    system.seen_runs.count(Run(LAST_RUN, queued=4, verified=1, unverified=3))


def _sweep(system: System) -> None:
    system.run_sweep()


def _sweep_without_time(system: System) -> None:
    system.run_sweep(seconds=5)


def _lambda_tries_again(system: System) -> None:
    """Lambda gives a failed event to the function once more, a minute later."""
    system.clock.forward(timedelta(minutes=1))
    system.run_sweep(system.clock() - timedelta(minutes=1))


def _handed_on(system: System) -> list[OutgoingEvent]:
    return [one for one in system.seen_bus.events if one.detail_type == GOES_ON]


def _bus_delivers_twice(system: System) -> None:
    """What the sweep hands on comes back to it; the bus delivers at least once."""
    for one in [*_handed_on(system), *_handed_on(system)]:
        event = {"detail-type": one.detail_type, "detail": one.detail}
        sweep_handler(system.sweep, system.connection_sweep, system.bus)(event, FakeContext(300))
    system.work()


def _ask_for_all(system: System) -> None:
    system.ask({"team_id": TEAM}, "TikTok Connected")


def _nobody_yet(system: System) -> None:
    system.person(DemoToken.OWNER, advertisers=OF_OWNER)


def _without_pixel(how: Callable[[System], None]) -> Callable[[System], None]:
    def prepare(system: System) -> None:
        baseline(system)
        how(system)
        system.clock.forward(timedelta(minutes=10))

    return prepare


def _seen_otherwise_by_a_teammate(system: System) -> None:
    """The teammate's token lacks nothing, but sees another TikTok: the pixel is gone only after the owner's look."""
    baseline(system)
    system.person(DemoToken.NARROW_SCOPE, "manager", [READY])
    system.tiktok.world.tokens[DemoToken.NARROW_SCOPE] = replace(
        system.tiktok.world.tokens[DemoToken.NARROW_SCOPE], missing_scopes=frozenset()
    )
    lose_pixel(system)
    system.clock.forward(timedelta(minutes=10))


def _preflight(system: System) -> None:
    assert system.preflight(READY).missing == (Requirement.PIXEL,)


def _preflight_of_a_teammate(system: System) -> None:
    assert system.preflight(READY, user_id=DemoToken.NARROW_SCOPE.user).missing == (Requirement.PIXEL,)


SWEEP = ("write", "queue", "write", "write", "queue", "queue")
WHOLE_SWEEP = Scenario("sweep", _three, _sweep, (*SWEEP, "count"))
AFTER_OUTAGE = replace(
    WHOLE_SWEEP,
    name="sweep after an outage",
    prepare=_three_after_an_outage,
    effects=("bus", *SWEEP, "count"),
    events=((UNVERIFIABLE, f"checks-unverifiable/{LAST_RUN}"),),
)
REQUEST = Scenario("request", _nobody_yet, _ask_for_all, ("schedule",) + ("write", "queue") * 3, mend=_ask_for_all)
SCENARIOS = (
    WHOLE_SWEEP,
    replace(WHOLE_SWEEP, name="sweep tried again", mend=_lambda_tries_again),
    replace(AFTER_OUTAGE, mend=_lambda_tries_again),
    Scenario("sweep hands on", _three, _sweep_without_time, ("bus",), mend=_bus_delivers_twice),
    REQUEST,
    Scenario(
        "preflight suspects", _without_pixel(lose_pixel), _preflight, ("write", "queue"), NO_PIXEL, (FIRST_CHANGE,)
    ),
    Scenario(
        "preflight knows", _without_pixel(unbind_pixel), _preflight, ("write", "queue"), NO_PIXEL, (FIRST_CHANGE,)
    ),
    Scenario(
        "preflight contradicts",
        _seen_otherwise_by_a_teammate,
        _preflight_of_a_teammate,
        ("write", "queue"),
        NO_PIXEL,
        (FIRST_CHANGE,),
    ),
)


@pytest.mark.parametrize("case", cases(SCENARIOS), ids=name_of)
def test_a_process_killed_at_any_point_loses_and_doubles_nothing(
    system: System, case: tuple[Scenario, Point | None]
) -> None:
    """Every advertiser is looked at, each event comes under its one id, and nothing is left undone."""
    scenario, point = case
    scenario.happens(system, point)
    system.pass_time(RECOVERY)
    scenario.assert_well(system, READY)
    for record in system.product.records.stored.values():
        assert record.snapshot.checked_at is not None
        assert record.snapshot.checked_at > system.clock() - timedelta(hours=1, minutes=30)
