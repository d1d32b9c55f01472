"""What TikTok refuses when a campaign, an ad group or an ad is created: one table, written from TikTok's side.

Nothing here comes from the product or is used by it: tests compare what the product foretells with these rules. The
sources are the keys of docs/tiktok.md. `answer` tells whether code and message are TikTok's (documented by it, or seen
by somebody) or ours because no source has them. A rule that no source settles holds only if the world names its cause.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property

from local.tiktok_simulator.http_messages import JsonObject
from local.tiktok_simulator.publishing_bodies import TIKTOK, AdBody, AdGroupBody, CampaignBody, Creative
from local.tiktok_simulator.world import Advertiser, App, BusinessCenter, Catalog, Identity, Page, Pixel, World

_OURS = "ours"
_TIKTOKS = "TikTok's"


class Level(StrEnum):
    """What is created, in this order."""

    CAMPAIGN = "campaign"
    AD_GROUP = "ad group"
    AD = "ad"


class Cause(StrEnum):
    """Why TikTok refuses: the name of a rule, in the journal, for tests."""

    ACCOUNT_NOT_ENABLED = "account_not_enabled"
    ACCOUNT_IN_REVIEW = "account_in_review"
    ACCOUNT_UNVERIFIED = "account_unverified"
    ROLE_INSUFFICIENT = "role_insufficient"
    LEGACY_SMART_PLUS_ENDED = "legacy_smart_plus_ended"
    MANUAL_CAMPAIGNS_ENDED = "manual_campaigns_ended"
    MANUAL_CAMPAIGNS_ENDED_ALL = "manual_campaigns_ended_all"
    SMART_PLUS_NOT_ALLOWED = "smart_plus_not_allowed"
    SMART_PLUS_OBJECTIVE = "smart_plus_objective"
    CATALOG_SALES_RETIRED = "catalog_sales_retired"
    SHOP_PURCHASES_RETIRED = "shop_purchases_retired"
    GMV_MAX_ONLY = "gmv_max_only"
    SHOP_UNAVAILABLE = "shop_unavailable"
    COUNTRY_NOT_AVAILABLE = "country_not_available"
    PIXEL_REQUIRED = "pixel_required"
    PIXEL_NOT_FOUND = "pixel_not_found"
    PIXEL_UNBOUND = "pixel_unbound"
    PIXEL_NOT_SUPPORTED = "pixel_not_supported"
    PIXEL_EVENT_REQUIRED = "pixel_event_required"
    PIXEL_EVENT_MISSING = "pixel_event_missing"
    CATALOG_PIXEL_REQUIRED = "catalog_pixel_required"
    CATALOG_REQUIRED = "catalog_required"
    CATALOG_NOT_PERMITTED = "catalog_not_permitted"
    CATALOG_NOT_ELIGIBLE = "catalog_not_eligible"
    APP_REQUIRED = "app_required"
    APP_NOT_FOUND = "app_not_found"
    APP_NOT_ATTRIBUTED = "app_not_attributed"
    LEAD_TERMS_UNSIGNED = "lead_terms_unsigned"
    PAGE_REQUIRED = "page_required"
    PAGE_NOT_FOUND = "page_not_found"
    PAGE_NOT_PUBLISHED = "page_not_published"
    IDENTITY_REQUIRED = "identity_required"
    IDENTITY_NOT_ACCESSIBLE = "identity_not_accessible"
    IDENTITY_UNAVAILABLE = "identity_unavailable"
    IDENTITY_POLITICAL = "identity_political"
    CUSTOM_IDENTITY_BARRED = "custom_identity_barred"
    SMART_PLUS_NEEDS_ACCOUNT = "smart_plus_needs_account"
    ENGAGEMENT_NEEDS_ACCOUNT = "engagement_needs_account"
    MESSAGES_NEED_ACCOUNT = "messages_need_account"
    MESSAGES_NOT_MANAGED = "messages_not_managed"
    CAROUSEL_NEEDS_CUSTOM = "carousel_needs_custom"
    IDENTITY_CANNOT_PUSH = "identity_cannot_push"
    IDENTITY_CANNOT_PULL = "identity_cannot_pull"
    ADS_ONLY_MODE = "ads_only_mode"
    IMAGE_NOT_ON_TIKTOK = "image_not_on_tiktok"


MANUAL, SMART_PLUS, LEGACY_SMART_PLUS, GMV_MAX = "MANUAL", "SMART_PLUS", "LEGACY_SMART_PLUS", "GMV_MAX"

_SHOP_ADS_END = datetime(2025, 7, 1, tzinfo=UTC)
CUSTOM_IDENTITY_ENDS = datetime(2026, 1, 15, tzinfo=UTC)
_LEGACY_SMART_PLUS_ENDS = datetime(2026, 3, 31, tzinfo=UTC)
_RETIREMENT_SEEN = datetime(2026, 8, 1, tzinfo=UTC)
_MANUAL_ENDS = datetime(2027, 1, 1, tzinfo=UTC)
DATES = (_SHOP_ADS_END, CUSTOM_IDENTITY_ENDS, _LEGACY_SMART_PLUS_ENDS, _RETIREMENT_SEEN, _MANUAL_ENDS)
"""The instants at which a rule begins."""

_OFF = frozenset({"STATUS_DISABLE", "STATUS_LIMIT", "STATUS_CONFIRM_FAIL", "STATUS_CONFIRM_FAIL_END"})
_SMART_PLUS_OBJECTIVES = frozenset({"APP_PROMOTION", "WEB_CONVERSIONS", "LEAD_GENERATION"})
_MANUAL_ENDS_FOR = _SMART_PLUS_OBJECTIVES | {"PRODUCT_SALES"}
_WITH_PIXEL = frozenset({"CONVERT", "VALUE"})
_WITHOUT_PIXEL = frozenset({"CLICK", "INSTALL", "IN_APP_EVENT", "TRAFFIC_LANDING_PAGE_VIEW"})
_ACCOUNTS = frozenset({"AUTH_CODE", "BC_AUTH_TT", "TT_USER"})
_OWN_ACCOUNTS = frozenset({"BC_AUTH_TT", "TT_USER"})
_TO_APP = frozenset({"APP", "WEB_AND_APP"})


def location_id(country: str) -> str:
    """A made-up id of a country; TikTok's are those of GeoNames."""
    first, second = (f"{ord(letter) - ord('A'):02d}" for letter in country)
    return f"6{first}{second}"


@dataclass(frozen=True)
class Attempt:
    """Something that a user tries to create at a moment, and what it belongs to; `creative` is one of the ad's."""

    world: World
    user: str
    advertiser: Advertiser
    at: datetime
    campaign_type: str
    campaign: CampaignBody
    group: AdGroupBody | None = None
    ad: AdBody | None = None
    creative: Creative | None = None

    @property
    def level(self) -> Level:
        """What is created."""
        return Level.AD if self.ad else Level.AD_GROUP if self.group else Level.CAMPAIGN

    @property
    def is_smart_plus(self) -> bool:
        """Whether the campaign is a Smart+ one, of either kind."""
        return self.campaign_type in {SMART_PLUS, LEGACY_SMART_PLUS}

    @property
    def centers(self) -> Sequence[BusinessCenter]:
        """The Business Centers that the user sees."""
        return self.world.business_centers_of(self.user)

    # Of the ad group:

    @property
    def ad_group(self) -> AdGroupBody:
        """The ad group."""
        assert self.group is not None  # noqa: S101 - rules run at their level only
        return self.group

    @property
    def to_website(self) -> bool:
        """Whether people who convert do so on a website outside TikTok."""
        return self.campaign.sales_destination in {None, "WEBSITE", "WEB_AND_APP"} and not self.ad_group.has_native_page

    @property
    def to_app(self) -> bool:
        """Whether the ads lead to an app."""
        promoted = self.ad_group.promotion_type or ""
        return (
            self.campaign.objective == "APP_PROMOTION"
            or self.campaign.sales_destination in _TO_APP
            or promoted.startswith("APP_")
        )

    @property
    def needs_pixel(self) -> bool:
        """Whether the ad group counts what people do on a website."""
        if self.campaign.objective == "WEB_CONVERSIONS":
            return self.to_website
        external = self.ad_group.promotion_target_type == "EXTERNAL_WEBSITE"  # leads
        return external and self.ad_group.optimization_goal in _WITH_PIXEL

    @property
    def needs_catalog(self) -> bool:
        """Whether the ads show the products of a catalog."""
        source = self.campaign.campaign_product_source == "CATALOG"
        return self.campaign.catalog_enabled or (self.campaign.objective == "PRODUCT_SALES" and source)

    @property
    def uses_catalog(self) -> bool:
        """Whether the ad group names a catalog."""
        return self.ad_group.catalog_id is not None

    @cached_property
    def pixel(self) -> Pixel | None:
        """The ad group's pixel, if the account has it."""
        return next((one for one in self.advertiser.pixels if one.id == self.ad_group.pixel_id), None)

    @cached_property
    def catalog(self) -> Catalog | None:
        """The ad group's catalog, if the user sees it in the Business Center that is named with it."""
        group = self.ad_group
        centers = [center for center in self.centers if center.id == group.catalog_authorized_bc_id]
        return next((one for center in centers for one in center.catalogs if one.id == group.catalog_id), None)

    @cached_property
    def app(self) -> App | None:
        """The ad group's app, if the account has it."""
        return next((one for one in self.advertiser.apps if one.id == self.ad_group.app_id), None)

    # Of the ad:

    @property
    def shown(self) -> Creative:
        """The creative."""
        assert self.creative is not None  # noqa: S101 - rules run at their level only
        return self.creative

    @property
    def is_custom(self) -> bool:
        """Whether the identity is a custom one."""
        return self.shown.identity_type == "CUSTOMIZED_USER"

    @cached_property
    def identity(self) -> Identity | None:
        """The creative's identity, if the account has it and the user may use it."""
        wanted = (self.shown.identity_id, self.shown.identity_type)
        for one in self.advertiser.identities:
            linked_by_another = one.identity_type == "TT_USER" and self.user not in one.linked_by
            authorized = one.identity_type != "BC_AUTH_TT" or (
                one.authorized_bc_id == self.shown.identity_authorized_bc_id
            )
            if (one.id, one.identity_type) == wanted and authorized and not linked_by_another:
                return one
        return None

    @property
    def needs_page(self) -> bool:
        """Whether people are led to a page on TikTok."""
        return self.ad_group.has_instant_form or self.ad_group.has_native_page

    @cached_property
    def page(self) -> Page | None:
        """The creative's page, if the account has it, or a form library that was made of the account's pages."""
        libraries = [center.library for center in self.centers if center.library]
        moved = [page for library in libraries if library.advertiser_id == self.advertiser.id for page in library.pages]
        return next((one for one in [*self.advertiser.pages, *moved] if one.id == str(self.shown.page_id)), None)


@dataclass(frozen=True)
class Rule:
    """A fact that makes TikTok refuse, and how it says so.

    `answer` tells whose code and message these are. A rule that is not `settled` is disputed or only suspected: it
    holds only in a world that names its cause.
    """

    cause: Cause
    levels: tuple[Level, ...]
    concerns: str
    sentence: str
    source: str
    code: int
    message: str
    answer: str
    refuses: Callable[[Attempt], bool]
    settled: bool = True

    def holds_in(self, world: World) -> bool:
        """Whether the rule is one of this world's."""
        return self.settled or self.cause in world.unsettled

    def to_json(self) -> JsonObject:
        """The rule as JSON, without its function."""
        return {
            "cause": self.cause,
            "levels": list(self.levels),
            "concerns": self.concerns,
            "sentence": self.sentence,
            "source": self.source,
            "code": self.code,
            "message": self.message,
            "answer": self.answer,
            "settled": self.settled,
        }


@dataclass(frozen=True)
class Refusal:
    """A rule that refuses an attempt, with the message of this attempt."""

    rule: Rule
    message: str


def refusals(attempt: Attempt) -> list[Refusal]:
    """Every rule that refuses an attempt, in the table's order; TikTok answers with the first."""
    return [
        Refusal(rule, rule.message.format(attempt=attempt))
        for rule in RULES
        if attempt.level in rule.levels and rule.holds_in(attempt.world) and rule.refuses(attempt)
    ]


def _manual_since(attempt: Attempt, objectives: bool) -> bool:  # noqa: FBT001 - the second half of a conjunction
    return attempt.campaign_type == MANUAL and attempt.at >= _MANUAL_ENDS and objectives


def _has_lost_countries(attempt: Attempt) -> bool:
    countries = attempt.advertiser.countries
    return countries is not None and not set(attempt.ad_group.locations) <= {location_id(one) for one in countries}


def _has_shop(attempt: Attempt) -> bool:
    return any(store.id == attempt.campaign.store_id and store.gmv_max_available for store in attempt.advertiser.stores)


def _goal(attempt: Attempt) -> str:
    return attempt.ad_group.optimization_goal


def _has_event(attempt: Attempt) -> bool:
    """Whether the pixel has the event, by its type or by its name for optimisation.

    The simulator's pixels have one name for optimisation, SHOPPING, for every event but the view of a page.
    """
    events = {event for event in attempt.pixel.events if event != "Pageview"} if attempt.pixel else set()
    return attempt.ad_group.optimization_event in (events | ({"SHOPPING"} if events else set()))


def _is_barred_custom(attempt: Attempt) -> bool:
    """Whether the account may not use the custom identity here.

    Where TikTok omits the flag, the date of the account decides: those created since the day cannot.
    """
    allowed = attempt.advertiser.can_use_custom_identity
    if allowed is None:
        allowed = attempt.advertiser.created_at < CUSTOM_IDENTITY_ENDS.timestamp()
    group = attempt.ad_group
    exempt = (
        attempt.campaign.sells_in_shop
        or not group.is_on_tiktok
        or group.creative_material_mode == "SMART_CREATIVE"
        or (attempt.campaign_type == MANUAL and attempt.uses_catalog)
    )
    return attempt.is_custom and attempt.at >= CUSTOM_IDENTITY_ENDS and not allowed and not exempt


def _is_refused_smart_plus_identity(attempt: Attempt) -> bool:
    on_tiktok = attempt.ad_group.is_on_tiktok
    return attempt.is_smart_plus and attempt.is_custom and on_tiktok and not attempt.uses_catalog


def _is_message_ad(attempt: Attempt) -> bool:
    return attempt.ad_group.promotion_type == "LEAD_GEN_CLICK_TO_TT_DIRECT_MESSAGE"


def _is_unavailable(attempt: Attempt) -> bool:
    """A status says nothing of a custom identity or of a creator's code; true was seen for AVAILABLE."""
    status: object = attempt.identity.available_status if attempt.identity else None
    return attempt.shown.identity_type in _OWN_ACCOUNTS and status not in {"AVAILABLE", True, None}


def _cannot_push(attempt: Attempt) -> bool:
    """Whether an uploaded video cannot be shown under the identity."""
    identity, shown = attempt.identity, attempt.shown
    uploaded = shown.ad_format == "SINGLE_VIDEO" and shown.tiktok_item_id is None
    if identity is None or not uploaded or identity.identity_type == "CUSTOMIZED_USER":
        return False
    return identity.identity_type == "AUTH_CODE" or not identity.can_push_video


def _cannot_pull(attempt: Attempt) -> bool:
    """Whether an existing post cannot be shown under the identity."""
    identity = attempt.identity
    if identity is None or attempt.shown.tiktok_item_id is None:
        return False
    return identity.identity_type == "CUSTOMIZED_USER" or not identity.can_pull_video


_EVERYWHERE = (Level.CAMPAIGN, Level.AD_GROUP, Level.AD)
_AT_CAMPAIGN = (Level.CAMPAIGN,)
_AT_GROUP = (Level.AD_GROUP,)
_AT_AD = (Level.AD,)
_SELECT_NEW = "You no longer have access to the TikTok account used in this ad. Please select a new identity."
_SMART_PLUS_PAGE = "DOC:1853452461203458"
_SMART_PLUS_ADS = "DOC:1843317390059522"
_AD_GROUPS = "BUB model/adgroup/create.go"
_CREATIVES = "BUB model/ad/creative.go"

RULES: tuple[Rule, ...] = (
    Rule(
        Cause.ACCOUNT_NOT_ENABLED,
        _EVERYWHERE,
        "account",
        "The ad account is disabled, limited or was not approved.",
        "BUB enum/advertiser_status.go; which of its values refuse is our reading",
        40002,
        "The advertiser account is not enabled: {attempt.advertiser.status}.",
        _OURS,
        lambda attempt: attempt.advertiser.status in _OFF,
    ),
    Rule(
        Cause.ACCOUNT_IN_REVIEW,
        _EVERYWHERE,
        "account",
        "The ad account has another status than STATUS_ENABLE.",
        "no source; accounts of the sandbox create ads in STATUS_PENDING_CONFIRM",
        40002,
        "The advertiser account is in review: {attempt.advertiser.status}.",
        _OURS,
        lambda attempt: attempt.advertiser.status not in {*_OFF, "STATUS_ENABLE"},
        settled=False,
    ),
    Rule(
        Cause.ACCOUNT_UNVERIFIED,
        _EVERYWHERE,
        "account",
        "The verification of the ad account failed or expired.",
        "portal, account/verification/status/, 2026-07-24; that it refuses is a guess",
        40002,
        "The advertiser account is not verified: {attempt.advertiser.verification_status}.",
        _OURS,
        lambda attempt: attempt.advertiser.verification_status in {"FAILED", "EXPIRED"},
        settled=False,
    ),
    Rule(
        Cause.ROLE_INSUFFICIENT,
        _EVERYWHERE,
        "account",
        "The person is an ANALYST of the ad account, who reads everything and publishes nothing.",
        "portal, bc/asset/get/; the code and message are those of missing rights",
        40001,
        "No permission to operate advertiser: {attempt.advertiser.id}",
        _OURS,
        lambda attempt: attempt.advertiser.user_roles.get(attempt.user) == "ANALYST",
    ),
    Rule(
        Cause.LEGACY_SMART_PLUS_ENDED,
        _AT_CAMPAIGN,
        "campaign",
        "`campaign/spc/create/` ended on 2026-03-31.",
        f"{_SMART_PLUS_PAGE}; the code of endpoints that are offline is TikTok's, its use here is not",
        41001,
        "This endpoint is offline. Please use /smart_plus/campaign/create/.",
        _OURS,
        lambda attempt: attempt.campaign_type == LEGACY_SMART_PLUS and attempt.at >= _LEGACY_SMART_PLUS_ENDS,
    ),
    Rule(
        Cause.MANUAL_CAMPAIGNS_ENDED,
        _AT_CAMPAIGN,
        "campaign",
        "From 2027-01-01 no manual campaign for sales, conversions, apps or leads can be created.",
        f"{_SMART_PLUS_PAGE}, and a vendor's tool text that names these four",
        40002,
        "Manual campaigns can no longer be created for this objective. Please use /smart_plus/campaign/create/.",
        _OURS,
        lambda attempt: _manual_since(attempt, attempt.campaign.objective in _MANUAL_ENDS_FOR),
    ),
    Rule(
        Cause.MANUAL_CAMPAIGNS_ENDED_ALL,
        _AT_CAMPAIGN,
        "campaign",
        "From 2027-01-01 no manual campaign of any other objective can be created either.",
        f"{_SMART_PLUS_PAGE}, which a vendor's tool text contradicts",
        40002,
        "Manual campaigns can no longer be created. Please use /smart_plus/campaign/create/.",
        _OURS,
        lambda attempt: _manual_since(attempt, attempt.campaign.objective not in _MANUAL_ENDS_FOR),
        settled=False,
    ),
    Rule(
        Cause.SMART_PLUS_NOT_ALLOWED,
        _AT_CAMPAIGN,
        "campaign",
        "Smart+ campaigns need the ad account on TikTok's allowlist, which no endpoint shows.",
        "seen by one operator, 2026",
        40002,
        "Enter a valid Campaign Type",
        _TIKTOKS,
        lambda attempt: attempt.is_smart_plus and not attempt.advertiser.smart_plus_allowed,
    ),
    Rule(
        Cause.SMART_PLUS_OBJECTIVE,
        _AT_CAMPAIGN,
        "campaign",
        "Smart+ campaigns exist for APP_PROMOTION, WEB_CONVERSIONS and LEAD_GENERATION only.",
        "portal, pages on Upgraded Smart+, DOC:1843314887930946 among them",
        40002,
        "objective_type: Smart+ campaigns do not support {attempt.campaign.objective_type}.",
        _OURS,
        lambda attempt: attempt.is_smart_plus and attempt.campaign.objective not in _SMART_PLUS_OBJECTIVES,
    ),
    Rule(
        Cause.CATALOG_SALES_RETIRED,
        _AT_CAMPAIGN,
        "campaign",
        "CATALOG_SALES is refused since about 2026-08.",
        "seen in one ad account, 2026-08",
        40002,
        "Catalog sales ads is no longer available",
        _TIKTOKS,
        lambda attempt: attempt.campaign.objective_type == "CATALOG_SALES" and attempt.at >= _RETIREMENT_SEEN,
    ),
    Rule(
        Cause.SHOP_PURCHASES_RETIRED,
        _AT_CAMPAIGN,
        "campaign",
        "SHOP_PURCHASES is refused since about 2026-08.",
        "seen in one ad account, 2026-08",
        40002,
        "Shopping ads is not available to this advertiser account",
        _TIKTOKS,
        lambda attempt: attempt.campaign.objective_type == "SHOP_PURCHASES" and attempt.at >= _RETIREMENT_SEEN,
    ),
    Rule(
        Cause.GMV_MAX_ONLY,
        _AT_CAMPAIGN,
        "campaign",
        "Since July 2025 a TikTok Shop is advertised with GMV Max campaigns only.",
        "TikTok's help for sellers, About GMV Max; EVA lifecycle",
        40002,
        "Shopping ads for TikTok Shop are only available with GMV Max.",
        _OURS,
        lambda attempt: (
            attempt.campaign_type != GMV_MAX and attempt.campaign.sells_in_shop and attempt.at >= _SHOP_ADS_END
        ),
    ),
    Rule(
        Cause.SHOP_UNAVAILABLE,
        _AT_CAMPAIGN,
        "shop",
        "A GMV Max campaign needs a shop of the ad account that is available for it.",
        "BUB model/campaign/gmvmax/create.go",
        40002,
        "store_id: The TikTok Shop is not available for GMV Max.",
        _OURS,
        lambda attempt: attempt.campaign_type == GMV_MAX and not _has_shop(attempt),
    ),
    Rule(
        Cause.COUNTRY_NOT_AVAILABLE,
        _AT_GROUP,
        "country",
        "The ad account may not target one of the countries.",
        "DOC:1737189539571713; launches failed at the ad group, seen by one operator",
        40002,
        "location_ids: Not available for this advertiser.",
        _OURS,
        _has_lost_countries,
    ),
    Rule(
        Cause.PIXEL_REQUIRED,
        _AT_GROUP,
        "pixel",
        "Conversions on a website are counted by a pixel, those of leads with the goals CONVERT and VALUE.",
        f"{_AD_GROUPS}; DOC:1843314887930946",
        40002,
        "pixel_id: Missing data for required field.",
        _OURS,
        lambda attempt: attempt.needs_pixel and attempt.ad_group.pixel_id is None,
    ),
    Rule(
        Cause.CATALOG_PIXEL_REQUIRED,
        _AT_GROUP,
        "pixel",
        "Catalog ads that lead to a website need a pixel.",
        f"{_AD_GROUPS}, of which sources differ",
        40002,
        "pixel_id: Missing data for required field.",
        _OURS,
        lambda attempt: (
            attempt.needs_catalog
            and attempt.campaign.objective == "PRODUCT_SALES"
            and attempt.ad_group.promotion_type == "WEBSITE"
            and attempt.ad_group.pixel_id is None
        ),
        settled=False,
    ),
    Rule(
        Cause.PIXEL_NOT_SUPPORTED,
        _AT_GROUP,
        "pixel",
        "A page on TikTok has no pixel, nor have Smart+ goals other than CONVERT and VALUE.",
        f"{_AD_GROUPS}; DOC:1843314887930946",
        40002,
        "pixel_id: Not supported.",
        _OURS,
        lambda attempt: (
            attempt.ad_group.pixel_id is not None
            and (attempt.ad_group.has_native_page or (attempt.is_smart_plus and _goal(attempt) in _WITHOUT_PIXEL))
        ),
    ),
    Rule(
        Cause.PIXEL_NOT_FOUND,
        _AT_GROUP,
        "pixel",
        "The ad account has no such pixel.",
        "SDK yml_files/pixel_list.yml",
        40002,
        "pixel_id: The pixel doesn't exist.",
        _OURS,
        lambda attempt: attempt.ad_group.pixel_id is not None and attempt.pixel is None,
    ),
    Rule(
        Cause.PIXEL_UNBOUND,
        _AT_GROUP,
        "pixel",
        "The pixel is UNBOUND: the ad account can no longer use it.",
        "SDK; NAN",
        40002,
        "pixel_id: The pixel is not available for this advertiser.",
        _OURS,
        lambda attempt: attempt.pixel is not None and attempt.pixel.relation_status == "UNBOUND",
    ),
    Rule(
        Cause.PIXEL_EVENT_REQUIRED,
        _AT_GROUP,
        "pixel",
        "An ad group with a pixel must name an event.",
        "portal, adgroup/create/",
        40002,
        "optimization_event: Missing data for required field.",
        _OURS,
        lambda attempt: attempt.pixel is not None and attempt.ad_group.optimization_event is None,
    ),
    Rule(
        Cause.PIXEL_EVENT_MISSING,
        _AT_GROUP,
        "pixel",
        "The pixel does not have the event.",
        "`events[].optimization_event` of `pixel/list/`; that it refuses is our reading",
        40002,
        "optimization_event: The pixel has no such event.",
        _OURS,
        lambda attempt: (
            attempt.pixel is not None and attempt.ad_group.optimization_event is not None and not _has_event(attempt)
        ),
    ),
    Rule(
        Cause.CATALOG_REQUIRED,
        _AT_GROUP,
        "catalog",
        "Catalog ads name a catalog and the Business Center that authorised it.",
        _AD_GROUPS,
        40002,
        "catalog_id: Missing data for required field.",
        _OURS,
        lambda attempt: (
            attempt.needs_catalog
            and (attempt.ad_group.catalog_id is None or attempt.ad_group.catalog_authorized_bc_id is None)
        ),
    ),
    Rule(
        Cause.CATALOG_NOT_PERMITTED,
        _AT_GROUP,
        "catalog",
        "The person does not see the catalog in that Business Center.",
        "EVA errors/tiktok-ads-error-codes.yml",
        40001,
        "You don't have permission to operate this catalog:{attempt.group.catalog_id}",
        _TIKTOKS,
        lambda attempt: (
            attempt.ad_group.catalog_id is not None
            and attempt.ad_group.catalog_authorized_bc_id is not None
            and attempt.catalog is None
        ),
    ),
    Rule(
        Cause.CATALOG_NOT_ELIGIBLE,
        _AT_GROUP,
        "catalog",
        "The catalog is NOT_AVAILABLE for ads.",
        "NAN; BUB, `ad_creation_eligible`",
        40002,
        "catalog_id: The catalog is not eligible for ads.",
        _OURS,
        lambda attempt: attempt.catalog is not None and attempt.catalog.ad_creation_eligible != "AVAILABLE",
    ),
    Rule(
        Cause.APP_REQUIRED,
        _AT_GROUP,
        "app",
        "Ads that lead to an app name it.",
        _AD_GROUPS,
        40002,
        "app_id: Missing data for required field.",
        _OURS,
        lambda attempt: attempt.to_app and attempt.ad_group.app_id is None,
    ),
    Rule(
        Cause.APP_NOT_FOUND,
        _AT_GROUP,
        "app",
        "The ad account has no such app.",
        "SDK yml_files/app_*.yml",
        40002,
        "app_id: The app doesn't exist.",
        _OURS,
        lambda attempt: attempt.ad_group.app_id is not None and attempt.app is None,
    ),
    Rule(
        Cause.APP_NOT_ATTRIBUTED,
        _AT_GROUP,
        "app",
        "The app's measurement partner has not enabled self-attribution.",
        _AD_GROUPS,
        40002,
        "app_id: The app cannot be used, because self-attribution is not enabled.",
        _OURS,
        lambda attempt: attempt.app is not None and not attempt.app.self_attribution_enabled,
    ),
    Rule(
        Cause.LEAD_TERMS_UNSIGNED,
        _AT_AD,
        "account",
        "The terms of lead ads are not signed; only ads with an instant form need them.",
        f"{_CREATIVES}; seen on every account of one operator, 2026-09-23",
        40002,
        "Lead Generation agreement has not be signed yet.",
        _TIKTOKS,
        lambda attempt: attempt.ad_group.has_instant_form and not attempt.advertiser.lead_terms_confirmed,
    ),
    Rule(
        Cause.PAGE_REQUIRED,
        _AT_AD,
        "page",
        "An ad with an instant form, or with a page on TikTok, names it.",
        _CREATIVES,
        40002,
        "page_id: Missing data for required field.",
        _OURS,
        lambda attempt: attempt.needs_page and attempt.shown.page_id is None,
    ),
    Rule(
        Cause.PAGE_NOT_FOUND,
        _AT_AD,
        "page",
        "Neither the ad account nor its form library has the page, or it is not a form where a form is needed.",
        "BUB model/page/get.go",
        40002,
        "page_id: The page doesn't exist.",
        _OURS,
        lambda attempt: (
            attempt.shown.page_id is not None
            and (
                attempt.page is None or (attempt.ad_group.has_instant_form and attempt.page.business_type != "LEAD_GEN")
            )
        ),
    ),
    Rule(
        Cause.PAGE_NOT_PUBLISHED,
        _AT_AD,
        "page",
        "Only PUBLISHED pages can be used.",
        "BUB model/page/page.go",
        40002,
        "page_id: The page is not published.",
        _OURS,
        lambda attempt: attempt.page is not None and attempt.page.status != "PUBLISHED",
    ),
    Rule(
        Cause.IDENTITY_REQUIRED,
        _AT_AD,
        "identity",
        "Every creative names an identity.",
        f"portal, ad/create; {_SMART_PLUS_ADS}",
        40002,
        "identity_id: Missing data for required field.",
        _OURS,
        lambda attempt: attempt.shown.identity_id is None or attempt.shown.identity_type is None,
    ),
    Rule(
        Cause.IDENTITY_NOT_ACCESSIBLE,
        _AT_AD,
        "identity",
        "The account has no such identity, another person linked it, or another Business Center authorised it.",
        "seen by two clients, of an unlinked account and of a wrong Business Center",
        40002,
        _SELECT_NEW,
        _TIKTOKS,
        lambda attempt: (
            attempt.shown.identity_id is not None
            and attempt.shown.identity_type is not None
            and attempt.identity is None
        ),
    ),
    Rule(
        Cause.IDENTITY_UNAVAILABLE,
        _AT_AD,
        "identity",
        "The TikTok account has another `available_status` than AVAILABLE.",
        "DOC:1740218420781057",
        40002,
        _SELECT_NEW,
        _OURS,
        _is_unavailable,
    ),
    Rule(
        Cause.IDENTITY_POLITICAL,
        _AT_AD,
        "identity",
        "Accounts of governments, politicians and parties cannot be used.",
        "DOC:1740218420781057",
        40002,
        "identity_id: The account of a government, politician or party cannot be used.",
        _OURS,
        lambda attempt: attempt.identity is not None and attempt.identity.is_gpppa,
    ),
    Rule(
        Cause.CUSTOM_IDENTITY_BARRED,
        _AT_AD,
        "identity",
        "From 2026-01-15 custom identities are refused where `can_use_custom_identity` is false; not off TikTok, nor "
        "with Smart Creative, a manual campaign's catalog or a TikTok Shop.",
        f"DOC:1848048566169730; {_SMART_PLUS_ADS}",
        40002,
        "identity_type: CUSTOMIZED_USER is no longer supported for this ad account.",
        _OURS,
        _is_barred_custom,
    ),
    Rule(
        Cause.SMART_PLUS_NEEDS_ACCOUNT,
        _AT_AD,
        "identity",
        "Smart+ ads on TikTok need an account, except those with a catalog.",
        _SMART_PLUS_ADS,
        40002,
        "identity_type: CUSTOMIZED_USER is not supported for Smart+ ads.",
        _OURS,
        _is_refused_smart_plus_identity,
    ),
    Rule(
        Cause.ENGAGEMENT_NEEDS_ACCOUNT,
        _AT_AD,
        "identity",
        "ENGAGEMENT needs an account.",
        "portal, creative/ads_preview; not confirmed for ad/create",
        40002,
        "identity_type: Not supported for ENGAGEMENT.",
        _OURS,
        lambda attempt: (
            attempt.campaign.objective == "ENGAGEMENT"
            and attempt.shown.identity_type is not None
            and attempt.shown.identity_type not in _ACCOUNTS
        ),
    ),
    Rule(
        Cause.MESSAGES_NEED_ACCOUNT,
        _AT_AD,
        "identity",
        "Direct messages need an account of one's own: TT_USER or BC_AUTH_TT.",
        _AD_GROUPS,
        40002,
        "identity_type: Not supported for TikTok direct messages.",
        _OURS,
        lambda attempt: (
            _is_message_ad(attempt)
            and attempt.shown.identity_type is not None
            and attempt.shown.identity_type not in _OWN_ACCOUNTS
        ),
    ),
    Rule(
        Cause.MESSAGES_NOT_MANAGED,
        _AT_AD,
        "identity",
        "Direct messages need an account with `can_manage_message`.",
        "DOC:1740218420781057; that it refuses is our reading",
        40002,
        "identity_id: The account's messages cannot be managed.",
        _OURS,
        lambda attempt: (
            _is_message_ad(attempt)
            and attempt.shown.identity_type in _OWN_ACCOUNTS
            and attempt.identity is not None
            and not attempt.identity.can_manage_message
        ),
    ),
    Rule(
        Cause.CAROUSEL_NEEDS_CUSTOM,
        _AT_AD,
        "identity",
        "CATALOG_CAROUSEL in a manual campaign takes a custom identity only.",
        f"{_AD_GROUPS}; EVA changelog",
        40002,
        "identity_type: CATALOG_CAROUSEL supports CUSTOMIZED_USER only.",
        _OURS,
        lambda attempt: (
            attempt.campaign_type == MANUAL
            and attempt.shown.ad_format == "CATALOG_CAROUSEL"
            and attempt.shown.identity_type in _ACCOUNTS
        ),
    ),
    Rule(
        Cause.IDENTITY_CANNOT_PUSH,
        _AT_AD,
        "identity",
        "An uploaded video needs an account with `can_push_video`; a creator's code has none.",
        "DOC:1738958351620097",
        40002,
        "video_id: Not supported for this identity.",
        _OURS,
        _cannot_push,
    ),
    Rule(
        Cause.IDENTITY_CANNOT_PULL,
        _AT_AD,
        "identity",
        "An existing post needs an account with `can_pull_video`; a custom identity has none.",
        f"DOC:1738958351620097; {_CREATIVES}",
        40002,
        "tiktok_item_id: Not supported for this identity.",
        _OURS,
        _cannot_pull,
    ),
    Rule(
        Cause.ADS_ONLY_MODE,
        _AT_AD,
        "identity",
        "An account in `ads_only_mode` shows ads only, so `dark_post_status` cannot be OFF.",
        "DOC:1740218420781057",
        40002,
        "dark_post_status: OFF is not supported for this identity.",
        _OURS,
        lambda attempt: (
            attempt.identity is not None and attempt.identity.ads_only_mode and attempt.shown.dark_post_status == "OFF"
        ),
    ),
    Rule(
        Cause.IMAGE_NOT_ON_TIKTOK,
        _AT_AD,
        "format",
        f"SINGLE_IMAGE is not shown on TikTok ({TIKTOK}), only on Pangle.",
        _CREATIVES,
        40002,
        "ad_format: SINGLE_IMAGE is not supported for this placement.",
        _OURS,
        lambda attempt: attempt.shown.ad_format == "SINGLE_IMAGE" and attempt.ad_group.is_on_tiktok,
    ),
)
"""All rules; where several refuse the same request, the first in this order is TikTok's answer (our choice)."""
