"""Callback, disconnection and upkeep may die before and after each of their effects: what follows ends well."""

import pytest

from tests.unit.connecting.scenarios import (
    AFTER_DISCONNECTION,
    AGAIN,
    ANEW,
    AT_REST,
    CALLBACKS,
    DISCONNECT,
    DISCONNECTS,
    ENDED,
    ENDINGS,
    FINISHES,
    FIRST,
    IN_VAIN,
    LAST_PERSON,
    LEASE_OVER,
    LISTINGS,
    SAME_AT_ONCE,
    SAME_LATER,
    SWEPT,
    WHO,
    Ending,
    Scenario,
    cases,
    name_of,
    secret_is_to_be_deleted,
)
from tests.unit.connecting.system import HOUR, Landing, System
from tests.unit.readiness.effects import KilledError, Point

Case = tuple[Scenario, Point | None, Ending]


def _rest(system: System) -> None:
    system.pass_time(AT_REST)
    system.assert_well(WHO)


@pytest.mark.parametrize("case", cases(CALLBACKS, ENDINGS), ids=name_of)
def test_a_callback_killed_at_any_point_ends_well(system: System, case: Case) -> None:
    """Whatever follows: a connection with its own living token or neither, one event for each connection."""
    scenario, point, ending = case
    act = scenario.happens(system, point)
    told_before = len(system.told())
    stored = system.token(WHO)
    outcome = ending.follow(system, act)
    outcome = outcome.outcome if isinstance(outcome, Landing) else outcome
    _rest(system)
    connection = system.connection(WHO)
    if ending is ANEW:
        assert outcome == "connected"
        assert str(system.token(WHO)).startswith(f"simulated-token-{LAST_PERSON}-")
    elif ending is ENDED:
        assert not system.is_live(stored)
        assert connection is None or connection.status in {"revoked", "expired"}
    elif ending in {SAME_AT_ONCE, SAME_LATER, SWEPT}:
        assert len(system.told()) - told_before <= 1
        if outcome == "connected":
            assert connection is not None
            assert connection.status == "active"
    if point is None and ending in {SAME_AT_ONCE, SAME_LATER, SWEPT}:
        assert len(system.told()) == told_before


@pytest.mark.parametrize("case", cases(CALLBACKS, (SAME_LATER, SWEPT)), ids=name_of)
def test_a_callback_killed_once_the_token_is_stored_is_a_connection_in_the_end(system: System, case: Case) -> None:
    """Exactly one, with one event, and the token that was stored: no consent is lost from there on."""
    scenario, point, ending = case
    told_before = _told_before(system, scenario)
    act = scenario.happens(system, point)
    stored_at = max(at for at, name in enumerate(scenario.effects) if name == "put secret")
    stored = point is None or (point.at, point.after) >= (stored_at, True)
    token = system.token(WHO)
    ending.follow(system, act)
    _rest(system)
    if stored:
        assert system.token(WHO) == token
        assert len(system.told()) == told_before + 1


def _told_before(_system: System, scenario: Scenario) -> int:
    return 0 if scenario is FIRST else 1


@pytest.mark.parametrize("case", cases(DISCONNECTS, (*ENDINGS, Ending("callback again", lambda *_: None))), ids=name_of)
def test_a_disconnection_killed_at_any_point_ends_well(system: System, case: Case) -> None:
    """The token is dead at TikTok whatever follows, and its secret to be deleted unless there is a new connection."""
    scenario, point, ending = case
    act = scenario.prepare(system)
    token = system.token(WHO)
    assert token
    system.tiktok.reset  # noqa: B018 - the world stays as it is
    begun = point is None or (point.at, point.after) >= (0, True)
    _killed(system, scenario, act, point)
    ending.follow(system, act)
    _rest(system)
    connection = system.connection(WHO)
    assert connection is not None
    if begun or ending in {SAME_AT_ONCE, SAME_LATER, ENDED}:
        assert not system.is_live(token)
    if ending is ANEW:
        assert connection.status == "active"
    elif begun or ending in {SAME_AT_ONCE, SAME_LATER, ENDED}:
        assert connection.status == "revoked"
        assert secret_is_to_be_deleted(system)
        assert len(system.told()) == 1


def _killed(system: System, scenario: Scenario, act: object, point: Point | None) -> None:
    assert callable(act)
    system.effects.watch(point)
    if point is None:
        act()
    else:
        with pytest.raises(KilledError):
            act()
    system.effects.watching = False
    assert system.effects.names == list(scenario.effects if point is None else scenario.effects[: point.at + 1])


@pytest.mark.parametrize("case", cases(FINISHES, ENDINGS), ids=name_of)
def test_a_sweep_killed_at_any_point_of_finishing_a_change_ends_well(system: System, case: Case) -> None:
    """What it did not finish the next one does, or whoever comes."""
    scenario, point, ending = case
    act = scenario.happens(system, point)
    stored = system.token(WHO)
    outcome = ending.follow(system, act)
    _rest(system)
    if ending is ANEW:
        assert outcome == "connected"
    if ending is ENDED:
        assert not system.is_live(stored)


@pytest.mark.parametrize("case", cases(LISTINGS, (SAME_AT_ONCE, SAME_LATER, ANEW, SWEPT, ENDED)), ids=name_of)
def test_a_daily_reading_killed_at_any_point_ends_well(system: System, case: Case) -> None:
    """It is due again within the hour, and an end is told of once."""
    scenario, point, ending = case
    act = scenario.happens(system, point)
    ending.follow(system, act)
    _rest(system)
    assert len(system.told("TikTok Connection Expired")) <= 1
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


@pytest.mark.parametrize("case", TWICE, ids=name_of)
def test_two_deaths_in_a_row_end_well(system: System, case: Case) -> None:
    """What follows dies too, after each of its effects; then the sweep comes, and the first comes again after it."""
    scenario, point, ending = case
    for second in range(20):
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
