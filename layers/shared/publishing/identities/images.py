"""POST /identity-images: puts a picture into the ad account's library, sent here or fetched by TikTok from a URL."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import uuid4

from pydantic import SecretStr

from publishing.http.problems import Problem, rejection
from publishing.http.request_context import RequestContext
from publishing.http.request_schemas import CreateIdentityImageBody
from publishing.http.response_schemas import IdentityImage
from publishing.identities.avatars import MAX_BYTES, Picture, Prepare, Size, not_square
from publishing.tokens import Purpose, TokenFailover
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import NotAppliedError, RequestRejectedError
from tiktok_business.models import UploadedImage
from tiktok_business.transport import File

BUDGET_SECONDS = 20.0
"""Time for one request: sending 4.5 MB to TikTok may take a while, and so may TikTok's fetching a URL."""
READ_TIMEOUT_SECONDS = 15.0
"""How long TikTok may take to answer."""
MAX_REQUEST_BYTES = 10 * 1024 * 1024
"""The largest request that API Gateway accepts, so that the picture is rejected rather than the request. On AWS, Lambda
does not accept events of more than 6 MB, which API Gateway reports before this limit counts."""
NAME_TAKEN = 40911
"""TikTok's code for a file name that already exists in the ad account."""
NAME_TRIES = 3
"""File names tried. Names are random: needing a second one is a TikTok error rather than chance."""

_EXTENSIONS = {".jpg", ".jpeg", ".png"}
_MIN_REDACTED_CHARACTERS = 8
"""Shorter parts of a URL are common words, which TikTok's message may contain anyway."""


def create_identity_image(
    tokens: TokenFailover, prepare: Prepare, context: RequestContext, body: CreateIdentityImageBody
) -> IdentityImage:
    """Put a picture into the ad account's library and return what creating an identity needs.

    Not retried if TikTok may have stored it. The caller may retry: one more picture in the library does no harm.

    Raises:
        Problem: ``image_too_large``, ``image_unusable``, ``image_not_square``, ``tiktok_rejected``.
        NoTokenError, AdvertiserNotConnectedError, AdvertiserNotAccessibleError: no connection of the caller's reaches
            the advertiser.
        TikTokError: TikTok refused it for another reason than the input, or whether TikTok stored it is unknown.
    """
    if body.image_url is not None:
        return _fetched(tokens, context, body.advertiser_id, body.image_url)
    content = body.image_base64 or b""
    if len(content) > MAX_BYTES:
        raise Problem(
            "image_too_large",
            f"The image has {len(content)} bytes; the maximum is {MAX_BYTES}. Send a smaller one.",
        )
    return _sent(tokens, context, body.advertiser_id, prepare(content, body.crop is not None))


def _sent(tokens: TokenFailover, context: RequestContext, advertiser_id: str, picture: Picture) -> IdentityImage:
    def upload(api: TikTokBusinessApi, name: str) -> UploadedImage:
        return api.upload_image(advertiser_id, File(name, picture.content, picture.media_type))

    image = _uploaded(tokens, context, advertiser_id, upload, picture.extension)
    size = _size_of(image) or picture.size
    return _response(image, size)


def _fetched(tokens: TokenFailover, context: RequestContext, advertiser_id: str, url: str) -> IdentityImage:
    extension = PurePosixPath(urlsplit(url).path).suffix.lower()

    def upload(api: TikTokBusinessApi, name: str) -> UploadedImage:
        return _redacting(url, api).upload_image_by_url(advertiser_id, url, name)

    try:
        image = _uploaded(tokens, context, advertiser_id, upload, extension if extension in _EXTENSIONS else "")
    except NotAppliedError as error:  # after several attempts the URL is the cause, not a transient failure
        raise rejection(error) from None
    size = _size_of(image)
    if size is not None and not size.square:
        raise not_square(size, "Send the URL of a square one, or the file itself with crop=center.")
    return _response(image, size)


def _uploaded(
    tokens: TokenFailover,
    context: RequestContext,
    advertiser_id: str,
    upload: Callable[[TikTokBusinessApi, str], UploadedImage],
    extension: str,
) -> UploadedImage:
    """Upload under a file name that is new in the ad account."""

    def work(api: TikTokBusinessApi, _advertiser_id: str) -> UploadedImage:
        for _ in range(NAME_TRIES - 1):
            try:
                return upload(api, _new_name(extension))
            except RequestRejectedError as error:
                if error.code != NAME_TAKEN:
                    raise
        return upload(api, _new_name(extension))

    try:
        return tokens.answer_request(context, advertiser_id, work, Purpose.WRITE).result
    except RequestRejectedError as error:
        raise rejection(error) from None


def _new_name(extension: str) -> str:
    return f"avatar-{uuid4().hex}{extension}"


def _size_of(image: UploadedImage) -> Size | None:
    """Return the size if TikTok states it."""
    return Size(image.width, image.height) if image.width and image.height else None


def _response(image: UploadedImage, size: Size | None) -> IdentityImage:
    return IdentityImage(
        image_uri=image.image_id,
        width=size.width if size else None,
        height=size.height if size else None,
        image_url=image.image_url,
    )


def _redacting(url: str, api: TikTokBusinessApi) -> TikTokBusinessApi:
    """Remove all parts of ``url`` from TikTok's texts: its query may be the only protection of the picture."""
    parts = urlsplit(url)
    as_sent = [parts.query, parts.path, *(pair.partition("=")[2] for pair in parts.query.split("&"))]
    as_read = [unquote(parts.path), *(value for _, value in parse_qsl(parts.query))]
    long_enough = {one for one in (*as_sent, *as_read) if len(one) >= _MIN_REDACTED_CHARACTERS}
    redact = [SecretStr(one) for one in (url, *sorted(long_enough, key=len, reverse=True))]
    return replace(api, client=replace(api.client, redact=(*api.client.redact, *redact)))
