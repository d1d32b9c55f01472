"""One check for each prerequisite: ask TikTok, and say what was found.

A failure of TikTok's is not raised but is a finding of status unknown.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from publishing.preflight.catalogs import check_catalog
from publishing.preflight.findings import Asset, Finding, Row, gravest, search
from publishing.preflight.objectives import Requirement
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.errors import TikTokError
from tiktok_business.models import App, Identity, IdentityType, Page, Pixel


def identity_asset(identity: Identity) -> Asset:
    """An identity as an asset; unusable only where TikTok says so, an absent field says nothing."""
    why_not = []
    if identity.available_status not in {None, "AVAILABLE"}:
        why_not.append(str(identity.available_status).lower())
    if identity.is_gpppa:
        why_not.append("is_gpppa")
    return Asset(
        identity.identity_id,
        identity.display_name,
        identity.identity_type,
        tuple(why_not),
        image=identity.profile_image,
    )


def pixel_asset(pixel: Pixel) -> Asset:
    """A pixel as an asset; one that was unbound from this advertiser cannot be used any more."""
    unbound = pixel.asset_ownership is not None and pixel.asset_ownership.asset_relation_status == "UNBOUND"
    return Asset(
        pixel.pixel_id,
        pixel.pixel_name,
        "PIXEL",
        ("unbound",) if unbound else (),
        quiet=pixel.activity_status == "NO_RECENT_ACTIVITY",
    )


def app_asset(app: App) -> Asset:
    """An app as an asset."""
    return Asset(app.app_id, app.app_name, app.platform or "APP")


def lead_form_asset(page: Page) -> Asset:
    """A lead form as an asset; a draft cannot be used."""
    return Asset(page.page_id, page.title, "LEAD_FORM", () if page.status == "PUBLISHED" else ("not_published",))


def check_identity_type(api: TikTokBusinessApi, advertiser_id: str, identity_type: IdentityType) -> Finding:
    """Whether a usable identity of one type exists."""
    return search(
        api.identities(advertiser_id, identity_type),
        identity_asset,
        none="no_identity",
        unusable="identity_unavailable",
    )


def check_pixel(api: TikTokBusinessApi, advertiser_id: str) -> Finding:
    """Whether a pixel exists that the advertiser still holds."""
    return search(api.pixels(advertiser_id), pixel_asset, none="no_pixel", unusable="pixel_unbound")


def check_app(api: TikTokBusinessApi, advertiser_id: str) -> Finding:
    """Whether an app is registered for the advertiser."""
    return search(api.apps(advertiser_id), app_asset, none="no_app", unusable="no_app")


def check_lead_form(api: TikTokBusinessApi, advertiser_id: str) -> Finding:
    """Whether a published lead form exists, of the advertiser or of a form library of its own.

    A form in a library is invisible by advertiser, so the libraries are asked where the advertiser has none.
    """
    return search(
        _lead_forms(api, advertiser_id), lead_form_asset, none="no_lead_form", unusable="lead_form_not_published"
    )


def _lead_forms(api: TikTokBusinessApi, advertiser_id: str) -> Iterator[Page]:
    failures: list[TikTokError] = []
    yield from _until_failure(api.lead_forms({"advertiser_id": advertiser_id}), failures)
    for library in _until_failure(api.page_libraries(advertiser_id), failures):
        yield from _until_failure(api.lead_forms({"library_id": library.library_id}), failures)
    failure = gravest(failures)
    if failure is not None:
        raise failure


def _until_failure(rows: Iterator[Row], failures: list[TikTokError]) -> Iterator[Row]:
    """The rows of one listing; its failure is kept, since another listing may have what is looked for."""
    try:
        yield from rows
    except TikTokError as error:
        failures.append(error)


Check = Callable[[TikTokBusinessApi, str], Finding]

CHECKS: Mapping[Requirement, Check] = MappingProxyType(
    {
        Requirement.PIXEL: check_pixel,
        Requirement.CATALOG: check_catalog,
        Requirement.APP: check_app,
        Requirement.LEAD_FORM: check_lead_form,
    }
)
"""The check of every prerequisite but identity, whose verdict needs more than one finding."""
