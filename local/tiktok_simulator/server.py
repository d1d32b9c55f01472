"""The HTTP server, down to the socket: it reads requests and delivers answers, right or with a fault.

Connections are kept alive (HTTP/1.1) and send at once (TCP_NODELAY). Every wait ends when the server stops.
"""

import contextlib
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NoReturn

from local.tiktok_simulator.faults import Fault, FaultKind
from local.tiktok_simulator.http_messages import Answer, Delivery, HttpRequest

_LINGER_NOT = struct.pack("ii", 1, 0)
_DRIPS = 40


class _ConnectionEndedError(Exception):
    """The connection is over, in whatever state the client is."""


class SimulatorServer(ThreadingHTTPServer):
    """A server of daemon threads that can be stopped while requests hang."""

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
            # The handshake belongs to the connection's own thread, or one slow client would stop all.
            self.socket = ssl_context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def server_bind(self) -> None:
        """Bind without HTTPServer's look-up of the host's name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)

    def verify_request(self, request: object, client_address: object) -> bool:  # noqa: ARG002 - socketserver's own
        """Whether a connection is served: none that came to wake the server."""
        return not self.stopping.is_set()

    def opened(self, connection: socket.socket) -> None:
        """Remember a connection, to end it when the server stops."""
        with self._connections_lock:
            self._connections.add(connection)
        if self.stopping.is_set():
            self._end(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._connections_lock:
            self._connections.discard(connection)

    def start(self) -> None:
        """Accept connections, in a thread of its own."""
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
        """Wake whoever reads from a connection."""
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: SimulatorServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Head and body leave in one piece.
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
        """Write nothing: the journal holds every request."""

    def answer(self) -> None:
        """Read a request whatever its method, and deliver what there is to answer."""
        length = self.headers.get("Content-Length", "0")
        request = HttpRequest(
            method=self.command,
            target=self.path,
            token=self.headers.get("Access-Token"),
            origin=self.headers.get("Origin"),
            content_type=self.headers.get("Content-Type", ""),
            # The whole body is read even where it does not matter, or the next request would start inside it.
            body=self.rfile.read(int(length)) if length.isdigit() else b"",
        )
        delivery = self.server.respond(request)
        self.server.stopping.wait(delivery.latency)
        if delivery.fault is None:
            self._send(delivery.answer)
        else:
            self._send_with(delivery.fault, delivery.answer)

    def _send(self, answer: Answer) -> None:
        self._head(answer)
        self._body(answer.body)

    def _send_with(self, fault: Fault, answer: Answer) -> None:
        seconds = fault.seconds or 0.0
        if fault.kind in {FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER}:
            self._reset()
        if fault.kind is FaultKind.HANG:
            self.server.stopping.wait(seconds)
            raise _ConnectionEndedError
        if fault.kind is FaultKind.SHORT_BODY:
            self._head(answer)
            self._body(answer.body[: len(answer.body) // 2])
            raise _ConnectionEndedError
        if fault.kind is FaultKind.SLOW_DRIP:
            self._drip(answer, seconds)
            return
        if fault.kind is FaultKind.LATENCY:
            self.server.stopping.wait(seconds)
        self._send(answer)

    def _head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _body(self, body: bytes) -> None:
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _drip(self, answer: Answer, seconds: float) -> None:
        self._head(answer)
        step = max(1, len(answer.body) // _DRIPS)
        pieces = range(0, len(answer.body), step)
        for start in pieces:
            if self.server.stopping.wait(seconds / len(pieces)):
                raise _ConnectionEndedError
            self._body(answer.body[start : start + step])

    def _reset(self) -> NoReturn:
        """Close so that the client gets a RST: a socket that may not linger has no other way."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        # The files hold the socket open; it is closed only with the last of them.
        self.rfile.close()
        self.wfile.close()
        self.connection.close()
        raise _ConnectionEndedError


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
    setattr(_Handler, f"do_{_method}", _Handler.answer)
