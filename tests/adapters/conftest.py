"""An AWS account in memory with the product's resources, reached over HTTP as the functions reach theirs."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from publishing.aws.json_api import DYNAMODB, EVENTBRIDGE, SECRETS_MANAGER, SQS, JsonApi, Service
from publishing.aws.sigv4 import Credentials
from publishing.aws.table import Table
from tools.in_memory_aws import Answer, InMemoryAws
from tools.lambda_runtime import ENVIRONMENT

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

TABLE = "table"
QUEUE = ENVIRONMENT["READINESS_QUEUE_URL"].rpartition("/")[2]
URGENT_QUEUE = ENVIRONMENT["READINESS_URGENT_QUEUE_URL"].rpartition("/")[2]
CONNECTION_QUEUE = ENVIRONMENT["CONNECTION_QUEUE_URL"].rpartition("/")[2]
BUS = ENVIRONMENT["EVENT_BUS_NAME"]


class WatchedAws(InMemoryAws):
    """Remembers besides of which resource each action was asked, as it is named in an ARN."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []

    def answer(self, action: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Remember, then answer."""
        self.asked.append((action, _resource(json.loads(body))))
        return super().answer(action, headers, body)


def _resource(request: Mapping[str, Any]) -> str:
    match request:
        case {"TableName": str(table), "IndexName": str(index)}:
            return f"{table}/index/{index}"
        case {"QueueUrl": str(url)}:
            return url.rpartition("/")[2]
        case {"Entries": [{"EventBusName": str(bus)}, *_]}:
            return bus
        case {"TableName": str(name)} | {"SecretId": str(name)} | {"Name": str(name)}:
            return name
    raise ValueError(f"of which resource? {sorted(request)}")


@pytest.fixture(scope="session")
def aws() -> Iterator[WatchedAws]:
    """An AWS that answers from memory."""
    with WatchedAws() as started:
        yield started


def _api(service: Service, aws: InMemoryAws) -> JsonApi:
    return JsonApi(service, aws.url, ENVIRONMENT["AWS_REGION"], Credentials("made-up", "made-up"))


@pytest.fixture(scope="session")
def table(aws: InMemoryAws) -> "DynamoDBClient":
    """A client of the account's DynamoDB, in which the product's table is."""
    aws.create_table(TABLE)
    client: DynamoDBClient = aws.client("dynamodb")
    return client


@pytest.fixture
def dynamodb(table: "DynamoDBClient") -> Iterator["DynamoDBClient"]:
    """boto3's client; what a test wrote is gone after it."""
    yield table
    for page in table.get_paginator("scan").paginate(TableName=TABLE):
        for item in page["Items"]:
            table.delete_item(TableName=TABLE, Key={name: item[name] for name in ("pk", "sk")})


@pytest.fixture
def dynamodb_api(aws: InMemoryAws, dynamodb: "DynamoDBClient") -> JsonApi:  # noqa: ARG001 - the table must be there
    """The functions' own way to the same table."""
    return _api(DYNAMODB, aws)


@pytest.fixture
def stored(dynamodb_api: JsonApi) -> Table:
    """That table, as the stores are given it."""
    return Table(dynamodb_api.call, TABLE)


@pytest.fixture(scope="session")
def secrets(aws: InMemoryAws) -> "SecretsManagerClient":
    """boto3's client of the account's Secrets Manager."""
    client: SecretsManagerClient = aws.client("secretsmanager")
    return client


@pytest.fixture(scope="session")
def secrets_api(aws: InMemoryAws) -> JsonApi:
    """The functions' own way to it."""
    return _api(SECRETS_MANAGER, aws)


@pytest.fixture(scope="session")
def sqs(aws: InMemoryAws) -> "SQSClient":
    """boto3's client of the account's SQS."""
    client: SQSClient = aws.client("sqs")
    return client


@pytest.fixture(scope="session")
def events(aws: InMemoryAws) -> "EventBridgeClient":
    """boto3's client of the account's EventBridge."""
    client: EventBridgeClient = aws.client("events")
    return client


@pytest.fixture
def readiness(aws: InMemoryAws, sqs: "SQSClient", events: "EventBridgeClient") -> Iterator[Mapping[str, str]]:
    """The bus, and the queues by their names: URLs. After the test they are gone, with what is in them."""
    aws.create_queues_and_bus()
    urls = {name: sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in (QUEUE, URGENT_QUEUE, CONNECTION_QUEUE)}
    yield urls
    for url in urls.values():
        sqs.delete_queue(QueueUrl=url)
    events.delete_event_bus(Name=BUS)


@pytest.fixture
def sqs_api(aws: InMemoryAws) -> JsonApi:
    """The functions' own way to it."""
    return _api(SQS, aws)


@pytest.fixture
def events_api(aws: InMemoryAws) -> JsonApi:
    """The functions' own way to it."""
    return _api(EVENTBRIDGE, aws)


def spoken(client: Any) -> Service:
    """How boto3 speaks to the service of a client of its."""
    model = client.meta.service_model
    return Service(model.signing_name, model.metadata["targetPrefix"], model.metadata["jsonVersion"])
