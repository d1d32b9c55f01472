"""Items in DynamoDB's own form."""

from typing import Any

from boto3.dynamodb.types import TypeSerializer


def typed(team_id: str, item: dict[str, Any]) -> dict[str, Any]:
    """Return an item of a team or of its connections, each value with its type."""
    serialise = TypeSerializer().serialize
    partition = "CONNECTIONS" if item["sk"].startswith("USER#") else "TEAM"
    return {name: serialise(value) for name, value in {"pk": f"{partition}#{team_id}", **item}.items()}
