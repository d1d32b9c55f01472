"""Exactly one effect per intent: in DynamoDB and in the fake alike."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from publishing.aws.intents import DynamoDBIntents
from publishing.aws.json_api import AwsError, JsonApi
from publishing.aws.table import Table
from publishing.calls import Caller
from publishing.intents import (
    KEEP_WITH_KEY,
    KEEP_WITHOUT_KEY,
    LEASE,
    Begun,
    Intent,
    Intents,
    OtherIntentError,
    Replay,
    StillRunningError,
)
from tests.adapters.conftest import TABLE
from tests.adapters.failing_calls import THROTTLED
from tests.support.in_memory_stores import InMemoryIntents

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CALLER = Caller("u1", "t1", "owner")


def intent(key: str | None = "k-1", name: str = "Acme", caller: Caller = CALLER) -> Intent:
    """A new attempt each time."""
    return Intent.to(caller, "CREATE", {"name": name}, key)


@pytest.fixture(params=["DynamoDB", "in memory"])
def intents(request: pytest.FixtureRequest) -> Intents:
    """Both memories."""
    if request.param == "in memory":
        return InMemoryIntents()
    return DynamoDBIntents(Table(cast("JsonApi", request.getfixturevalue("dynamodb_api")).call, TABLE))


def test_a_running_intent_is_begun_once(intents: Intents) -> None:
    """An equal one has to wait, up to the end of the lease."""
    assert intents.begin(intent(), NOW) is Begun.FIRST
    for later in (timedelta(0), LEASE - SECOND):
        with pytest.raises(StillRunningError):
            intents.begin(intent(), NOW + later)


def test_an_attempt_that_has_outlived_its_lease_is_taken_over(intents: Intents) -> None:
    """Its successor is told to look first; one of them, not all."""
    intents.begin(intent(), NOW)
    assert intents.begin(intent(), NOW + LEASE) is Begun.AGAIN
    with pytest.raises(StillRunningError):
        intents.begin(intent(), NOW + LEASE)


def test_a_done_intent_is_replayed(intents: Intents) -> None:
    """With its answer, to everybody who wants the same, as long as it is kept."""
    first = intent()
    intents.begin(first, NOW)
    intents.done(first, '{"é": 1}', NOW + SECOND)
    for later in (SECOND, KEEP_WITH_KEY):
        assert intents.begin(intent(), NOW + later) == Replay('{"é": 1}')


@pytest.mark.parametrize(("key", "keep"), [("k-1", KEEP_WITH_KEY), (None, KEEP_WITHOUT_KEY)])
def test_what_is_kept_no_longer_is_begun_anew(intents: Intents, key: str | None, keep: timedelta) -> None:
    """24 hours with a key, 10 minutes without, from its end; DynamoDB may not have removed it yet."""
    first = intent(key)
    intents.begin(first, NOW)
    intents.done(first, "{}", NOW + SECOND)
    assert intents.begin(intent(key), NOW + keep) == Replay("{}")
    assert intents.begin(intent(key), NOW + keep + SECOND) is Begun.FIRST


def test_an_uncertain_intent_is_begun_again_at_once(intents: Intents) -> None:
    """And its successor looks first."""
    first = intent()
    intents.begin(first, NOW)
    intents.uncertain(first)
    assert intents.begin(intent(), NOW) is Begun.AGAIN


def test_a_forgotten_intent_never_was(intents: Intents) -> None:
    """The key may even stand for something else now."""
    first = intent()
    intents.begin(first, NOW)
    intents.forget(first)
    assert intents.begin(intent(name="Other"), NOW) is Begun.FIRST


@pytest.mark.parametrize("end", ["running", "uncertain", "done"])
def test_a_key_stands_for_one_thing(intents: Intents, end: str) -> None:
    """In whichever state the first is, and also past its lease."""
    first = intent()
    intents.begin(first, NOW)
    if end == "done":
        intents.done(first, "{}", NOW)
    if end == "uncertain":
        intents.uncertain(first)
    for later in (timedelta(0), LEASE):
        with pytest.raises(OtherIntentError):
            intents.begin(intent(name="Other"), NOW + later)


End = Callable[[Intents, Intent], None]


@pytest.mark.parametrize(
    "end",
    [
        lambda intents, one: intents.done(one, "{}", NOW),
        lambda intents, one: intents.uncertain(one),
        lambda intents, one: intents.forget(one),
    ],
    ids=["done", "uncertain", "forget"],
)
def test_an_attempt_ends_only_itself(intents: Intents, end: End) -> None:
    """One that was thought dead and comes back does not disturb its successor."""
    slow = intent()
    intents.begin(slow, NOW)
    intents.begin(intent(), NOW + LEASE)
    end(intents, slow)
    with pytest.raises(StillRunningError):
        intents.begin(intent(), NOW + LEASE)


def test_intents_are_the_callers_own(intents: Intents) -> None:
    """Another user's or another team's equal intent is another one; another role of the same user is not."""
    assert intents.begin(intent(), NOW) is Begun.FIRST
    assert intents.begin(intent(caller=Caller("u2", "t1", "owner")), NOW) is Begun.FIRST
    assert intents.begin(intent(caller=Caller("u1", "t2", "owner")), NOW) is Begun.FIRST
    with pytest.raises(StillRunningError):
        intents.begin(intent(caller=Caller("u1", "t1", "manager")), NOW)


def test_with_and_without_a_key_are_different_intents(intents: Intents) -> None:
    """A key never collides with what stands for no key."""
    assert intents.begin(intent(None), NOW) is Begun.FIRST
    assert intents.begin(intent("k-1"), NOW) is Begun.FIRST
    assert intents.begin(intent("k-2"), NOW) is Begun.FIRST
    with pytest.raises(StillRunningError):
        intents.begin(intent(None), NOW)


def test_the_item_holds_no_name_and_no_key_and_ends_by_itself(
    dynamodb: "DynamoDBClient", dynamodb_api: JsonApi
) -> None:
    """Digests of what the caller sent, and the time to live as whole seconds under the template's name."""
    DynamoDBIntents(Table(dynamodb_api.call, TABLE)).begin(intent("secret-key"), NOW)
    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    assert item["pk"] == {"S": "INTENT#t1#u1"}
    assert item["sk"]["S"].startswith("CREATE#")
    assert item["expires_at"] == {"N": str(int((NOW + KEEP_WITH_KEY).timestamp()))}
    assert "secret-key" not in str(item)
    assert "Acme" not in str(item)


def test_an_answer_that_cannot_be_stored_does_not_undo_what_is_done() -> None:
    """The identity exists: the caller gets the answer, and the next attempt will look before it acts."""
    tried: list[str] = []

    def call(operation: str, **_request: object) -> dict[str, object]:
        tried.append(operation)
        raise AwsError(THROTTLED)

    DynamoDBIntents(Table(call, TABLE)).done(intent(), "{}", NOW)
    assert tried == ["UpdateItem"]


def test_a_claim_that_was_sent_twice_is_not_in_its_own_way(dynamodb_api: JsonApi) -> None:
    """Where the answer to the first try was lost, the second finds its own claim; it looks before it acts."""
    intents, mine = DynamoDBIntents(Table(dynamodb_api.call, TABLE)), intent()
    assert intents.begin(mine, NOW) is Begun.FIRST
    assert intents.begin(mine, NOW) is Begun.AGAIN
    with pytest.raises(StillRunningError):
        intents.begin(intent(), NOW)


def test_the_fake_tells_what_it_holds() -> None:
    """Its length counts intents, and it contains those that were begun."""
    fake, first = InMemoryIntents(), intent()
    assert (len(fake), first in fake) == (0, False)
    fake.begin(first, NOW)
    assert (len(fake), first in fake, intent() in fake, intent("k-2") in fake) == (1, True, True, False)
