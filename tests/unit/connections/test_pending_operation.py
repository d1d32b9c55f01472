"""A pending operation: which attempt holds it, and until when."""

from dataclasses import replace
from datetime import timedelta

from publishing.connections.pending_operation import LEASE, RECOVERY_DELAY, OperationKind, PendingOperation
from tests.support.clock import START

MICROSECOND = timedelta(microseconds=1)
LATER = START + timedelta(minutes=5)
STARTED = PendingOperation.start("northlight", "u-owner", OperationKind.CONNECT, START, "digest")


def test_an_operation_starts_with_a_lease() -> None:
    """It has team, user, kind, time and secret version; no scopes are known yet."""
    connect = PendingOperation(
        team_id="northlight",
        user_id="u-owner",
        kind=OperationKind.CONNECT,
        started_at=START,
        attempt=STARTED.attempt,
        lease_until=START + LEASE,
        secret_version="digest",
        scopes=None,
    )
    assert connect == STARTED
    disconnect = PendingOperation.start("northlight", "u-owner", OperationKind.DISCONNECT, START)
    assert disconnect == PendingOperation(
        "northlight", "u-owner", OperationKind.DISCONNECT, START, disconnect.attempt, START + LEASE
    )
    assert disconnect.secret_version == ""
    assert {len(STARTED.attempt), len(disconnect.attempt)} == {32}
    assert STARTED.attempt != disconnect.attempt


def test_a_lease_expires_at_its_end() -> None:
    """One microsecond earlier it is still held."""
    assert not STARTED.lease_expired(START + LEASE - MICROSECOND)
    assert STARTED.lease_expired(START + LEASE)


def test_a_resumed_operation_has_another_attempt_and_a_new_lease() -> None:
    """Everything else stays the same, so that the connection becomes the same."""
    unfinished = STARTED.granted(("693",), START)
    resumed = unfinished.resumed(LATER)
    assert resumed == replace(unfinished, attempt=resumed.attempt, lease_until=LATER + LEASE)
    assert len({STARTED.attempt, resumed.attempt, STARTED.resumed(LATER).attempt}) == 3


def test_a_grant_changes_the_scopes_and_when_the_connection_began() -> None:
    """No scope granted and scopes unknown are different values."""
    for scopes in (("693", "100"), (), None):
        assert STARTED.granted(scopes, LATER) == replace(STARTED, scopes=scopes, started_at=LATER)


def test_a_released_operation_can_be_resumed_immediately() -> None:
    """It still belongs to the same attempt."""
    released = STARTED.released(START + MICROSECOND)
    assert released == replace(STARTED, lease_until=START + MICROSECOND)
    assert released.lease_expired(START + MICROSECOND)


def test_lease_and_recovery_delay_are_what_people_read() -> None:
    """The pages say half a minute, and two minutes more."""
    assert (timedelta(seconds=30), timedelta(minutes=2)) == (LEASE, RECOVERY_DELAY)


def test_stored_kinds_never_change() -> None:
    """Operations that began before a deployment are completed after it."""
    assert [*OperationKind] == ["connect", "disconnect"]
