"""Contract §§6 and 8.6 on the deployed template: a team of ten connections with 5 000 ad accounts each, and events."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from local.demo.teams import MEDIA_BUYER, Person
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser
from publishing.preflight.objectives import Requirement
from publishing.readiness.check_request import REQUESTS_CONTINUED
from publishing.readiness.record import Record
from publishing.readiness.snapshot import PrerequisiteState, Snapshot
from publishing.repositories.connection_repository import DynamoDBConnectionRepository
from publishing.repositories.readiness_repository import DynamoDBReadinessRepository
from publishing.repositories.table import Table
from publishing.teams import ADVERTISERS_PER_PAGE, MAX_LISTED, Connection, place_of
from tests.support.stack import Api, eventually, problem
from tools.bench.large_team import CONNECTIONS, through_boto3, write_team

TEAM, CONNECTED = "large", "large-events"
OWNER, LAST = Person("u-0", TEAM, "owner"), Person(f"u-{CONNECTIONS - 1}", TEAM, "mediabuyer")
DIRECTOR = Person("u-director", TEAM, "owner")
"""Has no connection."""
MANY = 400
"""Ad accounts of one event: each takes the emulator some 35 ms, so that 5 000 would take minutes."""
FULLY_KNOWN, LATE = 450, 50
"""Readiness records of the ad accounts that come first in the list's order, more than fit into a page, and last."""
ONLY_LAST_HAS = DemoAdvertiser.NOTHING.value
LIMIT = 500
MEGABYTE = 1_000_000

Rows = list[dict[str, Any]]
Jobs = Callable[[int], Sequence[dict[str, str]]]
"""Returns at least so many jobs, and all that are there."""


@pytest.fixture(scope="module")
def table(stack: LocalStack) -> Iterator[Table]:
    """The deployed table. At the end nothing of the teams is due any more."""
    table = through_boto3(stack.client("dynamodb"), stack.table_name)
    yield table
    for partition in (f"{kind}#{team}" for kind in ("CONNECTIONS", "READINESS") for team in (TEAM, CONNECTED)):
        found = table.pages(KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": partition}})
        keys = [{"pk": item["pk"], "sk": item["sk"]} for items in found for item in items]
        table.write_many([{"DeleteRequest": {"Key": key}} for key in keys])


@pytest.fixture(scope="module")
def team(stack: LocalStack, table: Table) -> list[Connection]:
    """The team's connections, written in six seconds. All of them have a token that TikTok accepts."""
    _add_member(table, DIRECTOR)
    return write_team(table, TEAM, MAX_LISTED, ONLY_LAST_HAS, CONNECTIONS - 1, _secret_id(stack))


@pytest.fixture(scope="module")
def recorded(table: Table, team: list[Connection]) -> list[str]:
    """The ad accounts that have readiness records, in the list's order; all that can be missing is missing."""
    in_order = sorted((one for connection in team for one in connection.advertiser_ids), key=place_of)
    records, now = DynamoDBReadinessRepository(table), datetime.now(UTC)
    state = PrerequisiteState(satisfied=False, reason="none", since=now, checked_at=now)
    snapshot = Snapshot(dict.fromkeys(Requirement, state), generation=1)
    chosen = in_order[:FULLY_KNOWN] + in_order[-LATE:]
    for one in chosen:
        assert records.write(Record(TEAM, one, now + timedelta(days=1), snapshot))
    return chosen


def _secret_id(stack: LocalStack) -> str:
    return f"{stack.main.secret_prefix}/connections/{MEDIA_BUYER.team_id}/{MEDIA_BUYER.user_id}"


def _add_member(table: Table, person: Person) -> None:
    key = {"pk": {"S": f"TEAM#{person.team_id}"}, "sk": {"S": f"MEMBER#{person.user_id}"}}
    table.do("PutItem", Item={**key, "role": {"S": person.role}})


def pages(api: Api, path: str, person: Person, rows: str, limit: int = LIMIT) -> Iterator[Rows]:
    """Return the rows of one page after another, each response below 1 MB."""
    token: dict[str, str] = {}
    while True:
        response = api.get(path, person, limit=str(limit), **token)
        assert response.status_code == 200, response.text
        assert len(response.content) < MEGABYTE
        yield response.json()[rows]
        if response.json()["next_token"] is None:
            return
        token = {"next_token": response.json()["next_token"]}


def ids(some: Iterable[Rows]) -> list[str]:
    """Return the ad accounts of some pages."""
    return [row["advertiser_id"] for page in some for row in page]


@pytest.mark.parametrize("limit", [LIMIT, 4])
def test_the_connections_have_pages(api: Api, team: list[Connection], limit: int) -> None:
    """Each connection comes once, with the first hundred ad accounts of its list and the number of all."""
    found = [row for page in pages(api, "/connections", OWNER, "connections", limit) for row in page]
    assert [row["user_id"] for row in found] == [one.user_id for one in team]
    assert {row["advertiser_count"] for row in found} == {MAX_LISTED}
    for row, connection in zip(found, team, strict=True):
        assert row["advertiser_ids"] == list(connection.advertiser_ids[:ADVERTISERS_PER_PAGE])


def test_a_whole_list_has_pages(api: Api, team: list[Connection]) -> None:
    """In TikTok's order, each ad account once, with its name; the owner sees a teammate's."""
    path = f"/connections/{LAST.user_id}/advertisers"
    found = [row for page in pages(api, path, OWNER, "advertisers") for row in page]
    assert [row["advertiser_id"] for row in found] == list(team[-1].advertiser_ids)
    assert {row["advertiser_id"]: row["name"] for row in found} == team[-1].names


def test_the_readiness_of_a_team_has_pages(api: Api, recorded: list[str]) -> None:
    """The owner sees all that is known, once and in order. What does not fit into a megabyte is on the next page."""
    walked = [
        [row["advertiser_id"] for row in page] for page in islice(pages(api, "/readiness", OWNER, "advertisers"), 4)
    ]
    assert [one for page in walked for one in page] == recorded[:FULLY_KNOWN]
    assert 0 < len(walked[0]) < FULLY_KNOWN


def test_the_readiness_of_a_long_list_has_an_end(api: Api, team: list[Connection], recorded: list[str]) -> None:
    """A media buyer sees what is known of their own list, up to its last ad account, and nothing of the others'."""
    own = [one for one in recorded if one in team[-1].advertiser_ids]
    assert own[-1] in recorded[-LATE:]
    assert ids(pages(api, "/readiness", LAST, "advertisers")) == own


@pytest.mark.usefixtures("team")
def test_an_ad_account_is_found_in_any_list(api: Api) -> None:
    """A preflight uses the token of the one person who has it; one that nobody has is refused."""
    for person in (OWNER, DIRECTOR):
        found = api.get("/publish-check", person, advertiser_id=ONLY_LAST_HAS, objective="REACH").json()
        assert found["token"] == {"source": "teammate", "user_id": LAST.user_id}
        assert found["missing"] == ["identity"]
    nobodys = api.get("/publish-check", DIRECTOR, advertiser_id=DemoAdvertiser.FOREIGN.value, objective="REACH")
    problem(nobodys, 403, "advertiser_not_accessible")


# Events for long lists.


@pytest.fixture
def jobs(stack: LocalStack) -> Iterator[Jobs]:
    """Receives check jobs, in place of the worker, which takes none meanwhile."""
    sqs, functions, queue = stack.client("sqs"), stack.client("lambda"), stack.main.outputs["ReadinessQueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    mappings = functions.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
    assert mappings

    def receive() -> list[dict[str, str]]:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in found]

    def receive_all(count: int) -> Sequence[dict[str, str]]:
        received: list[dict[str, str]] = []

        def enough() -> bool:
            while found := receive():
                received.extend(found)
            return len(received) >= count

        eventually(enough, f"{count} jobs", seconds=120)
        return received + receive()

    for mapping in mappings:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    yield receive_all
    for mapping in mappings:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def _claims(table: Table, advertiser_ids: Sequence[str]) -> dict[str, str | None]:
    records = DynamoDBReadinessRepository(table).read_many(CONNECTED, advertiser_ids)
    return {one.advertiser_id: one.claim for one in records}


def test_an_event_with_many_ad_accounts_requests_each_once(
    api: Api, stack: LocalStack, table: Table, jobs: Jobs
) -> None:
    """Another service has written a connection without its list and names the list in the event: it is stored too."""
    person = Person("u-foreign", CONNECTED, "owner")
    wanted = [str(7_500_000_000_000_000_000 + one) for one in range(MANY)]
    _add_member(table, person)
    key = {"pk": {"S": f"CONNECTIONS#{CONNECTED}"}, "sk": {"S": f"USER#{person.user_id}"}}
    texts = {"status": "active", "secret_id": _secret_id(stack), "connected_at": "2026-11-30T09:00:00Z"}
    table.do("PutItem", Item={**key, **{name: {"S": text} for name, text in texts.items()}})
    detail = {"team_id": CONNECTED, "user_id": person.user_id, "advertiser_ids": wanted}
    stack.background.put_event("wevion.tiktok", "TikTok Connected", detail)
    received = jobs(MANY)
    assert sorted(job["advertiser_id"] for job in received) == wanted
    assert {job["advertiser_id"]: job["claim"] for job in received} == _claims(table, wanted)
    assert len({job["claim"] for job in received}) == MANY
    assert ids(pages(api, f"/connections/{person.user_id}/advertisers", person, "advertisers")) == wanted


@pytest.mark.usefixtures("api")
def test_an_event_goes_on_where_a_run_has_stopped(
    stack: LocalStack, table: Table, team: list[Connection], jobs: Jobs
) -> None:
    """The event with which a run continues itself reaches the function, which requests the rest of the list only."""
    connection = replace(team[0], team_id=CONNECTED, advertiser_ids=team[0].advertiser_ids[:250], user_id="u-own")
    _add_member(table, Person(connection.user_id, CONNECTED, "mediabuyer"))
    DynamoDBConnectionRepository(table).save(connection, datetime.now(UTC) + timedelta(days=1))
    rest = connection.advertiser_ids[100:]
    progress = {"event_id": "event-1", "debounced": False, "user_id": connection.user_id, "page": 1}
    detail = {"team_id": CONNECTED, "user_id": connection.user_id, "continues": progress}
    stack.background.put_event("wevion.tiktok", REQUESTS_CONTINUED, detail)
    received = jobs(len(rest))
    assert sorted(job["advertiser_id"] for job in received) == sorted(rest)
    assert _claims(table, connection.advertiser_ids) == {one: f"event-1/{one}" for one in rest}
