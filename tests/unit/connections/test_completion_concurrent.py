"""Concurrent requests for one person's connection: one works, the other gets ``in_progress``, and both end well."""

from collections.abc import Callable

import pytest

from tests.support.effects import KilledError, Point
from tests.support.invocations import Received
from tests.unit.connections.scenarios import (
    AFTER_DISCONNECTION,
    ALL_RECOVERED,
    COMPLETIONS,
    DISCONNECT,
    DISCONNECTS,
    EXCHANGE,
    FIRST,
    LAST_PERSON,
    LAST_SCOPES,
    RECONNECT,
    USER,
    Ending,
    Scenario,
    cases,
    name_of,
)
from tests.unit.connections.system import System, outcome_of

pytestmark = pytest.mark.in_process

NO_ENDING = Ending("", lambda *_: None)
Concurrent = Callable[[], object]


def _during(scenarios: tuple[Scenario, ...]) -> list[tuple[Scenario, Point, Ending]]:
    """Return every point at which the operation is running: after it was begun, before it is closed."""
    return [
        (one, point, NO_ENDING)
        for one in scenarios
        for point in one.points()
        if (one.effects.index("begin operation"), True)
        <= (point.at, point.after)
        <= (one.effects.index("close state" if "close state" in one.effects else "delete operation"), False)
    ]


def _run_both(system: System, case: tuple[Scenario, Point, Ending], concurrent: Concurrent) -> tuple[object, object]:
    """Run the scenario and, at its point, the concurrent request; return both responses."""
    scenario, point, _ = case
    act = scenario.prepare(system)
    responses: list[object] = []
    system.effects.watch(point, lambda: responses.append(concurrent()))
    first = act()
    assert system.effects.reached
    [second] = responses
    return first, second


def _assert_consistent_later(system: System) -> None:
    system.pass_time(ALL_RECOVERED)
    system.assert_consistent(USER)


def _code(response: object) -> str:
    assert isinstance(response, Received)
    return outcome_of(response)


@pytest.mark.parametrize("case", cases(COMPLETIONS, [NO_ENDING]), ids=name_of)
def test_a_completion_requested_twice_connects_once(
    system: System, case: tuple[Scenario, Point | None, Ending]
) -> None:
    """The second request gets ``in_progress`` while the first one works, and the same answer before and after that.

    The code is exchanged once, and there is one event.
    """
    scenario, point, _ = case
    act = scenario.prepare(system)
    before, asked = len(system.published()), len(system.tiktok.requests.to(EXCHANGE))
    responses: list[object] = []
    if point is None:
        first = act()
        responses.append(act())
    else:
        system.effects.watch(point, lambda: responses.append(act()))
        first = act()
    working = point is not None and (
        (scenario.effects.index("begin operation"), True)
        <= (point.at, point.after)
        <= (scenario.effects.index("close state"), False)
    )
    assert (_code(first), _code(responses[0])) == ("connected", "in_progress" if working else "connected")
    assert _code(act()) == "connected"
    assert act() == first
    assert len(system.published()) == before + 1
    assert len(system.tiktok.requests.to(EXCHANGE)) == asked + 1
    _assert_consistent_later(system)


@pytest.mark.parametrize("case", _during(COMPLETIONS), ids=name_of)
def test_a_disconnection_during_a_completion_is_in_progress(
    system: System, case: tuple[Scenario, Point, Ending]
) -> None:
    """Repeated afterwards, it ends the new connection."""
    first, second = _run_both(system, case, lambda: system.disconnect(USER))
    assert (_code(first), _code(second)) == ("connected", "in_progress")
    token = system.token(USER)
    assert system.disconnect(USER).status == 200
    assert not system.is_valid(token)
    _assert_consistent_later(system)


@pytest.mark.parametrize("case", _during(DISCONNECTS), ids=name_of)
def test_a_completion_during_a_disconnection_is_in_progress(
    system: System, case: tuple[Scenario, Point, Ending]
) -> None:
    """Repeated afterwards, it makes a new connection."""
    handles: list[str] = []

    def concurrent() -> Received:
        handles.append(system.return_to_wizard(USER, LAST_PERSON, LAST_SCOPES))
        return system.complete(handles[0], USER)

    first, second = _run_both(system, case, concurrent)
    assert (_code(first), _code(second)) == ("200", "in_progress")
    assert _code(system.complete(handles[0], USER)) == "connected"
    _assert_consistent_later(system)
    assert str(system.token(USER)).startswith(f"simulated-token-{LAST_PERSON}-")


@pytest.mark.parametrize("case", _during((FIRST, RECONNECT, AFTER_DISCONNECTION)), ids=name_of)
def test_the_second_of_two_consents_is_in_progress(system: System, case: tuple[Scenario, Point, Ending]) -> None:
    """As from two browser tabs: the first completion connects; the second, repeated afterwards, replaces it."""
    handles: list[str] = []

    def concurrent() -> Received:
        handles.append(system.return_to_wizard(USER, LAST_PERSON, LAST_SCOPES))
        return system.complete(handles[0], USER)

    first, second = _run_both(system, case, concurrent)
    assert (_code(first), _code(second)) == ("connected", "in_progress")
    system.assert_consistent(USER)
    assert _code(system.complete(handles[0], USER)) == "connected"
    _assert_consistent_later(system)
    assert str(system.token(USER)).startswith(f"simulated-token-{LAST_PERSON}-")


@pytest.mark.parametrize("case", _during(DISCONNECTS), ids=name_of)
def test_the_second_of_two_disconnections_is_in_progress(system: System, case: tuple[Scenario, Point, Ending]) -> None:
    """Repeated afterwards, it returns the response of the first."""
    first, second = _run_both(system, case, lambda: system.disconnect(USER))
    assert (_code(first), _code(second)) == ("200", "in_progress")
    assert system.disconnect(USER) == first
    _assert_consistent_later(system)


@pytest.mark.parametrize("case", _during((*COMPLETIONS, DISCONNECT)), ids=name_of)
def test_the_worker_changes_nothing_during_an_operation(system: System, case: tuple[Scenario, Point, Ending]) -> None:
    """A refresh message for the same connection is processed without any effect."""

    def concurrent() -> list[object]:
        before = system.full_state()
        assert system.deliver(['{"team_id": "northlight", "user_id": "u-owner"}']) == []
        assert system.full_state() == before
        return []

    first, _ = _run_both(system, case, concurrent)
    assert _code(first) in {"connected", "200"}
    _assert_consistent_later(system)


def test_two_people_can_connect_concurrently(system: System) -> None:
    """An operation on one person's connection does not block another's."""
    system.add_member("u-other", "mediabuyer")
    act = FIRST.prepare(system)
    outcomes: list[str] = []
    system.effects.watch(Point(2, after=True), lambda: outcomes.append(system.connect("u-other", LAST_PERSON)))
    assert _code(act()) == "connected"
    assert outcomes == ["connected"]
    system.assert_consistent("u-other")
    assert system.token(USER) != system.token("u-other")


def test_a_rejected_disconnection_leaves_the_state_usable(system: System) -> None:
    """It gets ``in_progress`` and does not close the state, although the completion's process is killed afterwards."""
    act = FIRST.prepare(system)

    def disconnect_then_die() -> None:
        assert _code(system.disconnect(USER)) == "in_progress"
        raise KilledError

    system.effects.watch(Point(FIRST.effects.index("create secret"), after=False), disconnect_then_die)
    with pytest.raises(KilledError):
        act()
    assert not any(state.closed for state in system.states.stored.values())
    _assert_consistent_later(system)
