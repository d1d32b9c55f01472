"""Teams in DynamoDB: one query."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from publishing.aws.json_api import Call
from publishing.teams import Team, team_of


@dataclass(frozen=True, slots=True)
class DynamoDBTeams:
    """Teams in the product's table."""

    call: Call
    table: str

    def read(self, team_id: str) -> Team:
        """Query everything under the team's key. Strongly consistent: who has just connected is not told otherwise."""
        return team_of(team_id, map(_plain, self._items(team_id)))

    def _items(self, team_id: str) -> Iterator[Mapping[str, Any]]:
        """The items of every page; DynamoDB answers a megabyte at a time."""
        request: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "pk = :team",
            "ExpressionAttributeValues": {":team": {"S": f"TEAM#{team_id}"}},
            "ConsistentRead": True,
        }
        while True:
            page = self.call("Query", **request)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(typed) for name, typed in item.items()}


def _value(typed: Mapping[str, Any]) -> Any:
    """The value of DynamoDB's ``{type: value}``; numbers stay texts. boto3's own reader would load all of boto3."""
    match typed:
        case {"L": list(values)}:
            return [_value(one) for one in values]
        case {"M": dict(values)}:
            return _plain(values)
        case {"NULL": _}:
            return None
        case _:
            return next(iter(typed.values()))
