"""When an advertiser is checked again, and how fast background checks may ask TikTok (pure).

TikTok limits each app's calls to each endpoint (EVA rate-limits, 2026-08), and all customers share the app: what the
background takes is not available to a preflight that somebody waits for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType

SHARDS = 16
"""Shards of the index of due advertisers, so that no single DynamoDB key takes all of it."""
LAUNCHES = "DUE#LAUNCH"
"""The shard of advertisers whose launch is near: a sweep takes it first, and completely."""
JITTER = 0.1
"""The part of an interval by which a check may come early, so that advertisers that came together spread out.

Never late: an advertiser that is due just after an hourly sweep would wait for the next one.
"""
MIN_INTERVAL = timedelta(minutes=1)
"""Between two checks of one advertiser, however often a draft is saved; does not apply near a launch."""
ACTIVE_FOR = timedelta(days=7)
"""How long a preflight or a draft keeps an advertiser active."""
ACTIVE_AFTER_LAUNCH = timedelta(days=1)
LAUNCH_NEAR = timedelta(days=1)
"""Before a launch, checks use the urgent queue."""
QUEUED_FOR = timedelta(hours=2)
"""How long a job may take until its advertiser is due again: after that the message counts as lost."""
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
class Cadence:
    """How often advertisers are checked."""

    active_every: timedelta = timedelta(hours=1)
    idle_every: timedelta = timedelta(hours=24)
    confirm_after: timedelta = timedelta(minutes=5)
    """Delay of the confirmation check."""
    rate_limit_pause: timedelta = timedelta(minutes=5)
    """After TikTok refused for its per-minute limit, which recovers after five minutes (EVA rate-limits)."""

    def every(self, *, active: bool) -> timedelta:
        """Return the interval for active advertisers, or for all others."""
        return self.active_every if active else self.idle_every

    def next_due(self, key: str, last: datetime, now: datetime, *, active: bool) -> datetime:
        """Return when to check again after a check that was claimed at ``last``, up to ``JITTER`` early."""
        every = self.every(active=active)
        early = JITTER * fraction(f"{key} {last.timestamp():.0f}")
        return max(last + every * (1 - early), now + min(every, MIN_INTERVAL))


def fraction(text: str) -> float:
    """Return a number from 0 to 1, always the same for the same text, evenly distributed."""
    return int.from_bytes(sha256(text.encode()).digest()[:8]) / 2**64


def shard(key: str) -> str:
    """Return the shard of ``key`` in the index of due advertisers."""
    return f"DUE#{int(fraction(key) * SHARDS):02}"


def shards() -> tuple[str, ...]:
    """Return all shards but that of the launches."""
    return tuple(f"DUE#{number:02}" for number in range(SHARDS))


def launch_is_near(launch_at: datetime | None, now: datetime) -> bool:
    """Whether a launch is so near, or so recent, that checks are urgent."""
    return launch_at is not None and -LAUNCH_NEAR <= now - launch_at <= ACTIVE_AFTER_LAUNCH


def next_midnight(now: datetime) -> datetime:
    """Return 00:00 UTC of the next day."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


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
