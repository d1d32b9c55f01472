"""Uploading a picture for an identity: what TikTok gets, and what the caller is told, whatever happens on the way."""

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
    """What TikTok was sent."""
    sent = [request.body for request in tiktok.requests.to(path)]
    return [body for body in sent if isinstance(body, dict)]


def fails(tiktok: Simulator, kind: FaultKind, times: int | None = 1, **values: Any) -> None:
    tiktok.faults.add(Fault(path=UPLOAD, kind=kind, times=times, **values))


def test_a_file_is_uploaded_as_it_was_sent(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """201 with TikTok's id, slash included; TikTok has the very bytes, under a name of its own."""
    answer = ask(demo, "upload", **FILE)
    (image,) = library(tiktok)
    assert answer.status == 201
    assert answer.json == {"image_uri": image.id, "width": 64, "height": 64, "image_url": image.url}
    assert "/" in answer.json["image_uri"]
    assert image.signature == hashlib.md5(SQUARE, usedforsecurity=False).hexdigest()
    assert re.fullmatch(r"avatar-[0-9a-f]{32}\.png", image.file_name)


def test_an_identity_can_be_created_with_it(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """What the upload answers is what the creation takes."""
    image_uri = ask(demo, "upload", **FILE).json["image_uri"]
    assert ask(demo, "create", advertiser_id=READY, display_name="Acme", image_uri=image_uri).status == 201
    (created,) = bodies(tiktok, "identity/create/")
    assert created["image_uri"] == image_uri


def test_a_picture_that_is_not_square_is_cut_where_that_is_asked_for(
    tiktok: Simulator, demo: Product, ask: Ask
) -> None:
    """crop=center uploads the square, and the answer has its size; a JPG stays a JPG."""
    sent = base64_of(drawn(90, 60, kind="JPEG"))
    answer = ask(demo, "upload", advertiser_id=READY, image_base64=sent, crop="center")
    (image,) = library(tiktok)
    assert (answer.status, answer.json["width"], answer.json["height"]) == (201, 60, 60)
    assert (image.width, image.height, image.format) == (60, 60, "jpeg")
    assert image.file_name.endswith(".jpg")


def test_a_picture_that_is_not_square_is_refused_with_both_sizes(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """422 with the size seen and the size needed, in words and in fields; nothing is asked of TikTok."""
    answer = ask(demo, "upload", advertiser_id=READY, image_base64=base64_of(drawn(90, 60)))
    assert (answer.status, answer.json["code"]) == (422, "image_not_square")
    assert answer.json["image"] == {"width": 90, "height": 60}
    assert answer.json["needed"] == {"width": 60, "height": 60}
    assert "90 x 60" in answer.json["detail"]
    assert "60 x 60" in answer.json["detail"]
    assert len(tiktok.requests) == 0


@pytest.mark.parametrize("content", [b"<svg/>", b"GIF89a", SQUARE[:-20], SQUARE + b"PK"])
def test_what_is_no_picture_never_reaches_tiktok(tiktok: Simulator, demo: Product, ask: Ask, content: bytes) -> None:
    """422 image_unusable, and no request."""
    answer = ask(demo, "upload", advertiser_id=READY, image_base64=base64_of(content))
    assert (answer.status, answer.json["code"]) == (422, "image_unusable")
    assert len(tiktok.requests) == 0


@pytest.mark.parametrize(("size", "status"), [(5_000_000, 422), (5_000_001, 413)])
def test_a_file_has_at_most_five_megabytes(demo: Product, ask: Ask, size: int, status: int) -> None:
    """What is larger is refused before it is opened; what is as large is looked at, and here found to be no picture."""
    answer = ask(demo, "upload", advertiser_id=READY, image_base64=base64_of(b"x" * size))
    assert answer.status == status
    assert answer.json["code"] == ("image_too_large" if status == 413 else "image_unusable")


def test_a_url_is_given_to_tiktok(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """TikTok fetches it, never this service; its size is what TikTok saw."""
    answer = ask(demo, "upload", **FETCHED)
    (image,) = library(tiktok)
    (sent,) = bodies(tiktok)
    name = sent.pop("file_name")
    assert (answer.status, answer.json["width"], answer.json["image_uri"]) == (201, 300, image.id)
    assert sent == {"advertiser_id": READY, "upload_type": "UPLOAD_BY_URL", "image_url": URL}
    assert re.fullmatch(r"avatar-[0-9a-f]{32}\.png", name)


def test_what_tiktok_fetched_must_be_square_too(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """422 with both sizes, as for a file; TikTok has it in its library, which harms nobody."""
    answer = ask(demo, "upload", advertiser_id=READY, image_url="https://images.example/avatar-512x300.png")
    assert (answer.status, answer.json["code"]) == (422, "image_not_square")
    assert answer.json["image"] == {"width": 512, "height": 300}
    assert answer.json["needed"] == {"width": 300, "height": 300}
    assert len(library(tiktok)) == 1


@pytest.mark.parametrize(
    ("key", "body", "size"), [("width", FETCHED, None), ("height", FETCHED, None), ("width", FILE, 64)]
)
def test_a_size_that_tiktok_does_not_say(
    tiktok: Simulator, demo: Product, ask: Ask, key: str, body: dict[str, str], size: int | None
) -> None:
    """Of a file that was sent it is known all the same; of one that TikTok fetched it is null, not guessed."""
    fails(tiktok, FaultKind.MISSING_KEY, key=key)
    answer = ask(demo, "upload", **body)
    assert (answer.status, answer.json["width"], answer.json["height"]) == (201, size, size)


def test_a_url_that_tiktok_does_not_say_is_null(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The image is there all the same."""
    fails(tiktok, FaultKind.MISSING_KEY, key="image_url")
    answer = ask(demo, "upload", **FILE)
    assert (answer.status, answer.json["image_url"]) == (201, None)


def test_every_upload_has_a_name_of_its_own(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The same file twice is two images, since TikTok refuses a name that it has."""
    first, second = ask(demo, "upload", **FILE), ask(demo, "upload", **FILE)
    assert (first.status, second.status) == (201, 201)
    assert first.json["image_uri"] != second.json["image_uri"]
    assert len({image.file_name for image in library(tiktok)}) == 2


@pytest.mark.parametrize("body", [FILE, FETCHED])
def test_a_name_that_is_taken_is_followed_by_another(
    tiktok: Simulator, demo: Product, ask: Ask, body: dict[str, str]
) -> None:
    """40911 is answered with a new name, and the caller notices nothing."""
    fails(tiktok, FaultKind.CODE, times=2, code=40911)
    assert ask(demo, "upload", **body).status == 201
    names = [sent["file_name"] for sent in bodies(tiktok)]
    assert len(set(names)) == len(names) == 3


def test_names_that_are_taken_for_ever_are_told(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Three tries, then 422 with TikTok's code."""
    fails(tiktok, FaultKind.CODE, times=None, code=40911)
    answer = ask(demo, "upload", **FILE)
    assert (answer.status, answer.json["code"], answer.json["tiktok"]["code"]) == (422, "tiktok_rejected", 40911)
    assert len(tiktok.requests.to(UPLOAD)) == 3


@pytest.mark.parametrize("code", [40900, 40902, 40903, 40913, 40100])
@pytest.mark.parametrize("body", [FILE, FETCHED])
def test_what_tiktok_could_not_do_this_time_is_repeated(
    tiktok: Simulator, demo: Product, ask: Ask, body: dict[str, str], code: int
) -> None:
    """Nothing was stored then, so that the second try makes the only image."""
    fails(tiktok, FaultKind.CODE, code=code)
    assert ask(demo, "upload", **body).status == 201
    assert len(tiktok.requests.to(UPLOAD)) == 2
    assert len(library(tiktok)) == 1


def test_a_url_that_tiktok_cannot_fetch_is_the_callers_to_correct(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """422 with TikTok's code, after three tries: it is not a trouble of TikTok's own."""
    answer = ask(demo, "upload", advertiser_id=READY, image_url="https://images.example/unreachable/avatar.png")
    assert (answer.status, answer.json["code"], answer.json["tiktok"]["code"]) == (422, "tiktok_rejected", 40902)
    assert len(tiktok.requests.to(UPLOAD)) == 3


def test_a_file_that_tiktok_never_takes_is_a_trouble_of_tiktoks(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """502: the caller can correct nothing about it."""
    fails(tiktok, FaultKind.CODE, times=None, code=40900)
    answer = ask(demo, "upload", **FILE)
    assert (answer.status, answer.json["code"]) == (502, "tiktok_error")


@pytest.mark.parametrize("code", [40002, 40904, 40908, 40001])
def test_a_refusal_is_told_in_tiktoks_words(tiktok: Simulator, demo: Product, ask: Ask, code: int) -> None:
    """Once, as repeating changes nothing."""
    fails(tiktok, FaultKind.CODE, times=None, code=code, message="No scope for this")
    answer = ask(demo, "upload", **FILE)
    assert (answer.status, answer.json["code"]) == (422, "tiktok_rejected")
    assert answer.json["tiktok"]["message"] == "No scope for this"
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
def test_an_upload_that_may_have_happened_is_not_repeated(
    tiktok: Simulator,
    demo: Product,
    ask: Ask,
    body: dict[str, str],
    kind: FaultKind,
    values: dict[str, Any],
    status: int,
    code: str,
) -> None:
    """502 or 504 after one request; the caller may repeat it, and that succeeds."""
    fails(tiktok, kind, **values)
    answer = ask(demo, "upload", **body, seconds=0.8)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert len(tiktok.requests.to(UPLOAD)) == 1
    assert ask(demo, "upload", **body).status == 201


def test_a_dead_token_is_marked_and_nobody_elses_is_used(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """A write never borrows: 409, although an owner may read with a teammate's token."""
    demo.teams.connect("northlight", "u-manager", [READY])
    tiktok.faults.add(Fault(path=UPLOAD, kind=FaultKind.CODE, code=40105, token=DemoToken.OWNER))
    answer = ask(demo, "upload", **FILE)
    assert (answer.status, answer.json["code"]) == (409, "no_token")
    assert "u-owner" in demo.marks
    assert {one.token_fingerprint for one in tiktok.requests.to(UPLOAD)} == {fingerprint(DemoToken.OWNER)}
    assert library(tiktok) == []


def test_an_advertiser_of_another_connection_is_not_accessible(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """403, and nothing is asked of TikTok."""
    answer = ask(demo, "upload", **{**FILE, "advertiser_id": "7399999999999999999"})
    assert (answer.status, answer.json["code"]) == (403, "advertiser_not_accessible")
    assert len(tiktok.requests) == 0


@pytest.mark.parametrize("code", [40002, 40902, 50000])
@pytest.mark.parametrize(
    "quoted",
    [SECRET_URL, SECRET_URL.partition("?")[2], "made-up-signature", "/private-folder/avatar.png"],
)
def test_a_url_that_tiktok_quotes_is_neither_answered_nor_logged(
    tiktok: Simulator, demo: Product, ask: Ask, log: io.StringIO, quoted: str, code: int
) -> None:
    """Its query, or its path, may be all that keeps strangers from the picture."""
    fails(tiktok, FaultKind.CODE, times=None, code=code, message=f"cannot take {quoted} at all")
    answer = ask(demo, "upload", advertiser_id=READY, image_url=SECRET_URL)
    assert answer.status in {422, 502}
    said = json.dumps(answer.json) + log.getvalue()
    assert "at all" in said
    assert "made-up-signature" not in said
    assert "private-folder" not in said


@pytest.mark.parametrize(
    "quoted", ["made%2Fup%2Bsignature%3D", "made/up+signature=", "/private%20folder/a.png", "/private folder/a.png"]
)
def test_what_a_url_holds_in_percents_is_not_answered_either_way(
    tiktok: Simulator, demo: Product, ask: Ask, quoted: str
) -> None:
    """TikTok may quote it as it was sent, or as it is read."""
    fails(tiktok, FaultKind.CODE, code=40002, message=f"cannot take {quoted} at all")
    url = "https://images.example/private%20folder/a.png?w=300&signature=made%2Fup%2Bsignature%3D"
    answer = ask(demo, "upload", advertiser_id=READY, image_url=url)
    assert answer.json["tiktok"]["message"] == "cannot take [secret] at all"


def test_a_query_of_short_values_is_hidden_as_a_whole_and_words_stay_words(
    tiktok: Simulator, demo: Product, ask: Ask
) -> None:
    """What TikTok says stays readable, although some of it occurs in the URL too."""
    fails(tiktok, FaultKind.CODE, code=40002, message="not an image at k=q7Zk2&as=image")
    answer = ask(demo, "upload", advertiser_id=READY, image_url="https://images.example/a.png?k=q7Zk2&as=image")
    assert answer.json["tiktok"]["message"] == "not an image at [secret]"


@pytest.mark.parametrize(
    ("path", "extension"),
    [("/a.png", ".png"), ("/a.JPG", ".jpg"), ("/a.jpeg", ".jpeg"), ("/a", ""), ("/a.png/b", ""), ("/a.b%2Fc", "")],
)
def test_a_name_ends_as_the_url_does(tiktok: Simulator, demo: Product, ask: Ask, path: str, extension: str) -> None:
    """As far as that is the ending of a picture; nothing else of the URL goes into the name."""
    ask(demo, "upload", advertiser_id=READY, image_url=f"https://images.example{path}")
    (sent,) = bodies(tiktok)
    assert re.fullmatch(rf"avatar-[0-9a-f]{{32}}{extension}", sent["file_name"])


@pytest.mark.parametrize("body", [{**FETCHED, "image_url": SECRET_URL}, FILE])
def test_a_picture_is_not_logged(
    tiktok: Simulator, demo: Product, ask: Ask, log: io.StringIO, body: dict[str, str]
) -> None:
    """Neither where it succeeds nor where it fails, on no library's debug level."""
    assert ask(demo, "upload", **body).status == 201
    fails(tiktok, FaultKind.RESET_AFTER)
    assert ask(demo, "upload", **body).status == 502
    assert log.getvalue().count("gateway-request") >= 2
    for secret in ("made-up-signature", "private-folder", FILE["image_base64"][:40], "IHDR"):
        assert secret not in log.getvalue()


def test_a_fault_of_ours_says_nothing_of_the_picture(demo: Product, ask: Ask, log: io.StringIO) -> None:
    """500, and neither the URL nor the bytes are in the answer or the log."""

    def broken(*_anything: object) -> None:
        raise RuntimeError(SECRET_URL)

    services = replace(demo.services, open_tiktok=broken)  # type: ignore[arg-type] # it never returns
    answer = ask(replace(demo, services=services), "upload", advertiser_id=READY, image_url=SECRET_URL)
    assert (answer.status, answer.json["code"]) == (500, "internal_error")
    assert "made-up-signature" not in json.dumps(answer.json) + log.getvalue()
