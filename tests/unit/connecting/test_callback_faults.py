"""Whatever becomes of the exchange, nothing is half-made, and the person can try again."""

from typing import Any

import pytest

from local.tiktok_simulator import FAULT_KINDS, Fault, FaultKind
from publishing.connecting.callback import COMPLETION_SECONDS
from tests.unit.connecting.scenarios import (
    AFTER_DISCONNECTION,
    AGAIN,
    EXCHANGE,
    FIRST,
    LIST,
    STATUSES,
    WHO,
    Scenario,
)
from tests.unit.connecting.system import HOUR, Landing, System

FAULTS: list[tuple[FaultKind, dict[str, Any], str]] = [
    (FaultKind.CODE, {"code": 40110}, "code_rejected"),
    (FaultKind.CODE, {"code": 40002}, "code_rejected"),
    (FaultKind.CODE, {"code": 40100}, "tiktok_rate_limited"),
    (FaultKind.CODE, {"code": 40001, "message": "lacks the required scope"}, "tiktok_error"),
    (FaultKind.CODE, {"code": 50000}, "tiktok_error"),
    (FaultKind.CODE, {"code": 50000, "applied": True}, "tiktok_error"),
    (FaultKind.HTTP_STATUS, {"status": 429}, "tiktok_rate_limited"),
    (FaultKind.HTTP_STATUS, {"status": 500}, "tiktok_error"),
    (FaultKind.HTTP_STATUS, {"status": 502, "applied": True}, "tiktok_error"),
    (FaultKind.HANG, {"seconds": 0.8}, "tiktok_timeout"),
    (FaultKind.HANG, {"seconds": 0.8, "applied": True}, "tiktok_timeout"),
    (FaultKind.LATENCY, {"seconds": 0.01}, "connected"),
    (FaultKind.SLOW_DRIP, {"seconds": 0.01}, "connected"),
    (FaultKind.RESET_BEFORE, {}, "tiktok_error"),
    (FaultKind.RESET_AFTER, {}, "tiktok_error"),
    (FaultKind.SHORT_BODY, {}, "tiktok_error"),
    (FaultKind.TRUNCATED_JSON, {}, "tiktok_error"),
    (FaultKind.NON_JSON, {}, "tiktok_error"),
    (FaultKind.WRONG_TOP_LEVEL, {}, "tiktok_error"),
    (FaultKind.DATA_NULL, {}, "tiktok_error"),
    (FaultKind.MISSING_KEY, {"key": "access_token"}, "tiktok_error"),
    (FaultKind.WRONG_TYPE, {"key": "access_token", "value": ""}, "tiktok_error"),
    (FaultKind.WRONG_TYPE, {"key": "access_token", "value": 7}, "tiktok_error"),
    (FaultKind.HUGE_LIST, {"repeat": 2}, "connected"),
    (FaultKind.DUPLICATE_PAGES, {}, "connected"),
    (FaultKind.CHANGING_TOTALS, {}, "connected"),
    (FaultKind.CURSOR, {}, "connected"),
]
BURNT = {"code_rejected"}
"""TikTok has said that the code is no good: the state is over."""


def _name(case: object) -> str:
    if isinstance(case, Scenario):
        return case.name
    assert isinstance(case, tuple)
    return "-".join([str(case[0]), *(f"{name}={value}" for name, value in case[1].items())])


def _landing(of: object) -> str:
    assert isinstance(of, Landing)
    return of.outcome


def test_every_kind_of_fault_is_tried() -> None:
    """A new one fails this test until it is."""
    assert {kind for kind, _, _ in FAULTS} == set(FAULT_KINDS)


@pytest.mark.parametrize("scenario", [FIRST, AGAIN, AFTER_DISCONNECTION], ids=_name)
@pytest.mark.parametrize("case", FAULTS, ids=_name)
def test_a_failed_exchange_makes_nothing(
    system: System, case: tuple[FaultKind, dict[str, Any], str], scenario: Scenario
) -> None:
    """The right code; connection, secret and events are as before; the same return or a new consent then connects."""
    kind, values, outcome = case
    act = scenario.prepare(system)
    before = system.everything()[:1], system.vault.secrets.copy(), len(system.bus)
    tokens = set(system.tiktok.world.tokens)
    fault = system.tiktok.faults.add(Fault(path=EXCHANGE, kind=kind, **values))
    if kind is FaultKind.HANG:
        system.seconds = COMPLETION_SECONDS + 0.5 + 0.3
    assert _landing(act()) == outcome
    system.seconds = 30.0
    system.tiktok.faults.clear()
    if outcome == "connected":
        system.assert_well(WHO)
        return
    assert before == (system.everything()[:1], system.vault.secrets, len(system.bus))
    used_up = fault.work_is_done
    assert (set(system.tiktok.world.tokens) != tokens) == used_up, "the exchange is sent once"
    again = _landing(act())
    assert again == ("state_used" if outcome in BURNT else "code_rejected" if used_up else "connected")
    system.clock.forward(HOUR)
    assert system.connect(WHO) == "connected"
    system.assert_well(WHO)


def test_a_write_that_was_refused_for_rate_is_sent_again(system: System) -> None:
    """TikTok has not exchanged the code then."""
    system.tiktok.faults.add(Fault(path=EXCHANGE, kind=FaultKind.CODE, code=40100, times=2))
    assert system.connect(WHO) == "connected"
    system.assert_well(WHO)


def test_a_code_that_has_expired_is_told(system: System) -> None:
    """TikTok's codes are good for an hour, of its own clock."""
    url = system.consent(WHO)
    clock = system.tiktok.clock
    system.tiktok.clock = lambda: clock() + 3600
    try:
        assert system.come_back(url).outcome == "code_rejected"
    finally:
        system.tiktok.clock = clock
    assert system.come_back(url).outcome == "state_used"
    assert system.connect(WHO) == "connected"


def test_a_wrong_app_secret_is_the_operators_to_mend(system: System) -> None:
    """Nobody is told to connect again for it; once it is right the same return connects."""
    url = system.consent(WHO)
    right = system.tiktok.world.app_secret
    system.tiktok.world.app_secret = "another"
    assert system.come_back(url).outcome == "connect_not_set_up"
    assert system.connection(WHO) is None
    system.tiktok.world.app_secret = right
    assert system.come_back(url).outcome == "connected"
    system.assert_well(WHO)


def test_without_the_apps_credentials_the_state_stays_good(system: System) -> None:
    """Nothing is taken and TikTok is not asked; filled in, the same return connects."""
    url = system.consent(WHO)
    before = system.everything()
    system.app.app, app = None, system.app.app
    assert system.come_back(url).outcome == "connect_not_set_up"
    assert system.everything() == before
    system.app.app = app
    assert system.come_back(url).outcome == "connected"


@pytest.mark.parametrize("path", [LIST, STATUSES])
@pytest.mark.parametrize("case", FAULTS, ids=_name)
def test_a_connection_is_made_though_its_advertisers_are_not_told(
    system: System, case: tuple[FaultKind, dict[str, Any], str], path: str
) -> None:
    """The token is good: connected, and the list comes within the hour."""
    kind, values, _ = case
    brief = {"seconds": 0.02} if kind is FaultKind.HANG else {}
    system.tiktok.faults.add(Fault(path=path, kind=kind, **{**values, **brief}))
    assert system.connect(WHO) == "connected"
    system.tiktok.faults.clear()
    connection = system.connection(WHO)
    assert connection is not None
    assert connection.status == "active"
    assert system.is_live(system.token(WHO))
    system.pass_time(26 * HOUR)
    system.assert_well(WHO)


def test_time_is_kept_back_for_what_follows_the_exchange(system: System) -> None:
    """The exchange has to be over six seconds before the list."""
    assert system.connect(WHO) == "connected"
    exchange, listing = system.transport.deadlines[:2]
    assert listing.at - exchange.at == pytest.approx(COMPLETION_SECONDS)
