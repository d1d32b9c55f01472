"""What a check at TikTok found: satisfied, missing, or unknown."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from publishing.permissions import needed_for
from tiktok_business.errors import (
    AdvertiserNotAccessibleError,
    RateLimitedError,
    ScopeMissingError,
    TikTokError,
    TimedOutError,
    TokenInvalidError,
    UnavailableError,
    UnexpectedResponseError,
)

VerdictReason = Literal["no_token", "no_tt_user", "api_error"]
"""The response's word for why an ad is not ready."""


class Status(StrEnum):
    """State of one prerequisite. Missing only if TikTok said so; satisfied only if an asset was seen."""

    SATISFIED = "satisfied"
    MISSING = "missing"
    UNKNOWN = "unknown"
    NOT_REQUIRED = "not_required"


class Unverified(StrEnum):
    """Why something could not be verified."""

    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    UPSTREAM_ERROR = "upstream_error"
    UNEXPECTED_RESPONSE = "unexpected_response"
    MISSING_SCOPE = "missing_scope"
    ADVERTISER_NOT_ACCESSIBLE = "advertiser_not_accessible"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - the name of a reason
    NO_TOKEN = "no_token"  # noqa: S105 - the name of a reason
    NO_BUSINESS_CENTER = "no_business_center"


_UNVERIFIED: tuple[tuple[type[TikTokError], Unverified], ...] = (
    (TokenInvalidError, Unverified.TOKEN_EXPIRED),
    (AdvertiserNotAccessibleError, Unverified.ADVERTISER_NOT_ACCESSIBLE),
    (ScopeMissingError, Unverified.MISSING_SCOPE),
    (RateLimitedError, Unverified.RATE_LIMITED),
    (TimedOutError, Unverified.TIMEOUT),
    (UnavailableError, Unverified.UPSTREAM_ERROR),
    (UnexpectedResponseError, Unverified.UNEXPECTED_RESPONSE),
    (TikTokError, Unverified.UPSTREAM_ERROR),
)


def unverified(error: TikTokError) -> Unverified:
    """Return the reason that stands for ``error``."""
    return next(reason for kind, reason in _UNVERIFIED if isinstance(error, kind))


@dataclass(frozen=True, slots=True)
class Asset:
    """Something at TikTok that an ad could use, and why not, if TikTok says so."""

    id: str
    name: str | None
    type: str
    why_not: tuple[str, ...] = ()
    image: str | None = None
    no_recent_activity: bool = False
    """Usable, but TikTok reports no recent activity."""

    @property
    def usable(self) -> bool:
        """Whether TikTok names no reason against it."""
        return not self.why_not


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one prerequisite, and its evidence."""

    status: Status
    reason: str | None = None
    assets: tuple[Asset, ...] = ()
    """All that were seen."""
    error: TikTokError | None = None
    """Why the status is unknown, if TikTok is the cause; decides whether another token is tried."""

    @property
    def usable(self) -> Asset | None:
        """The asset that satisfies the prerequisite."""
        return next((asset for asset in self.assets if asset.usable), None)


def search[Row](
    pages: Iterable[Iterable[Row]], as_asset: Callable[[Row], Asset], *, none: str, unusable: str
) -> Finding:
    """Read ``pages`` of rows until one has a usable row.

    Satisfied by the first usable row, with all rows of the pages read; unknown if reading failed before; missing, for
    the reason ``none`` or ``unusable``, only if TikTok returned every row.
    """
    seen: list[Asset] = []
    try:
        for page in pages:
            seen += map(as_asset, page)
            if any(one.usable for one in seen):
                return Finding(Status.SATISFIED, assets=tuple(seen))
    except TikTokError as error:
        return unknown(error, seen)
    return Finding(Status.MISSING, unusable if seen else none, tuple(seen))


def unknown(error: TikTokError, seen: Iterable[Asset] = ()) -> Finding:
    """Return the finding of what could not be verified because of ``error``."""
    return Finding(Status.UNKNOWN, unverified(error), tuple(seen), error)


def most_severe(errors: Iterable[TikTokError | None]) -> TikTokError | None:
    """Return the error that stands for several: an invalid token outranks every other failure."""
    failed = [one for one in errors if one is not None]
    return min(failed, key=lambda one: not isinstance(one, TokenInvalidError), default=None)


def as_missing_scope(finding: Finding, scopes: tuple[str, ...] | None) -> Finding:
    """Return a denial as a missing permission: other endpoints answer this token about the advertiser.

    Not if ``scopes``, the connection's granted permissions, contain the one needed: granting it again changes nothing.
    None: TikTok did not say which were granted.
    """
    if not isinstance(finding.error, AdvertiserNotAccessibleError):
        return finding
    needed = needed_for(finding.error.endpoint)
    if needed is not None and scopes is not None and needed.granted_by(scopes):
        return finding
    return replace(finding, reason=Unverified.MISSING_SCOPE)
