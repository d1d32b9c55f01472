"""Properties of every verdict, whatever TikTok answered."""

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
"""Objective, evidence and the ``strict`` flag."""


@given(cases)
def test_ready_means_nothing_missing_and_nothing_unknown(case: Case) -> None:
    """A verdict is ready exactly when every required prerequisite is satisfied."""
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
def test_strict_never_adds_ready(case: Case) -> None:
    """What is ready with strict is ready without; what is missing without strict is missing with it."""
    objective, evidence, _ = case
    strict, lenient = (verdict(objective, evidence, strict=one) for one in (True, False))
    assert lenient.ready or not strict.ready
    assert set(lenient.missing) <= set(strict.missing)


@given(cases)
def test_reasons_have_an_order(case: Case) -> None:
    """The reason is api_error if anything is unknown, else no_tt_user if the identity is missing, else None."""
    objective, evidence, strict = case
    result = verdict(objective, evidence, strict=strict)
    expected = "api_error" if result.unknown else "no_tt_user" if "identity" in result.missing else None
    assert result.reason == expected
    assert result.reason is None or result.detail is not None


@given(cases)
def test_at_risk_is_a_satisfied_custom_identity_and_never_strict(case: Case) -> None:
    """At risk means a satisfied custom identity; with strict nothing is at risk."""
    objective, evidence, strict = case
    result = verdict(objective, evidence, strict=strict)
    if result.at_risk:
        assert not strict
        assert result.identity is not None
        assert result.identity.type == "CUSTOMIZED_USER"
        assert "identity" not in {*result.missing, *result.unknown}


@given(cases)
def test_nothing_is_missing_because_of_an_error(case: Case) -> None:
    """A prerequisite is missing only if its own checks say so without an error."""
    objective, evidence, strict = case
    for requirement in verdict(objective, evidence, strict=strict).missing:
        findings = evidence.identities.values() if requirement == "identity" else [evidence.others[requirement]]
        assert all(one.error is None for one in findings)


@given(cases)
def test_creating_an_identity_is_offered_only_if_it_would_count(case: Case) -> None:
    """Not if custom identities are not accepted or restricted, and not if the advertiser has an identity."""
    objective, evidence, strict = case
    identity = verdict(objective, evidence, strict=strict).findings[Requirement.IDENTITY]
    _, fix = text_of(Requirement.IDENTITY, identity)
    if fix is not None and fix.action == "create_identity":
        assert identity.status is Status.MISSING
        assert not identity.assets
        assert IdentityType.CUSTOMIZED_USER in evidence.identities
        assert evidence.advice.custom_identity_allowed is not False


@given(cases)
def test_every_finding_has_a_message(case: Case) -> None:
    """Every reason and warning that a verdict can have has a text."""
    objective, evidence, strict = case
    result = verdict(objective, evidence, strict=strict)
    for requirement in OBJECTIVES[objective]:
        text, fix = text_of(requirement, result.findings[requirement])
        assert text.endswith(".")
        assert (fix is None) == (result.findings[requirement].reason is None)
    assert all(warning(code).message for code in result.warnings)
