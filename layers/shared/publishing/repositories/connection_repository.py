"""Connections in DynamoDB: the items of everybody who has connected TikTok, whoever wrote them."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import batched
from typing import Any
from uuid import uuid4

from publishing.connections.pending_operation import DueConnection
from publishing.repositories.table import (
    CONNECTIONS_SHARD,
    Item,
    Table,
    advertisers_partition,
    connection_key,
    due_attributes,
    operation_key,
    plain,
    seconds,
    string_list,
    texts,
)
from publishing.teams import (
    ADVERTISERS_PER_PAGE,
    BUCKETS,
    AdvertiserRow,
    Connection,
    ConnectionStatus,
    IndexEntry,
    OutsideList,
    place_of,
)

OWN_REFRESH_INTERVAL = timedelta(minutes=5)
"""Minimum time between two refreshes of a connection's list outside the schedule."""
NOTIFICATION_LEASE = timedelta(minutes=1)
"""How long one worker has for publishing a connection's expiry."""
NAMES_IN_ITEM_BYTES = 1_000
"""Names, and ids of disabled ad accounts, that a connection's item holds: every request reads all items of a team."""
_INDEX_ENTRIES = 200
"""Entries of the index that are read at once: some 100 KB."""
_LIST_ATTRIBUTES = (
    "advertiser_ids",
    "advertiser_names",
    "disabled_advertiser_ids",
    "list_id",
    "default_advertiser_id",
    "replaced_list_ids",
)

_SAME = "(attribute_not_exists(connected_at) OR connected_at = :connected_at)"
_NOT_NEWER = "(attribute_not_exists(verified_at) OR verified_at <= :verified_at)"


@dataclass(frozen=True, slots=True)
class DynamoDBConnectionRepository:
    """One item for each connection. What is due is in the table's index.

    Writes are conditional on ``connected_at``, since a person who has connected again has another connection. ``save``
    replaces the item in any case; the claims and the schedule of refreshes have conditions of their own.
    """

    table: Table

    def save(self, connection: Connection, due_at: datetime) -> None:
        """Replace the whole item. The list before is removed with the next refresh: a request may be reading it."""
        before = plain(self.table.get(connection_key(connection.team_id, connection.user_id)) or {})
        earlier = [*(texts(before.get("replaced_list_ids")) or ()), before.get("list_id")]
        stored = self._with_stored_list(connection)
        current = stored.outside and stored.outside.list_id
        stored = replace(stored, replaced_lists=tuple(str(one) for one in earlier if one not in {None, current}))
        item = {
            **connection_key(connection.team_id, connection.user_id),
            "status": {"S": connection.status},
            "secret_id": {"S": connection.secret_id},
            "connected_at": {"S": connection.connected_at},
            **_list_attributes(stored),
            **due_attributes(CONNECTIONS_SHARD, due_at),
        }
        if connection.scopes is not None:
            item["scopes"] = string_list(connection.scopes)
        if connection.secret_version is not None:
            item["secret_version"] = {"S": connection.secret_version}
        self.table.do("PutItem", Item=item)

    def mark_expired(self, connection: Connection) -> None:
        """Set ``status`` alone, if the connection is still active and has the same secret."""
        self._update(
            connection,
            "SET #status = :expired",
            "#status = :active AND connected_at = :connected_at AND secret_id = :secret_id",
            {
                **_connected_at(connection),
                ":expired": {"S": ConnectionStatus.EXPIRED},
                ":active": {"S": ConnectionStatus.ACTIVE},
                ":secret_id": {"S": connection.secret_id},
            },
        )

    def mark_revoked(self, connection: Connection) -> None:
        """Set ``status`` and remove the connection from the index of what is due."""
        self._update(
            connection,
            "SET #status = :revoked REMOVE due_shard, due_at",
            _SAME,
            {**_connected_at(connection), ":revoked": {"S": ConnectionStatus.REVOKED}},
        )

    def save_list(self, before: Connection, connection: Connection, due_at: datetime) -> bool:
        """Write the list, if the connection is active and has the list that it had ``before``, or one as old.

        A list outside the item is written first, under a name of its own, and removed if the item may not name it. If
        this is interrupted in between, some hundred items stay behind that nobody reads.
        """
        for list_id in before.replaced_lists:
            self._remove_list(before.team_id, list_id)
        stored = self._with_stored_list(connection)
        replaced = () if before.outside is None else (before.outside.list_id,)
        written = {
            **_list_attributes(replace(stored, replaced_lists=replaced)),
            **due_attributes(CONNECTIONS_SHARD, due_at),
        }
        unused = [name for name in _LIST_ATTRIBUTES if name not in written]
        same_list = "list_id = :before" if before.outside else "attribute_not_exists(list_id)"
        saved = self._update(
            connection,
            "SET " + ", ".join(f"{name} = :{name}" for name in written) + " REMOVE " + ", ".join(unused),
            f"#status = :active AND {_SAME} AND {same_list}"
            + (f" AND {_NOT_NEWER}" if "verified_at" in written else ""),
            {
                **_connected_at(connection),
                **{f":{name}": value for name, value in written.items()},
                **({":before": {"S": before.outside.list_id}} if before.outside else {}),
                ":active": {"S": ConnectionStatus.ACTIVE},
            },
        )
        if not saved and stored.outside is not None:
            self._remove_list(connection.team_id, stored.outside.list_id)
        return saved

    def claim_own_refresh(self, connection: Connection, now: datetime) -> bool:
        """Conditional on the last such refresh, so that exactly one of many concurrent requests gets it."""
        return self._update(
            connection,
            "SET listing_asked_at = :now",
            f"#status = :active AND {_SAME}"
            " AND (attribute_not_exists(listing_asked_at) OR listing_asked_at <= :before)",
            {
                **_connected_at(connection),
                ":now": {"N": seconds(now)},
                ":before": {"N": seconds(now - OWN_REFRESH_INTERVAL)},
                ":active": {"S": ConnectionStatus.ACTIVE},
            },
        )

    def schedule_refresh(self, connection: Connection, due_at: datetime) -> None:
        """Conditional on the connection being active and not scheduled."""
        self._update(
            connection,
            "SET due_shard = :due_shard, due_at = :due_at",
            "#status = :active AND attribute_not_exists(due_at)",
            {":active": {"S": ConnectionStatus.ACTIVE}, **_due_values(due_at)},
        )

    def postpone_refresh(self, connection: Connection, due_at: datetime) -> None:
        """Conditional on the connection being active; the list stays as it is."""
        self._update(
            connection,
            "SET due_shard = :due_shard, due_at = :due_at",
            f"#status = :active AND {_SAME}",
            {**_connected_at(connection), ":active": {"S": ConnectionStatus.ACTIVE}, **_due_values(due_at)},
        )

    def cancel_refresh(self, connection: Connection) -> None:
        """Conditional on the connection not being active."""
        self._update(
            connection, "REMOVE due_shard, due_at", "#status <> :active", {":active": {"S": ConnectionStatus.ACTIVE}}
        )

    def due(self, now: datetime, page_size: int) -> Iterator[Sequence[DueConnection]]:
        """Read the shard of connections in the index, which also holds unfinished operations."""
        for items in self.table.due(CONNECTIONS_SHARD, now, page_size):
            yield [_due_connection(item) for item in items]

    def claim_due(self, due: DueConnection, now: datetime, again_at: datetime) -> bool:
        """Conditional on it still being due."""
        return self.table.write(
            "UpdateItem",
            Key=(operation_key if due.unfinished else connection_key)(due.team_id, due.user_id),
            UpdateExpression="SET due_at = :again",
            ConditionExpression="due_at <= :now",
            ExpressionAttributeValues={":again": {"N": seconds(again_at)}, ":now": {"N": seconds(now)}},
        )

    def begin_expiry_notification(self, connection: Connection, now: datetime) -> bool:
        """Take a lease of ``NOTIFICATION_LEASE``, if the connection is expired and its expiry was not published."""
        return self._update(
            connection,
            "SET expiry_telling_until = :until",
            "#status = :expired AND connected_at = :connected_at"
            " AND (attribute_not_exists(expiry_told) OR expiry_told <> :connected_at)"
            " AND (attribute_not_exists(expiry_telling_until) OR expiry_telling_until < :now)",
            {
                **_connected_at(connection),
                ":expired": {"S": ConnectionStatus.EXPIRED},
                ":until": {"N": seconds(now + NOTIFICATION_LEASE)},
                ":now": {"N": seconds(now)},
            },
        )

    def finish_expiry_notification(self, connection: Connection) -> None:
        """Record the notification for this ``connected_at``: connected again, it is another connection."""
        self._update(
            connection,
            "SET expiry_told = :connected_at REMOVE expiry_telling_until",
            "#status = :expired AND connected_at = :connected_at",
            {**_connected_at(connection), ":expired": {"S": ConnectionStatus.EXPIRED}},
        )

    def read_pages(self, wanted: Sequence[tuple[Connection, int]]) -> Sequence[Sequence[AdvertiserRow]]:
        """Read the pages outside the connections' items, with as few calls as possible."""
        keys = {
            _page_sort_key(connection.outside.list_id, number): connection.team_id
            for connection, number in wanted
            if connection.outside is not None
        }
        items = self.table.get_many(
            [{"pk": advertisers_partition(team_id), "sk": {"S": sort_key}} for sort_key, team_id in keys.items()]
        )
        found = {item["sk"]: _listed(item) for item in map(plain, items)}
        return [
            found.get(_page_sort_key(connection.outside.list_id, number), ())
            if connection.outside is not None
            else connection.listed()[number * ADVERTISERS_PER_PAGE : (number + 1) * ADVERTISERS_PER_PAGE]
            for connection, number in wanted
        ]

    def with_whole_list(self, connection: Connection) -> Connection:
        """Read all pages, if the list is outside the item."""
        if connection.outside is None:
            return connection
        pages = self.read_pages([(connection, number) for number in _page_numbers(connection.advertiser_count)])
        return connection.with_list(row for page in pages for row in page)

    def read_index(self, team_id: str, bucket: str) -> Iterator[IndexEntry]:
        """Query the index in the order of buckets, ``_INDEX_ENTRIES`` at a time, as far as the caller goes."""
        pages = self.table.pages(
            KeyConditionExpression="pk = :lists AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":lists": advertisers_partition(team_id),
                ":first": {"S": f"INDEX#{bucket}#"},
                ":last": {"S": "INDEX#~"},
            },
            ConsistentRead=True,
            Limit=_INDEX_ENTRIES,
        )
        for item in (plain(one) for page in pages for one in page):
            _, of, list_id = item["sk"].split("#")
            yield IndexEntry(of, list_id, tuple(item["advertiser_ids"]))

    def _with_stored_list(self, connection: Connection) -> Connection:
        """Return the connection as its item describes it; its list has been written outside it if that is long."""
        if connection.outside is not None or fits_into_item(connection):
            return connection
        rows = connection.listed()
        list_id = f"{uuid4().hex}-{len(rows)}"  # whoever removes the list knows by its name which items it has
        partition = {"pk": advertisers_partition(connection.team_id)}
        items = [
            {**partition, "sk": {"S": _page_sort_key(list_id, number)}, **_rows_attributes(page)}
            for number, page in enumerate(batched(rows, ADVERTISERS_PER_PAGE, strict=False))
        ]
        if len(rows) > ADVERTISERS_PER_PAGE:
            index: dict[str, list[str]] = defaultdict(list)
            for one in connection.advertiser_ids:
                index[place_of(one)[0]].append(one)
            items += [
                {**partition, "sk": {"S": f"INDEX#{bucket}#{list_id}"}, "advertiser_ids": string_list(ids)}
                for bucket, ids in index.items()
            ]
        self.table.write_many([{"PutRequest": {"Item": item}} for item in items])
        return replace(connection, outside=OutsideList(list_id, len(rows), connection.default_advertiser))

    def _remove_list(self, team_id: str, list_id: str) -> None:
        """Delete all items of a list that no connection names; those that do not exist count as deleted."""
        count = int(list_id.rpartition("-")[2])
        sort_keys = [_page_sort_key(list_id, number) for number in _page_numbers(count)]
        if count > ADVERTISERS_PER_PAGE:
            sort_keys += [f"INDEX#{bucket}#{list_id}" for bucket in BUCKETS]
        partition = {"pk": advertisers_partition(team_id)}
        self.table.write_many([{"DeleteRequest": {"Key": {**partition, "sk": {"S": one}}}} for one in sort_keys])

    def _update(self, connection: Connection, update: str, condition: str, values: Item) -> bool:
        return self.table.write(
            "UpdateItem",
            Key=connection_key(connection.team_id, connection.user_id),
            UpdateExpression=update,
            ConditionExpression=f"attribute_exists(pk) AND {condition}",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=values,
        )


def _connected_at(connection: Connection) -> Item:
    return {":connected_at": {"S": connection.connected_at}}


def _due_values(due_at: datetime) -> Item:
    return {f":{name}": value for name, value in due_attributes(CONNECTIONS_SHARD, due_at).items()}


def _due_connection(item: Mapping[str, Any]) -> DueConnection:
    kind, _, user_id = str(item["sk"]["S"]).partition("#")
    return DueConnection(str(item["pk"]["S"]).removeprefix("CONNECTIONS#"), user_id, unfinished=kind == "CHANGE")


def _page_numbers(count: int) -> range:
    return range(math.ceil(count / ADVERTISERS_PER_PAGE))


def _page_sort_key(list_id: str, number: int) -> str:
    return f"PAGE#{list_id}#{number:04}"


def fits_into_item(connection: Connection) -> bool:
    """Whether the connection's item holds its list with names; it holds the ids of a hundred in any case."""
    names = sum(len(f"{key}{name}".encode()) for key, name in connection.names.items())
    rest = names + sum(map(len, connection.disabled))
    return len(connection.advertiser_ids) <= ADVERTISERS_PER_PAGE and rest <= NAMES_IN_ITEM_BYTES


def _list_attributes(stored: Connection) -> Item:
    """Return the attributes of an item's list, or of what it says of a list that is outside."""
    attributes: Item = {}
    if stored.advertiser_count <= ADVERTISERS_PER_PAGE:
        attributes["advertiser_ids"] = string_list(stored.advertiser_ids)
    if stored.outside is None:
        attributes |= _rows_attributes(stored.listed())
    else:
        attributes["list_id"] = {"S": stored.outside.list_id}
        if stored.outside.default_advertiser is not None:
            attributes["default_advertiser_id"] = {"S": stored.outside.default_advertiser}
    if stored.replaced_lists:
        attributes["replaced_list_ids"] = string_list(stored.replaced_lists)
    if stored.verified_at is not None:
        attributes["verified_at"] = {"S": stored.verified_at}
    return attributes


def _rows_attributes(rows: Iterable[AdvertiserRow]) -> Item:
    rows = tuple(rows)
    return {
        "advertiser_ids": string_list(one.advertiser_id for one in rows),
        "advertiser_names": {"M": {one.advertiser_id: {"S": one.name} for one in rows if one.name is not None}},
        "disabled_advertiser_ids": string_list(sorted(one.advertiser_id for one in rows if one.disabled)),
    }


def _listed(page: Mapping[str, Any]) -> Sequence[AdvertiserRow]:
    names, disabled = page["advertiser_names"], set(page["disabled_advertiser_ids"])
    return [AdvertiserRow(one, names.get(one), one in disabled) for one in page["advertiser_ids"]]
