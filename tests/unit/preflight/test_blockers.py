"""What stops an ad beside its prerequisites, what may stop it, and what was not looked at."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.permissions import SCOPES
from publishing.preflight.blockers import DISABLED, Outlook, outlook, outlook_unasked
from publishing.preflight.findings import Asset, Finding, Status, unknown
from publishing.preflight.messages import obstacle_text
from publishing.preflight.objectives import AdFormat, CampaignType, Destination, MeantAd, Requirement
from publishing.preflight.policies import Certainty
from publishing.preflight.verdict import Advice, Evidence, Question, not_accessible, nothing_connected, verdict
from tests.unit.preflight.evidence_strategies import evidences
from tests.unit.preflight.meant_ads import meant_ads
from tiktok_business.errors import AdvertiserNotAccessibleError, ScopeMissingError, TimedOutError, UnavailableError
from tiktok_business.models import IdentityType

TODAY = datetime(2026, 12, 1, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
TT, CUSTOM, BC = IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER, IdentityType.BC_AUTH_TT
FINE = Advice(
    custom_identity_allowed=True,
    account_status="STATUS_ENABLE",
    lead_terms_confirmed=True,
    countries=frozenset({"IT", "DE"}),
    verification="VERIFIED",
)
REACH = MeantAd("REACH")
LEADS = MeantAd("LEAD_GENERATION")
GMV_MAX, MANUAL = CampaignType.GMV_MAX, CampaignType.MANUAL
SATISFIED = Finding(Status.SATISFIED, assets=(Asset("9", "Any", "ANY"),))


def seen(
    ad: MeantAd,
    advice: Advice = FINE,
    identity: IdentityType = TT,
    *,
    strict: bool = False,
    now: datetime = TODAY,
    scopes: tuple[str, ...] | None = None,
) -> Outlook:
    """Return the outlook of an advertiser that has everything, with an identity of one type."""
    identities = {identity: Finding(Status.SATISFIED, assets=(Asset("1", "Acme", identity),))}
    others: dict[Requirement, Finding] = {one: SATISFIED for one in ad.required if one != Requirement.IDENTITY}
    evidence = Evidence(identities, others, advice, scopes)
    return outlook(ad, verdict(ad, evidence, strict=strict), evidence, now, strict=strict)


def codes(found: Outlook) -> tuple[bool | None, list[str], list[str]]:
    return found.publishable, [one.code for one in found.blockers], [one.code for one in found.risks]


@pytest.mark.parametrize("status", sorted(DISABLED))
def test_a_disabled_account_publishes_nothing(status: str) -> None:
    """The states of the contract block, and are no review."""
    assert codes(seen(REACH, replace(FINE, account_status=status))) == (False, ["account_not_enabled"], [])


def test_the_disabled_states_are_the_contracts() -> None:
    """Exactly these four states block."""
    assert set(DISABLED) == {"STATUS_DISABLE", "STATUS_LIMIT", "STATUS_CONFIRM_FAIL", "STATUS_CONFIRM_FAIL_END"}


@pytest.mark.parametrize("status", ["STATUS_PENDING_CONFIRM", "STATUS_CONTRACT_PENDING", "STATUS_OF_TOMORROW"])
def test_every_other_state_is_a_review(status: str) -> None:
    """A state that is neither enabled nor disabled is a risk, with strict a blocker."""
    advice = replace(FINE, account_status=status)
    assert codes(seen(REACH, advice)) == (True, [], ["account_in_review"])
    assert codes(seen(REACH, advice, strict=True)) == (False, [], ["account_in_review"])


@pytest.mark.parametrize(
    ("ad", "expected"),
    [
        (LEADS, ["lead_terms_unsigned"]),
        (replace(LEADS, destination=Destination.INSTANT_FORM), ["lead_terms_unsigned"]),
        (replace(LEADS, destination=Destination.WEBSITE), []),
        (replace(REACH, chosen={Requirement.LEAD_FORM: "9"}), []),
    ],
)
def test_unsigned_lead_terms_block_instant_forms(ad: MeantAd, expected: list[str]) -> None:
    """Only an ad with an instant form needs the terms."""
    assert codes(seen(ad, replace(FINE, lead_terms_confirmed=False))) == (not expected, expected, [])


def test_one_blocker_names_the_countries_that_the_account_may_not_target() -> None:
    """Countries that TikTok lists do not count; the sentence names the others in the caller's order."""
    found = seen(replace(REACH, countries=("US", "IT", "FR")))
    assert codes(found) == (False, ["country_not_available"], [])
    (blocker,) = found.blockers
    assert obstacle_text(blocker.code, blocker.policy, blocker.countries)[0].startswith(
        "TikTok does not let this account target US, FR."
    )
    assert codes(seen(replace(REACH, countries=("IT", "DE")))) == (True, [], [])


@pytest.mark.parametrize("status", ["FAILED", "EXPIRED", "VERIFIED", "REVIEWING", "NOT_SUBMITTED"])
def test_a_failed_or_expired_verification_is_a_risk(status: str) -> None:
    """All other states of the verification are none."""
    expected = ["verification_incomplete"] if status in {"FAILED", "EXPIRED"} else []
    assert codes(seen(REACH, replace(FINE, verification=status))) == (True, [], expected)


BARRED = replace(FINE, custom_identity_allowed=False)


@pytest.mark.parametrize(
    ("ad", "expected"),
    [
        (REACH, ["custom_identity_barred", "custom_identity_phase_out"]),
        (MeantAd("PRODUCT_SALES", Destination.WEBSITE, MANUAL), []),
        (MeantAd("PRODUCT_SALES", Destination.TIKTOK_SHOP, GMV_MAX), []),
    ],
)
def test_a_barred_custom_identity_is_a_risk_unless_the_ad_is_exempt(ad: MeantAd, expected: list[str]) -> None:
    """Manual catalog ads and ads to TikTok Shop may use it, even with strict."""
    assert codes(seen(ad, BARRED, CUSTOM)) == (True, [], expected)
    assert seen(ad, BARRED, CUSTOM, strict=True).publishable is not bool(expected)
    assert codes(seen(ad, BARRED, TT)) == (True, [], [])


def test_risks_have_an_order() -> None:
    """Account, identity, engagement, verification, other policies, formats."""
    advice = replace(BARRED, account_status="STATUS_PENDING_CONFIRM", verification="EXPIRED")
    engagement = MeantAd("ENGAGEMENT", ad_format=AdFormat.IMAGE)
    assert codes(seen(engagement, advice, CUSTOM)) == (
        True,
        [],
        [
            "account_in_review",
            "custom_identity_barred",
            "engagement_needs_account",
            "verification_incomplete",
            "custom_identity_phase_out",
            "single_image_not_on_tiktok",
        ],
    )


def test_blockers_have_an_order() -> None:
    """Account, lead terms, policies, countries."""
    advice = replace(FINE, account_status="STATUS_LIMIT", lead_terms_confirmed=False)
    ad = replace(LEADS, campaign_type=MANUAL, countries=("US",))
    assert codes(seen(ad, advice, now=NEW_YEAR)) == (
        False,
        ["account_not_enabled", "lead_terms_unsigned", "manual_campaigns_ended", "country_not_available"],
        [],
    )


@pytest.mark.parametrize(
    ("campaign_type", "identity", "expected"),
    [
        (MANUAL, TT, ["catalog_carousel_identity"]),
        (MANUAL, BC, ["catalog_carousel_identity"]),
        (MANUAL, CUSTOM, []),
        (CampaignType.SMART_PLUS, TT, ["smart_plus_no_product_sales"]),
        (GMV_MAX, TT, []),
    ],
)
def test_a_manual_catalog_carousel_needs_a_custom_identity(
    campaign_type: CampaignType, identity: IdentityType, expected: list[str]
) -> None:
    """It runs under a real account only in other campaigns."""
    ad = MeantAd("PRODUCT_SALES", Destination.WEBSITE, campaign_type, AdFormat.CATALOG_CAROUSEL)
    assert codes(seen(ad, FINE, identity)) == (True, [], expected)


def test_strict_does_not_count_what_rests_on_an_absent_qualifier() -> None:
    """Nobody said that the campaign is manual, so the policy is a risk even with strict; said, it blocks."""
    ad = MeantAd("APP_PROMOTION")
    assert codes(seen(ad, now=NEW_YEAR, strict=True)) == (True, [], ["manual_campaigns_ended"])
    manual = replace(ad, campaign_type=MANUAL)
    assert codes(seen(manual, now=NEW_YEAR)) == (False, ["manual_campaigns_ended"], [])
    reported = MeantAd("TRAFFIC", campaign_type=MANUAL)
    assert codes(seen(reported, now=NEW_YEAR)) == (True, [], ["manual_campaigns_ended_all"])
    assert codes(seen(reported, now=NEW_YEAR, strict=True)) == (False, [], ["manual_campaigns_ended_all"])


def test_a_policy_is_announced_to_callers_who_qualify_their_ad() -> None:
    """Who sends the objective alone gets today's warnings; anybody else is told what will apply or may."""
    announced = [
        [one.id for one in seen(ad).upcoming]
        for ad in (
            MeantAd("TRAFFIC"),
            MeantAd("TRAFFIC", Destination.WEBSITE),
            LEADS,
            replace(LEADS, countries=("IT",)),
        )
    ]
    assert announced == [[], ["manual_campaigns_ended_all"], [], ["manual_campaigns_ended"]]


TIMEOUT = TimedOutError("x/")
NO_SCOPE = ScopeMissingError("account/verification/status/")
DENIED = AdvertiserNotAccessibleError("advertiser/info/")
GRANTED = tuple(one.id for one in SCOPES)


@pytest.mark.parametrize(
    ("question", "ad", "field", "nothing"),
    [
        (Question.ACCOUNT_STATUS, REACH, "account_status", None),
        (Question.LEAD_TERMS, LEADS, "lead_terms_confirmed", None),
        (Question.COUNTRIES, replace(REACH, countries=("IT",)), "countries", frozenset()),
        (Question.VERIFICATION, REACH, "verification", None),
    ],
)
def test_a_question_without_an_answer_is_named(question: Question, ad: MeantAd, field: str, nothing: Any) -> None:
    """An error where a blocker could hide makes publishable null; what may not be read or is not said does not."""
    advice = replace(FINE, **{field: nothing})
    hides = question is not Question.VERIFICATION
    unsaid = seen(ad, advice)
    assert (unsaid.publishable, unsaid.not_checked[question]) == (True, "not_said")
    for error in (TIMEOUT, UnavailableError("x/")):
        failed = seen(ad, replace(advice, errors={question: error}))
        assert failed.publishable is (None if hides else True)
        assert failed.not_checked[question] in {"timeout", "upstream_error"}
    forbidden = seen(ad, replace(advice, errors={question: NO_SCOPE}))
    assert (forbidden.publishable, forbidden.not_checked[question]) == (True, "missing_scope")
    assert not [*unsaid.blockers, *unsaid.risks, *forbidden.blockers, *forbidden.risks]


def test_a_denial_is_a_missing_permission_unless_it_was_granted() -> None:
    """A denial of one endpoint counts as in the checks; if the permission was granted it is an error."""
    advice = replace(FINE, account_status=None, errors={Question.ACCOUNT_STATUS: DENIED})
    lacking, granted = seen(REACH, advice, scopes=()), seen(REACH, advice, scopes=GRANTED)
    assert (lacking.publishable, lacking.not_checked[Question.ACCOUNT_STATUS]) == (True, "missing_scope")
    assert (granted.publishable, granted.not_checked[Question.ACCOUNT_STATUS]) == (None, "advertiser_not_accessible")


def test_the_role_is_not_checked_until_somebody_reads_it() -> None:
    """Nobody reads the role yet: it is named and changes nothing."""
    assert dict(seen(REACH).not_checked) == {"account_role": "not_read"}
    assert seen(REACH).publishable is True


def test_an_unreadable_flag_is_named_if_a_custom_identity_counts() -> None:
    """The flag matters only if the ad would run under a custom identity that TikTok could bar."""
    advice = replace(FINE, custom_identity_allowed=None, errors={Question.CUSTOM_IDENTITY: TIMEOUT})
    assert seen(REACH, advice, CUSTOM).not_checked[Question.CUSTOM_IDENTITY] == "timeout"
    assert seen(REACH, advice, CUSTOM).publishable is True
    assert Question.CUSTOM_IDENTITY not in seen(REACH, advice, TT).not_checked
    exempt = MeantAd("PRODUCT_SALES", Destination.TIKTOK_SHOP, GMV_MAX)
    assert Question.CUSTOM_IDENTITY not in seen(exempt, advice, CUSTOM).not_checked


def test_events_that_tiktok_did_not_list_are_not_checked() -> None:
    """A pixel without a list of events says nothing about the event; another pixel with it says enough."""
    ad = MeantAd("CONVERSIONS", optimization_event="SHOPPING")
    unsaid, with_event = Asset("1", None, "PIXEL"), Asset("2", None, "PIXEL", events=frozenset({"SHOPPING"}))

    def gaps(*pixels: Asset) -> list[str]:
        identities = {TT: Finding(Status.SATISFIED, assets=(Asset("1", "Acme", TT),))}
        evidence = Evidence(identities, {Requirement.PIXEL: Finding(Status.SATISFIED, assets=pixels)}, FINE)
        judged = verdict(ad, evidence, strict=True)
        assert judged.ready
        return [*outlook(ad, judged, evidence, TODAY, strict=True).not_checked]

    assert gaps(unsaid) == ["account_role", "pixel_event"]
    assert gaps(unsaid, with_event) == gaps(with_event) == ["account_role"]


def test_without_a_token_policies_still_block() -> None:
    """What TikTok announced needs no token; all that must be asked is named with the reason."""
    ad = replace(LEADS, campaign_type=MANUAL, countries=("IT",))
    found = outlook_unasked(ad, nothing_connected(ad, None), None, NEW_YEAR, strict=False)
    assert codes(found) == (False, ["manual_campaigns_ended"], [])
    assert dict(found.not_checked) == dict.fromkeys(
        ["account_status", "account_role", "lead_terms", "countries", "verification"], "no_token"
    )
    late = outlook_unasked(REACH, not_accessible(REACH, TIMEOUT), TIMEOUT, TODAY, strict=False)
    assert (late.publishable, late.not_checked[Question.ACCOUNT_STATUS]) == (None, "timeout")


cases = st.tuples(meant_ads(), st.booleans()).flatmap(
    lambda drawn: st.tuples(
        st.just(drawn[0]), evidences(drawn[0].objective, strict=drawn[1], ad=drawn[0]), st.just(drawn[1])
    )
)


@given(cases, st.sampled_from([TODAY, NEW_YEAR]))
def test_publishable_follows_from_verdict_and_blockers(case: tuple[MeantAd, Evidence, bool], now: datetime) -> None:
    """False exactly with something missing, a blocker or, with strict, a risk; true only if nothing is unknown."""
    ad, evidence, strict = case
    judged = verdict(ad, evidence, strict=strict)
    found = outlook(ad, judged, evidence, now, strict=strict)
    counted = strict and any(not one.assumed for one in found.risks)
    assert (found.publishable is False) == bool(judged.missing or found.blockers or counted)
    assert not (found.publishable and judged.unknown)
    assert all(one.policy is None or one.code == one.policy.id for one in (*found.blockers, *found.risks))
    assert all(one.policy is None or one.policy.certainty is Certainty.DOCUMENTED for one in found.blockers)
    assert all(obstacle_text(one.code, one.policy, one.countries)[0] for one in (*found.blockers, *found.risks))


@given(meant_ads(), st.booleans(), st.data())
def test_an_absent_answer_never_blocks(ad: MeantAd, strict: bool, data: st.DataObject) -> None:  # noqa: FBT001 - Hypothesis draws it
    """Without any answer about the account only a policy can block, and nothing but policies and formats is a risk."""
    evidence = data.draw(evidences(ad.objective, strict=strict, ad=ad))
    silent = replace(evidence, advice=Advice(errors=dict.fromkeys(Question, TIMEOUT)))
    found = outlook(ad, verdict(ad, silent, strict=strict), silent, NEW_YEAR, strict=strict)
    assert all(one.policy is not None for one in found.blockers)
    formats = {"single_image_not_on_tiktok", "catalog_carousel_identity"}
    assert all(one.policy is not None or one.code in formats for one in found.risks)


def test_the_error_of_a_question_is_not_one_of_a_prerequisite() -> None:
    """A failing question about the account changes neither missing nor unknown."""
    evidence = Evidence({TT: SATISFIED}, advice=Advice(errors=dict.fromkeys(Question, TIMEOUT)))
    assert verdict(REACH, evidence, strict=False).ready
    assert unknown(TIMEOUT).reason == "timeout"
