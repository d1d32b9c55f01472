"""A preflight writes what it found to the advertiser's record, and its response never waits long for that."""

import io
import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.tiktok_simulator import DemoToken, Fault, FaultKind
from publishing.log_events import LogEvent
from publishing.preflight.objectives import Requirement
from publishing.readiness.check_job import CheckJob
from publishing.readiness.record import Record
from publishing.readiness.snapshot_refresher import GRACE_SECONDS
from tests.support.clock import START, milliseconds
from tests.support.overriding import failing, overriding
from tests.support.patience import FOREVER, GENEROUS_SECONDS
from tests.unit.readiness.scenarios import (
    CONFIRMATION,
    READY,
    RECOVERY,
    add_pixel,
    known_ready,
    remove_pixel,
    unbind_pixel,
)
from tests.unit.readiness.system import CHANGED, TEAM, System

MINUTE = timedelta(minutes=1)
PIXEL = Requirement.PIXEL
TEAMMATE = DemoToken.NARROW_SCOPE.user


def add_teammate(system: System) -> None:
    """Add a media buyer whose token has every permission."""
    tokens = system.tiktok.world.tokens
    tokens[DemoToken.NARROW_SCOPE] = replace(tokens[DemoToken.NARROW_SCOPE], missing_scopes=frozenset())
    system.add_person(DemoToken.NARROW_SCOPE, "mediabuyer")


@pytest.fixture
def known(system: System) -> System:
    """Ten minutes ago a check was made with the owner's token; a teammate's token sees the same."""
    known_ready(system)
    add_teammate(system)
    system.clock.forward(10 * MINUTE)
    return system


@pytest.fixture
def different_views(system: System) -> System:
    """A teammate's token sees a catalog that the owner's token, which scheduled checks use, does not see."""
    add_teammate(system)
    for center in system.tiktok.world.business_centers.values():
        if "u-owner" in center.user_roles:
            del center.user_roles["u-owner"]
        if "u-buyer" in center.user_roles:
            center.user_roles["u-owner"] = "STANDARD"
    system.product.teams.connect(TEAM, "u-owner", [READY], connected_at="2026-11-15T09:00:00Z")
    return system


def test_the_first_preflight_makes_a_provisional_baseline(system: System) -> None:
    """It holds what the objective requires; the advertiser becomes active, and due for a complete check."""
    assert system.preflight(READY).ready
    record = system.record(READY)
    assert [*record.snapshot.known] == [Requirement.IDENTITY, PIXEL]
    assert (record.snapshot.generation, record.snapshot.provisional, record.snapshot.verified_by) == (
        milliseconds(START),
        True,
        "u-owner",
    )
    assert record.active(START)
    assert record.due_at == START
    assert (len(system.queue), system.bus.events) == (0, [])
    system.run_sweep()
    system.process_queue()
    snapshot = system.record(READY).snapshot
    assert (len(snapshot.known), snapshot.generation, snapshot.provisional) == (5, milliseconds(START), False)


def test_a_preflight_refreshes_what_it_verified_and_nothing_else(known: System) -> None:
    """The evidence of the objective's prerequisites has the current time."""
    before = known.record(READY)
    known.preflight(READY)
    after = known.record(READY)
    ages = {one: START + 10 * MINUTE - state.checked_at for one, state in after.snapshot.known.items()}
    assert ages == {one: (0 if one in {"identity", "pixel"} else 10) * MINUTE for one in Requirement}
    assert (after.due_at, after.claim, after.snapshot.generation) == (
        before.due_at,
        None,
        before.snapshot.generation,
    )
    assert len(known.queue) == 0


@pytest.mark.parametrize(("minutes", "written"), [(0, 0), (4, 0), (5, 1), (60, 1)])
def test_fresh_evidence_is_not_written_again(known: System, minutes: int, *, written: int) -> None:
    """Evidence counts as fresh for five minutes."""
    known.preflight(READY)
    known.clock.forward(minutes * MINUTE)
    known.effects.watch()
    known.preflight(READY)
    assert known.effects.names == ["write record"] * written


def test_a_preflight_keeps_the_advertiser_active_even_if_its_evidence_is_fresh(known: System) -> None:
    """A preflight each minute writes once a day for that."""
    known.update(known.record(READY), active_until=START + timedelta(days=1))
    known.preflight(READY)
    assert known.record(READY).active(START + timedelta(days=6))


def test_what_a_preflight_could_not_verify_changes_nothing(known: System) -> None:
    """It is neither stale nor missing; what could be verified is refreshed."""
    known.tiktok.faults.add(Fault(path="pixel/list/", kind=FaultKind.HTTP_STATUS, status=500))
    assert known.preflight(READY).unknown == (PIXEL,)
    snapshot = known.record(READY).snapshot
    assert (snapshot.known[PIXEL].checked_at, snapshot.stale_since) == (START, None)
    assert snapshot.known[Requirement.IDENTITY].checked_at == START + 10 * MINUTE


def test_a_change_found_with_the_same_token_is_published_by_the_worker(known: System) -> None:
    """The event is written to the outbox with the change; a check that is requested at once publishes it, once."""
    unbind_pixel(known)
    assert known.preflight(READY).missing == (PIXEL,)
    record = known.record(READY)
    assert len(record.outbox) == 1
    assert known.bus.events == []
    assert known.queued_jobs() == [CheckJob(TEAM, READY, record.claim)]
    known.process_queue()
    assert len(known.bus.events) == 1
    known.pass_time(RECOVERY)
    assert len(known.published(CHANGED)) == 1
    assert known.record(READY).outbox == ()


def test_what_a_preflight_finds_again_is_published_too(known: System) -> None:
    """A preflight that finds a new pixel resolves the change at once."""
    unbind_pixel(known)
    known.check_now(READY)
    add_pixel(known)
    known.clock.forward(MINUTE)
    assert known.preflight(READY).ready
    known.process_queue()
    assert [one.detail["resolved"] for one in known.published(CHANGED)] == [[], ["pixel"]]


def test_an_unconfirmed_absence_of_a_preflight_is_confirmed_by_a_check(known: System) -> None:
    """The confirmation check is made some minutes later, as after a scheduled check."""
    remove_pixel(known)
    known.preflight(READY)
    assert known.record(READY).snapshot.known[PIXEL].unconfirmed_absence is not None
    [message] = known.queue.messages
    assert message.visible_at == known.clock() + CONFIRMATION
    known.preflight(READY)
    assert len(known.queue) == 1
    known.pass_time(CONFIRMATION, sweeps=False)
    assert len(known.published(CHANGED)) == 1


def test_another_persons_token_that_contradicts_requests_a_check_and_changes_nothing(known: System) -> None:
    """A token may see its own person's assets, so the check, which is made at once, decides."""
    unbind_pixel(known)
    before = known.record(READY).snapshot
    assert known.preflight(READY, user_id=TEAMMATE).missing == (PIXEL,)
    record = known.record(READY)
    assert record.snapshot.known[PIXEL] == before.known[PIXEL]
    assert record.snapshot.known[Requirement.IDENTITY].checked_at == known.clock()
    assert (record.snapshot.verified_by, record.snapshot.generation, record.outbox) == (
        "u-owner",
        before.generation,
        (),
    )
    [message] = known.queue.messages
    assert (message.content, message.visible_at) == (CheckJob(TEAM, READY, record.claim), known.clock())
    known.process_queue()
    assert len(known.published(CHANGED)) == 1


def test_another_persons_token_that_agrees_refreshes(known: System) -> None:
    """Its evidence is as good; the user who verified the snapshot stays."""
    known.preflight(READY, user_id=TEAMMATE)
    snapshot = known.record(READY).snapshot
    assert (snapshot.known[PIXEL].checked_at, snapshot.verified_by) == (known.clock(), "u-owner")
    assert len(known.queue) == 0


def test_a_contradiction_while_a_check_is_queued_brings_no_second_check(known: System) -> None:
    """The job that is sent at once has the claim of the job that waits."""
    unbind_pixel(known)
    known.request_check({"team_id": TEAM, "advertiser_id": str(READY)}, "Campaign Draft Saved")
    known.preflight(READY, user_id=TEAMMATE)
    assert {one.claim for one in known.queued_jobs()} == {f"event-1/{READY}"}
    known.effects.watch()
    known.process_queue()
    assert known.checks_made() == 1


def test_a_preflight_during_a_check_loses_nothing_of_either(system: System) -> None:
    """The worker decides again on the record that the preflight has written."""
    system.add_record(READY)
    system.run_sweep()
    writes: list[Record] = []

    def before_write(record: Record) -> None:
        writes.append(record)
        if len(writes) == 2:
            system.records.before_write = lambda _record: None
            system.clock.forward(timedelta(seconds=1))
            system.preflight(READY)

    system.records.before_write = before_write
    system.process_queue()
    snapshot = system.record(READY).snapshot
    assert (len(snapshot.known), snapshot.provisional) == (5, False)
    assert snapshot.generation == milliseconds(START + timedelta(seconds=1))
    assert (system.record(READY).lease, system.record(READY).claim) == (None, None)


def test_a_write_that_lost_a_race_is_repeated(known: System) -> None:
    """The second write is derived from the record that the other one wrote."""

    def before_write(record: Record) -> None:
        known.records.before_write = lambda _record: None
        known.update(known.record(record.advertiser_id), launch_at=START)

    known.records.before_write = before_write
    known.preflight(READY)
    record = known.record(READY)
    assert (record.launch_at, record.snapshot.known[PIXEL].checked_at) == (START, known.clock())


@pytest.mark.parametrize(("repository", "method"), [("records", "read"), ("records", "write"), ("queue", "send")])
def test_a_failure_does_not_affect_the_response(known: System, log: io.StringIO, repository: str, method: str) -> None:
    """The error is logged by its type alone, and the next check repairs the record."""
    remove_pixel(known)
    fails = failing(f"never-to-be-seen {DemoToken.OWNER}")
    known.refresher = replace(
        known.refresher, **{repository: overriding(getattr(known.refresher, repository), **{method: fails})}
    )
    assert known.preflight(READY).missing == (PIXEL,)
    assert f'"{LogEvent.SNAPSHOT_NOT_REFRESHED}"' in log.getvalue()
    assert "RuntimeError" in log.getvalue()
    assert "never-to-be-seen" not in log.getvalue()
    known.pass_time(timedelta(hours=2))
    assert len(known.published(CHANGED)) == 1


@pytest.mark.parametrize("method", ["read", "write"])
def test_a_repository_that_hangs_delays_the_response_by_the_grace_period_alone(known: System, method: str) -> None:
    """That holds for the responses to later requests too; once the repository answers, the snapshot is written."""
    answers = threading.Event()
    real = getattr(known.records, method)

    def hanging(*arguments: Any) -> Any:
        answers.wait(FOREVER)
        return real(*arguments)

    known.refresher = replace(known.refresher, records=overriding(known.records, **{method: hanging}))
    for _ in range(2):
        begun = time.monotonic()
        assert known.preflight(READY).ready
        assert GRACE_SECONDS <= time.monotonic() - begun < GENEROUS_SECONDS
    answers.set()
    until = time.monotonic() + GENEROUS_SECONDS
    while known.record(READY).snapshot.known[PIXEL].checked_at == START and time.monotonic() < until:
        time.sleep(0.01)
    assert known.record(READY).snapshot.known[PIXEL].checked_at == known.clock()


def test_a_write_whose_response_was_lost_is_not_doubled(known: System) -> None:
    """The second write finds the first, and requests the check that publishes the event."""
    unbind_pixel(known)
    known.records.lost_responses = 1
    known.preflight(READY)
    assert len(known.queue) == 1
    known.process_queue()
    assert len(known.bus.events) == 1


@pytest.mark.parametrize("before", [None, "TRAFFIC"])
def test_the_first_check_does_not_report_what_only_a_preflights_token_saw(
    different_views: System, before: str | None
) -> None:
    """A teammate's preflight saw a catalog that the owner's token does not see: it was not lost.

    That holds too if the owner's own preflight of another objective came first.
    """
    system = different_views
    if before is not None:
        assert system.preflight(READY, before).ready
    assert system.preflight(READY, "PRODUCT_SALES", TEAMMATE).ready
    system.run_sweep()
    system.process_queue()
    snapshot = system.record(READY).snapshot
    assert snapshot.verified_by == "u-owner"
    assert not snapshot.known[Requirement.CATALOG].satisfied
    assert snapshot.unconfirmed_since is None
    system.pass_time(timedelta(hours=3))
    assert system.bus.events == []
