"""Sends requests to TikTok over one pooled `requests` session, within a deadline."""

import json
import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol

import requests
import requests.adapters
import requests.utils
import urllib3
from pydantic import SecretStr

from tiktok_business.deadline import Deadline
from tiktok_business.errors import (
    ConnectionLostError,
    NoTimeLeftError,
    NotSentError,
    TikTokError,
    TimedOutError,
    TokenInvalidError,
    UnexpectedResponseError,
)
from tiktok_business.models import usable_token

PRODUCTION_BASE_URL = "https://business-api.tiktok.com/open_api/v1.3"
"""TikTok's production host with its version path (EVA conventions, 2026-08-13)."""

CONNECT_TIMEOUT_SECONDS = 2.0
READ_TIMEOUT_SECONDS = 5.0
MAX_RESPONSE_BYTES = 10_000_000
"""Far above any page of rows; a larger body is not read."""

MAX_IDLE_SECONDS = 5.0
"""How long a pooled connection may have been idle, by the wall clock, for a write to be sent over it. A peer may have
closed an older one while the Lambda was frozen, unnoticed; then nobody knows whether the write was applied."""

_POOL_SIZE = 16
_CHUNK_BYTES = 65_536
_LEAST_WAIT_SECONDS = 0.05

logging.getLogger("urllib3").setLevel(logging.ERROR)  # its warnings contain URLs, one of which holds the app's secret


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An HTTP response."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class File:
    """A file of a multipart body."""

    name: str
    content: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart body."""

    fields: Mapping[str, str]
    files: Mapping[str, File]


Body = Mapping[str, Any] | Form
"""What is written; a mapping is sent as JSON."""


class Transport(Protocol):
    """Sends one request to TikTok; tests pass scripted ones."""

    def send(
        self,
        method: str,
        endpoint: str,
        *,
        token: SecretStr | None,
        deadline: Deadline,
        params: Mapping[str, Any] | None = None,
        body: Body | None = None,
    ) -> RawAnswer:
        """Send one request to ``endpoint`` (such as ``identity/get/``) and return the response.

        ``token`` None: for endpoints that require none.
        """
        ...


def trusting_context() -> ssl.SSLContext:
    """Return an ``SSLContext`` that trusts certifi's authorities. Reading them takes 17 ms: make one in Init."""
    return ssl.create_default_context(cafile=requests.utils.DEFAULT_CA_BUNDLE_PATH)


class RequestsTransport:
    """TikTok over HTTPS.

    One ``SSLContext`` and one pool serve all threads: `requests` would otherwise read the CA bundle for every new
    connection. Make it once, outside the handler. A write is never sent over a connection that has been idle for more
    than ``MAX_IDLE_SECONDS``; a read is, since it is retried.
    """

    def __init__(
        self,
        base_url: str = PRODUCTION_BASE_URL,
        ssl_context: ssl.SSLContext | None = None,
        *,
        read_timeout: float = READ_TIMEOUT_SECONDS,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._read_timeout = read_timeout
        self._session = _Session()
        self._session.trust_env = False  # no proxies, no .netrc: neither exists in Lambda
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        if self._base_url.startswith("https://"):
            self._session.mount("https://", _PoolAdapter(ssl_context or trusting_context()))
        else:
            self._session.mount("http://", _PoolAdapter(None))

    def send(
        self,
        method: str,
        endpoint: str,
        *,
        token: SecretStr | None,
        deadline: Deadline,
        params: Mapping[str, Any] | None = None,
        body: Body | None = None,
    ) -> RawAnswer:
        """Send one request and read its whole answer.

        GET parameters that are lists or objects travel as JSON (SDK); the token travels in the ``Access-Token`` header.
        Redirects are not followed: they would carry that header to wherever they point.

        Raises:
            TokenInvalidError: no HTTP header can hold this token; nothing was sent.
            NoTimeLeftError: the deadline has passed; nothing was sent.
            NotSentError: no connection could be made.
            TimedOutError: no whole answer before the deadline or the read timeout.
            ConnectionLostError: the connection broke.
            UnexpectedResponseError: the answer is larger than ``MAX_RESPONSE_BYTES``.
        """
        if token is not None and not usable_token(token):
            raise TokenInvalidError(endpoint, "the token is empty or has characters that no header can hold")
        if deadline.passed:
            raise NoTimeLeftError(endpoint, "no time left to ask")
        left = max(deadline.remaining(), _LEAST_WAIT_SECONDS)
        timeout = urllib3.Timeout(total=left, connect=CONNECT_TIMEOUT_SECONDS, read=self._read_timeout)
        try:
            with self._session.request(
                method,
                f"{self._base_url}/{endpoint}",
                params={name: _encoded(value) for name, value in (params or {}).items()},
                **_content(body),
                headers={"Accept": "application/json", **_access_token(token)},
                timeout=timeout,  # type: ignore[arg-type]  # requests takes it, types-requests does not know
                allow_redirects=False,
                stream=True,
            ) as response:
                return RawAnswer(response.status_code, _read(response.raw, endpoint, deadline, self._read_timeout))
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            failure = _failure(endpoint, error)
        # Not raised above: the cause, which holds the URL and the token's header, would stay as its context.
        raise failure


class _Session(requests.Session):
    """A session that never resolves a redirect's target: that would read the whole body, without a limit."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return no target."""


class _Connection(urllib3.connection.HTTPConnection):
    """A pooled connection that is opened anew for a write if it has been idle for too long.

    The wall clock decides: a frozen Lambda's monotonic clock stands still.
    """

    _used_at = 0.0

    def connect(self) -> None:
        super().connect()
        self._used_at = time.time()

    def request(self, method: str, *args: Any, **kwargs: Any) -> None:
        """Send a request; urllib3 calls this with a connection that no other thread has."""
        now = time.time()
        if method != "GET" and not 0 <= now - self._used_at <= MAX_IDLE_SECONDS:
            self.close()  # sending opens it again
        self._used_at = now
        super().request(method, *args, **kwargs)


class _TlsConnection(_Connection, urllib3.connection.HTTPSConnection):
    """The same over TLS."""


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _PoolAdapter(requests.adapters.HTTPAdapter):
    """Makes the pool of such connections, and gives all of them the same ``SSLContext``."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        super().__init__(pool_maxsize=_POOL_SIZE)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave verification to the shared context; the base class would load a CA file for each connection."""


def _access_token(token: SecretStr | None) -> dict[str, str]:
    return {} if token is None else {"Access-Token": token.get_secret_value()}


def _content(body: Body | None) -> dict[str, Any]:
    """Return the body in the form of `requests`."""
    if not isinstance(body, Form):
        return {"json": body}
    files = {name: (file.name, file.content, file.media_type) for name, file in body.files.items()}
    return {"data": body.fields, "files": files}


def _encoded(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _read(response: urllib3.HTTPResponse, endpoint: str, deadline: Deadline, longest_wait: float) -> bytes:
    """Return the body, checking the deadline between chunks: a slow trickle never exceeds a socket's own timeout."""
    body = bytearray()
    while True:
        _cut_wait(response, deadline, longest_wait)
        if not (chunk := response.read1(_CHUNK_BYTES, decode_content=True)):
            return bytes(body)
        body += chunk
        if len(body) > MAX_RESPONSE_BYTES:
            raise UnexpectedResponseError(endpoint, "the answer is too large")
        if deadline.passed:
            raise TimedOutError(endpoint, "no whole answer in time")


def _cut_wait(response: urllib3.HTTPResponse, deadline: Deadline, longest: float) -> None:
    """Limit the next wait for bytes to the deadline. No socket is accessible if the server closes the connection."""
    sock = getattr(response.connection, "sock", None)
    if sock is not None:
        sock.settimeout(min(longest, max(deadline.remaining(), _LEAST_WAIT_SECONDS)))


def _failure(endpoint: str, error: Exception) -> TikTokError:
    """Return our error for one of `requests` or urllib3."""
    match error:
        case requests.ConnectTimeout():
            return NotSentError(endpoint, "no connection in time")
        case requests.Timeout() | urllib3.exceptions.ReadTimeoutError():
            return TimedOutError(endpoint, "no answer in time")
        case requests.ConnectionError() if _never_connected(error):
            return NotSentError(endpoint, "no connection")
        case _:
            return ConnectionLostError(endpoint, "the connection broke")


def _never_connected(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", cause), urllib3.exceptions.NewConnectionError)
