"""The endpoints of identities and of the images that become their avatars."""

import hashlib
import re
import time
from dataclasses import dataclass
from io import BytesIO
from typing import Literal
from urllib.parse import urlsplit

from PIL import Image as Picture
from pydantic import Field, Json

from local.tiktok_simulator.http_messages import ApiError, JsonObject
from local.tiktok_simulator.parameters import (
    AdvertiserParameters,
    Id,
    Integer,
    Keyword,
    PageParameters,
    RequestContext,
)
from local.tiktok_simulator.world import Advertiser, Identity, Image, Token, image_url

_IdentityType = Literal["AUTH_CODE", "BC_AUTH_TT", "CUSTOMIZED_USER", "TT_USER"]

_PICTURE_LIFETIME_SECONDS = 48 * 3600
_MAX_PIXELS = 3_686_400
_DEFAULT_SIDE = 512
_SIZE_IN_NAME = re.compile(r"(?<!\d)([1-9]\d{0,4})x([1-9]\d{0,4})(?!\d)")
_FORMATS = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg"}


class _ListParameters(AdvertiserParameters, PageParameters):
    page_size: Integer = Field(default=20, ge=1, le=100)
    identity_type: _IdentityType | None = None
    identity_authorized_bc_id: Id | None = None
    filtering: Json[Keyword] = Keyword()


class _InfoParameters(AdvertiserParameters):
    identity_id: str
    identity_type: _IdentityType
    identity_authorized_bc_id: Id | None = None


class _CreateParameters(AdvertiserParameters):
    display_name: str = Field(max_length=100)
    image_uri: str | None = None


class _DeleteParameters(AdvertiserParameters):
    identity_id: str
    identity_type: Literal["CUSTOMIZED_USER"]


class _UploadParameters(AdvertiserParameters):
    upload_type: Literal["UPLOAD_BY_FILE", "UPLOAD_BY_URL"] = "UPLOAD_BY_FILE"
    file_name: str | None = Field(default=None, max_length=100)
    image_signature: str | None = None
    image_url: str | None = None


def identity_get(context: RequestContext) -> JsonObject:
    """List identities, newest first; only a request with a type has a correct `page_info`.

    (Reference: portal doc 1740218420781057.)
    """
    query = context.read(_ListParameters)
    identities = _visible_identities(context.advertiser(query.advertiser_id), context.token)
    if query.identity_type is not None:
        identities = [identity for identity in identities if identity.identity_type == query.identity_type]
    if query.identity_type == "BC_AUTH_TT":
        bc_id = _required_bc_id(query.identity_authorized_bc_id)
        identities = [identity for identity in identities if identity.authorized_bc_id == bc_id]
    if query.identity_type in {None, "CUSTOMIZED_USER"}:
        identities = [identity for identity in identities if query.filtering.matches(identity.display_name)]
    rows = [_row(identity) for identity in query.page_of(identities)]
    info = query.page_info(len(identities))
    if query.identity_type is None:
        # TikTok documents these totals as unreliable, so a client that relies on them must fail here.
        info |= {"total_number": len(rows), "total_page": 0}
    return {"identity_list": rows, "page_info": info}


def identity_info(context: RequestContext) -> JsonObject:
    """One identity (reference: portal doc 1740218453385217). The code for an unknown id is a guess."""
    query = context.read(_InfoParameters)
    advertiser = context.advertiser(query.advertiser_id)
    in_business_center = query.identity_type == "BC_AUTH_TT"
    bc_id = _required_bc_id(query.identity_authorized_bc_id) if in_business_center else None
    wanted = (query.identity_id, query.identity_type, bc_id)
    for identity in _visible_identities(advertiser, context.token):
        if (identity.id, identity.identity_type, identity.authorized_bc_id) == wanted:
            row = _row(identity)
            row["profile_image_url"] = row.pop("profile_image")  # only here the field has this name
            return {"identity_info": row}
    raise _unknown_identity(query.identity_id)


def identity_create(context: RequestContext) -> JsonObject:
    """Create a CUSTOMIZED_USER; every request creates another one, because TikTok has no idempotency key here.

    (Reference: portal doc 1740654203526146.) `can_use_custom_identity` makes no difference.
    """
    body = context.read(_CreateParameters)
    advertiser = context.advertiser(body.advertiser_id)
    image = advertiser.image(body.image_uri) if body.image_uri else None
    # The name decides whether an image that was never uploaded is square.
    if (image is not None and not image.is_square) or "not-square" in (body.image_uri or ""):
        raise ApiError.bad_parameter("Avatar's width & height is not equal.")
    identity = Identity(
        id=context.world.new_identity_id(),
        identity_type="CUSTOMIZED_USER",
        display_name=body.display_name,
        profile_image=image_url(body.image_uri) if body.image_uri else "",
    )
    advertiser.identities.append(identity)
    return {"identity_id": identity.id}


def identity_delete(context: RequestContext) -> JsonObject:
    """Delete a custom identity; other types cannot be deleted (reference: portal doc 1759155939236865)."""
    body = context.read(_DeleteParameters)
    advertiser = context.advertiser(body.advertiser_id)
    for identity in advertiser.identities:
        if (identity.id, identity.identity_type) == (body.identity_id, body.identity_type):
            advertiser.identities.remove(identity)
            return {}
    raise _unknown_identity(body.identity_id)


def _visible_identities(advertiser: Advertiser, token: Token) -> list[Identity]:
    """Identities, newest first, without TT_USERs that another user linked."""
    return [
        identity
        for identity in reversed(advertiser.identities)
        if identity.identity_type != "TT_USER" or token.user in identity.linked_by
    ]


def _required_bc_id(bc_id: str | None) -> str:
    if bc_id is None:
        raise ApiError.missing_parameter("identity_authorized_bc_id")
    return bc_id


def _unknown_identity(identity_id: str) -> ApiError:
    return ApiError.bad_parameter(f"identity_id: The identity {identity_id} doesn't exist.")


def _row(identity: Identity) -> JsonObject:
    """A row of identity/get/, without image_uri and creation time (reference: portal doc 1740218420781057).

    The keys are those of production; the sandbox omits some.
    """
    custom = identity.identity_type == "CUSTOMIZED_USER"
    in_business_center = identity.identity_type == "BC_AUTH_TT"
    return {
        "identity_id": identity.id,
        "identity_type": identity.identity_type,
        "identity_authorized_bc_id": identity.authorized_bc_id if in_business_center else None,
        "display_name": identity.display_name,
        "username": identity.username,
        "profile_image": identity.profile_image if custom else _expiring(identity.profile_image),
        "available_status": None if custom else identity.available_status,
        "can_push_video": None if custom else identity.can_push_video,
        "can_pull_video": None if custom else identity.can_pull_video,
        "can_use_live_ads": None if custom else False,
        "can_manage_message": None if custom else identity.can_manage_message,
        "ads_only_mode": identity.ads_only_mode if in_business_center else None,
        "is_gpppa": identity.is_gpppa,
    }


def _expiring(url: str) -> str:
    """The address of a TikTok account's picture; it expires after about 48 hours."""
    return f"{url}?x-expires={int(time.time()) + _PICTURE_LIFETIME_SECONDS}" if url else ""


@dataclass(frozen=True)
class _Content:
    format: str
    width: int
    height: int
    size: int
    signature: str


def file_image_ad_upload(context: RequestContext) -> JsonObject:
    """Store an image in the ad account's library (reference: TikTok's guide to image uploads).

    Every request stores another image, because TikTok has no idempotency key here; a repeated file name is refused
    (40911). UPLOAD_BY_FILE_ID is not simulated. The assignment of the codes 40904 to 40908 is a guess: the sources
    only say that they concern content, missing, empty and too large files, and types.
    """
    body = context.read(_UploadParameters)
    advertiser = context.advertiser(body.advertiser_id)
    content = _sent(context, body) if body.upload_type == "UPLOAD_BY_FILE" else _fetched(body.image_url)
    if content.width * content.height > _MAX_PIXELS:
        raise _too_many_pixels()
    if body.file_name in {image.file_name for image in advertiser.images}:
        raise ApiError(40911, "Duplicated file name.")
    image_id = context.world.new_image_id()
    image = Image(
        id=image_id,
        file_name=body.file_name or f"{image_id.rpartition('/')[2]}.{content.format}",
        width=content.width,
        height=content.height,
        format=content.format,
        size=content.size,
        signature=content.signature,
    )
    advertiser.images.append(image)
    return {
        "image_id": image.id,
        "material_id": f"75{int(image.id[-16:], 16):017d}",
        "image_url": image.url,
        "file_name": image.file_name,
        "format": image.format,
        "width": image.width,
        "height": image.height,
        "size": image.size,
        "signature": image.signature,
        "displayable": True,
        "create_time": None,  # TikTok does not know its times yet
        "modify_time": None,
    }


def image_size(content: bytes) -> tuple[str, int, int] | None:
    """The format, width and height of an image, or None if it is neither PNG nor JPEG.

    ApiError: the image claims more pixels than Pillow accepts.
    """
    try:
        with Picture.open(BytesIO(content), formats=("PNG", "JPEG")) as picture:
            # A JPEG with several pictures in it has a format of its own in Pillow.
            return "png" if picture.format == "PNG" else "jpeg", picture.width, picture.height
    except (Picture.DecompressionBombError, Picture.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except (OSError, ValueError):
        return None


def _too_many_pixels() -> ApiError:
    return ApiError(40907, f"The image has more than {_MAX_PIXELS} pixels.")


def _sent(context: RequestContext, body: _UploadParameters) -> _Content:
    """The file in the request."""
    if body.image_signature is None:
        raise ApiError.missing_parameter("image_signature")
    file = context.files.get("image_file")
    if file is None:
        raise ApiError(40905, "image_file: Missing file.")
    if not file.content:
        raise ApiError(40906, "image_file: The file is empty.")
    digest = hashlib.md5(file.content, usedforsecurity=False).hexdigest()
    if body.image_signature.lower() != digest:
        raise ApiError(40900, "The image_signature does not match the file.")
    found = image_size(file.content)
    if found is None:
        raise ApiError(40908, "Unsupported file type.")
    return _Content(*found, len(file.content), digest)


def _fetched(url: str | None) -> _Content:
    """The image under a URL. Nothing is fetched: the URL itself describes the image.

    "…/avatar-640x480.png" is an image of that size; a URL without a size is 512 x 512. A path that contains
    "unreachable" cannot be fetched (40902).
    """
    if url is None:
        raise ApiError.missing_parameter("image_url")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ApiError.bad_parameter("image_url: Not a valid URL.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ApiError.bad_parameter("image_url: Not a valid URL.")
    if "unreachable" in parts.path:
        raise ApiError(40902, "The file could not be fetched from the URL.")
    name, dot, extension = parts.path.rpartition("/")[2].rpartition(".")
    image_format = _FORMATS.get(extension.lower()) if dot else "png"
    if image_format is None:
        raise ApiError(40908, "Unsupported file type.")
    size = _SIZE_IN_NAME.search(name if dot else extension)
    width, height = (int(size[1]), int(size[2])) if size else (_DEFAULT_SIDE, _DEFAULT_SIDE)
    digest = hashlib.md5(url.encode(), usedforsecurity=False).hexdigest()
    return _Content(image_format, width, height, width * height, digest)
