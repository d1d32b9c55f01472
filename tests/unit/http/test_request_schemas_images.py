"""Which upload requests are valid, and the messages of the others."""

import base64
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from publishing.http.endpoint import body_endpoint
from publishing.http.request_schemas import MAX_IMAGE_URL, CreateIdentityImageBody
from publishing.http.response_schemas import IdentityImage
from publishing.identities.images import MAX_REQUEST_BYTES
from tests.support.invocations import FakeContext, Received, api_event

URL = "https://images.example/avatar.png"
FETCHED: dict[str, Any] = {"advertiser_id": "7300000000000000001", "image_url": URL}
SENT: dict[str, Any] = {"advertiser_id": "7300000000000000001", "image_base64": "AAEC"}
UPLOADED = IdentityImage(image_uri="a/b", width=1, height=1, image_url=None)

upload = body_endpoint(lambda _context, _body: UPLOADED, CreateIdentityImageBody, max_bytes=MAX_REQUEST_BYTES)


def invalid_fields(body: dict[str, Any]) -> list[str]:
    """Return the fields that the problem names; empty if the request is valid."""
    response = Received.of(upload(api_event(body=body), FakeContext()))
    if response.status == 201:
        return []
    assert (response.status, response.json["code"]) == (400, "invalid_request")
    return [one["field"] for one in response.json["errors"]]


@pytest.mark.parametrize(
    "body",
    [
        FETCHED,
        SENT,
        {**SENT, "crop": "center"},
        {**SENT, "crop": None, "image_url": None},
        {**FETCHED, "crop": None, "image_base64": None},
    ],
)
def test_a_url_or_a_file_is_accepted(body: dict[str, Any]) -> None:
    """A request has either a URL or a file; null counts as absent."""
    assert invalid_fields(body) == []


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({**SENT, **FETCHED}, ["body"]),
        ({"advertiser_id": "1"}, ["body"]),
        ({"advertiser_id": "1", "image_url": None, "image_base64": None}, ["body"]),
        ({"image_url": URL}, ["advertiser_id"]),
        ({**FETCHED, "advertiser_id": 7300000000000000001}, ["advertiser_id"]),
        ({**FETCHED, "crop": "center"}, ["crop"]),
        ({**SENT, "crop": "left"}, ["crop"]),
        ({**SENT, "crop": True}, ["crop"]),
        ({**SENT, "file_name": "x.png"}, ["file_name"]),
        ({**FETCHED, "image_uri": "a/b"}, ["image_uri"]),
    ],
)
def test_invalid_combinations_get_the_invalid_field(body: dict[str, Any], fields: list[str]) -> None:
    """Both, neither, a crop of what TikTok fetches, and unknown fields are rejected with the field's name."""
    assert invalid_fields(body) == fields


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://images.example",
        "https://images.example:8443/a%20b.png?x=1&y=[2]#top",
        "https://192.0.2.1/a.png",
        "https://" + "a" * (MAX_IMAGE_URL - 8),
    ],
)
def test_https_urls_are_accepted(url: str) -> None:
    """A URL may have port, query and fragment and up to 2048 characters."""
    assert invalid_fields({**FETCHED, "image_url": url}) == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://images.example/a.png",
        "ftp://images.example/a.png",
        "//images.example/a.png",
        "images.example/a.png",
        "data:image/png;base64,AAEC",
        "file:///etc/passwd",
        "https://",
        "https:///a.png",
        "https://?a.png",
        "https://:443/a.png",
        "https://user@images.example/a.png",
        "https://user:password@images.example/a.png",
        "https://images.example\\@other.example/a.png",
        "https://images.example@other.example/a.png",
        "https://images.example/a b.png",
        "https://images.example/a.png\n",
        "https://images.example/\x00a.png",
        "https://images.example/\x7fa.png",
        "https://images.example/ä.png",
        "https://imäges.example/a.png",
        " https://images.example/a.png",
        "https://images.example/a\r\nHost: other.example",
        "https://" + "a" * (MAX_IMAGE_URL - 7),
        17,
        ["https://images.example/a.png"],
    ],
)
def test_other_urls_are_rejected_without_being_repeated(url: object) -> None:
    """The message says what is needed and contains nothing of what was sent."""
    response = Received.of(upload(api_event(body={**FETCHED, "image_url": url}), FakeContext()))
    assert (response.status, response.json["code"]) == (400, "invalid_request")
    (error,) = response.json["errors"]
    assert error["field"] == "image_url"
    assert error["message"].startswith("must be an https:// URL of at most 2048 characters")
    assert "example" not in error["message"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data:image/png;base64,AAEC", "must be base64 only"),
        ("", "in base64"),
        ("====", "in base64"),
        ("AAE", "in base64"),
        ("AAEC=", "in base64"),
        ("AA\nEC", "in base64"),
        ("AAEC\n", "in base64"),
        (" AAEC", "in base64"),
        ("AA==AAEC", "in base64"),
        ("-_-_", "in base64"),
        ("ÄÄÄÄ", "in base64"),
        (17, "in base64"),
        ({}, "in base64"),
    ],
)
def test_invalid_base64_is_rejected_without_being_repeated(text: object, message: str) -> None:
    """Anything but strict base64 is rejected; the message does not contain it."""
    response = Received.of(upload(api_event(body={**SENT, "image_base64": text}), FakeContext()))
    assert (response.status, response.json["code"]) == (400, "invalid_request")
    (error,) = response.json["errors"]
    assert error["field"] == "image_base64"
    assert message in error["message"]
    assert "AAEC" not in error["message"]


@given(st.binary(min_size=1, max_size=200))
def test_base64_is_decoded(content: bytes) -> None:
    """Any bytes are decoded unchanged, and the request's repr does not contain them."""
    text = base64.b64encode(content).decode()
    body = CreateIdentityImageBody.model_validate({**SENT, "image_base64": text})
    assert body.image_base64 == content
    assert "image_base64" not in repr(body)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "image_url": st.sampled_from([URL, None, "http://x.example/"]),
            "image_base64": st.sampled_from(["AAEC", None, "AAE"]),
            "crop": st.sampled_from(["center", None, "left"]),
        },
    )
)
def test_the_schema_and_the_function_agree(sent: dict[str, Any]) -> None:
    """The OpenAPI schema and the function accept the same combinations of the three fields."""
    schema = CreateIdentityImageBody.model_json_schema()
    try:
        CreateIdentityImageBody.model_validate({"advertiser_id": "1", **sent})
    except ValidationError:
        accepted = False
    else:
        accepted = True
    assert _is_valid(schema, sent) == accepted


def _is_valid(schema: dict[str, Any], sent: dict[str, Any]) -> bool:
    """Validate against the part of JSON Schema that the body's schema uses."""
    properties = schema["properties"]
    for name in ("image_url", "image_base64"):
        value = sent.get(name)
        if value is not None and not re.search(properties[name]["pattern"], value):
            return False
    if sent.get("crop") not in {None, "center"}:
        return False
    return sum(_matches(one, sent) for one in schema["oneOf"]) == 1


def _matches(one: dict[str, Any], sent: dict[str, Any]) -> bool:
    types = {name: rule["type"] for name, rule in one["properties"].items()}
    sent_types = {name: "null" if value is None else "string" for name, value in sent.items()}
    return set(one["required"]) <= set(sent_types) and all(
        types.get(name, kind) == kind for name, kind in sent_types.items()
    )
