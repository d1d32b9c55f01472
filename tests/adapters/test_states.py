"""States that were given out: in DynamoDB and in memory alike."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from publishing.aws.json_api import AwsError
from publishing.aws.states import STATES_KEPT, DynamoDBStates
from publishing.aws.table import Table
from publishing.calls import Caller
from publishing.connecting.states import LIFE, StateKey, digest_of, new_state
from tests.adapters.conftest import TABLE
from tests.adapters.failing_calls import THROTTLED, sent_twice, throttled
from tests.support.in_memory_connecting import InMemoryStates

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from publishing.connecting.states import PendingState
    from publishing.connecting.stores import States

NOW = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
CODE, OTHER_CODE = digest_of("a code"), digest_of("another code")
NOBODYS = StateKey("no mark", "no digest")


@pytest.fixture(params=["DynamoDB", "in memory"])
def states(request: pytest.FixtureRequest) -> "States":
    """Both stores."""
    if request.param == "in memory":
        return InMemoryStates()
    return DynamoDBStates(cast("Table", request.getfixturevalue("stored")))


def a_state(user_id: str = "u1", team_id: str = "t1", nonce: str = "n" * 43) -> "PendingState":
    return new_state(Caller(user_id, team_id, "owner"), NOW, nonce)[1]


def given_out(states: "States", **of: str) -> "PendingState":
    state = a_state(**of)
    states.put(state)
    return state


def test_a_state_is_read_as_it_was_given_out(states: "States") -> None:
    """Whose it is, and until when to the microsecond; it has not come back, and nothing is over."""
    state = given_out(states)
    read = states.read(state.key)
    assert read == state
    assert read.expires_at == NOW + LIFE
    assert (read.code, read.done) == (None, False)


def test_a_state_is_found_by_its_callers_mark_and_its_digest(states: "States") -> None:
    """By both: what was made for one person is not there for another, and what nobody made is nowhere."""
    mine, theirs = given_out(states), a_state("u2")
    assert mine.key.digest == theirs.key.digest
    assert states.read(theirs.key) is None
    assert states.read(replace(mine.key, digest=digest_of("a guess"))) is None
    assert states.read(NOBODYS) is None


def test_a_state_is_taken_by_one_code(states: "States") -> None:
    """By the same again, as whoever comes back to a page does; any other changes nothing."""
    state = given_out(states)
    assert states.take(state.taken(CODE))
    assert states.read(state.key) == state.taken(CODE)
    assert not states.take(state.taken(OTHER_CODE))
    assert states.take(state.taken(CODE))
    assert states.read(state.key) == state.taken(CODE)


def test_a_state_is_not_taken_once_all_is_over(states: "States") -> None:
    """Not even by the code with which it came; it stays, so that a second use is told apart from a forged one."""
    state = given_out(states)
    states.take(state.taken(CODE))
    states.done(state.key)
    over = replace(state, code=CODE, done=True)
    assert states.read(state.key) == over
    for code in (CODE, OTHER_CODE):
        assert not states.take(state.taken(code))
    states.done(state.key)
    assert states.read(state.key) == over


def test_a_state_that_is_not_there_is_not_made(states: "States") -> None:
    """By taking or ending what was never given out, or is forgotten."""
    state = a_state()
    assert not states.take(state.taken(CODE))
    states.done(state.key)
    assert states.read(state.key) is None


def test_states_of_one_person_are_apart(states: "States") -> None:
    """Whoever asks twice may come back from either page."""
    first, second = given_out(states), given_out(states, nonce="m" * 43)
    states.take(first.taken(CODE))
    states.done(first.key)
    assert states.read(second.key) == second
    assert states.take(second.taken(CODE))


def test_a_state_is_kept_for_an_hour_after_its_end(dynamodb: "DynamoDBClient", stored: Table) -> None:
    """By the table's time to live; what lies there is neither the state that travels nor TikTok's code."""
    states, nonce = DynamoDBStates(stored), "n" * 43
    state = given_out(states, nonce=nonce)
    states.take(state.taken(CODE))
    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    assert int(item["expires_at"]["N"]) == int((NOW + LIFE + STATES_KEPT).timestamp())
    assert timedelta(hours=1) == STATES_KEPT
    assert nonce not in str(item)
    assert "a code" not in str(item)


def test_a_state_whose_answer_is_lost_is_taken_all_the_same(stored: Table) -> None:
    """The second try finds the first one's code, which is its own."""
    state = given_out(DynamoDBStates(stored))
    lossy = DynamoDBStates(replace(stored, call=sent_twice(stored.call)))
    assert lossy.take(state.taken(CODE))
    assert not lossy.take(state.taken(OTHER_CODE))
    lossy.done(state.key)
    assert DynamoDBStates(stored).read(state.key) == replace(state, code=CODE, done=True)


def test_a_state_is_read_as_it_is_now() -> None:
    """Strongly consistent: what was taken a moment ago is seen."""
    asked: list[tuple[str, Any]] = []

    def call(operation: str, **request: Any) -> dict[str, Any]:
        asked.append((operation, request.get("ConsistentRead")))
        return {}

    DynamoDBStates(Table(call, TABLE)).read(NOBODYS)
    assert asked == [("GetItem", True)]


WRITES: dict[str, Callable[[DynamoDBStates], object]] = {
    "put": lambda states: states.put(a_state()),
    "take": lambda states: states.take(a_state()),
    "done": lambda states: states.done(NOBODYS),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_failure_is_no_refusal(name: str) -> None:
    """Taken for one, somebody would be told that their state was used."""
    with pytest.raises(AwsError, match=f"^{THROTTLED}$"):
        WRITES[name](DynamoDBStates(Table(throttled, TABLE)))
