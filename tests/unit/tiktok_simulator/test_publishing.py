"""What the simulated TikTok refuses when campaigns, ad groups and ads are created, each rule by itself."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import local.tiktok_simulator
from local.tiktok_simulator import (
    Advertiser,
    App,
    BusinessCenter,
    Catalog,
    FormLibrary,
    Identity,
    Page,
    Pixel,
    Simulator,
    Store,
    Token,
    World,
)
from local.tiktok_simulator.http_messages import HttpRequest
from local.tiktok_simulator.publishing_rules import RULES, Cause, Level, location_id
from tests.support.publisher import Draft, Outcome, Publisher

USER, TOKEN, OTHER = "u-me", "token-me", "u-another"
ADVERTISER_ID, CENTER_ID = "7300000000000000001", "7200000000000000001"
CUSTOM, ACCOUNT, SHARED, CODE = "7600000000000000001", "account-id", "shared-id", "code-id"
PIXEL, APP, FORM, CATALOG = "7500000000000000001", "7100000000000000001", "7400000000000000001", "7000000000000000001"
NOBODYS = "7999999999999999999"
NOW = datetime(2026, 12, 1, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
CUSTOM_ENDS = datetime(2026, 1, 15, tzinfo=UTC)
RETIRED = datetime(2026, 8, 1, tzinfo=UTC)
SHOP_ADS_END = datetime(2025, 7, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
PANGLE: dict[str, Any] = {"placement_type": "PLACEMENT_TYPE_NORMAL", "placements": ["PLACEMENT_PANGLE"]}


def world_with(**changes: Any) -> World:
    """One account that has everything, but for the changes; its person is an ADMIN of its Business Center."""
    advertiser = Advertiser(
        ADVERTISER_ID,
        "Acme",
        identities=[
            Identity(CUSTOM, "CUSTOMIZED_USER", "Acme"),
            Identity(ACCOUNT, "TT_USER", "acme", linked_by=(USER,), can_manage_message=True),
            Identity(SHARED, "BC_AUTH_TT", "acme", authorized_bc_id=CENTER_ID),
            Identity(CODE, "AUTH_CODE", "creator"),
        ],
        pixels=[Pixel(PIXEL, "Site")],
        apps=[App(APP, "Shop app")],
        pages=[Page(FORM, "Quote")],
    )
    return World(
        tokens={TOKEN: Token(TOKEN, USER, (ADVERTISER_ID,))},
        advertisers={ADVERTISER_ID: replace(advertiser, **changes)},
        business_centers={CENTER_ID: BusinessCenter(CENTER_ID, "Acme", {USER: "ADMIN"}, [Catalog(CATALOG, "Feed")])},
    )


def with_center(**changes: Any) -> World:
    world = world_with()
    world.business_centers[CENTER_ID] = replace(world.business_centers[CENTER_ID], **changes)
    return world


def with_identity(identity_id: str, **changes: Any) -> World:
    """One identity only, changed."""
    kept = next(one for one in world_with().advertisers[ADVERTISER_ID].identities if one.id == identity_id)
    return world_with(identities=[replace(kept, **changes)])


def unsettled(cause: Cause, **changes: Any) -> World:
    world = world_with(**changes)
    world.unsettled = frozenset({cause})
    return world


@dataclass(frozen=True)
class Try:
    draft: Draft
    world: World = field(default_factory=world_with)
    at: datetime = NOW

    def outcome(self) -> Outcome:
        return Publisher(Simulator(self.world.copy()), TOKEN, ADVERTISER_ID).publish(self.draft, self.at)


REACH, WEB, SALES = Draft("REACH"), Draft("WEB_CONVERSIONS"), Draft("PRODUCT_SALES")
APPS, LEADS, ENGAGEMENT = Draft("APP_PROMOTION"), Draft("LEAD_GENERATION"), Draft("ENGAGEMENT")
MESSAGES = Draft("LEAD_GENERATION", "TIKTOK_MESSAGE")
SMART_WEB = Draft("WEB_CONVERSIONS", campaign_type="SMART_PLUS")
GMV_MAX = Draft("PRODUCT_SALES", "TIKTOK_SHOP", "GMV_MAX")
CUSTOM_REACH = Draft("REACH", identity_id=CUSTOM)

CASES: list[tuple[Cause, Try, Try]] = [
    (Cause.ACCOUNT_NOT_ENABLED, Try(REACH, world_with(status="STATUS_LIMIT")), Try(REACH)),
    (
        Cause.ACCOUNT_IN_REVIEW,
        Try(REACH, unsettled(Cause.ACCOUNT_IN_REVIEW, status="STATUS_PENDING_CONFIRM")),
        Try(REACH, world_with(status="STATUS_PENDING_CONFIRM")),
    ),
    (
        Cause.ACCOUNT_UNVERIFIED,
        Try(REACH, unsettled(Cause.ACCOUNT_UNVERIFIED, verification_status="EXPIRED")),
        Try(REACH, unsettled(Cause.ACCOUNT_UNVERIFIED, verification_status="REVIEWING")),
    ),
    (
        Cause.ACCOUNT_IN_REVIEW,
        Try(REACH, unsettled(Cause.ACCOUNT_IN_REVIEW, status="STATUS_CONTRACT_PENDING")),
        Try(REACH, unsettled(Cause.ACCOUNT_IN_REVIEW)),
    ),
    (
        Cause.ROLE_INSUFFICIENT,
        Try(REACH, world_with(user_roles={USER: "ANALYST"})),
        Try(REACH, world_with(user_roles={USER: "OPERATOR", OTHER: "ANALYST"})),
    ),
    (Cause.MANUAL_CAMPAIGNS_ENDED, Try(WEB, at=NEW_YEAR), Try(WEB, at=NEW_YEAR - INSTANT)),
    (Cause.MANUAL_CAMPAIGNS_ENDED, Try(Draft("APP_INSTALL"), at=NEW_YEAR), Try(SMART_WEB, at=NEW_YEAR)),
    (
        Cause.MANUAL_CAMPAIGNS_ENDED_ALL,
        Try(REACH, unsettled(Cause.MANUAL_CAMPAIGNS_ENDED_ALL), NEW_YEAR),
        Try(REACH, at=NEW_YEAR),
    ),
    (
        Cause.MANUAL_CAMPAIGNS_ENDED_ALL,
        Try(Draft("TRAFFIC"), unsettled(Cause.MANUAL_CAMPAIGNS_ENDED_ALL), NEW_YEAR),
        Try(REACH, unsettled(Cause.MANUAL_CAMPAIGNS_ENDED_ALL), NEW_YEAR - INSTANT),
    ),
    (Cause.SMART_PLUS_NOT_ALLOWED, Try(SMART_WEB, world_with(smart_plus_allowed=False)), Try(SMART_WEB)),
    (Cause.SMART_PLUS_OBJECTIVE, Try(replace(SALES, campaign_type="SMART_PLUS")), Try(SALES)),
    (Cause.SMART_PLUS_OBJECTIVE, Try(replace(REACH, campaign_type="SMART_PLUS")), Try(REACH)),
    (
        Cause.CATALOG_SALES_RETIRED,
        Try(Draft("CATALOG_SALES"), at=RETIRED),
        Try(Draft("CATALOG_SALES"), at=RETIRED - INSTANT),
    ),
    (
        Cause.SHOP_PURCHASES_RETIRED,
        Try(Draft("SHOP_PURCHASES"), at=RETIRED),
        Try(Draft("SHOP_PURCHASES"), at=RETIRED - INSTANT),
    ),
    (
        Cause.GMV_MAX_ONLY,
        Try(replace(GMV_MAX, campaign_type="MANUAL"), at=SHOP_ADS_END),
        Try(replace(GMV_MAX, campaign_type="MANUAL"), at=SHOP_ADS_END - INSTANT),
    ),
    (Cause.SHOP_UNAVAILABLE, Try(GMV_MAX, world_with(stores=())), Try(GMV_MAX)),
    (
        Cause.SHOP_UNAVAILABLE,
        Try(GMV_MAX, world_with(stores=(Store("1", CENTER_ID, gmv_max_available=False),))),
        Try(GMV_MAX, world_with(stores=(Store("1", CENTER_ID, gmv_max_available=False), Store("2", CENTER_ID)))),
    ),
    (
        Cause.COUNTRY_NOT_AVAILABLE,
        Try(replace(REACH, countries=("IT", "US")), world_with(countries=("FR", "IT"))),
        Try(replace(REACH, countries=("IT", "FR")), world_with(countries=("FR", "IT"))),
    ),
    (
        Cause.COUNTRY_NOT_AVAILABLE,
        Try(replace(SMART_WEB, countries=("US",)), world_with(countries=("IT",))),
        Try(replace(SMART_WEB, countries=("US",))),
    ),
    (Cause.PIXEL_REQUIRED, Try(WEB, world_with(pixels=[])), Try(REACH, world_with(pixels=[]))),
    (
        Cause.PIXEL_REQUIRED,
        Try(Draft("LEAD_GENERATION", "WEBSITE", optimization_event="SubmitForm"), world_with(pixels=[])),
        Try(Draft("LEAD_GENERATION", "WEBSITE"), world_with(pixels=[])),
    ),
    (
        Cause.PIXEL_REQUIRED,
        Try(WEB, world_with(pixels=[])),
        Try(Draft("WEB_CONVERSIONS", "APP"), world_with(pixels=[])),
    ),
    (Cause.CATALOG_PIXEL_REQUIRED, Try(SALES, unsettled(Cause.CATALOG_PIXEL_REQUIRED)), Try(SALES)),
    (
        Cause.CATALOG_PIXEL_REQUIRED,
        Try(SALES, unsettled(Cause.CATALOG_PIXEL_REQUIRED)),
        Try(replace(SALES, pixel_id=PIXEL), unsettled(Cause.CATALOG_PIXEL_REQUIRED)),
    ),
    (
        Cause.CATALOG_PIXEL_REQUIRED,
        Try(SALES, unsettled(Cause.CATALOG_PIXEL_REQUIRED)),
        Try(replace(SALES, destination="APP"), unsettled(Cause.CATALOG_PIXEL_REQUIRED)),
    ),
    (
        Cause.CATALOG_PIXEL_REQUIRED,
        Try(SALES, unsettled(Cause.CATALOG_PIXEL_REQUIRED)),
        Try(Draft("TRAFFIC", "WEBSITE"), unsettled(Cause.CATALOG_PIXEL_REQUIRED)),
    ),
    (Cause.PIXEL_NOT_FOUND, Try(replace(WEB, pixel_id=NOBODYS)), Try(replace(WEB, pixel_id=PIXEL))),
    (
        Cause.PIXEL_UNBOUND,
        Try(WEB, world_with(pixels=[Pixel("1", "Site", relation_status="UNBOUND")])),
        Try(WEB, world_with(pixels=[Pixel("1", "Site", relation_status="UNBOUND"), Pixel("2", "Site")])),
    ),
    (
        Cause.PIXEL_EVENT_MISSING,
        Try(replace(WEB, optimization_event="SubmitForm")),
        Try(replace(WEB, optimization_event="CompletePayment")),
    ),
    (
        Cause.PIXEL_EVENT_MISSING,
        Try(replace(WEB, optimization_event="Pageview"), world_with(pixels=[Pixel("1", "Site", events=("Pageview",))])),
        Try(replace(WEB, optimization_event="SHOPPING")),
    ),
    (Cause.CATALOG_REQUIRED, Try(SALES, with_center(catalogs=[])), Try(SALES)),
    (Cause.CATALOG_REQUIRED, Try(SALES, with_center(user_roles={OTHER: "ADMIN"})), Try(SALES)),
    (Cause.CATALOG_NOT_PERMITTED, Try(replace(SALES, catalog_id=NOBODYS)), Try(replace(SALES, catalog_id=CATALOG))),
    (
        Cause.CATALOG_NOT_ELIGIBLE,
        Try(SALES, with_center(catalogs=[Catalog("1", "Feed", "NOT_AVAILABLE")])),
        Try(SALES, with_center(catalogs=[Catalog("1", "Feed", "NOT_AVAILABLE"), Catalog("2", "Feed")])),
    ),
    (Cause.APP_REQUIRED, Try(APPS, world_with(apps=[])), Try(REACH, world_with(apps=[]))),
    (
        Cause.APP_REQUIRED,
        Try(Draft("TRAFFIC", "APP"), world_with(apps=[])),
        Try(Draft("TRAFFIC", "WEBSITE"), world_with(apps=[])),
    ),
    (
        Cause.APP_REQUIRED,
        Try(Draft("PRODUCT_SALES", "APP"), world_with(apps=[])),
        Try(Draft("PRODUCT_SALES", "WEBSITE"), world_with(apps=[])),
    ),
    (Cause.APP_NOT_FOUND, Try(replace(APPS, app_id=NOBODYS)), Try(replace(APPS, app_id=APP))),
    (Cause.APP_NOT_ATTRIBUTED, Try(APPS, world_with(apps=[App("1", "A", self_attribution_enabled=False)])), Try(APPS)),
    (
        Cause.LEAD_TERMS_UNSIGNED,
        Try(LEADS, world_with(lead_terms_confirmed=False)),
        Try(replace(LEADS, destination="WEBSITE"), world_with(lead_terms_confirmed=False)),
    ),
    (
        Cause.LEAD_TERMS_UNSIGNED,
        Try(replace(LEADS, campaign_type="SMART_PLUS"), world_with(lead_terms_confirmed=False)),
        Try(replace(LEADS, campaign_type="SMART_PLUS", identity_id=ACCOUNT)),
    ),
    (Cause.PAGE_REQUIRED, Try(LEADS, world_with(pages=[])), Try(LEADS)),
    (
        Cause.PAGE_REQUIRED,
        Try(replace(LEADS, campaign_type="SMART_PLUS", identity_id=ACCOUNT), world_with(pages=[])),
        Try(replace(LEADS, campaign_type="SMART_PLUS", identity_id=ACCOUNT)),
    ),
    (Cause.PAGE_NOT_FOUND, Try(replace(LEADS, page_id=NOBODYS)), Try(replace(LEADS, page_id=FORM))),
    (
        Cause.PAGE_NOT_FOUND,
        Try(LEADS, world_with(pages=[Page("1", "Shop", business_type="STORE_FRONT")])),
        Try(LEADS, with_center(library=FormLibrary("1", "Forms", ADVERTISER_ID, (Page("2", "Quote"),)))),
    ),
    (Cause.PAGE_NOT_PUBLISHED, Try(LEADS, world_with(pages=[Page("1", "Quote", "EDITED")])), Try(LEADS)),
    (Cause.IDENTITY_REQUIRED, Try(REACH, world_with(identities=[])), Try(REACH)),
    (Cause.IDENTITY_NOT_ACCESSIBLE, Try(replace(REACH, identity_id=NOBODYS)), Try(CUSTOM_REACH)),
    (
        Cause.IDENTITY_NOT_ACCESSIBLE,
        Try(REACH, with_identity(ACCOUNT, linked_by=(OTHER,))),
        Try(REACH, with_identity(ACCOUNT)),
    ),
    (
        Cause.IDENTITY_UNAVAILABLE,
        Try(REACH, with_identity(SHARED, available_status="SCOPE_UNAVAILABLE")),
        Try(REACH, with_identity(SHARED, available_status=True)),
    ),
    (
        Cause.IDENTITY_UNAVAILABLE,
        Try(REACH, with_identity(ACCOUNT, available_status="NOT_BUSINESS_ACCOUNT")),
        Try(REACH, with_identity(CUSTOM, available_status="NOT_BUSINESS_ACCOUNT")),
    ),
    (Cause.IDENTITY_POLITICAL, Try(REACH, with_identity(ACCOUNT, is_gpppa=True)), Try(REACH, with_identity(ACCOUNT))),
    (
        Cause.CUSTOM_IDENTITY_BARRED,
        Try(CUSTOM_REACH, world_with(can_use_custom_identity=False), CUSTOM_ENDS),
        Try(CUSTOM_REACH, world_with(can_use_custom_identity=False), CUSTOM_ENDS - INSTANT),
    ),
    (
        Cause.CUSTOM_IDENTITY_BARRED,
        Try(CUSTOM_REACH, world_with(can_use_custom_identity=None, created_at=CUSTOM_ENDS.timestamp())),
        Try(CUSTOM_REACH, world_with(can_use_custom_identity=None, created_at=CUSTOM_ENDS.timestamp() - 1)),
    ),
    (
        Cause.CUSTOM_IDENTITY_BARRED,
        Try(replace(WEB, identity_id=CUSTOM), world_with(can_use_custom_identity=False)),
        Try(replace(SALES, identity_id=CUSTOM), world_with(can_use_custom_identity=False)),
    ),
    (
        Cause.CUSTOM_IDENTITY_BARRED,
        Try(CUSTOM_REACH, world_with(can_use_custom_identity=False)),
        Try(replace(REACH, identity_id=ACCOUNT), world_with(can_use_custom_identity=False)),
    ),
    (
        Cause.SMART_PLUS_NEEDS_ACCOUNT,
        Try(replace(SMART_WEB, identity_id=CUSTOM)),
        Try(replace(SMART_WEB, identity_id=CUSTOM, catalog_id=CATALOG)),
    ),
    (
        Cause.ENGAGEMENT_NEEDS_ACCOUNT,
        Try(replace(ENGAGEMENT, identity_id=CUSTOM)),
        Try(replace(ENGAGEMENT, identity_id=CODE)),
    ),
    (
        Cause.ENGAGEMENT_NEEDS_ACCOUNT,
        Try(replace(ENGAGEMENT, identity_id=CUSTOM)),
        Try(replace(ENGAGEMENT, identity_id=SHARED)),
    ),
    (Cause.MESSAGES_NEED_ACCOUNT, Try(replace(MESSAGES, identity_id=CUSTOM)), Try(MESSAGES)),
    (
        Cause.MESSAGES_NOT_MANAGED,
        Try(replace(MESSAGES, identity_id=SHARED)),
        Try(replace(MESSAGES, identity_id=ACCOUNT)),
    ),
    (
        Cause.CAROUSEL_NEEDS_CUSTOM,
        Try(replace(SALES, ad_format="CATALOG_CAROUSEL", identity_id=ACCOUNT)),
        Try(replace(SALES, ad_format="CATALOG_CAROUSEL", identity_id=CUSTOM)),
    ),
    (
        Cause.IDENTITY_CANNOT_PUSH,
        Try(REACH, with_identity(ACCOUNT, can_push_video=False, can_pull_video=False)),
        Try(REACH, with_identity(ACCOUNT, can_push_video=True, can_pull_video=False)),
    ),
    (
        Cause.IDENTITY_CANNOT_PUSH,
        Try(REACH, with_identity(CODE, can_pull_video=False)),
        Try(REACH, with_identity(CODE)),
    ),
    (
        Cause.IDENTITY_CANNOT_PUSH,
        Try(REACH, with_identity(ACCOUNT, can_push_video=False, can_pull_video=False)),
        Try(replace(REACH, ad_format="CAROUSEL"), with_identity(ACCOUNT, can_push_video=False)),
    ),
    (
        Cause.IDENTITY_CANNOT_PUSH,
        Try(REACH, with_identity(CODE, can_pull_video=False)),
        Try(REACH, with_identity(CUSTOM, can_push_video=False)),
    ),
    (Cause.IMAGE_NOT_ON_TIKTOK, Try(replace(REACH, ad_format="IMAGE")), Try(replace(REACH, ad_format="CAROUSEL"))),
]
"""A cause, an ad that is refused for it, and one that differs from it and is accepted."""
CASES += [
    (Cause.ACCOUNT_NOT_ENABLED, Try(REACH, world_with(status=status)), Try(REACH))
    for status in ("STATUS_DISABLE", "STATUS_CONFIRM_FAIL", "STATUS_CONFIRM_FAIL_END")
]
IDS = [f"{cause}-{number}" for number, (cause, _, _) in enumerate(CASES)]


@pytest.mark.parametrize(("cause", "refused", "accepted"), CASES, ids=IDS)
class TestRules:
    def test_refuses(self, cause: Cause, refused: Try, accepted: Try) -> None:  # noqa: ARG002 - the other half
        """Each rule refuses the ad at its level with its code and message, and nothing else refuses it."""
        outcome = refused.outcome()
        rule = next(one for one in RULES if one.cause is cause)
        assert (outcome.accepted, outcome.cause) == (False, cause)
        assert outcome.level is rule.levels[0]
        assert (outcome.code, outcome.message[:10]) == (rule.code, rule.message[:10])
        assert "{" not in outcome.message
        assert outcome.every == {cause}

    def test_accepts(self, cause: Cause, refused: Try, accepted: Try) -> None:  # noqa: ARG002 - the other half
        """An ad without the fact is created: nothing more is refused than the rule says."""
        assert accepted.outcome() == Outcome(accepted=True)


@dataclass(frozen=True)
class Requests:
    """Sends single requests, for what no draft says."""

    tiktok: Simulator

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        sent = json.dumps({"advertiser_id": ADVERTISER_ID} | body).encode()
        request = HttpRequest("POST", f"/open_api/v1.3/{path}", TOKEN, None, "application/json", sent)
        envelope: dict[str, Any] = json.loads(self.tiktok.respond(request).response.body)
        return envelope

    @property
    def causes(self) -> list[str]:
        return self.tiktok.requests[-1].causes

    def campaign(self, path: str = "campaign/create/", **body: Any) -> str:
        answer = self.post(path, **{"campaign_name": "A", "objective_type": "REACH", "request_id": "1"} | body)
        return str(answer["data"].get("campaign_id"))

    def group(self, campaign_id: str, path: str = "adgroup/create/", **body: Any) -> dict[str, Any]:
        usual = {
            "adgroup_name": "A",
            "budget": 50,
            "budget_mode": "BUDGET_MODE_DAY",
            "schedule_type": "SCHEDULE_FROM_NOW",
            "schedule_start_time": "2027-01-01 00:00:00",
            "optimization_goal": "CONVERT",
            "billing_event": "OCPM",
            "pacing": "PACING_MODE_SMOOTH",
            "promotion_type": "WEBSITE",
            "request_id": "1",
        }
        return self.post(path, campaign_id=campaign_id, **usual | body)

    def ad(self, group: dict[str, Any], **creative: Any) -> dict[str, Any]:
        usual = {"ad_name": "A", "ad_format": "SINGLE_VIDEO", "identity_type": "TT_USER", "identity_id": ACCOUNT}
        return self.post("ad/create/", adgroup_id=group["data"].get("adgroup_id"), creatives=[usual | creative])


def requests_to(world: World | None = None, at: datetime = NOW) -> Requests:
    return Requests(Simulator(world_with() if world is None else world, clock=at.timestamp))


class TestSingleRequests:
    @pytest.mark.parametrize(
        ("at", "causes"),
        [(datetime(2026, 3, 31, tzinfo=UTC), ["legacy_smart_plus_ended"]), (datetime(2026, 3, 30, tzinfo=UTC), [])],
    )
    def test_legacy_smart_plus(self, at: datetime, causes: list[str]) -> None:
        """The first Smart+ endpoint is offline (41001) since 2026-03-31."""
        requests = requests_to(at=at)
        requests.campaign("campaign/spc/create/", objective_type="WEB_CONVERSIONS")
        assert requests.causes == causes
        assert requests.tiktok.requests[-1].code == (41001 if causes else 0)

    def test_pixel_without_event(self) -> None:
        """An ad group with a pixel must name an event, whatever its objective."""
        requests = requests_to()
        requests.group(requests.campaign(), pixel_id=PIXEL)
        assert requests.causes == [Cause.PIXEL_EVENT_REQUIRED]
        requests.group(requests.campaign(), pixel_id=PIXEL, optimization_event="CompletePayment")
        assert requests.causes == []

    def test_native_page(self) -> None:
        """A website that is a page on TikTok takes no pixel, and the ad must name the page, which is no form."""
        world = world_with(pages=[Page(FORM, "Shop", business_type="TIKTOK_INSTANT_PAGE")])
        requests = requests_to(world)
        campaign = requests.campaign(objective_type="WEB_CONVERSIONS")
        native = {"promotion_website_type": "TIKTOK_NATIVE_PAGE"}
        requests.group(campaign, pixel_id=PIXEL, optimization_event="CompletePayment", **native)
        assert requests.causes == [Cause.PIXEL_NOT_SUPPORTED]
        group = requests.group(campaign, **native)
        requests.ad(group)
        assert requests.causes == [Cause.PAGE_REQUIRED]
        assert requests.ad(group, page_id=int(FORM))["code"] == 0

    @pytest.mark.parametrize(
        ("goal", "causes"),
        [
            ("CLICK", ["pixel_not_supported"]),
            ("INSTALL", ["pixel_not_supported"]),
            ("IN_APP_EVENT", ["pixel_not_supported"]),
            ("TRAFFIC_LANDING_PAGE_VIEW", ["pixel_not_supported"]),
            ("VALUE", []),
            ("CONVERT", []),
        ],
    )
    def test_smart_plus_pixel(self, goal: str, causes: list[str]) -> None:
        """Of the goals of Smart+, only conversions and their value have a pixel."""
        requests = requests_to()
        campaign = requests.campaign(
            "smart_plus/campaign/create/", objective_type="WEB_CONVERSIONS", sales_destination="WEBSITE"
        )
        requests.group(
            campaign,
            "smart_plus/adgroup/create/",
            optimization_goal=goal,
            pixel_id=PIXEL,
            optimization_event="CompletePayment",
        )
        assert requests.causes == causes

    @pytest.mark.parametrize(
        ("goal", "causes"), [("CONVERT", ["pixel_required"]), ("VALUE", ["pixel_required"]), ("CLICK", [])]
    )
    def test_lead_pixel(self, goal: str, causes: list[str]) -> None:
        """Leads on a website need a pixel if they are counted; leads in a form never do."""
        requests = requests_to()
        campaign = requests.campaign(objective_type="LEAD_GENERATION")
        requests.group(campaign, promotion_target_type="EXTERNAL_WEBSITE", optimization_goal=goal)
        assert requests.causes == causes
        requests.group(campaign, promotion_target_type="INSTANT_PAGE", optimization_goal=goal)
        assert requests.causes == []

    @pytest.mark.parametrize(
        ("destination", "causes"),
        [
            ("APP", ["app_required"]),
            ("WEB_AND_APP", ["pixel_required", "app_required"]),
            ("WEBSITE", ["pixel_required"]),
        ],
    )
    def test_sales_destination(self, destination: str, causes: list[str]) -> None:
        """Sales in an app need the app, sales on a website the pixel, sales in both need both."""
        requests = requests_to()
        requests.group(requests.campaign(objective_type="WEB_CONVERSIONS", sales_destination=destination))
        assert requests.causes == causes

    def test_promoted_app(self) -> None:
        """An ad group of an app campaign needs the app even if it promotes a website."""
        requests = requests_to()
        campaign = requests.campaign(objective_type="APP_PROMOTION", app_promotion_type="APP_INSTALL")
        requests.group(campaign, promotion_type="WEBSITE")
        assert requests.causes == [Cause.APP_REQUIRED]
        assert requests.group(campaign, promotion_type="WEBSITE", app_id=APP)["code"] == 0

    def test_custom_identity_in_shop(self) -> None:
        """In a shop campaign that began before they ended, a barred custom identity is accepted."""
        requests = requests_to(world_with(can_use_custom_identity=False), SHOP_ADS_END - INSTANT)
        sales = requests.campaign(objective_type="PRODUCT_SALES", campaign_product_source="STORE")
        group, other = requests.group(sales), requests.group(requests.campaign())
        requests.tiktok.clock = CUSTOM_ENDS.timestamp
        custom = {"identity_type": "CUSTOMIZED_USER", "identity_id": CUSTOM}
        assert requests.ad(group, **custom)["code"] == 0
        requests.ad(other, **custom)
        assert requests.causes == [Cause.CUSTOM_IDENTITY_BARRED]

    def test_catalog_of_another_center(self) -> None:
        """A catalog is found only in the Business Center that is named with it, which must be named."""
        requests = requests_to()
        campaign = requests.campaign(objective_type="PRODUCT_SALES", campaign_product_source="CATALOG")
        requests.group(campaign, catalog_id=CATALOG)
        assert requests.causes == [Cause.CATALOG_REQUIRED]
        requests.group(campaign, catalog_id=CATALOG, catalog_authorized_bc_id="1")
        assert requests.causes == [Cause.CATALOG_NOT_PERMITTED]

    def test_catalog_of_conversions(self) -> None:
        """A campaign for conversions with `catalog_enabled` needs a catalog too."""
        requests = requests_to()
        campaign = requests.campaign(objective_type="WEB_CONVERSIONS", catalog_enabled=True)
        requests.group(campaign, pixel_id=PIXEL, optimization_event="CompletePayment")
        assert requests.causes == [Cause.CATALOG_REQUIRED]

    def test_identity_of_another_center(self) -> None:
        """An account shared by a Business Center is refused under another one's id, with TikTok's message."""
        requests = requests_to()
        group = requests.group(requests.campaign())
        answer = requests.ad(group, identity_type="BC_AUTH_TT", identity_id=SHARED, identity_authorized_bc_id="1")
        assert answer["message"].startswith("You no longer have access to the TikTok account used in this ad")
        assert requests.causes == [Cause.IDENTITY_NOT_ACCESSIBLE]

    @pytest.mark.parametrize(
        ("changes", "causes"),
        [
            (PANGLE, []),
            (
                {"placement_type": "PLACEMENT_TYPE_NORMAL", "placements": ["PLACEMENT_TIKTOK"]},
                ["custom_identity_barred"],
            ),
            ({"placements": ["PLACEMENT_PANGLE"]}, ["custom_identity_barred"]),  # automatic: they are ignored
            ({"creative_material_mode": "SMART_CREATIVE"}, []),
        ],
    )
    def test_custom_identity_elsewhere(self, changes: dict[str, Any], causes: list[str]) -> None:
        """A barred custom identity is accepted off TikTok and with Smart Creative."""
        requests = requests_to(world_with(can_use_custom_identity=False))
        group = requests.group(requests.campaign(), **changes)
        requests.ad(group, identity_type="CUSTOMIZED_USER", identity_id=CUSTOM)
        assert requests.causes == causes

    def test_image_on_pangle(self) -> None:
        """A single image is accepted where the ad is not shown on TikTok."""
        requests = requests_to()
        assert requests.ad(requests.group(requests.campaign(), **PANGLE), ad_format="SINGLE_IMAGE")["code"] == 0

    def test_smart_plus_off_tiktok(self) -> None:
        """A Smart+ ad that is not shown on TikTok may have a custom identity."""
        requests = requests_to()
        campaign = requests.campaign("smart_plus/campaign/create/", objective_type="LEAD_GENERATION")
        group = requests.group(campaign, "smart_plus/adgroup/create/", optimization_goal="CLICK", **PANGLE)
        creative = {"ad_format": "SINGLE_VIDEO", "identity_type": "CUSTOMIZED_USER", "identity_id": CUSTOM}
        answer = requests.post(
            "smart_plus/ad/create/",
            adgroup_id=group["data"]["adgroup_id"],
            ad_name="A",
            creative_list=[{"creative_info": creative}],
        )
        assert answer["code"] == 0

    @pytest.mark.parametrize(
        ("identity_id", "identity_type", "causes"),
        [(CUSTOM, "CUSTOMIZED_USER", ["identity_cannot_pull"]), (CODE, "AUTH_CODE", []), (ACCOUNT, "TT_USER", [])],
    )
    def test_existing_post(self, identity_id: str, identity_type: str, causes: list[str]) -> None:
        """An existing post is shown under accounts and creators' codes, never under a custom identity."""
        requests = requests_to()
        group = requests.group(requests.campaign())
        requests.ad(group, identity_id=identity_id, identity_type=identity_type, tiktok_item_id="1")
        assert requests.causes == causes

    def test_ads_only(self) -> None:
        """An account in ads-only mode refuses to show the ad's post on its profile."""
        requests = requests_to(with_identity(SHARED, ads_only_mode=True))
        group = requests.group(requests.campaign())
        shared = {"identity_type": "BC_AUTH_TT", "identity_id": SHARED, "identity_authorized_bc_id": CENTER_ID}
        requests.ad(group, dark_post_status="OFF", **shared)
        assert requests.causes == [Cause.ADS_ONLY_MODE]
        assert requests.ad(group, **shared)["code"] == 0

    def test_every_creative_counts(self) -> None:
        """One creative that is refused refuses the whole request; each cause is named once."""
        requests = requests_to()
        group = requests.group(requests.campaign())
        wrong = {"ad_name": "B", "ad_format": "SINGLE_VIDEO"}
        right = wrong | {"identity_type": "TT_USER", "identity_id": ACCOUNT}
        answer = requests.post("ad/create/", adgroup_id=group["data"]["adgroup_id"], creatives=[right, wrong, wrong])
        assert answer["code"] == 40002
        assert requests.causes == [Cause.IDENTITY_REQUIRED]

    @pytest.mark.parametrize(
        ("path", "body", "message"),
        [
            ("campaign/create/", {"objective_type": "TOPVIEW_REACH"}, "objective_type"),
            ("campaign/create/", {"objective_type": "APP_PROMOTION"}, "app_promotion_type"),
            ("campaign/create/", {"objective_type": "PRODUCT_SALES"}, "campaign_product_source"),
            ("campaign/create/", {"campaign_name": "A" * 513}, "campaign_name"),
            ("smart_plus/campaign/create/", {"objective_type": "WEB_CONVERSIONS"}, "sales_destination"),
            ("smart_plus/campaign/create/", {"objective_type": "LEAD_GENERATION", "request_id": ""}, "request_id"),
        ],
    )
    def test_campaign_parameters(self, path: str, body: dict[str, Any], message: str) -> None:
        """What TikTok requires of a campaign is 40002 without a cause, and nothing is created."""
        requests = requests_to()
        assert requests.campaign(path, **body) == "None"
        answered = requests.post(path, **{"campaign_name": "A", "objective_type": "REACH", "request_id": "1"} | body)
        assert answered["code"] == 40002
        assert answered["message"].startswith(message)
        assert requests.causes == []
        assert not requests.tiktok.world.published

    def test_ad_group_parameters(self) -> None:
        """Most objectives require a promotion type; only leads take a target; what is required is 40002."""
        requests = requests_to()
        assert requests.group(requests.campaign(), promotion_type="")["code"] == 0
        traffic = requests.campaign(objective_type="TRAFFIC")
        assert requests.group(traffic, promotion_type="")["message"].startswith("promotion_type")
        assert requests.group(traffic, promotion_target_type="INSTANT_PAGE")["message"].startswith("promotion_target")
        assert requests.group(traffic, pacing="")["message"].startswith("pacing")

    def test_parents(self) -> None:
        """An ad group or ad is refused under what does not exist, is something else or has another campaign type."""
        requests = requests_to()
        campaign = requests.campaign()
        group = requests.group(campaign)
        for wrong in ("1", group["data"]["adgroup_id"]):
            assert "doesn't exist" in requests.group(wrong)["message"]
        for wrong in ("1", campaign):
            assert "doesn't exist" in requests.ad({"data": {"adgroup_id": wrong}})["message"]
        assert "another type" in requests.group(campaign, "smart_plus/adgroup/create/")["message"]

    def test_another_advertisers_campaign(self) -> None:
        """An ad group cannot belong to another advertiser's campaign, nor can a stranger create one."""
        requests = requests_to()
        campaign = requests.campaign()
        other = "7300000000000000002"
        assert requests.group(campaign, advertiser_id=other)["code"] == 40001
        world = requests.tiktok.world
        world.advertisers[other] = Advertiser(other, "Other")
        world.tokens[TOKEN] = Token(TOKEN, USER, (ADVERTISER_ID, other))
        assert "doesn't exist" in requests.group(campaign, advertiser_id=other)["message"]


class TestPublisher:
    def test_first_and_every_cause(self) -> None:
        """The first refusal is the answer; all others are found as if it had been mended."""
        world = world_with(lead_terms_confirmed=False, pages=[], user_roles={USER: "ANALYST"})
        outcome = Try(LEADS, world, NEW_YEAR).outcome()
        assert (outcome.level, outcome.cause) == (Level.CAMPAIGN, Cause.ROLE_INSUFFICIENT)
        assert outcome.message == f"No permission to operate advertiser: {ADVERTISER_ID}"
        assert outcome.every == {
            Cause.ROLE_INSUFFICIENT,
            Cause.MANUAL_CAMPAIGNS_ENDED,
            Cause.LEAD_TERMS_UNSIGNED,
            Cause.PAGE_REQUIRED,
        }

    def test_looking_for_every_cause_creates_nothing(self) -> None:
        """A refused campaign leaves nothing at TikTok."""
        tiktok = Simulator(world_with(status="STATUS_DISABLE"))
        outcome = Publisher(tiktok, TOKEN, ADVERTISER_ID).publish(WEB, NOW)
        assert outcome.every == {Cause.ACCOUNT_NOT_ENABLED}
        assert not tiktok.world.published

    @pytest.mark.parametrize(
        ("at", "changes", "accepted"),
        [
            (NEW_YEAR, {}, True),
            (NEW_YEAR, {"smart_plus_allowed": False}, False),
            (NOW, {"smart_plus_allowed": False}, True),
        ],
    )
    def test_any_campaign_type(self, at: datetime, changes: dict[str, Any], accepted: bool) -> None:  # noqa: FBT001
        """Without a campaign type the ad is refused only if it is as a manual and as a Smart+ one."""
        assert Try(replace(WEB, campaign_type=None), world_with(**changes), at).outcome().accepted is accepted

    def test_identity_types(self) -> None:
        """A draft that takes some types of identities is published with those only."""
        only_custom = replace(ENGAGEMENT, identity_types=("CUSTOMIZED_USER",))
        assert Try(only_custom).outcome().cause is Cause.ENGAGEMENT_NEEDS_ACCOUNT
        assert Try(ENGAGEMENT).outcome().accepted

    def test_wrong_request(self) -> None:
        """A request that TikTok does not understand is the test's own fault, not an outcome."""
        with pytest.raises(AssertionError, match="objective_type"):
            Try(Draft("TOPVIEW_REACH")).outcome()

    def test_locations(self) -> None:
        """Every country has its own location, which a request can name."""
        ids = {location_id(country) for country in ("IT", "IS", "FR", "TI", "US")}
        assert len(ids) == 5
        assert all(one.isdigit() for one in ids)


class TestTable:
    def test_every_cause_is_tested(self) -> None:
        """Every cause has one rule, and a test that names it."""
        assert sorted(rule.cause for rule in RULES) == sorted(Cause)
        alone = {
            Cause.LEGACY_SMART_PLUS_ENDED,
            Cause.PIXEL_EVENT_REQUIRED,
            Cause.PIXEL_NOT_SUPPORTED,
            Cause.IDENTITY_CANNOT_PULL,
            Cause.ADS_ONLY_MODE,
        }
        assert {cause for cause, _, _ in CASES} == set(Cause) - alone

    def test_written_apart(self) -> None:
        """The simulator, its rules included, imports nothing of the product."""
        folder = Path(local.tiktok_simulator.__file__).parent
        for name in ("publishing", "publishing_bodies", "publishing_rules", "world", "parameters"):
            text = (folder / f"{name}.py").read_text(encoding="utf-8")
            assert "tiktok_business" not in text
            assert "from publishing" not in text

    def test_sentences(self) -> None:
        """Every rule has a sentence and a source, and says whose its answer is."""
        for rule in RULES:
            assert rule.sentence.endswith("."), rule.cause
            assert rule.source, rule.cause
            assert rule.answer in {"ours", "TikTok's"}, rule.cause
