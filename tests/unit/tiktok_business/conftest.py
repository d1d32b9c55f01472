"""A simulated TikTok with one advertiser."""

from collections.abc import Iterator

import pytest

from local.tiktok_simulator import Advertiser, Pixel, Simulator, Token, World
from tests.support.scripted_tiktok import TOKEN

ADVERTISER_ID = "7300000000000000099"
PIXELS = 41


def one_advertiser() -> World:
    """Return a world with one advertiser, which has three pages of pixels and nothing else."""
    pixels = [Pixel(str(7500000000000000000 + number), f"Shop {number}") for number in range(PIXELS)]
    return World(
        tokens={TOKEN: Token(TOKEN, "u-test", (ADVERTISER_ID,))},
        advertisers={ADVERTISER_ID: Advertiser(ADVERTISER_ID, "Acme", pixels=pixels)},
    )


@pytest.fixture
def tiktok() -> Iterator[Simulator]:
    """A simulated TikTok with the world of :func:`one_advertiser`."""
    with Simulator(one_advertiser()) as simulator:
        yield simulator
