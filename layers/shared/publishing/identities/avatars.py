"""Rules for pictures that become an identity's avatar (pure). Nothing here opens a picture."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from publishing.http.problems import Problem

MAX_BYTES = 4_500_000
"""Largest file. In base64 it has 6 000 000 bytes; Lambda accepts 6 291 456 for the whole event (Lambda quotas)."""
MAX_PIXELS = 3_686_400
"""Most pixels that TikTok accepts: a square of 1 920 pixels."""
MAX_DECODED_PIXELS = 25_000_000
"""Most pixels of a picture that is cropped here: more than a phone fits into 4.5 MB, and 100 MB of memory."""


class Size(NamedTuple):
    """Size of a picture as displayed, in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width} x {self.height} pixels"

    @property
    def pixels(self) -> int:
        """The number of pixels."""
        return self.width * self.height

    @property
    def square(self) -> bool:
        """Whether an avatar may have this shape."""
        return self.width == self.height

    @property
    def rotated(self) -> "Size":
        """The size after a rotation by 90 degrees."""
        return Size(self.height, self.width)


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that TikTok accepts as an avatar."""

    content: bytes = field(repr=False)
    media_type: str
    extension: str
    """With the dot."""
    size: Size


Prepare = Callable[[bytes, bool], Picture]
"""Opens a picture and crops it if the second argument says so; raises Problem (``image_unusable``,
``image_not_square``). That takes a library which is no part of the layer: the function that has it passes this."""


def centred_square(size: Size) -> tuple[int, int, int, int]:
    """Return the largest square in the middle: left, upper, right and lower edge."""
    side = min(size)
    left, upper = (size.width - side) // 2, (size.height - side) // 2
    return left, upper, left + side, upper + side


def avatar_size(size: Size) -> Size:
    """Return the size of the largest avatar that can be cropped from a picture, no larger than TikTok accepts."""
    side = min(*size, math.isqrt(MAX_PIXELS))
    return Size(side, side)


def check_avatar(size: Size) -> None:
    """Reject a size that TikTok does not accept.

    Raises:
        Problem: ``image_not_square``, ``image_unusable``.
    """
    if not size.square:
        needed = avatar_size(size)
        raise not_square(size, f"Send one of {needed}, or crop=center to crop it.")
    if size.pixels > MAX_PIXELS:
        raise _too_many_pixels(size, MAX_PIXELS, "Send a smaller one, or crop=center to scale it down.")


def check_decodable(size: Size) -> None:
    """Reject a size that is too large to be cropped here.

    Raises:
        Problem: ``image_unusable``.
    """
    if size.pixels > MAX_DECODED_PIXELS:
        raise _too_many_pixels(size, MAX_DECODED_PIXELS, "Send a smaller one.")


def not_square(size: Size, what_to_do: str) -> Problem:
    """Return the problem of a picture that is not square, with its size and the size needed."""
    return Problem(
        "image_not_square",
        f"The picture has {size}, and an avatar must be square. {what_to_do}",
        image=size._asdict(),
        needed=avatar_size(size)._asdict(),
    )


def _too_many_pixels(size: Size, most: int, what_to_do: str) -> Problem:
    return Problem(
        "image_unusable",
        f"The picture has {size}; the maximum is {most} pixels in total. {what_to_do}",
        image=size._asdict(),
        max_pixels=most,
    )
