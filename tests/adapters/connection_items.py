"""A connection's item, and the stores that write it: in DynamoDB and in memory alike."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from publishing.aws.changes import DynamoDBChanges
from publishing.aws.connections import DynamoDBConnections
from publishing.aws.due_connections import DynamoDBDueConnections
from publishing.aws.teams import DynamoDBTeams
from publishing.connecting.stores import DueConnection
from publishing.teams import Connection, Teams
from tests.adapters.conftest import TABLE
from tests.adapters.failing_calls import asks_nothing
from tests.adapters.items import typed
from tests.support.in_memory_connecting import InMemoryChanges, InMemoryConnections, InMemoryDueConnections
from tests.support.in_memory_stores import InMemoryTeams

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from publishing.aws.table import Table
    from publishing.connecting.stores import Changes, Connections, DueConnections

NOW = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
MICROSECOND, HOUR = timedelta(microseconds=1), timedelta(hours=1)
CONNECTED = Connection(
    team_id="t1",
    user_id="u1",
    status="active",
    advertiser_ids=("2", "1", "3"),
    secret_id="secret-u1",
    connected_at="2026-11-30T09:00:00.000Z",
    names={"1": "Première", "2": "二"},
    disabled=frozenset({"3"}),
    scopes=("69", "601"),
    verified_at="2026-11-30T09:00:01.000Z",
)
AGAIN = replace(CONNECTED, connected_at="2026-11-30T10:00:00.000Z")
SCHEDULED = replace(CONNECTED, scheduled=True)
KEY = {"pk": {"S": "TEAM#t1"}, "sk": {"S": "CONNECTION#u1"}}
OF_ANOTHER_SERVICE: dict[str, Any] = {
    "status": "active",
    "advertiser_ids": ["1"],
    "secret_id": "secret-u1",
    "connected_at": "2026-11-01T09:00:00Z",
    "note": "of another service",
}
THEIRS = Connection("t1", "u1", "active", ("1",), "secret-u1", "2026-11-01T09:00:00Z")


@dataclass(frozen=True)
class Place:
    """The stores, and how another service writes or removes the item of u1's connection."""

    teams: Teams
    connections: "Connections"
    changes: "Changes"
    due_connections: "DueConnections"
    put: Callable[[dict[str, Any]], None]
    remove: Callable[[], None]

    def now(self, user_id: str = "u1", team_id: str = "t1") -> Connection | None:
        """The connection, as readers of the team see it."""
        return self.teams.read(team_id).connection_of(user_id)

    def due(self, now: datetime = NOW, page: int = 100) -> list[DueConnection]:
        """All that is due."""
        return [one for several in self.due_connections.pages(now, page) for one in several]


def place_of(request: pytest.FixtureRequest) -> Place:
    """The stores in DynamoDB, or those in memory, by the parameter of a fixture."""
    if request.param == "in memory":
        return _in_memory()
    client = cast("DynamoDBClient", request.getfixturevalue("dynamodb"))
    table = cast("Table", request.getfixturevalue("stored"))
    return Place(
        DynamoDBTeams(table),
        DynamoDBConnections(table),
        DynamoDBChanges(table),
        DynamoDBDueConnections(table, asks_nothing, ""),
        lambda item: put_item(client, item),
        lambda: cast("None", client.delete_item(TableName=TABLE, Key=KEY)),
    )


def _in_memory() -> Place:
    teams = InMemoryTeams()
    return Place(
        teams,
        InMemoryConnections(teams),
        InMemoryChanges(teams),
        InMemoryDueConnections(teams),
        lambda item: teams.put("t1", "CONNECTION#u1", **item),
        lambda: teams.remove("t1", "CONNECTION#u1"),
    )


def put_item(client: "DynamoDBClient", item: dict[str, Any]) -> None:
    client.put_item(TableName=TABLE, Item=typed("t1", {"sk": "CONNECTION#u1", **item}))
