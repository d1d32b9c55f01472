"""States that were given out, and changes under way: in DynamoDB and in memory alike."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from publishing.aws.changes import DynamoDBChanges
from publishing.aws.json_api import AwsError, Call, JsonApi
from publishing.aws.states import STATES_KEPT, DynamoDBStates
from publishing.aws.table import Table
from publishing.aws.teams import DynamoDBTeams
from publishing.calls import Caller
from publishing.connecting.changes import FINISHED_AFTER, LEASE, Change, Kind
from publishing.connecting.states import LIFE, StateKey, digest_of, new_state
from publishing.teams import Team
from tests.adapters.conftest import TABLE
from tests.support.in_memory_connecting import InMemoryChanges, InMemoryStates
from tests.support.in_memory_stores import InMemoryTeams

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from publishing.connecting.states import PendingState
    from publishing.connecting.stores import Changes, States

NOW = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CODE, OTHER_CODE = digest_of("a code"), digest_of("another code")
NOBODYS = StateKey("no mark", "no digest")


@pytest.fixture(params=["DynamoDB", "in memory"])
def states(request: pytest.FixtureRequest) -> "States":
    """Both stores."""
    if request.param == "in memory":
        return InMemoryStates()
    return DynamoDBStates(cast("Table", request.getfixturevalue("stored")))


@pytest.fixture(params=["DynamoDB", "in memory"])
def changes(request: pytest.FixtureRequest) -> "Changes":
    """Both stores."""
    if request.param == "in memory":
        return InMemoryChanges(InMemoryTeams())
    return DynamoDBChanges(cast("Table", request.getfixturevalue("stored")))


@pytest.fixture
def stored(dynamodb_api: JsonApi) -> Table:
    """The table, where only DynamoDB can be asked."""
    return Table(dynamodb_api.call, TABLE)


def sent_twice(call: Call) -> Call:
    """As where AWS's answer is lost on the way: the first one is done, and the second one answered."""

    def twice(operation: str, **request: Any) -> Any:
        call(operation, **request)
        return call(operation, **request)

    return twice


def a_state(user_id: str = "u1", team_id: str = "t1", nonce: str = "n" * 43) -> "PendingState":
    return new_state(Caller(user_id, team_id, "owner"), NOW, nonce)[1]


def given_out(states: "States", **of: str) -> "PendingState":
    state = a_state(**of)
    states.put(state)
    return state


def a_change(user_id: str = "u1", team_id: str = "t1", kind: Kind = Kind.CONNECT, grant: str = "g" * 64) -> Change:
    return Change.begun(team_id, user_id, kind, NOW, grant)


def begun(changes: "Changes", **of: Any) -> Change:
    change = a_change(**of)
    assert changes.begin(change, NOW)
    return change


# States.


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


# Changes.


@pytest.mark.parametrize("scopes", [None, (), ("69", "601")])
@pytest.mark.parametrize(("kind", "grant"), [(Kind.CONNECT, "g" * 64), (Kind.DISCONNECT, "")])
def test_a_change_is_read_as_it_was_begun(
    changes: "Changes", kind: Kind, grant: str, scopes: tuple[str, ...] | None
) -> None:
    """Every moment to the microsecond; no scopes told is not the same as none granted."""
    assert changes.read("t1", "u1") is None
    change = begun(changes, kind=kind, grant=grant)
    assert changes.read("t1", "u1") == change
    changes.note(change.granted(scopes))
    assert changes.read("t1", "u1") == change.granted(scopes)


def test_one_is_at_a_persons_connection(changes: "Changes") -> None:
    """Until the lease is over; whoever comes before that writes nothing, whatever they want."""
    first = begun(changes)
    for kind in Kind:
        for now in (NOW, NOW + LEASE - MICROSECOND):
            assert not changes.begin(Change.begun("t1", "u1", kind, now), now)
    assert changes.read("t1", "u1") == first
    second = Change.begun("t1", "u1", Kind.DISCONNECT, NOW + LEASE)
    assert changes.begin(second, NOW + LEASE)
    assert changes.read("t1", "u1") == second


def test_what_was_left_is_taken_up_by_one(changes: "Changes") -> None:
    """The same change by another attempt, once nobody is at it; of two who come then, the first."""
    left = begun(changes)
    later = NOW + LEASE
    mine, theirs = left.again(later), left.again(later)
    assert changes.begin(mine, later)
    assert not changes.begin(theirs, later)
    assert changes.read("t1", "u1") == replace(left, attempt=mine.attempt, lease_until=later + LEASE)


def test_an_attempt_that_is_begun_already_has_begun(changes: "Changes") -> None:
    """It finds itself, before its lease is over and after."""
    change = begun(changes)
    for now in (NOW, NOW + LEASE - MICROSECOND, NOW + LEASE):
        assert changes.begin(change, now)


def test_what_is_given_up_may_be_taken_up_at_once(changes: "Changes") -> None:
    """And is what it was."""
    change = begun(changes)
    changes.note(change.given_up(NOW))
    assert changes.read("t1", "u1") == replace(change, lease_until=NOW)
    assert changes.begin(change.again(NOW), NOW)


def test_who_is_not_at_it_any_more_notes_nothing(changes: "Changes") -> None:
    """Neither on another's change, nor by bringing back one that is over."""
    slow = begun(changes)
    fast = slow.again(NOW + LEASE)
    assert changes.begin(fast, NOW + LEASE)
    changes.note(slow.granted(("69",)))
    assert changes.read("t1", "u1") == fast
    changes.end(fast)
    changes.note(fast.granted(("69",)))
    assert changes.read("t1", "u1") is None


def test_who_is_not_at_it_any_more_ends_nothing(changes: "Changes") -> None:
    """The change goes with the attempt that is at it, once; ending it again is no error."""
    slow = begun(changes)
    fast = slow.again(NOW + LEASE)
    assert changes.begin(fast, NOW + LEASE)
    changes.end(slow)
    assert changes.read("t1", "u1") == fast
    for _ in range(2):
        changes.end(fast)
        assert changes.read("t1", "u1") is None
    assert changes.begin(slow, NOW)


def test_changes_of_others_are_not_in_the_way(changes: "Changes") -> None:
    """Of another person, also of one whose id begins alike, and of the same person in another team."""
    whose = [("t1", "u1"), ("t1", "u10"), ("t1", "u#1"), ("t2", "u1")]
    every = [begun(changes, team_id=team_id, user_id=user_id) for team_id, user_id in whose]
    changes.end(every[0])
    assert [changes.read(*one) for one in whose] == [None, *every[1:]]


def test_a_change_whose_answers_are_lost_goes_on(stored: Table) -> None:
    """Each write finds its own first try: begun once, noted once, ended once."""
    lossy = DynamoDBChanges(replace(stored, call=sent_twice(stored.call)))
    change = begun(lossy)
    lossy.note(change.granted(("69",)))
    assert lossy.read("t1", "u1") == change.granted(("69",))
    lossy.end(change)
    assert lossy.read("t1", "u1") is None


def test_a_change_is_beside_the_connection_and_found_when_nobody_finishes_it(
    dynamodb: "DynamoDBClient", stored: Table
) -> None:
    """In the index of what is due, two minutes after the lease; a reader of the team takes no notice of it."""
    change = begun(DynamoDBChanges(stored))
    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    assert (item["pk"]["S"], item["sk"]["S"]) == ("TEAM#t1", "CHANGE#u1")
    assert item["due_at"] == {"N": f"{(change.lease_until + FINISHED_AFTER).timestamp():.6f}"}
    assert timedelta(minutes=2) == FINISHED_AFTER
    assert DynamoDBTeams(stored).read("t1") == Team("t1")


# Both.


def test_states_and_changes_are_read_as_they_are_now() -> None:
    """Strongly consistent: what was taken or begun a moment ago is seen."""
    asked: list[tuple[str, Any]] = []

    def call(operation: str, **request: Any) -> dict[str, Any]:
        asked.append((operation, request.get("ConsistentRead")))
        return {}

    DynamoDBStates(Table(call, TABLE)).read(NOBODYS)
    DynamoDBChanges(Table(call, TABLE)).read("t1", "u1")
    assert asked == [("GetItem", True)] * 2


WRITES: dict[str, Callable[[DynamoDBStates, DynamoDBChanges], object]] = {
    "put": lambda states, _: states.put(a_state()),
    "take": lambda states, _: states.take(a_state()),
    "done": lambda states, _: states.done(NOBODYS),
    "begin": lambda _, changes: changes.begin(a_change(), NOW),
    "note": lambda _, changes: changes.note(a_change()),
    "end": lambda _, changes: changes.end(a_change()),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_failure_is_no_refusal(name: str) -> None:
    """Taken for one, somebody would be told that their state was used, or that another is at their connection."""

    def call(_operation: str, **_request: Any) -> dict[str, Any]:
        raise AwsError("ProvisionedThroughputExceededException")

    table = Table(call, TABLE)
    with pytest.raises(AwsError, match=r"^ProvisionedThroughputExceededException$"):
        WRITES[name](DynamoDBStates(table), DynamoDBChanges(table))
