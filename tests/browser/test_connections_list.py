"""The list of TikTok connections: who sees which connections, and disconnecting."""

import pytest
from playwright.sync_api import Page, expect

from local.demo.teams import MANAGER, MEDIA_BUYER, OWNER
from tests.browser.wizard_page import WizardPage

pytestmark = pytest.mark.deep  # minutes: make test runs only the user journey


def test_visible_connections_and_buttons_by_role(wizard: WizardPage) -> None:
    """A media buyer sees only their own connection. Owners and managers see the team's; only owners can end them."""
    wizard.sign_in(MEDIA_BUYER)
    rows = wizard.page.locator(".connections li")
    expect(rows).to_have_count(1)
    expect(wizard.connection(MEDIA_BUYER)).to_contain_text("You: connected")
    wizard.sign_in(OWNER)
    expect(wizard.connection(MEDIA_BUYER).get_by_role("button", name="Disconnect u-buyer")).to_be_visible()
    wizard.sign_in(MANAGER)
    expect(wizard.connection(MEDIA_BUYER)).to_be_visible()
    expect(wizard.page.get_by_role("button", name="Disconnect")).to_have_count(1)


def test_disconnecting_requires_confirmation(wizard: WizardPage, page: Page) -> None:
    """Escape keeps the connection. Confirmation ends it, and the list and a notice show this."""
    wizard.sign_in(MEDIA_BUYER)
    disconnect = page.get_by_role("button", name="Disconnect my TikTok account")
    dialog = page.get_by_role("dialog", name="Disconnect your TikTok account?")
    disconnect.click()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(wizard.connection(MEDIA_BUYER)).to_have_attribute("data-status", "active")
    disconnect.click()
    dialog.get_by_role("button", name="Disconnect").click()
    expect(wizard.notices).to_contain_text("TikTok is disconnected.")
    expect(wizard.connection(MEDIA_BUYER)).to_have_attribute("data-status", "revoked")
    expect(page.get_by_role("button", name="Connect my TikTok account")).to_be_focused()
