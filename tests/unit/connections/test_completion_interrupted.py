"""Completion, disconnection and refresh are killed before and after each effect: what follows ends well."""

import io

import pytest

from publishing.log_events import LogEvent
from tests.support.effects import KilledError, Point
from tests.support.invocations import Received
from tests.unit.connections.scenarios import (
    AFTER_DISCONNECTION,
    ALL_RECOVERED,
    ANEW_THEN_REPEAT,
    CODE_REJECTED,
    COMPLETIONS,
    CONNECT_ANEW,
    DISCONNECT,
    DISCONNECT_AFTER,
    DISCONNECT_THEN_REPEAT,
    DISCONNECTS,
    ENDINGS,
    EXCHANGE,
    FIRST,
    LAST_PERSON,
    RECONNECT,
    RECOVERIES,
    REFRESHES,
    REPEAT,
    REPEAT_LATER,
    SWEEP,
    SWEEP_THEN_REPEAT,
    TAKEOVERS,
    USER,
    Ending,
    Scenario,
    cases,
    name_of,
    secret_is_to_be_deleted,
)
from tests.unit.connections.system import EXPIRED, HOUR, System, outcome_of

pytestmark = [pytest.mark.in_process, pytest.mark.slow]

Case = tuple[Scenario, Point | None, Ending]

REFRESH_ENDINGS = (REPEAT, REPEAT_LATER, CONNECT_ANEW, SWEEP, DISCONNECT_AFTER)
COMPLETION_ENDINGS = (*ENDINGS, SWEEP_THEN_REPEAT, ANEW_THEN_REPEAT, DISCONNECT_THEN_REPEAT)


def _assert_consistent_later(system: System) -> None:
    system.pass_time(ALL_RECOVERED)
    system.assert_consistent(USER)


def _outcome(response: object) -> object:
    return outcome_of(response) if isinstance(response, Received) else response


ALL_COMPLETIONS = [
    pytest.param(case, marks=() if case[0] in {FIRST, RECONNECT} else pytest.mark.deep)
    for case in cases(COMPLETIONS, COMPLETION_ENDINGS)
]


@pytest.mark.parametrize(
    "case", ALL_COMPLETIONS, ids=[name_of(case) for case in cases(COMPLETIONS, COMPLETION_ENDINGS)]
)
def test_a_completion_killed_at_any_point_ends_well(system: System, case: Case) -> None:
    """Whatever follows, there are both a connection and its own valid token, or neither, and one event for each.

    Once the token is stored the consent is not lost, and the completion may be repeated: the answer is the same.
    """
    scenario, point, ending = case
    act = scenario.run(system, point)
    before = 0 if scenario is FIRST else 1
    stored_at = max(at for at, name in enumerate(scenario.effects) if name == "put secret")
    stored = point is None or (point.at, point.after) >= (stored_at, True)
    token = system.token(USER)
    outcome = _outcome(ending.run(system, act))
    _assert_consistent_later(system)
    connection = system.connection(USER)
    exchanged = point is None or (point.at, point.after) >= (scenario.effects.index(EXCHANGE), True)
    if ending is CONNECT_ANEW or (ending is ANEW_THEN_REPEAT and exchanged):
        assert str(system.token(USER)).startswith(f"simulated-token-{LAST_PERSON}-")
        assert len(system.published()) <= before + 2
    elif ending in {DISCONNECT_AFTER, DISCONNECT_THEN_REPEAT} and stored:
        assert not system.is_valid(token)
        assert connection is None or connection.status == "revoked"
    elif stored and ending is not ANEW_THEN_REPEAT:
        assert system.token(USER) == token
        assert len(system.published()) == before + 1
    if ending in {REPEAT, REPEAT_LATER, SWEEP_THEN_REPEAT} and outcome == "connected":
        assert connection is not None
        assert connection.status == "active"
    if ending is CONNECT_ANEW:
        assert outcome == "connected"
    if ending in {REPEAT_LATER, SWEEP_THEN_REPEAT} and stored:
        assert outcome == "connected"


@pytest.mark.parametrize("case", cases(DISCONNECTS, ENDINGS), ids=name_of)
def test_a_disconnection_killed_at_any_point_ends_well(system: System, log: io.StringIO, case: Case) -> None:
    """Once it has begun the token is revoked at TikTok, whatever follows, and its secret is scheduled for deletion.

    If a new connection was made meanwhile, it has its own token. A token that an interrupted attempt had revoked raises
    no alarm.
    """
    scenario, point, ending = case
    scenario.run(system, point)
    [token] = [one for one in system.tiktok.world.tokens if one.startswith("simulated-token-u-starter-")]
    began = point is None or (point.at, point.after) >= (0, True)
    outcome = _outcome(ending.run(system, lambda: system.disconnect(USER)))
    if not began:
        system.pass_time(25 * HOUR)  # the daily refresh finds a token that TikTok has revoked by itself
    _assert_consistent_later(system)
    ended = began or ending in {REPEAT, REPEAT_LATER, DISCONNECT_AFTER}
    connection = system.connection(USER)
    assert connection is not None
    if ended:
        assert not system.is_valid(token)
    if ending is CONNECT_ANEW:
        assert outcome == "connected"
        assert connection.status == "active"
    elif ended:
        assert connection.status == "revoked"
        assert secret_is_to_be_deleted(system)
        assert len(system.published()) == 1
    if scenario is DISCONNECT:
        assert LogEvent.NOT_REVOKED not in log.getvalue()


@pytest.mark.parametrize("case", cases(RECOVERIES, ENDINGS), ids=name_of)
def test_a_recovery_killed_at_any_point_ends_well(system: System, case: Case) -> None:
    """The next sweep or the person's next request completes the operation."""
    scenario, point, ending = case
    act = scenario.run(system, point)
    stored = system.token(USER)
    outcome = _outcome(ending.run(system, act))
    _assert_consistent_later(system)
    if ending is CONNECT_ANEW:
        assert outcome == "connected"
    if ending is DISCONNECT_AFTER:
        assert not system.is_valid(stored)


@pytest.mark.parametrize("case", cases(TAKEOVERS, ENDINGS), ids=name_of)
def test_a_request_killed_while_recovering_another_operation_ends_well(system: System, case: Case) -> None:
    """The unfinished operation is completed first, a disconnection also at TikTok; then the request itself."""
    scenario, point, ending = case
    act = scenario.run(system, point)
    token = system.token(USER)
    outcome = _outcome(ending.run(system, act))
    _assert_consistent_later(system)
    connection = system.connection(USER)
    if scenario.name == "connect over disconnect":
        [first] = [one for one in system.tiktok.world.tokens if one.startswith("simulated-token-u-starter-")]
        assert not system.is_valid(first)
    if ending is CONNECT_ANEW:
        assert outcome == "connected"
        assert str(system.token(USER)).startswith(f"simulated-token-{LAST_PERSON}-")
    if ending is DISCONNECT_AFTER:
        assert not system.is_valid(token)
        assert connection is None or connection.status == "revoked"


@pytest.mark.parametrize(
    "case", cases(REFRESHES, (REPEAT, REPEAT_LATER, CONNECT_ANEW, SWEEP, DISCONNECT_AFTER)), ids=name_of
)
def test_a_refresh_killed_at_any_point_ends_well(system: System, case: Case) -> None:
    """It is due again within the hour, and an expiry is published once."""
    scenario, point, ending = case
    act = scenario.run(system, point)
    ending.run(system, act)
    _assert_consistent_later(system)
    assert len(system.published(EXPIRED)) <= 1
    connection = system.connection(USER)
    assert connection is not None
    if connection.status == "active":
        assert connection.verified_at is not None
        assert connection.verified_at >= "2026-11-17"


TWICE = [
    (one, at, ending)
    for one in (FIRST, RECONNECT, AFTER_DISCONNECTION, DISCONNECT)
    for at in one.points()
    if at.after
    for ending in (REPEAT_LATER, CONNECT_ANEW, CODE_REJECTED, SWEEP, DISCONNECT_AFTER)
]


@pytest.mark.deep
@pytest.mark.parametrize("case", TWICE, ids=name_of)
def test_two_kills_in_a_row_end_well(system: System, case: tuple[Scenario, Point, Ending]) -> None:
    """What follows is killed too, after each of its effects; then the sweep recovers."""
    scenario, point, ending = case
    for second in range(30):
        system.tiktok.reset()
        fresh = System(system.tiktok, system.transport)
        fresh.add_member(USER)
        act = scenario.run(fresh, point)
        fresh.effects.watch(Point(second, after=True))
        try:
            ending.run(fresh, act)
        except KilledError:
            fresh.effects.watching = False
            _assert_consistent_later(fresh)
            continue
        assert not fresh.effects.reached
        assert second == len(fresh.effects.names)
        return
    pytest.fail("the flow has more effects than expected")
