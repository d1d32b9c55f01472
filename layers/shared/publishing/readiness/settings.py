"""What the readiness functions are told by their environment, read once in Init."""

from collections.abc import Mapping
from dataclasses import dataclass

from publishing.environment import SettingsError, duration, required
from publishing.readiness.cadence import Cadence
from publishing.readiness.pacing import LEVELS, Pace


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """Where looks are queued."""

    url: str
    urgent_url: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "QueueSettings":
        """Read ``READINESS_QUEUE_URL`` and ``READINESS_URGENT_QUEUE_URL``.

        Raises:
            SettingsError: one of them is absent.
        """
        return cls(
            required(environment, "READINESS_QUEUE_URL"),
            required(environment, "READINESS_URGENT_QUEUE_URL"),
        )

    @property
    def urgent_name(self) -> str:
        """The urgent queue's name, with which its ARN ends too."""
        return self.urgent_url.rpartition("/")[2]


def cadence_from_environment(environment: Mapping[str, str]) -> Cadence:
    """Read ``ACTIVE_EVERY``, ``IDLE_EVERY``, ``CONFIRM_AFTER`` and ``RATE_LIMIT_PAUSE``.

    Raises:
        SettingsError: one of them is absent or no duration.
    """
    return Cadence(
        active_every=duration(environment, "ACTIVE_EVERY"),
        idle_every=duration(environment, "IDLE_EVERY"),
        confirm_after=duration(environment, "CONFIRM_AFTER"),
        rate_limit_pause=duration(environment, "RATE_LIMIT_PAUSE"),
    )


def pace_from_environment(environment: Mapping[str, str]) -> Pace:
    """Read ``TIKTOK_APP_LEVEL`` and ``READINESS_SHARE_PERCENT``.

    Raises:
        SettingsError: an unknown level, or a share that is not from 10 to 100.
    """
    level, share = required(environment, "TIKTOK_APP_LEVEL"), required(environment, "READINESS_SHARE_PERCENT")
    if level not in LEVELS:
        raise SettingsError(f"TIKTOK_APP_LEVEL must be one of {', '.join(LEVELS)}")
    if not share.isdecimal() or not 10 <= int(share) <= 100:  # noqa: PLR2004 - percent
        raise SettingsError("READINESS_SHARE_PERCENT must be a number from 10 to 100")
    return Pace(LEVELS[level], int(share) / 100)
