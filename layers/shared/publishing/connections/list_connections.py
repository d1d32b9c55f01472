"""GET /connections and a connection's ad accounts, for whoever may see them. No TikTok call."""

from collections.abc import Iterator, Sequence
from itertools import batched
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
from publishing.ports import ReadPages, TeamRepository
from publishing.teams import ADVERTISERS_PER_PAGE, AdvertiserRow, Connection, ConnectionStatus, Role, Team, moment
from publishing.tokens import BORROWING_ROLES

CONNECTIONS_AT_ONCE = 20
"""Connections whose first ad accounts are read at once: more may not fit into a page."""


def list_connections(
    teams: TeamRepository, read_pages: ReadPages, context: RequestContext, query: PageQuery
) -> ConnectionList:
    """Return the caller's own connection and, for owner and manager, those of the whole team; a page."""
    principal = context.principal
    visible = visible_connections(teams.read(principal.team_id), principal.user_id, principal.role)
    begin = _begin([one.user_id for one in visible], query)

    def rows() -> Iterator[tuple[str, ConnectionSeen]]:
        for some in batched(visible[begin:], CONNECTIONS_AT_ONCE, strict=False):
            first_pages = read_pages([(one, 0) for one in some])
            for connection, first in zip(some, first_pages, strict=True):
                yield connection.user_id, shown(connection, first)

    page, token = page_of(rows(), query.limit)
    return ConnectionList(connections=page, next_token=token)


def list_advertisers(
    teams: TeamRepository, read_pages: ReadPages, context: RequestContext, query: ConnectionAdvertisersQuery
) -> ConnectionAdvertisers:
    """Return the ad accounts of a connection that the caller may see, in TikTok's order; a page.

    The page's token is the position and the id of its last row: if the list has changed there, it is refused.

    Raises:
        Problem: ``no_connection``: there is none, or the caller may not see it; ``invalid_request``.
    """
    principal = context.principal
    visible = visible_connections(teams.read(principal.team_id), principal.user_id, principal.role)
    # API Gateway passes a path parameter as it was sent, percent-encoded.
    named = (query.user_id, unquote(query.user_id))
    connection = next((one for user_id in named for one in visible if one.user_id == user_id), None)
    if connection is None:
        raise Problem("no_connection")
    position, _, last_id = (query.next_token or "").partition("-")
    last = int(position) if position.isdecimal() and len(position) <= len(str(connection.advertiser_count)) else -1
    begin = max(last, 0) // ADVERTISERS_PER_PAGE
    end = min(last + 1 + query.limit, connection.advertiser_count - 1) // ADVERTISERS_PER_PAGE + 1
    pages = read_pages([(connection, number) for number in range(begin, end)])
    rows = dict(enumerate((row for page in pages for row in page), begin * ADVERTISERS_PER_PAGE))
    if query.next_token is not None and (last not in rows or rows[last].advertiser_id != last_id):
        raise _list_has_changed()
    listed = ((f"{place}-{row.advertiser_id}", _shown_advertiser(row)) for place, row in rows.items() if place > last)
    page, token = page_of(listed, query.limit)
    return ConnectionAdvertisers(advertisers=page, advertiser_count=connection.advertiser_count, next_token=token)


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
        raise _list_has_changed()
    return keys.index(query.next_token) + 1


def _list_has_changed() -> Problem:
    return invalid("next_token", "is of a list that has changed since; begin again with the first page")


def shown(connection: Connection, first: Sequence[AdvertiserRow]) -> ConnectionSeen:
    """Return a connection as responses show it, with the first page of its ad accounts."""
    return ConnectionSeen(
        user_id=connection.user_id,
        status=connection.status,
        advertiser_ids=tuple(one.advertiser_id for one in first),
        advertisers=tuple(map(_shown_advertiser, first)),
        advertiser_count=connection.advertiser_count,
        connected_at=connection.connected_at or None,
        last_verified_at=connection.verified_at,
        permissions=None if connection.scopes is None else granted(connection.scopes),
        missing=None if connection.scopes is None else missing(connection.scopes),
    )


def _shown_advertiser(one: AdvertiserRow) -> ListedAdvertiser:
    return ListedAdvertiser(advertiser_id=one.advertiser_id, name=one.name, disabled=one.disabled)
