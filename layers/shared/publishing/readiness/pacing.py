"""How fast TikTok may be asked in the background, and when it can be asked again after a refusal: pure rules.

TikTok limits each app's calls of each endpoint (EVA rate-limits, 2026-08), and all customers of the app share them:
what the background takes, a preflight that somebody waits for does not have.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from publishing.readiness.cadence import next_midnight

CALLS_PER_CHECK = 3
"""Calls of the endpoint that one check asks most: ``identity/get/`` for both types and for the others."""
URGENT_SHARE = 0.2
"""The part of the background's share that is kept for those whose launch is near."""
QUEUE_MINUTES = 60
"""A sweep does not fill the queue with more than can be checked in so long: the rest stays due, the oldest first."""

SHORT_LIMIT_TRIES = 3
"""Refusals in a row, each after a pause, after which it must be the limit of the day."""
LONGEST_HIDING = timedelta(hours=11, minutes=50)
"""SQS hides a message for 12 hours at most, counted from when it was received."""


@dataclass(frozen=True, slots=True)
class Level:
    """What TikTok allows an app on one endpoint, and how many workers that keeps busy."""

    per_second: int
    per_minute: int
    per_day: int
    workers: int
    """At once, for each of the two queues; Lambda's least is 2."""


LEVELS: Mapping[str, Level] = MappingProxyType(
    {
        "Basic": Level(10, 600, 864_000, workers=2),
        "Advanced": Level(20, 1_200, 1_728_000, workers=4),
        "Premium": Level(30, 1_800, 2_592_000, workers=6),
        "Ultimate": Level(50, 3_000, 4_320_000, workers=10),
    }
)
"""By TikTok's name of the app's level. ``workers`` is in the template too (a test compares them)."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What part of which level the background may take."""

    level: Level = LEVELS["Basic"]
    share: float = 0.5

    @property
    def checks_per_minute(self) -> float:
        """Checks, of all workers together, that keep within the share of each limit."""
        calls = min(self.level.per_second * 60, self.level.per_minute, self.level.per_day / (24 * 60))
        return calls * self.share / CALLS_PER_CHECK

    def gap(self, *, urgent: bool) -> timedelta:
        """How long a worker of one queue takes for one check at least."""
        part = URGENT_SHARE if urgent else 1 - URGENT_SHARE
        return timedelta(minutes=self.level.workers / (self.checks_per_minute * part))

    def room(self, waiting: int) -> int:
        """How many messages the queue takes besides those that wait in it."""
        return max(0, int(self.checks_per_minute * QUEUE_MINUTES) - waiting)


def recovers_at(now: datetime, tries: int, pause: timedelta) -> datetime:
    """When TikTok may be asked again, after the ``tries``-th refusal for rate in a row of one message.

    After ``pause``, or when the day's limit ends. That of a second has passed by itself: the client has waited for it.
    TikTok does not say which it was.
    """
    if tries <= SHORT_LIMIT_TRIES:
        return now + pause
    return min(next_midnight(now), now + LONGEST_HIDING)
