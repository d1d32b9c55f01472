"""The check of the catalog: TikTok lists catalogs by Business Center only, and a person may see many of those."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from publishing.preflight.findings import Asset, Finding, Status, Unverified, gravest, search, unknown
from publishing.side_by_side import outcomes_until, start
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.errors import TikTokError
from tiktok_business.models import Catalog

HINT_SECONDS = 1.0
"""What the Business Center that had a catalog before may take, before all are asked."""
CENTERS_AT_ONCE = 4
"""Business Centers asked side by side: of the ten calls a second that TikTok gives the whole app (EVA rate-limits)."""


def catalog_asset(catalog: Catalog) -> Asset:
    """A catalog as an asset; TikTok says itself whether ads can be made of it."""
    barred = catalog.ad_creation_eligible == "NOT_AVAILABLE"
    return Asset(catalog.catalog_id, catalog.catalog_name, "CATALOG", ("not_eligible_for_ads",) if barred else ())


def check_catalog(api: TikTokBusinessApi, _advertiser_id: str) -> Finding:
    """Whether one of the Business Centers has a catalog that ads can be made of.

    The Business Center that had one before is asked first: if it still has one, TikTok has just said so. That there is
    none rests on the Business Centers that are visible now. Where the token's person sees none nothing is known.
    """
    hint, api.hints.catalog_bc_id = api.hints.catalog_bc_id, None
    hinted = _search_centers(api.until(api.client.deadline.within(HINT_SECONDS)), [hint] if hint else [])
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
    failure = gravest([failure, *(one.error for one in there)])
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
    """What was found in these Business Centers, until one of them satisfies."""
    jobs = {bc_id: start(partial(_search_center, api, bc_id)) for bc_id in bc_ids}
    found = outcomes_until(lambda one: one.status is Status.SATISFIED, jobs, api.client.deadline)
    return {bc_id: unknown(one) if isinstance(one, TikTokError) else one for bc_id, one in found.items()}


def _search_center(api: TikTokBusinessApi, bc_id: str) -> Finding:
    return search(api.catalogs(bc_id), catalog_asset, none="no_catalog", unusable="catalog_not_eligible")


def _groups(bc_ids: Iterable[str]) -> Iterator[list[str]]:
    """The ids in groups, as they come; what came before a failure comes before it here too."""
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
