"""Which connections there are, for whoever may see them: no call of TikTok's."""

from dataclasses import dataclass

from publishing.answers.connections import ConnectionList, ConnectionSeen, ListedAdvertiser
from publishing.calls import Call
from publishing.connecting.permissions import granted, missing
from publishing.inputs import NoInput
from publishing.teams import Connection, ConnectionStatus, Role, Team, Teams, moment
from publishing.token_choice import BORROWING_ROLES


@dataclass(frozen=True, slots=True)
class Overview:
    """Answers what is connected."""

    teams: Teams

    def answer(self, call: Call, _query: NoInput) -> ConnectionList:
        """The caller's own connection and, for owner and manager, those of the whole team."""
        team = self.teams.read(call.caller.team_id)
        return ConnectionList(
            connections=tuple(_seen(one) for one in visible(team, call.caller.user_id, call.caller.role))
        )


def visible(team: Team, user_id: str, role: str) -> list[Connection]:
    """The connections that a member may see: their own first, then the latest."""
    whole_team = Role.of(role) in BORROWING_ROLES
    statuses = set(ConnectionStatus)
    shown = [one for one in team.connections if one.status in statuses and (whole_team or one.user_id == user_id)]
    shown.sort(key=lambda one: one.user_id)
    shown.sort(key=lambda one: moment(one.connected_at), reverse=True)
    return sorted(shown, key=lambda one: one.user_id != user_id)


def _seen(connection: Connection) -> ConnectionSeen:
    return ConnectionSeen(
        user_id=connection.user_id,
        status=connection.status,
        advertiser_ids=connection.advertiser_ids,
        advertisers=tuple(
            ListedAdvertiser(advertiser_id=one, name=connection.names.get(one), disabled=one in connection.disabled)
            for one in connection.advertiser_ids
        ),
        connected_at=connection.connected_at or None,
        last_verified_at=connection.verified_at,
        permissions=None if connection.scopes is None else granted(connection.scopes),
        missing=None if connection.scopes is None else missing(connection.scopes),
    )
