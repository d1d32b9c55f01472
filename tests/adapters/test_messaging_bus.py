"""The event bus, in EventBridge and in memory; and EventBridge's own limits and errors."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest

from publishing.events.schemas import OutboxEvent
from publishing.ports import PublishEvents
from publishing.repositories.json_api import EVENTBRIDGE, AwsError, JsonApi
from publishing.repositories.messaging import EVENTS_PER_CALL, EventBridgeBus
from tests.adapters.conftest import BUS, spoken
from tests.adapters.scripted_aws import ScriptedAws, client, json_answer
from tools.in_memory_readiness import InMemoryBus

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

ACCEPTED = {"EventId": "11111111-2222-3333-4444-555555555555"}
_numbers = itertools.count(1)


def event(number: int = 1, **detail: Any) -> OutboxEvent:
    return OutboxEvent(f"id-{number}", "TikTok Readiness Changed", {"id": f"id-{number}", **detail})


def sorted_pairs(events: Sequence[OutboxEvent]) -> list[tuple[str, Any]]:
    """Return type and detail of each event, in an order that does not depend on delivery."""
    return sorted(((one.detail_type, one.detail) for one in events), key=str)


@dataclass(frozen=True)
class Bus:
    """A bus, from the publisher's and from a consumer's side."""

    publish: PublishEvents
    received: Callable[[], list[tuple[str, Any]]]
    """Return type and detail of each event that the consumer has received, sorted."""


@dataclass(frozen=True)
class Consumer:
    """A queue that is the target of a rule for all events of the project's bus."""

    sqs: "SQSClient"
    url: str

    def received(self) -> list[dict[str, Any]]:
        """Return the events received since the last call, sorted by id."""
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            found.extend(json.loads(one["Body"]) for one in messages)
        return sorted(found, key=lambda one: str(one["detail"]["id"]))


@pytest.fixture
def consumer(
    events: "EventBridgeClient",
    sqs: "SQSClient",
    readiness: Mapping[str, str],  # noqa: ARG001 - the bus must exist
) -> Iterator[Consumer]:
    """A consumer, which is deleted after the test."""
    name = f"consumer-{next(_numbers)}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=name, EventBusName=BUS, EventPattern=json.dumps({"source": [{"prefix": ""}]}))
    events.put_targets(Rule=name, EventBusName=BUS, Targets=[{"Id": "queue", "Arn": arn}])
    yield Consumer(sqs, url)
    events.remove_targets(Rule=name, EventBusName=BUS, Ids=["queue"])
    events.delete_rule(Name=name, EventBusName=BUS)
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def eventbridge(events_api: JsonApi) -> EventBridgeBus:
    """The project's bus."""
    return EventBridgeBus(events_api.call, BUS)


@pytest.fixture(params=["EventBridge", "in memory"])
def bus(request: pytest.FixtureRequest) -> Bus:
    """Both implementations."""
    if request.param == "in memory":
        in_memory = InMemoryBus()
        return Bus(in_memory.publish, lambda: sorted_pairs(in_memory.events))
    consumer = cast("Consumer", request.getfixturevalue("consumer"))
    return Bus(
        cast("EventBridgeBus", request.getfixturevalue("eventbridge")).publish,
        lambda: sorted(((one["detail-type"], one["detail"]) for one in consumer.received()), key=str),
    )


@pytest.mark.parametrize("count", [0, 1, 10, 11, 23])
def test_every_event_is_delivered(bus: Bus, count: int) -> None:
    """Any number of events may be published at once, none included."""
    published = [event(number, text="ä") for number in range(count)]
    bus.publish(iter(published))
    assert bus.received() == sorted_pairs(published)


def test_an_event_that_is_published_again_has_the_same_id(bus: Bus) -> None:
    """A consumer can deduplicate by it."""
    bus.publish([event()])
    bus.publish([event()])
    assert [detail["id"] for _, detail in bus.received()] == ["id-1", "id-1"]


def test_an_event_has_the_source_of_the_project(eventbridge: EventBridgeBus, consumer: Consumer) -> None:
    """It has its type too, and its detail as an object with any JSON values."""
    detail: dict[str, Any] = {"nothing": None, "list": [1, 2.5, True], "nested": {"ä": "\N{GRINNING FACE}"}}
    eventbridge.publish([event(**detail)])
    (received,) = consumer.received()
    assert received["source"] == "wevion.tiktok"
    assert received["detail-type"] == "TikTok Readiness Changed"
    assert received["detail"] == {"id": "id-1", **detail}


def test_events_go_to_the_named_bus_alone(
    events: "EventBridgeClient", events_api: JsonApi, eventbridge: EventBridgeBus, consumer: Consumer
) -> None:
    """An account has a default bus too, and other projects' buses."""
    events.create_event_bus(Name="another")
    EventBridgeBus(events_api.call, "another").publish([event(1)])
    assert consumer.received() == []
    eventbridge.publish([event(2)])
    assert [one["detail"]["id"] for one in consumer.received()] == ["id-2"]
    events.delete_event_bus(Name="another")


@pytest.mark.usefixtures("readiness")
def test_events_are_put_ten_at_a_time_in_order(events_api: JsonApi) -> None:
    """EventBridge accepts no more in one call."""
    calls: list[list[dict[str, Any]]] = []

    def call(operation: str, **request: Any) -> Any:
        assert operation == "PutEvents"
        calls.append(request["Entries"])
        return events_api.call(operation, **request)

    EventBridgeBus(call, BUS).publish([event(number) for number in range(2 * EVENTS_PER_CALL + 3)])
    assert [len(one) for one in calls] == [10, 10, 3]
    entries = [entry for one in calls for entry in one]
    assert [json.loads(entry["Detail"])["id"] for entry in entries] == [f"id-{number}" for number in range(23)]
    assert {(entry["Source"], entry["EventBusName"]) for entry in entries} == {("wevion.tiktok", BUS)}


def test_publishing_nothing_is_no_call() -> None:
    """EventBridge would reject an empty one."""
    with ScriptedAws() as aws, client(aws.url, service=EVENTBRIDGE) as api:
        EventBridgeBus(api.call, BUS).publish([])
    assert aws.requests == []


def test_an_event_that_is_not_accepted_is_an_error() -> None:
    """It has the first entry's code; later events are not sent, since all are published again."""
    rejected = {"ErrorCode": "ThrottlingException", "ErrorMessage": "not to be quoted"}
    answer = json_answer({"FailedEntryCount": 2, "Entries": [ACCEPTED, rejected, {**rejected, "ErrorCode": "Other"}]})
    with (
        ScriptedAws(answer, json_answer({})) as aws,
        client(aws.url, service=EVENTBRIDGE) as api,
        pytest.raises(AwsError) as caught,
    ):
        EventBridgeBus(api.call, BUS).publish([event(number) for number in range(11)])
    assert (caught.value.code, str(caught.value)) == ("ThrottlingException", "ThrottlingException")
    (sent,) = aws.requests
    assert sent.headers["X-Amz-Target"] == "AWSEvents.PutEvents"
    assert sent.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert "/events/aws4_request, " in sent.headers["Authorization"]


@pytest.mark.parametrize("entries", [{}, {"Entries": []}, {"Entries": [ACCEPTED]}, {"Entries": [{"ErrorCode": ""}]}])
def test_a_failure_without_a_code_is_an_error_too(entries: dict[str, Any]) -> None:
    """EventBridge's count of failed entries decides."""
    answer = json_answer({"FailedEntryCount": 1, **entries})
    with (
        ScriptedAws(answer) as aws,
        client(aws.url, service=EVENTBRIDGE) as api,
        pytest.raises(AwsError, match=r"^FailedEntry$"),
    ):
        EventBridgeBus(api.call, BUS).publish([event()])


def test_a_response_without_failed_entries_is_no_error() -> None:
    """Its entries hold the ids of the accepted events."""
    with (
        ScriptedAws(json_answer({"FailedEntryCount": 0, "Entries": [ACCEPTED]})) as aws,
        client(aws.url, service=EVENTBRIDGE) as api,
    ):
        EventBridgeBus(api.call, BUS).publish([event()])
    assert len(aws.requests) == 1


def test_eventbridge_is_called_as_boto3_calls_it(events: "EventBridgeClient") -> None:
    """Signing name, target prefix and JSON version are the same."""
    assert spoken(events) == EVENTBRIDGE
