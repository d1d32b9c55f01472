"""From evidence to verdict (pure): no TikTok, no clock."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from publishing.preflight.findings import (
    CANNOT_MANAGE_MESSAGE,
    Asset,
    Finding,
    Status,
    Unverified,
    VerdictReason,
    as_missing_scope,
    unknown,
)
from publishing.preflight.objectives import Destination, MeantAd, Required, Requirement
from tiktok_business.errors import TikTokError
from tiktok_business.models import IdentityType

ENABLED = "STATUS_ENABLE"
EVENT_MISSING = "pixel_event_missing"
"""Reason of a pixel that ads can use, but that does not have the event of the ad."""
MESSAGE_TYPES = frozenset({IdentityType.TT_USER, IdentityType.BC_AUTH_TT})
"""Identity types of ads that lead to TikTok's messages (reference §10.3)."""


_ANY_AD = MeantAd("REACH")
"""An ad of which nothing was said."""


class Question(StrEnum):
    """What is asked about the account beside the prerequisites."""

    ACCOUNT_STATUS = "account_status"
    ACCOUNT_ROLE = "account_role"
    LEAD_TERMS = "lead_terms"
    COUNTRIES = "countries"
    CUSTOM_IDENTITY = "custom_identity"
    VERIFICATION = "verification"
    PIXEL_EVENT = "pixel_event"


@dataclass(frozen=True, slots=True)
class Advice:
    """What matters beside the prerequisites. None: not asked, or TikTok did not say."""

    custom_identity_allowed: bool | None = None
    """TikTok's ``can_use_custom_identity``."""
    account_status: str | None = None
    lead_terms_confirmed: bool | None = None
    other_identity_types: frozenset[str] = frozenset()
    """Identity types that the advertiser has and this product does not use."""
    countries: frozenset[str] = frozenset()
    """Where the account may target; empty: not asked, or TikTok named none."""
    verification: str | None = None
    errors: Mapping[Question, TikTokError] = field(default_factory=dict)
    """Why a question has no answer."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of TikTok's answers for one verdict."""

    identities: Mapping[IdentityType, Finding]
    """By type, in order of preference; types that were not checked are absent."""
    others: Mapping[Requirement, Finding] = field(default_factory=dict)
    """The other prerequisites that the ad requires."""
    advice: Advice = Advice()
    scopes: tuple[str, ...] | None = None
    """Ids of the permissions of the connection that answered; None if TikTok did not say."""
    chosen_identity: Finding | None = None
    """Of the identity that the draft names, if it names one; then no other identity was looked for."""
    of_one_ad: frozenset[Requirement] = frozenset()
    """Prerequisites whose findings are about assets or properties that one ad needs: other ads may find others."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the ad can be published, and why."""

    findings: Mapping[Requirement, Finding]
    """Every prerequisite, in the order of answers."""
    at_risk: tuple[Requirement, ...]
    identity: Asset | None
    """The identity that the verdict rests on."""
    warnings: tuple[str, ...]

    @property
    def missing(self) -> tuple[Requirement, ...]:
        """What TikTok said to be absent or unusable."""
        return self._with(Status.MISSING)

    @property
    def unknown(self) -> tuple[Requirement, ...]:
        """What could not be verified."""
        return self._with(Status.UNKNOWN)

    @property
    def ready(self) -> bool:
        """Nothing is missing and nothing is unknown."""
        return not self.missing and not self.unknown

    @property
    def reason(self) -> VerdictReason | None:
        """Why the ad is not ready: unknown comes before missing."""
        if self.unknown:
            return "api_error"
        return "no_tt_user" if Requirement.IDENTITY in self.missing else None

    @property
    def detail(self) -> str | None:
        """The reason of the first prerequisite that ``reason`` refers to."""
        if self.unknown:
            return self.findings[self.unknown[0]].reason
        return self.findings[Requirement.IDENTITY].reason if self.reason else None

    def _with(self, status: Status) -> tuple[Requirement, ...]:
        return tuple(requirement for requirement, finding in self.findings.items() if finding.status is status)


def verdict(ad: MeantAd, evidence: Evidence, *, strict: bool) -> Verdict:
    """Judge ``evidence`` for the meant ad.

    ``strict`` counts as missing a custom identity that TikTok no longer allows and a pixel without the ad's event, and
    as unknown what may be so.
    """
    return _judge(ad, ad.required, evidence, strict=strict)


def verdict_on_all(evidence: Evidence) -> Verdict:
    """Judge every prerequisite of which there is evidence, for no ad in particular."""
    return _judge(_ANY_AD, (Requirement.IDENTITY, *evidence.others), evidence, strict=False)


def _judge(ad: MeantAd, required: Required, evidence: Evidence, *, strict: bool) -> Verdict:
    evidence = with_missing_scopes(evidence)
    barred = evidence.advice.custom_identity_allowed is False and not ad.may_use_custom_identity
    identity = _identity(evidence, ad, strict=strict)
    pixel = _pixel(evidence, ad, strict=strict)
    findings = {
        requirement: Finding(Status.NOT_REQUIRED)
        if requirement not in required
        else identity
        if requirement is Requirement.IDENTITY
        else pixel
        if requirement is Requirement.PIXEL
        else evidence.others[requirement]
        for requirement in Requirement
    }
    chosen = identity.usable if identity.status is Status.SATISFIED else None
    custom = chosen is not None and chosen.type == IdentityType.CUSTOMIZED_USER
    eventless = findings[Requirement.PIXEL].status is Status.SATISFIED and pixel.reason == EVENT_MISSING
    risks = {Requirement.IDENTITY: custom and barred, Requirement.PIXEL: eventless}
    return Verdict(
        findings=findings,
        at_risk=tuple(requirement for requirement, at_risk in risks.items() if at_risk),
        identity=chosen,
        warnings=tuple(_warnings(findings, evidence.advice, custom=custom)),
    )


def nothing_connected(ad: MeantAd, detail: str | None) -> Verdict:
    """Return the verdict without a token: identity missing, all other prerequisites unknown."""
    findings = {
        requirement: Finding(Status.NOT_REQUIRED)
        if requirement not in ad.required
        else Finding(Status.MISSING if requirement is Requirement.IDENTITY else Status.UNKNOWN, Unverified.NO_TOKEN)
        for requirement in Requirement
    }
    return _Unconnected(findings=findings, at_risk=(), identity=None, warnings=(), token_detail=detail)


@dataclass(frozen=True, slots=True)
class _Unconnected(Verdict):
    token_detail: str | None = None

    @property
    def reason(self) -> VerdictReason | None:
        return "no_token"

    @property
    def detail(self) -> str | None:
        return self.token_detail


def not_accessible(ad: MeantAd, error: TikTokError) -> Verdict:
    """Return the verdict if no token could answer, or TikTok denies all of them the advertiser."""
    findings = {
        requirement: unknown(error) if requirement in ad.required else Finding(Status.NOT_REQUIRED)
        for requirement in Requirement
    }
    return Verdict(findings=findings, at_risk=(), identity=None, warnings=())


def with_missing_scopes(evidence: Evidence) -> Evidence:
    """Return the evidence with each denial of one endpoint as a missing permission, unless it was granted."""
    chosen = evidence.chosen_identity
    return replace(
        evidence,
        chosen_identity=chosen and as_missing_scope(chosen, evidence.scopes),
        identities={kind: as_missing_scope(one, evidence.scopes) for kind, one in evidence.identities.items()},
        others={kind: as_missing_scope(one, evidence.scopes) for kind, one in evidence.others.items()},
    )


def _pixel(evidence: Evidence, ad: MeantAd, *, strict: bool) -> Finding:
    """Return the finding for the pixel; a usable one that lacks the ad's event is at risk, under ``strict`` missing."""
    finding = evidence.others.get(Requirement.PIXEL, Finding(Status.NOT_REQUIRED))
    if finding.status is not Status.SATISFIED or not ad.optimization_event:
        return finding
    known = [asset.events for asset in considered_pixels(finding, ad)]
    if any(events is None or ad.optimization_event in events for events in known):
        return finding
    return replace(finding, status=Status.MISSING if strict else Status.SATISFIED, reason=EVENT_MISSING)


def considered_pixels(finding: Finding, ad: MeantAd) -> tuple[Asset, ...]:
    """Return the pixels of which one must have the ad's event: the chosen one, else every usable one."""
    return tuple(
        asset for asset in finding.assets if asset.usable and asset.id == ad.chosen.get(Requirement.PIXEL, asset.id)
    )


def _identity(evidence: Evidence, ad: MeantAd, *, strict: bool) -> Finding:
    """Return the finding for identity: the chosen one, else the first type, in order of preference, with a usable one.

    A custom identity that is barred may still be that of an ad that TikTok exempts.
    """
    strict = strict and not ad.may_use_custom_identity
    if evidence.chosen_identity is not None:
        return _chosen_identity(evidence, evidence.chosen_identity, strict=strict)
    found = evidence.identities
    seen = tuple(asset for one in found.values() for asset in one.assets)
    failure = next((one for one in found.values() if one.error is not None), None)
    satisfied = next((kind for kind, one in found.items() if one.status is Status.SATISFIED), None)
    if satisfied is IdentityType.CUSTOMIZED_USER:
        return _custom_identity_first(evidence, seen, failure, strict=strict)
    if satisfied is not None:
        return Finding(Status.SATISFIED, assets=seen)
    if failure is not None:
        return replace(failure, assets=seen)
    return Finding(Status.MISSING, _why_missing(evidence, ad, seen), seen)


def _chosen_identity(evidence: Evidence, chosen: Finding, *, strict: bool) -> Finding:
    used = chosen.usable if chosen.status is Status.SATISFIED else None
    if used is None or used.type != IdentityType.CUSTOMIZED_USER:
        return chosen
    return _custom_identity(evidence, replace(chosen, reason="custom_identity"), None, strict=strict)


def _custom_identity_first(
    evidence: Evidence, seen: tuple[Asset, ...], failure: Finding | None, *, strict: bool
) -> Finding:
    """Return the finding if a custom identity is the first usable one; without it, a less preferred account counts."""
    found = evidence.identities
    tt_user = found.get(IdentityType.TT_USER)
    alone = tt_user is not None and tt_user.status is Status.MISSING
    satisfied = Finding(Status.SATISFIED, "custom_identity_only" if alone else "custom_identity", seen)
    custom = _custom_identity(evidence, satisfied, failure, strict=strict)
    accounts = [
        one
        for kind, one in found.items()
        if kind is not IdentityType.CUSTOMIZED_USER and one.status is Status.SATISFIED
    ]
    if custom.status is Status.SATISFIED or not accounts:
        return custom
    return Finding(Status.SATISFIED, assets=accounts[0].assets + found[IdentityType.CUSTOMIZED_USER].assets)


def _why_missing(evidence: Evidence, ad: MeantAd, seen: tuple[Asset, ...]) -> str:
    if ad.destination is Destination.TIKTOK_MESSAGE and any(one.why_not == (CANNOT_MANAGE_MESSAGE,) for one in seen):
        return "account_cannot_message"
    if seen:
        return "tt_user_unavailable"
    if IdentityType.CUSTOMIZED_USER not in evidence.identities:  # not accepted: creating one would not help
        return "no_tt_user"
    return "no_identity_custom_barred" if evidence.advice.custom_identity_allowed is False else "no_identity"


def _custom_identity(evidence: Evidence, satisfied: Finding, failure: Finding | None, *, strict: bool) -> Finding:
    allowed = evidence.advice.custom_identity_allowed
    if not strict or allowed:
        return satisfied
    if failure is not None:  # a TikTok account that would count may exist
        return replace(failure, assets=satisfied.assets)
    if allowed is None:
        error = evidence.advice.errors.get(Question.CUSTOM_IDENTITY)
        return (
            as_missing_scope(unknown(error, satisfied.assets), evidence.scopes)
            if error
            else replace(satisfied, status=Status.UNKNOWN, reason=Unverified.UNEXPECTED_RESPONSE)
        )
    return replace(satisfied, status=Status.MISSING, reason="custom_identity_restricted")


def _warnings(findings: Mapping[Requirement, Finding], advice: Advice, *, custom: bool) -> Iterator[str]:
    if advice.account_status not in {None, ENABLED}:
        yield "account_not_enabled"
    if custom and advice.custom_identity_allowed is False:
        yield "custom_identity_restricted"
    if custom and advice.custom_identity_allowed is None:
        yield "custom_identity_unverified"
    if advice.other_identity_types:
        yield "other_identity_types"
    pixel = findings[Requirement.PIXEL]
    if pixel.status is Status.SATISFIED and pixel.usable is not None and pixel.usable.no_recent_activity:
        yield "pixel_no_recent_activity"
    if findings[Requirement.LEAD_FORM].status is not Status.NOT_REQUIRED and advice.lead_terms_confirmed is False:
        yield "lead_terms_unsigned"
