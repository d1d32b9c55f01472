"""What one more check changes in a snapshot, case by case."""

from dataclasses import replace
from datetime import timedelta

import pytest

from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.readiness.snapshot import (
    AUTHORITATIVE,
    CheckResult,
    PrerequisiteState,
    Snapshot,
    UnconfirmedAbsence,
    contradicted,
    observe,
    settle_provisional,
)
from tests.support.clock import START, milliseconds

CONFIRM_AFTER = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
PIXEL = Requirement.PIXEL
SATISFIED = Finding(Status.SATISFIED)
MISSING = Finding(Status.MISSING, "no_pixel")
UNBOUND = Finding(Status.MISSING, "pixel_unbound")
UNKNOWN = Finding(Status.UNKNOWN, Unverified.TIMEOUT)


def found(finding: Finding, minutes: float = 0) -> CheckResult:
    """Return the result of a check of the pixel alone, so long after the start."""
    return CheckResult(START + minutes * MINUTE, {PIXEL: finding}, "u-owner")


def after(*results: CheckResult) -> tuple[Snapshot, list[tuple[bool, str | None]]]:
    """Return the snapshot after these checks, and all changes: satisfied, reason."""
    snapshot, changes = Snapshot(), []
    for one in results:
        observation = observe(snapshot, one, CONFIRM_AFTER)
        snapshot = observation.snapshot
        changes += [(change.satisfied, change.reason) for change in observation.changes]
    return snapshot, changes


LOST = (False, "no_pixel")
FOUND = (True, None)
CASES: dict[str, tuple[list[tuple[Finding, float]], list[tuple[bool, str | None]], bool | None, float | None]] = {
    "a baseline is no change": ([(SATISFIED, 0)], [], True, 0),
    "a baseline without the pixel is no change": ([(MISSING, 0)], [], False, 0),
    "what could not be verified is no baseline": ([(UNKNOWN, 0)], [], None, None),
    "the first verified state is the baseline": ([(UNKNOWN, 0), (MISSING, 9)], [], False, 9),
    "the same state again is no change": ([(SATISFIED, 0), (SATISFIED, 9)], [], True, 0),
    "unknown keeps what is satisfied": ([(SATISFIED, 0), (UNKNOWN, 9)], [], True, 0),
    "unknown keeps what is missing": ([(MISSING, 0), (UNKNOWN, 9)], [], False, 0),
    "one check without it is an unconfirmed absence": ([(SATISFIED, 0), (MISSING, 9)], [], True, 0),
    "a check that is too early confirms nothing": ([(SATISFIED, 0), (MISSING, 9), (MISSING, 13.9)], [], True, 0),
    "a confirmation check confirms": ([(SATISFIED, 0), (MISSING, 9), (MISSING, 14)], [LOST], False, 14),
    "the first check without it counts, not the last": (
        [(SATISFIED, 0), (MISSING, 9), (MISSING, 12), (MISSING, 14)],
        [LOST],
        False,
        14,
    ),
    "a satisfied state ends an unconfirmed absence": (
        [(SATISFIED, 0), (MISSING, 9), (SATISFIED, 10), (MISSING, 15)],
        [],
        True,
        0,
    ),
    "unknown neither confirms nor ends an unconfirmed absence": (
        [(SATISFIED, 0), (MISSING, 9), (UNKNOWN, 20), (MISSING, 21)],
        [LOST],
        False,
        21,
    ),
    "unknown alone confirms no absence": ([(SATISFIED, 0), (MISSING, 9), (UNKNOWN, 20)], [], True, 0),
    "an authoritative reason needs no confirmation check": (
        [(SATISFIED, 0), (UNBOUND, 9)],
        [(False, "pixel_unbound")],
        False,
        9,
    ),
    "an authoritative reason confirms an absence at once": (
        [(SATISFIED, 0), (MISSING, 9), (UNBOUND, 10)],
        [(False, "pixel_unbound")],
        False,
        10,
    ),
    "a satisfied state needs no confirmation check": ([(MISSING, 0), (SATISFIED, 1)], [FOUND], True, 1),
    "lost and found again are two changes": (
        [(SATISFIED, 0), (UNBOUND, 1), (SATISFIED, 2)],
        [(False, "pixel_unbound"), FOUND],
        True,
        2,
    ),
    "another reason is no change": ([(MISSING, 0), (UNBOUND, 1)], [], False, 0),
    "an older result does not overwrite a satisfied state": (
        [(MISSING, 0), (SATISFIED, 9), (UNBOUND, 8)],
        [FOUND],
        True,
        9,
    ),
    "an older result does not overwrite a missing state": (
        [(SATISFIED, 0), (UNBOUND, 9), (SATISFIED, 8)],
        [(False, "pixel_unbound")],
        False,
        9,
    ),
    "an older result does not end an unconfirmed absence": (
        [(SATISFIED, 0), (MISSING, 9), (SATISFIED, 8), (MISSING, 14)],
        [LOST],
        False,
        14,
    ),
    "a satisfied state after unknown is a change": ([(MISSING, 0), (UNKNOWN, 1), (SATISFIED, 2)], [FOUND], True, 2),
}


@pytest.mark.parametrize("name", CASES)
def test_checks_in_a_row(name: str) -> None:
    """Each case has the expected changes, the expected state in the end, and the generation of the last change."""
    results, expected, satisfied, changed_at = CASES[name]
    snapshot, changes = after(*(found(finding, minutes) for finding, minutes in results))
    assert changes == expected
    assert snapshot.generation == (0 if changed_at is None else milliseconds(START + changed_at * MINUTE))
    known = snapshot.known.get(PIXEL)
    assert (known.satisfied if known else None) == satisfied


def test_an_unconfirmed_absence_keeps_the_verified_state() -> None:
    """Until it is confirmed, the last verified state stays with the time of its own evidence."""
    snapshot, _ = after(found(SATISFIED), found(MISSING, 9))
    assert snapshot.known[PIXEL] == PrerequisiteState(
        satisfied=True,
        reason=None,
        since=START,
        checked_at=START,
        unconfirmed_absence=UnconfirmedAbsence("no_pixel", START + 9 * MINUTE),
        verified_by="u-owner",
    )
    assert snapshot.unconfirmed_since == START + 9 * MINUTE


def test_since_is_the_transition_and_checked_at_the_last_evidence() -> None:
    """The same state again moves the evidence, not the transition."""
    snapshot, _ = after(found(SATISFIED), found(SATISFIED, 60))
    assert (snapshot.known[PIXEL].since, snapshot.known[PIXEL].checked_at) == (START, START + 60 * MINUTE)
    snapshot, _ = after(found(SATISFIED), found(UNBOUND, 60), found(UNBOUND, 70))
    assert (snapshot.known[PIXEL].since, snapshot.known[PIXEL].checked_at) == (
        START + 60 * MINUTE,
        START + 70 * MINUTE,
    )
    assert snapshot.objective("CONVERSIONS").last_transition_at == START + 60 * MINUTE


def test_a_state_is_stale_since_the_first_check_that_could_not_verify_it() -> None:
    """Further such checks do not move that, and a check that can verify it ends it."""
    snapshot, _ = after(found(SATISFIED), found(UNKNOWN, 60), found(UNKNOWN, 120))
    assert snapshot.stale_since == START + 60 * MINUTE
    assert snapshot.objective("CONVERSIONS").stale
    assert not snapshot.objective("REACH").stale
    assert snapshot.checked_at == START
    snapshot, _ = after(found(SATISFIED), found(UNKNOWN, 60), found(SATISFIED, 120))
    assert snapshot.stale_since is None
    assert snapshot.checked_at == START + 120 * MINUTE


def test_an_older_result_makes_nothing_stale() -> None:
    """A preflight that started before a check, and ended after it, says nothing about what the check verified."""
    snapshot, _ = after(found(SATISFIED, 9), found(UNKNOWN, 8))
    assert (snapshot.stale_since, snapshot.checked_at) == (None, START + 9 * MINUTE)


def test_an_older_result_does_not_change_the_risk() -> None:
    """The risk is taken from the result that the identity is taken from."""
    newer = CheckResult(START + 9 * MINUTE, {Requirement.IDENTITY: SATISFIED}, "u-owner")
    older = CheckResult(START + 8 * MINUTE, {Requirement.IDENTITY: SATISFIED}, "u-owner", at_risk=True)
    assert not after(newer, older)[0].at_risk


@pytest.mark.parametrize(
    ("finding", "notified"), [(UNKNOWN, True), (SATISFIED, False), (MISSING, False), (UNBOUND, False)], ids=str
)
def test_stale_notified_ends_with_the_staleness(finding: Finding, *, notified: bool) -> None:
    """The next period of staleness is published again."""
    stale, _ = after(found(SATISFIED), found(UNKNOWN, 60))
    before = Snapshot({PIXEL: replace(stale.known[PIXEL], stale_notified=True)}, 1)
    assert observe(before, found(finding, 120), CONFIRM_AFTER).snapshot.known[PIXEL].stale_notified is notified


def test_a_check_without_a_token_makes_everything_stale_and_keeps_the_rest() -> None:
    """Nothing is verified, and nothing is forgotten."""
    first = CheckResult(
        START, dict.fromkeys(Requirement, SATISFIED), "u-owner", at_risk=True, warnings=("account_not_enabled",)
    )
    before = observe(Snapshot(), first, CONFIRM_AFTER).snapshot
    nothing = CheckResult.nothing_verified(START + 60 * MINUTE, Finding(Status.UNKNOWN, Unverified.NO_TOKEN))
    observation = observe(before, nothing, CONFIRM_AFTER)
    assert observation.changes == ()
    assert {one.stale_since for one in observation.snapshot.known.values()} == {START + 60 * MINUTE}
    assert {one.satisfied for one in observation.snapshot.known.values()} == {True}
    assert (observation.snapshot.verified_by, observation.snapshot.at_risk) == ("u-owner", True)
    assert observation.snapshot.warnings == ("account_not_enabled",)


def test_several_changes_of_one_check_are_one_generation() -> None:
    """The generation is that of the check."""
    before = observe(Snapshot(), CheckResult(START, dict.fromkeys(Requirement, MISSING), "u"), CONFIRM_AFTER).snapshot
    result = CheckResult(START + MINUTE, dict.fromkeys(Requirement, SATISFIED), "u")
    observation = observe(before, result, CONFIRM_AFTER)
    assert [one.requirement for one in observation.changes] == [*Requirement]
    assert observation.snapshot.generation == milliseconds(START + MINUTE)
    assert all(observation.snapshot.objective(name).ready for name in OBJECTIVES)


@pytest.mark.parametrize(
    ("finding", "expected"), [(SATISFIED, frozenset()), (MISSING, {PIXEL}), (UNKNOWN, frozenset())], ids=str
)
def test_only_a_verified_finding_contradicts(finding: Finding, expected: frozenset[Requirement]) -> None:
    """Unknown contradicts nothing, and what was never known cannot be contradicted."""
    snapshot, _ = after(found(SATISFIED))
    assert contradicted(snapshot, found(finding, 1)) == expected
    assert contradicted(Snapshot(), found(finding, 1)) == frozenset()


@pytest.mark.parametrize(
    ("requirement", "verified_by", "provisional", "forgotten"),
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
def test_the_first_check_replaces_what_a_preflight_saw_with_another_token(
    requirement: Requirement, verified_by: str, *, provisional: bool, forgotten: bool
) -> None:
    """It does so if the two differ and the prerequisite depends on the token."""
    known = {requirement: PrerequisiteState(satisfied=True, reason=None, since=START, checked_at=START)}
    before = Snapshot(known, 1, verified_by="u-owner", provisional=provisional)
    result = CheckResult(START + MINUTE, {requirement: Finding(Status.MISSING, "gone")}, verified_by)
    settled = settle_provisional(before, result)
    assert (requirement not in settled.known) == forgotten
    assert not settled.provisional


def test_a_check_without_a_token_leaves_the_snapshot_provisional() -> None:
    """It stays so until a scheduled check verifies something."""
    before = Snapshot({}, 1, verified_by="u-owner", provisional=True)
    assert settle_provisional(before, CheckResult.nothing_verified(START, UNKNOWN)).provisional


def test_authoritative_reasons_are_about_assets_that_tiktok_returns() -> None:
    """An empty listing is never authoritative."""
    assert {
        "catalog_not_eligible",
        "lead_form_not_published",
        "pixel_unbound",
        "tt_user_unavailable",
    } == AUTHORITATIVE
