"""The cells of the matrix: every way in which a trouble strikes an endpoint, in every scene that it can be told in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local.tiktok_simulator import Fault, FaultKind
from tests.deep.fault_matrix.faults import (
    APP_REFUSED,
    BEYOND_10_MB,
    MORE_THAN_50_PAGES,
    OTHER_APP,
    THE_IDS_DIGITS,
    TOKEN,
    TROUBLES,
    Lesson,
    Strike,
    Trouble,
)
from tests.deep.fault_matrix.rows import ACTED, NOT_ACTED, ROWS, Row
from tests.deep.fault_matrix.rules import NO_TOKEN, Word

EXCHANGE, LISTING, REVOKE = "oauth2/access_token/", "oauth2/advertiser/get/", "oauth2/revoke_token/"
TEN_MEGABYTES = 10_000_000
_BOOLEANS = frozenset({"can_use_custom_identity", "confirmed"})
_OBJECTS = frozenset({"asset_ownership"})
_COUNTS = frozenset({"total_number", "total_page"})
_SEVERAL_PAGES = frozenset({"far", "barren"})
_MAY_HAVE_ACTED = frozenset({Lesson.TROUBLE, Lesson.ODD, Lesson.LATE})


@dataclass(frozen=True)
class Cell:
    """One request with one fault in one scene. Small enough to be sent to another process."""

    row_number: int
    trouble_number: int
    strike_number: int
    key: str | None
    scene: str
    teammate: bool = False
    """Whether a teammate's token would do, should the caller's not."""

    @property
    def row(self) -> Row:
        return ROWS[self.row_number]

    @property
    def trouble(self) -> Trouble:
        return TROUBLES[self.trouble_number]

    @property
    def strike(self) -> Strike:
        return self.trouble.strikes[self.strike_number]

    @property
    def name(self) -> str:
        values = {**self.strike.values, **({"key": self.key} if self.key else {})}
        told = ", ".join(f"{name}={value!r}" for name, value in values.items())
        return f"{self.row.title}: {self.trouble.name} [{told}] {self.scene}{' + teammate' if self.teammate else ''}"

    @property
    def takes_time(self) -> bool:
        return self.trouble.lesson is Lesson.LATE

    @property
    def lesson(self) -> Lesson:
        """What this endpoint's answer teaches: it may have no pages that could repeat, or no counts."""
        kind = self.strike.kind
        if kind is FaultKind.DUPLICATE_PAGES and self.scene not in _SEVERAL_PAGES:
            return Lesson.NOTHING_WRONG
        if kind is FaultKind.CHANGING_TOTALS and not self.row.counted:
            return Lesson.NOTHING_WRONG
        if kind is FaultKind.SLOW_DRIP and self.row.patient:
            return Lesson.NOTHING_WRONG
        if self.row.endpoint in {LISTING, REVOKE} and self.trouble.lesson is Lesson.TOKEN_DEAD:
            return Lesson.REFUSED if self.strike.values["code"] in OTHER_APP else Lesson.TOKEN_DEAD
        if self.row.endpoint == EXCHANGE and self.strike.values.get("code") in APP_REFUSED:
            return Lesson.NOT_OUR_APP
        return self.trouble.lesson

    @property
    def expected(self) -> Word:
        return self.row.rule(self.row.plain, self.lesson, self.scene)

    @property
    def ends_the_tokens_turn(self) -> bool:
        """Whether a teammate's token is to be used."""
        if self.row.asks == "publish" or self.row.skip:  # what else is asked of the advertiser is answered
            return self.lesson is Lesson.TOKEN_DEAD
        return self.lesson in {Lesson.TOKEN_DEAD, Lesson.NO_ACCESS}

    @property
    def told(self) -> Word:
        """What is expected with the teammate's token taken into account."""
        return self.row.plain[self.scene] if self.teammate and self.ends_the_tokens_turn else self.expected

    @property
    def marks(self) -> bool:
        """Whether the caller's connection must end: TikTok calls the token dead, and what was done rests on it."""
        return self.lesson is Lesson.TOKEN_DEAD and NO_TOKEN in self.expected

    def fault(self, token: str) -> Fault | None:
        """The fault as the simulator takes it; ``token`` is what is repeated where the fault repeats it."""
        strike = self.strike
        if strike.kind is None:
            return None
        values = {name: _filled(value, token, self.row) for name, value in strike.values.items()}
        if self.key is not None:
            values["key"] = self.key
        if strike.both and self.scene == ACTED and not self.row.after_lost_write:
            values["applied"] = True
        return Fault(path=self.row.endpoint, kind=strike.kind, token=token, skip=self.row.skip, **values)


def _filled(value: Any, token: str, row: Row) -> Any:
    match value:
        case int() if value == BEYOND_10_MB and not isinstance(value, bool):
            return TEN_MEGABYTES * 6 // 5 // row.row_bytes
        case str() if value == THE_IDS_DIGITS:
            return int(row.id_number)
        case str():
            return value.replace(TOKEN, token)
        case list():
            return [_filled(one, token, row) for one in value]
        case dict():
            return {name: _filled(one, token, row) for name, one in value.items()}
        case _:
            return value


def cells() -> Iterator[Cell]:
    """All of them."""
    for row_number, row in enumerate(ROWS):
        for trouble_number, trouble in enumerate(TROUBLES):
            for strike_number, strike in enumerate(trouble.strikes):
                for key in _keys(row, strike):
                    for scene in _scenes(row, trouble, strike):
                        yield Cell(row_number, trouble_number, strike_number, key, scene)
                    if row.has_mates and trouble.lesson is not Lesson.LATE and trouble.name != MORE_THAN_50_PAGES:
                        yield Cell(row_number, trouble_number, strike_number, key, "there", teammate=True)


def _keys(row: Row, strike: Strike) -> list[str] | list[None]:
    """The keys of this endpoint that the strike is about, one at a time; [None] where it is about none."""
    if strike.kind is FaultKind.HUGE_LIST and strike.values["repeat"] == BEYOND_10_MB and not row.row_bytes:
        return []
    if strike.part is None:
        return [None]
    return [key for key in row.parts.get(strike.part, ()) if _is_wrong(key, strike)]


def _is_wrong(key: str, strike: Strike) -> bool:
    """Whether the value is one that the key cannot have."""
    value = strike.values.get("value")
    right = {bool: _BOOLEANS, dict: _OBJECTS, int: _COUNTS}.get(type(value), frozenset())
    return key not in right


def _scenes(row: Row, trouble: Trouble, strike: Strike) -> tuple[str, ...]:
    if trouble.name == MORE_THAN_50_PAGES:
        return ("endless",) if "endless" in row.scenes else ()
    if row.writes:
        return _ends(trouble, strike)
    if strike.kind is FaultKind.DUPLICATE_PAGES and "far" in row.scenes:
        return ("far", "barren")
    return (ACTED, NOT_ACTED) if row.after_lost_write else ("there", "absent")


def _ends(trouble: Trouble, strike: Strike) -> tuple[str, ...]:
    """How a write can have ended at TikTok that is told like this."""
    if strike.both:
        return (ACTED, NOT_ACTED) if trouble.lesson in _MAY_HAVE_ACTED else (NOT_ACTED,)
    return (NOT_ACTED,) if strike.kind is FaultKind.RESET_BEFORE else (ACTED,)
