"""The mark on a connection whose token is dead: in DynamoDB and in the fake alike."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest

from publishing.aws.marks import DynamoDBMarks
from publishing.teams import Connection
from tests.adapters.conftest import TABLE
from tests.adapters.items import typed
from tests.support.in_memory_stores import InMemoryMarks, InMemoryTeams

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from publishing.stores import Marks

USED = Connection("t1", "u1", "active", ("1",), "secret-u1", "2026-11-01T09:00:00Z")
ITEM = {
    "status": "active",
    "advertiser_ids": ["1"],
    "secret_id": "secret-u1",
    "connected_at": "2026-11-01T09:00:00Z",
    "note": "of another service",
}
KEY = {"pk": {"S": "TEAM#t1"}, "sk": {"S": "CONNECTION#u1"}}
After = dict[str, Any] | None
Marked = Callable[[dict[str, Any] | None], After]
"""Marks the connection that was used where its item is the argument now; the item afterwards."""


@pytest.fixture(params=["DynamoDB", "in memory"])
def marked(request: pytest.FixtureRequest) -> Marked:
    """Both ways to mark."""
    if request.param == "in memory":
        return _in_memory
    return lambda item: _in_dynamodb(cast("DynamoDBClient", request.getfixturevalue("dynamodb")), item)


def _in_memory(item: dict[str, Any] | None) -> After:
    teams = InMemoryTeams()
    if item is not None:
        teams.put("t1", "CONNECTION#u1", **item)
    marks: Marks = InMemoryMarks(teams)
    marks.expired(USED)
    after = teams.items.get(("t1", "CONNECTION#u1"))
    return after and {name: value for name, value in after.items() if name != "sk"}


def _in_dynamodb(client: "DynamoDBClient", item: dict[str, Any] | None) -> After:
    if item is not None:
        client.put_item(TableName=TABLE, Item=typed("t1", {"sk": "CONNECTION#u1", **item}))
    DynamoDBMarks(lambda: client, TABLE).expired(USED)
    after = client.get_item(TableName=TABLE, Key=KEY).get("Item")
    if after is None:
        return None
    names = [name for name in after if name not in KEY]
    return {name: [one["S"] for one in after[name]["L"]] if "L" in after[name] else after[name]["S"] for name in names}


def test_the_connection_that_was_used_becomes_expired(marked: Marked) -> None:
    """And nothing else of it changes."""
    assert marked(ITEM) == {**ITEM, "status": "expired"}


@pytest.mark.parametrize(
    "changes",
    [
        {"connected_at": "2026-11-22T09:00:00Z"},
        {"secret_id": "another-secret"},
        {"status": "revoked"},
        {"status": "expired"},
    ],
)
def test_who_has_connected_again_meanwhile_stays_as_they_are(marked: Marked, changes: dict[str, str]) -> None:
    """The death of the old token says nothing about the new one."""
    assert marked({**ITEM, **changes}) == {**ITEM, **changes}


def test_a_connection_that_is_gone_is_not_brought_back(marked: Marked) -> None:
    """Marking never makes an item."""
    assert marked(None) is None
