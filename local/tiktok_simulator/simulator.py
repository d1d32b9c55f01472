"""The simulated TikTok: its life as an HTTP server, and how it responds to each request."""

import ssl
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection
from typing import Self

from pydantic import JsonValue

from local.tiktok_simulator import control, oauth
from local.tiktok_simulator.control import State
from local.tiktok_simulator.endpoints import ENDPOINTS, Endpoint
from local.tiktok_simulator.faults import Fault, FaultKind, changed_envelope, changed_query
from local.tiktok_simulator.http_messages import (
    ApiError,
    HttpRequest,
    HttpResponse,
    JsonObject,
    failure,
    html_page,
    json_response,
    plain_text,
    success,
)
from local.tiktok_simulator.journal import ReceivedRequest
from local.tiktok_simulator.server import Delivery, SimulatorServer
from local.tiktok_simulator.world import Scope, World

_BASE_PATH = "/open_api/v1.3/"
_LOOPBACK = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1"}


class Simulator(State):
    """TikTok's Business API on this machine.

    Inside a `with` block it is reachable at `base_url`, and controllable over HTTP at `control_url`. `latency` is in
    seconds, `rate_limit_qps` in requests per second and endpoint. `clock` returns the time (epoch seconds) that
    decides when authorization codes expire and which dated rules hold; it can be replaced at any time.
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
        super().__init__(world, clock)
        self.latency = latency
        self._rate_limit = _RateLimit(rate_limit_qps)
        self._address = (_LOOPBACK[host], port)
        self._ssl_context = ssl_context
        self._server: SimulatorServer | None = None

    def start(self) -> Self:
        """Accept requests in background threads. OSError: the port is taken."""
        if self._server is None:
            self._server = SimulatorServer(self._address, self.respond, self._ssl_context)
            self._server.start()
        return self

    def stop(self) -> None:
        """Stop immediately, even if requests hang."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def consent(self, authorize_url: str, user: str, *, scopes: Collection[Scope] | None = None) -> str:
        """Allow all permissions, or some, on the consent page; returns the address that TikTok redirects to.

        ValueError: the page refuses the request; the message says why.
        """
        return self._decide(authorize_url, oauth.Grant(user, frozenset(Scope if scopes is None else scopes)))

    def deny(self, authorize_url: str) -> str:
        """Deny on the consent page, otherwise like `consent`."""
        return self._decide(authorize_url, None)

    def _decide(self, authorize_url: str, grant: oauth.Grant | None) -> str:
        with self.lock:
            return oauth.decide(self.world, oauth.ConsentRequest.at(authorize_url), grant, self.clock())

    @property
    def base_url(self) -> str:
        """TikTok's base address with the API version, without a trailing slash."""
        return self._url(_BASE_PATH)

    @property
    def control_url(self) -> str:
        """The address of the control endpoint, without a trailing slash."""
        return self._url(control.PATH)

    def _url(self, path: str) -> str:
        if self._server is None:
            raise RuntimeError("the simulator is not started")
        scheme = "http" if self._ssl_context is None else "https"
        host, port = self._server.host_and_port
        return f"{scheme}://{host}:{port}{path.rstrip('/')}"

    def respond(self, request: HttpRequest) -> Delivery:
        """Respond to one request; the server calls this for each that it reads."""
        if request.path.startswith(control.PATH):
            return Delivery(control.respond(self, request))
        if request.path == oauth.CONSENT_PATH:
            with self.lock:
                return Delivery(oauth.consent_page(self.world, request, self.clock()))
        record = ReceivedRequest.of(request, request.path.removeprefix(_BASE_PATH))
        self.requests.add(record)
        return self._respond_as_api(request, record)

    def _respond_as_api(self, request: HttpRequest, record: ReceivedRequest) -> Delivery:
        endpoint = ENDPOINTS.get(record.path) if request.path.startswith(_BASE_PATH) else None
        if endpoint is None:
            return self._delivery(record, html_page(404, "Not Found"))
        if endpoint.method != request.method:
            return self._delivery(record, plain_text(405, "Method Not Allowed"))
        if not self._rate_limit.allows(endpoint.path):
            return self._delivery(record, _enveloped(record, failure(ApiError.rate_limited())))
        found = self.faults.next_for(endpoint.path, request.acting_token(), request.advertiser_ids())
        if found is None:
            return self._delivery(record, _enveloped(record, self._perform(record, endpoint, request)))
        return self._faulty_delivery(record, endpoint, request, *found)

    def _faulty_delivery(
        self, record: ReceivedRequest, endpoint: Endpoint, request: HttpRequest, fault: Fault, used: int
    ) -> Delivery:
        record.fault = fault.kind
        envelope: JsonObject = {}
        if fault.work_is_done:
            envelope = self._perform(record, endpoint, request, fault)
        if fault.kind in {FaultKind.HANG, FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER}:
            return Delivery(plain_text(200, ""), self.latency, fault)
        if fault.kind is FaultKind.HTTP_STATUS:
            return self._delivery(record, html_page(fault.status or 500, "Gateway"))
        if fault.kind is FaultKind.NON_JSON:
            return self._delivery(record, html_page(200, "Welcome"))
        if fault.kind is FaultKind.CODE:
            message = fault.message or f"Simulated error {fault.code}."
            return self._delivery(record, _enveloped(record, failure(ApiError(fault.code or 0, message))))
        response = _enveloped(record, envelope, changed_envelope(envelope, fault, used))
        if fault.kind is FaultKind.TRUNCATED_JSON:
            half = response.body[: len(response.body) // 2]
            response = HttpResponse(200, half, response.content_type, response.headers)
        return self._delivery(record, response, fault)

    def _perform(
        self, record: ReceivedRequest, endpoint: Endpoint, request: HttpRequest, fault: Fault | None = None
    ) -> JsonObject:
        query = request.query if fault is None else changed_query(request.query, fault)
        try:
            with self.lock:
                return success(endpoint(self.world, request, query, self.clock()))
        except ApiError as error:
            record.causes = list(error.causes)
            return failure(error)

    def _delivery(self, record: ReceivedRequest, response: HttpResponse, fault: Fault | None = None) -> Delivery:
        record.status = response.status
        return Delivery(response, self.latency, fault)


def _enveloped(record: ReceivedRequest, envelope: JsonObject, sent: JsonValue = None) -> HttpResponse:
    """The response with an envelope, or with what is sent instead; records the envelope's code and request id."""
    record.code = envelope["code"]
    record.request_id = envelope["request_id"]
    return json_response(200, envelope if sent is None else sent, {"X-TT-LOGID": envelope["request_id"]})


class _RateLimit:
    """TikTok's rate limit: at most `qps` requests within one second per app and endpoint; None disables it."""

    def __init__(self, qps: int | None) -> None:
        if qps is not None and qps < 1:
            raise ValueError(f"rate_limit_qps must be 1 or more, not {qps}")
        self._qps = qps
        self._allowed: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def allows(self, path: str) -> bool:
        """Whether one more request is allowed now; an allowed request is counted."""
        if self._qps is None:
            return True
        now = time.monotonic()
        with self._lock:
            times = self._allowed[path]
            while times and times[0] <= now - 1:
                times.popleft()
            if len(times) >= self._qps:
                return False
            times.append(now)
            return True
