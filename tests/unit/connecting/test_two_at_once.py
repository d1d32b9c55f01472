"""Two at a time at one person's connection: one goes first, the other is told so, and both end well."""

from collections.abc import Callable

import pytest

from tests.support.effects import KilledError, Point
from tests.unit.connecting.scenarios import (
    AFTER_DISCONNECTION,
    AGAIN,
    AT_REST,
    CALLBACKS,
    DISCONNECT,
    DISCONNECTS,
    FIRST,
    LAST_PERSON,
    LAST_SCOPES,
    WHO,
    Ending,
    Scenario,
    name_of,
)
from tests.unit.connecting.system import Landing, System

pytestmark = pytest.mark.slow

NOBODY = Ending("", lambda *_: None)
Meanwhile = Callable[[], object]


def _inside(scenarios: tuple[Scenario, ...]) -> list[tuple[Scenario, Point, Ending]]:
    """Every point at which somebody is at it: after the change was begun, before it is ended."""
    return [
        (one, point, NOBODY)
        for one in scenarios
        for point in one.points()
        if (one.effects.index("begin change"), True)
        <= (point.at, point.after)
        <= (one.effects.index("end state" if "end state" in one.effects else "end change"), False)
    ]


def _happens(system: System, case: tuple[Scenario, Point, Ending], meanwhile: Meanwhile) -> tuple[object, object]:
    """The scenario, and at its point something else; what comes of both."""
    scenario, point, _ = case
    act = scenario.prepare(system)
    came: list[object] = []
    system.effects.watch(point, lambda: came.append(meanwhile()))
    first = act()
    assert system.effects.reached
    [second] = came
    return first, second


def _rest(system: System) -> None:
    system.pass_time(AT_REST)
    system.assert_well(WHO)


def _code(answer: object) -> str:
    return answer.outcome if isinstance(answer, Landing) else str(answer.json.get("code", answer.status))  # type: ignore[attr-defined] # else a Received


@pytest.mark.parametrize("case", _inside(CALLBACKS), ids=name_of)
def test_the_same_return_twice(system: System, case: tuple[Scenario, Point, Ending]) -> None:
    """A browser that asks twice: the second is told that it is under way, or was; one exchange, one event."""
    scenario, point, _ = case
    act = scenario.prepare(system)
    before = len(system.told())
    system.effects.watch(point, lambda: came.append(act()))
    came: list[object] = []
    first = act()
    over = (point.at, point.after) >= (scenario.effects.index("end state"), True)
    assert (_code(first), _code(came[0])) == ("connected", "state_used" if over else "in_progress")
    assert len(system.told()) == before + 1
    _rest(system)


@pytest.mark.parametrize("case", _inside(CALLBACKS), ids=name_of)
def test_a_disconnection_while_a_connection_is_being_made(system: System, case: tuple[Scenario, Point, Ending]) -> None:
    """It is told to come again; when it does the new connection is ended."""
    first, second = _happens(system, case, lambda: system.disconnect(WHO))
    assert (_code(first), _code(second)) == ("connected", "in_progress")
    token = system.token(WHO)
    assert system.disconnect(WHO).status == 200
    assert not system.is_live(token)
    _rest(system)


@pytest.mark.parametrize("case", _inside(DISCONNECTS), ids=name_of)
def test_a_return_while_the_connection_is_being_ended(system: System, case: tuple[Scenario, Point, Ending]) -> None:
    """It is told to come again; when it does there is a new connection."""
    urls: list[str] = []

    def meanwhile() -> Landing:
        urls.append(system.consent(WHO, LAST_PERSON, LAST_SCOPES))
        return system.come_back(urls[0])

    first, second = _happens(system, case, meanwhile)
    assert (_code(first), _code(second)) == ("200", "in_progress")
    assert system.come_back(urls[0]).outcome == "connected"
    _rest(system)
    assert str(system.token(WHO)).startswith(f"simulated-token-{LAST_PERSON}-")


@pytest.mark.parametrize("case", _inside((FIRST, AGAIN, AFTER_DISCONNECTION)), ids=name_of)
def test_two_consents_of_one_person(system: System, case: tuple[Scenario, Point, Ending]) -> None:
    """Two tabs: the one that came first is connected; the other is told so, and when it comes again is what holds."""
    urls: list[str] = []

    def meanwhile() -> Landing:
        urls.append(system.consent(WHO, LAST_PERSON, LAST_SCOPES))
        return system.come_back(urls[0])

    first, second = _happens(system, case, meanwhile)
    assert (_code(first), _code(second)) == ("connected", "in_progress")
    system.assert_well(WHO)
    assert system.come_back(urls[0]).outcome == "connected"
    _rest(system)
    assert str(system.token(WHO)).startswith(f"simulated-token-{LAST_PERSON}-")


@pytest.mark.parametrize("case", _inside(DISCONNECTS), ids=name_of)
def test_two_disconnections(system: System, case: tuple[Scenario, Point, Ending]) -> None:
    """The second is told that it is under way; repeated, it answers as the first did."""
    first, second = _happens(system, case, lambda: system.disconnect(WHO))
    assert (_code(first), _code(second)) == ("200", "in_progress")
    again = system.disconnect(WHO)
    assert again == first
    _rest(system)


@pytest.mark.parametrize("case", _inside((*CALLBACKS, DISCONNECT)), ids=name_of)
def test_the_sweep_leaves_alone_what_somebody_is_at(system: System, case: tuple[Scenario, Point, Ending]) -> None:
    """Whatever comes due meanwhile."""

    def meanwhile() -> list[object]:
        before = system.everything()
        assert system.deliver(['{"team_id": "northlight", "user_id": "u-owner"}']) == []
        assert system.everything() == before
        return []

    first, _ = _happens(system, case, meanwhile)
    assert _code(first) in {"connected", "200"}
    _rest(system)


def test_another_persons_connection_is_not_held_up(system: System) -> None:
    """While one is being connected another is, too."""
    system.member("u-other", "mediabuyer")
    act = FIRST.prepare(system)
    came: list[str] = []
    system.effects.watch(Point(3, after=True), lambda: came.append(system.connect("u-other", LAST_PERSON)))
    assert _code(act()) == "connected"
    assert came == ["connected"]
    system.assert_well("u-other")
    assert system.token(WHO) != system.token("u-other")


def test_a_disconnection_that_comes_too_early_leaves_the_return_good(system: System) -> None:
    """It is told to come again, and whoever is connecting dies: the state is not over."""
    act = FIRST.prepare(system)

    def meanwhile() -> None:
        assert _code(system.disconnect(WHO)) == "in_progress"
        raise KilledError

    system.effects.watch(Point(FIRST.effects.index("create secret"), after=False), meanwhile)
    with pytest.raises(KilledError):
        act()
    assert not any(state.done for state in system.states.stored.values())
    _rest(system)
