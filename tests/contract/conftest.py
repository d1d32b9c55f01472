"""TikTok's official SDK with the simulator as its host."""

from collections.abc import Iterator

import pytest

from local.tiktok_simulator import Simulator
from tools.official_sdk import OfficialSdk, official_sdk


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    """The simulator for all tests of a module."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def sdk(running: Simulator) -> Iterator[OfficialSdk]:
    """The SDK with the simulator as its host."""
    with official_sdk(running.base_url.removesuffix("/open_api/v1.3")) as started:
        yield started
