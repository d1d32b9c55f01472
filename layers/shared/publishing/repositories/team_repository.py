"""Teams in DynamoDB: members and subscription, which other services write, and connections, one partition each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from publishing.repositories.table import Item, Table, advertisers_partition, connections_partition, plain, texts
from publishing.teams import Connection, OutsideList, Role, Subscription, Team, place_of


@dataclass(frozen=True, slots=True)
class DynamoDBTeamRepository:
    """Teams in the product's table. All reads are strongly consistent: a connection counts at once."""

    table: Table

    def read(self, team_id: str, advertiser_id: str | None = None) -> Team:
        """Query the team's partition, then that of its connections without the operations on them.

        Which of the long lists outside the connections' items have ``advertiser_id`` is a third query, if any are.
        """
        members = self._query("pk = :team", {":team": _partition(team_id)})
        connections = self._query(
            "pk = :connections AND begins_with(sk, :user)",
            {":connections": connections_partition(team_id), ":user": {"S": "USER#"}},
        )
        team = team_of(team_id, [*members, *connections])
        if advertiser_id is None or all(one.names_all for one in team.connections):
            return team
        bucket, _ = place_of(advertiser_id)
        index = self._query(
            "pk = :lists AND begins_with(sk, :bucket)",
            {":lists": advertisers_partition(team_id), ":bucket": {"S": f"INDEX#{bucket}#"}},
        )
        having = {item["sk"].rpartition("#")[2] for item in index if advertiser_id in item["advertiser_ids"]}
        return team.knowing(advertiser_id, having)

    def read_membership(self, team_id: str, user_id: str) -> Team:
        """Read two items, whatever the team's size: two read units."""
        sort_keys = (f"MEMBER#{user_id}", "SUBSCRIPTION")
        keys = [{"pk": _partition(team_id), "sk": {"S": sort_key}} for sort_key in sort_keys]
        return team_of(team_id, map(plain, self.table.get_many(keys)))

    def _query(self, condition: str, values: Item) -> Iterable[Mapping[str, Any]]:
        pages = self.table.pages(
            KeyConditionExpression=condition, ExpressionAttributeValues=values, ConsistentRead=True
        )
        return (plain(item) for items in pages for item in items)


def _partition(team_id: str) -> Item:
    return {"S": f"TEAM#{team_id}"}


def team_of(team_id: str, items: Iterable[Mapping[str, Any]]) -> Team:
    """Return the team that its items describe. Malformed items of other services count as absent, not as errors."""
    roles: dict[str, Role] = {}
    connections: list[Connection] = []
    subscription: Subscription | None = None
    for item in items:
        kind, _, user_id = str(item["sk"]).partition("#")
        if kind == "MEMBER" and user_id:
            roles[user_id] = Role.of(item.get("role"))
        elif item["sk"] == "SUBSCRIPTION":
            subscription = _subscription(item)
        elif kind == "USER" and user_id:
            connections.append(_connection(team_id, user_id, item))
    return Team(team_id, roles, subscription, tuple(connections))


def _subscription(item: Mapping[str, Any]) -> Subscription | None:
    try:
        return Subscription(str(item.get("status", "")), _number(item.get("current_period_end")))
    except ValueError:
        return None


def _connection(team_id: str, user_id: str, item: Mapping[str, Any]) -> Connection:
    names, scopes, verified_at = item.get("advertiser_names"), item.get("scopes"), item.get("verified_at")
    version = item.get("secret_version")
    return Connection(
        team_id=team_id,
        user_id=user_id,
        status=str(item.get("status", "")),
        advertiser_ids=tuple(dict.fromkeys(texts(item.get("advertiser_ids")) or ())),
        secret_id=str(item.get("secret_id", "")),
        connected_at=str(item.get("connected_at", "")),
        expiry_notified="expiry_told" in item and item["expiry_told"] == item.get("connected_at"),
        names={str(key): str(name) for key, name in names.items()} if isinstance(names, Mapping) else {},
        disabled=frozenset(texts(item.get("disabled_advertiser_ids")) or ()),
        scopes=texts(scopes),
        verified_at=verified_at if isinstance(verified_at, str) else None,
        scheduled="due_at" in item,
        secret_version=version if isinstance(version, str) and version else None,
        outside=_outside(item),
        replaced_lists=texts(item.get("replaced_list_ids")) or (),
    )


def _outside(item: Mapping[str, Any]) -> OutsideList | None:
    list_id, default = item.get("list_id"), item.get("default_advertiser_id")
    count = str(list_id).rpartition("-")[2]
    return OutsideList(str(list_id), int(count), default) if count.isdecimal() else None


def _number(value: Any) -> float | None:
    return None if value is None else float(str(value))
