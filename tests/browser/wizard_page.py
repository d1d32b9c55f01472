"""The wizard page as a page object, its views, and control over the requests that the page sends."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page, Request, Route, expect

from local.demo.teams import MEDIA_BUYER, OWNER, STARTER, Person
from local.tiktok_simulator import DemoAdvertiser

READY, NOT_READY, UNVERIFIED = "Ready", "Not ready", "Could not verify"
GRACE_MS = 1_500
"""How long a test waits before it asserts that the page did nothing."""
expect.set_options(timeout=20_000)  # a preflight takes up to 8 seconds, plus a cold start on a busy machine


@dataclass
class WizardPage:
    """Operates and reads the wizard page."""

    page: Page
    url: str

    def open(self, query: str = "") -> None:
        """Load the page and wait until its scripts have started."""
        self.page.goto(self.url + query)
        self.wait_until_started()

    def wait_until_started(self) -> None:
        """Wait until the scripts of a loading page have started."""
        expect(self.page.locator("html[data-started]")).to_be_attached()

    def sign_in(self, person: Person) -> None:
        """Select the user."""
        self.page.get_by_label("Signed in as", exact=True).select_option(person.user_id)

    def check(self, advertiser: DemoAdvertiser | None, objective: str) -> None:
        """Select an advertiser (None: the first of the connection) and an objective, and run the preflight."""
        self.page.get_by_label("Advertiser", exact=True).select_option(advertiser.value if advertiser else "")
        self.page.get_by_label("Objective", exact=True).select_option(objective)
        self.check_button.click()
        self.wait_for_answer()

    def wait_for_answer(self) -> None:
        """Wait until no preflight is running."""
        expect(self.check_button).to_be_enabled()
        expect(self.page.locator("#result[aria-busy]")).to_have_count(0)

    def open_identity_form(self) -> Locator:
        """Open the create-identity form on the identity card, fill in a name, and return the form."""
        self.card("identity").get_by_role("button", name="Create a custom identity").click()
        form = self.page.get_by_role("form", name="Create a custom identity")
        form.get_by_label("Display name").fill("Acme")
        return form

    @property
    def check_button(self) -> Locator:
        """The button of the preflight form."""
        return self.page.locator("#check")

    @property
    def verdict(self) -> Locator:
        """The title of the verdict."""
        return self.page.locator(".verdict h3")

    @property
    def answer(self) -> Locator:
        """The whole answer: verdict and cards, or an error."""
        return self.page.locator("#answer")

    @property
    def result_status(self) -> Locator:
        """The result as screen readers announce it."""
        return self.page.locator("#result-status")

    @property
    def notices(self) -> Locator:
        """The message above the page's content."""
        return self.page.locator("#notices")

    @property
    def connect_button(self) -> Locator:
        """The button that connects the user's TikTok account."""
        return self.page.locator("#connect")

    def card(self, requirement: str) -> Locator:
        """The card of a prerequisite."""
        return self.page.locator(f'.card[data-requirement="{requirement}"]')

    def connection(self, person: Person) -> Locator:
        """The row of a person's connection."""
        return self.page.locator(f'.connections li[data-user="{person.user_id}"]')

    def open_readiness(self) -> None:
        """Select the readiness tab."""
        self.page.get_by_role("tab", name="Readiness").click()

    @property
    def readiness_list(self) -> Locator:
        """The readiness list, or the error in its place."""
        return self.page.locator("#readiness-list")

    @property
    def check_all_button(self) -> Locator:
        """The button that checks all of the user's advertisers."""
        return self.page.locator("#check-all")

    def cell(self, advertiser: DemoAdvertiser, objective: str) -> Locator:
        """The cell of an advertiser and an objective in the readiness list."""
        return self.page.locator(f'tr[data-advertiser="{advertiser.value}"] td[data-objective="{objective}"]')

    def open_faults(self) -> None:
        """Open the drawer of simulated faults."""
        self.page.locator("#open-faults").click()

    @property
    def faults_status(self) -> Locator:
        """The result of the last change in the drawer."""
        return self.page.locator("#faults-status")

    def toggle_fault(self, title: str) -> None:
        """Toggle a fault in the open drawer, and wait until the simulator has applied it."""
        switch = self.page.get_by_role("switch", name=title)
        switch.click()
        expect(self.faults_status).not_to_be_empty()
        expect(switch).to_be_visible()

    def reset_demo(self) -> None:
        """Reset the demo in the open drawer, and confirm."""
        self.page.get_by_role("button", name="Reset the demo").click()
        self.page.get_by_role("dialog").get_by_role("button", name="Reset").click()

    def allow_as(self, user: str) -> None:
        """On TikTok's consent page: select a TikTok user, grant all permissions, and return to the wizard."""
        self.page.locator(f'input[name="user"][value="{user}"]').check()
        self.page.get_by_role("button", name="Allow").click()
        self.page.wait_for_url(f"{self.url}*")
        self.wait_until_started()


def fits_width(page: Page) -> bool:
    """Whether the page has no horizontal scrollbar."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def _initial(wizard: WizardPage) -> None:
    expect(wizard.page.locator(".empty").first).to_be_visible()


def _ready(wizard: WizardPage) -> None:
    wizard.sign_in(OWNER)
    wizard.check(DemoAdvertiser.SUSPENDED, "PRODUCT_SALES")
    expect(wizard.verdict).to_have_text(READY)
    wizard.page.locator(".details summary").click()


def _not_ready(wizard: WizardPage) -> None:
    wizard.sign_in(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.NOTHING, "WEB_CONVERSIONS")
    expect(wizard.verdict).to_have_text(NOT_READY)


def _not_connected(wizard: WizardPage) -> None:
    wizard.sign_in(STARTER)
    wizard.check(DemoAdvertiser.NOTHING, "WEB_CONVERSIONS")
    expect(wizard.verdict).to_have_text(UNVERIFIED)


def _identity_form(wizard: WizardPage) -> None:
    _not_ready(wizard)
    wizard.open_identity_form().get_by_label("Display name").fill("A name that is longer than it may be for an ad")
    expect(wizard.page.locator("#identity-truncated")).not_to_be_empty()


def _access_denied(wizard: WizardPage) -> None:
    wizard.sign_in(MEDIA_BUYER)
    wizard.check(DemoAdvertiser.FOREIGN, "TRAFFIC")
    wizard.answer.locator(".notice summary").click()


def _unverified(wizard: WizardPage) -> None:
    wizard.sign_in(OWNER)
    wizard.open_faults()
    wizard.toggle_fault("Rate limit on pixels")
    wizard.page.keyboard.press("Escape")
    wizard.check(DemoAdvertiser.EVERYTHING_READY, "WEB_CONVERSIONS")
    expect(wizard.verdict).to_have_text(UNVERIFIED)


def _faults(wizard: WizardPage) -> None:
    _unverified(wizard)
    wizard.open_faults()


def _confirmation(wizard: WizardPage) -> None:
    wizard.sign_in(OWNER)
    wizard.page.get_by_role("button", name="Disconnect my TikTok account").click()


def _readiness(wizard: WizardPage) -> None:
    wizard.sign_in(MEDIA_BUYER)
    wizard.open_readiness()
    wizard.check_all_button.click()
    expect(wizard.check_all_button).to_be_enabled()
    expect(wizard.cell(DemoAdvertiser.NOTHING, "TRAFFIC")).to_be_visible()


VIEWS: Mapping[str, Callable[[WizardPage], None]] = {
    "initial": _initial,
    "ready": _ready,
    "not-ready": _not_ready,
    "not-connected": _not_connected,
    "identity-form": _identity_form,
    "access-denied": _access_denied,
    "unverified": _unverified,
    "faults": _faults,
    "confirmation": _confirmation,
    "readiness": _readiness,
}
"""Every view of the page by name, each with the steps that open it."""


@dataclass
class HeldRequests:
    """Holds back the page's requests of one method to one path until the test continues or aborts them."""

    page: Page
    path: str
    """The end of the path."""
    method: str = "GET"
    released: bool = False
    """Whether later requests pass without a hold."""
    _routes: list[Route] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.route(_path_pattern(self.path), self._handle)

    def wait(self, seconds: float = 10) -> None:
        """Wait until a request is held."""
        for _ in range(int(seconds * 50)):
            if self._routes:
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"no {self.method} of {self.path} within {seconds:.0f} seconds")

    def release(self) -> None:
        """Continue the held requests, and hold no later ones."""
        self.released = True
        for route in self._routes:
            route.continue_()

    def abort(self) -> None:
        """Abort the held requests."""
        for route in self._routes:
            route.abort()

    def _handle(self, route: Route) -> None:
        if self.released or route.request.method != self.method:
            route.continue_()
        else:
            self._routes.append(route)


@contextmanager
def recorded_requests(page: Page, method: str, path: str) -> Iterator[list[Request]]:
    """The page's requests of one method whose path ends with ``path``, while the context is entered."""
    requests: list[Request] = []
    pattern = _path_pattern(path)

    def record(request: Request) -> None:
        if request.method == method and pattern.search(request.url):
            requests.append(request)

    page.on("request", record)
    yield requests
    page.remove_listener("request", record)


def _path_pattern(path: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(path)}(\?|$)")
