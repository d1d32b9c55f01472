"""Teams read from DynamoDB, and the fake that stands for it elsewhere."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given
from hypothesis import strategies as st

from publishing.aws.json_api import JsonApi
from publishing.aws.table import Table
from publishing.aws.teams import DynamoDBTeams, team_of
from publishing.teams import Connection, Role, Subscription, Team
from tests.adapters.conftest import TABLE
from tests.adapters.items import typed
from tests.support.in_memory_stores import InMemoryTeams

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ITEMS: list[dict[str, Any]] = [
    {"sk": "MEMBER#u1", "role": "owner"},
    {"sk": "MEMBER#u2", "role": "mediabuyer", "invited_by": "u1"},
    {"sk": "SUBSCRIPTION", "status": "active", "current_period_end": 1_800_000_000},
    {
        "sk": "CONNECTION#u2",
        "status": "active",
        "advertiser_ids": ["7300000000000000002", "7300000000000000001"],
        "secret_id": "wevion/tiktok/connections/t1/u2",
        "connected_at": "2026-11-01T09:00:00Z",
    },
]
TEAM = Team(
    "t1",
    {"u1": Role.OWNER, "u2": Role.MEDIA_BUYER},
    Subscription("active", 1_800_000_000),
    (
        Connection(
            "t1",
            "u2",
            "active",
            ("7300000000000000002", "7300000000000000001"),
            "wevion/tiktok/connections/t1/u2",
            "2026-11-01T09:00:00Z",
        ),
    ),
)


def test_a_team_is_read_with_one_key(dynamodb: "DynamoDBClient", dynamodb_api: JsonApi) -> None:
    """Members, subscription and connections; nothing of a team whose id begins alike."""
    for team_id in ("t1", "t10"):
        for item in ITEMS:
            dynamodb.put_item(TableName=TABLE, Item=typed(team_id, item))
    dynamodb.put_item(TableName=TABLE, Item=typed("t10", {"sk": "MEMBER#u3", "role": "owner"}))
    assert DynamoDBTeams(Table(dynamodb_api.call, TABLE)).read("t1") == TEAM


def test_the_fake_reads_the_same() -> None:
    """From the same items the same team."""
    teams = InMemoryTeams()
    for item in ITEMS:
        teams.put("t1", item["sk"], **{name: value for name, value in item.items() if name != "sk"})
    assert teams.read("t1") == TEAM
    assert ("t1" in teams, "t10" in teams, len(teams)) == (True, False, 4)


def test_an_unknown_team_is_empty(dynamodb_api: JsonApi) -> None:
    """Not an error."""
    assert DynamoDBTeams(Table(dynamodb_api.call, TABLE)).read("nobody") == Team("nobody")


def test_a_team_of_several_pages_is_read_whole() -> None:
    """DynamoDB answers a megabyte at a time; every page is read, and consistently."""
    asked = {
        "TableName": TABLE,
        "KeyConditionExpression": "pk = :team",
        "ExpressionAttributeValues": {":team": {"S": "TEAM#t1"}},
        "ConsistentRead": True,
    }
    last = {"pk": {"S": "TEAM#t1"}, "sk": {"S": "MEMBER#u2"}}
    calls: list[dict[str, Any]] = []

    def call(operation: str, **request: Any) -> dict[str, Any]:
        calls.append({"operation": operation, **request})
        if "ExclusiveStartKey" in request:
            return {"Items": [typed("t1", one) for one in ITEMS[2:]]}
        return {"Items": [typed("t1", one) for one in ITEMS[:2]], "LastEvaluatedKey": last}

    assert DynamoDBTeams(Table(call, TABLE)).read("t1") == TEAM
    assert calls == [{"operation": "Query", **asked}, {"operation": "Query", **asked, "ExclusiveStartKey": last}]


scalars = st.none() | st.booleans() | st.text() | st.integers(-(10**18), 10**18).map(Decimal)
ATTRIBUTES = dict.fromkeys(("role", "status", "connected_at", "secret_id", "current_period_end"), scalars)


@given(st.fixed_dictionaries({}, optional={**ATTRIBUTES, "advertiser_ids": scalars | st.lists(scalars)}))
def test_items_are_read_as_boto3_reads_them(attributes: dict[str, Any]) -> None:
    """Whatever other services have written: the same team as with boto3's own reader."""
    items = [{"sk": sk, **attributes} for sk in ("MEMBER#u1", "CONNECTION#u1", "SUBSCRIPTION")]
    wire = [typed("t1", one) for one in items]
    read = TypeDeserializer().deserialize
    expected = team_of("t1", [{name: read(value) for name, value in one.items()} for one in wire])
    assert DynamoDBTeams(Table(lambda _operation, **_request: {"Items": wire}, TABLE)).read("t1") == expected
