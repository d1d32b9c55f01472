"""The answers of ``/connections``."""

from publishing.answers import Answer, Moment


class ConsentAsked(Answer):
    """Where to send the person."""

    authorize_url: str
    """TikTok's consent page. Good for one person and one time."""
    expires_at: Moment
    """Until when the person may come back from it."""


class ListedAdvertiser(Answer):
    """An ad account that a connection reaches."""

    advertiser_id: str
    name: str | None
    """Null where TikTok did not tell it."""
    disabled: bool
    """Whether TikTok said that it is disabled: never taken where no advertiser is named."""


class Permission(Answer):
    """A permission of TikTok's."""

    id: str
    name: str
    """In words."""


class MissingPermissions(Answer):
    """What cannot be done with this connection."""

    check: str
    """What suffers: a prerequisite, or an action; an open set."""
    permissions: tuple[Permission, ...]
    """To grant, by connecting again."""


class ConnectionSeen(Answer):
    """One person's TikTok."""

    user_id: str
    status: str
    """``active``, ``expired`` or ``revoked``."""
    advertiser_ids: tuple[str, ...]
    """In TikTok's order."""
    advertisers: tuple[ListedAdvertiser, ...]
    """The same, with names."""
    connected_at: str | None
    last_verified_at: str | None
    """When TikTok accepted the token last; null where it was not asked yet."""
    permissions: tuple[Permission, ...] | None
    """Granted ones; null where it is not known which."""
    missing: tuple[MissingPermissions, ...] | None
    """What was not granted, by what suffers; null where it is not known."""


class ConnectionList(Answer):
    """The caller's own and, for owner and manager, the team's; the caller's first, then the latest."""

    connections: tuple[ConnectionSeen, ...]


class Disconnected(Answer):
    """The connection is ended."""

    user_id: str
    status: str = "revoked"
    message: str = "TikTok is disconnected. Identities and campaigns at TikTok are not touched."
