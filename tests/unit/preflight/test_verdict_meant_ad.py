"""The verdict on an ad of which more was said: chosen assets, the event to optimise for, and messages."""

import pytest

from publishing.preflight.findings import CANNOT_MANAGE_MESSAGE, CHOSEN_NOT_FOUND, Asset, Finding, Status, unknown
from publishing.preflight.objectives import CampaignType, Destination, MeantAd, Requirement
from publishing.preflight.verdict import Advice, Evidence, Verdict, verdict
from publishing.readiness.snapshot import CheckResult
from tests.unit.preflight.test_policies import TODAY
from tiktok_business.errors import TimedOutError
from tiktok_business.models import IdentityType

TT, CUSTOM = IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER
PIXEL, IDENTITY, CATALOG = Requirement.PIXEL, Requirement.IDENTITY, Requirement.CATALOG
ACCOUNT, BRAND = Asset("t1", "Account", TT), Asset("c1", "Brand", CUSTOM)
HAS_ACCOUNT = Finding(Status.SATISFIED, assets=(ACCOUNT,))
CHOSEN_BRAND = Finding(Status.SATISFIED, assets=(BRAND, ACCOUNT))
BARRED = Advice(custom_identity_allowed=False)
OPTIMISED = MeantAd("CONVERSIONS", optimization_event="SHOPPING")


def pixel(id_: str, *events: str, why_not: tuple[str, ...] = ()) -> Asset:
    return Asset(id_, None, "PIXEL", why_not, events=frozenset(events))


def with_pixels(*pixels: Asset, ad: MeantAd = OPTIMISED, strict: bool = False) -> Verdict:
    evidence = Evidence({TT: HAS_ACCOUNT}, {PIXEL: Finding(Status.SATISFIED, assets=pixels)})
    return verdict(ad, evidence, strict=strict)


@pytest.mark.parametrize("pixels", [(pixel("1", "FORM"),), (pixel("1"), pixel("2", "FORM")), (pixel("1"),)])
def test_a_pixel_without_the_event_is_at_risk_and_with_strict_missing(pixels: tuple[Asset, ...]) -> None:
    """TikTok refreshes events every few hours, so a pixel without the event is missing only with strict."""
    lenient, strict = (with_pixels(*pixels, strict=one) for one in (False, True))
    assert (lenient.ready, lenient.at_risk, lenient.findings[PIXEL].reason) == (True, (PIXEL,), "pixel_event_missing")
    assert (strict.missing, strict.at_risk, strict.findings[PIXEL].reason) == ((PIXEL,), (), "pixel_event_missing")


def test_any_usable_pixel_with_the_event_will_do() -> None:
    """Of several pixels one suffices, unless it is unusable."""
    assert not with_pixels(pixel("1"), pixel("2", "FORM", "SHOPPING")).at_risk
    assert with_pixels(pixel("1"), pixel("2", "SHOPPING", why_not=("unbound",))).at_risk == (PIXEL,)
    assert not with_pixels(pixel("1"), ad=MeantAd("CONVERSIONS")).at_risk


def test_the_chosen_pixel_must_have_the_event_itself() -> None:
    """Another pixel with the event does not help the chosen one."""
    ad = MeantAd("CONVERSIONS", chosen={PIXEL: "1"}, optimization_event="SHOPPING")
    assert with_pixels(pixel("1"), pixel("2", "SHOPPING"), ad=ad).at_risk == (PIXEL,)
    assert not with_pixels(pixel("1", "SHOPPING"), pixel("2"), ad=ad).at_risk


def test_events_that_tiktok_does_not_list_prove_nothing() -> None:
    """A row without events is no evidence against the pixel, even with strict."""
    assert with_pixels(Asset("1", None, "PIXEL"), strict=True).ready


def test_a_missing_pixel_stays_missing() -> None:
    """The event changes nothing about a pixel that does not exist or could not be read."""
    for finding in (Finding(Status.MISSING, "no_pixel"), unknown(TimedOutError("x/"))):
        judged = verdict(OPTIMISED, Evidence({TT: HAS_ACCOUNT}, {PIXEL: finding}), strict=False)
        assert judged.findings[PIXEL] == finding
        assert not judged.at_risk


@pytest.mark.parametrize(
    "finding", [Finding(Status.MISSING, CHOSEN_NOT_FOUND, (ACCOUNT,)), unknown(TimedOutError("x/"))]
)
def test_the_chosen_identity_decides(finding: Finding) -> None:
    """Other identities of the advertiser do not replace the chosen one."""
    judged = verdict(MeantAd("REACH", chosen={IDENTITY: "9"}), Evidence({}, chosen_identity=finding), strict=False)
    assert judged.findings[IDENTITY] == finding
    assert (judged.ready, judged.identity) == (False, None)


def test_a_chosen_custom_identity_is_judged_as_any_other() -> None:
    """Barred it is at risk, with strict missing; that an account exists too does not matter."""
    ad = MeantAd("REACH", chosen={IDENTITY: "c1"})
    evidence = Evidence({}, chosen_identity=CHOSEN_BRAND, advice=BARRED)
    lenient, strict = (verdict(ad, evidence, strict=one) for one in (False, True))
    assert (lenient.identity, lenient.at_risk, lenient.findings[IDENTITY].reason) == (
        BRAND,
        (IDENTITY,),
        "custom_identity",
    )
    assert (strict.missing, strict.findings[IDENTITY].reason) == ((IDENTITY,), "custom_identity_restricted")


def test_a_chosen_account_is_not_judged_as_a_custom_identity() -> None:
    """The flag about custom identities does not matter to it."""
    evidence = Evidence({}, chosen_identity=Finding(Status.SATISFIED, assets=(ACCOUNT, BRAND)), advice=BARRED)
    judged = verdict(MeantAd("REACH", chosen={IDENTITY: "t1"}), evidence, strict=True)
    assert (judged.ready, judged.identity, judged.at_risk) == (True, ACCOUNT, ())


def test_an_exempt_ad_may_use_a_barred_custom_identity() -> None:
    """A manual catalog ad is neither at risk nor, with strict, missing its identity."""
    ad = MeantAd("PRODUCT_SALES", Destination.WEBSITE, CampaignType.MANUAL)
    others = {CATALOG: Finding(Status.SATISFIED, assets=(Asset("9", None, "CATALOG"),))}
    custom = {CUSTOM: Finding(Status.SATISFIED, assets=(BRAND,))}
    judged = verdict(ad, Evidence(custom, others, BARRED), strict=True)
    assert (judged.ready, judged.at_risk, judged.identity) == (True, (), BRAND)


def test_an_account_without_messages_is_named_as_such() -> None:
    """If only messages are what it lacks, the reason says so; an account that is unusable anyway is unavailable."""
    ad = MeantAd("LEAD_GENERATION", Destination.TIKTOK_MESSAGE)

    def reason_of(*why_not: str) -> str | None:
        finding = Finding(Status.MISSING, "identity_unavailable", (Asset("t1", "Account", TT, why_not),))
        return verdict(ad, Evidence({TT: finding}), strict=False).findings[IDENTITY].reason

    assert reason_of(CANNOT_MANAGE_MESSAGE) == "account_cannot_message"
    assert reason_of("is_gpppa", CANNOT_MANAGE_MESSAGE) == "tt_user_unavailable"


def test_what_one_ad_needs_says_little_about_the_advertiser() -> None:
    """A chosen asset that is missing is no news; of one that was seen the snapshot learns that there is one."""
    rows = (pixel("1", why_not=("unbound",)), pixel("2"))
    chosen = Finding(Status.MISSING, "pixel_unbound", rows)
    evidence = Evidence({}, {PIXEL: chosen}, chosen_identity=HAS_ACCOUNT, of_one_ad=frozenset({PIXEL, IDENTITY}))
    found = CheckResult.of(evidence, TODAY, "u-owner").findings
    assert found == {PIXEL: Finding(Status.SATISFIED, assets=rows)}
    absent = Evidence(
        {TT: HAS_ACCOUNT}, {PIXEL: Finding(Status.MISSING, CHOSEN_NOT_FOUND)}, of_one_ad=frozenset({PIXEL})
    )
    assert [*CheckResult.of(absent, TODAY, "u-owner").findings] == [IDENTITY]
