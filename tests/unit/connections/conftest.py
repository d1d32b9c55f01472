"""Fixtures for tests of connections."""

import pytest

from local.tiktok_simulator import Simulator
from tests.unit.connections.system import System


@pytest.fixture
def system(tiktok: Simulator) -> System:
    """A team with one owner, who has not connected."""
    made = System(tiktok)
    made.add_member("u-owner")
    return made
