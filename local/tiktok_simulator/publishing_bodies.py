"""The requests that create campaigns, ad groups and ads, as far as rules or required fields need them.

The names are TikTok's (SDK: CampaignCreateBody, AdgroupCreateBody, AdcreateCreatives and their Smart+ counterparts;
BUB model/campaign/gmvmax/create.go). Other fields are ignored. What is required here is what the portal requires
(BUB, and the descriptions of TikTok's MCP server).
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from local.tiktok_simulator.parameters import AdvertiserParameters, Id, Parameters

TIKTOK = "PLACEMENT_TIKTOK"

Objective = Literal[
    "APP_INSTALL",
    "APP_PROMOTION",
    "BRAND_CONSIDERATION",
    "CATALOG_SALES",
    "CONVERSIONS",
    "ENGAGEMENT",
    "LEAD_GENERATION",
    "PRODUCT_SALES",
    "REACH",
    "RF_REACH",
    "SHOP_PURCHASES",
    "TRAFFIC",
    "VIDEO_VIEWS",
    "WEB_CONVERSIONS",
]
"""The objectives that a request can name, older names included. TOPVIEW_REACH can only be read."""


class CampaignBody(AdvertiserParameters):
    """A request to campaign/create/."""

    campaign_name: str = Field(max_length=512)
    objective_type: Objective
    app_promotion_type: str | None = None
    campaign_product_source: Literal["CATALOG", "STORE"] | None = None
    sales_destination: Literal["TIKTOK_SHOP", "WEBSITE", "APP", "WEB_AND_APP"] | None = None
    catalog_enabled: bool = False
    store_id: Id | None = None

    @property
    def objective(self) -> str:
        """The objective under its current name."""
        return _CURRENT_NAMES.get(self.objective_type, self.objective_type)

    @property
    def sells_in_shop(self) -> bool:
        """Whether the campaign sells in a TikTok Shop."""
        return self.campaign_product_source == "STORE" or self.sales_destination == "TIKTOK_SHOP"


_CURRENT_NAMES = {
    "CONVERSIONS": "WEB_CONVERSIONS",
    "APP_INSTALL": "APP_PROMOTION",
    "CATALOG_SALES": "PRODUCT_SALES",
    "SHOP_PURCHASES": "PRODUCT_SALES",
}


class SmartPlusCampaignBody(CampaignBody):
    """A request to smart_plus/campaign/create/; only here TikTok requires the key of idempotency."""

    request_id: Id


class GmvMaxCampaignBody(CampaignBody):
    """A request to campaign/gmv_max/create/, which creates the whole campaign at once (portal doc 1822000988713089)."""

    objective_type: Objective = "PRODUCT_SALES"
    sales_destination: Literal["TIKTOK_SHOP"] = "TIKTOK_SHOP"
    store_authorized_bc_id: Id | None = None


class _Targeting(BaseModel):
    location_ids: tuple[Id, ...] = ()


class AdGroupBody(AdvertiserParameters):
    """A request to adgroup/create/, or what both kinds of ad groups have in common."""

    campaign_id: Id
    adgroup_name: str
    promotion_type: str | None = None
    promotion_target_type: Literal["INSTANT_PAGE", "EXTERNAL_WEBSITE"] | None = None
    promotion_website_type: Literal["UNSET", "TIKTOK_NATIVE_PAGE"] | None = None
    placement_type: Literal["PLACEMENT_TYPE_AUTOMATIC", "PLACEMENT_TYPE_NORMAL"] = "PLACEMENT_TYPE_AUTOMATIC"
    placements: tuple[str, ...] = ()
    location_ids: tuple[Id, ...] = ()
    optimization_goal: str
    optimization_event: str | None = None
    pixel_id: Id | None = None
    app_id: Id | None = None
    catalog_id: Id | None = None
    catalog_authorized_bc_id: Id | None = None
    creative_material_mode: str | None = None

    @property
    def locations(self) -> Sequence[str]:
        """The ids of the places that the ads are shown in."""
        return self.location_ids

    @property
    def is_on_tiktok(self) -> bool:
        """Whether the ads are shown on TikTok; automatic placement includes it."""
        return self.placement_type == "PLACEMENT_TYPE_AUTOMATIC" or TIKTOK in self.placements

    @property
    def has_instant_form(self) -> bool:
        """Whether people answer a form on TikTok."""
        return self.promotion_target_type == "INSTANT_PAGE"

    @property
    def has_native_page(self) -> bool:
        """Whether the website is a page on TikTok."""
        return self.promotion_website_type == "TIKTOK_NATIVE_PAGE"


class ManualAdGroupBody(AdGroupBody):
    """A request to adgroup/create/."""

    budget: float
    budget_mode: str
    schedule_type: str
    schedule_start_time: str
    billing_event: str
    pacing: str


class SmartPlusAdGroupBody(AdGroupBody):
    """A request to smart_plus/adgroup/create/, where the places are part of the targeting."""

    request_id: Id
    targeting_spec: _Targeting = _Targeting()

    @property
    def locations(self) -> Sequence[str]:
        """The ids of the places that the ads are shown in."""
        return self.targeting_spec.location_ids


class Creative(Parameters):
    """What an ad shows, and under which identity. A manual ad has `page_id` here."""

    ad_format: Literal["SINGLE_VIDEO", "SINGLE_IMAGE", "CAROUSEL_ADS", "CATALOG_CAROUSEL"]
    identity_type: Literal["AUTH_CODE", "BC_AUTH_TT", "CUSTOMIZED_USER", "TT_USER"] | None = None
    identity_id: str | None = None
    identity_authorized_bc_id: Id | None = None
    tiktok_item_id: Id | None = None
    dark_post_status: Literal["ON", "OFF"] = "ON"  # the default since 2026-01-27 (portal)
    page_id: Id | int | None = None


class _ManualCreative(Creative):
    ad_name: str


class AdBody(AdvertiserParameters):
    """What both kinds of ads have in common."""

    adgroup_id: Id

    @property
    def shown(self) -> Sequence[Creative]:
        """Everything that the ad shows."""
        raise NotImplementedError


class ManualAdBody(AdBody):
    """A request to ad/create/."""

    creatives: list[_ManualCreative] = Field(min_length=1, max_length=20)

    @property
    def shown(self) -> Sequence[Creative]:
        """One ad each."""
        return self.creatives


class _SmartPlusCreative(BaseModel):
    creative_info: Creative


class _SmartPlusPage(BaseModel):
    page_id: Id


class SmartPlusAdBody(AdBody):
    """A request to smart_plus/ad/create/; its pages are those of all creatives."""

    ad_name: str
    creative_list: list[_SmartPlusCreative] = Field(min_length=1)
    page_list: list[_SmartPlusPage] = Field(default=[], max_length=3)

    @property
    def shown(self) -> Sequence[Creative]:
        """Every creative, with the ad's first page."""
        page_id = self.page_list[0].page_id if self.page_list else None
        return [one.creative_info.model_copy(update={"page_id": page_id}) for one in self.creative_list]


Body = CampaignBody | AdGroupBody | AdBody
