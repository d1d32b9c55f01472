"""A scripted AWS over real connections, and clients of it whose retries do not wait."""

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Self

import pytest

from publishing.repositories.json_api import BACKOFF_SECONDS, DYNAMODB, AwsError, JsonApi, Service
from publishing.repositories.sigv4 import Credentials

REGION = "eu-central-1"
CREDENTIALS = Credentials("made-up-key", "made-up-secret", "made-up-token")
MOMENT = datetime(2026, 11, 3, 4, 5, 6, tzinfo=UTC)
CANARY = "canary-5d1f"


class Answer(NamedTuple):
    """One response of the script."""

    status: int
    body: bytes
    last: bool = False
    """The server closes the connection after it, without a header that says so."""
    missing: int = 0
    """How many bytes more ``Content-Length`` announces than are sent; then the connection is closed."""


CLOSE = None
"""No response: the connection is closed after the request was read."""


class Recorded(NamedTuple):
    """One received request."""

    connection: int
    """The first connection is 1."""
    line: str
    headers: dict[str, str]
    body: bytes


class ScriptedAws:
    """Sends the responses in order over persistent connections; after the last one it returns the error EndOfScript.

    On exit it closes the connections that are still open.
    """

    def __init__(self, *answers: Answer | None, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[Recorded] = []
        script = iter([*answers])
        connections: list[socket.socket] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # header and body are sent in two packets
            number = 0

            def setup(self) -> None:
                super().setup()
                connections.append(self.connection)
                self.number = len(connections)

            def handle(self) -> None:
                with contextlib.suppress(OSError):  # of a client that does not trust the certificate
                    super().handle()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append(Recorded(self.number, self.requestline, dict(self.headers.items()), body))
                answer = next(script, error_answer("EndOfScript"))
                if answer is None:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(answer.body) + answer.missing))
                self.end_headers()
                self.wfile.write(answer.body)
                self.close_connection = answer.last or answer.missing > 0

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = False  # closing the server waits for them

            def server_close(self) -> None:
                for connection in connections:
                    with contextlib.suppress(OSError):  # already closed
                        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # that of a TLS socket is not thread-safe
                super().server_close()

        self._server = Server(("127.0.0.1", 0), Handler)
        scheme = "http"
        if context is not None:
            scheme = "https"
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def connections(self) -> list[int]:
        """The connection of each request."""
        return [request.connection for request in self.requests]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def json_answer(fields: object, status: int = 200, *, last: bool = False) -> Answer:
    return Answer(status, json.dumps(fields).encode(), last=last)


def error_answer(kind: str, status: int = 400, **more: object) -> Answer:
    return json_answer({"__type": kind, "message": "must not be quoted", **more}, status)


GOOD = json_answer({"Good": True})


class Waits:
    """Records the waits of a client instead of waiting; its jitter is 0.5, 0.25, 0.125, …"""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.draws = 0

    def jitter(self) -> float:
        self.draws += 1
        return float(0.5**self.draws)


WAITS = [0.5 * BACKOFF_SECONDS, 0.25 * BACKOFF_SECONDS * 2]
"""The waits between MAX_ATTEMPTS attempts."""


@contextlib.contextmanager
def client(
    url: str,
    waits: Waits | None = None,
    *,
    service: Service = DYNAMODB,
    credentials: Credentials = CREDENTIALS,
    context: ssl.SSLContext | None = None,
    now: Callable[[], datetime] = lambda: MOMENT,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[JsonApi]:
    """Open a client that records its waits, and close it on exit."""
    waits = waits or Waits()
    api = JsonApi(
        service,
        url,
        REGION,
        credentials,
        context=context,
        sleep=waits.seconds.append,
        jitter=waits.jitter,
        now=now,
        clock=clock,
    )
    with contextlib.closing(api):
        yield api


def outcome(aws: ScriptedAws, waits: Waits | None = None, **request: object) -> AwsError:
    """Return the error that a call raises."""
    with client(aws.url, waits) as api, pytest.raises(AwsError) as caught:
        api.call("GetItem", **request)
    return caught.value


def text_of(error: BaseException) -> str:
    """Return every text of an error, of its cause and of its context."""
    parts = [str(error), repr(error), repr(error.args), repr(vars(error))]
    parts.extend(text_of(behind) for behind in (error.__cause__, error.__context__) if behind is not None)
    return " ".join(parts)
