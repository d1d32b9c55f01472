"""Uploading images to the simulated TikTok and using them as avatars."""

import hashlib
import io
import struct
import zlib
from typing import Any

import pytest
import requests
from PIL import Image as Picture
from pydantic import SecretStr
from urllib3.filepost import encode_multipart_formdata

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Scope, Simulator, Token
from local.tiktok_simulator.http_messages import ApiError, Form
from local.tiktok_simulator.identities import image_size
from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import TikTokError
from tiktok_business.transport import File, RequestsTransport

PATH = "file/image/ad/upload/"
HERE = DemoAdvertiser.NOTHING
TOKEN = DemoToken.MEDIA_BUYER


def png(width: int = 512, height: int = 512, rest: bytes = b"") -> bytes:
    return picture("PNG", width, height) + rest


def png_header(width: int, height: int) -> bytes:
    """A PNG that has this size in its header, and no pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = [header, b"IDAT"]
    framed = [struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def jpeg(width: int = 512, height: int = 512, frame: int = 0xC0, before: bytes = b"") -> bytes:
    """A JPEG whose first frame has this marker and these bytes before all other segments."""
    content = picture("JPEG", width, height).replace(b"\xff\xc0\x00\x0b", bytes([0xFF, frame, 0x00, 0x0B]))
    return content[:2] + before + content[2:]


def picture(image_format: str, width: int, height: int) -> bytes:
    written = io.BytesIO()
    Picture.new("L", (width, height)).save(written, image_format)
    return written.getvalue()


@pytest.fixture
def api(simulator: Simulator) -> TikTokBusinessApi:
    """The layer's client; it does not wait before a retry."""
    transport = RequestsTransport(simulator.base_url)
    client = TikTokClient(transport, SecretStr(TOKEN), Deadline.after(5), lambda _: None, lambda: 0.0)
    return TikTokBusinessApi(client)


def upload(
    simulator: Simulator, content: bytes | None = None, *, token: str | None = TOKEN, **fields: str | None
) -> dict[str, Any]:
    """Send a correct form with these fields changed; None omits a field."""
    signature = hashlib.md5(content or b"", usedforsecurity=False).hexdigest()
    values: dict[str, str | None] = {"advertiser_id": HERE, "image_signature": signature, **fields}
    response = requests.post(
        f"{simulator.base_url}/{PATH}",
        data={name: value for name, value in values.items() if value is not None},
        files={"image_file": ("original.png", content)} if content is not None else {"none": (None, "")},
        headers={} if token is None else {"Access-Token": token},
        timeout=5,
    )
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


def library(simulator: Simulator) -> int:
    return len(simulator.world.advertisers[HERE].images)


class TestFile:
    def test_client(self, simulator: Simulator, api: TikTokBusinessApi) -> None:
        """The layer's client uploads a file and reads id, size and address."""
        image = api.upload_image(HERE, File("avatar.png", png(300, 200), "image/png"))
        assert (image.width, image.height) == (300, 200)
        assert image.image_url == f"https://images.example/obj/{image.image_id}"
        assert image.image_id.count("/") == 1
        assert library(simulator) == 1

    def test_answer(self, simulator: Simulator) -> None:
        """The response is one object that describes the image; its times are not known yet."""
        content = png(rest=b"\r\n--\x00\xff" * 100)
        data = upload(simulator, content, file_name="a.png")["data"]
        assert data == {
            "image_id": data["image_id"],
            "material_id": "75" + "1".zfill(17),
            "image_url": f"https://images.example/obj/{data['image_id']}",
            "file_name": "a.png",
            "format": "png",
            "width": 512,
            "height": 512,
            "size": len(content),
            "signature": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "displayable": True,
            "create_time": None,
            "modify_time": None,
        }

    def test_jpeg(self, simulator: Simulator) -> None:
        """The content makes a file a JPEG, not its name."""
        data = upload(simulator, jpeg(64, 32), file_name="a.png")["data"]
        assert (data["format"], data["width"], data["height"]) == ("jpeg", 64, 32)

    def test_not_idempotent(self, simulator: Simulator) -> None:
        """The same image with another name, or without one, becomes another image."""
        ids = {upload(simulator, png(), file_name=name)["data"]["image_id"] for name in ("a.png", "b.png", None, None)}
        assert len(ids) == library(simulator) == 4

    def test_name_taken(self, simulator: Simulator) -> None:
        """A name that exists in the ad account's library is 40911; another account can use it."""
        assert upload(simulator, png(), file_name="a.png")["code"] == 0
        assert upload(simulator, png(8, 8), file_name="a.png")["code"] == 40911
        assert library(simulator) == 1
        other = upload(simulator, png(), file_name="a.png", advertiser_id=DemoAdvertiser.QUIET_PIXEL)
        assert other["code"] == 0
        simulator.reset()
        assert upload(simulator, png(), file_name="a.png")["code"] == 0

    @pytest.mark.parametrize(
        ("content", "fields", "refused"),
        [
            (png(), {"image_signature": "0" * 32}, 40900),
            (png(), {"image_signature": None}, 40002),
            (None, {}, 40905),
            (b"", {}, 40906),
            (b"GIF89a" + bytes(20), {}, 40908),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", {}, 40908),
            (png()[:20], {}, 40908),
            (png_header(0, 512), {}, 40908),
            (png(1921, 1920), {}, 40907),
            (png_header(30_000, 30_000), {}, 40907),
            (png_header(10_000, 10_000), {}, 40907),
            (png(), {"file_name": "a" * 101}, 40002),
            (png(), {"advertiser_id": None}, 40002),
            (png(), {"upload_type": "UPLOAD_BY_MAIL"}, 40002),
            (png(), {"advertiser_id": DemoAdvertiser.EVERYTHING_READY}, 40001),
        ],
    )
    def test_refused(
        self, simulator: Simulator, content: bytes | None, fields: dict[str, str | None], refused: int
    ) -> None:
        """Each reason for refusing an upload has its code, and nothing is stored."""
        answer = upload(simulator, content, **fields)
        assert (answer["code"], answer["data"]) == (refused, {})
        assert not any(one.images for one in simulator.world.advertisers.values())

    def test_at_the_limits(self, simulator: Simulator) -> None:
        """The maximum of pixels, the longest name and a signature in capitals are accepted."""
        content = png(1920, 1920)
        signature = hashlib.md5(content, usedforsecurity=False).hexdigest().upper()
        assert upload(simulator, content, file_name="a" * 100, image_signature=signature)["code"] == 0

    def test_token(self, simulator: Simulator) -> None:
        """An upload needs a valid token with the scope for uploads."""
        bare = Token("bare", "u", (HERE,), frozenset({Scope.IMAGE_UPLOAD}))
        simulator.world.tokens["bare"] = bare
        assert upload(simulator, png(), token=None)["code"] == 40104
        assert upload(simulator, png(), token=DemoToken.REVOKED)["code"] == 40105
        assert "lacks the required scope" in upload(simulator, png(), token="bare")["message"]
        assert library(simulator) == 0

    @pytest.mark.parametrize("body", [b"", b"no form", b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\n1"])
    def test_broken_form(self, simulator: Simulator, body: bytes) -> None:
        """A broken or incomplete form is 40002."""
        headers = {"Access-Token": TOKEN, "Content-Type": "multipart/form-data; boundary=b"}
        response = requests.post(f"{simulator.base_url}/{PATH}", data=body, headers=headers, timeout=5)
        assert response.json()["code"] == 40002

    def test_elsewhere(self, simulator: Simulator) -> None:
        """No other endpoint accepts a form."""
        response = requests.post(
            f"{simulator.base_url}/identity/create/",
            files={"advertiser_id": (None, HERE), "display_name": (None, "Acme")},
            headers={"Access-Token": TOKEN},
            timeout=5,
        )
        assert response.json()["code"] == 40002


class TestUrl:
    def test_client(self, simulator: Simulator, api: TikTokBusinessApi) -> None:
        """The layer's client makes TikTok fetch an image; the address contains its size."""
        image = api.upload_image_by_url(HERE, "https://images.example/avatar-640x480.jpg?v=1x1", "a.jpg")
        assert (image.width, image.height) == (640, 480)
        assert [one.format for one in simulator.world.advertisers[HERE].images] == ["jpeg"]

    @pytest.mark.parametrize(
        ("url", "size"),
        [
            ("https://images.example/avatar.png", (512, 512)),
            ("http://images.example/64x64", (64, 64)),
            ("https://images.example/100x200/avatar.png", (512, 512)),
            ("https://images.example", (512, 512)),
            ("https://images.example/a-0x5.png", (512, 512)),
        ],
    )
    def test_size(self, simulator: Simulator, url: str, size: tuple[int, int]) -> None:
        """An address without a size is an image of 512 x 512; the request may be a form."""
        data = upload(simulator, None, upload_type="UPLOAD_BY_URL", image_url=url, image_signature=None)["data"]
        assert (data["width"], data["height"]) == size

    @pytest.mark.parametrize(
        ("url", "refused"),
        [
            (None, 40002),
            ("images/avatar.png", 40002),
            ("ftp://images.example/a.png", 40002),
            ("https://[images/a.png", 40002),
            ("https://images.example/unreachable/a.png", 40902),
            ("https://images.example/a.gif", 40908),
            ("https://images.example/a-4000x4000.png", 40907),
        ],
    )
    def test_refused(self, simulator: Simulator, url: str | None, refused: int) -> None:
        """Each reason for refusing an address has its code, and nothing is stored."""
        body = {"advertiser_id": HERE, "upload_type": "UPLOAD_BY_URL", "image_url": url}
        answer = requests.post(
            f"{simulator.base_url}/{PATH}", json=body, headers={"Access-Token": TOKEN}, timeout=5
        ).json()
        assert answer["code"] == refused
        assert library(simulator) == 0

    def test_name_taken(self, simulator: Simulator, api: TikTokBusinessApi) -> None:
        """File names are unique among uploaded and fetched images together."""
        upload(simulator, png(), file_name="a.png")
        with pytest.raises(TikTokError) as caught:
            api.upload_image_by_url(HERE, "https://images.example/avatar.png", "a.png")
        assert caught.value.code == 40911


class TestAvatar:
    def test_square(self, simulator: Simulator, api: TikTokBusinessApi) -> None:
        """An identity created with an uploaded image has that image."""
        image = api.upload_image(HERE, File("a.png", png(), "image/png"))
        api.create_identity(HERE, "Acme", image.image_id)
        assert [row.profile_image for page in api.identities(HERE, None) for row in page] == [image.image_url]
        assert simulator.world.advertisers[HERE].image(image.image_id) is not None

    def test_not_square(self, simulator: Simulator, api: TikTokBusinessApi) -> None:
        """An identity with an uploaded image that is not square is refused."""
        image = api.upload_image_by_url(HERE, "https://images.example/avatar-512x511.png", "a.png")
        with pytest.raises(TikTokError, match="width & height is not equal") as caught:
            api.create_identity(HERE, "Acme", image.image_id)
        assert caught.value.code == 40002
        assert simulator.world.advertisers[HERE].identities == []

    def test_of_another_account(self, simulator: Simulator, api: TikTokBusinessApi) -> None:
        """Only the ad account's own library is checked: any image of another account is accepted."""
        image = api.upload_image_by_url(DemoAdvertiser.QUIET_PIXEL, "https://images.example/8x9.png", "a.png")
        assert api.create_identity(HERE, "Acme", image.image_id)
        assert len(simulator.world.advertisers[HERE].identities) == 1


class TestFaults:
    def test_advertiser(self, simulator: Simulator) -> None:
        """A fault for one advertiser and token affects only their form."""
        simulator.faults.add(Fault(path=PATH, kind=FaultKind.CODE, code=50000, advertiser_id=HERE, token=TOKEN))
        assert upload(simulator, png(), advertiser_id=DemoAdvertiser.QUIET_PIXEL)["code"] == 0
        assert upload(simulator, png())["code"] == 50000
        assert library(simulator) == 0

    def test_answer_lost(self, simulator: Simulator, api: TikTokBusinessApi) -> None:
        """An upload whose response is lost is stored, so its name is taken."""
        simulator.faults.add(Fault(path=PATH, kind=FaultKind.RESET_AFTER, times=1))
        file = File("a.png", png(), "image/png")
        with pytest.raises(TikTokError) as caught:
            api.upload_image(HERE, file)
        assert caught.value.code is None
        assert library(simulator) == 1
        with pytest.raises(TikTokError) as caught:
            api.upload_image(HERE, file)
        assert caught.value.code == 40911


class TestJournal:
    def test_form(self, simulator: Simulator) -> None:
        """The journal has a form's fields; for a file only its name and size."""
        content = png(rest=b"pixels-of-somebody" * 10)
        upload(simulator, content, file_name="a.png", secret="hide-1")
        signature = hashlib.md5(content, usedforsecurity=False).hexdigest()
        assert simulator.requests[0].body == {
            "advertiser_id": HERE,
            "image_signature": signature,
            "file_name": "a.png",
            "secret": "<hidden>",
            "image_file": {"file_name": "original.png", "size": len(content)},
        }
        shown = requests.get(f"{simulator.control_url}/requests", timeout=5).text
        assert "pixels" not in shown
        assert "hide-1" not in shown

    def test_broken_form(self, simulator: Simulator) -> None:
        """The journal has only the size of a broken form."""
        requests.post(
            f"{simulator.base_url}/{PATH}",
            data=b"pixels-of-somebody",
            headers={"Content-Type": "multipart/form-data; boundary=b"},
            timeout=5,
        )
        assert simulator.requests[0].body == "<a broken form of 18 bytes>"


class TestMultipart:
    @pytest.mark.parametrize(
        "content",
        [
            bytes(range(256)),
            b"",
            b"\r\n",
            b"\n",
            b"\r",
            b"\r\n\r\n--",
            b"a\r\r\n\n\r",
            b"--\r\n--b\r\n",
            b"From a line\n",
            b"=3D=\r\n",
            bytes(range(256))[::-1] * 400,
        ],
    )
    def test_bytes(self, content: bytes) -> None:
        """The bytes of a file arrive unchanged, whatever they are."""
        body, content_type = encode_multipart_formdata({"a": "é🎉", "file": ("ä.png", content, "image/png"), "z": "1"})
        form = Form.parse(content_type, body)
        assert form.fields == {"a": "é🎉", "z": "1"}
        assert form.files["file"].content == content
        assert form.files["file"].name == "ä.png"

    def test_cut(self) -> None:
        """A form that is cut anywhere before its end is refused."""
        body, content_type = encode_multipart_formdata({"file": ("a.png", b"content"), "z": "1"})
        end = body.rindex(b"--\r\n")
        for length in range(end):
            with pytest.raises(ApiError):
                Form.parse(content_type, body[:length])
        assert Form.parse(content_type, body[: end + 2]).files["file"].content == b"content"


class TestImageSize:
    @pytest.mark.parametrize("frame", [0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xCF])
    def test_jpeg_frames(self, frame: int) -> None:
        """The size of a JPEG is read from its frame header, for every JPEG process."""
        assert image_size(jpeg(7, 9, frame)) == ("jpeg", 7, 9)

    @pytest.mark.parametrize(
        "before",
        [
            b"\xff\xc4" + struct.pack(">H", 9) + b"\x00\x00\x01\x00\x01\x00\x00",
            b"\xff\xe1" + struct.pack(">H", 14) + b"\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x00\x00",
            b"\xff\xff\xff",
        ],
        ids=["table", "thumbnail", "fill"],
    )
    def test_jpeg_segments(self, before: bytes) -> None:
        """Tables, thumbnails and fill bytes before the frame do not affect the size."""
        assert image_size(jpeg(7, 9, before=before)) == ("jpeg", 7, 9)

    @pytest.mark.parametrize(("whole", "header"), [(png(), b"IHDR"), (jpeg(), b"\xff\xc0")])
    def test_cut(self, whole: bytes, header: bytes) -> None:
        """An image that ends before its header has no size; an image that ends in its pixels has its size."""
        sizes = [image_size(whole[:length]) for length in range(len(whole) + 1)]
        assert set(sizes) == {None, image_size(whole)}
        assert set(sizes[: whole.index(header) + 9]) == {None}
        assert set(sizes[-20:]) == {image_size(whole)}

    def test_several_pictures(self) -> None:
        """A JPEG with several pictures in it is a JPEG."""
        written = io.BytesIO()
        pictures = [Picture.new("L", (7, 9)) for _ in range(2)]
        pictures[0].save(written, "MPO", save_all=True, append_images=pictures[1:])
        assert image_size(written.getvalue()) == ("jpeg", 7, 9)

    def test_no_image(self) -> None:
        """A signature in front of other bytes is not an image."""
        for content in (
            b"",
            b"\xff\xd8",
            b"\xff\xd8\xff\xd9",
            b"\x89PNG\r\n\x1a\n" + bytes(40),
            b"\xff\xd8" + bytes(40),
        ):
            assert image_size(content) is None
