"""What may be null, what does not come, and what is no answer of the API's: said in words, and as it is."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, Route, expect

from local.demo.teams import MEDIA_BUYER, OWNER
from local.tiktok_simulator import DemoAdvertiser, Fault, FaultKind, Simulator
from tests.browser.held import Held, asked
from tests.browser.wizard import READY, UNVERIFIED, Wizard

pytestmark = pytest.mark.deep  # minutes: the story alone is in make test

A_MOMENT_MS = 1_500
EVERYTHING_FAILS = Fault(path="*", kind=FaultKind.HTTP_STATUS, status=500)
HURRIED = "const real = AbortSignal.timeout; AbortSignal.timeout = (ms) => real.call(AbortSignal, ms / 100);"
"""Whoever waits thirty seconds waits 300 ms."""


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, "<html>", "No answer. The API cannot be reached."),
        (502, "null", "The API answered 502."),
        (500, "<html>", "The API answered 500."),
        (413, '{"message": "Request Too Long"}', "The API answered 413."),
    ],
)
def test_no_problem_json(wizard: Wizard, page: Page, status: int, body: str, said: str) -> None:
    """What something before the API answers is said in words, and never as a fault of the page's scripts."""
    wizard.become(OWNER)
    page.route("**/publish-check?*", lambda route: route.fulfill(status=status, body=body, headers=_ANY_ORIGIN))
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(page.locator("#answer .notice")).to_contain_text(said)


def test_a_refusal_of_tiktoks_without_a_code(wizard: Wizard, page: Page) -> None:
    """Its words are enough."""
    wizard.become(OWNER)
    body = {"title": "Rejected by TikTok", "tiktok": {"code": None, "message": "No.", "request_id": None}}
    page.route("**/publish-check?*", lambda route: route.fulfill(status=422, json=body, headers=_ANY_ORIGIN))
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(page.locator("#answer .notice")).to_contain_text("TikTok says: No.")
    expect(page.locator("#answer .notice")).not_to_contain_text("null")


def test_an_identity_without_a_name(wizard: Wizard, page: Page, tiktok: Simulator) -> None:
    """It is called by its id."""
    advertiser = tiktok.world.advertisers[DemoAdvertiser.EVERYTHING_READY.value]
    advertiser.identities = [replace(one, display_name="") for one in advertiser.identities]
    wizard.become(OWNER)
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(page.locator(".verdict")).to_contain_text(re.compile(r"would run as “[0-9a-f-]{36}” \(TikTok account\)"))


def test_what_was_never_verified_has_no_age(wizard: Wizard, page: Page, tiktok: Simulator) -> None:
    """The first look at an advertiser finds TikTok in trouble."""
    wizard.become(MEDIA_BUYER)
    tiktok.faults.add(EVERYTHING_FAILS)
    wizard.check(DemoAdvertiser.NOTHING, "WEB_CONVERSIONS")
    wizard.open_board()
    expect(page.get_by_role("rowheader", name="Nothing")).to_contain_text("never verified")
    expect(page.locator("#board")).not_to_contain_text("NaN")


def test_a_dead_token_was_asked_with(wizard: Wizard, page: Page, tiktok: Simulator) -> None:
    """Nobody says that TikTok was not asked beside a list of what it was asked."""
    wizard.become(MEDIA_BUYER)
    tiktok.faults.add(Fault(path="*", kind=FaultKind.CODE, code=40105))
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    expect(wizard.verdict).to_have_text(UNVERIFIED)
    page.locator(".details summary").click()
    expect(page.locator(".details")).to_contain_text("What TikTok was asked meanwhile")
    expect(page.locator("#answer")).not_to_contain_text("TikTok was not asked")


def test_nobody_knows_what_tiktok_was_asked(wizard: Wizard, page: Page) -> None:
    """Without the simulator's control there is the answer, and no claim that TikTok was not asked."""
    wizard.become(OWNER)
    page.route("**/_simulator/requests", lambda route: route.abort())
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(wizard.verdict).to_have_text(READY)
    page.locator(".details summary").click()
    expect(page.locator(".details")).to_contain_text("What TikTok was asked is not known.")


@pytest.mark.parametrize("path", ["/publish-check", "/_simulator/requests"])
def test_silence_is_not_waited_for_for_ever(wizard: Wizard, page: Page, path: str) -> None:
    """Where an answer never comes the page is there again; a silent simulator does not hold up the API's answer."""
    page.add_init_script(HURRIED)
    page.reload()
    wizard.wait_until_started()
    wizard.become(OWNER)
    Held(page, path)
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(page.locator("#answer")).to_contain_text("No answer." if path == "/publish-check" else READY)


def test_a_lost_answer_claims_nothing(wizard: Wizard, page: Page, tiktok: Simulator) -> None:
    """The identity is there though the answer never came; the next press finds it, and makes no second one."""
    wizard.become(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    form = wizard.named_creation()
    ours = re.compile("/identities$")
    page.route(ours, _lose)
    form.get_by_role("button", name="Create", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("It is safe to try again.")
    page.unroute(ours)
    form.get_by_role("button", name="Create", exact=True).click()
    expect(wizard.notices).to_contain_text("“Acme” was created.")
    assert len(tiktok.world.advertisers[DemoAdvertiser.NOTHING.value].identities) == 1


def test_warnings_of_a_created_identity(wizard: Wizard, page: Page) -> None:
    """Are said with it, whatever the preflight after it says."""
    wizard.become(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    form = wizard.named_creation()
    page.route(re.compile("/identities$"), _warn)
    form.get_by_role("button", name="Create", exact=True).click()
    expect(wizard.notices).to_contain_text("“Acme” was created. TikTok may not run it.")


def test_the_same_alert_is_not_read_aloud_again(wizard: Wizard, page: Page) -> None:
    """The board asks every few seconds whether the API is back; that it is not is said once."""
    page.route("**/wizard/events", lambda route: route.abort())
    page.route("**/readiness", lambda route: route.abort())
    page.reload()
    wizard.wait_until_started()
    wizard.open_board()
    alert = page.locator("#board").get_by_role("alert")
    expect(alert).to_be_visible()
    first = alert.element_handle()
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/readiness")):
        pass
    page.wait_for_timeout(A_MOMENT_MS)
    assert first.evaluate("(element) => element.isConnected")
    page.unroute("**/readiness")
    expect(alert).to_have_count(0)


def test_one_refusal_does_not_end_checking_all(wizard: Wizard, page: Page) -> None:
    """The others are checked all the same, and which one was refused is said."""
    wizard.become(OWNER)
    page.get_by_role("button", name="Disconnect my TikTok").click()
    page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    expect(wizard.notices).to_contain_text("TikTok is disconnected.")
    wizard.open_board()
    with asked(page, "GET", "/publish-check") as sent:
        page.locator("#check-all").click()
        expect(page.locator("#check-all")).to_have_text("Check all my advertisers")
    assert len(sent) == len({one.url for one in sent}) == _options(page, "Reached by")
    expect(wizard.notices).to_contain_text(re.compile(r"Advertiser not accessible\. [A-Z][a-z ]+: None of the"))
    expect(wizard.cell(DemoAdvertiser.NOTHING, "TRAFFIC")).to_be_visible()


def test_starting_over_without_a_network(wizard: Wizard, page: Page) -> None:
    """Is said in words."""
    wizard.open_troubles()
    page.route("**/wizard/start-over", lambda route: route.abort())
    page.get_by_role("button", name="Start the demo over").click()
    page.get_by_role("dialog").get_by_role("button", name="Start over").click()
    expect(wizard.notices).to_contain_text("Is the local stack still running?")


_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}


def _lose(route: Route) -> None:
    """Let a request arrive, and its answer not."""
    if route.request.method == "POST":
        route.fetch()
        route.abort()
    else:
        route.continue_()


def _warn(route: Route) -> None:
    """Let a creation be answered with a warning."""
    if route.request.method == "POST":
        answer = route.fetch()
        route.fulfill(
            response=answer, json={**answer.json(), "warnings": [{"code": "x", "message": "TikTok may not run it."}]}
        )
    else:
        route.continue_()


def _options(page: Page, group: str) -> int:
    return page.locator(f'#advertiser optgroup[label^="{group}"] option').count()
