"""No error contains the access token, or another object that contains it."""

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from tests.support.scripted_tiktok import TOKEN, Reply, ScriptedTransport, client_of, json_response, success
from tests.support.wire import WireServer, closed_port, http_response, silent_port
from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import TikTokError
from tiktok_business.models import IdentityType
from tiktok_business.oauth import DeveloperApp, TikTokOAuth
from tiktok_business.transport import RawAnswer, RequestsTransport

ECHO = f"token {TOKEN} is bad"


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error, its causes and its contexts, even suppressed ones."""
    waiting: list[BaseException | None] = [error]
    while waiting:
        if (one := waiting.pop()) is not None:
            yield one
            waiting += [one.__cause__, one.__context__]


def texts(error: BaseException) -> Iterator[str]:
    """Yield every text of an error and its chain."""
    for one in chain(error):
        yield from (str(one), repr(one), repr(one.args), repr(vars(one)), repr(getattr(one, "__notes__", ())))
    yield "".join(traceback.format_exception(error))


def assert_secret(call: Callable[[], object]) -> None:
    """Call, and assert that the raised error does not contain the token."""
    with pytest.raises(TikTokError) as raised:
        call()
    assert not [text for text in texts(raised.value) if TOKEN in text]
    # Errors of requests and json contain headers and body, although they do not print them.
    assert [type(one) for one in chain(raised.value)] == [type(raised.value)]


RESPONSES: dict[str, RawAnswer] = {
    **{
        f"code_{code}": json_response({"code": code, "message": ECHO, "request_id": f"r-{TOKEN}", "data": {"t": TOKEN}})
        for code in (40000, 40001, 40002, 40008, 40100, 40105, 40300, 50000, 20001)
    },
    "no_data": json_response({"code": 0, "message": ECHO, "request_id": TOKEN, "data": ECHO}),
    "html": RawAnswer(200, f"<html>{ECHO}</html>".encode()),
    "cut": RawAnswer(200, f'{{"message": "{ECHO}'.encode()),
    "html_500": RawAnswer(500, ECHO.encode()),
    "html_429": RawAnswer(429, ECHO.encode()),
    "no_envelope": json_response([ECHO]),
    "no_list": success({TOKEN: ECHO}),
    "no_row": success({"apps": [{"app_id": None, "app_name": ECHO}]}),
}


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES.keys())
def test_responses_that_contain_it(response: Reply) -> None:
    """If TikTok's response contains the token, the error does not."""
    assert_secret(lambda: list(TikTokBusinessApi(client_of(ScriptedTransport([response] * 3))).apps("1")))


@pytest.mark.parametrize("data", [{"identity_id": [TOKEN]}, {"note": TOKEN}], ids=["id", "note"])
def test_created_without_an_id(data: object) -> None:
    """The error does not contain the token if TikTok returns it instead of a new identity's id."""
    api = TikTokBusinessApi(client_of(ScriptedTransport([success(data)])))
    assert_secret(lambda: api.create_identity("1", "Acme", None))


WIRE: dict[str, list[bytes | float | None]] = {
    "closed": [None],
    "no_http": [f"{ECHO}\r\n\r\n".encode(), None],
    "short": [f"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{ECHO}".encode(), None],
    "no_chunk": [f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{ECHO}\r\n".encode(), None],
    "two_lengths": [http_response(ECHO.encode(), "Content-Length: 9")],
    "no_gzip": [http_response(ECHO.encode(), "Content-Encoding: gzip")],
    "redirect": [http_response(ECHO.encode(), f"Location: http://x/{TOKEN}", status="302 Found")],
    "silent": [60.0],
    "silent_later": [b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", 60.0],
    "too_large": [http_response(b" " * 10_000_001)],
}


def over(base_url: str, token: str = TOKEN) -> Callable[[], Any]:
    """Return a call over a real connection."""
    client = TikTokClient(RequestsTransport(base_url), SecretStr(token), Deadline.after(0.15), sleep=lambda _: None)
    return lambda: list(TikTokBusinessApi(client).identities("1", IdentityType.TT_USER))


@pytest.mark.parametrize("parts", WIRE.values(), ids=WIRE.keys())
def test_broken_connections(parts: list[bytes | float | None]) -> None:
    """The error of a broken connection contains neither the token nor the request."""
    with WireServer(lambda _: parts) as server:
        assert_secret(over(server.base_url))


def test_no_connection() -> None:
    """The error of a failed connection does not contain the token."""
    assert_secret(over(f"http://127.0.0.1:{closed_port()}"))
    with silent_port() as port:
        assert_secret(over(f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize("token", [f"{TOKEN}\n", f"{TOKEN}\u2026", f"\t{TOKEN}", f"{TOKEN} {TOKEN}"], ids=ascii)
def test_token_for_no_header(token: str) -> None:
    """The error of a token that cannot be sent does not contain it."""
    with WireServer(lambda _: [http_response(json.dumps({"code": 0}).encode())]) as server:
        assert_secret(over(server.base_url, token))


def test_a_response_with_a_malformed_header(caplog: pytest.LogCaptureFixture) -> None:
    """It is read anyway, and libraries do not log the URL, which contains the app's secret."""
    caplog.set_level(logging.DEBUG)
    body = json.dumps({"code": 0, "message": "OK", "data": {"list": []}}).encode()
    with WireServer(lambda _: [http_response(body, "no header at all", "X-After: 1")]) as server:
        oauth = TikTokOAuth(
            RequestsTransport(server.base_url), DeveloperApp("7", SecretStr("app-canary")), Deadline.after(5.0)
        )
        assert oauth.advertisers(SecretStr(TOKEN)) == ()
        assert b"app-canary" in server.requests[0]
    assert not [text for text in ("app-canary", TOKEN) if text in caplog.text]
