"""The connections that are due, in DynamoDB's index, and the queue of their worker (SQS)."""

import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from publishing.aws.json_api import SQS, AwsCall, JsonApi
from publishing.aws.table import CONNECTIONS_SHARD, Table, change_key, connection_key, seconds
from publishing.connecting.stores import DueConnection
from publishing.environment import required


@dataclass(frozen=True, slots=True)
class DynamoDBDueConnections:
    """A shard of the table's index of what is due, and a queue by its URL."""

    table: Table
    sqs: AwsCall
    queue_url: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], context: ssl.SSLContext) -> "DynamoDBDueConnections":
        """Those of the table that ``TABLE_NAME`` names, and the queue at ``CONNECTION_QUEUE_URL``.

        Raises:
            SettingsError: a variable is absent or unusable.
        """
        sqs = JsonApi.from_environment(SQS, environment, context)
        return cls(
            Table.from_environment(environment, context), sqs.call, required(environment, "CONNECTION_QUEUE_URL")
        )

    def pages(self, now: datetime, size: int) -> Iterator[Sequence[DueConnection]]:
        """The longest due first. The index lags behind a little."""
        for items in self.table.due(CONNECTIONS_SHARD, now, size):
            yield [_due_connection(item) for item in items]

    def claim(self, due: DueConnection, now: datetime, again_at: datetime) -> bool:
        """Conditional on it being due still."""
        return self.table.write(
            "UpdateItem",
            Key=(change_key if due.unfinished else connection_key)(due.team_id, due.user_id),
            UpdateExpression="SET due_at = :again",
            ConditionExpression="due_at <= :now",
            ExpressionAttributeValues={":again": {"N": seconds(again_at)}, ":now": {"N": seconds(now)}},
        )

    def send(self, due: DueConnection) -> None:
        """Put the message. Sending it twice does no harm."""
        body = json.dumps({"team_id": due.team_id, "user_id": due.user_id})
        self.sqs("SendMessage", QueueUrl=self.queue_url, MessageBody=body)


def _due_connection(item: Mapping[str, Any]) -> DueConnection:
    kind, _, user_id = str(item["sk"]["S"]).partition("#")
    return DueConnection(str(item["pk"]["S"]).removeprefix("TEAM#"), user_id, unfinished=kind == "CHANGE")
