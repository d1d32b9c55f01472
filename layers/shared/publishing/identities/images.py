"""Uploading a picture for an identity: checked here, or fetched by TikTok, and then in the ad account's library."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import uuid4

from pydantic import SecretStr

from publishing.answers.identity_images import IdentityImage
from publishing.calls import Call
from publishing.identities.avatars import MAX_BYTES, Picture, Prepare, Size, not_square
from publishing.inputs import CreateIdentityImageBody
from publishing.problems import Problem
from publishing.services import Services
from publishing.token_choice import Purpose
from publishing.upstream_problems import REFUSALS, rejection
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.errors import RefusedForNowError, RequestRejectedError
from tiktok_business.models import UploadedImage
from tiktok_business.transport import File

BUDGET_SECONDS = 20.0
"""Time for one request: 5 MB may take a while to TikTok, and TikTok a while to fetch from a URL."""
READ_TIMEOUT_SECONDS = 15.0
"""How long TikTok may say nothing meanwhile."""
MAX_REQUEST_BYTES = 10 * 1024 * 1024
"""What API Gateway lets through, so that it is the picture that is found too large."""
NAME_TAKEN = 40911
"""TikTok's code for a file name that the ad account has already."""
NAME_TRIES = 3
"""File names tried. A random one is new, so that more than one is needed is TikTok's error rather than chance."""

_EXTENSIONS = {".jpg", ".jpeg", ".png"}
_TELLING_CHARACTERS = 8
"""Shorter parts of a URL are words that TikTok's message may hold anyway."""


def create_identity_image(
    services: Services, prepare: Prepare, call: Call, body: CreateIdentityImageBody
) -> IdentityImage:
    """Put a picture into the ad account's library and return what an identity's creation needs of it.

    Not repeated where TikTok may have stored it: the caller may, as one more picture in the library harms nobody.

    Raises:
        Problem: ``image_too_large``, ``image_unusable``, ``image_not_square``, ``tiktok_rejected``.
        NoTokenError, AdvertiserNotConnectedError, AdvertiserNotAccessibleError: no connection of the caller's reaches
            the advertiser.
        TikTokError: TikTok refused it for rate, or it is not known whether TikTok stored it.
    """
    if body.image_url is not None:
        return _fetched(services, call, body.advertiser_id, body.image_url)
    content = body.image_base64 or b""
    if len(content) > MAX_BYTES:
        raise Problem(
            "image_too_large",
            f"The image has {len(content)} bytes, and {MAX_BYTES} are the most. Send a smaller one.",
        )
    return _sent(services, call, body.advertiser_id, prepare(content, crop=body.crop is not None))


def _sent(services: Services, call: Call, advertiser_id: str, picture: Picture) -> IdentityImage:
    def upload(api: TikTokBusinessApi, name: str) -> UploadedImage:
        return api.upload_image(advertiser_id, File(name, picture.content, picture.media_type))

    image = _uploaded(services, call, advertiser_id, upload, picture.extension)
    size = _size_of(image) or picture.size
    return _answer(image, size)


def _fetched(services: Services, call: Call, advertiser_id: str, url: str) -> IdentityImage:
    extension = PurePosixPath(urlsplit(url).path).suffix.lower()

    def upload(api: TikTokBusinessApi, name: str) -> UploadedImage:
        return _silent_about(url, api).upload_image_by_url(advertiser_id, url, name)

    try:
        image = _uploaded(services, call, advertiser_id, upload, extension if extension in _EXTENSIONS else "")
    except RefusedForNowError as error:  # not a passing trouble of TikTok's, after a few tries, but of the URL
        raise rejection(error) from None
    size = _size_of(image)
    if size is not None and not size.square:
        raise not_square(size, "Send the URL of a square one, or the file itself with crop=center.")
    return _answer(image, size)


def _uploaded(
    services: Services,
    call: Call,
    advertiser_id: str,
    upload: Callable[[TikTokBusinessApi, str], UploadedImage],
    extension: str,
) -> UploadedImage:
    """What TikTok says of the picture, under a file name that the ad account has not yet."""

    def work(api: TikTokBusinessApi, _advertiser_id: str) -> UploadedImage:
        for _ in range(NAME_TRIES - 1):
            try:
                return upload(api, _new_name(extension))
            except RequestRejectedError as error:
                if error.code != NAME_TAKEN:
                    raise
        return upload(api, _new_name(extension))

    try:
        return services.first_answer(call, advertiser_id, work, Purpose.WRITE).result
    except REFUSALS as error:
        raise rejection(error) from None


def _new_name(extension: str) -> str:
    return f"avatar-{uuid4().hex}{extension}"


def _size_of(image: UploadedImage) -> Size | None:
    """As TikTok says it, if it does."""
    return Size(image.width, image.height) if image.width and image.height else None


def _answer(image: UploadedImage, size: Size | None) -> IdentityImage:
    return IdentityImage(
        image_uri=image.image_id,
        width=size.width if size else None,
        height=size.height if size else None,
        image_url=image.image_url,
    )


def _silent_about(url: str, api: TikTokBusinessApi) -> TikTokBusinessApi:
    """The same endpoints; what TikTok says holds nothing of ``url``, whose query may be all that guards the picture."""
    parts = urlsplit(url)
    as_sent = [parts.query, parts.path, *(pair.partition("=")[2] for pair in parts.query.split("&"))]
    as_read = [unquote(parts.path), *(value for _, value in parse_qsl(parts.query))]
    telling = {one for one in (*as_sent, *as_read) if len(one) >= _TELLING_CHARACTERS}
    hidden = [SecretStr(one) for one in (url, *sorted(telling, key=len, reverse=True))]
    return replace(api, client=replace(api.client, hidden=(*api.client.hidden, *hidden)))
