"""Readiness records in DynamoDB."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from publishing.aws.table import Item, Table, due_attributes
from publishing.readiness.codec import from_seconds, from_text, to_text
from publishing.readiness.record import Record

RECORDS_KEPT = timedelta(days=90)
"""After the last use and the last look that could verify anything: nobody has the advertiser any more."""


@dataclass(frozen=True, slots=True)
class DynamoDBRecords:
    """Records in the product's table: ``READINESS#<team>`` / ``ADVERTISER#<advertiser>``, removed by time to live."""

    table: Table

    def read(self, team_id: str, advertiser_id: str) -> Record | None:
        """Strongly consistent."""
        item = self.table.get(_key(team_id, advertiser_id))
        return _record(item) if item else None

    def write(self, record: Record) -> Record | None:
        """Conditional on the revision.

        Where AWS's answer was lost and the write was sent again, the second finds the first and is None too.
        """
        next_one = replace(record, revision=record.revision + 1)
        condition: dict[str, Any] = {
            "ConditionExpression": "revision = :revision",
            "ExpressionAttributeValues": {":revision": {"N": str(record.revision)}},
        }
        if record.revision == 0:
            condition = {"ConditionExpression": "attribute_not_exists(pk)"}
        return next_one if self.table.write("PutItem", Item=_item(next_one), **condition) else None

    def due(self, shard: str, before: datetime, page: int) -> Iterator[Sequence[tuple[str, str]]]:
        """From the index, which lags behind a little: read a record before you rely on it."""
        for items in self.table.due(shard, before, page):
            yield [(_team_of(item), _advertiser_of(item)) for item in items]

    def of_team(self, team_id: str) -> Sequence[Record]:
        """One query; strongly consistent, so that a preflight's refresh is seen at once."""
        pages = self.table.pages(
            KeyConditionExpression="pk = :team AND begins_with(sk, :advertiser)",
            ExpressionAttributeValues={
                ":team": {"S": f"READINESS#{team_id}"},
                ":advertiser": {"S": "ADVERTISER#"},
            },
            ConsistentRead=True,
        )
        return [_record(item) for items in pages for item in items]


def _key(team_id: str, advertiser_id: str) -> Item:
    return {"pk": {"S": f"READINESS#{team_id}"}, "sk": {"S": f"ADVERTISER#{advertiser_id}"}}


def _item(record: Record) -> Item:
    return {
        **_key(record.team_id, record.advertiser_id),
        **due_attributes(record.shard, record.due_at),
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
        from_seconds(float(item["due_at"]["N"])),
        int(item["revision"]["N"]),
        item["record"]["S"],
    )


def _team_of(item: Mapping[str, Any]) -> str:
    return str(item["pk"]["S"]).removeprefix("READINESS#")


def _advertiser_of(item: Mapping[str, Any]) -> str:
    return str(item["sk"]["S"]).removeprefix("ADVERTISER#")
