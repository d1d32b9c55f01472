"""Uploading a picture for an identity: what TikTok gets, and what the caller gets, whatever fails meanwhile."""

import hashlib
import io
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator
from local.tiktok_simulator.journal import fingerprint
from local.tiktok_simulator.world import Image
from tests.support.drawn_pictures import base64_of, drawn
from tests.support.invocations import Ask
from tests.support.overriding import failing
from tests.support.product import Product

READY = DemoAdvertiser.EVERYTHING_READY
UPLOAD = "file/image/ad/upload/"
URL = "https://images.example/avatar-300x300.png"
SECRET_URL = "https://images.example/private-folder/avatar.png?signature=made-up-signature&w=300"
SQUARE = drawn(64, 64)
FILE = {"advertiser_id": READY, "image_base64": base64_of(SQUARE)}
FETCHED = {"advertiser_id": READY, "image_url": URL}


def library(tiktok: Simulator) -> list[Image]:
    return tiktok.world.advertisers[READY].images


def bodies(tiktok: Simulator, path: str = UPLOAD) -> list[dict[str, Any]]:
    """Return the bodies that TikTok was sent."""
    sent = [request.body for request in tiktok.requests.to(path)]
    return [body for body in sent if isinstance(body, dict)]


def add_fault(tiktok: Simulator, kind: FaultKind, times: int | None = 1, **values: Any) -> None:
    tiktok.faults.add(Fault(path=UPLOAD, kind=kind, times=times, **values))


def test_a_file_is_uploaded_as_it_was_sent(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The response is 201 with TikTok's id, slash included; TikTok has the same bytes under a unique name."""
    response = ask(demo, "upload", **FILE)
    (image,) = library(tiktok)
    assert response.status == 201
    assert response.json == {"image_uri": image.id, "width": 64, "height": 64, "image_url": image.url}
    assert "/" in response.json["image_uri"]
    assert image.signature == hashlib.md5(SQUARE, usedforsecurity=False).hexdigest()
    assert re.fullmatch(r"avatar-[0-9a-f]{32}\.png", image.file_name)


def test_an_identity_can_be_created_with_the_image(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Creating an identity accepts the image_uri that the upload returns."""
    image_uri = ask(demo, "upload", **FILE).json["image_uri"]
    assert ask(demo, "create", advertiser_id=READY, display_name="Acme", image_uri=image_uri).status == 201
    (created,) = bodies(tiktok, "identity/create/")
    assert created["image_uri"] == image_uri


def test_a_picture_that_is_not_square_is_cropped_on_request(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """crop=center uploads the square, and the response has its size; a JPG stays a JPG."""
    sent = base64_of(drawn(90, 60, kind="JPEG"))
    response = ask(demo, "upload", advertiser_id=READY, image_base64=sent, crop="center")
    (image,) = library(tiktok)
    assert (response.status, response.json["width"], response.json["height"]) == (201, 60, 60)
    assert (image.width, image.height, image.format) == (60, 60, "jpeg")
    assert image.file_name.endswith(".jpg")


def test_a_picture_that_is_not_square_is_rejected_with_both_sizes(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The response is 422 with the actual and the needed size in text and fields; TikTok is not called."""
    response = ask(demo, "upload", advertiser_id=READY, image_base64=base64_of(drawn(90, 60)))
    assert (response.status, response.json["code"]) == (422, "image_not_square")
    assert response.json["image"] == {"width": 90, "height": 60}
    assert response.json["needed"] == {"width": 60, "height": 60}
    assert "90 x 60" in response.json["detail"]
    assert "60 x 60" in response.json["detail"]
    assert len(tiktok.requests) == 0


@pytest.mark.parametrize("content", [b"<svg/>", b"GIF89a", SQUARE[:-20], SQUARE + b"PK"])
def test_an_invalid_picture_is_not_sent_to_tiktok(tiktok: Simulator, demo: Product, ask: Ask, content: bytes) -> None:
    """The response is 422 image_unusable, and TikTok is not called."""
    response = ask(demo, "upload", advertiser_id=READY, image_base64=base64_of(content))
    assert (response.status, response.json["code"]) == (422, "image_unusable")
    assert len(tiktok.requests) == 0


@pytest.mark.parametrize(("size", "status"), [(4_500_000, 422), (4_500_001, 413)])
def test_a_file_has_at_most_four_and_a_half_megabytes(demo: Product, ask: Ask, size: int, status: int) -> None:
    """A larger file is rejected before it is opened; one of exactly that size is opened."""
    response = ask(demo, "upload", advertiser_id=READY, image_base64=base64_of(b"x" * size))
    assert response.status == status
    assert response.json["code"] == ("image_too_large" if status == 413 else "image_unusable")


def test_a_url_is_passed_to_tiktok(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """TikTok fetches the URL, never this service; the size is the one that TikTok returns."""
    response = ask(demo, "upload", **FETCHED)
    (image,) = library(tiktok)
    (sent,) = bodies(tiktok)
    name = sent.pop("file_name")
    assert (response.status, response.json["width"], response.json["image_uri"]) == (201, 300, image.id)
    assert sent == {"advertiser_id": READY, "upload_type": "UPLOAD_BY_URL", "image_url": URL}
    assert re.fullmatch(r"avatar-[0-9a-f]{32}\.png", name)


def test_a_fetched_picture_must_be_square_too(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The response is 422 with both sizes, as for a file; the picture stays in TikTok's library."""
    response = ask(demo, "upload", advertiser_id=READY, image_url="https://images.example/avatar-512x300.png")
    assert (response.status, response.json["code"]) == (422, "image_not_square")
    assert response.json["image"] == {"width": 512, "height": 300}
    assert response.json["needed"] == {"width": 300, "height": 300}
    assert len(library(tiktok)) == 1


@pytest.mark.parametrize(
    ("key", "body", "size"), [("width", FETCHED, None), ("height", FETCHED, None), ("width", FILE, 64)]
)
def test_a_size_that_tiktok_does_not_return(
    tiktok: Simulator, demo: Product, ask: Ask, key: str, body: dict[str, str], size: int | None
) -> None:
    """The size of a sent file is known anyway; that of a fetched one is null."""
    add_fault(tiktok, FaultKind.MISSING_KEY, key=key)
    response = ask(demo, "upload", **body)
    assert (response.status, response.json["width"], response.json["height"]) == (201, size, size)


def test_a_url_that_tiktok_does_not_return_is_null(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The upload succeeds, and image_url is null."""
    add_fault(tiktok, FaultKind.MISSING_KEY, key="image_url")
    response = ask(demo, "upload", **FILE)
    assert (response.status, response.json["image_url"]) == (201, None)


def test_every_upload_has_a_unique_name(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The same file twice becomes two images, since TikTok rejects a name that exists."""
    first, second = ask(demo, "upload", **FILE), ask(demo, "upload", **FILE)
    assert (first.status, second.status) == (201, 201)
    assert first.json["image_uri"] != second.json["image_uri"]
    assert len({image.file_name for image in library(tiktok)}) == 2


@pytest.mark.parametrize("body", [FILE, FETCHED])
def test_an_existing_name_is_replaced_by_another(
    tiktok: Simulator, demo: Product, ask: Ask, body: dict[str, str]
) -> None:
    """After code 40911 the upload is repeated with a new name, and the caller notices nothing."""
    add_fault(tiktok, FaultKind.CODE, times=2, code=40911)
    assert ask(demo, "upload", **body).status == 201
    names = [sent["file_name"] for sent in bodies(tiktok)]
    assert len(set(names)) == len(names) == 3


def test_names_that_always_exist_are_an_error(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """After three attempts the response is 422 with TikTok's code."""
    add_fault(tiktok, FaultKind.CODE, times=None, code=40911)
    response = ask(demo, "upload", **FILE)
    assert (response.status, response.json["code"], response.json["tiktok"]["code"]) == (422, "tiktok_rejected", 40911)
    assert len(tiktok.requests.to(UPLOAD)) == 3


@pytest.mark.parametrize("code", [40900, 40902, 40903, 40913, 40100])
@pytest.mark.parametrize("body", [FILE, FETCHED])
def test_an_upload_that_tiktok_did_not_apply_is_retried(
    tiktok: Simulator, demo: Product, ask: Ask, body: dict[str, str], code: int
) -> None:
    """TikTok stored nothing, so the second attempt creates the only image."""
    add_fault(tiktok, FaultKind.CODE, code=code)
    assert ask(demo, "upload", **body).status == 201
    assert len(tiktok.requests.to(UPLOAD)) == 2
    assert len(library(tiktok)) == 1


def test_a_url_that_tiktok_cannot_fetch_is_a_rejection(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """After three attempts the response is 422 with TikTok's code: the caller can correct the URL."""
    response = ask(demo, "upload", advertiser_id=READY, image_url="https://images.example/unreachable/avatar.png")
    assert (response.status, response.json["code"], response.json["tiktok"]["code"]) == (422, "tiktok_rejected", 40902)
    assert len(tiktok.requests.to(UPLOAD)) == 3


def test_a_file_that_tiktok_never_accepts_is_a_tiktok_error(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The response is 502: the caller can correct nothing."""
    add_fault(tiktok, FaultKind.CODE, times=None, code=40900)
    response = ask(demo, "upload", **FILE)
    assert (response.status, response.json["code"]) == (502, "tiktok_error")


@pytest.mark.parametrize("code", [40002, 40904, 40908])
def test_a_rejection_has_tiktoks_message(tiktok: Simulator, demo: Product, ask: Ask, code: int) -> None:
    """A rejected upload is sent once, and the response is 422 with TikTok's message."""
    add_fault(tiktok, FaultKind.CODE, times=None, code=code, message="No scope for this")
    response = ask(demo, "upload", **FILE)
    assert (response.status, response.json["code"]) == (422, "tiktok_rejected")
    assert response.json["tiktok"]["message"] == "No scope for this"
    assert len(tiktok.requests.to(UPLOAD)) == 1


@pytest.mark.parametrize(("code", "status", "problem"), [(40001, 403, "missing_scope"), (41000, 502, "tiktok_error")])
def test_an_upload_that_no_picture_can_mend(
    tiktok: Simulator, demo: Product, ask: Ask, code: int, status: int, problem: str
) -> None:
    """What the connection or this deployment lacks is not told as the caller's input."""
    add_fault(tiktok, FaultKind.CODE, times=None, code=code, message="No scope for this")
    response = ask(demo, "upload", **FILE)
    assert (response.status, response.json["code"]) == (status, problem)
    assert len(tiktok.requests.to(UPLOAD)) == 1


@pytest.mark.parametrize(
    ("kind", "values", "status", "code"),
    [
        (FaultKind.HANG, {"seconds": 2}, 504, "tiktok_timeout"),
        (FaultKind.RESET_AFTER, {}, 502, "tiktok_error"),
        (FaultKind.HTTP_STATUS, {"status": 500}, 502, "tiktok_error"),
        (FaultKind.CODE, {"code": 50000}, 502, "tiktok_error"),
        (FaultKind.CODE, {"code": 40202}, 502, "tiktok_error"),
        (FaultKind.NON_JSON, {}, 502, "tiktok_error"),
        (FaultKind.DATA_NULL, {}, 502, "tiktok_error"),
        (FaultKind.MISSING_KEY, {"key": "image_id"}, 502, "tiktok_error"),
    ],
)
@pytest.mark.parametrize("body", [FILE, FETCHED])
def test_an_upload_with_unknown_outcome_is_not_retried(
    tiktok: Simulator,
    demo: Product,
    ask: Ask,
    body: dict[str, str],
    kind: FaultKind,
    values: dict[str, Any],
    status: int,
    code: str,
) -> None:
    """The response is 502 or 504 after one request; the caller may retry, and that succeeds."""
    add_fault(tiktok, kind, **values)
    response = ask(demo, "upload", **body, seconds=0.8)
    assert (response.status, response.json["code"]) == (status, code)
    assert len(tiktok.requests.to(UPLOAD)) == 1
    assert ask(demo, "upload", **body).status == 201


def test_an_invalid_token_is_marked_and_no_other_is_used(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """A write never borrows: the response is 409, although an owner may read with a teammate's token."""
    demo.teams.connect("northlight", "u-manager", [READY])
    tiktok.faults.add(Fault(path=UPLOAD, kind=FaultKind.CODE, code=40105, token=DemoToken.OWNER))
    response = ask(demo, "upload", **FILE)
    assert (response.status, response.json["code"]) == (409, "no_token")
    assert "u-owner" in demo.connections.expired
    assert {one.token_fingerprint for one in tiktok.requests.to(UPLOAD)} == {fingerprint(DemoToken.OWNER)}
    assert library(tiktok) == []


def test_an_advertiser_of_another_connection_is_not_accessible(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The response is 403, and TikTok is not called."""
    response = ask(demo, "upload", **{**FILE, "advertiser_id": "7399999999999999999"})
    assert (response.status, response.json["code"]) == (403, "advertiser_not_accessible")
    assert len(tiktok.requests) == 0


@pytest.mark.parametrize("code", [40002, 40902, 50000])
@pytest.mark.parametrize(
    "quoted",
    [SECRET_URL, SECRET_URL.partition("?")[2], "made-up-signature", "/private-folder/avatar.png"],
)
def test_a_url_in_tiktoks_message_is_neither_returned_nor_logged(
    tiktok: Simulator, demo: Product, ask: Ask, log: io.StringIO, quoted: str, code: int
) -> None:
    """A URL's path and query may be secret, so they are removed from TikTok's message."""
    add_fault(tiktok, FaultKind.CODE, times=None, code=code, message=f"cannot take {quoted} at all")
    response = ask(demo, "upload", advertiser_id=READY, image_url=SECRET_URL)
    assert response.status in {422, 502}
    output = json.dumps(response.json) + log.getvalue()
    assert "at all" in output
    assert "made-up-signature" not in output
    assert "private-folder" not in output


@pytest.mark.parametrize(
    "quoted", ["made%2Fup%2Bsignature%3D", "made/up+signature=", "/private%20folder/a.png", "/private folder/a.png"]
)
def test_a_percent_encoded_url_is_removed_in_both_forms(
    tiktok: Simulator, demo: Product, ask: Ask, quoted: str
) -> None:
    """Both the encoded and the decoded form are removed from TikTok's message."""
    add_fault(tiktok, FaultKind.CODE, code=40002, message=f"cannot take {quoted} at all")
    url = "https://images.example/private%20folder/a.png?w=300&signature=made%2Fup%2Bsignature%3D"
    response = ask(demo, "upload", advertiser_id=READY, image_url=url)
    assert response.json["tiktok"]["message"] == "cannot take [secret] at all"


def test_a_query_of_short_values_is_removed_as_a_whole(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Short values that are also ordinary words stay in TikTok's message, so that it remains readable."""
    add_fault(tiktok, FaultKind.CODE, code=40002, message="not an image at k=q7Zk2&as=image")
    response = ask(demo, "upload", advertiser_id=READY, image_url="https://images.example/a.png?k=q7Zk2&as=image")
    assert response.json["tiktok"]["message"] == "not an image at [secret]"


@pytest.mark.parametrize(
    ("path", "extension"),
    [("/a.png", ".png"), ("/a.JPG", ".jpg"), ("/a.jpeg", ".jpeg"), ("/a", ""), ("/a.png/b", ""), ("/a.b%2Fc", "")],
)
def test_a_file_name_keeps_the_urls_extension(
    tiktok: Simulator, demo: Product, ask: Ask, path: str, extension: str
) -> None:
    """The file name has the URL's extension if it is a picture's, and nothing else of the URL."""
    ask(demo, "upload", advertiser_id=READY, image_url=f"https://images.example{path}")
    (sent,) = bodies(tiktok)
    assert re.fullmatch(rf"avatar-[0-9a-f]{{32}}{extension}", sent["file_name"])


@pytest.mark.parametrize("body", [{**FETCHED, "image_url": SECRET_URL}, FILE])
def test_a_picture_is_not_logged(
    tiktok: Simulator, demo: Product, ask: Ask, log: io.StringIO, body: dict[str, str]
) -> None:
    """Neither a successful nor a failed upload logs URL or bytes, not even at the libraries' debug level."""
    assert ask(demo, "upload", **body).status == 201
    add_fault(tiktok, FaultKind.RESET_AFTER)
    assert ask(demo, "upload", **body).status == 502
    assert log.getvalue().count("gateway-request") >= 2
    for secret in ("made-up-signature", "private-folder", FILE["image_base64"][:40], "IHDR"):
        assert secret not in log.getvalue()


def test_an_internal_error_reveals_nothing_of_the_picture(demo: Product, ask: Ask, log: io.StringIO) -> None:
    """The response is 500, and neither response nor log contains the URL."""
    tokens = replace(demo.tokens, open_tiktok=failing(SECRET_URL))
    response = ask(replace(demo, tokens=tokens), "upload", advertiser_id=READY, image_url=SECRET_URL)
    assert (response.status, response.json["code"]) == (500, "internal_error")
    assert "made-up-signature" not in json.dumps(response.json) + log.getvalue()
