"""Whose TikTok token is used: pure rules over a team."""

from dataclasses import dataclass
from enum import StrEnum

from publishing.teams import Connection, ConnectionStatus, Role, Team, moment

BORROWING_ROLES = frozenset({Role.OWNER, Role.MANAGER})
"""Who may read with a teammate's token."""


class Purpose(StrEnum):
    """What the token is wanted for. Writes never borrow."""

    READ = "read"
    WRITE = "write"


class NoTokenError(Exception):
    """Nothing usable is connected. ``detail``: ``no_advertiser``, ``token_expired`` or None."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail


class AdvertiserNotConnectedError(Exception):
    """There are tokens, but none of them has the advertiser."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A connection that may answer, and the advertiser it is asked about."""

    connection: Connection
    advertiser_id: str
    own: bool


def candidates(
    team: Team, user_id: str, role: Role, advertiser_id: str | None, purpose: Purpose
) -> tuple[Candidate, ...]:
    """The connections to try, best first: the caller's own, then those the caller may borrow, latest connected first.

    Without ``advertiser_id`` each candidate stands for the first advertiser of its own list that is not disabled.

    Raises:
        NoTokenError: no active connection may be used, or none has any advertiser.
        AdvertiserNotConnectedError: active connections, but none has ``advertiser_id``.
    """
    own = [one for one in team.connections if one.user_id == user_id]
    usable = [one for one in own if team.may_use(one)]
    if purpose is Purpose.READ and role in BORROWING_ROLES:
        others = [one for one in team.connections if one.user_id != user_id and team.may_use(one)]
        others.sort(key=lambda one: one.user_id)
        usable += sorted(others, key=lambda one: moment(one.connected_at), reverse=True)
    if not usable:
        expired = any(one.status == ConnectionStatus.EXPIRED for one in own)
        raise NoTokenError("token_expired" if expired else None)
    if advertiser_id is None:
        chosen = tuple(
            Candidate(one, default, one.user_id == user_id) for one in usable if (default := one.default_advertiser)
        )
        if not chosen:
            raise NoTokenError("no_advertiser")
        return chosen
    chosen = tuple(
        Candidate(one, advertiser_id, one.user_id == user_id) for one in usable if advertiser_id in one.advertiser_ids
    )
    if not chosen:
        raise AdvertiserNotConnectedError
    return chosen
