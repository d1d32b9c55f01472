"""TikTok's return codes: the only table that says what an answer's ``code`` means for a caller.

TikTok answers errors with HTTP 200 and a ``code`` other than 0, and the code outranks the HTTP status. Some codes mean
several things; then the ``message`` decides, so rows with a pattern precede the row without.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class ErrorCategory(StrEnum):
    """What a return code means for the caller."""

    OK = "ok"
    TOKEN_INVALID = "token_invalid"  # noqa: S105 - the name of a category, not a password
    """The access token never works again: the person must connect again."""
    SCOPE_MISSING = "scope_missing"
    """The token lacks a permission for this endpoint; other endpoints may answer."""
    NO_ACCESS = "no_access"
    """This token may not operate this advertiser; another person's token may."""
    ADVERTISER_GONE = "advertiser_gone"
    """The advertiser does not exist or was deleted."""
    RATE_LIMITED = "rate_limited"
    """Refused before anything was done: safe to retry later, writes too."""
    NOT_APPLIED = "not_applied"
    """Not applied, for a reason that may pass: safe to retry, writes too."""
    TRANSIENT = "transient"
    """A TikTok failure: reads may be retried, writes may have been applied."""
    REJECTED = "rejected"
    """TikTok rejects the contents of this request; retrying does not help."""
    DEPLOYMENT_REFUSED = "deployment_refused"
    """TikTok refuses this deployment whatever it sends: its app, network, API version or environment."""
    UNKNOWN = "unknown"
    """Nothing can be concluded, not even that nothing was done."""


@dataclass(frozen=True, slots=True)
class ReturnCode:
    """One row: codes ``first`` to ``last``, narrowed by ``pattern`` if a code means several things."""

    first: int
    last: int
    category: ErrorCategory
    note: str
    source: str
    pattern: re.Pattern[str] | None = None


_EVA = "EVA errors/tiktok-ads-error-codes.yml, 2026-08-13"
_SDK = "SDK tiktok_code.py, 2026-02-27"
_LIVE = "reported from a live account, 2026-09-15"
_PH = "PostHog/posthog#78577; EVA, 2026-08-13"

_WRONG_APP = re.compile(r"inconsistent with the token", re.IGNORECASE)
_SCOPE = re.compile(r"\bscopes?\b|\w/:(GET|POST)\b|\bmethod=(GET|POST)\b", re.IGNORECASE)
"""A message that names a scope or an endpoint with its method, not an advertiser."""
_GONE = re.compile(r"\b(advertiser|ad account)\b.* doesn.t exist or has been deleted", re.IGNORECASE)


def _row(
    code: int | tuple[int, int],
    category: ErrorCategory,
    note: str,
    source: str = _EVA,
    pattern: re.Pattern[str] | None = None,
) -> ReturnCode:
    first, last = code if isinstance(code, tuple) else (code, code)
    return ReturnCode(first, last, category, note, source, pattern)


RETURN_CODES: tuple[ReturnCode, ...] = (
    _row(0, ErrorCategory.OK, "success"),
    _row(40000, ErrorCategory.TOKEN_INVALID, "the token belongs to another app", _PH, _WRONG_APP),
    _row(40113, ErrorCategory.TOKEN_INVALID, "the token belongs to another app", _PH, _WRONG_APP),
    _row(40102, ErrorCategory.TOKEN_INVALID, "token expired"),
    _row(40104, ErrorCategory.TOKEN_INVALID, "no token in the header"),
    _row(40105, ErrorCategory.TOKEN_INVALID, "token incorrect or revoked"),
    _row(40106, ErrorCategory.TOKEN_INVALID, "core user invalid for this advertiser"),
    _row(40114, ErrorCategory.TOKEN_INVALID, "advertiser logged out", _SDK),
    _row(40309, ErrorCategory.TOKEN_INVALID, "login required", _SDK),
    _row(40001, ErrorCategory.SCOPE_MISSING, "the token lacks a scope", _EVA, _SCOPE),
    _row(40003, ErrorCategory.SCOPE_MISSING, "forbidden", _SDK),
    _row((40130, 40131), ErrorCategory.SCOPE_MISSING, "scope not authorised", _SDK),
    _row((40001, 40002), ErrorCategory.ADVERTISER_GONE, "the advertiser does not exist", _LIVE, _GONE),
    _row((40300, 40301), ErrorCategory.ADVERTISER_GONE, "the advertiser does not exist or cannot be matched"),
    _row(40001, ErrorCategory.NO_ACCESS, "no permission to operate the advertiser"),
    _row(40016, ErrorCategory.RATE_LIMITED, "app-level limit for the endpoint"),
    _row(40100, ErrorCategory.RATE_LIMITED, "app-level limit for the endpoint"),
    _row(40132, ErrorCategory.RATE_LIMITED, "limit on the value of a field"),
    _row(40133, ErrorCategory.RATE_LIMITED, "advertiser-level limit"),
    _row(61000, ErrorCategory.RATE_LIMITED, "too many requests", _SDK),
    _row(40006, ErrorCategory.DEPLOYMENT_REFUSED, "API version"),
    _row((40008, 40009), ErrorCategory.DEPLOYMENT_REFUSED, "not implemented, or not in the sandbox"),
    _row(40010, ErrorCategory.DEPLOYMENT_REFUSED, "wrong domain"),
    _row((40013, 40014), ErrorCategory.DEPLOYMENT_REFUSED, "no sandbox account, or not in the sandbox"),
    _row(40051, ErrorCategory.DEPLOYMENT_REFUSED, "API version"),
    _row(40101, ErrorCategory.DEPLOYMENT_REFUSED, "the app's secret is wrong, or a code is stale"),
    _row((40108, 40109), ErrorCategory.DEPLOYMENT_REFUSED, "grant type, or data that cannot be deciphered"),
    _row((40112, 40113), ErrorCategory.DEPLOYMENT_REFUSED, "password, or the app is blocked"),
    _row((40115, 40117), ErrorCategory.DEPLOYMENT_REFUSED, "timestamp, signature or method"),
    _row(40118, ErrorCategory.DEPLOYMENT_REFUSED, "not on the allowlist"),
    _row(40119, ErrorCategory.DEPLOYMENT_REFUSED, "the app's company is not the advertiser's"),
    _row(
        (40124, 40125),
        ErrorCategory.DEPLOYMENT_REFUSED,
        "the developer's profile is not approved, or lacks a permission",
    ),
    _row(40400, ErrorCategory.DEPLOYMENT_REFUSED, "route not found", _SDK),
    _row(41000, ErrorCategory.DEPLOYMENT_REFUSED, "the country of the client's IP is blocked"),
    _row((41001, 41002), ErrorCategory.DEPLOYMENT_REFUSED, "the endpoint or a field is offline"),
    _row(40900, ErrorCategory.NOT_APPLIED, "an upload whose bytes do not match its signature: damaged in transit"),
    _row((40902, 40903), ErrorCategory.NOT_APPLIED, "an upload that TikTok could not fetch"),
    _row(40913, ErrorCategory.NOT_APPLIED, "an upload that TikTok could not fetch"),
    _row((40201, 40202), ErrorCategory.TRANSIENT, "not ready, or a write conflict"),
    _row(70001, ErrorCategory.REJECTED, "invalid type of business authorisation", _SDK),
    _row(20001, ErrorCategory.UNKNOWN, "partial success: a part was done"),
    # Codes that the rows above do not name: 4xxxx is definitive, 5xxxx and 6xxxx are TikTok failures.
    _row((40000, 49999), ErrorCategory.REJECTED, "invalid request (40002 is TikTok's catch-all)"),
    _row((50000, 69999), ErrorCategory.TRANSIENT, "TikTok's own services: 50000, 50002, 51xxx, 52xxx, 531xx, 60001"),
)


def classify(code: int, message: str, table: Iterable[ReturnCode] = RETURN_CODES) -> ErrorCategory:
    """Return the category of ``code``; ``message`` decides between several.

    Nothing is known of a code outside the table (a negative one, say).
    """
    for row in table:
        if row.first <= code <= row.last and (row.pattern is None or row.pattern.search(message)):
            return row.category
    return ErrorCategory.UNKNOWN
