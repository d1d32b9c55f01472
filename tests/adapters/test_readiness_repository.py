"""The repository of readiness records, in DynamoDB and in memory."""

import itertools
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import HealthCheck, given, settings

from publishing.events.schemas import OutboxEvent
from publishing.ports import ReadinessRepository
from publishing.preflight.objectives import Requirement
from publishing.readiness.cadence import shard, shards
from publishing.readiness.record import Record
from publishing.readiness.snapshot import PrerequisiteState, Snapshot
from publishing.repositories.json_api import AwsError
from publishing.repositories.readiness_repository import DynamoDBReadinessRepository
from publishing.repositories.table import Table
from tests.adapters.conftest import TABLE, WatchedAws
from tests.adapters.failing_calls import THROTTLED, throttled
from tests.support.readiness_strategies import records as any_records
from tools.in_memory_readiness import InMemoryReadiness

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOW = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
SATISFIED = PrerequisiteState(satisfied=True, reason=None, since=NOW - HOUR, checked_at=NOW - MICROSECOND)
SHARD = shard("t1/0")
Key = tuple[str, str]


@pytest.fixture
def in_dynamodb(stored: Table) -> DynamoDBReadinessRepository:
    """The implementation in DynamoDB."""
    return DynamoDBReadinessRepository(stored)


@pytest.fixture(params=["DynamoDB", "in memory"])
def records(request: pytest.FixtureRequest) -> ReadinessRepository:
    """Both implementations."""
    if request.param == "in memory":
        return InMemoryReadiness()
    return cast("DynamoDBReadinessRepository", request.getfixturevalue("in_dynamodb"))


def new_record(team_id: str = "t1", advertiser_id: str = "1", due_at: datetime = NOW, **fields: Any) -> Record:
    return Record(team_id, advertiser_id, due_at=due_at, **fields)


def save(records: ReadinessRepository, record: Record) -> Record:
    """Write the record and return it as it is stored."""
    written = records.write(record)
    assert written is not None
    return written


def of_one_shard(count: int) -> list[Record]:
    """Return due records of one shard, a minute apart, the longest due first."""
    ids = (str(number) for number in itertools.count() if shard(f"t1/{number}") == SHARD)
    return [
        new_record("t1", one, NOW - timedelta(minutes=count - minute))
        for minute, one in enumerate(itertools.islice(ids, count))
    ]


def save_in_one_shard(records: ReadinessRepository, count: int) -> list[Key]:
    """Write due records of one shard, the longest due last; return their keys, the longest due first."""
    written = of_one_shard(count)
    for record in reversed(written):
        save(records, record)
    return keys_of(written)


def keys_of(records: Iterable[Record]) -> list[Key]:
    return [(one.team_id, one.advertiser_id) for one in records]


def due(records: ReadinessRepository, shard: str, before: datetime = NOW, page_size: int = 100) -> list[Key]:
    """Return all keys of due records in a shard."""
    return flat(records.due(shard, before, page_size))


def flat(pages: Iterable[Iterable[Key]]) -> list[Key]:
    return [key for page in pages for key in page]


def test_a_record_that_was_never_written_is_none(records: ReadinessRepository) -> None:
    """It is neither an error nor an empty record."""
    assert records.read("t1", "1") is None
    assert list(records.read_many("t1", ["1"])) == []


def test_a_record_is_read_as_it_was_written(records: ReadinessRepository) -> None:
    """The due time and every time in the snapshot are kept to the microsecond; the revision is the next one."""
    outbox = (OutboxEvent("id", "type", {"at": 1.5, "text": "ä"}),)
    record = new_record(
        snapshot=Snapshot({Requirement.PIXEL: SATISFIED}, 3), launch_at=NOW + MICROSECOND, outbox=outbox
    )
    assert save(records, record) == replace(record, revision=1)
    read = records.read("t1", "1")
    assert read == replace(record, revision=1)
    assert read.due_at.microsecond == 999_999


def test_the_first_write_fails_if_there_is_a_record(records: ReadinessRepository) -> None:
    """Of two writers that found none, the second writes nothing."""
    first = save(records, new_record(claim="first"))
    assert records.write(new_record(claim="second")) is None
    assert records.read("t1", "1") == first


def test_a_write_fails_if_the_stored_record_has_another_revision(records: ReadinessRepository) -> None:
    """The later writer must read again; what was written first stays."""
    first = save(records, new_record())
    second = save(records, replace(first, claim="fast"))
    assert second.revision == first.revision + 1
    for late in (first, replace(first, revision=second.revision + 1), replace(first, revision=0)):
        assert records.write(replace(late, claim="slow")) is None
    assert records.read("t1", "1") == second
    assert records.write(replace(second, claim="read again")) is not None


def test_of_many_writes_of_one_revision_one_succeeds(records: ReadinessRepository) -> None:
    """The number of writers makes no difference."""
    first = save(records, new_record())
    written = [records.write(replace(first, claim=f"writer {number}")) for number in range(5)]
    assert [one is not None for one in written] == [True, False, False, False, False]
    assert records.read("t1", "1") == written[0]


def test_a_deleted_record_is_not_written_again(records: ReadinessRepository) -> None:
    """A record with a revision only replaces the one with that revision."""
    assert records.write(new_record(revision=3)) is None
    assert records.read("t1", "1") is None


def test_a_write_that_is_sent_twice_returns_none(records: ReadinessRepository) -> None:
    """The second finds the first, as if it had lost a race; the stored record is the one that was written."""
    record = new_record(claim="mine")
    save(records, record)
    assert records.write(record) is None
    assert records.read("t1", "1") == replace(record, revision=1)


def test_the_longest_due_come_first(records: ReadinessRepository) -> None:
    """The order in which they were written makes no difference."""
    expected = of_one_shard(4)
    for place in (1, 3, 0, 2):
        save(records, expected[place])
    assert due(records, SHARD) == keys_of(expected)


def test_a_record_is_due_from_its_due_time_on(records: ReadinessRepository) -> None:
    """It is not due a microsecond before."""
    record = save(records, new_record())
    assert due(records, record.shard, NOW - MICROSECOND) == []
    assert due(records, record.shard, NOW) == [("t1", "1")]
    later = save(records, replace(record, due_at=NOW + HOUR))
    assert due(records, record.shard, NOW) == []
    assert due(records, record.shard, later.due_at) == [("t1", "1")]


def test_a_record_is_in_one_shard(records: ReadinessRepository) -> None:
    """The shards together return each record once."""
    written = [save(records, new_record(advertiser_id=str(number))) for number in range(40)]
    by_shard = {name: due(records, name) for name in shards()}
    assert {key: name for name, found in by_shard.items() for key in found} == {
        (one.team_id, one.advertiser_id): one.shard for one in written
    }
    assert sum(map(len, by_shard.values())) == 40


@pytest.mark.parametrize("count", [1, 3, 6, 7])
def test_due_records_come_in_pages(records: ReadinessRepository, count: int) -> None:
    """No page is larger than the page size; together they hold all records, in order."""
    keys = save_in_one_shard(records, count)
    pages = [page for page in records.due(SHARD, NOW, 3) if page]
    assert [len(page) for page in pages] == [min(3, count - start) for start in range(0, count, 3)]
    assert flat(pages) == keys


def test_claims_between_two_pages_skip_no_record(records: ReadinessRepository) -> None:
    """A sweep claims the records of a page before it reads the next one."""
    keys = save_in_one_shard(records, 7)
    found = []
    for page in records.due(SHARD, NOW, 2):
        for team_id, advertiser_id in page:
            found.append((team_id, advertiser_id))
            read = records.read(team_id, advertiser_id)
            assert read is not None
            save(records, read.claimed("claim", NOW))
    assert found == keys
    assert due(records, SHARD, page_size=2) == []


def test_a_record_that_is_not_claimed_stays_due(records: ReadinessRepository) -> None:
    """If a sweep stops halfway, the next one finds the remaining records."""
    keys = save_in_one_shard(records, 5)
    first = next(iter(records.due(SHARD, NOW, 2)))
    assert list(first) == keys[:2]
    assert due(records, SHARD, page_size=2) == keys


def test_a_team_has_its_own_records_only(records: ReadinessRepository) -> None:
    """Teams whose ids begin with the same letters are other teams."""
    own = [save(records, new_record("t1", str(number))) for number in range(3)]
    for other in ("t10", "t", "T1"):
        save(records, new_record(other))
    assert sorted(records.read_many("t1", ["0", "1", "2", "3"]), key=lambda one: one.advertiser_id) == own


def test_unusual_ids_do_not_collide(records: ReadinessRepository) -> None:
    """Ids may contain the characters that keys are composed with."""
    unusual = [
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
    written = {key: save(records, new_record(*key, claim=f"{key}")) for key in unusual}
    for key, record in written.items():
        assert records.read(*key) == record
        assert key in due(records, record.shard, page_size=2)
        ids = sorted({advertiser_id for _, advertiser_id in unusual})
        team = {one.advertiser_id for one in records.read_many(key[0], ids)}
        assert team == {advertiser_id for team_id, advertiser_id in unusual if team_id == key[0]}


def test_many_records_are_read_a_hundred_at_a_time(in_dynamodb: DynamoDBReadinessRepository, aws: WatchedAws) -> None:
    """DynamoDB refuses more in one call."""
    ids = [str(number) for number in range(101)]
    for one in ids:
        save(in_dynamodb, new_record(advertiser_id=one))
    aws.calls.clear()
    assert sorted(one.advertiser_id for one in in_dynamodb.read_many("t1", [*ids, "unknown"])) == sorted(ids)
    assert aws.calls == ["dynamodb:BatchGetItem", "dynamodb:BatchGetItem"]


def test_what_dynamodb_did_not_read_is_read_again() -> None:
    """It reads at most 16 MB in one call; if it reads nothing at all it is busy, and that is an error."""
    asked: list[int] = []

    def call(_operation: str, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        keys = RequestItems[TABLE]["Keys"]
        asked.append(len(keys))
        unread = keys[1:] if busy == 0 else keys
        return {"Responses": {}, "UnprocessedKeys": {TABLE: {"Keys": unread}} if unread else {}}

    busy = 0
    records = DynamoDBReadinessRepository(Table(call, TABLE))
    assert records.read_many("t1", ["1", "2", "3"]) == []
    assert asked == [3, 2, 1]
    busy = 1
    with pytest.raises(AwsError, match="ProvisionedThroughputExceeded"):
        records.read_many("t1", ["1", "2"])


def test_other_items_of_the_partition_are_ignored(
    in_dynamodb: DynamoDBReadinessRepository, dynamodb: "DynamoDBClient"
) -> None:
    """They are neither records of the team nor due."""
    record = save(in_dynamodb, new_record())
    for sk in ("ADVERTISER", "ADVERTISERS#2", "NOTE#1", "advertiser#3"):
        dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": "READINESS#t1"}, "sk": {"S": sk}})
    assert in_dynamodb.read_many("t1", ["", "1", "2", "3"]) == [record]
    assert [key for name in shards() for key in due(in_dynamodb, name)] == [("t1", "1")]


@pytest.mark.parametrize("text", ["", "{", "null", '{"v": 0}', '{"v": 1, "known": {"moon": {}}}'])
def test_an_unreadable_text_counts_as_nothing_known(
    in_dynamodb: DynamoDBReadinessRepository, dynamodb: "DynamoDBClient", text: str
) -> None:
    """Every read returns the due time and revision, so that the record can be replaced."""
    save(in_dynamodb, new_record(snapshot=Snapshot({Requirement.PIXEL: SATISFIED}, 3), claim="claim"))
    dynamodb.update_item(
        TableName=TABLE,
        Key={"pk": {"S": "READINESS#t1"}, "sk": {"S": "ADVERTISER#1"}},
        UpdateExpression="SET #record = :text",
        ExpressionAttributeNames={"#record": "record"},
        ExpressionAttributeValues={":text": {"S": text}},
    )
    read = in_dynamodb.read("t1", "1")
    assert read == new_record(revision=1)
    assert in_dynamodb.read_many("t1", ["1"]) == [read]
    assert due(in_dynamodb, read.shard) == [("t1", "1")]
    written = save(in_dynamodb, replace(read, claim="new"))
    assert in_dynamodb.read("t1", "1") == written == new_record(claim="new", revision=2)


def test_an_item_has_keys_index_attributes_and_one_text(
    in_dynamodb: DynamoDBReadinessRepository, dynamodb: "DynamoDBClient"
) -> None:
    """It also has the time, in whole seconds, after which DynamoDB deletes it."""
    record = new_record("t1", "1", datetime(2027, 1, 15, 8, 0, 0, 1, tzinfo=UTC), snapshot=Snapshot(generation=3))
    save(in_dynamodb, record)
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
def test_a_record_expires_ninety_days_after_its_last_use(
    in_dynamodb: DynamoDBReadinessRepository,
    dynamodb: "DynamoDBClient",
    verified: list[timedelta],
    active_until: timedelta | None,
    last: timedelta,
) -> None:
    """If a check verified anything later than that, it expires ninety days after the check."""
    known = {one: replace(SATISFIED, checked_at=NOW + after) for one, after in zip(Requirement, verified, strict=False)}
    until = None if active_until is None else NOW + active_until
    save(in_dynamodb, new_record(snapshot=Snapshot(known), active_until=until))
    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    assert item["expires_at"] == {"N": str(int((NOW + last + timedelta(days=90)).timestamp()))}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(any_records)
def test_any_record_is_read_from_dynamodb_as_it_was_written(
    in_dynamodb: DynamoDBReadinessRepository, dynamodb: "DynamoDBClient", record: Record
) -> None:
    """Its values and its ids make no difference."""
    key = {"pk": {"S": f"READINESS#{record.team_id}"}, "sk": {"S": f"ADVERTISER#{record.advertiser_id}"}}
    dynamodb.delete_item(TableName=TABLE, Key=key)
    written = save(in_dynamodb, replace(record, revision=0))
    assert in_dynamodb.read(record.team_id, record.advertiser_id) == written == replace(record, revision=1)


def test_reads_are_strongly_consistent() -> None:
    """Only the index has no such reads."""
    calls: list[tuple[str, bool]] = []

    def call(operation: str, **request: Any) -> dict[str, Any]:
        asked = request.get("RequestItems", {}).get(TABLE, request)
        calls.append((operation, asked.get("ConsistentRead", False)))
        return {"Items": [], "Responses": {}}

    records = DynamoDBReadinessRepository(Table(call, TABLE))
    records.read("t1", "1")
    records.read_many("t1", ["1"])
    list(records.due("DUE#00", NOW, 100))
    assert calls == [("GetItem", True), ("BatchGetItem", True), ("Query", False)]


def test_a_write_that_fails_for_another_reason_raises() -> None:
    """It is no lost race: there is no other writer to look for."""
    with pytest.raises(AwsError, match=f"^{THROTTLED}$"):
        DynamoDBReadinessRepository(Table(throttled, TABLE)).write(new_record())
