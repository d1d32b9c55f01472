"""The table of objectives and destinations equals the contract's."""

import pytest

from publishing.preflight.objectives import (
    DESTINATIONS,
    OBJECTIVES,
    AdFormat,
    CampaignType,
    Destination,
    MeantAd,
    Requirement,
    normalised_objective,
    takes_optimization_event,
)

TABLE = {
    "identity": {"REACH", "TRAFFIC", "VIDEO_VIEWS", "ENGAGEMENT", "RF_REACH", "BRAND_CONSIDERATION"},
    "pixel": {"WEB_CONVERSIONS", "CONVERSIONS"},
    "catalog": {"PRODUCT_SALES", "SHOP_PURCHASES", "CATALOG_SALES"},
    "app": {"APP_PROMOTION", "APP_INSTALL"},
    "leadForm": {"LEAD_GENERATION"},
}


def test_the_table_is_the_contracts() -> None:
    """Every objective requires the identity, and another prerequisite if the contract says so."""
    expected = {
        objective: ["identity"] if requirement == "identity" else ["identity", requirement]
        for requirement, objectives in TABLE.items()
        for objective in objectives
    }
    assert {objective: [*required] for objective, required in OBJECTIVES.items()} == expected


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_letter_case_and_outer_white_space_do_not_matter(objective: str) -> None:
    """Every objective is recognised in any letter case and with outer white space."""
    for text in (objective, objective.lower(), f"\t{objective.title()}\n"):
        assert normalised_objective(text) == objective


@pytest.mark.parametrize("text", ["", " ", "WEB-CONVERSIONS", "WEB CONVERSIONS", "LEAD_GENERATION;", "SALES", "T"])
def test_anything_else_is_unknown(text: str) -> None:
    """Other texts, even similar ones, are unknown."""
    assert normalised_objective(text) is None


_SALES = {"WEBSITE": "catalog", "APP": "catalog app", "TIKTOK_SHOP": ""}
_LEADS = {"INSTANT_FORM": "leadForm", "WEBSITE": "", "TIKTOK_MESSAGE": "", "MESSAGING_APP": "", "PHONE_CALL": ""}
DESTINATION_TABLE = {
    "WEB_CONVERSIONS": {"WEBSITE": "pixel", "APP": "app"},
    "CONVERSIONS": {"WEBSITE": "pixel", "APP": "app"},
    "PRODUCT_SALES": _SALES,
    "CATALOG_SALES": _SALES,
    "SHOP_PURCHASES": _SALES,
    "APP_PROMOTION": {"APP": "app"},
    "APP_INSTALL": {"APP": "app"},
    "LEAD_GENERATION": _LEADS,
    "TRAFFIC": {"WEBSITE": "", "APP": "app"},
}


def test_the_destinations_are_the_contracts() -> None:
    """Each objective takes the destinations of the contract's §8.1 with their prerequisites; others take none."""
    found = {
        objective: {one: " ".join(required) for one, required in destinations.items()}
        for objective, destinations in DESTINATIONS.items()
    }
    assert found == {
        objective: {one: f"identity {required}".strip() for one, required in destinations.items()}
        for objective, destinations in DESTINATION_TABLE.items()
    }


@pytest.mark.parametrize(
    ("ad", "required"),
    [
        (MeantAd("LEAD_GENERATION"), "identity leadForm"),
        (MeantAd("LEAD_GENERATION", Destination.WEBSITE), "identity"),
        (MeantAd("LEAD_GENERATION", Destination.WEBSITE, optimization_event="FORM"), "identity pixel"),
        (MeantAd("REACH", chosen={Requirement.LEAD_FORM: "1", Requirement.PIXEL: "2"}), "identity pixel leadForm"),
        (MeantAd("REACH", chosen={Requirement.IDENTITY: "1"}), "identity"),
        (MeantAd("PRODUCT_SALES", Destination.APP), "identity catalog app"),
        (MeantAd("PRODUCT_SALES", Destination.TIKTOK_SHOP, chosen={Requirement.CATALOG: "1"}), "identity catalog"),
    ],
)
def test_an_ad_requires_what_its_destination_and_its_draft_need(ad: MeantAd, required: str) -> None:
    """The destination replaces the objective's prerequisites; a chosen asset or an event adds its own, in order."""
    assert " ".join(ad.required) == required


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_optimization_event_needs_a_website(objective: str) -> None:
    """Events go with conversions and sales that do not lead elsewhere, and with lead ads that lead to a website."""
    with_pixel = {"WEB_CONVERSIONS", "CONVERSIONS", "PRODUCT_SALES", "CATALOG_SALES", "SHOP_PURCHASES"}
    for destination in (None, *Destination):
        expected = destination == "WEBSITE" and objective in {*with_pixel, "LEAD_GENERATION"}
        expected = expected or (destination is None and objective in with_pixel)
        assert takes_optimization_event(objective, destination) == expected


def test_lead_terms_belong_to_instant_forms() -> None:
    """Only a lead ad to an instant form, or without a destination, needs the terms."""
    needing = [one for one in (None, *Destination) if MeantAd("LEAD_GENERATION", one).needs_lead_terms]
    assert needing == [None, Destination.INSTANT_FORM]
    assert not any(MeantAd(one).needs_lead_terms for one in OBJECTIVES if one != "LEAD_GENERATION")


@pytest.mark.parametrize(
    ("ad", "exempt"),
    [
        (MeantAd("PRODUCT_SALES", Destination.WEBSITE, CampaignType.MANUAL), True),
        (MeantAd("PRODUCT_SALES", Destination.WEBSITE, CampaignType.SMART_PLUS), False),
        (MeantAd("PRODUCT_SALES", Destination.WEBSITE), False),
        (MeantAd("PRODUCT_SALES", Destination.TIKTOK_SHOP), True),
        (MeantAd("TRAFFIC", Destination.WEBSITE, CampaignType.MANUAL), False),
    ],
)
def test_manual_catalog_ads_and_the_shop_may_use_custom_identities(ad: MeantAd, *, exempt: bool) -> None:
    """These exemptions of TikTok can be expressed in a request; an absent campaign type exempts nothing."""
    assert ad.may_use_custom_identity is exempt


def test_an_ad_is_qualified_if_anything_beside_the_objective_was_said() -> None:
    """Every parameter qualifies the ad; the objective alone does not."""
    assert not MeantAd("REACH").qualified
    assert MeantAd("TRAFFIC", Destination.APP).qualified
    assert MeantAd("REACH", campaign_type=CampaignType.MANUAL).qualified
    assert MeantAd("REACH", ad_format=AdFormat.IMAGE).qualified
    assert MeantAd("REACH", chosen={Requirement.APP: "1"}).qualified
    assert MeantAd("CONVERSIONS", optimization_event="SHOPPING").qualified
    assert MeantAd("REACH", countries=("IT",)).qualified
