"""Teams in DynamoDB and in the in-memory repository."""

import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given
from hypothesis import strategies as st

from publishing.repositories.json_api import AwsError, JsonApi
from publishing.repositories.table import Table
from publishing.repositories.team_repository import DynamoDBTeamRepository, team_of
from publishing.teams import Connection, Role, Subscription, Team
from tests.adapters.conftest import TABLE
from tests.adapters.items import typed
from tests.support.in_memory_repositories import InMemoryTeams

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ITEMS: list[dict[str, Any]] = [
    {"sk": "MEMBER#u1", "role": "owner"},
    {"sk": "MEMBER#u2", "role": "mediabuyer", "invited_by": "u1"},
    {"sk": "SUBSCRIPTION", "status": "active", "current_period_end": 1_800_000_000},
    {
        "sk": "USER#u2",
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


@pytest.mark.parametrize("status", ["active", "canceled"])
def test_only_the_item_with_the_exact_key_is_the_subscription(status: str) -> None:
    """Items of other services with a longer key neither allow nor deny writes."""
    others = [{"sk": f"SUBSCRIPTION{more}", "status": "trialing"} for more in ("#2025", "#", "S")]
    team = team_of("t", [{"sk": "SUBSCRIPTION", "status": status}, *others])
    assert team.subscription == Subscription(status)
    assert team_of("t", others).subscription is None


def test_a_team_is_read_by_its_key(dynamodb: "DynamoDBClient", dynamodb_api: JsonApi) -> None:
    """A team has its members, subscription and connections, and nothing of a team with a similar id."""
    for team_id in ("t1", "t10"):
        for item in ITEMS:
            dynamodb.put_item(TableName=TABLE, Item=typed(team_id, item))
    dynamodb.put_item(TableName=TABLE, Item=typed("t10", {"sk": "MEMBER#u3", "role": "owner"}))
    assert DynamoDBTeamRepository(Table(dynamodb_api.call, TABLE)).read("t1") == TEAM


def test_the_in_memory_repository_returns_the_same_team() -> None:
    """The same items result in the same team."""
    teams = InMemoryTeams()
    for item in ITEMS:
        teams.put("t1", item["sk"], **{name: value for name, value in item.items() if name != "sk"})
    assert teams.read("t1") == TEAM
    assert ("t1" in teams, "t10" in teams, len(teams)) == (True, False, 4)


def test_an_unknown_team_is_empty(dynamodb_api: JsonApi) -> None:
    """An unknown team is empty, not an error."""
    assert DynamoDBTeamRepository(Table(dynamodb_api.call, TABLE)).read("nobody") == Team("nobody")


def test_a_team_of_several_pages_is_read_completely() -> None:
    """DynamoDB returns one megabyte at a time; every page of both partitions is read, strongly consistent."""
    last = {"pk": {"S": "TEAM#t1"}, "sk": {"S": "MEMBER#u2"}}
    calls: list[dict[str, Any]] = []

    def call(operation: str, **request: Any) -> dict[str, Any]:
        calls.append({"operation": operation, **request})
        if "begins_with" in request["KeyConditionExpression"]:
            return {"Items": [typed("t1", one) for one in ITEMS[3:]]}
        if "ExclusiveStartKey" in request:
            return {"Items": [typed("t1", one) for one in ITEMS[2:3]]}
        return {"Items": [typed("t1", one) for one in ITEMS[:2]], "LastEvaluatedKey": last}

    assert DynamoDBTeamRepository(Table(call, TABLE)).read("t1") == TEAM
    assert [(one["operation"], one["ConsistentRead"]) for one in calls] == [("Query", True)] * 3
    assert [one.get("ExclusiveStartKey") for one in calls] == [None, last, None]
    assert [[*one["ExpressionAttributeValues"].values()] for one in calls] == [
        [{"S": "TEAM#t1"}],
        [{"S": "TEAM#t1"}],
        [{"S": "CONNECTIONS#t1"}, {"S": "USER#"}],
    ]


# What the authorizer reads.


def test_a_membership_is_the_member_and_the_subscription(dynamodb: "DynamoDBClient", dynamodb_api: JsonApi) -> None:
    """The authorizer gets one member and the subscription, from DynamoDB and in memory: no one else, no connection."""
    in_memory = InMemoryTeams()
    for item in ITEMS:
        dynamodb.put_item(TableName=TABLE, Item=typed("t1", item))
        in_memory.put("t1", item["sk"], **{name: value for name, value in item.items() if name != "sk"})
    for teams in (DynamoDBTeamRepository(Table(dynamodb_api.call, TABLE)), in_memory):
        assert teams.read_membership("t1", "u2") == Team("t1", {"u2": Role.MEDIA_BUYER}, TEAM.subscription)
        assert teams.read_membership("t1", "u3") == Team("t1", {}, TEAM.subscription)
        assert teams.read_membership("t2", "u2") == Team("t2")


def test_a_membership_costs_two_read_units_whatever_the_team_has(dynamodb: "DynamoDBClient") -> None:
    """Ten connections of 5 000 ad accounts change nothing; a strongly consistent read of up to 4 KB is one unit."""
    for item in ITEMS[:3]:
        dynamodb.put_item(TableName=TABLE, Item=typed("t1", item))
    for number in range(10):
        advertisers = [str(7_300_000_000_000_000_000 + one) for one in range(5_000)]
        dynamodb.put_item(TableName=TABLE, Item=typed("t1", {**ITEMS[3], "sk": f"USER#u{number}", "a": advertisers}))
    units: list[float] = []

    def call(_operation: str, **request: Any) -> Any:
        answer = dynamodb.batch_get_item(**request, ReturnConsumedCapacity="TOTAL")
        read = answer["Responses"][TABLE]
        units.extend(math.ceil(len(json.dumps(one)) / 4096) for one in read)
        return answer

    assert DynamoDBTeamRepository(Table(call, TABLE)).read_membership("t1", "u1").roles == {"u1": Role.OWNER}
    assert sum(units) <= 2


def test_items_that_dynamodb_leaves_out_are_asked_for_again() -> None:
    """``UnprocessedKeys`` are read again; if DynamoDB leaves them out repeatedly, that is an error, not an absence."""
    asked: list[list[Any]] = []

    def one_at_a_time(_operation: str, **request: Any) -> Any:
        first, *others = request["RequestItems"][TABLE]["Keys"]
        asked.append([first, *others])
        found = [typed("t1", one) for one in ITEMS[:3] if one["sk"] == first["sk"]["S"]]
        return {"Responses": {TABLE: found}, "UnprocessedKeys": {TABLE: {"Keys": others}} if others else {}}

    team = DynamoDBTeamRepository(Table(one_at_a_time, TABLE)).read_membership("t1", "u1")
    assert team == Team("t1", {"u1": Role.OWNER}, TEAM.subscription)
    assert [len(keys) for keys in asked] == [2, 1]

    def never(_operation: str, **request: Any) -> Any:
        return {"Responses": {}, "UnprocessedKeys": request["RequestItems"]}

    with pytest.raises(AwsError, match="ProvisionedThroughputExceeded"):
        DynamoDBTeamRepository(Table(never, TABLE)).read_membership("t1", "u1")


# What other services write.


def test_items_are_a_team() -> None:
    """Items become members with roles, the subscription, and connections with advertisers in TikTok's order, once."""
    team = team_of(
        "t",
        [
            {"sk": "USER#u2", "status": "expired", "advertiser_ids": [], "secret_id": "s2", "connected_at": ""},
            {
                "sk": "USER#u1",
                "status": "active",
                "advertiser_ids": ["9", "1", "9"],
                "secret_id": "s1",
                "connected_at": "2026-11-01T09:00:00Z",
            },
            {"sk": "MEMBER#u1", "role": "owner"},
            {"sk": "MEMBER#u2", "role": "admin"},
            {"sk": "SUBSCRIPTION", "status": "active", "current_period_end": Decimal(1_800_000_000)},
        ],
    )
    assert team == Team(
        "t",
        {"u1": Role.OWNER, "u2": Role.MEDIA_BUYER},
        Subscription("active", 1_800_000_000.0),
        (
            Connection("t", "u2", "expired", (), "s2", ""),
            Connection("t", "u1", "active", ("9", "1"), "s1", "2026-11-01T09:00:00Z"),
        ),
    )


def test_no_items_are_an_empty_team() -> None:
    """Without items a team has no members, no subscription and no connections."""
    assert team_of("t", []) == Team("t")


@pytest.mark.parametrize(
    "item",
    [
        {"sk": "MEMBER#"},
        {"sk": "MEMBER"},
        {"sk": "USER#"},
        {"sk": "SOMETHING#u1", "role": "owner"},
        {"sk": ""},
    ],
)
def test_unknown_items_are_ignored(item: dict[str, Any]) -> None:
    """Other services may store further items of a team."""
    assert team_of("t", [item]) == Team("t")


@pytest.mark.parametrize("role", [None, 7, "", ["owner"], "Owner"])
def test_a_member_with_an_unknown_role_is_a_media_buyer(role: object) -> None:
    """An unknown role gets the fewest rights."""
    assert team_of("t", [{"sk": "MEMBER#u1", "role": role}]).roles == {"u1": Role.MEDIA_BUYER}


@pytest.mark.parametrize("end", [{}, {"current_period_end": None}])
def test_a_subscription_need_not_end(end: dict[str, Any]) -> None:
    """A null end is the same as no end."""
    assert team_of("t", [{"sk": "SUBSCRIPTION", "status": "active", **end}]).subscription == Subscription("active")


@pytest.mark.parametrize(
    "written",
    [
        {"status": "active", "current_period_end": "next year"},
        {"status": "active", "current_period_end": {"when": 1}},
        {"status": None},
        {},
    ],
)
def test_an_unreadable_subscription_is_not_active(written: dict[str, Any]) -> None:
    """An unreadable subscription is not active, and is no error."""
    assert not team_of("t", [{"sk": "SUBSCRIPTION", **written}]).has_active_subscription(
        datetime(2026, 11, 22, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("advertiser_ids", "expected"),
    [(["1", "2"], ("1", "2")), ([Decimal(7300000000000000001)], ("7300000000000000001",)), ("1", ()), (None, ())],
)
def test_irregular_advertiser_ids(advertiser_ids: object, expected: tuple[str, ...]) -> None:
    """Ids become strings whatever their type; anything but a list is empty."""
    (connection,) = team_of("t", [{"sk": "USER#u1", "advertiser_ids": advertiser_ids}]).connections
    assert connection == Connection("t", "u1", "", expected, "", "")


scalars = st.none() | st.booleans() | st.text() | st.integers(-(10**18), 10**18).map(Decimal)
ATTRIBUTES = dict.fromkeys(("role", "status", "connected_at", "secret_id", "current_period_end"), scalars)


@given(st.fixed_dictionaries({}, optional={**ATTRIBUTES, "advertiser_ids": scalars | st.lists(scalars)}))
def test_items_are_read_like_boto3_reads_them(attributes: dict[str, Any]) -> None:
    """Any items result in the same team as with boto3's deserializer."""
    items = [{"sk": sk, **attributes} for sk in ("MEMBER#u1", "USER#u1", "SUBSCRIPTION")]
    wire = [typed("t1", one) for one in items]
    read = TypeDeserializer().deserialize
    expected = team_of("t1", [{name: read(value) for name, value in one.items()} for one in wire])

    def call(_operation: str, **request: Any) -> dict[str, Any]:
        connections = "begins_with" in request["KeyConditionExpression"]
        return {"Items": [one for one in wire if one["pk"]["S"].startswith("CONNECTIONS#") == connections]}

    assert DynamoDBTeamRepository(Table(call, TABLE)).read("t1") == expected
