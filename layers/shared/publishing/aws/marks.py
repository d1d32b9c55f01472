"""Marks on connections in DynamoDB."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from publishing.aws.table import connection_key
from publishing.teams import Connection, ConnectionStatus

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class DynamoDBMarks:
    """Marks on the connection items of the product's table; ``client`` is made at the first mark."""

    client: Callable[[], "DynamoDBClient"]
    table: str

    def expired(self, connection: Connection) -> None:
        """Set the status to ``expired``; nothing else is touched and nothing is deleted.

        Conditional on the connection being the one that was used: who has connected again meanwhile stays active.
        """
        dynamodb = self.client()
        try:
            dynamodb.update_item(
                TableName=self.table,
                Key=connection_key(connection.team_id, connection.user_id),
                UpdateExpression="SET #status = :expired",
                ConditionExpression="#status = :active AND connected_at = :connected_at AND secret_id = :secret_id",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":expired": {"S": ConnectionStatus.EXPIRED},
                    ":active": {"S": ConnectionStatus.ACTIVE},
                    ":connected_at": {"S": connection.connected_at},
                    ":secret_id": {"S": connection.secret_id},
                },
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return
