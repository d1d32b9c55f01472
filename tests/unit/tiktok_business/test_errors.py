"""The errors of TikTok's client: one for each category, and which may be retried."""

import pytest

from tests.support.scripted_tiktok import TOKEN, ScriptedTransport, client_of, error_response
from tiktok_business import errors
from tiktok_business.errors import ERROR_BY_CATEGORY, TikTokError
from tiktok_business.return_codes import ErrorCategory

ALL_ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TikTokError)]


def test_every_category_is_an_error() -> None:
    """Every category but OK has its own error."""
    assert set(ERROR_BY_CATEGORY) == set(ErrorCategory) - {ErrorCategory.OK}
    assert len(set(ERROR_BY_CATEGORY.values())) == len(ERROR_BY_CATEGORY)


def test_errors_with_an_unknown_outcome() -> None:
    """Only after these errors is it unknown whether TikTok applied a write."""
    assert {kind.__name__ for kind in ALL_ERRORS if kind.outcome_unknown} == {
        "UnavailableError",
        "ConnectionLostError",
        "TimedOutError",
        "UnexpectedResponseError",
        "IncompleteListingError",
    }


def test_errors_after_which_a_read_is_retried() -> None:
    """Only after these errors may a retry of a read succeed."""
    assert {kind.__name__ for kind in ALL_ERRORS if kind.retryable} == {
        "RateLimitedError",
        "NotAppliedError",
        "UnavailableError",
        "ConnectionLostError",
        "NotSentError",
        "TimedOutError",
        "NoTimeLeftError",
    }


@pytest.mark.parametrize("kind", ALL_ERRORS)
def test_both_attributes_are_boolean(kind: type[TikTokError]) -> None:
    """Every error has boolean outcome_unknown and retryable."""
    assert isinstance(kind.outcome_unknown, bool)
    assert isinstance(kind.retryable, bool)


@pytest.mark.parametrize("kind", ALL_ERRORS)
def test_text(kind: type[TikTokError]) -> None:
    """An error's text has the endpoint, TikTok's code, request id and message."""
    error = kind("pixel/list/", "Too many requests.", code=40100, request_id="2026A1")
    assert str(error) == "pixel/list/: code 40100, request 2026A1: Too many requests."
    assert (error.endpoint, error.code, error.request_id) == ("pixel/list/", 40100, "2026A1")
    assert error.message == "Too many requests."
    assert error.args == ("pixel/list/", "Too many requests.", 40100, "2026A1")  # what repr() shows


def test_text_without_an_answer() -> None:
    """Without a TikTok response the text says so; code 0 is a response."""
    assert str(TikTokError("pixel/list/", "no data", code=0)) == "pixel/list/: code 0, request unknown: no data"
    assert str(TikTokError("pixel/list/", "no connection")) == "pixel/list/: no code, request unknown: no connection"
    assert str(TikTokError("pixel/list/")) == "pixel/list/: no code, request unknown: "


@pytest.mark.parametrize("code", [40105, 40001, 40002, 40008, 40100, 50000, 20001])
def test_the_clients_error(code: int) -> None:
    """The client's error has TikTok's code, message and request id, without the token."""
    transport = ScriptedTransport([error_response(code, f"About {TOKEN}: no.")] * 3)
    with pytest.raises(TikTokError) as raised:
        client_of(transport).get("app/list/", {})
    error = raised.value
    assert (error.endpoint, error.code, error.request_id) == ("app/list/", code, f"r-{code}")
    assert error.message == "About [secret]: no."
