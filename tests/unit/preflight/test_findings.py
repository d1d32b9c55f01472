"""What reading TikTok's rows finds, and the reasons for what could not be verified."""

from collections.abc import Iterator

import pytest

from publishing.preflight.findings import (
    Asset,
    Finding,
    Status,
    Unverified,
    as_missing_scope,
    most_severe,
    search,
    unknown,
    unverified,
)
from tiktok_business.errors import (
    AdvertiserGoneError,
    AdvertiserNotAccessibleError,
    ConnectionLostError,
    DeploymentRefusedError,
    IncompleteListingError,
    NoTimeLeftError,
    NotSentError,
    RateLimitedError,
    RequestRejectedError,
    ScopeMissingError,
    TikTokError,
    TimedOutError,
    TokenInvalidError,
    UnavailableError,
    UnexpectedResponseError,
)

LIMITED = RateLimitedError("pixel/list/")


def asset(row: str) -> Asset:
    """Return the asset of a row; rows that begin with a minus are unusable."""
    return Asset(row, None, "PIXEL", ("unbound",) if row.startswith("-") else ())


def finding_of(rows: Iterator[str]) -> Finding:
    """Return what is found on pages of one row."""
    return search(([row] for row in rows), asset, none="no_pixel", unusable="pixel_unbound")


def failing_after(*rows: str) -> Iterator[str]:
    yield from rows
    raise LIMITED


def test_the_values_of_the_api() -> None:
    """Callers rely on these values."""
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
    ("kind", "reason"),
    [
        (TokenInvalidError, "token_expired"),
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
        (IncompleteListingError, "unexpected_response"),
        (RequestRejectedError, "upstream_error"),
        (DeploymentRefusedError, "upstream_error"),
        (TikTokError, "upstream_error"),
    ],
)
def test_why_something_is_unknown(kind: type[TikTokError], reason: str) -> None:
    """Each error has its reason, and the finding keeps the error and what was seen before it."""
    error = kind("pixel/list/")
    assert unverified(error) == reason
    assert unknown(error, iter([asset("-1")])) == Finding(Status.UNKNOWN, reason, (asset("-1"),), error)
    assert unknown(error).assets == ()


def test_the_first_usable_row_satisfies() -> None:
    """The finding has the unusable rows before it; later rows are not read."""
    rows = iter(["-1", "2", "3"])
    assert finding_of(rows) == Finding(Status.SATISFIED, None, (asset("-1"), asset("2")))
    assert [*rows] == ["3"]


def test_all_rows_of_every_page_read_are_counted() -> None:
    """The finding has the rows after the usable one of its page; later pages are not read."""
    pages = iter([["-1"], ["-2", "3", "-4", "5"], ["6"]])
    found = search(pages, asset, none="no_pixel", unusable="pixel_unbound")
    assert found == Finding(Status.SATISFIED, None, tuple(asset(row) for row in ("-1", "-2", "3", "-4", "5")))
    assert [*pages] == [["6"]]


def test_a_usable_row_satisfies_before_reading_fails() -> None:
    """Rows after a usable one are not read, so their failure does not matter."""
    assert finding_of(failing_after("1")) == Finding(Status.SATISFIED, None, (asset("1"),))


def test_it_is_missing_only_if_tiktok_returned_every_row() -> None:
    """The reason tells no rows from no usable rows."""
    assert finding_of(iter([])) == Finding(Status.MISSING, "no_pixel", ())
    assert finding_of(iter(["-1", "-2"])) == Finding(Status.MISSING, "pixel_unbound", (asset("-1"), asset("-2")))


@pytest.mark.parametrize("before", [(), ("-1",), ("-1", "-2")])
def test_it_is_unknown_if_reading_fails(before: tuple[str, ...]) -> None:
    """It is unknown whatever was seen before: a usable row may follow."""
    found = finding_of(failing_after(*before))
    assert found == Finding(Status.UNKNOWN, "rate_limited", tuple(asset(row) for row in before), LIMITED)


def test_the_usable_asset_of_a_finding() -> None:
    """``usable`` is the first usable asset, or None."""
    assert Finding(Status.SATISFIED, assets=(asset("-1"), asset("2"), asset("3"))).usable == asset("2")
    assert Finding(Status.MISSING, "pixel_unbound", (asset("-1"),)).usable is None
    assert Finding(Status.MISSING, "no_pixel").usable is None


def test_an_asset_is_usable_by_default() -> None:
    """By default an asset is usable, without an image, and with recent activity."""
    assert Asset("1", None, "PIXEL") == Asset("1", None, "PIXEL", (), None, no_recent_activity=False)
    assert Asset("1", None, "PIXEL").usable is True


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AdvertiserNotAccessibleError("pixel/list/"), "missing_scope"),
        (AdvertiserGoneError("pixel/list/"), "missing_scope"),
        (TimedOutError("pixel/list/"), "timeout"),
        (TokenInvalidError("pixel/list/"), "token_expired"),
    ],
)
def test_a_denial_becomes_a_missing_scope(error: TikTokError, reason: str) -> None:
    """A denied advertiser becomes a missing scope; other errors keep their reason."""
    found = unknown(error, [asset("-1")])
    assert as_missing_scope(found, None) == Finding(Status.UNKNOWN, reason, found.assets, error)


@pytest.mark.parametrize(
    ("scopes", "reason"),
    [
        (None, "missing_scope"),
        ((), "missing_scope"),
        (("100", "693", "900"), "missing_scope"),
        (("800",), "advertiser_not_accessible"),
        (("80",), "advertiser_not_accessible"),
    ],
)
def test_a_denial_of_what_was_granted_stays_a_denial(scopes: tuple[str, ...] | None, reason: str) -> None:
    """Nobody is advised to grant a permission that the connection has; TikTok may not have said what it has."""
    found = unknown(AdvertiserNotAccessibleError("pixel/list/"))
    assert as_missing_scope(found, scopes).reason == reason


def test_a_finding_without_an_error_is_unchanged() -> None:
    """A finding without an error is returned unchanged."""
    found = Finding(Status.MISSING, "no_pixel")
    assert as_missing_scope(found, None) == found


INVALID = TokenInvalidError("page/get/")
TIMED_OUT = TimedOutError("page/get/")


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([], None),
        ([None, None], None),
        ([None, LIMITED, TIMED_OUT], LIMITED),
        ([TIMED_OUT, None, LIMITED], TIMED_OUT),
        ([LIMITED, None, INVALID, TIMED_OUT], INVALID),
        ([INVALID, LIMITED], INVALID),
    ],
)
def test_the_most_severe_of_several_errors(errors: list[TikTokError | None], expected: TikTokError | None) -> None:
    """An invalid token outranks other errors, since another token may help; otherwise the first error counts."""
    assert most_severe(errors) is expected
