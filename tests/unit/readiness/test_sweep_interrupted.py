"""A sweep, a check request or a preflight may be killed between any two of its effects: nothing is lost or doubled."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken
from publishing.preflight.objectives import Requirement
from publishing.readiness.check_job import SweepStatistics
from publishing.readiness.sweep import SWEEP_CONTINUED
from tests.unit.readiness.scenarios import (
    CHANGE,
    FRESH,
    READY,
    RECOVERY,
    Case,
    Scenario,
    cases,
    known_ready,
    name_of,
    remove_pixel,
    unbind_pixel,
)
from tests.unit.readiness.system import TEAM, UNVERIFIABLE, System

pytestmark = [pytest.mark.in_process, pytest.mark.slow]

OF_OWNER = tuple(str(one) for one in (READY, DemoAdvertiser.SUSPENDED, DemoAdvertiser.LINKED_BY_OWNER))
THREE = (READY, DemoAdvertiser.LINKED_BY_OWNER, DemoAdvertiser.CUSTOM_ALLOWED)
"""The last two are in the same shard, so that they are claimed together."""
NO_PIXEL = (Requirement.PIXEL,)
LAST_RUN = "2026-11-16T09:00:00.000+00:00"


def _three_due(system: System) -> None:
    system.add_person(DemoToken.MEDIA_BUYER, "mediabuyer")
    for one in THREE:
        system.add_record(one)


def _three_due_after_an_outage(system: System) -> None:
    _three_due(system)
    system.statistics.add(SweepStatistics(LAST_RUN, queued=4, verified=1, unverified=3))


def _sweep(system: System) -> None:
    system.run_sweep()


def _sweep_without_time(system: System) -> None:
    system.run_sweep(seconds=5)


def _lambda_retries(system: System) -> None:
    """Lambda invokes the function again for a failed event, a minute later."""
    system.clock.forward(timedelta(minutes=1))
    system.run_sweep(system.clock() - timedelta(minutes=1))


def _continuation_is_delivered_twice(system: System) -> None:
    """The bus delivers the sweep's continuation to it at least once."""
    for _ in range(2):
        for one in [one for one in system.bus.events if one.detail_type == SWEEP_CONTINUED]:
            system.handle_sweep_event({"detail-type": one.detail_type, "detail": one.detail})
    system.process_queue()


def _owner_connected(system: System) -> None:
    system.add_person(DemoToken.OWNER, advertisers=OF_OWNER)


def _request_all(system: System) -> None:
    system.request_check({"team_id": TEAM}, "TikTok Connected")


def _known_without_pixel(change: Callable[[System], None]) -> Callable[[System], None]:
    def prepare(system: System) -> None:
        known_ready(system)
        change(system)
        system.clock.forward(timedelta(minutes=10))

    return prepare


def _pixel_removed_and_teammate_connected(system: System) -> None:
    """The teammate's token has every permission; the pixel is removed after the check with the owner's token."""
    known_ready(system)
    system.add_person(DemoToken.NARROW_SCOPE, "manager", [READY])
    tokens = system.tiktok.world.tokens
    tokens[DemoToken.NARROW_SCOPE] = replace(tokens[DemoToken.NARROW_SCOPE], missing_scopes=frozenset())
    remove_pixel(system)
    system.clock.forward(timedelta(minutes=10))


def _preflight(system: System) -> None:
    assert system.preflight(READY).missing == NO_PIXEL


def _preflight_of_a_teammate(system: System) -> None:
    assert system.preflight(READY, user_id=DemoToken.NARROW_SCOPE.user).missing == NO_PIXEL


SWEEP_EFFECTS = ("write record", "send job", "write record", "write record", "send job", "send job")
SWEEP = Scenario("sweep", _three_due, _sweep, (*SWEEP_EFFECTS, "add statistics"))
AFTER_OUTAGE = replace(
    SWEEP,
    name="sweep after an outage",
    prepare=_three_due_after_an_outage,
    effects=("publish", *SWEEP_EFFECTS, "add statistics"),
    events=((UNVERIFIABLE, "checks-unverifiable"),),
)
REQUEST = Scenario(
    "request",
    _owner_connected,
    _request_all,
    ("schedule refresh",) + ("write record", "send job") * 3,
    repair=_request_all,
)
PREFLIGHT = Scenario(
    "preflight finds no pixel",
    _known_without_pixel(remove_pixel),
    _preflight,
    ("write record", "send job"),
    NO_PIXEL,
    (CHANGE,),
)
SCENARIOS = (
    SWEEP,
    replace(SWEEP, name="sweep retried", repair=_lambda_retries),
    replace(AFTER_OUTAGE, repair=_lambda_retries),
    Scenario("sweep continued", _three_due, _sweep_without_time, ("publish",), repair=_continuation_is_delivered_twice),
    REQUEST,
    PREFLIGHT,
    replace(PREFLIGHT, name="preflight finds the pixel unbound", prepare=_known_without_pixel(unbind_pixel)),
    replace(
        PREFLIGHT,
        name="preflight contradicts",
        prepare=_pixel_removed_and_teammate_connected,
        act=_preflight_of_a_teammate,
    ),
)


@pytest.mark.parametrize("case", cases(SCENARIOS), ids=name_of)
def test_a_process_killed_at_any_point_loses_and_doubles_nothing(system: System, case: Case) -> None:
    """Every advertiser is checked, each event is published under one id, and nothing stays pending."""
    scenario, point = case
    scenario.run(system, point)
    system.pass_time(RECOVERY)
    scenario.assert_end_state(system, READY)
    for record in system.product.records.stored.values():
        assert record.snapshot.checked_at is not None
        assert record.snapshot.checked_at > system.clock() - FRESH
