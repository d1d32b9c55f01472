"""The wizard's page as its visitor sees it."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from local.demo.teams import Person
from local.tiktok_simulator import DemoAdvertiser

READY, NOT_READY, UNVERIFIED = "Ready", "Not ready", "Could not verify"
ANSWER_MS = 20_000
"""A preflight takes eight seconds at most, a cold function and a busy machine some more."""
expect.set_options(timeout=ANSWER_MS)


@dataclass
class Wizard:
    """Chooses, presses and reads."""

    page: Page
    url: str

    def open(self, query: str = "") -> None:
        """Load the page and wait for its scripts."""
        self.page.goto(self.url + query)
        self.wait_until_started()

    def wait_until_started(self) -> None:
        """Wait for the scripts of a page that is loading."""
        expect(self.page.locator("html[data-started]")).to_be_attached()

    def become(self, person: Person) -> None:
        """Choose who one is."""
        self.page.get_by_label("You are", exact=True).select_option(person.user_id)

    def check(self, advertiser: DemoAdvertiser | None, objective: str) -> None:
        """Choose and press the one button."""
        self.page.get_by_label("Advertiser", exact=True).select_option(advertiser.value if advertiser else "")
        self.page.get_by_label("Objective", exact=True).select_option(objective)
        self.page.locator("#run").click()
        self.wait_for_answer()

    def wait_for_answer(self) -> None:
        """Wait until nothing is asked any more."""
        expect(self.page.locator("#run")).to_be_enabled()
        expect(self.page.locator("#result[aria-busy]")).to_have_count(0)

    def named_creation(self) -> Locator:
        """The form of a new identity, opened on the identity's card, with a name."""
        self.card("identity").get_by_role("button", name="Create a custom identity").click()
        form = self.page.get_by_role("form", name="Create a custom identity")
        form.get_by_label("Name that the ad shows").fill("Acme")
        return form

    @property
    def verdict(self) -> Locator:
        """What is said at a glance."""
        return self.page.locator(".verdict h3")

    @property
    def notices(self) -> Locator:
        """What just happened."""
        return self.page.locator("#notices")

    @property
    def said(self) -> Locator:
        """What a screen reader is told of the answer."""
        return self.page.locator("#said")

    def card(self, requirement: str) -> Locator:
        """One prerequisite."""
        return self.page.locator(f'.card[data-requirement="{requirement}"]')

    def open_board(self) -> None:
        """Go to the second tab."""
        self.page.get_by_role("tab", name="Readiness board").click()

    def cell(self, advertiser: DemoAdvertiser, objective: str) -> Locator:
        """What the board knows of an advertiser and an objective."""
        return self.page.locator(f'tr[data-advertiser="{advertiser.value}"] td[data-objective="{objective}"]')

    def open_troubles(self) -> None:
        """Open the drawer."""
        self.page.locator("#open-troubles").click()

    def trouble(self, title: str) -> None:
        """Switch one of TikTok's troubles, in the open drawer, and wait until it is."""
        switch = self.page.get_by_role("switch", name=title)
        switch.click()
        expect(self.page.locator("#troubles-said")).not_to_be_empty()
        expect(switch).to_be_visible()

    def connection(self, person: Person) -> Locator:
        """A line of the connections' panel."""
        return self.page.locator(f'.connections li[data-user="{person.user_id}"]')

    def connect_as(self, user: str) -> None:
        """On TikTok's consent page: be somebody there, and allow everything."""
        self.page.locator(f'input[name="user"][value="{user}"]').check()
        self.page.get_by_role("button", name="Allow").click()
        self.page.wait_for_url(f"{self.url}*")
        self.wait_until_started()

    def is_as_wide_as_its_window(self) -> bool:
        """Whether nothing has to be scrolled sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
