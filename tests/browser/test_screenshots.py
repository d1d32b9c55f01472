"""The pictures of the docs, made only where SCREENSHOTS=write asks for them."""

import io
import os
from dataclasses import dataclass
from typing import Literal

import pytest
from PIL import Image

from local.paths import ROOT
from tests.browser.views import VIEWS
from tests.browser.wizard import Wizard

FOLDER = ROOT / "docs" / "screenshots"
COLOURS = 96
WIDE, NARROW = (1200, 760), (360, 720)
LARGEST_BYTES = 100_000

pytestmark = [
    pytest.mark.deep,
    pytest.mark.skipif(os.environ.get("SCREENSHOTS") != "write", reason="pictures are made by SCREENSHOTS=write alone"),
]


@dataclass(frozen=True)
class Shot:
    """A view, how wide, in which colours."""

    view: str
    size: tuple[int, int]
    scheme: Literal["light", "dark"]

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{self.view}-{'wide' if self.size == WIDE else 'narrow'}-{self.scheme}.png"


SHOTS = [
    Shot("ready", WIDE, "light"),
    Shot("not-ready", WIDE, "light"),
    Shot("not-ready", WIDE, "dark"),
    Shot("drawer", WIDE, "light"),
    Shot("board", WIDE, "light"),
    Shot("board", WIDE, "dark"),
    Shot("creating", NARROW, "light"),
    Shot("unverified", NARROW, "dark"),
]


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
def test_a_picture_of(wizard: Wizard, shot: Shot) -> None:
    """The view is drawn into a file small enough for a repository."""
    width, height = shot.size
    wizard.page.set_viewport_size({"width": width, "height": height})
    wizard.page.emulate_media(color_scheme=shot.scheme, reduced_motion="reduce")
    VIEWS[shot.view](wizard)
    if shot.size == NARROW:
        wizard.page.locator(".verdict").evaluate("element => element.scrollIntoView()")
    with Image.open(io.BytesIO(wizard.page.screenshot(animations="disabled"))) as drawn:
        picture = drawn.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    FOLDER.mkdir(exist_ok=True)
    picture.save(FOLDER / shot.name, optimize=True)
    assert (FOLDER / shot.name).stat().st_size < LARGEST_BYTES
