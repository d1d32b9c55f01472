"""The failures of the matrix: what can go wrong at TikTok, and what may be concluded from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from local.tiktok_simulator import FaultKind
from tiktok_business.return_codes import RETURN_CODES, ErrorCategory, classify

TOKEN = "<the token>"
"""Placeholder in a fault for the request's token: TikTok's error messages may repeat it."""
ID_AS_NUMBER = "<the id as a number>"
MORE_THAN_50_PAGES = "more than 50 pages"
HANG_SECONDS = 6.0
BEYOND_10_MB = 1_000_000
"""Placeholder for as many repetitions as make a response larger than the product reads."""

APP_REJECTED_CODES = frozenset({40101, 40113})
"""Codes that mean the app when there is no token yet."""
OTHER_APP_CODES = frozenset({40000, 40113})
"""Codes that mean that app and token do not match; with the app's secret it may be the app's fault."""


class Conclusion(StrEnum):
    """What may be concluded from a response; the rules apply to these, not to single faults."""

    UNAFFECTED = "unaffected"
    """The same as without the fault."""
    TOKEN_INVALID = "token invalid"
    NO_ACCESS = "no access"
    SCOPE_MISSING = "scope missing"
    RATE_LIMITED = "rate limited"
    REJECTED = "rejected"
    """Definitely not applied, and a retry changes nothing."""
    DEPLOYMENT_REFUSED = "deployment refused"
    """The same for every request."""
    APP_REJECTED = "app rejected"
    """The app itself is rejected: the person can do nothing."""
    NOT_APPLIED = "not applied"
    """Definitely not applied, and a retry may succeed."""
    TRANSIENT = "transient failure"
    """Nothing: TikTok or the network failed. A write may have been applied."""
    UNEXPECTED = "unexpected"
    """Nothing: the response has no documented form. A write may have been applied."""
    TIMEOUT = "timeout"
    """Nothing in time. A write may have been applied."""
    UNREADABLE_ROWS = "unreadable rows"
    """Rows that cannot be read; without rows the same as without the fault."""
    ROWS_MISSING = "rows missing"
    """TikTok counts more rows than it returns: the returned rows count, absence is not proven."""


class Part(StrEnum):
    """What the product uses a key in TikTok's response for."""

    LIST = "list"
    """Contains the rows."""
    ID = "id"
    """Id of a row: a string, or a number that is read as its digits."""
    REQUIRED = "required"
    """Without it the row is invalid."""
    DECIDING = "deciding"
    """Absent or null is no information; of another type the row is invalid."""
    DISPLAYED = "displayed"
    """Displayed; decides nothing."""
    COUNT = "count"
    """Counts rows or pages. Absent or null is no information; one that cannot be read proves no absence."""


_TEXT, _NUMBER, _TRUE = f"unexpected {TOKEN}", 7, True
_OBJECT: dict[str, Any] = {"token": TOKEN}
_ARRAY: list[Any] = [TOKEN]
_WRONG: Mapping[Part, tuple[Any, ...]] = {
    Part.LIST: (None, _TEXT, _NUMBER, _TRUE, _OBJECT),
    Part.ID: (None, "", _TRUE, 1.5, _OBJECT, _ARRAY),
    Part.REQUIRED: (None, _NUMBER, _TRUE, _OBJECT, _ARRAY),
    Part.DECIDING: (_NUMBER, _OBJECT, _ARRAY),
    Part.DISPLAYED: (None, _NUMBER, _TRUE, _OBJECT, _ARRAY),
    Part.COUNT: (_TEXT, _TRUE, _ARRAY),
}


@dataclass(frozen=True)
class Variant:
    """One variant of a failure: the fields of the simulator's fault, and the affected part of the response."""

    kind: FaultKind | None
    values: Mapping[str, Any] = field(default_factory=dict)
    part: Part | None = None
    """Applied to each key of the endpoint that is such a part."""
    both: bool = False
    """For a write: whether it may be applied or not, so that both are tested."""


@dataclass(frozen=True)
class Failure:
    """One line of the printed matrix: variants that must all have the same result."""

    name: str
    conclusion: Conclusion
    variants: tuple[Variant, ...]


_SAMPLES = (
    "The app_id is inconsistent with the token's app information.",
    "The access token lacks the required scope.",
    "The advertiser doesn't exist or has been deleted.",
)
_MORE_CODES = {
    ErrorCategory.REJECTED: (40002, 40004, 40110, 40700),
    ErrorCategory.TRANSIENT: (50002, 51000, 52000, 53100, 60001),
    ErrorCategory.UNKNOWN: (39999, 70000, 999999),
}


def _codes(category: ErrorCategory) -> Iterator[Variant]:
    """Yield every code of the product's table with this category, with a matching message."""
    for row in RETURN_CODES:
        if row.category is not category:
            continue
        message = "Simulated."
        if row.pattern is not None:
            message = next(text for text in _SAMPLES if row.pattern.search(text))
        for code in sorted({row.first, row.last}):
            if classify(code, message) is category:
                yield _code(code, message)
    for code in _MORE_CODES.get(category, ()):
        yield _code(code, "Simulated.")


def _without(codes: frozenset[int], failure: Failure) -> Failure:
    variants = tuple(one for one in failure.variants if one.values["code"] not in codes)
    return Failure(_name_of(failure.name.partition(":")[0], variants), failure.conclusion, variants)


def _other_app(name: str) -> Failure:
    variants = tuple(_code(code, _SAMPLES[0]) for code in sorted(OTHER_APP_CODES))
    return Failure(_name_of(name, variants), Conclusion.TOKEN_INVALID, variants)


def _code(code: int, message: str) -> Variant:
    return Variant(FaultKind.CODE, {"code": code, "message": f"{message} Access-Token: {TOKEN}"}, both=True)


def _class(name: str, conclusion: Conclusion, category: ErrorCategory) -> Failure:
    variants = tuple(_codes(category))
    return Failure(_name_of(name, variants), conclusion, variants)


def _name_of(name: str, variants: tuple[Variant, ...]) -> str:
    return f"{name}: {', '.join(str(one) for one in _numbers(variants))}"


def _numbers(variants: tuple[Variant, ...]) -> list[int]:
    return sorted({variant.values["code"] for variant in variants})


def _http(conclusion: Conclusion, *statuses: int) -> Failure:
    variants = tuple(Variant(FaultKind.HTTP_STATUS, {"status": status}, both=True) for status in statuses)
    return Failure(f"HTTP {', '.join(str(one) for one in statuses)} with HTML", conclusion, variants)


def _simple(name: str, conclusion: Conclusion, kind: FaultKind, **values: Any) -> Failure:
    return Failure(name, conclusion, (Variant(kind, values, both=kind is FaultKind.HANG),))


def _wrong(name: str, conclusion: Conclusion, *parts: Part) -> Failure:
    variants = [Variant(FaultKind.WRONG_TYPE, {"value": value}, part) for part in parts for value in _WRONG[part]]
    return Failure(name, conclusion, tuple(variants))


def _absent(name: str, conclusion: Conclusion, *parts: Part) -> Failure:
    return Failure(name, conclusion, tuple(Variant(FaultKind.MISSING_KEY, part=part) for part in parts))


L = Conclusion
K = FaultKind
FAILURES: tuple[Failure, ...] = (
    Failure("none", L.UNAFFECTED, (Variant(None),)),
    _without(OTHER_APP_CODES, _class("invalid token", L.TOKEN_INVALID, ErrorCategory.TOKEN_INVALID)),
    _other_app("token of another app"),
    _class("scope missing", L.SCOPE_MISSING, ErrorCategory.SCOPE_MISSING),
    _class("no access", L.NO_ACCESS, ErrorCategory.NO_ACCESS),
    _class("advertiser gone", L.NO_ACCESS, ErrorCategory.ADVERTISER_GONE),
    _class("rate limited", L.RATE_LIMITED, ErrorCategory.RATE_LIMITED),
    _class("transient failure", L.TRANSIENT, ErrorCategory.TRANSIENT),
    _class("request rejected", L.REJECTED, ErrorCategory.REJECTED),
    _class("deployment refused", L.DEPLOYMENT_REFUSED, ErrorCategory.DEPLOYMENT_REFUSED),
    _class("not applied", L.NOT_APPLIED, ErrorCategory.NOT_APPLIED),
    _class("unknown code", L.UNEXPECTED, ErrorCategory.UNKNOWN),
    _http(L.RATE_LIMITED, 429),
    _http(L.TRANSIENT, 500, 502, 503, 504),
    _http(L.TRANSIENT, 403, 404, 413),
    _simple("hang", L.TIMEOUT, K.HANG, seconds=HANG_SECONDS),
    _simple("slow drip", L.TIMEOUT, K.SLOW_DRIP, seconds=HANG_SECONDS),
    _simple("late, but before the deadline", L.UNAFFECTED, K.LATENCY, seconds=0.03),
    _simple("connection reset before processing", L.TRANSIENT, K.RESET_BEFORE),
    _simple("connection reset after processing", L.TRANSIENT, K.RESET_AFTER),
    _simple("connection closed within the body", L.TRANSIENT, K.SHORT_BODY),
    _simple("truncated JSON", L.TRANSIENT, K.TRUNCATED_JSON),
    _simple("HTTP 200 with HTML", L.TRANSIENT, K.NON_JSON),
    _simple("top-level list", L.UNEXPECTED, K.WRONG_TOP_LEVEL),
    _simple("`data` null", L.UNEXPECTED, K.DATA_NULL),
    _absent("no list of rows", L.UNEXPECTED, Part.LIST),
    _absent("rows without a required field", L.UNREADABLE_ROWS, Part.ID, Part.REQUIRED),
    _absent("rows without optional fields, or no page counts", L.UNAFFECTED, Part.DECIDING, Part.DISPLAYED, Part.COUNT),
    _wrong("list of rows of another type", L.UNEXPECTED, Part.LIST),
    _wrong("required field of another type", L.UNREADABLE_ROWS, Part.ID, Part.REQUIRED),
    _wrong("deciding field of another type", L.UNREADABLE_ROWS, Part.DECIDING),
    _wrong("displayed field of another type", L.UNAFFECTED, Part.DISPLAYED),
    _wrong("page counts of another type", L.ROWS_MISSING, Part.COUNT),
    Failure(
        "ids as numbers, deciding fields and page counts null",
        L.UNAFFECTED,
        (
            Variant(K.WRONG_TYPE, {"value": ID_AS_NUMBER}, Part.ID),
            Variant(K.WRONG_TYPE, {"value": None}, Part.DECIDING),
            Variant(K.WRONG_TYPE, {"value": None}, Part.COUNT),
        ),
    ),
    _simple("the same rows 300 times", L.UNAFFECTED, K.HUGE_LIST, repeat=300),
    _simple("a list beyond 10 MB", L.UNREADABLE_ROWS, K.HUGE_LIST, repeat=BEYOND_10_MB),
    Failure(MORE_THAN_50_PAGES, L.UNEXPECTED, (Variant(None),)),
    _simple("every page repeats the first", L.UNEXPECTED, K.DUPLICATE_PAGES),
    Failure(
        "more rows counted than returned",
        L.ROWS_MISSING,
        (Variant(K.CHANGING_TOTALS, {"step": 1}), Variant(K.CHANGING_TOTALS, {"step": 5})),
    ),
    _simple("fewer rows counted than returned", L.UNAFFECTED, K.CHANGING_TOTALS, step=-1),
    _simple("cursor instead of pages", L.UNAFFECTED, K.CURSOR),
)
