"""Read units of calls to DynamoDB, as AWS documents them ("DynamoDB read and write operations")."""

from typing import Any

import pytest

from tools.read_units import item_bytes, read_units

CONSISTENT = {"ConsistentRead": True}


def item(size: int) -> dict[str, Any]:
    """Return an item of so many bytes."""
    return {"pk": {"S": "x" * (size - 2)}}


@pytest.mark.parametrize(
    ("of", "size"),
    [
        ({}, 0),
        ({"pk": {"S": "é"}}, 4),
        ({"a": {"L": []}}, 4),
        ({"a": {"L": [{"S": "xy"}, {"S": "z"}]}}, 1 + 3 + 2 * 1 + 3),
        ({"a": {"M": {"bc": {"S": "d"}}}}, 1 + 3 + 1 + 3),
        ({"é": {"BOOL": True}}, 6),
    ],
)
def test_the_size_of_an_item(of: dict[str, Any], size: int) -> None:
    """Names and values in UTF-8, three bytes for a list or a map and one for each of its elements; never too few."""
    assert item_bytes(of) == size


@pytest.mark.parametrize(
    ("operation", "request_", "answer", "units"),
    [
        ("GetItem", CONSISTENT, {"Item": item(4096)}, 1),
        ("GetItem", CONSISTENT, {"Item": item(4097)}, 2),
        ("GetItem", {}, {"Item": item(4097)}, 1),
        ("GetItem", CONSISTENT, {}, 1),
        ("Query", CONSISTENT, {"Items": [item(2000)] * 4}, 2),
        ("Query", CONSISTENT, {"Items": []}, 1),
        ("Query", {}, {"Items": []}, 0.5),
        ("PutItem", {}, {}, 0),
    ],
)
def test_the_units_of_a_call(operation: str, request_: Any, answer: Any, units: float) -> None:
    """4 KB each, a query's items together; half if eventually consistent, and one for nothing."""
    assert read_units(operation, request_, answer) == units


def test_each_item_of_a_batch_counts_by_itself() -> None:
    """Also one that does not exist."""
    request = {"RequestItems": {"table": {"Keys": [{}, {}, {}], "ConsistentRead": True}}}
    assert read_units("BatchGetItem", request, {"Responses": {"table": [item(100), item(5000)]}}) == 4


@pytest.mark.parametrize(
    ("operation", "request_"), [("Scan", {}), ("Query", {"FilterExpression": "a = :b"}), ("TransactGetItems", {})]
)
def test_a_read_that_is_not_understood_is_refused(operation: str, request_: Any) -> None:
    """A filter drops items that were read and paid for."""
    with pytest.raises(ValueError, match=operation):
        read_units(operation, request_, {"Items": []})
