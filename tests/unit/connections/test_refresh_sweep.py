"""The sweep over connections queues one refresh for each that is due."""

from datetime import timedelta

from publishing.connections.pending_operation import DueConnection
from publishing.connections.refresh import PAGE_SIZE
from tests.support.effects import Point
from tests.unit.connections.scenarios import FIRST, USER
from tests.unit.connections.system import DAY, HOUR, TEAM, System


def _run(system: System) -> int:
    return system.connection_sweep.run(out_of_time=lambda: False)


def test_two_concurrent_sweeps_queue_one_message(system: System) -> None:
    """Only the sweep that claims a connection sends its message."""
    system.connect(USER)
    system.clock.forward(DAY)
    requested: list[int] = []
    system.effects.watch(Point(0, after=False), lambda: requested.append(_run(system)))
    requested.append(_run(system))
    assert requested == [1, 0]
    assert len(system.queue) == 1


def test_an_index_that_lags_behind_queues_nothing_twice(system: System) -> None:
    """A connection that was already claimed cannot be claimed again."""
    system.connect(USER)
    system.clock.forward(DAY)
    [[due]] = system.connections.due(system.clock(), PAGE_SIZE)
    assert _run(system) == 1
    assert not system.connections.claim_due(due, system.clock(), system.clock() + HOUR)


def test_a_sweep_stops_when_it_is_out_of_time(system: System) -> None:
    """The connections that remain are not claimed, and the next sweep queues them."""
    for at in range(5):
        system.add_member(f"u-{at}", "mediabuyer")
        system.connect(f"u-{at}")
    system.clock.forward(DAY)
    out_of_time = iter([False, False, True])
    assert system.connection_sweep.run(out_of_time=lambda: next(out_of_time)) == 2
    assert len(system.queue) == 2
    assert _run(system) == 3
    assert {one.user_id for one in system.queue.sent} == {f"u-{at}" for at in range(5)}


def test_more_than_one_page_is_queued(system: System) -> None:
    """All due connections are queued, the longest due first."""
    users = [f"u-{at:03}" for at in range(PAGE_SIZE + 1)]
    for at, user in enumerate(users):
        system.teams.connect(TEAM, user, [])
        due_at = system.clock() - timedelta(minutes=at)
        system.connections.schedule_refresh(system.stored_connection(user), due_at)
    assert _run(system) == PAGE_SIZE + 1
    assert [one.user_id for one in system.queue.sent] == users[::-1]


def test_a_running_operation_is_not_due(system: System) -> None:
    """It is due two minutes after its lease has expired, if it is still unfinished."""
    FIRST.run(system, Point(1, after=True))
    system.clock.forward(timedelta(seconds=149))
    assert _run(system) == 0
    system.clock.forward(timedelta(seconds=1))
    assert _run(system) == 1
    assert system.queue.sent == [DueConnection(TEAM, USER, unfinished=True)]
