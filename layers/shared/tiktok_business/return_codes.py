"""TikTok's return codes: the one table that says what an answer's ``code`` means for a caller.

TikTok answers errors with HTTP 200 and a ``code`` other than 0, and the code outranks the HTTP status. Some codes mean
several things; for these the ``message`` decides, so rows with a pattern stand before the row without.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Meaning(StrEnum):
    """What a return code tells the caller to do."""

    OK = "ok"
    TOKEN_DEAD = "token_dead"  # noqa: S105 - the name of a meaning, not a password
    """The access token will never work again: the person must connect again."""
    SCOPE_MISSING = "scope_missing"
    """The token lacks a permission for this endpoint; other endpoints may answer."""
    NO_ACCESS = "no_access"
    """This token may not operate this advertiser; another person's token may."""
    ADVERTISER_GONE = "advertiser_gone"
    """The advertiser does not exist (any more)."""
    RATE_LIMITED = "rate_limited"
    """Refused before anything was done: safe to repeat later, writes too."""
    NOT_DONE = "not_done"
    """Not done, for a reason that may pass: safe to repeat, writes too."""
    TRANSIENT = "transient"
    """TikTok's own trouble: reads may be repeated, writes may have happened."""
    REJECTED = "rejected"
    """TikTok refuses this request for what it says; repeating it changes nothing."""
    UNSUPPORTED = "unsupported"
    """This environment, app or region does not have the endpoint."""
    UNKNOWN = "unknown"
    """Nothing may be concluded, not even that nothing was done."""


@dataclass(frozen=True, slots=True)
class ReturnCode:
    """One row: codes ``first`` to ``last``, narrowed by ``pattern`` where a code means several things."""

    first: int
    last: int
    meaning: Meaning
    note: str
    source: str
    pattern: re.Pattern[str] | None = None


_EVA = "EVA errors/tiktok-ads-error-codes.yml, 2026-08-13"
_SDK = "SDK tiktok_code.py, 2026-02-27"
_LIVE = "reported from a live account, 2026-09-15"
_PH = "PostHog/posthog#78577; EVA, 2026-08-13"

_WRONG_APP = re.compile(r"inconsistent with the token", re.IGNORECASE)
_SCOPE = re.compile(r"\bscopes?\b", re.IGNORECASE)
_GONE = re.compile(r"\b(advertiser|ad account)\b.* doesn.t exist or has been deleted", re.IGNORECASE)


def _row(
    code: int | tuple[int, int], meaning: Meaning, note: str, source: str = _EVA, pattern: re.Pattern[str] | None = None
) -> ReturnCode:
    first, last = code if isinstance(code, tuple) else (code, code)
    return ReturnCode(first, last, meaning, note, source, pattern)


RETURN_CODES: tuple[ReturnCode, ...] = (
    _row(0, Meaning.OK, "success"),
    _row(40000, Meaning.TOKEN_DEAD, "the token belongs to another app", _PH, _WRONG_APP),
    _row(40113, Meaning.TOKEN_DEAD, "the token belongs to another app", _PH, _WRONG_APP),
    _row(40102, Meaning.TOKEN_DEAD, "token expired"),
    _row(40104, Meaning.TOKEN_DEAD, "no token in the header"),
    _row(40105, Meaning.TOKEN_DEAD, "token incorrect or revoked"),
    _row(40106, Meaning.TOKEN_DEAD, "core user invalid for this advertiser"),
    _row(40114, Meaning.TOKEN_DEAD, "advertiser logged out", _SDK),
    _row(40309, Meaning.TOKEN_DEAD, "login required", _SDK),
    _row(40001, Meaning.SCOPE_MISSING, "the token lacks a scope", _EVA, _SCOPE),
    _row(40003, Meaning.SCOPE_MISSING, "forbidden", _SDK),
    _row((40130, 40131), Meaning.SCOPE_MISSING, "scope not authorised", _SDK),
    _row((40001, 40002), Meaning.ADVERTISER_GONE, "the advertiser does not exist", _LIVE, _GONE),
    _row((40300, 40301), Meaning.ADVERTISER_GONE, "the advertiser does not exist or cannot be matched"),
    _row(40001, Meaning.NO_ACCESS, "no permission to operate the advertiser"),
    _row(40016, Meaning.RATE_LIMITED, "app-level limit for the endpoint"),
    _row(40100, Meaning.RATE_LIMITED, "app-level limit for the endpoint"),
    _row(40132, Meaning.RATE_LIMITED, "limit on the value of a field"),
    _row(40133, Meaning.RATE_LIMITED, "advertiser-level limit"),
    _row(61000, Meaning.RATE_LIMITED, "too many requests", _SDK),
    _row((40008, 40009), Meaning.UNSUPPORTED, "not implemented, or not in the sandbox"),
    _row((40013, 40014), Meaning.UNSUPPORTED, "no sandbox account, or not in the sandbox"),
    _row(40118, Meaning.UNSUPPORTED, "not on the allowlist"),
    _row(41000, Meaning.UNSUPPORTED, "the country of the client's IP is blocked"),
    _row(40900, Meaning.NOT_DONE, "an upload whose bytes are not those that were signed: damaged on its way"),
    _row((40902, 40903), Meaning.NOT_DONE, "an upload that TikTok could not fetch"),
    _row(40913, Meaning.NOT_DONE, "an upload that TikTok could not fetch"),
    _row((40201, 40202), Meaning.TRANSIENT, "not ready, or a write conflict"),
    _row(70001, Meaning.REJECTED, "invalid type of business authorisation", _SDK),
    _row(20001, Meaning.UNKNOWN, "partial success: a part was done"),
    # What the rows above do not name: 4xxxx is definitive, 5xxxx and 6xxxx are TikTok's own trouble.
    _row((40000, 49999), Meaning.REJECTED, "invalid request (40002 is TikTok's catch-all)"),
    _row((50000, 69999), Meaning.TRANSIENT, "TikTok's own services: 50000, 50002, 51xxx, 52xxx, 531xx, 60001"),
)


def classify(code: int, message: str, table: Iterable[ReturnCode] = RETURN_CODES) -> Meaning:
    """What ``code`` means, read with ``message`` where the code alone does not say.

    Of a code outside the table (a negative one, say) nothing is known.
    """
    for row in table:
        if row.first <= code <= row.last and (row.pattern is None or row.pattern.search(message)):
            return row.meaning
    return Meaning.UNKNOWN
