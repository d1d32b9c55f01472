"""The queues in SQS and the event bus in EventBridge."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from publishing.connections.pending_operation import DueConnection
from publishing.events.schemas import SOURCE, OutboxEvent
from publishing.readiness.check_job import CheckJob, write_job
from publishing.readiness.pacing import MAX_VISIBILITY_TIMEOUT
from publishing.repositories.json_api import AwsCall, AwsError

MAX_DELAY = timedelta(minutes=15)
"""The longest delay of a message that SQS accepts."""
EVENTS_PER_CALL = 10
"""The most events that EventBridge accepts in one call."""


@dataclass(frozen=True, slots=True)
class SqsCheckQueue:
    """The queue of check jobs and the urgent one, by their URLs."""

    call: AwsCall
    url: str
    urgent_url: str

    def send(self, job: CheckJob, *, urgent: bool = False, delay: timedelta = timedelta()) -> None:
        """Send one message. Sending it again does no harm."""
        self.call(
            "SendMessage",
            QueueUrl=self.urgent_url if urgent else self.url,
            MessageBody=write_job(job),
            DelaySeconds=_seconds(min(delay, MAX_DELAY)),
        )

    def waiting(self) -> int:
        """Count messages that are visible, delayed or in flight, as SQS approximates it."""
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesDelayed",
            "ApproximateNumberOfMessagesNotVisible",
        ]
        answer = self.call("GetQueueAttributes", QueueUrl=self.url, AttributeNames=names)
        return sum(int(number) for number in answer.get("Attributes", {}).values())

    def change_visibility(self, receipt: str, delay: timedelta, *, urgent: bool) -> None:
        """Set the message's visibility timeout, counted from now."""
        self.call(
            "ChangeMessageVisibility",
            QueueUrl=self.urgent_url if urgent else self.url,
            ReceiptHandle=receipt,
            VisibilityTimeout=_seconds(min(delay, MAX_VISIBILITY_TIMEOUT)),
        )


@dataclass(frozen=True, slots=True)
class SqsRefreshQueue:
    """The queue of connection refreshes."""

    call: AwsCall
    url: str

    def send(self, due: DueConnection) -> None:
        """Send one message. Sending it again does no harm."""
        body = json.dumps({"team_id": due.team_id, "user_id": due.user_id})
        self.call("SendMessage", QueueUrl=self.url, MessageBody=body)


@dataclass(frozen=True, slots=True)
class EventBridgeBus:
    """The project's event bus."""

    call: AwsCall
    name: str

    def publish(self, events: Iterable[OutboxEvent]) -> None:
        """Put events, ten in one call.

        Raises:
            AwsError: the bus did not accept an event; all are to be sent again, with the same ids.
        """
        every = list(events)
        for start in range(0, len(every), EVENTS_PER_CALL):
            answer = self.call(
                "PutEvents",
                Entries=[
                    {
                        "Source": SOURCE,
                        "DetailType": one.detail_type,
                        "Detail": json.dumps(one.detail),
                        "EventBusName": self.name,
                    }
                    for one in every[start : start + EVENTS_PER_CALL]
                ],
            )
            if answer.get("FailedEntryCount"):
                codes = [str(one["ErrorCode"]) for one in answer.get("Entries", ()) if one.get("ErrorCode")]
                raise AwsError(codes[0] if codes else "FailedEntry")


def _seconds(delay: timedelta) -> int:
    """Return whole seconds, rounded up: no message comes early."""
    return max(0, -int(-delay.total_seconds() // 1))
