"""How items of connections are written: what DynamoDB's own rules, limits and failures make of it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from publishing.aws.changes import DynamoDBChanges
from publishing.aws.connections import DynamoDBConnections
from publishing.aws.due_connections import DynamoDBDueConnections
from publishing.aws.json_api import AwsError
from publishing.aws.states import DynamoDBStates
from publishing.aws.table import Table
from publishing.aws.teams import DynamoDBTeams
from publishing.calls import Caller
from publishing.connecting.advertisers import MAX_LISTED, MAX_NAME, MAX_NAMED
from publishing.connecting.changes import Change, Kind
from publishing.connecting.states import new_state
from publishing.connecting.stores import DueConnection
from publishing.teams import Connection
from tests.adapters.conftest import TABLE
from tests.adapters.connection_items import CONNECTED, HOUR, KEY, NOW, SCHEDULED
from tests.adapters.failing_calls import THROTTLED, asks_nothing, sent_twice, throttled

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def everything(
    connections: DynamoDBConnections, due: DynamoDBDueConnections
) -> Iterable[tuple[str, Callable[[], object]]]:
    """Each of the stores' actions."""
    return {
        "connected": lambda: connections.connected(CONNECTED, NOW),
        "revoked": lambda: connections.revoked(CONNECTED),
        "claim_refresh": lambda: connections.claim_refresh(CONNECTED, NOW),
        "listed": lambda: connections.listed(CONNECTED, NOW),
        "put_off": lambda: connections.put_off(CONNECTED, NOW),
        "schedule": lambda: connections.schedule(CONNECTED, NOW),
        "unschedule": lambda: connections.unschedule(CONNECTED),
        "pages": lambda: list(due.pages(NOW, 100)),
        "claim": lambda: due.claim(DueConnection("t1", "u1"), NOW, NOW),
        "send": lambda: due.send(DueConnection("t1", "u1")),
    }.items()


def test_a_failure_is_no_refusal() -> None:
    """Taken for one, a connection would stay as it is, and nobody would refresh it."""
    table = Table(throttled, TABLE)
    for _, act in everything(DynamoDBConnections(table), DynamoDBDueConnections(table, throttled, "queue")):
        with pytest.raises(AwsError, match=f"^{THROTTLED}$"):
            act()


def test_no_expression_has_a_word_of_dynamodbs_own() -> None:
    """It would refuse the whole write; every value and every other name that is given is used, which it wants too."""
    expressions: list[dict[str, Any]] = []

    def call(_operation: str, **request: Any) -> dict[str, Any]:
        expressions.append(request)
        return {"Items": []}

    table = Table(call, TABLE)
    for _, act in everything(DynamoDBConnections(table), DynamoDBDueConnections(table, call, "queue")):
        act()
    states, changes = DynamoDBStates(table), DynamoDBChanges(table)
    _, state = new_state(Caller("u1", "t1", "owner"), NOW)
    change = Change.begun("t1", "u1", Kind.CONNECT, NOW, "g")
    for act in (lambda: states.take(state), lambda: states.done(state.key), lambda: changes.begin(change, NOW)):
        act()
    for write in (changes.note, changes.end):
        write(change)
    said = [one for one in expressions if any(name.endswith("Expression") for name in one)]
    assert len(said) == 13
    for one in said:
        words = _words(" ".join(text for name, text in one.items() if name.endswith("Expression")))
        given = {*one.get("ExpressionAttributeNames", {}), *one.get("ExpressionAttributeValues", {})}
        assert {word for word in words if word[0] in "#:"} == given
        ours = {word for word in words if word not in KEYWORDS and word[0] not in "#:"}
        assert {word for word in ours if word.upper() in RESERVED} == set()


KEYWORDS = {"SET", "REMOVE", "AND", "OR", "attribute_exists", "attribute_not_exists"}
RESERVED = set(ReservedKeywords.get_reserved_keywords())


def _words(expression: str) -> set[str]:
    return set(re.findall(r"[#:]?\w+", expression))


def test_what_is_written_twice_is_written_once(stored: Table) -> None:
    """An answer that was lost leaves a connection as one write does; a claim whose answer was lost is due later."""
    lossy = replace(stored, call=sent_twice(stored.call))
    connections, teams = DynamoDBConnections(lossy), DynamoDBTeams(stored)
    due = DynamoDBDueConnections(lossy, asks_nothing, "")

    def now() -> Connection | None:
        return teams.read("t1").connection_of("u1")

    connections.connected(CONNECTED, NOW)
    connections.listed(replace(CONNECTED, advertiser_ids=("4",)), NOW)
    assert now() == replace(SCHEDULED, advertiser_ids=("4",))
    assert not due.claim(DueConnection("t1", "u1"), NOW, NOW + HOUR)
    assert [[*page] for page in DynamoDBDueConnections(stored, asks_nothing, "").pages(NOW + HOUR, 100)] == [
        [DueConnection("t1", "u1")]
    ]
    connections.revoked(CONNECTED)
    connections.unschedule(CONNECTED)
    assert now() == replace(CONNECTED, advertiser_ids=("4",), status="revoked")


def test_the_longest_list_fits_into_an_item(dynamodb: "DynamoDBClient", stored: Table) -> None:
    """Of the longest ids and names, in characters of four bytes, all of them disabled: 400 KB are DynamoDB's limit."""
    ids = tuple(f"{number:020}" for number in range(MAX_LISTED))
    names = dict.fromkeys(ids[:MAX_NAMED], "😀" * MAX_NAME)
    largest = replace(CONNECTED, advertiser_ids=ids, names=names, disabled=frozenset(names))
    DynamoDBConnections(stored).connected(largest, NOW)
    item = dynamodb.get_item(TableName=TABLE, Key=KEY)["Item"]
    assert _bytes({"M": item}) < 400_000
    assert DynamoDBTeams(stored).read("t1").connection_of("u1") == replace(largest, scheduled=True)


def _bytes(value: Any) -> int:
    """As DynamoDB counts ("Item sizes and formats"); of a number more than it can take."""
    ((kind, of),) = value.items()
    if kind == "L":
        return 3 + sum(1 + _bytes(one) for one in of)
    if kind == "M":
        return 3 + sum(1 + len(key.encode()) + _bytes(one) for key, one in of.items())
    return len(str(of).encode())
