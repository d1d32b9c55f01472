"""An AWS account in memory with the product's table."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from publishing.aws.config import AWS_CONFIG

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

TABLE = "table"


@pytest.fixture(scope="module")
def account() -> Iterator[boto3.Session]:
    """AWS that answers from memory."""
    with mock_aws():
        yield boto3.Session()


@pytest.fixture(scope="module")
def table(account: boto3.Session) -> "DynamoDBClient":
    """A client of the account's DynamoDB, in which the product's table is."""
    client = account.client("dynamodb", config=AWS_CONFIG)
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    return client


@pytest.fixture
def dynamodb(table: "DynamoDBClient") -> Iterator["DynamoDBClient"]:
    """The same client; what a test wrote is gone after it."""
    yield table
    for item in table.scan(TableName=TABLE)["Items"]:
        table.delete_item(TableName=TABLE, Key={name: item[name] for name in ("pk", "sk")})


@pytest.fixture(scope="module")
def secrets(account: boto3.Session) -> "SecretsManagerClient":
    """A client of the account's Secrets Manager."""
    return account.client("secretsmanager", config=AWS_CONFIG)
