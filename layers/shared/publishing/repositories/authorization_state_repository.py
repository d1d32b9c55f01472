"""The ``state`` values of connecting, in DynamoDB."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from publishing.connections.authorize import AuthorizationState, StateKey
from publishing.repositories.table import Item, Table, seconds

KEPT_AFTER_EXPIRY = timedelta(hours=1)
"""So that a late return gets the answer "expired" rather than "invalid"."""


@dataclass(frozen=True, slots=True)
class DynamoDBAuthorizationStateRepository:
    """States under the hash of the person who asked; removed by time to live."""

    table: Table

    def save(self, state: AuthorizationState) -> None:
        """Store it until ``KEPT_AFTER_EXPIRY`` after it expires."""
        item = {
            **_key(state.key),
            "team_id": {"S": state.team_id},
            "user_id": {"S": state.user_id},
            "good_until": {"N": seconds(state.expires_at)},
            "expires_at": {"N": str(int((state.expires_at + KEPT_AFTER_EXPIRY).timestamp()))},
        }
        self.table.do("PutItem", Item=item)

    def read(self, key: StateKey) -> AuthorizationState | None:
        """Read strongly consistent."""
        item = self.table.get(_key(key))
        if item is None:
            return None
        return AuthorizationState(
            key=key,
            team_id=item["team_id"]["S"],
            user_id=item["user_id"]["S"],
            expires_at=datetime.fromtimestamp(float(item["good_until"]["N"]), UTC),
            code_digest=item["code"]["S"] if "code" in item else None,
            closed="done" in item,
        )

    def claim(self, state: AuthorizationState) -> bool:
        """Conditional on no other code being stored."""
        return self.table.write(
            "UpdateItem",
            Key=_key(state.key),
            UpdateExpression="SET #code = :code",
            ConditionExpression=(
                "attribute_exists(pk) AND attribute_not_exists(#done)"
                " AND (attribute_not_exists(#code) OR #code = :code)"
            ),
            ExpressionAttributeNames={"#code": "code", "#done": "done"},
            ExpressionAttributeValues={":code": {"S": state.code_digest or ""}},
        )

    def close(self, key: StateKey) -> None:
        """Keep the item until it expires: a second use must differ from a forged state."""
        self.table.write(
            "UpdateItem",
            Key=_key(key),
            UpdateExpression="SET #done = :done",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeNames={"#done": "done"},
            ExpressionAttributeValues={":done": {"BOOL": True}},
        )


def _key(key: StateKey) -> Item:
    return {"pk": {"S": f"CONNECTING#{key.owner}"}, "sk": {"S": f"STATE#{key.digest}"}}
