"""The simulated TikTok: its state, what it answers, and its life as an HTTP server."""

import ssl
import threading
import time
from collections.abc import Callable, Collection
from typing import Self

from local.tiktok_simulator import consent, control
from local.tiktok_simulator.answers import ApiError, JsonObject, failure, success
from local.tiktok_simulator.demo import demo_world
from local.tiktok_simulator.distortions import asked_instead, distorted
from local.tiktok_simulator.endpoints import ENDPOINTS, Endpoint
from local.tiktok_simulator.faults import Fault, FaultKind, Faults
from local.tiktok_simulator.http_messages import (
    Answer,
    Delivery,
    HttpRequest,
    html_page,
    json_answer,
    plain_text,
)
from local.tiktok_simulator.journal import Journal, ReceivedRequest, fingerprint, without_secrets
from local.tiktok_simulator.parameters import Parameters
from local.tiktok_simulator.rate_limit import RateLimit
from local.tiktok_simulator.server import SimulatorServer
from local.tiktok_simulator.world import Scope, World

_BASE_PATH = "/open_api/v1.3/"
_LOOPBACK = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1"}


class Simulator:
    """TikTok's Marketing API on this machine.

    `world` is what exists at TikTok, `faults` what goes wrong, `requests` what was received. As a context
    manager it answers at `base_url` inside the block, and can be controlled over HTTP under `control_url`.
    `clock` tells the time (epoch seconds) by which the codes of consents grow old.
    """

    def __init__(  # noqa: PLR0913 - all but the world are given by name
        self,
        world: World | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
        latency: float = 0.0,
        rate_limit_qps: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if host not in _LOOPBACK:
            raise ValueError(f"the simulator listens on {' or '.join(_LOOPBACK)} only, not on {host!r}")
        self.world = demo_world() if world is None else world
        self.faults = Faults()
        self.requests = Journal()
        self.latency = latency
        self.clock = clock
        self.lock = threading.RLock()
        self._untouched = self.world.copy()
        self._rate_limit = RateLimit(rate_limit_qps)
        self._address = (_LOOPBACK[host], port)
        self._ssl_context = ssl_context
        self._server: SimulatorServer | None = None

    def start(self) -> Self:
        """Listen and answer in threads of its own; OSError where the port is taken."""
        if self._server is None:
            self._server = SimulatorServer(self._address, self._respond, self._ssl_context)
            self._server.start()
        return self

    def stop(self) -> None:
        """Stop at once, whatever hangs."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def reset(self) -> None:
        """Go back to the world of the start, without faults and with an empty journal."""
        with self.lock:
            self.world = self._untouched.copy()
            self.faults.clear()
            self.requests.clear()

    def consent(self, authorize_url: str, user: str, *, scopes: Collection[Scope] | None = None) -> str:
        """Say yes on the consent page, to all permissions or to some, and return where TikTok sends the browser.

        ValueError: the page refuses this, the message says why.
        """
        decision = consent.Decision(user, frozenset(Scope if scopes is None else scopes))
        return consent.decided(self, consent.Asked.at(authorize_url), decision)

    def deny(self, authorize_url: str) -> str:
        """Say no on the consent page, otherwise as `consent`."""
        return consent.decided(self, consent.Asked.at(authorize_url), None)

    @property
    def base_url(self) -> str:
        """TikTok's base address, version included, without a slash at its end."""
        return self._url(_BASE_PATH)

    @property
    def control_url(self) -> str:
        """The address of what controls the simulator, without a slash at its end."""
        return self._url(control.PATH)

    def _url(self, path: str) -> str:
        if self._server is None:
            raise RuntimeError("the simulator is not started")
        scheme = "http" if self._ssl_context is None else "https"
        host, port = self._server.host_and_port
        return f"{scheme}://{host}:{port}{path.rstrip('/')}"

    def _respond(self, request: HttpRequest) -> Delivery:
        if request.path.startswith(control.PATH):
            return Delivery(control.answer(self, request))
        if request.path == consent.PATH:
            return Delivery(consent.answer(self, request))
        return self._respond_as_api(request)

    def _respond_as_api(self, request: HttpRequest) -> Delivery:
        record = ReceivedRequest(
            method=request.method,
            path=request.path.removeprefix(_BASE_PATH),
            query=without_secrets(request.query),
            body=request.recorded_body(),
            token_fingerprint=fingerprint(request.token),
        )
        self.requests.add(record)
        endpoint = ENDPOINTS.get(record.path) if request.path.startswith(_BASE_PATH) else None
        if endpoint is None:
            return self._delivery(record, html_page(404, "Not Found"))
        if endpoint.method != request.method:
            return self._delivery(record, plain_text(405, "Method Not Allowed"))
        if not self._rate_limit.allows(endpoint.path):
            return self._delivery(record, _enveloped(record, failure(ApiError.rate_limited())))
        struck_by = self.faults.next_for(endpoint.path, request.acting_token(), request.advertiser_ids())
        if struck_by is None:
            return self._delivery(record, _enveloped(record, self._perform(endpoint, request)))
        return self._faulty_delivery(record, endpoint, request, *struck_by)

    def _faulty_delivery(
        self, record: ReceivedRequest, endpoint: Endpoint, request: HttpRequest, fault: Fault, struck: int
    ) -> Delivery:
        record.fault = fault.kind
        envelope: JsonObject = {}
        if fault.work_is_done:
            envelope = self._perform(endpoint, request, fault)
        if fault.kind in {FaultKind.HANG, FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER}:
            return Delivery(plain_text(200, ""), self.latency, fault)
        if fault.kind is FaultKind.HTTP_STATUS:
            return self._delivery(record, html_page(fault.status or 500, "Gateway"))
        if fault.kind is FaultKind.NON_JSON:
            return self._delivery(record, html_page(200, "Welcome"))
        if fault.kind is FaultKind.CODE:
            message = fault.message or f"Simulated error {fault.code}."
            return self._delivery(record, _enveloped(record, failure(ApiError(fault.code or 0, message))))
        answer = _enveloped(record, envelope, distorted(envelope, fault, struck))
        if fault.kind is FaultKind.TRUNCATED_JSON:
            answer = Answer(200, answer.body[: len(answer.body) // 2], answer.content_type, answer.headers)
        return self._delivery(record, answer, fault)

    def _perform(self, endpoint: Endpoint, request: HttpRequest, fault: Fault | None = None) -> JsonObject:
        query = request.query if fault is None else asked_instead(request.query, fault)
        try:
            parameters = Parameters(query) if endpoint.method == "GET" else _written(endpoint, request)
            with self.lock:
                return success(endpoint(self.world, request.token, parameters, self.clock()))
        except ApiError as error:
            return failure(error)

    def _delivery(self, record: ReceivedRequest, answer: Answer, fault: Fault | None = None) -> Delivery:
        record.status = answer.status
        return Delivery(answer, self.latency, fault)


def _written(endpoint: Endpoint, request: HttpRequest) -> Parameters:
    form = request.form if endpoint.takes_files else None
    return Parameters(request.json_body()) if form is None else Parameters(form.fields, form.files)


def _enveloped(record: ReceivedRequest, envelope: JsonObject, sent: object = None) -> Answer:
    """The answer that carries an envelope, or what is sent instead; its outcome is noted in the record."""
    record.code = envelope["code"]
    record.request_id = envelope["request_id"]
    return json_answer(200, envelope if sent is None else sent, {"X-TT-LOGID": envelope["request_id"]})
