"""Accessibility of every view of the wizard: axe findings, landmarks, and narrow windows."""

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.sync_api import Page, expect

from tests.browser.wizard_page import VIEWS, WizardPage, fits_width

pytestmark = pytest.mark.deep  # minutes: make test runs only the user journey

IMPACTS = {"serious", "critical"}
WIDTHS = [360, 768, 1600]


def axe_violations(page: Page) -> list[tuple[str, list[str]]]:
    """The serious and critical violations that axe-core reports, each with its elements.

    Results that axe-core marks as incomplete are not violations.
    """
    # axe-core is injected through the debugging protocol: the page's Content-Security-Policy blocks injected scripts.
    results: dict[str, Any] = Axe().run(page).response
    assert results["passes"], "axe-core evaluated no rule"
    return [
        (violation["id"], [node["html"] for node in violation["nodes"]])
        for violation in results["violations"]
        if violation["impact"] in IMPACTS
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_reports_no_serious_violation(wizard: WizardPage, view: str, scheme: Literal["light", "dark"]) -> None:
    """axe-core reports no serious or critical violation in this view."""
    wizard.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    VIEWS[view](wizard)
    assert not axe_violations(wizard.page)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", VIEWS)
def test_view_fits_the_window(wizard: WizardPage, view: str, width: int) -> None:
    """The page does not scroll horizontally: only the readiness list scrolls, within itself."""
    wizard.page.set_viewport_size({"width": width, "height": 740})
    VIEWS[view](wizard)
    assert fits_width(wizard.page)


def test_landmarks_and_skip_link(wizard: WizardPage) -> None:
    """The page has one main landmark, one top heading and one banner, and a link that skips the banner."""
    page = wizard.page
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("banner")).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
