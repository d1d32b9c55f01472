"""Who belongs to a team, what it has subscribed to and which TikTok connections exist."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

ACTIVE_SUBSCRIPTIONS = frozenset({"active", "trialing"})


class Role(StrEnum):
    """What a member may do; any other role has the rights of a media buyer."""

    OWNER = "owner"
    MANAGER = "manager"
    MEDIA_BUYER = "mediabuyer"

    @classmethod
    def of(cls, text: str | None) -> "Role":
        """Return the role that ``text`` names; for anything else the one with the fewest rights."""
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
    expiry_notified: bool = False
    """Whether its expiry was published."""
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Advertisers' names by id, where TikTok returned them."""
    disabled: frozenset[str] = frozenset()
    """Advertisers that TikTok calls disabled."""
    scopes: tuple[str, ...] | None = None
    """Ids of the permissions that TikTok granted; None if the connection's writer did not say."""
    verified_at: str | None = None
    """When TikTok last returned the token's advertisers; ISO 8601 in UTC."""
    scheduled: bool = False
    """Whether a refresh of the advertiser list is scheduled."""
    secret_version: str | None = None
    """The version of the secret that holds its token; None if the connection's writer named none: the current one."""

    @property
    def default_advertiser(self) -> str | None:
        """The first advertiser that is not disabled."""
        return next((one for one in self.advertiser_ids if one not in self.disabled), None)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What the team pays for; ``current_period_end`` in seconds since the epoch."""

    status: str
    current_period_end: float | None = None

    def is_active(self, now: datetime) -> bool:
        """Whether it is paid or in trial, and its period has not ended."""
        in_period = self.current_period_end is None or self.current_period_end > now.timestamp()
        return self.status in ACTIVE_SUBSCRIPTIONS and in_period


@dataclass(frozen=True, slots=True)
class Team:
    """A team as it is stored now."""

    team_id: str
    roles: Mapping[str, Role] = field(default_factory=dict)
    """Role of each member, by user id."""
    subscription: Subscription | None = None
    connections: tuple[Connection, ...] = ()

    def connection_of(self, user_id: str) -> Connection | None:
        """Return the person's connection, whatever its status."""
        return next((one for one in self.connections if one.user_id == user_id), None)

    def with_connection(self, connection: Connection) -> "Team":
        """Return the team with this connection in place of the person's."""
        changed = (connection if one.user_id == connection.user_id else one for one in self.connections)
        return replace(self, connections=tuple(changed))

    def may_use(self, connection: Connection) -> bool:
        """Whether the connection may be used: active, with a secret, and its person a member."""
        active = connection.status == ConnectionStatus.ACTIVE and bool(connection.secret_id)
        return active and connection.user_id in self.roles

    def has_active_subscription(self, now: datetime) -> bool:
        """Whether the team may write."""
        return self.subscription is not None and self.subscription.is_active(now)


def moment(text: str) -> datetime:
    """Return the moment of an ISO 8601 text; the epoch if it is malformed."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def in_utc(at: datetime) -> str:
    """Return ISO 8601 in UTC, to the millisecond: no two connections of a person have the same."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
