"""What connecting does, by the effects that it has, and what may follow where it was ended halfway."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from local.tiktok_simulator import DemoToken, Scope
from tests.support.effects import KilledError, Point
from tests.support.in_memory_stores import secret_id_of
from tests.unit.connecting.system import HOUR, LEASE_OVER, TEAM, System

WHO = "u-owner"
FIRST_SCOPES = frozenset(Scope) - {Scope.TERM}
NEXT_SCOPES = frozenset(Scope) - {Scope.IMAGE_UPLOAD}
NEXT_PERSON = DemoToken.AGENCY.user
LAST_SCOPES = frozenset(Scope) - {Scope.PIXEL_READ}
LAST_PERSON = DemoToken.CATALOG_OPERATOR.user
SWEEP_TAKES_UP = timedelta(minutes=3)
AT_REST = timedelta(hours=3)
"""By then the hourly sweep has been there after every lease and after every hour that something was put off."""

EXCHANGE, LIST, STATUSES, REVOKE = (
    "oauth2/access_token/",
    "oauth2/advertiser/get/",
    "advertiser/info/",
    "oauth2/revoke_token/",
)
BEFORE_TOKEN = ("take state", "begin change", EXCHANGE, "note change")
OVER = ("end state", "end change")
FROM_TOKEN = (LIST, STATUSES, "write connection", "bus", *OVER)
CALLBACK_FIRST = (*BEFORE_TOKEN, "put secret", "create secret", "put secret", *FROM_TOKEN)
CALLBACK_REPLACING = (*BEFORE_TOKEN, "put secret", *FROM_TOKEN)
CALLBACK_RESTORING = (*BEFORE_TOKEN, "put secret", "restore secret", "put secret", *FROM_TOKEN)
DISCONNECTION = ("begin change", "mark revoked", REVOKE, "remove secret", "end change")
CLAIMED = ("claim", "send message")

Act = Callable[[], object]


@dataclass(frozen=True)
class Scenario:
    """Something that happens, with all effects that it has, in their order."""

    name: str
    prepare: Callable[[System], Act]
    """Until just before; returns the work that may be killed."""
    effects: tuple[str, ...]

    def points(self) -> list[Point]:
        """Every point at which a process can die."""
        return [Point(at, after) for at in range(len(self.effects)) for after in (False, True)]

    def happens(self, system: System, point: Point | None) -> Act:
        """Let it happen, and die at that point; the effects until then are those that are listed."""
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
    """What follows."""

    name: str
    follow: Callable[[System, Act], object]


def cases(scenarios: Iterable[Scenario], endings: Iterable[Ending]) -> list[tuple[Scenario, Point | None, Ending]]:
    """Each scenario whole and killed at each point, with each ending."""
    endings = tuple(endings)
    return [(one, at, ending) for one in scenarios for at in (None, *one.points()) for ending in endings]


def name_of(case: object) -> str:
    """How pytest shows one."""
    if not isinstance(case, tuple):
        return str(case)
    scenario, point, ending = case
    if point is None:
        return f"{scenario.name}-whole-{ending.name}"
    where = f"{'after' if point.after else 'before'} {point.at} {scenario.effects[point.at]}"
    return f"{scenario.name}-{where}-{ending.name}"


def first_connection(system: System) -> Act:
    """Nobody has connected; the person has consented."""
    url = system.consent(WHO, scopes=FIRST_SCOPES)
    return lambda: system.come_back(url)


def connection_again(system: System) -> Act:
    """As another of TikTok's people, with other permissions, while the first connection works."""
    assert system.connect(WHO, scopes=FIRST_SCOPES) == "connected"
    return _consented_again(system)


def connection_after_expiry(system: System) -> Act:
    """TikTok has ended the token, and the sweep has found out."""
    assert system.connect(WHO, scopes=FIRST_SCOPES) == "connected"
    system.tiktok.world.revoke(str(system.token(WHO)))
    system.pass_time(26 * HOUR)
    connection = system.connection(WHO)
    assert connection is not None
    assert connection.status == "expired"
    return _consented_again(system)


def connection_after_disconnection(system: System) -> Act:
    """The secret is to be deleted."""
    disconnection(system)()
    return _consented_again(system)


def _consented_again(system: System) -> Act:
    system.clock.forward(HOUR)
    url = system.consent(WHO, NEXT_PERSON, NEXT_SCOPES)
    return lambda: system.come_back(url)


def disconnection(system: System) -> Act:
    """A connection that works."""
    assert system.connect(WHO, scopes=FIRST_SCOPES) == "connected"
    system.clock.forward(HOUR)
    return lambda: system.disconnect(WHO)


def disconnection_of_the_dead(system: System) -> Act:
    """TikTok has ended the token already."""
    act = disconnection(system)
    system.tiktok.world.revoke(str(system.token(WHO)))
    return act


def left(scenario: Scenario, after: str) -> Callable[[System], Act]:
    """The scenario was ended after the last effect of this name; it is for the sweep to finish it."""
    at = max(index for index, name in enumerate(scenario.effects) if name == after)

    def prepare(system: System) -> Act:
        scenario.happens(system, Point(at, after=True))
        system.clock.forward(HOUR)
        return system.sweep

    return prepare


def left_then(scenario: Scenario, after: str, then: Callable[[System], Act]) -> Callable[[System], Act]:
    """The scenario was ended after the last effect of this name; then the person comes with something else."""
    prepare = left(scenario, after)

    def prepared(system: System) -> Act:
        prepare(system)
        return then(system)

    return prepared


def _disconnects(system: System) -> Act:
    return lambda: system.disconnect(WHO)


def list_due(system: System) -> Act:
    """A day after."""
    assert system.connect(WHO, scopes=FIRST_SCOPES) == "connected"
    system.clock.forward(24 * HOUR)
    return system.sweep


def list_of_the_dead_due(system: System) -> Act:
    """A day after, and TikTok has ended the token."""
    act = list_due(system)
    system.tiktok.world.revoke(str(system.token(WHO)))
    return act


FIRST = Scenario("first", first_connection, CALLBACK_FIRST)
AGAIN = Scenario("again", connection_again, CALLBACK_REPLACING)
AFTER_EXPIRY = Scenario("after expiry", connection_after_expiry, CALLBACK_REPLACING)
AFTER_DISCONNECTION = Scenario("after disconnection", connection_after_disconnection, CALLBACK_RESTORING)
CALLBACKS = (FIRST, AGAIN, AFTER_EXPIRY, AFTER_DISCONNECTION)
DISCONNECT = Scenario("disconnect", disconnection, DISCONNECTION)
DISCONNECT_DEAD = Scenario("disconnect the dead", disconnection_of_the_dead, DISCONNECTION)
DISCONNECTS = (DISCONNECT, DISCONNECT_DEAD)
FINISHES = (
    Scenario("finish stored", left(FIRST, "put secret"), (*CLAIMED, "begin change", *FROM_TOKEN)),
    Scenario("finish stored again", left(AGAIN, "put secret"), (*CLAIMED, "begin change", *FROM_TOKEN)),
    Scenario("finish made empty", left(FIRST, "create secret"), (*CLAIMED, "begin change", "remove secret", *OVER)),
    Scenario(
        "finish restored",
        left(AFTER_DISCONNECTION, "restore secret"),
        (*CLAIMED, "begin change", "remove secret", *OVER),
    ),
    Scenario("finish nothing", left(AGAIN, EXCHANGE), (*CLAIMED, "begin change", *OVER)),
    Scenario(
        "finish disconnect",
        left(DISCONNECT, "mark revoked"),
        (*CLAIMED, "begin change", REVOKE, "remove secret", "end change"),
    ),
)
TAKEOVERS = (
    Scenario(
        "connect over stored",
        left_then(FIRST, "put secret", _consented_again),
        ("take state", "begin change", *FROM_TOKEN, *CALLBACK_REPLACING[1:]),
    ),
    Scenario(
        "connect over made empty",
        left_then(FIRST, "create secret", _consented_again),
        ("take state", "begin change", "remove secret", *OVER, *CALLBACK_RESTORING[1:]),
    ),
    Scenario(
        "connect over disconnect",
        left_then(DISCONNECT, "mark revoked", _consented_again),
        ("take state", "begin change", REVOKE, "remove secret", "end change", *CALLBACK_RESTORING[1:]),
    ),
    Scenario(
        "disconnect over stored",
        left_then(FIRST, "put secret", _disconnects),
        ("end state", "begin change", REVOKE, "remove secret", "end change"),
    ),
    Scenario(
        "disconnect over stored again", left_then(AGAIN, "put secret", _disconnects), ("end state", *DISCONNECTION)
    ),
    Scenario(
        "disconnect over disconnect",
        left_then(DISCONNECT, "mark revoked", _disconnects),
        ("begin change", REVOKE, "remove secret", "end change"),
    ),
)
"""Somebody comes to what was left, before the sweep does."""
LISTINGS = (
    Scenario("list", list_due, (*CLAIMED, LIST, STATUSES, "write list")),
    Scenario("list of the dead", list_of_the_dead_due, (*CLAIMED, LIST, "mark", "begin", "bus", "told")),
)


def at_once(_system: System, act: Act) -> object:
    """The same again, at once."""
    return act()


def after_lease(system: System, act: Act) -> object:
    """The same again, when nobody is at it any more."""
    system.clock.forward(LEASE_OVER)
    return act()


def connect_from_start(system: System, _act: Act) -> object:
    """A new consent, of somebody else with other permissions."""
    system.clock.forward(LEASE_OVER)
    return system.connect(WHO, LAST_PERSON, LAST_SCOPES)


def connect_in_vain(system: System, _act: Act) -> object:
    """A new consent whose code TikTok does not take."""
    system.clock.forward(LEASE_OVER)
    url = system.consent(WHO, LAST_PERSON, LAST_SCOPES)
    system.tiktok.world.auth_codes.clear()
    return system.come_back(url)


def sweep(system: System, _act: Act) -> object:
    """Nobody comes but the sweep."""
    system.clock.forward(HOUR)
    return system.sweep()


def disconnect(system: System, _act: Act) -> object:
    """The person changes their mind."""
    system.clock.forward(LEASE_OVER)
    return system.disconnect(WHO)


def swept_and_same(system: System, act: Act) -> object:
    """The sweep was faster than the person, who opens the same address again."""
    system.clock.forward(SWEEP_TAKES_UP)
    system.sweep()
    return act()


def anew_and_same(system: System, act: Act) -> object:
    """A new consent, and then the same address again, from another tab."""
    connect_from_start(system, act)
    return act()


def disconnect_and_same(system: System, act: Act) -> object:
    """Disconnected, and then the same address again."""
    disconnect(system, act)
    return act()


def secret_is_to_be_deleted(system: System) -> bool:
    """Whether the person's secret is on its way out."""
    return system.vault.secrets[secret_id_of(TEAM, WHO)].to_be_deleted


SAME_AT_ONCE, SAME_LATER = Ending("same at once", at_once), Ending("same later", after_lease)
ANEW, IN_VAIN = Ending("anew", connect_from_start), Ending("anew in vain", connect_in_vain)
SWEPT, ENDED = Ending("swept", sweep), Ending("disconnect", disconnect)
SWEPT_THEN_SAME = Ending("swept, then the same", swept_and_same)
ANEW_THEN_SAME = Ending("anew, then the same", anew_and_same)
ENDED_THEN_SAME = Ending("disconnect, then the same", disconnect_and_same)
ENDINGS = (SAME_AT_ONCE, SAME_LATER, ANEW, IN_VAIN, SWEPT, ENDED)
