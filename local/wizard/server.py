"""Serves the page, its settings and the news from the bus on loopback."""

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from local.loopback import LoopbackHandler, LoopbackServer
from local.wizard.news import News

PAGE = Path(__file__).parent / "page"

_PATH = "/wizard"
_TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_LISTEN_EVERY_SECONDS = 1.0


@dataclass(frozen=True)
class Shown:
    """A deployed stack, as the page shows it."""

    settings: Mapping[str, Any]
    """The page's config.json."""
    origins: tuple[str, ...]
    """Whom the page may talk to, besides this server."""
    news: News
    start_over: Callable[[], None]
    """Brings the demo back to its start."""


class Wizard:
    """Serves the page on loopback. A context manager; before `show` there is nothing but the page's files."""

    def __init__(self) -> None:
        self._server = _Server()

    @property
    def url(self) -> str:
        """Of the page."""
        return f"{self._server.origin}{_PATH}"

    def show(self, shown: Shown) -> None:
        """Show a stack from now on."""
        self._server.shown = shown

    def hide(self) -> None:
        """Show no stack any more, and end the streams of news."""
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
            self._send(HTTPStatus.SEE_OTHER, headers={"Location": _PATH})
        elif path == _PATH:
            self._send_file("index.html")
        elif path == f"{_PATH}/config.json":
            self._send_settings()
        elif path == f"{_PATH}/events":
            self._stream()
        else:
            self._send_file(path.removeprefix(f"{_PATH}/"))

    def do_POST(self) -> None:
        if self._is_foreign():
            return
        shown = self.server.shown
        if urlsplit(self.path).path != f"{_PATH}/start-over" or self.headers.get("Origin") != self.server.origin:
            self._send(HTTPStatus.NOT_FOUND)
        elif shown is None:
            self._send(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            shown.start_over()
            self._send(HTTPStatus.NO_CONTENT)

    def _is_foreign(self) -> bool:
        """Refuse whoever came by another name: a page elsewhere whose name was bent to this machine."""
        if self.headers.get("Host") == self.server.origin.removeprefix("http://"):
            return False
        self._send(HTTPStatus.MISDIRECTED_REQUEST, f"This page is at {self.server.origin}{_PATH}\n".encode())
        return True

    def _send_file(self, name: str) -> None:
        # Looked up among what is there, so that no path leads out; read each time, so that an edit shows on reload.
        files = {path.name: path for path in PAGE.iterdir()}
        if name in files:
            self._send(HTTPStatus.OK, files[name].read_bytes(), _TYPES[files[name].suffix])
        else:
            self._send(HTTPStatus.NOT_FOUND)

    def _send_settings(self) -> None:
        shown = self.server.shown
        if shown is None:
            self._send(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._send(HTTPStatus.OK, json.dumps(shown.settings).encode(), "application/json")

    def _stream(self) -> None:
        """Server-Sent Events: what is told on the bus from now on, until the page is closed or the stack ends."""
        shown = self.server.shown
        if shown is None:
            self._send(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        with suppress(BotoCoreError, ClientError, OSError):
            told = shown.news.count()
            self.send_head(HTTPStatus.OK, {"Content-Type": "text/event-stream", **self._guards()})
            pause = threading.Event()
            while self.server.shown is shown:
                news = shown.news.since(told)
                told += len(news)
                # The comment finds out whether anybody still listens.
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
        may_talk_to = " ".join(["'self'", *(shown.origins if shown else ())])
        return {
            "Cache-Control": "no-store",
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
                f"connect-src {may_talk_to}; "
                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }


def _as_message(event: Mapping[str, Any]) -> bytes:
    told = {"type": event["detail-type"], "time": event.get("time"), "detail": event["detail"]}
    return f"data: {json.dumps(told)}\n\n".encode()
