"""The page that people come back to from TikTok's consent page: a stand-in for the Campaign Creator wizard."""

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

_PATH = "/wizard"
_PAGE = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Back in the wizard</title>
<main style="font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
<h1 id="title">Back in the wizard</h1>
<p id="text" role="status"></p>
</main>
<script>
const told = new URLSearchParams(location.search);
const connected = told.get("tiktok") === "connected";
document.getElementById("title").textContent = connected ? "TikTok is connected" : "TikTok is not connected";
document.getElementById("text").textContent = connected
  ? "The preflight uses this connection from now on."
  : `Why: ${told.get("code") ?? "nobody was sent to TikTok"}`;
</script>
</html>
"""


class Wizard:
    """Serves the page on loopback. A context manager."""

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


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = urlsplit(self.path).path == _PATH
        self.send_response(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        if found:
            self.wfile.write(_PAGE)

    def log_message(self, *_: object) -> None:
        """Say nothing: the console belongs to the stack's own lines."""
