"""Identities of an advertiser: check and list."""

from functools import partial

from publishing import answers
from publishing.answers.identities import IdentityCheck, IdentityList, ListedIdentity
from publishing.calls import Call
from publishing.inputs import AdvertiserQuery
from publishing.preflight.findings import Asset, Finding, Status, unverified
from publishing.preflight.prerequisites import check_identity_type, identity_asset
from publishing.services import Services
from publishing.side_by_side import outcome, outcome_or_error, raise_first, start
from publishing.token_choice import NoTokenError
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.errors import AdvertiserNotAccessibleError, TikTokError, TokenRejectedError
from tiktok_business.models import IdentityType

LISTED_TYPES = (IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER)
"""The types that are listed, in the order in which they are."""


def check_identity(services: Services, call: Call, query: AdvertiserQuery) -> IdentityCheck:
    """Whether the advertiser has a usable TT_USER identity.

    Raises:
        AdvertiserNotConnectedError: none of the usable connections has the advertiser.
    """

    def work(api: TikTokBusinessApi, advertiser_id: str) -> Finding:
        found = outcome(start(partial(check_identity_type, api, advertiser_id, IdentityType.TT_USER)), call.deadline)
        if isinstance(found.error, TokenRejectedError | AdvertiserNotAccessibleError):
            raise found.error
        return found

    def refused(reason: str, detail: str | None) -> IdentityCheck:
        about = answers.about_nobody(query.advertiser_id, call.now)
        return IdentityCheck.model_validate({**about, "hasIdentity": False, "reason": reason, "detail": detail})

    try:
        answered = services.first_answer(call, query.advertiser_id, work)
    except NoTokenError as error:
        return refused("no_token", error.detail)
    except TikTokError as error:
        return refused("api_error", unverified(error))
    about = answers.about(answered.candidate, given=query.advertiser_id is not None, now=call.now)
    return IdentityCheck.model_validate({**about, **_checked(answered.result)})


def _checked(found: Finding) -> dict[str, object]:
    used = found.usable
    if found.status is Status.SATISFIED and used is not None:
        return {
            "hasIdentity": True,
            "identity_id": used.id,
            "identity_type": used.type,
            "display_name": used.name,
            "image": used.image,
        }
    if found.status is Status.UNKNOWN:
        return {"hasIdentity": False, "reason": "api_error", "detail": found.reason}
    return {
        "hasIdentity": False,
        "reason": "no_tt_user",
        "detail": "tt_user_unavailable" if found.assets else None,
    }


def list_identities(services: Services, call: Call, query: AdvertiserQuery) -> IdentityList:
    """The advertiser's TT_USER and CUSTOMIZED_USER identities.

    Raises:
        NoTokenError: nothing usable is connected.
        AdvertiserNotConnectedError, AdvertiserNotAccessibleError: no connection reaches the advertiser.
        TikTokError: neither type could be read.
    """

    def work(api: TikTokBusinessApi, advertiser_id: str) -> dict[IdentityType, list[Asset] | TikTokError]:
        jobs = {kind: start(partial(_all, api, advertiser_id, kind)) for kind in LISTED_TYPES}
        read: dict[IdentityType, list[Asset] | TikTokError] = {}
        for kind, job in jobs.items():
            found = outcome_or_error(job, call.deadline)
            read[kind] = found
        raise_first(TokenRejectedError, read.values())
        if all(isinstance(result, TikTokError) for result in read.values()):
            raise_first(AdvertiserNotAccessibleError, read.values())
            raise_first(TikTokError, read.values())
        return read

    answered = services.first_answer(call, query.advertiser_id, work)
    failed = tuple(kind for kind, result in answered.result.items() if isinstance(result, TikTokError))
    listed = [asset for result in answered.result.values() if not isinstance(result, TikTokError) for asset in result]
    listed.sort(key=lambda one: (LISTED_TYPES.index(IdentityType(one.type)), one.name or "", one.id))
    about = answers.about(answered.candidate, given=query.advertiser_id is not None, now=call.now)
    return IdentityList.model_validate(
        {
            **about,
            "identities": tuple(
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
            "complete": not failed,
            "failed_types": failed,
        }
    )


def _all(api: TikTokBusinessApi, advertiser_id: str, kind: IdentityType) -> list[Asset]:
    return [identity_asset(identity) for identity in api.identities(advertiser_id, kind)]
