"""TikTok in trouble: operators hear of it, customers do not; and what one advertiser's trouble is."""

from datetime import timedelta

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind
from publishing.preflight.objectives import Requirement
from publishing.readiness.stores import LookMessage, Run
from tests.support.clock import START
from tests.unit.readiness.system import CHANGED, EXPIRED, HOUR, STALE, UNVERIFIABLE, System

READY = DemoAdvertiser.EVERYTHING_READY
FLEET = (READY, DemoAdvertiser.SUSPENDED, DemoAdvertiser.LINKED_BY_OWNER, DemoAdvertiser.LIBRARY_FORM)
BEFORE = "2026-11-16T09:00:00.000+00:00"


@pytest.fixture
def fleet(system: System) -> System:
    """Four advertisers in use, all looked at once."""
    system.person(DemoToken.MANAGER, "manager")
    for one in FLEET:
        system.watch_over(one)
    system.run_sweep()
    assert system.work() == len(FLEET)
    assert all(system.record(one).snapshot.generation == 1 for one in FLEET)
    return system


def tiktok_is_down(system: System) -> None:
    system.tiktok.faults.add(Fault(path="*", kind=FaultKind.HTTP_STATUS, status=500))


def fails_for(system: System, advertiser_id: str) -> None:
    """TikTok fails for this advertiser alone."""
    system.tiktok.faults.add(Fault(path="*", kind=FaultKind.HTTP_STATUS, status=500, advertiser_id=advertiser_id))


@pytest.mark.parametrize(
    ("verified", "unverified", "told"),
    [(1, 2, True), (0, 3, True), (2, 2, False), (0, 2, False), (51, 49, False), (49, 51, True), (0, 0, False)],
)
def test_operators_are_told_where_most_of_at_least_three_checks_failed(
    system: System, verified: int, unverified: int, *, told: bool
) -> None:
    """Once for that run, under an id that is the same when the sweep is repeated; and its messages are quiet."""
    system.seen_runs.count(Run(BEFORE, queued=9, verified=verified, unverified=unverified))
    system.watch_over(READY)
    system.run_sweep(START)
    system.run_sweep(START)
    expected = [f"checks-unverifiable/{BEFORE}"] if told else []
    assert [one.id for one in system.sent(UNVERIFIABLE)] == expected
    [message] = system.queue.messages
    assert isinstance(message.content, LookMessage)
    assert message.content.quiet is told
    if told:
        assert len(system.seen_bus.events) == 2
        assert system.seen_bus.events[0].detail == system.seen_bus.events[1].detail
        detail = system.sent(UNVERIFIABLE)[0].detail
        assert (detail["verified"], detail["unverified"], detail["swept_at"]) == (
            verified,
            unverified,
            "2026-11-16T09:00:00Z",
        )


def test_an_outage_over_many_sweeps_tells_no_customer_anything(fleet: System) -> None:
    """Nothing is called changed, stale or expired; operators get one event for each sweep; then all is as before."""
    tiktok_is_down(fleet)
    fleet.pass_time(6 * HOUR + timedelta(minutes=30))
    assert [len(fleet.sent(one)) for one in (CHANGED, STALE, EXPIRED)] == [0, 0, 0]
    assert [one.id for one in fleet.sent(UNVERIFIABLE)] == [
        f"checks-unverifiable/2026-11-16T{hour}:00:00.000+00:00" for hour in range(11, 16)
    ]
    assert all(fleet.record(one).snapshot.stale_since for one in FLEET)
    fleet.tiktok.faults.clear()
    fleet.pass_time(3 * HOUR)
    assert all(fleet.record(one).snapshot.stale_since is None for one in FLEET)
    assert {one.detail_type for one in fleet.seen_bus.events} == {UNVERIFIABLE}
    assert len(fleet.sent(UNVERIFIABLE)) == 6


def test_an_outage_by_rate_counts_at_its_first_refusals(fleet: System) -> None:
    """The next sweep is quiet although all messages of the last one wait for TikTok to recover."""
    fleet.tiktok.faults.add(Fault(path="*", kind=FaultKind.CODE, code=40100))
    fleet.clock.now = START + HOUR
    fleet.run_sweep()
    fleet.work()
    run = fleet.seen_runs.runs["2026-11-16T11:00:00.000+00:00"]
    assert (run.queued, run.verified, run.unverified) == (4, 0, 4)
    fleet.pass_time(timedelta(minutes=20))
    assert fleet.seen_runs.runs[run.name].unverified == 4, "further refusals of the same messages are no further checks"


def test_one_advertiser_that_fails_among_verified_ones_is_told_of_once(fleet: System) -> None:
    """After a whole interval, for the period since it began to fail; the next period is told of again."""
    fails_for(fleet, READY)
    fleet.pass_time(HOUR + timedelta(minutes=30))
    assert fleet.sent(STALE) == [], "stale for less than an interval"
    since = fleet.record(READY).snapshot.stale_since
    assert since is not None
    fleet.pass_time(5 * HOUR)
    [event] = fleet.seen_bus.events
    assert (event.detail_type, event.detail["advertiser_id"]) == (STALE, READY)
    assert event.detail["checked_at"] == "2026-11-16T10:00:00Z"
    assert event.detail["unverified"] == ["identity", "pixel", "app", "leadForm"], "catalogs are not asked for by it"
    assert event.id == f"readiness-stale/northlight/{READY}/{since.timestamp():.0f}"
    fleet.tiktok.faults.clear()
    fleet.pass_time(2 * HOUR)
    assert fleet.record(READY).snapshot.stale_since is None
    fails_for(fleet, READY)
    fleet.pass_time(4 * HOUR)
    assert len(fleet.sent(STALE)) == 2
    assert fleet.sent(UNVERIFIABLE) == fleet.sent(CHANGED) == []


def test_what_nobody_could_ever_verify_is_not_stale(fleet: System) -> None:
    """There is nothing known that could be."""
    fails_for(fleet, DemoAdvertiser.SECOND_BUSINESS_CENTER)
    fleet.watch_over(DemoAdvertiser.SECOND_BUSINESS_CENTER)
    fleet.pass_time(5 * HOUR)
    snapshot = fleet.record(DemoAdvertiser.SECOND_BUSINESS_CENTER).snapshot
    assert [*snapshot.known] == [Requirement.CATALOG]
    assert (snapshot.generation, snapshot.stale_since) == (1, None)
    assert fleet.sent(STALE) == []


def test_a_look_that_was_asked_for_tells_nobody_of_staleness(fleet: System) -> None:
    """Only a sweep knows whether the others could be verified."""
    fails_for(fleet, READY)
    fleet.look(READY)
    fleet.clock.forward(timedelta(minutes=90))
    fleet.look(READY)
    assert fleet.sent(STALE) == []
    fleet.look(READY, run=BEFORE)
    assert len(fleet.sent(STALE)) == 1


def test_a_quiet_message_tells_nobody_of_staleness(fleet: System) -> None:
    """Though it is stale for long."""
    fails_for(fleet, READY)
    fleet.look(READY)
    fleet.clock.forward(timedelta(days=2))
    fleet.look(READY, run=BEFORE, quiet=True)
    assert fleet.sent(STALE) == []
    assert fleet.record(READY).snapshot.stale_since == START


def test_a_change_is_told_even_in_a_quiet_run(fleet: System) -> None:
    """What TikTok does answer is verified."""
    fleet.tiktok.world.advertisers[READY].pixels.clear()
    for _ in range(2):
        fleet.look(READY, run=BEFORE, quiet=True)
        fleet.clock.forward(timedelta(minutes=5))
    fleet.work()
    assert len(fleet.sent(CHANGED)) == 1
