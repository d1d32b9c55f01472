"""Runs a cell: one simulated TikTok, the product in memory, a real handler, and what could be seen of it afterwards."""

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
from publishing.clock import utc_now
from publishing.connecting.own_list import OwnList
from publishing.endpoint import Handler, body_endpoint, query_endpoint
from publishing.identities.avatars import Picture, Size
from publishing.identities.creation import create_identity
from publishing.identities.images import create_identity_image
from publishing.identities.lookup import check_identity, list_identities
from publishing.inputs import AdvertiserQuery, CreateIdentityBody, CreateIdentityImageBody, PublishCheckQuery
from publishing.publish_check import publish_check
from publishing.readiness.live import Live
from publishing.services import Services
from tests.deep.fault_matrix.cells import Cell
from tests.deep.fault_matrix.connecting import After, ConnectingRequest
from tests.deep.fault_matrix.observing import remembering_errors, text_of
from tests.deep.fault_matrix.rows import ACTED, CONNECTING
from tests.deep.fault_matrix.worlds import ADVERTISER, MATE, MATES_TOKEN, SECOND, USER, everything, repeat_everywhere
from tests.support.in_memory_connecting import InMemoryApp, InMemoryConnections
from tests.support.invocations import FakeContext, api_event
from tests.support.listening import listening
from tests.support.product import Product, product
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.client import TikTokClient
from tiktok_business.oauth import DeveloperApp, TikTokOAuth
from tiktok_business.transport import RequestsTransport

NAME = "Acme Winter"
_SIDE = 40
PICTURE = base64.b64encode(png(_SIDE, _SIDE)).decode()
SECONDS = 15.0
SHORT_SECONDS = {"check": 1.5, "list": 1.5, "publish": 2.0, "create": 3.3, "upload": 2.0}
"""Of Lambda's time, where TikTok keeps silent."""
KEPT_WITHIN_SECONDS = 5.0
"""Where TikTok does not keep silent."""
BEARER = "canary-bearer-0c1f"


@dataclass(frozen=True)
class Seen:
    """What came of a cell."""

    cell: Cell
    status: int
    headers: Mapping[str, str]
    body: str
    seconds: float
    struck: int
    """How often the fault struck."""
    paths: tuple[str, ...]
    """What TikTok was asked with the caller's token."""
    with_mates_token: int
    marked: tuple[str, ...]
    """Whose connections are expired now."""
    made: int
    """Identities of the name asked for, after the request."""
    again: int | None
    """Of a write: the status of the same request once TikTok is well."""
    made_in_the_end: int
    """And the identities of that name then."""
    lines: int
    kept: Mapping[str, bool] | None
    """Of a preflight: which prerequisites are known to be there or missing from now on; None where nothing is kept."""
    leaks: tuple[str, ...] = field(default=())
    """Where a secret could be read."""


class Bench:
    """One simulated TikTok, used for one cell after another. A new one replaces one that still keeps silent."""

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
            if cell.row.asks in CONNECTING:
                return ConnectingRequest(cell, self._count, tiktok).seen()
            return self._asked(cell, tiktok, transport)
        finally:
            if cell.takes_time:
                tiktok.stop()
                self._simulator = None

    def _asked(self, cell: Cell, tiktok: Simulator, transport: RequestsTransport) -> Seen:
        token = f"canary-token-{self._count}-7d1f"
        tiktok.world = everything(token)
        cell.row.scenes[cell.scene](tiktok.world)
        repeat_everywhere(tiktok.world, token)
        if cell.row.unlisted:  # names of listed advertisers are shown
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
        self.product = _people(product(tiktok.base_url), token, cell)
        app = DeveloperApp(tiktok.world.app_id, SecretStr(tiktok.world.app_secret))
        self.services = replace(
            self.product.services,
            own_lists=OwnList(
                InMemoryConnections(self.product.teams),
                self.product.tokens,
                self.product.marks,
                InMemoryApp(app),
                lambda app, deadline: TikTokOAuth(transport, app, deadline, lambda _seconds: None, lambda: 0.0),
                utc_now,
            ),
            open_tiktok=lambda secret, deadline: TikTokBusinessApi(
                TikTokClient(transport, secret, deadline, lambda _seconds: None, lambda: 0.0)
            ),
        )

    def seen(self) -> Seen:
        """Ask, and look."""
        cell = self.cell
        with listening() as written, remembering_errors() as errors:
            before = time.monotonic()
            response = self._ask(SHORT_SECONDS[cell.row.asks] if cell.takes_time else SECONDS)
            seconds = time.monotonic() - before
            asked = [one for one in self.tiktok.requests if one.token_fingerprint == fingerprint(self.token)]
            with_mates = [one for one in self.tiktok.requests if one.token_fingerprint == fingerprint(MATES_TOKEN)]
            struck = [one for one in asked if one.path == cell.row.endpoint and one.fault is not None]
            marked, made = tuple(self._expired()), self._made()
            kept = self._kept(KEPT_WITHIN_SECONDS if _has_token(response) and not cell.takes_time else 0.0)
            stored = self._stored()
            again = self._again() if cell.row.asks in {"create", "upload"} else None
            stored += self._stored()
        places = {
            "the answer": json.dumps(response),
            "what is logged or printed": written.getvalue(),
            "what is stored": stored,
            "an error's text": "".join(text_of(error) for error in errors),
            "a URL": repr([one.query for one in self.tiktok.requests]),
        }
        secrets = [self.token, BEARER, self.tiktok.world.app_secret, *([MATES_TOKEN] if cell.teammate else [])]
        return Seen(
            cell=cell,
            status=response["statusCode"],
            headers=response["headers"],
            body=response["body"],
            seconds=seconds,
            struck=len(struck),
            paths=tuple(one.path for one in asked),
            with_mates_token=len(with_mates),
            marked=marked,
            made=made,
            again=again,
            made_in_the_end=self._made(),
            lines=written.getvalue().count("gateway-request"),
            kept=kept,
            leaks=tuple(where for where, text in places.items() if any(one in text for one in secrets)),
        )

    def _ask(self, seconds: float) -> dict[str, Any]:
        row = self.cell.row
        headers = {"Authorization": f"Bearer {BEARER}"}
        values = {"advertiser_id": ADVERTISER, **row.arguments}
        if row.asks == "upload":
            event = api_event(body={**values, "image_base64": PICTURE}, headers=headers, user_id=USER)
        elif row.asks == "create":
            event = api_event(body={**values, "display_name": NAME}, headers=headers, user_id=USER)
        else:
            event = api_event(values, headers=headers, user_id=USER)
        return _handler(row.asks, self.services, self.product.live)(event, FakeContext(seconds))

    def _again(self) -> int:
        """The same write once TikTok is well and, where it was ended, the person has connected again."""
        self.tiktok.faults.clear()
        self.product.teams.connect("northlight", USER, [ADVERTISER])
        return int(self._ask(SECONDS)["statusCode"])

    def _kept(self, seconds: float) -> Mapping[str, bool] | None:
        """What the preflight told the advertiser's snapshot; the answer has not waited for it on a busy machine."""
        end = time.monotonic() + seconds
        while self.cell.row.asks == "publish" and not len(self.product.records) and time.monotonic() < end:
            time.sleep(0.01)
        record = self.product.records.read("northlight", ADVERTISER)
        return {name.value: known.satisfied for name, known in record.snapshot.known.items()} if record else None

    def _stored(self) -> str:
        kept = self.product
        return repr((kept.teams.items, kept.intents.stored, kept.marks.tried, kept.records.stored, kept.queue.messages))

    def _expired(self) -> list[str]:
        return [one.user_id for one in self.product.teams.read("northlight").connections if one.status == "expired"]

    def _made(self) -> int:
        advertiser = self.tiktok.world.advertisers[ADVERTISER]
        if self.cell.row.asks == "upload":
            return len(advertiser.images)
        return sum(one.display_name == NAME for one in advertiser.identities)


def _has_token(response: Mapping[str, Any]) -> bool:
    return bool(json.loads(response["body"]).get("token"))


def _people(wired: Product, token: str, cell: Cell) -> Product:
    wired.person(USER, "owner", token, [SECOND if cell.row.unlisted else ADVERTISER])
    if cell.teammate:
        wired.person(MATE, "mediabuyer", MATES_TOKEN, [ADVERTISER])
    return wired


def _prepare(content: bytes, *, crop: bool) -> Picture:  # noqa: ARG001 - as the real one, which needs Pillow
    return Picture(content, "image/png", ".png", Size(_SIDE, _SIDE))


def _handler(name: str, services: Services, live: Live) -> Handler:
    match name:
        case "check":
            return query_endpoint(partial(check_identity, services), AdvertiserQuery)
        case "list":
            return query_endpoint(partial(list_identities, services), AdvertiserQuery)
        case "create":
            return body_endpoint(partial(create_identity, services), CreateIdentityBody)
        case "upload":
            return body_endpoint(partial(create_identity_image, services, _prepare), CreateIdentityImageBody)
        case _:
            return query_endpoint(partial(publish_check, services, live), PublishCheckQuery)


_bench: Bench | None = None


def run_here(cell: Cell) -> Seen | After:
    """Run a cell on this process's own bench."""
    global _bench  # noqa: PLW0603 - one for each worker process
    _bench = _bench or Bench()
    return _bench.run(cell)
