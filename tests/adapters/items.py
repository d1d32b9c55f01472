"""Items in DynamoDB's own form."""

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeSerializer


def typed(team_id: str, item: dict[str, Any]) -> dict[str, Any]:
    """Return an item of a team or of its connections, each value with its type."""
    serialise = TypeSerializer().serialize
    partition = "CONNECTIONS" if item["sk"].startswith("USER#") else "TEAM"
    return {name: serialise(value) for name, value in {"pk": f"{partition}#{team_id}", **item}.items()}


class StoredItems:
    """A table in a dictionary, for thousands of items, which moto needs minutes for: writes, and reads by key."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.read: list[list[Mapping[str, Any]]] = []
        """The items of each query."""

    def __call__(self, operation: str, **request: Any) -> Mapping[str, Any]:
        match operation:
            case "PutItem":
                self._put(request["Item"])
                return {}
            case "BatchWriteItem":
                for one in (one for requests in request["RequestItems"].values() for one in requests):
                    self._put(one["PutRequest"]["Item"])
                return {}
            case "GetItem":
                return {"Item": self.items.get(_key(request["Key"]))}
            case "BatchGetItem":
                ((table, wanted),) = request["RequestItems"].items()
                keys = map(_key, wanted["Keys"])
                return {"Responses": {table: [self.items[key] for key in keys if key in self.items]}}
            case "Query":
                first, *prefix = [one["S"] for one in request["ExpressionAttributeValues"].values()]
                found = [
                    item
                    for (pk, sk), item in sorted(self.items.items())
                    if pk == first and sk.startswith("".join(prefix))
                ]
                self.read.append(found)
                return {"Items": found}
        raise ValueError(operation)

    def _put(self, item: Mapping[str, Any]) -> None:
        self.items[_key(item)] = item


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]
