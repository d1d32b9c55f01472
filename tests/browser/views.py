"""Each view of the page, and how one gets there."""

from collections.abc import Callable, Mapping

from playwright.sync_api import expect

from local.demo.teams import MEDIA_BUYER, OWNER, STARTER
from local.tiktok_simulator import DemoAdvertiser
from tests.browser.wizard import NOT_READY, READY, UNVERIFIED, Wizard


def _at_first(wizard: Wizard) -> None:
    expect(wizard.page.locator(".empty").first).to_be_visible()


def _ready(wizard: Wizard) -> None:
    wizard.become(OWNER)
    wizard.check(DemoAdvertiser.SUSPENDED, "PRODUCT_SALES")
    expect(wizard.verdict).to_have_text(READY)
    wizard.page.locator(".details summary").click()


def _not_ready(wizard: Wizard) -> None:
    wizard.become(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "WEB_CONVERSIONS")
    expect(wizard.verdict).to_have_text(NOT_READY)


def _not_connected(wizard: Wizard) -> None:
    wizard.become(STARTER)
    wizard.check(DemoAdvertiser.NOTHING, "WEB_CONVERSIONS")
    expect(wizard.verdict).to_have_text(UNVERIFIED)


def _creating(wizard: Wizard) -> None:
    _not_ready(wizard)
    wizard.page.get_by_role("button", name="Create a custom identity").click()
    wizard.page.get_by_label("Name that the ad shows").fill("A name that is longer than it may be for an ad")
    expect(wizard.page.locator("#identity-cut")).not_to_be_empty()


def _refused(wizard: Wizard) -> None:
    wizard.become(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.FOREIGN, "TRAFFIC")
    wizard.page.locator("#answer .notice summary").click()


def _unverified(wizard: Wizard) -> None:
    wizard.become(OWNER)
    wizard.open_troubles()
    wizard.trouble("Too many requests for pixels")
    wizard.page.keyboard.press("Escape")
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "WEB_CONVERSIONS")
    expect(wizard.verdict).to_have_text(UNVERIFIED)


def _drawer(wizard: Wizard) -> None:
    _unverified(wizard)
    wizard.open_troubles()


def _question(wizard: Wizard) -> None:
    wizard.become(OWNER)
    wizard.page.get_by_role("button", name="Disconnect my TikTok").click()


def _board(wizard: Wizard) -> None:
    wizard.become(MEDIA_BUYER)
    wizard.open_board()
    wizard.page.get_by_role("button", name="Check all my advertisers").click()
    expect(wizard.page.get_by_role("button", name="Check all my advertisers")).to_be_enabled()
    expect(wizard.cell(DemoAdvertiser.NOTHING, "TRAFFIC")).to_be_visible()


VIEWS: Mapping[str, Callable[[Wizard], None]] = {
    "at-first": _at_first,
    "ready": _ready,
    "not-ready": _not_ready,
    "not-connected": _not_connected,
    "creating": _creating,
    "refused": _refused,
    "unverified": _unverified,
    "drawer": _drawer,
    "question": _question,
    "board": _board,
}
