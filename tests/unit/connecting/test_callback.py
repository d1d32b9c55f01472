"""What a connection is once a return has made it, or made it again."""

from datetime import timedelta

import pytest

from local.tiktok_simulator import STARTER, DemoAdvertiser, DemoToken, Fault, FaultKind
from publishing.token_choice import AdvertiserNotConnectedError
from tests.support.in_memory_stores import secret_id_of
from tests.unit.connecting.scenarios import LIST, NEXT_PERSON, STATUSES, WHO, connection_after_expiry
from tests.unit.connecting.system import CONNECTIONS_URL, HOUR, TEAM, System

NOTHING, READY = DemoAdvertiser.NOTHING, DemoAdvertiser.EVERYTHING_READY
WITHIN_RECOVERY = timedelta(days=6)


def test_the_consent_page_is_asked_for_the_callback(system: System) -> None:
    """The address that people come back to is the API's own, whatever it was called by."""
    assert system.consent(WHO).startswith(f"{CONNECTIONS_URL}/callback?")


def test_a_connection_holds_what_tiktok_tells(system: System) -> None:
    """Ids in TikTok's order, names, who is disabled, permissions, when it was verified; its refresh is due in a day."""
    system.tiktok.world.advertisers[READY].status = "STATUS_DISABLE"
    assert system.connect(WHO) == "connected"
    connection = system.connection(WHO)
    assert connection is not None
    names = {one: system.tiktok.world.advertisers[one].name for one in (NOTHING, READY)}
    assert (connection.advertiser_ids, connection.names) == ((NOTHING, READY), names)
    assert connection.disabled == {READY}
    assert connection.verified_at == "2026-11-16T10:00:00.000Z"
    assert connection.connected_at == "2026-11-16T10:00:00.000Z"
    assert system.teams.items[TEAM, f"CONNECTION#{WHO}"]["due_at"] == system.clock() + 24 * HOUR
    [event] = system.told()
    assert event.detail == {
        "id": f"connected/{TEAM}/{WHO}/{connection.connected_at}",
        "team_id": TEAM,
        "user_id": WHO,
        "connected_at": connection.connected_at,
        "advertisers": 2,
    }
    system.assert_well(WHO)


def test_who_grants_no_ad_account_is_connected(system: System) -> None:
    """The preflight says what is lacking, and does not fall over."""
    assert system.connect(WHO, DemoToken.NEWCOMER.user) == "connected"
    system.assert_well(WHO)
    assert system.told()[0].detail["advertisers"] == 0
    answer = system.preflight(WHO, None, "WEB_CONVERSIONS")
    assert (answer.ready, answer.reason, answer.detail) == (False, "no_token", "no_advertiser")
    assert (answer.missing, answer.unknown) == (("identity",), ("pixel",))
    with pytest.raises(AdvertiserNotConnectedError):
        system.preflight(WHO, READY)


def test_an_expired_connection_is_active_again(system: System) -> None:
    """With another token, its advertisers and its permissions, and nothing of before."""
    act = connection_after_expiry(system)
    old = system.token(WHO)
    act()
    system.assert_well(WHO)
    connection = system.connection(WHO)
    assert connection is not None
    assert connection.status == "active"
    assert connection.advertiser_ids == (DemoAdvertiser.MANY_PAGES,)
    assert not connection.expiry_told
    assert system.token(WHO) != old
    assert system.preflight(WHO).advertiser_id == DemoAdvertiser.MANY_PAGES


def test_who_disconnected_connects_again_within_the_recovery_window(system: System) -> None:
    """The secret that is to be deleted is restored, and holds the new token alone."""
    system.connect(WHO)
    old = system.token(WHO)
    assert system.disconnect(WHO).status == 200
    assert system.token(WHO) is None
    system.clock.forward(WITHIN_RECOVERY)
    assert system.connect(WHO, NEXT_PERSON) == "connected"
    system.assert_well(WHO)
    assert not system.vault.secrets[secret_id_of(TEAM, WHO)].to_be_deleted
    assert system.is_live(system.token(WHO))
    assert not system.is_live(old)


def test_a_warm_preflight_uses_the_new_token(system: System) -> None:
    """What it remembers of the ended connection is not used for the new one, nor held against it."""
    system.connect(WHO)
    assert system.preflight(WHO).token.user_id == WHO
    system.disconnect(WHO)
    system.clock.forward(timedelta(seconds=5))
    system.connect(WHO)
    assert system.preflight(WHO).advertiser_id == NOTHING
    system.clock.forward(timedelta(minutes=1))
    with pytest.raises(AdvertiserNotConnectedError):
        system.preflight(WHO, DemoAdvertiser.FOREIGN)
    system.assert_well(WHO)


@pytest.mark.parametrize("before", [(), (READY,)])
def test_a_list_that_is_not_told_keeps_the_one_before(system: System, before: tuple[str, ...]) -> None:
    """Or none, and is due in an hour."""
    if before:
        system.tiktok.world.reach(STARTER, before)
        system.connect(WHO)
        system.tiktok.world.reach(STARTER, [NOTHING])
    system.clock.forward(HOUR)
    system.tiktok.faults.add(Fault(path=LIST, kind=FaultKind.CODE, code=50000))
    assert system.connect(WHO) == "connected"
    connection = system.connection(WHO)
    assert connection is not None
    assert connection.advertiser_ids == before
    assert (set(connection.names), connection.verified_at) == (set(before), None)
    assert system.teams.items[TEAM, f"CONNECTION#{WHO}"]["due_at"] == system.clock() + HOUR
    system.tiktok.faults.clear()
    system.pass_time(2 * HOUR)
    system.assert_well(WHO)


def test_states_of_advertisers_that_are_not_told_are_not_made_up(system: System) -> None:
    """The list is there all the same."""
    system.tiktok.world.advertisers[READY].status = "STATUS_DISABLE"
    system.tiktok.faults.add(Fault(path=STATUSES, kind=FaultKind.CODE, code=50000))
    assert system.connect(WHO) == "connected"
    connection = system.connection(WHO)
    assert connection is not None
    assert (connection.advertiser_ids, connection.disabled) == ((NOTHING, READY), frozenset())


def test_a_change_is_no_part_of_the_team(system: System) -> None:
    """The note of a change is no member, no subscription and no connection."""
    system.connect(WHO)
    team = system.teams.read(TEAM)
    system.teams.put(TEAM, f"CHANGE#{WHO}", kind="connect", role="owner", status="active")
    assert system.teams.read(TEAM) == team
