"""Teams read from DynamoDB, and the fake that stands for it elsewhere."""

from typing import TYPE_CHECKING, Any

import boto3
from boto3.dynamodb.types import TypeSerializer
from botocore.stub import Stubber

from publishing.aws.teams import DynamoDBTeams
from publishing.teams import Connection, Role, Subscription, Team
from tests.adapters.conftest import TABLE
from tests.fakes import InMemoryTeams

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


def typed(team_id: str, item: dict[str, Any]) -> dict[str, Any]:
    """An item as DynamoDB's wire has it."""
    serialise = TypeSerializer().serialize
    return {name: serialise(value) for name, value in {"pk": f"TEAM#{team_id}", **item}.items()}


def test_a_team_is_read_with_one_key(dynamodb: "DynamoDBClient") -> None:
    """Members, subscription and connections; nothing of a team whose id begins alike."""
    for team_id in ("t1", "t10"):
        for item in ITEMS:
            dynamodb.put_item(TableName=TABLE, Item=typed(team_id, item))
    dynamodb.put_item(TableName=TABLE, Item=typed("t10", {"sk": "MEMBER#u3", "role": "owner"}))
    assert DynamoDBTeams(dynamodb, TABLE).read("t1") == TEAM


def test_the_fake_reads_the_same() -> None:
    """From the same items the same team."""
    teams = InMemoryTeams()
    for item in ITEMS:
        teams.put("t1", item["sk"], **{name: value for name, value in item.items() if name != "sk"})
    assert teams.read("t1") == TEAM
    assert ("t1" in teams, "t10" in teams, len(teams)) == (True, False, 4)


def test_an_unknown_team_is_empty(dynamodb: "DynamoDBClient") -> None:
    """Not an error."""
    assert DynamoDBTeams(dynamodb, TABLE).read("nobody") == Team("nobody")


def test_a_team_of_several_pages_is_read_whole() -> None:
    """DynamoDB answers a megabyte at a time; every page is read, and consistently."""
    client = boto3.client("dynamodb")
    asked = {
        "TableName": TABLE,
        "KeyConditionExpression": "pk = :team",
        "ExpressionAttributeValues": {":team": {"S": "TEAM#t1"}},
        "ConsistentRead": True,
    }
    last = {"pk": {"S": "TEAM#t1"}, "sk": {"S": "MEMBER#u2"}}
    with Stubber(client) as stub:
        stub.add_response("query", {"Items": [typed("t1", one) for one in ITEMS[:2]], "LastEvaluatedKey": last}, asked)
        stub.add_response(
            "query", {"Items": [typed("t1", one) for one in ITEMS[2:]]}, {**asked, "ExclusiveStartKey": last}
        )
        assert DynamoDBTeams(client, TABLE).read("t1") == TEAM
        stub.assert_no_pending_responses()
