"""What each operation must tell, by the lesson that TikTok's answer holds. Written from the contract, not from runs."""

from collections.abc import Callable, Mapping

from tests.deep.fault_matrix.faults import Lesson

Word = str
"""What the caller is told, in a few words."""
Plain = Mapping[str, Word]
Rule = Callable[[Plain, Lesson, str], Word]
"""Given what is told where nothing goes wrong, by scene; the lesson; and the scene."""

NO_TOKEN = "no_token"

_REASONS: Mapping[Lesson, str] = {
    Lesson.NO_ACCESS: "missing_scope",  # the advertiser answers elsewhere: only this endpoint is refused
    Lesson.NO_SCOPE: "missing_scope",
    Lesson.RATE_LIMITED: "rate_limited",
    Lesson.REFUSED: "upstream_error",
    Lesson.UNSUPPORTED: "upstream_error",
    Lesson.NOT_DONE: "upstream_error",
    Lesson.TROUBLE: "upstream_error",
    Lesson.ODD: "unexpected_response",
    Lesson.ODD_ROWS: "unexpected_response",
    Lesson.ROWS_WITHHELD: "unexpected_response",
    Lesson.LATE: "timeout",
}
"""Contract §5: why a prerequisite is unknown."""
_LIST_PROBLEMS: Mapping[Lesson, str] = {
    Lesson.TOKEN_DEAD: "409 no_token",
    Lesson.NO_ACCESS: "403 advertiser_not_accessible",
    Lesson.RATE_LIMITED: "503 tiktok_rate_limited",
    Lesson.LATE: "504 tiktok_timeout",
}
"""Contract §4; all else is TikTok's error."""
_CREATE_PROBLEMS: Mapping[Lesson, str] = {
    Lesson.TOKEN_DEAD: "409 no_token",
    Lesson.NO_ACCESS: "403 advertiser_not_accessible",
    Lesson.NO_SCOPE: "422 tiktok_rejected",
    Lesson.REFUSED: "422 tiktok_rejected",
    Lesson.UNSUPPORTED: "422 tiktok_rejected",
    Lesson.RATE_LIMITED: "503 tiktok_rate_limited",
    Lesson.LATE: "504 tiktok_timeout",
}
TIKTOK_ERROR = "502 tiktok_error"
FOUND = "201 found by name"
EITHER = "502 tiktok_error or 504 tiktok_timeout"
"""Of a write that failed in one way and a look that failed in the other: both say that it may be repeated."""


def teaches_nothing_new(lesson: Lesson, scene: str) -> bool:
    """Whether the answer says what it would say without the fault."""
    return lesson is Lesson.NOTHING_WRONG or (lesson is Lesson.ODD_ROWS and scene == "absent")


def required(plain: Plain, lesson: Lesson, scene: str) -> Word:
    """A prerequisite: what TikTok showed is true; what it did not tell is unknown, never missing."""
    if teaches_nothing_new(lesson, scene) or (lesson is Lesson.ROWS_WITHHELD and scene == "there"):
        return plain[scene]
    return NO_TOKEN if lesson is Lesson.TOKEN_DEAD else f"unknown: {_REASONS[lesson]}"


def checked(plain: Plain, lesson: Lesson, scene: str) -> Word:
    """The identity check: as a prerequisite, but it asks nothing else that could tell access from scope."""
    if lesson is Lesson.NO_ACCESS:
        return "api_error: advertiser_not_accessible"
    return required(plain, lesson, scene).replace("unknown: ", "api_error: ")


def listed(plain: Plain, lesson: Lesson, scene: str) -> Word:
    """The list: all of it or a problem, as both types are asked of the same endpoint."""
    if teaches_nothing_new(lesson, scene):
        return plain[scene]
    return _LIST_PROBLEMS.get(lesson, TIKTOK_ERROR)


def partly_listed(plain: Plain, lesson: Lesson, scene: str) -> Word:
    """The list where one type fails: the other is shown, and it is said to be incomplete."""
    if teaches_nothing_new(lesson, scene):
        return plain[scene]
    if lesson is Lesson.TOKEN_DEAD:
        return _LIST_PROBLEMS[lesson]
    return f"200, {1 if scene == 'there' else 0} listed, incomplete"


def created(plain: Plain, lesson: Lesson, scene: str) -> Word:
    """The write: refused where TikTok says so; where it does not, TikTok is asked what came of it."""
    if lesson is Lesson.NOTHING_WRONG:
        return plain[scene]
    problem = _CREATE_PROBLEMS.get(lesson, TIKTOK_ERROR)
    return FOUND if scene == "acted" else problem


def looked_for(plain: Plain, lesson: Lesson, scene: str) -> Word:
    """The look after a write whose answer was lost: what cannot be seen leaves the write's own failure standing."""
    if lesson in {Lesson.NOTHING_WRONG, Lesson.ROWS_WITHHELD}:
        return plain[scene]
    return {Lesson.TOKEN_DEAD: "409 no_token", Lesson.LATE: EITHER}.get(lesson, TIKTOK_ERROR)


def strictly(plain: Plain, lesson: Lesson, scene: str) -> Word:
    """The flag under ``strict``: one value of one row, so whatever spoils it leaves the identity unknown."""
    if lesson is Lesson.NOTHING_WRONG:
        return plain[scene]
    return NO_TOKEN if lesson is Lesson.TOKEN_DEAD else f"unknown: {_REASONS[lesson]}"


def advice(lost: Word) -> Rule:
    """What only warns: unreadable it is left out, and the verdict stands."""

    def rule(plain: Plain, lesson: Lesson, scene: str) -> Word:
        if lesson is Lesson.NOTHING_WRONG:
            return plain[scene]
        return NO_TOKEN if lesson is Lesson.TOKEN_DEAD else lost

    return rule


def warned(lost: Word) -> Rule:
    """A write's warning: unreadable it is left out; the identity is there, whatever is said of the token."""
    return lambda plain, lesson, scene: plain[scene] if lesson is Lesson.NOTHING_WRONG else lost


_EXCHANGE: Mapping[Lesson, str] = {
    Lesson.NOT_OUR_APP: "connect_not_set_up",
    Lesson.REFUSED: "code_rejected",
    Lesson.TOKEN_DEAD: "code_rejected",
    Lesson.RATE_LIMITED: "tiktok_rate_limited",
    Lesson.LATE: "tiktok_timeout",
}
"""What the wizard is told; all else is TikTok's error."""
_REVOCATION: Mapping[Lesson, str] = {
    Lesson.RATE_LIMITED: "503 tiktok_rate_limited",
    Lesson.LATE: "504 tiktok_timeout",
}
NOT_LISTED = "connected, not listed"


def exchanged(plain: Plain, lesson: Lesson, scene: str) -> Word:
    """The code's exchange: connected exactly where TikTok's answer holds a token."""
    return plain[scene] if lesson is Lesson.NOTHING_WRONG else _EXCHANGE.get(lesson, "tiktok_error")


def listed_once_connected(plain: Plain, lesson: Lesson, scene: str) -> Word:
    """The list of a new connection: what TikTok does not tell is told later, and connected is connected."""
    return plain[scene] if teaches_nothing_new(lesson, scene) else NOT_LISTED


def revoked(plain: Plain, lesson: Lesson, scene: str) -> Word:
    """A token that is dead is what was wanted; what else TikTok says leaves something to be repeated."""
    if lesson in {Lesson.NOTHING_WRONG, Lesson.TOKEN_DEAD}:
        return plain[scene]
    return _REVOCATION.get(lesson, TIKTOK_ERROR)


def refreshed(plain: Plain, lesson: Lesson, scene: str) -> Word:
    """The daily refresh: a list that TikTok does not tell stays as it was; a dead token ends the connection."""
    if teaches_nothing_new(lesson, scene):
        return plain[scene]
    return "expired" if lesson is Lesson.TOKEN_DEAD else "as before"


def found_in_own_list(plain: Plain, lesson: Lesson, scene: str) -> Word:
    """The preflight's look whether the list has grown: where TikTok does not tell, it has not."""
    if teaches_nothing_new(lesson, scene):
        return plain[scene]
    return NO_TOKEN if lesson is Lesson.TOKEN_DEAD else "403 advertiser_not_accessible"


def uploaded(plain: Plain, lesson: Lesson, scene: str) -> Word:
    """An upload: refused where TikTok says so; where nothing is known the caller may repeat it."""
    return plain[scene] if lesson is Lesson.NOTHING_WRONG else _CREATE_PROBLEMS.get(lesson, TIKTOK_ERROR)
