"""What the functions that connect are told by their environment, read once in Init."""

from collections.abc import Mapping
from dataclasses import dataclass

from publishing.environment import checked_url, required


@dataclass(frozen=True, slots=True)
class ConnectSettings:
    """The settings of connecting."""

    secret_prefix: str
    wizard_url: str | None
    """Where people are sent back to; None where the deployment does not say, and then nobody can connect."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "ConnectSettings":
        """Read ``SECRET_PREFIX`` and ``WIZARD_URL``.

        Raises:
            SettingsError: the first is absent, or the second no URL that people may be sent to.
        """
        wizard_url = environment.get("WIZARD_URL") or None
        return cls(
            secret_prefix=required(environment, "SECRET_PREFIX"),
            wizard_url=wizard_url and checked_url("WIZARD_URL", wizard_url),
        )
