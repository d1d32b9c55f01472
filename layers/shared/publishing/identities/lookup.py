"""GET /identities/check and GET /identities: which identities an advertiser has."""

from functools import partial

from publishing.concurrency import outcome, outcome_or_error, raise_first, start
from publishing.http.check_schemas import IdentityCheck, IdentityList, ListedIdentity, advertiser_id_source, token_used
from publishing.http.request_context import RequestContext
from publishing.http.request_schemas import AdvertiserQuery
from publishing.preflight.findings import Asset, Finding, Status, VerdictReason, unverified
from publishing.preflight.prerequisites import check_identity_type, identity_asset
from publishing.tokens import Answered, NoTokenError, TokenFailover
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import AdvertiserNotAccessibleError, ScopeMissingError, TikTokError, TokenInvalidError
from tiktok_business.models import IdentityType

LISTED_TYPES = (IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER)
"""The listed types, in the order of the response."""


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


def list_identities(tokens: TokenFailover, context: RequestContext, query: AdvertiserQuery) -> IdentityList:
    """Return the advertiser's TT_USER and CUSTOMIZED_USER identities.

    Raises:
        NoTokenError: nothing usable is connected.
        AdvertiserNotConnectedError, AdvertiserNotAccessibleError: no connection reaches the advertiser.
        TikTokError: neither type could be read.
    """

    def work(api: TikTokBusinessApi, advertiser_id: str) -> dict[IdentityType, list[Asset] | TikTokError]:
        jobs = {kind: start(partial(_all, api, advertiser_id, kind)) for kind in LISTED_TYPES}
        read: dict[IdentityType, list[Asset] | TikTokError] = {}
        for kind, job in jobs.items():
            found = outcome_or_error(job, context.deadline)
            read[kind] = found
        raise_first(TokenInvalidError, read.values())
        if all(isinstance(result, TikTokError) for result in read.values()):
            raise_first(AdvertiserNotAccessibleError, read.values())
            raise_first(ScopeMissingError, read.values())  # both types need the same one: no retry helps
            raise_first(TikTokError, read.values())
        return read

    answered = tokens.answer_request(context, query.advertiser_id, work)
    failed = tuple(kind for kind, result in answered.result.items() if isinstance(result, TikTokError))
    listed = [asset for result in answered.result.values() if not isinstance(result, TikTokError) for asset in result]
    listed.sort(key=lambda one: (LISTED_TYPES.index(IdentityType(one.type)), one.name or "", one.id))
    return IdentityList(
        advertiser_id=answered.candidate.advertiser_id,
        advertiser_id_source="query" if query.advertiser_id is not None else "first_of_active_token",
        identities=tuple(
            ListedIdentity(
                identity_id=one.id,
                identity_type=one.type,
                display_name=one.name,
                image=one.image,
                usable=one.usable,
                why_not=one.why_not,
            )
            for one in listed
        ),
        complete=not failed,
        failed_types=failed,
        token=token_used(answered.candidate),
        checked_at=context.now,
    )


def _all(api: TikTokBusinessApi, advertiser_id: str, kind: IdentityType) -> list[Asset]:
    return [identity_asset(identity) for page in api.identities(advertiser_id, kind) for identity in page]
