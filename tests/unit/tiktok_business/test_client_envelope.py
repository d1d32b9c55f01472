"""From an HTTP answer to data or an error: what TikTok's envelope says, and what is none."""

import json
from typing import Any

import pytest

from tests.unit.tiktok_business.fakes import TOKEN, ScriptedTransport, client_of, json_answer, success
from tiktok_business.errors import (
    RateLimitedError,
    RequestRejectedError,
    TikTokError,
    TokenRejectedError,
    UnavailableError,
    UnexpectedResponseError,
)
from tiktok_business.transport import RawAnswer

OK: dict[str, Any] = {"code": 0, "message": "OK", "request_id": "r", "data": {"apps": []}}


def failure(answer: RawAnswer) -> TikTokError:
    """The error that an answer is read as."""
    with pytest.raises(TikTokError) as raised:
        client_of(ScriptedTransport([answer] * 3)).get("app/list/", {})
    return raised.value


def test_data() -> None:
    """The envelope is taken off: what comes back is its data."""
    assert client_of(ScriptedTransport([success({"apps": [1]})])).get("app/list/", {}) == {"apps": [1]}


@pytest.mark.parametrize("status", [200, 400, 404, 429, 500, 503])
def test_code_outranks_status(status: int) -> None:
    """Where TikTok's envelope came, its code decides and the HTTP status does not."""
    assert client_of(ScriptedTransport([json_answer(OK, status)])).get("app/list/", {}) == {"apps": []}
    dead = json_answer({"code": 40105, "message": "Access token is incorrect or has been revoked."}, status)
    assert type(failure(dead)) is TokenRejectedError


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
    """What is no JSON did not come from TikTok's API but from something before it: trouble that may pass."""
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
    """JSON without a whole number as its code is no answer to conclude anything from."""
    raised = failure(json_answer(envelope))
    assert type(raised) is UnexpectedResponseError
    assert raised.code is None


@pytest.mark.parametrize(
    ("status", "error"), [(429, RateLimitedError), (500, UnavailableError), (503, UnavailableError)]
)
def test_status_without_envelope(status: int, error: type[TikTokError]) -> None:
    """Where the JSON is not TikTok's, the HTTP status decides."""
    assert type(failure(json_answer({"error": "overloaded"}, status))) is error


@pytest.mark.parametrize("data", [None, [], [{}], "text", 1, True])
def test_no_data(data: object) -> None:
    """Code 0 with other data than an object is no success."""
    raised = failure(json_answer({**OK, "data": data}))
    assert type(raised) is UnexpectedResponseError
    assert (raised.code, raised.request_id) == (0, "r")


def test_data_left_out() -> None:
    """Code 0 without data is no success."""
    assert type(failure(json_answer({"code": 0, "message": "OK"}))) is UnexpectedResponseError


@pytest.mark.parametrize("missing", [None, 5, {"text": "no"}, ""])
def test_words_of_another_type(missing: object) -> None:
    """A message or request id that is no text does not hide the code."""
    raised = failure(json_answer({"code": 40002, "message": missing, "request_id": missing}))
    assert type(raised) is RequestRejectedError
    assert (raised.message, raised.request_id) == ("", None)


def test_request() -> None:
    """A read is a GET with parameters, a write a POST with a body, to the endpoint as it is named."""
    transport = ScriptedTransport([success({}), success({})])
    client_of(transport).get("pixel/list/", {"advertiser_id": "1"})
    client_of(transport).post("identity/create/", {"display_name": "Acme"})
    assert transport.sent == [
        ("GET", "pixel/list/", {"advertiser_id": "1"}, None),
        ("POST", "identity/create/", None, {"display_name": "Acme"}),
    ]


def test_representation() -> None:
    """A client can be printed without showing its token."""
    client = client_of(ScriptedTransport([]))
    assert "TikTokClient" in repr(client)
    assert TOKEN not in f"{client!r} {client}"
