"""Gathers the evidence for one verdict: all checks and the advice concurrently."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from publishing.concurrency import outcome_or_error, raise_first, start
from publishing.preflight.findings import Finding, Status, unknown
from publishing.preflight.objectives import Requirement
from publishing.preflight.prerequisites import CHECKS, check_identity_type
from publishing.preflight.verdict import Advice, Evidence
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import AdvertiserNotAccessibleError, IncompleteListingError, TikTokError, TokenInvalidError
from tiktok_business.models import Advertiser, IdentityType

ADVICE_GRACE_SECONDS = 0.5
"""How much longer than the checks the advice may take; later advice is left out of the response."""
OTHER_IDENTITIES_READ = 100
"""Rows read in search of identity types that the product does not use: one page."""


@dataclass(slots=True)
class _AdviceCalls:
    """Running calls that never change a verdict (except the flag, under ``strict``)."""

    account: Future[Advertiser]
    lead_terms: Future[bool] | None = None
    custom_identity_allowed: Future[bool | None] | None = None
    other_identity_types: Future[frozenset[str]] | None = None


def gather(
    api: TikTokBusinessApi,
    advertiser_id: str,
    required: Sequence[Requirement],
    *,
    accepted_types: tuple[IdentityType, ...],
    strict: bool,
    deadline: Deadline,
) -> Evidence:
    """Ask TikTok everything that the ``required`` prerequisites need, concurrently.

    Raises:
        TokenInvalidError: TikTok called the token invalid in any of the calls.
        AdvertiserNotAccessibleError: TikTok denies this token access to the advertiser on every endpoint.
    """
    advice_calls = _AdviceCalls(account=start(partial(api.advertiser, advertiser_id)))
    if Requirement.LEAD_FORM in required:
        advice_calls.lead_terms = start(partial(api.lead_terms_confirmed, advertiser_id))

    def check_identities() -> dict[IdentityType, Finding]:
        found: dict[IdentityType, Finding] = {}
        for kind in accepted_types:
            if kind is IdentityType.CUSTOMIZED_USER:  # only now TikTok's answers about these matter
                advice_calls.custom_identity_allowed = start(partial(api.can_use_custom_identity, advertiser_id))
                advice_calls.other_identity_types = start(
                    partial(_unused_identity_types, api, advertiser_id, accepted_types)
                )
            found[kind] = check_identity_type(api, advertiser_id, kind)
            # Under strict, a custom identity may not count: then a less preferred type is needed.
            if found[kind].status is Status.SATISFIED and not (strict and kind is IdentityType.CUSTOMIZED_USER):
                break
        return found

    identities = start(check_identities)
    others = {
        requirement: start(partial(CHECKS[requirement], api, advertiser_id))
        for requirement in required
        if requirement in CHECKS
    }
    found = outcome_or_error(identities, deadline)
    findings = {requirement: _finding(future, deadline) for requirement, future in others.items()}
    return _evidence_or_raise(
        found if isinstance(found, Mapping) else {accepted_types[0]: unknown(found)},
        findings,
        advice_calls,
        grace=deadline.within(ADVICE_GRACE_SECONDS),
        flag_grace=deadline if strict else deadline.within(ADVICE_GRACE_SECONDS),
    )


def _evidence_or_raise(
    identities: Mapping[IdentityType, Finding],
    others: Mapping[Requirement, Finding],
    calls: _AdviceCalls,
    *,
    grace: Deadline,
    flag_grace: Deadline,
) -> Evidence:
    """Return the evidence, or raise the error that makes another token necessary."""
    account = _result(calls.account, grace)
    flag = _result(calls.custom_identity_allowed, flag_grace)
    lead_terms = _result(calls.lead_terms, grace)
    unused = _result(calls.other_identity_types, grace)

    by_advertiser = [*identities.values(), *(one for kind, one in others.items() if kind is not Requirement.CATALOG)]
    errors = [one.error for one in (*identities.values(), *others.values())] + [
        result for result in (account, flag, lead_terms, unused) if isinstance(result, TikTokError)
    ]
    raise_first(TokenInvalidError, errors)
    if not isinstance(account, Advertiser) and all(one.status is Status.UNKNOWN for one in by_advertiser):
        raise_first(AdvertiserNotAccessibleError, [one.error for one in by_advertiser])
    return Evidence(
        identities=identities,
        others=others,
        advice=Advice(
            custom_identity_allowed=flag if isinstance(flag, bool) else None,
            custom_identity_error=flag if isinstance(flag, TikTokError) else None,
            account_status=account.status if isinstance(account, Advertiser) else None,
            lead_terms_confirmed=lead_terms if isinstance(lead_terms, bool) else None,
            other_identity_types=unused if isinstance(unused, frozenset) else frozenset(),
        ),
    )


def _finding(future: Future[Finding], deadline: Deadline) -> Finding:
    found = outcome_or_error(future, deadline)
    return unknown(found) if isinstance(found, TikTokError) else found


def _result[Result](future: Future[Result] | None, deadline: Deadline) -> Result | TikTokError | None:
    if future is None:
        return None
    return outcome_or_error(future, deadline)


def _unused_identity_types(
    api: TikTokBusinessApi, advertiser_id: str, accepted: tuple[IdentityType, ...]
) -> frozenset[str]:
    types: set[str] = set()
    with suppress(IncompleteListingError):  # TikTok's counts are unreliable in a listing of all types
        rows = chain.from_iterable(api.identities(advertiser_id, None))
        types.update(one.identity_type for one in islice(rows, OTHER_IDENTITIES_READ))
    return frozenset(types) - {IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER} - set(accepted)
