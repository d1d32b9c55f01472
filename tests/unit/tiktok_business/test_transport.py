"""The transport over real connections: what is sent, what is read, and what ends it."""

import gzip
import json
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from tests.support.patience import FOREVER, GENEROUS_SECONDS
from tests.unit.tiktok_business.fakes import TOKEN
from tests.unit.tiktok_business.wire import WireServer, closed_port, http_answer, silent_port
from tiktok_business.deadline import Deadline
from tiktok_business.errors import (
    ConnectionLostError,
    NoTimeLeftError,
    NotSentError,
    TikTokError,
    TimedOutError,
    TokenRejectedError,
    UnexpectedResponseError,
)
from tiktok_business.transport import MAX_RESPONSE_BYTES, RawAnswer, RequestsTransport

SHORT_SECONDS = 0.15
ANSWER = http_answer(b'{"code": 0}')


def send(base_url: str, seconds: float = 5.0, *, method: str = "GET", token: str = TOKEN, **parts: Any) -> RawAnswer:
    """Send one request with a transport of its own."""
    transport = RequestsTransport(base_url)
    return transport.send(method, "app/list/", token=SecretStr(token), deadline=Deadline.after(seconds), **parts)


def answering(*parts: bytes | float | None) -> WireServer:
    """A server that answers every request like this."""
    return WireServer(lambda _request: parts)


class TestRequest:
    def test_get(self) -> None:
        """A read goes to the endpoint's path with its slash, texts as they are and all else as JSON in the query."""
        params = {
            "advertiser_id": "1",
            "page": 2,
            "fields": ["name", "status"],
            "filtering": {"keyword": "Çafé & Söhne"},
            "only": True,
        }
        with answering(ANSWER) as server:
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
        """A write carries its body as JSON."""
        body = {"display_name": "Çafé \N{GRINNING FACE}", "advertiser_id": "1"}
        with answering(ANSWER) as server:
            send(server.base_url, method="POST", body=body)
        head, sent = server.requests[0].split(b"\r\n\r\n")
        assert head.startswith(b"POST /open_api/v1.3/app/list/ HTTP/1.1\r\n")
        assert b"content-type: application/json" in head.lower()
        assert json.loads(sent) == body

    @pytest.mark.parametrize(
        "parts", [{"params": {"a": "b"}}, {"method": "POST", "body": {"a": "b"}}], ids=["get", "post"]
    )
    def test_token(self, parts: dict[str, Any]) -> None:
        """The token is in the Access-Token header and nowhere else."""
        with answering(ANSWER) as server:
            send(server.base_url, **parts)
        assert server.requests[0].count(TOKEN.encode()) == 1
        assert f"\r\nAccess-Token: {TOKEN}\r\n".encode() in server.requests[0]
        assert b"authorization" not in server.requests[0].lower()

    def test_base_url_with_slash(self) -> None:
        """A slash at the base address's end makes no double one."""
        with answering(ANSWER) as server:
            send(server.base_url + "/")
        assert server.requests[0].startswith(b"GET /open_api/v1.3/app/list/ ")

    def test_lone_surrogate(self) -> None:
        """A broken text inside a parameter is sent, escaped, rather than ending in a fault of ours."""
        with answering(ANSWER) as server:
            send(server.base_url, params={"filtering": {"keyword": "\ud800"}})
        assert b"ud800" in server.requests[0]

    @pytest.mark.parametrize(
        "token", ["", " ", "a b", "a\n", "\ta", "a\r\nX: y", "t\u00f6ken", "\u2026", "a\x7f"], ids=ascii
    )
    def test_token_for_no_header(self, token: str) -> None:
        """A token that no header can hold is refused before anything is sent, and not shown."""
        with answering(ANSWER) as server:
            with pytest.raises(TokenRejectedError) as raised:
                send(server.base_url, token=token)
            assert server.connections == 0
        assert str(raised.value) == (
            "app/list/: no code, request unknown: the token is empty or has characters that no header can hold"
        )


class TestConnection:
    def test_kept(self) -> None:
        """One connection serves request after request, whichever way the length of the answer is told."""
        chunked = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n'
        with answering(chunked) as server:
            transport = RequestsTransport(server.base_url)
            for _ in range(3):
                answer = transport.send("GET", "x/", token=SecretStr(TOKEN), deadline=Deadline.after(5))
                assert answer.body == b'{"a":1}'
        assert server.connections == 1
        with answering(ANSWER) as server:
            transport = RequestsTransport(server.base_url)
            for _ in range(3):
                transport.send("GET", "x/", token=SecretStr(TOKEN), deadline=Deadline.after(5))
        assert server.connections == 1

    def test_nothing_remembered(self) -> None:
        """A cookie that TikTok sets is not sent back: requests of different tokens share nothing but connections."""
        with answering(http_answer(b"{}", "Set-Cookie: session=of-one-person; Path=/")) as server:
            transport = RequestsTransport(server.base_url)
            for _ in range(2):
                transport.send("GET", "x/", token=SecretStr(TOKEN), deadline=Deadline.after(5))
        assert b"cookie" not in server.requests[1].lower()

    def test_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """No proxy of the environment gets to see a request."""
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
        monkeypatch.delenv("no_proxy", raising=False)
        with answering(ANSWER) as server:
            assert send(server.base_url).status == 200

    def test_refused(self) -> None:
        """Where nobody listens nothing was sent, so a write may be repeated."""
        with pytest.raises(NotSentError, match=r"no connection$") as raised:
            send(f"http://127.0.0.1:{closed_port()}")
        assert not raised.value.may_have_happened

    def test_no_such_host(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the host's name is unknown nothing was sent."""

        def unknown(*_: object, **__: object) -> None:
            raise OSError(-2, "Name or service not known")

        monkeypatch.setattr("socket.getaddrinfo", unknown)  # `requests` takes no resolver as an argument
        with pytest.raises(TikTokError) as raised:
            send("http://tiktok.invalid")
        assert type(raised.value) is NotSentError

    def test_never_accepted(self) -> None:
        """Where no connection comes about in time nothing was sent, and the wait ends at the deadline."""
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
            [http_answer(b"{}", "Content-Length: 9")],
            [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", None],
            [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", None],
            [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{", None],
            [http_answer(b"no gzip", "Content-Encoding: gzip")],
        ],
        ids=["closed", "half_status", "no_http", "two_lengths", "short", "no_chunk", "half_chunk", "no_gzip"],
    )
    def test_broken(self, parts: list[bytes | float | None]) -> None:
        """Whatever breaks in HTTP itself, TikTok may have acted, and the error says no more than that."""
        with answering(*parts) as server, pytest.raises(TikTokError) as raised:
            send(server.base_url, method="POST", body={})
        assert type(raised.value) is ConnectionLostError
        assert raised.value.message == "the connection broke"
        assert len(server.requests) == 1


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_not_followed(self, status: int) -> None:
        """A redirect is the answer: the token goes nowhere else."""
        with (
            answering(ANSWER) as elsewhere,
            answering(http_answer(b"", f"Location: {elsewhere.base_url}/x/", status=f"{status} Moved")) as server,
        ):
            assert send(server.base_url).status == status
        assert elsewhere.connections == 0
        assert len(server.requests) == 1

    @pytest.mark.parametrize("location", ["", "http://[", "/\x00", "http://127.0.0.1:99999/", "\xff\xfe"], ids=ascii)
    def test_not_looked_at(self, location: str) -> None:
        """Where a redirect points does not matter, not even whether it can be read."""
        head = f"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {location}\r\n\r\n".encode("latin-1")
        with answering(head) as server:
            assert send(server.base_url) == RawAnswer(302, b"")

    def test_slow(self) -> None:
        """A redirect's body is read within the deadline, as any other."""
        head = b"HTTP/1.1 302 Found\r\nContent-Length: 999999\r\nLocation: /x\r\n\r\n"
        began = time.monotonic()
        with WireServer(lambda _: _drip(head)) as server, pytest.raises(TimedOutError):
            send(server.base_url, SHORT_SECONDS)
        assert time.monotonic() - began < GENEROUS_SECONDS


def _drip(head: bytes) -> Iterable[bytes | float]:
    """An answer whose bytes come one by one, for longer than any test may take."""
    yield head
    for _ in range(200):
        yield b" "
        yield 0.02


class TestDeadline:
    def test_passed(self) -> None:
        """After the deadline nothing is sent."""
        with answering(ANSWER) as server:
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
        """An answer that never stops coming, a byte at a time, ends at the deadline."""
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
        """Silence, wherever it begins, ends at the deadline."""
        began = time.monotonic()
        with answering(*parts) as server, pytest.raises(TimedOutError) as raised:
            send(server.base_url, SHORT_SECONDS)
        assert time.monotonic() - began < GENEROUS_SECONDS
        assert raised.value.may_have_happened

    def test_late_silence(self) -> None:
        """Silence after a slow beginning ends at the deadline too, not a whole wait later."""
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
        began = time.monotonic()
        with answering(2.0, head, FOREVER) as server, pytest.raises(TimedOutError):
            send(server.base_url, 2.2)
        assert time.monotonic() - began < 4.0


class TestSize:
    @pytest.mark.parametrize("encoding", ["length", "chunked"])
    def test_too_large(self, encoding: str) -> None:
        """An answer larger than any page of rows is given up while it is being read."""
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

    def test_too_large_once_unpacked(self) -> None:
        """What counts is the size of the unpacked answer: a small packed one can be too large."""
        packed = gzip.compress(b" " * (MAX_RESPONSE_BYTES + 1))
        assert len(packed) < 100_000
        with answering(http_answer(packed, "Content-Encoding: gzip")) as server, pytest.raises(UnexpectedResponseError):
            send(server.base_url)

    def test_large(self) -> None:
        """An answer of the largest size is read whole, packed or not."""
        body = b"x" * MAX_RESPONSE_BYTES
        packed = http_answer(gzip.compress(body, 1), "Content-Encoding: gzip")
        for answer in (http_answer(body), packed):
            with answering(answer) as server:
                assert send(server.base_url).body == body
