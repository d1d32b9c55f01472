"""Serves the wizard's page, the API's page and the events of the bus on loopback.

`/wizard` is the wizard: the files of `page`, its settings and a stream of events. `/api` is Swagger UI on
docs/openapi.yaml, with the local stack as the server. Its script and style are those that ship with
aws-lambda-powertools; the files of `api_page` start it.
"""

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import aws_lambda_powertools
import yaml
from botocore.exceptions import BotoCoreError, ClientError

from local.loopback import LoopbackHandler, LoopbackServer
from local.paths import OPENAPI

PAGE = Path(__file__).parent / "page"
API_PAGE = Path(__file__).parent / "api_page"
SWAGGER_UI = Path(aws_lambda_powertools.__file__).parent / "event_handler" / "openapi" / "swagger_ui"
"""The folder of Swagger UI's script and style in the installed package."""

_WIZARD = "/wizard"
_API = "/api"
_TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_LISTEN_EVERY_SECONDS = 1.0


class EventSource(Protocol):
    """Receives the events of the bus: `local.ministack.background.Listener`."""

    def listen(self) -> list[Mapping[str, Any]]:
        """All events so far, in order of arrival."""
        ...


class News:
    """One event source for all open pages. It is read only while a page is open."""

    def __init__(self, source: EventSource) -> None:
        self._source = source
        self._lock = threading.Lock()

    def count(self) -> int:
        """The number of events so far."""
        with self._lock:
            return len(self._source.listen())

    def since(self, count: int) -> list[Mapping[str, Any]]:
        """The events after the first `count`."""
        with self._lock:
            return list(self._source.listen()[count:])


@dataclass(frozen=True)
class Shown:
    """A deployed stack, as the pages show it."""

    base_url: str
    """The address of the API, before /api/v1/tiktok."""
    settings: Mapping[str, Any]
    """The content of the wizard's config.json."""
    origins: tuple[str, ...]
    """The origins that the pages may call, besides this server."""
    news: News
    start_over: Callable[[], None]
    """Restores the demo data and the simulated TikTok."""


class Wizard:
    """Serves both pages on loopback. A context manager; before `show` it serves static files only."""

    def __init__(self) -> None:
        self._server = _Server()

    @property
    def url(self) -> str:
        """The address of the wizard's page."""
        return f"{self._server.origin}{_WIZARD}"

    @property
    def api_page_url(self) -> str:
        """The address of the API's page."""
        return f"{self._server.origin}{_API}"

    def show(self, shown: Shown) -> None:
        """Show a stack."""
        self._server.shown = shown

    def hide(self) -> None:
        """Stop showing the stack, and end the streams of events."""
        self._server.shown = None

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hide()
        self._server.stop()


class _Server(LoopbackServer):
    def __init__(self) -> None:
        super().__init__(_Handler)
        self.shown: Shown | None = None


class _Handler(LoopbackHandler):
    server: _Server

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if self._is_foreign():
            return
        if path == "/":
            self._send(HTTPStatus.SEE_OTHER, headers={"Location": _WIZARD})
        elif path == f"{_WIZARD}/config.json":
            self._send_json(lambda shown: shown.settings)
        elif path == f"{_WIZARD}/events":
            self._stream()
        elif path == f"{_API}/openapi.json":
            self._send_json(_document)
        elif path == _API or path.startswith(f"{_API}/"):
            name = path.removeprefix(_API).removeprefix("/")
            self._send_file(name, *API_PAGE.iterdir(), *SWAGGER_UI.glob("*.min.*"))
        elif path == _WIZARD or path.startswith(f"{_WIZARD}/"):
            self._send_file(path.removeprefix(_WIZARD).removeprefix("/"), *PAGE.iterdir())
        else:
            self._send(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        if self._is_foreign():
            return
        shown = self.server.shown
        if urlsplit(self.path).path != f"{_WIZARD}/start-over" or self.headers.get("Origin") != self.server.origin:
            self._send(HTTPStatus.NOT_FOUND)
        elif shown is None:
            self._send(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            shown.start_over()
            self._send(HTTPStatus.NO_CONTENT)

    def _is_foreign(self) -> bool:
        """Reject a request with another Host: a page of another site can point its host name to this machine."""
        if self.headers.get("Host") == self.server.origin.removeprefix("http://"):
            return False
        self._send(HTTPStatus.MISDIRECTED_REQUEST, f"This page is at {self.server.origin}{_WIZARD}\n".encode())
        return True

    def _send_file(self, name: str, *paths: Path) -> None:
        """Send the file of this name, by default index.html. It is read at each request, so a reload shows an edit."""
        files = {path.name: path for path in paths}
        file = files.get(name or "index.html")
        if file:
            self._send(HTTPStatus.OK, file.read_bytes(), _TYPES[file.suffix])
        else:
            self._send(HTTPStatus.NOT_FOUND)

    def _send_json(self, content: Callable[[Shown], Mapping[str, Any]]) -> None:
        shown = self.server.shown
        if shown is None:
            self._send(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._send(HTTPStatus.OK, json.dumps(content(shown)).encode(), "application/json")

    def _stream(self) -> None:
        """Server-Sent Events: each new event of the bus, until the page is closed or the stack stops."""
        shown = self.server.shown
        if shown is None:
            self._send(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        with suppress(BotoCoreError, ClientError, OSError):
            sent = shown.news.count()
            self.send_head(HTTPStatus.OK, {"Content-Type": "text/event-stream", **self._guards()})
            pause = threading.Event()
            while self.server.shown is shown:
                news = shown.news.since(sent)
                sent += len(news)
                # Writing the comment fails if the page is closed.
                self.wfile.write(b": listening\n\n" + b"".join(map(_as_message, news)))
                pause.wait(_LISTEN_EVERY_SECONDS)

    def _send(
        self,
        status: HTTPStatus,
        body: bytes = b"",
        content_type: str = "text/plain",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.send(status, content_type, body, {**(headers or {}), **self._guards()})

    def _guards(self) -> Mapping[str, str]:
        shown = self.server.shown
        # Swagger UI's style has images in data: URLs, the wizard shows the files that a user chooses.
        images = "data:" if urlsplit(self.path).path.startswith(_API) else "blob:"
        callable_origins = " ".join(["'self'", *(shown.origins if shown else ())])
        return {
            "Cache-Control": "no-store",
            "Content-Security-Policy": (
                f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {images}; "
                f"connect-src {callable_origins}; "
                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }


def _as_message(event: Mapping[str, Any]) -> bytes:
    data = {"type": event["detail-type"], "time": event.get("time"), "detail": event["detail"]}
    return f"data: {json.dumps(data)}\n\n".encode()


def _document(shown: Shown) -> dict[str, Any]:
    """The OpenAPI document, with the local stack as its only server."""
    return {**_openapi(), "servers": [{"url": shown.base_url, "description": "The local stack"}]}


@cache
def _openapi() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(OPENAPI.read_text())
    return document
