"""The callback's error codes, and how TikTok's errors map to them."""

import pytest

from publishing.connections.callback_errors import (
    CALLBACK_MESSAGES,
    CallbackError,
    CallbackErrorCode,
    callback_error_of,
)
from tiktok_business import errors
from tiktok_business.errors import TikTokError

CODES = {
    errors.TikTokError: CallbackErrorCode.TIKTOK_ERROR,
    errors.TokenInvalidError: CallbackErrorCode.CODE_REJECTED,
    errors.AdvertiserNotAccessibleError: CallbackErrorCode.TIKTOK_ERROR,
    errors.AdvertiserGoneError: CallbackErrorCode.TIKTOK_ERROR,
    errors.ScopeMissingError: CallbackErrorCode.TIKTOK_ERROR,
    errors.RateLimitedError: CallbackErrorCode.RATE_LIMITED,
    errors.NotAppliedError: CallbackErrorCode.TIKTOK_ERROR,
    errors.RequestRejectedError: CallbackErrorCode.CODE_REJECTED,
    errors.DeploymentRefusedError: CallbackErrorCode.NOT_CONFIGURED,
    errors.UnavailableError: CallbackErrorCode.TIKTOK_ERROR,
    errors.NotSentError: CallbackErrorCode.TIKTOK_ERROR,
    errors.ConnectionLostError: CallbackErrorCode.TIKTOK_ERROR,
    errors.TimedOutError: CallbackErrorCode.TIMEOUT,
    errors.NoTimeLeftError: CallbackErrorCode.TIMEOUT,
    errors.UnexpectedResponseError: CallbackErrorCode.TIKTOK_ERROR,
    errors.IncompleteListingError: CallbackErrorCode.TIKTOK_ERROR,
}
ALL_ERRORS = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TikTokError)}


def test_every_tiktok_error_is_in_the_table() -> None:
    """A new error class fails this test until it is added to the table."""
    assert CODES.keys() == ALL_ERRORS


@pytest.mark.parametrize("kind", CODES, ids=lambda kind: kind.__name__)
def test_the_code_of_each_tiktok_error(kind: type[TikTokError]) -> None:
    """Only an error that rejects the code is ``code_rejected``: after any other the same code may be repeated."""
    assert callback_error_of(kind("oauth2/access_token/", "no")) is CODES[kind]
    assert callback_error_of(kind("oauth2/access_token/", "no", code=40110)) is CODES[kind]


@pytest.mark.parametrize("code", [40101, 40113])
@pytest.mark.parametrize("kind", CODES, ids=lambda kind: kind.__name__)
def test_a_rejected_app_is_reported_to_operators(kind: type[TikTokError], code: int) -> None:
    """The person is not asked to connect again, whichever error class the code has."""
    assert callback_error_of(kind("oauth2/access_token/", "no", code=code)) is CallbackErrorCode.NOT_CONFIGURED


def test_the_wizard_depends_on_these_codes() -> None:
    """Codes may be added; existing ones never change. Each has a message of whole sentences."""
    assert {*CallbackErrorCode} >= {
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
    assert CALLBACK_MESSAGES.keys() == {*CallbackErrorCode}
    assert all(text.endswith(".") for text in CALLBACK_MESSAGES.values())


def test_the_text_of_a_callback_error_is_its_code() -> None:
    """It says nothing else."""
    error = CallbackError(CallbackErrorCode.STATE_USED)
    assert (error.code, str(error)) == (CallbackErrorCode.STATE_USED, "state_used")
