"""The user journey: a newly subscribed team goes from no TikTok connection to ready, all within the wizard."""

from pathlib import Path

from playwright.sync_api import Page, Route, expect

from local.demo.png import png
from local.demo.teams import OWNER, STARTER
from local.tiktok_simulator import STARTER as STARTER_AT_TIKTOK
from local.tiktok_simulator import DemoAdvertiser, Simulator
from tests.browser.wizard_page import NOT_READY, READY, UNVERIFIED, WizardPage

BRAND = "Harbour Winter"


def test_from_no_connection_to_ready(wizard: WizardPage, page: Page, tiktok: Simulator, tmp_path: Path) -> None:
    """A user connects TikTok, returns to the same selection, and creates an identity with an avatar: ready."""
    avatar = tmp_path / "brand.png"
    avatar.write_bytes(png(640, 480))
    wizard.sign_in(STARTER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    expect(wizard.verdict).to_have_text(UNVERIFIED)
    expect(wizard.result_status).to_contain_text("Connect TikTok")

    wizard.card("identity").get_by_role("button", name="Connect TikTok").click()
    page.wait_for_url("**/portal/auth*")
    wizard.allow_as(STARTER_AT_TIKTOK)
    expect(wizard.notices).to_contain_text("TikTok is connected.")
    assert page.url == wizard.url  # without the callback's parameters: a reload does not repeat the notice
    expect(page.get_by_label("Signed in as", exact=True)).to_have_value(STARTER.user_id)
    expect(page.get_by_label("Advertiser", exact=True)).to_have_value(DemoAdvertiser.NOTHING.value)
    expect(wizard.verdict).to_have_text(NOT_READY)

    identity = wizard.card("identity")
    expect(identity).to_contain_text("Missing")
    identity.get_by_role("button", name="Create a custom identity").click()
    expect(identity.get_by_label("Display name")).to_be_focused()
    identity.get_by_label("Display name").fill(BRAND)
    identity.get_by_label("Avatar").set_input_files(avatar)
    expect(identity.get_by_role("img", name="Preview of the avatar")).to_be_visible()
    identity.get_by_role("button", name="Create", exact=True).click()
    expect(wizard.notices).to_contain_text(f"“{BRAND}” was created.")
    expect(wizard.verdict).to_have_text(f"{READY} was: not ready")
    expect(wizard.verdict).to_be_focused()
    expect(wizard.card("identity")).to_contain_text(BRAND)
    expect(wizard.card("identity").locator(".was")).to_have_text("was: missing")
    created = tiktok.world.advertisers[DemoAdvertiser.NOTHING.value].identities
    assert [(entry.display_name, entry.identity_type) for entry in created] == [(BRAND, "CUSTOMIZED_USER")]
    assert created[0].profile_image


def test_keyboard_only(wizard: WizardPage, page: Page) -> None:
    """Tab reaches every control in order, Enter activates it, and arrow keys select a tab."""
    wizard.sign_in(STARTER)
    page.get_by_label("Signed in as", exact=True).focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("tab", name="Preflight")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Readiness")).to_be_focused()
    expect(page.locator("#panel-readiness")).to_be_visible()
    page.keyboard.press("Home")
    expect(page.locator("#panel-preflight")).to_be_visible()
    for label in ("Advertiser", "Objective"):
        page.keyboard.press("Tab")
        expect(page.get_by_label(label, exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(wizard.check_button).to_be_focused()
    page.keyboard.press("Enter")
    expect(wizard.verdict).to_have_text(UNVERIFIED)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(wizard.card("identity").get_by_role("button", name="Connect TikTok")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/portal/auth*")


def test_consent_denied(wizard: WizardPage, page: Page) -> None:
    """A user who denies consent at TikTok reads that nothing is connected, and why."""
    wizard.sign_in(STARTER)
    page.get_by_role("button", name="Connect my TikTok account").click()
    page.wait_for_url("**/portal/auth*")
    page.get_by_role("button", name="Deny").click()
    wizard.wait_until_started()
    expect(wizard.notices).to_contain_text("TikTok is not connected. Access was not granted at TikTok.")


def test_completed_by_nobody_else(wizard: WizardPage, page: Page, tiktok: Simulator) -> None:
    """A user who returns from a consent that another person began reads that nothing was connected."""
    wizard.sign_in(STARTER)
    page.get_by_role("button", name="Connect my TikTok account").click()
    page.wait_for_url("**/portal/auth*")
    redirect = tiktok.consent(page.url, STARTER_AT_TIKTOK)
    location = page.request.get(redirect, max_redirects=0).headers["location"]
    wizard.open()
    wizard.sign_in(OWNER)
    wizard.open(f"?{location.partition('?')[2]}")
    expect(wizard.notices).to_contain_text("TikTok is not connected.")
    expect(wizard.notices).to_contain_text("nothing was connected")
    assert page.url == wizard.url  # without the handle


def test_a_lost_response_is_requested_again(wizard: WizardPage, page: Page) -> None:
    """The first response to the completion is lost; the page repeats the request and shows the connection."""
    wizard.sign_in(STARTER)
    page.get_by_role("button", name="Connect my TikTok account").click()
    page.wait_for_url("**/portal/auth*")
    lost: list[int] = []

    def lose_first(route: Route) -> None:
        response = route.fetch()
        if route.request.method == "POST" and not lost:
            lost.append(response.status)
            route.abort()
        else:
            route.fulfill(response=response)

    page.route("**/connections/complete", lose_first)
    wizard.allow_as(STARTER_AT_TIKTOK)
    expect(wizard.notices).to_contain_text("TikTok is connected.")
    assert lost == [201]


def test_unknown_callback_error(wizard: WizardPage, page: Page) -> None:
    """Callback error codes are an open set: an unknown code has the message of an internal error."""
    wizard.open("?tiktok=error&code=something_new")
    messages = page.request.get(f"{wizard.url}/config.json").json()["callback_errors"]
    expect(wizard.notices).to_contain_text(f"TikTok is not connected. {messages['internal_error']}")
