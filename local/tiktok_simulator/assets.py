"""The endpoints that list what advertisers and Business Centers own, with the rows as recorded or documented."""

from typing import Annotated, Literal

from pydantic import Field, Json

from local.tiktok_simulator.http_messages import ApiError, JsonObject
from local.tiktok_simulator.parameters import (
    AdvertiserParameters,
    Id,
    Integer,
    Keyword,
    PageParameters,
    Parameters,
    RequestContext,
)
from local.tiktok_simulator.world import (
    Advertiser,
    App,
    BusinessCenter,
    Catalog,
    FormLibrary,
    Page,
    Pixel,
)

_PageType = Literal[
    "APP_PROFILE_PAGE",
    "LEAD_GEN",
    "POP_UP_FORM",
    "SHOP_ADS_PDP",
    "SHOP_ADS_PLP",
    "STORE_FRONT",
    "TIKTOK_INSTANT_PAGE",
]
_FLAGS = frozenset({"can_use_custom_identity", "ads_only_mode", "company_name_editable"})
_MAX_ADVERTISER_IDS = 100
_CREATED_ISO = "2026-05-28T20:26:40Z"
_CREATED_TEXT = "2026-05-28 20:26:40"


class _PixelParameters(AdvertiserParameters, PageParameters):
    page_size: Integer = Field(default=10, ge=1, le=20)
    pixel_id: Id | None = None
    code: str | None = None
    name: str = ""
    order_by: Literal["EARLIEST_CREATE", "LATEST_CREATE"] = "EARLIEST_CREATE"
    filtering: Json[JsonObject] | None = None


class _BusinessCenterParameters(PageParameters):
    page_size: Integer = Field(default=10, ge=1, le=50)
    bc_id: Id | None = None
    filtering: Json[Keyword] = Keyword()


class _CatalogParameters(PageParameters):
    bc_id: Id
    catalog_id: Id | None = None


class _AppParameters(AdvertiserParameters):
    app_platform_ids: Json[list[str]] | None = None


class _PageListParameters(PageParameters):
    advertiser_id: Id | None = None
    library_id: Id | None = None
    business_type: _PageType = "LEAD_GEN"
    business_types: Json[tuple[_PageType, ...]] = ()
    status: Literal["EDITED", "PUBLISHED"] | None = None
    title: str = ""


class _AdvertiserInfoParameters(Parameters):
    advertiser_ids: Json[Annotated[list[Id], Field(min_length=1)]]
    fields: Json[frozenset[str]] = frozenset()


class _TermParameters(AdvertiserParameters):
    term_type: Literal["InstantPage", "LeadAds", "Pixel", "ReachFrequency"]


def pixel_list(context: RequestContext) -> JsonObject:
    """List pixels, at most 20 per page, including unusable (UNBOUND) ones."""
    query = context.read(_PixelParameters)
    pixels = [
        pixel
        for pixel in context.advertiser(query.advertiser_id).pixels
        if query.name.casefold() in pixel.name.casefold()
        and query.pixel_id in {None, pixel.id}
        and query.code in {None, pixel.code}
    ]
    if query.order_by == "LATEST_CREATE":
        pixels.reverse()
    return {"pixels": [_pixel_row(pixel) for pixel in query.page_of(pixels)], "page_info": query.page_info(len(pixels))}


def bc_get(context: RequestContext) -> JsonObject:
    """List the Business Centers that the token's user sees."""
    query = context.read(_BusinessCenterParameters)
    user = context.token.user
    centers = [
        center
        for center in context.world.business_centers_of(user)
        if query.bc_id in {None, center.id} and query.filtering.matches(center.name)
    ]
    rows = [_business_center_row(center, user) for center in query.page_of(centers)]
    return {"list": rows, "page_info": query.page_info(len(centers))}


def catalog_get(context: RequestContext) -> JsonObject:
    """List a Business Center's catalogs; a wrong or invisible `bc_id` results in an empty list."""
    query = context.read(_CatalogParameters)
    center = context.visible_center(query.bc_id)
    if center is None:
        return {"list": [], "page_info": query.page_info(0)}
    catalogs = [catalog for catalog in center.catalogs if query.catalog_id in {None, catalog.id}]
    rows = [_catalog_row(catalog, center) for catalog in query.page_of(catalogs)]
    return {"list": rows, "page_info": query.page_info(len(catalogs))}


def app_list(context: RequestContext) -> JsonObject:
    """List every app; this endpoint has no pages."""
    query = context.read(_AppParameters)
    advertiser = context.advertiser(query.advertiser_id)
    rows = [_app_row(app, advertiser) for app in advertiser.apps]
    if query.app_platform_ids is not None:
        rows = [row for row in rows if row["app_platform_id"] in query.app_platform_ids]
    return {"apps": rows}


def page_get(context: RequestContext) -> JsonObject:
    """List the pages of an ad account or of a form library; neither list contains the other's pages.

    A request with both ids lists the library's pages; an unknown or invisible library is empty (both undocumented).
    """
    query = context.read(_PageListParameters)
    if query.library_id is not None:
        libraries = [center.library for center in context.world.business_centers_of(context.token.user)]
        candidates = [
            page for library in libraries if library and library.id == query.library_id for page in library.pages
        ]
    elif query.advertiser_id is not None:
        candidates = context.advertiser(query.advertiser_id).pages
    else:
        raise ApiError.bad_parameter("Either advertiser_id or library_id is required.")
    pages = [
        page
        for page in candidates
        if page.business_type in (query.business_types or (query.business_type,))
        and query.status in {None, page.status}
        and query.title.casefold() in page.title.casefold()
    ]
    rows = [_page_row(page, in_library=query.library_id is not None) for page in query.page_of(pages)]
    return {"list": rows, "page_info": query.page_info(len(pages))}


def page_library_get(context: RequestContext) -> JsonObject:
    """List the form libraries of the Business Centers that the token's user sees, for all ad accounts.

    (Reference: BUB model/page/library, which has no page_info.) The maximum page size is a guess.
    """
    query = context.read(PageParameters)
    centers = context.world.business_centers_of(context.token.user)
    libraries = [center.library for center in centers if center.library]
    rows = [_library_row(library) for library in query.page_of(libraries)]
    return {"list": rows, "page_info": query.page_info(len(libraries))}


def advertiser_info(context: RequestContext) -> JsonObject:
    """Describe advertisers by the requested `fields`; any of the flags among them suppresses all other fields.

    (Reference: portal doc 1739593083610113.) A row without the advertiser's id was recorded for a request that did not
    ask for the id (2026-09-10). That TikTok returns a requested id together with flags is an assumption.
    """
    query = context.read(_AdvertiserInfoParameters)
    if len(query.advertiser_ids) > _MAX_ADVERTISER_IDS:
        raise ApiError(40011, f"advertiser_ids: Must not have more than {_MAX_ADVERTISER_IDS} ids.")
    every_field = frozenset(_advertiser_row(Advertiser("", "", owner_bc_id=""), is_bc_admin=True))
    if unknown := query.fields - every_field - _FLAGS:
        raise ApiError.bad_parameter(f"fields: Invalid value: {', '.join(sorted(unknown))}.")
    rows = []
    for advertiser in [context.advertiser(advertiser_id) for advertiser_id in query.advertiser_ids]:
        row = _advertiser_row(advertiser, is_bc_admin=_is_admin(context, advertiser.owner_bc_id))
        shown = query.fields or every_field
        if query.fields & _FLAGS:
            row |= _advertiser_flags(advertiser)
            shown = query.fields & (_FLAGS | {"advertiser_id"})
        rows.append({key: value for key, value in row.items() if key in shown})
    return {"list": rows}


def term_check(context: RequestContext) -> JsonObject:
    """Whether an advertiser signed some terms; in the simulator only those of lead ads can be unsigned."""
    query = context.read(_TermParameters)
    advertiser = context.advertiser(query.advertiser_id)
    return {"confirmed": advertiser.lead_terms_confirmed if query.term_type == "LeadAds" else True}


def _is_admin(context: RequestContext, bc_id: str | None) -> bool:
    center = context.visible_center(bc_id)
    return center is not None and center.user_roles[context.token.user] == "ADMIN"


def _pixel_row(pixel: Pixel) -> JsonObject:
    """A row of pixel/list/ as recorded; only a page view has no optimization event."""
    return {
        "pixel_id": pixel.id,
        "pixel_code": pixel.code,
        "pixel_name": pixel.name,
        "pixel_category": "ONLINE_STORE",
        "pixel_setup_mode": "STANDARD",
        "partner_name": "Shopify",
        "activity_status": pixel.activity_status,
        "create_time": _CREATED_ISO,
        "asset_ownership": {
            "asset_relation_status": pixel.relation_status,
            "ownership_status": pixel.relation_status is None,
            "owner_bc_id": None,
            "updated_at": 0,
        },
        "events": [
            {
                "event_id": str(number),
                "event_code": event,
                "event_type": event,
                "optimization_event": None if event == "Pageview" else "SHOPPING",
                "custom_event_type": None,
                "name": event,
                "deprecated": False,
                "currency": None,
                "currency_value": None,
                "statistic_type": "EVERY_TIME",
                "rules": [],
            }
            for number, event in enumerate(pixel.events, start=1)
        ],
        "pixel_script": f"<script>/* pixel {pixel.id} */</script>",
        "enable_first_party_cookies": True,
    }


def _business_center_row(center: BusinessCenter, user: str) -> JsonObject:
    """A row of bc/get/; the id is nested in bc_info."""
    return {
        "bc_info": {
            "bc_id": center.id,
            "name": center.name,
            "company": center.name,
            "currency": "EUR",
            "registered_area": "IT",
            "status": "ENABLE",
            "timezone": "Europe/Rome",
            "type": "NORMAL",
            "verification_status": "VERIFIED",
        },
        "user_role": center.user_roles[user],
        "ext_user_role": {"finance_role": None},
    }


def _catalog_row(catalog: Catalog, center: BusinessCenter) -> JsonObject:
    """A row of catalog/get/."""
    return {
        "catalog_id": catalog.id,
        "catalog_name": catalog.name,
        "catalog_type": "ECOM",
        "ad_creation_eligible": catalog.ad_creation_eligible,
        "bc_info": {"bc_id": center.id, "bc_name": center.name, "picture_url": ""},
        "catalog_conf": {"country": "IT", "region_code": "IT", "currency": "EUR", "channel": "CLIENT"},
        "create_time": _CREATED_TEXT,
        "update_time": _CREATED_TEXT,
    }


def _app_row(app: App, advertiser: Advertiser) -> JsonObject:
    """A row of app/list/."""
    package = f"com.example.app{app.id}"
    return {
        "app_id": app.id,
        "app_platform_id": package,
        "advertiser_id": advertiser.id,
        "app_name": app.name,
        "package_name": package,
        "platform": app.platform,
        "download_url": f"https://store.example/{package}",
        "icon": "",
        "partner": {"partner_id": "1", "partner_name": "AppsFlyer", "partner_logo": ""},
        "self_attribution_enabled": app.self_attribution_enabled,
        "skan_allowed": "NOT_ALLOWED",
        "enable_retargeting": "NON_RETARGETING",
        "create_time": _CREATED_TEXT,
    }


def _page_row(page: Page, *, in_library: bool) -> JsonObject:
    """A row of page/get/."""
    return {
        "page_id": page.id,
        "title": page.title,
        "status": page.status,
        "transfer_status": "TRANSFERRED" if in_library else "UNSET",
        "supported_objectives": ["LEAD_GENERATION"] if page.business_type == "LEAD_GEN" else [],
        "preview_url": f"https://preview.example/{page.id}",
        "thumbnail": "",
        "create_time": _CREATED_TEXT,
        "update_time": _CREATED_TEXT,
        "publish_time": _CREATED_TEXT if page.status == "PUBLISHED" else None,
    }


def _library_row(library: FormLibrary) -> JsonObject:
    """A row of page/library/get/ (BUB model/page/library)."""
    return {
        "library_id": library.id,
        "library_name": library.name,
        "advertiser_id": library.advertiser_id,
        "create_time": _CREATED_TEXT,
        "update_time": _CREATED_TEXT,
    }


def _advertiser_row(advertiser: Advertiser, *, is_bc_admin: bool) -> JsonObject:
    """The ordinary fields of advertiser/info/ (reference: portal doc 1739593083610113)."""
    row: JsonObject = {
        "advertiser_id": advertiser.id,
        "name": advertiser.name,
        "status": advertiser.status,
        "role": "ROLE_ADVERTISER",
        "rejection_reason": "",
        "currency": "EUR",
        "balance": 120.5,
        "timezone": "Europe/Rome",
        "display_timezone": "Europe/Rome",
        "country": "IT",
        "advertiser_account_type": "AUCTION",
        "create_time": advertiser.created_at,
    }
    if advertiser.owner_bc_id is not None and is_bc_admin:
        row["owner_bc_id"] = advertiser.owner_bc_id
    return row


def _advertiser_flags(advertiser: Advertiser) -> JsonObject:
    """The flags that TikTok returns only if a request asks for them, and then without other fields."""
    flags: JsonObject = {"ads_only_mode": False, "company_name_editable": True}
    if advertiser.can_use_custom_identity is not None:
        flags["can_use_custom_identity"] = advertiser.can_use_custom_identity
    return flags
