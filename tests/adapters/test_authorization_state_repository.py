"""The repository of authorization states, in DynamoDB and in memory."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from pydantic import SecretStr

from publishing.connections.authorize import (
    HANDLE_LIFETIME,
    STATE_LIFETIME,
    AuthorizationState,
    Handle,
    StateKey,
    digest_of,
    new_handle,
    new_state,
)
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
CODE, OTHER_CODE = SecretStr("a code"), SecretStr("another code")
UNTIL, LATER = NOW + HANDLE_LIFETIME, NOW + HANDLE_LIFETIME + timedelta(minutes=1)
CONNECTED_AT = "2026-12-01T00:05:00.000Z"
UNKNOWN = StateKey("no owner", "no digest")


@pytest.fixture(params=["DynamoDB", "in memory"])
def states(request: pytest.FixtureRequest) -> AuthorizationStateRepository:
    """Both implementations."""
    if request.param == "in memory":
        return InMemoryAuthorizationStates()
    return DynamoDBAuthorizationStateRepository(cast("Table", request.getfixturevalue("stored")))


def a_state(user_id: str = "u1", team_id: str = "t1", nonce: str = "n" * 43) -> AuthorizationState:
    return new_state(Principal(user_id, team_id, "owner"), NOW, nonce)[1]


def a_handle(state: AuthorizationState, nonce: str = "h" * 43) -> Handle:
    return new_handle(state.key, nonce)[1]


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
    assert (read.auth_code, read.handle_digest, read.handle_expires_at) == (None, None, None)
    assert (read.closed, read.connected_at) == (False, None)


def test_a_state_is_found_by_owner_and_digest(states: AuthorizationStateRepository) -> None:
    """A state of one person is not found for another, and one that was not issued is not found."""
    mine, others = saved(states), a_state("u2")
    assert mine.key.digest == others.key.digest
    assert states.read(others.key) is None
    assert states.read(replace(mine.key, digest=digest_of("a guess"))) is None
    assert states.read(UNKNOWN) is None


def returned(state: AuthorizationState, nonce: str = "h" * 43, until: datetime = UNTIL) -> AuthorizationState:
    """Return the state as it is stored after a return with CODE."""
    return replace(state, auth_code=CODE, handle_digest=digest_of(nonce), handle_expires_at=until)


def test_a_state_keeps_one_code(states: AuthorizationStateRepository) -> None:
    """The same code again has the last handle; any other code changes nothing."""
    state = saved(states)
    assert states.keep_code(a_handle(state), CODE, UNTIL)
    assert states.read(state.key) == returned(state)
    assert not states.keep_code(a_handle(state), OTHER_CODE, LATER)
    assert states.read(state.key) == returned(state)
    assert states.keep_code(a_handle(state, "i" * 43), CODE, LATER)
    assert states.read(state.key) == returned(state, "i" * 43, LATER)


@pytest.mark.parametrize("connected_at", [None, CONNECTED_AT])
def test_a_closed_state_keeps_no_code(states: AuthorizationStateRepository, connected_at: str | None) -> None:
    """Nor does it take one again. It is kept, so that a second use differs from a forged state.

    Closed again for no connection, it still says which one it made.
    """
    state = saved(states)
    states.keep_code(a_handle(state), CODE, UNTIL)
    states.close(state.key, connected_at)
    closed = replace(returned(state), auth_code=None, closed=True, connected_at=connected_at)
    assert states.read(state.key) == closed
    for code in (CODE, OTHER_CODE):
        assert not states.keep_code(a_handle(state), code, LATER)
    states.close(state.key)
    assert states.read(state.key) == closed


def test_keeping_a_code_or_closing_creates_no_state(states: AuthorizationStateRepository) -> None:
    """A state that was not issued, or was deleted after its expiry, is not recreated."""
    state = a_state()
    assert not states.keep_code(a_handle(state), CODE, UNTIL)
    states.close(state.key)
    assert states.read(state.key) is None


def test_states_of_one_person_are_independent(states: AuthorizationStateRepository) -> None:
    """A person who opened two consent pages may return from either."""
    first, second = saved(states), saved(states, nonce="m" * 43)
    states.keep_code(a_handle(first), CODE, UNTIL)
    states.close(first.key)
    assert states.read(second.key) == second
    assert states.keep_code(a_handle(second), CODE, UNTIL)


def test_a_state_is_kept_for_an_hour_after_its_expiry(dynamodb: "DynamoDBClient", stored: Table) -> None:
    """The table's time to live deletes it; with TikTok's code, until the state is closed, at the end of its handle.

    The random parts of state and handle are not in it.
    """
    states, nonce = DynamoDBAuthorizationStateRepository(stored), "n" * 43
    state = saved(states, nonce=nonce)
    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    assert int(item["expires_at"]["N"]) == int((NOW + STATE_LIFETIME + KEPT_AFTER_EXPIRY).timestamp())
    assert HANDLE_LIFETIME < timedelta(hours=1) == KEPT_AFTER_EXPIRY
    states.keep_code(a_handle(state), CODE, UNTIL)
    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    assert int(item["expires_at"]["N"]) == int(UNTIL.timestamp())
    assert nonce not in str(item)
    assert "h" * 43 not in str(item)
    assert "a code" in str(item)
    states.close(state.key, CONNECTED_AT)
    assert "a code" not in str(dynamodb.scan(TableName=TABLE)["Items"])


def test_a_write_sent_twice_succeeds(stored: Table) -> None:
    """If the response is lost, the second request finds its own code."""
    state = saved(DynamoDBAuthorizationStateRepository(stored))
    lossy = DynamoDBAuthorizationStateRepository(replace(stored, call=sent_twice(stored.call)))
    assert lossy.keep_code(a_handle(state), CODE, UNTIL)
    assert not lossy.keep_code(a_handle(state), OTHER_CODE, UNTIL)
    lossy.close(state.key)
    closed = replace(returned(state), auth_code=None, closed=True)
    assert DynamoDBAuthorizationStateRepository(stored).read(state.key) == closed


def test_reads_are_strongly_consistent() -> None:
    """A return of a moment ago is seen."""
    requests: list[tuple[str, Any]] = []

    def call(operation: str, **request: Any) -> dict[str, Any]:
        requests.append((operation, request.get("ConsistentRead")))
        return {}

    DynamoDBAuthorizationStateRepository(Table(call, TABLE)).read(UNKNOWN)
    assert requests == [("GetItem", True)]


WRITES: dict[str, Callable[[DynamoDBAuthorizationStateRepository], object]] = {
    "save": lambda states: states.save(a_state()),
    "keep_code": lambda states: states.keep_code(a_handle(a_state()), CODE, UNTIL),
    "close": lambda states: states.close(UNKNOWN),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_failure_is_not_an_unmet_condition(name: str) -> None:
    """Taken for one, the person would get ``state_used``."""
    with pytest.raises(AwsError, match=f"^{THROTTLED}$"):
        WRITES[name](DynamoDBAuthorizationStateRepository(Table(throttled, TABLE)))
