"""Small HTTP servers on loopback, each on a free port, and certificates for servers that use TLS."""

import socketserver
import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

_POLL_SECONDS = 0.02


class LoopbackServer(ThreadingHTTPServer):
    """An HTTP server; it has its origin from the beginning and handles requests between `start` and `stop`."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    def server_bind(self) -> None:
        """Bind without the host name lookup of HTTPServer, which can take seconds."""
        socketserver.TCPServer.server_bind(self)

    @property
    def port(self) -> int:
        """The port that the server listens on."""
        port: int = self.server_address[1]
        return port

    @property
    def origin(self) -> str:
        """The scheme, host and port of the server's URLs."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Handle requests in background threads."""
        threading.Thread(target=self.serve_forever, args=(_POLL_SECONDS,), daemon=True).start()

    def stop(self) -> None:
        """Stop handling requests and release the port."""
        self.shutdown()
        self.server_close()


class LoopbackHandler(BaseHTTPRequestHandler):
    """Base class for request handlers; it logs nothing, because the console shows the local stack's messages."""

    def send(self, status: int, content_type: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Send a complete response."""
        self.send_head(status, {"Content-Type": content_type, "Content-Length": str(len(body)), **(headers or {})})
        self.wfile.write(body)

    def send_head(self, status: int, headers: Mapping[str, str]) -> None:
        """Send a response's status line and headers."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing."""


def certificate(folder: Path, address: str) -> tuple[Path, ssl.SSLContext]:
    """Create a certificate for an IP address: the path of the CA that clients must trust, and a server's context.

    The CA is `folder`/`address`.crt; the server's key and certificate are beside it, in `address`.pem.
    """
    authority = trustme.CA()
    issued = authority.issue_cert(address)
    trusted = folder / f"{address}.crt"
    authority.cert_pem.write_to_path(trusted)
    issued.private_key_and_cert_chain_pem.write_to_path(trusted.with_suffix(".pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    return trusted, context
