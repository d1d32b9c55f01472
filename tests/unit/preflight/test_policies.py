"""The table of dated policies equals the contract's, and what each of them does to an ad at a moment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from publishing.preflight import policies
from publishing.preflight.objectives import OBJECTIVES, AdFormat, CampaignType, Destination, MeantAd
from publishing.preflight.policies import NOTICE, POLICIES, Certainty, Effect, InForce, policies_in_force
from tests.unit.preflight.meant_ads import meant_ads
from tiktok_business.models import IdentityType

CUSTOM, ACCOUNT = IdentityType.CUSTOMIZED_USER, IdentityType.TT_USER
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)

moments = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)).map(lambda one: one.replace(tzinfo=UTC))  # noqa: DTZ001 - Hypothesis takes naive limits
identity_types = st.sampled_from([None, *IdentityType, "TTS_TT"])


def in_force(ad: MeantAd, identity: str | None = ACCOUNT, *, at: datetime, barred: bool = False) -> dict[str, str]:
    """Return the effects of the policies in force, by their id."""
    found = policies_in_force(ad, identity, custom_identity_barred=barred, now=at)
    return {one.policy.id: one.effect.value for one in found}


def test_the_table_is_the_contracts() -> None:
    """Id, date and certainty of each policy are those of the contract's §8.2, in its order."""
    assert [(one.id, one.effective_at.isoformat(), one.certainty.value) for one in POLICIES] == [
        ("manual_campaigns_ended", "2027-01-01T00:00:00+00:00", "documented"),
        ("manual_campaigns_ended_all", "2027-01-01T00:00:00+00:00", "reported"),
        ("objective_retired", "2026-08-01T00:00:00+00:00", "observed"),
        ("gmv_max_only", "2025-07-01T00:00:00+00:00", "documented"),
        ("smart_plus_no_product_sales", "2026-01-01T00:00:00+00:00", "reported"),
        ("custom_identity_phase_out", "2026-01-15T00:00:00+00:00", "documented"),
        ("engagement_needs_account", "2026-01-01T00:00:00+00:00", "observed"),
    ]
    assert all(one.source and one.source_date <= datetime(2026, 11, 30, tzinfo=UTC).date() for one in POLICIES)
    assert all(one.until is None for one in POLICIES)


UPGRADED = [
    "WEB_CONVERSIONS",
    "CONVERSIONS",
    "PRODUCT_SALES",
    "CATALOG_SALES",
    "SHOP_PURCHASES",
    "APP_PROMOTION",
    "APP_INSTALL",
    "LEAD_GENERATION",
]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_manual_campaigns_end_for_the_objectives_that_tiktok_names(objective: str) -> None:
    """At midnight UTC a manual campaign of these objectives is blocked, any other one at risk."""
    manual = MeantAd(objective, campaign_type=CampaignType.MANUAL)
    documented = objective in UPGRADED
    named = "manual_campaigns_ended" if documented else "manual_campaigns_ended_all"
    assert in_force(manual, at=NEW_YEAR - SECOND)[named] == "upcoming"
    assert in_force(manual, at=NEW_YEAR)[named] == ("blocks" if documented else "risk")
    assert in_force(MeantAd(objective), at=NEW_YEAR)[named] == "risk"
    for other in (CampaignType.SMART_PLUS, CampaignType.GMV_MAX):
        later = in_force(MeantAd(objective, campaign_type=other), at=NEW_YEAR)
        assert not {"manual_campaigns_ended", "manual_campaigns_ended_all"} & later.keys()


def test_notice_is_given_from_the_ninetieth_day_before() -> None:
    """A policy is upcoming from exactly 90 days before it takes effect, and unheard of before."""
    manual = MeantAd("LEAD_GENERATION", campaign_type=CampaignType.MANUAL)
    assert timedelta(days=90) == NOTICE
    assert in_force(manual, at=NEW_YEAR - NOTICE) == {"manual_campaigns_ended": "upcoming"}
    assert in_force(manual, at=NEW_YEAR - NOTICE - SECOND) == {}


TODAY = datetime(2026, 12, 1, tzinfo=UTC)
SHOP, WEBSITE = Destination.TIKTOK_SHOP, Destination.WEBSITE
MANUAL, SMART_PLUS, GMV_MAX = CampaignType


@pytest.mark.parametrize(
    ("ad", "identity", "barred", "expected"),
    [
        (MeantAd("REACH", campaign_type=GMV_MAX), CUSTOM, False, {}),
        (MeantAd("PRODUCT_SALES", SHOP, MANUAL), ACCOUNT, False, {"gmv_max_only": "blocks"}),
        (
            MeantAd("PRODUCT_SALES", SHOP, SMART_PLUS),
            ACCOUNT,
            False,
            {"gmv_max_only": "blocks", "smart_plus_no_product_sales": "risk"},
        ),
        (MeantAd("PRODUCT_SALES", SHOP, GMV_MAX), ACCOUNT, False, {}),
        (
            MeantAd("PRODUCT_SALES", SHOP),
            ACCOUNT,
            False,
            {"gmv_max_only": "risk", "smart_plus_no_product_sales": "risk"},
        ),
        (MeantAd("PRODUCT_SALES", WEBSITE, MANUAL), ACCOUNT, False, {}),
        (MeantAd("PRODUCT_SALES", None, MANUAL), ACCOUNT, False, {"gmv_max_only": "risk"}),
        (MeantAd("LEAD_GENERATION", None, SMART_PLUS), ACCOUNT, False, {}),
        (MeantAd("CATALOG_SALES", WEBSITE, GMV_MAX), ACCOUNT, False, {"objective_retired": "risk"}),
        (MeantAd("SHOP_PURCHASES", WEBSITE, GMV_MAX), ACCOUNT, False, {"objective_retired": "risk"}),
        (MeantAd("CONVERSIONS", WEBSITE, SMART_PLUS), ACCOUNT, False, {}),
        (MeantAd("ENGAGEMENT", campaign_type=GMV_MAX), CUSTOM, False, {"engagement_needs_account": "risk"}),
        (MeantAd("ENGAGEMENT", campaign_type=GMV_MAX), ACCOUNT, False, {}),
        (MeantAd("ENGAGEMENT", campaign_type=GMV_MAX), None, True, {}),
        (MeantAd("REACH", campaign_type=GMV_MAX), CUSTOM, True, {"custom_identity_phase_out": "risk"}),
        (MeantAd("REACH", campaign_type=GMV_MAX), ACCOUNT, True, {}),
        (MeantAd("REACH", campaign_type=GMV_MAX), None, True, {}),
        (MeantAd("PRODUCT_SALES", WEBSITE, MANUAL), CUSTOM, True, {}),
        (MeantAd("PRODUCT_SALES", WEBSITE, GMV_MAX), CUSTOM, True, {"custom_identity_phase_out": "risk"}),
        (MeantAd("PRODUCT_SALES", SHOP, GMV_MAX), CUSTOM, True, {}),
    ],
)
def test_what_a_policy_applies_to(ad: MeantAd, identity: str | None, expected: dict[str, str], *, barred: bool) -> None:
    """Each row of the contract's table applies to what it names and to nothing else."""
    found = in_force(ad, identity, at=TODAY, barred=barred)
    assert {name: effect for name, effect in found.items() if effect != "upcoming"} == expected


def test_a_policy_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """From `until` on a policy has no effect. No policy has an end today, so the table is replaced."""
    ended = replace(POLICIES[3], until=TODAY)
    monkeypatch.setattr(policies, "POLICIES", (ended,))
    ad = MeantAd("PRODUCT_SALES", SHOP, MANUAL)
    assert in_force(ad, at=TODAY - SECOND) == {"gmv_max_only": "blocks"}
    assert in_force(ad, at=TODAY) == {}


def test_a_format_that_was_not_said_may_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    """Formats narrow a policy as the other qualifiers do. No policy names one today, so the table is replaced."""
    monkeypatch.setattr(policies, "POLICIES", (replace(POLICIES[3], ad_formats=frozenset({AdFormat.VIDEO})),))
    video, image, unsaid = (
        MeantAd("PRODUCT_SALES", SHOP, MANUAL, one) for one in (AdFormat.VIDEO, AdFormat.IMAGE, None)
    )
    assert [in_force(one, at=TODAY) for one in (video, image, unsaid)] == [
        {"gmv_max_only": "blocks"},
        {},
        {"gmv_max_only": "risk"},
    ]


def found_at(ad: MeantAd, identity: str | None, now: datetime, *, barred: bool) -> tuple[InForce, ...]:
    return policies_in_force(ad, identity, custom_identity_barred=barred, now=now)


@given(meant_ads(), identity_types, st.booleans(), moments)
def test_only_a_documented_policy_blocks(ad: MeantAd, identity: str | None, barred: bool, now: datetime) -> None:  # noqa: FBT001 - Hypothesis draws it
    """What was only observed or reported never blocks, whatever the ad and the moment."""
    blocking = [one.policy for one in found_at(ad, identity, now, barred=barred) if one.effect is Effect.BLOCKS]
    assert {one.certainty for one in blocking} <= {Certainty.DOCUMENTED}
    assert not any(one.never_blocks for one in blocking)


@given(meant_ads(), identity_types, st.booleans(), moments)
def test_an_absent_qualifier_never_blocks(ad: MeantAd, identity: str | None, barred: bool, now: datetime) -> None:  # noqa: FBT001 - Hypothesis draws it
    """A policy that names a qualifier blocks only if the ad says that qualifier."""
    for one in found_at(ad, identity, now, barred=barred):
        if one.effect is Effect.BLOCKS:
            assert not one.policy.destinations or ad.destination in one.policy.destinations
            assert not one.policy.campaign_types or ad.campaign_type in one.policy.campaign_types
            assert not one.policy.ad_formats or ad.ad_format in one.policy.ad_formats
    unsaid = found_at(MeantAd(ad.objective), identity, now, barred=barred)
    assert Effect.BLOCKS not in {one.effect for one in unsaid}


@given(meant_ads(), identity_types, st.booleans(), moments, moments)
def test_nothing_changes_without_a_date(
    ad: MeantAd,
    identity: str | None,
    barred: bool,  # noqa: FBT001 - Hypothesis draws it
    one: datetime,
    other: datetime,
) -> None:
    """Between two moments the effects differ only if a date, or the notice of one, lies between them."""
    earlier, later = sorted((one, other))
    dates = [date for policy in POLICIES for date in (policy.effective_at, policy.effective_at - NOTICE)]
    assume(not any(earlier < date <= later for date in dates))
    assert found_at(ad, identity, earlier, barred=barred) == found_at(ad, identity, later, barred=barred)


@given(meant_ads(), identity_types, st.booleans(), moments)
def test_more_said_never_makes_a_policy_appear(ad: MeantAd, identity: str | None, barred: bool, now: datetime) -> None:  # noqa: FBT001 - Hypothesis draws it
    """What applies to an ad may apply to every ad of its objective of which less was said."""
    said = {one.policy.id for one in found_at(ad, identity, now, barred=barred)}
    assert said <= {one.policy.id for one in found_at(MeantAd(ad.objective), identity, now, barred=barred)}
