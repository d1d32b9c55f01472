"""How TikTok shows each thing: one function per kind of row, each field as recorded or documented."""

import time

from local.tiktok_simulator.answers import JsonObject
from local.tiktok_simulator.world import Advertiser, App, BusinessCenter, Catalog, FormLibrary, Identity, Page, Pixel

_CREATED = 1_780_000_000
_CREATED_ISO = "2026-05-28T20:26:40Z"
_CREATED_TEXT = "2026-05-28 20:26:40"
_IMAGE_LIFETIME = 48 * 3600


def identity_row(identity: Identity) -> JsonObject:
    """A row of identity/get/; it holds no image_uri and no creation time.

    (Reference: portal doc 1740218420781057.) The keys are those of production; the sandbox leaves some out.
    """
    custom = identity.identity_type == "CUSTOMIZED_USER"
    in_business_center = identity.identity_type == "BC_AUTH_TT"
    return {
        "identity_id": identity.id,
        "identity_type": identity.identity_type,
        "identity_authorized_bc_id": identity.authorized_bc_id if in_business_center else None,
        "display_name": identity.display_name,
        "username": identity.username,
        "profile_image": identity.profile_image if custom else _expiring(identity.profile_image),
        "available_status": None if custom else identity.available_status,
        "can_push_video": None if custom else identity.can_push_video,
        "can_pull_video": None if custom else True,
        "can_use_live_ads": None if custom else False,
        "can_manage_message": None if custom else False,
        "ads_only_mode": identity.ads_only_mode if in_business_center else None,
        "is_gpppa": identity.is_gpppa,
    }


def identity_details(identity: Identity) -> JsonObject:
    """The object of identity/info/, where the picture has another name.

    (Reference: portal doc 1740218453385217.)
    """
    row = identity_row(identity)
    row["profile_image_url"] = row.pop("profile_image")
    return row


def pixel_row(pixel: Pixel) -> JsonObject:
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


def business_center_row(center: BusinessCenter, user: str) -> JsonObject:
    """A row of bc/get/: the id is nested in bc_info."""
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


def catalog_row(catalog: Catalog, center: BusinessCenter) -> JsonObject:
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


def app_row(app: App, advertiser: Advertiser) -> JsonObject:
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


def page_row(page: Page, *, in_library: bool) -> JsonObject:
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


def library_row(library: FormLibrary) -> JsonObject:
    """A row of page/library/get/ (BUB model/page/library)."""
    return {
        "library_id": library.id,
        "library_name": library.name,
        "advertiser_id": library.advertiser_id,
        "create_time": _CREATED_TEXT,
        "update_time": _CREATED_TEXT,
    }


def advertiser_row(advertiser: Advertiser, *, is_bc_admin: bool) -> JsonObject:
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
        "create_time": _CREATED,
    }
    if advertiser.owner_bc_id is not None and is_bc_admin:
        row["owner_bc_id"] = advertiser.owner_bc_id
    return row


def advertiser_flags(advertiser: Advertiser) -> JsonObject:
    """The flags that TikTok gives only when asked, and then alone."""
    flags: JsonObject = {"ads_only_mode": False, "company_name_editable": True}
    if advertiser.can_use_custom_identity is not None:
        flags["can_use_custom_identity"] = advertiser.can_use_custom_identity
    return flags


def _expiring(url: str) -> str:
    """A TikTok account's picture, whose address dies after about 48 hours."""
    return f"{url}?x-expires={int(time.time()) + _IMAGE_LIFETIME}" if url else ""
