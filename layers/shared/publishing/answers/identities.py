"""The answers of the endpoints below ``/identities``."""

from typing import Literal

from publishing.answers import AdvertiserIdSource, Answer, Moment, TokenUsed
from publishing.preflight.messages import Warning_


class IdentityCheck(Answer):
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


class ListedIdentity(Answer):
    """One identity of an advertiser."""

    identity_id: str
    identity_type: str
    display_name: str | None
    image: str | None
    usable: bool
    """Whether TikTok says nothing against it."""
    why_not: tuple[str, ...]
    """What TikTok says against it. An open set."""


class IdentityList(Answer):
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


class CreatedIdentityAnswer(Answer):
    """A custom identity that exists now."""

    identity_id: str
    identity_type: Literal["CUSTOMIZED_USER"]
    display_name: str
    image: None = None
    advertiser_id: str
    display_name_truncated: bool
    """Whether the name was cut to 40 code points."""
    warnings: tuple[Warning_, ...]
