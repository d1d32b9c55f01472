"""Why a return from TikTok's consent page connected nothing: the ``code`` that the wizard is sent back with."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from tiktok_business.errors import (
    RateLimitedError,
    RequestRejectedError,
    TikTokError,
    TimedOutError,
    TokenRejectedError,
)


class Refusal(StrEnum):
    """An open set for the wizard: what it does not know it treats as ``internal_error``."""

    STATE_INVALID = "state_invalid"
    STATE_EXPIRED = "state_expired"
    STATE_USED = "state_used"
    CONSENT_DENIED = "consent_denied"
    CODE_REJECTED = "code_rejected"
    IN_PROGRESS = "in_progress"
    NOT_A_MEMBER = "not_a_member"
    SUBSCRIPTION_REQUIRED = "subscription_required"
    NOT_SET_UP = "connect_not_set_up"
    RATE_LIMITED = "tiktok_rate_limited"
    TIMEOUT = "tiktok_timeout"
    TIKTOK_ERROR = "tiktok_error"
    INTERNAL_ERROR = "internal_error"


MEANINGS: Mapping[Refusal, str] = MappingProxyType(
    {
        Refusal.STATE_INVALID: "The link back from TikTok is not one of ours. Connect again.",
        Refusal.STATE_EXPIRED: "More than ten minutes passed at TikTok. Connect again.",
        Refusal.STATE_USED: "This link back from TikTok was used before. If nothing is connected, connect again.",
        Refusal.CONSENT_DENIED: "The access was not granted at TikTok. Connect again and allow it.",
        Refusal.CODE_REJECTED: "TikTok does not accept its own code any more. Connect again.",
        Refusal.IN_PROGRESS: "The same connection is still being made. Look again in half a minute.",
        Refusal.NOT_A_MEMBER: "Who asked is no longer a member of the team. Ask its owner.",
        Refusal.SUBSCRIPTION_REQUIRED: "The team has no active subscription any more. Ask its owner to renew it.",
        Refusal.NOT_SET_UP: "Connecting is not set up. Tell the operators.",
        Refusal.RATE_LIMITED: "TikTok refuses more requests for now. Connect again in five minutes.",
        Refusal.TIMEOUT: "TikTok did not answer in time. Connect again.",
        Refusal.TIKTOK_ERROR: "TikTok did not answer as it should. Connect again.",
        Refusal.INTERNAL_ERROR: "A fault of ours. Connect again.",
    }
)
"""What each means and what to do, for people."""


class RefusedError(Exception):
    """The return connects nothing."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


NOT_OUR_APP = frozenset({40101, 40113})
"""TikTok's codes for an app whose secret is wrong or that is blocked (EVA errors, 2026-08-13).

40101 stands for a stale code too, but before a code is an hour old its state has long expired.
"""


def refusal_of(error: TikTokError) -> Refusal:
    """How the failure of an exchange is told."""
    match error:
        case _ if error.code in NOT_OUR_APP:
            return Refusal.NOT_SET_UP
        case RequestRejectedError() | TokenRejectedError():
            return Refusal.CODE_REJECTED
        case RateLimitedError():
            return Refusal.RATE_LIMITED
        case TimedOutError():
            return Refusal.TIMEOUT
        case _:
            return Refusal.TIKTOK_ERROR
