"""Flows of connections as scenarios, each with the list of its effects, and what may happen after an interruption."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from local.tiktok_simulator import DemoToken, Scope
from tests.support.effects import KilledError, Point
from tests.support.in_memory_repositories import secret_id_of
from tests.unit.connections.system import HOUR, LEASE_EXPIRED, TEAM, System

USER = "u-owner"
FIRST_SCOPES = frozenset(Scope) - {Scope.TERM}
NEXT_SCOPES = frozenset(Scope) - {Scope.IMAGE_UPLOAD}
NEXT_PERSON = DemoToken.AGENCY.user
LAST_SCOPES = frozenset(Scope) - {Scope.PIXEL_READ}
LAST_PERSON = DemoToken.CATALOG_OPERATOR.user
SWEEP_RECOVERS = timedelta(minutes=3)
ALL_RECOVERED = timedelta(hours=3)
"""By then the hourly sweep has run after every lease and after every postponement of an hour."""

EXCHANGE, LIST, STATUSES, REVOKE = (
    "oauth2/access_token/",
    "oauth2/advertiser/get/",
    "advertiser/info/",
    "oauth2/revoke_token/",
)
BEFORE_TOKEN = ("begin operation", EXCHANGE, "update operation")
END = ("close state", "delete operation")
FROM_TOKEN = (LIST, STATUSES, "save connection", "publish", *END)
COMPLETION_FIRST = (*BEFORE_TOKEN, "put secret", "create secret", "put secret", *FROM_TOKEN)
COMPLETION_REPLACING = (*BEFORE_TOKEN, "put secret", *FROM_TOKEN)
COMPLETION_RESTORING = (*BEFORE_TOKEN, "put secret", "restore secret", "put secret", *FROM_TOKEN)
DISCONNECTION = ("begin operation", "mark revoked", REVOKE, "remove secret", "delete operation")
CLAIMED = ("claim due", "send refresh")

Act = Callable[[], object]


@dataclass(frozen=True)
class Scenario:
    """A flow, with all its effects in order."""

    name: str
    prepare: Callable[[System], Act]
    """Does what precedes the flow; returns the work that may be interrupted."""
    effects: tuple[str, ...]

    def points(self) -> list[Point]:
        """Return every point at which the process can be killed."""
        return [Point(at, after) for at in range(len(self.effects)) for after in (False, True)]

    def run(self, system: System, point: Point | None) -> Act:
        """Run the flow, killed at that point, and assert that its effects until then are the listed ones."""
        act = self.prepare(system)
        system.effects.watch(point)
        if point is None:
            act()
        else:
            with pytest.raises(KilledError):
                act()
        system.effects.watching = False
        assert system.effects.names == list(self.effects if point is None else self.effects[: point.at + 1])
        return act


@dataclass(frozen=True)
class Ending:
    """What happens next."""

    name: str
    run: Callable[[System, Act], object]


def cases(scenarios: Iterable[Scenario], endings: Iterable[Ending]) -> list[tuple[Scenario, Point | None, Ending]]:
    """Combine each scenario, uninterrupted and killed at each point, with each ending."""
    endings = tuple(endings)
    return [(one, at, ending) for one in scenarios for at in (None, *one.points()) for ending in endings]


def name_of(case: object) -> str:
    """Return pytest's id of a case."""
    if not isinstance(case, tuple):
        return str(case)
    scenario, point, ending = case
    if point is None:
        return f"{scenario.name}-uninterrupted-{ending.name}"
    where = f"{'after' if point.after else 'before'} {point.at} {scenario.effects[point.at]}"
    return f"{scenario.name}-{where}-{ending.name}"


def first_connection(system: System) -> Act:
    """No connection exists; the person has consented and is back in the wizard."""
    handle = system.return_to_wizard(USER, scopes=FIRST_SCOPES)
    return lambda: system.complete(handle, USER)


def reconnection(system: System) -> Act:
    """The first connection is active; the person has consented as another TikTok user, with other permissions."""
    assert system.connect(USER, scopes=FIRST_SCOPES) == "connected"
    return _consented_again(system)


def reconnection_after_expiry(system: System) -> Act:
    """TikTok has revoked the token, and the sweep has found out; the person has consented again."""
    assert system.connect(USER, scopes=FIRST_SCOPES) == "connected"
    system.tiktok.world.revoke(str(system.token(USER)))
    system.pass_time(26 * HOUR)
    assert system.stored_connection(USER).status == "expired"
    return _consented_again(system)


def reconnection_after_disconnection(system: System) -> Act:
    """The secret is scheduled for deletion; the person has consented again."""
    disconnection(system)()
    return _consented_again(system)


def _consented_again(system: System) -> Act:
    system.clock.forward(HOUR)
    handle = system.return_to_wizard(USER, NEXT_PERSON, NEXT_SCOPES)
    return lambda: system.complete(handle, USER)


def disconnection(system: System) -> Act:
    """The connection is active."""
    assert system.connect(USER, scopes=FIRST_SCOPES) == "connected"
    system.clock.forward(HOUR)
    return lambda: system.disconnect(USER)


def disconnection_with_invalid_token(system: System) -> Act:
    """TikTok has already revoked the token."""
    act = disconnection(system)
    system.tiktok.world.revoke(str(system.token(USER)))
    return act


def interrupted(scenario: Scenario, after: str) -> Callable[[System], Act]:
    """Return a preparation: the scenario was killed after the last effect of this name; the act is the sweep."""
    at = max(index for index, name in enumerate(scenario.effects) if name == after)

    def prepare(system: System) -> Act:
        scenario.run(system, Point(at, after=True))
        system.clock.forward(HOUR)
        return system.sweep

    return prepare


def interrupted_then(scenario: Scenario, after: str, then: Callable[[System], Act]) -> Callable[[System], Act]:
    """Return a preparation: the scenario was killed after the last effect of this name; the person requests another."""
    prepare = interrupted(scenario, after)

    def prepared(system: System) -> Act:
        prepare(system)
        return then(system)

    return prepared


def _disconnects(system: System) -> Act:
    return lambda: system.disconnect(USER)


def refresh_due(system: System) -> Act:
    """The list was read a day ago."""
    assert system.connect(USER, scopes=FIRST_SCOPES) == "connected"
    system.clock.forward(24 * HOUR)
    return system.sweep


def refresh_due_with_invalid_token(system: System) -> Act:
    """The list was read a day ago, and TikTok has revoked the token."""
    act = refresh_due(system)
    system.tiktok.world.revoke(str(system.token(USER)))
    return act


FIRST = Scenario("first", first_connection, COMPLETION_FIRST)
RECONNECT = Scenario("reconnect", reconnection, COMPLETION_REPLACING)
AFTER_EXPIRY = Scenario("after expiry", reconnection_after_expiry, COMPLETION_REPLACING)
AFTER_DISCONNECTION = Scenario("after disconnection", reconnection_after_disconnection, COMPLETION_RESTORING)
COMPLETIONS = (FIRST, RECONNECT, AFTER_EXPIRY, AFTER_DISCONNECTION)
DISCONNECT = Scenario("disconnect", disconnection, DISCONNECTION)
DISCONNECT_INVALID = Scenario("disconnect with invalid token", disconnection_with_invalid_token, DISCONNECTION)
DISCONNECTS = (DISCONNECT, DISCONNECT_INVALID)
RECOVERIES = (
    Scenario("recover stored", interrupted(FIRST, "put secret"), (*CLAIMED, "begin operation", *FROM_TOKEN)),
    Scenario(
        "recover stored reconnection",
        interrupted(RECONNECT, "put secret"),
        (*CLAIMED, "begin operation", *FROM_TOKEN),
    ),
    Scenario(
        "recover created without token",
        interrupted(FIRST, "create secret"),
        (*CLAIMED, "begin operation", "remove secret", *END),
    ),
    Scenario(
        "recover restored",
        interrupted(AFTER_DISCONNECTION, "restore secret"),
        (*CLAIMED, "begin operation", "remove secret", *END),
    ),
    Scenario("recover nothing stored", interrupted(RECONNECT, EXCHANGE), (*CLAIMED, "begin operation", *END)),
    Scenario(
        "recover disconnection",
        interrupted(DISCONNECT, "mark revoked"),
        (*CLAIMED, "begin operation", REVOKE, "remove secret", "delete operation"),
    ),
)
"""The sweep recovers an interrupted operation."""
TAKEOVERS = (
    Scenario(
        "connect over stored",
        interrupted_then(FIRST, "put secret", _consented_again),
        ("begin operation", *FROM_TOKEN, *COMPLETION_REPLACING),
    ),
    Scenario(
        "connect over created without token",
        interrupted_then(FIRST, "create secret", _consented_again),
        ("begin operation", "remove secret", *END, *COMPLETION_RESTORING),
    ),
    Scenario(
        "connect over disconnect",
        interrupted_then(DISCONNECT, "mark revoked", _consented_again),
        ("begin operation", REVOKE, "remove secret", "delete operation", *COMPLETION_RESTORING),
    ),
    Scenario(
        "disconnect over stored",
        interrupted_then(FIRST, "put secret", _disconnects),
        ("close state", "begin operation", REVOKE, "remove secret", "delete operation"),
    ),
    Scenario(
        "disconnect over stored reconnection",
        interrupted_then(RECONNECT, "put secret", _disconnects),  # the connection's token, and the stored one
        ("close state", "begin operation", "mark revoked", REVOKE, REVOKE, "remove secret", "delete operation"),
    ),
    Scenario(
        "disconnect over disconnect",
        interrupted_then(DISCONNECT, "mark revoked", _disconnects),
        ("begin operation", REVOKE, "remove secret", "delete operation"),
    ),
)
"""A request recovers an interrupted operation before the sweep does."""
REFRESHES = (
    Scenario("refresh", refresh_due, (*CLAIMED, LIST, STATUSES, "save list")),
    Scenario(
        "refresh with invalid token",
        refresh_due_with_invalid_token,
        (*CLAIMED, LIST, "mark expired", "begin notification", "publish", "finish notification"),
    ),
)


def repeat(_system: System, act: Act) -> object:
    """Repeat the request immediately."""
    return act()


def repeat_after_lease(system: System, act: Act) -> object:
    """Repeat the request after the lease has expired."""
    system.clock.forward(LEASE_EXPIRED)
    return act()


def connect_anew(system: System, _act: Act) -> object:
    """Consent again, as another TikTok user with other permissions."""
    system.clock.forward(LEASE_EXPIRED)
    return system.connect(USER, LAST_PERSON, LAST_SCOPES)


def connect_with_rejected_code(system: System, _act: Act) -> object:
    """Consent again; TikTok rejects the code."""
    system.clock.forward(LEASE_EXPIRED)
    handle = system.return_to_wizard(USER, LAST_PERSON, LAST_SCOPES)
    system.tiktok.world.auth_codes.clear()
    return system.complete(handle, USER)


def sweep(system: System, _act: Act) -> object:
    """Let only the sweep run."""
    system.clock.forward(HOUR)
    return system.sweep()


def disconnect(system: System, _act: Act) -> object:
    """Disconnect."""
    system.clock.forward(LEASE_EXPIRED)
    return system.disconnect(USER)


def sweep_then_repeat(system: System, act: Act) -> object:
    """Let the sweep run, then repeat the request."""
    system.clock.forward(SWEEP_RECOVERS)
    system.sweep()
    return act()


def connect_anew_then_repeat(system: System, act: Act) -> object:
    """Consent again, then repeat the request, as from another browser tab."""
    connect_anew(system, act)
    return act()


def disconnect_then_repeat(system: System, act: Act) -> object:
    """Disconnect, then repeat the request."""
    disconnect(system, act)
    return act()


def secret_is_to_be_deleted(system: System) -> bool:
    """Whether the person's secret is scheduled for deletion."""
    return system.secrets.secrets[secret_id_of(TEAM, USER)].to_be_deleted


REPEAT, REPEAT_LATER = Ending("repeat", repeat), Ending("repeat after lease", repeat_after_lease)
CONNECT_ANEW = Ending("connect anew", connect_anew)
CODE_REJECTED = Ending("connect with rejected code", connect_with_rejected_code)
SWEEP, DISCONNECT_AFTER = Ending("sweep", sweep), Ending("disconnect", disconnect)
SWEEP_THEN_REPEAT = Ending("sweep, then repeat", sweep_then_repeat)
ANEW_THEN_REPEAT = Ending("connect anew, then repeat", connect_anew_then_repeat)
DISCONNECT_THEN_REPEAT = Ending("disconnect, then repeat", disconnect_then_repeat)
ENDINGS = (REPEAT, REPEAT_LATER, CONNECT_ANEW, CODE_REJECTED, SWEEP, DISCONNECT_AFTER)
