"""The responses about identities, prerequisites and readiness, field by field. Names and values are fixed."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from publishing.http.response_schemas import Moment, Response
from publishing.preflight.findings import Status, VerdictReason
from publishing.preflight.messages import DatedPolicy, Fix, Warning_
from publishing.preflight.objectives import AdFormat, CampaignType, Destination, Requirement
from publishing.preflight.policies import Certainty, Policy

if TYPE_CHECKING:
    from publishing.tokens import Candidate


class TokenUsed(Response):
    """Whose TikTok token answered."""

    source: Literal["own", "teammate"]
    user_id: str
    """The person who connected it."""


AdvertiserIdSource = Literal["query", "first_of_active_token"]


def token_used(candidate: "Candidate") -> TokenUsed:
    """Return whose token answered."""
    return TokenUsed(source="own" if candidate.own else "teammate", user_id=candidate.connection.user_id)


def advertiser_id_source(given: str | None, candidate: "Candidate | None") -> AdvertiserIdSource | None:
    """Return where the advertiser id comes from; ``candidate`` is None if nobody's token answered."""
    if given is not None:
        return "query"
    return "first_of_active_token" if candidate else None


class IdentityCheck(Response):
    """Whether the advertiser has a usable TT_USER identity."""

    hasIdentity: bool  # noqa: N815 - the field's name in the product's help article
    reason: VerdictReason | None = None
    """Why not: nothing is connected, TikTok returned none, or TikTok could not be asked."""
    detail: str | None = None
    """Details of the reason. An open set: do not fail on a new value."""
    identity_id: str | None = None
    identity_type: str | None = None
    display_name: str | None = None
    image: str | None = None
    advertiser_id: str | None
    advertiser_id_source: AdvertiserIdSource | None
    token: TokenUsed | None
    checked_at: Moment


class ListedIdentity(Response):
    """One identity of an advertiser."""

    identity_id: str
    identity_type: str
    display_name: str | None
    image: str | None
    usable: bool
    """Whether TikTok names no reason against it."""
    why_not: tuple[str, ...]
    """TikTok's reasons against it. An open set."""
    usable_for: tuple[str, ...]
    """What ads under it can show or lead to: `uploaded_video`, `existing_post`, `message_ads`. An open set."""
    identity_authorized_bc_id: str | None = None
    """The Business Center that authorised a BC_AUTH_TT: TikTok wants it with the identity. One account may be listed
    several times, once for each."""


class IdentityList(Response):
    """The identities of an advertiser; ``complete`` is false if a type could not be read."""

    advertiser_id: str
    advertiser_id_source: AdvertiserIdSource
    identities: tuple[ListedIdentity, ...]
    """By type (TT_USER, CUSTOMIZED_USER, BC_AUTH_TT, AUTH_CODE, TTS_TT), then by display name, then by id."""
    complete: bool
    failed_types: tuple[str, ...]
    """The identity types that could not be read."""
    token: TokenUsed
    checked_at: Moment


class CreatedIdentityAnswer(Response):
    """The created custom identity."""

    identity_id: str
    identity_type: Literal["CUSTOMIZED_USER"]
    display_name: str
    image: None = None
    advertiser_id: str
    display_name_truncated: bool
    """Whether the name was truncated to 40 code points."""
    warnings: tuple[Warning_, ...]


class UsedIdentity(Response):
    """The identity that the verdict rests on and the ad would run under."""

    identity_id: str
    identity_type: str
    display_name: str | None
    image: str | None


class AssetSeen(Response):
    """Something at TikTok that an ad could use, and why not."""

    id: str
    name: str | None
    type: str
    usable: bool
    why_not: tuple[str, ...]


class CheckNotRequired(Response):
    """A prerequisite that the objective does not have."""

    requirement: Requirement
    status: Literal[Status.NOT_REQUIRED] = Status.NOT_REQUIRED


class CheckDone(Response):
    """A prerequisite that was checked; ``assets`` holds at most five, ``count`` counts all seen."""

    requirement: Requirement
    status: Literal[Status.SATISFIED, Status.MISSING, Status.UNKNOWN]
    reason: str | None
    """Why it has this status. An open set: show the message, do not fail on a new value."""
    message: str
    fix: Fix | None
    """What fixes it, if something must be fixed."""
    count: int
    assets: tuple[AssetSeen, ...] = Field(max_length=5)


class Obstacle(Response):
    """Something that TikTok refuses or may refuse, and who can change it."""

    code: str
    """An open set: show the message, do not fail on a new code. If it is a policy, its id."""
    message: str
    fix: Fix
    policy: DatedPolicy | None


class NotChecked(Response):
    """A question about blockers and risks that has no answer; no evidence either way."""

    code: str
    """What was not looked at. An open set."""
    reason: str
    """Why not. An open set."""


class PublishCheck(Response):
    """Whether the ad can be published: ready exactly when nothing is missing and nothing unknown."""

    publishable: bool | None
    """False if something is missing or a blocker; null if that could not be verified; else true."""
    blockers: tuple[Obstacle, ...]
    """What TikTok will refuse."""
    risks: tuple[Obstacle, ...]
    """What TikTok may refuse. Blocks only with ``strict=true``."""
    not_checked: tuple[NotChecked, ...]
    """Blockers and risks that were not looked at."""
    ready: bool
    missing: tuple[Requirement, ...]
    """What TikTok said to be absent or unusable."""
    unknown: tuple[Requirement, ...]
    """What could not be verified."""
    at_risk: tuple[Requirement, ...]
    """Satisfied today and expected to fail. Blocks only with ``strict=true``."""
    reason: VerdictReason | None
    """The first that applies: nothing is connected, something is unknown, the identity is missing."""
    detail: str | None
    """Details of the reason. An open set: do not fail on a new value."""
    identity: UsedIdentity | None
    objective: str
    advertiser_id: str | None
    advertiser_id_source: AdvertiserIdSource | None
    checks: tuple[CheckDone | CheckNotRequired, ...]
    warnings: tuple[Warning_, ...]
    token: TokenUsed | None
    checked_at: Moment


class PolicyRule(Response):
    """One of TikTok's dated policies. An empty list: whatever the ad has."""

    id: str
    message: str
    objectives: tuple[str, ...]
    destinations: tuple[Destination, ...]
    campaign_types: tuple[CampaignType, ...]
    identity_types: tuple[str, ...]
    """Types of the identity that the ad would run under."""
    ad_formats: tuple[AdFormat, ...]
    if_custom_identity_barred: bool
    """Whether it applies only if TikTok says that the account may not use custom identities."""
    effective_at: Moment
    until: Moment | None
    """When it ends; null: it does not."""
    source: str
    source_date: date
    """When the source was published or read."""
    certainty: Certainty
    blocks: bool
    """Whether it is ever more than a risk."""


class Rules(Response):
    """The tables of objectives, destinations and policies."""

    objectives: dict[str, tuple[Requirement, ...]]
    """Prerequisites of an ad of which no destination is named."""
    destinations: dict[str, dict[Destination, tuple[Requirement, ...]]]
    """Prerequisites by destination, of the objectives that take one."""
    policies: tuple[PolicyRule, ...]


def rules(
    objectives: Mapping[str, tuple[Requirement, ...]],
    destinations: Mapping[str, Mapping[Destination, tuple[Requirement, ...]]],
    policies: Iterable[Policy],
) -> Rules:
    """Return the tables as a response."""
    return Rules(
        objectives=dict(objectives),
        destinations={name: dict(required) for name, required in destinations.items()},
        policies=tuple(
            PolicyRule(
                id=one.id,
                message=one.message,
                objectives=tuple(name for name in objectives if name in one.objectives),
                destinations=tuple(sorted(one.destinations)),
                campaign_types=tuple(sorted(one.campaign_types)),
                identity_types=tuple(sorted(one.identity_types)),
                ad_formats=tuple(sorted(one.ad_formats)),
                if_custom_identity_barred=one.if_custom_identity_barred,
                effective_at=one.effective_at,
                until=one.until,
                source=one.source,
                source_date=one.source_date,
                certainty=one.certainty,
                blocks=one.can_block,
            )
            for one in policies
        ),
    )


class ObjectiveReadiness(Response):
    """What is known of one objective: ready exactly when nothing is missing and nothing unknown."""

    ready: bool
    missing: tuple[Requirement, ...]
    """What TikTok said to be absent or unusable when it was last asked."""
    unknown: tuple[Requirement, ...]
    """What was never verified."""
    at_risk: tuple[Requirement, ...]
    """Satisfied and expected to fail."""
    stale: bool
    """Whether a prerequisite could not be verified again, or was not verified for two intervals."""
    last_transition_at: Moment | None
    """When the state of one of its prerequisites last changed."""


class AdvertiserReadiness(Response):
    """What is known of one advertiser."""

    advertiser_id: str
    checked_at: Moment | None
    """The oldest evidence that it rests on; null if nothing was ever verified."""
    stale: bool
    """Whether a part of it could not be verified again, or was not checked for two intervals."""
    stale_since: Moment | None
    """The first check that could not verify it."""
    generation: int
    """Rises with every event about the advertiser, by any number; the events carry it too."""
    objectives: dict[str, ObjectiveReadiness]
    warnings: tuple[Warning_, ...]


class Readiness(Response):
    """The last known readiness of the advertisers that the caller may see, by id."""

    advertisers: tuple[AdvertiserReadiness, ...]
    next_token: str | None
    """Ask for the next page with it; null on the last page. A page may have fewer rows than its limit, even none."""
