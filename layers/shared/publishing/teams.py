"""Who belongs to a team, what it has subscribed to and which TikTok connections exist."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple
from zlib import crc32

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


class AdvertiserRow(NamedTuple):
    """An ad account in a connection's list."""

    advertiser_id: str
    name: str | None
    """None if TikTok did not return it."""
    disabled: bool
    """Whether TikTok calls it disabled."""


MAX_LISTED = 5_000
"""Advertisers kept of one connection: the event of its expiry names all of them, and EventBridge takes 256 KB."""
ADVERTISERS_PER_PAGE = 100
"""Ad accounts in one page of a list that is kept outside its connection's item; an item names as many (contract §6)."""


class OutsideList(NamedTuple):
    """A connection's list of ad accounts that is kept outside its item, so that reading the item costs little."""

    list_id: str
    """Names the items of the list. A list never changes: another list has another name."""
    advertiser_count: int
    default_advertiser: str | None


class IndexEntry(NamedTuple):
    """The ad accounts of one long list in one bucket."""

    bucket: str
    list_id: str
    advertiser_ids: tuple[str, ...]


BUCKETS = tuple(f"{number:02x}" for number in range(256))
"""Of the index of long lists: small enough that a preflight reads little of ten lists, and few enough to write."""


def place_of(advertiser_id: str) -> tuple[str, str]:
    """Return the ad account's place in the order in which those of several connections are listed: bucket, then id.

    The bucket is a checksum of the id, so that ids that resemble each other are spread evenly.
    """
    return BUCKETS[crc32(advertiser_id.encode()) % len(BUCKETS)], advertiser_id


@dataclass(frozen=True, slots=True)
class Connection:
    """One person's link to TikTok. The token itself is the secret that ``secret_id`` names."""

    team_id: str
    user_id: str
    status: str
    advertiser_ids: tuple[str, ...]
    """All that it reaches, in TikTok's order. Of a long list: the one that was asked for, if it has it."""
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
    outside: OutsideList | None = None
    """Where the rest of its list is: names, disabled ones and, of more than a hundred, the ids. None: all is here."""
    replaced_lists: tuple[str, ...] = ()
    """Lists outside its item that it had before; the next one that is written removes them."""

    @property
    def default_advertiser(self) -> str | None:
        """The first advertiser that is not disabled."""
        if self.outside is not None:
            return self.outside.default_advertiser
        return next((one for one in self.advertiser_ids if one not in self.disabled), None)

    @property
    def advertiser_count(self) -> int:
        """How many advertisers it reaches."""
        return len(self.advertiser_ids) if self.outside is None else self.outside.advertiser_count

    @property
    def names_all(self) -> bool:
        """Whether ``advertiser_ids`` are all that it reaches."""
        return len(self.advertiser_ids) == self.advertiser_count

    def listed(self) -> tuple[AdvertiserRow, ...]:
        """Return the advertisers that are here, with names and statuses if these are here too."""
        return tuple(AdvertiserRow(one, self.names.get(one), one in self.disabled) for one in self.advertiser_ids)

    def with_list(self, rows: Iterable[AdvertiserRow]) -> "Connection":
        """Return the connection with these advertisers as its whole list."""
        rows = tuple(rows)
        return replace(
            self,
            advertiser_ids=tuple(row.advertiser_id for row in rows),
            names={row.advertiser_id: row.name for row in rows if row.name is not None},
            disabled=frozenset(row.advertiser_id for row in rows if row.disabled),
            outside=None,
        )

    def knowing(self, advertiser_id: str, lists: Collection[str]) -> "Connection":
        """Return the connection with this advertiser, if its ids are outside its item in one of these lists."""
        if self.outside is None or self.names_all or self.outside.list_id not in lists:
            return self
        return replace(self, advertiser_ids=(advertiser_id,))

    def with_list_of(self, other: "Connection") -> "Connection":
        """Return the connection with the other one's list of advertisers, wherever that is kept."""
        return replace(
            self,
            advertiser_ids=other.advertiser_ids,
            names=other.names,
            disabled=other.disabled,
            outside=other.outside,
        )


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

    def knowing(self, advertiser_id: str, lists: Collection[str]) -> "Team":
        """Return the team in which connections with one of these long lists have this advertiser."""
        return replace(self, connections=tuple(one.knowing(advertiser_id, lists) for one in self.connections))

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
