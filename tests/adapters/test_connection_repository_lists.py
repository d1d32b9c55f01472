"""Lists of ad accounts that are kept outside their connections' items: what is read, written and removed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from publishing.repositories.connection_repository import DynamoDBConnectionRepository
from publishing.repositories.json_api import AwsCall, AwsError
from publishing.repositories.table import Table
from publishing.repositories.team_repository import DynamoDBTeamRepository
from publishing.teams import MAX_LISTED, Connection, place_of
from tests.adapters.conftest import TABLE
from tests.adapters.connection_items import CONNECTION, HOUR, NOW, RECONNECTED, Repositories, repositories_of
from tests.adapters.items import StoredItems, typed
from tools.read_units import read_units

LISTS = {"pk": {"S": "ADVERTISERS#t1"}}


@pytest.fixture(params=["DynamoDB", "in memory"])
def repositories(request: pytest.FixtureRequest) -> Repositories:
    """The repositories in DynamoDB or those in memory."""
    return repositories_of(request)


def long_list(count: int, first: int = 1_000, of: Connection = CONNECTION) -> Connection:
    """Return the connection with a list that does not fit into its item; every third is disabled, from the first on."""
    ids = tuple(str(one) for one in range(first, first + count))
    names = {one: f"Account {one}" for one in ids}
    return replace(of, advertiser_ids=ids, names=names, disabled=frozenset(ids[::3]), outside=None)


def read(repositories: Repositories) -> Connection:
    """Return the connection as it is read now."""
    connection = repositories.connection()
    assert connection is not None
    return connection


@pytest.mark.parametrize("count", [60, 100, 101, 250, 600])
def test_a_long_list_is_kept_outside_the_item(repositories: Repositories, count: int) -> None:
    """All of it is there again; the item says how many there are and which is the default."""
    whole = long_list(count)
    repositories.connections.save(whole, NOW)
    stored = read(repositories)
    assert stored.outside is not None
    assert (stored.advertiser_count, stored.default_advertiser) == (count, "1001")
    assert (stored.names, stored.disabled) == ({}, frozenset())
    assert stored.advertiser_ids == (whole.advertiser_ids if count <= 100 else ())
    assert repositories.connections.with_whole_list(stored) == replace(whole, scheduled=True)


def test_all_advertisers_of_a_list_may_be_disabled(repositories: Repositories) -> None:
    """Then none is the default."""
    whole = long_list(150)
    repositories.connections.save(replace(whole, disabled=frozenset(whole.advertiser_ids)), NOW)
    assert read(repositories).default_advertiser is None


def test_which_long_lists_have_an_advertiser_is_read_with_the_team(repositories: Repositories) -> None:
    """Of several people's lists, those that have it, whatever else is stored; without an advertiser nothing is read."""
    firsts = {"u1": 1_000, "u2": 1_100, "u3": 2_000}
    for user_id, first in firsts.items():
        repositories.connections.save(long_list(200, first, replace(CONNECTION, user_id=user_id)), NOW)
    repositories.connections.save(long_list(200, 1_000, replace(CONNECTION, team_id="t2")), NOW)
    for advertiser in ("1000", "1100", "1199", "1299", "2199", "2200", "999"):
        team = repositories.teams.read("t1", advertiser)
        having = {one.user_id for one in team.connections if advertiser in one.advertiser_ids}
        assert having == {one for one, first in firsts.items() if first <= int(advertiser) < first + 200}
    assert {one.advertiser_ids for one in repositories.teams.read("t1").connections} == {()}


def test_pages_are_read_by_their_number(repositories: Repositories) -> None:
    """Of several connections at once, wherever their lists are, in TikTok's order; beyond the end there is nothing."""
    repositories.connections.save(long_list(250), NOW)
    short = replace(CONNECTION, user_id="u2")
    stored, whole = read(repositories), long_list(250).listed()
    pages = repositories.connections.read_pages([(stored, 2), (short, 0), (stored, 0), (stored, 3), (short, 1)])
    assert [tuple(page) for page in pages] == [whole[200:], short.listed(), whole[:100], (), ()]
    assert repositories.connections.read_pages([]) == []


def test_the_index_has_the_ids_of_long_lists_by_bucket(repositories: Repositories) -> None:
    """From a bucket on, in order; a list that the item names completely is not in it."""
    repositories.connections.save(long_list(300), NOW)
    repositories.connections.save(long_list(100, 5_000, replace(CONNECTION, user_id="u2")), NOW)
    entries = [*repositories.connections.read_index("t1", "00")]
    assert [one.bucket for one in entries] == sorted({place_of(one)[0] for one in long_list(300).advertiser_ids})
    found = sorted(place_of(each) for one in entries for each in one.advertiser_ids)
    assert found == sorted(place_of(one) for one in long_list(300).advertiser_ids)
    assert all(place_of(each)[0] == one.bucket for one in entries for each in one.advertiser_ids)
    half = entries[len(entries) // 2]
    assert next(repositories.connections.read_index("t1", half.bucket)) == half
    assert [*repositories.connections.read_index("t2", "00")] == []


def test_a_new_list_replaces_a_long_one(repositories: Repositories) -> None:
    """With another length, also a short one and a long one again."""
    repositories.connections.save(long_list(250), NOW)
    for count in (120, 3, 300, 70, 0):
        before, after = read(repositories), long_list(count, 2_000 + count)
        assert repositories.connections.save_list(before, after, NOW + HOUR)
        stored = repositories.connections.with_whole_list(read(repositories))
        assert replace(stored, replaced_lists=()) == replace(after, scheduled=True)
        assert repositories.teams.read("t1", "1000").connections[0].advertiser_ids in {(), stored.advertiser_ids}


def test_a_list_that_has_changed_since_it_was_read_is_kept(repositories: Repositories) -> None:
    """Whoever adds to a list that another one has replaced must begin again."""
    repositories.connections.save(long_list(250), NOW)
    before = read(repositories)
    assert repositories.connections.save_list(before, long_list(260), NOW)
    assert not repositories.connections.save_list(before, long_list(270), NOW)
    assert read(repositories).advertiser_count == 260
    repositories.connections.save(CONNECTION, NOW)
    assert not repositories.connections.save_list(before, long_list(270), NOW)
    assert repositories.connections.save_list(CONNECTION, long_list(270), NOW)
    assert not repositories.connections.save_list(CONNECTION, long_list(280), NOW)


def test_a_connection_can_keep_the_list_of_the_one_before(repositories: Repositories) -> None:
    """TikTok may not return the list of a person who connects again."""
    for count in (3, 70, 250):
        repositories.connections.save(long_list(count), NOW)
        before = read(repositories)
        repositories.connections.save(RECONNECTED.with_list_of(before), NOW)
        kept = read(repositories)
        assert (kept.connected_at, kept.outside) == (RECONNECTED.connected_at, before.outside)
        whole = repositories.connections.with_whole_list(kept)
        assert whole.listed() == long_list(count).listed()
        assert before.outside is None or before.outside.list_id not in kept.replaced_lists


# What is left in the table.


def _list_items(table: Table) -> int:
    values = {":lists": LISTS["pk"]}
    pages = table.pages(KeyConditionExpression="pk = :lists", ExpressionAttributeValues=values)
    return sum(len(page) for page in pages)


def _now(table: Table) -> Connection:
    connection = DynamoDBTeamRepository(table).read("t1").connection_of("u1")
    assert connection is not None
    return connection


def _items_of_a_list(ids: Sequence[str]) -> int:
    return math.ceil(len(ids) / 100) + (len({place_of(one)[0] for one in ids}) if len(ids) > 100 else 0)


def test_replaced_lists_are_removed_by_the_next_write(through_boto3: Table) -> None:
    """One replaced list is kept, for requests that have just read the item; those before it are gone."""
    connections = DynamoDBConnectionRepository(through_boto3)
    expected: list[int] = []
    for count in (150, 250, 101, 60, 3, 3):
        after = long_list(count)
        if expected:
            assert connections.save_list(_now(through_boto3), after, NOW)
        else:
            connections.save(after, NOW)
        expected.append(_items_of_a_list(after.advertiser_ids) if count > 20 else 0)
        assert _list_items(through_boto3) == sum(expected[-2:])


def test_a_reconnection_leaves_nothing_behind(through_boto3: Table) -> None:
    """Also if the completion is repeated after its write: the next refresh removes every earlier list."""
    connections = DynamoDBConnectionRepository(through_boto3)
    connections.save(long_list(150), NOW)
    for _ in range(2):
        connections.save(long_list(130, 3_000, RECONNECTED), NOW)
    assert len(_now(through_boto3).replaced_lists) == 2
    for _ in range(2):
        assert connections.save_list(_now(through_boto3), long_list(120, 3_000, RECONNECTED), NOW)
    assert connections.save_list(_now(through_boto3), replace(RECONNECTED, names={}), NOW)
    assert connections.save_list(_now(through_boto3), replace(RECONNECTED, names={}), NOW)
    assert _list_items(through_boto3) == 0


def test_a_list_that_may_not_be_saved_is_removed(through_boto3: Table) -> None:
    """The connection has ended while TikTok was asked."""
    connections = DynamoDBConnectionRepository(through_boto3)
    connections.save(long_list(150), NOW)
    before, items = _now(through_boto3), _list_items(through_boto3)
    connections.mark_revoked(before)
    assert not connections.save_list(before, long_list(300), NOW)
    assert _list_items(through_boto3) == items


def test_a_write_that_is_interrupted_changes_no_list(through_boto3: Table) -> None:
    """Whichever call is the last one: the item names the old list, which is complete, until it names the new one."""
    connections = DynamoDBConnectionRepository(through_boto3)
    connections.save(long_list(150), NOW)
    before = _now(through_boto3)
    interrupted = 0
    while True:
        try:
            interrupting = DynamoDBConnectionRepository(Table(_fails_after(interrupted, through_boto3), TABLE))
            assert interrupting.save_list(before, long_list(160, 5_000), NOW)
            break
        except AwsError:
            interrupted += 1
            stored = connections.with_whole_list(_now(through_boto3))
            assert stored.listed() == long_list(150).listed()
    assert interrupted > 5
    assert connections.with_whole_list(_now(through_boto3)).listed() == long_list(160, 5_000).listed()


def _fails_after(calls: int, table: Table) -> AwsCall:
    left = [None] * calls

    def call(operation: str, **request: Any) -> Mapping[str, Any]:
        if not left:
            raise AwsError("InternalServerError")
        left.pop()
        return table.call(operation, **request)

    return call


def test_items_that_dynamodb_leaves_out_are_written_again() -> None:
    """``UnprocessedItems`` are sent again; if DynamoDB leaves all of them out repeatedly, the list is not named."""
    items = StoredItems()
    busy = False

    def call(operation: str, **request: Any) -> Mapping[str, Any]:
        if operation != "BatchWriteItem":
            return items(operation, **request)
        asked = request["RequestItems"][TABLE]
        done, left_out = ([], asked) if busy else (asked[:10], asked[10:])
        items(operation, RequestItems={TABLE: done})
        return {"UnprocessedItems": {TABLE: left_out} if left_out else {}}

    table = Table(call, TABLE, sleep=lambda _seconds: None)
    connections = DynamoDBConnectionRepository(table)
    connections.save(long_list(150), NOW)
    assert connections.with_whole_list(_now(table)).listed() == long_list(150).listed()
    busy = True
    with pytest.raises(AwsError, match="ProvisionedThroughputExceeded"):
        connections.save(long_list(160), NOW)
    assert _now(table).advertiser_count == 150


# What one request reads, in units: 4 KB of a query's items together, strongly consistent.


@pytest.mark.parametrize("each", [1, 100, MAX_LISTED])
def test_a_preflight_reads_a_team_with_at_most_eight_units(each: int) -> None:
    """With ten connections, however many ad accounts each of them has."""
    items = StoredItems()
    table = Table(items, TABLE)
    ids = tuple(str(7_300_000_000_000_000_000 + one) for one in range(each))
    for number in range(10):
        user_id = f"a-user-with-a-long-id-{number}"
        items("PutItem", Item=typed("t1", {"sk": f"MEMBER#{user_id}", "role": "mediabuyer"}))
        own = replace(
            CONNECTION,
            user_id=user_id,
            advertiser_ids=ids,
            names=dict.fromkeys(ids, "An ad account with a name of some length"),
            secret_id=f"wevion/tiktok/connections/t1/{user_id}",
            secret_version="0" * 64,
        )
        DynamoDBConnectionRepository(table).save(own, NOW)
    team = DynamoDBTeamRepository(table).read("t1", ids[-1])
    assert {ids[-1] in one.advertiser_ids for one in team.connections} == {True}
    assert len(team.connections) == 10
    assert sum(read_units("Query", {"ConsistentRead": True}, {"Items": found}) for found in items.read) <= 8
