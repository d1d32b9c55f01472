"""What looking at TikTok's rows finds, and the words for what could not be verified."""

from collections.abc import Iterator

import pytest

from publishing.preflight.findings import (
    Asset,
    Finding,
    Status,
    Unverified,
    gravest,
    refused_here_alone,
    search,
    unknown,
    unverified,
)
from tiktok_business.errors import (
    AdvertiserGoneError,
    AdvertiserNotAccessibleError,
    ConnectionLostError,
    IncompleteReadingError,
    NoTimeLeftError,
    NotSentError,
    RateLimitedError,
    RequestRejectedError,
    ScopeMissingError,
    TikTokError,
    TimedOutError,
    TokenRejectedError,
    UnavailableError,
    UnexpectedResponseError,
    UnsupportedError,
)

LIMITED = RateLimitedError("pixel/list/")


def asset(row: str) -> Asset:
    """The asset of a row; rows that begin with a minus are unusable."""
    return Asset(row, None, "PIXEL", ("unbound",) if row.startswith("-") else ())


def searched(rows: Iterator[str]) -> Finding:
    return search(rows, asset, none="no_pixel", unusable="pixel_unbound")


def breaking_after(*rows: str) -> Iterator[str]:
    yield from rows
    raise LIMITED


def test_the_words_of_the_api() -> None:
    """Callers read these; a word that changes breaks them."""
    assert [*Status] == ["satisfied", "missing", "unknown", "not_required"]
    assert [*Unverified] == [
        "rate_limited",
        "timeout",
        "upstream_error",
        "unexpected_response",
        "missing_scope",
        "advertiser_not_accessible",
        "token_expired",
        "no_token",
        "no_business_center",
    ]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (TokenRejectedError, "token_expired"),
        (AdvertiserNotAccessibleError, "advertiser_not_accessible"),
        (AdvertiserGoneError, "advertiser_not_accessible"),
        (ScopeMissingError, "missing_scope"),
        (RateLimitedError, "rate_limited"),
        (TimedOutError, "timeout"),
        (NoTimeLeftError, "timeout"),
        (UnavailableError, "upstream_error"),
        (ConnectionLostError, "upstream_error"),
        (NotSentError, "upstream_error"),
        (UnexpectedResponseError, "unexpected_response"),
        (IncompleteReadingError, "unexpected_response"),
        (RequestRejectedError, "upstream_error"),
        (UnsupportedError, "upstream_error"),
        (TikTokError, "upstream_error"),
    ],
)
def test_why_something_is_unknown(kind: type[TikTokError], word: str) -> None:
    """Each error has its word, and the finding keeps the error and what was seen before it."""
    error = kind("pixel/list/")
    assert unverified(error) == word
    assert unknown(error, iter([asset("-1")])) == Finding(Status.UNKNOWN, word, (asset("-1"),), error)
    assert unknown(error).assets == ()


def test_the_first_usable_row_satisfies() -> None:
    """With what was passed over before it; what comes after it is not read."""
    rows = iter(["-1", "2", "3"])
    assert searched(rows) == Finding(Status.SATISFIED, None, (asset("-1"), asset("2")))
    assert [*rows] == ["3"]


def test_a_usable_row_satisfies_before_the_reading_fails() -> None:
    """What TikTok would have said after it is not asked."""
    assert searched(breaking_after("1")) == Finding(Status.SATISFIED, None, (asset("1"),))


def test_missing_is_told_only_when_tiktok_told_everything() -> None:
    """Nothing there, or nothing usable there."""
    assert searched(iter([])) == Finding(Status.MISSING, "no_pixel", ())
    assert searched(iter(["-1", "-2"])) == Finding(Status.MISSING, "pixel_unbound", (asset("-1"), asset("-2")))


@pytest.mark.parametrize("before", [(), ("-1",), ("-1", "-2")])
def test_a_reading_that_fails_leaves_it_unknown(before: tuple[str, ...]) -> None:
    """Whatever was seen before: the usable one may have come after."""
    found = searched(breaking_after(*before))
    assert found == Finding(Status.UNKNOWN, "rate_limited", tuple(asset(row) for row in before), LIMITED)


def test_the_usable_asset_of_a_finding() -> None:
    """The first against which TikTok says nothing, or none."""
    assert Finding(Status.SATISFIED, assets=(asset("-1"), asset("2"), asset("3"))).usable == asset("2")
    assert Finding(Status.MISSING, "pixel_unbound", (asset("-1"),)).usable is None
    assert Finding(Status.MISSING, "no_pixel").usable is None


def test_what_is_not_told_of_an_asset_does_not_speak_against_it() -> None:
    """By default it is usable, without an image, and not quiet."""
    assert Asset("1", None, "PIXEL") == Asset("1", None, "PIXEL", (), None, quiet=False)
    assert Asset("1", None, "PIXEL").usable is True


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (AdvertiserNotAccessibleError("pixel/list/"), "missing_scope"),
        (AdvertiserGoneError("pixel/list/"), "missing_scope"),
        (TimedOutError("pixel/list/"), "timeout"),
        (TokenRejectedError("pixel/list/"), "token_expired"),
    ],
)
def test_an_advertiser_that_answers_elsewhere_lacks_a_permission_here(error: TikTokError, word: str) -> None:
    """Any other error stays what it is."""
    found = unknown(error, [asset("-1")])
    assert refused_here_alone(found) == Finding(Status.UNKNOWN, word, found.assets, error)


def test_a_finding_without_an_error_stays_as_it_is() -> None:
    """There is nothing that TikTok refused."""
    found = Finding(Status.MISSING, "no_pixel")
    assert refused_here_alone(found) == found


DEAD = TokenRejectedError("page/get/")
TIMED_OUT = TimedOutError("page/get/")


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        ([], None),
        ([None, None], None),
        ([None, LIMITED, TIMED_OUT], LIMITED),
        ([TIMED_OUT, None, LIMITED], TIMED_OUT),
        ([LIMITED, None, DEAD, TIMED_OUT], DEAD),
        ([DEAD, LIMITED], DEAD),
    ],
)
def test_several_failures_are_told_as_one(errors: list[TikTokError | None], told: TikTokError | None) -> None:
    """As the dead token, which another one may replace, and else as the first of them."""
    assert gravest(errors) is told
