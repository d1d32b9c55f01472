"""The connection repository, in DynamoDB and in memory: connections due for refresh and unfinished operations."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from publishing.connections.pending_operation import (
    LEASE,
    RECOVERY_DELAY,
    DueConnection,
    OperationKind,
    PendingOperation,
)
from publishing.readiness.cadence import shards
from publishing.readiness.record import Record
from publishing.repositories.connection_repository import DynamoDBConnectionRepository
from publishing.repositories.readiness_repository import DynamoDBReadinessRepository
from publishing.repositories.table import Table
from tests.adapters.connection_items import (
    CONNECTION,
    DUE,
    HOUR,
    MICROSECOND,
    NOW,
    Repositories,
    repositories_of,
)

UNFINISHED = DueConnection("t1", "u1", unfinished=True)


@pytest.fixture(params=["DynamoDB", "in memory"])
def repositories(request: pytest.FixtureRequest) -> Repositories:
    """Both implementations."""
    return repositories_of(request)


def save_due(repositories: Repositories, count: int) -> Sequence[DueConnection]:
    """Save connections that are due; return them, the longest due first."""
    due = [DueConnection("t1", f"u{number}") for number in range(count)]
    for number, one in enumerate(due):
        at = NOW - (count - number) * MICROSECOND
        repositories.connections.save(replace(CONNECTION, user_id=one.user_id), at)
    return due


def test_the_longest_due_comes_first(repositories: Repositories) -> None:
    """Connections and unfinished operations are returned together; what is due later is not."""
    repositories.connections.save(CONNECTION, NOW)
    repositories.connections.save(replace(CONNECTION, user_id="u2"), NOW + MICROSECOND)
    repositories.connections.save(replace(CONNECTION, team_id="t#2", user_id="u#3"), NOW - HOUR)
    began = NOW - LEASE - RECOVERY_DELAY - MICROSECOND
    for user_id, at in (("u1", began), ("u#4", began - HOUR), ("u5", began + HOUR)):
        assert repositories.operations.begin(PendingOperation.start("t1", user_id, OperationKind.CONNECT, at), at)
    assert repositories.due() == [
        DueConnection("t1", "u#4", unfinished=True),
        DueConnection("t#2", "u#3"),
        UNFINISHED,
        DUE,
    ]


def test_a_completed_or_resumed_operation_is_not_due(repositories: Repositories) -> None:
    """A released one is due two minutes later."""
    began = NOW - LEASE - RECOVERY_DELAY
    operation = PendingOperation.start("t1", "u1", OperationKind.CONNECT, began)
    assert repositories.operations.begin(operation, began)
    assert repositories.due() == [UNFINISHED]
    resumed = operation.resumed(NOW)
    assert repositories.operations.begin(resumed, NOW)
    assert repositories.due() == []
    repositories.operations.update(resumed.released(NOW))
    assert repositories.due(NOW + RECOVERY_DELAY - MICROSECOND) == []
    assert repositories.due(NOW + RECOVERY_DELAY) == [UNFINISHED]
    repositories.operations.delete(resumed)
    assert repositories.due(NOW + RECOVERY_DELAY) == []


@pytest.mark.parametrize("page_size", [1, 2, 3, 7, 100])
def test_all_pages_are_returned(repositories: Repositories, page_size: int) -> None:
    """No page is larger than requested; each connection is returned once, also if those before it were claimed."""
    due = save_due(repositories, 7)
    returned: list[DueConnection] = []
    for page in repositories.connections.due(NOW, page_size):
        assert len(page) <= page_size
        for one in page:
            assert repositories.connections.claim_due(one, NOW, NOW + HOUR)
        returned.extend(page)
    assert returned == due
    assert repositories.due() == []


def test_one_of_two_sweeps_claims_what_is_due(repositories: Repositories) -> None:
    """Postponed by the claim, it is due again later and can be claimed again."""
    (due,) = save_due(repositories, 1)
    assert repositories.connections.claim_due(due, NOW, NOW + HOUR)
    assert not repositories.connections.claim_due(due, NOW, NOW + HOUR)
    assert (repositories.due(NOW + HOUR - MICROSECOND), repositories.due(NOW + HOUR)) == ([], [due])
    assert repositories.connections.claim_due(due, NOW + HOUR, NOW + 2 * HOUR)


def test_connection_and_operation_are_claimed_separately(repositories: Repositories) -> None:
    """Claiming one neither creates nor postpones the other."""
    repositories.connections.save(CONNECTION, NOW)
    assert not repositories.connections.claim_due(UNFINISHED, NOW, NOW + HOUR)
    assert repositories.operations.read("t1", "u1") is None
    operation = PendingOperation.start("t1", "u1", OperationKind.DISCONNECT, NOW - LEASE - RECOVERY_DELAY)
    assert repositories.operations.begin(operation, NOW)
    assert repositories.connections.claim_due(UNFINISHED, NOW, NOW + HOUR)
    assert repositories.due() == [DUE]
    assert repositories.operations.read("t1", "u1") == operation


def test_a_rescheduled_connection_is_not_claimed(repositories: Repositories) -> None:
    """The index lags: the connection may have been refreshed or revoked since."""
    (due,) = save_due(repositories, 1)
    connection = replace(CONNECTION, user_id=due.user_id)
    repositories.connections.save_list(connection, connection, NOW + MICROSECOND)
    assert not repositories.connections.claim_due(due, NOW, NOW + HOUR)
    assert repositories.due(NOW + MICROSECOND) == [due]
    repositories.connections.mark_revoked(connection)
    assert not repositories.connections.claim_due(due, NOW + HOUR, NOW + 2 * HOUR)
    assert repositories.connection(due.user_id) == replace(connection, status="revoked")


def test_advertisers_and_connections_have_separate_shards(stored: Table) -> None:
    """Both are in the table's one index, and neither is returned as due of the other."""
    records = DynamoDBReadinessRepository(stored)
    assert records.write(Record("t1", "1", due_at=NOW)) is not None
    connections = DynamoDBConnectionRepository(stored)
    connections.save(CONNECTION, NOW)
    assert [[*page] for page in connections.due(NOW, 100)] == [[DUE]]
    assert [key for shard in shards() for page in records.due(shard, NOW, 100) for key in page] == [("t1", "1")]
