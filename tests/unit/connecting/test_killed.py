"""Callback, disconnection and refresh may die before and after each of their effects: what follows ends well."""

import pytest

from tests.support.effects import KilledError, Point
from tests.unit.connecting.scenarios import (
    AFTER_DISCONNECTION,
    AGAIN,
    ANEW,
    ANEW_THEN_SAME,
    AT_REST,
    CALLBACKS,
    DISCONNECT,
    DISCONNECTS,
    ENDED,
    ENDED_THEN_SAME,
    ENDINGS,
    EXCHANGE,
    FINISHES,
    FIRST,
    IN_VAIN,
    LAST_PERSON,
    LISTINGS,
    SAME_AT_ONCE,
    SAME_LATER,
    SWEPT,
    SWEPT_THEN_SAME,
    TAKEOVERS,
    WHO,
    Ending,
    Scenario,
    cases,
    name_of,
    secret_is_to_be_deleted,
)
from tests.unit.connecting.system import HOUR, Landing, System

pytestmark = pytest.mark.slow

Case = tuple[Scenario, Point | None, Ending]
EXPIRED = "TikTok Connection Expired"
CALLBACK_ENDINGS = (*ENDINGS, SWEPT_THEN_SAME, ANEW_THEN_SAME, ENDED_THEN_SAME)


def _rest(system: System) -> None:
    system.pass_time(AT_REST)
    system.assert_well(WHO)


def _outcome(of: object) -> object:
    return of.outcome if isinstance(of, Landing) else of


ALL_CALLBACKS = [
    pytest.param(case, marks=() if case[0] in {FIRST, AGAIN} else pytest.mark.deep)
    for case in cases(CALLBACKS, CALLBACK_ENDINGS)
]


@pytest.mark.parametrize("case", ALL_CALLBACKS, ids=[name_of(case) for case in cases(CALLBACKS, CALLBACK_ENDINGS)])
def test_a_callback_killed_at_any_point_ends_well(system: System, case: Case) -> None:
    """Whatever follows: a connection with its own living token or neither, one event for each connection.

    From the stored token on no consent is lost, and the address that was opened before may be opened again.
    """
    scenario, point, ending = case
    act = scenario.happens(system, point)
    before = 0 if scenario is FIRST else 1
    stored_at = max(at for at, name in enumerate(scenario.effects) if name == "put secret")
    stored = point is None or (point.at, point.after) >= (stored_at, True)
    token = system.token(WHO)
    outcome = _outcome(ending.follow(system, act))
    _rest(system)
    connection = system.connection(WHO)
    exchanged = point is None or (point.at, point.after) >= (scenario.effects.index(EXCHANGE), True)
    if ending is ANEW or (ending is ANEW_THEN_SAME and exchanged):
        assert str(system.token(WHO)).startswith(f"simulated-token-{LAST_PERSON}-")
        assert len(system.told()) <= before + 2
    elif ending in {ENDED, ENDED_THEN_SAME} and stored:
        assert not system.is_live(token)
        assert connection is None or connection.status == "revoked"
    elif stored and ending is not ANEW_THEN_SAME:
        assert system.token(WHO) == token
        assert len(system.told()) == before + 1
    if ending in {SAME_AT_ONCE, SAME_LATER, SWEPT_THEN_SAME} and outcome == "connected":
        assert connection is not None
        assert connection.status == "active"
    if ending is ANEW:
        assert outcome == "connected"
    over = point is None or (point.at, point.after) >= (scenario.effects.index("end state"), True)
    if ending is SAME_LATER and stored:
        assert outcome == ("state_used" if over else "connected")


@pytest.mark.parametrize("case", cases(DISCONNECTS, ENDINGS), ids=name_of)
def test_a_disconnection_killed_at_any_point_ends_well(system: System, case: Case) -> None:
    """Once it is begun the token is dead at TikTok whatever follows, and its secret to be deleted.

    Unless there is a new connection: that has a token of its own.
    """
    scenario, point, ending = case
    scenario.happens(system, point)
    [token] = [one for one in system.tiktok.world.tokens if one.startswith("simulated-token-u-starter-")]
    begun = point is None or (point.at, point.after) >= (0, True)
    outcome = _outcome(ending.follow(system, lambda: system.disconnect(WHO)))
    if not begun:
        system.pass_time(25 * HOUR)  # a token that died by itself is found out by the daily refresh
    _rest(system)
    ended = begun or ending in {SAME_AT_ONCE, SAME_LATER, ENDED}
    connection = system.connection(WHO)
    assert connection is not None
    if ended:
        assert not system.is_live(token)
    if ending is ANEW:
        assert outcome == "connected"
        assert connection.status == "active"
    elif ended:
        assert connection.status == "revoked"
        assert secret_is_to_be_deleted(system)
        assert len(system.told()) == 1


@pytest.mark.parametrize("case", cases(FINISHES, ENDINGS), ids=name_of)
def test_a_sweep_killed_at_any_point_of_finishing_a_change_ends_well(system: System, case: Case) -> None:
    """What it did not finish the next one does, or whoever comes."""
    scenario, point, ending = case
    act = scenario.happens(system, point)
    stored = system.token(WHO)
    outcome = _outcome(ending.follow(system, act))
    _rest(system)
    if ending is ANEW:
        assert outcome == "connected"
    if ending is ENDED:
        assert not system.is_live(stored)


@pytest.mark.parametrize("case", cases(TAKEOVERS, ENDINGS), ids=name_of)
def test_who_finds_something_left_and_dies_at_any_point_ends_well(system: System, case: Case) -> None:
    """What was left is finished first, a disconnection at TikTok too; then comes what was asked for."""
    scenario, point, ending = case
    act = scenario.happens(system, point)
    token = system.token(WHO)
    outcome = _outcome(ending.follow(system, act))
    _rest(system)
    connection = system.connection(WHO)
    if scenario.name == "connect over disconnect":
        [first] = [one for one in system.tiktok.world.tokens if one.startswith("simulated-token-u-starter-")]
        assert not system.is_live(first)
    if ending is ANEW:
        assert outcome == "connected"
        assert str(system.token(WHO)).startswith(f"simulated-token-{LAST_PERSON}-")
    if ending is ENDED:
        assert not system.is_live(token)
        assert connection is None or connection.status == "revoked"


@pytest.mark.parametrize("case", cases(LISTINGS, (SAME_AT_ONCE, SAME_LATER, ANEW, SWEPT, ENDED)), ids=name_of)
def test_a_refresh_killed_at_any_point_ends_well(system: System, case: Case) -> None:
    """It is due again within the hour, and an end is told of once."""
    scenario, point, ending = case
    act = scenario.happens(system, point)
    ending.follow(system, act)
    _rest(system)
    assert len(system.told(EXPIRED)) <= 1
    connection = system.connection(WHO)
    assert connection is not None
    if connection.status == "active":
        assert connection.verified_at is not None
        assert connection.verified_at >= "2026-11-17"


TWICE = [
    (one, at, ending)
    for one in (FIRST, AGAIN, AFTER_DISCONNECTION, DISCONNECT)
    for at in one.points()
    if at.after
    for ending in (SAME_LATER, ANEW, IN_VAIN, SWEPT, ENDED)
]


@pytest.mark.deep
@pytest.mark.parametrize("case", TWICE, ids=name_of)
def test_two_deaths_in_a_row_end_well(system: System, case: tuple[Scenario, Point, Ending]) -> None:
    """What follows dies too, after each of its effects; then the sweep comes."""
    scenario, point, ending = case
    for second in range(30):
        system.tiktok.reset()
        fresh = System(system.tiktok)
        fresh.member(WHO)
        act = scenario.happens(fresh, point)
        fresh.effects.watch(Point(second, after=True))
        try:
            ending.follow(fresh, act)
        except KilledError:
            fresh.effects.watching = False
            _rest(fresh)
            continue
        assert not fresh.effects.reached
        assert second == len(fresh.effects.names)
        return
    pytest.fail("it has no end")
