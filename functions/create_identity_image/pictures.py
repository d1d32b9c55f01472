"""Opens pictures with Pillow, which only this function contains: their format, size and completeness."""

import io
import logging
import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from publishing.http.problems import Problem
from publishing.identities.avatars import Picture, Size, avatar_size, centred_square, check_avatar, check_decodable

JPEG_QUALITY = 95

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The transposition that reverts each EXIF orientation."""
_SIDEWAYS = range(5, 9)
"""Orientations that swap width and height."""
_PROFILES = {"L": b"GRAY", "LA": b"GRAY", "RGB": b"RGB ", "RGBA": b"RGB "}
"""The colour space in the header of a colour profile for pictures of this mode."""
_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)
"""Start of a JPG's segment, or end of the JPG; the same byte among its pixels is followed by 0."""
_PNG_SIGNATURE_BYTES = 8
_PNG_CHUNK_FRAME_BYTES = 12
_16_TO_8_BITS = 1 / 257

logging.getLogger("PIL").setLevel(logging.WARNING)  # lower levels log file contents, EXIF included
Image.MAX_IMAGE_PIXELS = None  # check_decodable is stricter, and rejects where Pillow would only warn
Image.preinit()  # in Init rather than with the first picture


def prepare(content: bytes, crop: bool) -> Picture:  # noqa: FBT001 - called as a Prepare, which has no keywords
    """Return the picture unchanged or, with ``crop``, its centred square, encoded again without metadata.

    Raises:
        Problem: ``image_unusable``, ``image_not_square``.
    """
    with _decoding(), Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
        png = image.format == "PNG"  # Pillow calls a JPG with further pictures MPO
        if crop:
            content, size = _square(image, png=png)
        else:
            size = Size(*image.size)
            # JPG only: a PNG's EXIF, which is rare, may follow the pixels, which must not be decoded yet.
            check_avatar(size.rotated if not png and _orientation(image) in _SIDEWAYS else size)
            _check_whole(image, content, png=png)
    return Picture(content, "image/png", ".png", size) if png else Picture(content, "image/jpeg", ".jpg", size)


@contextmanager
def _decoding() -> Iterator[None]:
    """Turn a decoder's errors into our problem."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about unusual metadata: only the pixels matter
            yield
    except Problem:
        raise
    except UnidentifiedImageError:
        pass
    except Exception:  # noqa: BLE001 - damaged bytes make decoders raise errors of a dozen types
        raise _unusable("The picture is damaged or incomplete. Export it again.") from None
    else:
        return
    raise _unusable("The content is neither a JPG nor a PNG. Send the bytes of one of these.")


def _unusable(detail: str) -> Problem:
    return Problem("image_unusable", detail)


def _orientation(image: Image.Image) -> int | None:
    """Return EXIF's orientation, if it can be read."""
    with suppress(Exception):
        return image.getexif().get(ExifTags.Base.Orientation)
    return None


def _check_whole(image: ImageFile.ImageFile, content: bytes, *, png: bool) -> None:
    """Reject a file that is not exactly one complete picture: TikTok gets this very file."""
    image.load()
    if png and getattr(image, "n_frames", 1) > 1:
        raise _unusable("The picture is animated. Send a still one, or crop=center to keep its first frame.")
    end = (_end_of_png if png else _end_of_jpeg)(content)
    if end > len(content):
        raise EOFError
    if end < len(content):
        raise _unusable(
            "The file has data after the picture. Export it again, or send crop=center to keep the picture only."
        )


def _end_of_png(content: bytes) -> int:
    """Return where the picture ends. ``content`` has been decoded."""
    at, kind = _PNG_SIGNATURE_BYTES, b""
    while kind != b"IEND":
        kind = content[at + 4 : at + 8]
        if len(kind) < len(b"IEND"):
            raise EOFError
        at += _PNG_CHUNK_FRAME_BYTES + int.from_bytes(content[at : at + 4])
    return at


def _end_of_jpeg(content: bytes) -> int:
    """Return where the first picture ends. ``content`` has been decoded."""
    at = 2
    while marker := _MARKER.search(content, at):
        if marker[0][-1] == 0xD9:  # noqa: PLR2004 - the marker "end of image"
            return marker.end()
        at = marker.end() + int.from_bytes(content[marker.end() : marker.end() + 2])
    raise EOFError


def _square(image: ImageFile.ImageFile, *, png: bool) -> tuple[bytes, Size]:
    """Return the largest centred square, upright, as a new file."""
    size = Size(*image.size)
    check_decodable(size)
    wanted = avatar_size(size)
    scale = wanted.width / min(size)
    # A JPG can be decoded at a reduced size, which takes less memory; never smaller than needed.
    image.draft(None, (math.ceil(size.width * scale), math.ceil(size.height * scale)))
    image.load()
    whole, middle = _plain(image), centred_square(Size(*image.size))
    if middle[2] - middle[0] == wanted.width:
        square = whole.crop(middle)
    else:
        square = whole.resize(wanted, Image.Resampling.LANCZOS, middle)
    transposition = _UPRIGHT.get(_orientation(image) or 1)
    if transposition is not None:
        square = square.transpose(transposition)
    profile = image.info.get("icc_profile") or b""
    fitting = profile if profile[16:20] == _PROFILES[square.mode] else None
    square.info = {}
    written = io.BytesIO()
    square.save(written, "PNG" if png else "JPEG", icc_profile=fitting, quality=JPEG_QUALITY)
    return written.getvalue(), wanted


def _plain(image: Image.Image) -> Image.Image:
    """Return the picture in one of the modes of ``_PROFILES``: 8 bits, no palette, no CMYK."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value * _16_TO_8_BITS).convert("L")
    if image.mode in _PROFILES and "transparency" not in image.info:
        return image
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB")
