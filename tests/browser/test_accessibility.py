"""Every view of the wizard: axe finds nothing serious, light and dark, and all fits the window."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.views import VIEWS
from tests.browser.wizard import Wizard

pytestmark = pytest.mark.deep  # minutes: the story alone is in make test

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
SERIOUS = {"serious", "critical"}
NARROW = 360


def serious_findings(page: Page) -> list[tuple[str, list[str]]]:
    """What axe-core calls serious or critical, with the elements; what it cannot decide about is none."""
    # Through the debugger: the page's own policy lets no script in.
    found = page.evaluate(f"() => {{ {AXE}; return window.axe.run(); }}")
    assert found["passes"]
    return [
        (one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"] if one["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious(wizard: Wizard, view: str, scheme: Literal["light", "dark"]) -> None:
    """No serious or critical finding of axe-core in this view."""
    wizard.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    VIEWS[view](wizard)
    assert not serious_findings(wizard.page)


@pytest.mark.parametrize("width", [NARROW, 768, 1600])
@pytest.mark.parametrize("view", VIEWS)
def test_no_scrolling_sideways(wizard: Wizard, view: str, width: int) -> None:
    """Whatever is shown fits into the window; the board alone scrolls within itself."""
    wizard.page.set_viewport_size({"width": width, "height": 740})
    VIEWS[view](wizard)
    assert wizard.is_as_wide_as_its_window()


def test_reached_by_landmarks(wizard: Wizard) -> None:
    """One main part with one main heading, a banner, and a way past it."""
    page = wizard.page
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("banner")).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
