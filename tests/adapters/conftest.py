"""An in-memory AWS account with the product's resources, called over HTTP as the functions call AWS."""

import json
from collections.abc import Iterator, Mapping
from itertools import batched
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from publishing.repositories.json_api import DYNAMODB, EVENTBRIDGE, SECRETS_MANAGER, SQS, AwsError, JsonApi, Service
from publishing.repositories.sigv4 import Credentials
from publishing.repositories.table import Table
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
    """Records the resource of each call too, as an ARN names it."""

    def __init__(self) -> None:
        super().__init__()
        self.recorded: list[tuple[str, str]] = []

    def answer(self, action: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Record the call, then answer it."""
        self.recorded.append((action, _resource(json.loads(body))))
        return super().answer(action, headers, body)


def _resource(request: Mapping[str, Any]) -> str:
    """Return what IAM compares: the resource, and for a write of an item its leading key up to the team."""
    match {**request, "written": _written(request)}:
        case {"written": {"pk": {"S": str(key)}}}:
            return _leading(TABLE, key)
        case {"RequestItems": dict(tables)}:
            return "".join(map(str, tables))
        case {"TableName": str(table), "IndexName": str(index)}:
            return f"{table}/index/{index}"
        case {"QueueUrl": str(url)}:
            return url.rpartition("/")[2]
        case {"Entries": [{"EventBusName": str(bus)}, *_]}:
            return bus
        case {"TableName": str(name)} | {"SecretId": str(name)} | {"Name": str(name)}:
            return name
    raise ValueError(f"unknown resource: {sorted(request)}")


def _written(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the written item or its key, of a batch the first one's; nothing for a read."""
    batch = next(iter(request.get("RequestItems", {}).values()), None)
    if isinstance(batch, list):
        (first,) = batch[0].values()
        return first.get("Item") or first["Key"]  # type: ignore[no-any-return] # JSON
    return request.get("Item") or ({} if "ConsistentRead" in request else request.get("Key", {}))


def _leading(table: str, key: str) -> str:
    kind, separator, _ = key.partition("#")
    return f"{table} {kind}#*" if separator else f"{table} {kind}"


@pytest.fixture(scope="session")
def aws() -> Iterator[WatchedAws]:
    """An in-memory AWS."""
    with WatchedAws() as started:
        yield started


def _api(service: Service, aws: InMemoryAws) -> JsonApi:
    return JsonApi(service, aws.url, ENVIRONMENT["AWS_REGION"], Credentials("made-up", "made-up"))


@pytest.fixture(scope="session")
def table(aws: InMemoryAws) -> "DynamoDBClient":
    """boto3's client of the account's DynamoDB, with the product's table."""
    aws.create_table(TABLE)
    client: DynamoDBClient = aws.client("dynamodb")
    return client


@pytest.fixture
def dynamodb(table: "DynamoDBClient") -> Iterator["DynamoDBClient"]:
    """boto3's client; the items that a test wrote are deleted after it."""
    yield table
    for page in table.get_paginator("scan").paginate(TableName=TABLE):
        for items in batched(page["Items"], 25, strict=False):
            keys = [{name: item[name] for name in ("pk", "sk")} for item in items]
            table.batch_write_item(RequestItems={TABLE: [{"DeleteRequest": {"Key": key}} for key in keys]})


@pytest.fixture
def dynamodb_api(aws: InMemoryAws, dynamodb: "DynamoDBClient") -> JsonApi:  # noqa: ARG001 - the table must exist
    """The functions' own client of the same DynamoDB."""
    return _api(DYNAMODB, aws)


@pytest.fixture
def stored(dynamodb_api: JsonApi) -> Table:
    """The same table, as repositories use it."""
    return Table(dynamodb_api.call, TABLE)


@pytest.fixture
def through_boto3(dynamodb: "DynamoDBClient") -> Table:
    """The same table through boto3, which waits longer than the functions' own client."""

    def call(operation: str, **request: Any) -> Any:
        try:
            return getattr(dynamodb, xform_name(operation))(**request)
        except ClientError as error:
            code = error.response["Error"]["Code"]
        raise AwsError(code)

    return Table(call, TABLE)


@pytest.fixture(scope="session")
def secrets(aws: InMemoryAws) -> "SecretsManagerClient":
    """boto3's client of the account's Secrets Manager."""
    client: SecretsManagerClient = aws.client("secretsmanager")
    return client


@pytest.fixture(scope="session")
def secrets_api(aws: InMemoryAws) -> JsonApi:
    """The functions' own client of the service."""
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
    """The bus, and the queues' URLs by name. They are deleted after the test."""
    aws.create_queues_and_bus()
    urls = {name: sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in (QUEUE, URGENT_QUEUE, CONNECTION_QUEUE)}
    yield urls
    for url in urls.values():
        sqs.delete_queue(QueueUrl=url)
    events.delete_event_bus(Name=BUS)


@pytest.fixture
def sqs_api(aws: InMemoryAws) -> JsonApi:
    """The functions' own client of the service."""
    return _api(SQS, aws)


@pytest.fixture
def events_api(aws: InMemoryAws) -> JsonApi:
    """The functions' own client of the service."""
    return _api(EVENTBRIDGE, aws)


def spoken(client: Any) -> Service:
    """Return the service as boto3's client calls it."""
    model = client.meta.service_model
    return Service(model.signing_name, model.metadata["targetPrefix"], model.metadata["jsonVersion"])
