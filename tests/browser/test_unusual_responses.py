"""Null values, missing responses, and responses that are not the API's: the page shows a clear text for each."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, Route, expect

from local.demo.teams import MEDIA_BUYER, OWNER
from local.tiktok_simulator import DemoAdvertiser, Fault, FaultKind, Simulator
from tests.browser.wizard_page import GRACE_MS, READY, UNVERIFIED, HeldRequests, WizardPage, recorded_requests

pytestmark = pytest.mark.deep  # minutes: make test runs only the user journey

ALL_REQUESTS_FAIL = Fault(path="*", kind=FaultKind.HTTP_STATUS, status=500)
SHORT_TIMEOUTS = "const real = AbortSignal.timeout; AbortSignal.timeout = (ms) => real.call(AbortSignal, ms / 100);"
"""Divides the page's request timeouts by 100: 30 seconds become 300 ms."""
IDENTITIES = re.compile("/identities$")
_CORS = {"Access-Control-Allow-Origin": "*"}


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (200, "<html>", "No response. The API cannot be reached."),
        (502, "null", "The API responded with HTTP 502."),
        (500, "<html>", "The API responded with HTTP 500."),
        (413, '{"message": "Request Too Long"}', "The API responded with HTTP 413."),
    ],
)
def test_response_without_problem_json(wizard: WizardPage, page: Page, status: int, body: str, text: str) -> None:
    """A response of a gateway or proxy before the API is shown as an error, and causes no script error."""
    wizard.sign_in(OWNER)
    page.route("**/publish-check?*", lambda route: route.fulfill(status=status, body=body, headers=_CORS))
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(wizard.answer.locator(".notice")).to_contain_text(text)


def test_tiktok_error_without_a_code(wizard: WizardPage, page: Page) -> None:
    """A TikTok error whose code is null is shown with its message only."""
    wizard.sign_in(OWNER)
    body = {"title": "Rejected by TikTok", "tiktok": {"code": None, "message": "No.", "request_id": None}}
    page.route("**/publish-check?*", lambda route: route.fulfill(status=422, json=body, headers=_CORS))
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(wizard.answer.locator(".notice")).to_contain_text("TikTok reported: No.")
    expect(wizard.answer.locator(".notice")).not_to_contain_text("null")


def test_identity_without_a_name(wizard: WizardPage, page: Page, tiktok: Simulator) -> None:
    """An identity without a display name is shown with its id."""
    advertiser = tiktok.world.advertisers[DemoAdvertiser.EVERYTHING_READY.value]
    advertiser.identities = [replace(identity, display_name="") for identity in advertiser.identities]
    wizard.sign_in(OWNER)
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(page.locator(".verdict")).to_contain_text(re.compile(r"would run as “[0-9a-f-]{36}” \(TikTok account\)"))


def test_never_verified_advertiser_has_no_age(wizard: WizardPage, page: Page, tiktok: Simulator) -> None:
    """If TikTok fails during the first check of an advertiser, the readiness list shows "never verified"."""
    wizard.sign_in(MEDIA_BUYER)
    tiktok.faults.add(ALL_REQUESTS_FAIL)
    wizard.check(DemoAdvertiser.NOTHING, "WEB_CONVERSIONS")
    wizard.open_readiness()
    expect(page.get_by_role("rowheader", name="Nothing")).to_contain_text("never verified")
    expect(wizard.readiness_list).not_to_contain_text("NaN")


def test_requests_with_an_invalid_token_are_listed(wizard: WizardPage, page: Page, tiktok: Simulator) -> None:
    """A check with an invalid token lists its requests to TikTok, and does not deny that they were sent."""
    wizard.sign_in(MEDIA_BUYER)
    tiktok.faults.add(Fault(path="*", kind=FaultKind.CODE, code=40105))
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    expect(wizard.verdict).to_have_text(UNVERIFIED)
    page.locator(".details summary").click()
    expect(page.locator(".details")).to_contain_text("Requests to TikTok during the check")
    expect(wizard.answer).not_to_contain_text("No requests were sent to TikTok")


def test_unknown_requests_to_tiktok(wizard: WizardPage, page: Page) -> None:
    """If the simulator's request log cannot be read, the answer is shown, and the requests are called not known."""
    wizard.sign_in(OWNER)
    page.route("**/_simulator/requests", lambda route: route.abort())
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(wizard.verdict).to_have_text(READY)
    page.locator(".details summary").click()
    expect(page.locator(".details")).to_contain_text("The requests to TikTok are not known.")


@pytest.mark.parametrize("path", ["/publish-check", "/_simulator/requests"])
def test_request_timeouts(wizard: WizardPage, page: Page, path: str) -> None:
    """A request without a response times out: of the API with an error, of the simulator without losing the answer."""
    page.add_init_script(SHORT_TIMEOUTS)
    page.reload()
    wizard.wait_until_started()
    wizard.sign_in(OWNER)
    HeldRequests(page, path)
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "TRAFFIC")
    expect(wizard.answer).to_contain_text("No response." if path == "/publish-check" else READY)


def test_retry_after_a_lost_response(wizard: WizardPage, page: Page, tiktok: Simulator) -> None:
    """If the response to a creation is lost, a retry reports the created identity and creates no second one."""
    wizard.sign_in(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    form = wizard.open_identity_form()
    page.route(IDENTITIES, _drop_response)
    form.get_by_role("button", name="Create", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("It is safe to retry.")
    page.unroute(IDENTITIES)
    form.get_by_role("button", name="Create", exact=True).click()
    expect(wizard.notices).to_contain_text("“Acme” was created.")
    assert len(tiktok.world.advertisers[DemoAdvertiser.NOTHING.value].identities) == 1


def test_warnings_of_a_created_identity(wizard: WizardPage, page: Page) -> None:
    """The warnings of a creation are shown in its notice."""
    wizard.sign_in(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "TRAFFIC")
    form = wizard.open_identity_form()
    page.route(IDENTITIES, _add_warning)
    form.get_by_role("button", name="Create", exact=True).click()
    expect(wizard.notices).to_contain_text("“Acme” was created. TikTok may not run it.")


def test_same_alert_is_announced_once(wizard: WizardPage, page: Page) -> None:
    """While the readiness list polls an API that cannot be reached, its alert is not replaced by the same alert."""
    page.route("**/wizard/events", lambda route: route.abort())
    page.route("**/readiness?*", lambda route: route.abort())
    page.reload()
    wizard.wait_until_started()
    wizard.open_readiness()
    alert = wizard.readiness_list.get_by_role("alert")
    expect(alert).to_be_visible()
    before = alert.element_handle()
    with page.expect_event("requestfailed", lambda request: "/readiness?" in request.url):
        pass
    page.wait_for_timeout(GRACE_MS)
    assert before.evaluate("(element) => element.isConnected")
    page.unroute("**/readiness?*")
    expect(alert).to_have_count(0)


def test_check_all_continues_after_a_denied_advertiser(wizard: WizardPage, page: Page) -> None:
    """If the API denies one advertiser, the others are checked, and a notice names the denied one."""
    wizard.sign_in(OWNER)
    page.get_by_role("button", name="Disconnect my TikTok account").click()
    page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    expect(wizard.notices).to_contain_text("TikTok is disconnected.")
    wizard.open_readiness()
    with recorded_requests(page, "GET", "/publish-check") as requests:
        wizard.check_all_button.click()
        expect(wizard.check_all_button).to_have_text("Check all my advertisers")
    accessible = page.locator('#advertiser optgroup[label$="TikTok account"] option').count()
    assert len(requests) == len({request.url for request in requests}) == accessible
    expect(wizard.notices).to_contain_text(re.compile(r"Advertiser not accessible\. [A-Z][a-z ]+: None of the"))
    expect(wizard.cell(DemoAdvertiser.NOTHING, "TRAFFIC")).to_be_visible()


def test_reset_demo_without_a_network(wizard: WizardPage, page: Page) -> None:
    """A reset that cannot reach the server is reported as an error."""
    wizard.open_faults()
    page.route("**/wizard/start-over", lambda route: route.abort())
    wizard.reset_demo()
    expect(wizard.notices).to_contain_text("Check that the local stack is running.")


def _drop_response(route: Route) -> None:
    """Send a creation to the API, but not its response to the page."""
    if route.request.method == "POST":
        route.fetch()
        route.abort()
    else:
        route.continue_()


def _add_warning(route: Route) -> None:
    """Add a warning to the response of a creation."""
    if route.request.method == "POST":
        response = route.fetch()
        warnings = [{"code": "x", "message": "TikTok may not run it."}]
        route.fulfill(response=response, json={**response.json(), "warnings": warnings})
    else:
        route.continue_()
