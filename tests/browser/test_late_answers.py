"""Answers that come late: what was chosen meanwhile is what is shown, and what is done."""

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from local.demo.png import png
from local.demo.teams import MEDIA_BUYER, OWNER, TRAINEE
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser
from tests.browser.held import Held, asked
from tests.browser.wizard import Wizard

pytestmark = pytest.mark.deep  # minutes: the story alone is in make test

A_MOMENT_MS = 1_500
PICTURE: FilePayload = {"name": "a.png", "mimeType": "image/png", "buffer": png(64, 64)}


def form_of(wizard: Wizard) -> Locator:
    """The form of a new identity, with a name."""
    wizard.become(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    return wizard.named_creation()


def test_connections_of_the_last_person_go_at_once(wizard: Wizard, page: Page) -> None:
    """While the next person's are asked for, none is there to be read or ended."""
    wizard.become(OWNER)
    expect(wizard.connection(OWNER)).to_be_visible()
    held = Held(page, "/connections")
    wizard.become(TRAINEE)
    held.wait()
    expect(page.locator(".connections li")).to_have_count(0)
    expect(page.locator("#connect")).to_have_text("Connect my TikTok")
    held.release()
    expect(page.locator("#connections-list")).to_contain_text("Nobody has connected TikTok here yet.")


def test_what_just_happened_happened_to_the_last_person(wizard: Wizard, page: Page) -> None:
    """Who is chosen next does not read of it."""
    wizard.become(MEDIA_BUYER)
    page.get_by_role("button", name="Disconnect my TikTok").click()
    page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    expect(wizard.notices).to_contain_text("TikTok is disconnected.")
    wizard.become(OWNER)
    expect(wizard.connection(OWNER)).to_be_visible()
    expect(wizard.notices).to_be_empty()


def test_nobody_creates_for_somebody_else(wizard: Wizard, page: Page) -> None:
    """Another person is chosen while the avatar is uploaded: nothing is created with their token."""
    form = form_of(wizard)
    form.get_by_label("Avatar").set_input_files(PICTURE)
    held = Held(page, "/identity-images", "POST")
    form.get_by_role("button", name="Create", exact=True).click()
    held.wait()
    with asked(page, "POST", "/identities") as sent:
        wizard.become(OWNER)
        with page.expect_response("**/identity-images"):
            held.release()
        page.wait_for_timeout(A_MOMENT_MS)
    assert not sent


def test_cancelled_while_the_avatar_is_uploaded(wizard: Wizard, page: Page) -> None:
    """Nothing is created."""
    form = form_of(wizard)
    form.get_by_label("Avatar").set_input_files(PICTURE)
    held = Held(page, "/identity-images", "POST")
    form.get_by_role("button", name="Create", exact=True).click()
    held.wait()
    with asked(page, "POST", "/identities") as sent:
        form.get_by_role("button", name="Cancel").click()
        with page.expect_response("**/identity-images"):
            held.release()
        page.wait_for_timeout(A_MOMENT_MS)
    assert not sent


def test_what_is_chosen_meanwhile_is_not_checked_unasked(wizard: Wizard, page: Page) -> None:
    """An identity is created, which is said; but only who is still at its question sees that checked again."""
    form = form_of(wizard)
    held = Held(page, "/identities", "POST")
    form.get_by_role("button", name="Create", exact=True).click()
    held.wait()
    page.get_by_label("Advertiser", exact=True).select_option(DemoAdvertiser.UNBOUND_PIXELS.value)
    with asked(page, "GET", "/publish-check") as sent:
        held.release()
        expect(wizard.notices).to_contain_text("“Acme” was created.")
        page.wait_for_timeout(A_MOMENT_MS)
    assert not sent


def test_a_creation_that_fails_late_is_told(wizard: Wizard, page: Page) -> None:
    """Though its form is gone."""
    form = form_of(wizard)
    held = Held(page, "/identities", "POST")
    form.get_by_role("button", name="Create", exact=True).click()
    held.wait()
    page.get_by_label("Advertiser", exact=True).select_option(DemoAdvertiser.UNBOUND_PIXELS.value)
    held.abort()
    expect(wizard.notices).to_contain_text("No answer.")


def test_nobody_is_sent_to_tiktok_for_somebody_else(wizard: Wizard, page: Page) -> None:
    """Another person is chosen before the consent page's address comes: they stay, and may connect themselves."""
    wizard.become(MEDIA_BUYER)
    held = Held(page, "/connections", "POST")
    page.locator("#connect").click()
    held.wait()
    wizard.become(OWNER)
    with page.expect_response(lambda response: response.request.method == "POST"):
        held.release()
    page.wait_for_timeout(A_MOMENT_MS)
    assert page.url == wizard.url
    expect(page.locator("#connect")).to_be_enabled()


def test_checking_all_ends_with_its_person(wizard: Wizard, page: Page) -> None:
    """The next person has a button of their own, and no advertiser of the last one is asked about any more."""
    wizard.become(MEDIA_BUYER)
    wizard.open_board()
    held = Held(page, "/publish-check")
    page.locator("#check-all").click()
    held.wait()
    wizard.become(TRAINEE)
    expect(page.locator("#check-all")).to_have_text("Check all my advertisers")
    expect(page.locator("#check-all")).to_be_enabled()
    with asked(page, "GET", "/publish-check") as sent:
        with page.expect_response("**/publish-check?*"):
            held.release()
        page.wait_for_timeout(A_MOMENT_MS)
    assert not sent


def test_a_switch_pressed_twice_is_off(wizard: Wizard, page: Page, stack: LocalStack) -> None:
    """However late the first press arrives at the simulator."""
    with page.expect_response("**/faults"):
        wizard.open_troubles()
    held = Held(page, "/faults", "DELETE")
    switch = page.get_by_role("switch", name="Everything fails")
    switch.click()
    held.wait()
    switch.click()
    held.release()
    expect(page.locator("#troubles-said")).to_have_text("Everything answers as it should.")
    page.wait_for_timeout(A_MOMENT_MS)
    assert not len(stack.tiktok.faults)
    expect(switch).not_to_be_checked()


def test_a_switch_is_not_set_back_by_what_was_read_before(wizard: Wizard, page: Page, stack: LocalStack) -> None:
    """The drawer reads what is on as it opens; who is faster than that keeps what they switched."""
    held = Held(page, "/faults")
    wizard.open_troubles()
    held.wait()
    switch = page.get_by_role("switch", name="Everything fails")
    with page.expect_response("**/faults"):
        switch.click()
    held.release()
    page.wait_for_timeout(A_MOMENT_MS)
    expect(switch).to_be_checked()
    assert len(stack.tiktok.faults) == 1


def test_an_overtaken_question_is_not_answered(wizard: Wizard, page: Page) -> None:
    """The answer to an earlier objective comes after that to the chosen one: it is not shown."""
    wizard.become(OWNER)
    page.get_by_label("Objective", exact=True).select_option("TRAFFIC")
    held = Held(page, "/publish-check")
    page.locator("#run").click()
    held.wait()
    held.let_go = True
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "WEB_CONVERSIONS")
    expect(wizard.card("pixel")).to_be_visible()
    with page.expect_response("**/publish-check?*"):
        held.release()
    page.wait_for_timeout(A_MOMENT_MS)
    expect(wizard.card("pixel")).to_be_visible()
