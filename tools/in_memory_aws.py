"""In-memory DynamoDB, Secrets Manager, SQS and EventBridge (moto) over HTTP, with a record of all calls.

The record shows what a client library hides, such as retries. MiniStack emulates the whole stack; this starts in
milliseconds.
"""

import http.client
import json
import logging
import ssl
from collections.abc import Mapping
from typing import Any, Self

import boto3
from moto.server import ThreadedMotoServer

from local.loopback import LoopbackHandler, LoopbackServer
from tools.lambda_runtime import ENVIRONMENT

_SERVICES = {
    "AmazonSQS": "sqs",
    "AWSEvents": "events",
    "DynamoDB_20120810": "dynamodb",
    "secretsmanager": "secretsmanager",
}
_READS = {"dynamodb:BatchGetItem", "dynamodb:Query", "secretsmanager:GetSecretValue"}
_TO_BE_DELETED: "Answer" = (
    400,
    "application/x-amz-json-1.1",
    json.dumps({"__type": "InvalidRequestException", "message": "The secret was marked for deletion."}).encode(),
)
_SECONDS = 10.0

Answer = tuple[int, str, bytes]
"""Status, content type, body."""


def _key(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


class InMemoryAws:
    """A context manager: inside it ``url`` is the endpoint of every service, and ``calls`` are the called actions.

    Actions have IAM's names ("dynamodb:Query"). With ``remember_reads`` a repeated read is answered from memory, for
    measurements without AWS's time.
    """

    def __init__(self, *, remember_reads: bool = False, ssl_context: ssl.SSLContext | None = None) -> None:
        self.calls: list[str] = []
        self._clients: dict[str, Any] = {}
        self._remember_reads = remember_reads
        self._remembered: dict[tuple[str, bytes], Answer] = {}
        self._moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server = LoopbackServer(type("Handler", (_Recorder,), {"aws": self}))
        self._scheme = "http"
        if ssl_context is not None:
            self._scheme = "https"
            self._server.socket = ssl_context.wrap_socket(self._server.socket, server_side=True)

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"{self._scheme}://127.0.0.1:{self._server.port}"

    def client(self, service: str) -> Any:
        """Return a boto3 client of a service; its calls are not recorded."""
        if service in self._clients:
            return self._clients[service]
        session = boto3.Session(
            aws_access_key_id=ENVIRONMENT["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
            region_name=ENVIRONMENT["AWS_REGION"],
        )
        client = session.client(service, endpoint_url="http://{}:{}".format(*self._moto.get_host_and_port()))  # type: ignore[call-overload]
        return self._clients.setdefault(service, client)

    def create_table(self, name: str) -> None:
        """Create a table with the keys and the index of the product's table."""
        types = {"pk": "S", "sk": "S", "due_shard": "S", "due_at": "N"}
        self.client("dynamodb").create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in types.items()],
            KeySchema=_key("pk", "sk"),
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "due",
                    "KeySchema": _key("due_shard", "due_at"),
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )

    def create_queues_and_bus(self) -> None:
        """Create the queues and the event bus that the functions' environment variables name."""
        for variable in ("READINESS_QUEUE_URL", "READINESS_URGENT_QUEUE_URL", "CONNECTION_QUEUE_URL"):
            self.client("sqs").create_queue(QueueName=ENVIRONMENT[variable].rpartition("/")[2])
        self.client("events").create_event_bus(Name=ENVIRONMENT["EVENT_BUS_NAME"])

    def answer(self, action: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return the response to a request, and record it."""
        self.calls.append(action)
        remembered = self._remembered.get((action, body))
        if remembered is not None:
            return remembered
        if action == "secretsmanager:PutSecretValue" and self._is_to_be_deleted(json.loads(body)["SecretId"]):
            return _TO_BE_DELETED  # moto would store the value
        host, port = self._moto.get_host_and_port()
        backend = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        try:
            backend.request("POST", "/", body, dict(headers))
            response = backend.getresponse()
            answer = (response.status, response.headers.get("Content-Type", "application/json"), response.read())
        finally:
            backend.close()
        if self._remember_reads and action in _READS:
            self._remembered[action, body] = answer
        return answer

    def _is_to_be_deleted(self, secret_id: str) -> bool:
        secrets = self.client("secretsmanager")
        try:
            return "DeletedDate" in secrets.describe_secret(SecretId=secret_id)
        except secrets.exceptions.ResourceNotFoundException:
            return False

    def __enter__(self) -> Self:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # otherwise moto's server logs every request
        self._moto.start()
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.close()
        self._server.stop()
        self._moto.stop()


class _Recorder(LoopbackHandler):
    """Reads a request for InMemoryAws and sends the response."""

    aws: InMemoryAws
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        service, _, operation = self.headers["X-Amz-Target"].partition(".")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, kind, content = self.aws.answer(f"{_SERVICES[service]}:{operation}", dict(self.headers), body)
        self.send(status, kind, content)
        self.wfile.flush()
