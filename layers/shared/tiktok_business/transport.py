"""Bytes to TikTok and back on one pooled `requests` session, within a deadline."""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol

import requests
import requests.adapters
import requests.utils
import urllib3
from pydantic import SecretStr

from tiktok_business.deadline import Deadline
from tiktok_business.errors import (
    NoTimeLeftError,
    NotSentError,
    TimedOutError,
    UnavailableError,
    UnexpectedResponseError,
)

PRODUCTION_BASE_URL = "https://business-api.tiktok.com/open_api/v1.3"
"""TikTok's production host with its version path (EVA conventions, 2026-08-13)."""

CONNECT_TIMEOUT_SECONDS = 2.0
READ_TIMEOUT_SECONDS = 5.0
MAX_RESPONSE_BYTES = 10_000_000
"""Far above any page of rows; a larger body is not an answer to read."""

_POOL_SIZE = 16
_CHUNK_BYTES = 65_536
_LEAST_WAIT_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came back over HTTP."""

    status: int
    body: bytes


class Transport(Protocol):
    """Anything that carries one request to TikTok."""

    def send(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        endpoint: str,
        *,
        token: SecretStr,
        deadline: Deadline,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> RawAnswer:
        """Send one request to ``endpoint`` (such as ``identity/get/``) and return what came back."""
        ...


class RequestsTransport:
    """TikTok over HTTPS.

    One ``SSLContext`` and one pool serve all threads: `requests` would otherwise read the CA bundle for every new
    connection. Make it once, outside the handler.
    """

    def __init__(self, base_url: str = PRODUCTION_BASE_URL, ssl_context: ssl.SSLContext | None = None) -> None:
        self._base_url = base_url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # no proxies, no .netrc: neither exists in Lambda
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        if self._base_url.startswith("https://"):
            context = ssl_context or ssl.create_default_context(cafile=requests.utils.DEFAULT_CA_BUNDLE_PATH)
            self._session.mount("https://", _SharedContextAdapter(context))
        else:
            self._session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=_POOL_SIZE))

    def send(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        endpoint: str,
        *,
        token: SecretStr,
        deadline: Deadline,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> RawAnswer:
        """Send one request and read its whole answer.

        GET parameters that are lists or objects travel as JSON (SDK); the token travels in the ``Access-Token`` header.
        Redirects are not followed: they would carry that header to wherever they point.

        Raises:
            NoTimeLeftError: the deadline has passed; nothing was sent.
            NotSentError: no connection could be made.
            TimedOutError: no whole answer before the deadline or the read timeout.
            UnavailableError: the connection broke.
            UnexpectedResponseError: the answer is larger than ``MAX_RESPONSE_BYTES``.
        """
        if deadline.passed:
            raise NoTimeLeftError(endpoint, "no time left to ask")
        left = max(deadline.remaining(), _LEAST_WAIT_SECONDS)
        try:
            with self._session.request(
                method,
                f"{self._base_url}/{endpoint}",
                params={name: _encoded(value) for name, value in (params or {}).items()},
                json=body,
                headers={"Access-Token": token.get_secret_value(), "Accept": "application/json"},
                timeout=(min(CONNECT_TIMEOUT_SECONDS, left), min(READ_TIMEOUT_SECONDS, left)),
                allow_redirects=False,
                stream=True,
            ) as response:
                return RawAnswer(response.status_code, _read(response, endpoint, deadline))
        # The causes are cut off (`from None`): their texts hold the whole URL.
        except requests.ConnectTimeout:
            raise NotSentError(endpoint, "no connection in time") from None
        except requests.Timeout:
            raise TimedOutError(endpoint, "no answer in time") from None
        except requests.ConnectionError as error:
            if _never_connected(error):
                raise NotSentError(endpoint, "no connection") from None
            raise UnavailableError(endpoint, "the connection broke") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError):
            raise UnavailableError(endpoint, "the connection broke") from None


class _SharedContextAdapter(requests.adapters.HTTPAdapter):
    """Gives every connection of the pool the same ``SSLContext``."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(pool_maxsize=_POOL_SIZE)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave verification to the shared context; the base class would name a CA file for each connection."""


def _encoded(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _read(response: requests.Response, endpoint: str, deadline: Deadline) -> bytes:
    """The body, looking at the clock between the pieces: a slow drip never trips a socket's own timeout."""
    body = bytearray()
    try:
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > MAX_RESPONSE_BYTES:
                raise UnexpectedResponseError(endpoint, "the answer is too large")
            if deadline.passed:
                raise TimedOutError(endpoint, "no whole answer in time")
    except urllib3.exceptions.ReadTimeoutError:
        raise TimedOutError(endpoint, "no whole answer in time") from None
    return bytes(body)


def _never_connected(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return isinstance(reason, urllib3.exceptions.NewConnectionError)
