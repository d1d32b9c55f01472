"""DynamoDB and Secrets Manager in memory (moto), over HTTP, with a record of what was asked of them.

What a client library hides (retries, second looks) is seen here on the wire. MiniStack is for the whole stack; this one
is a matter of milliseconds.
"""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from moto.server import ThreadedMotoServer

_SERVICES = {"DynamoDB_20120810": "dynamodb", "secretsmanager": "secretsmanager"}
_SECONDS = 10.0


class InMemoryAws:
    """A context manager: inside it `url` is the endpoint of every service, `calls` are the actions that came.

    An action is named as IAM names it ("dynamodb:Query").
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Recorder,), {"aws": self}))

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def moto_address(self) -> tuple[str, int]:
        """Where what is behind the record listens."""
        return self._moto.get_host_and_port()

    def __enter__(self) -> Self:
        self._moto.start()
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._moto.stop()


class _Recorder(BaseHTTPRequestHandler):
    """Notes the action and passes the request on."""

    aws: InMemoryAws
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        service, _, operation = self.headers["X-Amz-Target"].partition(".")
        self.aws.calls.append(f"{_SERVICES[service]}:{operation}")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        host, port = self.aws.moto_address
        behind = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        try:
            behind.request("POST", self.path, body, dict(self.headers))
            answer = behind.getresponse()
            content = answer.read()
        finally:
            behind.close()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Write nothing: the record is in `calls`."""
