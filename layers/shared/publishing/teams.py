"""Who belongs to a team, what it has subscribed to and which TikTok connections exist."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol

ACTIVE_SUBSCRIPTIONS = frozenset({"active", "trialing"})


class Role(StrEnum):
    """What a member may do; any other role has the rights of a media buyer."""

    OWNER = "owner"
    MANAGER = "manager"
    MEDIA_BUYER = "mediabuyer"

    @classmethod
    def of(cls, text: object) -> "Role":
        """The role that ``text`` names, the least one for anything else."""
        return next((role for role in cls if role == text), cls.MEDIA_BUYER)


class ConnectionStatus(StrEnum):
    """Whether a person's TikTok token can be used."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Connection:
    """One person's link to TikTok. The token itself is the secret that ``secret_id`` names."""

    team_id: str
    user_id: str
    status: str
    advertiser_ids: tuple[str, ...]
    secret_id: str
    connected_at: str
    expiry_told: bool = False
    """Whether others were told that this connection has ended."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What the team pays for; ``current_period_end`` in seconds since the epoch."""

    status: str
    current_period_end: float | None = None

    def is_active(self, now: datetime) -> bool:
        """Paid or in trial, and the period not over."""
        in_period = self.current_period_end is None or self.current_period_end > now.timestamp()
        return self.status in ACTIVE_SUBSCRIPTIONS and in_period


@dataclass(frozen=True, slots=True)
class Team:
    """A team as the table holds it now."""

    team_id: str
    roles: Mapping[str, Role] = field(default_factory=dict)
    """Role of each member, by user id."""
    subscription: Subscription | None = None
    connections: tuple[Connection, ...] = ()

    def has_active_subscription(self, now: datetime) -> bool:
        """Whether the team may write."""
        return self.subscription is not None and self.subscription.is_active(now)


class Teams(Protocol):
    """Where teams are read from."""

    def read(self, team_id: str) -> Team:
        """The team; an empty one if nothing is known of it."""
        ...


def team_of(team_id: str, items: Iterable[Mapping[str, Any]]) -> Team:
    """The team that its items describe. Items that other services wrote wrongly count as absent, not as errors."""
    roles: dict[str, Role] = {}
    connections: list[Connection] = []
    subscription: Subscription | None = None
    for item in items:
        kind, _, user_id = str(item["sk"]).partition("#")
        if kind == "MEMBER" and user_id:
            roles[user_id] = Role.of(item.get("role"))
        elif kind == "SUBSCRIPTION":
            subscription = _subscription(item)
        elif kind == "CONNECTION" and user_id:
            connections.append(_connection(team_id, user_id, item))
    return Team(team_id, roles, subscription, tuple(connections))


def _subscription(item: Mapping[str, Any]) -> Subscription | None:
    try:
        return Subscription(str(item.get("status", "")), _number(item.get("current_period_end")))
    except ValueError:
        return None


def _connection(team_id: str, user_id: str, item: Mapping[str, Any]) -> Connection:
    advertiser_ids = item.get("advertiser_ids")
    return Connection(
        team_id=team_id,
        user_id=user_id,
        status=str(item.get("status", "")),
        advertiser_ids=tuple(str(one) for one in advertiser_ids) if isinstance(advertiser_ids, list) else (),
        secret_id=str(item.get("secret_id", "")),
        connected_at=str(item.get("connected_at", "")),
        expiry_told="expiry_told" in item and item["expiry_told"] == item.get("connected_at"),
    )


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def moment(text: str) -> datetime:
    """The moment an ISO 8601 text names; the epoch where it names none."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
