"""Reading HTTP responses: TikTok's envelope becomes data or an error."""

import json
from typing import Any

import pytest

from tests.support.scripted_tiktok import TOKEN, ScriptedTransport, client_of, json_response, success
from tiktok_business.errors import (
    RateLimitedError,
    RequestRejectedError,
    TikTokError,
    TokenInvalidError,
    UnavailableError,
    UnexpectedResponseError,
)
from tiktok_business.transport import RawAnswer

OK: dict[str, Any] = {"code": 0, "message": "OK", "request_id": "r", "data": {"apps": []}}


def failure(response: RawAnswer) -> TikTokError:
    """Return the error that a response becomes."""
    with pytest.raises(TikTokError) as raised:
        client_of(ScriptedTransport([response] * 3)).get("app/list/", {})
    return raised.value


def test_data() -> None:
    """The result is the envelope's data."""
    assert client_of(ScriptedTransport([success({"apps": [1]})])).get("app/list/", {}) == {"apps": [1]}


@pytest.mark.parametrize("status", [200, 400, 404, 429, 500, 503])
def test_code_outranks_status(status: int) -> None:
    """If the body is TikTok's envelope, its code decides, not the HTTP status."""
    assert client_of(ScriptedTransport([json_response(OK, status)])).get("app/list/", {}) == {"apps": []}
    invalid = json_response({"code": 40105, "message": "Access token is incorrect or has been revoked."}, status)
    assert type(failure(invalid)) is TokenInvalidError


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>504 Gateway Time-out</html>",
        b'{"code": 0, "data": {"apps": [',
        b"\xff\xfe\xfa",
        b"[" * 200_000,
        b'{"code": ' + b"9" * 5000 + b"}",
    ],
    ids=["empty", "html", "cut", "no_text", "deep", "long_number"],
)
@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, UnavailableError) for status in (200, 307, 404, 504)),
        (429, RateLimitedError),
    ],
)
def test_no_json(body: bytes, status: int, error: type[TikTokError]) -> None:
    """A body that is not JSON comes from a proxy, not from TikTok's API: a transient failure."""
    raised = failure(RawAnswer(status, body))
    assert type(raised) is error
    assert str(status) in raised.message


@pytest.mark.parametrize(
    "envelope",
    [
        None,
        True,
        "OK",
        [OK],
        {},
        {"data": {}},
        {**OK, "code": "0"},
        {**OK, "code": None},
        {**OK, "code": 0.0},
        {**OK, "code": False},
    ],
    ids=json.dumps,
)
def test_no_envelope(envelope: object) -> None:
    """JSON without an integer code is unexpected."""
    raised = failure(json_response(envelope))
    assert type(raised) is UnexpectedResponseError
    assert raised.code is None


@pytest.mark.parametrize(
    ("status", "error"), [(429, RateLimitedError), (500, UnavailableError), (503, UnavailableError)]
)
def test_status_without_envelope(status: int, error: type[TikTokError]) -> None:
    """If the JSON is not TikTok's envelope, the HTTP status decides."""
    assert type(failure(json_response({"error": "overloaded"}, status))) is error


@pytest.mark.parametrize("data", [None, [], [{}], "text", 1, True])
def test_no_data(data: object) -> None:
    """Code 0 with data that is not an object is unexpected."""
    raised = failure(json_response({**OK, "data": data}))
    assert type(raised) is UnexpectedResponseError
    assert (raised.code, raised.request_id) == (0, "r")


def test_data_left_out() -> None:
    """Code 0 without data is unexpected."""
    assert type(failure(json_response({"code": 0, "message": "OK"}))) is UnexpectedResponseError


@pytest.mark.parametrize("value", [None, 5, {"text": "no"}, ""])
def test_message_of_another_type(value: object) -> None:
    """A message or request id that is not a string does not hide the code."""
    raised = failure(json_response({"code": 40002, "message": value, "request_id": value}))
    assert type(raised) is RequestRejectedError
    assert (raised.message, raised.request_id) == ("", None)


def test_request() -> None:
    """A read is a GET with parameters, a write a POST with a body, to the named endpoint."""
    transport = ScriptedTransport([success({}), success({})])
    client_of(transport).get("pixel/list/", {"advertiser_id": "1"})
    client_of(transport).post("identity/create/", {"display_name": "Acme"})
    assert transport.sent == [
        ("GET", "pixel/list/", {"advertiser_id": "1"}, None),
        ("POST", "identity/create/", None, {"display_name": "Acme"}),
    ]


def test_representation() -> None:
    """repr and str of a client do not show its token."""
    client = client_of(ScriptedTransport([]))
    assert "TikTokClient" in repr(client)
    assert TOKEN not in f"{client!r} {client}"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (rb"Acme \ud83d", "Acme "),
        (rb"\udE00 Acme", " Acme"),
        (rb"Ac\ud83dme\ud83d\ud83d", "Acme"),
        (rb"Acme \ud83d\ude00", "Acme \N{GRINNING FACE}"),
        (rb"Acme \ud83d\ud83d\ude00", "Acme \N{GRINNING FACE}"),
        (b"Acme \xed\xa0\xbd", "Acme "),
        (b"Acme \xed\xa0\xbd\xed\xb8\x80", "Acme \N{GRINNING FACE}"),
        ("Acme \N{GRINNING FACE}".encode(), "Acme \N{GRINNING FACE}"),
        (rb"Acme \\ud83d", "Acme \\ud83d"),
    ],
    ids=repr,
)
def test_half_characters(sent: bytes, read: str) -> None:
    """Half of a surrogate pair is in none of TikTok's texts: UTF-8, and with it DynamoDB, refuses it."""
    body = b'{"code": 0, "data": {"list": [{"name": "%s"}, ["%s"], 1, null, true]}}' % (sent, sent)
    data = client_of(ScriptedTransport([RawAnswer(200, body)])).get("app/list/", {})
    assert data == {"list": [{"name": read}, [read], 1, None, True]}
    message = b'{"code": 40002, "message": "%s", "request_id": "%s"}' % (sent, sent)
    error = failure(RawAnswer(200, message))
    assert (error.message, error.request_id) == (read, read)
