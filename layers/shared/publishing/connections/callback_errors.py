"""Why a return from TikTok's consent page connected nothing: the ``code`` in the redirect to the wizard."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from tiktok_business.errors import (
    DeploymentRefusedError,
    RateLimitedError,
    RequestRejectedError,
    TikTokError,
    TimedOutError,
    TokenInvalidError,
)


class CallbackErrorCode(StrEnum):
    """An open set for the wizard: it treats unknown codes as ``internal_error``."""

    STATE_INVALID = "state_invalid"
    STATE_EXPIRED = "state_expired"
    STATE_USED = "state_used"
    CONSENT_DENIED = "consent_denied"
    CODE_REJECTED = "code_rejected"
    IN_PROGRESS = "in_progress"
    NOT_A_MEMBER = "not_a_member"
    SUBSCRIPTION_REQUIRED = "subscription_required"
    NOT_CONFIGURED = "connect_not_set_up"
    RATE_LIMITED = "tiktok_rate_limited"
    TIMEOUT = "tiktok_timeout"
    TIKTOK_ERROR = "tiktok_error"
    INTERNAL_ERROR = "internal_error"


CALLBACK_MESSAGES: Mapping[CallbackErrorCode, str] = MappingProxyType(
    {
        CallbackErrorCode.STATE_INVALID: "The link back from TikTok was not issued by this service. Connect again.",
        CallbackErrorCode.STATE_EXPIRED: "The authorization took longer than ten minutes. Connect again.",
        CallbackErrorCode.STATE_USED: (
            "This link back from TikTok has already been used. If nothing is connected, connect again."
        ),
        CallbackErrorCode.CONSENT_DENIED: "Access was not granted at TikTok. Connect again and allow it.",
        CallbackErrorCode.CODE_REJECTED: "The authorization code is invalid or expired. Connect again.",
        CallbackErrorCode.IN_PROGRESS: "This connection is still being made. Check again in half a minute.",
        CallbackErrorCode.NOT_A_MEMBER: (
            "The person who asked to connect is no longer a member of the team. Ask the team's owner."
        ),
        CallbackErrorCode.SUBSCRIPTION_REQUIRED: (
            "The team no longer has an active subscription. Ask its owner to renew it."
        ),
        CallbackErrorCode.NOT_CONFIGURED: "Connecting is not set up. Contact the operators.",
        CallbackErrorCode.RATE_LIMITED: "TikTok accepts no more requests for now. Connect again in five minutes.",
        CallbackErrorCode.TIMEOUT: "TikTok did not answer in time. Connect again.",
        CallbackErrorCode.TIKTOK_ERROR: "TikTok returned an error. Connect again.",
        CallbackErrorCode.INTERNAL_ERROR: "Internal error. Connect again.",
    }
)
"""What each code means and what to do, for people."""


class CallbackError(Exception):
    """The return connects nothing."""

    def __init__(self, code: CallbackErrorCode) -> None:
        super().__init__(code.value)
        self.code = code


NOT_OUR_APP = frozenset({40101, 40113})
"""TikTok's codes for an app that is blocked or has a wrong secret (EVA errors, 2026-08-13).

40101 also stands for an expired code, but a state expires long before its code does.
"""


def callback_error_of(error: TikTokError) -> CallbackErrorCode:
    """Return the code for a failed exchange."""
    match error:
        case _ if error.code in NOT_OUR_APP:
            return CallbackErrorCode.NOT_CONFIGURED
        case DeploymentRefusedError():
            return CallbackErrorCode.NOT_CONFIGURED
        case RequestRejectedError() | TokenInvalidError():
            return CallbackErrorCode.CODE_REJECTED
        case RateLimitedError():
            return CallbackErrorCode.RATE_LIMITED
        case TimedOutError():
            return CallbackErrorCode.TIMEOUT
        case _:
            return CallbackErrorCode.TIKTOK_ERROR
