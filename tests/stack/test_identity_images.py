"""POST /identity-images on the deployed template: the real gateway, and the function's own Pillow.

What API Gateway itself refuses as too large (REQUEST_TOO_LARGE, 413) cannot be shown here: that limit is AWS', and
MiniStack has none. tests/unit/template/test_gateway.py compares the template's answer to it with the table of problems.
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


def _sent(api: Api, content: bytes, **body: Any) -> requests.Response:
    return _upload(api, image_base64=base64.b64encode(content).decode(), **body)


def _images(tiktok: Simulator) -> list[Image]:
    return tiktok.world.advertisers[A.NOTHING.value].images


def test_a_file(api: Api, tiktok: Simulator) -> None:
    """A square picture reaches TikTok byte for byte, with its MD5, and is what an identity is created with."""
    content = png(300, 300)
    answer = _sent(api, content)
    assert answer.status_code == 201, answer.text
    (image,) = _images(tiktok)
    assert answer.json() == {"image_uri": image.id, "width": 300, "height": 300, "image_url": image.url}
    assert (image.size, image.signature) == (len(content), hashlib.md5(content, usedforsecurity=False).hexdigest())
    made = api.create(
        MEDIA_BUYER, advertiser_id=A.NOTHING.value, display_name=f"Acme {uuid.uuid4().hex[:8]}", image_uri=image.id
    )
    assert made.status_code == 201
    listed = api.get("/identities", MEDIA_BUYER, advertiser_id=A.NOTHING.value).json()["identities"]
    assert {one["identity_id"]: one["image"] for one in listed}[made.json()["identity_id"]] == image.url


def test_twice(api: Api, tiktok: Simulator) -> None:
    """The same picture again is another one in the library, under another name."""
    first, second = (_sent(api, png(20, 20)).json()["image_uri"] for _ in range(2))
    assert first != second
    assert len({image.file_name for image in _images(tiktok)}) == 2


def test_not_square(api: Api, tiktok: Simulator) -> None:
    """Refused with the size seen and the size needed; with crop=center its middle is uploaded."""
    refusal = problem(_sent(api, png(120, 80)), 422, "image_not_square")
    assert (refusal["image"], refusal["needed"]) == ({"width": 120, "height": 80}, {"width": 80, "height": 80})
    assert _images(tiktok) == []
    answer = _sent(api, png(120, 80), crop="center")
    assert (answer.status_code, answer.json()["width"], answer.json()["height"]) == (201, 80, 80)
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
    ids=["text", "gif", "pdf", "svg", "cut short", "with something behind it"],
)
def test_no_picture(api: Api, tiktok: Simulator, content: bytes) -> None:
    """What is no whole JPG or PNG by its content is refused, and TikTok hears nothing of it."""
    problem(_sent(api, content), 422, "image_unusable")
    assert len(tiktok.requests.to(UPLOAD)) == 0


def test_too_many_pixels(api: Api) -> None:
    """A small file that unpacks to a huge picture is refused by what it says of itself."""
    refusal = problem(_sent(api, png(6000, 6000), crop="center"), 422, "image_unusable")
    assert refusal["image"] == {"width": 6000, "height": 6000}
    assert refusal["max_pixels"] < 6000 * 6000


def test_too_large(api: Api) -> None:
    """More than 5 MB is refused as too large, also where the gateway lets it through."""
    problem(_sent(api, png(30, 30) + bytes(5 * MEGABYTE)), 413, "image_too_large")


def test_a_large_file(api: Api, tiktok: Simulator) -> None:
    """A picture of nearly the size that fits through Lambda arrives whole."""
    whole, end = png(30, 30), len(chunk(b"IEND", b""))
    content = whole[:-end] + chunk(b"teSt", bytes(4 * MEGABYTE)) + whole[-end:]
    assert image_size(content) == ("png", 30, 30)
    answer = _sent(api, content)
    assert answer.status_code == 201, answer.text
    assert [image.size for image in _images(tiktok)] == [len(content)]


def test_a_url(api: Api, tiktok: Simulator) -> None:
    """TikTok is told where to fetch it, and nobody else fetches it."""
    url = "https://cdn.example.com/brands/logo-640x640.png?signature=0123456789abcdef"
    answer = _upload(api, image_url=url)
    assert (answer.status_code, answer.json()["width"]) == (201, 640)
    (request,) = tiktok.requests.to(UPLOAD)
    assert isinstance(request.body, dict)
    assert (request.body["upload_type"], request.body["image_url"]) == ("UPLOAD_BY_URL", url)


def test_a_url_that_is_none_for_tiktok(api: Api) -> None:
    """What TikTok cannot fetch is told with TikTok's words, without the URL; what is not square with its size."""
    refusal = problem(_upload(api, image_url="https://cdn.example.com/unreachable.png"), 422, "tiktok_rejected")
    assert refusal["tiktok"]["code"] == 40902
    odd = problem(_upload(api, image_url="https://cdn.example.com/logo-640x480.png"), 422, "image_not_square")
    assert (odd["image"], odd["needed"]) == ({"width": 640, "height": 480}, {"width": 480, "height": 480})


def test_a_lost_answer(api: Api, tiktok: Simulator) -> None:
    """Where it is not known whether TikTok has it, it is not sent again, and the caller may."""
    tiktok.faults.add(Fault(path=UPLOAD, kind=FaultKind.RESET_AFTER, times=1))
    problem(_sent(api, png(30, 30)), 502, "tiktok_error")
    assert len(tiktok.requests.to(UPLOAD)) == 1
    assert _sent(api, png(30, 30)).status_code == 201


def test_never_borrows(api: Api) -> None:
    """As all writes it is done with the caller's own token alone."""
    body = {"advertiser_id": A.NOTHING.value, "image_url": "https://cdn.example.com/logo.png"}
    for person, status, code in (
        (OWNER, 403, "advertiser_not_accessible"),
        (OWNER_WITHOUT_CONNECTION, 409, "no_token"),
        (TRAINEE, 409, "no_token"),
    ):
        problem(api.call("POST", "/identity-images", person=person, json=body), status, code)
