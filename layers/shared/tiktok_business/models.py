"""TikTok's rows: the fields that this product uses, read tolerantly.

An absent or null field is None: no information. A field of another type is None too if it is only displayed (a name, a
picture); if it decides whether something is usable, it makes its row unreadable. Unknown fields are ignored. Ids are
strings; a number is read as its digits, since TikTok's gateway converts some ids to 64-bit integers
(SDK ``yml_files``, ``x-open-convert``).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from tiktok_business.errors import UnexpectedResponseError


class IdentityType(StrEnum):
    """The identity types that can be requested (DOC:1740218420781057). Answers may contain others."""

    CUSTOMIZED_USER = "CUSTOMIZED_USER"
    AUTH_CODE = "AUTH_CODE"
    TT_USER = "TT_USER"
    BC_AUTH_TT = "BC_AUTH_TT"


def _digits_of_number(value: Any) -> Any:
    return str(value) if type(value) is int else value


def _flag_or_none(value: Any) -> Any:
    return value if isinstance(value, bool) else None


def _text_or_none(value: Any) -> Any:
    return value if isinstance(value, str) and value else None


def _length_or_none(value: Any) -> Any:
    return value if type(value) is int and value > 0 else None


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


Id = Annotated[str, BeforeValidator(_digits_of_number), Field(min_length=1)]
OptionalText = Annotated[str | None, BeforeValidator(_text_or_none)]
OptionalLength = Annotated[int | None, BeforeValidator(_length_or_none)]
OptionalFlag = Annotated[bool | None, BeforeValidator(_flag_or_none)]
DecidingText = Annotated[str | None, BeforeValidator(_none_if_empty)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Identity(_Row):
    """A row of ``identity/get/`` (DOC:1740218420781057)."""

    identity_id: Id
    identity_type: str
    display_name: OptionalText = None
    profile_image: OptionalText = None
    """URL; TikTok sends an empty string for the default avatar. It expires (about 48 h): show it, never store it."""
    identity_authorized_bc_id: OptionalText = None
    available_status: DecidingText = None
    """``AVAILABLE`` or why not; only for TikTok accounts, else None."""
    is_gpppa: bool | None = None
    """A government, politician or party account: unusable for ads."""


class AssetOwnership(_Row):
    """Who holds a pixel; ``UNBOUND`` means that this advertiser can no longer use it."""

    asset_relation_status: DecidingText = None


class Pixel(_Row):
    """A row of ``pixel/list/`` (SDK ``yml_files/pixel_list.yml``, NAN ``list-pixels``)."""

    pixel_id: Id
    pixel_name: OptionalText = None
    activity_status: OptionalText = None
    """Observed: ``ACTIVE`` and ``NO_RECENT_ACTIVITY``; TikTok does not document the values."""
    asset_ownership: AssetOwnership | None = None


class BusinessCenterInfo(_Row):
    """The part of a ``bc/get/`` row that names the Business Center."""

    bc_id: Id
    name: OptionalText = None


class BusinessCenter(_Row):
    """A row of ``bc/get/``; the id is nested (BUB ``model/bc``)."""

    bc_info: BusinessCenterInfo


class Catalog(_Row):
    """A row of ``catalog/get/`` (NAN ``catalogs``)."""

    catalog_id: Id
    catalog_name: OptionalText = None
    ad_creation_eligible: DecidingText = None
    """``AVAILABLE`` or ``NOT_AVAILABLE``."""


class App(_Row):
    """A row of ``app/list/`` (SDK ``yml_files/app_list.yml``)."""

    app_id: Id
    app_name: OptionalText = None
    platform: OptionalText = None


class Page(_Row):
    """A row of ``page/get/``: an instant page, of which a lead form is one kind (BUB ``model/page``)."""

    page_id: Id
    title: OptionalText = None
    status: str
    """``PUBLISHED`` or ``EDITED`` (a draft); only published ones can be used in ads. Without it nothing is known."""


class PageLibrary(_Row):
    """A row of ``page/library/get/``: a Business Center's library of forms (BUB ``model/page/library``)."""

    library_id: Id
    advertiser_id: Id
    """Whose forms it contains. Without it nothing is known."""


class Advertiser(_Row):
    """A row of ``advertiser/info/`` (DOC:1739593083610113)."""

    advertiser_id: Id
    name: OptionalText = None
    status: OptionalText = None
    """``STATUS_ENABLE`` or one of a dozen others."""
    can_use_custom_identity: OptionalFlag = None
    """Only in answers to calls that request this field."""


class CreatedIdentity(_Row):
    """``data`` of ``identity/create/``: only the id (DOC:1740654203526146)."""

    identity_id: Id


class TermCheck(_Row):
    """``data`` of ``term/check/`` (BUB ``model/term``)."""

    confirmed: bool


class UploadedImage(_Row):
    """``data`` of ``file/image/ad/upload/`` (NAN ``upload-image``)."""

    image_id: Id
    """Contains a slash; passed to ``identity/create/`` as ``image_uri``, unchanged."""
    width: OptionalLength = None
    """Like ``height``; None if it is not a number of pixels: the image is stored anyway."""
    height: OptionalLength = None
    image_url: OptionalText = None


def parse_data[Model: BaseModel](endpoint: str, model: type[Model], data: Mapping[str, Any]) -> Model:
    """Return the ``data`` of an answer as ``model``.

    Raises:
        UnexpectedResponseError: it has another shape. The error holds nothing of the answer.
    """
    try:
        return model.model_validate(data)
    except ValidationError:
        pass  # raised below, so that the error does not hold the answer as its context
    raise UnexpectedResponseError(endpoint, "code 0 with data of another shape", code=0)
