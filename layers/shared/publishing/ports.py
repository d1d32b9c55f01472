"""What the product keeps and sends outside the process, as its flows see it; `publishing.repositories` implements it.

Tests and the simulation of scale pass in-memory implementations, which keep the same promises.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a function loads the modules of its own flow only
    from pydantic import SecretStr

    from publishing.connections.authorize import AuthorizationState, Handle, StateKey
    from publishing.connections.pending_operation import DueConnection, PendingOperation
    from publishing.events.schemas import OutboxEvent
    from publishing.identities.idempotency import ClaimResult, IdempotencyRecord, Replay
    from publishing.readiness.check_job import CheckJob, SweepStatistics
    from publishing.readiness.record import Record
    from publishing.teams import AdvertiserRow, Connection, IndexEntry, Team
    from tiktok_business.oauth import DeveloperApp

PublishEvents = Callable[[Iterable["OutboxEvent"]], None]
"""Puts events on the event bus; returns when all are accepted."""
ReadPages = Callable[[Sequence[tuple["Connection", int]]], Sequence[Sequence["AdvertiserRow"]]]
"""Reads pages of connections' lists: :meth:`ConnectionRepository.read_pages`."""
ReadIndex = Callable[[str, str], Iterator["IndexEntry"]]
"""Reads the index of a team's long lists: :meth:`ConnectionRepository.read_index`."""
SendRefresh = Callable[["DueConnection"], None]
"""Puts a message into the queue of connection refreshes."""


class TokenUnavailableError(Exception):
    """A connection's token could not be read. Says nothing about the token's validity at TikTok.

    ``why`` is a code for the log. ``transient``: a later read may succeed; otherwise there is no token in the secret,
    or this service may not read it.
    """

    def __init__(self, secret_id: str, why: str = "absent", *, transient: bool = False) -> None:
        super().__init__(secret_id)
        self.why = why
        self.transient = transient


class AppNotConfiguredError(Exception):
    """The secret of the TikTok app has not been filled in."""


class TeamRepository(Protocol):
    """Members, subscription and connections of teams."""

    def read(self, team_id: str, advertiser_id: str | None = None) -> "Team":
        """Return the team; an empty one if nothing is known of it.

        Of a connection's list of more than a hundred advertisers only ``advertiser_id`` is read, if the list has it:
        what one request reads does not grow with a team's ad accounts.
        """
        ...


class ConnectionRepository(Protocol):
    """The connections' items. Every write but :meth:`save` applies only to the connection that was read."""

    def save(self, connection: "Connection", due_at: datetime) -> None:
        """Write the whole item, replacing an earlier connection; its list is due for refresh at ``due_at``."""
        ...

    def mark_expired(self, connection: "Connection") -> None:
        """Set an active connection to ``expired``."""
        ...

    def mark_revoked(self, connection: "Connection") -> None:
        """Set the connection to ``revoked``; its list is no longer refreshed."""
        ...

    def save_list(self, before: "Connection", connection: "Connection", due_at: datetime) -> bool:
        """Write the advertiser list of an active connection; the next is due then.

        False, and nothing is written, if the stored list is another than ``before``, or newer.
        """
        ...

    def read_pages(self, wanted: Sequence[tuple["Connection", int]]) -> Sequence[Sequence["AdvertiserRow"]]:
        """Return pages of connections' lists, by number from 0, in the same order: a hundred advertisers each."""
        ...

    def with_whole_list(self, connection: "Connection") -> "Connection":
        """Return the connection with all of its list: some 300 KB are read for 5 000 advertisers."""
        ...

    def read_index(self, team_id: str, bucket: str) -> Iterator["IndexEntry"]:
        """Return the entries of a team's lists of more than a hundred advertisers, in the order of buckets."""
        ...

    def claim_own_refresh(self, connection: "Connection", now: datetime) -> bool:
        """Claim a refresh of the list outside the schedule; False if one was made within five minutes."""
        ...

    def schedule_refresh(self, connection: "Connection", due_at: datetime) -> None:
        """Schedule the refresh of an active connection, unless one is scheduled already."""
        ...

    def postpone_refresh(self, connection: "Connection", due_at: datetime) -> None:
        """Move the refresh of an active connection to ``due_at``."""
        ...

    def cancel_refresh(self, connection: "Connection") -> None:
        """Remove the refresh of a connection that is not active."""
        ...

    def due(self, now: datetime, page_size: int) -> Iterator[Sequence["DueConnection"]]:
        """Return what is due, longest due first, in pages. The index may lag behind."""
        ...

    def claim_due(self, due: "DueConnection", now: datetime, again_at: datetime) -> bool:
        """Postpone it to ``again_at``; False if somebody else did, or it no longer exists."""
        ...

    def begin_expiry_notification(self, connection: "Connection", now: datetime) -> bool:
        """Take a lease of one minute for publishing this expiry; False if it was published or is leased."""
        ...

    def finish_expiry_notification(self, connection: "Connection") -> None:
        """Record that the expiry was published."""
        ...


class PendingOperationRepository(Protocol):
    """Operations on connections that have begun and not ended: a write-ahead record, deleted on completion."""

    def read(self, team_id: str, user_id: str) -> "PendingOperation | None":
        """Return the operation in progress or left unfinished."""
        ...

    def begin(self, operation: "PendingOperation", now: datetime) -> bool:
        """Write the record; False, and nothing is written, while another attempt holds the lease."""
        ...

    def update(self, operation: "PendingOperation") -> None:
        """Write what has become known, if the record still belongs to this attempt."""
        ...

    def delete(self, operation: "PendingOperation") -> None:
        """Delete the record, if it still belongs to this attempt."""
        ...


class AuthorizationStateRepository(Protocol):
    """The ``state`` values that people were sent to TikTok with."""

    def save(self, state: "AuthorizationState") -> None:
        """Store a new state."""
        ...

    def read(self, key: "StateKey") -> "AuthorizationState | None":
        """Return the state, strongly consistent."""
        ...

    def keep_code(self, handle: "Handle", auth_code: "SecretStr", until: datetime) -> bool:
        """Store the code that a state came back with, and its handle, valid until then.

        False if the state is closed or has another code.
        """
        ...

    def close(self, key: "StateKey", connected_at: str | None = None) -> None:
        """Record that the state has been used, for which connection if it made one; remove its code."""
        ...


class SecretRepository(Protocol):
    """Access tokens of connections, and the credentials of the TikTok app."""

    def read_token(self, connection: "Connection") -> "SecretStr":
        """Return the connection's token, possibly from memory: of the version that the connection names, if it does.

        Raises TokenUnavailableError whatever prevents it, also a failure of the store.
        """
        ...

    def forget_token(self, connection: "Connection") -> None:
        """Remove the token from memory, so that the next read fetches it."""
        ...

    def secret_id(self, team_id: str, user_id: str) -> str:
        """Return the name of a person's secret."""
        ...

    def store(self, secret_id: str, token: "SecretStr", version: str) -> None:
        """Make ``token`` the current value under this version name; creates or restores the secret if necessary."""
        ...

    def version(self, secret_id: str, version: str) -> "SecretStr | None":
        """Return the token stored under this version name. Raises TokenUnavailableError as :meth:`current`."""
        ...

    def current(self, secret_id: str) -> "SecretStr | None":
        """Return the current token, never from memory.

        Raises TokenUnavailableError if this service may not read the secret.
        """
        ...

    def remove(self, secret_id: str) -> None:
        """Schedule the secret's deletion; one that does not exist counts as removed.

        Raises TokenUnavailableError if this service may not remove the secret.
        """
        ...

    def app(self) -> "DeveloperApp":
        """Return the app's credentials, possibly from memory. Raises AppNotConfiguredError."""
        ...


class IdempotencyRepository(Protocol):
    """Records of creates that are running or have succeeded."""

    def claim(self, record: "IdempotencyRecord", now: datetime) -> "ClaimResult | Replay":
        """Claim the record for this attempt. Raises StillRunningError, KeyReusedError."""
        ...

    def complete(self, record: "IdempotencyRecord", response: str, now: datetime) -> None:
        """Store the response for replay."""
        ...

    def mark_uncertain(self, record: "IdempotencyRecord") -> None:
        """Release the claim and record that TikTok may have created the identity."""
        ...

    def release(self, record: "IdempotencyRecord") -> None:
        """Release the claim: nothing happened."""
        ...


class ReadinessRepository(Protocol):
    """Readiness records, one for each advertiser of a team."""

    def read(self, team_id: str, advertiser_id: str) -> "Record | None":
        """Return the record, strongly consistent."""
        ...

    def write(self, record: "Record") -> "Record | None":
        """Store a record derived from the stored one and return it with its new revision.

        None, and nothing is written, if the stored one has another revision.
        """
        ...

    def due(self, shard: str, before: datetime, page_size: int) -> Iterator[Sequence[tuple[str, str]]]:
        """Return team and advertiser ids of due records, longest due first, in pages. The index may lag behind."""
        ...

    def read_many(self, team_id: str, advertiser_ids: Sequence[str]) -> Sequence["Record"]:
        """Return the records that exist of these advertisers, in any order; strongly consistent."""
        ...


class SweepRepository(Protocol):
    """Statistics of sweeps."""

    def previous(self, run: str) -> "SweepStatistics | None":
        """Return the statistics of the last sweep before this one."""
        ...

    def add(self, statistics: "SweepStatistics") -> None:
        """Add these numbers to the sweep's."""
        ...


class CheckQueue(Protocol):
    """The queue of check jobs, and the urgent one."""

    def send(self, job: "CheckJob", *, urgent: bool = False, delay: timedelta = timedelta()) -> None:
        """Put a job into one of the queues; it becomes visible after ``delay``."""
        ...

    def waiting(self) -> int:
        """Return the approximate number of jobs that are not urgent."""
        ...

    def change_visibility(self, receipt: str, delay: timedelta, *, urgent: bool) -> None:
        """Make a received message visible again after ``delay``."""
        ...
