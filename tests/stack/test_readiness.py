"""Contract §5, GET /readiness, on the deployed template: scheduled checks, confirmation checks, events."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from local.demo.teams import MEDIA_BUYER, OWNER, TEAM, UNPAID_OWNER
from local.ministack.background import Background, Listener
from local.ministack.deployment import Deployment
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator
from publishing.readiness.record import Record
from publishing.repositories.json_api import DYNAMODB, JsonApi
from publishing.repositories.readiness_repository import DynamoDBReadinessRepository
from publishing.repositories.sigv4 import Credentials
from publishing.repositories.table import Table
from tests.support.stack import Api, eventually, problem
from tiktok_business.client import MAX_ATTEMPTS

PARAMETERS = {
    "ReadinessSchedule": "rate(1 minute)",
    "ConfirmAfter": "2 seconds",
    "RateLimitPause": "20 seconds",
    "TikTokAppLevel": "Ultimate",
    "ReadinessSharePercent": "100",
}
"""Minutes become seconds; advertisers are due every hour and every day, as by default."""
EXPIRED = "TikTok Connection Expired"
ADVERTISERS = 500
UNREADABLE = 25
LIMITED = 50


@pytest.fixture(scope="module")
def deployment(stack: LocalStack) -> Deployment:
    """A second deployment of the product, with other parameters."""
    deployment = stack.deploy("wevion-readiness", PARAMETERS)
    stack.write_demo_data(deployment)
    return deployment


@pytest.fixture
def background(stack: LocalStack, deployment: Deployment, tiktok: Simulator) -> Background:  # noqa: ARG001 - resets it
    """Its background functions, with the demo data in their initial state."""
    stack.write_demo_data(deployment)
    return Background(stack.aws, deployment)


@pytest.fixture
def api(stack: LocalStack, deployment: Deployment) -> Api:
    """A client of its API."""
    return Api(deployment.base_url, stack)


@pytest.fixture
def listener(background: Background) -> Iterator[Listener]:
    """A listener on its event bus."""
    with background.listener() as listener:
        yield listener


def known(api: Api, advertiser: DemoAdvertiser) -> dict[str, Any] | None:
    """Return what the owner sees of an advertiser."""
    rows = api.get("/readiness", OWNER, advertiser_id=advertiser.value).json()["advertisers"]
    return rows[0] if rows else None


def until(api: Api, advertiser: DemoAdvertiser, objective: str, **expected: Any) -> dict[str, Any]:
    """Wait until the advertiser's objective is as expected; return what the owner sees of the advertiser."""

    def read() -> dict[str, Any] | None:
        row = known(api, advertiser)
        if row and expected.items() <= row["objectives"][objective].items():
            return row
        return None

    return eventually(read, f"{objective} with {expected}")


def request_check(background: Background, advertiser: DemoAdvertiser) -> None:
    """Put an event on the bus that requests a check of the advertiser."""
    detail = {"team_id": TEAM, "advertiser_id": advertiser.value}
    background.put_event("wevion.tiktok", "TikTok Connected", detail)


def test_a_lost_pixel_is_confirmed_published_and_resolved(
    api: Api, background: Background, listener: Listener, tiktok: Simulator
) -> None:
    """After one sweep and its confirmation check, readiness and one event show the change; the same when it is back."""
    advertiser = DemoAdvertiser.EVERYTHING_READY
    request_check(background, advertiser)
    baseline = until(api, advertiser, "WEB_CONVERSIONS", ready=True, unknown=[])
    assert not baseline["stale"]

    pixels, tiktok.world.advertisers[advertiser.value].pixels = tiktok.world.advertisers[advertiser.value].pixels, []
    background.make_due(TEAM)
    background.sweep()
    missing = until(api, advertiser, "WEB_CONVERSIONS", ready=False, missing=["pixel"])
    assert missing["objectives"]["REACH"]["ready"]
    assert missing["generation"] > baseline["generation"]

    tiktok.world.advertisers[advertiser.value].pixels = pixels
    background.make_due(TEAM)
    background.sweep()
    found = until(api, advertiser, "WEB_CONVERSIONS", ready=True)

    def published() -> list[Any] | None:
        events = listener.of("TikTok Readiness Changed", advertiser.value)
        return events if len(events) >= 2 else None

    first, second = eventually(published, "two events")
    assert [one["requirement"] for one in first["added"]] == ["pixel"]
    assert first["added"][0]["fix"]["who"] == "advertiser_admin"
    assert first["added"][0]["fix"]["action"] == "open_url"
    assert first["objectives"]["WEB_CONVERSIONS"]["before"] == {"ready": True, "missing": [], "unknown": []}
    assert first["objectives"]["WEB_CONVERSIONS"]["after"] == {"ready": False, "missing": ["pixel"], "unknown": []}
    assert set(first["objectives"]) == {"WEB_CONVERSIONS", "CONVERSIONS"}
    assert (second["added"], second["resolved"]) == ([], ["pixel"])
    assert [first["generation"], second["generation"]] == [missing["generation"], found["generation"]]
    assert missing["generation"] < found["generation"]
    ids = [event["detail"]["id"] for event in listener.listen() if event["detail-type"] != EXPIRED]
    assert len(set(ids)) == len(ids) == 2


def test_a_preflight_refreshes_what_is_known(api: Api, background: Background) -> None:
    """The response already includes it; what was not checked yet is unknown, and the first sweep checks it."""
    advertiser = DemoAdvertiser.NOTHING
    assert known(api, advertiser) is None
    response = api.get("/publish-check", MEDIA_BUYER, advertiser_id=advertiser.value, objective="WEB_CONVERSIONS")
    row = known(api, advertiser)
    assert row is not None
    assert row["objectives"]["WEB_CONVERSIONS"]["missing"] == response.json()["missing"] == ["identity", "pixel"]
    assert row["objectives"]["PRODUCT_SALES"]["unknown"] == ["catalog"]
    background.sweep()
    until(api, advertiser, "PRODUCT_SALES", missing=["identity", "catalog"], unknown=[])


def test_visible_advertisers(api: Api, background: Background) -> None:
    """The owner sees the team's advertisers, a media buyer those of their own connection, another team none."""
    for advertiser in (DemoAdvertiser.EVERYTHING_READY, DemoAdvertiser.NOTHING):
        request_check(background, advertiser)
        until(api, advertiser, "REACH", unknown=[])
    of_team = [row["advertiser_id"] for row in api.get("/readiness", OWNER).json()["advertisers"]]
    assert of_team == [DemoAdvertiser.EVERYTHING_READY.value, DemoAdvertiser.NOTHING.value]
    own = [row["advertiser_id"] for row in api.get("/readiness", MEDIA_BUYER).json()["advertisers"]]
    assert own == [DemoAdvertiser.NOTHING.value]
    assert api.get("/readiness", UNPAID_OWNER).json() == {"advertisers": [], "next_token": None}
    refused = api.get("/readiness", MEDIA_BUYER, advertiser_id=DemoAdvertiser.EVERYTHING_READY.value)
    problem(refused, 403, "advertiser_not_accessible")


@pytest.mark.deep
@pytest.mark.usefixtures("background")
def test_a_sweep_checks_each_of_many_advertisers_once(
    stack: LocalStack, deployment: Deployment, listener: Listener, tiktok: Simulator
) -> None:
    """The scheduled sweep checks each of 500 advertisers once; those that TikTok refuses for rate are checked later.

    An unreadable message becomes a dead letter, and does not hold up the others.
    """
    advertisers = [f"74{number:017d}" for number in range(ADVERTISERS)]
    limited = advertisers[:LIMITED]
    ready = tiktok.world.advertisers[DemoAdvertiser.EVERYTHING_READY.value]
    token = tiktok.world.tokens[DemoToken.OWNER.value]
    tiktok.world.advertisers.update({one: replace(ready, id=one) for one in advertisers})
    tiktok.world.tokens[token.value] = replace(token, advertiser_ids=(*token.advertiser_ids, *advertisers))
    stack.write_demo_data(deployment)
    for one in limited:
        tiktok.faults.add(Fault(path="app/list/", kind=FaultKind.CODE, code=40133, message="QPS", advertiser_id=one))
    sqs, queue = stack.client("sqs"), deployment.outputs["ReadinessQueueUrl"]
    dead_letters = deployment.outputs["ReadinessDeadLetterQueueUrl"]
    records = _records(stack, deployment)
    for one in advertisers:
        assert records.write(Record(TEAM, one, due_at=datetime.now(UTC)))
    for number in range(UNREADABLE):
        body = "not json" if number % 2 else json.dumps({"team_id": TEAM, "advertiser_id": number})
        sqs.send_message(QueueUrl=queue, MessageBody=body)

    def checked() -> Counter[str]:
        with tiktok.lock:
            rows = [one for one in tiktok.requests if one.path == "pixel/list/"]
        return Counter(one.query["advertiser_id"] for one in rows)

    def refused() -> Counter[str]:
        with tiktok.lock:
            rows = [one for one in tiktok.requests if one.path == "app/list/" and one.fault]
        return Counter(one.query["advertiser_id"] for one in rows)

    def all_refused() -> bool:
        """Whether each limited advertiser's check has made all its attempts: a remaining one would succeed later."""
        counted = refused()
        return all(counted[one] >= MAX_ATTEMPTS for one in limited)

    eventually(lambda: len(checked()) == ADVERTISERS, "all are checked", seconds=300)
    eventually(all_refused, "all limited ones are refused", seconds=60)
    tiktok.faults.clear()

    def all_known() -> bool:
        stored = {one.advertiser_id: one for one in records.read_many(TEAM, advertisers)}
        return all(len(stored[one].snapshot.known) == 5 and stored[one].claim is None for one in advertisers)

    eventually(all_known, "all are known", seconds=120)
    counts = checked()
    assert {one: counts[one] for one in advertisers[LIMITED:]} == dict.fromkeys(advertisers[LIMITED:], 1)
    assert {one for one in limited if counts[one] < 2} == set()

    def all_unreadable_are_dead_letters() -> bool:
        names = ["ApproximateNumberOfMessages"]
        answer = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=names)
        return int(answer["Attributes"][names[0]]) == UNREADABLE

    eventually(all_unreadable_are_dead_letters, "unreadable messages are dead letters", seconds=60)
    assert [event for event in listener.listen() if event["detail-type"] != EXPIRED] == []


def _records(stack: LocalStack, deployment: Deployment) -> DynamoDBReadinessRepository:
    """Return the repository of the deployed table's readiness records."""
    api = JsonApi(DYNAMODB, stack.aws.url, "eu-central-1", Credentials("test", "test"))
    return DynamoDBReadinessRepository(Table(api.call, deployment.table_name))
