"""Connecting in memory with a simulated TikTok."""

import pytest

from local.tiktok_simulator import Simulator
from tests.unit.connecting.system import System


@pytest.fixture
def system(tiktok: Simulator) -> System:
    """A team of one owner, who has not connected."""
    made = System(tiktok)
    made.member("u-owner")
    return made
