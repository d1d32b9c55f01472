"""Changes of connections that are under way, in DynamoDB."""

from dataclasses import dataclass
from datetime import UTC, datetime

from publishing.aws.table import CONNECTIONS_SHARD, Item, Table, change_key, due_attributes, seconds, texts
from publishing.connecting.changes import FINISHED_AFTER, Change, Kind


@dataclass(frozen=True, slots=True)
class DynamoDBChanges:
    """One item beside the connection's, there as long as the change is not over."""

    table: Table

    def read(self, team_id: str, user_id: str) -> Change | None:
        """Strongly consistent."""
        item = self.table.get(change_key(team_id, user_id))
        if item is None:
            return None
        return Change(
            team_id=team_id,
            user_id=user_id,
            kind=Kind(item["kind"]["S"]),
            at=datetime.fromisoformat(item["begun_at"]["S"]),
            attempt=item["attempt"]["S"],
            lease_until=datetime.fromtimestamp(float(item["lease_until"]["N"]), UTC),
            grant=item["grant"]["S"] if "grant" in item else "",
            scopes=tuple(one["S"] for one in item["scopes"]["L"]) if "scopes" in item else None,
        )

    def begin(self, change: Change, now: datetime) -> bool:
        """Conditional on nobody's lease. Sent twice because an answer was lost, it finds itself, and has begun."""
        return self.table.write(
            "PutItem",
            Item=_item(change),
            ConditionExpression="attribute_not_exists(pk) OR lease_until <= :now OR #attempt = :attempt",
            ExpressionAttributeNames={"#attempt": "attempt"},
            ExpressionAttributeValues={":now": {"N": seconds(now)}, ":attempt": {"S": change.attempt}},
        )

    def note(self, change: Change) -> None:
        """Conditional on the attempt."""
        self.table.write(
            "PutItem",
            Item=_item(change),
            ConditionExpression="#attempt = :attempt",
            ExpressionAttributeNames={"#attempt": "attempt"},
            ExpressionAttributeValues={":attempt": {"S": change.attempt}},
        )

    def end(self, change: Change) -> None:
        """Conditional on the attempt."""
        self.table.write(
            "DeleteItem",
            Key=change_key(change.team_id, change.user_id),
            ConditionExpression="#attempt = :attempt",
            ExpressionAttributeNames={"#attempt": "attempt"},
            ExpressionAttributeValues={":attempt": {"S": change.attempt}},
        )


def _item(change: Change) -> Item:
    item = {
        **change_key(change.team_id, change.user_id),
        "kind": {"S": change.kind},
        "begun_at": {"S": change.at.isoformat()},
        "attempt": {"S": change.attempt},
        "lease_until": {"N": seconds(change.lease_until)},
        **due_attributes(CONNECTIONS_SHARD, change.lease_until + FINISHED_AFTER),
    }
    if change.grant:
        item["grant"] = {"S": change.grant}
    if change.scopes is not None:
        item["scopes"] = texts(change.scopes)
    return item
