"""The connection repository, in DynamoDB and in memory: each expiry is published once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from publishing.repositories.connection_repository import NOTIFICATION_LEASE
from tests.adapters.connection_items import (
    DAY,
    FOREIGN_CONNECTION,
    FOREIGN_ITEM,
    MICROSECOND,
    NOW,
    Repositories,
    repositories_of,
)

EXPIRED = replace(FOREIGN_CONNECTION, status="expired")
RECONNECTED = replace(EXPIRED, connected_at="2026-11-22T09:00:00Z")
ITEM: dict[str, Any] = {**FOREIGN_ITEM, "status": "expired"}
NEW_ITEM: dict[str, Any] = {**ITEM, "connected_at": RECONNECTED.connected_at}


@pytest.fixture(params=["DynamoDB", "in memory"])
def repositories(request: pytest.FixtureRequest) -> Repositories:
    """Both implementations."""
    return repositories_of(request)


def test_one_worker_publishes_an_expiry(repositories: Repositories) -> None:
    """The first one to begin does; the others do not."""
    repositories.put(ITEM)
    assert repositories.connections.begin_expiry_notification(EXPIRED, NOW)
    assert not repositories.connections.begin_expiry_notification(EXPIRED, NOW)


def test_another_worker_publishes_after_the_lease_has_expired(repositories: Repositories) -> None:
    """A minute later the next one to begin gets the lease, again for a minute."""
    repositories.put(ITEM)
    assert timedelta(minutes=1) == NOTIFICATION_LEASE
    began = NOW
    for _ in range(3):
        assert repositories.connections.begin_expiry_notification(EXPIRED, began)
        almost = began + NOTIFICATION_LEASE - MICROSECOND
        assert not repositories.connections.begin_expiry_notification(EXPIRED, almost)
        began += NOTIFICATION_LEASE + MICROSECOND


def test_a_published_expiry_is_not_published_again(repositories: Repositories) -> None:
    """No later worker gets the lease."""
    repositories.put(ITEM)
    repositories.connections.begin_expiry_notification(EXPIRED, NOW)
    repositories.connections.finish_expiry_notification(EXPIRED)
    for later in (timedelta(), NOTIFICATION_LEASE, timedelta(days=400)):
        assert not repositories.connections.begin_expiry_notification(EXPIRED, NOW + later)


@pytest.mark.parametrize("status", ["active", "revoked", ""])
def test_a_connection_that_is_not_expired_is_not_notified(repositories: Repositories, status: str) -> None:
    """It was connected again or revoked since the caller read it."""
    repositories.put({**ITEM, "status": status})
    assert not repositories.connections.begin_expiry_notification(EXPIRED, NOW)


def test_a_newer_connection_is_not_notified_as_the_old_one(repositories: Repositories) -> None:
    """If it has expired too, that is another expiry."""
    repositories.put(NEW_ITEM)
    assert not repositories.connections.begin_expiry_notification(EXPIRED, NOW)
    assert repositories.connections.begin_expiry_notification(RECONNECTED, NOW)


def test_the_expiry_of_a_new_connection_is_published_too(repositories: Repositories) -> None:
    """Connected again and expired again, it is published again, once."""
    repositories.put(ITEM)
    repositories.connections.begin_expiry_notification(EXPIRED, NOW)
    repositories.connections.finish_expiry_notification(EXPIRED)
    repositories.put(NEW_ITEM)
    assert repositories.connections.begin_expiry_notification(RECONNECTED, NOW)
    repositories.connections.finish_expiry_notification(RECONNECTED)
    assert not repositories.connections.begin_expiry_notification(RECONNECTED, NOW + DAY)


def test_a_deleted_connection_is_not_notified(repositories: Repositories) -> None:
    """Neither beginning nor finishing recreates its item."""
    assert not repositories.connections.begin_expiry_notification(EXPIRED, NOW)
    repositories.put(ITEM)
    assert repositories.connections.begin_expiry_notification(EXPIRED, NOW)
    repositories.remove()
    repositories.connections.finish_expiry_notification(EXPIRED)
    assert not repositories.connections.begin_expiry_notification(EXPIRED, NOW + DAY)
    assert repositories.item() is None


def test_a_notification_is_recorded_on_the_connection(repositories: Repositories) -> None:
    """Readers of the team see it, so that the next check need not begin one; nothing else of the item changes."""
    repositories.put(ITEM)
    repositories.connections.begin_expiry_notification(EXPIRED, NOW)
    assert repositories.teams.read("t1").connections == (EXPIRED,)
    repositories.connections.finish_expiry_notification(EXPIRED)
    assert repositories.teams.read("t1").connections == (replace(EXPIRED, expiry_notified=True),)
    assert repositories.item() == {**ITEM, "expiry_told": EXPIRED.connected_at}


def test_the_record_of_an_old_connection_does_not_count_for_a_new_one(repositories: Repositories) -> None:
    """Another service may leave the attribute on the item; the new expiry can be published immediately."""
    repositories.put({**NEW_ITEM, "expiry_told": EXPIRED.connected_at})
    assert repositories.teams.read("t1").connections == (RECONNECTED,)
    assert repositories.connections.begin_expiry_notification(RECONNECTED, NOW)
    repositories.connections.finish_expiry_notification(RECONNECTED)
    assert repositories.teams.read("t1").connections == (replace(RECONNECTED, expiry_notified=True),)


def test_finishing_late_records_nothing_on_a_new_connection(repositories: Repositories) -> None:
    """The person has connected again while the old expiry was published."""
    repositories.put(ITEM)
    repositories.connections.begin_expiry_notification(EXPIRED, NOW)
    repositories.put(NEW_ITEM)
    repositories.connections.finish_expiry_notification(EXPIRED)
    assert repositories.teams.read("t1").connections == (RECONNECTED,)
    assert repositories.connections.begin_expiry_notification(RECONNECTED, NOW)
