"""GET /connections: which connections exist, for whoever may see them. No TikTok call."""

from publishing.connections.permissions import granted, missing
from publishing.http.request_context import RequestContext
from publishing.http.request_schemas import NoInput
from publishing.http.response_schemas import ConnectionList, ConnectionSeen, ListedAdvertiser
from publishing.ports import TeamRepository
from publishing.teams import Connection, ConnectionStatus, Role, Team, moment
from publishing.tokens import BORROWING_ROLES


def list_connections(teams: TeamRepository, context: RequestContext, _query: NoInput) -> ConnectionList:
    """Return the caller's own connection and, for owner and manager, those of the whole team."""
    principal = context.principal
    team = teams.read(principal.team_id)
    return ConnectionList(
        connections=tuple(shown(one) for one in visible_connections(team, principal.user_id, principal.role))
    )


def visible_connections(team: Team, user_id: str, role: str) -> list[Connection]:
    """Return the connections that a member may see: their own first, then the latest."""
    whole_team = Role.of(role) in BORROWING_ROLES
    statuses = set(ConnectionStatus)
    shown = [one for one in team.connections if one.status in statuses and (whole_team or one.user_id == user_id)]
    shown.sort(key=lambda one: one.user_id)
    shown.sort(key=lambda one: moment(one.connected_at), reverse=True)
    return sorted(shown, key=lambda one: one.user_id != user_id)


def shown(connection: Connection) -> ConnectionSeen:
    """Return a connection as responses show it."""
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
