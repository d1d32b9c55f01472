"""The client of AWS's JSON APIs over real connections: requests, connections and endpoints."""

import contextlib
import json
import socket
import ssl
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.loopback import certificate
from publishing.environment import SettingsError
from publishing.repositories.json_api import DYNAMODB, MAX_IDLE_SECONDS, SECRETS_MANAGER, AwsError, JsonApi, Service
from publishing.repositories.sigv4 import Credentials, signed_headers
from tests.adapters.scripted_aws import (
    CANARY,
    CREDENTIALS,
    GOOD,
    MOMENT,
    REGION,
    ScriptedAws,
    Waits,
    client,
    error_answer,
    json_answer,
    text_of,
)
from tiktok_business.deadline import Deadline


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
        """An operation is a signed POST of JSON, named in a header; the response's JSON is returned unchanged."""
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

    def test_empty(self) -> None:
        """A request without fields is an empty object, and the response may be one too."""
        with ScriptedAws(json_answer({})) as aws, client(aws.url) as api:
            assert api.call("DescribeLimits") == {}
        assert aws.requests[0].body == b"{}"

    def test_each_attempt_is_signed(self) -> None:
        """A retry has a new date and signature, since AWS rejects old dates."""
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
    def test_reused(self) -> None:
        """Calls reuse one connection, even after an error response."""
        with ScriptedAws(GOOD, error_answer("ValidationException"), GOOD) as aws, client(aws.url) as api:
            api.call("GetItem")
            with pytest.raises(AwsError, match=r"^ValidationException$"):
                api.call("GetItem")
            api.call("GetItem")
        assert aws.connections == [1, 1, 1]

    def test_closed_meanwhile(self) -> None:
        """A connection that AWS has closed since the last call is replaced at once, and the call succeeds."""
        first, second, waits = {"Number": 1}, {"Number": 2}, Waits()
        with ScriptedAws(json_answer(first, last=True), json_answer(second)) as aws, client(aws.url, waits) as api:
            assert api.call("GetItem") == first
            assert api.call("GetItem") == second
        assert aws.connections == [1, 2]
        assert waits.seconds == []

    @pytest.mark.parametrize(
        ("operation", "reused"),
        [
            *(
                (name, True)
                for name in ("GetItem", "Query", "GetSecretValue", "DescribeSecret", "ListSecretVersionIds")
            ),
            *((name, False) for name in ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "SendMessage")),
            *((name, False) for name in ("PutEvents", "CreateSecret", "PutSecretValue", "DeleteSecret")),
        ],
    )
    def test_idle(self, operation: str, *, reused: bool) -> None:
        """A write is never sent over a connection that has been idle for long, by the wall clock; a read is."""
        moments = iter([MOMENT, MOMENT + timedelta(seconds=MAX_IDLE_SECONDS), MOMENT + timedelta(hours=1)])
        with ScriptedAws(GOOD, GOOD, GOOD) as aws, client(aws.url, now=lambda: next(moments)) as api:
            for name in ("GetItem", operation, operation):
                api.call(name)
        assert aws.connections == [1, 1, 1 if reused else 2]

    def test_conditional_write_after_a_freeze(self) -> None:
        """A conditional write after an hour's freeze is sent once, although the server has forgotten the connection."""
        moments = iter([MOMENT, MOMENT + timedelta(hours=1)])
        waits = Waits()
        with ScriptedAws(GOOD, GOOD) as aws, client(aws.url, waits, now=lambda: next(moments)) as api:
            api.call("GetItem")
            api.call("UpdateItem", ConditionExpression="attribute_not_exists(pk)")
        assert (aws.connections, waits.seconds) == ([1, 2], [])

    def test_close(self) -> None:
        """After ``close`` the next call opens another connection; without an open one it does nothing."""
        with ScriptedAws(GOOD, GOOD) as aws, client(aws.url) as api:
            api.close()
            api.call("GetItem")
            api.close()
            api.close()
            api.call("GetItem")
        assert aws.connections == [1, 2]

    def test_garbage_collected(self) -> None:
        """A client that is garbage collected closes its connection."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(5)
            api = JsonApi(DYNAMODB, f"http://127.0.0.1:{listener.getsockname()[1]}", REGION, CREDENTIALS)
            api._connection(Deadline.after(5))  # noqa: SLF001 -- a call would wait for a response
            accepted, _ = listener.accept()
            with accepted:
                accepted.settimeout(5)
                del api
                assert accepted.recv(1) == b""


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
        """The endpoint is that of the function's region and partition over TLS, with the role's credentials."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        api = from_environment(ENVIRONMENT, service, context)
        assert api.endpoint == f"https://{service.name}.cn-north-1.amazonaws.com.cn"
        assert (api.service, api.region) == (service, "cn-north-1")
        assert api.credentials == Credentials("key", "secret", "token")
        assert api.context is context

    @pytest.mark.parametrize("name", ["AWS_REGION", "DNS_SUFFIX", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    def test_missing(self, name: str) -> None:
        """Each of these is required and must not be empty; the error names only the variable."""
        for environment in (without(name), {**ENVIRONMENT, name: ""}):
            with pytest.raises(SettingsError) as caught:
                from_environment(environment)
            assert str(caught.value) == f"{name} is not set"

    def test_no_session(self) -> None:
        """Credentials without a session have no token."""
        assert from_environment(without("AWS_SESSION_TOKEN")).credentials == Credentials("key", "secret")

    @pytest.mark.parametrize("url", ["https://aws.test:4566", "http://127.0.0.1:4566", "http://localhost:4566"])
    def test_other_endpoint(self, url: str) -> None:
        """AWS_ENDPOINT_URL overrides the service's own endpoint; DNS_SUFFIX is not needed then."""
        assert from_environment({**ENVIRONMENT, "AWS_ENDPOINT_URL": url}).endpoint == url
        assert from_environment({**without("DNS_SUFFIX"), "AWS_ENDPOINT_URL": url}).endpoint == url

    def test_empty_endpoint(self) -> None:
        """An empty AWS_ENDPOINT_URL counts as absent."""
        assert from_environment({**ENVIRONMENT, "AWS_ENDPOINT_URL": ""}).endpoint.startswith("https://dynamodb.")

    @pytest.mark.parametrize("url", ["http://aws.test:4566", "http://10.0.0.1", "ftp://127.0.0.1", "127.0.0.1:4566"])
    def test_unencrypted_endpoint(self, url: str) -> None:
        """An endpoint that is neither https nor a loopback host is rejected."""
        with pytest.raises(SettingsError, match=r"^AWS_ENDPOINT_URL must be an https:// URL"):
            from_environment({**ENVIRONMENT, "AWS_ENDPOINT_URL": url})


class TestTls:
    def test_trusted(self, tmp_path: Path) -> None:
        """Over https calls reuse one connection if the context trusts the server's certificate."""
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

    def test_untrusted(self, tmp_path: Path) -> None:
        """With an untrusted certificate nothing is sent, and the error names the certificate verification."""
        _, server_context = certificate(tmp_path, "127.0.0.1")
        waits = Waits()
        with (
            ScriptedAws(GOOD, context=server_context) as aws,
            client(aws.url, waits, context=ssl.create_default_context()) as api,
            pytest.raises(AwsError) as caught,
        ):
            api.call("GetItem", Key=CANARY)
        assert caught.value.code == "SSLCertVerificationError"
        assert CANARY not in text_of(caught.value)
        assert aws.requests == []

    def test_other_name(self, tmp_path: Path) -> None:
        """With a trusted certificate of another address nothing is sent either."""
        public, server_context = certificate(tmp_path, "127.0.0.2")
        trusting = ssl.create_default_context(cafile=public)
        with (
            ScriptedAws(GOOD, context=server_context) as aws,
            client(aws.url, context=trusting) as api,
            pytest.raises(AwsError, match=r"^SSLCertVerificationError$"),
        ):
            api.call("GetItem")
        assert aws.requests == []
