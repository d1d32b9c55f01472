"""Connections in DynamoDB, as connecting writes them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from publishing.aws.table import CONNECTIONS_SHARD, Item, Table, connection_key, due_attributes, seconds, texts
from publishing.teams import Connection, ConnectionStatus

ASKED_AT_MOST_EVERY = timedelta(minutes=5)
"""How often a connection's list is refreshed out of turn."""

_SAME = "(attribute_not_exists(connected_at) OR connected_at = :connected_at)"
_NOT_YOUNGER = "(attribute_not_exists(verified_at) OR verified_at <= :verified_at)"


@dataclass(frozen=True, slots=True)
class DynamoDBConnections:
    """The connections' items, whoever wrote them. What is due is in the table's index."""

    table: Table

    def connected(self, connection: Connection, due_at: datetime) -> None:
        """Replaces the whole item: nothing of an earlier connection stays."""
        item = {
            **connection_key(connection.team_id, connection.user_id),
            "status": {"S": connection.status},
            "secret_id": {"S": connection.secret_id},
            "connected_at": {"S": connection.connected_at},
            **_list_attributes(connection),
            **due_attributes(CONNECTIONS_SHARD, due_at),
        }
        if connection.scopes is not None:
            item["scopes"] = texts(connection.scopes)
        self.table.do("PutItem", Item=item)

    def revoked(self, connection: Connection) -> None:
        """Its list is not read any more either."""
        self._update(
            connection,
            "SET #status = :revoked REMOVE due_shard, due_at",
            _SAME,
            {":revoked": {"S": ConnectionStatus.REVOKED}, ":connected_at": {"S": connection.connected_at}},
        )

    def claim_refresh(self, connection: Connection, now: datetime) -> bool:
        """Conditional on the last time, so that of many at once one asks."""
        return self._update(
            connection,
            "SET listing_asked_at = :now",
            f"#status = :active AND {_SAME}"
            " AND (attribute_not_exists(listing_asked_at) OR listing_asked_at <= :before)",
            {
                ":now": {"N": seconds(now)},
                ":before": {"N": seconds(now - ASKED_AT_MOST_EVERY)},
                ":active": {"S": ConnectionStatus.ACTIVE},
                ":connected_at": {"S": connection.connected_at},
            },
        )

    def listed(self, connection: Connection, due_at: datetime) -> None:
        """Conditional on it being active, and the same, and on its list not having been asked for later."""
        written = {**_list_attributes(connection), **due_attributes(CONNECTIONS_SHARD, due_at)}
        self._update(
            connection,
            "SET " + ", ".join(f"{name} = :{name}" for name in written),
            f"#status = :active AND {_SAME}" + (f" AND {_NOT_YOUNGER}" if "verified_at" in written else ""),
            {
                **{f":{name}": value for name, value in written.items()},
                ":active": {"S": ConnectionStatus.ACTIVE},
                ":connected_at": {"S": connection.connected_at},
            },
        )

    def put_off(self, connection: Connection, due_at: datetime) -> None:
        """Conditional on it being active, and the same. What another wrote meanwhile stays."""
        self._update(
            connection,
            "SET due_shard = :due_shard, due_at = :due_at",
            f"#status = :active AND {_SAME}",
            {
                ":active": {"S": ConnectionStatus.ACTIVE},
                ":connected_at": {"S": connection.connected_at},
                **_due_values(due_at),
            },
        )

    def schedule(self, connection: Connection, due_at: datetime) -> None:
        """Conditional on it being active and not scheduled yet."""
        self._update(
            connection,
            "SET due_shard = :due_shard, due_at = :due_at",
            "#status = :active AND attribute_not_exists(due_at)",
            {
                ":active": {"S": ConnectionStatus.ACTIVE},
                **_due_values(due_at),
            },
        )

    def unschedule(self, connection: Connection) -> None:
        """Conditional on it not being active."""
        self._update(
            connection, "REMOVE due_shard, due_at", "#status <> :active", {":active": {"S": ConnectionStatus.ACTIVE}}
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


def _due_values(due_at: datetime) -> Item:
    return {f":{name}": value for name, value in due_attributes(CONNECTIONS_SHARD, due_at).items()}


def _list_attributes(connection: Connection) -> Item:
    attributes: Item = {
        "advertiser_ids": texts(connection.advertiser_ids),
        "advertiser_names": {"M": {key: {"S": name} for key, name in connection.names.items()}},
        "disabled_advertiser_ids": texts(sorted(connection.disabled)),
    }
    if connection.verified_at is not None:
        attributes["verified_at"] = {"S": connection.verified_at}
    return attributes
