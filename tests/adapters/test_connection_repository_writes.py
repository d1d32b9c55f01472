"""The connection repository's requests: DynamoDB's own rules, limits and failures."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords
from pydantic import SecretStr

from publishing.connections.advertiser_list import MAX_NAME
from publishing.connections.authorize import new_handle, new_state
from publishing.connections.pending_operation import OperationKind, PendingOperation
from publishing.http.request_context import Principal
from publishing.repositories.authorization_state_repository import DynamoDBAuthorizationStateRepository
from publishing.repositories.connection_repository import DynamoDBConnectionRepository
from publishing.repositories.json_api import AwsError
from publishing.repositories.messaging import SqsRefreshQueue
from publishing.repositories.pending_operation_repository import DynamoDBPendingOperationRepository
from publishing.repositories.table import Table
from publishing.repositories.team_repository import DynamoDBTeamRepository
from publishing.teams import MAX_LISTED, Connection
from tests.adapters.conftest import TABLE
from tests.adapters.connection_items import CONNECTION, DUE, HOUR, KEY, NOW
from tests.adapters.failing_calls import THROTTLED, sent_twice, throttled
from tests.adapters.items import StoredItems
from tools.read_units import item_bytes

ACTIONS: Mapping[str, Callable[[DynamoDBConnectionRepository], object]] = {
    "save": lambda connections: connections.save(CONNECTION, NOW),
    "mark_expired": lambda connections: connections.mark_expired(CONNECTION),
    "mark_revoked": lambda connections: connections.mark_revoked(CONNECTION),
    "save_list": lambda connections: connections.save_list(CONNECTION, CONNECTION, NOW),
    "claim_own_refresh": lambda connections: connections.claim_own_refresh(CONNECTION, NOW),
    "schedule_refresh": lambda connections: connections.schedule_refresh(CONNECTION, NOW),
    "postpone_refresh": lambda connections: connections.postpone_refresh(CONNECTION, NOW),
    "cancel_refresh": lambda connections: connections.cancel_refresh(CONNECTION),
    "due": lambda connections: list(connections.due(NOW, 100)),
    "claim_due": lambda connections: connections.claim_due(DUE, NOW, NOW),
    "begin_expiry_notification": lambda connections: connections.begin_expiry_notification(CONNECTION, NOW),
    "finish_expiry_notification": lambda connections: connections.finish_expiry_notification(CONNECTION),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_a_failure_is_not_an_unmet_condition(name: str) -> None:
    """Taken for one, a connection would not be refreshed, or its expiry never be published."""
    with pytest.raises(AwsError, match=f"^{THROTTLED}$"):
        ACTIONS[name](DynamoDBConnectionRepository(Table(throttled, TABLE)))


def test_a_refresh_that_is_not_queued_is_an_error() -> None:
    """The sweep must not count it as requested."""
    with pytest.raises(AwsError, match=f"^{THROTTLED}$"):
        SqsRefreshQueue(throttled, "queue").send(DUE)


def test_no_expression_uses_a_reserved_word() -> None:
    """DynamoDB would reject the write. It also requires that every given value and name is used."""
    requests: list[dict[str, Any]] = []

    def call(_operation: str, **request: Any) -> dict[str, Any]:
        requests.append(request)
        return {"Items": []}

    table = Table(call, TABLE)
    for act in ACTIONS.values():
        act(DynamoDBConnectionRepository(table))
    states, operations = DynamoDBAuthorizationStateRepository(table), DynamoDBPendingOperationRepository(table)
    _, state = new_state(Principal("u1", "t1", "owner"), NOW)
    states.keep_code(new_handle(state.key)[1], SecretStr("a code"), NOW)
    states.close(state.key)
    states.close(state.key, "2026-12-01T00:00:00.000Z")
    operation = PendingOperation.start("t1", "u1", OperationKind.CONNECT, NOW, "v")
    operations.begin(operation, NOW)
    operations.update(operation)
    operations.delete(operation)
    with_expressions = [one for one in requests if any(name.endswith("Expression") for name in one)]
    assert len(with_expressions) == 17
    for one in with_expressions:
        words = _words(" ".join(text for name, text in one.items() if name.endswith("Expression")))
        given = {*one.get("ExpressionAttributeNames", {}), *one.get("ExpressionAttributeValues", {})}
        assert {word for word in words if word[0] in "#:"} == given
        plain = {word for word in words if word not in KEYWORDS and word[0] not in "#:"}
        assert {word for word in plain if word.upper() in RESERVED} == set()


KEYWORDS = {"SET", "REMOVE", "AND", "OR", "attribute_exists", "attribute_not_exists"}
RESERVED = set(ReservedKeywords.get_reserved_keywords())


def _words(expression: str) -> set[str]:
    return set(re.findall(r"[#:]?\w+", expression))


def test_a_write_sent_twice_has_the_effect_of_one(stored: Table) -> None:
    """If the response is lost, connections are as after one write; the claim counts as made by another sweep."""
    lossy = DynamoDBConnectionRepository(replace(stored, call=sent_twice(stored.call)))
    connections, teams = DynamoDBConnectionRepository(stored), DynamoDBTeamRepository(stored)

    def stored_now() -> Connection | None:
        return teams.read("t1").connection_of("u1")

    lossy.save(CONNECTION, NOW)
    listed = replace(CONNECTION, advertiser_ids=("4",), names={}, disabled=frozenset())
    lossy.save_list(CONNECTION, listed, NOW)
    assert stored_now() == replace(listed, scheduled=True)
    assert not lossy.claim_due(DUE, NOW, NOW + HOUR)
    assert [[*page] for page in connections.due(NOW + HOUR, 100)] == [[DUE]]
    lossy.mark_revoked(CONNECTION)
    lossy.cancel_refresh(CONNECTION)
    assert stored_now() == replace(listed, status="revoked")


def test_what_a_connection_adds_to_every_read_is_bounded() -> None:
    """Whatever its list, names in characters of four bytes: an item of less than 3 KB, and all of it is kept."""
    items = StoredItems()
    table = Table(items, TABLE)
    connections, teams = DynamoDBConnectionRepository(table), DynamoDBTeamRepository(table)
    for count in (1, 4, 5, 20, 100, 101, MAX_LISTED):
        ids = tuple(f"{number:020}" for number in range(count))
        names = dict.fromkeys(ids, "😀" * MAX_NAME)
        whole = replace(CONNECTION, advertiser_ids=ids, names=names, disabled=frozenset(ids[1:]))
        connections.save(whole, NOW)
        item = items.items[KEY["pk"]["S"], KEY["sk"]["S"]]
        assert item_bytes(item) < 3_000
        assert ("advertiser_ids" in item) == (count <= 100)
        read = teams.read("t1").connection_of("u1")
        assert read is not None
        assert (read.advertiser_count, read.default_advertiser) == (count, ids[0])
        assert connections.with_whole_list(read) == replace(whole, scheduled=True, replaced_lists=read.replaced_lists)
