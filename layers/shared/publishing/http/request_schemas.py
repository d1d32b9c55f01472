"""What callers may send, typed; anything else is rejected with a message that says what to send instead."""

import base64
import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from publishing.identities.display_name import UnusableNameError, normalised_display_name
from publishing.preflight.objectives import OBJECTIVES, normalised_objective

MAX_IMAGE_URI = 512
MAX_IMAGE_URL = 2048
MAX_IDEMPOTENCY_KEY = 255

# For the OpenAPI document only: the rules below as far as regular expressions can express them.
_CONTROLS = r"\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069"
_NAME_PATTERN = rf"^[^{_CONTROLS}]*[^{_CONTROLS}\s\u00ad\u200b-\u200f\u2060-\u206f\ufeff][^{_CONTROLS}]*$"
_IMAGE_PATTERN = r"^(?!//|data:|www\.)(?!.*://)[!-~]*$"
_URL_PATTERN = r"^https://[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(:[0-9]{1,5})?([/?#][!-\[\]-~]*)?$"
_BASE64_PATTERN = r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$"


def _objective(value: Any) -> str:
    objective = normalised_objective(value) if isinstance(value, str) else None
    if objective is None:
        raise PydanticCustomError("unknown_objective", "unknown objective", {"accepted": list(OBJECTIVES)})
    return objective


def _image_uri(value: Any) -> Any:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > MAX_IMAGE_URI or _is_url(value) or not _is_printable_ascii(value):
        raise PydanticCustomError("image_uri", "must be the image id that TikTok's upload API returned, not a URL")
    return value


def _display_name(value: str) -> str:
    try:
        normalised_display_name(value)
    except UnusableNameError as error:
        raise PydanticCustomError("display_name", "{why}", {"why": str(error)}) from None
    return value


def _image_url(value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_IMAGE_URL or not re.fullmatch(_URL_PATTERN[1:-1], value):
        raise PydanticCustomError(
            "image_url",
            "must be an https:// URL of at most {most} characters, with a host, without user or password, and with "
            "everything but printable ASCII percent-encoded",
            {"most": MAX_IMAGE_URL},
        )
    return value


def _image_base64(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, str) and value.startswith("data:"):
        raise PydanticCustomError("image_base64", "must be base64 only: leave out the data: prefix up to the comma")
    try:
        content = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except ValueError:
        content = b""
    if not content:
        raise PydanticCustomError(
            "image_base64", "must be a JPG's or PNG's bytes in base64: standard alphabet, padded, in one line"
        )
    return content


def _is_url(text: str) -> bool:
    return "://" in text or text.startswith(("//", "data:", "www."))


def _is_printable_ascii(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def invalid_fields(error: ValidationError, whole: str) -> list[str]:
    """Return the names of invalid fields, never their values; ``whole`` if the input as a whole is invalid."""
    return sorted({".".join(str(part) for part in one["loc"]) or whole for one in error.errors()})


AdvertiserId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$", strict=True)]
"""TikTok's id of an ad account: digits, as a string."""


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoInput(_Input):
    """No input."""


class PageQuery(_Input):
    """Which page of a list."""

    limit: Annotated[int, Field(ge=1, le=500)] = 100
    """The most rows of a page. A page may have fewer, even none: the last one is that without `next_token`."""
    next_token: Annotated[str, StringConstraints(min_length=1, max_length=600)] | None = None
    """`next_token` of the page before this one, unchanged. By default the first page."""


class AdvertiserQuery(_Input):
    """Which advertiser; by default the first one of the caller's token."""

    advertiser_id: AdvertiserId | None = None
    """TikTok's id of the ad account. By default the first advertiser of the active token, which the response names."""


class ReadinessQuery(PageQuery):
    """Which advertiser; by default all that the caller may see."""

    advertiser_id: AdvertiserId | None = None
    """TikTok's id of the ad account. By default all advertisers that the caller may see."""


class PublishCheckQuery(AdvertiserQuery):
    """Which advertiser, for which objective, how strictly."""

    objective: Annotated[str, BeforeValidator(_objective), WithJsonSchema({"type": "string", "enum": [*OBJECTIVES]})]
    """The campaign's objective. Letter case and outer white space do not matter."""
    strict: bool = False
    """Whether a custom identity that TikTok no longer allows for this account counts as missing."""


class CreateIdentityBody(_Input):
    """The custom identity to create."""

    advertiser_id: AdvertiserId
    """TikTok's id of the ad account."""
    display_name: Annotated[
        str,
        StringConstraints(strict=True),
        AfterValidator(_display_name),
        WithJsonSchema({"type": "string", "pattern": _NAME_PATTERN}),
    ]
    """The name that the ad shows. Outer white space is stripped; names longer than 40 code points are truncated.

    Control and text-direction characters and invisible names are rejected.
    """
    image_uri: Annotated[
        str | None,
        BeforeValidator(_image_uri),
        WithJsonSchema({"type": ["string", "null"], "maxLength": MAX_IMAGE_URI, "pattern": _IMAGE_PATTERN}),
    ] = None
    """The image id that TikTok's upload API returned, not a URL. Null or empty counts as absent."""


class ConnectionPath(_Input):
    """Whose connection."""

    user_id: Annotated[str, StringConstraints(min_length=1, max_length=600, strict=True)]
    """The person who connected it."""


class ConnectionAdvertisersQuery(ConnectionPath, PageQuery):
    """Whose ad accounts, and which page of them."""


class CompleteConnectionBody(_Input):
    """Which connection to complete."""

    handle: Annotated[str, StringConstraints(min_length=1, max_length=200, strict=True)]
    """The ``handle`` with which the browser was redirected to the wizard; valid for ten minutes."""


class CreateIdentityImageBody(_Input):
    """The picture to upload: a URL that TikTok fetches, or its bytes."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {
                    "required": ["image_url"],
                    "properties": {
                        "image_url": {"type": "string"},
                        "image_base64": {"type": "null"},
                        "crop": {"type": "null"},
                    },
                },
                {
                    "required": ["image_base64"],
                    "properties": {"image_base64": {"type": "string"}, "image_url": {"type": "null"}},
                },
            ]
        }
    )

    advertiser_id: AdvertiserId
    """TikTok's id of the ad account."""
    image_url: Annotated[
        str | None,
        BeforeValidator(_image_url),
        WithJsonSchema({"type": ["string", "null"], "maxLength": MAX_IMAGE_URL, "pattern": _URL_PATTERN}),
    ] = None
    """An https URL from which TikTok fetches the picture. This or ``image_base64``, not both; null counts as absent."""
    image_base64: Annotated[
        bytes | None,
        BeforeValidator(_image_base64),
        Field(repr=False),
        WithJsonSchema({"type": ["string", "null"], "contentEncoding": "base64", "pattern": _BASE64_PATTERN}),
    ] = None
    """The bytes of a JPG or PNG in base64, without a ``data:`` prefix: at most 4 500 000 bytes before encoding.

    A request of more than 6 MB does not reach this service: API Gateway responds 413 in its own form, without CORS
    headers, so check the size of the file before you send it.
    """
    crop: Literal["center"] | None = None
    """With ``image_base64``: crop the largest square from the middle, no larger than TikTok accepts."""

    @field_validator("crop")
    @classmethod
    def _only_what_is_sent(cls, crop: str | None, others: ValidationInfo) -> str | None:
        if crop is not None and others.data.get("image_url") is not None:
            raise PydanticCustomError("crop", "is for image_base64 only: a picture that TikTok fetches is not cropped")
        return crop

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.image_url is None) == (self.image_base64 is None):
            raise PydanticCustomError("one_of_two", "must hold either image_url or image_base64")
        return self
