"""Changes under way: in DynamoDB and in memory alike."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from publishing.aws.changes import DynamoDBChanges
from publishing.aws.json_api import AwsError
from publishing.aws.table import Table
from publishing.aws.teams import DynamoDBTeams
from publishing.connecting.changes import FINISHED_AFTER, LEASE, Change, Kind
from publishing.teams import Team
from tests.adapters.conftest import TABLE
from tests.adapters.failing_calls import THROTTLED, sent_twice, throttled
from tests.support.in_memory_connecting import InMemoryChanges
from tests.support.in_memory_stores import InMemoryTeams

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from publishing.connecting.stores import Changes

NOW = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture(params=["DynamoDB", "in memory"])
def changes(request: pytest.FixtureRequest) -> "Changes":
    """Both stores."""
    if request.param == "in memory":
        return InMemoryChanges(InMemoryTeams())
    return DynamoDBChanges(cast("Table", request.getfixturevalue("stored")))


def a_change(user_id: str = "u1", team_id: str = "t1", kind: Kind = Kind.CONNECT, grant: str = "g" * 64) -> Change:
    return Change.begun(team_id, user_id, kind, NOW, grant)


def begun(changes: "Changes", **of: Any) -> Change:
    change = a_change(**of)
    assert changes.begin(change, NOW)
    return change


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


def test_a_change_is_read_as_it_is_now() -> None:
    """Strongly consistent: what was begun a moment ago is seen."""
    asked: list[tuple[str, Any]] = []

    def call(operation: str, **request: Any) -> dict[str, Any]:
        asked.append((operation, request.get("ConsistentRead")))
        return {}

    DynamoDBChanges(Table(call, TABLE)).read("t1", "u1")
    assert asked == [("GetItem", True)]


WRITES: dict[str, Callable[[DynamoDBChanges], object]] = {
    "begin": lambda changes: changes.begin(a_change(), NOW),
    "note": lambda changes: changes.note(a_change()),
    "end": lambda changes: changes.end(a_change()),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_failure_is_no_refusal(name: str) -> None:
    """Taken for one, somebody would be told that another is at their connection."""
    with pytest.raises(AwsError, match=f"^{THROTTLED}$"):
        WRITES[name](DynamoDBChanges(Table(throttled, TABLE)))
