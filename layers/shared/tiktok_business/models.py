"""TikTok's rows: the fields that this product uses, read tolerantly.

An absent or null field is None: no information. A field of another type is None too if it is only displayed (a name, a
picture); if it decides whether something is usable, it makes its row unreadable. Unknown fields are ignored. Ids are
strings; a number is read as its digits, since TikTok's gateway converts some ids to 64-bit integers
(SDK ``yml_files``, ``x-open-convert``).
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from tiktok_business.errors import UnexpectedResponseError


class IdentityType(StrEnum):
    """The identity types that can be requested (DOC:1740218420781057). Answers may contain others."""

    CUSTOMIZED_USER = "CUSTOMIZED_USER"
    AUTH_CODE = "AUTH_CODE"
    TT_USER = "TT_USER"
    BC_AUTH_TT = "BC_AUTH_TT"


def _digits_of_number(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        return None  # no id, so its row is unreadable
    return str(value) if type(value) is int else value


def _flag_or_none(value: Any) -> Any:
    return value if isinstance(value, bool) else None


def _text_or_none(value: Any) -> Any:
    return value if isinstance(value, str) and value.strip() else None


def whole_number(value: Any) -> int | None:
    """Return a number that TikTok may also send as text (seen with counts); None if it is not one from 0 on."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _MAX_DIGITS:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and value >= 0 else None


def _length_or_none(value: Any) -> Any:
    return whole_number(value) or None


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


def _word_of_flag(yes: str, no: str) -> BeforeValidator:
    """Read true and false as the words that TikTok documents: both were seen in one field (2026)."""
    return BeforeValidator(lambda value: (yes if value else no) if isinstance(value, bool) else value)


_MAX_DIGITS = 18
_HEADER_VALUE = re.compile(r"[!-~]+")

Id = Annotated[str, BeforeValidator(_digits_of_number), Field(min_length=1)]
OptionalText = Annotated[str | None, BeforeValidator(_text_or_none)]
OptionalLength = Annotated[int | None, BeforeValidator(_length_or_none)]
OptionalFlag = Annotated[bool | None, BeforeValidator(_flag_or_none)]
DecidingText = Annotated[str | None, BeforeValidator(_none_if_empty)]
DecidingFlag = Annotated[bool | None, BeforeValidator(_none_if_empty)]


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
    available_status: Annotated[DecidingText, _word_of_flag("AVAILABLE", "NOT_AVAILABLE")] = None
    """``AVAILABLE`` or why not; only for TikTok accounts, else None. Production rows were seen with true."""
    is_gpppa: DecidingFlag = None
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
    ad_creation_eligible: Annotated[DecidingText, _word_of_flag("AVAILABLE", "NOT_AVAILABLE")] = None
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


def usable_token(token: SecretStr) -> bool:
    """Whether an HTTP header can hold this token: not empty, and without white space and other characters."""
    return _HEADER_VALUE.fullmatch(token.get_secret_value()) is not None


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
