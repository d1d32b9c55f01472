"""GET /connections and a connection's ad accounts, for whoever may see them. No TikTok call."""

from collections.abc import Sequence
from urllib.parse import unquote

from publishing.http.problems import Problem, invalid
from publishing.http.request_context import RequestContext
from publishing.http.request_schemas import ConnectionAdvertisersQuery, PageQuery
from publishing.http.response_schemas import (
    ConnectionAdvertisers,
    ConnectionList,
    ConnectionSeen,
    ListedAdvertiser,
    page_of,
)
from publishing.permissions import granted, missing
from publishing.ports import TeamRepository
from publishing.teams import Connection, ConnectionStatus, Role, Team, moment
from publishing.tokens import BORROWING_ROLES

ADVERTISERS_SHOWN = 100
"""Of each connection in a list of connections."""


def list_connections(teams: TeamRepository, context: RequestContext, query: PageQuery) -> ConnectionList:
    """Return the caller's own connection and, for owner and manager, those of the whole team; a page."""
    principal = context.principal
    visible = visible_connections(teams.read(principal.team_id), principal.user_id, principal.role)
    begin = _begin([one.user_id for one in visible], query)
    page, token = page_of(((one.user_id, shown(one)) for one in visible[begin:]), query.limit)
    return ConnectionList(connections=page, next_token=token)


def list_advertisers(
    teams: TeamRepository, context: RequestContext, query: ConnectionAdvertisersQuery
) -> ConnectionAdvertisers:
    """Return the ad accounts of a connection that the caller may see; a page.

    Raises:
        Problem: ``no_connection``: there is none, or the caller may not see it.
    """
    principal = context.principal
    visible = visible_connections(teams.read(principal.team_id), principal.user_id, principal.role)
    # API Gateway passes a path parameter as it was sent, percent-encoded.
    named = {query.user_id, unquote(query.user_id)}
    connection = next((one for one in visible if one.user_id in named), None)
    if connection is None:
        raise Problem("no_connection")
    begin = _begin(connection.advertiser_ids, query)
    rows = ((one, _advertiser(connection, one)) for one in connection.advertiser_ids[begin:])
    page, token = page_of(rows, query.limit)
    return ConnectionAdvertisers(advertisers=page, next_token=token)


def visible_connections(team: Team, user_id: str, role: str) -> list[Connection]:
    """Return the connections that a member may see: their own first, then the latest."""
    whole_team = Role.of(role) in BORROWING_ROLES
    statuses = set(ConnectionStatus)
    shown = [one for one in team.connections if one.status in statuses and (whole_team or one.user_id == user_id)]
    shown.sort(key=lambda one: one.user_id)
    shown.sort(key=lambda one: moment(one.connected_at), reverse=True)
    return sorted(shown, key=lambda one: one.user_id != user_id)


def _begin(keys: Sequence[str], query: PageQuery) -> int:
    """Return where the query's page begins in a list with these keys."""
    if query.next_token is None:
        return 0
    if query.next_token not in keys:
        raise invalid("next_token", "is of a list that has changed since; begin again with the first page")
    return keys.index(query.next_token) + 1


def shown(connection: Connection) -> ConnectionSeen:
    """Return a connection as responses show it, with its first ad accounts."""
    first = connection.advertiser_ids[:ADVERTISERS_SHOWN]
    return ConnectionSeen(
        user_id=connection.user_id,
        status=connection.status,
        advertiser_ids=first,
        advertisers=tuple(_advertiser(connection, one) for one in first),
        advertiser_count=len(connection.advertiser_ids),
        connected_at=connection.connected_at or None,
        last_verified_at=connection.verified_at,
        permissions=None if connection.scopes is None else granted(connection.scopes),
        missing=None if connection.scopes is None else missing(connection.scopes),
    )


def _advertiser(connection: Connection, advertiser_id: str) -> ListedAdvertiser:
    name, disabled = connection.names.get(advertiser_id), advertiser_id in connection.disabled
    return ListedAdvertiser(advertiser_id=advertiser_id, name=name, disabled=disabled)
