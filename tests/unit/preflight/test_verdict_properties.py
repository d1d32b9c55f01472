"""What holds of every verdict, whatever TikTok answered."""

from hypothesis import given
from hypothesis import strategies as st

from publishing.preflight.findings import Status
from publishing.preflight.messages import text_of, warning
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.preflight.verdict import Evidence, verdict
from tests.unit.preflight.evidence_strategies import evidences, objectives
from tiktok_business.models import IdentityType

Case = tuple[str, Evidence, bool]
cases: st.SearchStrategy[Case] = st.tuples(objectives, st.booleans()).flatmap(
    lambda drawn: st.tuples(st.just(drawn[0]), evidences(drawn[0], strict=drawn[1]), st.just(drawn[1]))
)
"""Objective, evidence, and whether the caller asks strictly."""


@given(cases)
def test_ready_means_nothing_missing_and_nothing_unknown(case: Case) -> None:
    """Ready exactly when every required prerequisite was seen to be satisfied."""
    objective, evidence, strict = case
    result = verdict(objective, evidence, strict=strict)
    statuses = {result.findings[one].status for one in OBJECTIVES[objective]}
    assert result.ready == (not result.missing and not result.unknown) == (statuses == {Status.SATISFIED})
    assert (result.identity is not None) == (result.findings[Requirement.IDENTITY].status is Status.SATISFIED)
    assert result.identity is None or result.identity.usable


@given(cases)
def test_no_prerequisite_is_in_two_lists_and_all_are_in_order(case: Case) -> None:
    """Missing and unknown exclude each other, name required prerequisites only, in the contract's order."""
    objective, evidence, strict = case
    result = verdict(objective, evidence, strict=strict)
    order = ["identity", "pixel", "catalog", "app", "leadForm"]
    assert [*result.findings] == order
    assert not set(result.missing) & set(result.unknown)
    assert {*result.missing, *result.unknown} <= set(OBJECTIVES[objective])
    assert [*result.missing] == sorted(result.missing, key=order.index)
    assert [*result.unknown] == sorted(result.unknown, key=order.index)


@given(cases)
def test_strict_only_takes_ready_away(case: Case) -> None:
    """What strict calls ready is ready without it, and what was missing without it is not ready with it."""
    objective, evidence, _ = case
    strict, lenient = (verdict(objective, evidence, strict=one) for one in (True, False))
    assert lenient.ready or not strict.ready
    assert set(lenient.missing) <= set(strict.missing)


@given(cases)
def test_reasons_have_an_order(case: Case) -> None:
    """api_error where anything is unknown, else no_tt_user where the identity is missing, else none."""
    objective, evidence, strict = case
    result = verdict(objective, evidence, strict=strict)
    expected = "api_error" if result.unknown else "no_tt_user" if "identity" in result.missing else None
    assert result.reason == expected
    assert result.reason is None or result.detail is not None


@given(cases)
def test_at_risk_is_a_satisfied_custom_identity_and_never_strict(case: Case) -> None:
    """At risk never changes ready, and strict turns it into missing."""
    objective, evidence, strict = case
    result = verdict(objective, evidence, strict=strict)
    if result.at_risk:
        assert not strict
        assert result.identity is not None
        assert result.identity.type == "CUSTOMIZED_USER"
        assert "identity" not in {*result.missing, *result.unknown}


@given(cases)
def test_nothing_is_missing_that_tiktok_did_not_tell(case: Case) -> None:
    """A prerequisite other than identity is missing only where its own check says so; an error never leads there."""
    objective, evidence, strict = case
    for requirement in verdict(objective, evidence, strict=strict).missing:
        looks = evidence.identities.values() if requirement == "identity" else [evidence.others[requirement]]
        assert all(look.error is None for look in looks)


@given(cases)
def test_creating_an_identity_is_offered_only_where_it_would_count(case: Case) -> None:
    """Never where custom identities are not accepted, nor where TikTok bars them, nor where there is an identity."""
    objective, evidence, strict = case
    identity = verdict(objective, evidence, strict=strict).findings[Requirement.IDENTITY]
    _, fix = text_of(Requirement.IDENTITY, identity)
    if fix is not None and fix.action == "create_identity":
        assert identity.status is Status.MISSING
        assert not identity.assets
        assert IdentityType.CUSTOMIZED_USER in evidence.identities
        assert evidence.advice.custom_identity_allowed is not False


@given(cases)
def test_whatever_is_found_has_a_sentence(case: Case) -> None:
    """No reason and no warning that a verdict can have is without its text."""
    objective, evidence, strict = case
    result = verdict(objective, evidence, strict=strict)
    for requirement in OBJECTIVES[objective]:
        text, fix = text_of(requirement, result.findings[requirement])
        assert text.endswith(".")
        assert (fix is None) == (result.findings[requirement].reason is None)
    assert all(warning(code).message for code in result.warnings)
