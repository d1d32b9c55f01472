"""The refresh worker processes each message of a batch by itself, whatever it holds and however often it arrives."""

import io

import pytest

from publishing.log_events import LogEvent
from tests.support.effects import Point
from tests.support.overriding import failing, overriding
from tests.unit.connections.scenarios import DISCONNECT, USER
from tests.unit.connections.system import DAY, HOUR, System

MESSAGE = '{"team_id": "northlight", "user_id": "u-owner"}'


@pytest.mark.parametrize(
    "body", ["", "{}", "[]", '{"team_id": "northlight"}', '{"team_id": "northlight", "user_id": 7}', '{"team_id":']
)
def test_an_unreadable_message_is_retried_alone(system: System, log: io.StringIO, body: str) -> None:
    """It returns to the queue, and finally to the dead-letter queue; the others of the batch are processed."""
    system.connect(USER)
    system.clock.forward(DAY)
    readable = '{"team_id": "northlight", "user_id": "u-owner", "more": 1}'
    assert system.deliver([body, readable]) == [{"itemIdentifier": "0"}]
    assert LogEvent.MESSAGE_UNREADABLE in log.getvalue()
    assert system.due_in(USER) == DAY


def test_an_internal_error_is_retried(system: System, log: io.StringIO) -> None:
    """The log holds the error's type and not its text."""
    system.connect(USER)
    system.replace_services(operations=overriding(system.operations, read=failing("canary-5f1e")))
    assert system.deliver([MESSAGE]) == [{"itemIdentifier": "0"}]
    assert "RuntimeError" in log.getvalue()
    assert "canary-5f1e" not in log.getvalue()


def test_a_message_delivered_twice_is_harmless(system: System) -> None:
    """The operation is recovered once."""
    DISCONNECT.run(system, Point(1, after=True))
    system.clock.forward(HOUR)
    assert system.deliver([MESSAGE, MESSAGE]) == []
    assert system.deliver([MESSAGE]) == []
    system.assert_consistent(USER)
    assert not system.is_valid(next(one for one in system.tiktok.world.tokens if "u-starter" in one))
