"""What others are told on the event bus. The schemas in docs/events/ are made from these models.

EventBridge delivers at least once: an event may come twice, then with the same ``id``. No event holds a token or a text
of TikTok's.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from publishing.answers import Moment
from publishing.preflight.findings import Finding, Status
from publishing.preflight.messages import Fix, text_of
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.readiness.record import OutgoingEvent
from publishing.readiness.snapshot import Change, Snapshot
from publishing.teams import Connection

SOURCE = "wevion.tiktok"
PREFLIGHT_PATH = "/api/v1/tiktok/publish-check"


class Event(BaseModel):
    """The ``detail`` of an event."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """To deduplicate on: the same event always has the same one."""


class ObjectiveVerdict(BaseModel):
    """What is known of an objective."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ready: bool
    missing: tuple[Requirement, ...]
    unknown: tuple[Requirement, ...]


class ObjectiveChange(BaseModel):
    """An objective before and after; ``preflight`` is the path of the API that checks it now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: ObjectiveVerdict
    after: ObjectiveVerdict
    preflight: str


class Added(BaseModel):
    """A prerequisite that is missing now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requirement: Requirement
    reason: str | None
    """An open set: show the message, do not fail on a new one."""
    message: str
    fix: Fix | None
    """Who must act, and how."""


class ReadinessChanged(Event):
    """A verified verdict is another one now."""

    team_id: str
    advertiser_id: str
    generation: int
    """Of the snapshot; a later one is newer."""
    checked_at: Moment
    """When TikTok said so."""
    added: tuple[Added, ...]
    resolved: tuple[Requirement, ...]
    objectives: dict[str, ObjectiveChange]
    """Those whose verdict changed."""


class ReadinessStale(Event):
    """What is known of an advertiser could not be verified any more for a whole interval."""

    team_id: str
    advertiser_id: str
    generation: int
    checked_at: Moment
    """The oldest evidence that the verdicts rest on."""
    stale_since: Moment
    unverified: tuple[Requirement, ...]


class ConnectionExpired(Event):
    """TikTok calls a person's token dead: who connected must connect again."""

    team_id: str
    user_id: str
    connected_at: str
    advertiser_ids: tuple[str, ...]
    message: str = "The TikTok connection has ended. Connect TikTok again."


class Connected(Event):
    """A person has connected TikTok, or connected it again."""

    team_id: str
    user_id: str
    connected_at: str
    advertisers: int
    """How many ad accounts the connection reaches; none is possible."""


class ChecksUnverifiable(Event):
    """For operators: most checks of a sweep could not be verified, so TikTok is most likely in trouble."""

    swept_at: Moment
    verified: int
    unverified: int


DetailType = Literal[
    "TikTok Readiness Changed",
    "TikTok Readiness Stale",
    "TikTok Connected",
    "TikTok Connection Expired",
    "TikTok Checks Unverifiable",
]

DETAIL_TYPES: dict[type[Event], DetailType] = {
    ReadinessChanged: "TikTok Readiness Changed",
    ReadinessStale: "TikTok Readiness Stale",
    Connected: "TikTok Connected",
    ConnectionExpired: "TikTok Connection Expired",
    ChecksUnverifiable: "TikTok Checks Unverifiable",
}
"""Every event that others are told of, by its model; the sweep's own is in :mod:`publishing.triggers`."""


def outgoing(event: Event) -> OutgoingEvent:
    """The event as it is kept and sent."""
    return OutgoingEvent(event.id, DETAIL_TYPES[type(event)], event.model_dump(mode="json"))


def readiness_changed(
    team_id: str, advertiser_id: str, before: Snapshot, after: Snapshot, changes: Iterable[Change], at: datetime
) -> ReadinessChanged:
    """The event of one generation."""
    changes = tuple(changes)
    return ReadinessChanged(
        id=f"readiness-changed/{team_id}/{advertiser_id}/{after.generation}",
        team_id=team_id,
        advertiser_id=advertiser_id,
        generation=after.generation,
        checked_at=at,
        added=tuple(_added(one) for one in changes if not one.satisfied),
        resolved=tuple(one.requirement for one in changes if one.satisfied),
        objectives={
            name: ObjectiveChange(
                before=_verdict(before, name),
                after=_verdict(after, name),
                preflight=f"{PREFLIGHT_PATH}?advertiser_id={advertiser_id}&objective={name}",
            )
            for name in OBJECTIVES
            if before.objective(name).missing != after.objective(name).missing
        },
    )


def readiness_stale(team_id: str, advertiser_id: str, snapshot: Snapshot, checked_at: datetime) -> ReadinessStale:
    """The event of one period of staleness.

    Raises:
        ValueError: the snapshot is not stale.
    """
    stale_since = snapshot.stale_since
    if stale_since is None:
        raise ValueError("the snapshot is not stale")
    return ReadinessStale(
        id=f"readiness-stale/{team_id}/{advertiser_id}/{stale_since.timestamp():.0f}",
        team_id=team_id,
        advertiser_id=advertiser_id,
        generation=snapshot.generation,
        checked_at=checked_at,
        stale_since=stale_since,
        unverified=tuple(one for one, known in snapshot.known.items() if known.stale_since),
    )


def connected(connection: Connection) -> Connected:
    """The event of one connection's beginning; connected again, it is another connection."""
    return Connected(
        id=f"connected/{connection.team_id}/{connection.user_id}/{connection.connected_at}",
        team_id=connection.team_id,
        user_id=connection.user_id,
        connected_at=connection.connected_at,
        advertisers=len(connection.advertiser_ids),
    )


def connection_expired(connection: Connection) -> ConnectionExpired:
    """The event of one connection's end; connected again, it is another connection."""
    return ConnectionExpired(
        id=f"connection-expired/{connection.team_id}/{connection.user_id}/{connection.connected_at}",
        team_id=connection.team_id,
        user_id=connection.user_id,
        connected_at=connection.connected_at,
        advertiser_ids=connection.advertiser_ids,
    )


def _added(change: Change) -> Added:
    message, fix = text_of(change.requirement, Finding(Status.MISSING, change.reason))
    return Added(requirement=change.requirement, reason=change.reason, message=message, fix=fix)


def _verdict(snapshot: Snapshot, objective: str) -> ObjectiveVerdict:
    state = snapshot.objective(objective)
    return ObjectiveVerdict(ready=state.ready, missing=state.missing, unknown=state.unknown)
