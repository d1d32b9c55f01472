"""From evidence to whether TikTok would take the ad: what it will refuse, may refuse, and was not asked (pure).

Beside the prerequisites, which the verdict is about: the account, TikTok's dated policies, and the ad's format.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from publishing.preflight.findings import Status, Unverified, as_missing_scope, unknown
from publishing.preflight.objectives import AdFormat, CampaignType, MeantAd, Requirement
from publishing.preflight.policies import Applies, Effect, InForce, Policy, policies_in_force
from publishing.preflight.verdict import ENABLED, Advice, Evidence, Question, Verdict, considered_pixels
from tiktok_business.errors import TikTokError
from tiktok_business.models import IdentityType

DISABLED = frozenset({"STATUS_DISABLE", "STATUS_LIMIT", "STATUS_CONFIRM_FAIL", "STATUS_CONFIRM_FAIL_END"})
"""States of an account with which nothing is published; every other one but ``ENABLED`` is a review (contract §8.1)."""
UNVERIFIED_ACCOUNT = frozenset({"FAILED", "EXPIRED"})

NOT_SAID = "not_said"
"""TikTok answered without saying it."""
NOT_READ = "not_read"
"""This check does not ask, and no other one has."""
_NO_ERROR = frozenset(
    {Unverified.MISSING_SCOPE, Unverified.NO_BUSINESS_CENTER, Unverified.NO_TOKEN, NOT_SAID, NOT_READ}
)
"""Reasons that are no failure: asking again would not help, so they leave ``publishable`` as it is."""
_BLOCKERS_BEHIND = frozenset({Question.ACCOUNT_STATUS, Question.LEAD_TERMS, Question.COUNTRIES})
"""Questions whose answer could be a blocker."""
_ACCOUNTS = frozenset({IdentityType.TT_USER, IdentityType.BC_AUTH_TT, IdentityType.AUTH_CODE})

_NAMED_FIRST = "engagement_needs_account"
"""The policy that responses name before the verification, as the contract does (§8.1)."""

Gaps = Mapping[Question, str]
"""Why questions have no answer."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A blocker or a risk."""

    code: str
    policy: Policy | None = None
    countries: tuple[str, ...] = ()
    """Those that the code is about."""
    assumed: bool = False
    """It is one only if something is so that the caller did not say."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whether TikTok would take the ad."""

    publishable: bool | None
    """None: something that may stop it could not be verified."""
    blockers: tuple[Obstacle, ...]
    risks: tuple[Obstacle, ...]
    not_checked: Gaps
    upcoming: tuple[Policy, ...]
    """Policies that apply or may apply and will take effect soon."""


def outlook(ad: MeantAd, judged: Verdict, evidence: Evidence, now: datetime, *, strict: bool) -> Outlook:
    """Say what stops the meant ad at ``now``; ``judged`` is the verdict on the same evidence.

    ``strict`` counts risks as blockers, except those that rest on something that the caller did not say.
    """
    return _outlook(ad, judged, evidence.advice, _gaps(ad, judged, evidence), now, strict=strict)


def outlook_unasked(ad: MeantAd, judged: Verdict, error: TikTokError | None, now: datetime, *, strict: bool) -> Outlook:
    """Say what stops the ad whatever TikTok says; ``error``: why no token could answer, None if there is no token."""
    reason = unknown(error).reason if error else Unverified.NO_TOKEN
    gaps = dict.fromkeys(_questions(ad, judged), str(reason))
    return _outlook(ad, judged, Advice(), gaps, now, strict=strict)


def _questions(ad: MeantAd, judged: Verdict) -> Iterator[Question]:
    """Return what must be known of the account for this ad, in the order of responses."""
    yield Question.ACCOUNT_STATUS
    yield Question.ACCOUNT_ROLE
    if ad.needs_lead_terms:
        yield Question.LEAD_TERMS
    if ad.countries:
        yield Question.COUNTRIES
    if _is_custom(judged) and not ad.may_use_custom_identity:
        yield Question.CUSTOM_IDENTITY
    yield Question.VERIFICATION
    if ad.optimization_event and judged.findings[Requirement.PIXEL].status is Status.SATISFIED:
        yield Question.PIXEL_EVENT


def _gaps(ad: MeantAd, judged: Verdict, evidence: Evidence) -> Gaps:
    advice = evidence.advice
    answered = {
        Question.ACCOUNT_STATUS: advice.account_status is not None,
        Question.ACCOUNT_ROLE: False,
        Question.LEAD_TERMS: advice.lead_terms_confirmed is not None,
        Question.COUNTRIES: bool(advice.countries),
        Question.CUSTOM_IDENTITY: advice.custom_identity_allowed is not None,
        Question.VERIFICATION: advice.verification is not None,
        Question.PIXEL_EVENT: _event_is_known(ad, judged),
    }
    gaps: dict[Question, str] = {}
    for question in _questions(ad, judged):
        error = advice.errors.get(question)
        if error is not None:
            gaps[question] = str(as_missing_scope(unknown(error), evidence.scopes).reason)
        elif not answered[question]:
            gaps[question] = NOT_READ if question is Question.ACCOUNT_ROLE else NOT_SAID
    return gaps


def _event_is_known(ad: MeantAd, judged: Verdict) -> bool:
    """Whether TikTok listed the events of the pixels that count, or at least the ad's event of one."""
    events = [one.events for one in considered_pixels(judged.findings[Requirement.PIXEL], ad)]
    return None not in events or any(one is not None and ad.optimization_event in one for one in events)


def _outlook(ad: MeantAd, judged: Verdict, advice: Advice, gaps: Gaps, now: datetime, *, strict: bool) -> Outlook:
    identity_type = judged.identity.type if judged.identity else None
    barred = advice.custom_identity_allowed is False
    policies = policies_in_force(ad, identity_type, custom_identity_barred=barred, now=now)
    blockers = tuple(_blockers(ad, advice, policies))
    risks = tuple(_risks(ad, judged, advice, policies))
    stopped = bool(judged.missing or blockers or (strict and any(not one.assumed for one in risks)))
    unsure = bool(judged.unknown or any(gaps[one] not in _NO_ERROR for one in _BLOCKERS_BEHIND & gaps.keys()))
    return Outlook(
        publishable=False if stopped else None if unsure else True,
        blockers=blockers,
        risks=risks,
        not_checked=gaps,
        upcoming=tuple(one.policy for one in policies if one.effect is Effect.UPCOMING and ad.qualified),
    )


def _blockers(ad: MeantAd, advice: Advice, policies: tuple[InForce, ...]) -> Iterator[Obstacle]:
    if advice.account_status in DISABLED:
        yield Obstacle("account_not_enabled")
    if ad.needs_lead_terms and advice.lead_terms_confirmed is False:
        yield Obstacle("lead_terms_unsigned")
    for one in policies:
        if one.effect is Effect.BLOCKS:
            yield _of_policy(one)
    absent = tuple(country for country in ad.countries if advice.countries and country not in advice.countries)
    if absent:
        yield Obstacle("country_not_available", countries=absent)


def _risks(ad: MeantAd, judged: Verdict, advice: Advice, policies: tuple[InForce, ...]) -> Iterator[Obstacle]:
    if advice.account_status is not None and advice.account_status not in DISABLED | {ENABLED}:
        yield Obstacle("account_in_review")
    if _is_custom(judged) and advice.custom_identity_allowed is False and not ad.may_use_custom_identity:
        yield Obstacle("custom_identity_barred")
    risky = [_of_policy(one) for one in policies if one.effect is Effect.RISK]
    yield from (one for one in risky if one.code == _NAMED_FIRST)
    if advice.verification in UNVERIFIED_ACCOUNT:
        yield Obstacle("verification_incomplete")
    yield from (one for one in risky if one.code != _NAMED_FIRST)
    if ad.ad_format is AdFormat.IMAGE:
        yield Obstacle("single_image_not_on_tiktok")
    carousel = ad.ad_format is AdFormat.CATALOG_CAROUSEL and ad.campaign_type is CampaignType.MANUAL
    if carousel and judged.identity is not None and judged.identity.type in _ACCOUNTS:
        yield Obstacle("catalog_carousel_identity")


def _of_policy(one: InForce) -> Obstacle:
    return Obstacle(one.policy.id, policy=one.policy, assumed=one.applies is Applies.MAYBE)


def _is_custom(judged: Verdict) -> bool:
    return judged.identity is not None and judged.identity.type == IdentityType.CUSTOMIZED_USER
