"""One check for each prerequisite: asks TikTok and returns a finding.

A TikTok failure is not raised: it is a finding with status unknown.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

from publishing.concurrency import outcomes_until, start
from publishing.preflight.findings import Asset, Finding, Status, Unverified, most_severe, search, unknown
from publishing.preflight.objectives import Requirement
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import TikTokError
from tiktok_business.models import App, Catalog, Identity, IdentityType, Page, Pixel

HINT_SECONDS = 1.0
"""Time for the Business Center that had a catalog last time, before all are asked."""
CENTERS_AT_ONCE = 4
"""Business Centers asked concurrently: TikTok allows the whole app ten calls a second (EVA rate-limits)."""


def identity_asset(identity: Identity) -> Asset:
    """Return an identity as an asset; unusable only if TikTok says so, an absent field says nothing."""
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
    """Return a pixel as an asset; one that was unbound from this advertiser is unusable."""
    unbound = pixel.asset_ownership is not None and pixel.asset_ownership.asset_relation_status == "UNBOUND"
    return Asset(
        pixel.pixel_id,
        pixel.pixel_name,
        "PIXEL",
        ("unbound",) if unbound else (),
        no_recent_activity=pixel.activity_status == "NO_RECENT_ACTIVITY",
    )


def catalog_asset(catalog: Catalog) -> Asset:
    """Return a catalog as an asset; TikTok says whether ads can use it."""
    barred = catalog.ad_creation_eligible == "NOT_AVAILABLE"
    return Asset(catalog.catalog_id, catalog.catalog_name, "CATALOG", ("not_eligible_for_ads",) if barred else ())


def app_asset(app: App) -> Asset:
    """Return an app as an asset."""
    return Asset(app.app_id, app.app_name, app.platform or "APP")


def lead_form_asset(page: Page) -> Asset:
    """Return a lead form as an asset; a draft is unusable."""
    return Asset(page.page_id, page.title, "LEAD_FORM", () if page.status == "PUBLISHED" else ("not_published",))


def check_identity_type(api: TikTokBusinessApi, advertiser_id: str, identity_type: IdentityType) -> Finding:
    """Check whether a usable identity of one type exists."""
    return search(
        api.identities(advertiser_id, identity_type),
        identity_asset,
        none="no_identity",
        unusable="identity_unavailable",
    )


def check_pixel(api: TikTokBusinessApi, advertiser_id: str) -> Finding:
    """Check whether the advertiser still holds a pixel."""
    return search(api.pixels(advertiser_id), pixel_asset, none="no_pixel", unusable="pixel_unbound")


def check_app(api: TikTokBusinessApi, advertiser_id: str) -> Finding:
    """Check whether an app is registered for the advertiser."""
    return search(api.apps(advertiser_id), app_asset, none="no_app", unusable="no_app")


def check_lead_form(api: TikTokBusinessApi, advertiser_id: str) -> Finding:
    """Check whether a published lead form exists, of the advertiser or of one of its form libraries.

    Forms in a library are invisible by advertiser, so the libraries are asked if the advertiser has none.
    """
    return search(
        _lead_forms(api, advertiser_id), lead_form_asset, none="no_lead_form", unusable="lead_form_not_published"
    )


def _lead_forms(api: TikTokBusinessApi, advertiser_id: str) -> Iterator[list[Page]]:
    failures: list[TikTokError] = []
    yield from _until_failure(api.lead_forms({"advertiser_id": advertiser_id}), failures)
    for library in _until_failure(api.page_libraries(advertiser_id), failures):
        yield from _until_failure(api.lead_forms({"library_id": library.library_id}), failures)
    failure = most_severe(failures)
    if failure is not None:
        raise failure


def _until_failure[Row](rows: Iterator[Row], failures: list[TikTokError]) -> Iterator[Row]:
    """Return the rows of one listing and keep its failure: another listing may have a usable row."""
    try:
        yield from rows
    except TikTokError as error:
        failures.append(error)


def check_catalog(api: TikTokBusinessApi, _advertiser_id: str) -> Finding:
    """Check whether one of the Business Centers has a catalog that ads can use.

    The Business Center that had one last time is asked first: if it still has one, TikTok has just said so. Missing
    rests on the Business Centers that are visible now. If the token's person sees none, nothing is known.
    """
    hint, api.hints.catalog_bc_id = api.hints.catalog_bc_id, None
    hinted = _search_centers(api.with_deadline(api.client.deadline.within(HINT_SECONDS)), [hint] if hint else [])
    findings = {bc_id: one for bc_id, one in hinted.items() if one.error is None}
    visible: list[str] = []
    failure: TikTokError | None = None
    try:
        if _satisfying(findings) is None:
            for bc_ids in _groups(center.bc_info.bc_id for center in api.business_centers()):
                visible += bc_ids
                findings |= _search_centers(api, [bc_id for bc_id in bc_ids if bc_id not in findings])
                if _satisfying(findings) is not None:
                    break
    except TikTokError as error:
        failure = error
    if (satisfying := _satisfying(findings)) is not None:
        api.hints.catalog_bc_id = satisfying
        return Finding(Status.SATISFIED, assets=_assets(findings.values()))
    there = [findings[bc_id] for bc_id in visible]
    seen = _assets(there)
    failure = most_severe([failure, *(one.error for one in there)])
    if failure is not None:
        return unknown(failure, seen)
    if not visible:
        return Finding(Status.UNKNOWN, Unverified.NO_BUSINESS_CENTER)
    return Finding(Status.MISSING, "catalog_not_eligible" if seen else "no_catalog", seen)


def _assets(findings: Iterable[Finding]) -> tuple[Asset, ...]:
    return tuple(asset for one in findings for asset in one.assets)


def _satisfying(findings: Mapping[str, Finding]) -> str | None:
    return next((bc_id for bc_id, one in findings.items() if one.status is Status.SATISFIED), None)


def _search_centers(api: TikTokBusinessApi, bc_ids: list[str]) -> dict[str, Finding]:
    """Return the findings of these Business Centers, until one of them satisfies."""
    jobs = {bc_id: start(partial(_search_center, api, bc_id)) for bc_id in bc_ids}
    found = outcomes_until(lambda one: one.status is Status.SATISFIED, jobs, api.client.deadline)
    return {bc_id: unknown(one) if isinstance(one, TikTokError) else one for bc_id, one in found.items()}


def _search_center(api: TikTokBusinessApi, bc_id: str) -> Finding:
    return search(api.catalogs(bc_id), catalog_asset, none="no_catalog", unusable="catalog_not_eligible")


def _groups(bc_ids: Iterable[str]) -> Iterator[list[str]]:
    """Return the ids in groups, as they arrive; ids that arrived before a failure are returned before it is raised."""
    group: list[str] = []
    failure: TikTokError | None = None
    try:
        for bc_id in bc_ids:
            group.append(bc_id)
            if len(group) == CENTERS_AT_ONCE:
                yield group
                group = []
    except TikTokError as error:
        failure = error
    if group:
        yield group
    if failure is not None:
        raise failure


Check = Callable[[TikTokBusinessApi, str], Finding]

CHECKS: Mapping[Requirement, Check] = MappingProxyType(
    {
        Requirement.PIXEL: check_pixel,
        Requirement.CATALOG: check_catalog,
        Requirement.APP: check_app,
        Requirement.LEAD_FORM: check_lead_form,
    }
)
"""The check of every prerequisite except identity, whose verdict needs more than one finding."""
