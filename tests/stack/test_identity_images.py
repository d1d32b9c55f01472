"""POST /identity-images on the deployed template: the real gateway, and the function's own Pillow.

API Gateway's own limit (REQUEST_TOO_LARGE, 413) cannot be tested here, since MiniStack has none.
tests/unit/template/test_gateway.py compares the template's response for it with the table of problems.
"""

import base64
import hashlib
import uuid
from typing import Any

import pytest
import requests

from local.demo.png import chunk, png
from local.demo.teams import MEDIA_BUYER, OWNER, OWNER_WITHOUT_CONNECTION, TRAINEE
from local.tiktok_simulator import DemoAdvertiser as A
from local.tiktok_simulator import Fault, FaultKind, Image, Simulator
from local.tiktok_simulator.identities import image_size
from tests.support.stack import Api, problem

UPLOAD = "file/image/ad/upload/"
MEGABYTE = 1_000_000


def _upload(api: Api, **body: Any) -> requests.Response:
    given = {"advertiser_id": A.NOTHING.value, **body}
    return api.call("POST", "/identity-images", person=MEDIA_BUYER, json=given)


def _upload_file(api: Api, content: bytes, **body: Any) -> requests.Response:
    return _upload(api, image_base64=base64.b64encode(content).decode(), **body)


def _images(tiktok: Simulator) -> list[Image]:
    return tiktok.world.advertisers[A.NOTHING.value].images


def test_a_file(api: Api, tiktok: Simulator) -> None:
    """A square image reaches TikTok unaltered, with its MD5, and can be used to create an identity."""
    content = png(300, 300)
    response = _upload_file(api, content)
    assert response.status_code == 201, response.text
    (image,) = _images(tiktok)
    assert response.json() == {"image_uri": image.id, "width": 300, "height": 300, "image_url": image.url}
    assert (image.size, image.signature) == (len(content), hashlib.md5(content, usedforsecurity=False).hexdigest())
    made = api.create(
        MEDIA_BUYER, advertiser_id=A.NOTHING.value, display_name=f"Acme {uuid.uuid4().hex[:8]}", image_uri=image.id
    )
    assert made.status_code == 201
    listed = api.get("/identities", MEDIA_BUYER, advertiser_id=A.NOTHING.value).json()["identities"]
    assert {one["identity_id"]: one["image"] for one in listed}[made.json()["identity_id"]] == image.url


def test_twice(api: Api, tiktok: Simulator) -> None:
    """Uploading the same image again adds another one to the library, under another name."""
    first, second = (_upload_file(api, png(20, 20)).json()["image_uri"] for _ in range(2))
    assert first != second
    assert len({image.file_name for image in _images(tiktok)}) == 2


def test_not_square(api: Api, tiktok: Simulator) -> None:
    """It is rejected with its size and the size needed; with ``crop=center`` its center is uploaded."""
    rejected = problem(_upload_file(api, png(120, 80)), 422, "image_not_square")
    assert (rejected["image"], rejected["needed"]) == ({"width": 120, "height": 80}, {"width": 80, "height": 80})
    assert _images(tiktok) == []
    response = _upload_file(api, png(120, 80), crop="center")
    assert (response.status_code, response.json()["width"], response.json()["height"]) == (201, 80, 80)
    assert [(image.width, image.height) for image in _images(tiktok)] == [(80, 80)]


@pytest.mark.parametrize(
    "content",
    [
        b"hello",
        b"GIF89a" + bytes(40),
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        png(30, 30)[:-20],
        png(30, 30) + b"<?php",
    ],
    ids=["text", "gif", "pdf", "svg", "truncated", "with trailing data"],
)
def test_not_an_image(api: Api, tiktok: Simulator, content: bytes) -> None:
    """Content that is not a complete JPG or PNG is rejected without a call to TikTok."""
    problem(_upload_file(api, content), 422, "image_unusable")
    assert len(tiktok.requests.to(UPLOAD)) == 0


def test_too_many_pixels(api: Api) -> None:
    """A small file of a huge image is rejected by the size in its header."""
    rejected = problem(_upload_file(api, png(6000, 6000), crop="center"), 422, "image_unusable")
    assert rejected["image"] == {"width": 6000, "height": 6000}
    assert rejected["max_pixels"] < 6000 * 6000


def test_too_large(api: Api) -> None:
    """More than 4.5 MB are rejected even if the gateway accepts them."""
    problem(_upload_file(api, png(30, 30) + bytes(4_500_000)), 413, "image_too_large")


def test_a_large_file(api: Api, tiktok: Simulator) -> None:
    """An image of almost the largest size that Lambda accepts is uploaded completely."""
    whole, end = png(30, 30), len(chunk(b"IEND", b""))
    content = whole[:-end] + chunk(b"teSt", bytes(4 * MEGABYTE)) + whole[-end:]
    assert image_size(content) == ("png", 30, 30)
    response = _upload_file(api, content)
    assert response.status_code == 201, response.text
    assert [image.size for image in _images(tiktok)] == [len(content)]


def test_a_url(api: Api, tiktok: Simulator) -> None:
    """TikTok gets the URL and fetches the image itself."""
    url = "https://cdn.example.com/brands/logo-640x640.png?signature=0123456789abcdef"
    response = _upload(api, image_url=url)
    assert (response.status_code, response.json()["width"]) == (201, 640)
    (request,) = tiktok.requests.to(UPLOAD)
    assert isinstance(request.body, dict)
    assert (request.body["upload_type"], request.body["image_url"]) == ("UPLOAD_BY_URL", url)


def test_a_rejected_url(api: Api) -> None:
    """A URL that TikTok cannot fetch returns TikTok's code; an image that is not square returns its size."""
    rejected = problem(_upload(api, image_url="https://cdn.example.com/unreachable.png"), 422, "tiktok_rejected")
    assert rejected["tiktok"]["code"] == 40902
    odd = problem(_upload(api, image_url="https://cdn.example.com/logo-640x480.png"), 422, "image_not_square")
    assert (odd["image"], odd["needed"]) == ({"width": 640, "height": 480}, {"width": 480, "height": 480})


def test_a_lost_response(api: Api, tiktok: Simulator) -> None:
    """If it is unknown whether TikTok stored the image, it is not sent again; the caller may repeat the request."""
    tiktok.faults.add(Fault(path=UPLOAD, kind=FaultKind.RESET_AFTER, times=1))
    problem(_upload_file(api, png(30, 30)), 502, "tiktok_error")
    assert len(tiktok.requests.to(UPLOAD)) == 1
    assert _upload_file(api, png(30, 30)).status_code == 201


def test_no_borrowed_token(api: Api) -> None:
    """As every write, an upload uses the caller's own token only."""
    body = {"advertiser_id": A.NOTHING.value, "image_url": "https://cdn.example.com/logo.png"}
    for person, status, code in (
        (OWNER, 403, "advertiser_not_accessible"),
        (OWNER_WITHOUT_CONNECTION, 409, "no_token"),
        (TRAINEE, 409, "no_token"),
    ):
        problem(api.call("POST", "/identity-images", person=person, json=body), status, code)
