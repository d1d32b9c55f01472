"""The connections' panel: who has connected TikTok, and ending it."""

import pytest
from playwright.sync_api import Page, expect

from local.demo.teams import MANAGER, MEDIA_BUYER, OWNER
from tests.browser.wizard import Wizard

pytestmark = pytest.mark.deep  # minutes: the story alone is in make test


def test_who_sees_and_may_end_what(wizard: Wizard) -> None:
    """A media buyer sees the own connection; an owner sees the team's and may end each; a manager only the own."""
    wizard.become(MEDIA_BUYER)
    rows = wizard.page.locator(".connections li")
    expect(rows).to_have_count(1)
    expect(wizard.connection(MEDIA_BUYER)).to_contain_text("You: connected")
    wizard.become(OWNER)
    expect(wizard.connection(MEDIA_BUYER).get_by_role("button", name="Disconnect u-buyer")).to_be_visible()
    wizard.become(MANAGER)
    expect(wizard.connection(MEDIA_BUYER)).to_be_visible()
    expect(wizard.page.get_by_role("button", name="Disconnect")).to_have_count(1)


def test_disconnecting_asks_first(wizard: Wizard, page: Page) -> None:
    """Kept unless one confirms; confirmed, it is ended, and the panel and a notice say so."""
    wizard.become(MEDIA_BUYER)
    end = page.get_by_role("button", name="Disconnect my TikTok")
    question = page.get_by_role("dialog", name="Disconnect your TikTok?")
    end.click()
    expect(question.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(wizard.connection(MEDIA_BUYER)).to_have_attribute("data-status", "active")
    end.click()
    question.get_by_role("button", name="Disconnect").click()
    expect(wizard.notices).to_contain_text("TikTok is disconnected.")
    expect(wizard.connection(MEDIA_BUYER)).to_have_attribute("data-status", "revoked")
    expect(page.get_by_role("button", name="Connect my TikTok")).to_be_focused()
