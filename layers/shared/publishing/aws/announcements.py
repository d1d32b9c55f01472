"""Which ended connections others were told of, in DynamoDB."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from publishing.aws.table import Item, Table, connection_key, seconds
from publishing.teams import Connection, ConnectionStatus

TELLING = timedelta(minutes=1)
"""How long one worker is left alone with telling of a connection's end."""


@dataclass(frozen=True, slots=True)
class DynamoDBAnnouncements:
    """Noted on the connection itself, for the moment at which it was connected."""

    table: Table

    def begin(self, connection: Connection, now: datetime) -> bool:
        """Conditional: one at a time, and only of a connection that is still ended and that nobody was told of."""
        return self._update(
            connection,
            "SET expiry_telling_until = :until",
            "(attribute_not_exists(expiry_told) OR expiry_told <> :connected_at)"
            " AND (attribute_not_exists(expiry_telling_until) OR expiry_telling_until < :now)",
            {":until": {"N": seconds(now + TELLING)}, ":now": {"N": seconds(now)}},
        )

    def told(self, connection: Connection) -> None:
        """Noted for this connection; connected again it is another one."""
        self._update(connection, "SET expiry_told = :connected_at REMOVE expiry_telling_until", None, {})

    def _update(self, connection: Connection, update: str, condition: str | None, values: Item) -> bool:
        same = "#status = :expired AND connected_at = :connected_at"
        return self.table.write(
            "UpdateItem",
            Key=connection_key(connection.team_id, connection.user_id),
            UpdateExpression=update,
            ConditionExpression=f"{same} AND {condition}" if condition else same,
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={
                ":expired": {"S": ConnectionStatus.EXPIRED},
                ":connected_at": {"S": connection.connected_at},
                **values,
            },
        )
