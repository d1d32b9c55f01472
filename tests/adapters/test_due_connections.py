"""What is due: connections and changes that nobody finished, in DynamoDB and in memory alike."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from publishing.aws.connections import DynamoDBConnections
from publishing.aws.due_connections import DynamoDBDueConnections
from publishing.aws.json_api import JsonApi
from publishing.aws.records import DynamoDBRecords
from publishing.aws.table import Table
from publishing.connecting.changes import FINISHED_AFTER, LEASE, Change, Kind
from publishing.connecting.stores import DueConnection
from publishing.readiness.cadence import shards
from publishing.readiness.record import Record
from tests.adapters.conftest import CONNECTION_QUEUE, TABLE
from tests.adapters.connection_items import (
    CONNECTED,
    HOUR,
    MICROSECOND,
    NOW,
    Place,
    place_of,
)
from tests.adapters.failing_calls import asks_nothing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sqs import SQSClient


@pytest.fixture(params=["DynamoDB", "in memory"])
def place(request: pytest.FixtureRequest) -> Place:
    """Both kinds."""
    return place_of(request)


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


def test_what_was_scheduled_anew_since_it_was_found_is_not_claimed(place: Place) -> None:
    """The index lags: a connection that has been refreshed meanwhile, or revoked."""
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
    due = DynamoDBDueConnections(stored, asks_nothing, "").pages(NOW, 100)
    assert [[*page] for page in due] == [[DueConnection("t1", "u1")]]
    assert [key for shard in shards() for page in records.due(shard, NOW, 100) for key in page] == [("t1", "1")]


def test_a_refresh_is_asked_for_in_the_queue(
    sqs: "SQSClient", readiness: "Mapping[str, str]", sqs_api: JsonApi
) -> None:
    """By whose connection it is, and no more: the worker looks itself what there is to be done."""
    url = readiness[CONNECTION_QUEUE]
    due_connections = DynamoDBDueConnections(Table(asks_nothing, TABLE), sqs_api.call, url)
    for unfinished in (True, False):
        due_connections.send(DueConnection("t#1", "ü 1", unfinished=unfinished))
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
        assert json.loads(message["Body"]) == {"team_id": "t#1", "user_id": "ü 1"}
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
