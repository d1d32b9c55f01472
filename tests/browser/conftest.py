"""Configures pytest-playwright to run the installed Chromium. Without Chromium these tests are skipped."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from local.doctor import CHROMIUMS, Machine, chromium
from local.stack import LocalStack
from local.tiktok_simulator import Simulator
from tests.browser.wizard_page import WizardPage

CHROMIUM = chromium(Machine())
NO_CHROMIUM = f"no Chromium: none of {', '.join(CHROMIUMS)} is on the PATH, and CHROMIUM names none"


def pytest_runtest_setup() -> None:
    """Skip before any fixture starts."""
    if CHROMIUM is None:
        pytest.skip(f"browser tests did not run: {NO_CHROMIUM}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Repeat the reason at the end of the output."""
    if any(NO_CHROMIUM in str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(f"browser tests did not run: {NO_CHROMIUM}", yellow=True)


@pytest.fixture(scope="session")
def base_url() -> None:
    """No base URL. This replaces the plugin's fixture, which pytest 9 reports as deprecated."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Launch the installed Chromium. Its sandbox does not run as root, as in a container."""
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": ["--no-sandbox"]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A window of a fixed size, in light colors."""
    return {**browser_context_args, "viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A blank page. Script errors and violations of the Content-Security-Policy fail the test."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console", lambda message: errors.append(message.text) if "Content Security Policy" in message.text else None
    )
    yield page
    assert not errors


@pytest.fixture
def wizard(page: Page, stack: LocalStack, tiktok: Simulator) -> WizardPage:  # noqa: ARG001 - tiktok resets the demo
    """The opened wizard page, with the demo data in its initial state."""
    opened = WizardPage(page, stack.wizard.url)
    opened.open()
    return opened
