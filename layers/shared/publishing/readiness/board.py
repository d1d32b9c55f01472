"""What is known of a team's advertisers, for whoever may see it: no call of TikTok's."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from publishing.answers.readiness import AdvertiserReadiness, ObjectiveReadiness, Readiness
from publishing.calls import Call
from publishing.inputs import ReadinessQuery
from publishing.preflight.messages import warning
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.readiness.cadence import Cadence
from publishing.readiness.record import Record
from publishing.readiness.stores import Records
from publishing.teams import ConnectionStatus, Role, Team, Teams
from publishing.token_choice import BORROWING_ROLES, AdvertiserNotConnectedError

if TYPE_CHECKING:
    from collections.abc import Sequence

MISSED_LOOKS = 2
"""Intervals without a look after which what is known is called stale."""


@dataclass(frozen=True, slots=True)
class Board:
    """Answers what is known."""

    teams: Teams
    records: Records
    cadence: Cadence

    def answer(self, call: Call, query: ReadinessQuery) -> Readiness:
        """The snapshots of the advertisers that the caller may see, by id; of one where the query names it.

        Raises:
            AdvertiserNotConnectedError: the caller may not see the advertiser that the query names.
        """
        caller = call.caller
        visible = visible_advertisers(self.teams.read(caller.team_id), caller.user_id, Role.of(caller.role))
        if query.advertiser_id is None:
            records: Sequence[Record] = self.records.of_team(caller.team_id)
        elif query.advertiser_id in visible:
            record = self.records.read(caller.team_id, query.advertiser_id)
            records = [record] if record else []
        else:
            raise AdvertiserNotConnectedError
        shown = sorted((one for one in records if one.advertiser_id in visible), key=lambda one: one.advertiser_id)
        return Readiness(advertisers=tuple(shown_of(one, self.cadence, call.now) for one in shown))


def visible_advertisers(team: Team, user_id: str, role: Role) -> frozenset[str]:
    """The advertisers of the caller's own connection, for owner and manager those of all members' connections.

    Of an expired connection too: what was known stays worth knowing. A revoked one shows nothing.
    """
    return frozenset(
        advertiser_id
        for connection in team.connections
        if connection.user_id in team.roles and connection.status != ConnectionStatus.REVOKED
        if connection.user_id == user_id or role in BORROWING_ROLES
        for advertiser_id in connection.advertiser_ids
    )


def shown_of(record: Record, cadence: Cadence, now: datetime) -> AdvertiserReadiness:
    """One advertiser's snapshot as it is shown at ``now``."""
    snapshot = record.snapshot
    checked_at = snapshot.checked_at
    patience = MISSED_LOOKS * cadence.every(active=record.active(now))
    overdue = checked_at is None or now - checked_at > patience
    objectives = {}
    for name in OBJECTIVES:
        state = snapshot.objective(name)
        objectives[name] = ObjectiveReadiness(
            ready=state.ready,
            missing=state.missing,
            unknown=state.unknown,
            at_risk=(Requirement.IDENTITY,) if snapshot.at_risk else (),
            stale=state.stale or overdue,
            last_transition_at=state.last_transition_at,
        )
    return AdvertiserReadiness(
        advertiser_id=record.advertiser_id,
        checked_at=checked_at,
        stale=overdue or snapshot.stale_since is not None,
        stale_since=snapshot.stale_since,
        generation=snapshot.generation,
        objectives=objectives,
        warnings=tuple(warning(code) for code in snapshot.warnings),
    )
