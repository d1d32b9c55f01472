"""An AWS account in memory with the product's table, reached over HTTP as the functions reach theirs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from local.in_memory_aws import InMemoryAws
from local.lambda_runtime import ENVIRONMENT
from publishing.aws.json_api import DYNAMODB, SECRETS_MANAGER, JsonApi, Service
from publishing.aws.sigv4 import Credentials

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

TABLE = "table"


@pytest.fixture(scope="session")
def aws() -> Iterator[InMemoryAws]:
    """An AWS that answers from memory."""
    with InMemoryAws() as started:
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
    for item in table.scan(TableName=TABLE)["Items"]:
        table.delete_item(TableName=TABLE, Key={name: item[name] for name in ("pk", "sk")})


@pytest.fixture
def dynamodb_api(aws: InMemoryAws, dynamodb: "DynamoDBClient") -> JsonApi:  # noqa: ARG001 - the table must be there
    """The functions' own way to the same table."""
    return _api(DYNAMODB, aws)


@pytest.fixture(scope="session")
def secrets(aws: InMemoryAws) -> "SecretsManagerClient":
    """boto3's client of the account's Secrets Manager."""
    client: SecretsManagerClient = aws.client("secretsmanager")
    return client


@pytest.fixture(scope="session")
def secrets_api(aws: InMemoryAws) -> JsonApi:
    """The functions' own way to it."""
    return _api(SECRETS_MANAGER, aws)
