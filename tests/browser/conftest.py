"""A headless Chromium for the wizard's page. Without one these tests are skipped, and the summary says so."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from local.doctor import CHROMIUMS, Machine, chromium
from local.stack import LocalStack
from local.tiktok_simulator import Simulator
from tests.browser.wizard import Wizard

CHROMIUM = chromium(Machine())
NONE = f"no Chromium: none of {', '.join(CHROMIUMS)} is on the PATH, and CHROMIUM names none"


def pytest_runtest_setup() -> None:
    """Skip before anything is started."""
    if CHROMIUM is None:
        pytest.skip(f"browser tests did not run: {NONE}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it where everybody looks, at the end."""
    if any(NONE in str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(f"browser tests did not run: {NONE}", yellow=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for the tests of one file: while Playwright runs, nobody else can run an event loop."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor who was never here."""
    made = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """An empty tab. Errors of the page's own scripts, and breaches of its policy, fail the test."""
    made = context.new_page()
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.on(
        "console", lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None
    )
    yield made
    assert not faults


@pytest.fixture
def wizard(page: Page, stack: LocalStack, tiktok: Simulator) -> Wizard:  # noqa: ARG001 - the demo as at the start
    """The wizard's page, open, in the demo as at its start."""
    opened = Wizard(page, stack.wizard.url)
    opened.open()
    return opened
