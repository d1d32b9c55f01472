"""The queues of looks, in SQS."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta

from publishing.aws.json_api import AwsCall
from publishing.readiness.pacing import LONGEST_HIDING
from publishing.readiness.stores import Outgoing

LONGEST_DELAY = timedelta(minutes=15)
"""Of a message to SQS."""


@dataclass(frozen=True, slots=True)
class SqsQueue:
    """The queue of looks and the urgent one, by their URLs."""

    call: AwsCall
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


def _seconds(delay: timedelta) -> int:
    """Whole seconds, rounded up: nothing comes before its time."""
    return max(0, -int(-delay.total_seconds() // 1))
