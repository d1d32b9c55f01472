"""The columns of the matrix: what can go wrong at TikTok, and which lesson may be drawn from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from local.tiktok_simulator import FaultKind
from tiktok_business.return_codes import RETURN_CODES, Meaning, classify

TOKEN = "<the token>"
"""Stands in a fault for the token that is asked with: TikTok repeats it to whoever it refuses."""
THE_IDS_DIGITS = "<the id as a number>"
MORE_THAN_50_PAGES = "more than 50 pages"
SECONDS_OF_SILENCE = 6.0
BEYOND_10_MB = 1_000_000
"""Stands for as many repetitions as make an answer of more than the product reads."""


APP_REFUSED = frozenset({40101, 40113})
"""Codes that speak of the app where there is no token yet."""
OTHER_APP = frozenset({40000, 40113})
"""Codes that say that app and token do not fit each other; where the app proves itself, it may be the app's fault."""


class Lesson(StrEnum):
    """What a caller may learn from an answer; the rules are about these, not about single faults."""

    NOTHING_WRONG = "nothing wrong"
    """It says what it would say without the fault."""
    TOKEN_DEAD = "token dead"
    NO_ACCESS = "no access"
    NO_SCOPE = "no scope"
    RATE_LIMITED = "rate limited"
    REFUSED = "refused"
    """Definitely not done, and repeating it changes nothing."""
    UNSUPPORTED = "unsupported"
    """The same, whatever is asked."""
    NOT_OUR_APP = "not our app"
    """The app itself is refused: nothing can be done by the person."""
    NOT_DONE = "not done"
    """Definitely not done, and it may be done when it is repeated."""
    TROUBLE = "trouble"
    """Nothing learnt: TikTok's or the network's trouble. A write may have been done."""
    ODD = "odd"
    """Nothing learnt: no answer of the documented shape. A write may have been done."""
    LATE = "late"
    """Nothing learnt in time. A write may have been done."""
    ODD_ROWS = "odd rows"
    """Rows that cannot be read; where there are none, it says what it would say without the fault."""
    ROWS_WITHHELD = "rows withheld"
    """TikTok counts more rows than it shows: what is shown is true, that there is no more is not."""


class Part(StrEnum):
    """What a key of TikTok's answer is to the product."""

    LIST = "list"
    """Holds the rows."""
    ID = "id"
    """Of a row: a text, or a number that counts as its digits."""
    NEEDED = "needed"
    """Without it the row says nothing."""
    DECIDING = "deciding"
    """Absent or null it is no information; of another type the row says nothing."""
    SHOWN = "shown"
    """Shown or counted, never decided by."""


_TEXT, _NUMBER, _TRUE = f"unexpected {TOKEN}", 7, True
_OBJECT: dict[str, Any] = {"token": TOKEN}
_ARRAY: list[Any] = [TOKEN]
_WRONG: Mapping[Part, tuple[Any, ...]] = {
    Part.LIST: (None, _TEXT, _NUMBER, _TRUE, _OBJECT),
    Part.ID: (None, "", _TRUE, 1.5, _OBJECT, _ARRAY),
    Part.NEEDED: (None, _NUMBER, _TRUE, _OBJECT, _ARRAY),
    Part.DECIDING: (_NUMBER, _OBJECT, _ARRAY),
    Part.SHOWN: (None, _NUMBER, _TRUE, _OBJECT, _ARRAY),
}


@dataclass(frozen=True)
class Strike:
    """One way in which a fault strikes: a fault's fields, and the part of the answer that it is about."""

    kind: FaultKind | None
    values: Mapping[str, Any] = field(default_factory=dict)
    part: Part | None = None
    """Struck in turn: every key of the endpoint that is such a part."""
    both: bool = False
    """Of a write: it can end either way, so both are tried."""


@dataclass(frozen=True)
class Trouble:
    """One row of the printed matrix: strikes that must all be told the same way."""

    name: str
    lesson: Lesson
    strikes: tuple[Strike, ...]


_SAMPLES = (
    "The app_id is inconsistent with the token's app information.",
    "The access token lacks the required scope.",
    "The advertiser doesn't exist or has been deleted.",
)
_MORE_CODES = {
    Meaning.REJECTED: (40002, 40004, 40110, 40700),
    Meaning.TRANSIENT: (50002, 51000, 52000, 53100, 60001),
    Meaning.UNKNOWN: (39999, 70000, 999999),
}


def _codes(meaning: Meaning) -> Iterator[Strike]:
    """Every code of the product's own table with this meaning, with a message that makes it mean so."""
    for row in RETURN_CODES:
        if row.meaning is not meaning:
            continue
        message = "Simulated."
        if row.pattern is not None:
            message = next(text for text in _SAMPLES if row.pattern.search(text))
        for code in sorted({row.first, row.last}):
            if classify(code, message) is meaning:
                yield _code(code, message)
    for code in _MORE_CODES.get(meaning, ()):
        yield _code(code, "Simulated.")


def _without(codes: frozenset[int], trouble: Trouble) -> Trouble:
    strikes = tuple(one for one in trouble.strikes if one.values["code"] not in codes)
    return Trouble(_told(trouble.name.partition(":")[0], strikes), trouble.lesson, strikes)


def _only(code: int, message: str, name: str, lesson: Lesson) -> Trouble:
    return Trouble(f"{name}: {code}", lesson, (_code(code, message),))


def _other_app(name: str) -> Trouble:
    strikes = tuple(_code(code, _SAMPLES[0]) for code in sorted(OTHER_APP))
    return Trouble(_told(name, strikes), Lesson.TOKEN_DEAD, strikes)


def _code(code: int, message: str) -> Strike:
    return Strike(FaultKind.CODE, {"code": code, "message": f"{message} Access-Token: {TOKEN}"}, both=True)


def _class(name: str, lesson: Lesson, meaning: Meaning) -> Trouble:
    strikes = tuple(_codes(meaning))
    return Trouble(_told(name, strikes), lesson, strikes)


def _told(name: str, strikes: tuple[Strike, ...]) -> str:
    return f"{name}: {', '.join(str(one) for one in _numbers(strikes))}"


def _numbers(strikes: tuple[Strike, ...]) -> list[int]:
    return sorted({strike.values["code"] for strike in strikes})


def _http(lesson: Lesson, *statuses: int) -> Trouble:
    strikes = tuple(Strike(FaultKind.HTTP_STATUS, {"status": status}, both=True) for status in statuses)
    return Trouble(f"HTTP {', '.join(str(one) for one in statuses)} with HTML", lesson, strikes)


def _simple(name: str, lesson: Lesson, kind: FaultKind, **values: Any) -> Trouble:
    return Trouble(name, lesson, (Strike(kind, values, both=kind is FaultKind.HANG),))


def _wrong(name: str, lesson: Lesson, *parts: Part) -> Trouble:
    strikes = [Strike(FaultKind.WRONG_TYPE, {"value": value}, part) for part in parts for value in _WRONG[part]]
    return Trouble(name, lesson, tuple(strikes))


def _absent(name: str, lesson: Lesson, *parts: Part) -> Trouble:
    return Trouble(name, lesson, tuple(Strike(FaultKind.MISSING_KEY, part=part) for part in parts))


L = Lesson
K = FaultKind
TROUBLES: tuple[Trouble, ...] = (
    Trouble("none", L.NOTHING_WRONG, (Strike(None),)),
    _without(OTHER_APP, _class("token dead", L.TOKEN_DEAD, Meaning.TOKEN_DEAD)),
    _other_app("token of another app"),
    _only(40101, "Incorrect app secret.", "app refused", L.REFUSED),
    _class("scope missing", L.NO_SCOPE, Meaning.SCOPE_MISSING),
    _class("no access", L.NO_ACCESS, Meaning.NO_ACCESS),
    _class("advertiser gone", L.NO_ACCESS, Meaning.ADVERTISER_GONE),
    _class("rate limited", L.RATE_LIMITED, Meaning.RATE_LIMITED),
    _class("TikTok's trouble", L.TROUBLE, Meaning.TRANSIENT),
    _class("request rejected", L.REFUSED, Meaning.REJECTED),
    _class("unsupported", L.UNSUPPORTED, Meaning.UNSUPPORTED),
    _class("not done this time", L.NOT_DONE, Meaning.NOT_DONE),
    _class("no such code known", L.ODD, Meaning.UNKNOWN),
    _http(L.RATE_LIMITED, 429),
    _http(L.TROUBLE, 500, 502, 503, 504),
    _http(L.TROUBLE, 403, 404, 413),
    _simple("hang", L.LATE, K.HANG, seconds=SECONDS_OF_SILENCE),
    _simple("slow drip", L.LATE, K.SLOW_DRIP, seconds=SECONDS_OF_SILENCE),
    _simple("late, but in time", L.NOTHING_WRONG, K.LATENCY, seconds=0.03),
    _simple("reset before", L.TROUBLE, K.RESET_BEFORE),
    _simple("reset after", L.TROUBLE, K.RESET_AFTER),
    _simple("connection closed within the body", L.TROUBLE, K.SHORT_BODY),
    _simple("truncated JSON", L.TROUBLE, K.TRUNCATED_JSON),
    _simple("HTTP 200 with HTML", L.TROUBLE, K.NON_JSON),
    _simple("a list at the top", L.ODD, K.WRONG_TOP_LEVEL),
    _simple("`data` null", L.ODD, K.DATA_NULL),
    _absent("no list of rows", L.ODD, Part.LIST),
    _absent("rows without an id, or what else is needed", L.ODD_ROWS, Part.ID, Part.NEEDED),
    _absent("rows without other fields, or no page counts", L.NOTHING_WRONG, Part.DECIDING, Part.SHOWN),
    _wrong("list of rows of another type", L.ODD, Part.LIST),
    _wrong("id, or what else is needed, of another type", L.ODD_ROWS, Part.ID, Part.NEEDED),
    _wrong("field that decides of another type", L.ODD_ROWS, Part.DECIDING),
    _wrong("field that is shown, or page counts, of another type", L.NOTHING_WRONG, Part.SHOWN),
    Trouble(
        "ids as numbers, deciding fields null",
        L.NOTHING_WRONG,
        (
            Strike(K.WRONG_TYPE, {"value": THE_IDS_DIGITS}, Part.ID),
            Strike(K.WRONG_TYPE, {"value": None}, Part.DECIDING),
        ),
    ),
    _simple("the same rows 300 times", L.NOTHING_WRONG, K.HUGE_LIST, repeat=300),
    _simple("a list beyond 10 MB", L.ODD_ROWS, K.HUGE_LIST, repeat=BEYOND_10_MB),
    Trouble(MORE_THAN_50_PAGES, L.ODD, (Strike(None),)),
    _simple("every page the first", L.ODD, K.DUPLICATE_PAGES),
    Trouble(
        "more rows counted than shown",
        L.ROWS_WITHHELD,
        (Strike(K.CHANGING_TOTALS, {"step": 1}), Strike(K.CHANGING_TOTALS, {"step": 5})),
    ),
    _simple("fewer rows counted than shown", L.NOTHING_WRONG, K.CHANGING_TOTALS, step=-1),
    _simple("a cursor for pages", L.NOTHING_WRONG, K.CURSOR),
)
