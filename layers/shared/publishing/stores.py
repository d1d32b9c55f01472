"""What the way of a request reads and marks of connections outside the process: tokens, ended ones, lists."""

from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from publishing.teams import Connection
from tiktok_business.deadline import Deadline


class TokenUnavailableError(Exception):
    """The connection's secret does not exist or holds no token. Says nothing about the token's life at TikTok."""


class Tokens(Protocol):
    """Where access tokens come from."""

    def read(self, connection: Connection) -> SecretStr:
        """The connection's token, possibly from memory. Raises TokenUnavailableError."""
        ...

    def drop(self, connection: Connection) -> None:
        """Forget what memory holds, so that the next read asks the store."""
        ...


class Marks(Protocol):
    """Where a connection is marked."""

    def expired(self, connection: Connection) -> None:
        """Mark the connection ``expired``, unless it has changed since it was read."""
        ...


class OwnLists(Protocol):
    """Where the list of a connection's advertisers is read again out of turn."""

    def renewed(self, connection: Connection, now: datetime, deadline: Deadline) -> Connection | None:
        """The connection as it is after TikTok was asked; None where it was asked lately, or did not tell."""
        ...
