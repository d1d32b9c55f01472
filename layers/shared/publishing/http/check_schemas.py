"""The responses about identities, prerequisites and readiness, field by field. Names and values are fixed."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from publishing.http.response_schemas import Moment, Response
from publishing.preflight.findings import Status, VerdictReason
from publishing.preflight.messages import Fix, Warning_
from publishing.preflight.objectives import Requirement

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


class IdentityList(Response):
    """The identities of an advertiser; ``complete`` is false if a type could not be read."""

    advertiser_id: str
    advertiser_id_source: AdvertiserIdSource
    identities: tuple[ListedIdentity, ...]
    """TT_USER first, then by display name, then by id."""
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


class PublishCheck(Response):
    """Whether the ad can be published: ready exactly when nothing is missing and nothing unknown."""

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


class Rules(Response):
    """The objective table."""

    objectives: dict[str, tuple[Requirement, ...]]


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
