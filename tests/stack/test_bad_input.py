"""Contract §4: whatever a stranger sends, the answer is a problem that says what to do."""

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
    """A bad parameter is named."""
    body = problem(api.call("GET", f"{path}?{query}", person=OWNER), 400, "invalid_request")
    assert [one["field"] for one in body["errors"]] == [field]
    assert all(one["message"] for one in body["errors"])


@pytest.mark.parametrize(
    "query", ["", "objective=", "objective=SALES", "objective=%00", f"objective={LONG}", "advertiser_id=1"]
)
def test_objective(api: Api, query: str) -> None:
    """An absent or unknown objective is answered with the known ones."""
    body = problem(api.call("GET", f"/publish-check?{query}", person=OWNER), 400, "unknown_objective")
    assert body["accepted"] == list(OBJECTIVES)


@pytest.mark.parametrize("objective", ["reach", " Reach ", "%20rEACH"])
def test_objective_is_read_kindly(api: Api, objective: str) -> None:
    """Letter case and outer white space do not matter."""
    answer = api.call("GET", f"/publish-check?objective={objective}", person=OWNER)
    assert answer.json()["objective"] == "REACH"


GOOD = {"advertiser_id": A.NOTHING.value, "display_name": "Acme"}
BODIES = [
    (b"", "body"),
    (b"   ", "body"),
    (b"{", "body"),
    (b"null", "body"),
    (b"[]", "body"),
    (b'"text"', "body"),
    (b"\xff\xfe", "body"),
    (b'{"a":' * 5000, "body"),
    (json.dumps({**GOOD, "padding": "x" * 1_000_000}).encode(), "body"),
    (b"{}", "advertiser_id"),
    (json.dumps({**GOOD, "advertiser_id": 7300000000000000002}).encode(), "advertiser_id"),
    (json.dumps({**GOOD, "advertiser_id": None}).encode(), "advertiser_id"),
    (json.dumps({**GOOD, "advertiser_id": ["1"]}).encode(), "advertiser_id"),
    (json.dumps({**GOOD, "display_name": ""}).encode(), "display_name"),
    (json.dumps({**GOOD, "display_name": " \u200b "}).encode(), "display_name"),
    (json.dumps({**GOOD, "display_name": "a\x00b"}).encode(), "display_name"),
    (json.dumps({**GOOD, "display_name": "a\u202eb"}).encode(), "display_name"),
    (json.dumps({**GOOD, "display_name": 7}).encode(), "display_name"),
    (json.dumps({**GOOD, "display_name": "a" + "\u0301" * 60}).encode(), "display_name"),
    (json.dumps({**GOOD, "image_uri": "https://x.example/a.png"}).encode(), "image_uri"),
    (json.dumps({**GOOD, "image_uri": 5}).encode(), "image_uri"),
    (json.dumps({**GOOD, "identity_type": "TT_USER"}).encode(), "identity_type"),
    (json.dumps({**GOOD, "team_id": "southgate"}).encode(), "team_id"),
    (json.dumps({**GOOD, "Display_Name": "x"}).encode(), "Display_Name"),
]


@pytest.mark.parametrize(("body", "field"), BODIES, ids=lambda one: str(one[:40]))
def test_body(api: Api, body: bytes, field: str) -> None:
    """A bad body is a 400 that names the field, and nothing reaches TikTok."""
    answer = problem(api.call("POST", "/identities", person=MEDIA_BUYER, data=body), 400, "invalid_request")
    assert answer["errors"][0]["field"] == field
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
    """The same of a picture's body, before TikTok hears of it."""
    answer = problem(api.call("POST", "/identity-images", person=MEDIA_BUYER, data=body), 400, "invalid_request")
    assert answer["errors"][0]["field"] == field
    assert len(api.stack.tiktok.requests.to("file/image/ad/upload/")) == 0


@pytest.mark.parametrize(
    ("body", "field"), [(b"[]", "body"), (b"{", "body"), (b'{"user_id": "u-owner"}', "user_id"), (b'"x"', "body")]
)
def test_connection_body(api: Api, body: bytes, field: str) -> None:
    """Connecting takes nothing: nobody can be named whom to connect."""
    answer = problem(api.call("POST", "/connections", person=MEDIA_BUYER, data=body), 400, "invalid_request")
    assert answer["errors"][0]["field"] == field


def test_delete_takes_no_query(api: Api) -> None:
    """Whose connection is ended is in the path alone."""
    answer = api.call("DELETE", "/connections/u-nobody?user_id=u-owner", person=OWNER)
    problem(answer, 400, "invalid_request")


@pytest.mark.parametrize("name", ["user_id", "team_id"])
def test_nobody_else_can_be_connected(api: Api, name: str) -> None:
    """Neither a query nor a header says whom a consent is for."""
    problem(api.call("POST", f"/connections?{name}=u-owner", person=MEDIA_BUYER), 400, "invalid_request")


def test_sent_values_are_not_repeated(api: Api) -> None:
    """A refusal does not repeat what was sent: it may be a secret in the wrong field."""
    body = {**GOOD, "advertiser_id": "secret-in-the-wrong-field"}
    assert "secret-in-the-wrong-field" not in api.create(MEDIA_BUYER, **body).text


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/octet-stream", "image/png", "", "a/b; charset=utf-16"]
)
def test_odd_content_type(api: Api, content_type: str) -> None:
    """The body is read as JSON whatever its declared type; it is never a 5xx."""
    answer = api.call("POST", "/identities", person=MEDIA_BUYER, data=b"{", headers={"Content-Type": content_type})
    problem(answer, 400, "invalid_request")


def test_base64_text_is_not_json(api: Api) -> None:
    """A client that sends its JSON in base64 is told that it is not JSON."""
    body = base64.b64encode(json.dumps(GOOD).encode())
    problem(api.call("POST", "/identities", person=MEDIA_BUYER, data=body), 400, "invalid_request")


@pytest.mark.parametrize("key", ["", "x" * 256, "ключ".encode()])
def test_idempotency_key(api: Api, key: str | bytes) -> None:
    """An unusable Idempotency-Key is refused by name."""
    answer = api.call("POST", "/identities", person=MEDIA_BUYER, json=GOOD, headers={"Idempotency-Key": key})  # type: ignore[dict-item]  # raw bytes on purpose
    assert problem(answer, 400, "invalid_request")["errors"][0]["field"] == "Idempotency-Key"


def test_post_takes_no_query(api: Api) -> None:
    """Parameters of a create belong in its body."""
    answer = api.call("POST", f"/identities?advertiser_id={A.NOTHING.value}", person=MEDIA_BUYER, json=GOOD)
    problem(answer, 400, "invalid_request")
