"""What stands in for the network and the clock in these tests."""

import contextlib
import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from pydantic import SecretStr

from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.transport import Body, RawAnswer, Transport

TOKEN = "made-up-token-7f3a9c"


@dataclass
class FakeClock:
    """A clock that moves only when somebody sleeps."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Sent(NamedTuple):
    """One request as a transport was asked to send it."""

    method: str
    endpoint: str
    params: Mapping[str, Any] | None
    body: Body | None


Reply = RawAnswer | Exception


@dataclass
class ScriptedTransport:
    """Gives the replies in order and remembers what was sent; to be asked once more than that is an error."""

    replies: list[Reply]
    sent: list[Sent] = field(default_factory=list)
    on_send: Callable[[], None] = lambda: None

    def send(
        self,
        method: str,
        endpoint: str,
        *,
        token: SecretStr | None,
        deadline: Deadline,
        params: Mapping[str, Any] | None = None,
        body: Body | None = None,
    ) -> RawAnswer:
        assert token is not None
        assert token.get_secret_value() == TOKEN
        assert deadline is not None
        self.sent.append(Sent(method, endpoint, params, body))
        self.on_send()
        reply = self.replies[len(self.sent) - 1]
        if isinstance(reply, Exception):
            raise reply
        return reply


def json_answer(envelope: object, status: int = 200) -> RawAnswer:
    """An HTTP answer with this JSON."""
    return RawAnswer(status, json.dumps(envelope).encode())


def success(data: object) -> RawAnswer:
    """TikTok's answer to a request that went well."""
    return json_answer({"code": 0, "message": "OK", "request_id": "r-0", "data": data})


def refusal(code: int, message: str = "Refused.") -> RawAnswer:
    """TikTok's answer with another code than 0."""
    return json_answer({"code": code, "message": message, "request_id": f"r-{code}", "data": {}})


def client_of(
    transport: Transport, *, clock: FakeClock | None = None, seconds: float = 60.0, jitter: float = 1.0
) -> TikTokClient:
    """A client that never really waits, on a deadline of the fake clock."""
    clock = clock or FakeClock()
    return TikTokClient(
        transport, SecretStr(TOKEN), Deadline.after(seconds, clock), sleep=clock.sleep, jitter=lambda: jitter
    )


def http_answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An HTTP/1.1 answer as it goes over the wire, of a connection that is kept."""
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]).encode() + body


class WireServer:
    """An HTTP server whose every answered byte is the test's.

    ``reply`` gets the whole request and yields bytes to send and numbers, the seconds to be silent between them. The
    connection is kept unless the reply ends with None.
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
                    while (request := _request_from(self.rfile.readline, self.rfile.read)) and self.answer(request):
                        pass

            def answer(self, request: bytes) -> bool:
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
    """A port where a connection is never accepted: its queue is full."""
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
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
