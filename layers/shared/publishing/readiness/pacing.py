"""How fast background checks may ask TikTok, and when to ask again after a refusal (pure).

TikTok limits each app's calls to each endpoint (EVA rate-limits, 2026-08), and all customers share the app: what the
background takes is not available to a preflight that somebody waits for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from publishing.readiness.cadence import next_midnight

CALLS_PER_CHECK = 3
"""Calls to the endpoint that one check asks most: ``identity/get/`` for both types and for the others."""
URGENT_SHARE = 0.2
"""The part of the background's share that is reserved for advertisers whose launch is near."""
QUEUE_MINUTES = 60
"""A sweep queues no more than can be checked in this time; all else stays due, the oldest first."""

SHORT_LIMIT_TRIES = 3
"""Consecutive refusals, each after a pause, after which it must be the daily limit."""
MAX_VISIBILITY_TIMEOUT = timedelta(hours=11, minutes=50)
"""SQS allows 12 hours at most, counted from when the message was received."""


@dataclass(frozen=True, slots=True)
class Level:
    """What TikTok allows an app on one endpoint, and how many workers that keeps busy."""

    per_second: int
    per_minute: int
    per_day: int
    workers: int
    """Concurrent workers of each of the two queues; Lambda's minimum is 2."""


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
    """Which share of which level the background may take."""

    level: Level = LEVELS["Basic"]
    share: float = 0.5

    @property
    def checks_per_minute(self) -> float:
        """Checks of all workers together that stay within the share of each limit."""
        calls = min(self.level.per_second * 60, self.level.per_minute, self.level.per_day / (24 * 60))
        return calls * self.share / CALLS_PER_CHECK

    def min_duration(self, *, urgent: bool) -> timedelta:
        """Return the minimum duration of one check for each worker of a queue."""
        part = URGENT_SHARE if urgent else 1 - URGENT_SHARE
        return timedelta(minutes=self.level.workers / (self.checks_per_minute * part))

    def capacity(self, waiting: int) -> int:
        """Return how many jobs the queue takes besides those that wait in it."""
        return max(0, int(self.checks_per_minute * QUEUE_MINUTES) - waiting)


def recovers_at(now: datetime, tries: int, pause: timedelta) -> datetime:
    """Return when TikTok may be asked again, after a message's ``tries``-th consecutive refusal for rate.

    After ``pause``, or when the daily limit ends. The client has waited for the per-second limit itself. TikTok does
    not say which limit it was.
    """
    if tries <= SHORT_LIMIT_TRIES:
        return now + pause
    return min(next_midnight(now), now + MAX_VISIBILITY_TIMEOUT)
