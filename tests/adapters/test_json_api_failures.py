"""Failures of AWS's JSON APIs: what is retried, what is raised, and what stays secret."""

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from publishing.concurrency import start
from publishing.repositories import json_api
from publishing.repositories.json_api import (
    BACKOFF_SECONDS,
    BUDGET_SECONDS,
    DYNAMODB,
    LAST_CALL_SECONDS,
    MAX_ATTEMPTS,
    AwsError,
    JsonApi,
)
from publishing.repositories.sigv4 import Credentials
from tests.adapters.scripted_aws import (
    CANARY,
    CLOSE,
    CREDENTIALS,
    GOOD,
    REGION,
    WAITS,
    Answer,
    ScriptedAws,
    Waits,
    client,
    error_answer,
    outcome,
    text_of,
)
from tests.support.patience import GENEROUS_SECONDS
from tests.support.wire import closed_port
from tiktok_business.deadline import Deadline, request_deadline


class TestRetries:
    def test_number(self) -> None:
        """A call has three attempts; the tests expect the waits between three."""
        assert MAX_ATTEMPTS == len(WAITS) + 1 == 3

    @pytest.mark.parametrize(
        "name",
        sorted(
            json_api._RETRYABLE  # noqa: SLF001 -- all of them, and at least these
            | {
                "InternalServerError",
                "InternalServiceError",
                "ProvisionedThroughputExceededException",
                "RequestLimitExceeded",
                "ServiceUnavailable",
                "ThrottlingException",
            }
        ),
    )
    @pytest.mark.parametrize("prefix", ["", "com.amazonaws.dynamodb.v20120810#"], ids=["bare", "prefixed"])
    def test_names(self, name: str, prefix: str) -> None:
        """Transient errors are retried after growing random waits, and finally raised by their code."""
        waits = Waits()
        with ScriptedAws(*[error_answer(prefix + name)] * MAX_ATTEMPTS) as aws:
            error = outcome(aws, waits)
        assert (error.code, str(error), error.item) == (name, name, {})
        assert waits.seconds == WAITS
        assert aws.connections == [1] * MAX_ATTEMPTS

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b'{"__type": "ns#Anything"}', "Anything"),
            (b"<html>Bad gateway</html>", "HTTP {}"),
            (b"", "HTTP {}"),
            (b'{"message": "none"}', "HTTP {}"),
            (b'{"__type": 7}', "HTTP {}"),
            (b'["__type"]', "HTTP {}"),
        ],
        ids=["named", "html", "empty", "nameless", "number", "list"],
    )
    def test_server_errors(self, status: int, body: bytes, code: str) -> None:
        """Every 5xx is retried; without an error code it is named after its status."""
        waits = Waits()
        with ScriptedAws(*[Answer(status, body)] * MAX_ATTEMPTS) as aws:
            assert outcome(aws, waits).code == code.format(status)
        assert waits.seconds == WAITS
        assert len(aws.requests) == MAX_ATTEMPTS

    @pytest.mark.parametrize("failures", range(1, MAX_ATTEMPTS))
    @pytest.mark.parametrize(
        "failure",
        [error_answer("ThrottlingException"), Answer(503, b""), CLOSE, Answer(200, b'{"Good"', missing=7)],
        ids=["throttled", "status", "closed", "cut_short"],
    )
    def test_success_after_failures(self, failure: Answer | None, failures: int) -> None:
        """After transient failures the response is returned; every attempt sends the same request."""
        waits = Waits()
        with ScriptedAws(*[failure] * failures, GOOD) as aws, client(aws.url, waits) as api:
            assert api.call("GetItem", Key="k") == {"Good": True}
        assert waits.seconds == WAITS[:failures]
        assert [json.loads(request.body) for request in aws.requests] == [{"Key": "k"}] * (failures + 1)

    def test_kinds_mixed(self) -> None:
        """Attempts are counted over all kinds of failure, and the last one is raised."""
        with ScriptedAws(CLOSE, error_answer("ThrottlingException"), Answer(503, b""), GOOD) as aws:
            assert outcome(aws).code == "HTTP 503"
        assert len(aws.requests) == MAX_ATTEMPTS

    def test_permanent_error_after_a_retry(self) -> None:
        """A permanent error ends the attempts, even if it is not the first response."""
        with ScriptedAws(error_answer("ThrottlingException"), error_answer("AccessDeniedException"), GOOD) as aws:
            assert outcome(aws).code == "AccessDeniedException"
        assert len(aws.requests) == 2

    @pytest.mark.parametrize(
        ("failure", "code"),
        [(CLOSE, "RemoteDisconnected"), (Answer(200, b'{"Good"', missing=7), "IncompleteRead")],
        ids=["closed", "cut_short"],
    )
    def test_broken(self, failure: Answer | None, code: str) -> None:
        """A broken connection is never reused, and the error is named after the failure."""
        waits = Waits()
        with ScriptedAws(*[failure] * MAX_ATTEMPTS) as aws:
            assert outcome(aws, waits).code == code
        assert waits.seconds == WAITS
        assert aws.connections == [1, 2, 3]

    def test_closed_port(self) -> None:
        """On a closed port the error is named after the failure."""
        waits = Waits()
        with client(f"http://127.0.0.1:{closed_port()}", waits) as api, pytest.raises(AwsError) as caught:
            api.call("GetItem")
        assert caught.value.code == "ConnectionRefusedError"
        assert waits.seconds == WAITS

    @pytest.mark.parametrize(("left", "wait"), [(3.0, 2.0), (2.0, 2.0), (0.7, 0.7), (0.0, 0.05)])
    def test_read_timeout(self, left: float, wait: float) -> None:
        """A read waits two seconds at most, and no longer than the remaining time of the call."""
        with ScriptedAws(GOOD) as aws, client(aws.url) as api:
            deadline = Deadline(left, clock=lambda: 0.0)
            for _ in range(2):  # a new connection, and an open one
                assert api._connection(deadline).sock.gettimeout() == wait  # noqa: SLF001 -- rather than wait for it

    def test_budget(self) -> None:
        """A call ends within three seconds: no wait begins that would exceed them, even with attempts left."""
        clock = iter([0.0, *[BUDGET_SECONDS - 0.5 * BACKOFF_SECONDS] * 9])
        waited: list[float] = []
        with ScriptedAws(*[error_answer("InternalServerError", 500)] * MAX_ATTEMPTS) as aws:
            api = JsonApi(
                DYNAMODB,
                aws.url,
                REGION,
                CREDENTIALS,
                sleep=waited.append,
                jitter=lambda: 1.0,
                clock=lambda: next(clock),
            )
            with contextlib.closing(api), pytest.raises(AwsError, match=r"^InternalServerError$"):
                api.call("GetItem")
        assert (len(aws.requests), waited) == (1, [])

    def test_hanging_server(self) -> None:
        """A server that never answers times out, and is retried like any other failure."""
        clock = iter([0.0, *[BUDGET_SECONDS - 0.06] * 9])  # the waits still fit into the remaining time
        waits = Waits()
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            with client(url, waits, clock=lambda: next(clock)) as api, pytest.raises(AwsError) as caught:
                api.call("GetItem")
        assert caught.value.code == "TimeoutError"
        assert waits.seconds == WAITS


class TestRequestDeadline:
    @pytest.mark.parametrize(
        ("left", "wait"),
        [(None, 2.0), (7.5, 2.0), (1.2, 1.2), (LAST_CALL_SECONDS, LAST_CALL_SECONDS), (0.0, LAST_CALL_SECONDS)],
    )
    def test_wait(self, left: float | None, wait: float) -> None:
        """A call waits no longer than its request; at its end just long enough to write how it ended."""
        clock = Clock()
        with ScriptedAws(GOOD) as aws, request_until(left, clock), client(aws.url, clock=clock) as api:
            api.call("GetItem")
            assert api._open is not None  # noqa: SLF001 -- rather than wait for it
            assert api._open.sock.gettimeout() == pytest.approx(wait)  # noqa: SLF001 -- as above

    def test_no_retry_after_the_deadline(self) -> None:
        """A pause that would end after the request is not begun."""
        waits, clock = Waits(), Clock()
        with (
            ScriptedAws(error_answer("ThrottlingException"), GOOD) as aws,
            request_until(LAST_CALL_SECONDS, clock),
            client(aws.url, waits, clock=lambda: clock() + LAST_CALL_SECONDS * len(aws.requests)) as api,
            pytest.raises(AwsError, match=r"^ThrottlingException$"),
        ):
            api.call("GetItem")
        assert waits.seconds == []

    def test_calls_one_after_the_other(self) -> None:
        """Against an AWS that never answers, as many calls as a request may make end soon after its deadline."""
        before = time.monotonic()
        with (
            socket.create_server(("127.0.0.1", 0)) as silent,
            request_until(0.1, time.monotonic),
            client(f"http://127.0.0.1:{silent.getsockname()[1]}", Waits(), clock=time.monotonic) as api,
        ):
            for _ in range(3):
                with pytest.raises(AwsError):
                    api.call("GetItem")
        assert time.monotonic() - before < GENEROUS_SECONDS < 3 * BUDGET_SECONDS

    def test_waiting_for_another_thread(self) -> None:
        """Calls follow one another; a call that is not its turn in time fails as if AWS had not answered."""
        with (
            request_until(0.0, time.monotonic),
            client(f"http://127.0.0.1:{closed_port()}", clock=time.monotonic) as api,
            api._lock,  # noqa: SLF001 -- as a call that hangs holds it
        ):
            call = start(lambda: api.call("GetItem"))
            with pytest.raises(AwsError, match=r"^TimeoutError$") as caught:
                call.result(timeout=GENEROUS_SECONDS)
            assert caught.value.transient


class Clock:
    """Stands still."""

    def __call__(self) -> float:
        return 100.0


@contextlib.contextmanager
def request_until(seconds: float | None, clock: Callable[[], float]) -> Iterator[None]:
    """Work for a request that ends in so many seconds; None: for none, as in a test of one call."""
    token = request_deadline.set(None if seconds is None else Deadline.after(seconds, clock))
    try:
        yield
    finally:
        request_deadline.reset(token)


class TestErrors:
    @pytest.mark.parametrize(
        ("failure", "transient"),
        [
            (CLOSE, True),
            (Answer(503, b""), True),
            (error_answer("ThrottlingException"), True),
            (error_answer("TransactionConflictException"), True),
            (error_answer("AccessDeniedException"), False),
            (error_answer("ConditionalCheckFailedException"), False),
        ],
        ids=["closed", "5xx", "throttled", "contended", "denied", "condition"],
    )
    def test_transient(self, failure: Answer | None, transient: bool) -> None:  # noqa: FBT001 - a parameter
        """An error says whether a later call may succeed: not if AWS refused for good."""
        with ScriptedAws(*[failure] * MAX_ATTEMPTS) as aws:
            assert outcome(aws).transient is transient

    @pytest.mark.parametrize("name", ["AccessDeniedException", "ValidationException", "ResourceNotFoundException"])
    @pytest.mark.parametrize(
        "prefix",
        ["", "com.amazonaws.dynamodb.v20120810#", "com.amazon.coral.service#"],
        ids=["bare", "dynamodb", "coral"],
    )
    def test_at_once(self, name: str, prefix: str) -> None:
        """A permanent error is raised after one attempt, by its code without the prefix."""
        waits = Waits()
        with ScriptedAws(error_answer(prefix + name), GOOD) as aws:
            error = outcome(aws, waits)
        assert (error.code, str(error), error.item) == (name, name, {})
        assert waits.seconds == []
        assert len(aws.requests) == 1

    def test_condition(self) -> None:
        """A failed condition is raised at once, with the existing item."""
        item = {"pk": {"S": "p"}, "status": {"S": "done"}}
        failed = error_answer("com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", Item=item)
        with ScriptedAws(failed, GOOD) as aws:
            error = outcome(aws)
        assert (error.code, error.item) == ("ConditionalCheckFailedException", item)
        assert str(error) == "ConditionalCheckFailedException"
        assert len(aws.requests) == 1

    @pytest.mark.parametrize("item", [None, "canary", ["canary"]], ids=["null", "text", "list"])
    def test_no_item(self, item: object) -> None:
        """An invalid item counts as no item."""
        with ScriptedAws(error_answer("ConditionalCheckFailedException", Item=item)) as aws:
            assert outcome(aws).item == {}

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"<html></html>", b'{"\xff": 1}', b"null", b"7", b'"text"', b'[{"Item": {}}]', b"[" * 200_000],
        ids=["empty", "half", "html", "bytes", "null", "number", "text", "list", "deep"],
    )
    def test_no_object(self, body: bytes) -> None:
        """A 200 response without a JSON object is an error."""
        with ScriptedAws(*[Answer(200, body)] * MAX_ATTEMPTS) as aws:
            assert outcome(aws).code == "HTTP 200"

    @pytest.mark.parametrize("status", [201, 204, 301, 307, 403, 404])
    def test_other_statuses(self, status: int) -> None:
        """A JSON object with another status than 200 is an error."""
        body = b"" if status == 204 else b"{}"
        with ScriptedAws(*[Answer(status, body)] * MAX_ATTEMPTS) as aws:
            assert outcome(aws).code == f"HTTP {status}"


class TestSecrecy:
    @pytest.mark.parametrize(
        "answers",
        [
            [error_answer("ValidationException", echo=CANARY)],
            [error_answer("ConditionalCheckFailedException", echo=CANARY, Item={"pk": {"S": "p"}})],
            [Answer(500, CANARY.encode())] * MAX_ATTEMPTS,
            [Answer(200, f'{{"{CANARY}'.encode())] * MAX_ATTEMPTS,
            [Answer(200, f'{{"{CANARY}'.encode(), missing=9)] * MAX_ATTEMPTS,
            [CLOSE] * MAX_ATTEMPTS,
        ],
        ids=["refused", "condition", "status", "no_json", "cut_short", "closed"],
    )
    def test_errors(self, answers: list[Answer | None]) -> None:
        """An error contains nothing of the request or the response, and has neither cause nor context."""
        credentials = Credentials(CANARY, CANARY, CANARY)
        with (
            ScriptedAws(*answers) as aws,
            client(aws.url, credentials=credentials) as api,
            pytest.raises(AwsError) as caught,
        ):
            api.call("GetItem", Key={CANARY: CANARY})
        assert CANARY in aws.requests[0].body.decode()
        assert aws.requests[0].headers["X-Amz-Security-Token"] == CANARY
        assert CANARY not in text_of(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None

    @pytest.mark.parametrize("token", [f"{CANARY}\n", f"{CANARY}\u2026"], ids=["newline", "not latin-1"])
    def test_credentials_that_no_header_can_hold(self, token: str) -> None:
        """Credentials that no header can hold are not shown, and nothing is sent."""
        credentials = Credentials("key", "secret", token)
        with (
            ScriptedAws() as aws,
            client(aws.url, credentials=credentials) as api,
            pytest.raises(AwsError) as caught,
        ):
            api.call("GetItem")
        assert aws.requests == []
        assert CANARY not in text_of(caught.value)
        assert caught.value.__context__ is None

    def test_client(self) -> None:
        """The client's repr shows neither the secret key nor the session token."""
        with client("http://127.0.0.1:1", credentials=Credentials("key", CANARY, CANARY)) as api:
            assert CANARY not in f"{api!r} {api!s}"
