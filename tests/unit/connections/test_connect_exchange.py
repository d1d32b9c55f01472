"""Failures of TikTok while a connection is completed: no partial connection is left, and the person can try again."""

from typing import Any

import pytest
from pydantic import SecretStr

from local.tiktok_simulator import FAULT_KINDS, Fault, FaultKind
from publishing.connections.connect import COMPLETION_SECONDS
from tests.support.invocations import Received
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
from tests.unit.connections.system import HOUR, System, outcome_of
from tiktok_business import errors
from tiktok_business.errors import TikTokError
from tiktok_business.oauth import Grant

pytestmark = pytest.mark.slow

FAULTS: list[tuple[FaultKind, dict[str, Any], str]] = [
    (FaultKind.CODE, {"code": 40110}, "tiktok_rejected"),
    (FaultKind.CODE, {"code": 40002}, "tiktok_rejected"),
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
_ERROR, _REJECTED, _TIMEOUT = (502, "tiktok_error"), (422, "tiktok_rejected"), (504, "tiktok_timeout")
PROBLEMS: list[tuple[str, int | None, tuple[int, str]]] = [
    ("TikTokError", None, _ERROR),
    ("TokenInvalidError", None, _REJECTED),
    ("AdvertiserNotAccessibleError", None, _ERROR),
    ("AdvertiserGoneError", None, _ERROR),
    ("ScopeMissingError", None, _ERROR),
    ("RateLimitedError", None, (503, "tiktok_rate_limited")),
    ("NotAppliedError", None, _ERROR),
    ("RequestRejectedError", None, _REJECTED),
    ("DeploymentRefusedError", None, (503, "connect_not_set_up")),
    ("UnavailableError", None, _ERROR),
    ("NotSentError", None, _ERROR),
    ("ConnectionLostError", None, _ERROR),
    ("TimedOutError", None, _TIMEOUT),
    ("NoTimeLeftError", None, _TIMEOUT),
    ("UnexpectedResponseError", None, _ERROR),
    ("IncompleteListingError", None, _ERROR),
    *(
        (kind, code, (503, "connect_not_set_up"))
        for kind in ("TokenInvalidError", "RequestRejectedError", "TikTokError")
        for code in (40101, 40113)
    ),
]
"""The problem by class of error, and by TikTok's codes that concern the app, whichever class they have."""
CLOSES_STATE = {"tiktok_rejected"}
"""TikTok has rejected the code: the state cannot be used again."""


def _name(case: object) -> str:
    if isinstance(case, Scenario):
        return case.name
    assert isinstance(case, tuple)
    return "-".join([str(case[0]), *(f"{name}={value}" for name, value in case[1].items())])


def _outcome(response: object) -> str:
    assert isinstance(response, Received)
    return outcome_of(response)


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
    assert repeated == (
        "invalid_request" if outcome in CLOSES_STATE else "tiktok_rejected" if code_used else "connected"
    )
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
    handle = system.return_to_wizard(USER)
    clock = system.tiktok.clock
    system.tiktok.clock = lambda: clock() + 3600
    try:
        rejected = system.complete(handle, USER)
    finally:
        system.tiktok.clock = clock
    assert (rejected.status, rejected.json["code"], rejected.json["tiktok"]["code"]) == (422, "tiktok_rejected", 40110)
    assert "Connect again" in rejected.json["detail"]
    assert outcome_of(system.complete(handle, USER)) == "invalid_request"
    assert system.connect(USER) == "connected"


def test_a_wrong_app_secret_is_reported_as_not_set_up(system: System) -> None:
    """The person is not asked to connect again; once the secret is corrected the same handle connects."""
    handle = system.return_to_wizard(USER)
    right = system.tiktok.world.app_secret
    system.tiktok.world.app_secret = "another"
    assert outcome_of(system.complete(handle, USER)) == "connect_not_set_up"
    assert system.connection(USER) is None
    system.tiktok.world.app_secret = right
    assert outcome_of(system.complete(handle, USER)) == "connected"
    system.assert_consistent(USER)


def test_without_the_apps_credentials_the_state_stays_usable(system: System) -> None:
    """Nothing is claimed and TikTok is not called; once they are filled in the same handle connects."""
    handle = system.return_to_wizard(USER)
    before = system.full_state()
    app, system.secrets.credentials = system.secrets.credentials, None
    assert outcome_of(system.complete(handle, USER)) == "connect_not_set_up"
    assert system.full_state() == before
    system.secrets.credentials = app
    assert outcome_of(system.complete(handle, USER)) == "connected"


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


@pytest.mark.parametrize(("kind", "code", "expected"), PROBLEMS)
def test_tiktoks_errors_become_problems(system: System, kind: str, code: int | None, expected: tuple[int, str]) -> None:
    """Whatever class of error TikTok's answer is; none is the caller's missing permission or advertiser."""
    error = getattr(errors, kind)("oauth2/access_token/", "no", code=code)
    assert isinstance(error, TikTokError)

    class Failing:
        def exchange(self, _auth_code: SecretStr) -> Grant:
            raise error

    handle = system.return_to_wizard(USER)
    system.replace_services(open_oauth=lambda _app, _deadline: Failing())
    response = system.complete(handle, USER)
    assert (response.status, response.json["code"]) == expected
    assert ("Retry-After" in response.headers) == (response.status == 503 and expected[1] == "tiktok_rate_limited")


def test_every_class_of_error_is_in_the_table() -> None:
    """A new class fails this test until it is added to the table."""
    classes = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, TikTokError)}
    assert {one.__name__ for one in classes} == {kind for kind, code, _ in PROBLEMS if code is None}
