"""A simulated TikTok with the demo world, and clients of it."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from local.tiktok_simulator import Simulator
from tests.unit.tiktok_simulator.client import Client
from tiktok_business.deadline import Deadline
from tiktok_business.oauth import DeveloperApp, TikTokOAuth
from tiktok_business.transport import RequestsTransport


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    """One server for all tests of a module; tests use `simulator`."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    """The demo world, no faults and an empty journal."""
    running.reset()
    return running


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Client]:
    """Sends requests with any token and uses nothing of the layer."""
    made = Client(simulator)
    yield made
    made.session.close()


@pytest.fixture
def oauth(simulator: Simulator) -> TikTokOAuth:
    """The layer's OAuth client, with the credentials of the simulated TikTok's app."""
    app = DeveloperApp(simulator.world.app_id, SecretStr(simulator.world.app_secret))
    return TikTokOAuth(RequestsTransport(simulator.base_url), app, Deadline.after(5))
