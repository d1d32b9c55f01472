"""What a client should do about each problem of the API and each error code of the callback."""

from collections.abc import Mapping
from types import MappingProxyType

from publishing.connections.callback import CallbackErrorCode

_AT_FIELD = "Show each of `errors` at its field. A retry changes nothing."
_SIGN_IN = "Get a new bearer token; if that fails, show the sign-in page."
_SHOW = "Show `detail`. A retry changes nothing."
_CONNECT = "Offer to connect TikTok."
_RETRY = "Say that TikTok did not answer, and offer a retry: it is safe."
_AGAIN = "Offer to connect again with a new `POST /connections`; the old link is not valid."

PROBLEM_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "invalid_request": f"{_AT_FIELD} Without `errors` API Gateway rejected the request.",
        "unknown_objective": "Offer those in `accepted`. A retry changes nothing.",
        "unauthorized": _SIGN_IN,
        "not_a_member": _SHOW,
        "subscription_required": "Show `detail`; keep all reads available.",
        "forbidden": "A bug in the client: check path and method.",
        "owner_only": "Show `detail`. Offer disconnecting only to owners and to the person who connected.",
        "not_your_connection": "Show `detail`. The handle is useless now; offer to connect the caller's own TikTok.",
        "advertiser_not_accessible": "Show `detail`, and offer another advertiser or to connect TikTok.",
        "missing_scope": "Show `detail`, which names the permission, and offer to connect TikTok again.",
        "not_found": "A bug in the client: check path and method.",
        "no_connection": "Read `GET /connections` again: the list on the page is outdated.",
        "no_token": _CONNECT,
        "in_progress": "Wait a few seconds and send the same request again, with the same `Idempotency-Key`.",
        "tiktok_rejected": (
            "Show `tiktok.message`, TikTok's own message, and correct the input. While connecting: show `detail`, and "
            "offer to connect again."
        ),
        "idempotency_key_reused": "A bug in the client: use a new key for each new request.",
        "image_too_large": "Ask for a smaller picture, or for its URL.",
        "image_unusable": "Show `detail`, and ask for another picture.",
        "image_not_square": "Offer `crop=center`, or ask for a picture of the size in `needed`.",
        "too_many_requests": "Retry after a second; check whether the page sends requests in a loop.",
        "tiktok_error": _RETRY,
        "tiktok_rate_limited": "Show when to retry: `Retry-After` has the seconds. Do not retry earlier.",
        "tiktok_timeout": _RETRY,
        "connect_not_set_up": "Show `detail`. The operators must act.",
        "internal_error": "Offer one retry; then show `request_id` for a report.",
    }
)

CALLBACK_ADVICE: Mapping[CallbackErrorCode, str] = MappingProxyType(
    {
        CallbackErrorCode.STATE_INVALID: _AGAIN,
        CallbackErrorCode.STATE_EXPIRED: _AGAIN,
        CallbackErrorCode.STATE_USED: "Read `GET /connections`; offer to connect again only if nothing is connected.",
        CallbackErrorCode.CONSENT_DENIED: _AGAIN,
        CallbackErrorCode.INTERNAL_ERROR: _AGAIN,
    }
)
