"""The preflight's answer: cards, fixes, warnings, details and errors."""

import pytest
from playwright.sync_api import Page, expect

from local.demo.teams import MANAGER, MEDIA_BUYER, OWNER, TRAINEE, UNPAID_OWNER
from local.tiktok_simulator import DemoAdvertiser, Fault, FaultKind, Pixel, Simulator
from tests.browser.wizard_page import NOT_READY, READY, UNVERIFIED, WizardPage

pytestmark = pytest.mark.deep  # minutes: make test runs only the user journey


def test_missing_prerequisite_and_its_fix(wizard: WizardPage, page: Page, tiktok: Simulator) -> None:
    """A missing prerequisite names who must act and links where; after the fix, the next check shows the change."""
    wizard.sign_in(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.UNBOUND_PIXELS, "WEB_CONVERSIONS")
    expect(wizard.verdict).to_have_text(NOT_READY)
    pixel = wizard.card("pixel")
    expect(pixel).to_contain_text("Who acts: An admin of the ad account")
    link = pixel.get_by_role("link", name="Open Events Manager (opens TikTok in a new tab)")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noreferrer noopener")

    tiktok.world.advertisers[DemoAdvertiser.UNBOUND_PIXELS.value].pixels = [Pixel("7500000000000000123", "Web shop")]
    page.get_by_role("button", name="Check again").click()
    expect(wizard.verdict).to_have_text(f"{READY} was: not ready")
    expect(pixel).to_contain_text("Found was: missing")
    expect(wizard.card("identity").locator(".was")).to_have_count(0)


def test_button_follows_the_fix_action(wizard: WizardPage, page: Page, tiktok: Simulator) -> None:
    """A transient TikTok error has a button to check again; a missing permission has a button to reconnect."""
    wizard.sign_in(MEDIA_BUYER)
    tiktok.faults.add(Fault(path="pixel/list/", kind=FaultKind.CODE, code=40100))
    wizard.check(DemoAdvertiser.UNBOUND_PIXELS, "WEB_CONVERSIONS")
    pixel = wizard.card("pixel")
    expect(pixel.get_by_role("link")).to_have_count(0)
    tiktok.faults.clear()
    tiktok.faults.add(Fault(path="pixel/list/", kind=FaultKind.CODE, code=40003))
    pixel.get_by_role("button", name="Check again").click()
    expect(wizard.card("pixel")).to_contain_text("grant all permissions")
    wizard.card("pixel").get_by_role("button", name="Connect TikTok again").click()
    page.wait_for_url("**/portal/auth*")


def test_no_identity_form_with_a_teammates_token(wizard: WizardPage) -> None:
    """A user whose answer came from a teammate's token gets a link to TikTok, because the API would deny a creation."""
    wizard.sign_in(OWNER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    identity = wizard.card("identity")
    expect(identity.get_by_role("link", name="Create a custom identity or link a TikTok account")).to_be_visible()
    expect(identity.get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize(("motion", "animation"), [("reduce", "none"), ("no-preference", "changed")])
def test_change_animation_follows_the_motion_preference(
    wizard: WizardPage, page: Page, tiktok: Simulator, motion: str, animation: str
) -> None:
    """A changed card is animated, unless the user prefers reduced motion."""
    page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]  # one of its literals
    wizard.sign_in(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.QUIET_PIXEL, "WEB_CONVERSIONS")
    tiktok.world.advertisers[DemoAdvertiser.QUIET_PIXEL.value].pixels = []
    page.get_by_role("button", name="Check again").click()
    expect(wizard.card("pixel")).to_contain_text("Missing was: found")
    expect(wizard.card("pixel")).to_have_css("animation-name", animation)


def test_warnings_and_token_source(wizard: WizardPage) -> None:
    """The answer shows its warnings, the prerequisites at risk, and whose connection was used."""
    wizard.sign_in(OWNER)
    wizard.check(DemoAdvertiser.SUSPENDED, "TRAFFIC")
    expect(wizard.verdict).to_have_text(READY)
    expect(wizard.page.get_by_role("region", name="Warnings")).to_contain_text("has not enabled this ad account")
    expect(wizard.page.locator(".verdict")).to_contain_text("Your TikTok connection was used.")
    wizard.sign_in(MANAGER)
    wizard.check(DemoAdvertiser.CUSTOM_RESTRICTED, "TRAFFIC")
    expect(wizard.page.locator(".verdict")).to_contain_text("At risk: the identity.")
    expect(wizard.page.locator(".verdict")).to_contain_text("The TikTok connection of u-buyer was used.")


def test_details(wizard: WizardPage, tiktok: Simulator) -> None:
    """The collapsed details contain the response time and TikTok's request ids, which TikTok's support asks for."""
    wizard.sign_in(OWNER)
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    details = wizard.page.locator(".details")
    expect(details.locator("dl")).not_to_be_visible()
    details.locator("summary").click()
    expect(details).to_contain_text("ms, measured in this page")
    request_ids = [request.request_id for request in tiktok.requests.to("identity/get/") if request.request_id]
    assert request_ids
    expect(details).to_contain_text(request_ids[0])


def test_name_length_matches_the_api(wizard: WizardPage) -> None:
    """The page counts code points of the stripped NFC name, and its preview of a truncated name splits no character."""
    wizard.sign_in(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    form = wizard.open_identity_form()
    name, count = form.get_by_label("Display name"), form.locator("#identity-count")
    name.fill("  Ame\u0301lie 🎈 ")
    expect(count).to_have_text("8 of 40 characters")
    name.fill("\ufeffAcme")
    expect(count).to_have_text("5 of 40 characters")
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
    name.fill("x" * 37 + family)
    expect(count).to_have_text("42 of 40 characters")
    expect(form.locator("#identity-truncated")).to_have_text(f"Too long. The ad will show “{'x' * 37}”.")
    form.get_by_role("button", name="Create", exact=True).click()
    expect(wizard.notices).to_contain_text(f"“{'x' * 37}” was created. The name was too long and was truncated.")


def test_api_errors_are_shown(wizard: WizardPage, page: Page) -> None:
    """An error shows the API's detail, code and request id: of a denied check and of a write without subscription."""
    wizard.sign_in(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.FOREIGN, "TRAFFIC")
    error = wizard.answer.locator(".notice")
    expect(error).to_contain_text("None of the TikTok connections that you may use has this advertiser.")
    error.locator("summary").click()
    expect(error).to_contain_text("403 advertiser_not_accessible")
    expect(error.locator("dd code")).not_to_have_text("none")

    wizard.sign_in(UNPAID_OWNER)
    page.get_by_role("button", name="Reconnect my TikTok account").click()
    expect(wizard.notices).to_contain_text("This needs an active subscription.")


def test_invalid_avatar(wizard: WizardPage) -> None:
    """A rejected avatar keeps the form's input, shows the reason, and creates nothing."""
    wizard.sign_in(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    form = wizard.open_identity_form()
    form.get_by_label("Avatar").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no image"})
    form.get_by_role("button", name="Create", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("The content is neither a JPG nor a PNG.")
    expect(form.get_by_label("Display name")).to_have_value("Acme")
    expect(wizard.verdict).to_have_text(NOT_READY)


def test_api_unreachable(wizard: WizardPage, page: Page) -> None:
    """If the API cannot be reached, the page shows an error, and the next click checks again."""
    wizard.sign_in(OWNER)
    page.route("**/publish-check?*", lambda route: route.abort())
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(wizard.answer.locator(".notice")).to_contain_text("No response. The API cannot be reached.")
    page.unroute("**/publish-check?*")
    page.get_by_role("button", name="Check again").click()
    expect(wizard.verdict).to_have_text(READY)


def test_switching_user_removes_the_answer(wizard: WizardPage) -> None:
    """Another user sees neither the previous user's answer nor their advertisers."""
    wizard.sign_in(OWNER)
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(wizard.verdict).to_have_text(READY)
    wizard.sign_in(TRAINEE)
    expect(wizard.verdict).to_have_count(0)
    wizard.check(None, "TRAFFIC")
    expect(wizard.verdict).to_have_text(UNVERIFIED)
