"""The product with in-memory repositories and a simulated TikTok, and the functions' real handlers around it."""

import io
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pytest

from local.tiktok_simulator import DemoToken, Simulator, World, demo_world
from pictures import prepare
from publishing.http.endpoint import Handler, body_endpoint, query_endpoint
from publishing.http.request_schemas import (
    AdvertiserQuery,
    CreateIdentityBody,
    CreateIdentityImageBody,
    PublishCheckQuery,
    ReadinessQuery,
)
from publishing.identities.creation import create_identity
from publishing.identities.images import MAX_REQUEST_BYTES, create_identity_image
from publishing.identities.lookup import check_identity, list_identities
from publishing.publish_check import publish_check
from publishing.readiness.list_readiness import list_readiness
from tests.support.captured_output import captured_output
from tests.support.in_process_tiktok import InProcessTransport
from tests.support.invocations import Ask, FakeContext, Received, api_event
from tests.support.product import Product, product
from tiktok_business.transport import RequestsTransport, Transport

TEAM = "northlight"
ROLES = {DemoToken.OWNER: "owner", DemoToken.MANAGER: "manager"}


@pytest.fixture(scope="session")
def pristine_world() -> World:
    """The demo world; each test gets a copy."""
    return demo_world()


@pytest.fixture
def tiktok(pristine_world: World) -> Iterator[Simulator]:
    """TikTok with the demo world, one for each test: calls that an earlier test left running cannot reach it."""
    with Simulator(pristine_world.copy()) as simulator:
        yield simulator


@pytest.fixture
def transport(request: pytest.FixtureRequest, tiktok: Simulator) -> Transport:
    """How the product reaches TikTok: over HTTP, unless the test is marked `in_process`."""
    http = RequestsTransport(tiktok.base_url)
    return http if request.node.get_closest_marker("in_process") is None else InProcessTransport(tiktok, http)


@pytest.fixture
def empty(transport: Transport) -> Product:
    """The product without any member or connection."""
    return product(transport)


@pytest.fixture
def demo(tiktok: Simulator, empty: Product) -> Product:
    """The product with one team in which every person of TikTok's demo world has connected."""
    for token in DemoToken:
        known = tiktok.world.tokens[token].advertiser_ids
        empty.person(token.user, ROLES.get(token, "mediabuyer"), token, known)
    return empty


def _handlers(product: Product) -> Mapping[str, Handler]:
    tokens = product.tokens
    return {
        "check": query_endpoint(partial(check_identity, tokens), AdvertiserQuery),
        "list": query_endpoint(partial(list_identities, tokens), AdvertiserQuery),
        "publish": query_endpoint(
            partial(publish_check, tokens, product.refresher, product.accepted_types), PublishCheckQuery
        ),
        "readiness": query_endpoint(
            partial(
                list_readiness,
                product.teams,
                product.connections.read_index,
                product.records,
                product.refresher.cadence,
            ),
            ReadinessQuery,
        ),
        "create": body_endpoint(partial(create_identity, tokens, product.idempotency), CreateIdentityBody),
        "upload": body_endpoint(
            partial(create_identity_image, tokens, prepare), CreateIdentityImageBody, max_bytes=MAX_REQUEST_BYTES
        ),
    }


@pytest.fixture
def ask() -> Ask:
    """Sends a request to an endpoint: ``ask(product, "publish", "u-owner", advertiser_id=…, objective=…)``.

    The role is the user's role in the team; ``seconds`` is the remaining time of the Lambda. For ``create`` and
    ``upload`` the keyword arguments are the fields of the body, otherwise the query parameters.
    """

    def send(
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
        request = (
            {"body": values}
            if name in {"create", "upload"}
            else {"query": {field: str(one) for field, one in values.items()}}
        )
        event = api_event(
            **request,
            headers={} if key is None else {"Idempotency-Key": key},
            user_id=user_id,
            team_id=TEAM,
            role=role if role is not None else str(member or ""),
        )
        return Received.of(_handlers(product)[name](event, FakeContext(seconds)))

    return send


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All lines that the functions log, that libraries log at any level, and that anything prints."""
    with captured_output() as written:
        yield written
