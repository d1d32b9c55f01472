"""When an advertiser is looked at again: pure rules."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

SHARDS = 16
"""Parts of the list of due advertisers, so that no single key of DynamoDB's takes all of it."""
LAUNCHES = "DUE#LAUNCH"
"""The part of those whose launch is near: a sweep takes it first, and whole."""
JITTER = 0.1
"""The part of an interval by which a look may come early, so that those who came together do not stay together.

Never late: an advertiser that is due just after an hourly sweep would wait for the next one.
"""
REST = timedelta(minutes=1)
"""Between two looks of one advertiser, however often a draft is saved; not where a launch is near."""
ACTIVE_FOR = timedelta(days=7)
"""How long a preflight or a draft keeps an advertiser in use."""
ACTIVE_AFTER_LAUNCH = timedelta(days=1)
LAUNCH_NEAR = timedelta(days=1)
"""Before a launch, looks go ahead of the queue."""
QUEUED_FOR = timedelta(hours=2)
"""How long a message may take until its advertiser is due once more: after that, it counts as lost."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often advertisers are looked at."""

    active_every: timedelta = timedelta(hours=1)
    idle_every: timedelta = timedelta(hours=24)
    confirm_after: timedelta = timedelta(minutes=5)
    """From the look that misses something to the one that confirms it."""
    rate_limit_pause: timedelta = timedelta(minutes=5)
    """After a refusal for the calls of a minute; TikTok wants five minutes' rest (EVA rate-limits)."""

    def every(self, *, active: bool) -> timedelta:
        """The interval of advertisers in use, or of the others."""
        return self.active_every if active else self.idle_every

    def next_due(self, key: str, last: datetime, now: datetime, *, active: bool) -> datetime:
        """When to look again after a look that was due at ``last``, some of the interval early."""
        every = self.every(active=active)
        early = JITTER * fraction(f"{key} {last.timestamp():.0f}")
        return max(last + every * (1 - early), now + min(every, REST))


def fraction(text: str) -> float:
    """A number from 0 to 1, always the same for the same text, evenly spread over texts."""
    return int.from_bytes(sha256(text.encode()).digest()[:8]) / 2**64


def shard(key: str) -> str:
    """The part of the list of due advertisers that ``key`` is in."""
    return f"DUE#{int(fraction(key) * SHARDS):02}"


def shards() -> tuple[str, ...]:
    """All parts but that of the launches."""
    return tuple(f"DUE#{number:02}" for number in range(SHARDS))


def launch_is_near(launch_at: datetime | None, now: datetime) -> bool:
    """Whether a launch is so close, or just over, that a look cannot wait its turn."""
    return launch_at is not None and -LAUNCH_NEAR <= now - launch_at <= ACTIVE_AFTER_LAUNCH


def next_midnight(now: datetime) -> datetime:
    """00:00 UTC of the next day."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
