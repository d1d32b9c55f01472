"""The queues of looks (SQS) and the event bus (EventBridge)."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, TypeVar

from publishing.aws.json_api import AwsError, Call
from publishing.readiness.events import SOURCE
from publishing.readiness.record import OutgoingEvent
from publishing.readiness.stores import Outgoing

BATCH = 10
"""What SQS and EventBridge take at once."""
LONGEST_DELAY = timedelta(minutes=15)
"""Of a message to SQS."""
LONGEST_HIDING = timedelta(hours=12)
"""Of a message in SQS, since it was received."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class SqsQueue:
    """The queue of looks and the urgent one, by their URLs."""

    call: Call
    url: str
    urgent_url: str

    def send(self, messages: Iterable[Outgoing]) -> None:
        """Put messages, ten at a time; what SQS did not take is an error, and sending all again does no harm."""
        every = list(messages)
        for url, urgent in ((self.urgent_url, True), (self.url, False)):
            for batch in _batches([one for one in every if one.urgent is urgent]):
                answer = self.call("SendMessageBatch", QueueUrl=url, Entries=list(_entries(batch)))
                if answer.get("Failed"):
                    raise AwsError(str(answer["Failed"][0].get("Code", "Failed")))

    def waiting(self) -> int:
        """Visible, delayed and being worked at; about so many, says SQS."""
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesDelayed",
            "ApproximateNumberOfMessagesNotVisible",
        ]
        answer = self.call("GetQueueAttributes", QueueUrl=self.url, AttributeNames=names)
        return sum(int(number) for number in answer.get("Attributes", {}).values())

    def hide(self, receipt: str, delay: timedelta, *, urgent: bool) -> None:
        """Change the message's visibility."""
        self.call(
            "ChangeMessageVisibility",
            QueueUrl=self.urgent_url if urgent else self.url,
            ReceiptHandle=receipt,
            VisibilityTimeout=_seconds(min(delay, LONGEST_HIDING)),
        )


@dataclass(frozen=True, slots=True)
class EventBridgeBus:
    """The project's event bus."""

    call: Call
    name: str

    def send(self, events: Iterable[OutgoingEvent]) -> None:
        """Put events, ten at a time; what the bus did not take is an error: all are sent again, with the same ids."""
        for batch in _batches(list(events)):
            answer = self.call(
                "PutEvents",
                Entries=[
                    {
                        "Source": SOURCE,
                        "DetailType": one.detail_type,
                        "Detail": json.dumps(one.detail),
                        "EventBusName": self.name,
                    }
                    for one in batch
                ],
            )
            if answer.get("FailedEntryCount"):
                codes = [str(one["ErrorCode"]) for one in answer.get("Entries", ()) if one.get("ErrorCode")]
                raise AwsError(codes[0] if codes else "FailedEntry")


def _entries(batch: Iterable[Outgoing]) -> Iterator[dict[str, Any]]:
    for number, one in enumerate(batch):
        held = {name: value for name, value in asdict(one.message).items() if value not in {None, False}}
        delay = _seconds(min(one.delay, LONGEST_DELAY))
        yield {"Id": str(number), "MessageBody": json.dumps(held), "DelaySeconds": delay}


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def _seconds(delay: timedelta) -> int:
    """Whole seconds, rounded up: nothing comes before its time."""
    return max(0, -int(-delay.total_seconds() // 1))
