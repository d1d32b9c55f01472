"""From evidence to verdict (pure): no TikTok, no clock."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from publishing.preflight.findings import Asset, Finding, Status, Unverified, VerdictReason, as_missing_scope, unknown
from publishing.preflight.objectives import OBJECTIVES, Requirement
from tiktok_business.errors import TikTokError
from tiktok_business.models import IdentityType

ENABLED = "STATUS_ENABLE"


@dataclass(frozen=True, slots=True)
class Advice:
    """What matters beside the prerequisites. None: not asked, or TikTok did not say."""

    custom_identity_allowed: bool | None = None
    """TikTok's ``can_use_custom_identity``."""
    custom_identity_error: TikTokError | None = None
    """Why that flag could not be read."""
    account_status: str | None = None
    lead_terms_confirmed: bool | None = None
    other_identity_types: frozenset[str] = frozenset()
    """Identity types that the advertiser has and this product does not use."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of TikTok's answers for one verdict."""

    identities: Mapping[IdentityType, Finding]
    """By type, in order of preference; types that were not checked are absent."""
    others: Mapping[Requirement, Finding] = field(default_factory=dict)
    """The other prerequisites that the objective requires."""
    advice: Advice = Advice()
    scopes: tuple[str, ...] | None = None
    """Ids of the permissions of the connection that answered; None if TikTok did not say."""


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


def verdict(objective: str, evidence: Evidence, *, strict: bool) -> Verdict:
    """Judge ``evidence`` for ``objective``.

    ``strict`` counts a custom identity that TikTok no longer allows as missing, and one that may be so as unknown.
    """
    required = OBJECTIVES[objective]
    evidence = _with_missing_scopes(evidence)
    identity = _identity(evidence, strict=strict)
    findings = {
        requirement: identity
        if requirement is Requirement.IDENTITY
        else evidence.others[requirement]
        if requirement in required
        else Finding(Status.NOT_REQUIRED)
        for requirement in Requirement
    }
    chosen = identity.usable if identity.status is Status.SATISFIED else None
    custom = chosen is not None and chosen.type == IdentityType.CUSTOMIZED_USER
    barred = evidence.advice.custom_identity_allowed is False
    return Verdict(
        findings=findings,
        at_risk=(Requirement.IDENTITY,) if custom and barred else (),
        identity=chosen,
        warnings=tuple(_warnings(findings, evidence.advice, custom=custom)),
    )


def nothing_connected(objective: str, detail: str | None) -> Verdict:
    """Return the verdict without a token: identity missing, all other prerequisites unknown."""
    findings = {
        requirement: Finding(Status.NOT_REQUIRED)
        if requirement not in OBJECTIVES[objective]
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


def not_accessible(objective: str, error: TikTokError) -> Verdict:
    """Return the verdict if no token could answer, or TikTok denies all of them the advertiser."""
    findings = {
        requirement: unknown(error) if requirement in OBJECTIVES[objective] else Finding(Status.NOT_REQUIRED)
        for requirement in Requirement
    }
    return Verdict(findings=findings, at_risk=(), identity=None, warnings=())


def _with_missing_scopes(evidence: Evidence) -> Evidence:
    """Return the evidence with each denial of one endpoint as a missing permission, unless it was granted."""
    return replace(
        evidence,
        identities={kind: as_missing_scope(one, evidence.scopes) for kind, one in evidence.identities.items()},
        others={kind: as_missing_scope(one, evidence.scopes) for kind, one in evidence.others.items()},
    )


def _identity(evidence: Evidence, *, strict: bool) -> Finding:
    """Return the finding for identity: the first type, in order of preference, with a usable one."""
    found = evidence.identities
    seen = tuple(asset for one in found.values() for asset in one.assets)
    failure = next((one for one in found.values() if one.error is not None), None)
    satisfied = next((kind for kind, one in found.items() if one.status is Status.SATISFIED), None)
    if satisfied is IdentityType.CUSTOMIZED_USER:
        custom = _custom_identity(evidence, seen, failure, strict=strict)
        account = found.get(IdentityType.TT_USER)
        if custom.status is Status.SATISFIED or account is None or account.status is not Status.SATISFIED:
            return custom
        return Finding(Status.SATISFIED, assets=account.assets + found[IdentityType.CUSTOMIZED_USER].assets)
    if satisfied is not None:
        return Finding(Status.SATISFIED, assets=seen)
    if failure is not None:
        return replace(failure, assets=seen)
    return Finding(Status.MISSING, _why_missing(evidence, seen), seen)


def _why_missing(evidence: Evidence, seen: tuple[Asset, ...]) -> str:
    if seen:
        return "tt_user_unavailable"
    if IdentityType.CUSTOMIZED_USER not in evidence.identities:  # not accepted: creating one would not help
        return "no_tt_user"
    return "no_identity_custom_barred" if evidence.advice.custom_identity_allowed is False else "no_identity"


def _custom_identity(evidence: Evidence, seen: tuple[Asset, ...], failure: Finding | None, *, strict: bool) -> Finding:
    tt_user = evidence.identities.get(IdentityType.TT_USER)
    alone = tt_user is not None and tt_user.status is Status.MISSING
    satisfied = Finding(Status.SATISFIED, "custom_identity_only" if alone else "custom_identity", seen)
    allowed = evidence.advice.custom_identity_allowed
    if not strict or allowed:
        return satisfied
    if failure is not None:  # a TikTok account that would count may exist
        return replace(failure, assets=seen)
    if allowed is None:
        error = evidence.advice.custom_identity_error
        return (
            as_missing_scope(unknown(error, seen), evidence.scopes)
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
