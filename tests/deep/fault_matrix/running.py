"""Runs a cell: one simulated TikTok, the product in memory, a real handler, and what could be seen of it afterwards."""

import contextlib
import io
import json
import logging
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from unittest import mock

from local.tiktok_simulator import Fault, FaultKind, Simulator
from local.tiktok_simulator.journal import fingerprint
from publishing import endpoint
from publishing.endpoint import Handler, body_endpoint, query_endpoint
from publishing.identities import check_identity, list_identities
from publishing.identity_creation import create_identity
from publishing.inputs import AdvertiserQuery, CreateIdentityBody, PublishCheckQuery
from publishing.publish_check import publish_check
from publishing.readiness.live import Live
from publishing.services import Services
from tests.deep.fault_matrix.cells import Cell
from tests.deep.fault_matrix.rows import ACTED
from tests.deep.fault_matrix.worlds import ADVERTISER, MATE, MATES_TOKEN, USER, everything, repeat_everywhere
from tests.fakes import FakeContext, Product, api_event, product
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.client import TikTokClient
from tiktok_business.errors import TikTokError
from tiktok_business.transport import RequestsTransport

NAME = "Acme Winter"
SECONDS = 15.0
SHORT_SECONDS = {"check": 1.5, "list": 1.5, "publish": 2.0, "create": 3.3}
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

    def run(self, cell: Cell) -> Seen:
        """Run one cell."""
        self._count += 1
        token = f"canary-token-{self._count}-7d1f"
        tiktok, transport = self._running()
        tiktok.reset()
        tiktok.world = everything(token)
        cell.row.scenes[cell.scene](tiktok.world)
        repeat_everywhere(tiktok.world, token)
        if cell.row.after_lost_write:
            kind = FaultKind.RESET_AFTER if cell.scene == ACTED else FaultKind.RESET_BEFORE
            tiktok.faults.add(Fault(path="identity/create/", kind=kind))
        fault = cell.fault(token)
        if fault is not None:
            tiktok.faults.add(fault)
        try:
            return _Request(cell, token, tiktok, transport).seen()
        finally:
            if cell.takes_time:
                tiktok.stop()
                self._simulator = None

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
        self.product = _people(product(tiktok.base_url), token, teammate=cell.teammate)
        self.services = replace(
            self.product.services,
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
            again = self._again() if cell.row.asks == "create" else None
            stored += self._stored()
        places = {
            "the answer": json.dumps(response),
            "what is logged or printed": written.getvalue(),
            "what is stored": stored,
            "an error's text": "".join(_text_of(error) for error in errors),
            "a URL": repr([one.query for one in self.tiktok.requests]),
        }
        secrets = [self.token, BEARER, *([MATES_TOKEN] if cell.teammate else [])]
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
        if row.asks == "create":
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
        return sum(one.display_name == NAME for one in self.tiktok.world.advertisers[ADVERTISER].identities)


def _has_token(response: Mapping[str, Any]) -> bool:
    return bool(json.loads(response["body"]).get("token"))


def _people(wired: Product, token: str, *, teammate: bool) -> Product:
    wired.person(USER, "owner", token, [ADVERTISER])
    if teammate:
        wired.person(MATE, "mediabuyer", MATES_TOKEN, [ADVERTISER])
    return wired


def _handler(name: str, services: Services, live: Live) -> Handler:
    match name:
        case "check":
            return query_endpoint(partial(check_identity, services), AdvertiserQuery)
        case "list":
            return query_endpoint(partial(list_identities, services), AdvertiserQuery)
        case "create":
            return body_endpoint(partial(create_identity, services), CreateIdentityBody)
        case _:
            return query_endpoint(partial(publish_check, services, live), PublishCheckQuery)


@contextlib.contextmanager
def remembering_errors() -> Iterator[list[TikTokError]]:
    """Every error of TikTok's that is made, in whichever thread; it leads to its causes and its context."""
    made: list[TikTokError] = []
    original = TikTokError.__init__

    def remembered(self: TikTokError, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        made.append(self)

    with mock.patch.object(TikTokError, "__init__", remembered):
        yield made


def _text_of(error: TikTokError) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))


@contextlib.contextmanager
def listening() -> Iterator[io.StringIO]:
    """All that the functions log, what libraries log at any level, and what anything prints."""
    written = io.StringIO()
    handler = endpoint.logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(written)
    libraries = logging.StreamHandler(written)
    root = logging.getLogger()
    level = root.level
    root.addHandler(libraries)
    root.setLevel(logging.DEBUG)
    endpoint.logger.setLevel(logging.DEBUG)
    try:
        with contextlib.redirect_stdout(written), contextlib.redirect_stderr(written):
            yield written
    finally:
        endpoint.logger.setLevel(logging.INFO)
        root.setLevel(level)
        root.removeHandler(libraries)
        if before is not None:
            handler.setStream(before)


_bench: Bench | None = None


def run_here(cell: Cell) -> Seen:
    """Run a cell on this process's own bench."""
    global _bench  # noqa: PLW0603 - one for each worker process
    _bench = _bench or Bench()
    return _bench.run(cell)
