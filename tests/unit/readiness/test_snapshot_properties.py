"""What holds of every snapshot, whatever looks came in whichever order."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.preflight.verdict import Evidence, verdict
from publishing.readiness.snapshot import AUTHORITATIVE, Look, Observed, Snapshot, observe
from tests.support.clock import START
from tests.unit.preflight.evidence_strategies import NONE_REASONS, evidences, findings

CONFIRM_AFTER = timedelta(minutes=5)


@st.composite
def whole_evidences(draw: st.DrawFn) -> Evidence:
    """Evidence of all prerequisites, as a check gathers it."""
    identities = draw(evidences("REACH", strict=False))
    others: dict[Requirement, Finding] = {
        one: draw(findings(one, "ASSET")) for one in Requirement if one is not Requirement.IDENTITY
    }
    return replace(identities, others=others)


@st.composite
def some_findings(draw: st.DrawFn) -> dict[Requirement, Finding]:
    """What one look found of some of the prerequisites."""
    found: dict[Requirement, Finding] = {}
    for one in draw(st.sampled_from([(Requirement.PIXEL,), (Requirement.PIXEL, Requirement.LEAD_FORM)])):
        nothing, none_usable = NONE_REASONS[one]
        kinds = [
            Finding(Status.SATISFIED),
            Finding(Status.MISSING, nothing),
            Finding(Status.MISSING, nothing),  # twice as often: it is what needs a second look
            Finding(Status.MISSING, none_usable),
            Finding(Status.UNKNOWN, Unverified.TIMEOUT),
        ]
        found[one] = draw(st.sampled_from(kinds))
    return found


@st.composite
def histories(draw: st.DrawFn) -> list[Look]:
    """Looks in the order of their time, some only minutes apart."""
    at, looks = START, []
    for found in draw(st.lists(some_findings(), min_size=4, max_size=10)):
        at += timedelta(minutes=draw(st.sampled_from([0, 1, 3, 5])))
        looks.append(Look(at, found, draw(st.sampled_from(["u-owner", "u-buyer"]))))
    return looks


def observed(looks: list[Look]) -> list[Observed]:
    """What each look came to."""
    every = [Observed(Snapshot())]
    for look in looks:
        every.append(observe(every[-1].snapshot, look, CONFIRM_AFTER))
    return every


@given(whole_evidences())
def test_the_snapshot_says_what_the_publish_check_says_of_the_same_evidence(evidence: Evidence) -> None:
    """For every objective: the same ready, missing, unknown and at risk, and each warning."""
    look = Look.of(evidence, OBJECTIVES, START, "u-owner")
    snapshot = observe(Snapshot(), look, CONFIRM_AFTER).snapshot
    warnings: set[str] = set()
    for name in OBJECTIVES:
        judged, state = verdict(name, evidence, strict=False), snapshot.objective(name)
        assert (state.ready, state.missing, state.unknown) == (judged.ready, judged.missing, judged.unknown)
        warnings.update(judged.warnings)
        if Requirement.IDENTITY in snapshot.known:
            assert snapshot.at_risk == bool(judged.at_risk)
    assert set(snapshot.warnings) == warnings


@given(histories())
def test_unknown_never_overwrites_what_is_known(looks: list[Look]) -> None:
    """It stays as it was, but for being called stale; and nothing is ever forgotten."""
    for (before, now), look in zip(pairwise(observed(looks)), looks, strict=True):
        assert set(before.snapshot.known) <= set(now.snapshot.known)
        for requirement, finding in look.findings.items():
            if finding.status is not Status.UNKNOWN:
                continue
            was, known = before.snapshot.known.get(requirement), now.snapshot.known.get(requirement)
            assert (was is None) == (known is None)
            if was is not None and known is not None:
                assert (known.satisfied, known.reason, known.since, known.checked_at, known.suspicion) == (
                    was.satisfied,
                    was.reason,
                    was.since,
                    was.checked_at,
                    was.suspicion,
                )
                assert known.stale_since == (was.stale_since or look.at)


@given(histories())
def test_the_generation_rises_exactly_with_changes(looks: list[Look]) -> None:
    """By one at a change and at the baseline, and never else."""
    for before, now in pairwise(observed(looks)):
        baseline = not before.snapshot.generation and bool(now.snapshot.known)
        assert now.snapshot.generation == before.snapshot.generation + (1 if now.changes or baseline else 0)
        states = [
            {one: known.satisfied for one, known in snapshot.known.items()}
            for snapshot in (before.snapshot, now.snapshot)
        ]
        changed = {one for one, satisfied in states[0].items() if states[1][one] != satisfied}
        assert changed == {one.requirement for one in now.changes}
        assert not (baseline and now.changes)


@given(histories())
def test_nothing_is_lost_without_a_second_look_or_tiktoks_word(looks: list[Look]) -> None:
    """Satisfied turns missing where an earlier look missed it too, long enough before, or where the reason is firm."""
    every = observed(looks)
    for index, now in enumerate(every[1:]):
        for change in now.changes:
            if change.satisfied or change.reason in AUTHORITATIVE:
                continue
            at = looks[index].at
            earlier = [
                one.at
                for one in looks[:index]
                if (found := one.findings.get(change.requirement)) and found.status is Status.MISSING
            ]
            assert any(at - one >= CONFIRM_AFTER for one in earlier)
            since_then = [
                one
                for one in looks[:index]
                if one.at > max(moment for moment in earlier if at - moment >= CONFIRM_AFTER)
                and (found := one.findings.get(change.requirement))
                and found.status is Status.SATISFIED
            ]
            assert since_then == []


@given(histories())
def test_what_is_there_is_known_at_once(looks: list[Look]) -> None:
    """And no suspicion and no staleness is left of it."""
    for now, look in zip(observed(looks)[1:], looks, strict=True):
        for requirement, finding in look.findings.items():
            if finding.status is Status.SATISFIED:
                known = now.snapshot.known[requirement]
                assert (known.satisfied, known.checked_at) == (True, look.at)
                assert (known.suspicion, known.stale_since) == (None, None)


@given(histories())
def test_the_same_look_again_changes_nothing(looks: list[Look]) -> None:
    """A write whose answer was lost is decided on once more, to the same end."""
    for now, look in zip(observed(looks)[1:], looks, strict=True):
        again = observe(now.snapshot, look, CONFIRM_AFTER)
        assert (again.changes, again.snapshot) == ((), now.snapshot)
