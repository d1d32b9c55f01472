"""Late responses: the page shows and does what is selected now, not what was selected when a request was sent."""

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from local.demo.png import png
from local.demo.teams import MEDIA_BUYER, OWNER, TRAINEE
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser
from tests.browser.wizard_page import GRACE_MS, HeldRequests, WizardPage, recorded_requests

pytestmark = pytest.mark.deep  # minutes: make test runs only the user journey

AVATAR: FilePayload = {"name": "a.png", "mimeType": "image/png", "buffer": png(64, 64)}


def identity_form(wizard: WizardPage) -> Locator:
    """The open create-identity form of a media buyer, with a name."""
    wizard.sign_in(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    return wizard.open_identity_form()


def create_with_held_upload(wizard: WizardPage) -> tuple[Locator, HeldRequests]:
    """Submit the form with an avatar whose upload is held back."""
    form = identity_form(wizard)
    form.get_by_label("Avatar").set_input_files(AVATAR)
    held = HeldRequests(wizard.page, "/identity-images", "POST")
    form.get_by_role("button", name="Create", exact=True).click()
    held.wait()
    return form, held


def create_with_held_request(wizard: WizardPage) -> HeldRequests:
    """Submit the form with its request held back, then select another advertiser, which closes the form."""
    form = identity_form(wizard)
    held = HeldRequests(wizard.page, "/identities", "POST")
    form.get_by_role("button", name="Create", exact=True).click()
    held.wait()
    wizard.page.get_by_label("Advertiser", exact=True).select_option(DemoAdvertiser.UNBOUND_PIXELS.value)
    return held


def test_switching_user_removes_connections_immediately(wizard: WizardPage, page: Page) -> None:
    """While the next user's connections load, the previous user's are neither shown nor usable."""
    wizard.sign_in(OWNER)
    expect(wizard.connection(OWNER)).to_be_visible()
    held = HeldRequests(page, "/connections")
    wizard.sign_in(TRAINEE)
    held.wait()
    expect(page.locator(".connections li")).to_have_count(0)
    expect(wizard.connect_button).to_have_text("Connect my TikTok account")
    held.release()
    expect(page.locator("#connections-list")).to_contain_text("No TikTok connections yet.")


def test_switching_user_removes_notices(wizard: WizardPage, page: Page) -> None:
    """The next user does not see notices about the previous user's actions."""
    wizard.sign_in(MEDIA_BUYER)
    page.get_by_role("button", name="Disconnect my TikTok account").click()
    page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    expect(wizard.notices).to_contain_text("TikTok is disconnected.")
    wizard.sign_in(OWNER)
    expect(wizard.connection(OWNER)).to_be_visible()
    expect(wizard.notices).to_be_empty()


def test_switching_user_during_upload_creates_nothing(wizard: WizardPage, page: Page) -> None:
    """If the user is switched during the avatar upload, no identity is created with either user's token."""
    _, held = create_with_held_upload(wizard)
    with recorded_requests(page, "POST", "/identities") as requests:
        wizard.sign_in(OWNER)
        with page.expect_response("**/identity-images"):
            held.release()
        page.wait_for_timeout(GRACE_MS)
    assert not requests


def test_cancel_during_upload_creates_nothing(wizard: WizardPage, page: Page) -> None:
    """Cancelling the form during the avatar upload creates no identity."""
    form, held = create_with_held_upload(wizard)
    with recorded_requests(page, "POST", "/identities") as requests:
        form.get_by_role("button", name="Cancel").click()
        with page.expect_response("**/identity-images"):
            held.release()
        page.wait_for_timeout(GRACE_MS)
    assert not requests


def test_creation_does_not_check_another_selection(wizard: WizardPage, page: Page) -> None:
    """If the selection changed during the creation, a notice reports the new identity, and no check runs."""
    held = create_with_held_request(wizard)
    with recorded_requests(page, "GET", "/publish-check") as requests:
        held.release()
        expect(wizard.notices).to_contain_text("“Acme” was created.")
        page.wait_for_timeout(GRACE_MS)
    assert not requests


def test_late_creation_error_is_shown(wizard: WizardPage) -> None:
    """A creation that fails after its form was closed is reported in a notice."""
    held = create_with_held_request(wizard)
    held.abort()
    expect(wizard.notices).to_contain_text("No response.")


def test_switching_user_cancels_the_redirect_to_tiktok(wizard: WizardPage, page: Page) -> None:
    """If the user is switched before the consent URL arrives, the page stays, and the next user can connect."""
    wizard.sign_in(MEDIA_BUYER)
    held = HeldRequests(page, "/connections", "POST")
    wizard.connect_button.click()
    held.wait()
    wizard.sign_in(OWNER)
    with page.expect_response(lambda response: response.request.method == "POST"):
        held.release()
    page.wait_for_timeout(GRACE_MS)
    assert page.url == wizard.url
    expect(wizard.connect_button).to_be_enabled()


def test_switching_user_stops_check_all(wizard: WizardPage, page: Page) -> None:
    """After a switch of the user no further advertiser of the previous user is checked, and the button is idle."""
    wizard.sign_in(MEDIA_BUYER)
    wizard.open_readiness()
    held = HeldRequests(page, "/publish-check")
    wizard.check_all_button.click()
    held.wait()
    wizard.sign_in(TRAINEE)
    expect(wizard.check_all_button).to_have_text("Check all my advertisers")
    expect(wizard.check_all_button).to_be_enabled()
    with recorded_requests(page, "GET", "/publish-check") as requests:
        with page.expect_response("**/publish-check?*"):
            held.release()
        page.wait_for_timeout(GRACE_MS)
    assert not requests


def test_fault_toggled_twice_is_off(wizard: WizardPage, page: Page, stack: LocalStack) -> None:
    """A fault that is toggled twice is off, even if the first request reaches the simulator late."""
    with page.expect_response("**/faults"):
        wizard.open_faults()
    held = HeldRequests(page, "/faults", "DELETE")
    switch = page.get_by_role("switch", name="Server errors everywhere")
    switch.click()
    held.wait()
    switch.click()
    held.release()
    expect(wizard.faults_status).to_have_text("All faults are off.")
    page.wait_for_timeout(GRACE_MS)
    assert not len(stack.tiktok.faults)
    expect(switch).not_to_be_checked()


def test_loading_faults_does_not_revert_a_change(wizard: WizardPage, page: Page, stack: LocalStack) -> None:
    """A fault that is switched on before the drawer has loaded the current faults stays on."""
    held = HeldRequests(page, "/faults")
    wizard.open_faults()
    held.wait()
    switch = page.get_by_role("switch", name="Server errors everywhere")
    with page.expect_response("**/faults"):
        switch.click()
    held.release()
    page.wait_for_timeout(GRACE_MS)
    expect(switch).to_be_checked()
    assert len(stack.tiktok.faults) == 1


def test_late_answer_to_an_earlier_question_is_discarded(wizard: WizardPage, page: Page) -> None:
    """An answer for an earlier objective that arrives after the answer for the selected one is not shown."""
    wizard.sign_in(OWNER)
    page.get_by_label("Objective", exact=True).select_option("TRAFFIC")
    held = HeldRequests(page, "/publish-check")
    wizard.check_button.click()
    held.wait()
    held.released = True
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "WEB_CONVERSIONS")
    expect(wizard.card("pixel")).to_be_visible()
    with page.expect_response("**/publish-check?*"):
        held.release()
    page.wait_for_timeout(GRACE_MS)
    expect(wizard.card("pixel")).to_be_visible()
