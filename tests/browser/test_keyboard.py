"""Who works with the keyboard keeps their place."""

import pytest
from playwright.sync_api import Page, expect

from local.demo.teams import MEDIA_BUYER, OWNER
from local.tiktok_simulator import DemoAdvertiser, Fault, FaultKind, Simulator
from tests.browser.held import Held, asked
from tests.browser.wizard import Wizard

pytestmark = pytest.mark.deep  # minutes: the story alone is in make test


def test_the_one_button_keeps_the_focus(wizard: Wizard, page: Page) -> None:
    """While TikTok is asked and after, so that Enter checks again; meanwhile it is not pressed twice."""
    wizard.become(OWNER)
    run = page.locator("#run")
    held = Held(page, "/publish-check")
    run.focus()
    with asked(page, "GET", "/publish-check") as sent:
        page.keyboard.press("Enter")
        held.wait()
        expect(run).to_be_disabled()
        expect(run).to_be_focused()
        page.keyboard.press("Enter")
        held.release()
        wizard.wait_for_answer()
    assert len(sent) == 1
    expect(run).to_be_focused()


def test_checking_again_in_vain(wizard: Wizard, page: Page, tiktok: Simulator) -> None:
    """The card with the button is gone: the focus goes to the button that is still there."""
    wizard.become(MEDIA_BUYER)
    tiktok.faults.add(Fault(path="pixel/list/", kind=FaultKind.CODE, code=40100))
    wizard.check(DemoAdvertiser.UNBOUND_PIXELS, "WEB_CONVERSIONS")
    page.route("**/publish-check?*", lambda route: route.abort())
    wizard.card("pixel").get_by_role("button", name="Check again").press("Enter")
    expect(page.locator("#answer .notice")).to_contain_text("No answer.")
    expect(page.locator("#run")).to_be_focused()


def test_connections_that_are_read_again(wizard: Wizard, page: Page) -> None:
    """After a check; whoever is on one of their buttons by then stays there."""
    wizard.become(OWNER)
    end = page.get_by_role("button", name="Disconnect u-buyer")
    expect(end).to_be_visible()
    held = Held(page, "/connections")
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    held.wait()
    end.focus()
    first = end.element_handle()
    held.release()
    page.wait_for_function("(one) => !one.isConnected", arg=first)
    expect(end).to_be_focused()


def test_a_board_that_cannot_be_read_again(wizard: Wizard, page: Page) -> None:
    """Whoever scrolls it by keyboard is on what is shown instead, and on the board again once it is back."""
    wizard.become(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    wizard.open_board()
    wizard.cell(DemoAdvertiser.NOTHING, "TRAFFIC").wait_for()
    region = page.get_by_role("region", name="What is known, without asking TikTok")
    region.focus()
    page.route("**/readiness", lambda route: route.abort())
    expect(page.locator("#board").get_by_role("alert")).to_be_focused()
    page.unroute("**/readiness")
    expect(region).to_be_focused()


def test_a_refused_creation(wizard: Wizard, tiktok: Simulator) -> None:
    """The button keeps the focus for another try, and the time to wait is said."""
    wizard.become(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    form = wizard.named_creation()
    tiktok.faults.add(Fault(path="identity/create/", kind=FaultKind.CODE, code=40100))
    form.get_by_role("button", name="Create", exact=True).press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("after the time in Retry-After. Retry-After: ")
    expect(form.get_by_role("button", name="Create", exact=True)).to_be_focused()


def test_checking_all(wizard: Wizard, page: Page) -> None:
    """Its button keeps the focus through all the advertisers."""
    wizard.become(MEDIA_BUYER)
    wizard.open_board()
    page.locator("#check-all").press("Enter")
    expect(page.locator("#check-all")).to_contain_text("Checking ")
    expect(page.locator("#check-all")).to_have_text("Check all my advertisers")
    expect(page.locator("#check-all")).to_be_focused()
