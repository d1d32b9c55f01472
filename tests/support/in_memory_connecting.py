"""What connecting keeps outside the process, in memory: items of InMemoryTeams, secrets as Secrets Manager has them.

The stores keep the promises of the real ones (publishing.aws). Each write is a step
with a name, so that a test can let something happen before or after it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from pydantic import SecretStr

from publishing.connecting.changes import FINISHED_AFTER, Change
from publishing.connecting.states import PendingState, StateKey
from publishing.connecting.stores import DueConnection, NotSetUpError
from publishing.stores import TokenUnavailableError
from publishing.teams import Connection
from tests.support.in_memory_stores import InMemoryTeams, Item, secret_id_of
from tiktok_business.oauth import DeveloperApp

Result = TypeVar("Result")

ASKED_AT_MOST_EVERY = timedelta(minutes=5)


class Step(Protocol):
    """Does a write; what else happens is the test's."""

    def __call__(self, name: str, act: Callable[[], Result], /) -> Result: ...


def at_once(_name: str, act: Callable[[], Result]) -> Result:
    """Nothing else happens."""
    return act()


@dataclass
class InMemoryStates:
    """The states that were given out."""

    step: Step = at_once
    stored: dict[StateKey, PendingState] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many were given out."""
        return len(self.stored)

    def put(self, state: PendingState) -> None:
        self.step("put state", lambda: self.stored.__setitem__(state.key, state))

    def read(self, key: StateKey) -> PendingState | None:
        return self.stored.get(key)

    def take(self, state: PendingState) -> bool:
        return self.step("take state", lambda: self._take(state))

    def _take(self, state: PendingState) -> bool:
        known = self.stored.get(state.key)
        if known is None or known.done or known.code not in {None, state.code}:
            return False
        self.stored[state.key] = replace(known, code=state.code)
        return True

    def done(self, key: StateKey) -> None:
        self.step("end state", lambda: self._done(key))

    def _done(self, key: StateKey) -> None:
        if key in self.stored:
            self.stored[key] = replace(self.stored[key], done=True)


@dataclass
class InMemoryChanges:
    """One item beside the connection's, there as long as the change is not over."""

    teams: InMemoryTeams
    step: Step = at_once

    def __len__(self) -> int:
        """How many are not over."""
        return sum(1 for item in self.teams.items.values() if "change" in item)

    def read(self, team_id: str, user_id: str) -> Change | None:
        item = self.teams.items.get((team_id, f"CHANGE#{user_id}"))
        change: Change | None = item["change"] if item else None
        return change

    def begin(self, change: Change, now: datetime) -> bool:
        return self.step("begin change", lambda: self._put(change, lambda there: there.lease_until <= now, new=True))

    def note(self, change: Change) -> None:
        self.step("note change", lambda: self._put(change, lambda _there: False, new=False))

    def _put(self, change: Change, may_replace: Callable[[Change], bool], *, new: bool) -> bool:
        there = self.read(change.team_id, change.user_id)
        if (there is None and not new) or not (there is None or there.attempt == change.attempt or may_replace(there)):
            return False
        due_at = change.lease_until + FINISHED_AFTER
        self.teams.put(change.team_id, f"CHANGE#{change.user_id}", change=change, due_at=due_at)
        return True

    def end(self, change: Change) -> None:
        self.step("end change", lambda: self._end(change))

    def _end(self, change: Change) -> None:
        there = self.read(change.team_id, change.user_id)
        if there is not None and there.attempt == change.attempt:
            self.teams.remove(change.team_id, f"CHANGE#{change.user_id}")


@dataclass
class InMemoryConnections:
    """The connections' items."""

    teams: InMemoryTeams
    step: Step = at_once

    def connected(self, connection: Connection, due_at: datetime) -> None:
        attributes = {
            "status": str(connection.status),
            "secret_id": connection.secret_id,
            "connected_at": connection.connected_at,
            "due_at": due_at,
            **_list_of(connection),
            **({} if connection.scopes is None else {"scopes": [*connection.scopes]}),
        }
        self.step(
            "write connection",
            lambda: self.teams.put(connection.team_id, f"CONNECTION#{connection.user_id}", **attributes),
        )

    def revoked(self, connection: Connection) -> None:
        self.step("mark revoked", lambda: self._change(connection, _same, {"status": "revoked"}, ("due_at",)))

    def claim_refresh(self, connection: Connection, now: datetime) -> bool:
        def may_be_asked(item: Item, read: Connection) -> bool:
            last = item.get("listing_asked_at")
            return _same_and_active(item, read) and (last is None or last <= now - ASKED_AT_MOST_EVERY)

        return self.step("claim refresh", lambda: self._change(connection, may_be_asked, {"listing_asked_at": now}))

    def listed(self, connection: Connection, due_at: datetime) -> None:
        def not_younger(item: Item, read: Connection) -> bool:
            younger = read.verified_at is not None and item.get("verified_at", "") > read.verified_at
            return _same_and_active(item, read) and not younger

        written = {**_list_of(connection), "due_at": due_at}
        self.step("write list", lambda: self._change(connection, not_younger, written))

    def put_off(self, connection: Connection, due_at: datetime) -> None:
        self.step("put refresh off", lambda: self._change(connection, _same_and_active, {"due_at": due_at}))

    def schedule(self, connection: Connection, due_at: datetime) -> None:
        def not_scheduled(item: Item, _read: Connection) -> bool:
            return item["status"] == "active" and "due_at" not in item

        self.step("schedule refresh", lambda: self._change(connection, not_scheduled, {"due_at": due_at}))

    def unschedule(self, connection: Connection) -> None:
        def not_active(item: Item, _read: Connection) -> bool:
            return bool(item["status"] != "active")

        self.step("unschedule", lambda: self._change(connection, not_active, {}, ("due_at",)))

    def _change(
        self,
        read: Connection,
        condition: Callable[[Item, Connection], bool],
        written: Mapping[str, Any],
        removed: Sequence[str] = (),
    ) -> bool:
        item = self.teams.items.get((read.team_id, f"CONNECTION#{read.user_id}"))
        if item is None or not condition(item, read):
            return False
        item.update(written)
        for name in removed:
            item.pop(name, None)
        return True


def _same(item: Item, read: Connection) -> bool:
    return "connected_at" not in item or item["connected_at"] == read.connected_at


def _same_and_active(item: Item, read: Connection) -> bool:
    return item["status"] == "active" and _same(item, read)


def _list_of(connection: Connection) -> Item:
    return {
        "advertiser_ids": [*connection.advertiser_ids],
        "advertiser_names": dict(connection.names),
        "disabled_advertiser_ids": sorted(connection.disabled),
        **({} if connection.verified_at is None else {"verified_at": connection.verified_at}),
    }


@dataclass
class Secret:
    """One of Secrets Manager's; a version that is no longer current is still there."""

    versions: dict[str, str] = field(default_factory=dict, repr=False)
    current: str | None = None
    to_be_deleted: bool = False


@dataclass
class InMemoryVault:
    """Tokens of connections, each version named by the state that it came from."""

    step: Step = at_once
    secrets: dict[str, Secret] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many secrets are not to be deleted."""
        return sum(1 for one in self.secrets.values() if not one.to_be_deleted)

    def __contains__(self, secret_id: object) -> bool:
        """Whether there is such a secret, to be deleted or not."""
        return secret_id in self.secrets

    def secret_id(self, team_id: str, user_id: str) -> str:
        return secret_id_of(team_id, user_id)

    def store(self, secret_id: str, token: SecretStr, version: str) -> None:
        """As the real one: tried, and what stands in the way is removed, until it is there."""
        while not self.step("put secret", lambda: self._put(secret_id, token, version)):
            if secret_id in self.secrets:
                self.step("restore secret", lambda: setattr(self.secrets[secret_id], "to_be_deleted", False))
            else:
                self.step("create secret", lambda: self.secrets.__setitem__(secret_id, Secret()))

    def _put(self, secret_id: str, token: SecretStr, version: str) -> bool:
        secret = self.secrets.get(secret_id)
        if secret is None or secret.to_be_deleted:
            return False
        if secret.versions.setdefault(version, token.get_secret_value()) != token.get_secret_value():
            raise RuntimeError("ResourceExistsException: a version never changes")
        secret.current = version
        return True

    def version(self, secret_id: str, version: str) -> SecretStr | None:
        secret = self.secrets.get(secret_id)
        if secret is None or secret.to_be_deleted or version not in secret.versions:
            return None
        return SecretStr(secret.versions[version])

    def current(self, secret_id: str) -> SecretStr | None:
        if not secret_id:
            raise RuntimeError("ValidationException: a secret has a name")
        secret = self.secrets.get(secret_id)
        return self.version(secret_id, secret.current) if secret and secret.current else None

    def remove(self, secret_id: str) -> None:
        self.step("remove secret", lambda: self._remove(secret_id))

    def _remove(self, secret_id: str) -> None:
        if secret_id in self.secrets:
            self.secrets[secret_id].to_be_deleted = True


@dataclass
class VaultTokens:
    """The tokens as preflights read them: from memory, once they were read."""

    vault: InMemoryVault
    remembered: dict[tuple[str, str], SecretStr] = field(default_factory=dict)

    def read(self, connection: Connection) -> SecretStr:
        name = (connection.secret_id, connection.connected_at)
        if name not in self.remembered:
            token = self.vault.current(connection.secret_id)
            if token is None:
                raise TokenUnavailableError(connection.secret_id)
            self.remembered[name] = token
        return self.remembered[name]

    def drop(self, connection: Connection) -> None:
        self.remembered.pop((connection.secret_id, connection.connected_at), None)


@dataclass
class InMemoryApp:
    """The app's credentials; None where they are not filled in."""

    app: DeveloperApp | None

    def read(self) -> DeveloperApp:
        if self.app is None:
            raise NotSetUpError
        return self.app


@dataclass
class InMemoryDueConnections:
    """What is due among the items, and the queue."""

    teams: InMemoryTeams
    step: Step = at_once
    sent: list[DueConnection] = field(default_factory=list)

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self.sent)

    def pages(self, now: datetime, size: int) -> Iterator[Sequence[DueConnection]]:
        """The longest due first, as an index shows it that lags behind: read once, before anything is claimed."""
        found = sorted(
            (item["due_at"], team_id, sort_key)
            for (team_id, sort_key), item in self.teams.items.items()
            if "due_at" in item and item["due_at"] <= now
        )
        due = [
            DueConnection(team_id, sort_key.partition("#")[2], unfinished=sort_key.startswith("CHANGE#"))
            for _, team_id, sort_key in found
        ]
        for start in range(0, len(due), size):
            yield due[start : start + size]

    def claim(self, due: DueConnection, now: datetime, again_at: datetime) -> bool:
        return self.step("claim", lambda: self._claim(due, now, again_at))

    def _claim(self, due: DueConnection, now: datetime, again_at: datetime) -> bool:
        kind = "CHANGE" if due.unfinished else "CONNECTION"
        item = self.teams.items.get((due.team_id, f"{kind}#{due.user_id}"), {})
        if "due_at" not in item or item["due_at"] > now:
            return False
        item["due_at"] = again_at
        return True

    def send(self, due: DueConnection) -> None:
        self.step("send message", lambda: self.sent.append(due))


class NothingDue:
    """No connection is due."""

    def __len__(self) -> int:
        """None."""
        return 0

    def __contains__(self, _due_connection: object) -> bool:
        """None."""
        return False

    def pages(self, _now: datetime, _size: int) -> Iterator[Sequence[DueConnection]]:
        yield from ()

    def claim(self, due: DueConnection, now: datetime, again_at: datetime) -> bool:
        raise AssertionError((due, now, again_at))

    def send(self, due: DueConnection) -> None:
        raise AssertionError(due)
