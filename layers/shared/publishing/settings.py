"""What the functions read from their environment, once in Init."""

from collections.abc import Mapping
from dataclasses import dataclass

from publishing.environment import SettingsError, checked_url, duration, required
from publishing.readiness.cadence import Cadence
from publishing.readiness.pacing import LEVELS, Pace
from tiktok_business.models import IdentityType

_ACCEPTABLE = {IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER}


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """The queues of check jobs."""

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


def wizard_url(environment: Mapping[str, str]) -> str | None:
    """Read ``WIZARD_URL``, where people are redirected after connecting; None disables connecting.

    Raises:
        SettingsError: not an https URL.
    """
    url = environment.get("WIZARD_URL") or None
    return url and checked_url("WIZARD_URL", url)


def tiktok_base_url(environment: Mapping[str, str]) -> str:
    """Read ``TIKTOK_API_BASE_URL``.

    Raises:
        SettingsError: absent, or not a URL that secrets may be sent to.
    """
    return checked_url("TIKTOK_API_BASE_URL", required(environment, "TIKTOK_API_BASE_URL"))


def accepted_identity_types(environment: Mapping[str, str]) -> tuple[IdentityType, ...]:
    """Read ``ACCEPTED_IDENTITY_TYPES``: the types that satisfy a preflight, in order of preference.

    Raises:
        SettingsError: absent, or not a list of acceptable types.
    """
    names = [name.strip() for name in required(environment, "ACCEPTED_IDENTITY_TYPES").split(",")]
    if not set(names) <= _ACCEPTABLE or len(set(names)) != len(names):
        raise SettingsError(
            "ACCEPTED_IDENTITY_TYPES must list TT_USER, CUSTOMIZED_USER or both, in order of preference"
        )
    return tuple(IdentityType(name) for name in names)


def cadence(environment: Mapping[str, str]) -> Cadence:
    """Read ``ACTIVE_EVERY``, ``IDLE_EVERY``, ``CONFIRM_AFTER`` and ``RATE_LIMIT_PAUSE``.

    Raises:
        SettingsError: one of them is absent or not a duration.
    """
    return Cadence(
        active_every=duration(environment, "ACTIVE_EVERY"),
        idle_every=duration(environment, "IDLE_EVERY"),
        confirm_after=duration(environment, "CONFIRM_AFTER"),
        rate_limit_pause=duration(environment, "RATE_LIMIT_PAUSE"),
    )


def pace(environment: Mapping[str, str]) -> Pace:
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
