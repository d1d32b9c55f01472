"""A refresh reads the list of advertisers again, marks what is dead, and unschedules what has ended."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest

from local.tiktok_simulator import STARTER, DemoAdvertiser, DemoToken, Fault, FaultKind, Scope
from tests.support.effects import Point
from tests.unit.connecting.scenarios import LIST, STATUSES, WHO
from tests.unit.connecting.system import DAY, HOUR, TEAM, System

NOTHING, READY = DemoAdvertiser.NOTHING, DemoAdvertiser.EVERYTHING_READY
EXPIRED = "TikTok Connection Expired"


def _listings(system: System) -> int:
    return sum(one.path == LIST for one in system.tiktok.requests)


class TestList:
    def test_daily(self, system: System) -> None:
        """Once a day, whatever happens in between."""
        system.connect(WHO)
        system.tiktok.requests.clear()
        system.pass_time(DAY - HOUR)
        assert _listings(system) == 0
        system.pass_time(3 * DAY)
        assert _listings(system) == 3

    def test_what_has_changed(self, system: System) -> None:
        """New, vanished, renamed and disabled advertisers; the connection is otherwise the same, and nobody is told."""
        system.connect(WHO)
        before = system.connection(WHO)
        world = system.tiktok.world
        world.reach(STARTER, [DemoAdvertiser.QUIET_PIXEL, READY])
        world.advertisers[READY].name = "Renamed"
        world.advertisers[DemoAdvertiser.QUIET_PIXEL].status = "STATUS_LIMIT"
        system.clock.forward(DAY)
        system.sweep()
        after = system.connection(WHO)
        assert before is not None
        assert after == replace(
            before,
            advertiser_ids=(DemoAdvertiser.QUIET_PIXEL, READY),
            names={
                DemoAdvertiser.QUIET_PIXEL: world.advertisers[DemoAdvertiser.QUIET_PIXEL].name,
                READY: "Renamed",
            },
            disabled=frozenset({DemoAdvertiser.QUIET_PIXEL}),
            verified_at="2026-11-17T10:00:00.000Z",
        )
        assert after is not None
        assert after.default_advertiser == READY
        assert system.due_in(WHO) == DAY
        assert len(system.bus) == 1

    def test_enabled_again(self, system: System) -> None:
        """What is no longer disabled is chosen again."""
        system.tiktok.world.advertisers[NOTHING].status = "STATUS_DISABLE"
        system.connect(WHO)
        assert system.preflight(WHO).advertiser_id == READY
        system.tiktok.world.advertisers[NOTHING].status = "STATUS_ENABLE"
        system.clock.forward(DAY)
        system.sweep()
        assert system.preflight(WHO).advertiser_id == NOTHING

    def test_states_not_told(self, system: System) -> None:
        """Who is disabled stays known, of those that are still there."""
        system.tiktok.world.advertisers[NOTHING].status = "STATUS_DISABLE"
        system.tiktok.world.advertisers[READY].status = "STATUS_DISABLE"
        system.connect(WHO)
        system.tiktok.world.reach(STARTER, [READY, DemoAdvertiser.QUIET_PIXEL])
        system.tiktok.faults.add(Fault(path=STATUSES, kind=FaultKind.CODE, code=50000))
        system.clock.forward(DAY)
        system.sweep()
        connection = system.connection(WHO)
        assert connection is not None
        assert connection.disabled == {READY}
        assert connection.advertiser_ids == (READY, DemoAdvertiser.QUIET_PIXEL)

    @pytest.mark.parametrize(
        "fault",
        [
            Fault(path=LIST, kind=FaultKind.CODE, code=50000),
            Fault(path=LIST, kind=FaultKind.CODE, code=40100),
            Fault(path=LIST, kind=FaultKind.HTTP_STATUS, status=429),
            Fault(path=LIST, kind=FaultKind.RESET_AFTER),
            Fault(path=LIST, kind=FaultKind.NON_JSON),
        ],
        ids=lambda fault: f"{fault.kind}-{fault.code or fault.status}",
    )
    def test_tiktok_in_trouble(self, system: System, fault: Fault) -> None:
        """Nothing is changed or told; it comes up again after an hour, and no message comes back."""
        system.connect(WHO)
        before = system.connection(WHO)
        system.tiktok.faults.add(fault)
        system.clock.forward(DAY)
        assert system.sweep() == []
        assert system.connection(WHO) == before
        assert system.due_in(WHO) == HOUR
        assert len(system.bus) == 1
        system.tiktok.faults.clear()
        system.clock.forward(HOUR)
        system.sweep()
        assert system.due_in(WHO) == DAY
        assert system.connection(WHO) != before

    def test_a_permission_that_is_lacking(self, system: System) -> None:
        """In an hour it is no other: the next day, and the list stays."""
        system.connect(WHO)
        before = system.connection(WHO)
        fault = Fault(path=LIST, kind=FaultKind.CODE, code=40001, message="lacks the required scope")
        system.tiktok.faults.add(fault)
        system.clock.forward(DAY)
        assert system.sweep() == []
        assert system.connection(WHO) == before
        assert system.due_in(WHO) == DAY

    def test_a_list_that_a_preflight_has_renewed_meanwhile(self, system: System) -> None:
        """It stays, although this refresh may not read the list and is put off."""
        system.connect(WHO)
        fault = Fault(path=LIST, kind=FaultKind.CODE, code=40001, message="lacks the required scope")
        system.tiktok.faults.add(fault)
        system.clock.forward(DAY)
        item = system.teams.items[TEAM, f"CONNECTION#{WHO}"]
        system.effects.watch(Point(2, after=True), lambda: item.update(advertiser_ids=[READY]))
        system.sweep()
        assert system.effects.reached
        assert system.effects.names[2] == LIST
        connection = system.connection(WHO)
        assert connection is not None
        assert connection.advertiser_ids == (READY,)
        assert system.due_in(WHO) == DAY

    def test_a_list_of_before_is_not_written_over_one_that_a_preflight_has_read_meanwhile(self, system: System) -> None:
        """The ad account that the preflight has found stays found, although this refresh was answered without it."""
        system.connect(WHO)
        system.clock.forward(DAY)

        def meanwhile() -> None:
            system.tiktok.world.reach(STARTER, [NOTHING, READY, DemoAdvertiser.QUIET_PIXEL])
            system.clock.forward(timedelta(seconds=1))
            assert system.preflight(WHO, DemoAdvertiser.QUIET_PIXEL).reason is None

        system.effects.watch(Point(2, after=True), meanwhile)
        system.sweep()
        assert system.effects.reached
        assert system.effects.names[2] == LIST
        connection = system.connection(WHO)
        assert connection is not None
        assert DemoAdvertiser.QUIET_PIXEL in connection.advertiser_ids
        assert system.due_in(WHO) == DAY

    def test_narrow_consent(self, system: System) -> None:
        """Who did not grant the list is connected and stays so."""
        assert system.connect(WHO, scopes=set(Scope) - {Scope.ADVERTISER_READ}) == "connected"
        system.pass_time(3 * DAY)
        connection = system.connection(WHO)
        assert connection is not None
        assert connection.status == "active"
        assert system.told(EXPIRED) == []

    def test_without_the_apps_credentials(self, system: System, log: io.StringIO) -> None:
        """As TikTok's trouble, but for operators to see."""
        system.connect(WHO)
        system.app.app = None
        system.clock.forward(DAY)
        assert system.sweep() == []
        assert "the secret of the TikTok app is not filled in" in log.getvalue()
        assert system.due_in(WHO) == HOUR

    def test_no_token_in_the_secret(self, system: System, log: io.StringIO) -> None:
        """Says nothing of the token's life at TikTok: logged, and tried again in an hour."""
        system.teams.connect(TEAM, WHO, [READY])
        system.connections.schedule(system.teams.connection(TEAM, WHO), system.clock())
        assert system.sweep() == []
        assert "missing or holds no token" in log.getvalue()
        assert system.due_in(WHO) == HOUR
        assert len(system.tiktok.requests) == 0

    def test_an_item_without_a_secret(self, system: System, log: io.StringIO) -> None:
        """As one whose secret holds no token; no secret without a name is asked for."""
        system.teams.connect(TEAM, WHO, [READY])
        system.connections.schedule(system.teams.connection(TEAM, WHO), system.clock())
        system.teams.items[TEAM, f"CONNECTION#{WHO}"]["secret_id"] = ""
        assert system.sweep() == []
        assert "missing or holds no token" in log.getvalue()
        assert system.due_in(WHO) == HOUR

    def test_who_has_left_the_team(self, system: System) -> None:
        """Their token counts for nobody: TikTok is not asked with it, and nobody told of its end, until they return."""
        system.member("u-left", "mediabuyer")
        system.connect("u-left")
        before = system.connection("u-left")
        system.teams.remove(TEAM, "MEMBER#u-left")
        system.tiktok.world.revoke(str(system.token("u-left")))
        system.tiktok.requests.clear()
        system.pass_time(3 * DAY)
        assert len(system.tiktok.requests) == 0
        assert system.connection("u-left") == before
        assert system.told(EXPIRED) == []
        system.member("u-left", "mediabuyer")
        system.pass_time(DAY)
        assert len(system.told(EXPIRED)) == 1

    def test_of_another_services_writing(self, system: System) -> None:
        """An item without any of our attributes is refreshed as well, once that is scheduled."""
        system.connect(WHO)
        system.teams.connect(TEAM, WHO, ["1"])
        system.connections.schedule(system.teams.connection(TEAM, WHO), system.clock())
        system.sweep()
        connection = system.connection(WHO)
        assert connection is not None
        assert connection.advertiser_ids == (NOTHING, READY)
        assert connection.scopes is None


class TestDead:
    def test_marked_and_told_once(self, system: System) -> None:
        """The dead token is found, others are told; its list is read no more, and the secret is kept."""
        system.connect(WHO)
        token = system.token(WHO)
        system.tiktok.world.revoke(str(token))
        system.clock.forward(DAY)
        system.sweep()
        connection = system.connection(WHO)
        assert connection is not None
        assert connection.status == "expired"
        assert connection.advertiser_ids == (NOTHING, READY)
        [event] = system.told(EXPIRED)
        assert event.id == f"connection-expired/{TEAM}/{WHO}/{connection.connected_at}"
        asked = _listings(system)
        system.pass_time(3 * DAY)
        assert _listings(system) == asked
        assert system.due_in(WHO) is None
        assert len(system.bus) == 2
        assert system.token(WHO) == token

    def test_connected_again_meanwhile(self, system: System) -> None:
        """What the sweep finds of the old token does not end the new connection."""
        system.connect(WHO)
        system.tiktok.world.revoke(str(system.token(WHO)))
        system.clock.forward(DAY)
        came: list[object] = []
        system.effects.watch(Point(2, after=True), lambda: came.append(system.connect(WHO)))
        system.sweep()
        assert system.effects.reached
        assert system.effects.names[2] == LIST
        system.assert_well(WHO)
        assert system.connection(WHO).status == "active"  # type: ignore[union-attr] # it is well
        assert system.told(EXPIRED) == []

    def test_a_list_of_before_is_not_written_over_a_new_one(self, system: System) -> None:
        """Connected again as somebody else while the old list was being read."""
        system.connect(WHO)
        system.clock.forward(DAY)
        came: list[object] = []
        system.effects.watch(Point(2, after=True), lambda: came.append(system.connect(WHO, DemoToken.AGENCY.user)))
        system.sweep()
        assert system.effects.reached
        system.assert_well(WHO)

    def test_disconnected_while_it_is_read(self, system: System) -> None:
        """It stays disconnected, and is not refreshed again."""
        system.connect(WHO)
        system.clock.forward(DAY)
        came: list[object] = []
        system.effects.watch(Point(3, after=True), lambda: came.append(system.disconnect(WHO)))
        system.sweep()
        assert system.effects.reached
        system.assert_well(WHO)
        assert system.due_in(WHO) is None


class TestUnscheduled:
    @pytest.mark.parametrize("status", ["expired", "revoked", "unheard of"])
    def test_not_active(self, system: System, status: str) -> None:
        """It comes up once, and then no more."""
        system.connect(WHO)
        asked = len(system.tiktok.requests)
        system.teams.items[TEAM, f"CONNECTION#{WHO}"]["status"] = status
        system.clock.forward(DAY)
        assert system.sweep() == []
        assert system.due_in(WHO) is None
        assert len(system.tiktok.requests) == asked

    def test_nobody_there(self, system: System) -> None:
        """A message about a connection that is no more is no error."""
        assert system.deliver(['{"team_id": "northlight", "user_id": "u-gone"}']) == []

    def test_disconnected(self, system: System) -> None:
        """Not due from then on."""
        system.connect(WHO)
        system.disconnect(WHO)
        assert system.due_in(WHO) is None
