"""Keyboard focus: it stays on a usable element while the page updates."""

import pytest
from playwright.sync_api import Page, expect

from local.demo.teams import MEDIA_BUYER, OWNER
from local.tiktok_simulator import DemoAdvertiser, Fault, FaultKind, Simulator
from tests.browser.wizard_page import HeldRequests, WizardPage, recorded_requests

pytestmark = pytest.mark.deep  # minutes: make test runs only the user journey


def test_check_button_keeps_the_focus(wizard: WizardPage, page: Page) -> None:
    """The button keeps the focus during and after a check, and a second Enter during a check sends no request."""
    wizard.sign_in(OWNER)
    held = HeldRequests(page, "/publish-check")
    wizard.check_button.focus()
    with recorded_requests(page, "GET", "/publish-check") as requests:
        page.keyboard.press("Enter")
        held.wait()
        expect(wizard.check_button).to_be_disabled()
        expect(wizard.check_button).to_be_focused()
        page.keyboard.press("Enter")
        held.release()
        wizard.wait_for_answer()
    assert len(requests) == 1
    expect(wizard.check_button).to_be_focused()


def test_focus_after_a_failed_second_check(wizard: WizardPage, page: Page, tiktok: Simulator) -> None:
    """If the card with the clicked button is removed, the check button of the form gets the focus."""
    wizard.sign_in(MEDIA_BUYER)
    tiktok.faults.add(Fault(path="pixel/list/", kind=FaultKind.CODE, code=40100))
    wizard.check(DemoAdvertiser.UNBOUND_PIXELS, "WEB_CONVERSIONS")
    page.route("**/publish-check?*", lambda route: route.abort())
    wizard.card("pixel").get_by_role("button", name="Check again").press("Enter")
    expect(wizard.answer.locator(".notice")).to_contain_text("No response.")
    expect(wizard.check_button).to_be_focused()


def test_focus_after_connections_refresh(wizard: WizardPage, page: Page) -> None:
    """A refresh of the connections after a check restores the focus to the same connection's button."""
    wizard.sign_in(OWNER)
    disconnect = page.get_by_role("button", name="Disconnect u-buyer")
    expect(disconnect).to_be_visible()
    held = HeldRequests(page, "/connections")
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    held.wait()
    disconnect.focus()
    before = disconnect.element_handle()
    held.release()
    page.wait_for_function("(element) => !element.isConnected", arg=before)
    expect(disconnect).to_be_focused()


def test_focus_after_readiness_list_fails(wizard: WizardPage, page: Page) -> None:
    """If the focused list cannot be refreshed, the error gets the focus; after a successful refresh the list does."""
    wizard.sign_in(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    wizard.open_readiness()
    wizard.cell(DemoAdvertiser.NOTHING, "TRAFFIC").wait_for()
    region = page.get_by_role("region", name="Last known readiness")
    region.focus()
    page.route("**/readiness?*", lambda route: route.abort())
    expect(wizard.readiness_list.get_by_role("alert")).to_be_focused()
    page.unroute("**/readiness?*")
    expect(region).to_be_focused()


def test_focus_after_failed_identity_creation(wizard: WizardPage, tiktok: Simulator) -> None:
    """The create button keeps the focus for a retry, and the error includes the time to wait."""
    wizard.sign_in(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    form = wizard.open_identity_form()
    tiktok.faults.add(Fault(path="identity/create/", kind=FaultKind.CODE, code=40100))
    form.get_by_role("button", name="Create", exact=True).press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("after the time in Retry-After. Retry-After: ")
    expect(form.get_by_role("button", name="Create", exact=True)).to_be_focused()


def test_check_all_button_keeps_the_focus(wizard: WizardPage) -> None:
    """The button keeps the focus until all advertisers are checked."""
    wizard.sign_in(MEDIA_BUYER)
    wizard.open_readiness()
    wizard.check_all_button.press("Enter")
    expect(wizard.check_all_button).to_contain_text("Checking ")
    expect(wizard.check_all_button).to_have_text("Check all my advertisers")
    expect(wizard.check_all_button).to_be_focused()
