"""Gathers the evidence for one verdict: all checks and the advice concurrently."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice

from publishing.concurrency import outcome_or_error, raise_first, start
from publishing.preflight.findings import Asset, Finding, Status, unknown
from publishing.preflight.objectives import CURRENT_NAMES, Destination, MeantAd, Requirement
from publishing.preflight.prerequisites import (
    CHECKS,
    check_chosen_identity,
    check_identity_type,
    identity_asset,
    messaging_identity_asset,
)
from publishing.preflight.verdict import MESSAGE_TYPES, Advice, Evidence, Question
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import AdvertiserNotAccessibleError, IncompleteListingError, TikTokError, TokenInvalidError
from tiktok_business.models import Advertiser, Identity, IdentityType

ADVICE_GRACE_SECONDS = 0.5
"""How much longer than the checks the advice may take; later advice is left out of the response."""
OTHER_IDENTITIES_READ = 100
"""Rows read in search of identity types that the product does not use: one page."""


@dataclass(slots=True)
class _AdviceCalls:
    """Running calls that never change a prerequisite (except the flag, under ``strict``); None: not needed."""

    account: Future[Advertiser]
    verification: Future[str | None] | None = None
    lead_terms: Future[bool] | None = None
    countries: Future[frozenset[str]] | None = None
    custom_identity_allowed: Future[bool | None] | None = None
    other_identity_types: Future[frozenset[str]] | None = None

    @classmethod
    def started(cls, api: TikTokBusinessApi, advertiser_id: str, ad: MeantAd | None) -> "_AdviceCalls":
        """Start the calls that do not depend on the identities."""
        calls = cls(start(partial(api.advertiser, advertiser_id)))
        if ad is None or ad.needs_lead_terms:
            calls.lead_terms = start(partial(api.lead_terms_confirmed, advertiser_id))
        if ad is not None:
            calls.verification = start(partial(api.verification_status, advertiser_id))
            if ad.countries:
                objective = CURRENT_NAMES.get(ad.objective, ad.objective)
                calls.countries = start(partial(api.targetable_countries, advertiser_id, objective))
        return calls


@dataclass(frozen=True, slots=True)
class _IdentityChecks:
    """Looks for the identity of an ad; what matters about custom identities is asked once one may count."""

    api: TikTokBusinessApi
    advertiser_id: str
    types: tuple[IdentityType, ...]
    """Those that may count, in order of preference."""
    as_asset: Callable[[Identity], Asset]
    calls: _AdviceCalls

    @classmethod
    def of(
        cls,
        api: TikTokBusinessApi,
        advertiser_id: str,
        ad: MeantAd | None,
        accepted_types: tuple[IdentityType, ...],
        calls: _AdviceCalls,
    ) -> "_IdentityChecks":
        """Return the checks for this ad: messages need an account that has them."""
        if ad is None or ad.destination is not Destination.TIKTOK_MESSAGE:
            return cls(api, advertiser_id, accepted_types, identity_asset, calls)
        types = tuple(one for one in accepted_types if one in MESSAGE_TYPES)
        return cls(api, advertiser_id, types, messaging_identity_asset, calls)

    def by_type(self, *, strict: bool) -> dict[IdentityType, Finding]:
        """Check one type after another, until a usable identity is found."""
        found: dict[IdentityType, Finding] = {}
        for kind in self.types:
            if kind is IdentityType.CUSTOMIZED_USER:  # only now TikTok's answers about these matter
                self._ask_for_flag()
                unused = partial(_unused_identity_types, self.api, self.advertiser_id, self.types)
                self.calls.other_identity_types = start(unused)
            found[kind] = check_identity_type(self.api, self.advertiser_id, kind, self.as_asset)
            # Under strict, a custom identity may not count: then a less preferred type is needed.
            if found[kind].status is Status.SATISFIED and not (strict and kind is IdentityType.CUSTOMIZED_USER):
                break
        return found

    def chosen(self, identity_id: str) -> Finding:
        """Check the identity that the draft names."""
        if identity_id.isdecimal():  # most likely a custom identity: other ids are not numbers (reference §2)
            self._ask_for_flag()
        found = check_chosen_identity(self.api, self.advertiser_id, identity_id, self.types, self.as_asset)
        if found.usable is not None and found.usable.type == IdentityType.CUSTOMIZED_USER:
            self._ask_for_flag()
        return found

    def _ask_for_flag(self) -> None:
        if self.calls.custom_identity_allowed is None:
            self.calls.custom_identity_allowed = start(partial(self.api.can_use_custom_identity, self.advertiser_id))


def gather(
    api: TikTokBusinessApi,
    advertiser_id: str,
    ad: MeantAd | None,
    *,
    accepted_types: tuple[IdentityType, ...],
    strict: bool,
    deadline: Deadline,
) -> Evidence:
    """Ask TikTok everything that the meant ad needs, concurrently; without an ad all prerequisites of every objective.

    Raises:
        TokenInvalidError: TikTok called the token invalid in any of the calls.
        AdvertiserNotAccessibleError: TikTok denies this token access to the advertiser on every endpoint.
    """
    calls = _AdviceCalls.started(api, advertiser_id, ad)
    checks = _IdentityChecks.of(api, advertiser_id, ad, accepted_types, calls)
    chosen_id = ad.chosen.get(Requirement.IDENTITY) if ad else None
    chosen = start(partial(checks.chosen, chosen_id)) if chosen_id else None
    identities = None if chosen_id else start(partial(checks.by_type, strict=strict))
    others = {
        requirement: start(partial(CHECKS[requirement], api, advertiser_id, ad))
        for requirement in (ad.required if ad else Requirement)
        if requirement in CHECKS
    }
    by_type = _result(identities, deadline)
    evidence = Evidence(
        identities={accepted_types[0]: unknown(by_type)} if isinstance(by_type, TikTokError) else by_type or {},
        chosen_identity=_finding(chosen, deadline) if chosen else None,
        others={requirement: _finding(future, deadline) for requirement, future in others.items()},
        of_one_ad=_of_one_ad(ad) if ad else frozenset(),
    )
    grace = deadline.within(ADVICE_GRACE_SECONDS)
    return _with_advice_or_raise(evidence, calls, grace, flag_grace=deadline if strict else grace)


def _of_one_ad(ad: MeantAd) -> frozenset[Requirement]:
    identity = {Requirement.IDENTITY} if ad.destination is Destination.TIKTOK_MESSAGE else set()
    pixel = {Requirement.PIXEL} if ad.optimization_event else set()
    return frozenset({*ad.chosen, *identity, *pixel})


def _with_advice_or_raise(
    evidence: Evidence, calls: _AdviceCalls, grace: Deadline, *, flag_grace: Deadline
) -> Evidence:
    """Return the evidence with the advice, or raise the error that makes another token necessary."""
    account = _result(calls.account, grace)
    flag = _result(calls.custom_identity_allowed, flag_grace)
    lead_terms = _result(calls.lead_terms, grace)
    countries = _result(calls.countries, grace)
    verification = _result(calls.verification, grace)
    unused = _result(calls.other_identity_types, grace)

    chosen = [evidence.chosen_identity] if evidence.chosen_identity else []
    identities = [*evidence.identities.values(), *chosen]
    by_advertiser = [*identities, *(one for kind, one in evidence.others.items() if kind is not Requirement.CATALOG)]
    results = {
        Question.ACCOUNT_STATUS: account,
        Question.CUSTOM_IDENTITY: flag,
        Question.LEAD_TERMS: lead_terms,
        Question.COUNTRIES: countries,
        Question.VERIFICATION: verification,
    }
    errors = {question: result for question, result in results.items() if isinstance(result, TikTokError)}
    of_checks = [one.error for one in (*identities, *evidence.others.values())]
    raise_first(TokenInvalidError, [*of_checks, *errors.values(), unused])
    if not isinstance(account, Advertiser) and all(one.status is Status.UNKNOWN for one in by_advertiser):
        raise_first(AdvertiserNotAccessibleError, [one.error for one in by_advertiser])
    return replace(
        evidence,
        advice=Advice(
            custom_identity_allowed=flag if isinstance(flag, bool) else None,
            account_status=account.status if isinstance(account, Advertiser) else None,
            lead_terms_confirmed=lead_terms if isinstance(lead_terms, bool) else None,
            countries=countries if isinstance(countries, frozenset) else frozenset(),
            verification=verification if isinstance(verification, str) else None,
            errors=errors,
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
