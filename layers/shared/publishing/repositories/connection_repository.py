"""Connections in DynamoDB: the items of everybody who has connected TikTok, whoever wrote them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from publishing.connections.pending_operation import DueConnection
from publishing.repositories.table import (
    CONNECTIONS_SHARD,
    Item,
    Table,
    connection_key,
    due_attributes,
    operation_key,
    seconds,
    string_list,
)
from publishing.teams import Connection, ConnectionStatus

OWN_REFRESH_INTERVAL = timedelta(minutes=5)
"""Minimum time between two refreshes of a connection's list outside the schedule."""
NOTIFICATION_LEASE = timedelta(minutes=1)
"""How long one worker has for publishing a connection's expiry."""

_SAME = "(attribute_not_exists(connected_at) OR connected_at = :connected_at)"
_NOT_NEWER = "(attribute_not_exists(verified_at) OR verified_at <= :verified_at)"


@dataclass(frozen=True, slots=True)
class DynamoDBConnectionRepository:
    """One item for each connection. What is due is in the table's index.

    Writes are conditional on ``connected_at``, since a person who has connected again has another connection. ``save``
    replaces the item in any case; the claims and the schedule of refreshes have conditions of their own.
    """

    table: Table

    def save(self, connection: Connection, due_at: datetime) -> None:
        """Replace the whole item."""
        item = {
            **connection_key(connection.team_id, connection.user_id),
            "status": {"S": connection.status},
            "secret_id": {"S": connection.secret_id},
            "connected_at": {"S": connection.connected_at},
            **_list_attributes(connection),
            **due_attributes(CONNECTIONS_SHARD, due_at),
        }
        if connection.scopes is not None:
            item["scopes"] = string_list(connection.scopes)
        if connection.secret_version is not None:
            item["secret_version"] = {"S": connection.secret_version}
        self.table.do("PutItem", Item=item)

    def mark_expired(self, connection: Connection) -> None:
        """Set ``status`` alone, if the connection is still active and has the same secret."""
        self._update(
            connection,
            "SET #status = :expired",
            "#status = :active AND connected_at = :connected_at AND secret_id = :secret_id",
            {
                **_connected_at(connection),
                ":expired": {"S": ConnectionStatus.EXPIRED},
                ":active": {"S": ConnectionStatus.ACTIVE},
                ":secret_id": {"S": connection.secret_id},
            },
        )

    def mark_revoked(self, connection: Connection) -> None:
        """Set ``status`` and remove the connection from the index of what is due."""
        self._update(
            connection,
            "SET #status = :revoked REMOVE due_shard, due_at",
            _SAME,
            {**_connected_at(connection), ":revoked": {"S": ConnectionStatus.REVOKED}},
        )

    def save_list(self, connection: Connection, due_at: datetime) -> None:
        """Write the list, if the connection is active and no newer list is stored."""
        written = {**_list_attributes(connection), **due_attributes(CONNECTIONS_SHARD, due_at)}
        self._update(
            connection,
            "SET " + ", ".join(f"{name} = :{name}" for name in written),
            f"#status = :active AND {_SAME}" + (f" AND {_NOT_NEWER}" if "verified_at" in written else ""),
            {
                **_connected_at(connection),
                **{f":{name}": value for name, value in written.items()},
                ":active": {"S": ConnectionStatus.ACTIVE},
            },
        )

    def claim_own_refresh(self, connection: Connection, now: datetime) -> bool:
        """Conditional on the last such refresh, so that exactly one of many concurrent requests gets it."""
        return self._update(
            connection,
            "SET listing_asked_at = :now",
            f"#status = :active AND {_SAME}"
            " AND (attribute_not_exists(listing_asked_at) OR listing_asked_at <= :before)",
            {
                **_connected_at(connection),
                ":now": {"N": seconds(now)},
                ":before": {"N": seconds(now - OWN_REFRESH_INTERVAL)},
                ":active": {"S": ConnectionStatus.ACTIVE},
            },
        )

    def schedule_refresh(self, connection: Connection, due_at: datetime) -> None:
        """Conditional on the connection being active and not scheduled."""
        self._update(
            connection,
            "SET due_shard = :due_shard, due_at = :due_at",
            "#status = :active AND attribute_not_exists(due_at)",
            {":active": {"S": ConnectionStatus.ACTIVE}, **_due_values(due_at)},
        )

    def postpone_refresh(self, connection: Connection, due_at: datetime) -> None:
        """Conditional on the connection being active; the list stays as it is."""
        self._update(
            connection,
            "SET due_shard = :due_shard, due_at = :due_at",
            f"#status = :active AND {_SAME}",
            {**_connected_at(connection), ":active": {"S": ConnectionStatus.ACTIVE}, **_due_values(due_at)},
        )

    def cancel_refresh(self, connection: Connection) -> None:
        """Conditional on the connection not being active."""
        self._update(
            connection, "REMOVE due_shard, due_at", "#status <> :active", {":active": {"S": ConnectionStatus.ACTIVE}}
        )

    def due(self, now: datetime, page_size: int) -> Iterator[Sequence[DueConnection]]:
        """Read the shard of connections in the index, which also holds unfinished operations."""
        for items in self.table.due(CONNECTIONS_SHARD, now, page_size):
            yield [_due_connection(item) for item in items]

    def claim_due(self, due: DueConnection, now: datetime, again_at: datetime) -> bool:
        """Conditional on it still being due."""
        return self.table.write(
            "UpdateItem",
            Key=(operation_key if due.unfinished else connection_key)(due.team_id, due.user_id),
            UpdateExpression="SET due_at = :again",
            ConditionExpression="due_at <= :now",
            ExpressionAttributeValues={":again": {"N": seconds(again_at)}, ":now": {"N": seconds(now)}},
        )

    def begin_expiry_notification(self, connection: Connection, now: datetime) -> bool:
        """Take a lease of ``NOTIFICATION_LEASE``, if the connection is expired and its expiry was not published."""
        return self._update(
            connection,
            "SET expiry_telling_until = :until",
            "#status = :expired AND connected_at = :connected_at"
            " AND (attribute_not_exists(expiry_told) OR expiry_told <> :connected_at)"
            " AND (attribute_not_exists(expiry_telling_until) OR expiry_telling_until < :now)",
            {
                **_connected_at(connection),
                ":expired": {"S": ConnectionStatus.EXPIRED},
                ":until": {"N": seconds(now + NOTIFICATION_LEASE)},
                ":now": {"N": seconds(now)},
            },
        )

    def finish_expiry_notification(self, connection: Connection) -> None:
        """Record the notification for this ``connected_at``: connected again, it is another connection."""
        self._update(
            connection,
            "SET expiry_told = :connected_at REMOVE expiry_telling_until",
            "#status = :expired AND connected_at = :connected_at",
            {**_connected_at(connection), ":expired": {"S": ConnectionStatus.EXPIRED}},
        )

    def _update(self, connection: Connection, update: str, condition: str, values: Item) -> bool:
        return self.table.write(
            "UpdateItem",
            Key=connection_key(connection.team_id, connection.user_id),
            UpdateExpression=update,
            ConditionExpression=f"attribute_exists(pk) AND {condition}",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=values,
        )


def _connected_at(connection: Connection) -> Item:
    return {":connected_at": {"S": connection.connected_at}}


def _due_values(due_at: datetime) -> Item:
    return {f":{name}": value for name, value in due_attributes(CONNECTIONS_SHARD, due_at).items()}


def _due_connection(item: Mapping[str, Any]) -> DueConnection:
    kind, _, user_id = str(item["sk"]["S"]).partition("#")
    return DueConnection(str(item["pk"]["S"]).removeprefix("CONNECTIONS#"), user_id, unfinished=kind == "CHANGE")


def _list_attributes(connection: Connection) -> Item:
    attributes: Item = {
        "advertiser_ids": string_list(connection.advertiser_ids),
        "advertiser_names": {"M": {key: {"S": name} for key, name in connection.names.items()}},
        "disabled_advertiser_ids": string_list(sorted(connection.disabled)),
    }
    if connection.verified_at is not None:
        attributes["verified_at"] = {"S": connection.verified_at}
    return attributes
