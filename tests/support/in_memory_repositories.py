"""In-memory repositories for tests. They behave like the real ones; tests/adapters runs the same tests on both.

Each write is a named step, so that a test can let something happen before or after it.
"""

import copy
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from pydantic import SecretStr

from publishing.connections.authorize import AuthorizationState, Handle, StateKey
from publishing.connections.pending_operation import RECOVERY_DELAY, DueConnection, PendingOperation
from publishing.http.request_context import Principal
from publishing.identities.idempotency import (
    LEASE,
    ClaimResult,
    IdempotencyRecord,
    IdempotencyState,
    KeyReusedError,
    Replay,
    StillRunningError,
)
from publishing.ports import AppNotConfiguredError, TokenUnavailableError
from publishing.repositories.connection_repository import fits_into_item
from publishing.repositories.team_repository import team_of
from publishing.teams import (
    ADVERTISERS_PER_PAGE,
    AdvertiserRow,
    Connection,
    IndexEntry,
    OutsideList,
    Team,
    place_of,
)
from tiktok_business.oauth import DeveloperApp

Item = dict[str, Any]

OWN_REFRESH_INTERVAL = timedelta(minutes=5)
NOTIFICATION_LEASE = timedelta(minutes=1)


class Step(Protocol):
    """Does a write; what else happens is the test's choice."""

    def __call__[Result](self, name: str, act: Callable[[], Result], /) -> Result: ...


def at_once[Result](_name: str, act: Callable[[], Result]) -> Result:
    """Nothing else happens."""
    return act()


def secret_id_of(team_id: str, user_id: str) -> str:
    """The name of a connection's secret."""
    return f"wevion/tiktok/connections/{team_id}/{user_id}"


@dataclass
class InMemoryTeams:
    """The items of the table, read by the same code as in production."""

    items: dict[tuple[str, str], Item] = field(default_factory=dict)
    lists: dict[tuple[str, str], tuple[AdvertiserRow, ...]] = field(default_factory=dict)
    """Lists of ad accounts that are kept outside their connections' items, by team and list."""

    def __len__(self) -> int:
        """The number of items."""
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
            f"USER#{user_id}",
            status=status,
            advertiser_ids=[str(one) for one in advertiser_ids],
            secret_id=secret_id_of(team_id, user_id),
            connected_at=connected_at,
        )

    def connection(self, team_id: str, user_id: str) -> Connection:
        return next(one for one in self.read(team_id).connections if one.user_id == user_id)

    def read(self, team_id: str, advertiser_id: str | None = None) -> Team:
        team = team_of(team_id, [copy.deepcopy(item) for (known, _), item in self.items.items() if known == team_id])
        if advertiser_id is None:
            return team
        having = {of for (_, of), rows in self.lists.items() if any(row.advertiser_id == advertiser_id for row in rows)}
        return team.knowing(advertiser_id, having)

    def read_membership(self, team_id: str, user_id: str) -> Team:
        keys = ((team_id, f"MEMBER#{user_id}"), (team_id, "SUBSCRIPTION"))
        return team_of(team_id, [self.items[key] for key in keys if key in self.items])


@dataclass
class InMemoryConnections:
    """The connections' items, written under the same conditions as in production."""

    teams: InMemoryTeams
    step: Step = at_once
    mark_attempts: list[str] = field(default_factory=list)
    """The users whose connections were to be marked expired, in order."""

    @property
    def expired(self) -> list[str]:
        """The users whose connection is expired, in whichever team."""
        return [user for user, item in self._items() if item.get("status") == "expired"]

    @property
    def scheduled(self) -> list[str]:
        """The users whose connection has a refresh scheduled."""
        return [user for user, item in self._items() if "due_at" in item]

    def save(self, connection: Connection, due_at: datetime) -> None:
        before = self.teams.read(connection.team_id).connection_of(connection.user_id)
        earlier = (*before.replaced_lists, *_list_ids(before)) if before else ()
        stored = self._with_stored_list(connection)
        replaced = tuple(one for one in earlier if one not in _list_ids(stored))
        attributes = {
            "status": str(connection.status),
            "secret_id": connection.secret_id,
            "connected_at": connection.connected_at,
            "due_at": due_at,
            **_list_of(replace(stored, replaced_lists=replaced)),
            **({} if connection.scopes is None else {"scopes": [*connection.scopes]}),
            **({} if connection.secret_version is None else {"secret_version": connection.secret_version}),
        }
        self.step(
            "save connection",
            lambda: self.teams.put(connection.team_id, f"USER#{connection.user_id}", **attributes),
        )

    def mark_expired(self, connection: Connection) -> None:
        def used(item: Item, read: Connection) -> bool:
            known = {"status": "active", "connected_at": read.connected_at, "secret_id": read.secret_id}
            return known.items() <= item.items()

        self.mark_attempts.append(connection.user_id)
        self.step("mark expired", lambda: self._change(connection, used, {"status": "expired"}))

    def mark_revoked(self, connection: Connection) -> None:
        self.step("mark revoked", lambda: self._change(connection, _same, {"status": "revoked"}, ("due_at",)))

    def save_list(self, before: Connection, connection: Connection, due_at: datetime) -> bool:
        def not_newer(item: Item, read: Connection) -> bool:
            newer = read.verified_at is not None and item.get("verified_at", "") > read.verified_at
            same_list = item.get("list_id") == (before.outside.list_id if before.outside else None)
            return _same_and_active(item, read) and same_list and not newer

        def save() -> bool:
            for one in before.replaced_lists:
                self.teams.lists.pop((before.team_id, one), None)
            stored = replace(self._with_stored_list(connection), replaced_lists=_list_ids(before))
            written = {**_list_of(stored), "due_at": due_at}
            unused = [name for name in LIST_ATTRIBUTES if name not in written]
            if self._change(connection, not_newer, written, unused):
                return True
            for one in _list_ids(stored):
                self.teams.lists.pop((connection.team_id, one), None)
            return False

        return self.step("save list", save)

    def read_pages(self, wanted: Sequence[tuple[Connection, int]]) -> Sequence[Sequence[AdvertiserRow]]:
        return [
            self._rows(connection)[number * ADVERTISERS_PER_PAGE : (number + 1) * ADVERTISERS_PER_PAGE]
            for connection, number in wanted
        ]

    def with_whole_list(self, connection: Connection) -> Connection:
        return connection if connection.outside is None else connection.with_list(self._rows(connection))

    def read_index(self, team_id: str, bucket: str) -> Iterator[IndexEntry]:
        entries: dict[tuple[str, str], list[str]] = {}
        for (of, list_id), rows in self.teams.lists.items():
            for row in rows if of == team_id and len(rows) > ADVERTISERS_PER_PAGE else ():
                entries.setdefault((place_of(row.advertiser_id)[0], list_id), []).append(row.advertiser_id)
        for (its_bucket, list_id), ids in sorted(entries.items()):
            if its_bucket >= bucket:
                yield IndexEntry(its_bucket, list_id, tuple(ids))

    def _rows(self, connection: Connection) -> tuple[AdvertiserRow, ...]:
        if connection.outside is None:
            return connection.listed()
        return self.teams.lists[connection.team_id, connection.outside.list_id]

    def _with_stored_list(self, connection: Connection) -> Connection:
        if connection.outside is not None or fits_into_item(connection):
            return connection
        rows = connection.listed()
        list_id = f"list{len(self.teams.lists)}{connection.user_id}{connection.verified_at}-{len(rows)}"
        self.teams.lists[connection.team_id, list_id] = rows
        return replace(connection, outside=OutsideList(list_id, len(rows), connection.default_advertiser))

    def claim_own_refresh(self, connection: Connection, now: datetime) -> bool:
        def allowed(item: Item, read: Connection) -> bool:
            last = item.get("listing_asked_at")
            return _same_and_active(item, read) and (last is None or last <= now - OWN_REFRESH_INTERVAL)

        return self.step("claim own refresh", lambda: self._change(connection, allowed, {"listing_asked_at": now}))

    def schedule_refresh(self, connection: Connection, due_at: datetime) -> None:
        def not_scheduled(item: Item, _read: Connection) -> bool:
            return item["status"] == "active" and "due_at" not in item

        self.step("schedule refresh", lambda: self._change(connection, not_scheduled, {"due_at": due_at}))

    def postpone_refresh(self, connection: Connection, due_at: datetime) -> None:
        self.step("postpone refresh", lambda: self._change(connection, _same_and_active, {"due_at": due_at}))

    def cancel_refresh(self, connection: Connection) -> None:
        def not_active(item: Item, _read: Connection) -> bool:
            return bool(item["status"] != "active")

        self.step("cancel refresh", lambda: self._change(connection, not_active, {}, ("due_at",)))

    def due(self, now: datetime, page_size: int) -> Iterator[Sequence[DueConnection]]:
        """Longest due first, as an index that lags behind returns it: read once, before anything is claimed."""
        found = sorted(
            (item["due_at"], team_id, sort_key)
            for (team_id, sort_key), item in self.teams.items.items()
            if "due_at" in item and item["due_at"] <= now
        )
        due = [
            DueConnection(team_id, sort_key.partition("#")[2], unfinished=sort_key.startswith("CHANGE#"))
            for _, team_id, sort_key in found
        ]
        for start in range(0, len(due), page_size):
            yield due[start : start + page_size]

    def claim_due(self, due: DueConnection, now: datetime, again_at: datetime) -> bool:
        return self.step("claim due", lambda: self._claim_due(due, now, again_at))

    def begin_expiry_notification(self, connection: Connection, now: datetime) -> bool:
        def pending(item: Item, read: Connection) -> bool:
            if (item["status"], item.get("connected_at")) != ("expired", read.connected_at):
                return False
            leased = "expiry_telling_until" in item and item["expiry_telling_until"] >= now
            return item.get("expiry_told") != read.connected_at and not leased

        written = {"expiry_telling_until": now + NOTIFICATION_LEASE}
        return self.step("begin notification", lambda: self._change(connection, pending, written))

    def finish_expiry_notification(self, connection: Connection) -> None:
        def expired(item: Item, read: Connection) -> bool:
            return (item["status"], item.get("connected_at")) == ("expired", read.connected_at)

        written = {"expiry_told": connection.connected_at}
        self.step("finish notification", lambda: self._change(connection, expired, written, ("expiry_telling_until",)))

    def _items(self) -> list[tuple[str, Item]]:
        return [
            (sort_key.removeprefix("USER#"), item)
            for (_, sort_key), item in self.teams.items.items()
            if sort_key.startswith("USER#")
        ]

    def _claim_due(self, due: DueConnection, now: datetime, again_at: datetime) -> bool:
        kind = "CHANGE" if due.unfinished else "USER"
        item = self.teams.items.get((due.team_id, f"{kind}#{due.user_id}"), {})
        if "due_at" not in item or item["due_at"] > now:
            return False
        item["due_at"] = again_at
        return True

    def _change(
        self,
        read: Connection,
        condition: Callable[[Item, Connection], bool],
        written: Mapping[str, Any],
        removed: Sequence[str] = (),
    ) -> bool:
        item = self.teams.items.get((read.team_id, f"USER#{read.user_id}"))
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


LIST_ATTRIBUTES = (
    "advertiser_ids",
    "advertiser_names",
    "disabled_advertiser_ids",
    "list_id",
    "default_advertiser_id",
    "replaced_list_ids",
)


def _list_ids(connection: Connection) -> tuple[str, ...]:
    return () if connection.outside is None else (connection.outside.list_id,)


def _list_of(connection: Connection) -> Item:
    here: Item = {
        "advertiser_names": dict(connection.names),
        "disabled_advertiser_ids": sorted(connection.disabled),
    }
    if connection.outside is not None:
        here = {"list_id": connection.outside.list_id}
        if connection.outside.default_advertiser is not None:
            here["default_advertiser_id"] = connection.outside.default_advertiser
    return {
        **here,
        **(
            {"advertiser_ids": [*connection.advertiser_ids]}
            if connection.advertiser_count <= ADVERTISERS_PER_PAGE
            else {}
        ),
        **({"replaced_list_ids": [*connection.replaced_lists]} if connection.replaced_lists else {}),
        **({} if connection.verified_at is None else {"verified_at": connection.verified_at}),
    }


@dataclass
class InMemoryPendingOperations:
    """One item beside the connection's, which exists while the operation is unfinished."""

    teams: InMemoryTeams
    step: Step = at_once

    def __len__(self) -> int:
        """The number of unfinished operations."""
        return sum(1 for item in self.teams.items.values() if "operation" in item)

    def read(self, team_id: str, user_id: str) -> PendingOperation | None:
        item = self.teams.items.get((team_id, f"CHANGE#{user_id}"))
        operation: PendingOperation | None = item["operation"] if item else None
        return operation

    def begin(self, operation: PendingOperation, now: datetime) -> bool:
        return self.step(
            "begin operation", lambda: self._put(operation, lambda there: there.lease_until <= now, new=True)
        )

    def update(self, operation: PendingOperation) -> None:
        self.step("update operation", lambda: self._put(operation, lambda _there: False, new=False))

    def delete(self, operation: PendingOperation) -> None:
        self.step("delete operation", lambda: self._delete(operation))

    def _put(self, operation: PendingOperation, may_replace: Callable[[PendingOperation], bool], *, new: bool) -> bool:
        there = self.read(operation.team_id, operation.user_id)
        allowed = there is None or there.attempt == operation.attempt or may_replace(there)
        if (there is None and not new) or not allowed:
            return False
        due_at = operation.lease_until + RECOVERY_DELAY
        self.teams.put(operation.team_id, f"CHANGE#{operation.user_id}", operation=operation, due_at=due_at)
        return True

    def _delete(self, operation: PendingOperation) -> None:
        there = self.read(operation.team_id, operation.user_id)
        if there is not None and there.attempt == operation.attempt:
            self.teams.remove(operation.team_id, f"CHANGE#{operation.user_id}")


@dataclass
class InMemoryAuthorizationStates:
    """The states that were issued."""

    step: Step = at_once
    stored: dict[StateKey, AuthorizationState] = field(default_factory=dict)

    def __len__(self) -> int:
        """The number of issued states."""
        return len(self.stored)

    def save(self, state: AuthorizationState) -> None:
        self.step("save state", lambda: self.stored.__setitem__(state.key, state))

    def read(self, key: StateKey) -> AuthorizationState | None:
        return self.stored.get(key)

    def keep_code(self, handle: Handle, auth_code: SecretStr, until: datetime) -> bool:
        return self.step("keep code", lambda: self._keep_code(handle, auth_code, until))

    def close(self, key: StateKey, connected_at: str | None = None) -> None:
        self.step("close state", lambda: self._close(key, connected_at))

    def _keep_code(self, handle: Handle, auth_code: SecretStr, until: datetime) -> bool:
        known = self.stored.get(handle.key)
        if known is None or known.closed or known.auth_code not in {None, auth_code}:
            return False
        self.stored[handle.key] = replace(
            known, auth_code=auth_code, handle_digest=handle.digest, handle_expires_at=until
        )
        return True

    def _close(self, key: StateKey, connected_at: str | None) -> None:
        if key in self.stored:
            known = self.stored[key]
            self.stored[key] = replace(
                known, closed=True, auth_code=None, connected_at=connected_at or known.connected_at
            )


@dataclass
class Secret:
    """A secret of Secrets Manager; a version that is no longer current still exists."""

    versions: dict[str, str] = field(default_factory=dict, repr=False)
    current: str | None = None
    to_be_deleted: bool = False


@dataclass
class InMemorySecrets:
    """Tokens and the app's credentials, and the cache of tokens that production has too."""

    step: Step = at_once
    secrets: dict[str, Secret] = field(default_factory=dict)
    credentials: DeveloperApp | None = None
    """None: they have not been filled in."""
    cached: dict[tuple[str, str, str | None], SecretStr] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    """The secrets whose tokens were read from the store, in order."""
    denied: set[str] = field(default_factory=set)
    """Secrets that this service may not use: outside its prefix, say."""
    failing: set[str] = field(default_factory=set)
    """Secrets whose reads fail for now."""
    stale: dict[str, list[str]] = field(default_factory=dict)
    """Tokens that the next reads of the current version still bring, by secret: reads are eventually consistent."""

    def __len__(self) -> int:
        """The number of secrets that are not to be deleted."""
        return sum(1 for one in self.secrets.values() if not one.to_be_deleted)

    def __contains__(self, secret_id: object) -> bool:
        """Whether such a secret exists, to be deleted or not."""
        return secret_id in self.secrets

    def put(self, secret_id: str, token: str) -> None:
        """Have this token, and no other version."""
        self.secrets[secret_id] = Secret({"only": token}, "only")

    def read_token(self, connection: Connection) -> SecretStr:
        name, secret_id = _cache_key(connection), connection.secret_id
        if name not in self.cached:
            if not secret_id:
                raise TokenUnavailableError(secret_id)
            self.fetched.append(secret_id)
            if secret_id in self.failing:
                raise TokenUnavailableError(secret_id, "InternalServiceError", transient=True)
            version = connection.secret_version
            token = self.current(secret_id) if version is None else self.version(secret_id, version)
            if token is None:
                raise TokenUnavailableError(secret_id)
            self.cached[name] = token
        return self.cached[name]

    def forget_token(self, connection: Connection) -> None:
        self.cached.pop(_cache_key(connection), None)

    def secret_id(self, team_id: str, user_id: str) -> str:
        return secret_id_of(team_id, user_id)

    def store(self, secret_id: str, token: SecretStr, version: str) -> None:
        """As the real one: tried, and obstacles removed, until it is stored."""
        while not self.step("put secret", lambda: self._put(secret_id, token, version)):
            if secret_id in self.secrets:
                self.step("restore secret", lambda: setattr(self.secrets[secret_id], "to_be_deleted", False))
            else:
                self.step("create secret", lambda: self.secrets.__setitem__(secret_id, Secret()))

    def version(self, secret_id: str, version: str) -> SecretStr | None:
        self._check_access(secret_id)
        secret = self.secrets.get(secret_id)
        if secret is None or secret.to_be_deleted or version not in secret.versions:
            return None
        return SecretStr(secret.versions[version])

    def current(self, secret_id: str) -> SecretStr | None:
        if not secret_id:
            raise RuntimeError("ValidationException: a secret has a name")
        if self.stale.get(secret_id):
            return SecretStr(self.stale[secret_id].pop(0))
        self._check_access(secret_id)
        secret = self.secrets.get(secret_id)
        return self.version(secret_id, secret.current) if secret and secret.current else None

    def remove(self, secret_id: str) -> None:
        self._check_access(secret_id)
        self.step("remove secret", lambda: self._remove(secret_id))

    def app(self) -> DeveloperApp:
        if self.credentials is None:
            raise AppNotConfiguredError
        return self.credentials

    def _put(self, secret_id: str, token: SecretStr, version: str) -> bool:
        secret = self.secrets.get(secret_id)
        if secret is None or secret.to_be_deleted:
            return False
        if secret.versions.setdefault(version, token.get_secret_value()) != token.get_secret_value():
            raise RuntimeError("ResourceExistsException: a version never changes")
        secret.current = version
        return True

    def _check_access(self, secret_id: str) -> None:
        if secret_id in self.denied:
            raise TokenUnavailableError(secret_id, "AccessDeniedException")
        if secret_id in self.failing:
            raise RuntimeError("InternalServiceError")

    def _remove(self, secret_id: str) -> None:
        if secret_id in self.secrets:
            self.secrets[secret_id].to_be_deleted = True


def _cache_key(connection: Connection) -> tuple[str, str, str | None]:
    return connection.secret_id, connection.connected_at, connection.secret_version


@dataclass
class InMemoryRefreshQueue:
    """The queue of connection refreshes."""

    step: Step = at_once
    sent: list[DueConnection] = field(default_factory=list)

    def __len__(self) -> int:
        """The number of waiting messages."""
        return len(self.sent)

    def send(self, due: DueConnection) -> None:
        self.step("send refresh", lambda: self.sent.append(due))


@dataclass
class _StoredRecord:
    state: IdempotencyState
    fingerprint: str
    attempt: str
    lease_until: datetime
    expires_at: datetime
    response: str = ""


@dataclass
class InMemoryIdempotency:
    """Idempotency records, with a lock where DynamoDB has conditional writes."""

    stored: dict[tuple[Principal, str], _StoredRecord] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __len__(self) -> int:
        """The number of records."""
        return len(self.stored)

    def __contains__(self, record: object) -> bool:
        """Whether the record is stored, in whichever state."""
        return isinstance(record, IdempotencyRecord) and _name(record) in self.stored

    @property
    def states(self) -> list[IdempotencyState]:
        """The state of every record."""
        return [one.state for one in self.stored.values()]

    def claim(self, record: IdempotencyRecord, now: datetime) -> ClaimResult | Replay:
        with self._lock:
            before = self.stored.get(_name(record))
            claimed = _StoredRecord(
                IdempotencyState.RUNNING, record.fingerprint, record.attempt, now + LEASE, now + record.keep
            )
            if before is None or before.expires_at <= now:
                result = ClaimResult.NEW
                if before and before.state is not IdempotencyState.DONE and before.fingerprint == record.fingerprint:
                    result = ClaimResult.RESUMED
            elif before.fingerprint != record.fingerprint:
                raise KeyReusedError
            elif before.state is IdempotencyState.DONE:
                return Replay(before.response)
            elif before.state is IdempotencyState.RUNNING and before.lease_until > now:
                raise StillRunningError
            else:
                result = ClaimResult.RESUMED
            self.stored[_name(record)] = claimed
            return result

    def complete(self, record: IdempotencyRecord, response: str, now: datetime) -> None:
        with self._lock:
            if own := self._own(record):
                own.state, own.response, own.expires_at = IdempotencyState.DONE, response, now + record.keep

    def mark_uncertain(self, record: IdempotencyRecord) -> None:
        with self._lock:
            if own := self._own(record):
                own.state = IdempotencyState.UNCERTAIN

    def release(self, record: IdempotencyRecord) -> None:
        with self._lock:
            if self._own(record):
                del self.stored[_name(record)]

    def _own(self, record: IdempotencyRecord) -> _StoredRecord | None:
        stored = self.stored.get(_name(record))
        return stored if stored and stored.attempt == record.attempt else None


def _name(record: IdempotencyRecord) -> tuple[Principal, str]:
    principal = record.principal
    return Principal(principal.user_id, principal.team_id, ""), record.key
