"""The transport over real connections: requests, responses, and failures."""

import gzip
import json
import ssl
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from local.loopback import certificate
from tests.support.patience import FOREVER, GENEROUS_SECONDS
from tests.support.scripted_tiktok import TOKEN
from tests.support.wire import WireServer, closed_port, http_response, silent_port
from tiktok_business.deadline import Deadline
from tiktok_business.errors import (
    ConnectionLostError,
    NoTimeLeftError,
    NotSentError,
    TikTokError,
    TimedOutError,
    TokenInvalidError,
    UnexpectedResponseError,
)
from tiktok_business.transport import MAX_IDLE_SECONDS, MAX_RESPONSE_BYTES, RawAnswer, RequestsTransport

if TYPE_CHECKING:
    import socket

SHORT_SECONDS = 0.15


class FrozenClock:
    """The wall clock, which a frozen Lambda finds advanced. Patched: urllib3, not we, constructs the connections."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 1_796_000_000.0
        monkeypatch.setattr("tiktok_business.transport.time", self)

    def time(self) -> float:
        return self.seconds


RESPONSE = http_response(b'{"code": 0}')


def send(base_url: str, seconds: float = 5.0, *, method: str = "GET", token: str = TOKEN, **parts: Any) -> RawAnswer:
    """Send one request with a new transport."""
    transport = RequestsTransport(base_url)
    return transport.send(method, "app/list/", token=SecretStr(token), deadline=Deadline.after(seconds), **parts)


def responding(*parts: bytes | float | None) -> WireServer:
    """Return a server that sends these parts to every request."""
    return WireServer(lambda _request: parts)


class TestRequest:
    def test_get(self) -> None:
        """A read is a GET of the endpoint's path; strings are sent unchanged, other parameters as JSON."""
        params = {
            "advertiser_id": "1",
            "page": 2,
            "fields": ["name", "status"],
            "filtering": {"keyword": "Çafé & Söhne"},
            "only": True,
        }
        with responding(RESPONSE) as server:
            assert send(server.base_url, params=params) == RawAnswer(200, b'{"code": 0}')
        line = server.requests[0].split(b"\r\n")[0].decode()
        method, target, _ = line.split(" ")
        assert method == "GET"
        assert urlsplit(target).path == "/open_api/v1.3/app/list/"
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        assert query.pop("advertiser_id") == "1"
        assert {name: json.loads(value) for name, value in query.items()} == {
            name: value for name, value in params.items() if name != "advertiser_id"
        }

    def test_post(self) -> None:
        """A write is a POST with a JSON body."""
        body = {"display_name": "Çafé \N{GRINNING FACE}", "advertiser_id": "1"}
        with responding(RESPONSE) as server:
            send(server.base_url, method="POST", body=body)
        head, sent = server.requests[0].split(b"\r\n\r\n")
        assert head.startswith(b"POST /open_api/v1.3/app/list/ HTTP/1.1\r\n")
        assert b"content-type: application/json" in head.lower()
        assert json.loads(sent) == body

    @pytest.mark.parametrize(
        "parts", [{"params": {"a": "b"}}, {"method": "POST", "body": {"a": "b"}}], ids=["get", "post"]
    )
    def test_token(self, parts: dict[str, Any]) -> None:
        """The token is only in the Access-Token header."""
        with responding(RESPONSE) as server:
            send(server.base_url, **parts)
        assert server.requests[0].count(TOKEN.encode()) == 1
        assert f"\r\nAccess-Token: {TOKEN}\r\n".encode() in server.requests[0]
        assert b"authorization" not in server.requests[0].lower()

    def test_base_url_with_slash(self) -> None:
        """A trailing slash of the base URL is not doubled."""
        with responding(RESPONSE) as server:
            send(server.base_url + "/")
        assert server.requests[0].startswith(b"GET /open_api/v1.3/app/list/ ")

    def test_lone_surrogate(self) -> None:
        """A lone surrogate in a parameter is sent escaped instead of raising an error."""
        with responding(RESPONSE) as server:
            send(server.base_url, params={"filtering": {"keyword": "\ud800"}})
        assert b"ud800" in server.requests[0]

    @pytest.mark.parametrize(
        "token", ["", " ", "a b", "a\n", "\ta", "a\r\nX: y", "t\u00f6ken", "\u2026", "a\x7f"], ids=ascii
    )
    def test_token_for_no_header(self, token: str) -> None:
        """A token that no header can hold is invalid; nothing is sent, and the error does not show it."""
        with responding(RESPONSE) as server:
            with pytest.raises(TokenInvalidError) as raised:
                send(server.base_url, token=token)
            assert server.connections == 0
        assert str(raised.value) == (
            "app/list/: no code, request unknown: the token is empty or has characters that no header can hold"
        )


class TestConnection:
    def test_kept(self) -> None:
        """One connection is reused for several requests, with a content length or chunked."""
        chunked = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n'
        with responding(chunked) as server:
            transport = RequestsTransport(server.base_url)
            for _ in range(3):
                response = transport.send("GET", "x/", token=SecretStr(TOKEN), deadline=Deadline.after(5))
                assert response.body == b'{"a":1}'
        assert server.connections == 1
        with responding(RESPONSE) as server:
            transport = RequestsTransport(server.base_url)
            for _ in range(3):
                transport.send("GET", "x/", token=SecretStr(TOKEN), deadline=Deadline.after(5))
        assert server.connections == 1

    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize(
        ("idle", "reused"),
        [(MAX_IDLE_SECONDS - 1, True), (MAX_IDLE_SECONDS + 1, False), (3600.0, False), (-9.0, False)],
    )
    def test_idle(self, monkeypatch: pytest.MonkeyPatch, method: str, idle: float, *, reused: bool) -> None:
        """A write is never sent over a connection that has been idle for long, by the wall clock; a read is."""
        now = FrozenClock(monkeypatch)
        with responding(RESPONSE) as server:
            transport = RequestsTransport(server.base_url)
            for _ in range(2):
                response = transport.send(method, "x/", token=SecretStr(TOKEN), deadline=Deadline.after(5), body={})
                assert response == RawAnswer(200, b'{"code": 0}')
                now.seconds += idle
        assert server.connections == (1 if reused or method == "GET" else 2)

    @pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
    def test_closed_in_a_freeze(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, tls: bool) -> None:
        """After an hour's freeze a write works at the first try, although the server has forgotten the connections."""
        now = FrozenClock(monkeypatch)
        public, server_context = certificate(tmp_path, "127.0.0.1") if tls else (None, None)
        connections: list[socket.socket] = []
        forgotten: list[socket.socket] = []

        class Forgetful(BaseHTTPRequestHandler):
            """Closes a connection that the server has forgotten as soon as something is sent over it."""

            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                connections.append(self.connection)

            def answer(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.close_connection = self.connection in forgotten
                if not self.close_connection:
                    self.wfile.write(RESPONSE)

            do_GET = do_POST = answer

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Forgetful)
        if server_context is not None:
            server.socket = server_context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            context = ssl.create_default_context(cafile=public) if public else None
            scheme = "https" if tls else "http"
            transport = RequestsTransport(f"{scheme}://127.0.0.1:{server.server_address[1]}", context)

            def send(method: str) -> RawAnswer:
                return transport.send(method, "x/", token=SecretStr(TOKEN), deadline=Deadline.after(5), body={})

            with ThreadPoolExecutor(4) as threads:  # several pooled connections
                assert {one.status for one in threads.map(send, ["GET"] * 8)} == {200}
                forgotten += connections
                now.seconds += 3600
                assert {one.status for one in threads.map(send, ["POST"] * 8)} == {200}
        finally:
            server.shutdown()
            server.server_close()

    def test_gone_in_a_freeze(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A write that finds no server instead of its idle connection was not sent, so it may be retried."""
        now = FrozenClock(monkeypatch)
        with responding(RESPONSE) as server:
            transport = RequestsTransport(server.base_url)
            transport.send("GET", "x/", token=SecretStr(TOKEN), deadline=Deadline.after(5))
        now.seconds += 3600
        with pytest.raises(NotSentError):
            transport.send("POST", "x/", token=SecretStr(TOKEN), deadline=Deadline.after(5), body={})

    def test_no_cookies(self) -> None:
        """Cookies that TikTok sets are not sent back: requests with different tokens share only connections."""
        with responding(http_response(b"{}", "Set-Cookie: session=of-one-person; Path=/")) as server:
            transport = RequestsTransport(server.base_url)
            for _ in range(2):
                transport.send("GET", "x/", token=SecretStr(TOKEN), deadline=Deadline.after(5))
        assert b"cookie" not in server.requests[1].lower()

    def test_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Proxies of the environment are not used."""
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
        monkeypatch.delenv("no_proxy", raising=False)
        with responding(RESPONSE) as server:
            assert send(server.base_url).status == 200

    def test_refused(self) -> None:
        """On a closed port nothing was sent, so a write may be retried."""
        with pytest.raises(NotSentError, match=r"no connection$") as raised:
            send(f"http://127.0.0.1:{closed_port()}")
        assert not raised.value.outcome_unknown

    def test_no_such_host(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """With an unknown host name nothing was sent."""

        def unknown(*_: object, **__: object) -> None:
            raise OSError(-2, "Name or service not known")

        monkeypatch.setattr("socket.getaddrinfo", unknown)  # `requests` takes no resolver as an argument
        with pytest.raises(TikTokError) as raised:
            send("http://tiktok.invalid")
        assert type(raised.value) is NotSentError

    def test_never_accepted(self) -> None:
        """Without a connection in time nothing was sent, and the wait ends at the deadline."""
        began = time.monotonic()
        with silent_port() as port, pytest.raises(NotSentError):
            send(f"http://127.0.0.1:{port}", SHORT_SECONDS)
        assert time.monotonic() - began < GENEROUS_SECONDS

    @pytest.mark.parametrize(
        "parts",
        [
            [None],
            [b"HTTP/1.1 2", None],
            [b"nonsense\r\n\r\n", None],
            [http_response(b"{}", "Content-Length: 9")],
            [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", None],
            [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", None],
            [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{", None],
            [http_response(b"no gzip", "Content-Encoding: gzip")],
        ],
        ids=["closed", "half_status", "no_http", "two_lengths", "short", "no_chunk", "half_chunk", "no_gzip"],
    )
    def test_broken(self, parts: list[bytes | float | None]) -> None:
        """After any failure of HTTP itself TikTok may have acted: the error is ConnectionLostError."""
        with responding(*parts) as server, pytest.raises(TikTokError) as raised:
            send(server.base_url, method="POST", body={})
        assert type(raised.value) is ConnectionLostError
        assert raised.value.message == "the connection broke"
        assert len(server.requests) == 1


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_not_followed(self, status: int) -> None:
        """A redirect is returned, not followed, so the token is sent nowhere else."""
        with (
            responding(RESPONSE) as elsewhere,
            responding(http_response(b"", f"Location: {elsewhere.base_url}/x/", status=f"{status} Moved")) as server,
        ):
            assert send(server.base_url).status == status
        assert elsewhere.connections == 0
        assert len(server.requests) == 1

    @pytest.mark.parametrize("location", ["", "http://[", "/\x00", "http://127.0.0.1:99999/", "\xff\xfe"], ids=ascii)
    def test_location_is_ignored(self, location: str) -> None:
        """The Location of a redirect is not read, not even a malformed one."""
        head = f"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {location}\r\n\r\n".encode("latin-1")
        with responding(head) as server:
            assert send(server.base_url) == RawAnswer(302, b"")

    def test_slow(self) -> None:
        """A redirect's body is read within the deadline."""
        head = b"HTTP/1.1 302 Found\r\nContent-Length: 999999\r\nLocation: /x\r\n\r\n"
        began = time.monotonic()
        with WireServer(lambda _: _drip(head)) as server, pytest.raises(TimedOutError):
            send(server.base_url, SHORT_SECONDS)
        assert time.monotonic() - began < GENEROUS_SECONDS


def _drip(head: bytes) -> Iterable[bytes | float]:
    """Yield a response byte by byte, for longer than any test may take."""
    yield head
    for _ in range(200):
        yield b" "
        yield 0.02


class TestDeadline:
    def test_passed(self) -> None:
        """After the deadline nothing is sent."""
        with responding(RESPONSE) as server:
            with pytest.raises(NoTimeLeftError):
                send(server.base_url, 0)
            assert server.connections == 0

    @pytest.mark.parametrize(
        "head",
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n",
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        ],
        ids=["length", "chunked", "until_closed"],
    )
    def test_drip(self, head: bytes) -> None:
        """A response that arrives byte by byte without an end is given up at the deadline."""
        began = time.monotonic()
        with WireServer(lambda _: _drip(head)) as server, pytest.raises(TimedOutError):
            send(server.base_url, SHORT_SECONDS)
        assert time.monotonic() - began < GENEROUS_SECONDS

    @pytest.mark.parametrize(
        "parts",
        [
            [FOREVER],
            [b"HTTP/1.1 200 OK\r\n", FOREVER],
            [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", FOREVER],
            [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", FOREVER],
        ],
        ids=["nothing", "half_head", "no_body", "half_body"],
    )
    def test_silence(self, parts: list[bytes | float | None]) -> None:
        """A response that stops at any point is given up at the deadline."""
        began = time.monotonic()
        with responding(*parts) as server, pytest.raises(TimedOutError) as raised:
            send(server.base_url, SHORT_SECONDS)
        assert time.monotonic() - began < GENEROUS_SECONDS
        assert raised.value.outcome_unknown

    def test_late_silence(self) -> None:
        """A response that stops after a slow start is given up at the deadline, not a read timeout later."""
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
        began = time.monotonic()
        with responding(2.0, head, FOREVER) as server, pytest.raises(TimedOutError):
            send(server.base_url, 2.2)
        assert time.monotonic() - began < 4.0


class TestSize:
    @pytest.mark.parametrize("encoding", ["length", "chunked"])
    def test_too_large(self, encoding: str) -> None:
        """A response above the maximum size is given up while it is read."""
        piece = b" " * 1_000_000
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n"
        if encoding == "chunked":
            head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            piece = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
        sent = 0

        def endless(_request: bytes) -> Iterable[bytes]:
            nonlocal sent
            yield head
            while sent < 20 * MAX_RESPONSE_BYTES:
                sent += len(piece)
                yield piece

        with WireServer(endless) as server, pytest.raises(UnexpectedResponseError):
            send(server.base_url)
        assert sent < 3 * MAX_RESPONSE_BYTES

    def test_too_large_once_decompressed(self) -> None:
        """The maximum applies to the decompressed size."""
        compressed = gzip.compress(b" " * (MAX_RESPONSE_BYTES + 1))
        assert len(compressed) < 100_000
        with (
            responding(http_response(compressed, "Content-Encoding: gzip")) as server,
            pytest.raises(UnexpectedResponseError),
        ):
            send(server.base_url)

    def test_large(self) -> None:
        """A response of the maximum size is read completely, compressed or not."""
        body = b"x" * MAX_RESPONSE_BYTES
        compressed = http_response(gzip.compress(body, 1), "Content-Encoding: gzip")
        for response in (http_response(body), compressed):
            with responding(response) as server:
                assert send(server.base_url).body == body
