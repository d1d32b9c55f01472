"""The repository of authorization states, in DynamoDB and in memory."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from publishing.connections.authorize import STATE_LIFETIME, AuthorizationState, StateKey, digest_of, new_state
from publishing.http.request_context import Principal
from publishing.ports import AuthorizationStateRepository
from publishing.repositories.authorization_state_repository import (
    KEPT_AFTER_EXPIRY,
    DynamoDBAuthorizationStateRepository,
)
from publishing.repositories.json_api import AwsError
from publishing.repositories.table import Table
from tests.adapters.conftest import TABLE
from tests.adapters.failing_calls import THROTTLED, sent_twice, throttled
from tests.support.in_memory_repositories import InMemoryAuthorizationStates

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOW = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
CODE, OTHER_CODE = digest_of("a code"), digest_of("another code")
UNKNOWN = StateKey("no owner", "no digest")


@pytest.fixture(params=["DynamoDB", "in memory"])
def states(request: pytest.FixtureRequest) -> AuthorizationStateRepository:
    """Both implementations."""
    if request.param == "in memory":
        return InMemoryAuthorizationStates()
    return DynamoDBAuthorizationStateRepository(cast("Table", request.getfixturevalue("stored")))


def a_state(user_id: str = "u1", team_id: str = "t1", nonce: str = "n" * 43) -> AuthorizationState:
    return new_state(Principal(user_id, team_id, "owner"), NOW, nonce)[1]


def saved(states: AuthorizationStateRepository, **values: str) -> AuthorizationState:
    """Save a new state and return it."""
    state = a_state(**values)
    states.save(state)
    return state


def test_a_state_is_read_as_it_was_saved(states: AuthorizationStateRepository) -> None:
    """Its expiry is kept to the microsecond; it has no code and is not closed."""
    state = saved(states)
    read = states.read(state.key)
    assert read == state
    assert read.expires_at == NOW + STATE_LIFETIME
    assert (read.code_digest, read.closed) == (None, False)


def test_a_state_is_found_by_owner_and_digest(states: AuthorizationStateRepository) -> None:
    """A state of one person is not found for another, and one that was not issued is not found."""
    mine, others = saved(states), a_state("u2")
    assert mine.key.digest == others.key.digest
    assert states.read(others.key) is None
    assert states.read(replace(mine.key, digest=digest_of("a guess"))) is None
    assert states.read(UNKNOWN) is None


def test_a_state_is_claimed_by_one_code(states: AuthorizationStateRepository) -> None:
    """The same code can claim it again; any other code changes nothing."""
    state = saved(states)
    assert states.claim(state.with_code(CODE))
    assert states.read(state.key) == state.with_code(CODE)
    assert not states.claim(state.with_code(OTHER_CODE))
    assert states.claim(state.with_code(CODE))
    assert states.read(state.key) == state.with_code(CODE)


def test_a_closed_state_cannot_be_claimed(states: AuthorizationStateRepository) -> None:
    """Not even by its own code. It is kept, so that a second use differs from a forged state."""
    state = saved(states)
    states.claim(state.with_code(CODE))
    states.close(state.key)
    closed = replace(state, code_digest=CODE, closed=True)
    assert states.read(state.key) == closed
    for code in (CODE, OTHER_CODE):
        assert not states.claim(state.with_code(code))
    states.close(state.key)
    assert states.read(state.key) == closed


def test_claiming_or_closing_creates_no_state(states: AuthorizationStateRepository) -> None:
    """A state that was not issued, or was deleted after its expiry, is not recreated."""
    state = a_state()
    assert not states.claim(state.with_code(CODE))
    states.close(state.key)
    assert states.read(state.key) is None


def test_states_of_one_person_are_independent(states: AuthorizationStateRepository) -> None:
    """A person who opened two consent pages may return from either."""
    first, second = saved(states), saved(states, nonce="m" * 43)
    states.claim(first.with_code(CODE))
    states.close(first.key)
    assert states.read(second.key) == second
    assert states.claim(second.with_code(CODE))


def test_a_state_is_kept_for_an_hour_after_its_expiry(dynamodb: "DynamoDBClient", stored: Table) -> None:
    """The table's time to live deletes it; the item holds neither the nonce nor TikTok's code."""
    states, nonce = DynamoDBAuthorizationStateRepository(stored), "n" * 43
    state = saved(states, nonce=nonce)
    states.claim(state.with_code(CODE))
    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    assert int(item["expires_at"]["N"]) == int((NOW + STATE_LIFETIME + KEPT_AFTER_EXPIRY).timestamp())
    assert timedelta(hours=1) == KEPT_AFTER_EXPIRY
    assert nonce not in str(item)
    assert "a code" not in str(item)


def test_a_claim_sent_twice_succeeds(stored: Table) -> None:
    """If the response is lost, the second request finds its own code."""
    state = saved(DynamoDBAuthorizationStateRepository(stored))
    lossy = DynamoDBAuthorizationStateRepository(replace(stored, call=sent_twice(stored.call)))
    assert lossy.claim(state.with_code(CODE))
    assert not lossy.claim(state.with_code(OTHER_CODE))
    lossy.close(state.key)
    assert DynamoDBAuthorizationStateRepository(stored).read(state.key) == replace(state, code_digest=CODE, closed=True)


def test_reads_are_strongly_consistent() -> None:
    """A claim of a moment ago is seen."""
    requests: list[tuple[str, Any]] = []

    def call(operation: str, **request: Any) -> dict[str, Any]:
        requests.append((operation, request.get("ConsistentRead")))
        return {}

    DynamoDBAuthorizationStateRepository(Table(call, TABLE)).read(UNKNOWN)
    assert requests == [("GetItem", True)]


WRITES: dict[str, Callable[[DynamoDBAuthorizationStateRepository], object]] = {
    "save": lambda states: states.save(a_state()),
    "claim": lambda states: states.claim(a_state()),
    "close": lambda states: states.close(UNKNOWN),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_failure_is_not_an_unmet_condition(name: str) -> None:
    """Taken for one, the person would get ``state_used``."""
    with pytest.raises(AwsError, match=f"^{THROTTLED}$"):
        WRITES[name](DynamoDBAuthorizationStateRepository(Table(throttled, TABLE)))
