"""Every error of the API in one table, its RFC 9457 form, and the problems of TikTok's errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from tiktok_business.errors import (
    AdvertiserNotAccessibleError,
    DeploymentRefusedError,
    RateLimitedError,
    ScopeMissingError,
    TikTokError,
    TimedOutError,
)

TYPE_PREFIX = "urn:wevion:tiktok:problem:"
CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One row: what a stable ``code`` means. ``detail`` says what is wrong and what to do."""

    status: int
    title: str
    detail: str


PROBLEMS: Mapping[str, ProblemKind] = MappingProxyType(
    {
        "invalid_request": ProblemKind(
            HTTPStatus.BAD_REQUEST, "Invalid request", "The request is invalid. Correct the fields named in errors."
        ),
        "unknown_objective": ProblemKind(
            HTTPStatus.BAD_REQUEST, "Unknown objective", "Unknown objective. Send one of those in accepted."
        ),
        "unauthorized": ProblemKind(
            HTTPStatus.UNAUTHORIZED, "Unauthorized", "The bearer token is missing, invalid or expired. Sign in again."
        ),
        "not_a_member": ProblemKind(
            HTTPStatus.FORBIDDEN, "Not a member", "You are not a member of this team. Ask its owner to add you."
        ),
        "subscription_required": ProblemKind(
            HTTPStatus.FORBIDDEN,
            "Subscription required",
            "This needs an active subscription. Ask the team's owner to renew it.",
        ),
        "forbidden": ProblemKind(
            HTTPStatus.FORBIDDEN, "Forbidden", "You may not send this request. Check path and method."
        ),
        "owner_only": ProblemKind(
            HTTPStatus.FORBIDDEN,
            "Owner only",
            "Only the person who connected TikTok or an owner of the team may end this connection. Ask one of them.",
        ),
        "not_your_connection": ProblemKind(
            HTTPStatus.FORBIDDEN,
            "Not your connection",
            "Another person, or you for another team, began this, so nothing was connected. Begin again yourself to "
            "connect your own TikTok.",
        ),
        "advertiser_not_accessible": ProblemKind(
            HTTPStatus.FORBIDDEN,
            "Advertiser not accessible",
            "None of the TikTok connections that you may use has this advertiser. Connect one that has it.",
        ),
        "missing_scope": ProblemKind(
            HTTPStatus.FORBIDDEN,
            "Missing permission",
            "The TikTok connection lacks a permission. Connect TikTok again and grant it.",
        ),
        "not_found": ProblemKind(
            HTTPStatus.NOT_FOUND, "Not found", "This route or method does not exist. Check path and method."
        ),
        "no_connection": ProblemKind(
            HTTPStatus.NOT_FOUND, "No such connection", "This person has not connected TikTok. Check the user id."
        ),
        "no_token": ProblemKind(
            HTTPStatus.CONFLICT, "No TikTok connection", "No usable TikTok connection. Connect TikTok first."
        ),
        "in_progress": ProblemKind(
            HTTPStatus.CONFLICT, "In progress", "The same request is still running. Retry in a few seconds."
        ),
        "tiktok_rejected": ProblemKind(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Rejected by TikTok",
            "TikTok rejected this input. Correct what the field tiktok names.",
        ),
        "idempotency_key_reused": ProblemKind(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Idempotency key reused",
            "This Idempotency-Key was sent with another body before. Send a new key for a new request.",
        ),
        "image_too_large": ProblemKind(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "Image too large",
            "The image is too large for a request. Send a smaller one, or an image_url that TikTok fetches.",
        ),
        "image_unusable": ProblemKind(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Image unusable",
            "This image cannot be used as an avatar. Send a valid JPG or PNG.",
        ),
        "image_not_square": ProblemKind(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Image not square",
            "An avatar must be square. Send a picture of the size in needed.",
        ),
        "too_many_requests": ProblemKind(
            HTTPStatus.TOO_MANY_REQUESTS, "Too many requests", "Too many requests. Retry after a second."
        ),
        "tiktok_error": ProblemKind(
            HTTPStatus.BAD_GATEWAY, "TikTok error", "TikTok returned an error. Retry the request."
        ),
        "tiktok_rate_limited": ProblemKind(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "TikTok rate limit",
            "TikTok accepts no more requests for now. Retry after the time in Retry-After.",
        ),
        "tiktok_timeout": ProblemKind(
            HTTPStatus.GATEWAY_TIMEOUT, "TikTok timeout", "TikTok did not answer in time. Retry the request."
        ),
        "connect_not_set_up": ProblemKind(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "Connecting is not set up",
            "This deployment has no WizardUrl, or its TikTok app secret is not filled in. Contact the operators.",
        ),
        "internal_error": ProblemKind(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "Internal error",
            "Internal error. Retry; if it persists, report the request_id.",
        ),
    }
)
"""By code. The gateway responses in template.yaml and the OpenAPI document have the same texts; tests compare them."""


class Problem(Exception):  # noqa: N818 - the name RFC 9457 gives it
    """An error response of the API.

    ``members`` are additional members of the body, ``headers`` additional headers of the response.
    """

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(code, detail)
        self.code = code
        self.kind = PROBLEMS[code]
        self.detail = detail or self.kind.detail
        self.headers = dict(headers or {})
        self.members = members

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the problem JSON."""
        return {
            "type": TYPE_PREFIX + self.code,
            "title": self.kind.title,
            "status": int(self.kind.status),
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id,
            **self.members,
        }


def invalid(field: str, message: str) -> Problem:
    """Return the problem of one invalid field."""
    return Problem("invalid_request", errors=[{"field": field, "message": message}])


RETRY_AFTER_SECONDS = 300
"""TikTok's per-minute limit recovers after five minutes (EVA rate-limits, 2026-08-13)."""


def problem_of_tiktok_error(error: TikTokError) -> Problem:
    """Return the problem of a failed read or write."""
    match error:
        case AdvertiserNotAccessibleError():
            return Problem("advertiser_not_accessible")
        case RateLimitedError():
            return Problem("tiktok_rate_limited", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
        case TimedOutError():
            return Problem("tiktok_timeout")
        case ScopeMissingError():
            return _missing_scope(error)
        case DeploymentRefusedError():
            return Problem("tiktok_error", "TikTok refuses this service, whatever is sent. Contact the operators.")
        case _:
            return Problem("tiktok_error")


def _missing_scope(error: ScopeMissingError) -> Problem:
    """Return the problem of a permission that a person can grant; an endpoint that needs none just failed."""
    from publishing.permissions import needed_for  # noqa: PLC0415 - the authorizer needs only the table of problems

    scope = needed_for(error.endpoint)
    if scope is None:
        return Problem("tiktok_error")
    return Problem(
        "missing_scope",
        f'The TikTok connection lacks the permission "{scope.name}" ({scope.id}). Connect TikTok again and grant it.',
    )


def rejection(error: TikTokError, detail: str | None = None) -> Problem:
    """Return the problem of a write that TikTok definitely rejected, with TikTok's message."""
    return Problem(
        "tiktok_rejected",
        detail,
        tiktok={"code": error.code, "message": error.message, "request_id": error.request_id},
    )
