"""What follows from a look: which further looks are asked for, and what another person's token may say."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from local.tiktok_simulator import Fault, FaultKind
from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.objectives import Requirement
from publishing.readiness.cadence import REST, Cadence
from publishing.readiness.decision import decide_after_look, decide_after_preflight
from publishing.readiness.record import Record
from publishing.readiness.snapshot import AUTHORITATIVE, PERSONAL, Look, observe
from tests.support.clock import START
from tests.unit.readiness.happenings import READY, baseline
from tests.unit.readiness.system import TEAM, System

CADENCE = Cadence()
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
THERE = Finding(Status.SATISFIED)
GONE = Finding(Status.MISSING, "gone")
ELSEWHERE = "u-manager"


def look(requirement: Requirement, finding: Finding, after: timedelta, witness: str = "u-owner") -> Look:
    return Look(START + after, {requirement: finding}, witness)


def looked(*looks: Look) -> Record:
    """The record after these looks of a worker's, each decided on at once."""
    record = Record(TEAM, READY, due_at=START, revision=1)
    for one in looks:
        record = replace(decide_after_look(record, one, CADENCE, one.at, tell_stale=False).record, claim=None)
    return record


@pytest.mark.parametrize("requirement", sorted(PERSONAL))
@pytest.mark.parametrize("reason", sorted(AUTHORITATIVE))
def test_what_another_persons_token_shows_needs_a_second_look(requirement: Requirement, reason: str) -> None:
    """An advertiser that moves to a teammate, who sees an asset of their own that cannot be used, lost nothing yet."""
    stated = Finding(Status.MISSING, reason)
    record = looked(look(requirement, THERE, 0 * MINUTE), look(requirement, stated, 60 * MINUTE, ELSEWHERE))
    assert (record.outbox, record.snapshot.known[requirement].satisfied) == ((), True)
    assert record.snapshot.suspected_since == START + 60 * MINUTE
    moved = looked(
        look(requirement, THERE, 0 * MINUTE),
        look(requirement, stated, 60 * MINUTE, ELSEWHERE),
        look(requirement, stated, 65 * MINUTE, ELSEWHERE),
    )
    assert len(moved.outbox) == 1


@pytest.mark.parametrize("requirement", sorted(PERSONAL))
def test_what_the_same_persons_token_shows_needs_none(requirement: Requirement) -> None:
    """TikTok states that what was good cannot be used."""
    stated = Finding(Status.MISSING, "catalog_not_eligible")
    record = looked(look(requirement, THERE, 0 * MINUTE), look(requirement, stated, 60 * MINUTE))
    assert len(record.outbox) == 1


@pytest.mark.parametrize("requirement", Requirement)
def test_another_persons_preflight_ends_no_suspicion_of_what_only_that_person_may_see(requirement: Requirement) -> None:
    """What everybody with the advertiser sees, it does."""
    suspected = looked(look(requirement, THERE, 0 * MINUTE), look(requirement, GONE, 60 * MINUTE))
    elsewhere = look(requirement, THERE, 62 * MINUTE, ELSEWHERE)
    decision = decide_after_preflight(suspected, elsewhere, CADENCE, START + 62 * MINUTE)
    assert decision is not None
    kept = decision.record.snapshot.known[requirement].suspicion is not None
    assert kept == (requirement in PERSONAL)


@pytest.mark.parametrize("requirement", Requirement)
def test_another_persons_preflight_adds_nothing_that_only_that_person_may_see(requirement: Requirement) -> None:
    """What no look could verify stays unknown: put together, two people's findings are ready where neither is."""
    seen = Requirement.PIXEL if requirement is not Requirement.PIXEL else Requirement.APP
    record = looked(look(seen, THERE, 0 * MINUTE))
    for witness, known in ((ELSEWHERE, requirement not in PERSONAL), ("u-owner", True)):
        preflight = look(requirement, THERE, 62 * MINUTE, witness)
        decision = decide_after_preflight(record, preflight, CADENCE, START + 62 * MINUTE)
        assert decision is not None
        assert (requirement in decision.record.snapshot.known) == known
        assert (decision.record.outbox, decision.look_in) == ((), None)


def test_before_the_first_look_each_persons_findings_are_that_persons() -> None:
    """Whose preflight came first does not change; what another saw first is known to be the other's."""
    record = Record(TEAM, READY, due_at=START)
    for requirement, witness in ((Requirement.IDENTITY, "u-owner"), (Requirement.CATALOG, ELSEWHERE)):
        decision = decide_after_preflight(record, look(requirement, THERE, 0 * MINUTE, witness), CADENCE, START)
        assert decision is not None
        record = decision.record
    assert (record.snapshot.witness, record.snapshot.provisional) == ("u-owner", True)
    assert {one: known.witness for one, known in record.snapshot.known.items()} == {
        Requirement.IDENTITY: "u-owner",
        Requirement.CATALOG: ELSEWHERE,
    }


def test_a_look_that_takes_longer_than_the_confirmation_asks_for_it_all_the_same() -> None:
    """At once, as its time has come."""
    record = looked(look(Requirement.PIXEL, THERE, 0 * MINUTE))
    seen = look(Requirement.PIXEL, GONE, 60 * MINUTE)
    cadence = replace(CADENCE, confirm_after=SECOND)
    decision = decide_after_look(record, seen, cadence, seen.at + 2 * SECOND, tell_stale=False)
    assert decision.look_in == timedelta()
    assert decision.record.claim is not None


def test_a_second_look_that_cannot_verify_asks_for_no_third() -> None:
    """The regular looks go on; asking every few minutes would add to TikTok's trouble."""
    record = looked(look(Requirement.PIXEL, THERE, 0 * MINUTE), look(Requirement.PIXEL, GONE, 60 * MINUTE))
    seen = look(Requirement.PIXEL, Finding(Status.UNKNOWN, Unverified.TIMEOUT), 65 * MINUTE)
    assert decide_after_look(record, seen, CADENCE, seen.at + SECOND, tell_stale=False).look_in is None


def test_what_is_suspected_has_been_verified_so_it_is_not_stale() -> None:
    """Or others would be told that it is, minutes before they are told that it is missing."""
    unknown = look(Requirement.PIXEL, Finding(Status.UNKNOWN, Unverified.TIMEOUT), 30 * MINUTE)
    record = looked(look(Requirement.PIXEL, THERE, 0 * MINUTE), unknown)
    assert record.snapshot.stale_since == START + 30 * MINUTE
    after = observe(record.snapshot, look(Requirement.PIXEL, GONE, 90 * MINUTE), CADENCE.confirm_after).snapshot
    assert (after.stale_since, after.suspected_since) == (None, START + 90 * MINUTE)


def test_drafts_saved_while_tiktok_is_in_trouble_rest_too(system: System) -> None:
    """The last look counts, not the last one that could verify something: one look a minute."""
    baseline(system)
    system.clock.forward(10 * MINUTE)
    system.tiktok.faults.add(Fault(path="*", kind=FaultKind.HTTP_STATUS, status=500))
    looks = _looks_while(system, lambda number: _draft(system, number))
    assert looks == 1 + 100 // REST.seconds


def test_preflights_that_contradict_one_after_another_bring_one_look_a_minute(system: System) -> None:
    """However often another person's token says the opposite."""
    baseline(system)
    record = system.record(READY)
    known = {one: replace(was, satisfied=False) for one, was in record.snapshot.known.items()}
    system.clock.forward(10 * MINUTE)

    def preflight(_number: int) -> None:
        system.change(
            system.record(READY), snapshot=replace(system.record(READY).snapshot, known=known, witness="u-elsewhere")
        )
        system.preflight(READY)

    assert _looks_while(system, preflight) == 1 + 100 // REST.seconds


def _draft(system: System, number: int) -> None:
    system.ask({"team_id": TEAM, "advertiser_id": str(READY)}, "Campaign Draft Saved", f"draft-{number}")


def _looks_while(system: System, happens: Callable[[int], None]) -> int:
    """The looks in a hundred seconds in which something happens every five."""
    system.effects.watch()
    for number in range(20):
        happens(number)
        system.work()
        system.clock.forward(5 * SECOND)
    return system.effects.names.count("look")
