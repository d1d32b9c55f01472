"""The product in memory with a simulated TikTok, and the functions' real handlers around it."""

import io
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pytest

from local.tiktok_simulator import DemoToken, Simulator, World, demo_world
from pictures import prepare
from publishing import endpoint
from publishing.endpoint import body_endpoint, query_endpoint
from publishing.identities.creation import create_identity
from publishing.identities.images import MAX_REQUEST_BYTES, create_identity_image
from publishing.identities.lookup import check_identity, list_identities
from publishing.inputs import (
    AdvertiserQuery,
    CreateIdentityBody,
    CreateIdentityImageBody,
    PublishCheckQuery,
    ReadinessQuery,
)
from publishing.publish_check import publish_check
from publishing.readiness.board import Board
from tests.support.invocations import Ask, FakeContext, Received, api_event
from tests.support.listening import listening
from tests.support.product import Product, product

TEAM = "northlight"
ROLES = {DemoToken.OWNER: "owner", DemoToken.MANAGER: "manager"}


@pytest.fixture(scope="session")
def untouched_world() -> World:
    """The demo world, to be copied."""
    return demo_world()


@pytest.fixture
def tiktok(untouched_world: World) -> Iterator[Simulator]:
    """TikTok with the demo world, of this test alone: a call that an earlier test left under way must not reach it."""
    with Simulator(untouched_world.copy()) as simulator:
        yield simulator


@pytest.fixture
def empty(tiktok: Simulator) -> Product:
    """The product before anybody has joined."""
    return product(tiktok.base_url)


@pytest.fixture
def demo(tiktok: Simulator, empty: Product) -> Product:
    """One team in which everybody of TikTok's demo world has connected."""
    for token in DemoToken:
        known = tiktok.world.tokens[token].advertiser_ids
        empty.person(token.user, ROLES.get(token, "mediabuyer"), token, known)
    return empty


def _handlers(product: Product) -> Mapping[str, endpoint.Handler]:
    services = product.services
    board = Board(services.teams, product.records, product.live.cadence)
    return {
        "check": query_endpoint(partial(check_identity, services), AdvertiserQuery),
        "list": query_endpoint(partial(list_identities, services), AdvertiserQuery),
        "publish": query_endpoint(partial(publish_check, services, product.live), PublishCheckQuery),
        "readiness": query_endpoint(board.answer, ReadinessQuery),
        "create": body_endpoint(partial(create_identity, services), CreateIdentityBody),
        "upload": body_endpoint(
            partial(create_identity_image, services, prepare), CreateIdentityImageBody, max_bytes=MAX_REQUEST_BYTES
        ),
    }


@pytest.fixture
def ask() -> Ask:
    """Asks an endpoint as a user: ``ask(product, "publish", "u-owner", advertiser_id=…, objective=…)``.

    The role is the one that the user has in the team; ``seconds`` is the Lambda's time; for ``create`` and
    ``upload`` the arguments are the body's.
    """

    def asked(
        product: Product,
        name: str,
        user_id: str = "u-owner",
        *,
        key: str | None = None,
        seconds: float = 15.0,
        role: str | None = None,
        **values: Any,
    ) -> Received:
        member = product.teams.read(TEAM).roles.get(user_id)
        sent = (
            {"body": values}
            if name in {"create", "upload"}
            else {"query": {field: str(one) for field, one in values.items()}}
        )
        event = api_event(
            **sent,
            headers={} if key is None else {"Idempotency-Key": key},
            user_id=user_id,
            team_id=TEAM,
            role=role if role is not None else str(member or ""),
        )
        return Received.of(_handlers(product)[name](event, FakeContext(seconds)))

    return asked


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Every line that the functions log, what libraries log at any level, and what anything prints."""
    with listening() as written:
        yield written
