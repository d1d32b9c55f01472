"""Items of connections, and which of them are due: in DynamoDB and in memory alike."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from publishing.aws.changes import DynamoDBChanges
from publishing.aws.connections import ASKED_AT_MOST_EVERY, DynamoDBConnections
from publishing.aws.due_connections import DynamoDBDueConnections
from publishing.aws.json_api import JsonApi
from publishing.aws.records import DynamoDBRecords
from publishing.aws.table import Table
from publishing.aws.teams import DynamoDBTeams
from publishing.connecting.changes import FINISHED_AFTER, LEASE, Change, Kind
from publishing.connecting.stores import DueConnection
from publishing.readiness.cadence import shards
from publishing.readiness.record import Record
from publishing.teams import Connection, Teams
from tests.adapters.conftest import CONNECTION_QUEUE, TABLE
from tests.adapters.test_teams import typed
from tests.support.in_memory_connecting import InMemoryChanges, InMemoryConnections, InMemoryDueConnections
from tests.support.in_memory_stores import InMemoryTeams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

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
KEPT = replace(CONNECTED, scheduled=True)
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


@pytest.fixture(params=["DynamoDB", "in memory"])
def place(request: pytest.FixtureRequest) -> Place:
    """Both kinds."""
    if request.param == "in memory":
        return _in_memory()
    client = cast("DynamoDBClient", request.getfixturevalue("dynamodb"))
    table = cast("Table", request.getfixturevalue("stored"))
    return Place(
        DynamoDBTeams(table),
        DynamoDBConnections(table),
        DynamoDBChanges(table),
        DynamoDBDueConnections(table, asks_nothing, ""),
        lambda item: _put(client, item),
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


def _put(client: "DynamoDBClient", item: dict[str, Any]) -> None:
    client.put_item(TableName=TABLE, Item=typed("t1", {"sk": "CONNECTION#u1", **item}))


def asks_nothing(operation: str, **_request: Any) -> "Mapping[str, Any]":
    raise AssertionError(operation)


@pytest.fixture
def stored(dynamodb_api: JsonApi) -> Table:
    """The table, where only DynamoDB can be asked."""
    return Table(dynamodb_api.call, TABLE)


# Connected.


@pytest.mark.parametrize("scopes", [None, (), ("69", "601")])
@pytest.mark.parametrize("verified_at", [None, "2026-11-30T09:00:01.000Z"])
def test_a_connection_is_read_as_it_was_made(
    place: Place, scopes: tuple[str, ...] | None, verified_at: str | None
) -> None:
    """Its advertisers in TikTok's order; no scopes told is not the same as none granted. Its list is kept true."""
    made = replace(CONNECTED, scopes=scopes, verified_at=verified_at)
    place.connections.connected(made, NOW)
    assert place.now() == replace(made, scheduled=True)
    assert place.due() == [DueConnection("t1", "u1")]


def test_a_connection_without_advertisers_is_one(place: Place) -> None:
    """TikTok lets people grant none."""
    none = replace(CONNECTED, advertiser_ids=(), names={}, disabled=frozenset())
    place.connections.connected(none, NOW)
    assert place.now() == replace(none, scheduled=True)


def test_a_connection_replaces_the_one_before(place: Place) -> None:
    """Whole: what was noted on that one, by us or by another service, says nothing of this one."""
    place.put({**OF_ANOTHER_SERVICE, "status": "expired", "expiry_told": OF_ANOTHER_SERVICE["connected_at"]})
    bare = replace(CONNECTED, scopes=None, verified_at=None)
    for _ in range(2):
        place.connections.connected(bare, NOW)
        assert place.now() == replace(bare, scheduled=True)
        assert place.connections.claim_refresh(bare, NOW)


def test_a_connection_made_is_what_the_contract_names(dynamodb: "DynamoDBClient", stored: Table) -> None:
    """With no other attribute than these, and no token."""
    _put(dynamodb, OF_ANOTHER_SERVICE)
    DynamoDBConnections(stored).connected(CONNECTED, NOW)
    item = dynamodb.get_item(TableName=TABLE, Key=KEY)["Item"]
    due = {"due_shard": {"S": "CONNECTIONS"}, "due_at": {"N": f"{NOW.timestamp():.6f}"}}
    assert item == due | typed(
        "t1",
        {
            "sk": "CONNECTION#u1",
            "status": "active",
            "advertiser_ids": ["2", "1", "3"],
            "secret_id": "secret-u1",
            "connected_at": "2026-11-30T09:00:00.000Z",
            "advertiser_names": {"1": "Première", "2": "二"},
            "disabled_advertiser_ids": ["3"],
            "scopes": ["69", "601"],
            "verified_at": "2026-11-30T09:00:01.000Z",
        },
    )


# Revoked.


@pytest.mark.parametrize("status", ["active", "expired"])
def test_a_revoked_connection_is_not_seen_to_any_more(place: Place, status: str) -> None:
    """Nothing else of it changes."""
    place.connections.connected(replace(CONNECTED, status=status), NOW)
    for _ in range(2):
        place.connections.revoked(CONNECTED)
        assert place.now() == replace(CONNECTED, status="revoked")
    assert place.due() == []


def test_another_services_connection_can_be_revoked(place: Place) -> None:
    """Also where it does not say when it was made."""
    for item in (OF_ANOTHER_SERVICE, {key: one for key, one in OF_ANOTHER_SERVICE.items() if key != "connected_at"}):
        place.put(item)
        read = place.now()
        assert read is not None
        place.connections.revoked(read)
        assert place.now() == replace(read, status="revoked")


def test_who_connected_again_meanwhile_is_not_revoked(place: Place) -> None:
    """The one that was read is no more."""
    place.connections.connected(AGAIN, NOW)
    place.connections.revoked(CONNECTED)
    assert place.now() == replace(AGAIN, scheduled=True)


# Listed.


def test_a_list_is_asked_for_out_of_turn_once_in_five_minutes(place: Place) -> None:
    """By one of all who want it; to the microsecond."""
    place.connections.connected(CONNECTED, NOW)
    assert timedelta(minutes=5) == ASKED_AT_MOST_EVERY
    asked = NOW
    for _ in range(2):
        assert place.connections.claim_refresh(CONNECTED, asked)
        for later in (timedelta(), ASKED_AT_MOST_EVERY - MICROSECOND):
            assert not place.connections.claim_refresh(CONNECTED, asked + later)
        asked += ASKED_AT_MOST_EVERY
    assert place.now() == KEPT


@pytest.mark.parametrize("status", ["expired", "revoked"])
def test_no_list_is_asked_for_of_a_connection_that_has_ended(place: Place, status: str) -> None:
    """Nor of one that another has taken the place of; who connected again is asked for."""
    place.connections.connected(replace(CONNECTED, status=status), NOW)
    assert not place.connections.claim_refresh(CONNECTED, NOW)
    place.connections.connected(AGAIN, NOW)
    assert not place.connections.claim_refresh(CONNECTED, NOW)
    assert place.connections.claim_refresh(AGAIN, NOW)


def test_a_list_takes_the_place_of_the_one_before(place: Place) -> None:
    """With names, who is disabled and when that was found; the rest stays, and so does when it was asked for."""
    place.connections.connected(CONNECTED, NOW)
    place.connections.claim_refresh(CONNECTED, NOW)
    later = replace(
        CONNECTED, advertiser_ids=("4",), names={"4": "Four"}, disabled=frozenset({"4"}), verified_at="2026-12-01"
    )
    place.connections.listed(replace(later, scopes=None, secret_id="read long ago"), NOW + HOUR)
    assert place.now() == replace(later, scheduled=True)
    assert not place.connections.claim_refresh(CONNECTED, NOW)
    assert (place.due(NOW + HOUR - MICROSECOND), place.due(NOW + HOUR)) == ([], [DueConnection("t1", "u1")])


@pytest.mark.parametrize("is_now", [replace(CONNECTED, status="expired"), replace(CONNECTED, status="revoked"), AGAIN])
def test_a_list_is_not_written_on_another_connection(place: Place, is_now: Connection) -> None:
    """Nor on one that has ended while TikTok was being asked."""
    place.connections.connected(is_now, NOW)
    place.connections.listed(replace(CONNECTED, advertiser_ids=("4",)), NOW + HOUR)
    assert place.now() == replace(is_now, scheduled=True)
    assert place.due() == [DueConnection("t1", "u1")]


def test_another_services_list_is_read_again_too(place: Place) -> None:
    """From the first time that it is seen on; what it wrote stays beside ours."""
    place.put(OF_ANOTHER_SERVICE)
    place.connections.schedule(THEIRS, NOW)
    assert place.now() == replace(THEIRS, scheduled=True)
    assert place.due() == [DueConnection("t1", "u1")]
    place.connections.listed(replace(THEIRS, advertiser_ids=("4",)), NOW + HOUR)
    assert place.now() == replace(THEIRS, advertiser_ids=("4",), scheduled=True)


def test_what_is_arranged_stays_so(place: Place) -> None:
    """A look neither hastens nor delays the reading of a list."""
    place.connections.connected(CONNECTED, NOW)
    for at in (NOW - HOUR, NOW + HOUR):
        place.connections.schedule(CONNECTED, at)
    assert (place.due(NOW - MICROSECOND), place.due()) == ([], [DueConnection("t1", "u1")])


@pytest.mark.parametrize("status", ["active", "expired", "revoked", ""])
def test_only_what_has_ended_is_let_go(place: Place, status: str) -> None:
    """And only of what is active the list is kept true."""
    place.connections.connected(replace(CONNECTED, status=status), NOW)
    place.connections.unschedule(CONNECTED)
    assert (place.due() == []) == (status != "active")
    place.connections.schedule(CONNECTED, NOW)
    assert (place.due() == []) == (status != "active")
    assert place.now() == replace(CONNECTED, status=status, scheduled=status == "active")


def test_a_connection_that_is_gone_is_not_brought_back(place: Place) -> None:
    """By nothing but being made."""
    connections = place.connections
    connections.connected(CONNECTED, NOW)
    place.remove()
    connections.revoked(CONNECTED)
    assert not connections.claim_refresh(CONNECTED, NOW)
    connections.listed(CONNECTED, NOW)
    connections.schedule(CONNECTED, NOW)
    connections.unschedule(CONNECTED)
    assert not place.due_connections.claim(DueConnection("t1", "u1"), NOW, NOW + HOUR)
    assert place.now() is None
    assert place.due() == []


# Due.


def several(place: Place, count: int) -> Sequence[DueConnection]:
    """As many connections that are due, the longest first."""
    due_connections = [DueConnection("t1", f"u{number}") for number in range(count)]
    for number, due in enumerate(due_connections):
        at = NOW - (count - number) * MICROSECOND
        place.connections.connected(replace(CONNECTED, user_id=due.user_id), at)
    return due_connections


def test_what_is_due_comes_in_order(place: Place) -> None:
    """The longest due first, connections and changes that nobody finished; what is due later is left."""
    place.connections.connected(CONNECTED, NOW)
    place.connections.connected(replace(CONNECTED, user_id="u2"), NOW + MICROSECOND)
    place.connections.connected(replace(CONNECTED, team_id="t#2", user_id="u#3"), NOW - HOUR)
    begun = NOW - LEASE - FINISHED_AFTER - MICROSECOND
    for user_id, at in (("u1", begun), ("u#4", begun - HOUR), ("u5", begun + HOUR)):
        assert place.changes.begin(Change.begun("t1", user_id, Kind.CONNECT, at), at)
    assert place.due() == [
        DueConnection("t1", "u#4", unfinished=True),
        DueConnection("t#2", "u#3"),
        DueConnection("t1", "u1", unfinished=True),
        DueConnection("t1", "u1"),
    ]


def test_a_change_that_is_over_is_not_due(place: Place) -> None:
    """Nor is one that somebody has taken up again; one that was given up is, two minutes later."""
    begun = NOW - LEASE - FINISHED_AFTER
    change = Change.begun("t1", "u1", Kind.CONNECT, begun)
    assert place.changes.begin(change, begun)
    assert place.due() == [DueConnection("t1", "u1", unfinished=True)]
    taken_up = change.again(NOW)
    assert place.changes.begin(taken_up, NOW)
    assert place.due() == []
    place.changes.note(taken_up.given_up(NOW))
    assert place.due(NOW + FINISHED_AFTER - MICROSECOND) == []
    assert place.due(NOW + FINISHED_AFTER) == [DueConnection("t1", "u1", unfinished=True)]
    place.changes.end(taken_up)
    assert place.due(NOW + FINISHED_AFTER) == []


@pytest.mark.parametrize("page", [1, 2, 3, 7, 100])
def test_all_pages_are_given_out(place: Place, page: int) -> None:
    """Each of its size at most, each due once, also while those before are claimed."""
    due_connections = several(place, 7)
    given: list[DueConnection] = []
    for few in place.due_connections.pages(NOW, page):
        assert len(few) <= page
        for due in few:
            assert place.due_connections.claim(due, NOW, NOW + HOUR)
        given.extend(few)
    assert given == due_connections
    assert place.due() == []


def test_one_claims_what_is_due(place: Place) -> None:
    """Of two sweeps the first; put off until then, it is due again and may be claimed again."""
    (due,) = several(place, 1)
    assert place.due_connections.claim(due, NOW, NOW + HOUR)
    assert not place.due_connections.claim(due, NOW, NOW + HOUR)
    assert (place.due(NOW + HOUR - MICROSECOND), place.due(NOW + HOUR)) == ([], [due])
    assert place.due_connections.claim(due, NOW + HOUR, NOW + 2 * HOUR)


def test_a_claim_is_for_one_of_two(place: Place) -> None:
    """A connection and its change are due each by itself; claiming neither makes nor moves the other."""
    connection, change = DueConnection("t1", "u1"), DueConnection("t1", "u1", unfinished=True)
    place.connections.connected(CONNECTED, NOW)
    assert not place.due_connections.claim(change, NOW, NOW + HOUR)
    assert place.changes.read("t1", "u1") is None
    begun = Change.begun("t1", "u1", Kind.DISCONNECT, NOW - LEASE - FINISHED_AFTER)
    assert place.changes.begin(begun, NOW)
    assert place.due_connections.claim(change, NOW, NOW + HOUR)
    assert place.due() == [connection]
    assert place.changes.read("t1", "u1") == begun


def test_what_was_arranged_anew_since_it_was_found_is_not_claimed(place: Place) -> None:
    """The index lags: a list that has been read meanwhile, a connection that has been let go."""
    (due,) = several(place, 1)
    mine = replace(CONNECTED, user_id=due.user_id)
    place.connections.listed(mine, NOW + MICROSECOND)
    assert not place.due_connections.claim(due, NOW, NOW + HOUR)
    assert place.due(NOW + MICROSECOND) == [due]
    place.connections.revoked(mine)
    assert not place.due_connections.claim(due, NOW + HOUR, NOW + 2 * HOUR)
    assert place.now(due.user_id) == replace(mine, status="revoked")


def test_advertisers_and_connections_are_due_each_in_their_own_list(stored: Table) -> None:
    """Of the one index that the table has."""
    records = DynamoDBRecords(stored)
    assert records.write(Record("t1", "1", due_at=NOW)) is not None
    DynamoDBConnections(stored).connected(CONNECTED, NOW)
    due = DynamoDBDueConnections(stored, asks_nothing, "").pages(NOW)
    assert [[*page] for page in due] == [[DueConnection("t1", "u1")]]
    assert [key for shard in shards() for page in records.due(shard, NOW) for key in page] == [("t1", "1")]


def test_a_visit_is_asked_for_in_the_queue(sqs: "SQSClient", readiness: "Mapping[str, str]", sqs_api: JsonApi) -> None:
    """By whose connection it is, and no more: the visitor looks itself what there is to be done."""
    url = readiness[CONNECTION_QUEUE]
    due_connections = DynamoDBDueConnections(Table(asks_nothing, TABLE), sqs_api.call, url)
    for unfinished in (True, False):
        due_connections.send(DueConnection("t#1", "ü 1", unfinished=unfinished))
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
        assert json.loads(message["Body"]) == {"team_id": "t#1", "user_id": "ü 1"}
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
