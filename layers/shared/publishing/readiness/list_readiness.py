"""GET /readiness: what is known of a team's advertisers, for whoever may see them. No TikTok call."""

from datetime import datetime
from typing import TYPE_CHECKING

from publishing.http.check_schemas import AdvertiserReadiness, ObjectiveReadiness, Readiness
from publishing.http.request_context import RequestContext
from publishing.http.request_schemas import ReadinessQuery
from publishing.ports import ReadinessRepository, TeamRepository
from publishing.preflight.messages import warning
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.readiness.cadence import Cadence
from publishing.readiness.record import Record
from publishing.teams import ConnectionStatus, Role, Team
from publishing.tokens import BORROWING_ROLES, AdvertiserNotConnectedError

if TYPE_CHECKING:
    from collections.abc import Sequence

MISSED_CHECKS = 2
"""Intervals without a check after which what is known counts as stale."""


def list_readiness(
    teams: TeamRepository,
    records: ReadinessRepository,
    cadence: Cadence,
    context: RequestContext,
    query: ReadinessQuery,
) -> Readiness:
    """Return the snapshots of the advertisers that the caller may see, by id; of one if the query names it.

    Raises:
        AdvertiserNotConnectedError: the caller may not see the advertiser that the query names.
    """
    principal = context.principal
    visible = visible_advertisers(teams.read(principal.team_id), principal.user_id, Role.of(principal.role))
    if query.advertiser_id is None:
        found: Sequence[Record] = records.of_team(principal.team_id)
    elif query.advertiser_id in visible:
        record = records.read(principal.team_id, query.advertiser_id)
        found = [record] if record else []
    else:
        raise AdvertiserNotConnectedError
    shown = sorted((one for one in found if one.advertiser_id in visible), key=lambda one: one.advertiser_id)
    return Readiness(advertisers=tuple(readiness_of(one, cadence, context.now) for one in shown))


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
