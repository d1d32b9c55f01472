"""AWS's JSON APIs without boto3, for the functions of the API (decision 13).

Own code for cold starts: importing boto3 takes as long as all the rest of a function (docs/performance.md). Functions
that nobody waits for use boto3.
"""

import http.client
import json
import random
import ssl
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from publishing.environment import checked_url, required
from publishing.repositories.sigv4 import Credentials, signed_headers
from tiktok_business.deadline import Deadline, request_deadline

MAX_ATTEMPTS = 3
"""Attempts at one call, as many as boto3's clients have here."""
BUDGET_SECONDS = 3.0
"""Time for one call with all its attempts: AWS answers in milliseconds."""
LAST_CALL_SECONDS = 0.4
"""Time for a call that begins at the end of the request's time or after it, to write how the request ended."""
MAX_IDLE_SECONDS = 5.0
"""How long the connection may have been idle, by the wall clock, for a write to be sent over it: AWS may have closed it
while the function was frozen, and a conditional write that is repeated may find its own first attempt."""
CONNECT_TIMEOUT_SECONDS = 1.0
READ_TIMEOUT_SECONDS = 2.0
BACKOFF_SECONDS = 0.05
"""After attempt n the next waits random(0, BACKOFF_SECONDS * 2**(n-1)) seconds: full jitter, DynamoDB's base delay."""

AwsCall = Callable[..., Mapping[str, Any]]
"""An operation's name and its request, as :meth:`JsonApi.call` takes them."""

_LEAST_WAIT_SECONDS = 0.05
_READS = ("Get", "Query", "Scan", "BatchGet", "Describe", "List")
"""What the names of operations that only read begin with."""
_RETRYABLE = frozenset(
    {
        "InternalServerError",
        "InternalServiceError",
        "KmsThrottled",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
    }
)
"""Error codes that may pass (DynamoDB Developer Guide, "Error handling"; API references of Secrets Manager and SQS)."""


class AwsError(Exception):
    """AWS refused a call or did not answer. Its text is AWS's error code, or the failure's name; nothing that was sent.

    ``item`` is the item that made a conditional write of DynamoDB fail, if the call asked for it. ``transient``: it was
    not refused for good; a later call may succeed.
    """

    def __init__(self, code: str, item: Mapping[str, Any] | None = None, *, transient: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.item = item or {}
        self.transient = transient or code in _RETRYABLE


@dataclass(frozen=True, slots=True)
class Service:
    """The JSON protocol of one AWS service."""

    name: str
    """In the host name and in signatures."""
    target: str
    """Prefix of an operation's name."""
    version: str
    """Of the JSON protocol."""


DYNAMODB = Service("dynamodb", "DynamoDB_20120810", "1.0")
SECRETS_MANAGER = Service("secretsmanager", "secretsmanager", "1.1")
SQS = Service("sqs", "AmazonSQS", "1.0")
EVENTBRIDGE = Service("events", "AWSEvents", "1.1")


@dataclass(slots=True, weakref_slot=True)
class JsonApi:
    """Client of one service over a connection that stays open. Calls of several threads follow one another.

    ``sleep``, ``jitter`` (a number from 0 to 1), ``now`` and ``clock`` are arguments so that tests neither wait nor
    guess.
    """

    service: Service
    endpoint: str
    region: str
    credentials: Credentials
    context: ssl.SSLContext | None = None
    """For https endpoints."""
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic
    _open: http.client.HTTPConnection | None = field(default=None, repr=False)
    _end: Callable[[], object] = field(default=lambda: None, repr=False)
    """Closes the open connection, also when the client is garbage collected."""
    _used_at: float = field(default=0.0, repr=False)
    """When the last request was sent; seconds since the epoch, by the wall clock."""
    _lock: Lock = field(default_factory=Lock, repr=False)

    @classmethod
    def from_environment(cls, service: Service, environment: Mapping[str, str], context: ssl.SSLContext) -> "JsonApi":
        """Return a client for the function's region with the credentials of its role, as Lambda provides both.

        ``AWS_ENDPOINT_URL``, the address of emulated AWS, overrides the service's own address, as in boto3.

        Raises:
            SettingsError: a variable is absent or unusable.
        """
        region = required(environment, "AWS_REGION")
        endpoint = environment.get("AWS_ENDPOINT_URL") or (
            f"https://{service.name}.{region}.{required(environment, 'DNS_SUFFIX')}"
        )
        return cls(
            service=service,
            endpoint=checked_url("AWS_ENDPOINT_URL", endpoint),
            region=region,
            credentials=Credentials(
                required(environment, "AWS_ACCESS_KEY_ID"),
                required(environment, "AWS_SECRET_ACCESS_KEY"),
                environment.get("AWS_SESSION_TOKEN"),
            ),
            context=context,
        )

    def call(self, operation: str, **request: Any) -> Mapping[str, Any]:
        """Do an idempotent operation, named as in the service's API.

        Retried if that may help, as boto3 does: a conditional write may find its own first attempt. A write is sent
        over a new connection if the open one has been idle for more than ``MAX_IDLE_SECONDS``.

        Raises:
            AwsError: refused, or no response after ``MAX_ATTEMPTS`` or ``BUDGET_SECONDS``, or at the deadline of the
                request that it is made for.
        """
        deadline = self._deadline()
        if not self._lock.acquire(timeout=deadline.remaining()):  # another thread's call takes all the time
            raise AwsError("TimeoutError", transient=True)
        try:
            return self._call(operation, request, deadline)
        finally:
            self._lock.release()

    def _deadline(self) -> Deadline:
        """Return when a call that begins now ends, whatever AWS does."""
        limit = request_deadline.get()
        left = BUDGET_SECONDS if limit is None else max(limit.remaining(), LAST_CALL_SECONDS)
        return Deadline.after(min(BUDGET_SECONDS, left), self.clock)

    def _call(self, operation: str, request: Mapping[str, Any], deadline: Deadline) -> Mapping[str, Any]:
        body = json.dumps(request).encode()
        for attempt in range(1, MAX_ATTEMPTS + 1):
            now = self.now()
            if not operation.startswith(_READS) and abs(now.timestamp() - self._used_at) > MAX_IDLE_SECONDS:
                self.close()
            self._used_at = now.timestamp()
            reused = self._open is not None
            try:
                status, answer = self._send(operation, body, deadline, now)
            except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: no header can hold a value
                self.close()
                failure = AwsError(type(error).__name__, transient=True)
                if reused:  # AWS closes idle connections, and a frozen function does not notice
                    continue
            else:
                if status == HTTPStatus.OK and isinstance(answer, dict):
                    return answer
                failure = _error_of(status, answer)
                if status < HTTPStatus.INTERNAL_SERVER_ERROR and failure.code not in _RETRYABLE:
                    break
            pause = self.jitter() * BACKOFF_SECONDS * 2 ** (attempt - 1)
            if attempt == MAX_ATTEMPTS or pause >= deadline.remaining():
                break
            self.sleep(pause)
        raise failure  # not above: the cause, with whatever it holds, would stay as its context

    def _send(self, operation: str, body: bytes, deadline: Deadline, now: datetime) -> tuple[int, Any]:
        connection = self._connection(deadline)
        headers = signed_headers(
            self.credentials,
            service=self.service.name,
            region=self.region,
            headers={
                "Host": urlsplit(self.endpoint).netloc,
                "Content-Type": f"application/x-amz-json-{self.service.version}",
                "X-Amz-Target": f"{self.service.target}.{operation}",
            },
            body=body,
            now=now,
        )
        connection.request("POST", "/", body, headers)
        response = connection.getresponse()
        text = response.read()
        try:
            return response.status, json.loads(text)
        except (ValueError, RecursionError):
            return response.status, None

    def _connection(self, deadline: Deadline) -> http.client.HTTPConnection:
        """Return the open connection or a new one, with a read timeout of what remains of the call's time."""
        if self._open is None:
            parts = urlsplit(self.endpoint)
            timeout = min(CONNECT_TIMEOUT_SECONDS, max(deadline.remaining(), _LEAST_WAIT_SECONDS))
            if parts.scheme == "https":
                self._open = http.client.HTTPSConnection(parts.netloc, timeout=timeout, context=self.context)
            else:
                self._open = http.client.HTTPConnection(parts.netloc, timeout=timeout)
            self._end = weakref.finalize(self, self._open.close)
        if self._open.sock is None:
            self._open.connect()
        self._open.sock.settimeout(min(READ_TIMEOUT_SECONDS, max(deadline.remaining(), _LEAST_WAIT_SECONDS)))
        return self._open

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._end()
        self._open = None


def _error_of(status: int, answer: Any) -> AwsError:
    """Return the error of a response: ``{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", …}``."""
    fields = answer if isinstance(answer, dict) else {}
    kind, item = fields.get("__type"), fields.get("Item")
    code = kind.rpartition("#")[2] if isinstance(kind, str) else f"HTTP {status}"
    return AwsError(
        code,
        item if isinstance(item, dict) else None,
        transient=status >= HTTPStatus.INTERNAL_SERVER_ERROR,
    )
