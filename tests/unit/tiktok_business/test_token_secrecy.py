"""The access token stays in: no error, however it came about, holds it or anything that holds it."""

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from tests.unit.tiktok_business.fakes import TOKEN, Reply, ScriptedTransport, client_of, json_answer, success
from tests.unit.tiktok_business.wire import WireServer, closed_port, http_answer, silent_port
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError
from tiktok_business.models import IdentityType
from tiktok_business.oauth import DeveloperApp, TikTokOAuth
from tiktok_business.transport import RawAnswer, RequestsTransport

ECHO = f"token {TOKEN} is bad"


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error, its causes and its contexts, suppressed ones too."""
    waiting: list[BaseException | None] = [error]
    while waiting:
        if (one := waiting.pop()) is not None:
            yield one
            waiting += [one.__cause__, one.__context__]


def texts(error: BaseException) -> Iterator[str]:
    """Everything that can be printed of an error and of what led to it."""
    for one in chain(error):
        yield from (str(one), repr(one), repr(one.args), repr(vars(one)), repr(getattr(one, "__notes__", ())))
    yield "".join(traceback.format_exception(error))


def expect_secrecy(ask: Callable[[], object]) -> None:
    """Ask, and search the error that comes of it."""
    with pytest.raises(TikTokError) as raised:
        ask()
    assert not [text for text in texts(raised.value) if TOKEN in text]
    # The errors of requests and json would hold the header and the body, though they do not print them.
    assert [type(one) for one in chain(raised.value)] == [type(raised.value)]


ANSWERS: dict[str, RawAnswer] = {
    **{
        f"code_{code}": json_answer({"code": code, "message": ECHO, "request_id": f"r-{TOKEN}", "data": {"t": TOKEN}})
        for code in (40000, 40001, 40002, 40008, 40100, 40105, 40300, 50000, 20001)
    },
    "no_data": json_answer({"code": 0, "message": ECHO, "request_id": TOKEN, "data": ECHO}),
    "html": RawAnswer(200, f"<html>{ECHO}</html>".encode()),
    "cut": RawAnswer(200, f'{{"message": "{ECHO}'.encode()),
    "html_500": RawAnswer(500, ECHO.encode()),
    "html_429": RawAnswer(429, ECHO.encode()),
    "no_envelope": json_answer([ECHO]),
    "no_list": success({TOKEN: ECHO}),
    "no_row": success({"apps": [{"app_id": None, "app_name": ECHO}]}),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_that_repeat_it(answer: Reply) -> None:
    """Where TikTok repeats the token in its answer, the error does not."""
    expect_secrecy(lambda: list(TikTokBusinessApi(client_of(ScriptedTransport([answer] * 3))).apps("1")))


@pytest.mark.parametrize("data", [{"identity_id": [TOKEN]}, {"note": TOKEN}], ids=["id", "note"])
def test_created_without_an_id(data: object) -> None:
    """Nor where it comes back in place of a new identity's id."""
    api = TikTokBusinessApi(client_of(ScriptedTransport([success(data)])))
    expect_secrecy(lambda: api.create_identity("1", "Acme", None))


WIRE: dict[str, list[bytes | float | None]] = {
    "closed": [None],
    "no_http": [f"{ECHO}\r\n\r\n".encode(), None],
    "short": [f"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{ECHO}".encode(), None],
    "no_chunk": [f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{ECHO}\r\n".encode(), None],
    "two_lengths": [http_answer(ECHO.encode(), "Content-Length: 9")],
    "no_gzip": [http_answer(ECHO.encode(), "Content-Encoding: gzip")],
    "redirect": [http_answer(ECHO.encode(), f"Location: http://x/{TOKEN}", status="302 Found")],
    "silent": [60.0],
    "silent_later": [b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", 60.0],
    "too_large": [http_answer(b" " * 10_000_001)],
}


def over(base_url: str, token: str = TOKEN) -> Callable[[], Any]:
    """A call that TikTok is asked over a real connection."""
    client = TikTokClient(RequestsTransport(base_url), SecretStr(token), Deadline.after(0.15), sleep=lambda _: None)
    return lambda: list(TikTokBusinessApi(client).identities("1", IdentityType.TT_USER))


@pytest.mark.parametrize("parts", WIRE.values(), ids=WIRE.keys())
def test_broken_connections(parts: list[bytes | float | None]) -> None:
    """What breaks on the wire leaves no error with the token, nor one with the request that carried it."""
    with WireServer(lambda _: parts) as server:
        expect_secrecy(over(server.base_url))


def test_no_connection() -> None:
    """Nor does a connection that does not come about."""
    expect_secrecy(over(f"http://127.0.0.1:{closed_port()}"))
    with silent_port() as port:
        expect_secrecy(over(f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize("token", [f"{TOKEN}\n", f"{TOKEN}\u2026", f"\t{TOKEN}", f"{TOKEN} {TOKEN}"], ids=ascii)
def test_token_for_no_header(token: str) -> None:
    """Nor does a token that cannot be sent."""
    with WireServer(lambda _: [http_answer(json.dumps({"code": 0}).encode())]) as server:
        expect_secrecy(over(server.base_url, token))


def test_an_answer_with_a_broken_header(caplog: pytest.LogCaptureFixture) -> None:
    """It is read all the same, and what libraries log of it does not tell the URL, which holds the app's secret."""
    caplog.set_level(logging.DEBUG)
    body = json.dumps({"code": 0, "message": "OK", "data": {"list": []}}).encode()
    with WireServer(lambda _: [http_answer(body, "no header at all", "X-After: 1")]) as server:
        oauth = TikTokOAuth(
            RequestsTransport(server.base_url), DeveloperApp("7", SecretStr("app-canary")), Deadline.after(5.0)
        )
        assert oauth.advertisers(SecretStr(TOKEN)) == ()
        assert b"app-canary" in server.requests[0]
    assert not [text for text in ("app-canary", TOKEN) if text in caplog.text]
