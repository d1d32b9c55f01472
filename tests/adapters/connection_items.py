"""A connection's item, and the repositories that write it: in DynamoDB and in memory."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from publishing.connections.pending_operation import DueConnection
from publishing.ports import ConnectionRepository, PendingOperationRepository, TeamRepository
from publishing.repositories.connection_repository import DynamoDBConnectionRepository
from publishing.repositories.pending_operation_repository import DynamoDBPendingOperationRepository
from publishing.repositories.team_repository import DynamoDBTeamRepository
from publishing.teams import Connection
from tests.adapters.conftest import TABLE
from tests.adapters.items import typed
from tests.support.in_memory_repositories import InMemoryConnections, InMemoryPendingOperations, InMemoryTeams

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from publishing.repositories.table import Table

NOW = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
MICROSECOND, HOUR, DAY = timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1)
CONNECTION = Connection(
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
RECONNECTED = replace(CONNECTION, connected_at="2026-11-30T10:00:00.000Z")
SCHEDULED = replace(CONNECTION, scheduled=True)
DUE = DueConnection("t1", "u1")
KEY = {"pk": {"S": "CONNECTIONS#t1"}, "sk": {"S": "USER#u1"}}
FOREIGN_ITEM: dict[str, Any] = {
    "status": "active",
    "advertiser_ids": ["1"],
    "secret_id": "secret-u1",
    "connected_at": "2026-11-01T09:00:00Z",
    "note": "of another service",
}
"""An item as another service writes it, with the attributes of the contract only and one of its own."""
FOREIGN_CONNECTION = Connection("t1", "u1", "active", ("1",), "secret-u1", "2026-11-01T09:00:00Z")


@dataclass(frozen=True)
class Repositories:
    """The repositories, and access to the item of u1's connection as another service has it."""

    teams: TeamRepository
    connections: ConnectionRepository
    operations: PendingOperationRepository
    put: Callable[[dict[str, Any]], None]
    """Writes the item."""
    remove: Callable[[], None]
    """Deletes the item."""
    item: Callable[[], dict[str, Any] | None]
    """Reads the item without its keys."""

    def connection(self, user_id: str = "u1", team_id: str = "t1") -> Connection | None:
        """Return the connection as readers of the team see it."""
        return self.teams.read(team_id).connection_of(user_id)

    def due(self, now: datetime = NOW, page_size: int = 100) -> list[DueConnection]:
        """Return all that is due."""
        return [one for page in self.connections.due(now, page_size) for one in page]


def repositories_of(request: pytest.FixtureRequest) -> Repositories:
    """Return the repositories in DynamoDB or those in memory, by the fixture's parameter."""
    if request.param == "in memory":
        return _in_memory()
    client = cast("DynamoDBClient", request.getfixturevalue("dynamodb"))
    table = cast("Table", request.getfixturevalue("stored"))
    return Repositories(
        DynamoDBTeamRepository(table),
        DynamoDBConnectionRepository(table),
        DynamoDBPendingOperationRepository(table),
        lambda item: put_item(client, item),
        lambda: cast("None", client.delete_item(TableName=TABLE, Key=KEY)),
        lambda: _item(client),
    )


def _in_memory() -> Repositories:
    teams = InMemoryTeams()

    def item() -> dict[str, Any] | None:
        found = teams.items.get(("t1", "USER#u1"))
        return found and {name: value for name, value in found.items() if name != "sk"}

    return Repositories(
        teams,
        InMemoryConnections(teams),
        InMemoryPendingOperations(teams),
        lambda written: teams.put("t1", "USER#u1", **written),
        lambda: teams.remove("t1", "USER#u1"),
        item,
    )


def put_item(client: "DynamoDBClient", item: dict[str, Any]) -> None:
    """Write the item of u1's connection."""
    client.put_item(TableName=TABLE, Item=typed("t1", {"sk": "USER#u1", **item}))


def _item(client: "DynamoDBClient") -> dict[str, Any] | None:
    """Read the item of u1's connection, which must hold texts and lists of texts only."""
    found = client.get_item(TableName=TABLE, Key=KEY).get("Item")
    if found is None:
        return None
    names = [name for name in found if name not in KEY]
    return {name: [one["S"] for one in found[name]["L"]] if "L" in found[name] else found[name]["S"] for name in names}
