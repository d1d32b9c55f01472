"""Requests of the page that are held back until the test lets them go."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Page, Request, Route

_LOOKS = 500
_BETWEEN_LOOKS_MS = 20


@dataclass
class Held:
    """The requests of one method to paths that end so, from now on."""

    page: Page
    path: str
    method: str = "GET"
    let_go: bool = False
    _routes: list[Route] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.route(re.compile(rf"{re.escape(self.path)}(\?|$)"), self._take)

    def wait(self) -> None:
        """Wait until there is one."""
        for _ in range(_LOOKS):
            if self._routes:
                return
            self.page.wait_for_timeout(_BETWEEN_LOOKS_MS)
        raise AssertionError(f"no {self.method} of {self.path}")

    def release(self) -> None:
        """Let them go, and all that come later."""
        self.let_go = True
        for route in self._routes:
            route.continue_()

    def abort(self) -> None:
        """Let none arrive."""
        for route in self._routes:
            route.abort()

    def _take(self, route: Route) -> None:
        if self.let_go or route.request.method != self.method:
            route.continue_()
        else:
            self._routes.append(route)


@contextmanager
def asked(page: Page, method: str, path: str) -> Iterator[list[Request]]:
    """The requests of a method to paths that end so, which the page sends meanwhile."""
    sent: list[Request] = []
    ends = re.compile(rf"{re.escape(path)}(\?|$)")
    note: Callable[[Request], None] = lambda request: (  # noqa: E731 - the same for adding and removing
        sent.append(request) if request.method == method and ends.search(request.url) else None
    )
    page.on("request", note)
    yield sent
    page.remove_listener("request", note)
