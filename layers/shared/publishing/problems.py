"""Every error that the API answers, in one table, and their RFC 9457 form."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

TYPE_PREFIX = "urn:wevion:tiktok:problem:"
CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One row: what a stable ``code`` stands for. ``detail`` says what is wrong, and what to do."""

    status: int
    title: str
    detail: str


PROBLEMS: Mapping[str, ProblemKind] = MappingProxyType(
    {
        "invalid_request": ProblemKind(
            HTTPStatus.BAD_REQUEST, "Invalid request", "The request cannot be read. Correct the fields named in errors."
        ),
        "unknown_objective": ProblemKind(
            HTTPStatus.BAD_REQUEST, "Unknown objective", "This objective is not known. Send one of those in accepted."
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
        "owner_only": ProblemKind(
            HTTPStatus.FORBIDDEN,
            "For the owner",
            "Only the person who connected it, or an owner of the team, may end this connection. Ask one of them.",
        ),
        "advertiser_not_accessible": ProblemKind(
            HTTPStatus.FORBIDDEN,
            "Advertiser not accessible",
            "None of the TikTok connections that you may use has this advertiser. Connect one that has it.",
        ),
        "not_found": ProblemKind(
            HTTPStatus.NOT_FOUND, "Not found", "There is no such route or method. Check path and method."
        ),
        "no_connection": ProblemKind(
            HTTPStatus.NOT_FOUND, "No such connection", "This person has not connected TikTok. Check the user id."
        ),
        "no_token": ProblemKind(
            HTTPStatus.CONFLICT, "No TikTok connection", "No usable TikTok connection. Connect TikTok first."
        ),
        "in_progress": ProblemKind(
            HTTPStatus.CONFLICT, "In progress", "The same request is still running. Repeat it in a few seconds."
        ),
        "tiktok_rejected": ProblemKind(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Rejected by TikTok",
            "TikTok refused this input. Correct what the field tiktok says.",
        ),
        "idempotency_key_reused": ProblemKind(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Idempotency key reused",
            "This Idempotency-Key came with another body before. Send a new key for a new request.",
        ),
        "image_too_large": ProblemKind(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "Image too large",
            "The image is too large for a request. Send a smaller one, or an image_url from which TikTok fetches it.",
        ),
        "image_unusable": ProblemKind(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Image unusable",
            "This is no picture that TikTok can show as an avatar. Send a JPG or PNG that opens.",
        ),
        "image_not_square": ProblemKind(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Image not square",
            "An avatar must be as wide as it is high. Send a picture of the size in needed.",
        ),
        "too_many_requests": ProblemKind(
            HTTPStatus.TOO_MANY_REQUESTS, "Too many requests", "This API is being called too fast. Wait a second."
        ),
        "tiktok_error": ProblemKind(
            HTTPStatus.BAD_GATEWAY, "TikTok error", "TikTok did not answer as it should. Repeat the request."
        ),
        "tiktok_rate_limited": ProblemKind(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "TikTok rate limit",
            "TikTok refuses more requests for now. Repeat the request after the time in Retry-After.",
        ),
        "tiktok_timeout": ProblemKind(
            HTTPStatus.GATEWAY_TIMEOUT, "TikTok timeout", "TikTok did not answer in time. Repeat the request."
        ),
        "connect_not_set_up": ProblemKind(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "Connecting is not set up",
            "This deployment has no WizardUrl, or no TikTok app in its secret. Tell the operators.",
        ),
        "internal_error": ProblemKind(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "Internal error",
            "A fault of ours. Repeat the request; if it stays, report the request_id.",
        ),
    }
)
"""By code. The gateway responses in template.yaml and the OpenAPI say the same; tests compare them."""


class Problem(Exception):  # noqa: N818 - the name RFC 9457 gives it
    """An answer that is an error of the API.

    ``members`` are additional members of the body, ``headers`` additional headers of the answer.
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
        """The problem JSON."""
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
    """The problem of one bad field."""
    return Problem("invalid_request", errors=[{"field": field, "message": message}])
