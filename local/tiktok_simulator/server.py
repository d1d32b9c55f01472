"""The HTTP server: it reads requests from sockets and sends responses, correctly or with a fault.

Connections are kept alive (HTTP/1.1) and send without delay (TCP_NODELAY). Every wait ends when the server stops.
"""

import contextlib
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NoReturn

from local.tiktok_simulator.faults import Fault, FaultKind
from local.tiktok_simulator.http_messages import HttpRequest, HttpResponse

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_DRIPS = 40


@dataclass(frozen=True)
class Delivery:
    """A response and how to send it: `latency` seconds later, and with this fault if it concerns the connection."""

    response: HttpResponse
    latency: float = 0.0
    fault: Fault | None = None


class _ConnectionEndedError(Exception):
    """The connection ends, whether or not the client has its response."""


class SimulatorServer(ThreadingHTTPServer):
    """A server with daemon threads; it can be stopped while requests hang."""

    daemon_threads = True
    block_on_close = False
    # The default of 5 makes connections wait a second when a client opens many at once.
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        respond: Callable[[HttpRequest], Delivery],
        ssl_context: ssl.SSLContext | None,
    ) -> None:
        super().__init__(address, _Handler)
        self.host_and_port: tuple[str, int] = (address[0], self.server_address[1])
        self.respond = respond
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        self._accepting = threading.Thread(target=self._accept, name="tiktok-simulator", daemon=True)
        if ssl_context is not None:
            # Each connection's thread does the handshake; otherwise one slow client would block all others.
            self.socket = ssl_context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def server_bind(self) -> None:
        """Bind without the host name lookup of HTTPServer, which can take seconds."""
        socketserver.TCPServer.server_bind(self)

    def verify_request(self, request: object, client_address: object) -> bool:  # noqa: ARG002 - the signature of socketserver
        """Whether a connection is served; `stop` makes one only to wake the server."""
        return not self.stopping.is_set()

    def opened(self, connection: socket.socket) -> None:
        """Remember a connection so that `stop` can end it."""
        with self._connections_lock:
            self._connections.add(connection)
        if self.stopping.is_set():
            self._end(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._connections_lock:
            self._connections.discard(connection)

    def start(self) -> None:
        """Accept connections in a background thread."""
        self._accepting.start()

    def stop(self) -> None:
        """Stop accepting, end every wait and every connection."""
        self.stopping.set()
        with contextlib.suppress(OSError):
            socket.create_connection(self.host_and_port).close()  # wakes the thread that accepts
        self._accepting.join()
        self.server_close()
        with self._connections_lock:
            for connection in self._connections:
                self._end(connection)

    def _accept(self) -> None:
        while not self.stopping.is_set():
            self.handle_request()

    @staticmethod
    def _end(connection: socket.socket) -> None:
        """Wake the thread that reads from a connection."""
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: SimulatorServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Head and body are sent together.
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def handle(self) -> None:
        with contextlib.suppress(_ConnectionEndedError, OSError):
            if isinstance(self.connection, ssl.SSLSocket):
                self.connection.do_handshake()
            super().handle()

    def finish(self) -> None:
        self.server.closed(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def version_string(self) -> str:
        return "TikTokSimulator"

    def log_message(self, *_: object) -> None:
        """Write nothing; the journal records every request."""

    def handle_method(self) -> None:
        """Read a request with any method, and send the response."""
        length = self.headers.get("Content-Length", "0")
        request = HttpRequest(
            method=self.command,
            target=self.path,
            token=self.headers.get("Access-Token"),
            origin=self.headers.get("Origin"),
            content_type=self.headers.get("Content-Type", ""),
            # Unread bytes of this body would be read as the start of the next request.
            body=self.rfile.read(int(length)) if length.isdigit() else b"",
        )
        delivery = self.server.respond(request)
        self.server.stopping.wait(delivery.latency)
        if delivery.fault is None:
            self._send(delivery.response)
        else:
            self._send_with(delivery.fault, delivery.response)

    def _send(self, response: HttpResponse) -> None:
        self._head(response)
        self._body(response.body)

    def _send_with(self, fault: Fault, response: HttpResponse) -> None:
        seconds = fault.seconds or 0.0
        if fault.kind in {FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER}:
            self._reset()
        if fault.kind is FaultKind.HANG:
            self.server.stopping.wait(seconds)
            raise _ConnectionEndedError
        if fault.kind is FaultKind.SHORT_BODY:
            self._head(response)
            self._body(response.body[: len(response.body) // 2])
            raise _ConnectionEndedError
        if fault.kind is FaultKind.SLOW_DRIP:
            self._drip(response, seconds)
            return
        if fault.kind is FaultKind.LATENCY:
            self.server.stopping.wait(seconds)
        self._send(response)

    def _head(self, response: HttpResponse) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _body(self, body: bytes) -> None:
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _drip(self, response: HttpResponse, seconds: float) -> None:
        self._head(response)
        step = max(1, len(response.body) // _DRIPS)
        pieces = range(0, len(response.body), step)
        for start in pieces:
            if self.server.stopping.wait(seconds / len(pieces)):
                raise _ConnectionEndedError
            self._body(response.body[start : start + step])

    def _reset(self) -> NoReturn:
        """Close the connection with a TCP RST: a linger time of 0 makes close() send one."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        # These files keep the socket open until they are closed too.
        self.rfile.close()
        self.wfile.close()
        self.connection.close()
        raise _ConnectionEndedError


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
    setattr(_Handler, f"do_{_method}", _Handler.handle_method)
