"""TikTok's troubles: whatever goes wrong there, the page says that it could not verify, and never `missing`."""

import pytest
from playwright.sync_api import Page, expect

from local.demo.teams import OWNER
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser
from tests.browser.wizard import READY, UNVERIFIED, Wizard

pytestmark = pytest.mark.deep  # minutes: the story alone is in make test

TROUBLES = {
    "Too many requests for pixels": ("WEB_CONVERSIONS", "pixel"),
    "Silence about identities": ("TRAFFIC", "identity"),
    "Catalogs fail": ("PRODUCT_SALES", "catalog"),
    "Apps break off": ("APP_PROMOTION", "app"),
    "Lead forms are a web page": ("LEAD_GENERATION", "leadForm"),
    "No permission for pixels": ("WEB_CONVERSIONS", "pixel"),
    "Connections break": ("TRAFFIC", "identity"),
    "Everything fails": ("TRAFFIC", "identity"),
    "The token is dead": ("TRAFFIC", "identity"),
}


def test_every_trouble_is_tried(wizard: Wizard) -> None:
    """The drawer has no switch that the tests below leave out."""
    wizard.open_troubles()
    assert wizard.page.get_by_role("switch").count() == len(TROUBLES)


@pytest.mark.parametrize("title", TROUBLES)
def test_could_not_verify(wizard: Wizard, page: Page, title: str) -> None:
    """With one trouble on, an advertiser that has everything cannot be verified; nothing of it is called missing."""
    objective, requirement = TROUBLES[title]
    wizard.become(OWNER)
    wizard.check(DemoAdvertiser.EVERYTHING_READY, objective)
    expect(wizard.verdict).to_have_text(READY)
    wizard.open_troubles()
    wizard.trouble(title)
    expect(page.locator("#troubles-count")).to_have_text("1 on")
    page.keyboard.press("Escape")
    expect(page.locator("#open-troubles")).to_be_focused()
    page.get_by_role("button", name="Check again").first.click()
    expect(wizard.verdict).to_have_text(f"{UNVERIFIED} was: ready")
    expect(wizard.card(requirement)).to_contain_text(UNVERIFIED)
    expect(page.locator("#answer")).not_to_contain_text("Missing")


def test_switched_off_again(wizard: Wizard, page: Page) -> None:
    """Without the trouble the same question is answered as before."""
    wizard.become(OWNER)
    wizard.open_troubles()
    wizard.trouble("Too many requests for pixels")
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "WEB_CONVERSIONS")
    expect(wizard.verdict).to_have_text(UNVERIFIED)
    wizard.trouble("Too many requests for pixels")
    expect(page.locator("#troubles-said")).to_have_text("Everything answers as it should.")
    page.locator("#run").click()
    expect(wizard.verdict).to_have_text(f"{READY} was: could not verify")


def test_starting_over(wizard: Wizard, page: Page, stack: LocalStack) -> None:
    """After a dead token and faults the demo is brought back to its start, once one has said so."""
    wizard.become(OWNER)
    wizard.open_troubles()
    wizard.trouble("The token is dead")
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(wizard.connection(OWNER)).to_have_attribute("data-status", "expired")
    page.get_by_role("button", name="Start the demo over").click()
    page.get_by_role("dialog").get_by_role("button", name="Start over").click()
    expect(wizard.notices).to_contain_text("The demo starts over.")
    expect(wizard.connection(OWNER)).to_have_attribute("data-status", "active")
    assert len(stack.tiktok.faults) == 0


@pytest.mark.parametrize("fails", [False, True])
def test_starting_over_on_a_narrow_window(wizard: Wizard, page: Page, *, fails: bool) -> None:
    """There the drawer covers the page: what came of it can be read all the same."""
    page.set_viewport_size({"width": 360, "height": 740})
    wizard.open_troubles()
    if fails:
        page.route("**/wizard/start-over", lambda route: route.abort())
    page.get_by_role("button", name="Start the demo over").click()
    page.get_by_role("dialog").get_by_role("button", name="Start over").click()
    notice = wizard.notices.locator(".notice")
    expect(notice).to_contain_text("No answer." if fails else "The demo starts over.")
    assert notice.evaluate(
        "(one) => { const { x, y } = one.getBoundingClientRect();"
        " return one.contains(document.elementFromPoint(x + 20, y + 20)); }"
    )
