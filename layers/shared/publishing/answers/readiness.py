"""The answer of ``GET /readiness``."""

from publishing.answers import Answer, Moment
from publishing.preflight.messages import Warning_
from publishing.preflight.objectives import Requirement


class ObjectiveReadiness(Answer):
    """What is known of one objective: ready exactly when nothing is missing and nothing unknown."""

    ready: bool
    missing: tuple[Requirement, ...]
    """What TikTok said to be absent or unusable, when it was asked last."""
    unknown: tuple[Requirement, ...]
    """What was never verified."""
    at_risk: tuple[Requirement, ...]
    """What is satisfied and expected to fail."""
    stale: bool
    """Whether this is the last known state, which could not be verified again."""
    last_transition_at: Moment | None
    """When one of its prerequisites became what it is."""


class AdvertiserReadiness(Answer):
    """What is known of one advertiser."""

    advertiser_id: str
    checked_at: Moment | None
    """The oldest evidence that it rests on; null where nothing was ever verified."""
    stale: bool
    """Whether a part of it could not be verified again, or has not been looked at for two intervals."""
    stale_since: Moment | None
    """The first look that could not verify it."""
    generation: int
    """Counts the changes; the events carry it too."""
    objectives: dict[str, ObjectiveReadiness]
    warnings: tuple[Warning_, ...]


class Readiness(Answer):
    """The last known readiness of the advertisers that the caller may see, by id."""

    advertisers: tuple[AdvertiserReadiness, ...]
