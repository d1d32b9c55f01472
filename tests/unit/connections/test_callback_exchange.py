"""Failures of TikTok during a callback: no partial connection is left, and the person can try again."""

from typing import Any

import pytest

from local.tiktok_simulator import FAULT_KINDS, Fault, FaultKind
from publishing.connections.callback import COMPLETION_SECONDS
from tests.unit.connections.scenarios import (
    AFTER_DISCONNECTION,
    EXCHANGE,
    FIRST,
    LIST,
    RECONNECT,
    STATUSES,
    USER,
    Scenario,
)
from tests.unit.connections.system import HOUR, Redirect, System

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
    (FaultKind.WRONG_TYPE, {"key": "access_token", "value": "   "}, "tiktok_error"),
    (FaultKind.WRONG_TYPE, {"key": "access_token", "value": "act. x"}, "tiktok_error"),
    (FaultKind.CODE, {"code": 41000}, "connect_not_set_up"),
    (FaultKind.HUGE_LIST, {"repeat": 2}, "connected"),
    (FaultKind.DUPLICATE_PAGES, {}, "connected"),
    (FaultKind.CHANGING_TOTALS, {}, "connected"),
    (FaultKind.CURSOR, {}, "connected"),
]
CLOSES_STATE = {"code_rejected"}
"""TikTok has rejected the code: the state cannot be used again."""


def _name(case: object) -> str:
    if isinstance(case, Scenario):
        return case.name
    assert isinstance(case, tuple)
    return "-".join([str(case[0]), *(f"{name}={value}" for name, value in case[1].items())])


def _outcome(response: object) -> str:
    assert isinstance(response, Redirect)
    return response.outcome


def test_every_kind_of_fault_is_in_the_table() -> None:
    """A new kind fails this test until it is added to the table."""
    assert {kind for kind, _, _ in FAULTS} == set(FAULT_KINDS)


@pytest.mark.parametrize("scenario", [FIRST, RECONNECT, AFTER_DISCONNECTION], ids=_name)
@pytest.mark.parametrize("case", FAULTS, ids=_name)
def test_a_failed_exchange_changes_nothing(
    system: System, case: tuple[FaultKind, dict[str, Any], str], scenario: Scenario
) -> None:
    """It returns the right code and changes no connection, secret or event; repeating it or a new consent connects."""
    kind, values, outcome = case
    act = scenario.prepare(system)
    before = system.full_state()[:1], system.secrets.secrets.copy(), len(system.bus)
    tokens = set(system.tiktok.world.tokens)
    fault = system.tiktok.faults.add(Fault(path=EXCHANGE, kind=kind, **values))
    if kind is FaultKind.HANG:
        system.seconds = COMPLETION_SECONDS + 0.5 + 0.3
    assert _outcome(act()) == outcome
    system.seconds = 30.0
    system.tiktok.faults.clear()
    if outcome == "connected":
        system.assert_consistent(USER)
        return
    assert before == (system.full_state()[:1], system.secrets.secrets, len(system.bus))
    code_used = fault.work_is_done
    assert (set(system.tiktok.world.tokens) != tokens) == code_used, "the exchange is sent once"
    repeated = _outcome(act())
    assert repeated == ("state_used" if outcome in CLOSES_STATE else "code_rejected" if code_used else "connected")
    system.clock.forward(HOUR)
    assert system.connect(USER) == "connected"
    system.assert_consistent(USER)


def test_a_rate_limited_exchange_is_retried(system: System) -> None:
    """TikTok has not exchanged the code if it reports a rate limit."""
    system.tiktok.faults.add(Fault(path=EXCHANGE, kind=FaultKind.CODE, code=40100, times=2))
    assert system.connect(USER) == "connected"
    system.assert_consistent(USER)


def test_an_expired_code_is_rejected(system: System) -> None:
    """TikTok's codes are valid for an hour by its own clock."""
    url = system.consent(USER)
    clock = system.tiktok.clock
    system.tiktok.clock = lambda: clock() + 3600
    try:
        assert system.open_callback(url).outcome == "code_rejected"
    finally:
        system.tiktok.clock = clock
    assert system.open_callback(url).outcome == "state_used"
    assert system.connect(USER) == "connected"


def test_a_wrong_app_secret_is_reported_as_not_set_up(system: System) -> None:
    """The person is not asked to connect again; once the secret is corrected the same callback connects."""
    url = system.consent(USER)
    right = system.tiktok.world.app_secret
    system.tiktok.world.app_secret = "another"
    assert system.open_callback(url).outcome == "connect_not_set_up"
    assert system.connection(USER) is None
    system.tiktok.world.app_secret = right
    assert system.open_callback(url).outcome == "connected"
    system.assert_consistent(USER)


def test_without_the_apps_credentials_the_state_stays_usable(system: System) -> None:
    """Nothing is claimed and TikTok is not called; once they are filled in the same callback connects."""
    url = system.consent(USER)
    before = system.full_state()
    app, system.secrets.credentials = system.secrets.credentials, None
    assert system.open_callback(url).outcome == "connect_not_set_up"
    assert system.full_state() == before
    system.secrets.credentials = app
    assert system.open_callback(url).outcome == "connected"


@pytest.mark.parametrize("path", [LIST, STATUSES])
@pytest.mark.parametrize("case", FAULTS, ids=_name)
def test_a_connection_is_made_although_tiktok_does_not_return_its_advertisers(
    system: System, case: tuple[FaultKind, dict[str, Any], str], path: str
) -> None:
    """The token is valid: the person is connected, and the list is read within the hour."""
    kind, values, _ = case
    brief = {"seconds": 0.02} if kind is FaultKind.HANG else {}
    system.tiktok.faults.add(Fault(path=path, kind=kind, **{**values, **brief}))
    assert system.connect(USER) == "connected"
    system.tiktok.faults.clear()
    assert system.stored_connection(USER).status == "active"
    assert system.is_valid(system.token(USER))
    system.pass_time(26 * HOUR)
    system.assert_consistent(USER)


def test_time_is_reserved_for_what_follows_the_exchange(system: System) -> None:
    """The deadline of the exchange is six seconds before that of the list."""
    assert system.connect(USER) == "connected"
    exchange, listed = system.watched.deadlines[:2]
    assert listed.at - exchange.at == pytest.approx(COMPLETION_SECONDS)
