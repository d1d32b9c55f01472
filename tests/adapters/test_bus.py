"""The event bus: EventBridge and the one in memory alike, and what only EventBridge has."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest

from publishing.aws.event_bus import EVENTS_AT_ONCE, EventBridgeBus
from publishing.aws.json_api import EVENTBRIDGE, AwsError, JsonApi
from publishing.readiness.record import OutgoingEvent
from tests.adapters.conftest import BUS, spoken
from tests.adapters.scripted_aws import ScriptedAws, client, json_answer
from tools.in_memory_readiness import InMemoryBus

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

    from publishing.readiness.stores import Bus

_numbers = itertools.count(1)
TAKEN = {"EventId": "11111111-2222-3333-4444-555555555555"}


def event(number: int = 1, **detail: Any) -> OutgoingEvent:
    return OutgoingEvent(f"id-{number}", "TikTok Readiness Changed", {"id": f"id-{number}", **detail})


@dataclass(frozen=True)
class Place:
    """A bus, and what a consumer of it has got."""

    bus: "Bus"
    got: Callable[[], Sequence[Any]]


@dataclass(frozen=True)
class Consumer:
    """A queue that a rule fills with all events of one bus."""

    sqs: "SQSClient"
    url: str

    def got(self) -> list[dict[str, Any]]:
        """What has come since the last time, sorted by the events' ids."""
        found: list[dict[str, Any]] = []
        while came := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            found.extend(json.loads(one["Body"]) for one in came)
        return sorted(found, key=lambda one: str(one["detail"]["id"]))


@pytest.fixture
def consumer(
    events: "EventBridgeClient",
    sqs: "SQSClient",
    readiness: Mapping[str, str],  # noqa: ARG001 - the bus must be there
) -> Iterator[Consumer]:
    """Of the project's bus; gone after the test."""
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
    """The project's bus as the functions reach it."""
    return EventBridgeBus(events_api.call, BUS)


@pytest.fixture(params=["EventBridge", "in memory"])
def place(request: pytest.FixtureRequest) -> Place:
    """Both kinds; what has come is told by type and detail."""
    if request.param == "in memory":
        bus = InMemoryBus()
        return Place(bus, lambda: sorted(((one.detail_type, one.detail) for one in bus.events), key=str))
    consumer = cast("Consumer", request.getfixturevalue("consumer"))
    return Place(
        cast("EventBridgeBus", request.getfixturevalue("eventbridge")),
        lambda: sorted(((one["detail-type"], one["detail"]) for one in consumer.got()), key=str),
    )


@pytest.mark.parametrize("count", [0, 1, 10, 11, 23])
def test_every_event_arrives(place: Place, count: int) -> None:
    """However many are sent at once, also none."""
    sent = [event(number, text="ä") for number in range(count)]
    place.bus.send(iter(sent))
    assert place.got() == sorted(((one.detail_type, one.detail) for one in sent), key=str)


def test_an_event_that_is_sent_again_has_the_same_id(place: Place) -> None:
    """A consumer that deduplicates sees it once."""
    place.bus.send([event()])
    place.bus.send([event()])
    assert [detail["id"] for _, detail in place.got()] == ["id-1", "id-1"]


def test_an_event_is_the_projects(eventbridge: EventBridgeBus, consumer: Consumer) -> None:
    """Its source, its type, and its detail as an object, whatever that holds."""
    detail: dict[str, Any] = {"nothing": None, "list": [1, 2.5, True], "nested": {"ä": "\N{GRINNING FACE}"}}
    eventbridge.send([event(**detail)])
    (came,) = consumer.got()
    assert came["source"] == "wevion.tiktok"
    assert came["detail-type"] == "TikTok Readiness Changed"
    assert came["detail"] == {"id": "id-1", **detail}


def test_events_go_to_the_named_bus_alone(
    events: "EventBridgeClient", events_api: JsonApi, eventbridge: EventBridgeBus, consumer: Consumer
) -> None:
    """An account has a default bus too, and other projects' buses."""
    events.create_event_bus(Name="another")
    EventBridgeBus(events_api.call, "another").send([event(1)])
    assert consumer.got() == []
    eventbridge.send([event(2)])
    assert [one["detail"]["id"] for one in consumer.got()] == ["id-2"]
    events.delete_event_bus(Name="another")


@pytest.mark.usefixtures("readiness")
def test_ten_at_a_time_in_order(events_api: JsonApi) -> None:
    """EventBridge takes no more in one call."""
    calls: list[list[dict[str, Any]]] = []

    def call(operation: str, **request: Any) -> Any:
        assert operation == "PutEvents"
        calls.append(request["Entries"])
        return events_api.call(operation, **request)

    EventBridgeBus(call, BUS).send([event(number) for number in range(2 * EVENTS_AT_ONCE + 3)])
    assert [len(one) for one in calls] == [10, 10, 3]
    entries = [entry for one in calls for entry in one]
    assert [json.loads(entry["Detail"])["id"] for entry in entries] == [f"id-{number}" for number in range(23)]
    assert {(entry["Source"], entry["EventBusName"]) for entry in entries} == {("wevion.tiktok", BUS)}


def test_nothing_to_send_is_no_call() -> None:
    """EventBridge would refuse an empty one."""
    with ScriptedAws() as aws, client(aws.url, service=EVENTBRIDGE) as api:
        EventBridgeBus(api.call, BUS).send([])
    assert aws.requests == []


def test_what_the_bus_did_not_take_is_an_error() -> None:
    """Under the first refusal's name; what comes after it is not tried, for all are sent again."""
    refused = {"ErrorCode": "ThrottlingException", "ErrorMessage": "not to be told"}
    partly = json_answer({"FailedEntryCount": 2, "Entries": [TAKEN, refused, {**refused, "ErrorCode": "Other"}]})
    with (
        ScriptedAws(partly, json_answer({})) as aws,
        client(aws.url, service=EVENTBRIDGE) as api,
        pytest.raises(AwsError) as caught,
    ):
        EventBridgeBus(api.call, BUS).send([event(number) for number in range(11)])
    assert (caught.value.code, str(caught.value)) == ("ThrottlingException", "ThrottlingException")
    (sent,) = aws.requests
    assert sent.headers["X-Amz-Target"] == "AWSEvents.PutEvents"
    assert sent.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert "/events/aws4_request, " in sent.headers["Authorization"]


@pytest.mark.parametrize("entries", [{}, {"Entries": []}, {"Entries": [TAKEN]}, {"Entries": [{"ErrorCode": ""}]}])
def test_a_failure_without_a_name_is_one_too(entries: dict[str, Any]) -> None:
    """What counts is that EventBridge says so."""
    answer = json_answer({"FailedEntryCount": 1, **entries})
    with (
        ScriptedAws(answer) as aws,
        client(aws.url, service=EVENTBRIDGE) as api,
        pytest.raises(AwsError, match=r"^FailedEntry$"),
    ):
        EventBridgeBus(api.call, BUS).send([event()])


def test_a_full_success_is_none() -> None:
    """Ids of events are no refusals."""
    with (
        ScriptedAws(json_answer({"FailedEntryCount": 0, "Entries": [TAKEN]})) as aws,
        client(aws.url, service=EVENTBRIDGE) as api,
    ):
        EventBridgeBus(api.call, BUS).send([event()])
    assert len(aws.requests) == 1


def test_eventbridge_is_spoken_to_as_boto3_does(events: "EventBridgeClient") -> None:
    """Under EventBridge's names, in its version of JSON."""
    assert spoken(events) == EVENTBRIDGE
