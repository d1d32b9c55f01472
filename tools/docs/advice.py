"""What the wizard does about each problem, and about each return that connected nothing."""

from collections.abc import Mapping
from types import MappingProxyType

from publishing.connecting.refusals import Refusal

_AT_FIELD = "Show each of `errors` at its field. Repeating changes nothing."
_SIGN_IN = "Get a new bearer token; if that fails, send to the sign-in."
_SHOW = "Show `detail`. Repeating changes nothing."
_CONNECT = "Offer to connect TikTok."
_REPEAT = "Say that TikTok did not answer, and offer to repeat: that is safe."
_AGAIN = "Offer to connect again: `POST /connections`, and never the old link."

PROBLEM_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "invalid_request": f"{_AT_FIELD} Without `errors` it was API Gateway that refused.",
        "unknown_objective": "Offer those in `accepted`. Repeating changes nothing.",
        "unauthorized": _SIGN_IN,
        "not_a_member": _SHOW,
        "subscription_required": "Show `detail`; leave everything that reads usable.",
        "owner_only": "Show `detail`. Do not offer the button to others than the owner and the person.",
        "advertiser_not_accessible": "Show `detail`, and offer another advertiser or to connect TikTok.",
        "not_found": "A fault of the caller's code: check path and method.",
        "no_connection": "Read `GET /connections` again: the list on the page is old.",
        "no_token": _CONNECT,
        "in_progress": "Wait some seconds and repeat the same request, with the same `Idempotency-Key`.",
        "tiktok_rejected": "Show `tiktok.message`: these are TikTok's words. Correct the input.",
        "idempotency_key_reused": "A fault of the caller's code: a new key for each new intent.",
        "image_too_large": "Ask for a smaller picture, or for its URL.",
        "image_unusable": "Show `detail`, and ask for another picture.",
        "image_not_square": "Offer `crop=center`, or ask for a picture of the size in `needed`.",
        "too_many_requests": "Wait a second and repeat; look whether the page asks in a loop.",
        "tiktok_error": _REPEAT,
        "tiktok_rate_limited": "Say when it goes on: `Retry-After` has the seconds. Do not repeat before.",
        "tiktok_timeout": _REPEAT,
        "connect_not_set_up": "Show `detail`. The operators have to act.",
        "internal_error": "Offer to repeat once; then show `request_id` for the report.",
    }
)

REFUSAL_ADVICE: Mapping[Refusal, str] = MappingProxyType(
    {
        Refusal.STATE_INVALID: _AGAIN,
        Refusal.STATE_EXPIRED: _AGAIN,
        Refusal.STATE_USED: "Read `GET /connections`; only where nothing is connected offer to connect again.",
        Refusal.CONSENT_DENIED: _AGAIN,
        Refusal.CODE_REJECTED: _AGAIN,
        Refusal.IN_PROGRESS: "Read `GET /connections` after half a minute.",
        Refusal.NOT_A_MEMBER: "Show the sentence.",
        Refusal.SUBSCRIPTION_REQUIRED: "Show the sentence.",
        Refusal.NOT_SET_UP: "Show the sentence. The operators have to act.",
        Refusal.RATE_LIMITED: "Offer to connect again, five minutes later.",
        Refusal.TIMEOUT: _AGAIN,
        Refusal.TIKTOK_ERROR: _AGAIN,
        Refusal.INTERNAL_ERROR: _AGAIN,
    }
)
