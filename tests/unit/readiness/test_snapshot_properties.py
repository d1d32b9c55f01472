"""What holds for every snapshot, whatever checks were made, in whatever order."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.preflight.verdict import Evidence, verdict
from publishing.readiness.snapshot import AUTHORITATIVE, CheckResult, Observation, Snapshot, observe
from tests.support.clock import START, milliseconds
from tests.unit.preflight.evidence_strategies import NONE_REASONS, evidences, findings

CONFIRM_AFTER = timedelta(minutes=5)


@st.composite
def complete_evidences(draw: st.DrawFn) -> Evidence:
    """Evidence of all prerequisites, as a check gathers it."""
    identities = draw(evidences("REACH", strict=False))
    others: dict[Requirement, Finding] = {
        one: draw(findings(one, "ASSET")) for one in Requirement if one is not Requirement.IDENTITY
    }
    return replace(identities, others=others)


@st.composite
def some_findings(draw: st.DrawFn) -> dict[Requirement, Finding]:
    """The findings of one check of some of the prerequisites."""
    found: dict[Requirement, Finding] = {}
    for one in draw(st.sampled_from([(Requirement.PIXEL,), (Requirement.PIXEL, Requirement.LEAD_FORM)])):
        nothing, none_usable = NONE_REASONS[one]
        kinds = [
            Finding(Status.SATISFIED),
            Finding(Status.MISSING, nothing),
            Finding(Status.MISSING, nothing),  # twice as often: it is what needs a confirmation check
            Finding(Status.MISSING, none_usable),
            Finding(Status.UNKNOWN, Unverified.TIMEOUT),
        ]
        found[one] = draw(st.sampled_from(kinds))
    return found


@st.composite
def histories(draw: st.DrawFn) -> list[CheckResult]:
    """Results of checks in the order of their time, some only minutes apart."""
    at, results = START, []
    for found in draw(st.lists(some_findings(), min_size=4, max_size=10)):
        at += timedelta(minutes=draw(st.sampled_from([0, 1, 3, 5])))
        results.append(CheckResult(at, found, draw(st.sampled_from(["u-owner", "u-buyer"]))))
    return results


def observations(results: list[CheckResult]) -> list[Observation]:
    """Return the empty snapshot, and then the observation of each check."""
    every = [Observation(Snapshot())]
    for result in results:
        every.append(observe(every[-1].snapshot, result, CONFIRM_AFTER))
    return every


@given(complete_evidences())
def test_the_snapshot_has_the_verdicts_of_the_publish_check(evidence: Evidence) -> None:
    """For every objective, ready, missing, unknown, at risk and warnings are equal for the same evidence."""
    result = CheckResult.of(evidence, OBJECTIVES, START, "u-owner")
    snapshot = observe(Snapshot(), result, CONFIRM_AFTER).snapshot
    warnings: set[str] = set()
    for name in OBJECTIVES:
        judged, state = verdict(name, evidence, strict=False), snapshot.objective(name)
        assert (state.ready, state.missing, state.unknown) == (judged.ready, judged.missing, judged.unknown)
        warnings.update(judged.warnings)
        if Requirement.IDENTITY in snapshot.known:
            assert snapshot.at_risk == bool(judged.at_risk)
    assert set(snapshot.warnings) == warnings


@given(histories())
def test_unknown_never_overwrites_what_is_known(results: list[CheckResult]) -> None:
    """The state only becomes stale, and nothing is ever forgotten."""
    for (before, after), result in zip(pairwise(observations(results)), results, strict=True):
        assert set(before.snapshot.known) <= set(after.snapshot.known)
        for requirement, finding in result.findings.items():
            if finding.status is not Status.UNKNOWN:
                continue
            was, known = before.snapshot.known.get(requirement), after.snapshot.known.get(requirement)
            assert (was is None) == (known is None)
            if was is not None and known is not None:
                assert (known.satisfied, known.reason, known.since, known.checked_at, known.unconfirmed_absence) == (
                    was.satisfied,
                    was.reason,
                    was.since,
                    was.checked_at,
                    was.unconfirmed_absence,
                )
                assert known.stale_since == (was.stale_since or result.at)


@given(histories())
def test_the_generation_rises_with_changes_only(results: list[CheckResult]) -> None:
    """It rises with a change and with the baseline, at least to the time of the check."""
    for (before, after), result in zip(pairwise(observations(results)), results, strict=True):
        baseline = not before.snapshot.generation and bool(after.snapshot.known)
        assert (after.snapshot.generation > before.snapshot.generation) == bool(after.changes or baseline)
        assert not after.changes or after.snapshot.generation >= milliseconds(result.at)
        states = [
            {one: known.satisfied for one, known in snapshot.known.items()}
            for snapshot in (before.snapshot, after.snapshot)
        ]
        changed = {one for one, satisfied in states[0].items() if states[1][one] != satisfied}
        assert changed == {one.requirement for one in after.changes}
        assert not (baseline and after.changes)


@given(histories())
def test_nothing_becomes_missing_without_a_confirmation_check_or_an_authoritative_reason(
    results: list[CheckResult],
) -> None:
    """A check long enough before did not find it either, and no check between the two found it."""
    for index, now in enumerate(observations(results)[1:]):
        for change in now.changes:
            if change.satisfied or change.reason in AUTHORITATIVE:
                continue
            at = results[index].at
            earlier = [
                one.at
                for one in results[:index]
                if (found := one.findings.get(change.requirement)) and found.status is Status.MISSING
            ]
            assert any(at - one >= CONFIRM_AFTER for one in earlier)
            satisfied_since = [
                one
                for one in results[:index]
                if one.at > max(moment for moment in earlier if at - moment >= CONFIRM_AFTER)
                and (found := one.findings.get(change.requirement))
                and found.status is Status.SATISFIED
            ]
            assert satisfied_since == []


@given(histories())
def test_what_is_found_is_satisfied_at_once(results: list[CheckResult]) -> None:
    """No unconfirmed absence and no staleness of it is left."""
    for now, result in zip(observations(results)[1:], results, strict=True):
        for requirement, finding in result.findings.items():
            if finding.status is Status.SATISFIED:
                known = now.snapshot.known[requirement]
                assert (known.satisfied, known.checked_at) == (True, result.at)
                assert (known.unconfirmed_absence, known.stale_since) == (None, None)


@given(histories())
def test_the_same_result_again_changes_nothing(results: list[CheckResult]) -> None:
    """After a write whose response was lost, the same result is observed again."""
    for now, result in zip(observations(results)[1:], results, strict=True):
        again = observe(now.snapshot, result, CONFIRM_AFTER)
        assert (again.changes, again.snapshot) == ((), now.snapshot)
