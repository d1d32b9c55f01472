"""What a connection is once it is made, made again, or ended."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from local.tiktok_simulator import STARTER, DemoAdvertiser, DemoToken, Fault, FaultKind, Scope
from publishing.connecting.permissions import NEEDED, SCOPES
from publishing.token_choice import AdvertiserNotConnectedError
from tests.support.in_memory_stores import secret_id_of
from tests.unit.connecting.scenarios import LIST, NEXT_PERSON, REVOKE, STATUSES, WHO, connection_after_expiry
from tests.unit.connecting.system import CONNECTIONS_URL, HOUR, TEAM, System

NOTHING, READY = DemoAdvertiser.NOTHING, DemoAdvertiser.EVERYTHING_READY
WITHIN_RECOVERY = timedelta(days=6)


def test_the_consent_page_is_asked_for_the_callback(system: System) -> None:
    """The address that people come back to is the API's own, whatever it was called by."""
    assert system.consent(WHO).startswith(f"{CONNECTIONS_URL}/callback?")


def test_a_connection_holds_what_tiktok_tells(system: System) -> None:
    """Ids in TikTok's order, names, who is disabled, permissions, when it was verified; its reading is due in a day."""
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


@pytest.mark.parametrize(
    ("denied", "suffers"),
    [
        ({Scope.PIXEL_READ}, {"pixel": ["800"]}),
        ({Scope.BUSINESS_CENTER_READ}, {"catalog": ["150"]}),
        ({Scope.CATALOG_READ, Scope.BUSINESS_CENTER_READ}, {"catalog": ["150", "900"]}),
        ({Scope.IDENTITY_READ}, {"identity": ["693"]}),
        ({Scope.IDENTITY_CREATE}, {"createIdentity": ["692"]}),
        ({Scope.IDENTITY_DELETE}, {}),
        ({Scope.IMAGE_UPLOAD}, {"identityImage": ["601"]}),
        ({Scope.APP_READ, Scope.PAGE_READ}, {"app": ["700"], "leadForm": ["680"]}),
        ({Scope.TERM}, {"warnings": ["120"]}),
        ({Scope.ADVERTISER_READ}, {"advertisers": ["100"], "warnings": ["100"]}),
        (set(), {}),
    ],
)
def test_what_was_not_granted_is_named_by_what_suffers(
    system: System, denied: set[Scope], suffers: dict[str, list[str]]
) -> None:
    """And what was, in words."""
    assert system.connect(WHO, scopes=set(Scope) - denied) == "connected"
    [seen] = system.overview(WHO)
    assert {one["check"]: [each["id"] for each in one["permissions"]] for one in seen["missing"]} == suffers
    granted = {one["id"] for one in seen["permissions"]}
    assert granted >= {one.id for one in SCOPES} - {str(one.value) for one in denied}
    assert granted.isdisjoint(str(one.value) for one in denied)
    assert all(one["name"] for one in seen["permissions"])


def test_every_permission_that_is_used_is_needed_by_something() -> None:
    """The table names no other, and none twice."""
    assert {one for needed in NEEDED.values() for one in needed} == set(SCOPES)
    assert len({one.id for one in SCOPES}) == len(SCOPES)


class TestDisconnect:
    def test_says_what_it_did_and_says_so_again(self, system: System) -> None:
        """Repeated calls answer the same, without TikTok being asked again."""
        system.connect(WHO)
        token = system.token(WHO)
        first = system.disconnect(WHO)
        assert (first.status, first.json["status"], first.json["user_id"]) == (200, "revoked", WHO)
        assert "not touched" in first.json["message"]
        asked = len(system.tiktok.requests)
        assert system.disconnect(WHO) == first
        assert len(system.tiktok.requests) == asked
        assert not system.is_live(token)
        assert system.preflight(WHO).reason == "no_token"
        system.assert_well(WHO)

    def test_nobody_there(self, system: System) -> None:
        """Who never connected has nothing to end."""
        answer = system.disconnect(WHO)
        assert (answer.status, answer.json["code"]) == (404, "no_connection")

    @pytest.mark.parametrize(("role", "status"), [("owner", 200), ("manager", 403), ("mediabuyer", 403), ("", 403)])
    def test_another_persons(self, system: System, role: str, status: int) -> None:
        """An owner's alone to end; for others nothing changes, and they do not learn who has connected."""
        system.connect(WHO)
        system.member("u-other", role)
        before = system.everything()
        assert system.disconnect(WHO, by="u-other").status == status
        if status == 403:
            assert system.everything() == before
            assert system.disconnect("u-nobody", by="u-other").json["code"] == "owner_only"
        else:
            system.assert_well(WHO)

    def test_who_has_left_the_team(self, system: System) -> None:
        """Their token can still be ended."""
        system.member("u-left", "mediabuyer")
        system.connect("u-left")
        system.teams.remove(TEAM, "MEMBER#u-left")
        assert system.disconnect("u-left", by=WHO).status == 200
        system.assert_well("u-left")

    @pytest.mark.parametrize(
        ("fault", "status", "code"),
        [
            (Fault(path=REVOKE, kind=FaultKind.CODE, code=50000), 502, "tiktok_error"),
            (Fault(path=REVOKE, kind=FaultKind.CODE, code=50000, applied=True), 502, "tiktok_error"),
            (Fault(path=REVOKE, kind=FaultKind.RESET_AFTER), 502, "tiktok_error"),
            (Fault(path=REVOKE, kind=FaultKind.CODE, code=40100), 503, "tiktok_rate_limited"),
            (Fault(path=REVOKE, kind=FaultKind.CODE, code=40101), None, ""),
        ],
    )
    def test_tiktok_in_trouble(self, system: System, fault: Fault, status: int | None, code: str) -> None:
        """Not used from then on; the same request at once, or the sweep, finishes it."""
        system.connect(WHO)
        token = system.token(WHO)
        system.tiktok.faults.add(fault)
        answer = system.disconnect(WHO)
        if status is not None:
            assert (answer.status, answer.json["code"]) == (status, code)
        assert answer.status >= 400
        connection = system.connection(WHO)
        assert connection is not None
        assert connection.status == "revoked"
        assert system.token(WHO) == token
        assert system.preflight(WHO).reason == "no_token"
        assert system.disconnect(WHO).status == answer.status
        system.pass_time(2 * HOUR)
        assert len(system.changes) == 1
        system.tiktok.faults.clear()
        assert system.disconnect(WHO).status == 200
        assert not system.is_live(token)
        system.assert_well(WHO)

    def test_the_sweep_finishes(self, system: System) -> None:
        """Nobody has to come again."""
        system.connect(WHO)
        token = system.token(WHO)
        system.tiktok.faults.add(Fault(path=REVOKE, kind=FaultKind.CODE, code=50000, times=2))
        assert system.disconnect(WHO).status == 502
        system.pass_time(4 * HOUR)
        assert not system.is_live(token)
        system.assert_well(WHO)

    def test_without_the_apps_credentials(self, system: System) -> None:
        """It is not used any more; filled in, the sweep tells TikTok."""
        system.connect(WHO)
        token, app = system.token(WHO), system.app.app
        system.app.app = None
        assert system.disconnect(WHO).json["code"] == "connect_not_set_up"
        system.pass_time(2 * HOUR)
        assert system.is_live(token)
        system.app.app = app
        system.pass_time(2 * HOUR)
        assert not system.is_live(token)
        system.assert_well(WHO)

    def test_no_token_in_the_secret(self, system: System) -> None:
        """Nothing to revoke: revoked all the same."""
        system.teams.connect(TEAM, WHO, [READY])
        assert system.disconnect(WHO).status == 200
        assert [one.path for one in system.tiktok.requests] == []
        system.assert_well(WHO)


def test_a_change_is_no_part_of_the_team(system: System) -> None:
    """The note of a change is no member, no subscription and no connection."""
    system.connect(WHO)
    team = system.teams.read(TEAM)
    system.teams.put(TEAM, f"CHANGE#{WHO}", kind="connect", role="owner", status="active")
    assert system.teams.read(TEAM) == team


def test_a_disconnection_ends_another_services_secret_and_what_lies_beside_it(system: System) -> None:
    """Both tokens are dead at TikTok, and both secrets to be deleted, where the item names another than ours."""
    assert system.connect(WHO) == "connected"
    ours, other = secret_id_of(TEAM, WHO), f"{secret_id_of(TEAM, WHO)}-of-another-service"
    system.vault.store(other, SecretStr(DemoToken.OWNER), "theirs")
    system.teams.items[TEAM, f"CONNECTION#{WHO}"]["secret_id"] = other
    tokens = [system.token(WHO), str(DemoToken.OWNER)]
    assert [system.is_live(one) for one in tokens] == [True, True]
    assert system.disconnect(WHO).status == 200
    assert [system.is_live(one) for one in tokens] == [False, False]
    assert [system.vault.secrets[one].to_be_deleted for one in (ours, other)] == [True, True]
