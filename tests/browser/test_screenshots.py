"""Writes the screenshots of the docs. Runs only with SCREENSHOTS=write."""

import io
import os
from dataclasses import dataclass
from typing import Literal

import pytest
from PIL import Image

from local.paths import ROOT
from tests.browser.wizard_page import VIEWS, WizardPage

FOLDER = ROOT / "docs" / "screenshots"
COLORS = 96
WIDE, NARROW = (1200, 760), (360, 720)
MAX_BYTES = 100_000

pytestmark = [
    pytest.mark.deep,
    pytest.mark.skipif(os.environ.get("SCREENSHOTS") != "write", reason="only SCREENSHOTS=write writes screenshots"),
]


@dataclass(frozen=True)
class Screenshot:
    """A view, its window size and its color scheme."""

    view: str
    size: tuple[int, int]
    scheme: Literal["light", "dark"]

    @property
    def file_name(self) -> str:
        """The file name in the folder of screenshots."""
        return f"{self.view}-{'wide' if self.size == WIDE else 'narrow'}-{self.scheme}.png"


SCREENSHOTS = [
    Screenshot("ready", WIDE, "light"),
    Screenshot("not-ready", WIDE, "light"),
    Screenshot("not-ready", WIDE, "dark"),
    Screenshot("faults", WIDE, "light"),
    Screenshot("readiness", WIDE, "light"),
    Screenshot("readiness", WIDE, "dark"),
    Screenshot("identity-form", NARROW, "light"),
    Screenshot("unverified", NARROW, "dark"),
]


@pytest.mark.parametrize("screenshot", SCREENSHOTS, ids=lambda screenshot: screenshot.file_name)
def test_write_screenshot(wizard: WizardPage, screenshot: Screenshot) -> None:
    """The screenshot of the view is smaller than 100 kB."""
    width, height = screenshot.size
    wizard.page.set_viewport_size({"width": width, "height": height})
    wizard.page.emulate_media(color_scheme=screenshot.scheme, reduced_motion="reduce")
    VIEWS[screenshot.view](wizard)
    if screenshot.size == NARROW:
        wizard.page.locator(".verdict").evaluate("element => element.scrollIntoView()")
    with Image.open(io.BytesIO(wizard.page.screenshot(animations="disabled"))) as image:
        reduced = image.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    FOLDER.mkdir(exist_ok=True)
    reduced.save(FOLDER / screenshot.file_name, optimize=True)
    assert (FOLDER / screenshot.file_name).stat().st_size < MAX_BYTES
