"""An advertiser's place in the schedule: claims, leases, outbox."""

from datetime import timedelta

import pytest

from publishing.events.schemas import OutboxEvent
from publishing.readiness.cadence import MIN_INTERVAL, QUEUED_FOR, Cadence
from publishing.readiness.record import LEASE, JobStatus, Lease, Record
from publishing.readiness.snapshot import Snapshot
from tests.support.clock import START
from tests.unit.readiness.system import System

SECOND = timedelta(seconds=1)
DUE = Record("northlight", "1", due_at=START)
CHECKING = DUE.claimed("mine", START).leased("mine", START)


def test_a_claimed_advertiser_is_due_again_when_its_job_counts_as_lost() -> None:
    """Until then nobody else claims it, however often they request a check."""
    claimed = DUE.claimed("first", START)
    assert (claimed.claim, claimed.due_at, claimed.claimed_at) == ("first", START + QUEUED_FOR, START)
    assert claimed.claimed("second", START + QUEUED_FOR - SECOND) == claimed


def test_a_lost_job_is_sent_again_under_the_same_claim() -> None:
    """If the first is delivered after all, only one of the two makes a check."""
    again = DUE.claimed("first", START).claimed("second", START + QUEUED_FOR)
    assert (again.claim, again.due_at, again.claimed_at) == ("first", START + 2 * QUEUED_FOR, START)


@pytest.mark.parametrize(
    ("record", "claim", "after", "status"),
    [
        (DUE.claimed("mine", START), "mine", SECOND, JobStatus.READY),
        (DUE.claimed("mine", START), "other", SECOND, JobStatus.STALE),
        (DUE.claimed("mine", START), None, SECOND, JobStatus.READY),
        (DUE, "mine", SECOND, JobStatus.STALE),
        (DUE, None, SECOND, JobStatus.READY),
        (CHECKING, "mine", LEASE - SECOND, JobStatus.BUSY),
        (CHECKING, "mine", LEASE, JobStatus.READY),
        (CHECKING, "other", SECOND, JobStatus.STALE),
        (CHECKING, None, SECOND, JobStatus.BUSY),
        (CHECKING.released(), "mine", SECOND, JobStatus.STALE),
        (CHECKING.claimed("next", START), "next", SECOND, JobStatus.BUSY),
        (CHECKING.claimed("next", START), "mine", LEASE, JobStatus.READY),
        (CHECKING.retried_at("mine", START), "mine", SECOND, JobStatus.READY),
    ],
)
def test_job_status(record: Record, claim: str | None, after: timedelta, status: JobStatus) -> None:
    """A job is ready if its claim is valid or its own lease has expired; it waits while another lease is held."""
    assert record.job_status(claim, START + after) is status


def test_a_request_during_a_check_brings_another_check() -> None:
    """The running check may have started before the change that the request is about."""
    requested = CHECKING.claimed("next", START + SECOND)
    assert requested.claim == "next"
    checked = requested.checked(Snapshot(generation=1), Cadence(), START + SECOND, transient_failure=False)
    assert (checked.claim, checked.due_at, checked.snapshot.generation) == ("next", requested.due_at, 1)


@pytest.mark.parametrize(
    ("active", "transient_failure", "every"),
    [
        (True, False, timedelta(hours=1)),
        (False, False, timedelta(hours=24)),
        (False, True, timedelta(hours=1)),
    ],
)
def test_an_advertiser_is_checked_sooner_if_active_or_after_a_transient_failure(
    *, active: bool, transient_failure: bool, every: timedelta
) -> None:
    """A TikTok failure passes, so the next check does not wait for a day."""
    record = CHECKING.used(START) if active else CHECKING
    checked = record.checked(Snapshot(), Cadence(), START + SECOND, transient_failure=transient_failure)
    assert START + every * 0.9 <= checked.due_at <= START + every
    assert checked.claimed_at is None


def test_requested_checks_keep_the_minimum_interval(system: System) -> None:
    """The next one is a minute after the last; at once if there was none, or near a launch."""
    assert DUE.earliest_check_at(START) == START
    advertiser = "7300000000000000001"
    system.check_now(advertiser)
    record = system.record(advertiser)
    assert record.earliest_check_at(START) == START + MIN_INTERVAL
    assert record.earliest_check_at(START + MIN_INTERVAL + SECOND) == START + MIN_INTERVAL + SECOND
    assert record.used(START, START + timedelta(hours=23)).earliest_check_at(START) == START


def test_only_published_events_are_removed_from_the_outbox() -> None:
    """The others are still to be published."""
    events = tuple(OutboxEvent(name, "TikTok Readiness Changed", {}) for name in ("1", "2", "3"))
    record = Record("northlight", "1", due_at=START, outbox=events, lease=Lease("mine", START))
    assert [one.id for one in record.without_events(frozenset({"1", "3"})).outbox] == ["2"]
