"""Why nothing is connected: what is made of TikTok's errors."""

import pytest

from publishing.connecting.refusals import MEANINGS, Refusal, RefusedError, refusal_of
from tiktok_business import errors
from tiktok_business.errors import TikTokError

OF_ERRORS = {
    errors.TikTokError: Refusal.TIKTOK_ERROR,
    errors.TokenRejectedError: Refusal.CODE_REJECTED,
    errors.AdvertiserNotAccessibleError: Refusal.TIKTOK_ERROR,
    errors.AdvertiserGoneError: Refusal.TIKTOK_ERROR,
    errors.ScopeMissingError: Refusal.TIKTOK_ERROR,
    errors.RateLimitedError: Refusal.RATE_LIMITED,
    errors.RefusedForNowError: Refusal.TIKTOK_ERROR,
    errors.RequestRejectedError: Refusal.CODE_REJECTED,
    errors.UnsupportedError: Refusal.TIKTOK_ERROR,
    errors.UnavailableError: Refusal.TIKTOK_ERROR,
    errors.NotSentError: Refusal.TIKTOK_ERROR,
    errors.ConnectionLostError: Refusal.TIKTOK_ERROR,
    errors.TimedOutError: Refusal.TIMEOUT,
    errors.NoTimeLeftError: Refusal.TIMEOUT,
    errors.UnexpectedResponseError: Refusal.TIKTOK_ERROR,
    errors.IncompleteReadingError: Refusal.TIKTOK_ERROR,
}
ALL_ERRORS = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TikTokError)}


def test_every_error_of_tiktoks_is_in_the_table() -> None:
    """A new one fails this test until it is."""
    assert OF_ERRORS.keys() == ALL_ERRORS


@pytest.mark.parametrize("kind", OF_ERRORS, ids=lambda kind: kind.__name__)
def test_an_error_is_told_as_what_the_person_can_do(kind: type[TikTokError]) -> None:
    """Only where TikTok refused the code is it over: any other trouble may pass, with the same code."""
    assert refusal_of(kind("oauth2/access_token/", "no")) is OF_ERRORS[kind]
    assert refusal_of(kind("oauth2/access_token/", "no", code=40110)) is OF_ERRORS[kind]


@pytest.mark.parametrize("code", [40101, 40113])
@pytest.mark.parametrize("kind", OF_ERRORS, ids=lambda kind: kind.__name__)
def test_an_app_that_tiktok_does_not_take_is_for_operators(kind: type[TikTokError], code: int) -> None:
    """Nobody is asked to connect again, whichever error the code stands for."""
    assert refusal_of(kind("oauth2/access_token/", "no", code=code)) is Refusal.NOT_SET_UP


def test_the_wizard_knows_the_refusals_by_these_names() -> None:
    """They may become more; none is ever called otherwise. Each has a meaning."""
    assert {*Refusal} >= {
        "state_invalid",
        "state_expired",
        "state_used",
        "consent_denied",
        "code_rejected",
        "in_progress",
        "not_a_member",
        "subscription_required",
        "connect_not_set_up",
        "tiktok_rate_limited",
        "tiktok_timeout",
        "tiktok_error",
        "internal_error",
    }
    assert MEANINGS.keys() == {*Refusal}


def test_a_refusal_is_raised_under_its_name() -> None:
    """Which is all that it says."""
    refused = RefusedError(Refusal.STATE_USED)
    assert (refused.refusal, str(refused)) == (Refusal.STATE_USED, "state_used")
