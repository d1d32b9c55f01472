"""What one more look makes of what is known: case by case."""

from datetime import timedelta

import pytest

from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.readiness.snapshot import (
    AUTHORITATIVE,
    Known,
    Look,
    Snapshot,
    Suspicion,
    contradicted,
    observe,
    settled,
)
from tests.support.clock import START

CONFIRM_AFTER = timedelta(minutes=5)
PIXEL = Requirement.PIXEL
THERE = Finding(Status.SATISFIED)
GONE = Finding(Status.MISSING, "no_pixel")
UNBOUND = Finding(Status.MISSING, "pixel_unbound")
NOT_KNOWN = Finding(Status.UNKNOWN, Unverified.TIMEOUT)


def look(finding: Finding, minutes: float = 0, witness: str | None = "u-owner") -> Look:
    """A look at the pixel alone, so long after the start."""
    return Look(START + timedelta(minutes=minutes), {PIXEL: finding}, witness)


def after(*looks: Look) -> tuple[Snapshot, list[tuple[bool, str | None]]]:
    """The snapshot after these looks, and the changes on the way: satisfied, reason."""
    snapshot, changes = Snapshot(), []
    for one in looks:
        observed = observe(snapshot, one, CONFIRM_AFTER)
        snapshot = observed.snapshot
        changes += [(change.satisfied, change.reason) for change in observed.changes]
    return snapshot, changes


def minute(number: float) -> timedelta:
    return timedelta(minutes=number)


LOST = (False, "no_pixel")
FOUND = (True, None)
CASES: dict[str, tuple[list[tuple[Finding, float]], list[tuple[bool, str | None]], bool | None, int]] = {
    "a baseline changes nothing": ([(THERE, 0)], [], True, 1),
    "a baseline of nothing changes nothing": ([(GONE, 0)], [], False, 1),
    "what nobody could verify is no baseline": ([(NOT_KNOWN, 0)], [], None, 0),
    "what is verified late is a baseline": ([(NOT_KNOWN, 0), (GONE, 9)], [], False, 1),
    "the same again changes nothing": ([(THERE, 0), (THERE, 9)], [], True, 1),
    "unknown leaves what is known": ([(THERE, 0), (NOT_KNOWN, 9)], [], True, 1),
    "unknown leaves what is missing": ([(GONE, 0), (NOT_KNOWN, 9)], [], False, 1),
    "one look without it is a suspicion": ([(THERE, 0), (GONE, 9)], [], True, 1),
    "a second look too soon confirms nothing": ([(THERE, 0), (GONE, 9), (GONE, 13.9)], [], True, 1),
    "a second look in time confirms": ([(THERE, 0), (GONE, 9), (GONE, 14)], [LOST], False, 2),
    "the first look without it counts, not the last": (
        [(THERE, 0), (GONE, 9), (GONE, 12), (GONE, 14)],
        [LOST],
        False,
        2,
    ),
    "what is there again ends a suspicion": ([(THERE, 0), (GONE, 9), (THERE, 10), (GONE, 15)], [], True, 1),
    "unknown neither confirms nor ends a suspicion": (
        [(THERE, 0), (GONE, 9), (NOT_KNOWN, 20), (GONE, 21)],
        [LOST],
        False,
        2,
    ),
    "unknown alone confirms no suspicion": ([(THERE, 0), (GONE, 9), (NOT_KNOWN, 20)], [], True, 1),
    "what TikTok says of an asset needs no second look": (
        [(THERE, 0), (UNBOUND, 9)],
        [(False, "pixel_unbound")],
        False,
        2,
    ),
    "also where there was a suspicion": ([(THERE, 0), (GONE, 9), (UNBOUND, 10)], [(False, "pixel_unbound")], False, 2),
    "back at once": ([(GONE, 0), (THERE, 1)], [FOUND], True, 2),
    "there and back": ([(THERE, 0), (UNBOUND, 1), (THERE, 2)], [(False, "pixel_unbound"), FOUND], True, 3),
    "another reason is no change": ([(GONE, 0), (UNBOUND, 1)], [], False, 1),
    "an older look that ends later takes nothing back": ([(GONE, 0), (THERE, 9), (UNBOUND, 8)], [FOUND], True, 2),
    "nor does it bring anything back": (
        [(THERE, 0), (UNBOUND, 9), (THERE, 8)],
        [(False, "pixel_unbound")],
        False,
        2,
    ),
    "nor does it end a suspicion": ([(THERE, 0), (GONE, 9), (THERE, 8), (GONE, 14)], [LOST], False, 2),
    "back after a time of not knowing": ([(GONE, 0), (NOT_KNOWN, 1), (THERE, 2)], [FOUND], True, 2),
}


@pytest.mark.parametrize("name", CASES)
def test_what_looks_in_a_row_come_to(name: str) -> None:
    """The changes, what is known in the end, and how many generations that took."""
    looks, changes, satisfied, generation = CASES[name]
    snapshot, changed = after(*(look(finding, minutes) for finding, minutes in looks))
    assert changed == changes
    assert snapshot.generation == generation
    known = snapshot.known.get(PIXEL)
    assert (known.satisfied if known else None) == satisfied


def test_a_suspicion_keeps_the_evidence_that_it_doubts() -> None:
    """While it is not confirmed, the last verified state is shown with the time of its own evidence."""
    snapshot, _ = after(look(THERE), look(GONE, 9))
    assert snapshot.known[PIXEL] == Known(
        satisfied=True,
        reason=None,
        since=START,
        checked_at=START,
        suspicion=Suspicion("no_pixel", START + minute(9)),
        witness="u-owner",
    )
    assert snapshot.suspected_since == START + minute(9)


def test_since_tells_when_it_became_so_and_checked_when_it_was_seen_last() -> None:
    """The same again moves the evidence, not the transition."""
    snapshot, _ = after(look(THERE), look(THERE, 60))
    assert (snapshot.known[PIXEL].since, snapshot.known[PIXEL].checked_at) == (START, START + minute(60))
    snapshot, _ = after(look(THERE), look(UNBOUND, 60), look(UNBOUND, 70))
    assert (snapshot.known[PIXEL].since, snapshot.known[PIXEL].checked_at) == (START + minute(60), START + minute(70))
    assert snapshot.objective("CONVERSIONS").last_transition_at == START + minute(60)


def test_stale_is_since_the_first_look_that_could_not_verify() -> None:
    """Further such looks do not move it, and a look that can ends it."""
    snapshot, _ = after(look(THERE), look(NOT_KNOWN, 60), look(NOT_KNOWN, 120))
    assert snapshot.stale_since == START + minute(60)
    assert snapshot.objective("CONVERSIONS").stale
    assert not snapshot.objective("REACH").stale
    assert snapshot.checked_at == START
    snapshot, _ = after(look(THERE), look(NOT_KNOWN, 60), look(THERE, 120))
    assert snapshot.stale_since is None
    assert snapshot.checked_at == START + minute(120)


def test_what_a_younger_look_verified_is_not_stale_because_an_older_one_could_not() -> None:
    """A preflight that began before a look, and ended after it, says nothing of what that has seen."""
    snapshot, _ = after(look(THERE, 9), look(NOT_KNOWN, 8))
    assert (snapshot.stale_since, snapshot.checked_at) == (None, START + minute(9))


def test_an_older_look_that_ends_later_does_not_change_the_risk() -> None:
    """It goes with the identity."""
    young = Look(START + minute(9), {Requirement.IDENTITY: THERE}, "u-owner")
    old = Look(START + minute(8), {Requirement.IDENTITY: THERE}, "u-owner", at_risk=True)
    assert not after(young, old)[0].at_risk


def test_that_others_were_told_of_staleness_is_forgotten_with_it() -> None:
    """The next period is told of again."""
    stale, _ = after(look(THERE), look(NOT_KNOWN, 60))
    told = Snapshot(stale.known, 1, stale_told=True)
    assert observe(told, look(NOT_KNOWN, 120), CONFIRM_AFTER).snapshot.stale_told
    assert not observe(told, look(THERE, 120), CONFIRM_AFTER).snapshot.stale_told


def test_a_look_nobody_could_make_makes_everything_stale_and_keeps_the_witness() -> None:
    """Without a token nothing is verified, and nothing is forgotten."""
    seen = Look(START, dict.fromkeys(Requirement, THERE), "u-owner", at_risk=True, warnings=("account_not_enabled",))
    before = observe(Snapshot(), seen, CONFIRM_AFTER).snapshot
    nothing = Look.of_nothing(START + minute(60), Finding(Status.UNKNOWN, Unverified.NO_TOKEN))
    observed = observe(before, nothing, CONFIRM_AFTER)
    assert observed.changes == ()
    assert {one.stale_since for one in observed.snapshot.known.values()} == {START + minute(60)}
    assert {one.satisfied for one in observed.snapshot.known.values()} == {True}
    assert (observed.snapshot.witness, observed.snapshot.at_risk) == ("u-owner", True)
    assert observed.snapshot.warnings == ("account_not_enabled",)


def test_two_changes_of_one_look_are_one_generation() -> None:
    """A generation is what one look changed."""
    before = observe(Snapshot(), Look(START, dict.fromkeys(Requirement, GONE), "u"), CONFIRM_AFTER).snapshot
    observed = observe(before, Look(START + minute(1), dict.fromkeys(Requirement, THERE), "u"), CONFIRM_AFTER)
    assert [one.requirement for one in observed.changes] == [*Requirement]
    assert observed.snapshot.generation == 2
    assert all(observed.snapshot.objective(name).ready for name in OBJECTIVES)


@pytest.mark.parametrize(
    ("finding", "expected"), [(THERE, frozenset()), (GONE, {PIXEL}), (NOT_KNOWN, frozenset())], ids=str
)
def test_only_what_was_verified_contradicts(finding: Finding, expected: frozenset[Requirement]) -> None:
    """Unknown says nothing against what is known, and what was never known cannot be contradicted."""
    snapshot, _ = after(look(THERE))
    assert contradicted(snapshot, look(finding, 1)) == expected
    assert contradicted(Snapshot(), look(finding, 1)) == frozenset()


@pytest.mark.parametrize(
    ("requirement", "witness", "provisional", "forgotten"),
    [
        (Requirement.IDENTITY, "u-other", True, True),
        (Requirement.CATALOG, "u-other", True, True),
        (Requirement.LEAD_FORM, "u-other", True, True),
        (Requirement.PIXEL, "u-other", True, False),
        (Requirement.APP, "u-other", True, False),
        (Requirement.IDENTITY, "u-owner", True, False),
        (Requirement.IDENTITY, "u-other", False, False),
    ],
)
def test_a_preflights_baseline_holds_only_what_does_not_depend_on_the_person(
    requirement: Requirement, witness: str, *, provisional: bool, forgotten: bool
) -> None:
    """The first scheduled look with another token takes its place where the two differ on a person's own assets."""
    known = {requirement: Known(satisfied=True, reason=None, since=START, checked_at=START)}
    before = Snapshot(known, 1, witness="u-owner", provisional=provisional)
    settling = Look(START + minute(1), {requirement: Finding(Status.MISSING, "gone")}, witness)
    settled_on = settled(before, settling)
    assert (requirement not in settled_on.known) == forgotten
    assert not settled_on.provisional


def test_a_look_nobody_could_make_settles_nothing() -> None:
    """The baseline stays provisional until a scheduled look sees something."""
    before = Snapshot({}, 1, witness="u-owner", provisional=True)
    assert settled(before, Look.of_nothing(START, NOT_KNOWN)).provisional


def test_what_counts_as_authoritative_is_what_tiktok_says_of_an_asset() -> None:
    """An empty listing never is."""
    assert {
        "catalog_not_eligible",
        "lead_form_not_published",
        "pixel_unbound",
        "tt_user_unavailable",
    } == AUTHORITATIVE
