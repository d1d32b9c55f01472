"""What the product keeps outside the process, in memory: teams, marks, tokens, intents.

The stores keep the promises of the real ones; tests/adapters holds both to the same tests.
"""

import copy
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from publishing.aws.teams import team_of
from publishing.calls import Caller
from publishing.intents import LEASE, Begun, Intent, OtherIntentError, Replay, State, StillRunningError
from publishing.stores import TokenUnavailableError
from publishing.teams import Connection, Team

Item = dict[str, Any]


@dataclass
class InMemoryTeams:
    """The items of the table, and the same reading of them as in production."""

    items: dict[tuple[str, str], Item] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many items there are."""
        return len(self.items)

    def __contains__(self, team_id: object) -> bool:
        """Whether anything is known of the team."""
        return any(known == team_id for known, _ in self.items)

    def put(self, team_id: str, sort_key: str, **attributes: Any) -> None:
        self.items[team_id, sort_key] = {"sk": sort_key, **attributes}

    def remove(self, team_id: str, sort_key: str) -> None:
        del self.items[team_id, sort_key]

    def member(self, team_id: str, user_id: str, role: str) -> None:
        self.put(team_id, f"MEMBER#{user_id}", role=role)

    def connect(
        self,
        team_id: str,
        user_id: str,
        advertiser_ids: Iterable[str],
        *,
        connected_at: str = "2026-11-01T09:00:00Z",
        status: str = "active",
    ) -> None:
        self.put(
            team_id,
            f"CONNECTION#{user_id}",
            status=status,
            advertiser_ids=[str(one) for one in advertiser_ids],
            secret_id=secret_id_of(team_id, user_id),
            connected_at=connected_at,
        )

    def connection(self, team_id: str, user_id: str) -> Connection:
        return next(one for one in self.read(team_id).connections if one.user_id == user_id)

    def current(self, connection: Connection) -> Connection | None:
        """What has become of the connection, or of the one that took its place."""
        return self.read(connection.team_id).connection_of(connection.user_id)

    def read(self, team_id: str) -> Team:
        return team_of(team_id, [copy.deepcopy(item) for (known, _), item in self.items.items() if known == team_id])


def secret_id_of(team_id: str, user_id: str) -> str:
    """The name of a connection's secret."""
    return f"wevion/tiktok/connections/{team_id}/{user_id}"


@dataclass
class InMemoryMarks:
    """Marks on the items of :class:`InMemoryTeams`, under the same condition as in production."""

    teams: InMemoryTeams
    tried: list[str] = field(default_factory=list)
    """The users whose connections were to be marked, in order."""

    def __len__(self) -> int:
        """How many connections are expired."""
        return sum(1 for item in self.teams.items.values() if item.get("status") == "expired")

    def __contains__(self, user_id: object) -> bool:
        """Whether the user's connection is expired, in whichever team."""
        return any(
            sort_key == f"CONNECTION#{user_id}" and item["status"] == "expired"
            for (_, sort_key), item in self.teams.items.items()
        )

    def expired(self, connection: Connection) -> None:
        self.tried.append(connection.user_id)
        item = self.teams.items.get((connection.team_id, f"CONNECTION#{connection.user_id}"), {})
        used = {"status": "active", "connected_at": connection.connected_at, "secret_id": connection.secret_id}
        if used.items() <= item.items():
            item["status"] = "expired"


@dataclass
class InMemoryRefreshes:
    """When connections are refreshed, noted on the items of :class:`InMemoryTeams`."""

    teams: InMemoryTeams

    def __len__(self) -> int:
        """How many are scheduled."""
        return sum("due_at" in item for item in self.teams.items.values())

    def __contains__(self, user_id: object) -> bool:
        """Whether the user's is, in whichever team."""
        return any(key == f"CONNECTION#{user_id}" and "due_at" in item for (_, key), item in self.teams.items.items())

    def schedule(self, connection: Connection, due_at: datetime) -> None:
        item = self.teams.items.get((connection.team_id, f"CONNECTION#{connection.user_id}"), {})
        if item.get("status") == "active":
            item.setdefault("due_at", due_at.timestamp())


@dataclass
class InMemoryTokens:
    """Secrets, and the memory of them that production has too."""

    secrets: dict[str, str] = field(default_factory=dict)
    remembered: dict[tuple[str, str], SecretStr] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    """The secrets that were read from the store, in order."""

    def __len__(self) -> int:
        """How many secrets there are."""
        return len(self.secrets)

    def __contains__(self, secret_id: object) -> bool:
        """Whether there is such a secret."""
        return secret_id in self.secrets

    def read(self, connection: Connection) -> SecretStr:
        secret_id, name = connection.secret_id, (connection.secret_id, connection.connected_at)
        if name not in self.remembered:
            self.fetched.append(secret_id)
            if secret_id not in self.secrets:
                raise TokenUnavailableError(secret_id)
            self.remembered[name] = SecretStr(self.secrets[secret_id])
        return self.remembered[name]

    def drop(self, connection: Connection) -> None:
        self.remembered.pop((connection.secret_id, connection.connected_at), None)


@dataclass
class _StoredIntent:
    state: State
    fingerprint: str
    attempt: str
    lease_until: datetime
    expires_at: datetime
    answer: str = ""


@dataclass
class InMemoryIntents:
    """Intents with a lock where DynamoDB has conditional writes."""

    stored: dict[tuple[Caller, str], _StoredIntent] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __len__(self) -> int:
        """How many intents are remembered."""
        return len(self.stored)

    def __contains__(self, intent: object) -> bool:
        """Whether the intent is remembered, in whichever state."""
        return isinstance(intent, Intent) and _name(intent) in self.stored

    @property
    def states(self) -> list[State]:
        """The state of every intent."""
        return [one.state for one in self.stored.values()]

    def begin(self, intent: Intent, now: datetime) -> Begun | Replay:
        with self._lock:
            before = self.stored.get(_name(intent))
            claimed = _StoredIntent(State.RUNNING, intent.fingerprint, intent.attempt, now + LEASE, now + intent.keep)
            if before is None or before.expires_at <= now:
                begun = Begun.FIRST
                if before and before.state is not State.DONE and before.fingerprint == intent.fingerprint:
                    begun = Begun.AGAIN
            elif before.fingerprint != intent.fingerprint:
                raise OtherIntentError
            elif before.state is State.DONE:
                return Replay(before.answer)
            elif before.state is State.RUNNING and before.lease_until > now:
                raise StillRunningError
            else:
                begun = Begun.AGAIN
            self.stored[_name(intent)] = claimed
            return begun

    def done(self, intent: Intent, answer: str, now: datetime) -> None:
        with self._lock:
            if mine := self._mine(intent):
                mine.state, mine.answer, mine.expires_at = State.DONE, answer, now + intent.keep

    def uncertain(self, intent: Intent) -> None:
        with self._lock:
            if mine := self._mine(intent):
                mine.state = State.UNCERTAIN

    def forget(self, intent: Intent) -> None:
        with self._lock:
            if self._mine(intent):
                del self.stored[_name(intent)]

    def _mine(self, intent: Intent) -> _StoredIntent | None:
        stored = self.stored.get(_name(intent))
        return stored if stored and stored.attempt == intent.attempt else None


def _name(intent: Intent) -> tuple[Caller, str]:
    caller = intent.caller
    return Caller(caller.user_id, caller.team_id, ""), intent.key
