"""The check queues, in SQS and in memory; and SQS's own limits and errors."""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, cast

import pytest

from publishing.ports import CheckQueue
from publishing.readiness.check_job import CheckJob, parse_job
from publishing.readiness.pacing import MAX_VISIBILITY_TIMEOUT
from publishing.repositories.json_api import SQS, AwsError, JsonApi
from publishing.repositories.messaging import MAX_DELAY, SqsCheckQueue
from tests.adapters.conftest import spoken
from tests.adapters.scripted_aws import GOOD, ScriptedAws, client, error_answer
from tools.in_memory_readiness import InMemoryCheckQueue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

NOW = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
JOB = CheckJob("t1", "7300000000000000001", "claim", "2026-11-30T09:00:00.000+00:00", quiet=True)
SMALL_JOB = CheckJob("t1", "7300000000000000002")
_numbers = itertools.count(1)


class Queues(Protocol):
    """Both queues, from the sender's and from the worker's side."""

    @property
    def queue(self) -> CheckQueue:
        """The queues under test."""
        ...

    def receive(self, *, urgent: bool = False) -> dict[str, CheckJob]:
        """Receive all visible messages of one queue; return their jobs by receipt."""
        ...

    def delete(self, receipt: str) -> None:
        """Delete a message that is not urgent."""
        ...


class InMemory:
    """The queues in memory, whose clock does not move."""

    def __init__(self) -> None:
        self.queue = InMemoryCheckQueue(lambda: NOW)

    def receive(self, *, urgent: bool = False) -> dict[str, CheckJob]:
        return {one.id: cast("CheckJob", one.content) for one in self.queue.receive(10, urgent=urgent)}

    def delete(self, receipt: str) -> None:
        self.queue.delete(receipt)


class InSqs:
    """Two new queues in SQS, whose messages are parsed as the worker parses them."""

    def __init__(self, sqs: "SQSClient", api: JsonApi) -> None:
        self.sqs = sqs
        number = next(_numbers)
        names = (f"checks-{number}", f"urgent-checks-{number}")
        self.urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in names]
        self.queue = SqsCheckQueue(api.call, *self.urls)

    def receive(self, *, urgent: bool = False) -> dict[str, CheckJob]:
        answer = self.sqs.receive_message(QueueUrl=self.urls[urgent], MaxNumberOfMessages=10)
        return {one["ReceiptHandle"]: parse_job(one["Body"]) for one in answer.get("Messages", [])}

    def delete(self, receipt: str) -> None:
        self.sqs.delete_message(QueueUrl=self.urls[0], ReceiptHandle=receipt)


@pytest.fixture
def in_sqs(sqs: "SQSClient", sqs_api: JsonApi) -> Iterator[InSqs]:
    """Queues in SQS, which are deleted after the test."""
    queues = InSqs(sqs, sqs_api)
    yield queues
    for url in queues.urls:
        sqs.delete_queue(QueueUrl=url)


@pytest.fixture(params=["SQS", "in memory"])
def queues(request: pytest.FixtureRequest) -> Queues:
    """Both implementations."""
    return InMemory() if request.param == "in memory" else cast("InSqs", request.getfixturevalue("in_sqs"))


def test_a_job_is_received_as_it_was_sent(queues: Queues) -> None:
    """That holds with all fields, and with team and advertiser alone."""
    jobs = [JOB, SMALL_JOB, CheckJob("ä #/", "1", quiet=False), CheckJob("t1", "1", claim="")]
    for one in jobs:
        queues.queue.send(one)
    assert list(queues.receive().values()) == jobs


def test_urgent_jobs_go_to_the_urgent_queue(queues: Queues) -> None:
    """All others go to the ordinary one."""
    queues.queue.send(JOB, urgent=True)
    queues.queue.send(SMALL_JOB)
    assert list(queues.receive(urgent=True).values()) == [JOB]
    assert list(queues.receive().values()) == [SMALL_JOB]


def test_a_delayed_job_is_not_visible_yet(queues: Queues) -> None:
    """Other jobs are."""
    queues.queue.send(JOB, delay=5 * MINUTE)
    queues.queue.send(SMALL_JOB)
    assert list(queues.receive().values()) == [SMALL_JOB]


def test_waiting_counts_all_messages_that_are_not_urgent(queues: Queues) -> None:
    """Visible, delayed and received ones are counted, until they are deleted; urgent ones have their own workers."""
    assert queues.queue.waiting() == 0
    queues.queue.send(JOB)
    queues.queue.send(SMALL_JOB)
    queues.queue.send(JOB, urgent=True)
    assert queues.queue.waiting() == 2
    queues.queue.send(JOB, delay=5 * MINUTE)
    queues.queue.send(JOB, delay=MINUTE)
    assert queues.queue.waiting() == 4
    receipt, _ = queues.receive()
    assert queues.queue.waiting() == 4
    queues.delete(receipt)
    assert queues.queue.waiting() == 3


@pytest.mark.parametrize("urgent", [True, False])
def test_a_message_is_visible_again_after_its_new_visibility_timeout(queues: Queues, urgent: bool) -> None:  # noqa: FBT001 - which queue
    """With a timeout of zero that is at once; a message with a longer one stays hidden."""
    queues.queue.send(JOB, urgent=urgent)
    queues.queue.send(SMALL_JOB, urgent=urgent)
    first, second = queues.receive(urgent=urgent)
    queues.queue.change_visibility(first, timedelta(), urgent=urgent)
    queues.queue.change_visibility(second, timedelta(hours=11), urgent=urgent)
    assert list(queues.receive(urgent=urgent).values()) == [JOB]


def test_a_body_leaves_out_empty_fields(in_sqs: InSqs) -> None:
    """It is JSON with the names of the job's fields."""
    in_sqs.queue.send(JOB)
    in_sqs.queue.send(SMALL_JOB)
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


class RecordedCalls:
    """Records calls to SQS, and returns the same response to all of them."""

    def __init__(self, **answer: Any) -> None:
        self.calls: list[dict[str, Any]] = []
        self._answer = answer

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        self.calls.append({"operation": operation, **request})
        return self._answer

    def values(self, name: str) -> list[Any]:
        """Return this parameter of each call."""
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
def test_delays_are_rounded_up_to_seconds(delay: timedelta, seconds: int) -> None:
    """SQS takes whole seconds, and no message becomes visible early; a negative delay is none."""
    call = RecordedCalls()
    queue = SqsCheckQueue(call, "url", "urgent")
    queue.send(JOB, delay=delay)
    queue.change_visibility("receipt", delay, urgent=False)
    assert call.calls[0]["DelaySeconds"] == call.calls[1]["VisibilityTimeout"] == seconds


@pytest.mark.parametrize("delay", [MAX_DELAY, MAX_DELAY + MICROSECOND, timedelta(days=3)])
def test_a_job_is_delayed_for_fifteen_minutes_at_most(in_sqs: InSqs, delay: timedelta) -> None:
    """SQS rejects a longer delay; a check that is made too early is better than none."""
    call = RecordedCalls()
    SqsCheckQueue(call, "url", "urgent").send(JOB, delay=delay)
    assert call.values("DelaySeconds") == [900]
    in_sqs.queue.send(JOB, delay=delay)
    assert in_sqs.queue.waiting() == 1


@pytest.mark.parametrize("delay", [MAX_VISIBILITY_TIMEOUT, MAX_VISIBILITY_TIMEOUT + MICROSECOND, timedelta(days=3)])
def test_a_message_is_hidden_for_almost_twelve_hours_at_most(delay: timedelta) -> None:
    """SQS rejects more than twelve hours, counted from when the message was received: up to ten minutes before."""
    call = RecordedCalls()
    SqsCheckQueue(call, "url", "urgent").change_visibility("receipt", delay, urgent=False)
    assert call.values("VisibilityTimeout") == [12 * 60 * 60 - 10 * 60]


def test_each_queue_is_called_by_its_url() -> None:
    """A message is hidden in the queue that it was received from."""
    call = RecordedCalls()
    queue = SqsCheckQueue(call, "url", "urgent")
    queue.change_visibility("r1", timedelta(), urgent=True)
    queue.change_visibility("r2", timedelta(), urgent=False)
    queue.send(JOB, urgent=True)
    queue.send(JOB)
    assert call.values("QueueUrl") == ["urgent", "url", "urgent", "url"]
    assert [one.get("ReceiptHandle") for one in call.calls] == ["r1", "r2", None, None]


def test_waiting_is_one_call() -> None:
    """The result is the sum of three numbers, which SQS returns as strings."""
    numbers = {
        "ApproximateNumberOfMessages": "1200",
        "ApproximateNumberOfMessagesDelayed": "30",
        "ApproximateNumberOfMessagesNotVisible": "4",
    }
    call = RecordedCalls(Attributes=numbers)
    assert SqsCheckQueue(call, "url", "urgent").waiting() == 1234
    (request,) = call.calls
    assert (request["operation"], request["QueueUrl"]) == ("GetQueueAttributes", "url")
    assert sorted(request["AttributeNames"]) == sorted(numbers)


def test_a_failure_to_send_is_raised() -> None:
    """A job is one call, which is not repeated here; the caller sends it again, which does no harm."""
    calls: list[str] = []

    def call(operation: str, **_request: Any) -> dict[str, Any]:
        calls.append(operation)
        raise AwsError("RequestThrottled")

    with pytest.raises(AwsError, match=r"^RequestThrottled$"):
        SqsCheckQueue(call, "url", "urgent").send(JOB)
    assert calls == ["SendMessage"]


def test_sqs_is_called_as_boto3_calls_it(sqs: "SQSClient") -> None:
    """Signing name, target prefix and JSON version are the same."""
    assert spoken(sqs) == SQS


def test_a_queue_that_does_not_exist_is_an_error(sqs_api: JsonApi) -> None:
    """The error has SQS's code."""
    url = "https://sqs.test/123456789012/nowhere"
    queue = SqsCheckQueue(sqs_api.call, url, url)
    for act in (queue.waiting, lambda: queue.send(JOB)):
        with pytest.raises(AwsError, match=r"^QueueDoesNotExist$"):
            act()


@pytest.mark.parametrize("name", ["QueueDoesNotExist", "ReceiptHandleIsInvalid", "MessageNotInflight"])
def test_sqs_errors_are_raised_at_once(name: str) -> None:
    """They have SQS's code without its prefix, and the request is sent once."""
    with ScriptedAws(error_answer(f"com.amazonaws.sqs#{name}"), GOOD) as aws, client(aws.url, service=SQS) as api:
        queue = SqsCheckQueue(api.call, "https://sqs.test/1/checks", "https://sqs.test/1/urgent-checks")
        with pytest.raises(AwsError) as caught:
            queue.change_visibility("receipt", timedelta(), urgent=False)
    assert (caught.value.code, str(caught.value)) == (name, name)
    (sent,) = aws.requests
    assert sent.headers["X-Amz-Target"] == "AmazonSQS.ChangeMessageVisibility"
    assert sent.headers["Content-Type"] == "application/x-amz-json-1.0"
    assert "/sqs/aws4_request, " in sent.headers["Authorization"]
