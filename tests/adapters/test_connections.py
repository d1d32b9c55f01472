"""Items of connections: in DynamoDB and in memory alike."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from publishing.aws.connections import ASKED_AT_MOST_EVERY, DynamoDBConnections
from publishing.aws.table import Table
from publishing.connecting.stores import DueConnection
from publishing.teams import Connection
from tests.adapters.conftest import TABLE
from tests.adapters.connection_items import (
    AGAIN,
    CONNECTED,
    HOUR,
    KEY,
    MICROSECOND,
    NOW,
    OF_ANOTHER_SERVICE,
    SCHEDULED,
    THEIRS,
    Place,
    place_of,
    put_item,
)
from tests.adapters.items import typed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(params=["DynamoDB", "in memory"])
def place(request: pytest.FixtureRequest) -> Place:
    """Both kinds."""
    return place_of(request)


# Connected.


@pytest.mark.parametrize("scopes", [None, (), ("69", "601")])
@pytest.mark.parametrize("verified_at", [None, "2026-11-30T09:00:01.000Z"])
def test_a_connection_is_read_as_it_was_made(
    place: Place, scopes: tuple[str, ...] | None, verified_at: str | None
) -> None:
    """Its advertisers in TikTok's order; no scopes told is not the same as none granted; a refresh is due."""
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
    put_item(dynamodb, OF_ANOTHER_SERVICE)
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
def test_a_revoked_connection_is_not_refreshed_any_more(place: Place, status: str) -> None:
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
    assert place.now() == SCHEDULED


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


@pytest.mark.parametrize(("verified_at", "written"), [("00.999", False), ("01.000", True), ("01.001", True)])
def test_a_list_is_not_written_over_one_that_was_asked_for_later(
    place: Place, verified_at: str, *, written: bool
) -> None:
    """Two read it at the same time: which of them ends last does not matter."""
    place.connections.connected(CONNECTED, NOW)
    listed = replace(CONNECTED, advertiser_ids=("4",), verified_at=f"2026-11-30T09:00:{verified_at}Z")
    place.connections.listed(listed, NOW + HOUR)
    connection = place.now()
    assert connection is not None
    assert (connection.advertiser_ids == ("4",)) == written
    assert (place.due() == []) == written


def test_a_refresh_that_is_put_off_leaves_the_list(place: Place) -> None:
    """As it is now, which may be newer than what was read."""
    place.connections.connected(replace(CONNECTED, advertiser_ids=("4",)), NOW)
    place.connections.put_off(CONNECTED, NOW + HOUR)
    assert place.now() == replace(CONNECTED, advertiser_ids=("4",), scheduled=True)
    assert (place.due(NOW + HOUR - MICROSECOND), place.due(NOW + HOUR)) == ([], [DueConnection("t1", "u1")])


@pytest.mark.parametrize("is_now", [replace(CONNECTED, status="expired"), replace(CONNECTED, status="revoked"), AGAIN])
def test_only_the_refresh_of_this_connection_is_put_off(place: Place, is_now: Connection) -> None:
    """Not of another one, nor of one that has ended while TikTok was being asked."""
    place.connections.connected(is_now, NOW)
    place.connections.put_off(CONNECTED, NOW + HOUR)
    assert place.due() == [DueConnection("t1", "u1")]


@pytest.mark.parametrize("is_now", [replace(CONNECTED, status="expired"), replace(CONNECTED, status="revoked"), AGAIN])
def test_a_list_is_not_written_on_another_connection(place: Place, is_now: Connection) -> None:
    """Nor on one that has ended while TikTok was being asked."""
    place.connections.connected(is_now, NOW)
    place.connections.listed(replace(CONNECTED, advertiser_ids=("4",)), NOW + HOUR)
    assert place.now() == replace(is_now, scheduled=True)
    assert place.due() == [DueConnection("t1", "u1")]


def test_another_services_connection_is_refreshed_too(place: Place) -> None:
    """From the first time that it is seen on; what it wrote stays beside ours."""
    place.put(OF_ANOTHER_SERVICE)
    place.connections.schedule(THEIRS, NOW)
    assert place.now() == replace(THEIRS, scheduled=True)
    assert place.due() == [DueConnection("t1", "u1")]
    place.connections.listed(replace(THEIRS, advertiser_ids=("4",)), NOW + HOUR)
    assert place.now() == replace(THEIRS, advertiser_ids=("4",), scheduled=True)


def test_what_is_scheduled_stays_so(place: Place) -> None:
    """A look neither hastens nor delays the refresh."""
    place.connections.connected(CONNECTED, NOW)
    for at in (NOW - HOUR, NOW + HOUR):
        place.connections.schedule(CONNECTED, at)
    assert (place.due(NOW - MICROSECOND), place.due()) == ([], [DueConnection("t1", "u1")])


@pytest.mark.parametrize("status", ["active", "expired", "revoked", ""])
def test_only_what_has_ended_is_unscheduled(place: Place, status: str) -> None:
    """And only what is active is scheduled."""
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
    connections.put_off(CONNECTED, NOW)
    connections.schedule(CONNECTED, NOW)
    connections.unschedule(CONNECTED)
    assert not place.due_connections.claim(DueConnection("t1", "u1"), NOW, NOW + HOUR)
    assert place.now() is None
    assert place.due() == []
