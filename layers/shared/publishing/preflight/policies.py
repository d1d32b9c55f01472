"""TikTok's rules with dates: what they apply to, from when on, and how certain they are. One table (pure).

How certain a policy is decides its strongest effect: only what TikTok's own pages document may block, and only where
the caller said everything that the policy applies to. Facts and their certainty: reference, §16.1.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum, StrEnum

from publishing.preflight.objectives import (
    CURRENT_NAMES,
    DESTINATIONS,
    OBJECTIVES,
    AdFormat,
    CampaignType,
    Destination,
    MeantAd,
)
from tiktok_business.models import IdentityType

NOTICE = timedelta(days=90)
"""How long before it takes effect a policy is announced."""


class Certainty(StrEnum):
    """Who says so."""

    DOCUMENTED = "documented"
    """A page of TikTok's own."""
    OBSERVED = "observed"
    """Somebody has seen it at TikTok."""
    REPORTED = "reported"
    """A secondary source, or one whose scope others dispute."""


class Applies(Enum):
    """Whether a policy is about an ad."""

    NO = "no"
    MAYBE = "maybe"
    """It depends on something that the caller did not say."""
    YES = "yes"


class Effect(StrEnum):
    """What a policy does to an ad at a moment."""

    UPCOMING = "upcoming"
    RISK = "risk"
    BLOCKS = "blocks"


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule with its date. An empty set: whatever the ad has."""

    id: str
    effective_at: datetime
    certainty: Certainty
    source: str
    source_date: date
    """When the source was published, or else read."""
    message: str
    objectives: frozenset[str] = frozenset()
    destinations: frozenset[Destination] = frozenset()
    campaign_types: frozenset[CampaignType] = frozenset()
    identity_types: frozenset[IdentityType] = frozenset()
    """Of the identity that counts."""
    ad_formats: frozenset[AdFormat] = frozenset()
    if_custom_identity_barred: bool = False
    """Only if TikTok says that the account may not use custom identities, and the ad is not exempt from that."""
    never_blocks: bool = False
    """TikTok exempts ads that no request can describe, so that even a documented policy is only a risk."""
    until: datetime | None = None
    """When it ends; None: it does not."""

    @property
    def can_block(self) -> bool:
        """Whether it is certain enough to be more than a risk."""
        return self.certainty is Certainty.DOCUMENTED and not self.never_blocks


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy that is about an ad at a moment."""

    policy: Policy
    effect: Effect
    applies: Applies


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _with_older_names(*objectives: str) -> frozenset[str]:
    return frozenset(one for one in OBJECTIVES if CURRENT_NAMES.get(one, one) in objectives)


_MANUAL = frozenset({CampaignType.MANUAL})
_CUSTOM = frozenset({IdentityType.CUSTOMIZED_USER})
_UPGRADED = _with_older_names("WEB_CONVERSIONS", "PRODUCT_SALES", "APP_PROMOTION", "LEAD_GENERATION")
_SMART_PLUS_PAGE = "TikTok, Upgraded Smart+ Campaign (doc 1853452461203458)"

POLICIES: tuple[Policy, ...] = (
    Policy(
        id="manual_campaigns_ended",
        effective_at=_day("2027-01-01"),
        certainty=Certainty.DOCUMENTED,
        source=_SMART_PLUS_PAGE,
        source_date=date(2026, 11, 30),
        message=(
            "From 1 January 2027 on TikTok creates no manual campaigns of this objective. Create the campaign with "
            "Smart+ or GMV Max."
        ),
        objectives=_UPGRADED,
        campaign_types=_MANUAL,
    ),
    Policy(
        id="manual_campaigns_ended_all",
        effective_at=_day("2027-01-01"),
        certainty=Certainty.REPORTED,
        source=f"{_SMART_PLUS_PAGE}; a vendor's tool text excepts these objectives",
        source_date=date(2026, 11, 30),
        message=(
            "From 1 January 2027 on TikTok may create no manual campaigns of this objective either. Sources disagree, "
            "so ask TikTok before you rely on one."
        ),
        objectives=frozenset(OBJECTIVES) - _UPGRADED,
        campaign_types=_MANUAL,
    ),
    Policy(
        id="objective_retired",
        effective_at=_day("2026-08-01"),
        certainty=Certainty.OBSERVED,
        source="TikTok refused both objectives for one account",
        source_date=date(2026, 8, 1),
        message="TikTok has refused new campaigns of this older objective. Use the objective PRODUCT_SALES instead.",
        objectives=frozenset({"CATALOG_SALES", "SHOP_PURCHASES"}),
    ),
    Policy(
        id="gmv_max_only",
        effective_at=_day("2025-07-01"),
        certainty=Certainty.DOCUMENTED,
        source="TikTok, About GMV Max",
        source_date=date(2025, 7, 1),
        message="TikTok creates ads for TikTok Shop in GMV Max campaigns only. Create the campaign as one of these.",
        destinations=frozenset({Destination.TIKTOK_SHOP}),
        campaign_types=frozenset({CampaignType.MANUAL, CampaignType.SMART_PLUS}),
    ),
    Policy(
        id="smart_plus_no_product_sales",
        effective_at=_day("2026-01-01"),
        certainty=Certainty.REPORTED,
        source="Clients of the Smart+ endpoints",
        source_date=date(2026, 11, 30),
        message=(
            "Smart+ campaigns are reported not to take this objective. Use the objective WEB_CONVERSIONS with a sales "
            "destination instead."
        ),
        objectives=_with_older_names("PRODUCT_SALES"),
        campaign_types=frozenset({CampaignType.SMART_PLUS}),
    ),
    Policy(
        id="custom_identity_phase_out",
        effective_at=_day("2026-01-15"),
        certainty=Certainty.DOCUMENTED,
        source="TikTok, About changes coming to Custom Identity",
        source_date=date(2026, 3, 1),
        message="Since 15 January 2026 TikTok has been ending ads under custom identities. Link a TikTok account.",
        identity_types=_CUSTOM,
        if_custom_identity_barred=True,
        never_blocks=True,
    ),
    Policy(
        id="engagement_needs_account",
        effective_at=_day("2026-01-01"),
        certainty=Certainty.OBSERVED,
        source="TikTok's text about ad previews (creative/ads_preview)",
        source_date=date(2026, 11, 30),
        message="TikTok's tools take only TikTok accounts for this objective. Link a TikTok account.",
        objectives=frozenset({"ENGAGEMENT"}),
        identity_types=_CUSTOM,
    ),
)
"""In the order of responses. Contract §8.2."""


def policies_in_force(
    ad: MeantAd, identity_type: str | None, *, custom_identity_barred: bool, now: datetime
) -> tuple[InForce, ...]:
    """Return the policies that are about this ad at ``now``, in the order of the table.

    ``identity_type`` is that of the identity that counts, None if there is none.
    """
    found = []
    for policy in POLICIES:
        applies = _applies(policy, ad, identity_type, custom_identity_barred=custom_identity_barred)
        effect = None if applies is Applies.NO else _effect(policy, applies, now)
        if effect is not None:
            found.append(InForce(policy, effect, applies))
    return tuple(found)


def _effect(policy: Policy, applies: Applies, now: datetime) -> Effect | None:
    if now < policy.effective_at - NOTICE or (policy.until is not None and policy.until <= now):
        return None
    if now < policy.effective_at:
        return Effect.UPCOMING
    return Effect.BLOCKS if policy.can_block and applies is Applies.YES else Effect.RISK


def _applies(policy: Policy, ad: MeantAd, identity_type: str | None, *, custom_identity_barred: bool) -> Applies:
    if policy.objectives and ad.objective not in policy.objectives:
        return Applies.NO
    if policy.identity_types and identity_type not in policy.identity_types:
        return Applies.NO
    if policy.if_custom_identity_barred and (not custom_identity_barred or ad.may_use_custom_identity):
        return Applies.NO
    possible = DESTINATIONS.get(ad.objective, {}).keys()
    qualifiers = (
        _covers(policy.destinations, ad.destination, possible=bool(policy.destinations & possible)),
        _covers(policy.campaign_types, ad.campaign_type),
        _covers(policy.ad_formats, ad.ad_format),
    )
    if Applies.NO in qualifiers:
        return Applies.NO
    return Applies.MAYBE if Applies.MAYBE in qualifiers else Applies.YES


def _covers[Word](covered: frozenset[Word], said: Word | None, *, possible: bool = True) -> Applies:
    """Whether what the caller said is covered; ``possible``: whether what was not said could be."""
    if not covered:
        return Applies.YES
    if said is None:
        return Applies.MAYBE if possible else Applies.NO
    return Applies.YES if said in covered else Applies.NO
