"""The demo teams, and how they are written to a deployed stack: people, subscriptions, TikTok connections, secrets.

`harbour` is a new subscriber: one owner, no connection. In `northlight` most people have connected TikTok. The
subscription of `southgate` is canceled. The simulator's demo world decides which token reaches which advertiser.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from local.ministack.deployment import Deployment
from local.tiktok_simulator import STARTER as STARTER_AT_TIKTOK
from local.tiktok_simulator import DemoToken, World

TEAM = "northlight"
UNPAID_TEAM = "southgate"
NEW_TEAM = "harbour"

# The manager's connection is the newest, so an owner without a connection borrows it first.
_NEWEST_CONNECTION = datetime(2026, 11, 1, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """A member of a demo team. `token` is None for a person without a connection."""

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
STARTER = Person(STARTER_AT_TIKTOK, NEW_TEAM, "owner")
# Ordered by their connections, newest first.
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
    STARTER,
)
# The most items in one DynamoDB BatchWriteItem request.
_BATCH = 25
_SUBSCRIPTIONS = {TEAM: "active", UNPAID_TEAM: "canceled", NEW_TEAM: "active"}

Item = dict[str, Any]


class Aws(Protocol):
    """Emulated AWS."""

    def client(self, service: str) -> Any:
        """A boto3 client of a service."""
        ...


def write_demo_data(aws: Aws, deployment: Deployment, world: World) -> None:
    """Write the demo teams and their secrets; existing ones are overwritten."""
    secrets = _Secrets(aws.client("secretsmanager"), deployment.secret_prefix)
    secrets.put("app", {"app_id": world.app_id, "secret": world.app_secret})
    for person in PEOPLE:
        secrets.put_token(person)
    write_demo_items(aws, deployment, world)


def write_demo_items(aws: Aws, deployment: Deployment, world: World) -> None:
    """Restore the items of the demo teams as they are at the start.

    This deletes connections and members that were added later, and all readiness snapshots of the teams. Secrets are
    written again only for people whose connection has changed.
    """
    dynamodb, table = aws.client("dynamodb"), deployment.table_name
    secrets = _Secrets(aws.client("secretsmanager"), deployment.secret_prefix)
    initial = {(item["pk"], item["sk"]): item for item in _items(deployment, world)}
    existing = {
        (item["pk"], item["sk"]): item
        for team_id in _SUBSCRIPTIONS
        for partition in ("TEAM", "CONNECTIONS", "ADVERTISERS", "READINESS")
        for item in _items_of(dynamodb, table, f"{partition}#{team_id}")
    }
    for person in PEOPLE:
        key = (f"CONNECTIONS#{person.team_id}", f"USER#{person.user_id}")
        if key in existing and existing[key] != initial.get(key):
            secrets.put_token(person)
    requests: list[Item] = [
        {"DeleteRequest": {"Key": _serialized({"pk": pk, "sk": sk})}} for pk, sk in existing if (pk, sk) not in initial
    ]
    requests += [
        {"PutRequest": {"Item": _serialized(item)}} for key, item in initial.items() if existing.get(key) != item
    ]
    for start in range(0, len(requests), _BATCH):
        dynamodb.batch_write_item(RequestItems={table: requests[start : start + _BATCH]})


def _items(deployment: Deployment, world: World) -> list[Item]:
    items: list[Item] = [
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
            key = {"pk": f"CONNECTIONS#{person.team_id}", "sk": f"USER#{person.user_id}"}
            items.append({**key, **connection})
    return items


def _items_of(dynamodb: Any, table: str, partition: str) -> list[Item]:
    deserialize = TypeDeserializer().deserialize
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :partition",
        ExpressionAttributeValues={":partition": {"S": partition}},
    )
    return [{name: deserialize(value) for name, value in item.items()} for page in pages for item in page["Items"]]


def _serialized(item: Item) -> Item:
    serialize = TypeSerializer().serialize
    return {name: serialize(value) for name, value in item.items()}


def _secret_name(person: Person) -> str:
    return f"connections/{person.team_id}/{person.user_id}"


class _Secrets:
    def __init__(self, secretsmanager: Any, prefix: str) -> None:
        self._secretsmanager = secretsmanager
        self._prefix = prefix

    def put_token(self, person: Person) -> None:
        """Write the token of a person who has a connection at the start."""
        if person.token is not None:
            self.put(_secret_name(person), {"access_token": person.token.value})

    def put(self, name: str, value: Mapping[str, str]) -> None:
        secret_id = f"{self._prefix}/{name}"
        text = json.dumps(value)
        try:
            self._secretsmanager.create_secret(Name=secret_id, SecretString=text)
        except self._secretsmanager.exceptions.ResourceExistsException:
            with suppress(self._secretsmanager.exceptions.InvalidRequestException):  # it is not scheduled for deletion
                self._secretsmanager.restore_secret(SecretId=secret_id)
            self._secretsmanager.put_secret_value(SecretId=secret_id, SecretString=text)
