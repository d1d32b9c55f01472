"""The queues of looks (SQS) and the event bus (EventBridge)."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta

from publishing.aws.json_api import AwsError, Call
from publishing.readiness.events import SOURCE
from publishing.readiness.pacing import LONGEST_HIDING
from publishing.readiness.record import OutgoingEvent
from publishing.readiness.stores import Outgoing

EVENTS_AT_ONCE = 10
"""What EventBridge takes in one call."""
LONGEST_DELAY = timedelta(minutes=15)
"""Of a message to SQS."""


@dataclass(frozen=True, slots=True)
class SqsQueue:
    """The queue of looks and the urgent one, by their URLs."""

    call: Call
    url: str
    urgent_url: str

    def send(self, messages: Iterable[Outgoing]) -> None:
        """Put messages, one call each. Ending halfway does no harm: sending them again does none either."""
        for one in messages:
            held = {name: value for name, value in asdict(one.message).items() if value not in {None, False}}
            self.call(
                "SendMessage",
                QueueUrl=self.urgent_url if one.urgent else self.url,
                MessageBody=json.dumps(held),
                DelaySeconds=_seconds(min(one.delay, LONGEST_DELAY)),
            )

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
        every = list(events)
        for start in range(0, len(every), EVENTS_AT_ONCE):
            answer = self.call(
                "PutEvents",
                Entries=[
                    {
                        "Source": SOURCE,
                        "DetailType": one.detail_type,
                        "Detail": json.dumps(one.detail),
                        "EventBusName": self.name,
                    }
                    for one in every[start : start + EVENTS_AT_ONCE]
                ],
            )
            if answer.get("FailedEntryCount"):
                codes = [str(one["ErrorCode"]) for one in answer.get("Entries", ()) if one.get("ErrorCode")]
                raise AwsError(codes[0] if codes else "FailedEntry")


def _seconds(delay: timedelta) -> int:
    """Whole seconds, rounded up: nothing comes before its time."""
    return max(0, -int(-delay.total_seconds() // 1))
