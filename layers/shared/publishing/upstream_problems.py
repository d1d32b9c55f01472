"""How TikTok's errors are told where the answer rests on a single call: list, create, upload and disconnect."""

from publishing.problems import Problem
from tiktok_business.errors import (
    AdvertiserNotAccessibleError,
    RateLimitedError,
    RequestRejectedError,
    ScopeMissingError,
    TikTokError,
    TimedOutError,
    UnsupportedError,
)

RETRY_AFTER_SECONDS = 300
"""TikTok's per-minute limit is free again after five minutes (EVA rate-limits, 2026-08-13)."""

REFUSALS = (RequestRejectedError, ScopeMissingError, UnsupportedError)
"""TikTok's definite no."""


def problem_of(error: TikTokError) -> Problem:
    """The problem that a failed read or write is answered with."""
    match error:
        case AdvertiserNotAccessibleError():
            return Problem("advertiser_not_accessible")
        case RateLimitedError():
            return Problem("tiktok_rate_limited", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
        case TimedOutError():
            return Problem("tiktok_timeout")
        case _:
            return Problem("tiktok_error")


def rejection(error: TikTokError) -> Problem:
    """The problem of a write that TikTok definitely refused, with TikTok's own words."""
    return Problem(
        "tiktok_rejected",
        tiktok={"code": error.code, "message": error.message, "request_id": error.request_id},
    )
