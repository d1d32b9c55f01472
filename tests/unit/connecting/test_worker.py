"""The worker of connections: each message by itself, whatever it says and however often it comes."""

import io

import pytest

from tests.support.effects import Point
from tests.support.overriding import failing, overriding
from tests.unit.connecting.scenarios import DISCONNECT, WHO
from tests.unit.connecting.system import DAY, HOUR, System


@pytest.mark.parametrize(
    "body", ["", "{}", "[]", '{"team_id": "northlight"}', '{"team_id": "northlight", "user_id": 7}', '{"team_id":']
)
def test_unreadable(system: System, log: io.StringIO, body: str) -> None:
    """It goes back to the queue, and from there to the dead letters; the others of the batch are refreshed."""
    system.connect(WHO)
    system.clock.forward(DAY)
    good = '{"team_id": "northlight", "user_id": "u-owner", "more": 1}'
    assert system.deliver([body, good]) == [{"itemIdentifier": "0"}]
    assert "a message cannot be read" in log.getvalue()
    assert system.due_in(WHO) == DAY


def test_a_fault_of_ours(system: System, log: io.StringIO) -> None:
    """It comes back; the log names the error's type and not its text."""
    system.connect(WHO)
    system.use(changes=overriding(system.changes, read=failing("canary-5f1e")))
    assert system.deliver(['{"team_id": "northlight", "user_id": "u-owner"}']) == [{"itemIdentifier": "0"}]
    assert "RuntimeError" in log.getvalue()
    assert "canary-5f1e" not in log.getvalue()


def test_a_message_that_comes_twice(system: System) -> None:
    """Does no harm, whatever is left of the change."""
    DISCONNECT.happens(system, Point(1, after=True))
    system.clock.forward(HOUR)
    body = '{"team_id": "northlight", "user_id": "u-owner"}'
    assert system.deliver([body, body]) == []
    assert system.deliver([body]) == []
    system.assert_well(WHO)
    assert not system.is_live(next(one for one in system.tiktok.world.tokens if "u-starter" in one))
