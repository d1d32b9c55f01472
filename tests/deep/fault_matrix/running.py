"""Runs a cell: one simulated TikTok, the product with in-memory repositories, a real handler, and its effects."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from pydantic import SecretStr

from local.demo.png import png
from local.tiktok_simulator import Fault, FaultKind, Simulator
from local.tiktok_simulator.journal import fingerprint
from publishing.bootstrap import utc_now
from publishing.connections.advertiser_list import OwnListRefresher
from publishing.http.endpoint import Handler, body_endpoint, query_endpoint
from publishing.http.request_schemas import (
    AdvertiserQuery,
    CreateIdentityBody,
    CreateIdentityImageBody,
    PublishCheckQuery,
)
from publishing.identities.avatars import Picture, Size
from publishing.identities.creation import create_identity
from publishing.identities.images import create_identity_image
from publishing.identities.lookup import check_identity, list_identities
from publishing.publish_check import publish_check
from tests.deep.fault_matrix.cells import Cell
from tests.deep.fault_matrix.connecting import After, ConnectingRequest
from tests.deep.fault_matrix.recorded_errors import recorded_errors, text_of
from tests.deep.fault_matrix.rows import ACTED, CONNECTING
from tests.deep.fault_matrix.worlds import (
    ADVERTISER,
    SECOND,
    TEAMMATE,
    TEAMMATE_TOKEN,
    USER,
    everything,
    put_into_hidden_fields,
)
from tests.support.captured_output import captured_output
from tests.support.invocations import FakeContext, api_event
from tests.support.product import Product, product
from tiktok_business.client import TikTokClient
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.oauth import DeveloperApp, TikTokOAuth
from tiktok_business.transport import RequestsTransport

NAME = "Acme Winter"
_SIDE = 40
PICTURE = base64.b64encode(png(_SIDE, _SIDE)).decode()
SECONDS = 15.0
SHORT_SECONDS = {"check": 1.5, "list": 1.5, "publish": 2.0, "create": 3.3, "upload": 2.0}
"""Remaining time of the Lambda if TikTok hangs."""
SNAPSHOT_SECONDS = 5.0
"""How long to wait for a preflight's snapshot if TikTok does not hang."""
BEARER = "canary-bearer-0c1f"


@dataclass(frozen=True)
class Seen:
    """The result of a cell."""

    cell: Cell
    status: int
    headers: Mapping[str, str]
    body: str
    seconds: float
    hits: int
    """How many calls had the fault."""
    paths: tuple[str, ...]
    """The endpoints that were called with the caller's token."""
    teammate_calls: int
    """Calls with the teammate's token."""
    marked: tuple[str, ...]
    """The users whose connections are expired now."""
    created_count: int
    """Identities of the requested name, or pictures, after the request."""
    retry_status: int | None
    """For a write: the status of the same request without the fault."""
    finally_created: int
    """Identities of that name, or pictures, after the retry."""
    lines: int
    snapshot: Mapping[str, bool] | None
    """For a preflight: which prerequisites are stored as satisfied or missing; None if nothing is stored."""
    leaks: tuple[str, ...] = field(default=())
    """The places where a secret was found."""


class Bench:
    """One simulated TikTok, used for one cell after another. A new one replaces one that still hangs."""

    def __init__(self) -> None:
        self._count = 0
        self._simulator: Simulator | None = None
        self._transport: RequestsTransport | None = None

    def run(self, cell: Cell) -> Seen | After:
        """Run one cell."""
        self._count += 1
        tiktok, transport = self._running()
        tiktok.reset()
        try:
            if cell.row.operation in CONNECTING:
                return ConnectingRequest(cell, self._count, tiktok, transport).seen()
            return self._request(cell, tiktok, transport)
        finally:
            if cell.takes_time:
                tiktok.stop()
                self._simulator = None

    def _request(self, cell: Cell, tiktok: Simulator, transport: RequestsTransport) -> Seen:
        token = f"canary-token-{self._count}-7d1f"
        tiktok.world = everything(token)
        cell.row.scenes[cell.scene](tiktok.world)
        put_into_hidden_fields(tiktok.world, token)
        if cell.row.not_in_own_list:  # names of listed advertisers are shown
            tiktok.world.advertisers[ADVERTISER].name = "Northlight"
        if cell.row.after_lost_write:
            kind = FaultKind.RESET_AFTER if cell.scene == ACTED else FaultKind.RESET_BEFORE
            tiktok.faults.add(Fault(path="identity/create/", kind=kind))
        fault = cell.fault(token)
        if fault is not None:
            tiktok.faults.add(fault)
        return _Request(cell, token, tiktok, transport).seen()

    def _running(self) -> tuple[Simulator, RequestsTransport]:
        if self._simulator is None or self._transport is None:
            self._simulator = Simulator().start()
            self._transport = RequestsTransport(self._simulator.base_url)
        return self._simulator, self._transport


class _Request:
    def __init__(self, cell: Cell, token: str, tiktok: Simulator, transport: RequestsTransport) -> None:
        self.cell = cell
        self.token = token
        self.tiktok = tiktok
        base = product(transport)
        base.secrets.credentials = DeveloperApp(tiktok.world.app_id, SecretStr(tiktok.world.app_secret))
        own_list = OwnListRefresher(
            base.connections,
            base.secrets,
            lambda app, deadline: TikTokOAuth(transport, app, deadline, lambda _seconds: None, lambda: 0.0),
            utc_now,
        )
        tokens = replace(
            base.tokens,
            refresh_own_list=own_list.refresh,
            open_tiktok=lambda secret, deadline: TikTokBusinessApi(
                TikTokClient(transport, secret, deadline, lambda _seconds: None, lambda: 0.0)
            ),
        )
        self.product = _with_people(replace(base, tokens=tokens), token, cell)

    def seen(self) -> Seen:
        """Send the request and return its result."""
        cell = self.cell
        with captured_output() as written, recorded_errors() as errors:
            before = time.monotonic()
            response = self._send(SHORT_SECONDS[cell.row.operation] if cell.takes_time else SECONDS)
            seconds = time.monotonic() - before
            own = [one for one in self.tiktok.requests if one.token_fingerprint == fingerprint(self.token)]
            borrowed = [one for one in self.tiktok.requests if one.token_fingerprint == fingerprint(TEAMMATE_TOKEN)]
            hits = [one for one in own if one.path == cell.row.endpoint and one.fault is not None]
            marked, created_count = tuple(self._expired()), self._created_count()
            snapshot = self._snapshot(SNAPSHOT_SECONDS if _has_token(response) and not cell.takes_time else 0.0)
            stored = self._stored()
            retry_status = self._retry() if cell.row.operation in {"create", "upload"} else None
            stored += self._stored()
        places = {
            "the response": json.dumps(response),
            "the output": written.getvalue(),
            "the stored data": stored,
            "an error's text": "".join(text_of(error) for error in errors),
            "a URL": repr([one.query for one in self.tiktok.requests]),
        }
        secrets = [self.token, BEARER, self.tiktok.world.app_secret, *([TEAMMATE_TOKEN] if cell.teammate else [])]
        return Seen(
            cell=cell,
            status=response["statusCode"],
            headers=response["headers"],
            body=response["body"],
            seconds=seconds,
            hits=len(hits),
            paths=tuple(one.path for one in own),
            teammate_calls=len(borrowed),
            marked=marked,
            created_count=created_count,
            retry_status=retry_status,
            finally_created=self._created_count(),
            lines=written.getvalue().count("gateway-request"),
            snapshot=snapshot,
            leaks=tuple(place for place, text in places.items() if any(one in text for one in secrets)),
        )

    def _send(self, seconds: float) -> dict[str, Any]:
        row = self.cell.row
        headers = {"Authorization": f"Bearer {BEARER}"}
        values = {"advertiser_id": ADVERTISER, **row.arguments}
        if row.operation == "upload":
            event = api_event(body={**values, "image_base64": PICTURE}, headers=headers, user_id=USER)
        elif row.operation == "create":
            event = api_event(body={**values, "display_name": NAME}, headers=headers, user_id=USER)
        else:
            event = api_event(values, headers=headers, user_id=USER)
        return _handler(row.operation, self.product)(event, FakeContext(seconds))

    def _retry(self) -> int:
        """Send the same write without the fault, after connecting again if the connection has expired."""
        self.tiktok.faults.clear()
        self.product.teams.connect("northlight", USER, [ADVERTISER])
        return int(self._send(SECONDS)["statusCode"])

    def _snapshot(self, seconds: float) -> Mapping[str, bool] | None:
        """Return the snapshot that the preflight stored; on a busy machine the response does not wait for it."""
        end = time.monotonic() + seconds
        while self.cell.row.operation == "publish" and not len(self.product.records) and time.monotonic() < end:
            time.sleep(0.01)
        record = self.product.records.read("northlight", ADVERTISER)
        return {name.value: known.satisfied for name, known in record.snapshot.known.items()} if record else None

    def _stored(self) -> str:
        stored = self.product
        return repr(
            (
                stored.teams.items,
                stored.idempotency.stored,
                stored.connections.mark_attempts,
                stored.records.stored,
                stored.queue.messages,
            )
        )

    def _expired(self) -> list[str]:
        return [one.user_id for one in self.product.teams.read("northlight").connections if one.status == "expired"]

    def _created_count(self) -> int:
        advertiser = self.tiktok.world.advertisers[ADVERTISER]
        if self.cell.row.operation == "upload":
            return len(advertiser.images)
        return sum(one.display_name == NAME for one in advertiser.identities)


def _has_token(response: Mapping[str, Any]) -> bool:
    return bool(json.loads(response["body"]).get("token"))


def _with_people(wired: Product, token: str, cell: Cell) -> Product:
    wired.person(USER, "owner", token, [SECOND if cell.row.not_in_own_list else ADVERTISER])
    if cell.teammate:
        wired.person(TEAMMATE, "mediabuyer", TEAMMATE_TOKEN, [ADVERTISER])
    return wired


def _prepare(content: bytes, crop: bool) -> Picture:  # noqa: ARG001, FBT001 - replaces the real one, which needs Pillow
    return Picture(content, "image/png", ".png", Size(_SIDE, _SIDE))


def _handler(name: str, wired: Product) -> Handler:
    tokens = wired.tokens
    match name:
        case "check":
            return query_endpoint(partial(check_identity, tokens), AdvertiserQuery)
        case "list":
            return query_endpoint(partial(list_identities, tokens), AdvertiserQuery)
        case "create":
            return body_endpoint(partial(create_identity, tokens, wired.idempotency), CreateIdentityBody)
        case "upload":
            return body_endpoint(partial(create_identity_image, tokens, _prepare), CreateIdentityImageBody)
        case _:
            return query_endpoint(
                partial(publish_check, tokens, wired.refresher, wired.accepted_types), PublishCheckQuery
            )


_bench: Bench | None = None


def run_here(cell: Cell) -> Seen | After:
    """Run a cell on this process's own bench."""
    global _bench  # noqa: PLW0603 - one for each worker process
    _bench = _bench or Bench()
    return _bench.run(cell)
