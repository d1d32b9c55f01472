"""Readiness in DynamoDB: records and the index of those that are due, the accounts of sweeps, announcements."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from publishing.aws.json_api import AwsError, Call
from publishing.readiness.codec import from_text, moment, to_text
from publishing.readiness.record import Record
from publishing.readiness.stores import Run
from publishing.teams import Connection, ConnectionStatus

DUE_INDEX = "due"
"""The table's index of records: by ``due_shard``, then ``due_at``, in seconds since the epoch."""
RUNS_KEPT = timedelta(days=7)
RECORDS_KEPT = timedelta(days=90)
"""After the last use and the last look that could verify anything: nobody has the advertiser any more."""
TELLING = timedelta(minutes=1)
"""How long one worker is left alone with telling of a connection's end."""

_NOT_MET = "ConditionalCheckFailedException"
_PAGE = 100
_RUNS = "SWEEP"


@dataclass(frozen=True, slots=True)
class DynamoDBRecords:
    """Records in the product's table."""

    call: Call
    table: str

    def read(self, team_id: str, advertiser_id: str) -> Record | None:
        """Strongly consistent."""
        answer = self.call("GetItem", TableName=self.table, Key=_key(team_id, advertiser_id), ConsistentRead=True)
        return _record(answer["Item"]) if answer.get("Item") else None

    def write(self, record: Record) -> Record | None:
        """Conditional on the revision.

        Where AWS's answer was lost and the write was sent again, the second finds the first and is None too.
        """
        next_one = replace(record, revision=record.revision + 1)
        condition = {
            "ConditionExpression": "revision = :revision",
            "ExpressionAttributeValues": {":revision": {"N": str(record.revision)}},
        }
        if record.revision == 0:
            condition = {"ConditionExpression": "attribute_not_exists(pk)"}
        try:
            self.call("PutItem", TableName=self.table, Item=_item(next_one), **condition)
        except AwsError as error:
            if error.code == _NOT_MET:
                return None
            raise
        return next_one

    def due(self, shard: str, before: datetime, page: int = _PAGE) -> Iterator[Sequence[tuple[str, str]]]:
        """From the index, which lags behind a little: read a record before you rely on it."""
        request: dict[str, Any] = {
            "TableName": self.table,
            "IndexName": DUE_INDEX,
            "KeyConditionExpression": "due_shard = :shard AND due_at <= :before",
            "ExpressionAttributeValues": {":shard": {"S": shard}, ":before": {"N": _seconds(before)}},
            "Limit": page,
        }
        for items in self._pages(request):
            yield [(_team_of(item), _advertiser_of(item)) for item in items]

    def of_team(self, team_id: str) -> Sequence[Record]:
        """One query; strongly consistent, so that a preflight's refresh is seen at once."""
        request: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "pk = :team AND begins_with(sk, :advertiser)",
            "ExpressionAttributeValues": {
                ":team": {"S": f"READINESS#{team_id}"},
                ":advertiser": {"S": "ADVERTISER#"},
            },
            "ConsistentRead": True,
        }
        return [_record(item) for items in self._pages(request) for item in items]

    def _pages(self, request: dict[str, Any]) -> Iterator[Sequence[Mapping[str, Any]]]:
        while True:
            answer = self.call("Query", **request)
            yield answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request = {**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]}


@dataclass(frozen=True, slots=True)
class DynamoDBRuns:
    """The accounts of sweeps, kept for a week."""

    call: Call
    table: str

    def before(self, name: str) -> Run | None:
        """The last account before this one."""
        answer = self.call(
            "Query",
            TableName=self.table,
            KeyConditionExpression="pk = :runs AND sk < :name",
            ExpressionAttributeValues={":runs": {"S": _RUNS}, ":name": {"S": f"RUN#{name}"}},
            ScanIndexForward=False,
            Limit=1,
        )
        for item in answer["Items"]:
            numbers = {one: int(item[one]["N"]) for one in ("queued", "verified", "unverified") if one in item}
            return Run(item["sk"]["S"].removeprefix("RUN#"), **numbers)
        return None

    def count(self, run: Run) -> None:
        """Add to the account."""
        keep_until = datetime.fromisoformat(run.name) + RUNS_KEPT
        self.call(
            "UpdateItem",
            TableName=self.table,
            Key={"pk": {"S": _RUNS}, "sk": {"S": f"RUN#{run.name}"}},
            UpdateExpression="SET expires_at = :end ADD queued :queued, verified :verified, unverified :unverified",
            ExpressionAttributeValues={
                ":end": {"N": _seconds(keep_until)},
                ":queued": {"N": str(run.queued)},
                ":verified": {"N": str(run.verified)},
                ":unverified": {"N": str(run.unverified)},
            },
        )


@dataclass(frozen=True, slots=True)
class DynamoDBAnnouncements:
    """Noted on the connection itself, for the moment at which it was connected."""

    call: Call
    table: str

    def begin(self, connection: Connection, now: datetime) -> bool:
        """Conditional: one at a time, and only of a connection that is still ended and that nobody was told of."""
        return self._update(
            connection,
            "SET expiry_telling_until = :until",
            "(attribute_not_exists(expiry_told) OR expiry_told <> :connected_at)"
            " AND (attribute_not_exists(expiry_telling_until) OR expiry_telling_until < :now)",
            {":until": {"N": _seconds(now + TELLING)}, ":now": {"N": _seconds(now)}},
        )

    def told(self, connection: Connection) -> None:
        """Noted for this connection; connected again it is another one."""
        self._update(connection, "SET expiry_told = :connected_at REMOVE expiry_telling_until", None, {})

    def _update(
        self, connection: Connection, update: str, condition: str | None, values: Mapping[str, Mapping[str, str]]
    ) -> bool:
        same = "#status = :expired AND connected_at = :connected_at"
        try:
            self.call(
                "UpdateItem",
                TableName=self.table,
                Key={"pk": {"S": f"TEAM#{connection.team_id}"}, "sk": {"S": f"CONNECTION#{connection.user_id}"}},
                UpdateExpression=update,
                ConditionExpression=f"{same} AND {condition}" if condition else same,
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":expired": {"S": ConnectionStatus.EXPIRED},
                    ":connected_at": {"S": connection.connected_at},
                    **values,
                },
            )
        except AwsError as error:
            if error.code == _NOT_MET:
                return False
            raise
        return True


def _key(team_id: str, advertiser_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"READINESS#{team_id}"}, "sk": {"S": f"ADVERTISER#{advertiser_id}"}}


def _item(record: Record) -> dict[str, Any]:
    return {
        **_key(record.team_id, record.advertiser_id),
        "due_shard": {"S": record.shard},
        "due_at": {"N": _seconds(record.due_at)},
        "revision": {"N": str(record.revision)},
        "generation": {"N": str(record.snapshot.generation)},
        "record": {"S": to_text(record)},
        "expires_at": {"N": str(int((_last_of_use(record) + RECORDS_KEPT).timestamp()))},
    }


def _last_of_use(record: Record) -> datetime:
    verified = [one.checked_at for one in record.snapshot.known.values()]
    return max([*verified, record.active_until or record.due_at])


def _record(item: Mapping[str, Any]) -> Record:
    return from_text(
        _team_of(item),
        _advertiser_of(item),
        moment(float(item["due_at"]["N"])),
        int(item["revision"]["N"]),
        item["record"]["S"],
    )


def _team_of(item: Mapping[str, Any]) -> str:
    return str(item["pk"]["S"]).removeprefix("READINESS#")


def _advertiser_of(item: Mapping[str, Any]) -> str:
    return str(item["sk"]["S"]).removeprefix("ADVERTISER#")


def _seconds(at: datetime) -> str:
    """To the microsecond, as a number that DynamoDB sorts."""
    return f"{at.astimezone(UTC).timestamp():.6f}"
