"""The answers of the endpoints below ``/publish-check``."""

from typing import Literal

from pydantic import Field

from publishing.answers import AdvertiserIdSource, Answer, Moment, TokenUsed
from publishing.preflight.findings import Status
from publishing.preflight.messages import Fix, Warning_
from publishing.preflight.objectives import Requirement


class UsedIdentity(Answer):
    """The identity that the verdict rests on and the ad would run under."""

    identity_id: str
    identity_type: str
    display_name: str | None
    image: str | None


class AssetSeen(Answer):
    """Something at TikTok that an ad could use, and what speaks against it."""

    id: str
    name: str | None
    type: str
    usable: bool
    why_not: tuple[str, ...]


class CheckNotRequired(Answer):
    """A prerequisite that the objective does not have."""

    requirement: Requirement
    status: Literal[Status.NOT_REQUIRED] = Status.NOT_REQUIRED


class CheckDone(Answer):
    """A prerequisite that was looked at; ``assets`` holds at most five, ``count`` counts all seen."""

    requirement: Requirement
    status: Literal[Status.SATISFIED, Status.MISSING, Status.UNKNOWN]
    reason: str | None
    """Why it is as it is. An open set: show the message, do not fail on a new one."""
    message: str
    fix: Fix | None
    """What mends it, where there is something to mend."""
    count: int
    assets: tuple[AssetSeen, ...] = Field(max_length=5)


class PublishCheck(Answer):
    """Whether the ad can be published: ready exactly when nothing is missing and nothing unknown."""

    ready: bool
    missing: tuple[Requirement, ...]
    """What TikTok said to be absent or unusable."""
    unknown: tuple[Requirement, ...]
    """What could not be verified."""
    at_risk: tuple[Requirement, ...]
    """What is satisfied today and expected to fail. It blocks only with ``strict=true``."""
    reason: Literal["no_token", "no_tt_user", "api_error"] | None
    """The first that holds: nobody is connected, something is unknown, the identity is missing."""
    detail: str | None
    """More on the reason. An open set: do not fail on a new one."""
    identity: UsedIdentity | None
    objective: str
    advertiser_id: str | None
    advertiser_id_source: AdvertiserIdSource | None
    checks: tuple[CheckDone | CheckNotRequired, ...]
    warnings: tuple[Warning_, ...]
    token: TokenUsed | None
    checked_at: Moment


class Rules(Answer):
    """The objective table."""

    objectives: dict[str, tuple[Requirement, ...]]
