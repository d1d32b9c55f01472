"""The answers of the API, field by field. Names and values are fixed: the wizard relies on them."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from publishing.findings import Status
from publishing.objectives import Requirement
from publishing.token_choice import Candidate

Moment = Annotated[
    datetime,
    PlainSerializer(lambda moment: moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
"""A moment in UTC, to the second: ``2026-11-22T17:00:00Z``."""


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class TokenUsed(_Answer):
    """Whose TikTok token answered."""

    source: Literal["own", "teammate"]
    user_id: str
    """Of the person who connected it."""


AdvertiserIdSource = Literal["query", "first_of_active_token"]


class IdentityCheck(_Answer):
    """Whether the advertiser has a usable TT_USER identity."""

    hasIdentity: bool  # noqa: N815 - the field's name in the product's help article
    reason: Literal["no_token", "no_tt_user", "api_error"] | None = None
    """Why there is none: nobody is connected, TikTok knows none, or TikTok could not be asked."""
    detail: str | None = None
    """More on the reason. An open set: do not fail on a new one."""
    identity_id: str | None = None
    identity_type: str | None = None
    display_name: str | None = None
    image: str | None = None
    advertiser_id: str | None
    advertiser_id_source: AdvertiserIdSource | None
    token: TokenUsed | None
    checked_at: Moment


class ListedIdentity(_Answer):
    """One identity of an advertiser."""

    identity_id: str
    identity_type: str
    display_name: str | None
    image: str | None
    usable: bool
    """Whether TikTok says nothing against it."""
    why_not: tuple[str, ...]
    """What TikTok says against it. An open set."""


class IdentityList(_Answer):
    """The identities of an advertiser; ``complete`` is false where a type could not be read."""

    advertiser_id: str
    advertiser_id_source: AdvertiserIdSource
    identities: tuple[ListedIdentity, ...]
    """TT_USER first, then by display name, then by id."""
    complete: bool
    failed_types: tuple[str, ...]
    """The identity types that could not be read."""
    token: TokenUsed
    checked_at: Moment


class Warning_(_Answer):  # noqa: N801 - Warning is a builtin
    """Something worth knowing that does not change the verdict."""

    code: str
    """An open set: show the message, do not fail on a new code."""
    message: str


class CreatedIdentityAnswer(_Answer):
    """A custom identity that exists now."""

    identity_id: str
    identity_type: Literal["CUSTOMIZED_USER"]
    display_name: str
    image: None = None
    advertiser_id: str
    display_name_truncated: bool
    """Whether the name was cut to 40 code points."""
    warnings: tuple[Warning_, ...]


class UsedIdentity(_Answer):
    """The identity that the verdict rests on and the ad would run under."""

    identity_id: str
    identity_type: str
    display_name: str | None
    image: str | None


class AssetSeen(_Answer):
    """Something at TikTok that an ad could use, or what speaks against it."""

    id: str
    name: str | None
    type: str
    usable: bool
    why_not: tuple[str, ...]


class Fix(_Answer):
    """Who can mend it, and where."""

    who: Literal["caller", "advertiser_admin", "bc_admin", "tiktok_account_owner", "team_owner", "tiktok"]
    label: str
    url: str


class CheckNotRequired(_Answer):
    """A prerequisite that the objective does not have."""

    requirement: Requirement
    status: Literal[Status.NOT_REQUIRED] = Status.NOT_REQUIRED


class CheckDone(_Answer):
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


class PublishCheck(_Answer):
    """Whether the ad can be published: ready exactly when nothing is missing and nothing unknown."""

    ready: bool
    missing: tuple[Requirement, ...]
    """What TikTok said to be absent or unusable."""
    unknown: tuple[Requirement, ...]
    """What could not be verified."""
    at_risk: tuple[Requirement, ...]
    """What is satisfied today and expected to fail. It blocks only with ``strict=true``."""
    reason: Literal["no_token", "api_error", "no_tt_user"] | None
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


class Rules(_Answer):
    """The objective table."""

    objectives: dict[str, tuple[Requirement, ...]]


def about(candidate: Candidate, *, given: bool, now: datetime) -> dict[str, object]:
    """The fields that say which advertiser was asked about and with whose token, where ``candidate`` answered."""
    return {
        "advertiser_id": candidate.advertiser_id,
        "advertiser_id_source": "query" if given else "first_of_active_token",
        "token": TokenUsed(source="own" if candidate.own else "teammate", user_id=candidate.connection.user_id),
        "checked_at": now,
    }


def about_nobody(advertiser_id: str | None, now: datetime) -> dict[str, object]:
    """The same where nobody's token answered."""
    return {
        "advertiser_id": advertiser_id,
        "advertiser_id_source": "query" if advertiser_id else None,
        "token": None,
        "checked_at": now,
    }
