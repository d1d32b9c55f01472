"""The queues of looks: SQS and the ones in memory alike, and what only SQS has."""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, cast

import pytest

from publishing.aws.json_api import SQS, AwsError, JsonApi
from publishing.aws.look_queue import LONGEST_DELAY, SqsQueue
from publishing.readiness.pacing import LONGEST_HIDING
from publishing.readiness.stores import LookMessage, Outgoing
from publishing.readiness.worker import parsed
from tests.adapters.conftest import spoken
from tests.adapters.scripted_aws import GOOD, ScriptedAws, client, error_answer
from tools.in_memory_readiness import InMemoryQueue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from publishing.readiness.stores import Queue

NOW = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LOOK = LookMessage("t1", "7300000000000000001", "claim", "2026-11-30T09:00:00.000+00:00", quiet=True)
PLAIN = LookMessage("t1", "7300000000000000002")
_numbers = itertools.count(1)


class Place(Protocol):
    """Two queues, and the worker's end of them."""

    @property
    def queue(self) -> "Queue":
        """What is tested."""
        ...

    def receive(self, *, urgent: bool = False) -> dict[str, LookMessage]:
        """What can be received from one queue now, by receipt."""
        ...

    def delete(self, receipt: str) -> None:
        """A message that is not urgent is done."""
        ...


class InMemory:
    """At a moment that stays."""

    def __init__(self) -> None:
        self.queue = InMemoryQueue(lambda: NOW)

    def receive(self, *, urgent: bool = False) -> dict[str, LookMessage]:
        return {one.id: cast("LookMessage", one.content) for one in self.queue.receive(10, urgent=urgent)}

    def delete(self, receipt: str) -> None:
        self.queue.delete(receipt)


class InSqs:
    """Two queues of their own, with what the worker reads of a body."""

    def __init__(self, sqs: "SQSClient", api: JsonApi) -> None:
        self.sqs = sqs
        number = next(_numbers)
        self.urls = [sqs.create_queue(QueueName=f"{name}-{number}")["QueueUrl"] for name in ("looks", "urgent-looks")]
        self.queue = SqsQueue(api.call, *self.urls)

    def receive(self, *, urgent: bool = False) -> dict[str, LookMessage]:
        answer = self.sqs.receive_message(QueueUrl=self.urls[urgent], MaxNumberOfMessages=10)
        return {one["ReceiptHandle"]: parsed(one["Body"]) for one in answer.get("Messages", [])}

    def delete(self, receipt: str) -> None:
        self.sqs.delete_message(QueueUrl=self.urls[0], ReceiptHandle=receipt)


@pytest.fixture
def in_sqs(sqs: "SQSClient", sqs_api: JsonApi) -> Iterator[InSqs]:
    """Queues of the account, gone after the test."""
    place = InSqs(sqs, sqs_api)
    yield place
    for url in place.urls:
        sqs.delete_queue(QueueUrl=url)


@pytest.fixture(params=["SQS", "in memory"])
def place(request: pytest.FixtureRequest) -> Place:
    """Both kinds."""
    return InMemory() if request.param == "in memory" else cast("InSqs", request.getfixturevalue("in_sqs"))


def test_a_message_is_read_as_it_was_sent(place: Place) -> None:
    """With all that it says, or with team and advertiser alone."""
    messages = [LOOK, PLAIN, LookMessage("ä #/", "1", quiet=False), LookMessage("t1", "1", claim="")]
    place.queue.send(Outgoing(one) for one in messages)
    assert list(place.receive().values()) == messages


def test_what_is_urgent_goes_to_the_urgent_queue(place: Place) -> None:
    """And what is not does not."""
    place.queue.send([Outgoing(LOOK, urgent=True), Outgoing(PLAIN)])
    assert list(place.receive(urgent=True).values()) == [LOOK]
    assert list(place.receive().values()) == [PLAIN]


def test_what_is_delayed_comes_later(place: Place) -> None:
    """It cannot be received yet; of what is sent with it, everything else can."""
    place.queue.send([Outgoing(LOOK, delay=timedelta(minutes=5)), Outgoing(PLAIN)])
    assert list(place.receive().values()) == [PLAIN]


def test_waiting_are_all_that_are_not_done(place: Place) -> None:
    """To be received, delayed, or being worked at; not those that are urgent, which have workers of their own."""
    assert place.queue.waiting() == 0
    place.queue.send([Outgoing(LOOK), Outgoing(PLAIN), Outgoing(LOOK, urgent=True)])
    assert place.queue.waiting() == 2
    place.queue.send([Outgoing(LOOK, delay=timedelta(minutes=5)), Outgoing(LOOK, delay=timedelta(minutes=1))])
    assert place.queue.waiting() == 4
    done, _ = place.receive()
    assert place.queue.waiting() == 4
    place.delete(done)
    assert place.queue.waiting() == 3


@pytest.mark.parametrize("urgent", [True, False])
def test_a_message_comes_back_when_it_is_to(place: Place, urgent: bool) -> None:  # noqa: FBT001 - which queue
    """At once where it is hidden no more; one that is being worked at stays hidden."""
    place.queue.send([Outgoing(LOOK, urgent=urgent), Outgoing(PLAIN, urgent=urgent)])
    first, second = place.receive(urgent=urgent)
    place.queue.hide(first, timedelta(), urgent=urgent)
    place.queue.hide(second, timedelta(hours=11), urgent=urgent)
    assert list(place.receive(urgent=urgent).values()) == [LOOK]


def test_a_body_leaves_out_what_it_does_not_say(in_sqs: InSqs) -> None:
    """JSON under the names that the worker reads."""
    in_sqs.queue.send([Outgoing(LOOK), Outgoing(PLAIN)])
    answer = in_sqs.sqs.receive_message(QueueUrl=in_sqs.urls[0], MaxNumberOfMessages=10)
    assert [json.loads(one["Body"]) for one in answer["Messages"]] == [
        {
            "team_id": "t1",
            "advertiser_id": "7300000000000000001",
            "claim": "claim",
            "run": "2026-11-30T09:00:00.000+00:00",
            "quiet": True,
        },
        {"team_id": "t1", "advertiser_id": "7300000000000000002"},
    ]


class Asked:
    """Takes the place of SQS, and remembers what it was asked."""

    def __init__(self, **answer: Any) -> None:
        self.calls: list[dict[str, Any]] = []
        self._answer = answer

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        self.calls.append({"operation": operation, **request})
        return self._answer

    def all(self, name: str) -> list[Any]:
        return [one[name] for one in self.calls]


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        (timedelta(), 0),
        (timedelta(seconds=-5), 0),
        (-MICROSECOND, 0),
        (MICROSECOND, 1),
        (timedelta(seconds=1), 1),
        (timedelta(seconds=1) + MICROSECOND, 2),
        (timedelta(seconds=299.5), 300),
    ],
)
def test_nothing_comes_before_its_time(delay: timedelta, seconds: int) -> None:
    """SQS takes whole seconds: a part of one is a whole one, and the past is now."""
    asked = Asked()
    queue = SqsQueue(asked, "url", "urgent")
    queue.send([Outgoing(LOOK, delay=delay)])
    queue.hide("receipt", delay, urgent=False)
    assert asked.calls[0]["DelaySeconds"] == asked.calls[1]["VisibilityTimeout"] == seconds


@pytest.mark.parametrize("delay", [LONGEST_DELAY, LONGEST_DELAY + MICROSECOND, timedelta(days=3)])
def test_a_message_is_delayed_by_a_quarter_of_an_hour_at_most(in_sqs: InSqs, delay: timedelta) -> None:
    """SQS would refuse more; a look that comes too early is better than none."""
    asked = Asked()
    SqsQueue(asked, "url", "urgent").send([Outgoing(LOOK, delay=delay)])
    assert asked.all("DelaySeconds") == [900]
    in_sqs.queue.send([Outgoing(LOOK, delay=delay)])
    assert in_sqs.queue.waiting() == 1


@pytest.mark.parametrize("delay", [LONGEST_HIDING, LONGEST_HIDING + MICROSECOND, timedelta(days=3)])
def test_a_message_is_hidden_for_half_a_day_at_most(delay: timedelta) -> None:
    """SQS refuses more than twelve hours, counted from when it gave the message out: ten minutes before."""
    asked = Asked()
    SqsQueue(asked, "url", "urgent").hide("receipt", delay, urgent=False)
    assert asked.all("VisibilityTimeout") == [12 * 60 * 60 - 10 * 60]


def test_both_queues_are_asked_by_their_urls() -> None:
    """A message is hidden where it was received."""
    asked = Asked()
    queue = SqsQueue(asked, "url", "urgent")
    queue.hide("r1", timedelta(), urgent=True)
    queue.hide("r2", timedelta(), urgent=False)
    queue.send([Outgoing(LOOK, urgent=True), Outgoing(LOOK)])
    assert asked.all("QueueUrl") == ["urgent", "url", "urgent", "url"]
    assert [one.get("ReceiptHandle") for one in asked.calls] == ["r1", "r2", None, None]


def test_waiting_is_one_call() -> None:
    """The sum of three numbers, which SQS sends as texts."""
    numbers = {
        "ApproximateNumberOfMessages": "1200",
        "ApproximateNumberOfMessagesDelayed": "30",
        "ApproximateNumberOfMessagesNotVisible": "4",
    }
    asked = Asked(Attributes=numbers)
    assert SqsQueue(asked, "url", "urgent").waiting() == 1234
    (call,) = asked.calls
    assert (call["operation"], call["QueueUrl"]) == ("GetQueueAttributes", "url")
    assert sorted(call["AttributeNames"]) == sorted(numbers)


def test_sending_stops_at_a_failure() -> None:
    """The caller is told; it sends all of them again, which does no harm."""
    tried: list[str] = []

    def call(operation: str, **_request: Any) -> dict[str, Any]:
        tried.append(operation)
        if len(tried) == 2:
            raise AwsError("RequestThrottled")
        return {}

    with pytest.raises(AwsError, match=r"^RequestThrottled$"):
        SqsQueue(call, "url", "urgent").send([Outgoing(LOOK)] * 3)
    assert tried == ["SendMessage", "SendMessage"]


def test_sqs_is_spoken_to_as_boto3_does(sqs: "SQSClient") -> None:
    """Under SQS's names, in its version of JSON."""
    assert spoken(sqs) == SQS


def test_a_queue_that_is_not_there_is_told_by_name(sqs_api: JsonApi) -> None:
    """Over the wire of the account in memory."""
    queue = SqsQueue(sqs_api.call, "https://sqs.test/123456789012/nowhere", "https://sqs.test/123456789012/nowhere")
    for act in (queue.waiting, lambda: queue.send([Outgoing(LOOK)])):
        with pytest.raises(AwsError, match=r"^QueueDoesNotExist$"):
            act()


@pytest.mark.parametrize("name", ["QueueDoesNotExist", "ReceiptHandleIsInvalid", "MessageNotInflight"])
def test_sqs_refusals_are_told_at_once(name: str) -> None:
    """By their names without SQS's own before it, after one try."""
    with ScriptedAws(error_answer(f"com.amazonaws.sqs#{name}"), GOOD) as aws, client(aws.url, service=SQS) as api:
        queue = SqsQueue(api.call, "https://sqs.test/1/looks", "https://sqs.test/1/urgent-looks")
        with pytest.raises(AwsError) as caught:
            queue.hide("receipt", timedelta(), urgent=False)
    assert (caught.value.code, str(caught.value)) == (name, name)
    (sent,) = aws.requests
    assert sent.headers["X-Amz-Target"] == "AmazonSQS.ChangeMessageVisibility"
    assert sent.headers["Content-Type"] == "application/x-amz-json-1.0"
    assert "/sqs/aws4_request, " in sent.headers["Authorization"]
