"""Local servers and ports that respond byte by byte, or not at all."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Self


def http_response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return the bytes of an HTTP/1.1 response on a connection that stays open."""
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]).encode() + body


class WireServer:
    """An HTTP server that sends exactly the bytes that a test gives it.

    ``reply`` gets the whole request and yields bytes to send and numbers of seconds to wait. The connection stays open
    unless the reply yields None.
    """

    def __init__(self, reply: Callable[[bytes], Iterable[bytes | float | None]]) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        stopping = threading.Event()
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer.connections += 1
                with contextlib.suppress(OSError):
                    while (request := _request_from(self.rfile.readline, self.rfile.read)) and self.respond(request):
                        pass

            def respond(self, request: bytes) -> bool:
                outer.requests.append(request)
                for part in reply(request):
                    if part is None or (isinstance(part, float) and stopping.wait(part)):
                        return False
                    if isinstance(part, bytes):
                        self.wfile.write(part)
                return True

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False

        self._stopping = stopping
        self._server = Server(("127.0.0.1", 0), Handler)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/open_api/v1.3"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()


def _request_from(readline: Callable[[], bytes], read: Callable[[int], bytes]) -> bytes:
    head = b""
    length = 0
    while (line := readline()) not in {b"", b"\r\n"}:
        head += line
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return head + b"\r\n" + read(length) if head else b""


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """Yield a port that never accepts a connection, because its queue is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def closed_port() -> int:
    """Return a port without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
