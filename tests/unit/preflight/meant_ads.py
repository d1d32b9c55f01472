"""Hypothesis strategies: any ad that a caller can mean."""

from hypothesis import strategies as st

from publishing.preflight.objectives import (
    DESTINATIONS,
    AdFormat,
    CampaignType,
    MeantAd,
    Requirement,
    takes_optimization_event,
)
from tests.unit.preflight.evidence_strategies import objectives

EVENT = "SHOPPING"
COUNTRIES = ("IT", "DE")


@st.composite
def meant_ads(draw: st.DrawFn) -> MeantAd:
    """Draw an objective and any qualifiers that go with it."""
    objective = draw(objectives)
    destination = draw(st.sampled_from([None, *DESTINATIONS.get(objective, {})]))
    takes_event = takes_optimization_event(objective, destination)
    return MeantAd(
        objective,
        destination,
        campaign_type=draw(st.sampled_from([None, *CampaignType])),
        ad_format=draw(st.sampled_from([None, *AdFormat])),
        chosen=draw(st.dictionaries(st.sampled_from(Requirement), st.sampled_from(["1", "2", "3"]), max_size=2)),
        optimization_event=draw(st.sampled_from([None, EVENT])) if takes_event else None,
        countries=draw(st.sampled_from([(), COUNTRIES])),
    )
