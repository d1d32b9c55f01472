"""The states of connecting in DynamoDB."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from publishing.aws.table import Item, Table, seconds
from publishing.connecting.states import PendingState, StateKey

STATES_KEPT = timedelta(hours=1)
"""After their end, so that who comes late is told so."""


@dataclass(frozen=True, slots=True)
class DynamoDBStates:
    """States under the mark of who asked; removed by time to live."""

    table: Table

    def put(self, state: PendingState) -> None:
        """Keep it for an hour longer than it is good."""
        item = {
            **_key(state.key),
            "team_id": {"S": state.team_id},
            "user_id": {"S": state.user_id},
            "good_until": {"N": seconds(state.expires_at)},
            "expires_at": {"N": str(int((state.expires_at + STATES_KEPT).timestamp()))},
        }
        self.table.do("PutItem", Item=item)

    def read(self, key: StateKey) -> PendingState | None:
        """Strongly consistent."""
        item = self.table.get(_key(key))
        if item is None:
            return None
        return PendingState(
            key=key,
            team_id=item["team_id"]["S"],
            user_id=item["user_id"]["S"],
            expires_at=datetime.fromtimestamp(float(item["good_until"]["N"]), UTC),
            code=item["code"]["S"] if "code" in item else None,
            done="done" in item,
        )

    def take(self, state: PendingState) -> bool:
        """Conditional on no other code having come with it."""
        return self.table.write(
            "UpdateItem",
            Key=_key(state.key),
            UpdateExpression="SET #code = :code",
            ConditionExpression=(
                "attribute_exists(pk) AND attribute_not_exists(#done)"
                " AND (attribute_not_exists(#code) OR #code = :code)"
            ),
            ExpressionAttributeNames={"#code": "code", "#done": "done"},
            ExpressionAttributeValues={":code": {"S": state.code or ""}},
        )

    def done(self, key: StateKey) -> None:
        """Noted on the state, which stays until its end to tell a second use apart from a forged one."""
        self.table.write(
            "UpdateItem",
            Key=_key(key),
            UpdateExpression="SET #done = :done",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeNames={"#done": "done"},
            ExpressionAttributeValues={":done": {"BOOL": True}},
        )


def _key(key: StateKey) -> Item:
    return {"pk": {"S": f"CONNECTING#{key.caller}"}, "sk": {"S": f"STATE#{key.digest}"}}
