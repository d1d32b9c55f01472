"""The story: a team that has just subscribed gets from nothing to ready without leaving the wizard but for TikTok."""

from pathlib import Path

from playwright.sync_api import Page, expect

from local.demo.png import png
from local.demo.teams import STARTER
from local.tiktok_simulator import STARTER as STARTER_AT_TIKTOK
from local.tiktok_simulator import DemoAdvertiser, Simulator
from tests.browser.wizard import NOT_READY, READY, UNVERIFIED, Wizard

BRAND = "Harbour Winter"


def test_from_no_token_to_ready(wizard: Wizard, page: Page, tiktok: Simulator, tmp_path: Path) -> None:
    """Connecting, coming back to the same choice, creating an identity with an avatar: and the ad can be published."""
    picture = tmp_path / "brand.png"
    picture.write_bytes(png(640, 480))
    wizard.become(STARTER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    expect(wizard.verdict).to_have_text(UNVERIFIED)
    expect(wizard.said).to_contain_text("Connect TikTok")

    wizard.card("identity").get_by_role("button", name="Connect TikTok").click()
    page.wait_for_url("**/portal/auth*")
    wizard.connect_as(STARTER_AT_TIKTOK)
    expect(wizard.notices).to_contain_text("TikTok is connected.")
    assert page.url == wizard.url  # what TikTok said is told once, not at every reload
    expect(page.get_by_label("You are", exact=True)).to_have_value(STARTER.user_id)
    expect(page.get_by_label("Advertiser", exact=True)).to_have_value(DemoAdvertiser.NOTHING.value)
    expect(wizard.verdict).to_have_text(NOT_READY)

    identity = wizard.card("identity")
    expect(identity).to_contain_text("Missing")
    identity.get_by_role("button", name="Create a custom identity").click()
    expect(identity.get_by_label("Name that the ad shows")).to_be_focused()
    identity.get_by_label("Name that the ad shows").fill(BRAND)
    identity.get_by_label("Avatar").set_input_files(picture)
    expect(identity.get_by_role("img", name="The middle of the chosen picture")).to_be_visible()
    identity.get_by_role("button", name="Create", exact=True).click()
    expect(wizard.notices).to_contain_text(f"“{BRAND}” was created.")
    expect(wizard.verdict).to_have_text(f"{READY} was: not ready")
    expect(wizard.verdict).to_be_focused()
    expect(wizard.card("identity")).to_contain_text(BRAND)
    expect(wizard.card("identity").locator(".was")).to_have_text("was: missing")
    made = tiktok.world.advertisers[DemoAdvertiser.NOTHING.value].identities
    assert [(one.display_name, one.identity_type) for one in made] == [(BRAND, "CUSTOMIZED_USER")]
    assert made[0].profile_image


def test_played_with_the_keyboard_alone(wizard: Wizard, page: Page) -> None:
    """Everything is reached in order with Tab, and pressed with Enter; the tabs move with arrows."""
    wizard.become(STARTER)
    page.get_by_label("You are", exact=True).focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("tab", name="Preflight")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Readiness board")).to_be_focused()
    expect(page.locator("#panel-board")).to_be_visible()
    page.keyboard.press("Home")
    expect(page.locator("#panel-preflight")).to_be_visible()
    for label in ("Advertiser", "Objective"):
        page.keyboard.press("Tab")
        expect(page.get_by_label(label, exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#run")).to_be_focused()
    page.keyboard.press("Enter")
    expect(wizard.verdict).to_have_text(UNVERIFIED)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(wizard.card("identity").get_by_role("button", name="Connect TikTok")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/portal/auth*")


def test_denied_at_tiktok(wizard: Wizard, page: Page) -> None:
    """Who says no at TikTok is told that nothing is connected, and what to do."""
    wizard.become(STARTER)
    page.get_by_role("button", name="Connect my TikTok").click()
    page.wait_for_url("**/portal/auth*")
    page.get_by_role("button", name="Deny").click()
    wizard.wait_until_started()
    expect(wizard.notices).to_contain_text("TikTok is not connected. The access was not granted at TikTok.")


def test_a_code_that_the_page_does_not_know(wizard: Wizard) -> None:
    """The codes of a return are an open set: an unknown one is a fault of ours, in words."""
    wizard.open("?tiktok=error&code=something_new")
    expect(wizard.notices).to_contain_text("TikTok is not connected. A fault of ours.")
