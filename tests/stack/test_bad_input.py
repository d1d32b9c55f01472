"""Contract §4: any invalid input gets a problem that says what to do."""

import base64
import json

import pytest

from local.demo.teams import MEDIA_BUYER, OWNER
from local.tiktok_simulator import DemoAdvertiser as A
from publishing.preflight.objectives import OBJECTIVES
from tests.support.stack import Api, problem

LONG = "9" * 3000
QUERIES = [
    ("/identities/check", "advertiser_id=", "advertiser_id"),
    ("/identities/check", "advertiser_id=abc", "advertiser_id"),
    ("/identities/check", "advertiser_id=7300000000000000001%0A", "advertiser_id"),
    ("/identities/check", "advertiser_id=%D9%A1%D9%A2", "advertiser_id"),
    ("/identities/check", f"advertiser_id={LONG}", "advertiser_id"),
    ("/identities/check", "advertiser_id=1&advertiser_id=2", "advertiser_id"),
    ("/identities/check", "Advertiser_Id=7300000000000000001", "Advertiser_Id"),
    ("/identities", "team_id=southgate", "team_id"),
    ("/identities", "page=2", "page"),
    ("/publish-check", "objective=REACH&strict=perhaps", "strict"),
    ("/publish-check", "objective=REACH&objective=TRAFFIC", "objective"),
    ("/publish-check", "objective=REACH&advertiser_id=-1", "advertiser_id"),
    ("/publish-check/rules", "objective=REACH", "objective"),
    ("/connections", "user_id=u-owner", "user_id"),
]


@pytest.mark.parametrize(("path", "query", "field"), QUERIES)
def test_query(api: Api, path: str, query: str, field: str) -> None:
    """The problem names the invalid parameter."""
    body = problem(api.call("GET", f"{path}?{query}", person=OWNER), 400, "invalid_request")
    assert [one["field"] for one in body["errors"]] == [field]
    assert all(one["message"] for one in body["errors"])


@pytest.mark.parametrize(
    "query", ["", "objective=", "objective=SALES", "objective=%00", f"objective={LONG}", "advertiser_id=1"]
)
def test_objective(api: Api, query: str) -> None:
    """An absent or unknown objective gets the accepted ones."""
    body = problem(api.call("GET", f"/publish-check?{query}", person=OWNER), 400, "unknown_objective")
    assert body["accepted"] == list(OBJECTIVES)


@pytest.mark.parametrize("objective", ["reach", " Reach ", "%20rEACH"])
def test_letter_case_of_an_objective(api: Api, objective: str) -> None:
    """Letter case and outer white space of an objective do not matter."""
    response = api.call("GET", f"/publish-check?objective={objective}", person=OWNER)
    assert response.json()["objective"] == "REACH"


VALID = {"advertiser_id": A.NOTHING.value, "display_name": "Acme"}
BODIES = [
    (b"", "body"),
    (b"   ", "body"),
    (b"{", "body"),
    (b"null", "body"),
    (b"[]", "body"),
    (b'"text"', "body"),
    (b"\xff\xfe", "body"),
    (b'{"a":' * 5000, "body"),
    (json.dumps({**VALID, "padding": "x" * 1_000_000}).encode(), "body"),
    (b"{}", "advertiser_id"),
    (json.dumps({**VALID, "advertiser_id": 7300000000000000002}).encode(), "advertiser_id"),
    (json.dumps({**VALID, "advertiser_id": None}).encode(), "advertiser_id"),
    (json.dumps({**VALID, "advertiser_id": ["1"]}).encode(), "advertiser_id"),
    (json.dumps({**VALID, "display_name": ""}).encode(), "display_name"),
    (json.dumps({**VALID, "display_name": " \u200b "}).encode(), "display_name"),
    (json.dumps({**VALID, "display_name": "a\x00b"}).encode(), "display_name"),
    (json.dumps({**VALID, "display_name": "a\u202eb"}).encode(), "display_name"),
    (json.dumps({**VALID, "display_name": 7}).encode(), "display_name"),
    (json.dumps({**VALID, "display_name": "a" + "\u0301" * 60}).encode(), "display_name"),
    (json.dumps({**VALID, "image_uri": "https://x.example/a.png"}).encode(), "image_uri"),
    (json.dumps({**VALID, "image_uri": 5}).encode(), "image_uri"),
    (json.dumps({**VALID, "identity_type": "TT_USER"}).encode(), "identity_type"),
    (json.dumps({**VALID, "team_id": "southgate"}).encode(), "team_id"),
    (json.dumps({**VALID, "Display_Name": "x"}).encode(), "Display_Name"),
]


@pytest.mark.parametrize(("body", "field"), BODIES, ids=lambda one: str(one[:40]))
def test_body(api: Api, body: bytes, field: str) -> None:
    """An invalid body is a 400 that names the field, and TikTok is not called."""
    response = problem(api.call("POST", "/identities", person=MEDIA_BUYER, data=body), 400, "invalid_request")
    assert response["errors"][0]["field"] == field
    assert len(api.stack.tiktok.requests) == 0


IMAGE = {"advertiser_id": A.NOTHING.value, "image_url": "https://cdn.example.com/logo.png"}
IMAGE_BODIES = [
    (b"", "body"),
    (json.dumps({**IMAGE, "image_url": "http://cdn.example.com/logo.png"}).encode(), "image_url"),
    (json.dumps({**IMAGE, "image_url": "https://user:secret@cdn.example.com/logo.png"}).encode(), "image_url"),
    (json.dumps({**IMAGE, "image_url": "file:///etc/passwd"}).encode(), "image_url"),
    (json.dumps({**IMAGE, "image_url": "https://cdn.example.com/ ö.png"}).encode(), "image_url"),
    (json.dumps({**IMAGE, "image_url": "https://" + "a" * 3000}).encode(), "image_url"),
    (json.dumps({**IMAGE, "crop": "center"}).encode(), "crop"),
    (json.dumps({**IMAGE, "image_base64": "aGVsbG8="}).encode(), "body"),
    (json.dumps({"advertiser_id": A.NOTHING.value}).encode(), "body"),
    (json.dumps({"advertiser_id": A.NOTHING.value, "image_base64": "not base64"}).encode(), "image_base64"),
    (
        json.dumps({"advertiser_id": A.NOTHING.value, "image_base64": "data:image/png;base64,aGk="}).encode(),
        "image_base64",
    ),
    (json.dumps({"advertiser_id": A.NOTHING.value, "image_base64": "aGVsbG8=", "crop": "top"}).encode(), "crop"),
    (json.dumps({**IMAGE, "file_name": "../logo.png"}).encode(), "file_name"),
    (json.dumps({**IMAGE, "advertiser_id": 7}).encode(), "advertiser_id"),
]


@pytest.mark.parametrize(("body", "field"), IMAGE_BODIES, ids=lambda one: str(one[:40]))
def test_image_body(api: Api, body: bytes, field: str) -> None:
    """An invalid upload body is a 400 that names the field, and TikTok is not called."""
    response = problem(api.call("POST", "/identity-images", person=MEDIA_BUYER, data=body), 400, "invalid_request")
    assert response["errors"][0]["field"] == field
    assert len(api.stack.tiktok.requests.to("file/image/ad/upload/")) == 0


@pytest.mark.parametrize(
    ("body", "field"), [(b"[]", "body"), (b"{", "body"), (b'{"user_id": "u-owner"}', "user_id"), (b'"x"', "body")]
)
def test_connection_body(api: Api, body: bytes, field: str) -> None:
    """Connecting accepts no fields: no other person can be named."""
    response = problem(api.call("POST", "/connections", person=MEDIA_BUYER, data=body), 400, "invalid_request")
    assert response["errors"][0]["field"] == field


def test_delete_accepts_no_query(api: Api) -> None:
    """Only the path names the connection to end."""
    response = api.call("DELETE", "/connections/u-nobody?user_id=u-owner", person=OWNER)
    problem(response, 400, "invalid_request")


@pytest.mark.parametrize("name", ["user_id", "team_id"])
def test_no_other_person_can_be_connected(api: Api, name: str) -> None:
    """Neither query nor header can name another person for the consent."""
    problem(api.call("POST", f"/connections?{name}=u-owner", person=MEDIA_BUYER), 400, "invalid_request")


def test_sent_values_are_not_repeated(api: Api) -> None:
    """A problem does not repeat what was sent, which may be a secret in the wrong field."""
    body = {**VALID, "advertiser_id": "secret-in-the-wrong-field"}
    assert "secret-in-the-wrong-field" not in api.create(MEDIA_BUYER, **body).text


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/octet-stream", "image/png", "", "a/b; charset=utf-16"]
)
def test_other_content_type(api: Api, content_type: str) -> None:
    """The body is read as JSON whatever its Content-Type, without a 5xx."""
    response = api.call("POST", "/identities", person=MEDIA_BUYER, data=b"{", headers={"Content-Type": content_type})
    problem(response, 400, "invalid_request")


def test_base64_text_is_not_json(api: Api) -> None:
    """A body with base64 text is not valid JSON."""
    body = base64.b64encode(json.dumps(VALID).encode())
    problem(api.call("POST", "/identities", person=MEDIA_BUYER, data=body), 400, "invalid_request")


@pytest.mark.parametrize("key", ["", "x" * 256, "ключ".encode()])
def test_idempotency_key(api: Api, key: str | bytes) -> None:
    """An invalid Idempotency-Key is rejected by name."""
    response = api.call("POST", "/identities", person=MEDIA_BUYER, json=VALID, headers={"Idempotency-Key": key})  # type: ignore[dict-item]  # raw bytes are intended
    assert problem(response, 400, "invalid_request")["errors"][0]["field"] == "Idempotency-Key"


def test_post_accepts_no_query(api: Api) -> None:
    """Query parameters of a create are rejected."""
    response = api.call("POST", f"/identities?advertiser_id={A.NOTHING.value}", person=MEDIA_BUYER, json=VALID)
    problem(response, 400, "invalid_request")
