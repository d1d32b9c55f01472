"""Which requests for an upload are understood, and what the others are told."""

import base64
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from publishing.answers.identity_images import IdentityImage
from publishing.endpoint import body_endpoint
from publishing.identities.images import MAX_REQUEST_BYTES
from publishing.inputs import MAX_IMAGE_URL, CreateIdentityImageBody
from tests.support.invocations import FakeContext, Received, api_event

URL = "https://images.example/avatar.png"
FETCHED: dict[str, Any] = {"advertiser_id": "7300000000000000001", "image_url": URL}
SENT: dict[str, Any] = {"advertiser_id": "7300000000000000001", "image_base64": "AAEC"}
SEEN = IdentityImage(image_uri="a/b", width=1, height=1, image_url=None)

upload = body_endpoint(lambda _call, _body: SEEN, CreateIdentityImageBody, max_bytes=MAX_REQUEST_BYTES)


def refused_fields(body: dict[str, Any]) -> list[str]:
    """The fields that the problem names; empty where the request was understood."""
    answer = Received.of(upload(api_event(body=body), FakeContext()))
    if answer.status == 201:
        return []
    assert (answer.status, answer.json["code"]) == (400, "invalid_request")
    return [one["field"] for one in answer.json["errors"]]


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
def test_one_of_both_ways_is_taken(body: dict[str, Any]) -> None:
    """A URL or a file; what is null counts as absent."""
    assert refused_fields(body) == []


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
def test_what_is_not_understood_is_named(body: dict[str, Any], fields: list[str]) -> None:
    """Both, none, a cut of what TikTok fetches, unknown fields: 400 with the field."""
    assert refused_fields(body) == fields


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
def test_https_urls_are_taken(url: str) -> None:
    """With port, query and fragment, up to 2048 characters."""
    assert refused_fields({**FETCHED, "image_url": url}) == []


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
def test_other_urls_are_refused_without_being_repeated(url: object) -> None:
    """One sentence says what is needed, and holds nothing of what was sent."""
    answer = Received.of(upload(api_event(body={**FETCHED, "image_url": url}), FakeContext()))
    assert (answer.status, answer.json["code"]) == (400, "invalid_request")
    (error,) = answer.json["errors"]
    assert error["field"] == "image_url"
    assert error["message"].startswith("must be an https:// URL of at most 2048 characters")
    assert "example" not in error["message"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data:image/png;base64,AAEC", "must be the base64 alone"),
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
def test_what_is_no_base64_is_refused_without_being_repeated(text: object, message: str) -> None:
    """And not read as if it were something near to it."""
    answer = Received.of(upload(api_event(body={**SENT, "image_base64": text}), FakeContext()))
    assert (answer.status, answer.json["code"]) == (400, "invalid_request")
    (error,) = answer.json["errors"]
    assert error["field"] == "image_base64"
    assert message in error["message"]
    assert "AAEC" not in error["message"]


@given(st.binary(min_size=1, max_size=200))
def test_base64_is_decoded(content: bytes) -> None:
    """Any bytes arrive as they were, and no text form of the request holds them."""
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
def test_the_described_form_is_the_accepted_one(sent: dict[str, Any]) -> None:
    """The OpenAPI's schema and the function agree on every combination of the three fields."""
    schema = CreateIdentityImageBody.model_json_schema()
    try:
        CreateIdentityImageBody.model_validate({"advertiser_id": "1", **sent})
    except ValidationError:
        accepted = False
    else:
        accepted = True
    assert _fits(schema, sent) == accepted


def _fits(schema: dict[str, Any], sent: dict[str, Any]) -> bool:
    """As much of JSON Schema as the body's schema uses."""
    texts = schema["properties"]
    for name in ("image_url", "image_base64"):
        value = sent.get(name)
        if value is not None and not re.search(texts[name]["pattern"], value):
            return False
    if sent.get("crop") not in {None, "center"}:
        return False
    return sum(_fits_one(one, sent) for one in schema["oneOf"]) == 1


def _fits_one(one: dict[str, Any], sent: dict[str, Any]) -> bool:
    types = {name: rule["type"] for name, rule in one["properties"].items()}
    has = {name: "null" if value is None else "string" for name, value in sent.items()}
    return set(one["required"]) <= set(has) and all(types.get(name, kind) == kind for name, kind in has.items())
