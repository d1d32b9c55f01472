"""What callers may send, typed; everything else is refused with a sentence that says what to send instead."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from publishing.display_name import UnusableNameError, normalised_display_name
from publishing.objectives import OBJECTIVES, normalised_objective

MAX_IMAGE_URI = 512
MAX_IDEMPOTENCY_KEY = 255

# For the OpenAPI document alone: what a regular expression can say of the rules below.
_CONTROLS = r"\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069"
_NAME_PATTERN = rf"^[^{_CONTROLS}]*[^{_CONTROLS}\s\u00ad\u200b-\u200f\u2060-\u206f\ufeff][^{_CONTROLS}]*$"
_IMAGE_PATTERN = r"^(?!//|data:|www\.)(?!.*://)[!-~]*$"


def _objective(value: Any) -> str:
    objective = normalised_objective(value) if isinstance(value, str) else None
    if objective is None:
        raise PydanticCustomError("unknown_objective", "unknown objective", {"accepted": list(OBJECTIVES)})
    return objective


def _image_uri(value: Any) -> Any:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > MAX_IMAGE_URI or _is_url(value) or not _is_printable_ascii(value):
        raise PydanticCustomError(
            "image_uri", "must be the image id that TikTok's upload API returned, not a URL or anything else"
        )
    return value


def _display_name(value: str) -> str:
    try:
        normalised_display_name(value)
    except UnusableNameError as error:
        raise PydanticCustomError("display_name", "{why}", {"why": str(error)}) from None
    return value


def _is_url(text: str) -> bool:
    return "://" in text or text.startswith(("//", "data:", "www."))


def _is_printable_ascii(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


AdvertiserId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$", strict=True)]
"""TikTok's id of an ad account: digits, as a string."""


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoInput(_Input):
    """Nothing is asked for."""


class AdvertiserQuery(_Input):
    """Which advertiser; without it the first one of the caller's token."""

    advertiser_id: AdvertiserId | None = None
    """TikTok's id of the ad account. Without it the first advertiser of the active token is taken, and named."""


class ReadinessQuery(_Input):
    """Which advertiser; without it all that the caller may see."""

    advertiser_id: AdvertiserId | None = None
    """TikTok's id of the ad account. Without it all advertisers that the caller may see are answered."""


class PublishCheckQuery(AdvertiserQuery):
    """Which advertiser, for which objective, how strictly."""

    objective: Annotated[str, BeforeValidator(_objective), WithJsonSchema({"type": "string", "enum": [*OBJECTIVES]})]
    """The campaign's objective. Letter case and outer white space do not matter."""
    strict: bool = False
    """Whether a custom identity that TikTok no longer lets this account run counts as missing."""


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
    """The name that the ad shows. Outer white space is stripped, and what is longer than 40 code points is cut.

    Control and text-direction characters are refused, and a name of which nothing can be seen.
    """
    image_uri: Annotated[
        str | None,
        BeforeValidator(_image_uri),
        WithJsonSchema({"type": ["string", "null"], "maxLength": MAX_IMAGE_URI, "pattern": _IMAGE_PATTERN}),
    ] = None
    """The image id that TikTok's upload API returned, not a URL. Null or empty counts as absent."""
