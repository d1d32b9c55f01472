"""The repository of pending operations, in DynamoDB and in memory."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from publishing.connections.pending_operation import LEASE, RECOVERY_DELAY, OperationKind, PendingOperation
from publishing.ports import PendingOperationRepository
from publishing.repositories.json_api import AwsError
from publishing.repositories.pending_operation_repository import DynamoDBPendingOperationRepository
from publishing.repositories.table import Table
from publishing.repositories.team_repository import DynamoDBTeamRepository
from publishing.teams import Team
from tests.adapters.conftest import TABLE
from tests.adapters.failing_calls import THROTTLED, sent_twice, throttled
from tests.support.in_memory_repositories import InMemoryPendingOperations, InMemoryTeams

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOW = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LATER = NOW + timedelta(minutes=5)
VERSION = "v" * 64


@pytest.fixture(params=["DynamoDB", "in memory"])
def operations(request: pytest.FixtureRequest) -> PendingOperationRepository:
    """Both implementations."""
    if request.param == "in memory":
        return InMemoryPendingOperations(InMemoryTeams())
    return DynamoDBPendingOperationRepository(cast("Table", request.getfixturevalue("stored")))


def new_operation(
    user_id: str = "u1",
    team_id: str = "t1",
    kind: OperationKind = OperationKind.CONNECT,
    secret_version: str = VERSION,
) -> PendingOperation:
    return PendingOperation.start(team_id, user_id, kind, NOW, secret_version)


def begin(operations: PendingOperationRepository, **values: Any) -> PendingOperation:
    """Begin a new operation and return it."""
    operation = new_operation(**values)
    assert operations.begin(operation, NOW)
    return operation


@pytest.mark.parametrize("scopes", [None, (), ("69", "601")])
@pytest.mark.parametrize(("kind", "secret_version"), [(OperationKind.CONNECT, VERSION), (OperationKind.DISCONNECT, "")])
def test_an_operation_is_read_as_it_was_written(
    operations: PendingOperationRepository, kind: OperationKind, secret_version: str, scopes: tuple[str, ...] | None
) -> None:
    """Times are kept to the microsecond, and unknown scopes differ from no scopes."""
    assert operations.read("t1", "u1") is None
    operation = begin(operations, kind=kind, secret_version=secret_version)
    assert operations.read("t1", "u1") == operation
    operations.update(operation.granted(scopes, LATER))
    assert operations.read("t1", "u1") == operation.granted(scopes, LATER)


def test_one_attempt_holds_the_lease(operations: PendingOperationRepository) -> None:
    """Until it has expired no other operation begins, of either kind."""
    first = begin(operations)
    for kind in OperationKind:
        for now in (NOW, NOW + LEASE - MICROSECOND):
            assert not operations.begin(PendingOperation.start("t1", "u1", kind, now), now)
    assert operations.read("t1", "u1") == first
    second = PendingOperation.start("t1", "u1", OperationKind.DISCONNECT, NOW + LEASE)
    assert operations.begin(second, NOW + LEASE)
    assert operations.read("t1", "u1") == second


def test_one_attempt_resumes_an_unfinished_operation(operations: PendingOperationRepository) -> None:
    """Of two attempts after the lease has expired, the first one resumes it."""
    unfinished = begin(operations)
    later = NOW + LEASE
    first, second = unfinished.resumed(later), unfinished.resumed(later)
    assert operations.begin(first, later)
    assert not operations.begin(second, later)
    assert operations.read("t1", "u1") == replace(unfinished, attempt=first.attempt, lease_until=later + LEASE)


def test_an_attempt_that_has_begun_begins_again(operations: PendingOperationRepository) -> None:
    """It finds itself, before its lease has expired and after."""
    operation = begin(operations)
    for now in (NOW, NOW + LEASE - MICROSECOND, NOW + LEASE):
        assert operations.begin(operation, now)


def test_a_released_operation_can_be_resumed_immediately(operations: PendingOperationRepository) -> None:
    """Nothing but its lease has changed."""
    operation = begin(operations)
    operations.update(operation.released(NOW))
    assert operations.read("t1", "u1") == replace(operation, lease_until=NOW)
    assert operations.begin(operation.resumed(NOW), NOW)


def test_an_attempt_that_lost_its_lease_updates_nothing(operations: PendingOperationRepository) -> None:
    """It neither changes another attempt's record nor recreates a deleted one."""
    slow = begin(operations)
    fast = slow.resumed(NOW + LEASE)
    assert operations.begin(fast, NOW + LEASE)
    operations.update(slow.granted(("69",), LATER))
    assert operations.read("t1", "u1") == fast
    operations.delete(fast)
    operations.update(fast.granted(("69",), LATER))
    assert operations.read("t1", "u1") is None


def test_an_attempt_that_lost_its_lease_deletes_nothing(operations: PendingOperationRepository) -> None:
    """Only the attempt that holds the record deletes it; deleting it twice is not an error."""
    slow = begin(operations)
    fast = slow.resumed(NOW + LEASE)
    assert operations.begin(fast, NOW + LEASE)
    operations.delete(slow)
    assert operations.read("t1", "u1") == fast
    for _ in range(2):
        operations.delete(fast)
        assert operations.read("t1", "u1") is None
    assert operations.begin(slow, NOW)


def test_operations_on_different_connections_are_independent(operations: PendingOperationRepository) -> None:
    """Of another person, of one whose id begins with the same characters, and of the same person in another team."""
    keys = [("t1", "u1"), ("t1", "u10"), ("t1", "u#1"), ("t2", "u1")]
    all_begun = [begin(operations, team_id=team_id, user_id=user_id) for team_id, user_id in keys]
    operations.delete(all_begun[0])
    assert [operations.read(*one) for one in keys] == [None, *all_begun[1:]]


def test_writes_sent_twice_have_the_effect_of_one(stored: Table) -> None:
    """If the response is lost, each write finds its own first attempt."""
    lossy = DynamoDBPendingOperationRepository(replace(stored, call=sent_twice(stored.call)))
    operation = begin(lossy)
    lossy.update(operation.granted(("69",), LATER))
    assert lossy.read("t1", "u1") == operation.granted(("69",), LATER)
    lossy.delete(operation)
    assert lossy.read("t1", "u1") is None


def test_the_item_is_beside_the_connections_and_in_the_index(dynamodb: "DynamoDBClient", stored: Table) -> None:
    """It is due two minutes after the lease; readers of the team ignore it."""
    operation = begin(DynamoDBPendingOperationRepository(stored))
    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    assert (item["pk"]["S"], item["sk"]["S"]) == ("CONNECTIONS#t1", "CHANGE#u1")
    assert item["due_at"] == {"N": f"{(operation.lease_until + RECOVERY_DELAY).timestamp():.6f}"}
    assert timedelta(minutes=2) == RECOVERY_DELAY
    assert DynamoDBTeamRepository(stored).read("t1") == Team("t1")


def test_reads_are_strongly_consistent() -> None:
    """An operation that began a moment ago is seen."""
    requests: list[tuple[str, Any]] = []

    def call(operation: str, **request: Any) -> dict[str, Any]:
        requests.append((operation, request.get("ConsistentRead")))
        return {}

    DynamoDBPendingOperationRepository(Table(call, TABLE)).read("t1", "u1")
    assert requests == [("GetItem", True)]


WRITES: dict[str, Callable[[DynamoDBPendingOperationRepository], object]] = {
    "begin": lambda operations: operations.begin(new_operation(), NOW),
    "update": lambda operations: operations.update(new_operation()),
    "delete": lambda operations: operations.delete(new_operation()),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_failure_is_not_an_unmet_condition(name: str) -> None:
    """Taken for one, the caller would be told that another operation is in progress."""
    with pytest.raises(AwsError, match=f"^{THROTTLED}$"):
        WRITES[name](DynamoDBPendingOperationRepository(Table(throttled, TABLE)))
