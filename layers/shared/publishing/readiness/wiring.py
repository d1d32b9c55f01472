"""The real stores of readiness; made once, in Init."""

import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

from publishing.aws.connecting import DynamoDBConnections, DynamoDBDueConnections, Table
from publishing.aws.json_api import DYNAMODB, EVENTBRIDGE, SQS, JsonApi
from publishing.aws.messaging import EventBridgeBus, SqsQueue
from publishing.aws.readiness import DynamoDBAnnouncements, DynamoDBRecords, DynamoDBRuns
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
        dynamodb, sqs, events = (
            JsonApi.from_environment(service, os.environ, context) for service in (DYNAMODB, SQS, EVENTBRIDGE)
        )
        table = required(os.environ, "TABLE_NAME")
        queues = QueueSettings.from_environment(os.environ)
        return cls(
            teams=DynamoDBTeams(dynamodb.call, table),
            records=DynamoDBRecords(dynamodb.call, table),
            runs=DynamoDBRuns(dynamodb.call, table),
            announcements=DynamoDBAnnouncements(dynamodb.call, table),
            connections=DynamoDBConnections(Table(dynamodb.call, table)),
            queue=SqsQueue(sqs.call, queues.url, queues.urgent_url),
            bus=EventBridgeBus(events.call, required(os.environ, "EVENT_BUS_NAME")),
            cadence=cadence_from_environment(os.environ),
            queues=queues,
        )


def due_connections_from_environment(context: ssl.SSLContext) -> DynamoDBDueConnections:
    """Those of the sweep.

    Raises:
        SettingsError: a variable is absent or unusable.
    """
    dynamodb, sqs = (JsonApi.from_environment(service, os.environ, context) for service in (DYNAMODB, SQS))
    table = Table(dynamodb.call, required(os.environ, "TABLE_NAME"))
    return DynamoDBDueConnections(table, sqs.call, required(os.environ, "CONNECTION_QUEUE_URL"))


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)
