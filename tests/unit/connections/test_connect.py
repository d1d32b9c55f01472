"""What a connection holds after it was completed, first or again."""

from datetime import timedelta

import pytest

from local.tiktok_simulator import STARTER, DemoAdvertiser, DemoToken, Fault, FaultKind
from publishing.teams import in_utc
from publishing.tokens import AdvertiserNotConnectedError
from tests.support.effects import Point
from tests.support.in_memory_repositories import secret_id_of
from tests.unit.connections.scenarios import (
    FIRST,
    LIST,
    NEXT_PERSON,
    STATUSES,
    USER,
    interrupted,
    reconnection_after_expiry,
)
from tests.unit.connections.system import CONNECTIONS_URL, HOUR, TEAM, System

NOTHING, READY = DemoAdvertiser.NOTHING, DemoAdvertiser.EVERYTHING_READY
WITHIN_RECOVERY = timedelta(days=6)


def test_tiktok_redirects_to_the_apis_own_callback(system: System) -> None:
    """The redirect address is derived from the API's own URL, not from the request's headers."""
    assert system.consent(USER).startswith(f"{CONNECTIONS_URL}/callback?")


def test_completing_returns_the_connection(system: System) -> None:
    """In the form in which it is listed."""
    response = system.complete(system.return_to_wizard(USER), USER)
    assert response.status == 201
    assert [response.json] == system.list_connections(USER)


def test_a_connection_holds_what_tiktok_returns(system: System) -> None:
    """Ids in TikTok's order, names, disabled advertisers and time of verification; its refresh is due in a day."""
    system.tiktok.world.advertisers[READY].status = "STATUS_DISABLE"
    assert system.connect(USER) == "connected"
    connection = system.stored_connection(USER)
    names = {one: system.tiktok.world.advertisers[one].name for one in (NOTHING, READY)}
    assert (connection.advertiser_ids, connection.names) == ((NOTHING, READY), names)
    assert connection.disabled == {READY}
    assert connection.verified_at == "2026-11-16T10:00:00.000Z"
    assert connection.connected_at == "2026-11-16T10:00:00.000Z"
    assert system.teams.items[TEAM, f"USER#{USER}"]["due_at"] == system.clock() + 24 * HOUR
    [event] = system.published()
    assert event.detail == {
        "id": f"connected/{TEAM}/{USER}/{connection.connected_at}",
        "team_id": TEAM,
        "user_id": USER,
        "connected_at": connection.connected_at,
        "advertisers": 2,
    }
    system.assert_consistent(USER)


def test_a_person_without_ad_accounts_is_connected(system: System) -> None:
    """Their preflight returns ``no_token`` with the detail ``no_advertiser``."""
    assert system.connect(USER, DemoToken.NEWCOMER.user) == "connected"
    system.assert_consistent(USER)
    assert system.published()[0].detail["advertisers"] == 0
    check = system.preflight(USER, None, "WEB_CONVERSIONS")
    assert (check.ready, check.reason, check.detail) == (False, "no_token", "no_advertiser")
    assert (check.missing, check.unknown) == (("identity",), ("pixel",))
    with pytest.raises(AdvertiserNotConnectedError):
        system.preflight(USER, READY)


def test_reconnecting_activates_an_expired_connection(system: System) -> None:
    """It has the new token with its advertisers and permissions, and keeps nothing of the old connection."""
    act = reconnection_after_expiry(system)
    old = system.token(USER)
    act()
    system.assert_consistent(USER)
    connection = system.stored_connection(USER)
    assert connection.status == "active"
    assert connection.advertiser_ids == (DemoAdvertiser.MANY_PAGES,)
    assert not connection.expiry_notified
    assert system.token(USER) != old
    assert system.preflight(USER).advertiser_id == DemoAdvertiser.MANY_PAGES


def test_reconnecting_within_the_recovery_window_restores_the_secret(system: System) -> None:
    """The secret scheduled for deletion is restored and holds the new token only."""
    system.connect(USER)
    old = system.token(USER)
    assert system.disconnect(USER).status == 200
    assert system.token(USER) is None
    system.clock.forward(WITHIN_RECOVERY)
    assert system.connect(USER, NEXT_PERSON) == "connected"
    system.assert_consistent(USER)
    assert not system.secrets.secrets[secret_id_of(TEAM, USER)].to_be_deleted
    assert system.is_valid(system.token(USER))
    assert not system.is_valid(old)


def test_a_warm_preflight_uses_the_new_token(system: System) -> None:
    """The cached token of the previous connection is neither used for the new one nor marks it expired."""
    system.connect(USER)
    first = system.preflight(USER)
    assert first.token is not None
    assert first.token.user_id == USER
    system.disconnect(USER)
    system.clock.forward(timedelta(seconds=5))
    system.connect(USER)
    assert system.preflight(USER).advertiser_id == NOTHING
    system.clock.forward(timedelta(minutes=1))
    with pytest.raises(AdvertiserNotConnectedError):
        system.preflight(USER, DemoAdvertiser.FOREIGN)
    system.assert_consistent(USER)


@pytest.mark.parametrize("before", [(), (READY,)])
def test_a_list_that_tiktok_does_not_return_keeps_the_previous_one(system: System, before: tuple[str, ...]) -> None:
    """The new connection has the previous advertisers, if any, and its refresh is due in an hour."""
    if before:
        system.tiktok.world.reach(STARTER, before)
        system.connect(USER)
        system.tiktok.world.reach(STARTER, [NOTHING])
    system.clock.forward(HOUR)
    system.tiktok.faults.add(Fault(path=LIST, kind=FaultKind.CODE, code=50000))
    assert system.connect(USER) == "connected"
    connection = system.stored_connection(USER)
    assert connection.advertiser_ids == before
    assert (set(connection.names), connection.verified_at) == (set(before), None)
    assert system.teams.items[TEAM, f"USER#{USER}"]["due_at"] == system.clock() + HOUR
    system.tiktok.faults.clear()
    system.pass_time(2 * HOUR)
    system.assert_consistent(USER)


def test_a_list_without_statuses_is_saved(system: System) -> None:
    """If TikTok does not return statuses, no advertiser is called disabled."""
    system.tiktok.world.advertisers[READY].status = "STATUS_DISABLE"
    system.tiktok.faults.add(Fault(path=STATUSES, kind=FaultKind.CODE, code=50000))
    assert system.connect(USER) == "connected"
    connection = system.stored_connection(USER)
    assert (connection.advertiser_ids, connection.disabled) == ((NOTHING, READY), frozenset())


def test_a_pending_operation_is_not_part_of_the_team(system: System) -> None:
    """Its item is neither a member nor a subscription nor a connection."""
    system.connect(USER)
    team = system.teams.read(TEAM)
    system.teams.put(TEAM, f"CHANGE#{USER}", kind="connect", role="owner", status="active")
    assert system.teams.read(TEAM) == team


def test_a_connection_begins_when_tiktok_grants_its_token(system: System) -> None:
    """An attempt was killed before the exchange and is repeated minutes later: the token is as new as the connection.

    A version of a secret may not be found for a minute after connecting; that minute begins here.
    """
    act = FIRST.run(system, Point(FIRST.effects.index("begin operation"), after=True))
    system.clock.forward(timedelta(minutes=9))
    act()
    assert system.stored_connection(USER).connected_at == in_utc(system.clock())


def test_a_connection_that_is_recovered_began_when_its_token_was_stored(system: System) -> None:
    """The sweep completes it an hour later: connected at the same moment, however often it is repeated."""
    granted_at = in_utc(system.clock())
    interrupted(FIRST, "put secret")(system)()
    assert in_utc(system.clock() - HOUR) >= granted_at
    assert system.stored_connection(USER).connected_at == granted_at
