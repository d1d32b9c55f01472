"""Teams in DynamoDB: one query."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from publishing.teams import Team, team_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class DynamoDBTeams:
    """Teams in the product's table."""

    client: "DynamoDBClient"
    table: str

    def read(self, team_id: str) -> Team:
        """Query everything under the team's key. Strongly consistent: who has just connected is not told otherwise."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :team",
            ExpressionAttributeValues={":team": {"S": f"TEAM#{team_id}"}},
            ConsistentRead=True,
        )
        items = (item for page in pages for item in page["Items"])
        return team_of(team_id, (_plain(item) for item in items))


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    deserialise = TypeDeserializer().deserialize
    return {name: deserialise(value) for name, value in item.items()}
