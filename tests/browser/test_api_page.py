"""The API's page in Chromium: Swagger UI sends requests to the local stack with the token of a demo person.

The `page` fixture fails a test whose page breaks its Content-Security-Policy.
"""

import pytest
from playwright.sync_api import Locator, Page, expect

from local.demo.teams import MEDIA_BUYER, STARTER, Person
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser, Simulator
from tests.browser.wizard_page import fits_width

NARROW = 360


def choose(page: Page, person: Person, title: str) -> None:
    """Choose who sends the requests; the page then shows this person's advertisers."""
    page.get_by_label("Send requests as").select_option(label=title)
    shown = DemoAdvertiser.NOTHING if person is STARTER else DemoAdvertiser.CUSTOM_RESTRICTED
    expect(page.get_by_role("status")).to_contain_text(shown.value)


def title(page: Page, start: str) -> str:
    """The whole text of the option that starts like this."""
    return page.get_by_label("Send requests as").locator("option", has_text=start).first.inner_text()


def opened(page: Page, operation: str) -> Locator:
    """An operation, opened and ready to be tried out."""
    block = page.locator(f"[id$='-{operation}'].opblock")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    return block


@pytest.fixture
def api_page(page: Page, stack: LocalStack, tiktok: Simulator) -> Page:  # noqa: ARG001 - the demo data as at the start
    """The API's page, loaded."""
    page.goto(stack.wizard.api_page_url)
    expect(page.locator(".opblock").first).to_be_visible()
    return page


def test_try_it_out_sends_the_token_of_the_chosen_person(api_page: Page, stack: LocalStack) -> None:
    """GET /publish-check as a media buyer returns 200, for the local stack and with this person's token."""
    choose(api_page, MEDIA_BUYER, title(api_page, "Media buyer"))
    operation = opened(api_page, "publish_check")
    operation.get_by_placeholder("advertiser_id").fill(DemoAdvertiser.CUSTOM_RESTRICTED.value)
    with api_page.expect_response("**/publish-check?*") as waiting:
        operation.get_by_role("button", name="Execute").click()
    response = waiting.value
    assert response.status == 200
    assert response.url.startswith(f"{stack.base_url}/api/v1/tiktok/publish-check?")
    assert response.request.headers["authorization"] == stack.bearer(MEDIA_BUYER)["Authorization"]
    expect(operation.locator(".live-responses-table .response-col_status").last).to_contain_text("200")


def test_another_person_sends_another_token(api_page: Page, stack: LocalStack) -> None:
    """A POST with a body, whose CORS preflight the API accepts."""
    choose(api_page, STARTER, title(api_page, "New owner"))
    operation = opened(api_page, "create_connection")
    with api_page.expect_response(lambda response: response.request.method == "POST") as waiting:
        operation.get_by_role("button", name="Execute").click()
    assert waiting.value.status == 201
    assert waiting.value.request.headers["authorization"] == stack.bearer(STARTER)["Authorization"]


def test_every_operation_is_shown(api_page: Page) -> None:
    """All eleven operations of the OpenAPI document."""
    expect(api_page.locator(".opblock")).to_have_count(13)


@pytest.mark.deep
@pytest.mark.parametrize("width", [NARROW, 768, 1600])
def test_the_page_does_not_scroll_sideways(api_page: Page, width: int) -> None:
    """Swagger UI scrolls within its own part."""
    api_page.set_viewport_size({"width": width, "height": 740})
    opened(api_page, "publish_check")
    assert fits_width(api_page)
