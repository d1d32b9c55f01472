"""Preparing pictures: any bytes become either a square picture that TikTok accepts or a problem with the reason."""

import logging
import struct
import zlib
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from pictures import prepare
from publishing.http.problems import Problem
from publishing.identities.avatars import (
    MAX_DECODED_PIXELS,
    MAX_PIXELS,
    Picture,
)
from tests.support.drawn_pictures import drawn, opened, written

RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 255, 0)
ORIENTATION = 0x0112
NOISE = Image.effect_noise((48, 48), 60)
PNG, JPEG = written(NOISE, "PNG"), written(NOISE, "JPEG")


def problem_of(content: bytes, *, crop: bool = False) -> Problem:
    with pytest.raises(Problem) as caught:
        prepare(content, crop=crop)
    return caught.value


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def striped() -> Image.Image:
    """Return red, green and blue stripes, 30 pixels wide and 10 high, with green in the middle."""
    image = Image.new("RGB", (30, 10), GREEN)
    image.paste(RED, (0, 0, 10, 10))
    image.paste(BLUE, (20, 0, 30, 10))
    return image


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["PNG", "JPEG"]))
def test_a_cropped_picture_is_square_and_keeps_its_format(width: int, height: int, kind: str) -> None:
    """A cropped picture of any size is square, and size, media type and extension describe it."""
    picture = prepare(drawn(width, height, kind=kind), crop=True)
    image = opened(picture.content)
    assert image.format == kind
    assert image.size == picture.size == (min(width, height),) * 2
    assert (picture.media_type, picture.extension) == {
        "PNG": ("image/png", ".png"),
        "JPEG": ("image/jpeg", ".jpg"),
    }[kind]


def test_cropping_changes_no_pixel() -> None:
    """Without scaling a PNG's middle is unchanged, even the colours of transparent pixels."""
    noise = [Image.effect_noise((49, 32), 90) for _ in "RGBA"]
    image = Image.merge("RGBA", noise)
    square = opened(prepare(written(image, "PNG"), crop=True).content)
    assert square.tobytes() == image.crop((8, 0, 40, 32)).tobytes()


@pytest.mark.parametrize("content", [PNG, JPEG, drawn(1, 1), drawn(1920, 1920, "1")])
def test_a_square_picture_is_unchanged(content: bytes) -> None:
    """A square picture is unchanged byte for byte, up to TikTok's maximum size."""
    picture = prepare(content, crop=False)
    assert picture.content == content
    assert picture.size == opened(content).size


@pytest.mark.parametrize(("width", "height"), [(9, 7), (7, 9), (1, 2), (5000, 4000), (9000, 8000)])
def test_a_picture_that_is_not_square_is_rejected(width: int, height: int) -> None:
    """The problem has the actual and the needed size, even for pictures too large to be opened."""
    problem = problem_of(drawn(width, height, "1"))
    side = min(width, height, 1920)
    assert problem.code == "image_not_square"
    assert problem.members == {
        "image": {"width": width, "height": height},
        "needed": {"width": side, "height": side},
    }


def test_a_square_with_too_many_pixels_is_rejected_or_scaled_down() -> None:
    """One pixel too wide: rejected with the maximum, or scaled down to it by crop=center."""
    content = drawn(1921, 1921, "1")
    problem = problem_of(content)
    assert (problem.code, problem.members["max_pixels"]) == ("image_unusable", 3_686_400)
    assert problem.members["image"] == {"width": 1921, "height": 1921}
    assert "1921 x 1921" in problem.detail
    assert "3686400" in problem.detail
    assert prepare(content, crop=True).size == (1920, 1920)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_large_picture_is_cropped_to_the_middle_and_scaled_down(kind: str) -> None:
    """The result shows the middle, also if a JPG is decoded at reduced size."""
    image = striped().resize((12_000, 2_000), Image.Resampling.NEAREST)
    square = opened(prepare(written(image, kind), crop=True).content)
    assert square.size == (1920, 1920)
    colours = [square.convert("RGB").getpixel(at) for at in ((5, 5), (960, 960), (1914, 1914))]
    for colour in colours:
        assert isinstance(colour, tuple)
        assert all(abs(seen - wanted) < 10 for seen, wanted in zip(colour, GREEN, strict=True))


def test_a_large_jpg_keeps_its_detail() -> None:
    """A JPG is never decoded below the size of the resulting square."""
    image = Image.new("L", (4_000, 3_840), 0)
    for left in range(0, 4_000, 8):  # at an eighth of its size everything would be grey
        image.paste(255, (left, 0, left + 4, 3_840))
    square = opened(prepare(written(image, "JPEG"), crop=True).content)
    assert square.size == (1920, 1920)
    darkest, brightest = square.getextrema()
    assert isinstance(darkest, int)
    assert isinstance(brightest, int)
    assert darkest < 50
    assert brightest > 200


def test_a_picture_too_large_to_be_opened_is_rejected_unopened() -> None:
    """A decompression bomb is rejected by the size in its header: the rest of this file is damaged."""
    side = 30_000
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"no pixels")) + chunk(b"IEND", b"")
    for crop, most in ((False, MAX_PIXELS), (True, MAX_DECODED_PIXELS)):
        problem = problem_of(bomb, crop=crop)
        assert (problem.code, problem.members["max_pixels"]) == ("image_unusable", most)


def test_a_decompression_bomb_in_a_text_chunk_is_rejected() -> None:
    """A compressed text chunk of many megabytes is not decompressed."""
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 200_000_000))
    assert problem_of(PNG[:33] + text + PNG[33:]).code == "image_unusable"


@pytest.mark.parametrize("kind", ["GIF", "BMP", "WEBP", "TIFF", "PPM", "ICO", "AVIF", "PDF"])
def test_other_formats_are_recognised_by_content(kind: str) -> None:
    """Other formats are rejected, and the detail names JPG and PNG."""
    for crop in (False, True):
        problem = problem_of(drawn(32, 32, kind=kind), crop=crop)
        assert problem.code == "image_unusable"
        assert "neither a JPG nor a PNG" in problem.detail


@pytest.mark.parametrize("crop", [False, True])
@pytest.mark.parametrize("content", [PNG, JPEG])
def test_a_truncated_file_is_rejected(content: bytes, crop: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A file truncated at any of many positions is image_unusable."""
    for length in range(0, len(content) - 24, 7):
        assert problem_of(content[:length], crop=crop).code == "image_unusable"


@pytest.mark.parametrize("content", [PNG, JPEG])
def test_a_file_without_its_last_bytes_is_rejected(content: bytes) -> None:
    """A file that is uploaded unchanged must be complete to its last byte."""
    for missing in range(1, 17):
        assert problem_of(content[:-missing]).code == "image_unusable"


@pytest.mark.parametrize("content", [PNG, JPEG])
@pytest.mark.parametrize("trailing", [b"\0", b"PK\x05\x06" + b"\0" * 18, b"<script>", JPEG, PNG])
def test_bytes_after_a_picture_are_not_uploaded(content: bytes, trailing: bytes) -> None:
    """A file with trailing bytes is rejected; crop=center keeps only the picture."""
    problem = problem_of(content + trailing)
    assert problem.code == "image_unusable"
    assert "data after the picture" in problem.detail
    alone = prepare(content + trailing, crop=True).content
    assert prepare(alone, crop=False).content == alone


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"quality": 100}])
def test_the_end_of_a_jpg_is_found_in_every_encoding(options: dict[str, Any]) -> None:
    """Several scans, restart markers and embedded thumbnails do not confuse the search for its end."""
    exif = Image.Exif()
    exif[0x9286] = JPEG  # a complete JPG within the metadata
    content = written(NOISE.convert("RGB"), "JPEG", exif=exif, **options)
    assert JPEG in content
    assert prepare(content, crop=False).content == content


def test_an_animated_picture_is_rejected_or_reduced_to_its_first_frame() -> None:
    """An animated picture is rejected; crop=center keeps the first frame."""
    animated = written(
        Image.new("RGB", (8, 8), RED), "PNG", save_all=True, append_images=[Image.new("RGB", (8, 8), BLUE)]
    )
    assert "animated" in problem_of(animated).detail
    still = opened(prepare(animated, crop=True).content)
    assert (getattr(still, "n_frames", 1), still.getpixel((4, 4))) == (1, RED)


def test_the_first_picture_of_a_multi_picture_jpg_is_kept() -> None:
    """Phones write such files with a depth map or a second exposure."""
    several = written(
        Image.new("RGB", (9, 8), RED), "MPO", save_all=True, append_images=[Image.new("RGB", (9, 8), BLUE)]
    )
    square = opened(prepare(several, crop=True).content)
    assert (square.format, square.size) == ("JPEG", (8, 8))
    colour = square.getpixel((4, 4))
    assert isinstance(colour, tuple)
    assert colour[0] > 200


@pytest.mark.parametrize(
    ("mode", "cut"),
    [("1", "L"), ("L", "L"), ("LA", "LA"), ("P", "RGB"), ("RGB", "RGB"), ("RGBA", "RGBA"), ("I;16", "L")],
)
def test_every_kind_of_png_can_be_cropped(mode: str, cut: str) -> None:
    """Palettes are resolved, 16 bits become 8, transparency is kept."""
    assert opened(prepare(drawn(9, 7, mode), crop=True).content).mode == cut


@pytest.mark.parametrize(("mode", "cut"), [("L", "L"), ("RGB", "RGB"), ("CMYK", "RGB")])
def test_every_kind_of_jpg_can_be_cropped(mode: str, cut: str) -> None:
    """CMYK becomes RGB."""
    assert opened(prepare(drawn(9, 7, mode, "JPEG"), crop=True).content).mode == cut


def test_16_bits_keep_their_brightness() -> None:
    """16-bit values are scaled, not clipped."""
    grey = opened(prepare(written(Image.new("I;16", (9, 7), 128 * 257), "PNG"), crop=True).content)
    assert grey.getpixel((3, 3)) == 128


@pytest.mark.parametrize("mode", ["P", "RGB", "L"])
def test_a_transparent_colour_stays_transparent(mode: str) -> None:
    """A PNG that declares one transparent colour keeps it transparent."""
    transparent = (0, 0, 0) if mode == "RGB" else 0
    square = opened(prepare(drawn(9, 7, mode, transparency=transparent), crop=True).content)
    colour = square.convert("RGBA").getpixel((3, 3))
    assert isinstance(colour, tuple)
    assert colour[3] == 0


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_cropped_as_displayed(orientation: int, kind: str) -> None:
    """The EXIF orientation is applied, and the written file has no EXIF data."""
    shown = Image.new("RGB", (64, 64), RED)
    shown.paste(BLUE, (0, 0, 32, 32))
    shown.paste(GREEN, (32, 0, 64, 32))
    undo = {
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }[orientation]
    stored = shown
    for transposition in undo:
        stored = stored.transpose(transposition)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[0x010F] = "camera-maker"
    picture = prepare(written(stored, kind, exif=exif, quality=95), crop=True)
    square = opened(picture.content)
    for at, wanted in (((16, 16), BLUE), ((48, 16), GREEN), ((16, 48), RED), ((48, 48), RED)):
        colour = square.getpixel(at)
        assert isinstance(colour, tuple)
        assert all(abs(seen - one) < 30 for seen, one in zip(colour, wanted, strict=True))
    assert not square.getexif()
    assert b"camera-maker" not in picture.content


@pytest.mark.parametrize(
    ("orientation", "size"), [*((one, (9, 7)) for one in range(1, 5)), *((one, (7, 9)) for one in range(5, 9))]
)
def test_the_reported_size_is_the_displayed_one(orientation: int, size: tuple[int, int]) -> None:
    """The reported size takes the EXIF orientation into account."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    image = problem_of(drawn(9, 7, kind="JPEG", exif=exif)).members["image"]
    assert (image["width"], image["height"]) == size


def test_readable_parts_of_malformed_metadata_are_used() -> None:
    """A tag that points beyond the file does not prevent reading the orientation, and causes no warning."""
    maker = struct.pack("<HHII", 0x010F, 2, 100, 5_000)
    sideways = struct.pack("<HHII", ORIENTATION, 3, 1, 6)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + maker + sideways + bytes(4)
    assert problem_of(drawn(9, 7, kind="JPEG", exif=exif)).members["image"] == {"width": 7, "height": 9}


@pytest.mark.parametrize("content", [drawn(9, 9, kind="JPEG", exif=b"Exif\0\0nonsense"), drawn(9, 9, exif=b"nonsense")])
def test_unreadable_metadata_does_not_reject_a_picture(content: bytes) -> None:
    """Only the pixels matter, cropped or not."""
    assert prepare(content, crop=False).content == content
    assert prepare(content, crop=True).size == (9, 9)


def test_a_colour_profile_is_kept_if_it_applies() -> None:
    """An RGB profile is kept; a CMYK profile is dropped, since the picture becomes RGB."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("PNG", "JPEG"):
        square = opened(prepare(drawn(9, 7, kind=kind, icc_profile=profile), crop=True).content)
        assert square.info.get("icc_profile") == profile
    for_print = profile[:16] + b"CMYK" + profile[20:]
    square = opened(prepare(drawn(9, 7, "CMYK", "JPEG", icc_profile=for_print), crop=True).content)
    assert square.info.get("icc_profile") is None


def test_texts_in_a_file_are_removed_by_cropping() -> None:
    """Texts and comments in a file may be private and are not uploaded."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "somebody-private")
    content = drawn(9, 7, pnginfo=texts)
    assert b"somebody-private" in content
    assert b"somebody-private" not in prepare(content, crop=True).content
    commented = drawn(9, 7, kind="JPEG", comment=b"somebody-private")
    assert b"somebody-private" in commented
    assert b"somebody-private" not in prepare(commented, crop=True).content


def test_pillow_does_not_log_what_it_reads() -> None:
    """At debug level Pillow would log EXIF values."""
    assert not logging.getLogger("PIL.TiffImagePlugin").isEnabledFor(logging.INFO)


@given(st.binary(max_size=400), st.booleans())
@example(b"", False)  # noqa: FBT003 - an argument of @given
def test_any_bytes_become_a_picture_or_a_problem(content: bytes, crop: bool) -> None:  # noqa: FBT001 - as above
    """No bytes cause another error."""
    assert prepared(content, crop=crop) is None


@given(st.sampled_from([PNG, JPEG, drawn(9, 9, "P"), drawn(9, 9, "CMYK", "JPEG", progressive=True)]), st.data())
def test_damaged_pictures_become_a_picture_or_a_problem(whole: bytes, data: st.DataObject) -> None:
    """With bytes overwritten, removed or inserted, the result can be opened, or there is a problem."""
    start = data.draw(st.integers(0, len(whole)), label="start")
    end = start + data.draw(st.integers(0, 8), label="removed")
    content = whole[:start] + data.draw(st.binary(max_size=8), label="inserted") + whole[end:]
    assume(content != whole)
    picture = prepared(content, crop=data.draw(st.booleans(), label="crop"))
    if picture is not None:
        assert picture.size.square
        assert picture.size.pixels <= MAX_PIXELS
        assert opened(picture.content).width == picture.size.width


def prepared(content: bytes, *, crop: bool) -> Picture | None:
    """Return the prepared picture; None for one of the problems of a file."""
    try:
        return prepare(content, crop=crop)
    except Problem as problem:
        if problem.code not in {"image_unusable", "image_not_square"}:
            raise
        return None
