"""Items in DynamoDB's own form."""

from typing import Any

from boto3.dynamodb.types import TypeSerializer


def typed(team_id: str, item: dict[str, Any]) -> dict[str, Any]:
    """Return an item of a team, each value with its type."""
    serialise = TypeSerializer().serialize
    return {name: serialise(value) for name, value in {"pk": f"TEAM#{team_id}", **item}.items()}
