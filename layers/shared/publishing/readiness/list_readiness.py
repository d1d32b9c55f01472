"""GET /readiness: what is known of a team's advertisers, for whoever may see them. No TikTok call."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from publishing.http.check_schemas import AdvertiserReadiness, ObjectiveReadiness, Readiness
from publishing.http.problems import invalid
from publishing.http.request_context import RequestContext
from publishing.http.request_schemas import ReadinessQuery
from publishing.http.response_schemas import page_of
from publishing.ports import ReadIndex, ReadinessRepository, TeamRepository
from publishing.preflight.messages import warning
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.readiness.cadence import Cadence
from publishing.readiness.record import Record
from publishing.teams import BUCKETS, Connection, ConnectionStatus, Role, Team, place_of
from publishing.tokens import BORROWING_ROLES, AdvertiserNotConnectedError

MISSED_CHECKS = 2
"""Intervals without a check after which what is known counts as stale."""
MAX_ENTRIES = 500
"""Entries of the index of long lists that are read for one page: a quarter of a megabyte."""


def list_readiness(
    teams: TeamRepository,
    read_index: ReadIndex,
    records: ReadinessRepository,
    cadence: Cadence,
    context: RequestContext,
    query: ReadinessQuery,
) -> Readiness:
    """Return the snapshots of the advertisers that the caller may see, a page; of one if the query names it.

    A page looks at as many advertisers as the query's limit; those that were never checked have no snapshot.

    Raises:
        AdvertiserNotConnectedError: the caller may not see the advertiser that the query names.
    """
    principal = context.principal
    team = teams.read(principal.team_id, query.advertiser_id)
    visible = readable_connections(team, principal.user_id, Role.of(principal.role))
    if query.advertiser_id is not None:
        if not any(query.advertiser_id in one.advertiser_ids for one in visible):
            raise AdvertiserNotConnectedError
        record = records.read(principal.team_id, query.advertiser_id)
        return Readiness(advertisers=(readiness_of(record, cadence, context.now),) if record else (), next_token=None)
    looked_at = advertisers_after(read_index, principal.team_id, visible, query.next_token, query.limit)
    found = {one.advertiser_id: one for one in records.read_many(principal.team_id, looked_at.advertiser_ids)}
    rows = (
        ("-".join(place_of(one)), readiness_of(found[one], cadence, context.now))
        for one in looked_at.advertiser_ids
        if one in found
    )
    page, token = page_of(rows, query.limit)
    return Readiness(advertisers=page, next_token=token or looked_at.next_token)


def readable_connections(team: Team, user_id: str, role: Role) -> list[Connection]:
    """Return the connections whose advertisers' readiness a member may see: their own, or those of all members.

    Expired ones too: what was known stays useful. A revoked one shows nothing.
    """
    return [
        one
        for one in team.connections
        if one.user_id in team.roles and one.status != ConnectionStatus.REVOKED
        if one.user_id == user_id or role in BORROWING_ROLES
    ]


class AdvertiserPage(NamedTuple):
    """Some of the advertisers of several connections."""

    advertiser_ids: Sequence[str]
    next_token: str | None
    """The next page's; None: there is none."""


def advertisers_after(
    read_index: ReadIndex, team_id: str, connections: Sequence[Connection], token: str | None, limit: int
) -> AdvertiserPage:
    """Return the advertisers of a team's connections, each once, in the order of their places; a page.

    The token is the place of the last advertiser, or a bucket's end. A page ends early, perhaps without any advertiser,
    if ``MAX_ENTRIES`` of the index were read for it: the index holds the long lists of the whole team.

    Raises:
        Problem: ``invalid_request``: the token is none of this list.
    """
    bucket, _, advertiser_id = (token or f"{BUCKETS[0]}-").partition("-")
    if bucket not in BUCKETS:
        raise invalid("next_token", "is not one that this list returned; begin with the first page")
    after = (bucket, advertiser_id)
    places = {place_of(one) for connection in connections if connection.names_all for one in connection.advertiser_ids}
    ahead = {one for one in places if one > after}
    lists = {one.outside.list_id for one in connections if one.outside is not None and not one.names_all}
    read_until = BUCKETS[-1]
    for number, entry in enumerate(read_index(team_id, bucket) if lists else ()):
        if entry.bucket != bucket and (number >= MAX_ENTRIES or sum(one[0] <= bucket for one in ahead) > limit):
            read_until = bucket
            break
        bucket = entry.bucket
        if entry.list_id in lists:
            ahead |= {place for one in entry.advertiser_ids if (place := (bucket, one)) > after}
    listed = sorted(one for one in ahead if one[0] <= read_until)
    page, more = listed[:limit], len(listed) > limit
    next_token = "-".join(page[-1]) if more else f"{read_until}-~" if read_until != BUCKETS[-1] else None
    return AdvertiserPage([one for _, one in page], next_token)


def readiness_of(record: Record, cadence: Cadence, now: datetime) -> AdvertiserReadiness:
    """Return one advertiser's readiness as it is shown at ``now``."""
    snapshot = record.snapshot
    oldest_allowed = now - MISSED_CHECKS * cadence.every(active=record.active(now))

    def overdue(checked_at: datetime | None) -> bool:
        return checked_at is None or checked_at < oldest_allowed

    objectives = {}
    for name in OBJECTIVES:
        state = snapshot.objective(name)
        objectives[name] = ObjectiveReadiness(
            ready=state.ready,
            missing=state.missing,
            unknown=state.unknown,
            at_risk=(Requirement.IDENTITY,) if snapshot.at_risk else (),
            stale=state.stale or overdue(state.checked_at),
            last_transition_at=state.last_transition_at,
        )
    return AdvertiserReadiness(
        advertiser_id=record.advertiser_id,
        checked_at=snapshot.checked_at,
        stale=overdue(snapshot.checked_at) or snapshot.stale_since is not None,
        stale_since=snapshot.stale_since,
        generation=snapshot.generation,
        objectives=objectives,
        warnings=tuple(warning(code) for code in snapshot.warnings),
    )
