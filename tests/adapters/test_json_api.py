"""AWS's JSON APIs over real connections, against a server that answers by a script."""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, Self

import pytest

from local.certificates import certificate
from publishing.aws import json_api
from publishing.aws.json_api import (
    BACKOFF_SECONDS,
    BUDGET_SECONDS,
    DYNAMODB,
    MAX_ATTEMPTS,
    SECRETS_MANAGER,
    AwsError,
    JsonApi,
    Service,
)
from publishing.aws.sigv4 import Credentials, signed_headers
from publishing.environment import SettingsError
from tests.unit.tiktok_business.fakes import closed_port
from tiktok_business.deadline import Deadline

REGION = "eu-central-1"
CREDENTIALS = Credentials("made-up-key", "made-up-secret", "made-up-token")
MOMENT = datetime(2026, 11, 3, 4, 5, 6, tzinfo=UTC)
CANARY = "canary-5d1f"


class Answer(NamedTuple):
    """One answer of the script."""

    status: int
    body: bytes
    last: bool = False
    """The server closes the connection after it, without having said so."""
    missing: int = 0
    """So many bytes are announced more than there are; the connection is closed then."""


CLOSE = None
"""No answer at all: the connection is closed once the request was read."""


class Recorded(NamedTuple):
    """One request as it came in."""

    connection: int
    """The first connection is 1."""
    line: str
    headers: dict[str, str]
    body: bytes


class ScriptedAws:
    """Gives the answers in order, over connections that it keeps; asked more often, it refuses under a name of its own.

    At its end it ends the connections that are still open.
    """

    def __init__(self, *answers: Answer | None, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[Recorded] = []
        script = iter([*answers])
        connections: list[socket.socket] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are sent apart
            number = 0

            def setup(self) -> None:
                super().setup()
                connections.append(self.connection)
                self.number = len(connections)

            def handle(self) -> None:
                with contextlib.suppress(OSError):  # of a client that trusts no such certificate
                    super().handle()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append(Recorded(self.number, self.requestline, dict(self.headers.items()), body))
                answer = next(script, error_answer("EndOfScript"))
                if answer is None:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(answer.body) + answer.missing))
                self.end_headers()
                self.wfile.write(answer.body)
                self.close_connection = answer.last or answer.missing > 0

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = False  # so that closing it waits for them

            def server_close(self) -> None:
                for connection in connections:
                    with contextlib.suppress(OSError):  # of one that has ended
                        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # TLS's own is not for two threads
                super().server_close()

        self._server = Server(("127.0.0.1", 0), Handler)
        scheme = "http"
        if context is not None:
            scheme = "https"
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def connections(self) -> list[int]:
        """The connection of each request."""
        return [request.connection for request in self.requests]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def json_answer(fields: object, status: int = 200, *, last: bool = False) -> Answer:
    return Answer(status, json.dumps(fields).encode(), last=last)


def error_answer(kind: str, status: int = 400, **more: object) -> Answer:
    return json_answer({"__type": kind, "message": "not to be told", **more}, status)


GOOD = json_answer({"Good": True})


class Waits:
    """Remembers what was to be waited, and draws 0.5, 0.25, 0.125, … from between 0 and 1."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.draws = 0

    def jitter(self) -> float:
        self.draws += 1
        return float(0.5**self.draws)


WAITS = [0.5 * BACKOFF_SECONDS, 0.25 * BACKOFF_SECONDS * 2]
"""All that there are in MAX_ATTEMPTS tries."""


@contextlib.contextmanager
def client(
    url: str,
    waits: Waits | None = None,
    *,
    service: Service = DYNAMODB,
    credentials: Credentials = CREDENTIALS,
    context: ssl.SSLContext | None = None,
    now: Callable[[], datetime] = lambda: MOMENT,
) -> Iterator[JsonApi]:
    """A client that does not really wait, closed at the end."""
    waits = waits or Waits()
    api = JsonApi(
        service, url, REGION, credentials, context=context, sleep=waits.seconds.append, jitter=waits.jitter, now=now
    )
    with contextlib.closing(api):
        yield api


def outcome(aws: ScriptedAws, waits: Waits | None = None, **request: object) -> AwsError:
    """The error in which a call ends."""
    with client(aws.url, waits) as api, pytest.raises(AwsError) as caught:
        api.call("GetItem", **request)
    return caught.value


def told(error: BaseException) -> str:
    """All that an error says, as itself and as those behind it."""
    parts = [str(error), repr(error), repr(error.args), repr(vars(error))]
    parts.extend(told(behind) for behind in (error.__cause__, error.__context__) if behind is not None)
    return " ".join(parts)


class TestRequest:
    @pytest.mark.parametrize(
        ("service", "operation", "target", "content_type"),
        [
            (DYNAMODB, "GetItem", "DynamoDB_20120810.GetItem", "application/x-amz-json-1.0"),
            (SECRETS_MANAGER, "GetSecretValue", "secretsmanager.GetSecretValue", "application/x-amz-json-1.1"),
        ],
        ids=["dynamodb", "secretsmanager"],
    )
    def test_protocol(self, service: Service, operation: str, target: str, content_type: str) -> None:
        """An operation is a signed POST of its request as JSON, named in a header, and its answer comes as it is."""
        answer = {"Item": {"pk": {"S": "Ä \N{GRINNING FACE}"}}, "More": [1, 2.5, None, True]}
        request = {"Name": "ä", "Key": {"pk": {"S": "1"}}, "Flags": [True, None, 7]}
        with ScriptedAws(json_answer(answer)) as aws, client(aws.url, service=service) as api:
            assert api.call(operation, **request) == answer
        (sent,) = aws.requests
        assert sent.line == "POST / HTTP/1.1"
        assert json.loads(sent.body) == request
        expected = signed_headers(
            CREDENTIALS,
            service=service.name,
            region=REGION,
            headers={"Host": aws.url.removeprefix("http://"), "Content-Type": content_type, "X-Amz-Target": target},
            body=sent.body,
            now=MOMENT,
        )
        assert expected.items() <= sent.headers.items()
        assert f"/{REGION}/{service.name}/aws4_request, " in sent.headers["Authorization"]
        assert sent.headers["X-Amz-Security-Token"] == "made-up-token"

    def test_nothing_asked(self) -> None:
        """A request without fields is an empty object, and so may the answer be."""
        with ScriptedAws(json_answer({})) as aws, client(aws.url) as api:
            assert api.call("DescribeLimits") == {}
        assert aws.requests[0].body == b"{}"

    def test_each_try_is_signed(self) -> None:
        """A second try carries its own date, for AWS refuses old ones."""
        moments = iter([MOMENT, MOMENT.replace(second=7)])
        with (
            ScriptedAws(error_answer("ThrottlingException"), GOOD) as aws,
            client(aws.url, now=lambda: next(moments)) as api,
        ):
            api.call("GetItem")
        first, second = (request.headers for request in aws.requests)
        assert (first["X-Amz-Date"], second["X-Amz-Date"]) == ("20261103T040506Z", "20261103T040507Z")
        assert first["Authorization"] != second["Authorization"]


class TestConnection:
    def test_kept(self) -> None:
        """Calls go over one connection, also after a refusal."""
        with ScriptedAws(GOOD, error_answer("ValidationException"), GOOD) as aws, client(aws.url) as api:
            api.call("GetItem")
            with pytest.raises(AwsError, match=r"^ValidationException$"):
                api.call("GetItem")
            api.call("GetItem")
        assert aws.connections == [1, 1, 1]

    def test_closed_meanwhile(self) -> None:
        """A connection that AWS has ended since the last call is replaced at once, and the caller gets the answer."""
        first, second, waits = {"Number": 1}, {"Number": 2}, Waits()
        with ScriptedAws(json_answer(first, last=True), json_answer(second)) as aws, client(aws.url, waits) as api:
            assert api.call("GetItem") == first
            assert api.call("GetItem") == second
        assert aws.connections == [1, 2]
        assert waits.seconds == []

    def test_close(self) -> None:
        """After it the next call opens another connection; without an open one it does nothing."""
        with ScriptedAws(GOOD, GOOD) as aws, client(aws.url) as api:
            api.close()
            api.call("GetItem")
            api.close()
            api.close()
            api.call("GetItem")
        assert aws.connections == [1, 2]

    def test_left_behind(self) -> None:
        """A client that is no longer used ends its connection: the server reads the end."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(5)
            api = JsonApi(DYNAMODB, f"http://127.0.0.1:{listener.getsockname()[1]}", REGION, CREDENTIALS)
            api._connection(Deadline.after(5))  # noqa: SLF001 -- a call would want an answer
            accepted, _ = listener.accept()
            with accepted:
                accepted.settimeout(5)
                del api
                assert accepted.recv(1) == b""


class TestTriedAgain:
    def test_number(self) -> None:
        """A call is tried three times; the waits expected in these tests are those between three."""
        assert MAX_ATTEMPTS == len(WAITS) + 1 == 3

    @pytest.mark.parametrize(
        "name",
        sorted(
            json_api._REPEATABLE  # noqa: SLF001 -- all of them, and these at least
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
        """What may pass is tried again after growing waits of random length, and in the end raised by its name."""
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
        """So is every 5xx, whatever its name, and one without a name is called after its status."""
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
    def test_passed(self, failure: Answer | None, failures: int) -> None:
        """Once it has passed the answer is returned, after as many waits as failures; the same was asked each time."""
        waits = Waits()
        with ScriptedAws(*[failure] * failures, GOOD) as aws, client(aws.url, waits) as api:
            assert api.call("GetItem", Key="k") == {"Good": True}
        assert waits.seconds == WAITS[:failures]
        assert [json.loads(request.body) for request in aws.requests] == [{"Key": "k"}] * (failures + 1)

    def test_kinds_mixed(self) -> None:
        """Tries are counted over all kinds of failure, and the last one is raised."""
        with ScriptedAws(CLOSE, error_answer("ThrottlingException"), Answer(503, b""), GOOD) as aws:
            assert outcome(aws).code == "HTTP 503"
        assert len(aws.requests) == MAX_ATTEMPTS

    def test_refused_at_last(self) -> None:
        """A lasting refusal ends the tries, also where it is not the first answer."""
        with ScriptedAws(error_answer("ThrottlingException"), error_answer("AccessDeniedException"), GOOD) as aws:
            assert outcome(aws).code == "AccessDeniedException"
        assert len(aws.requests) == 2

    @pytest.mark.parametrize(
        ("failure", "code"),
        [(CLOSE, "RemoteDisconnected"), (Answer(200, b'{"Good"', missing=7), "IncompleteRead")],
        ids=["closed", "cut_short"],
    )
    def test_broken(self, failure: Answer | None, code: str) -> None:
        """A broken connection is never used again, and what broke it is the error's name."""
        waits = Waits()
        with ScriptedAws(*[failure] * MAX_ATTEMPTS) as aws:
            assert outcome(aws, waits).code == code
        assert waits.seconds == WAITS
        assert aws.connections == [1, 2, 3]

    def test_nobody_there(self) -> None:
        """Where nothing listens the call ends in the failure's name."""
        waits = Waits()
        with client(f"http://127.0.0.1:{closed_port()}", waits) as api, pytest.raises(AwsError) as caught:
            api.call("GetItem")
        assert caught.value.code == "ConnectionRefusedError"
        assert waits.seconds == WAITS

    @pytest.mark.parametrize(("left", "wait"), [(3.0, 2.0), (2.0, 2.0), (0.7, 0.7), (0.0, 0.05)])
    def test_patience(self, left: float, wait: float) -> None:
        """A read waits two seconds at most, and no longer than the call may still take."""
        with ScriptedAws(GOOD) as aws, client(aws.url) as api:
            deadline = Deadline(left, clock=lambda: 0.0)
            for _ in range(2):  # a new connection, and one that is open already
                assert api._connection(deadline).sock.gettimeout() == wait  # noqa: SLF001 -- rather than wait for it

    def test_budget(self) -> None:
        """A call ends with its three seconds: no wait begins that would outlast them, whatever tries are left."""
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

    def test_silence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A server that never answers is given up after a while, as often as any other failure."""
        monkeypatch.setattr(json_api, "READ_TIMEOUT_SECONDS", 0.05)
        waits = Waits()
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            with client(url, waits) as api, pytest.raises(AwsError) as caught:
                api.call("GetItem")
        assert caught.value.code == "TimeoutError"
        assert waits.seconds == WAITS


class TestRefused:
    @pytest.mark.parametrize("name", ["AccessDeniedException", "ValidationException", "ResourceNotFoundException"])
    @pytest.mark.parametrize(
        "prefix",
        ["", "com.amazonaws.dynamodb.v20120810#", "com.amazon.coral.service#"],
        ids=["bare", "dynamodb", "coral"],
    )
    def test_at_once(self, name: str, prefix: str) -> None:
        """A refusal that will not pass is raised after one try, by its name without what stands before it."""
        waits = Waits()
        with ScriptedAws(error_answer(prefix + name), GOOD) as aws:
            error = outcome(aws, waits)
        assert (error.code, str(error), error.item) == (name, name, {})
        assert waits.seconds == []
        assert len(aws.requests) == 1

    def test_condition(self) -> None:
        """A conditional write that found something else is raised at once, with what it found."""
        item = {"pk": {"S": "p"}, "status": {"S": "done"}}
        refusal = error_answer("com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", Item=item)
        with ScriptedAws(refusal, GOOD) as aws:
            error = outcome(aws)
        assert (error.code, error.item) == ("ConditionalCheckFailedException", item)
        assert str(error) == "ConditionalCheckFailedException"
        assert len(aws.requests) == 1

    @pytest.mark.parametrize("item", [None, "canary", ["canary"]], ids=["null", "text", "list"])
    def test_no_item(self, item: object) -> None:
        """An item that is none is as good as nothing found."""
        with ScriptedAws(error_answer("ConditionalCheckFailedException", Item=item)) as aws:
            assert outcome(aws).item == {}

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"<html></html>", b'{"\xff": 1}', b"null", b"7", b'"text"', b'[{"Item": {}}]', b"[" * 200_000],
        ids=["empty", "half", "html", "bytes", "null", "number", "text", "list", "deep"],
    )
    def test_no_object(self, body: bytes) -> None:
        """A 200 whose body is no JSON object is never returned as an answer."""
        with ScriptedAws(*[Answer(200, body)] * MAX_ATTEMPTS) as aws:
            assert outcome(aws).code == "HTTP 200"

    @pytest.mark.parametrize("status", [201, 204, 301, 307, 403, 404])
    def test_other_statuses(self, status: int) -> None:
        """Nor is an object under any other status than 200, which is what AWS answers with."""
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
        """An error tells nothing of what was sent, nor of an answer that quotes it, and no other error is behind it."""
        credentials = Credentials(CANARY, CANARY, CANARY)
        with (
            ScriptedAws(*answers) as aws,
            client(aws.url, credentials=credentials) as api,
            pytest.raises(AwsError) as caught,
        ):
            api.call("GetItem", Key={CANARY: CANARY})
        assert CANARY in aws.requests[0].body.decode()
        assert aws.requests[0].headers["X-Amz-Security-Token"] == CANARY
        assert CANARY not in told(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None

    @pytest.mark.parametrize("token", [f"{CANARY}\n", f"{CANARY}\u2026"], ids=["newline", "not latin-1"])
    def test_credentials_that_no_header_can_hold(self, token: str) -> None:
        """They are not shown either, and nothing is sent with them."""
        credentials = Credentials("key", "secret", token)
        with (
            ScriptedAws() as aws,
            client(aws.url, credentials=credentials) as api,
            pytest.raises(AwsError) as caught,
        ):
            api.call("GetItem")
        assert aws.requests == []
        assert CANARY not in told(caught.value)
        assert caught.value.__context__ is None

    def test_client(self) -> None:
        """The client's own repr shows neither the secret key nor the session's token."""
        with client("http://127.0.0.1:1", credentials=Credentials("key", CANARY, CANARY)) as api:
            assert CANARY not in f"{api!r} {api!s}"


ENVIRONMENT = {
    "AWS_REGION": "cn-north-1",
    "DNS_SUFFIX": "amazonaws.com.cn",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
}


def from_environment(
    environment: Mapping[str, str], service: Service = DYNAMODB, context: ssl.SSLContext | None = None
) -> JsonApi:
    return JsonApi.from_environment(service, environment, context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in ENVIRONMENT.items() if key != name}


class TestEnvironment:
    @pytest.mark.parametrize("service", [DYNAMODB, SECRETS_MANAGER], ids=lambda service: service.name)
    def test_address(self, service: Service) -> None:
        """The service of the function's region and partition is spoken to over TLS, with the role's credentials."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        api = from_environment(ENVIRONMENT, service, context)
        assert api.endpoint == f"https://{service.name}.cn-north-1.amazonaws.com.cn"
        assert (api.service, api.region) == (service, "cn-north-1")
        assert api.credentials == Credentials("key", "secret", "token")
        assert api.context is context

    @pytest.mark.parametrize("name", ["AWS_REGION", "DNS_SUFFIX", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    def test_missing(self, name: str) -> None:
        """Each of these must be there and not empty, and the error names it without any other's value."""
        for environment in (without(name), {**ENVIRONMENT, name: ""}):
            with pytest.raises(SettingsError) as caught:
                from_environment(environment)
            assert str(caught.value) == f"{name} is not set"

    def test_no_session(self) -> None:
        """Credentials of no session have no token."""
        assert from_environment(without("AWS_SESSION_TOKEN")).credentials == Credentials("key", "secret")

    @pytest.mark.parametrize("url", ["https://aws.test:4566", "http://127.0.0.1:4566", "http://localhost:4566"])
    def test_other_endpoint(self, url: str) -> None:
        """AWS_ENDPOINT_URL outranks the service's own address, for which nothing else is asked then."""
        assert from_environment({**ENVIRONMENT, "AWS_ENDPOINT_URL": url}).endpoint == url
        assert from_environment({**without("DNS_SUFFIX"), "AWS_ENDPOINT_URL": url}).endpoint == url

    def test_empty_endpoint(self) -> None:
        """An empty AWS_ENDPOINT_URL is none."""
        assert from_environment({**ENVIRONMENT, "AWS_ENDPOINT_URL": ""}).endpoint.startswith("https://dynamodb.")

    @pytest.mark.parametrize("url", ["http://aws.test:4566", "http://10.0.0.1", "ftp://127.0.0.1", "127.0.0.1:4566"])
    def test_endpoint_in_the_clear(self, url: str) -> None:
        """An endpoint that is neither https nor on this machine is refused."""
        with pytest.raises(SettingsError, match=r"^AWS_ENDPOINT_URL must be an https:// URL"):
            from_environment({**ENVIRONMENT, "AWS_ENDPOINT_URL": url})


class TestTls:
    def test_trusted(self, tmp_path: Path) -> None:
        """Over https a call works, over one connection, where the context trusts the server's certificate."""
        public, server_context = certificate(tmp_path, "127.0.0.1")
        environment = {**ENVIRONMENT, "AWS_SESSION_TOKEN": ""}
        trusting = ssl.create_default_context(cafile=public)
        answers: list[Mapping[str, Any]] = []
        with ScriptedAws(GOOD, GOOD, context=server_context) as aws:
            api = from_environment({**environment, "AWS_ENDPOINT_URL": aws.url}, context=trusting)
            with contextlib.closing(api):
                answers.extend(api.call("GetItem") for _ in range(2))
        assert answers == [{"Good": True}] * 2
        assert aws.connections == [1, 1]

    def test_stranger(self, tmp_path: Path) -> None:
        """Where it does not, nothing is sent, and the error says that the certificate was at fault."""
        _, server_context = certificate(tmp_path, "127.0.0.1")
        waits = Waits()
        with (
            ScriptedAws(GOOD, context=server_context) as aws,
            client(aws.url, waits, context=ssl.create_default_context()) as api,
            pytest.raises(AwsError) as caught,
        ):
            api.call("GetItem", Key=CANARY)
        assert caught.value.code == "SSLCertVerificationError"
        assert CANARY not in told(caught.value)
        assert aws.requests == []

    def test_other_name(self, tmp_path: Path) -> None:
        """Nor is anything sent to a server whose certificate is trusted, but of another address."""
        public, server_context = certificate(tmp_path, "127.0.0.2")
        trusting = ssl.create_default_context(cafile=public)
        with (
            ScriptedAws(GOOD, context=server_context) as aws,
            client(aws.url, context=trusting) as api,
            pytest.raises(AwsError, match=r"^SSLCertVerificationError$"),
        ):
            api.call("GetItem")
        assert aws.requests == []
