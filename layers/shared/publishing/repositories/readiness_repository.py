"""Readiness records in DynamoDB: keys and due time as attributes, all else as one JSON text."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from publishing.readiness.record import Record
from publishing.repositories.table import Item, Table, due_attributes

RECORDS_KEPT = timedelta(days=90)
"""After the last use and the last verified check: nobody has the advertiser any more."""
VERSION = 1
"""Of the text's shape. A text of another version counts as nothing known."""

_RECORD = TypeAdapter(Record)
_NOT_IN_TEXT = {"team_id", "advertiser_id", "due_at", "revision"}
"""Fields of a record that the text leaves out: they are attributes of the item."""
_STORED_NAMES = {
    "verified_by": "witness",
    "unconfirmed_absence": "suspicion",
    "stale_notified": "stale_told",
    "last_check_at": "looked_at",
}
"""Names of fields in the text, where they differ: stored texts keep the names that they were first written with."""
_FIELD_NAMES = {stored: name for name, stored in _STORED_NAMES.items()}


@dataclass(frozen=True, slots=True)
class DynamoDBReadinessRepository:
    """One item for each record: ``READINESS#<team>`` / ``ADVERTISER#<advertiser>``, removed by time to live."""

    table: Table

    def read(self, team_id: str, advertiser_id: str) -> Record | None:
        """Read strongly consistent."""
        item = self.table.get(_key(team_id, advertiser_id))
        return _record(item) if item else None

    def write(self, record: Record) -> Record | None:
        """Write conditionally on the revision.

        If DynamoDB's answer was lost and the write was sent again, the second finds the first and returns None too.
        """
        next_one = replace(record, revision=record.revision + 1)
        condition: dict[str, Any] = {
            "ConditionExpression": "revision = :revision",
            "ExpressionAttributeValues": {":revision": {"N": str(record.revision)}},
        }
        if record.revision == 0:
            condition = {"ConditionExpression": "attribute_not_exists(pk)"}
        return next_one if self.table.write("PutItem", Item=_item(next_one), **condition) else None

    def due(self, shard: str, before: datetime, page_size: int) -> Iterator[Sequence[tuple[str, str]]]:
        """Read the index, which lags behind: read a record before relying on it."""
        for items in self.table.due(shard, before, page_size):
            yield [(_team_of(item), _advertiser_of(item)) for item in items]

    def read_many(self, team_id: str, advertiser_ids: Sequence[str]) -> Sequence[Record]:
        """Read strongly consistent: a preflight's refresh is visible at once."""
        return [_record(item) for item in self.table.get_many([_key(team_id, one) for one in advertiser_ids])]


def write_record(record: Record) -> str:
    """Return all of the record but its keys, due time and revision as JSON, without what is empty."""
    fields = _RECORD.dump_python(record, exclude=_NOT_IN_TEXT)
    fields = {"v": VERSION, **fields.pop("snapshot"), **fields}  # the snapshot's fields stand beside the record's
    fields["known"] = {key: _stored(state) for key, state in fields["known"].items()}
    # For the version before, which may run beside this one: it has one flag for the whole snapshot.
    fields["stale_notified"] = any(one.stale_notified for one in record.snapshot.known.values())
    return json.dumps(_stored(fields), separators=(",", ":"), default=datetime.timestamp)


def parse_record(team_id: str, advertiser_id: str, due_at: datetime, revision: int, text: str) -> Record:
    """Return the record that :func:`write_record` made the text of; an empty one if the text is unreadable."""
    keys = {"team_id": team_id, "advertiser_id": advertiser_id, "due_at": due_at, "revision": revision}
    try:
        fields = _with_field_names(json.loads(text))
        if fields["v"] == VERSION:
            states = {
                key: {"satisfied": False, "reason": None, **_with_field_names(state)}
                for key, state in fields.get("known", {}).items()
            }
            if fields.get("stale_notified") and not any(state.get("stale_notified") for state in states.values()):
                states = {key: {**state, "stale_notified": "stale_since" in state} for key, state in states.items()}
            return _RECORD.validate_python({**fields, **keys, "snapshot": {**fields, "known": states}})
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        pass  # nothing is known: the next check finds out
    return Record(team_id, advertiser_id, due_at=due_at, revision=revision)


def _stored(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields under their stored names; empty ones are left out, since DynamoDB bills by the kilobyte."""
    return {
        _STORED_NAMES.get(name, name): value for name, value in fields.items() if value not in (None, False, (), {})
    }


def _with_field_names(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {_FIELD_NAMES.get(name, name): value for name, value in fields.items()}


def _key(team_id: str, advertiser_id: str) -> Item:
    return {"pk": {"S": f"READINESS#{team_id}"}, "sk": {"S": f"ADVERTISER#{advertiser_id}"}}


def _item(record: Record) -> Item:
    return {
        **_key(record.team_id, record.advertiser_id),
        **due_attributes(record.shard, record.due_at),
        "revision": {"N": str(record.revision)},
        "generation": {"N": str(record.snapshot.generation)},
        "record": {"S": write_record(record)},
        "expires_at": {"N": str(int((_last_use(record) + RECORDS_KEPT).timestamp()))},
    }


def _last_use(record: Record) -> datetime:
    verified = [one.checked_at for one in record.snapshot.known.values()]
    return max([*verified, record.active_until or record.due_at])


def _record(item: Mapping[str, Any]) -> Record:
    return parse_record(
        _team_of(item),
        _advertiser_of(item),
        datetime.fromtimestamp(float(item["due_at"]["N"]), UTC),
        int(item["revision"]["N"]),
        item["record"]["S"],
    )


def _team_of(item: Mapping[str, Any]) -> str:
    return str(item["pk"]["S"]).removeprefix("READINESS#")


def _advertiser_of(item: Mapping[str, Any]) -> str:
    return str(item["sk"]["S"]).removeprefix("ADVERTISER#")
