"""Readiness with in-memory repositories and a simulated TikTok."""

import pytest

from local.tiktok_simulator import DemoToken, Simulator
from tests.unit.readiness.system import System
from tiktok_business.transport import Transport


@pytest.fixture
def system(tiktok: Simulator, transport: Transport) -> System:
    """A team of one owner, who has connected TikTok."""
    system = System(tiktok, transport)
    system.add_person(DemoToken.OWNER)
    return system
