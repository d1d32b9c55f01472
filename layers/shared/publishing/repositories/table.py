"""The product's DynamoDB table: what all repositories that keep items in it have in common.

Names of stored attributes and keys never change; some are older than the code's names for the same things.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from publishing.repositories.json_api import BACKOFF_SECONDS, MAX_ATTEMPTS, AwsCall, AwsError
from tiktok_business.deadline import request_deadline

DUE_INDEX = "due"
"""Index of what is due: by ``due_shard``, then ``due_at`` in seconds since the epoch. Lags behind the table."""
CONNECTIONS_SHARD = "CONNECTIONS"
"""Shard of connections whose advertiser list is due for refresh, and of unfinished operations."""
CONDITION_FAILED = "ConditionalCheckFailedException"
"""DynamoDB's error code for a write whose condition is not met."""
_READ_BATCH = 100
_WRITE_BATCH = 25

Item = dict[str, Any]
"""In DynamoDB's form: ``{name: {type: value}}``."""


@dataclass(frozen=True, slots=True)
class Table:
    """The table by its name, called through ``call``. ``sleep`` and ``jitter`` are as those of :class:`JsonApi`."""

    call: AwsCall
    name: str
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def do(self, operation: str, **request: Any) -> Mapping[str, Any]:
        """Do an operation on this table and return DynamoDB's response.

        Raises:
            AwsError: DynamoDB refused it, or did not answer.
        """
        return self.call(operation, TableName=self.name, **request)

    def get(self, key: Item) -> Mapping[str, Any] | None:
        """Return the item; a strongly consistent read."""
        return self.do("GetItem", Key=key, ConsistentRead=True).get("Item") or None

    def get_many(self, keys: Sequence[Item]) -> list[Mapping[str, Any]]:
        """Return the items that exist, in any order; strongly consistent reads.

        DynamoDB reads at most 100 items and 16 MB in one call, and names those that it did not read (BatchGetItem).

        Raises:
            AwsError: as :meth:`_in_batches`.
        """
        items: list[Mapping[str, Any]] = []

        def read(asked: Sequence[Item]) -> Sequence[Item]:
            request = {self.name: {"Keys": asked, "ConsistentRead": True}}
            answer = self.call("BatchGetItem", RequestItems=request)
            items.extend(answer["Responses"].get(self.name, []))
            unread: Sequence[Item] = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            return unread

        self._in_batches(keys, _READ_BATCH, read)
        return items

    def write_many(self, requests: Sequence[Item]) -> None:
        """Put and delete items: requests as in BatchWriteItem, ``{"PutRequest": {"Item": …}}``. Safe to repeat.

        DynamoDB takes at most 25 in one call, and names those that it did not do. They are not done together.

        Raises:
            AwsError: as :meth:`_in_batches`; some may have been done.
        """

        def write(asked: Sequence[Item]) -> Sequence[Item]:
            answer = self.call("BatchWriteItem", RequestItems={self.name: asked})
            undone: Sequence[Item] = answer.get("UnprocessedItems", {}).get(self.name, [])
            return undone

        self._in_batches(requests, _WRITE_BATCH, write)

    def _in_batches(
        self, every: Sequence[Item], size: int, process: Callable[[Sequence[Item]], Sequence[Item]]
    ) -> None:
        """Process all in batches of this size; ``process`` returns what DynamoDB left out, which is asked for again.

        Raises:
            AwsError: DynamoDB refused a call, did not answer, or was so busy that it did nothing in three calls, with
                a random pause after each, or until the deadline of the request.
        """
        waiting = list(every)
        fruitless = 0
        while waiting:
            asked, waiting = waiting[:size], waiting[size:]
            left_out = process(asked)
            if len(left_out) == len(asked):
                fruitless += 1
                pause = self.jitter() * BACKOFF_SECONDS * 2 ** (fruitless - 1)
                limit = request_deadline.get()
                if fruitless == MAX_ATTEMPTS or (limit is not None and pause >= limit.remaining()):
                    raise AwsError("ProvisionedThroughputExceededException")
                self.sleep(pause)
            waiting += left_out

    def write(self, operation: str, **request: Any) -> bool:
        """Write under a condition; False, and nothing is written, if it is not met.

        Raises:
            AwsError: any other failure.
        """
        try:
            self.do(operation, **request)
        except AwsError as error:
            if error.code == CONDITION_FAILED:
                return False
            raise
        return True

    def pages(self, **query: Any) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Return the items of a query, a page at a time: one megabyte, or ``Limit`` items."""
        while True:
            answer = self.do("Query", **query)
            yield answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            query = {**query, "ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def due(self, shard: str, until: datetime, page_size: int) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Return the due items of a shard of ``DUE_INDEX``, longest due first, in pages."""
        return self.pages(
            IndexName=DUE_INDEX,
            KeyConditionExpression="due_shard = :shard AND due_at <= :until",
            ExpressionAttributeValues={":shard": {"S": shard}, ":until": {"N": seconds(until)}},
            Limit=page_size,
        )


def connections_partition(team_id: str) -> Item:
    """Return the partition key of a team's connections and of the pending operations on them.

    Not that of the members and the subscription, which only other services may write.
    """
    return {"S": f"CONNECTIONS#{team_id}"}


def connection_key(team_id: str, user_id: str) -> Item:
    """Return the key of a person's connection."""
    return {"pk": connections_partition(team_id), "sk": {"S": f"USER#{user_id}"}}


def operation_key(team_id: str, user_id: str) -> Item:
    """Return the key of the pending operation on a person's connection."""
    return {"pk": connections_partition(team_id), "sk": {"S": f"CHANGE#{user_id}"}}


def advertisers_partition(team_id: str) -> Item:
    """Return the partition key of the lists of ad accounts that are kept outside their connections' items.

    ``PAGE#<list>#<number>`` is a hundred ad accounts of a list in TikTok's order; ``INDEX#<bucket>#<list>`` the ids of
    a long list in one bucket of :func:`publishing.teams.place_of`, so that one query finds all lists with an id.
    """
    return {"S": f"ADVERTISERS#{team_id}"}


def due_attributes(shard: str, at: datetime) -> Item:
    """Return the attributes that put an item into a shard of ``DUE_INDEX``."""
    return {"due_shard": {"S": shard}, "due_at": {"N": seconds(at)}}


def string_list(values: Iterable[str]) -> Item:
    """Return a list of strings as an attribute."""
    return {"L": [{"S": one} for one in values]}


def seconds(at: datetime) -> str:
    """Return seconds since the epoch, to the microsecond, as the text of a number."""
    return f"{at.astimezone(UTC).timestamp():.6f}"


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item without DynamoDB's types; numbers stay texts. boto3's reader would load all of boto3."""
    return {name: _value(typed) for name, typed in item.items()}


def texts(value: Any) -> tuple[str, ...] | None:
    """Return a list as texts; None for anything else that another service may have written."""
    return tuple(str(one) for one in value) if isinstance(value, list) else None


def _value(typed: Mapping[str, Any]) -> Any:
    match typed:
        case {"L": list(values)}:
            return [_value(one) for one in values]
        case {"M": dict(values)}:
            return plain(values)
        case {"NULL": _}:
            return None
        case _:
            return next(iter(typed.values()))
