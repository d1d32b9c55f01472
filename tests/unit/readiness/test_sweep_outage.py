"""If TikTok fails, operators are notified and customers are not; if it fails for one advertiser, its team is."""

from datetime import timedelta

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind
from publishing.preflight.objectives import Requirement
from publishing.readiness.check_job import SweepStatistics
from tests.support.clock import START, milliseconds
from tests.unit.readiness.scenarios import RATE_LIMITED, READY
from tests.unit.readiness.system import CHANGED, EXPIRED, HOUR, STALE, UNVERIFIABLE, System

pytestmark = [pytest.mark.in_process, pytest.mark.slow]

FOUR = (READY, DemoAdvertiser.SUSPENDED, DemoAdvertiser.LINKED_BY_OWNER, DemoAdvertiser.LIBRARY_FORM)
PREVIOUS = "2026-11-16T09:00:00.000+00:00"


@pytest.fixture
def four(system: System) -> System:
    """Four active advertisers, each checked once."""
    system.add_person(DemoToken.MANAGER, "manager")
    for one in FOUR:
        system.add_record(one)
    system.run_sweep()
    assert system.process_queue() == len(FOUR)
    assert all(system.record(one).snapshot.generation == milliseconds(START) for one in FOUR)
    return system


def fail_for(system: System, advertiser_id: str | None) -> None:
    """Let TikTok fail for this advertiser alone, or for everything."""
    system.tiktok.faults.add(Fault(path="*", kind=FaultKind.HTTP_STATUS, status=500, advertiser_id=advertiser_id))


@pytest.mark.parametrize(
    ("verified", "unverified", "notified"),
    [(1, 2, True), (0, 3, True), (2, 2, False), (0, 2, False), (51, 49, False), (49, 51, True), (0, 0, False)],
)
def test_operators_are_notified_if_most_of_at_least_three_checks_were_unverified(
    system: System, verified: int, unverified: int, *, notified: bool
) -> None:
    """There is one event for a sweep, with the same id if the next sweep is repeated, and that one's jobs are quiet."""
    system.statistics.add(SweepStatistics(PREVIOUS, queued=9, verified=verified, unverified=unverified))
    system.add_record(READY)
    system.run_sweep(START)
    system.run_sweep(START)
    expected = [f"checks-unverifiable/{PREVIOUS}"] if notified else []
    assert [one.id for one in system.published(UNVERIFIABLE)] == expected
    [job] = system.queued_jobs()
    assert job.quiet is notified
    if notified:
        first, second = system.bus.events
        assert first.detail == second.detail
        assert (first.detail["verified"], first.detail["unverified"]) == (verified, unverified)
        assert first.detail["swept_at"] == "2026-11-16T09:00:00Z"


def test_an_outage_over_many_sweeps_publishes_nothing_to_customers(four: System) -> None:
    """Nothing is published as changed, stale or expired, even afterwards; operators get one event for each sweep."""
    fail_for(four, None)
    four.pass_time(6 * HOUR + timedelta(minutes=30))
    assert [len(four.published(one)) for one in (CHANGED, STALE, EXPIRED)] == [0, 0, 0]
    assert [one.id for one in four.published(UNVERIFIABLE)] == [
        f"checks-unverifiable/2026-11-16T{hour}:00:00.000+00:00" for hour in range(11, 16)
    ]
    assert all(four.record(one).snapshot.stale_since for one in FOUR)
    four.tiktok.faults.clear()
    four.pass_time(3 * HOUR)
    assert all(four.record(one).snapshot.stale_since is None for one in FOUR)
    assert {*four.published_types()} == {UNVERIFIABLE}
    assert len(four.published(UNVERIFIABLE)) == 6


def test_a_rate_limited_check_counts_as_unverified_at_its_first_refusal(four: System) -> None:
    """The next sweep is quiet although the jobs of the last one wait until TikTok recovers."""
    four.tiktok.faults.add(Fault(path="*", kind=FaultKind.CODE, code=RATE_LIMITED))
    four.clock.now = START + HOUR
    four.run_sweep()
    four.process_queue()
    run = four.statistics.stored["2026-11-16T11:00:00.000+00:00"]
    assert (run.queued, run.verified, run.unverified) == (4, 0, 4)
    four.pass_time(timedelta(minutes=20))
    assert four.statistics.stored[run.run].unverified == 4, "further refusals of the same jobs are not counted"


def test_staleness_of_one_advertiser_is_published_once(four: System) -> None:
    """It is published after a whole interval; the next period of staleness is published again."""
    fail_for(four, READY)
    four.pass_time(HOUR + timedelta(minutes=30))
    assert four.published(STALE) == [], "stale for less than an interval"
    four.pass_time(5 * HOUR)
    [event] = four.bus.events
    assert (event.detail_type, event.detail["advertiser_id"]) == (STALE, READY)
    assert event.detail["checked_at"] == "2026-11-16T10:00:00Z"
    assert event.detail["unverified"] == ["identity", "pixel", "app", "leadForm"], "catalogs are read without it"
    generation = four.record(READY).snapshot.generation
    assert (event.id, event.detail["generation"]) == (f"readiness-stale/northlight/{READY}/{generation}", generation)
    four.tiktok.faults.clear()
    four.pass_time(2 * HOUR)
    assert four.record(READY).snapshot.stale_since is None
    fail_for(four, READY)
    four.pass_time(4 * HOUR)
    assert len(four.published(STALE)) == 2
    assert four.published(UNVERIFIABLE) == four.published(CHANGED) == []


def test_what_was_never_verified_is_not_stale(four: System) -> None:
    """Only what is known can become stale."""
    fail_for(four, DemoAdvertiser.SECOND_BUSINESS_CENTER)
    four.add_record(DemoAdvertiser.SECOND_BUSINESS_CENTER)
    four.pass_time(5 * HOUR)
    snapshot = four.record(DemoAdvertiser.SECOND_BUSINESS_CENTER).snapshot
    assert [*snapshot.known] == [Requirement.CATALOG]
    assert (snapshot.generation > 0, snapshot.stale_since) == (True, None)
    assert four.published(STALE) == []


def test_a_requested_check_publishes_no_staleness(four: System) -> None:
    """Only a sweep knows whether the other advertisers could be verified."""
    fail_for(four, READY)
    four.check_now(READY)
    four.clock.forward(timedelta(minutes=90))
    four.check_now(READY)
    assert four.published(STALE) == []
    four.check_now(READY, run=PREVIOUS)
    assert len(four.published(STALE)) == 1


def test_a_quiet_job_publishes_no_staleness(four: System) -> None:
    """That holds even after days."""
    fail_for(four, READY)
    four.check_now(READY)
    four.clock.forward(timedelta(days=2))
    four.check_now(READY, run=PREVIOUS, quiet=True)
    assert four.published(STALE) == []
    assert four.record(READY).snapshot.stale_since == START


def test_a_quiet_job_publishes_a_change(four: System) -> None:
    """What TikTok does answer is verified."""
    four.tiktok.world.advertisers[READY].pixels.clear()
    for _ in range(2):
        four.check_now(READY, run=PREVIOUS, quiet=True)
        four.clock.forward(timedelta(minutes=5))
    four.process_queue()
    assert len(four.published(CHANGED)) == 1
