"""The preflight's answer: cards, fixes, warnings, details, and what is refused."""

import pytest
from playwright.sync_api import Page, expect

from local.demo.teams import MANAGER, MEDIA_BUYER, OWNER, TRAINEE, UNPAID_OWNER
from local.tiktok_simulator import DemoAdvertiser, Fault, FaultKind, Pixel, Simulator
from tests.browser.wizard import NOT_READY, READY, UNVERIFIED, Wizard

pytestmark = pytest.mark.deep  # minutes: the story alone is in make test


def test_not_ready_with_its_fix(wizard: Wizard, page: Page, tiktok: Simulator) -> None:
    """What TikTok lacks is named with who must act and where; mended there, the next check shows what has changed."""
    wizard.become(MEDIA_BUYER)
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
    expect(pixel).to_contain_text("There was: missing")
    expect(wizard.card("identity").locator(".was")).to_have_count(0)


def test_the_button_does_what_the_fix_says(wizard: Wizard, page: Page, tiktok: Simulator) -> None:
    """What TikTok refuses for now is checked again; what it does not permit needs connecting."""
    wizard.become(MEDIA_BUYER)
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


def test_nothing_is_created_with_a_teammates_token(wizard: Wizard) -> None:
    """Who is answered with a teammate's token is led to TikTok, and not to a form that would be refused."""
    wizard.become(OWNER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    identity = wizard.card("identity")
    expect(identity.get_by_role("link", name="Create a custom identity or link a TikTok account")).to_be_visible()
    expect(identity.get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize(("motion", "name"), [("reduce", "none"), ("no-preference", "changed")])
def test_what_changed_moves_for_those_who_like_it(
    wizard: Wizard, page: Page, tiktok: Simulator, motion: str, name: str
) -> None:
    """Who wants less motion reads what changed, and sees nothing move."""
    page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]  # one of its literals
    wizard.become(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.QUIET_PIXEL, "WEB_CONVERSIONS")
    tiktok.world.advertisers[DemoAdvertiser.QUIET_PIXEL.value].pixels = []
    page.get_by_role("button", name="Check again").click()
    expect(wizard.card("pixel")).to_contain_text("Missing was: there")
    expect(wizard.card("pixel")).to_have_css("animation-name", name)


def test_warnings_and_whose_token(wizard: Wizard) -> None:
    """An owner's ready ad on a suspended account: ready, with what is worth knowing beneath."""
    wizard.become(OWNER)
    wizard.check(DemoAdvertiser.SUSPENDED, "TRAFFIC")
    expect(wizard.verdict).to_have_text(READY)
    expect(wizard.page.get_by_role("region", name="Worth knowing")).to_contain_text("has not enabled this ad account")
    expect(wizard.page.locator(".verdict")).to_contain_text("Your TikTok connection answered.")
    wizard.become(MANAGER)
    wizard.check(DemoAdvertiser.CUSTOM_RESTRICTED, "TRAFFIC")
    expect(wizard.page.locator(".verdict")).to_contain_text("At risk: the identity.")
    expect(wizard.page.locator(".verdict")).to_contain_text("The TikTok connection of u-buyer answered.")


def test_details_behind_a_fold(wizard: Wizard, tiktok: Simulator) -> None:
    """Time and TikTok's own request ids are there for whoever asks TikTok's support."""
    wizard.become(OWNER)
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    fold = wizard.page.locator(".details")
    expect(fold.locator("dl")).not_to_be_visible()
    fold.locator("summary").click()
    expect(fold).to_contain_text("ms, seen from this page")
    asked = [one.request_id for one in tiktok.requests.to("identity/get/") if one.request_id]
    assert asked
    expect(fold).to_contain_text(asked[0])


def test_a_name_is_counted_as_the_api_counts(wizard: Wizard) -> None:
    """Code points of the trimmed, composed name; beyond forty it says what will be shown, and no character is torn."""
    wizard.become(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    identity = wizard.card("identity")
    identity.get_by_role("button", name="Create a custom identity").click()
    name = identity.get_by_label("Name that the ad shows")
    name.fill("  Ame\u0301lie 🎈 ")
    expect(identity.locator("#identity-count")).to_have_text("8 of 40 characters")
    name.fill("\ufeffAcme")
    expect(identity.locator("#identity-count")).to_have_text("5 of 40 characters")
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
    name.fill("x" * 37 + family)
    expect(identity.locator("#identity-count")).to_have_text("42 of 40 characters")
    expect(identity.locator("#identity-cut")).to_have_text(f"Too long: the ad will show “{'x' * 37}”.")
    identity.get_by_role("button", name="Create", exact=True).click()
    expect(wizard.notices).to_contain_text(f"“{'x' * 37}” was created. Its name was too long and has been cut.")


def test_refusals_are_shown_in_the_apis_words(wizard: Wizard, page: Page) -> None:
    """A problem's detail, code and request id: of a question that is refused, and of a write without subscription."""
    wizard.become(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.FOREIGN, "TRAFFIC")
    refusal = page.locator("#answer .notice")
    expect(refusal).to_contain_text("None of the TikTok connections that you may use has this advertiser.")
    refusal.locator("summary").click()
    expect(refusal).to_contain_text("403 advertiser_not_accessible")
    expect(refusal.locator("dd code")).not_to_have_text("none")

    wizard.become(UNPAID_OWNER)
    page.get_by_role("button", name="Connect my TikTok again").click()
    expect(wizard.notices).to_contain_text("This needs an active subscription.")


def test_a_picture_that_is_none(wizard: Wizard) -> None:
    """A refused avatar leaves the form as it was, with the reason, and creates nothing."""
    wizard.become(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    identity = wizard.card("identity")
    identity.get_by_role("button", name="Create a custom identity").click()
    identity.get_by_label("Name that the ad shows").fill("Acme")
    identity.get_by_label("Avatar").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    identity.get_by_role("button", name="Create", exact=True).click()
    expect(identity.get_by_role("alert")).to_contain_text("The content is neither a JPG nor a PNG.")
    expect(identity.get_by_label("Name that the ad shows")).to_have_value("Acme")
    expect(wizard.verdict).to_have_text(NOT_READY)


def test_no_network(wizard: Wizard, page: Page) -> None:
    """Where the API cannot be reached the page says so, and the next press asks again."""
    wizard.become(OWNER)
    page.route("**/publish-check?*", lambda route: route.abort())
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(page.locator("#answer .notice")).to_contain_text("No answer. The API cannot be reached.")
    page.unroute("**/publish-check?*")
    page.get_by_role("button", name="Check again").click()
    expect(wizard.verdict).to_have_text(READY)


def test_somebody_else_sees_nothing_of_it(wizard: Wizard) -> None:
    """Another person begins anew: no answer, and no advertiser, of the last one stays."""
    wizard.become(OWNER)
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(wizard.verdict).to_have_text(READY)
    wizard.become(TRAINEE)
    expect(wizard.verdict).to_have_count(0)
    wizard.check(None, "TRAFFIC")
    expect(wizard.verdict).to_have_text(UNVERIFIED)
