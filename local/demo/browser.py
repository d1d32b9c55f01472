"""A person's browser, as far as connecting TikTok needs one: pages, their forms, and redirects one at a time."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin

import requests

from local.console import StackError

_SECONDS = 30.0

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Form:
    """The form of a page, as it is before anybody touches it."""

    action: str
    fields: Pairs
    """What would be sent: hidden fields, and what is chosen from the start."""
    choices: Pairs
    """Everything that can be chosen or pressed instead."""

    @classmethod
    def of(cls, page: requests.Response) -> Self:
        """The one form of a page. StackError where it has none."""
        reader = _Reader()
        reader.feed(page.text)
        if reader.action is None:
            raise StackError(f"{page.url.partition('?')[0]} answered {page.status_code}, and has no form")
        return cls(urljoin(page.url, reader.action), reader.fields, reader.choices)

    def chosen(self, **choices: str) -> Pairs:
        """What is sent once these are chosen: one value for each name. StackError where the page does not offer it."""
        for choice in choices.items():
            if choice not in self.choices:
                raise StackError(f"the page does not offer {'='.join(choice)}")
        return [*((name, value) for name, value in self.fields if name not in choices), *choices.items()]


class Browser:
    """Opens pages as a browser does. `visited` are the addresses, without their queries."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self.visited: list[tuple[str, int]] = []

    def open(self, url: str) -> requests.Response:
        """GET, without following a redirect."""
        return self._noted(self._session.get(url, allow_redirects=False, timeout=_SECONDS))

    def send(self, form: Form, **choices: str) -> requests.Response:
        """Send a form after these choices, without following a redirect."""
        sent = form.chosen(**choices)
        return self._noted(self._session.post(form.action, data=sent, allow_redirects=False, timeout=_SECONDS))

    def follow(self, answer: requests.Response) -> requests.Response:
        """Go where an answer redirects to. StackError where it does not."""
        if not answer.is_redirect:
            raise StackError(f"{answer.url.partition('?')[0]} answered {answer.status_code}, and no redirect")
        return self.open(urljoin(answer.url, answer.headers["Location"]))

    def _noted(self, answer: requests.Response) -> requests.Response:
        self.visited.append((answer.url.partition("?")[0], answer.status_code))
        return answer


@dataclass
class _Reader(HTMLParser):
    action: str | None = None
    fields: Pairs = field(default_factory=list)
    choices: Pairs = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        match tag, given.get("type"):
            case "form", _:
                self.action = given.get("action") or ""
            case "input", "hidden":
                self.fields.append((name, value))
            case "input", "radio" | "checkbox":
                self.choices.append((name, value))
                if "checked" in given:
                    self.fields.append((name, value))
            case "button", _:
                self.choices.append((name, value))
