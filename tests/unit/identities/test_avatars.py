"""Sizes of avatars, and the square that is cut from a picture."""

from hypothesis import given
from hypothesis import strategies as st

from publishing.identities.avatars import (
    MAX_PIXELS,
    Size,
    avatar_size,
    centred_square,
    check_avatar,
)

SIDES = st.integers(1, 6_000)


@given(SIDES, SIDES)
def test_the_square_is_the_largest_centred_one(width: int, height: int) -> None:
    """The square is inside the picture, as large as possible, and centred to within one pixel."""
    left, upper, right, lower = centred_square(Size(width, height))
    assert right - left == lower - upper == min(width, height)
    assert 0 <= left <= right <= width
    assert 0 <= upper <= lower <= height
    assert 0 <= (width - right) - left <= 1
    assert 0 <= (height - lower) - upper <= 1


@given(SIDES, SIDES)
def test_the_needed_size_is_accepted(width: int, height: int) -> None:
    """A picture of the size that a rejection asks for is accepted; that size is no larger than the picture."""
    needed = avatar_size(Size(width, height))
    check_avatar(needed)
    assert needed.width <= min(width, height)
    assert needed.width == min(width, height) or (needed.width + 1) ** 2 > MAX_PIXELS
