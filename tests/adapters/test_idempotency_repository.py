"""Idempotency records, in DynamoDB and in the in-memory repository."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from publishing.http.request_context import Principal
from publishing.identities.idempotency import (
    KEEP_WITH_KEY,
    KEEP_WITHOUT_KEY,
    LEASE,
    ClaimResult,
    IdempotencyRecord,
    KeyReusedError,
    Replay,
    StillRunningError,
)
from publishing.ports import IdempotencyRepository
from publishing.repositories.idempotency_repository import DynamoDBIdempotencyRepository
from publishing.repositories.json_api import AwsError, JsonApi
from publishing.repositories.table import Table
from tests.adapters.conftest import TABLE
from tests.adapters.failing_calls import THROTTLED
from tests.support.in_memory_repositories import InMemoryIdempotency

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PRINCIPAL = Principal("u1", "t1", "owner")


def new_record(key: str | None = "k-1", name: str = "Acme", principal: Principal = PRINCIPAL) -> IdempotencyRecord:
    """Return the record of a new attempt."""
    return IdempotencyRecord.of(principal, "CREATE", {"name": name}, key)


@pytest.fixture(params=["DynamoDB", "in memory"])
def repository(request: pytest.FixtureRequest) -> IdempotencyRepository:
    """Each of both repositories."""
    if request.param == "in memory":
        return InMemoryIdempotency()
    return DynamoDBIdempotencyRepository(Table(cast("JsonApi", request.getfixturevalue("dynamodb_api")).call, TABLE))


def test_a_running_record_is_claimed_once(repository: IdempotencyRepository) -> None:
    """Another attempt must wait until the lease ends."""
    assert repository.claim(new_record(), NOW) is ClaimResult.NEW
    for later in (timedelta(0), LEASE - SECOND):
        with pytest.raises(StillRunningError):
            repository.claim(new_record(), NOW + later)


def test_an_expired_lease_is_taken_over(repository: IdempotencyRepository) -> None:
    """One of the next attempts resumes it, and only one."""
    repository.claim(new_record(), NOW)
    assert repository.claim(new_record(), NOW + LEASE) is ClaimResult.RESUMED
    with pytest.raises(StillRunningError):
        repository.claim(new_record(), NOW + LEASE)


def test_a_completed_record_is_replayed(repository: IdempotencyRepository) -> None:
    """Duplicates get the stored response as long as it is kept."""
    first = new_record()
    repository.claim(first, NOW)
    repository.complete(first, '{"é": 1}', NOW + SECOND)
    for later in (SECOND, KEEP_WITH_KEY):
        assert repository.claim(new_record(), NOW + later) == Replay('{"é": 1}')


@pytest.mark.parametrize(("key", "keep"), [("k-1", KEEP_WITH_KEY), (None, KEEP_WITHOUT_KEY)])
def test_an_expired_record_is_claimed_anew(repository: IdempotencyRepository, key: str | None, keep: timedelta) -> None:
    """A response is kept for 24 hours with a key and 10 minutes without, even if DynamoDB has not deleted the item."""
    first = new_record(key)
    repository.claim(first, NOW)
    repository.complete(first, "{}", NOW + SECOND)
    assert repository.claim(new_record(key), NOW + keep) == Replay("{}")
    assert repository.claim(new_record(key), NOW + keep + SECOND) is ClaimResult.NEW


def test_an_uncertain_record_is_resumed_at_once(repository: IdempotencyRepository) -> None:
    """The next attempt resumes an uncertain record without waiting for the lease."""
    first = new_record()
    repository.claim(first, NOW)
    repository.mark_uncertain(first)
    assert repository.claim(new_record(), NOW) is ClaimResult.RESUMED


def test_a_released_record_is_deleted(repository: IdempotencyRepository) -> None:
    """After a release the key may be used with another body."""
    first = new_record()
    repository.claim(first, NOW)
    repository.release(first)
    assert repository.claim(new_record(name="Other"), NOW) is ClaimResult.NEW


@pytest.mark.parametrize("end", ["running", "uncertain", "done"])
def test_a_key_belongs_to_one_body(repository: IdempotencyRepository, end: str) -> None:
    """A key with another body is rejected in every state, even after the lease."""
    first = new_record()
    repository.claim(first, NOW)
    if end == "done":
        repository.complete(first, "{}", NOW)
    if end == "uncertain":
        repository.mark_uncertain(first)
    for later in (timedelta(0), LEASE):
        with pytest.raises(KeyReusedError):
            repository.claim(new_record(name="Other"), NOW + later)


End = Callable[[IdempotencyRepository, IdempotencyRecord], None]


@pytest.mark.parametrize(
    "end",
    [
        lambda repository, one: repository.complete(one, "{}", NOW),
        lambda repository, one: repository.mark_uncertain(one),
        lambda repository, one: repository.release(one),
    ],
    ids=["complete", "mark_uncertain", "release"],
)
def test_an_attempt_changes_only_its_own_record(repository: IdempotencyRepository, end: End) -> None:
    """An attempt whose lease has expired does not change the record of its successor."""
    slow = new_record()
    repository.claim(slow, NOW)
    repository.claim(new_record(), NOW + LEASE)
    end(repository, slow)
    with pytest.raises(StillRunningError):
        repository.claim(new_record(), NOW + LEASE)


def test_records_are_scoped_to_the_principal(repository: IdempotencyRepository) -> None:
    """Another user or team has another record; another role of the same user does not."""
    assert repository.claim(new_record(), NOW) is ClaimResult.NEW
    assert repository.claim(new_record(principal=Principal("u2", "t1", "owner")), NOW) is ClaimResult.NEW
    assert repository.claim(new_record(principal=Principal("u1", "t2", "owner")), NOW) is ClaimResult.NEW
    with pytest.raises(StillRunningError):
        repository.claim(new_record(principal=Principal("u1", "t1", "manager")), NOW)


def test_records_with_and_without_a_key_are_different(repository: IdempotencyRepository) -> None:
    """A key never collides with the record without a key."""
    assert repository.claim(new_record(None), NOW) is ClaimResult.NEW
    assert repository.claim(new_record("k-1"), NOW) is ClaimResult.NEW
    assert repository.claim(new_record("k-2"), NOW) is ClaimResult.NEW
    with pytest.raises(StillRunningError):
        repository.claim(new_record(None), NOW)


def test_the_item_contains_digests_only_and_expires(dynamodb: "DynamoDBClient", dynamodb_api: JsonApi) -> None:
    """The item has digests of the request, and its expiry in whole seconds in the template's attribute."""
    DynamoDBIdempotencyRepository(Table(dynamodb_api.call, TABLE)).claim(new_record("secret-key"), NOW)
    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    assert item["pk"] == {"S": "INTENT#t1#u1"}
    assert item["sk"]["S"].startswith("CREATE#")
    assert item["expires_at"] == {"N": str(int((NOW + KEEP_WITH_KEY).timestamp()))}
    assert "secret-key" not in str(item)
    assert "Acme" not in str(item)


@pytest.mark.parametrize("failure", [AwsError(THROTTLED), AwsError("TimeoutError", transient=True)])
def test_a_claim_that_dynamodb_did_not_take_this_time_is_repeated(failure: AwsError) -> None:
    """It is as if another attempt held the lease: the caller claims again, and the record shows what has happened."""

    def call(_operation: str, **_request: object) -> dict[str, object]:
        raise failure

    with pytest.raises(StillRunningError):
        DynamoDBIdempotencyRepository(Table(call, TABLE)).claim(new_record(), NOW)


def test_a_claim_that_dynamodb_refuses_for_good_is_an_error() -> None:
    """A missing permission does not pass by itself."""

    def call(_operation: str, **_request: object) -> dict[str, object]:
        raise AwsError("AccessDeniedException")

    with pytest.raises(AwsError, match="AccessDeniedException"):
        DynamoDBIdempotencyRepository(Table(call, TABLE)).claim(new_record(), NOW)


def test_a_claim_that_was_sent_twice_succeeds(dynamodb_api: JsonApi) -> None:
    """If the response to the claim was lost, the retry finds its own claim and resumes it."""
    repository, mine = DynamoDBIdempotencyRepository(Table(dynamodb_api.call, TABLE)), new_record()
    assert repository.claim(mine, NOW) is ClaimResult.NEW
    assert repository.claim(mine, NOW) is ClaimResult.RESUMED
    with pytest.raises(StillRunningError):
        repository.claim(new_record(), NOW)


def test_the_in_memory_repository_has_len_and_contains() -> None:
    """Its length counts records, and it contains those that were claimed."""
    repository, first = InMemoryIdempotency(), new_record()
    assert (len(repository), first in repository) == (0, False)
    repository.claim(first, NOW)
    assert (len(repository), first in repository, new_record() in repository, new_record("k-2") in repository) == (
        1,
        True,
        True,
        False,
    )
