"""Serves the page of the OpenAPI document on loopback."""

import base64
import hashlib
from functools import cache
from http import HTTPStatus
from typing import Self
from urllib.parse import urlsplit

import yaml

from local.api_page.page import STYLE, render
from local.loopback import LoopbackHandler, LoopbackServer
from local.paths import OPENAPI

_PATH = "/api"
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_HTML = "text/html; charset=utf-8"
_HEADERS = {
    # Nothing but its own style: whatever a description says, it stays text.
    "Content-Security-Policy": f"default-src 'none'; img-src data:; style-src 'sha256-{_STYLE_DIGEST}'",
    "Referrer-Policy": "no-referrer",
}


class ApiPage:
    """A context manager: inside it the page is served. It is made when it is first asked for."""

    def __init__(self) -> None:
        self._server = LoopbackServer(_Handler)

    @property
    def url(self) -> str:
        """Of the page."""
        return f"{self._server.origin}{_PATH}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()


@cache
def _page() -> bytes:
    return render(yaml.safe_load(OPENAPI.read_text())).encode()


class _Handler(LoopbackHandler):
    def do_GET(self) -> None:
        if urlsplit(self.path).path == _PATH:
            self.send(HTTPStatus.OK, _HTML, _page(), _HEADERS)
        else:
            self.send(HTTPStatus.NOT_FOUND, _HTML, b"<!doctype html><title>Not found</title>", _HEADERS)
