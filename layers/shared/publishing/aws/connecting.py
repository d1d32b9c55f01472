"""Connecting in DynamoDB: the states that were given out, changes under way, the connections' items, what is due."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from publishing.aws.json_api import AwsError, Call
from publishing.aws.readiness import DUE_INDEX
from publishing.connecting.changes import FINISHED_AFTER, Change, Kind
from publishing.connecting.states import PendingState, StateKey
from publishing.connecting.stores import DueConnection
from publishing.teams import Connection, ConnectionStatus

DUE_SHARD = "CONNECTIONS"
"""Of the index of what is due: connections whose list is to be read again, changes that nobody finished."""
ASKED_AT_MOST_EVERY = timedelta(minutes=5)
"""How often a connection's list is asked for out of turn."""
STATES_KEPT = timedelta(hours=1)
"""After their end, so that who comes late is told so."""

_NOT_MET = "ConditionalCheckFailedException"
_PAGE = 100
_CONNECTION, _CHANGE = "CONNECTION#", "CHANGE#"
_SAME = "(attribute_not_exists(connected_at) OR connected_at = :connected_at)"

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """The product's table."""

    call: Call
    name: str

    def get(self, key: Item) -> Mapping[str, Any] | None:
        """The item as it is now."""
        answer = self.call("GetItem", TableName=self.name, Key=key, ConsistentRead=True)
        return answer.get("Item") or None

    def write(self, operation: str, **request: Any) -> bool:
        """Write under a condition; False, and nothing is written, where that is not met."""
        try:
            self.call(operation, TableName=self.name, **request)
        except AwsError as error:
            if error.code == _NOT_MET:
                return False
            raise
        return True


@dataclass(frozen=True, slots=True)
class DynamoDBStates:
    """States under the mark of who asked; removed by time to live."""

    table: Table

    def put(self, state: PendingState) -> None:
        """Keep it for an hour longer than it is good."""
        item = {
            **_state_key(state.key),
            "team_id": {"S": state.team_id},
            "user_id": {"S": state.user_id},
            "good_until": {"N": _seconds(state.expires_at)},
            "expires_at": {"N": str(int((state.expires_at + STATES_KEPT).timestamp()))},
        }
        self.table.call("PutItem", TableName=self.table.name, Item=item)

    def read(self, key: StateKey) -> PendingState | None:
        """Strongly consistent."""
        item = self.table.get(_state_key(key))
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
            Key=_state_key(state.key),
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
            Key=_state_key(key),
            UpdateExpression="SET #done = :done",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeNames={"#done": "done"},
            ExpressionAttributeValues={":done": {"BOOL": True}},
        )


@dataclass(frozen=True, slots=True)
class DynamoDBChanges:
    """One item beside the connection's, there as long as the change is not over."""

    table: Table

    def read(self, team_id: str, user_id: str) -> Change | None:
        """Strongly consistent."""
        item = self.table.get(_key(team_id, f"{_CHANGE}{user_id}"))
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
            Item=_change_item(change),
            ConditionExpression="attribute_not_exists(pk) OR lease_until <= :now OR #attempt = :attempt",
            ExpressionAttributeNames={"#attempt": "attempt"},
            ExpressionAttributeValues={":now": {"N": _seconds(now)}, ":attempt": {"S": change.attempt}},
        )

    def note(self, change: Change) -> None:
        """Conditional on the attempt."""
        self.table.write(
            "PutItem",
            Item=_change_item(change),
            ConditionExpression="#attempt = :attempt",
            ExpressionAttributeNames={"#attempt": "attempt"},
            ExpressionAttributeValues={":attempt": {"S": change.attempt}},
        )

    def end(self, change: Change) -> None:
        """Conditional on the attempt."""
        self.table.write(
            "DeleteItem",
            Key=_key(change.team_id, f"{_CHANGE}{change.user_id}"),
            ConditionExpression="#attempt = :attempt",
            ExpressionAttributeNames={"#attempt": "attempt"},
            ExpressionAttributeValues={":attempt": {"S": change.attempt}},
        )


@dataclass(frozen=True, slots=True)
class DynamoDBConnections:
    """The connections' items, whoever wrote them. What is due is in the table's index."""

    table: Table

    def connected(self, connection: Connection, due_at: datetime) -> None:
        """Replaces the whole item: nothing of an earlier connection stays."""
        item = {
            **_connection_key(connection),
            "status": {"S": connection.status},
            "secret_id": {"S": connection.secret_id},
            "connected_at": {"S": connection.connected_at},
            **_list_attributes(connection),
            **_due(due_at),
        }
        if connection.scopes is not None:
            item["scopes"] = _texts(connection.scopes)
        self.table.call("PutItem", TableName=self.table.name, Item=item)

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
                ":now": {"N": _seconds(now)},
                ":before": {"N": _seconds(now - ASKED_AT_MOST_EVERY)},
                ":active": {"S": ConnectionStatus.ACTIVE},
                ":connected_at": {"S": connection.connected_at},
            },
        )

    def listed(self, connection: Connection, due_at: datetime) -> None:
        """Conditional on it being active, and the same."""
        written = {**_list_attributes(connection), **_due(due_at)}
        self._update(
            connection,
            "SET " + ", ".join(f"{name} = :{name}" for name in written),
            f"#status = :active AND {_SAME}",
            {
                **{f":{name}": value for name, value in written.items()},
                ":active": {"S": ConnectionStatus.ACTIVE},
                ":connected_at": {"S": connection.connected_at},
            },
        )

    def schedule(self, connection: Connection, due_at: datetime) -> None:
        """Conditional on it being active and not scheduled yet."""
        self._update(
            connection,
            "SET due_shard = :due_shard, due_at = :due_at",
            "#status = :active AND attribute_not_exists(due_at)",
            {":active": {"S": ConnectionStatus.ACTIVE}, **{f":{key}": one for key, one in _due(due_at).items()}},
        )

    def unschedule(self, connection: Connection) -> None:
        """Conditional on it not being active."""
        self._update(
            connection, "REMOVE due_shard, due_at", "#status <> :active", {":active": {"S": ConnectionStatus.ACTIVE}}
        )

    def _update(self, connection: Connection, update: str, condition: str, values: Item) -> bool:
        return self.table.write(
            "UpdateItem",
            Key=_connection_key(connection),
            UpdateExpression=update,
            ConditionExpression=f"attribute_exists(pk) AND {condition}",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=values,
        )


@dataclass(frozen=True, slots=True)
class DynamoDBDueConnections:
    """The part of the index of what is due that is about connections, and their queue (SQS)."""

    table: Table
    sqs: Call
    queue_url: str

    def pages(self, now: datetime, size: int = _PAGE) -> Iterator[Sequence[DueConnection]]:
        """The longest due first. The index lags behind a little."""
        request: Item = {
            "TableName": self.table.name,
            "IndexName": DUE_INDEX,
            "KeyConditionExpression": "due_shard = :shard AND due_at <= :now",
            "ExpressionAttributeValues": {":shard": {"S": DUE_SHARD}, ":now": {"N": _seconds(now)}},
            "Limit": size,
        }
        while True:
            answer = self.table.call("Query", **request)
            yield [_due_connection(item) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return
            request = {**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def claim(self, due: DueConnection, now: datetime, again_at: datetime) -> bool:
        """Conditional on it being due still."""
        return self.table.write(
            "UpdateItem",
            Key=_key(due.team_id, f"{_CHANGE if due.unfinished else _CONNECTION}{due.user_id}"),
            UpdateExpression="SET due_at = :again",
            ConditionExpression="due_at <= :now",
            ExpressionAttributeValues={":again": {"N": _seconds(again_at)}, ":now": {"N": _seconds(now)}},
        )

    def send(self, due: DueConnection) -> None:
        """Put the message. Sending it twice does no harm."""
        body = json.dumps({"team_id": due.team_id, "user_id": due.user_id})
        self.sqs("SendMessage", QueueUrl=self.queue_url, MessageBody=body)


def _due_connection(item: Mapping[str, Any]) -> DueConnection:
    kind, _, user_id = str(item["sk"]["S"]).partition("#")
    return DueConnection(str(item["pk"]["S"]).removeprefix("TEAM#"), user_id, unfinished=f"{kind}#" == _CHANGE)


def _change_item(change: Change) -> Item:
    item = {
        **_key(change.team_id, f"{_CHANGE}{change.user_id}"),
        "kind": {"S": change.kind},
        "begun_at": {"S": change.at.isoformat()},
        "attempt": {"S": change.attempt},
        "lease_until": {"N": _seconds(change.lease_until)},
        **_due(change.lease_until + FINISHED_AFTER),
    }
    if change.grant:
        item["grant"] = {"S": change.grant}
    if change.scopes is not None:
        item["scopes"] = _texts(change.scopes)
    return item


def _list_attributes(connection: Connection) -> Item:
    attributes: Item = {
        "advertiser_ids": _texts(connection.advertiser_ids),
        "advertiser_names": {"M": {key: {"S": name} for key, name in connection.names.items()}},
        "disabled_advertiser_ids": _texts(sorted(connection.disabled)),
    }
    if connection.verified_at is not None:
        attributes["verified_at"] = {"S": connection.verified_at}
    return attributes


def _due(at: datetime) -> Item:
    return {"due_shard": {"S": DUE_SHARD}, "due_at": {"N": _seconds(at)}}


def _texts(values: Iterable[str]) -> Item:
    return {"L": [{"S": one} for one in values]}


def _key(team_id: str, sort_key: str) -> Item:
    return {"pk": {"S": f"TEAM#{team_id}"}, "sk": {"S": sort_key}}


def _connection_key(connection: Connection) -> Item:
    return _key(connection.team_id, f"{_CONNECTION}{connection.user_id}")


def _state_key(key: StateKey) -> Item:
    return {"pk": {"S": f"CONNECTING#{key.caller}"}, "sk": {"S": f"STATE#{key.digest}"}}


def _seconds(at: datetime) -> str:
    """To the microsecond, as a number that DynamoDB sorts."""
    return f"{at.astimezone(UTC).timestamp():.6f}"
