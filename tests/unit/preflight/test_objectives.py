"""The table of objectives equals the contract's."""

import pytest

from publishing.preflight.objectives import OBJECTIVES, normalised_objective

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
