"""Readiness in memory with a simulated TikTok."""

import pytest

from local.tiktok_simulator import DemoToken, Simulator
from tests.unit.readiness.system import System


@pytest.fixture
def system(tiktok: Simulator) -> System:
    """A team of one owner, who has connected."""
    made = System(tiktok)
    made.person(DemoToken.OWNER)
    return made
