"""Generated accounts, ads and dates against the simulated TikTok's own rules."""

from collections import Counter

from hypothesis import HealthCheck, given, settings

from local.tiktok_simulator import Simulator
from local.tiktok_simulator.publishing_rules import Cause
from tests.support.publishing_strategies import NOBODYS_ID, Case, cases

TIKTOK = Simulator()
UNREADABLE = {
    Cause.ACCOUNT_IN_REVIEW,
    Cause.ACCOUNT_UNVERIFIED,
    Cause.CATALOG_PIXEL_REQUIRED,
    Cause.MANUAL_CAMPAIGNS_ENDED_ALL,
    Cause.SHOP_UNAVAILABLE,
    Cause.SMART_PLUS_NOT_ALLOWED,
}
"""What no request can find out, or no source settles."""


@given(cases(beyond=True))
def test_an_ad_is_refused_exactly_if_there_is_a_cause(case: Case) -> None:
    """The first refusal is one of all causes; without any, the ad is created; the same ad has the same outcome."""
    outcome = case.publisher(TIKTOK).publish(case.draft, case.at)
    assert outcome.accepted == (not outcome.every)
    assert outcome.accepted or outcome.cause in outcome.every
    assert (outcome.code == 0) == outcome.accepted
    assert case.publisher(TIKTOK).publish(case.draft, case.at) == outcome


@given(cases())
def test_usual_cases_have_readable_causes(case: Case) -> None:
    """By default no case is refused for what cannot be read at TikTok."""
    assert not case.publisher(TIKTOK).publish(case.draft, case.at).every & UNREADABLE


@given(cases())
def test_nobodys_asset_is_refused(case: Case) -> None:
    """An ad that names an asset which nobody has is refused, if it comes to that."""
    draft = case.draft
    assets = (draft.pixel_id, draft.catalog_id, draft.app_id, draft.page_id)
    if NOBODYS_ID in (*assets, draft.identity_id) and draft.campaign_type != "GMV_MAX":
        assert not case.publisher(TIKTOK).publish(draft, case.at).accepted


def test_the_cases_are_varied() -> None:
    """Of 150 generated cases at least a seventh are accepted, and the others have a dozen different causes or more."""
    outcomes: Counter[Cause | None] = Counter()

    @settings(max_examples=150, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(cases())
    def publish(case: Case) -> None:
        outcomes[case.publisher(TIKTOK).publish(case.draft, case.at).cause] += 1

    publish()
    assert outcomes[None] >= 150 / 7
    assert len(outcomes) > 12
