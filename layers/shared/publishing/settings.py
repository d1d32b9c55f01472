"""What the functions that ask TikTok are told by their environment, read once in Init."""

from collections.abc import Mapping
from dataclasses import dataclass

from publishing.environment import SettingsError, checked_url, required
from tiktok_business.models import IdentityType
from tiktok_business.transport import PRODUCTION_BASE_URL

_ACCEPTABLE = {IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one function."""

    tiktok_base_url: str = PRODUCTION_BASE_URL
    accepted_identity_types: tuple[IdentityType, ...] = (IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER)
    """Identity types that satisfy a preflight, in order of preference."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read ``TIKTOK_API_BASE_URL`` and ``ACCEPTED_IDENTITY_TYPES``.

        Raises:
            SettingsError: one of them is absent or unusable.
        """
        return cls(
            tiktok_base_url=tiktok_base_url(environment),
            accepted_identity_types=_identity_types(required(environment, "ACCEPTED_IDENTITY_TYPES")),
        )


def tiktok_base_url(environment: Mapping[str, str]) -> str:
    """Read ``TIKTOK_API_BASE_URL``.

    Raises:
        SettingsError: absent, or no URL that secrets may travel to.
    """
    return checked_url("TIKTOK_API_BASE_URL", required(environment, "TIKTOK_API_BASE_URL"))


def _identity_types(text: str) -> tuple[IdentityType, ...]:
    names = [name.strip() for name in text.split(",")]
    if not set(names) <= _ACCEPTABLE or len(set(names)) != len(names):
        raise SettingsError(
            "ACCEPTED_IDENTITY_TYPES must list TT_USER, CUSTOMIZED_USER or both, in order of preference"
        )
    return tuple(IdentityType(name) for name in names)
