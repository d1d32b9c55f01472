"""The readiness list: last known readiness, its age, and live updates."""

import pytest
from playwright.sync_api import Page, expect

from local.demo.teams import MEDIA_BUYER, OWNER, TEAM
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser, Pixel, Simulator
from tests.browser.wizard_page import WizardPage

pytestmark = pytest.mark.deep  # minutes: make test runs only the user journey


def test_event_updates_the_list(wizard: WizardPage, page: Page, stack: LocalStack, tiktok: Simulator) -> None:
    """A scheduled check that finds a change publishes an event: the cell changes, and screen readers announce it."""
    wizard.sign_in(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "WEB_CONVERSIONS")
    wizard.open_readiness()
    expect(page.locator("#stream-state")).to_contain_text("Live")
    cell = wizard.cell(DemoAdvertiser.NOTHING, "WEB_CONVERSIONS")
    expect(cell).to_contain_text("Missing: identity, pixel")
    tiktok.world.advertisers[DemoAdvertiser.NOTHING.value].pixels = [Pixel("7500000000000000123", "Web shop")]
    stack.background.make_due(TEAM)
    stack.background.sweep()
    expect(page.locator("#events")).to_contain_text("TikTok Readiness Changed Nothing resolved: pixel")
    expect(cell.locator(".cell-label")).to_have_text("Missing: identity")
    expect(cell).to_have_attribute("data-changed-recently", "")
    expect(page.locator("#readiness-status")).to_contain_text("Nothing, Web conversions: missing: identity")


def test_polls_without_an_event_stream(wizard: WizardPage, page: Page, stack: LocalStack) -> None:
    """Without the event stream the list refreshes at an interval, and the page displays this."""
    page.route("**/wizard/events", lambda route: route.abort())
    page.reload()
    wizard.wait_until_started()
    wizard.sign_in(MEDIA_BUYER)
    wizard.open_readiness()
    expect(page.locator("#stream-state")).to_contain_text("Refreshing every few seconds")
    expect(wizard.readiness_list).to_contain_text("No readiness data yet.")
    answer = page.request.get(
        f"{stack.base_url}/api/v1/tiktok/publish-check?advertiser_id={DemoAdvertiser.NOTHING.value}&objective=TRAFFIC",
        headers=stack.bearer(MEDIA_BUYER),
    )
    assert answer.ok
    expect(wizard.cell(DemoAdvertiser.NOTHING, "TRAFFIC")).to_contain_text("Missing: identity")


def test_table_with_headers_and_ages(wizard: WizardPage, page: Page) -> None:
    """Rows are headed by advertisers and columns by objectives; each cell has a state and the time since it changed."""
    wizard.sign_in(OWNER)
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    wizard.open_readiness()
    row = page.get_by_role("rowheader", name="Everything ready")
    expect(row).to_contain_text("checked")
    expect(page.get_by_role("columnheader")).to_have_count(1 + page.locator("#objective option").count())
    cell = wizard.cell(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(cell.locator(".cell-label")).to_have_text("Ready")
    expect(cell.locator(".cell-age")).to_contain_text("for ")


def test_check_all(wizard: WizardPage) -> None:
    """One click adds all advertisers that the user can access to the list."""
    wizard.sign_in(MEDIA_BUYER)
    wizard.open_readiness()
    wizard.check_all_button.click()
    expect(wizard.check_all_button).to_be_enabled()
    expect(wizard.cell(DemoAdvertiser.GPPPA, "TRAFFIC")).to_contain_text("Missing: identity")
    expect(wizard.cell(DemoAdvertiser.CUSTOM_RESTRICTED, "TRAFFIC")).to_contain_text("Ready, at risk: identity")
