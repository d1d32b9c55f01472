"""The real stores of readiness; made once, in Init."""

import os
import ssl
from dataclasses import dataclass

from publishing.aws.announcements import DynamoDBAnnouncements
from publishing.aws.connections import DynamoDBConnections
from publishing.aws.event_bus import EventBridgeBus
from publishing.aws.json_api import EVENTBRIDGE, SQS, JsonApi
from publishing.aws.look_queue import SqsQueue
from publishing.aws.records import DynamoDBRecords
from publishing.aws.runs import DynamoDBRuns
from publishing.aws.table import Table
from publishing.aws.teams import DynamoDBTeams
from publishing.environment import required
from publishing.readiness.cadence import Cadence
from publishing.readiness.settings import QueueSettings, cadence_from_environment


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything outside the process but TikTok and its tokens. For one thread."""

    teams: DynamoDBTeams
    records: DynamoDBRecords
    runs: DynamoDBRuns
    announcements: DynamoDBAnnouncements
    connections: DynamoDBConnections
    queue: SqsQueue
    bus: EventBridgeBus
    cadence: Cadence
    queues: QueueSettings

    @classmethod
    def from_environment(cls, context: ssl.SSLContext) -> "Stores":
        """Those that the function's environment names, reached with ``context``.

        Raises:
            SettingsError: a variable is absent or unusable.
        """
        table = Table.from_environment(os.environ, context)
        sqs, events = (JsonApi.from_environment(service, os.environ, context) for service in (SQS, EVENTBRIDGE))
        queues = QueueSettings.from_environment(os.environ)
        return cls(
            teams=DynamoDBTeams(table),
            records=DynamoDBRecords(table),
            runs=DynamoDBRuns(table),
            announcements=DynamoDBAnnouncements(table),
            connections=DynamoDBConnections(table),
            queue=SqsQueue(sqs.call, queues.url, queues.urgent_url),
            bus=EventBridgeBus(events.call, required(os.environ, "EVENT_BUS_NAME")),
            cadence=cadence_from_environment(os.environ),
            queues=queues,
        )
