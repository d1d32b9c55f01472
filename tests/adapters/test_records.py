"""Records of readiness: in DynamoDB and in memory alike."""

import itertools
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import HealthCheck, given, settings

from publishing.aws.json_api import AwsError, JsonApi
from publishing.aws.records import DynamoDBRecords
from publishing.aws.table import Table
from publishing.preflight.objectives import Requirement
from publishing.readiness.cadence import shard, shards
from publishing.readiness.record import OutgoingEvent, Record
from publishing.readiness.snapshot import Known, Snapshot
from tests.adapters.conftest import TABLE, WatchedAws
from tests.adapters.failing_calls import THROTTLED, throttled
from tests.support.readiness_strategies import records as any_records
from tools.in_memory_readiness import InMemoryRecords

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from publishing.readiness.stores import Records

NOW = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
KNOWN = Known(satisfied=True, reason=None, since=NOW - HOUR, checked_at=NOW - MICROSECOND)


@pytest.fixture(params=["DynamoDB", "in memory"])
def records(request: pytest.FixtureRequest) -> "Records":
    """Both stores."""
    if request.param == "in memory":
        return InMemoryRecords()
    return DynamoDBRecords(Table(cast("JsonApi", request.getfixturevalue("dynamodb_api")).call, TABLE))


@pytest.fixture
def stored(dynamodb_api: JsonApi) -> DynamoDBRecords:
    """The one in DynamoDB, where only it can be asked."""
    return DynamoDBRecords(Table(dynamodb_api.call, TABLE))


def a_record(team_id: str = "t1", advertiser_id: str = "1", due_at: datetime = NOW, **fields: Any) -> Record:
    return Record(team_id, advertiser_id, due_at=due_at, **fields)


def saved(records: "Records", record: Record) -> Record:
    """The record as it is once written."""
    written = records.write(record)
    assert written is not None
    return written


def of_one_shard(count: int, team_id: str = "t1") -> list[Record]:
    """Records that are in one part of the list of due advertisers, a minute apart, the longest due last."""
    wanted = shard(f"{team_id}/0")
    ids = (str(number) for number in itertools.count() if shard(f"{team_id}/{number}") == wanted)
    return [
        a_record(team_id, one, NOW - timedelta(minutes=minute))
        for minute, one in enumerate(itertools.islice(ids, count))
    ]


def given_out(pages: Iterable[Iterable[tuple[str, str]]]) -> list[tuple[str, str]]:
    return [key for page in pages for key in page]


def keys(written: Iterable[Record]) -> list[tuple[str, str]]:
    return [(one.team_id, one.advertiser_id) for one in written]


def test_a_record_that_nobody_wrote_is_none(records: "Records") -> None:
    """Not an error, and not an empty record."""
    assert records.read("t1", "1") is None
    assert list(records.of_team("t1")) == []


def test_what_is_written_is_read_to_the_microsecond(records: "Records") -> None:
    """The due time, and every moment of the snapshot; with the next revision."""
    outbox = (OutgoingEvent("id", "type", {"at": 1.5, "text": "ä"}),)
    record = a_record(snapshot=Snapshot({Requirement.PIXEL: KNOWN}, 3), launch_at=NOW + MICROSECOND, outbox=outbox)
    assert saved(records, record) == replace(record, revision=1)
    read = records.read("t1", "1")
    assert read == replace(record, revision=1)
    assert read.due_at.microsecond == 999_999


def test_the_first_write_needs_that_there_is_none(records: "Records") -> None:
    """Of two who find nothing the second writes nothing."""
    first = saved(records, a_record(claim="first"))
    assert records.write(a_record(claim="second")) is None
    assert records.read("t1", "1") == first


def test_a_write_needs_the_revision_that_it_was_made_from(records: "Records") -> None:
    """Whoever comes second has to read again; what was written before stays."""
    first = saved(records, a_record())
    second = saved(records, replace(first, claim="fast"))
    assert second.revision == first.revision + 1
    for late in (first, replace(first, revision=second.revision + 1), replace(first, revision=0)):
        assert records.write(replace(late, claim="slow")) is None
    assert records.read("t1", "1") == second
    assert records.write(replace(second, claim="read again")) is not None


def test_of_many_from_one_revision_one_is_written(records: "Records") -> None:
    """However many race."""
    first = saved(records, a_record())
    written = [records.write(replace(first, claim=f"racer {number}")) for number in range(5)]
    assert [one is not None for one in written] == [True, False, False, False, False]
    assert records.read("t1", "1") == written[0]


def test_a_record_that_is_gone_is_not_brought_back(records: "Records") -> None:
    """A record of a later revision is written over its forerunner and over nothing else."""
    assert records.write(a_record(revision=3)) is None
    assert records.read("t1", "1") is None


def test_a_write_that_was_sent_twice_is_lost_to_itself(records: "Records") -> None:
    """The second finds the first: none, as in a lost race, but a reader sees what was written."""
    record = a_record(claim="mine")
    saved(records, record)
    assert records.write(record) is None
    assert records.read("t1", "1") == replace(record, revision=1)


def test_the_longest_due_come_first(records: "Records") -> None:
    """In whichever order they were written."""
    written = of_one_shard(4)
    for record in (written[2], written[0], written[3], written[1]):
        saved(records, record)
    assert given_out(records.due(written[0].shard, NOW, 100)) == keys(reversed(written))


def test_nothing_is_due_before_its_time(records: "Records") -> None:
    """To the microsecond; at its time it is."""
    record = saved(records, a_record())
    assert given_out(records.due(record.shard, NOW - MICROSECOND, 100)) == []
    assert given_out(records.due(record.shard, NOW, 100)) == [("t1", "1")]
    later = saved(records, replace(record, due_at=NOW + HOUR))
    assert given_out(records.due(record.shard, NOW, 100)) == []
    assert given_out(records.due(record.shard, later.due_at, 100)) == [("t1", "1")]


def test_a_record_is_in_one_shard(records: "Records") -> None:
    """The shards together give everybody out once."""
    written = [saved(records, a_record(advertiser_id=str(number))) for number in range(40)]
    by_shard = {name: given_out(records.due(name, NOW, 100)) for name in shards()}
    assert {key: name for name, found in by_shard.items() for key in found} == {
        (one.team_id, one.advertiser_id): one.shard for one in written
    }
    assert sum(map(len, by_shard.values())) == 40


@pytest.mark.parametrize("count", [1, 3, 6, 7])
def test_pages_follow_each_other(records: "Records", count: int) -> None:
    """No page is larger than asked for; together they are all, in order."""
    written = of_one_shard(count)
    for record in written:
        saved(records, record)
    pages = [page for page in records.due(written[0].shard, NOW, 3) if page]
    assert [len(page) for page in pages] == [min(3, count - start) for start in range(0, count, 3)]
    assert given_out(pages) == keys(reversed(written))


def test_claims_between_two_pages_skip_nobody(records: "Records") -> None:
    """A sweep moves what it was given before it asks for more."""
    written = of_one_shard(7)
    for record in written:
        saved(records, record)
    found = []
    for page in records.due(written[0].shard, NOW, 2):
        for team_id, advertiser_id in page:
            found.append((team_id, advertiser_id))
            read = records.read(team_id, advertiser_id)
            assert read is not None
            saved(records, read.claimed("claim", NOW))
    assert found == keys(reversed(written))
    assert given_out(records.due(written[0].shard, NOW, 2)) == []


def test_what_is_not_claimed_stays_due(records: "Records") -> None:
    """A sweep that stops halfway leaves the rest to the next one."""
    written = of_one_shard(5)
    for record in written:
        saved(records, record)
    first = next(iter(records.due(written[0].shard, NOW, 2)))
    assert list(first) == keys(reversed(written))[:2]
    assert given_out(records.due(written[0].shard, NOW, 2)) == keys(reversed(written))


def test_a_teams_records_are_all_of_it_and_of_no_other(records: "Records") -> None:
    """Nor those of a team whose id begins alike."""
    mine = [saved(records, a_record("t1", str(number))) for number in range(3)]
    for other in ("t10", "t", "T1"):
        saved(records, a_record(other))
    assert sorted(records.of_team("t1"), key=lambda one: one.advertiser_id) == mine


def test_odd_ids_do_not_collide(records: "Records") -> None:
    """Whatever a key is put together with may be in an id too."""
    odd = [
        ("a", "b#c"),
        ("a#b", "c"),
        ("a", "b/c"),
        ("a/b", "c"),
        ("READINESS#a", "ADVERTISER#b"),
        ("a", "ADVERTISER#b"),
        ("a", "b"),
        ("A", "b"),
        ("ä", "\N{GRINNING FACE}"),
        ("a\N{COMBINING DIAERESIS}", "\N{GRINNING FACE}"),
        (" a", "b "),
    ]
    written = {key: saved(records, a_record(*key, claim=f"{key}")) for key in odd}
    for key, record in written.items():
        assert records.read(*key) == record
        assert key in given_out(records.due(record.shard, NOW, 2))
        team = {one.advertiser_id for one in records.of_team(key[0])}
        assert team == {advertiser_id for team_id, advertiser_id in odd if team_id == key[0]}


def test_a_team_of_several_pages_is_read_whole(stored: DynamoDBRecords, aws: WatchedAws) -> None:
    """DynamoDB answers a megabyte at a time; every page is read."""
    for number in range(4):
        saved(stored, a_record(advertiser_id=f"{number}", outbox=(OutgoingEvent("id", "type", {"t": "x" * 300_000}),)))
    aws.calls.clear()
    assert [one.advertiser_id for one in stored.of_team("t1")] == ["0", "1", "2", "3"]
    assert aws.calls == ["dynamodb:Query", "dynamodb:Query"]


def test_other_items_of_a_teams_key_are_left_alone(stored: DynamoDBRecords, dynamodb: "DynamoDBClient") -> None:
    """They are no advertisers; nor are they due."""
    record = saved(stored, a_record())
    for sk in ("ADVERTISER", "ADVERTISERS#2", "NOTE#1", "advertiser#3"):
        dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": "READINESS#t1"}, "sk": {"S": sk}})
    assert stored.of_team("t1") == [record]
    assert [key for name in shards() for key in given_out(stored.due(name, NOW, 100))] == [("t1", "1")]


@pytest.mark.parametrize("text", ["", "{", "null", '{"v": 0}', '{"v": 1, "known": {"moon": {}}}'])
def test_a_text_that_cannot_be_read_is_nothing_known(
    stored: DynamoDBRecords, dynamodb: "DynamoDBClient", text: str
) -> None:
    """Wherever it is met; due time and revision hold, so that it can be written over."""
    saved(stored, a_record(snapshot=Snapshot({Requirement.PIXEL: KNOWN}, 3), claim="claim"))
    dynamodb.update_item(
        TableName=TABLE,
        Key={"pk": {"S": "READINESS#t1"}, "sk": {"S": "ADVERTISER#1"}},
        UpdateExpression="SET #record = :text",
        ExpressionAttributeNames={"#record": "record"},
        ExpressionAttributeValues={":text": {"S": text}},
    )
    read = stored.read("t1", "1")
    assert read == a_record(revision=1)
    assert stored.of_team("t1") == [read]
    assert given_out(stored.due(read.shard, NOW, 100)) == [("t1", "1")]
    written = saved(stored, replace(read, claim="anew"))
    assert stored.read("t1", "1") == written == a_record(claim="anew", revision=2)


def test_the_item_is_the_key_the_index_and_one_text(stored: DynamoDBRecords, dynamodb: "DynamoDBClient") -> None:
    """And when DynamoDB is to forget it, in whole seconds, under the template's name."""
    record = a_record("t1", "1", datetime(2027, 1, 15, 8, 0, 0, 1, tzinfo=UTC), snapshot=Snapshot(generation=3))
    saved(stored, record)
    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    assert item == {
        "pk": {"S": "READINESS#t1"},
        "sk": {"S": "ADVERTISER#1"},
        "due_shard": {"S": record.shard},
        "due_at": {"N": "1800000000.000001"},
        "revision": {"N": "1"},
        "generation": {"N": "3"},
        "record": {"S": '{"v":1,"generation":3}'},
        "expires_at": {"N": str(1_800_000_000 + 90 * 24 * 60 * 60)},
    }


@pytest.mark.parametrize(
    ("verified", "active_until", "last"),
    [
        ([], None, timedelta()),
        ([], -HOUR, -HOUR),
        ([], HOUR, HOUR),
        ([-2 * HOUR, -3 * HOUR], HOUR, HOUR),
        ([-2 * HOUR, 3 * HOUR], HOUR, 3 * HOUR),
        ([3 * HOUR, -2 * HOUR], None, 3 * HOUR),
    ],
)
def test_a_record_ends_ninety_days_after_its_last_use(
    stored: DynamoDBRecords,
    dynamodb: "DynamoDBClient",
    verified: list[timedelta],
    active_until: timedelta | None,
    last: timedelta,
) -> None:
    """Or after the last look that could verify anything, whichever is later."""
    moments = [NOW + one for one in verified]
    known = {one: replace(KNOWN, checked_at=at) for one, at in zip(Requirement, moments, strict=False)}
    until = None if active_until is None else NOW + active_until
    saved(stored, a_record(snapshot=Snapshot(known), active_until=until))
    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    assert item["expires_at"] == {"N": str(int((NOW + last + timedelta(days=90)).timestamp()))}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(any_records)
def test_any_record_comes_back_from_dynamodb(stored: DynamoDBRecords, dynamodb: "DynamoDBClient", one: Record) -> None:
    """Over the wire, whatever it holds and whatever its ids are."""
    key = {"pk": {"S": f"READINESS#{one.team_id}"}, "sk": {"S": f"ADVERTISER#{one.advertiser_id}"}}
    dynamodb.delete_item(TableName=TABLE, Key=key)
    written = saved(stored, replace(one, revision=0))
    assert stored.read(one.team_id, one.advertiser_id) == written == replace(one, revision=1)


def test_records_are_read_as_they_are_now() -> None:
    """Strongly consistent, but for the index, of which DynamoDB has no such reading."""
    asked: list[tuple[str, bool]] = []

    def call(operation: str, **request: Any) -> dict[str, Any]:
        asked.append((operation, request.get("ConsistentRead", False)))
        return {"Items": []}

    records = DynamoDBRecords(Table(call, TABLE))
    records.read("t1", "1")
    records.of_team("t1")
    list(records.due("DUE#00", NOW, 100))
    assert asked == [("GetItem", True), ("Query", True), ("Query", False)]


def test_a_write_that_fails_otherwise_is_no_lost_race() -> None:
    """Whoever takes it for one would look for a rival that is not there."""
    with pytest.raises(AwsError, match=f"^{THROTTLED}$"):
        DynamoDBRecords(Table(throttled, TABLE)).write(a_record())
