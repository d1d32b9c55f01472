"""The product's DynamoDB table: what all modules that keep items in it have in common."""

import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from publishing.aws.json_api import DYNAMODB, AwsCall, AwsError, JsonApi
from publishing.environment import required

DUE_INDEX = "due"
"""The index of what is due: by ``due_shard``, then ``due_at``, in seconds since the epoch. Lags behind the table."""
CONNECTIONS_SHARD = "CONNECTIONS"
"""The shard of connections whose list is to be refreshed, and of changes that nobody finished."""
NOT_MET = "ConditionalCheckFailedException"
"""DynamoDB's refusal of a write whose condition is not met."""

Item = dict[str, Any]
"""In DynamoDB's form: ``{name: {type: value}}``."""


@dataclass(frozen=True, slots=True)
class Table:
    """The table by its name, reached through ``call``."""

    call: AwsCall
    name: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], context: ssl.SSLContext) -> "Table":
        """The table that ``TABLE_NAME`` names.

        Raises:
            SettingsError: a variable is absent or unusable.
        """
        api = JsonApi.from_environment(DYNAMODB, environment, context)
        return cls(api.call, required(environment, "TABLE_NAME"))

    def do(self, operation: str, **request: Any) -> Mapping[str, Any]:
        """DynamoDB's answer to an operation on this table.

        Raises:
            AwsError: DynamoDB refused it, or did not answer.
        """
        return self.call(operation, TableName=self.name, **request)

    def get(self, key: Item) -> Mapping[str, Any] | None:
        """The item as it is now: a strongly consistent read."""
        return self.do("GetItem", Key=key, ConsistentRead=True).get("Item") or None

    def write(self, operation: str, **request: Any) -> bool:
        """Write under a condition; False, and nothing is written, where that is not met."""
        try:
            self.do(operation, **request)
        except AwsError as error:
            if error.code == NOT_MET:
                return False
            raise
        return True

    def pages(self, **query: Any) -> Iterator[Sequence[Mapping[str, Any]]]:
        """The items that a query finds, a page at a time: a megabyte, or ``Limit`` items."""
        while True:
            answer = self.do("Query", **query)
            yield answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            query = {**query, "ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def due(self, shard: str, until: datetime, size: int) -> Iterator[Sequence[Mapping[str, Any]]]:
        """The items of a shard of ``DUE_INDEX`` that are due, the longest due first, in pages of at most ``size``."""
        return self.pages(
            IndexName=DUE_INDEX,
            KeyConditionExpression="due_shard = :shard AND due_at <= :until",
            ExpressionAttributeValues={":shard": {"S": shard}, ":until": {"N": seconds(until)}},
            Limit=size,
        )


def connection_key(team_id: str, user_id: str) -> Item:
    """The key of a person's connection."""
    return {"pk": {"S": f"TEAM#{team_id}"}, "sk": {"S": f"CONNECTION#{user_id}"}}


def change_key(team_id: str, user_id: str) -> Item:
    """The key of the change that a person's connection is undergoing."""
    return {"pk": {"S": f"TEAM#{team_id}"}, "sk": {"S": f"CHANGE#{user_id}"}}


def due_attributes(shard: str, at: datetime) -> Item:
    """What puts an item into a shard of ``DUE_INDEX``."""
    return {"due_shard": {"S": shard}, "due_at": {"N": seconds(at)}}


def texts(values: Iterable[str]) -> Item:
    """A list of texts."""
    return {"L": [{"S": one} for one in values]}


def seconds(at: datetime) -> str:
    """Seconds since the epoch, to the microsecond, as the text of a number that DynamoDB sorts."""
    return f"{at.astimezone(UTC).timestamp():.6f}"
