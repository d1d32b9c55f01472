"""The readiness board: what is known, its age, and how it changes while one looks."""

import pytest
from playwright.sync_api import Page, expect

from local.demo.teams import MEDIA_BUYER, OWNER, TEAM
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser, Pixel, Simulator
from tests.browser.wizard import Wizard

pytestmark = pytest.mark.deep  # minutes: the story alone is in make test


def test_changes_while_one_looks(wizard: Wizard, page: Page, stack: LocalStack, tiktok: Simulator) -> None:
    """A look of the service finds something new: the bus tells, the cell changes, and a screen reader hears it."""
    wizard.become(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "WEB_CONVERSIONS")
    wizard.open_board()
    expect(page.locator("#live")).to_contain_text("Live")
    cell = wizard.cell(DemoAdvertiser.NOTHING, "WEB_CONVERSIONS")
    expect(cell).to_contain_text("Missing: identity, pixel")
    tiktok.world.advertisers[DemoAdvertiser.NOTHING.value].pixels = [Pixel("7500000000000000123", "Web shop")]
    stack.background.make_due(TEAM)
    stack.background.sweep()
    expect(page.locator("#told")).to_contain_text("TikTok Readiness Changed Nothing there again: pixel")
    expect(cell.locator(".cell-words")).to_have_text("Missing: identity")
    expect(cell).to_have_attribute("data-lately", "")
    expect(page.locator("#board-said")).to_contain_text("Nothing, Web conversions: missing: identity")


def test_polls_where_no_events_come(wizard: Wizard, page: Page, stack: LocalStack) -> None:
    """Without the stream of events the board asks again by itself, and says that it does."""
    page.route("**/wizard/events", lambda route: route.abort())
    page.reload()
    wizard.wait_until_started()
    wizard.become(MEDIA_BUYER)
    wizard.open_board()
    expect(page.locator("#live")).to_contain_text("asked again every few seconds")
    expect(page.locator("#board")).to_contain_text("Nothing is known yet.")
    answer = page.request.get(
        f"{stack.base_url}/api/v1/tiktok/publish-check?advertiser_id={DemoAdvertiser.NOTHING.value}&objective=TRAFFIC",
        headers=stack.bearer(MEDIA_BUYER),
    )
    assert answer.ok
    expect(wizard.cell(DemoAdvertiser.NOTHING, "TRAFFIC")).to_contain_text("Missing: identity")


def test_a_table_with_headers_and_ages(wizard: Wizard, page: Page) -> None:
    """Advertisers head rows, objectives columns; each cell has a state in words and since when it is so."""
    wizard.become(OWNER)
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    wizard.open_board()
    row = page.get_by_role("rowheader", name="Everything ready")
    expect(row).to_contain_text("checked")
    expect(page.get_by_role("columnheader")).to_have_count(1 + page.locator("#objective option").count())
    cell = wizard.cell(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(cell.locator(".cell-words")).to_have_text("Ready")
    expect(cell.locator(".cell-age")).to_contain_text("for ")


def test_checking_all(wizard: Wizard, page: Page) -> None:
    """One press fills the board with what a person reaches."""
    wizard.become(MEDIA_BUYER)
    wizard.open_board()
    page.get_by_role("button", name="Check all my advertisers").click()
    expect(page.get_by_role("button", name="Check all my advertisers")).to_be_enabled()
    expect(wizard.cell(DemoAdvertiser.GPPPA, "TRAFFIC")).to_contain_text("Missing: identity")
    expect(wizard.cell(DemoAdvertiser.CUSTOM_RESTRICTED, "TRAFFIC")).to_contain_text("Ready, at risk: identity")
