"""The sweep over connections: each that is due gets one message."""

from datetime import timedelta

from publishing.connecting.stores import DueConnection
from publishing.connecting.sweep import PAGE, ConnectionSweep
from tests.support.effects import Point
from tests.unit.connecting.scenarios import FIRST, WHO
from tests.unit.connecting.system import DAY, HOUR, TEAM, System


def test_two_sweeps_at_once(system: System) -> None:
    """One message: who claims it sends it."""
    system.connect(WHO)
    system.clock.forward(DAY)
    connection_sweep = ConnectionSweep(system.due_connections, system.clock)
    asked: list[int] = []
    system.effects.watch(Point(0, after=False), lambda: asked.append(connection_sweep.run(out_of_time=lambda: False)))
    asked.append(connection_sweep.run(out_of_time=lambda: False))
    assert asked == [1, 0]
    assert len(system.due_connections) == 1


def test_an_index_that_lags_behind(system: System) -> None:
    """What was claimed already is not sent again."""
    system.connect(WHO)
    system.clock.forward(DAY)
    [[due]] = system.due_connections.pages(system.clock(), PAGE)
    assert ConnectionSweep(system.due_connections, system.clock).run(out_of_time=lambda: False) == 1
    assert not system.due_connections.claim(due, system.clock(), system.clock() + HOUR)


def test_out_of_time(system: System) -> None:
    """What there is no time for is claimed by nobody, and found by the next sweep."""
    for at in range(5):
        system.member(f"u-{at}", "mediabuyer")
        system.connect(f"u-{at}")
    system.clock.forward(DAY)
    left = iter([False, False, True])
    assert ConnectionSweep(system.due_connections, system.clock).run(out_of_time=lambda: next(left)) == 2
    assert len(system.due_connections) == 2
    assert ConnectionSweep(system.due_connections, system.clock).run(out_of_time=lambda: False) == 3
    assert {one.user_id for one in system.due_connections.sent} == {f"u-{at}" for at in range(5)}


def test_more_than_a_page(system: System) -> None:
    """All of them, the longest due first."""
    users = [f"u-{at:03}" for at in range(PAGE + 1)]
    for at, user in enumerate(users):
        system.teams.connect(TEAM, user, [])
        moment = system.clock() - timedelta(minutes=at)
        system.connections.schedule(system.teams.connection(TEAM, user), moment)
    assert ConnectionSweep(system.due_connections, system.clock).run(out_of_time=lambda: False) == PAGE + 1
    assert [one.user_id for one in system.due_connections.sent] == users[::-1]


def test_changes_under_way_are_left_alone(system: System) -> None:
    """For two minutes after their lease; then they are due before the hour is over."""
    FIRST.happens(system, Point(1, after=True))
    connection_sweep = ConnectionSweep(system.due_connections, system.clock)
    system.clock.forward(timedelta(seconds=149))
    assert connection_sweep.run(out_of_time=lambda: False) == 0
    system.clock.forward(timedelta(seconds=1))
    assert connection_sweep.run(out_of_time=lambda: False) == 1
    assert system.due_connections.sent == [DueConnection(TEAM, WHO, unfinished=True)]
