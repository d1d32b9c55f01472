"""What callers may send, typed; everything else is refused with a sentence that says what to send instead."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from publishing.display_name import UnusableNameError, normalised_display_name
from publishing.objectives import OBJECTIVES, normalised_objective

MAX_IMAGE_URI = 512
MAX_IDEMPOTENCY_KEY = 255


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


class PublishCheckQuery(AdvertiserQuery):
    """Which advertiser, for which objective, how strictly."""

    objective: Annotated[str, BeforeValidator(_objective)]
    strict: bool = False


class CreateIdentityBody(_Input):
    """The custom identity to create."""

    advertiser_id: AdvertiserId
    display_name: Annotated[str, StringConstraints(strict=True), AfterValidator(_display_name)]
    image_uri: Annotated[str | None, BeforeValidator(_image_uri)] = None
