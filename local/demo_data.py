"""Writes two demo teams to a deployed stack: people, subscriptions, TikTok connections and their secrets.

Whose token reaches which advertiser is the simulator's demo world.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from boto3.dynamodb.types import TypeSerializer

from local.deployment import Deployment
from local.tiktok_simulator import DemoToken, World

TEAM = "northlight"
UNPAID_TEAM = "southgate"

# The manager's connection is the newest: it is the first that an owner without one borrows.
_NEWEST_CONNECTION = datetime(2026, 11, 1, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """A member of a demo team; `token` None is someone who has connected nothing."""

    user_id: str
    team_id: str
    role: str
    token: DemoToken | None = None


def _connected(token: DemoToken, role: str, team_id: str = TEAM) -> Person:
    return Person(token.user, team_id, role, token)


OWNER = _connected(DemoToken.OWNER, "owner")
MANAGER = _connected(DemoToken.MANAGER, "manager")
MEDIA_BUYER = _connected(DemoToken.MEDIA_BUYER, "mediabuyer")
OWNER_WITHOUT_CONNECTION = Person("u-director", TEAM, "owner")
TRAINEE = Person("u-trainee", TEAM, "mediabuyer")
UNPAID_OWNER = _connected(DemoToken.FOREIGN_TEAM, "owner", UNPAID_TEAM)
# In the order of their connections, newest first.
PEOPLE = (
    MANAGER,
    OWNER,
    MEDIA_BUYER,
    _connected(DemoToken.CATALOG_OPERATOR, "mediabuyer"),
    _connected(DemoToken.FREELANCER, "mediabuyer"),
    _connected(DemoToken.AGENCY, "mediabuyer"),
    _connected(DemoToken.NEWCOMER, "mediabuyer"),
    _connected(DemoToken.NARROW_SCOPE, "mediabuyer"),
    _connected(DemoToken.REVOKED, "mediabuyer"),
    OWNER_WITHOUT_CONNECTION,
    TRAINEE,
    UNPAID_OWNER,
)
# What DynamoDB takes at once.
_BATCH = 25
_SUBSCRIPTIONS = {TEAM: "active", UNPAID_TEAM: "canceled"}


class Aws(Protocol):
    """Emulated AWS."""

    def client(self, service: str) -> Any:
        """Return a boto3 client of a service."""
        ...


def write_demo_data(aws: Aws, deployment: Deployment, world: World) -> None:
    """Write the demo teams and their secrets; what is there already is overwritten."""
    secrets = _Secrets(aws.client("secretsmanager"), deployment.secret_prefix)
    secrets.put("app", {"app_id": world.app_id, "secret": world.app_secret})
    for person in PEOPLE:
        if person.token is not None:
            secrets.put(_secret_name(person), {"access_token": person.token.value})
    write_demo_items(aws, deployment, world)


def write_demo_items(aws: Aws, deployment: Deployment, world: World) -> None:
    """Write the items of the demo teams alone: whatever was done to them, they are as at the start.

    What is known of their advertisers' readiness is forgotten.
    """
    items: list[dict[str, object]] = [
        {"pk": f"TEAM#{team_id}", "sk": "SUBSCRIPTION", "status": status} for team_id, status in _SUBSCRIPTIONS.items()
    ]
    for age, person in enumerate(PEOPLE):
        team = {"pk": f"TEAM#{person.team_id}"}
        items.append({**team, "sk": f"MEMBER#{person.user_id}", "role": person.role})
        if person.token is not None:
            connection = {
                "status": "active",
                "advertiser_ids": list(world.tokens[person.token.value].advertiser_ids),
                "secret_id": f"{deployment.secret_prefix}/{_secret_name(person)}",
                "connected_at": f"{_NEWEST_CONNECTION - timedelta(days=age):%Y-%m-%dT%H:%M:%SZ}",
            }
            items.append({**team, "sk": f"CONNECTION#{person.user_id}", **connection})
    serialize = TypeSerializer().serialize
    puts = [{"PutRequest": {"Item": {name: serialize(value) for name, value in item.items()}}} for item in items]
    for start in range(0, len(puts), _BATCH):
        aws.client("dynamodb").batch_write_item(RequestItems={deployment.table_name: puts[start : start + _BATCH]})
    for team_id in _SUBSCRIPTIONS:
        _forget_readiness(aws.client("dynamodb"), deployment.table_name, team_id)


def _forget_readiness(dynamodb: Any, table: str, team_id: str) -> None:
    found = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :team",
        ExpressionAttributeValues={":team": {"S": f"READINESS#{team_id}"}},
    )
    for item in found["Items"]:
        dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})


def _secret_name(person: Person) -> str:
    return f"connections/{person.team_id}/{person.user_id}"


class _Secrets:
    def __init__(self, secretsmanager: Any, prefix: str) -> None:
        self._secretsmanager = secretsmanager
        self._prefix = prefix

    def put(self, name: str, value: Mapping[str, str]) -> None:
        secret_id = f"{self._prefix}/{name}"
        text = json.dumps(value)
        try:
            self._secretsmanager.create_secret(Name=secret_id, SecretString=text)
        except self._secretsmanager.exceptions.ResourceExistsException:
            self._secretsmanager.put_secret_value(SecretId=secret_id, SecretString=text)
