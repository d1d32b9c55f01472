"""What follows from a check: which further checks are requested, and what another person's token may say."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from local.tiktok_simulator import Fault, FaultKind
from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.objectives import Requirement
from publishing.readiness.cadence import MIN_INTERVAL, Cadence
from publishing.readiness.decision import decide_after_check, decide_after_preflight
from publishing.readiness.record import Record
from publishing.readiness.snapshot import AUTHORITATIVE, TOKEN_DEPENDENT, CheckResult, observe
from tests.support.clock import START
from tests.unit.readiness.scenarios import READY, known_ready
from tests.unit.readiness.system import TEAM, System

CADENCE = Cadence()
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
SATISFIED = Finding(Status.SATISFIED)
MISSING = Finding(Status.MISSING, "gone")
UNKNOWN = Finding(Status.UNKNOWN, Unverified.TIMEOUT)
TEAMMATE = "u-manager"


def found(requirement: Requirement, finding: Finding, after: timedelta, verified_by: str = "u-owner") -> CheckResult:
    """Return the result of a check of one prerequisite, so long after the start."""
    return CheckResult(START + after, {requirement: finding}, verified_by)


def record_after(*results: CheckResult) -> Record:
    """Return the record after these checks, each decided on at once."""
    record = Record(TEAM, READY, due_at=START, revision=1)
    for one in results:
        record = replace(decide_after_check(record, one, CADENCE, one.at, notify_stale=False).record, claim=None)
    return record


@pytest.mark.parametrize("requirement", sorted(TOKEN_DEPENDENT))
@pytest.mark.parametrize("reason", sorted(AUTHORITATIVE))
def test_what_another_persons_token_shows_needs_a_confirmation_check(requirement: Requirement, reason: str) -> None:
    """An advertiser that moves to a teammate, who sees an unusable asset of their own, has not lost anything yet."""
    stated = Finding(Status.MISSING, reason)
    first = found(requirement, SATISFIED, 0 * MINUTE)
    second = found(requirement, stated, 60 * MINUTE, TEAMMATE)
    record = record_after(first, second)
    assert (record.outbox, record.snapshot.known[requirement].satisfied) == ((), True)
    assert record.snapshot.unconfirmed_since == START + 60 * MINUTE
    confirmed = record_after(first, second, found(requirement, stated, 65 * MINUTE, TEAMMATE))
    assert len(confirmed.outbox) == 1


@pytest.mark.parametrize("requirement", sorted(TOKEN_DEPENDENT))
def test_what_the_same_persons_token_shows_needs_no_confirmation_check(requirement: Requirement) -> None:
    """TikTok states that the asset, which could be used, cannot be used."""
    stated = Finding(Status.MISSING, "catalog_not_eligible")
    record = record_after(found(requirement, SATISFIED, 0 * MINUTE), found(requirement, stated, 60 * MINUTE))
    assert len(record.outbox) == 1


@pytest.mark.parametrize("requirement", Requirement)
def test_another_persons_preflight_ends_no_unconfirmed_absence_of_what_depends_on_the_token(
    requirement: Requirement,
) -> None:
    """It ends one of what does not depend on the token."""
    unconfirmed = record_after(found(requirement, SATISFIED, 0 * MINUTE), found(requirement, MISSING, 60 * MINUTE))
    preflight = found(requirement, SATISFIED, 62 * MINUTE, TEAMMATE)
    decision = decide_after_preflight(unconfirmed, preflight, CADENCE, START + 62 * MINUTE)
    assert decision is not None
    still_unconfirmed = decision.record.snapshot.known[requirement].unconfirmed_absence is not None
    assert still_unconfirmed == (requirement in TOKEN_DEPENDENT)


@pytest.mark.parametrize("requirement", Requirement)
def test_another_persons_preflight_adds_nothing_that_depends_on_the_token(requirement: Requirement) -> None:
    """What no check could verify stays unknown: two people's findings together could be ready if neither is."""
    checked = Requirement.PIXEL if requirement is not Requirement.PIXEL else Requirement.APP
    record = record_after(found(checked, SATISFIED, 0 * MINUTE))
    for person, known in ((TEAMMATE, requirement not in TOKEN_DEPENDENT), ("u-owner", True)):
        preflight = found(requirement, SATISFIED, 62 * MINUTE, person)
        decision = decide_after_preflight(record, preflight, CADENCE, START + 62 * MINUTE)
        assert decision is not None
        assert (requirement in decision.record.snapshot.known) == known
        assert (decision.record.outbox, decision.check_in) == ((), None)


def test_before_the_first_check_each_state_names_the_person_who_verified_it() -> None:
    """The snapshot keeps the person whose preflight came first."""
    record = Record(TEAM, READY, due_at=START)
    for requirement, person in ((Requirement.IDENTITY, "u-owner"), (Requirement.CATALOG, TEAMMATE)):
        preflight = found(requirement, SATISFIED, 0 * MINUTE, person)
        decision = decide_after_preflight(record, preflight, CADENCE, START)
        assert decision is not None
        record = decision.record
    assert (record.snapshot.verified_by, record.snapshot.provisional) == ("u-owner", True)
    assert {one: state.verified_by for one, state in record.snapshot.known.items()} == {
        Requirement.IDENTITY: "u-owner",
        Requirement.CATALOG: TEAMMATE,
    }


def test_a_check_that_takes_longer_than_the_confirmation_delay_requests_a_confirmation_check() -> None:
    """The confirmation check is due at once."""
    record = record_after(found(Requirement.PIXEL, SATISFIED, 0 * MINUTE))
    result = found(Requirement.PIXEL, MISSING, 60 * MINUTE)
    cadence = replace(CADENCE, confirm_after=SECOND)
    decision = decide_after_check(record, result, cadence, result.at + 2 * SECOND, notify_stale=False)
    assert decision.check_in == timedelta()
    assert decision.record.claim is not None


def test_a_confirmation_check_that_cannot_verify_requests_no_further_one() -> None:
    """The regular checks go on; a check every few minutes would put more load on a TikTok that fails."""
    record = record_after(
        found(Requirement.PIXEL, SATISFIED, 0 * MINUTE), found(Requirement.PIXEL, MISSING, 60 * MINUTE)
    )
    result = found(Requirement.PIXEL, UNKNOWN, 65 * MINUTE)
    assert decide_after_check(record, result, CADENCE, result.at + SECOND, notify_stale=False).check_in is None


def test_an_unconfirmed_absence_is_not_stale() -> None:
    """It was verified; otherwise a stale event would be published minutes before the change."""
    record = record_after(
        found(Requirement.PIXEL, SATISFIED, 0 * MINUTE), found(Requirement.PIXEL, UNKNOWN, 30 * MINUTE)
    )
    assert record.snapshot.stale_since == START + 30 * MINUTE
    result = found(Requirement.PIXEL, MISSING, 90 * MINUTE)
    after = observe(record.snapshot, result, CADENCE.confirm_after).snapshot
    assert (after.stale_since, after.unconfirmed_since) == (None, START + 90 * MINUTE)


def test_drafts_are_debounced_while_tiktok_fails(system: System) -> None:
    """The last check counts, whether it could verify anything or not: one check a minute."""
    known_ready(system)
    system.clock.forward(10 * MINUTE)
    system.tiktok.faults.add(Fault(path="*", kind=FaultKind.HTTP_STATUS, status=500))

    def save_draft(number: int) -> None:
        detail = {"team_id": TEAM, "advertiser_id": str(READY)}
        system.request_check(detail, "Campaign Draft Saved", f"draft-{number}")

    assert _checks_while(system, save_draft) == 1 + 100 // MIN_INTERVAL.seconds


def test_preflights_that_contradict_in_a_row_bring_one_check_a_minute(system: System) -> None:
    """In each preflight, another person's token says the opposite of what is known."""
    known_ready(system)
    opposite = {one: replace(state, satisfied=False) for one, state in system.record(READY).snapshot.known.items()}
    system.clock.forward(10 * MINUTE)

    def preflight(_number: int) -> None:
        record = system.record(READY)
        system.update(record, snapshot=replace(record.snapshot, known=opposite, verified_by="u-elsewhere"))
        system.preflight(READY)

    assert _checks_while(system, preflight) == 1 + 100 // MIN_INTERVAL.seconds


def _checks_while(system: System, act: Callable[[int], None]) -> int:
    """Return the number of checks in a hundred seconds, with ``act`` every five seconds."""
    system.effects.watch()
    for number in range(20):
        act(number)
        system.process_queue()
        system.clock.forward(5 * SECOND)
    return system.checks_made()
