"""What the actions of connecting work with: stores, TikTok and the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from publishing.connecting.advertisers import Listing, listing, with_statuses
from publishing.connecting.stores import AppCredentials, Changes, Connections, States, Vault
from publishing.readiness.stores import Bus
from publishing.teams import Teams
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.deadline import Deadline
from tiktok_business.oauth import DeveloperApp, TikTokOAuth

OpenOAuth = Callable[[DeveloperApp, Deadline], TikTokOAuth]
"""TikTok's OAuth as the app sees it, until a deadline."""


@dataclass(frozen=True, slots=True)
class ConnectServices:
    """The stores, TikTok and the clock."""

    teams: Teams
    states: States
    changes: Changes
    connections: Connections
    vault: Vault
    app: AppCredentials
    bus: Bus
    open_oauth: OpenOAuth
    open_tiktok: Callable[[SecretStr, Deadline], TikTokBusinessApi]
    clock: Callable[[], datetime]

    def listing(self, token: SecretStr, deadline: Deadline) -> Listing:
        """The advertisers of the token, with names and with who is disabled.

        Raises:
            NotSetUpError: there is no app to ask as.
            TikTokError: TikTok did not tell which they are.
        """
        found = listing(self.open_oauth(self.app.read(), deadline), token)
        return with_statuses(found, self.open_tiktok(token, deadline))
