"""Teams in DynamoDB: one query."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from publishing.aws.table import Table
from publishing.teams import Team, team_of


@dataclass(frozen=True, slots=True)
class DynamoDBTeams:
    """Teams in the product's table."""

    table: Table

    def read(self, team_id: str) -> Team:
        """Query everything under the team's key. Strongly consistent: who has just connected is not told otherwise."""
        pages = self.table.pages(
            KeyConditionExpression="pk = :team",
            ExpressionAttributeValues={":team": {"S": f"TEAM#{team_id}"}},
            ConsistentRead=True,
        )
        return team_of(team_id, (_plain(item) for items in pages for item in items))


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
