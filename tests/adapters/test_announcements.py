"""Who tells of an ended connection, and that nobody tells twice: in DynamoDB and in memory alike."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from publishing.aws.announcements import TELLING, DynamoDBAnnouncements
from publishing.aws.json_api import AwsError, JsonApi
from publishing.aws.table import Table
from publishing.aws.teams import DynamoDBTeams
from publishing.teams import Connection
from tests.adapters.conftest import TABLE
from tests.adapters.failing_calls import THROTTLED, throttled
from tests.adapters.items import typed
from tests.support.in_memory_stores import InMemoryTeams
from tools.in_memory_readiness import InMemoryAnnouncements

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from publishing.readiness.stores import Announcements

NOW = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ENDED = Connection("t1", "u1", "expired", ("1",), "secret-u1", "2026-11-01T09:00:00Z")
AGAIN = replace(ENDED, connected_at="2026-11-22T09:00:00Z")
ITEM: dict[str, Any] = {
    "status": "expired",
    "advertiser_ids": ["1"],
    "secret_id": "secret-u1",
    "connected_at": "2026-11-01T09:00:00Z",
}
KEY = {"pk": {"S": "TEAM#t1"}, "sk": {"S": "CONNECTION#u1"}}


@dataclass(frozen=True)
class Place:
    """Announcements, and how whoever connects people writes the item of u1's connection."""

    announcements: "Announcements"
    put: Callable[[dict[str, Any]], None]
    remove: Callable[[], None]


@pytest.fixture(params=["DynamoDB", "in memory"])
def place(request: pytest.FixtureRequest) -> Place:
    """Both kinds."""
    if request.param == "in memory":
        return _in_memory()
    client = cast("DynamoDBClient", request.getfixturevalue("dynamodb"))
    api = cast("JsonApi", request.getfixturevalue("dynamodb_api"))
    return Place(
        DynamoDBAnnouncements(Table(api.call, TABLE)),
        lambda item: _put(client, item),
        lambda: cast("None", client.delete_item(TableName=TABLE, Key=KEY)),
    )


def _in_memory() -> Place:
    teams = InMemoryTeams()
    return Place(
        InMemoryAnnouncements(teams.current),
        lambda item: teams.put("t1", "CONNECTION#u1", **item),
        lambda: teams.remove("t1", "CONNECTION#u1"),
    )


def _put(client: "DynamoDBClient", item: dict[str, Any]) -> None:
    client.put_item(TableName=TABLE, Item=typed("t1", {"sk": "CONNECTION#u1", **item}))


def test_one_tells_of_an_ended_connection(place: Place) -> None:
    """Whoever asks first; the others leave it to them."""
    place.put(ITEM)
    assert place.announcements.begin(ENDED, NOW)
    assert not place.announcements.begin(ENDED, NOW)


def test_another_one_tells_where_the_first_died(place: Place) -> None:
    """A minute later it is on whoever asks first then, and on nobody else for the next minute."""
    place.put(ITEM)
    assert timedelta(minutes=1) == TELLING
    begun = NOW
    for _ in range(3):
        assert place.announcements.begin(ENDED, begun)
        assert not place.announcements.begin(ENDED, begun + TELLING - MICROSECOND)
        begun += TELLING + MICROSECOND


def test_nobody_tells_twice(place: Place) -> None:
    """Once others know, however much later."""
    place.put(ITEM)
    place.announcements.begin(ENDED, NOW)
    place.announcements.told(ENDED)
    for later in (timedelta(), TELLING, timedelta(days=400)):
        assert not place.announcements.begin(ENDED, NOW + later)


@pytest.mark.parametrize("status", ["active", "revoked", ""])
def test_a_connection_that_has_not_expired_is_not_told_of(place: Place, status: str) -> None:
    """Whatever the asker believes of it: it may have been connected again, or taken away."""
    place.put({**ITEM, "status": status})
    assert not place.announcements.begin(ENDED, NOW)


def test_a_connection_that_was_made_anew_is_not_told_of_as_the_old_one(place: Place) -> None:
    """Even if it has expired too: that is another end."""
    place.put({**ITEM, "connected_at": AGAIN.connected_at})
    assert not place.announcements.begin(ENDED, NOW)
    assert place.announcements.begin(AGAIN, NOW)


def test_the_end_of_a_new_connection_is_told_of_too(place: Place) -> None:
    """Connected again and expired again, others are told again, once."""
    place.put(ITEM)
    place.announcements.begin(ENDED, NOW)
    place.announcements.told(ENDED)
    place.put({**ITEM, "connected_at": AGAIN.connected_at})
    assert place.announcements.begin(AGAIN, NOW)
    place.announcements.told(AGAIN)
    assert not place.announcements.begin(AGAIN, NOW + timedelta(days=1))


def test_a_connection_that_is_gone_is_not_told_of(place: Place) -> None:
    """Nor is it brought back, by asking or by having told."""
    assert not place.announcements.begin(ENDED, NOW)
    place.put(ITEM)
    assert place.announcements.begin(ENDED, NOW)
    place.remove()
    place.announcements.told(ENDED)
    assert not place.announcements.begin(ENDED, NOW + timedelta(days=1))


def test_telling_is_noted_on_the_connection(dynamodb: "DynamoDBClient", dynamodb_api: JsonApi) -> None:
    """A team's reader sees it, so that the next look need not ask; nothing else of the item changes."""
    table = Table(dynamodb_api.call, TABLE)
    announcements, teams = DynamoDBAnnouncements(table), DynamoDBTeams(table)
    _put(dynamodb, ITEM)
    announcements.begin(ENDED, NOW)
    assert teams.read("t1").connections == (ENDED,)
    announcements.told(ENDED)
    assert teams.read("t1").connections == (replace(ENDED, expiry_told=True),)
    after = dynamodb.get_item(TableName=TABLE, Key=KEY)["Item"]
    assert after == typed("t1", {"sk": "CONNECTION#u1", **ITEM, "expiry_told": ENDED.connected_at})


def test_what_was_told_of_the_old_connection_is_not_of_the_new_one(
    dynamodb: "DynamoDBClient", dynamodb_api: JsonApi
) -> None:
    """Also where whoever connects people leaves the note on the item; it may be told of at once."""
    table = Table(dynamodb_api.call, TABLE)
    announcements, teams = DynamoDBAnnouncements(table), DynamoDBTeams(table)
    _put(dynamodb, {**ITEM, "connected_at": AGAIN.connected_at, "expiry_told": ENDED.connected_at})
    assert teams.read("t1").connections == (AGAIN,)
    assert announcements.begin(AGAIN, NOW)
    announcements.told(AGAIN)
    assert teams.read("t1").connections == (replace(AGAIN, expiry_told=True),)


def test_who_connected_again_while_others_were_told_is_told_of_next_time(
    dynamodb: "DynamoDBClient", dynamodb_api: JsonApi
) -> None:
    """The old connection's teller comes late, and notes nothing on the new one."""
    table = Table(dynamodb_api.call, TABLE)
    announcements, teams = DynamoDBAnnouncements(table), DynamoDBTeams(table)
    _put(dynamodb, ITEM)
    announcements.begin(ENDED, NOW)
    _put(dynamodb, {**ITEM, "connected_at": AGAIN.connected_at})
    announcements.told(ENDED)
    assert teams.read("t1").connections == (AGAIN,)
    assert announcements.begin(AGAIN, NOW)


def test_a_failure_is_no_answer() -> None:
    """Taken for one, nobody would ever tell."""
    announcements = DynamoDBAnnouncements(Table(throttled, TABLE))
    with pytest.raises(AwsError, match=f"^{THROTTLED}$"):
        announcements.begin(ENDED, NOW)
    with pytest.raises(AwsError, match=f"^{THROTTLED}$"):
        announcements.told(ENDED)
