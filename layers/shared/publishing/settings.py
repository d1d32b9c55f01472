"""What a function is told by its environment, read once in Init."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from tiktok_business.models import IdentityType
from tiktok_business.transport import PRODUCTION_BASE_URL

_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_ACCEPTABLE = {IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER}


class SettingsError(ValueError):
    """An environment variable that the function cannot work with; the text names it."""


def checked_url(name: str, url: str) -> str:
    """``url``, if it is one that secrets may travel to: ``https://``, or ``http://`` on a loopback host.

    Raises:
        SettingsError: any other URL.
    """
    parts = urlsplit(url)
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK_HOSTS)):
        return url
    raise SettingsError(f"{name} must be an https:// URL; http:// is for loopback hosts only")


@dataclass(frozen=True, slots=True)
class Settings:
    """Of the functions that ask TikTok."""

    table: str
    tiktok_base_url: str = PRODUCTION_BASE_URL
    accepted_identity_types: tuple[IdentityType, ...] = (IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER)
    """Identity types that satisfy a preflight, in order of preference."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read ``TABLE_NAME``, ``TIKTOK_API_BASE_URL`` and ``ACCEPTED_IDENTITY_TYPES``.

        Raises:
            SettingsError: one of them is absent or unusable.
        """
        return cls(
            table=required(environment, "TABLE_NAME"),
            tiktok_base_url=checked_url("TIKTOK_API_BASE_URL", required(environment, "TIKTOK_API_BASE_URL")),
            accepted_identity_types=_identity_types(required(environment, "ACCEPTED_IDENTITY_TYPES")),
        )


def required(environment: Mapping[str, str], name: str) -> str:
    """The variable's value.

    Raises:
        SettingsError: absent or empty.
    """
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def _identity_types(text: str) -> tuple[IdentityType, ...]:
    names = [name.strip() for name in text.split(",")]
    if not set(names) <= _ACCEPTABLE or len(set(names)) != len(names):
        raise SettingsError(
            "ACCEPTED_IDENTITY_TYPES must list TT_USER, CUSTOMIZED_USER or both, in order of preference"
        )
    return tuple(IdentityType(name) for name in names)
