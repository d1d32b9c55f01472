"""What looking for an asset at TikTok found: satisfied, missing, or unknown."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from tiktok_business.errors import (
    AdvertiserNotAccessibleError,
    RateLimitedError,
    ScopeMissingError,
    TikTokError,
    TimedOutError,
    TokenRejectedError,
    UnavailableError,
    UnexpectedResponseError,
)


class Status(StrEnum):
    """Of one prerequisite. Missing only where TikTok said so; satisfied only where an asset was seen."""

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
    (TokenRejectedError, Unverified.TOKEN_EXPIRED),
    (AdvertiserNotAccessibleError, Unverified.ADVERTISER_NOT_ACCESSIBLE),
    (ScopeMissingError, Unverified.MISSING_SCOPE),
    (RateLimitedError, Unverified.RATE_LIMITED),
    (TimedOutError, Unverified.TIMEOUT),
    (UnavailableError, Unverified.UPSTREAM_ERROR),
    (UnexpectedResponseError, Unverified.UNEXPECTED_RESPONSE),
    (TikTokError, Unverified.UPSTREAM_ERROR),
)


def unverified(error: TikTokError) -> Unverified:
    """The reason that ``error`` is told as."""
    return next(reason for kind, reason in _UNVERIFIED if isinstance(error, kind))


@dataclass(frozen=True, slots=True)
class Asset:
    """Something at TikTok that an ad could use, and what speaks against it."""

    id: str
    name: str | None
    type: str
    why_not: tuple[str, ...] = ()
    image: str | None = None
    quiet: bool = False
    """Usable, but TikTok has seen no recent activity of it."""

    @property
    def usable(self) -> bool:
        """Whether TikTok says nothing against it."""
        return not self.why_not


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one prerequisite and what it rests on."""

    status: Status
    reason: str | None = None
    assets: tuple[Asset, ...] = ()
    """All that were seen."""
    error: TikTokError | None = None
    """Why the status is unknown, where TikTok is the cause; kept for the choice of another token."""

    @property
    def usable(self) -> Asset | None:
        """The asset that satisfies the prerequisite."""
        return next((asset for asset in self.assets if asset.usable), None)


Row = TypeVar("Row")


def search(rows: Iterable[Row], as_asset: Callable[[Row], Asset], *, none: str, unusable: str) -> Finding:
    """Read ``rows`` until a usable one is seen.

    Satisfied by the first usable row; unknown where the reading failed before; missing, because of ``none`` or
    ``unusable``, only where TikTok told everything.
    """
    seen: list[Asset] = []
    try:
        for row in rows:
            seen.append(as_asset(row))
            if seen[-1].usable:
                return Finding(Status.SATISFIED, assets=tuple(seen))
    except TikTokError as error:
        return unknown(error, seen)
    return Finding(Status.MISSING, unusable if seen else none, tuple(seen))


def unknown(error: TikTokError, seen: Iterable[Asset] = ()) -> Finding:
    """What could not be verified because of ``error``."""
    return Finding(Status.UNKNOWN, unverified(error), tuple(seen), error)


def gravest(errors: Iterable[TikTokError | None]) -> TikTokError | None:
    """The error that several are told as: that the token is dead ends its turn, whatever else failed."""
    failed = [one for one in errors if one is not None]
    return min(failed, key=lambda one: not isinstance(one, TokenRejectedError), default=None)


def refused_here_alone(finding: Finding) -> Finding:
    """TikTok answers this token about the advertiser elsewhere, so what it lacks here is a permission."""
    if isinstance(finding.error, AdvertiserNotAccessibleError):
        return replace(finding, reason=Unverified.MISSING_SCOPE)
    return finding
