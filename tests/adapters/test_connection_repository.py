"""The connection repository, in DynamoDB and in memory: save, revoke, expire, refresh the list, schedule."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from publishing.connections.pending_operation import DueConnection
from publishing.repositories.connection_repository import OWN_REFRESH_INTERVAL, DynamoDBConnectionRepository
from publishing.repositories.table import Table
from publishing.teams import Connection
from tests.adapters.conftest import TABLE
from tests.adapters.connection_items import (
    CONNECTION,
    DUE,
    FOREIGN_CONNECTION,
    FOREIGN_ITEM,
    HOUR,
    KEY,
    MICROSECOND,
    NOW,
    RECONNECTED,
    SCHEDULED,
    Repositories,
    put_item,
    repositories_of,
)
from tests.adapters.items import typed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(params=["DynamoDB", "in memory"])
def repositories(request: pytest.FixtureRequest) -> Repositories:
    """Both implementations."""
    return repositories_of(request)


# save


@pytest.mark.parametrize("scopes", [None, (), ("69", "601")])
@pytest.mark.parametrize("verified_at", [None, "2026-11-30T09:00:01.000Z"])
@pytest.mark.parametrize("version", [None, "a-version"])
def test_a_connection_is_read_as_it_was_saved(
    repositories: Repositories, scopes: tuple[str, ...] | None, verified_at: str | None, version: str | None
) -> None:
    """Advertisers keep TikTok's order, unknown scopes differ from no scopes, and a refresh is due."""
    saved = replace(CONNECTION, scopes=scopes, verified_at=verified_at, secret_version=version)
    repositories.connections.save(saved, NOW)
    assert repositories.connection() == replace(saved, scheduled=True)
    assert repositories.due() == [DUE]


def test_a_connection_without_advertisers_is_saved(repositories: Repositories) -> None:
    """TikTok lets people grant access to no advertiser."""
    empty = replace(CONNECTION, advertiser_ids=(), names={}, disabled=frozenset())
    repositories.connections.save(empty, NOW)
    assert repositories.connection() == replace(empty, scheduled=True)


def test_saving_replaces_the_previous_connection(repositories: Repositories) -> None:
    """No attribute of the previous item is kept, whoever wrote it."""
    repositories.put({**FOREIGN_ITEM, "status": "expired", "expiry_told": FOREIGN_ITEM["connected_at"]})
    bare = replace(CONNECTION, scopes=None, verified_at=None)
    for _ in range(2):
        repositories.connections.save(bare, NOW)
        assert repositories.connection() == replace(bare, scheduled=True)
        assert repositories.connections.claim_own_refresh(bare, NOW)


def test_a_saved_item_has_the_contracts_attributes(dynamodb: "DynamoDBClient", stored: Table) -> None:
    """It has no other attributes, and no token."""
    put_item(dynamodb, FOREIGN_ITEM)
    DynamoDBConnectionRepository(stored).save(CONNECTION, NOW)
    item = dynamodb.get_item(TableName=TABLE, Key=KEY)["Item"]
    due = {"due_shard": {"S": "CONNECTIONS"}, "due_at": {"N": f"{NOW.timestamp():.6f}"}}
    assert item == due | typed(
        "t1",
        {
            "sk": "USER#u1",
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


# mark_expired


def test_the_connection_that_was_read_is_marked_expired(repositories: Repositories) -> None:
    """Nothing else of the item changes."""
    repositories.put(FOREIGN_ITEM)
    repositories.connections.mark_expired(FOREIGN_CONNECTION)
    assert repositories.item() == {**FOREIGN_ITEM, "status": "expired"}


@pytest.mark.parametrize(
    "changes",
    [
        {"connected_at": "2026-11-22T09:00:00Z"},
        {"secret_id": "another-secret"},
        {"status": "revoked"},
        {"status": "expired"},
    ],
)
def test_a_connection_that_has_changed_is_not_marked_expired(
    repositories: Repositories, changes: dict[str, str]
) -> None:
    """The old token's invalidity says nothing about a new connection."""
    repositories.put({**FOREIGN_ITEM, **changes})
    repositories.connections.mark_expired(FOREIGN_CONNECTION)
    assert repositories.item() == {**FOREIGN_ITEM, **changes}


# mark_revoked


@pytest.mark.parametrize("status", ["active", "expired"])
def test_a_revoked_connection_is_no_longer_refreshed(repositories: Repositories, status: str) -> None:
    """Nothing else of the connection changes."""
    repositories.connections.save(replace(CONNECTION, status=status), NOW)
    for _ in range(2):
        repositories.connections.mark_revoked(CONNECTION)
        assert repositories.connection() == replace(CONNECTION, status="revoked")
    assert repositories.due() == []


def test_another_services_connection_can_be_revoked(repositories: Repositories) -> None:
    """The item may lack the time of connecting."""
    for item in (FOREIGN_ITEM, {key: one for key, one in FOREIGN_ITEM.items() if key != "connected_at"}):
        repositories.put(item)
        read = repositories.connection()
        assert read is not None
        repositories.connections.mark_revoked(read)
        assert repositories.connection() == replace(read, status="revoked")


def test_a_newer_connection_is_not_revoked(repositories: Repositories) -> None:
    """The person has connected again since the connection was read."""
    repositories.connections.save(RECONNECTED, NOW)
    repositories.connections.mark_revoked(CONNECTION)
    assert repositories.connection() == replace(RECONNECTED, scheduled=True)


# claim_own_refresh, save_list, postpone_refresh


def test_an_own_refresh_is_claimed_once_in_five_minutes(repositories: Repositories) -> None:
    """One of all callers gets it; the interval holds to the microsecond."""
    repositories.connections.save(CONNECTION, NOW)
    assert timedelta(minutes=5) == OWN_REFRESH_INTERVAL
    claimed_at = NOW
    for _ in range(2):
        assert repositories.connections.claim_own_refresh(CONNECTION, claimed_at)
        for later in (timedelta(), OWN_REFRESH_INTERVAL - MICROSECOND):
            assert not repositories.connections.claim_own_refresh(CONNECTION, claimed_at + later)
        claimed_at += OWN_REFRESH_INTERVAL
    assert repositories.connection() == SCHEDULED


@pytest.mark.parametrize("status", ["expired", "revoked"])
def test_an_own_refresh_of_an_ended_connection_is_not_claimed(repositories: Repositories, status: str) -> None:
    """Nor is that of a replaced connection; that of the new one is."""
    repositories.connections.save(replace(CONNECTION, status=status), NOW)
    assert not repositories.connections.claim_own_refresh(CONNECTION, NOW)
    repositories.connections.save(RECONNECTED, NOW)
    assert not repositories.connections.claim_own_refresh(CONNECTION, NOW)
    assert repositories.connections.claim_own_refresh(RECONNECTED, NOW)


def test_a_list_replaces_the_previous_one(repositories: Repositories) -> None:
    """With it names, disabled advertisers and the time of verification; other attributes are kept."""
    repositories.connections.save(CONNECTION, NOW)
    repositories.connections.claim_own_refresh(CONNECTION, NOW)
    later = replace(
        CONNECTION, advertiser_ids=("4",), names={"4": "Four"}, disabled=frozenset({"4"}), verified_at="2026-12-01"
    )
    repositories.connections.save_list(CONNECTION, replace(later, scopes=None, secret_id="read long ago"), NOW + HOUR)
    assert repositories.connection() == replace(later, scheduled=True)
    assert not repositories.connections.claim_own_refresh(CONNECTION, NOW)
    assert (repositories.due(NOW + HOUR - MICROSECOND), repositories.due(NOW + HOUR)) == ([], [DUE])


@pytest.mark.parametrize(("verified_at", "written"), [("00.999", False), ("01.000", True), ("01.001", True)])
def test_an_older_list_does_not_replace_a_newer_one(
    repositories: Repositories, verified_at: str, *, written: bool
) -> None:
    """Of two concurrent refreshes the one that called TikTok last counts, whichever is saved last."""
    repositories.connections.save(CONNECTION, NOW)
    listed = replace(CONNECTION, advertiser_ids=("4",), verified_at=f"2026-11-30T09:00:{verified_at}Z")
    repositories.connections.save_list(CONNECTION, listed, NOW + HOUR)
    connection = repositories.connection()
    assert connection is not None
    assert (connection.advertiser_ids == ("4",)) == written
    assert (repositories.due() == []) == written


def test_postponing_a_refresh_keeps_the_list(repositories: Repositories) -> None:
    """The stored list may be newer than the one that was read."""
    stored = replace(CONNECTION, advertiser_ids=("4",), names={"4": "Four"}, disabled=frozenset())
    repositories.connections.save(stored, NOW)
    repositories.connections.postpone_refresh(CONNECTION, NOW + HOUR)
    assert repositories.connection() == replace(stored, scheduled=True)
    assert (repositories.due(NOW + HOUR - MICROSECOND), repositories.due(NOW + HOUR)) == ([], [DUE])


CHANGED = [replace(CONNECTION, status="expired"), replace(CONNECTION, status="revoked"), RECONNECTED]
"""What the connection may have become since it was read."""


@pytest.mark.parametrize("stored_now", CHANGED)
def test_the_refresh_of_a_changed_connection_is_not_postponed(
    repositories: Repositories, stored_now: Connection
) -> None:
    """It was replaced or ended while TikTok was called."""
    repositories.connections.save(stored_now, NOW)
    repositories.connections.postpone_refresh(CONNECTION, NOW + HOUR)
    assert repositories.due() == [DUE]


@pytest.mark.parametrize("stored_now", CHANGED)
def test_a_list_is_not_saved_to_a_changed_connection(repositories: Repositories, stored_now: Connection) -> None:
    """It was replaced or ended while TikTok was called."""
    repositories.connections.save(stored_now, NOW)
    repositories.connections.save_list(CONNECTION, replace(CONNECTION, advertiser_ids=("4",)), NOW + HOUR)
    assert repositories.connection() == replace(stored_now, scheduled=True)
    assert repositories.due() == [DUE]


# schedule_refresh, cancel_refresh


def test_another_services_connection_is_refreshed(repositories: Repositories) -> None:
    """Once it is scheduled; the other service's attributes are kept."""
    repositories.put(FOREIGN_ITEM)
    repositories.connections.schedule_refresh(FOREIGN_CONNECTION, NOW)
    assert repositories.connection() == replace(FOREIGN_CONNECTION, scheduled=True)
    assert repositories.due() == [DUE]
    repositories.connections.save_list(
        FOREIGN_CONNECTION, replace(FOREIGN_CONNECTION, advertiser_ids=("4",)), NOW + HOUR
    )
    assert repositories.connection() == replace(FOREIGN_CONNECTION, advertiser_ids=("4",), scheduled=True)


def test_a_scheduled_refresh_is_not_rescheduled(repositories: Repositories) -> None:
    """Scheduling again neither hastens nor delays it."""
    repositories.connections.save(CONNECTION, NOW)
    for at in (NOW - HOUR, NOW + HOUR):
        repositories.connections.schedule_refresh(CONNECTION, at)
    assert (repositories.due(NOW - MICROSECOND), repositories.due()) == ([], [DUE])


@pytest.mark.parametrize("status", ["active", "expired", "revoked", ""])
def test_only_ended_connections_are_unscheduled(repositories: Repositories, status: str) -> None:
    """Only active ones are scheduled."""
    repositories.connections.save(replace(CONNECTION, status=status), NOW)
    repositories.connections.cancel_refresh(CONNECTION)
    assert (repositories.due() == []) == (status != "active")
    repositories.connections.schedule_refresh(CONNECTION, NOW)
    assert (repositories.due() == []) == (status != "active")
    assert repositories.connection() == replace(CONNECTION, status=status, scheduled=status == "active")


def test_only_save_creates_an_item(repositories: Repositories) -> None:
    """No other write recreates a connection that was deleted."""
    connections = repositories.connections
    connections.save(CONNECTION, NOW)
    repositories.remove()
    connections.mark_expired(CONNECTION)
    connections.mark_revoked(CONNECTION)
    assert not connections.claim_own_refresh(CONNECTION, NOW)
    connections.save_list(CONNECTION, CONNECTION, NOW)
    connections.postpone_refresh(CONNECTION, NOW)
    connections.schedule_refresh(CONNECTION, NOW)
    connections.cancel_refresh(CONNECTION)
    assert not connections.claim_due(DueConnection("t1", "u1"), NOW, NOW + HOUR)
    assert repositories.item() is None
    assert repositories.connection() is None
    assert repositories.due() == []
