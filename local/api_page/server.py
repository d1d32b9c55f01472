"""Serves the page of the OpenAPI document on loopback."""

import base64
import hashlib
import threading
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

import yaml

from local.api_page.page import STYLE, render
from local.paths import OPENAPI

_PATH = "/api"
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    # Nothing but its own style: whatever a description says, it stays text.
    "Content-Security-Policy": f"default-src 'none'; img-src data:; style-src 'sha256-{_STYLE_DIGEST}'",
    "Referrer-Policy": "no-referrer",
}


class ApiPage:
    """A context manager: inside it the page is served. It is made when it is first asked for."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Of the page."""
        return f"http://127.0.0.1:{self._server.server_port}{_PATH}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@cache
def _page() -> bytes:
    return render(yaml.safe_load(OPENAPI.read_text())).encode()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = urlsplit(self.path).path == _PATH
        body = _page() if found else b"<!doctype html><title>Not found</title>"
        self.send_response(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND)
        for name, value in {**_HEADERS, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the console belongs to the stack's own lines."""
