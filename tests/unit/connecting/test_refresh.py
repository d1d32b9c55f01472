"""The sweep keeps lists of advertisers true, marks what is dead, and lets go of what has ended."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest

from local.tiktok_simulator import STARTER, DemoAdvertiser, DemoToken, Fault, FaultKind, Scope
from publishing.connecting.stores import DueConnection
from publishing.connecting.sweep import PAGE, ConnectionSweep
from tests.support.effects import Point
from tests.unit.connecting.scenarios import DISCONNECT, FIRST, LIST, STATUSES, WHO
from tests.unit.connecting.system import HOUR, TEAM, System

NOTHING, READY = DemoAdvertiser.NOTHING, DemoAdvertiser.EVERYTHING_READY
DAY = timedelta(days=1)
EXPIRED = "TikTok Connection Expired"


def _due_in(system: System, user_id: str = WHO) -> timedelta | None:
    due_at = system.teams.items[TEAM, f"CONNECTION#{user_id}"].get("due_at")
    return None if due_at is None else due_at - system.clock()


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
        assert _due_in(system) == DAY
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
        assert _due_in(system) == HOUR
        assert len(system.bus) == 1
        system.tiktok.faults.clear()
        system.clock.forward(HOUR)
        system.sweep()
        assert _due_in(system) == DAY
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
        assert _due_in(system) == DAY

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
        assert _due_in(system) == HOUR

    def test_no_token_in_the_secret(self, system: System, log: io.StringIO) -> None:
        """Says nothing of the token's life at TikTok: logged, and tried again in an hour."""
        system.teams.connect(TEAM, WHO, [READY])
        system.connections.schedule(system.teams.connection(TEAM, WHO), system.clock())
        assert system.sweep() == []
        assert "missing or holds no token" in log.getvalue()
        assert _due_in(system) == HOUR
        assert len(system.tiktok.requests) == 0

    def test_of_another_services_writing(self, system: System) -> None:
        """An item without any of our attributes is kept true as well, once that is arranged."""
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
        assert _due_in(system) is None
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
        """It stays disconnected, and is not read again."""
        system.connect(WHO)
        system.clock.forward(DAY)
        came: list[object] = []
        system.effects.watch(Point(3, after=True), lambda: came.append(system.disconnect(WHO)))
        system.sweep()
        assert system.effects.reached
        system.assert_well(WHO)
        assert _due_in(system) is None


class TestLetGo:
    @pytest.mark.parametrize("status", ["expired", "revoked", "unheard of"])
    def test_not_active(self, system: System, status: str) -> None:
        """It comes up once, and then no more."""
        system.connect(WHO)
        asked = len(system.tiktok.requests)
        system.teams.items[TEAM, f"CONNECTION#{WHO}"]["status"] = status
        system.clock.forward(DAY)
        assert system.sweep() == []
        assert _due_in(system) is None
        assert len(system.tiktok.requests) == asked

    def test_nobody_there(self, system: System) -> None:
        """A message about a connection that is no more is no error."""
        assert system.deliver(['{"team_id": "northlight", "user_id": "u-gone"}']) == []

    def test_disconnected(self, system: System) -> None:
        """Not due from then on."""
        system.connect(WHO)
        system.disconnect(WHO)
        assert _due_in(system) is None


class TestRounds:
    def test_two_sweeps_at_once(self, system: System) -> None:
        """One message: who claims it sends it."""
        system.connect(WHO)
        system.clock.forward(DAY)
        connection_sweep = ConnectionSweep(system.due_connections, system.clock)
        asked: list[int] = []
        system.effects.watch(
            Point(0, after=False), lambda: asked.append(connection_sweep.run(out_of_time=lambda: False))
        )
        asked.append(connection_sweep.run(out_of_time=lambda: False))
        assert asked == [1, 0]
        assert len(system.due_connections) == 1

    def test_an_index_that_lags_behind(self, system: System) -> None:
        """What was claimed already is not sent again."""
        system.connect(WHO)
        system.clock.forward(DAY)
        [[due]] = system.due_connections.pages(system.clock(), PAGE)
        assert ConnectionSweep(system.due_connections, system.clock).run(out_of_time=lambda: False) == 1
        assert not system.due_connections.claim(due, system.clock(), system.clock() + HOUR)

    def test_out_of_time(self, system: System) -> None:
        """What there is no time for is claimed by nobody, and found by the next sweep."""
        for at in range(5):
            system.member(f"u-{at}", "mediabuyer")
            system.connect(f"u-{at}")
        system.clock.forward(DAY)
        left = iter([False, False, True])
        assert ConnectionSweep(system.due_connections, system.clock).run(out_of_time=lambda: next(left)) == 2
        assert len(system.due_connections) == 2
        assert ConnectionSweep(system.due_connections, system.clock).run(out_of_time=lambda: False) == 3
        assert {one.user_id for one in system.due_connections.sent} == {f"u-{at}" for at in range(5)}

    def test_more_than_a_page(self, system: System) -> None:
        """All of them, the longest due first."""
        users = [f"u-{at:03}" for at in range(PAGE + 1)]
        for at, user in enumerate(users):
            system.teams.connect(TEAM, user, [])
            moment = system.clock() - timedelta(minutes=at)
            system.connections.schedule(system.teams.connection(TEAM, user), moment)
        assert ConnectionSweep(system.due_connections, system.clock).run(out_of_time=lambda: False) == PAGE + 1
        assert [one.user_id for one in system.due_connections.sent] == users[::-1]

    def test_changes_under_way_are_left_alone(self, system: System) -> None:
        """For two minutes after their lease; then they are due before the hour is over."""
        FIRST.happens(system, Point(1, after=True))
        connection_sweep = ConnectionSweep(system.due_connections, system.clock)
        system.clock.forward(timedelta(seconds=149))
        assert connection_sweep.run(out_of_time=lambda: False) == 0
        system.clock.forward(timedelta(seconds=1))
        assert connection_sweep.run(out_of_time=lambda: False) == 1
        assert system.due_connections.sent == [DueConnection(TEAM, WHO, unfinished=True)]


class TestVisits:
    @pytest.mark.parametrize(
        "body", ["", "{}", "[]", '{"team_id": "northlight"}', '{"team_id": "northlight", "user_id": 7}', '{"team_id":']
    )
    def test_unreadable(self, system: System, log: io.StringIO, body: str) -> None:
        """It goes back to the queue, and from there to the dead letters; the others of the batch are refreshed."""
        system.connect(WHO)
        system.clock.forward(DAY)
        good = '{"team_id": "northlight", "user_id": "u-owner", "more": 1}'
        assert system.deliver([body, good]) == [{"itemIdentifier": "0"}]
        assert "a message cannot be read" in log.getvalue()
        assert _due_in(system) == DAY

    def test_a_fault_of_ours(self, system: System, log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
        """It comes back; the log names the error's type and not its text."""
        system.connect(WHO)

        def read(*_: object) -> None:
            raise RuntimeError("canary-5f1e")

        monkeypatch.setattr(system.changes, "read", read)
        assert system.deliver(['{"team_id": "northlight", "user_id": "u-owner"}']) == [{"itemIdentifier": "0"}]
        assert "RuntimeError" in log.getvalue()
        assert "canary-5f1e" not in log.getvalue()

    def test_a_message_that_comes_twice(self, system: System) -> None:
        """Does no harm, whatever is left of the change."""
        DISCONNECT.happens(system, Point(1, after=True))
        system.clock.forward(HOUR)
        body = '{"team_id": "northlight", "user_id": "u-owner"}'
        assert system.deliver([body, body]) == []
        assert system.deliver([body]) == []
        system.assert_well(WHO)
        assert not system.is_live(next(one for one in system.tiktok.world.tokens if "u-starter" in one))
