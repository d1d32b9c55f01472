"""What connecting keeps outside the process, as its actions see it; publishing.aws has the real ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from pydantic import SecretStr

from publishing.connecting.changes import Change
from publishing.connecting.states import PendingState, StateKey
from publishing.teams import Connection

if TYPE_CHECKING:
    from tiktok_business.oauth import DeveloperApp  # loads the client, which the sweep does without


class NotSetUpError(Exception):
    """The app's credentials are not filled in."""


class States(Protocol):
    """Where the states that were given out are kept."""

    def put(self, state: PendingState) -> None:
        """Keep a new one."""
        ...

    def read(self, key: StateKey) -> PendingState | None:
        """The state as it is now."""
        ...

    def take(self, state: PendingState) -> bool:
        """Note the code with which it came back; False, and nothing is noted, where it is done or has another one."""
        ...

    def done(self, key: StateKey) -> None:
        """Note that all is over."""
        ...


class Changes(Protocol):
    """Where changes of connections are written down."""

    def read(self, team_id: str, user_id: str) -> Change | None:
        """The change that is under way or was left unfinished."""
        ...

    def begin(self, change: Change, now: datetime) -> bool:
        """Write it down; False, and nothing is written, where somebody is at one."""
        ...

    def note(self, change: Change) -> None:
        """Write down what has become known, if it is still this attempt's."""
        ...

    def end(self, change: Change) -> None:
        """Strike it out, if it is still this attempt's."""
        ...


class Vault(Protocol):
    """Where tokens are kept."""

    def secret_id(self, team_id: str, user_id: str) -> str:
        """The name of a person's secret."""
        ...

    def store(self, secret_id: str, token: SecretStr, version: str) -> None:
        """Make ``token`` the secret's current value, under the name of this version.

        A secret that does not exist is made, one that is to be deleted is restored.
        """
        ...

    def version(self, secret_id: str, version: str) -> SecretStr | None:
        """The token that was stored under this name; None where there is none."""
        ...

    def current(self, secret_id: str) -> SecretStr | None:
        """The token of the secret as it is now, not from memory; None where there is none."""
        ...

    def remove(self, secret_id: str) -> None:
        """Have it deleted after the recovery window; one that is not there, or is to be deleted, counts as done."""
        ...


class AppCredentials(Protocol):
    """Where the app's credentials are kept."""

    def read(self) -> "DeveloperApp":
        """The app, possibly from memory. Raises NotSetUpError."""
        ...


class Connections(Protocol):
    """The connections' items."""

    def connected(self, connection: Connection, due_at: datetime) -> None:
        """Make the item this connection, or replace what was there; its list is due to be read again then."""
        ...

    def revoked(self, connection: Connection) -> None:
        """Mark it ``revoked``, if it is still the one that was read."""
        ...

    def claim_refresh(self, connection: Connection, now: datetime) -> bool:
        """Whether its list may be refreshed out of turn, at most once in five minutes; notes that it now is."""
        ...

    def listed(self, connection: Connection, due_at: datetime) -> None:
        """Write its list, if it is still the one that was read and has no younger one; it is due again then."""
        ...

    def put_off(self, connection: Connection, due_at: datetime) -> None:
        """Have its list refreshed then, instead of when it was due; the list stays as it is."""
        ...

    def schedule(self, connection: Connection, due_at: datetime) -> None:
        """Have its list refreshed then, unless a refresh is scheduled already."""
        ...

    def unschedule(self, connection: Connection) -> None:
        """Have its list not refreshed any more."""
        ...


@dataclass(frozen=True, slots=True)
class DueConnection:
    """A connection whose list of advertisers is to be refreshed, or of which a change was left unfinished."""

    team_id: str
    user_id: str
    unfinished: bool = False


class DueConnections(Protocol):
    """The connections that are due, and the queue that they go to."""

    def pages(self, now: datetime, size: int) -> Iterator[Sequence[DueConnection]]:
        """What is due, in pages of at most ``size``. May lag behind."""
        ...

    def claim(self, due: DueConnection, now: datetime, again_at: datetime) -> bool:
        """Put it off until ``again_at``; False where that was done already, or it is no more."""
        ...

    def send(self, due: DueConnection) -> None:
        """Ask for the connection to be refreshed."""
        ...
