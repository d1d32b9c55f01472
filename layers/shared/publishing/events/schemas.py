"""The events that this service publishes. The schemas in docs/events/ are generated from these models.

EventBridge delivers at least once: an event may come twice, then with the same ``id``. No event holds a token or a
TikTok text.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from publishing.http.response_schemas import Moment
from publishing.preflight.messages import Fix
from publishing.preflight.objectives import Requirement

SOURCE = "wevion.tiktok"


class OutboxEvent(NamedTuple):
    """An event that has been decided and is not known to be published."""

    id: str
    """The same whenever it is published again."""
    detail_type: str
    detail: Mapping[str, Any]


class Event(BaseModel):
    """The ``detail`` of an event."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """For deduplication: the same event always has the same one, and no other event has it."""


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
    """An open set: show the message, do not fail on a new value."""
    message: str
    fix: Fix | None
    """Who must act, and how."""


class ReadinessChanged(Event):
    """A verified verdict has changed."""

    team_id: str
    advertiser_id: str
    generation: int
    """The snapshot's; a higher one is newer. Rises by any number."""
    checked_at: Moment
    """When TikTok said so."""
    added: tuple[Added, ...]
    resolved: tuple[Requirement, ...]
    objectives: dict[str, ObjectiveChange]
    """The objectives whose verdict changed."""


class ReadinessStale(Event):
    """What is known of an advertiser could not be verified for a whole interval."""

    team_id: str
    advertiser_id: str
    generation: int
    checked_at: Moment
    """The oldest evidence that the verdicts rest on."""
    stale_since: Moment
    unverified: tuple[Requirement, ...]


class ConnectionExpired(Event):
    """TikTok calls a person's token invalid: that person must connect again."""

    team_id: str
    user_id: str
    connected_at: str
    advertiser_ids: tuple[str, ...]
    message: str = "The TikTok connection has expired. Connect TikTok again."


class Connected(Event):
    """A person has connected TikTok, or connected it again."""

    team_id: str
    user_id: str
    connected_at: str
    advertisers: int
    """How many ad accounts the connection reaches; may be none."""


class ChecksUnverifiable(Event):
    """For operators: most checks of a sweep could not be verified, most likely because of an outage at TikTok."""

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
"""Every event for others, by its model; the sweep's own is in :mod:`publishing.readiness.sweep`."""


def outbox_event(event: Event) -> OutboxEvent:
    """Return the event as it is stored and published."""
    return OutboxEvent(event.id, DETAIL_TYPES[type(event)], event.model_dump(mode="json"))
