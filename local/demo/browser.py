"""A minimal browser to connect TikTok with: it opens pages, submits forms, and follows redirects one at a time."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin

import requests

from local.console import StackError

_TIMEOUT_SECONDS = 30.0

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Form:
    """The form of a page in its initial state."""

    action: str
    fields: Pairs
    """The fields that are submitted: hidden inputs and preselected choices."""
    choices: Pairs
    """All radio buttons, checkboxes and buttons."""

    @classmethod
    def of(cls, page: requests.Response) -> Self:
        """The form of a page. StackError if the page has none."""
        reader = _Reader()
        reader.feed(page.text)
        if reader.action is None:
            raise StackError(f"{page.url.partition('?')[0]} returned {page.status_code} without a form")
        return cls(urljoin(page.url, reader.action), reader.fields, reader.choices)

    def with_choices(self, **choices: str) -> Pairs:
        """The submitted fields after these choices, one value per name. StackError if the page lacks a choice."""
        for choice in choices.items():
            if choice not in self.choices:
                raise StackError(f"the page has no choice {'='.join(choice)}")
        return [*((name, value) for name, value in self.fields if name not in choices), *choices.items()]


class Browser:
    """Opens pages as a browser does. `visited` has each address without its query, and the status."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self.visited: list[tuple[str, int]] = []

    def open(self, url: str) -> requests.Response:
        """GET a page without following redirects."""
        return self._recorded(self._session.get(url, allow_redirects=False, timeout=_TIMEOUT_SECONDS))

    def send(self, form: Form, **choices: str) -> requests.Response:
        """Submit a form with these choices, without following redirects."""
        fields = form.with_choices(**choices)
        response = self._session.post(form.action, data=fields, allow_redirects=False, timeout=_TIMEOUT_SECONDS)
        return self._recorded(response)

    def follow(self, response: requests.Response) -> requests.Response:
        """Open the target of a redirect. StackError if the response is not a redirect."""
        if not response.is_redirect:
            raise StackError(f"{response.url.partition('?')[0]} returned {response.status_code}, which is no redirect")
        return self.open(urljoin(response.url, response.headers["Location"]))

    def _recorded(self, response: requests.Response) -> requests.Response:
        self.visited.append((response.url.partition("?")[0], response.status_code))
        return response


@dataclass
class _Reader(HTMLParser):
    action: str | None = None
    fields: Pairs = field(default_factory=list)
    choices: Pairs = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        name, value = attributes.get("name") or "", attributes.get("value") or ""
        match tag, attributes.get("type"):
            case "form", _:
                self.action = attributes.get("action") or ""
            case "input", "hidden":
                self.fields.append((name, value))
            case "input", "radio" | "checkbox":
                self.choices.append((name, value))
                if "checked" in attributes:
                    self.fields.append((name, value))
            case "button", _:
                self.choices.append((name, value))
