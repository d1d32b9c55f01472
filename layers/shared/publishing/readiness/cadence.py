"""When an advertiser is checked again (pure)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

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
