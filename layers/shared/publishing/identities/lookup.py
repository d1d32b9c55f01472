"""GET /identities/check and GET /identities: which identities an advertiser has."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from publishing.concurrency import outcome, outcome_or_error, raise_first, start
from publishing.http.check_schemas import IdentityCheck, IdentityList, ListedIdentity, advertiser_id_source, token_used
from publishing.http.request_context import RequestContext
from publishing.http.request_schemas import AdvertiserQuery, IdentitiesQuery
from publishing.preflight.findings import Finding, Status, VerdictReason, unverified
from publishing.preflight.prerequisites import check_identity_type, identity_asset
from publishing.tokens import Answered, NoTokenError, TokenFailover
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import AdvertiserNotAccessibleError, ScopeMissingError, TikTokError, TokenInvalidError
from tiktok_business.models import Identity, IdentityType


@dataclass(frozen=True, slots=True)
class Listing:
    """One listing at TikTok, and the identity types that are taken from it."""

    requested: IdentityType | None
    """None: TikTok lists all types, with unreliable counts."""
    types: tuple[str, ...]


LISTINGS = tuple(Listing(kind, (kind,)) for kind in (IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER))
"""The listings of the types that are listed by default, in the order of the response."""
FURTHER_LISTINGS = (
    Listing(None, (IdentityType.BC_AUTH_TT, "TTS_TT")),
    Listing(IdentityType.AUTH_CODE, (IdentityType.AUTH_CODE,)),
)
ORDER = ("TT_USER", "CUSTOMIZED_USER", "BC_AUTH_TT", "AUTH_CODE", "TTS_TT")
"""Of types in the response."""
_USES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        IdentityType.TT_USER: frozenset({"uploaded_video", "existing_post", "message_ads"}),
        IdentityType.BC_AUTH_TT: frozenset({"uploaded_video", "existing_post", "message_ads"}),
        IdentityType.AUTH_CODE: frozenset({"existing_post"}),
        IdentityType.CUSTOMIZED_USER: frozenset({"uploaded_video"}),
    }
)
"""What ads under an identity of each type can do; of other types only what TikTok says of the identity."""


def check_identity(tokens: TokenFailover, context: RequestContext, query: AdvertiserQuery) -> IdentityCheck:
    """Return whether the advertiser has a usable TT_USER identity.

    Raises:
        AdvertiserNotConnectedError: none of the usable connections has the advertiser.
    """

    def work(api: TikTokBusinessApi, advertiser_id: str) -> Finding:
        found = outcome(start(partial(check_identity_type, api, advertiser_id, IdentityType.TT_USER)), context.deadline)
        if isinstance(found.error, TokenInvalidError | AdvertiserNotAccessibleError):
            raise found.error
        return found

    try:
        answered = tokens.answer_request(context, query.advertiser_id, work)
    except NoTokenError as error:
        return _no_identity(context, query, None, "no_token", error.detail)
    except TikTokError as error:
        return _no_identity(context, query, None, "api_error", unverified(error))
    found, used = answered.result, answered.result.usable
    if found.status is Status.SATISFIED and used is not None:
        return IdentityCheck(
            hasIdentity=True,
            identity_id=used.id,
            identity_type=used.type,
            display_name=used.name,
            image=used.image,
            advertiser_id=answered.candidate.advertiser_id,
            advertiser_id_source=advertiser_id_source(query.advertiser_id, answered.candidate),
            token=token_used(answered.candidate),
            checked_at=context.now,
        )
    if found.status is Status.UNKNOWN:
        return _no_identity(context, query, answered, "api_error", found.reason)
    return _no_identity(context, query, answered, "no_tt_user", "tt_user_unavailable" if found.assets else None)


def _no_identity(
    context: RequestContext,
    query: AdvertiserQuery,
    answered: Answered[Finding] | None,
    reason: VerdictReason,
    detail: str | None,
) -> IdentityCheck:
    """Return the response without an identity; ``answered`` is None if nobody's token answered."""
    candidate = answered.candidate if answered else None
    return IdentityCheck(
        hasIdentity=False,
        reason=reason,
        detail=detail,
        advertiser_id=candidate.advertiser_id if candidate else query.advertiser_id,
        advertiser_id_source=advertiser_id_source(query.advertiser_id, candidate),
        token=token_used(candidate) if candidate else None,
        checked_at=context.now,
    )


def list_identities(tokens: TokenFailover, context: RequestContext, query: IdentitiesQuery) -> IdentityList:
    """Return the advertiser's TT_USER and CUSTOMIZED_USER identities, or those of all types.

    Raises:
        NoTokenError: nothing usable is connected.
        AdvertiserNotConnectedError, AdvertiserNotAccessibleError: no connection reaches the advertiser.
        TikTokError: no type could be read.
    """
    listings = (*LISTINGS, *FURTHER_LISTINGS) if query.types == "all" else LISTINGS

    def work(api: TikTokBusinessApi, advertiser_id: str) -> dict[Listing, list[Identity] | TikTokError]:
        jobs = {one: start(partial(_all, api, advertiser_id, one)) for one in listings}
        read: dict[Listing, list[Identity] | TikTokError] = {}
        for one, job in jobs.items():
            found = outcome_or_error(job, context.deadline)
            read[one] = found
        raise_first(TokenInvalidError, read.values())
        if all(isinstance(result, TikTokError) for result in read.values()):
            raise_first(AdvertiserNotAccessibleError, read.values())
            raise_first(ScopeMissingError, read.values())  # all types need the same one: no retry helps
            raise_first(TikTokError, read.values())
        return read

    answered = tokens.answer_request(context, query.advertiser_id, work)
    unread = {kind for one, found in answered.result.items() if isinstance(found, TikTokError) for kind in one.types}
    failed = tuple(kind for kind in ORDER if kind in unread)
    rows = [row for result in answered.result.values() if not isinstance(result, TikTokError) for row in result]
    rows.sort(key=lambda row: (ORDER.index(row.identity_type), row.display_name or "", row.identity_id))
    return IdentityList(
        advertiser_id=answered.candidate.advertiser_id,
        advertiser_id_source="query" if query.advertiser_id is not None else "first_of_active_token",
        identities=tuple(map(_listed, rows)),
        complete=not failed,
        failed_types=failed,
        token=token_used(answered.candidate),
        checked_at=context.now,
    )


def _all(api: TikTokBusinessApi, advertiser_id: str, listing: Listing) -> list[Identity]:
    pages = api.identities(advertiser_id, listing.requested)
    return [identity for page in pages for identity in page if identity.identity_type in listing.types]


def _listed(identity: Identity) -> ListedIdentity:
    asset = identity_asset(identity)
    return ListedIdentity(
        identity_id=asset.id,
        identity_type=asset.type,
        display_name=asset.name,
        image=asset.image,
        usable=asset.usable,
        why_not=asset.why_not,
        usable_for=usable_for(identity) if asset.usable else (),
        identity_authorized_bc_id=identity.identity_authorized_bc_id,
    )


def usable_for(identity: Identity) -> tuple[str, ...]:
    """Return what ads under a usable identity can do; a flag that TikTok did not send rules nothing out.

    By type (reference §10.3): custom identities show uploaded videos, authorised posts only themselves.
    """
    said = {
        "uploaded_video": identity.can_push_video,
        "existing_post": identity.can_pull_video,
        "message_ads": identity.can_manage_message,
    }
    possible = _USES.get(identity.identity_type)
    if possible is None:
        return tuple(use for use, flag in said.items() if flag)
    return tuple(use for use, flag in said.items() if use in possible and flag is not False)
