"""The errors of TikTok's client: one for each meaning, and what may be repeated after it."""

import pytest

from tests.unit.tiktok_business.fakes import TOKEN, ScriptedTransport, client_of, refusal
from tiktok_business import errors
from tiktok_business.errors import ERROR_OF_MEANING, TikTokError
from tiktok_business.return_codes import Meaning

ALL_ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TikTokError)]


def test_every_meaning_is_an_error() -> None:
    """Every meaning but OK is raised as an error of its own."""
    assert set(ERROR_OF_MEANING) == set(Meaning) - {Meaning.OK}
    assert len(set(ERROR_OF_MEANING.values())) == len(ERROR_OF_MEANING)


def test_what_is_safe_to_write_again() -> None:
    """Only these errors leave open whether TikTok carried a write out."""
    assert {kind.__name__ for kind in ALL_ERRORS if kind.may_have_happened} == {
        "UnavailableError",
        "ConnectionLostError",
        "TimedOutError",
        "UnexpectedResponseError",
        "IncompleteReadingError",
    }


def test_what_is_worth_reading_again() -> None:
    """Only trouble that may pass is worth a second try of a read."""
    assert {kind.__name__ for kind in ALL_ERRORS if kind.worth_repeating} == {
        "RateLimitedError",
        "RefusedForNowError",
        "UnavailableError",
        "ConnectionLostError",
        "NotSentError",
        "TimedOutError",
        "NoTimeLeftError",
    }


@pytest.mark.parametrize("kind", ALL_ERRORS)
def test_an_error_says_yes_or_no(kind: type[TikTokError]) -> None:
    """Both questions are answered for every error, never left open."""
    assert isinstance(kind.may_have_happened, bool)
    assert isinstance(kind.worth_repeating, bool)


@pytest.mark.parametrize("kind", ALL_ERRORS)
def test_text(kind: type[TikTokError]) -> None:
    """An error's text names the endpoint, TikTok's code, its request id and its message."""
    error = kind("pixel/list/", "Too many requests.", code=40100, request_id="2026A1")
    assert str(error) == "pixel/list/: code 40100, request 2026A1: Too many requests."
    assert (error.endpoint, error.code, error.request_id) == ("pixel/list/", 40100, "2026A1")
    assert error.message == "Too many requests."
    assert error.args == ("pixel/list/", "Too many requests.", 40100, "2026A1")  # what repr() shows


def test_text_without_an_answer() -> None:
    """Where TikTok did not get to speak, the text says so; code 0 is an answer."""
    assert str(TikTokError("pixel/list/", "no data", code=0)) == "pixel/list/: code 0, request unknown: no data"
    assert str(TikTokError("pixel/list/", "no connection")) == "pixel/list/: no code, request unknown: no connection"
    assert str(TikTokError("pixel/list/")) == "pixel/list/: no code, request unknown: "


@pytest.mark.parametrize("code", [40105, 40001, 40002, 40008, 40100, 50000, 20001])
def test_what_the_client_tells(code: int) -> None:
    """The client's error for a code carries TikTok's code, words and request id."""
    transport = ScriptedTransport([refusal(code, f"About {TOKEN}: no.")] * 3)
    with pytest.raises(TikTokError) as raised:
        client_of(transport).get("app/list/", {})
    error = raised.value
    assert (error.endpoint, error.code, error.request_id) == ("app/list/", code, f"r-{code}")
    assert error.message == "About [secret]: no."
