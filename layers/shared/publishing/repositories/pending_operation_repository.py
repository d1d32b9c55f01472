"""Pending operations on connections, in DynamoDB."""

from dataclasses import dataclass
from datetime import UTC, datetime

from publishing.connections.pending_operation import RECOVERY_DELAY, OperationKind, PendingOperation
from publishing.repositories.table import (
    CONNECTIONS_SHARD,
    Item,
    Table,
    due_attributes,
    operation_key,
    seconds,
    string_list,
)


@dataclass(frozen=True, slots=True)
class DynamoDBPendingOperationRepository:
    """One item beside the connection's, which exists while the operation is unfinished."""

    table: Table

    def read(self, team_id: str, user_id: str) -> PendingOperation | None:
        """Read strongly consistent."""
        item = self.table.get(operation_key(team_id, user_id))
        if item is None:
            return None
        return PendingOperation(
            team_id=team_id,
            user_id=user_id,
            kind=OperationKind(item["kind"]["S"]),
            started_at=datetime.fromisoformat(item["begun_at"]["S"]),
            attempt=item["attempt"]["S"],
            lease_until=datetime.fromtimestamp(float(item["lease_until"]["N"]), UTC),
            secret_version=item["grant"]["S"] if "grant" in item else "",
            scopes=tuple(one["S"] for one in item["scopes"]["L"]) if "scopes" in item else None,
        )

    def begin(self, operation: PendingOperation, now: datetime) -> bool:
        """Conditional on no lease of another attempt. If the request is sent twice, the second also succeeds."""
        return self.table.write(
            "PutItem",
            Item=_item(operation),
            ConditionExpression="attribute_not_exists(pk) OR lease_until <= :now OR #attempt = :attempt",
            ExpressionAttributeNames={"#attempt": "attempt"},
            ExpressionAttributeValues={":now": {"N": seconds(now)}, ":attempt": {"S": operation.attempt}},
        )

    def update(self, operation: PendingOperation) -> None:
        """Conditional on the attempt."""
        self.table.write(
            "PutItem",
            Item=_item(operation),
            ConditionExpression="#attempt = :attempt",
            ExpressionAttributeNames={"#attempt": "attempt"},
            ExpressionAttributeValues={":attempt": {"S": operation.attempt}},
        )

    def delete(self, operation: PendingOperation) -> None:
        """Conditional on the attempt."""
        self.table.write(
            "DeleteItem",
            Key=operation_key(operation.team_id, operation.user_id),
            ConditionExpression="#attempt = :attempt",
            ExpressionAttributeNames={"#attempt": "attempt"},
            ExpressionAttributeValues={":attempt": {"S": operation.attempt}},
        )


def _item(operation: PendingOperation) -> Item:
    item = {
        **operation_key(operation.team_id, operation.user_id),
        "kind": {"S": operation.kind},
        "begun_at": {"S": operation.started_at.isoformat()},
        "attempt": {"S": operation.attempt},
        "lease_until": {"N": seconds(operation.lease_until)},
        **due_attributes(CONNECTIONS_SHARD, operation.lease_until + RECOVERY_DELAY),
    }
    if operation.secret_version:
        item["grant"] = {"S": operation.secret_version}
    if operation.scopes is not None:
        item["scopes"] = string_list(operation.scopes)
    return item
