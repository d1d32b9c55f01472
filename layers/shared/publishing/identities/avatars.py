"""What a picture must be like to become an identity's avatar. Nothing here opens a picture; who does, asks here."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from publishing.problems import Problem

MAX_BYTES = 5_000_000
"""Of a file that is sent here. Lambda takes 6 MB with everything around it, so base64 ends at about 4.7 MB before."""
MAX_PIXELS = 3_686_400
"""Of a picture at TikTok: a square of 1 920 pixels."""
MAX_DECODED_PIXELS = 25_000_000
"""Of a picture that is cut and scaled down here: more than a telephone puts into 5 MB, and 100 MB of memory."""


class Size(NamedTuple):
    """Of a picture, in pixels, as it is shown."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width} x {self.height} pixels"

    @property
    def pixels(self) -> int:
        """How many there are."""
        return self.width * self.height

    @property
    def square(self) -> bool:
        """Whether an avatar may have this shape."""
        return self.width == self.height

    @property
    def rotated(self) -> "Size":
        """The same picture lying on its side."""
        return Size(self.height, self.width)


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that TikTok can take as an avatar."""

    content: bytes = field(repr=False)
    media_type: str
    extension: str
    """With its dot."""
    size: Size


class Prepare(Protocol):
    """Opens pictures. That takes a library that is no part of the layer: the function that has it brings this along."""

    def __call__(self, content: bytes, *, crop: bool) -> Picture:
        """The picture that ``content`` is or, with ``crop``, its middle.

        Raises:
            Problem: ``image_unusable``, ``image_not_square``.
        """
        ...


def centred_square(size: Size) -> tuple[int, int, int, int]:
    """The largest square in the middle: left, upper, right and lower edge."""
    side = min(size)
    left, upper = (size.width - side) // 2, (size.height - side) // 2
    return left, upper, left + side, upper + side


def avatar_size(size: Size) -> Size:
    """Of the largest avatar that can be made of a picture: its square, no larger than TikTok takes."""
    side = min(*size, math.isqrt(MAX_PIXELS))
    return Size(side, side)


def check_avatar(size: Size) -> None:
    """Refuse a size that TikTok would not take as it is.

    Raises:
        Problem: ``image_not_square``, ``image_unusable``.
    """
    if not size.square:
        needed = avatar_size(size)
        raise not_square(size, f"Send one of {needed}, or crop=center to have it cut.")
    if size.pixels > MAX_PIXELS:
        raise _too_many_pixels(size, MAX_PIXELS, "Send a smaller one, or crop=center to have it scaled down.")


def check_decodable(size: Size) -> None:
    """Refuse a size that cannot be opened here in order to cut it.

    Raises:
        Problem: ``image_unusable``.
    """
    if size.pixels > MAX_DECODED_PIXELS:
        raise _too_many_pixels(size, MAX_DECODED_PIXELS, "Send a smaller one.")


def not_square(size: Size, what_to_do: str) -> Problem:
    """The problem of a picture that has another shape, with the size seen and the size needed."""
    return Problem(
        "image_not_square",
        f"The picture has {size}, and an avatar must be square. {what_to_do}",
        image=size._asdict(),
        needed=avatar_size(size)._asdict(),
    )


def _too_many_pixels(size: Size, most: int, what_to_do: str) -> Problem:
    return Problem(
        "image_unusable",
        f"The picture has {size}, and {most} pixels in all are the most. {what_to_do}",
        image=size._asdict(),
        max_pixels=most,
    )
