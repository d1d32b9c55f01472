"""Fixtures for tests of connections."""

import pytest

from local.tiktok_simulator import Simulator
from tests.unit.connections.system import System
from tiktok_business.transport import Transport


@pytest.fixture
def system(tiktok: Simulator, transport: Transport) -> System:
    """A team with one owner, who has not connected."""
    made = System(tiktok, transport)
    made.add_member("u-owner")
    return made
