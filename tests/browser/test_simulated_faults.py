"""Simulated faults: if TikTok fails, the page reports "Could not verify" and never "Missing"."""

import pytest
from playwright.sync_api import Page, expect

from local.demo.teams import OWNER
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser
from tests.browser.wizard_page import READY, UNVERIFIED, WizardPage

pytestmark = pytest.mark.deep  # minutes: make test runs only the user journey

FAULTS = {
    "Rate limit on pixels": ("WEB_CONVERSIONS", "pixel"),
    "Timeout on identities": ("TRAFFIC", "identity"),
    "Server error on catalogs": ("PRODUCT_SALES", "catalog"),
    "Truncated JSON on apps": ("APP_PROMOTION", "app"),
    "HTML on lead forms": ("LEAD_GENERATION", "leadForm"),
    "No permission for pixels": ("WEB_CONVERSIONS", "pixel"),
    "Connection resets": ("TRAFFIC", "identity"),
    "Server errors everywhere": ("TRAFFIC", "identity"),
    "Invalid token": ("TRAFFIC", "identity"),
}
"""The drawer's faults by title, each with an objective and the prerequisite that cannot be verified."""


def test_every_fault_is_tested(wizard: WizardPage) -> None:
    """The drawer contains exactly as many faults as this module tests."""
    wizard.open_faults()
    assert wizard.page.get_by_role("switch").count() == len(FAULTS)


@pytest.mark.parametrize("title", FAULTS)
def test_could_not_verify(wizard: WizardPage, page: Page, title: str) -> None:
    """With one fault on, an advertiser that is ready cannot be verified, and nothing is reported missing."""
    objective, requirement = FAULTS[title]
    wizard.sign_in(OWNER)
    wizard.check(DemoAdvertiser.EVERYTHING_READY, objective)
    expect(wizard.verdict).to_have_text(READY)
    wizard.open_faults()
    wizard.toggle_fault(title)
    expect(page.locator("#faults-count")).to_have_text("1 on")
    page.keyboard.press("Escape")
    expect(page.locator("#open-faults")).to_be_focused()
    page.get_by_role("button", name="Check again").first.click()
    expect(wizard.verdict).to_have_text(f"{UNVERIFIED} was: ready")
    expect(wizard.card(requirement)).to_contain_text(UNVERIFIED)
    expect(wizard.answer).not_to_contain_text("Missing")


def test_fault_switched_off(wizard: WizardPage) -> None:
    """After the fault is switched off, the same question has the same answer as before."""
    wizard.sign_in(OWNER)
    wizard.open_faults()
    wizard.toggle_fault("Rate limit on pixels")
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "WEB_CONVERSIONS")
    expect(wizard.verdict).to_have_text(UNVERIFIED)
    wizard.toggle_fault("Rate limit on pixels")
    expect(wizard.faults_status).to_have_text("All faults are off.")
    wizard.check_button.click()
    expect(wizard.verdict).to_have_text(f"{READY} was: could not verify")


def test_reset_demo(wizard: WizardPage, stack: LocalStack) -> None:
    """A confirmed reset switches off all faults and restores a connection whose token became invalid."""
    wizard.sign_in(OWNER)
    wizard.open_faults()
    wizard.toggle_fault("Invalid token")
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(wizard.connection(OWNER)).to_have_attribute("data-status", "expired")
    wizard.reset_demo()
    expect(wizard.notices).to_contain_text("The demo was reset.")
    expect(wizard.connection(OWNER)).to_have_attribute("data-status", "active")
    assert len(stack.tiktok.faults) == 0


@pytest.mark.parametrize("fails", [False, True])
def test_reset_demo_in_a_narrow_window(wizard: WizardPage, page: Page, *, fails: bool) -> None:
    """In a narrow window, where the drawer covers the page, the notice about the reset is visible."""
    page.set_viewport_size({"width": 360, "height": 740})
    wizard.open_faults()
    if fails:
        page.route("**/wizard/start-over", lambda route: route.abort())
    wizard.reset_demo()
    notice = wizard.notices.locator(".notice")
    expect(notice).to_contain_text("No response." if fails else "The demo was reset.")
    assert notice.evaluate(
        "(element) => { const { x, y } = element.getBoundingClientRect();"
        " return element.contains(document.elementFromPoint(x + 20, y + 20)); }"
    )
