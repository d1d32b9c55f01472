"""What a picture must be like to become an avatar, and the square that is cut from it."""

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
def test_the_square_is_the_largest_and_in_the_middle(width: int, height: int) -> None:
    """It lies within the picture, touches two edges, and what is cut off on both sides differs by a pixel at most."""
    left, upper, right, lower = centred_square(Size(width, height))
    assert right - left == lower - upper == min(width, height)
    assert 0 <= left <= right <= width
    assert 0 <= upper <= lower <= height
    assert 0 <= (width - right) - left <= 1
    assert 0 <= (height - lower) - upper <= 1


@given(SIDES, SIDES)
def test_the_size_that_is_needed_is_one_that_is_taken(width: int, height: int) -> None:
    """Whoever sends what a refusal asks for is not refused again; it is no larger than the picture."""
    needed = avatar_size(Size(width, height))
    check_avatar(needed)
    assert needed.width <= min(width, height)
    assert needed.width == min(width, height) or (needed.width + 1) ** 2 > MAX_PIXELS
