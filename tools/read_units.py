"""What reading costs in DynamoDB: the sizes of items, and the read units of a call."""

import math
from collections.abc import Mapping
from typing import Any

UNIT_BYTES = 4096
"""What one strongly consistent read unit reads ("DynamoDB read and write operations"); an eventual read costs half."""


def item_bytes(item: Mapping[str, Any]) -> int:
    """Count an item's bytes as DynamoDB does ("Item sizes and formats"); a number counts more than it can take."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def read_units(operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """Count the read units of a call: none of a write.

    A query's items count together, without a filter; each item of a batch by itself. What does not exist costs a unit.

    Raises:
        ValueError: the call reads in a way that is not counted here.
    """
    match operation:
        case "Query" if "FilterExpression" not in request:
            return _units([sum(map(item_bytes, answer["Items"]))], request)
        case "GetItem":
            return _units([item_bytes(answer.get("Item") or {})], request)
        case "BatchGetItem" if not answer.get("UnprocessedKeys"):
            return sum(
                _units([item_bytes(item) for item in answer["Responses"].get(table, [])], wanted, len(wanted["Keys"]))
                for table, wanted in request["RequestItems"].items()
            )
        case "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem":
            return 0
    raise ValueError(operation)


def _units(sizes: list[int], request: Mapping[str, Any], reads: int = 1) -> float:
    units = sum(max(1, math.ceil(size / UNIT_BYTES)) for size in sizes) + reads - len(sizes)
    return units if request.get("ConsistentRead") else units / 2


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, of),) = value.items()
    if kind == "L":
        return 3 + sum(1 + _value_bytes(one) for one in of)
    if kind == "M":
        return 3 + len(of) + item_bytes(of)
    return len(str(of).encode())
