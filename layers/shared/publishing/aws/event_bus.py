"""The event bus, in EventBridge."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from publishing.aws.json_api import AwsCall, AwsError
from publishing.readiness.events import SOURCE
from publishing.readiness.record import OutgoingEvent

EVENTS_AT_ONCE = 10
"""What EventBridge takes in one call."""


@dataclass(frozen=True, slots=True)
class EventBridgeBus:
    """The project's event bus."""

    call: AwsCall
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
