"""Uploading an image into an ad account's library (reference: TikTok's guide to image uploads).

Which of the codes from 40904 to 40908 says what is a guess: it is known that they speak of content, of missing,
empty and too large files, and of types, not which of which.
"""

import hashlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from local.tiktok_simulator.answers import ApiError, JsonObject
from local.tiktok_simulator.call import Call
from local.tiktok_simulator.parameters import Parameters
from local.tiktok_simulator.world import Image

_UPLOAD_TYPES = ("UPLOAD_BY_FILE", "UPLOAD_BY_URL")
_MAX_FILE_NAME = 100
_MAX_PIXELS = 3_686_400
_DEFAULT_SIDE = 512
_SIZE_IN_NAME = re.compile(r"(?<!\d)([1-9]\d{0,4})x([1-9]\d{0,4})(?!\d)")
_FORMATS = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg"}

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
# The frame headers of JPEG, all from C0 to CF but tables (C4), extensions (C8) and arithmetic coding (CC).
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class _Content:
    format: str
    width: int
    height: int
    size: int
    signature: str


def file_image_ad_upload(call: Call) -> JsonObject:
    """Keep an image, every time anew: TikTok has no request key here, but no name may come twice (40911).

    UPLOAD_BY_FILE_ID is not simulated.
    """
    advertiser = call.advertiser()
    upload_type = call.parameters.choice("upload_type", _UPLOAD_TYPES) or "UPLOAD_BY_FILE"
    file_name = call.parameters.text("file_name")
    if file_name is not None and len(file_name) > _MAX_FILE_NAME:
        raise ApiError.bad_parameter(f"file_name: Length must be between 1 and {_MAX_FILE_NAME}.")
    content = _sent(call.parameters) if upload_type == "UPLOAD_BY_FILE" else _fetched(call.parameters)
    if content.width * content.height > _MAX_PIXELS:
        raise ApiError(40907, f"The image has more than {_MAX_PIXELS} pixels.")
    if file_name in {image.file_name for image in advertiser.images}:
        raise ApiError(40911, "Duplicated file name.")
    image_id = call.world.new_image_id()
    image = Image(
        id=image_id,
        file_name=file_name or f"{image_id.rpartition('/')[2]}.{content.format}",
        width=content.width,
        height=content.height,
        format=content.format,
        size=content.size,
        signature=content.signature,
    )
    advertiser.images.append(image)
    return _row(image)


def image_size(content: bytes) -> tuple[str, int, int] | None:
    """Format, width and height of an image, read from its first bytes; None where it is neither PNG nor JPEG."""
    if content.startswith(_PNG) and content[12:16] == b"IHDR" and len(content) >= len(_PNG) + 16:
        width, height = struct.unpack_from(">II", content, 16)
        found = ("png", int(width), int(height))
    elif content.startswith(_JPEG):
        height, width = next(_jpeg_frames(content), (0, 0))
        found = ("jpeg", width, height)
    else:
        return None
    return found if found[1] and found[2] else None


def _jpeg_frames(content: bytes) -> Iterator[tuple[int, int]]:
    """Go from segment to segment, each with a marker and its length, and give the frames' height and width."""
    at = len(_JPEG)
    while at + 9 <= len(content) and content[at] == 0xFF:  # noqa: PLR2004 - what every marker begins with
        marker = content[at + 1]
        if marker == 0xFF:  # noqa: PLR2004 - a fill byte, of which a marker may have any number
            at += 1
            continue
        (length,) = struct.unpack_from(">H", content, at + 2)
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            yield height, width
        at += 2 + length


def _sent(parameters: Parameters) -> _Content:
    signature = parameters.required_text("image_signature")
    file = parameters.file("image_file")
    if file is None:
        raise ApiError(40905, "image_file: Missing file.")
    if not file.content:
        raise ApiError(40906, "image_file: The file is empty.")
    digest = hashlib.md5(file.content, usedforsecurity=False).hexdigest()
    if signature.lower() != digest:
        raise ApiError(40900, "The image_signature does not match the file.")
    found = image_size(file.content)
    if found is None:
        raise ApiError(40908, "Unsupported file type.")
    return _Content(*found, len(file.content), digest)


def _fetched(parameters: Parameters) -> _Content:
    """What TikTok would find under the URL: nothing is fetched here, the URL itself says what it is.

    "…/avatar-640x480.png" is an image of that size, without a size of 512 x 512; "unreachable" in its path is what
    TikTok cannot fetch (40902).
    """
    url = parameters.required_text("image_url")
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


def _row(image: Image) -> JsonObject:
    """The object that an upload answers; its times are not known yet."""
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
        "create_time": None,
        "modify_time": None,
    }
