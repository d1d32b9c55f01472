"""The envelope of every TikTok answer, and the refusals TikTok gives."""

import secrets
import time
from typing import Any

JsonObject = dict[str, Any]


class ApiError(Exception):
    """A refusal by TikTok: HTTP 200 with a code other than 0 (reference: portal doc 1737172488964097)."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message

    @classmethod
    def no_permission(cls, advertiser_id: str) -> "ApiError":
        """The token's user has no rights on this ad account."""
        return cls(40001, f"No permission to operate advertiser: {advertiser_id}")

    @classmethod
    def deleted(cls, advertiser_id: str) -> "ApiError":
        """The ad account is gone; the code is the one of missing rights."""
        return cls(40001, f"The advertiser {advertiser_id} doesn't exist or has been deleted.")

    @classmethod
    def missing_scope(cls, path: str, method: str) -> "ApiError":
        """The user granted the app less than this endpoint needs; again the same code."""
        return cls(
            40001,
            "Permission error: The access token lacks the required scope for endpoint "
            f"'/open_api/v1.3/{path}(method={method})'.",
        )

    @classmethod
    def bad_parameter(cls, message: str) -> "ApiError":
        """A parameter is wrong: TikTok's catch-all code."""
        return cls(40002, message)

    @classmethod
    def token_missing(cls) -> "ApiError":
        """The request has no Access-Token header."""
        return cls(40104, "Access token is missing. Please set the Access-Token header.")

    @classmethod
    def token_dead(cls) -> "ApiError":
        """The token never existed or was revoked."""
        return cls(40105, "Access token is incorrect or has been revoked.")

    @classmethod
    def wrong_app(cls) -> "ApiError":
        """The token, or the code, was given to another app."""
        return cls(40113, "The app_id is inconsistent with the token's app information.")

    @classmethod
    def wrong_secret(cls) -> "ApiError":
        """The secret is not the app's."""
        return cls(40101, "The secret does not match the app_id.")

    @classmethod
    def code_dead(cls) -> "ApiError":
        """The code of a consent is unknown, was used, or is more than an hour old."""
        return cls(40110, "The auth_code is used, cancelled or expired.")

    @classmethod
    def rate_limited(cls) -> "ApiError":
        """The app called this endpoint too often; no header says when to come back."""
        return cls(40100, "Too many requests. Please retry later.")


def new_request_id() -> str:
    """A unique request id of TikTok's form: the time (UTC) and random upper-case digits."""
    return time.strftime("%Y%m%d%H%M%S", time.gmtime()) + secrets.token_hex(9).upper()


def success(data: JsonObject) -> JsonObject:
    """The envelope of a success."""
    return {"code": 0, "message": "OK", "request_id": new_request_id(), "data": data}


def failure(error: ApiError) -> JsonObject:
    """The envelope of a refusal: its data is an empty object."""
    return {"code": error.code, "message": error.message, "request_id": new_request_id(), "data": {}}
