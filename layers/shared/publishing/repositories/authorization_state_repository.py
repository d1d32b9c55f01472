"""The ``state`` values of connecting, in DynamoDB."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from publishing.connections.authorize import AuthorizationState, Handle, StateKey
from publishing.repositories.table import Item, Table, seconds

KEPT_AFTER_EXPIRY = timedelta(hours=1)
"""So that a late return gets the answer "expired" rather than "invalid", and handles outlive their state."""


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
            expires_at=_moment(item["good_until"]),
            auth_code=SecretStr(item["auth_code"]["S"]) if "auth_code" in item else None,
            handle_digest=item["handle"]["S"] if "handle" in item else None,
            handle_expires_at=_moment(item["handle_until"]) if "handle_until" in item else None,
            closed="done" in item,
            connected_at=item["connected_at"]["S"] if "connected_at" in item else None,
        )

    def keep_code(self, handle: Handle, auth_code: SecretStr, until: datetime) -> bool:
        """Conditional on the state being open and on no other code being stored."""
        return self.table.write(
            "UpdateItem",
            Key=_key(handle.key),
            UpdateExpression="SET auth_code = :auth_code, #handle = :handle, handle_until = :until, expires_at = :gone",
            ConditionExpression=(
                "attribute_exists(pk) AND attribute_not_exists(#done)"
                " AND (attribute_not_exists(auth_code) OR auth_code = :auth_code)"
            ),
            ExpressionAttributeNames={"#handle": "handle", "#done": "done"},
            ExpressionAttributeValues={
                ":auth_code": {"S": auth_code.get_secret_value()},
                ":handle": {"S": handle.digest},
                ":until": {"N": seconds(until)},
                ":gone": {"N": str(int(until.timestamp()))},  # the code with it
            },
        )

    def close(self, key: StateKey, connected_at: str | None = None) -> None:
        """Keep the item without the code until it expires: a second use must differ from a forged state."""
        made = {} if connected_at is None else {":connected_at": {"S": connected_at}}
        self.table.write(
            "UpdateItem",
            Key=_key(key),
            UpdateExpression=f"SET #done = :done{', connected_at = :connected_at' if made else ''} REMOVE auth_code",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeNames={"#done": "done"},
            ExpressionAttributeValues={":done": {"BOOL": True}, **made},
        )


def _moment(attribute: Item) -> datetime:
    return datetime.fromtimestamp(float(attribute["N"]), UTC)


def _key(key: StateKey) -> Item:
    return {"pk": {"S": f"CONNECTING#{key.owner}"}, "sk": {"S": f"STATE#{key.digest}"}}
