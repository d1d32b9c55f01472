"""Contract §5, GET /readiness, and what keeps it true: scheduled looks, second looks, events."""

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
from publishing.aws.json_api import DYNAMODB, JsonApi
from publishing.aws.records import DynamoDBRecords
from publishing.aws.sigv4 import Credentials
from publishing.aws.table import Table
from publishing.readiness.record import Record
from tests.support.stack import Api, eventually, problem
from tiktok_business.client import MAX_ATTEMPTS

PARAMETERS = {
    "ReadinessSchedule": "rate(1 minute)",
    "ConfirmAfter": "2 seconds",
    "RateLimitPause": "20 seconds",
    "TikTokAppLevel": "Ultimate",
    "ReadinessSharePercent": "100",
}
"""What takes minutes in seconds; advertisers are due every hour and every day, as ever."""
EXPIRED = "TikTok Connection Expired"
FLEET = 500
POISON = 25
LIMITED = 50


@pytest.fixture(scope="module")
def deployment(stack: LocalStack) -> Deployment:
    """The product once more, with another cadence."""
    made = stack.deploy("wevion-watching", PARAMETERS)
    stack.write_demo_data(made)
    return made


@pytest.fixture
def background(stack: LocalStack, deployment: Deployment, tiktok: Simulator) -> Background:  # noqa: ARG001 - as at the start
    """Its readiness functions, with the demo data as at the start."""
    stack.write_demo_data(deployment)
    return Background(stack.aws, deployment)


@pytest.fixture
def api(stack: LocalStack, deployment: Deployment) -> Api:
    """Its API."""
    return Api(deployment.base_url, stack)


@pytest.fixture
def listener(background: Background) -> Iterator[Listener]:
    """The target of a rule on its bus."""
    with background.listener() as heard:
        yield heard


def known(api: Api, advertiser: DemoAdvertiser) -> dict[str, Any] | None:
    """What the owner is told of an advertiser."""
    rows = api.get("/readiness", OWNER, advertiser_id=advertiser.value).json()["advertisers"]
    return rows[0] if rows else None


def until(api: Api, advertiser: DemoAdvertiser, objective: str, **expected: Any) -> dict[str, Any]:
    """What is told of the advertiser, as soon as its objective is as expected."""

    def look() -> dict[str, Any] | None:
        row = known(api, advertiser)
        if row and expected.items() <= row["objectives"][objective].items():
            return row
        return None

    return eventually(look, f"{objective} with {expected}")


def test_a_lost_pixel_is_noticed_confirmed_told_and_resolved(
    api: Api, background: Background, listener: Listener, tiktok: Simulator
) -> None:
    """Within one sweep and its second look, readiness and an event say so; when it is back, too. Nothing else does."""
    advertiser = DemoAdvertiser.EVERYTHING_READY
    background.put_event("wevion.tiktok", "TikTok Connected", {"team_id": TEAM, "advertiser_id": advertiser.value})
    baseline = until(api, advertiser, "WEB_CONVERSIONS", ready=True, unknown=[])
    assert baseline["generation"] == 1
    assert not baseline["stale"]

    pixels, tiktok.world.advertisers[advertiser.value].pixels = tiktok.world.advertisers[advertiser.value].pixels, []
    background.make_due(TEAM)
    background.sweep()
    lost = until(api, advertiser, "WEB_CONVERSIONS", ready=False, missing=["pixel"])
    assert lost["objectives"]["REACH"]["ready"]
    assert lost["generation"] == 2

    tiktok.world.advertisers[advertiser.value].pixels = pixels
    background.make_due(TEAM)
    background.sweep()
    assert until(api, advertiser, "WEB_CONVERSIONS", ready=True)["generation"] == 3

    def told() -> list[Any] | None:
        heard = listener.of("TikTok Readiness Changed", advertiser.value)
        return heard if len(heard) >= 2 else None

    first, second = eventually(told, "two events")
    assert [one["requirement"] for one in first["added"]] == ["pixel"]
    assert first["added"][0]["fix"]["who"] == "advertiser_admin"
    assert first["added"][0]["fix"]["action"] == "open_url"
    assert first["objectives"]["WEB_CONVERSIONS"]["before"] == {"ready": True, "missing": [], "unknown": []}
    assert first["objectives"]["WEB_CONVERSIONS"]["after"] == {"ready": False, "missing": ["pixel"], "unknown": []}
    assert set(first["objectives"]) == {"WEB_CONVERSIONS", "CONVERSIONS"}
    assert (second["added"], second["resolved"]) == ([], ["pixel"])
    assert [first["generation"], second["generation"]] == [2, 3]
    told_of = [event["detail"]["id"] for event in listener.listen() if event["detail-type"] != EXPIRED]
    assert len(set(told_of)) == len(told_of) == 2


def test_a_preflight_refreshes_what_is_known(api: Api, background: Background) -> None:
    """In the same request; what nobody has looked at yet stays unknown, and the first sweep looks at the rest."""
    advertiser = DemoAdvertiser.NOTHING
    assert known(api, advertiser) is None
    asked = api.get("/publish-check", MEDIA_BUYER, advertiser_id=advertiser.value, objective="WEB_CONVERSIONS").json()
    row = known(api, advertiser)
    assert row is not None
    assert row["objectives"]["WEB_CONVERSIONS"]["missing"] == asked["missing"] == ["identity", "pixel"]
    assert row["objectives"]["PRODUCT_SALES"]["unknown"] == ["catalog"]
    background.sweep()
    until(api, advertiser, "PRODUCT_SALES", missing=["identity", "catalog"], unknown=[])


def test_who_may_see_what(api: Api, background: Background) -> None:
    """The owner sees the team's advertisers, a media buyer those of their own connection, another team nothing."""
    for advertiser in (DemoAdvertiser.EVERYTHING_READY, DemoAdvertiser.NOTHING):
        background.put_event("wevion.tiktok", "TikTok Connected", {"team_id": TEAM, "advertiser_id": advertiser.value})
        until(api, advertiser, "REACH", unknown=[])
    everything = [row["advertiser_id"] for row in api.get("/readiness", OWNER).json()["advertisers"]]
    assert everything == [DemoAdvertiser.EVERYTHING_READY.value, DemoAdvertiser.NOTHING.value]
    own = [row["advertiser_id"] for row in api.get("/readiness", MEDIA_BUYER).json()["advertisers"]]
    assert own == [DemoAdvertiser.NOTHING.value]
    assert api.get("/readiness", UNPAID_OWNER).json() == {"advertisers": []}
    refused = api.get("/readiness", MEDIA_BUYER, advertiser_id=DemoAdvertiser.EVERYTHING_READY.value)
    problem(refused, 403, "advertiser_not_accessible")


@pytest.mark.deep
@pytest.mark.usefixtures("background")
def test_a_fleet_is_swept_once(
    stack: LocalStack, deployment: Deployment, listener: Listener, tiktok: Simulator
) -> None:
    """The schedule's own sweep looks at each of 500 advertisers once; those that TikTok limits are done later.

    A message that cannot be read ends in the dead-letter queue, and holds up nobody.
    """
    advertisers = [f"74{number:017d}" for number in range(FLEET)]
    limited = advertisers[:LIMITED]
    everything = tiktok.world.advertisers[DemoAdvertiser.EVERYTHING_READY.value]
    token = tiktok.world.tokens[DemoToken.OWNER.value]
    tiktok.world.advertisers.update({one: replace(everything, id=one) for one in advertisers})
    tiktok.world.tokens[token.value] = replace(token, advertiser_ids=(*token.advertiser_ids, *advertisers))
    stack.write_demo_data(deployment)
    for one in limited:
        tiktok.faults.add(Fault(path="app/list/", kind=FaultKind.CODE, code=40133, message="QPS", advertiser_id=one))
    sqs, queue = stack.client("sqs"), deployment.outputs["ReadinessQueueUrl"]
    dead_letters = deployment.outputs["ReadinessDeadLetterQueueUrl"]
    records = _records(stack, deployment)
    for one in advertisers:
        assert records.write(Record(TEAM, one, due_at=datetime.now(UTC)))
    for number in range(POISON):
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

    def given_up() -> bool:
        """Whether each look at a limited one has made all its tries: one of them left would succeed later on."""
        counted = refused()
        return all(counted[one] >= MAX_ATTEMPTS for one in limited)

    eventually(lambda: len(checked()) == FLEET, "all are looked at", seconds=300)
    eventually(given_up, "all of the limited ones are refused", seconds=60)
    tiktok.faults.clear()

    def all_known() -> bool:
        stored = {one.advertiser_id: one for one in records.of_team(TEAM)}
        return all(len(stored[one].snapshot.known) == 5 and stored[one].claim is None for one in advertisers)

    eventually(all_known, "all are known", seconds=120)
    counts = checked()
    assert {one: counts[one] for one in advertisers[LIMITED:]} == dict.fromkeys(advertisers[LIMITED:], 1)
    assert {one for one in limited if counts[one] < 2} == set()

    def poison() -> bool:
        names = ["ApproximateNumberOfMessages"]
        answer = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=names)
        return int(answer["Attributes"][names[0]]) == POISON

    eventually(poison, "unreadable messages are dead letters", seconds=60)
    assert [event for event in listener.listen() if event["detail-type"] != EXPIRED] == []


def _records(stack: LocalStack, deployment: Deployment) -> DynamoDBRecords:
    """The deployed table's records."""
    api = JsonApi(DYNAMODB, stack.aws.url, "eu-central-1", Credentials("test", "test"))
    return DynamoDBRecords(Table(api.call, deployment.table_name))
