"""GET /readiness: what is known of a team's advertisers, for whoever may see them. No TikTok call."""

from datetime import datetime

from publishing.http.check_schemas import AdvertiserReadiness, ObjectiveReadiness, Readiness
from publishing.http.request_context import RequestContext
from publishing.http.request_schemas import ReadinessQuery
from publishing.http.response_schemas import page_of
from publishing.ports import ReadinessRepository, TeamRepository
from publishing.preflight.messages import warning
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.readiness.cadence import Cadence
from publishing.readiness.record import Record
from publishing.teams import ConnectionStatus, Role, Team
from publishing.tokens import BORROWING_ROLES, AdvertiserNotConnectedError

MISSED_CHECKS = 2
"""Intervals without a check after which what is known counts as stale."""


def list_readiness(
    teams: TeamRepository,
    records: ReadinessRepository,
    cadence: Cadence,
    context: RequestContext,
    query: ReadinessQuery,
) -> Readiness:
    """Return the snapshots of the advertisers that the caller may see, by id, a page; of one if the query names it.

    A page looks at as many advertisers as the query's limit; those that were never checked have no snapshot.

    Raises:
        AdvertiserNotConnectedError: the caller may not see the advertiser that the query names.
    """
    principal = context.principal
    visible = visible_advertisers(teams.read(principal.team_id), principal.user_id, Role.of(principal.role))
    if query.advertiser_id is not None:
        if query.advertiser_id not in visible:
            raise AdvertiserNotConnectedError
        record = records.read(principal.team_id, query.advertiser_id)
        return Readiness(advertisers=(readiness_of(record, cadence, context.now),) if record else (), next_token=None)
    ids = sorted(one for one in visible if query.next_token is None or one > query.next_token)
    asked = ids[: query.limit]
    found = {one.advertiser_id: one for one in records.read_many(principal.team_id, asked)}
    rows = ((one, readiness_of(found[one], cadence, context.now)) for one in asked if one in found)
    page, token = page_of(rows, query.limit)
    if token is None and len(ids) > len(asked):
        token = asked[-1]
    return Readiness(advertisers=page, next_token=token)


def visible_advertisers(team: Team, user_id: str, role: Role) -> frozenset[str]:
    """Return the advertisers of the caller's own connection, for owner and manager those of all members' connections.

    Those of an expired connection too: what was known stays useful. A revoked one shows nothing.
    """
    return frozenset(
        advertiser_id
        for connection in team.connections
        if connection.user_id in team.roles and connection.status != ConnectionStatus.REVOKED
        if connection.user_id == user_id or role in BORROWING_ROLES
        for advertiser_id in connection.advertiser_ids
    )


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
