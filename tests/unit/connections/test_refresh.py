"""A refresh reads the advertiser list again, expires connections with an invalid token and unschedules ended ones."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest

from local.tiktok_simulator import STARTER, DemoAdvertiser, DemoToken, Fault, FaultKind, Scope
from publishing.log_events import LogEvent
from tests.support.effects import Point
from tests.support.in_memory_repositories import secret_id_of
from tests.unit.connections.scenarios import LIST, STATUSES, USER
from tests.unit.connections.system import DAY, EXPIRED, HOUR, TEAM, System

NOTHING, READY = DemoAdvertiser.NOTHING, DemoAdvertiser.EVERYTHING_READY


def _list_requests(system: System) -> int:
    return sum(one.path == LIST for one in system.tiktok.requests)


def _assert_connects(system: System, as_whom: str = STARTER) -> None:
    assert system.connect(USER, as_whom) == "connected"


def _assert_disconnects(system: System) -> None:
    assert system.disconnect(USER).status == 200


class TestList:
    def test_daily(self, system: System) -> None:
        """The list is read once a day."""
        system.connect(USER)
        system.tiktok.requests.clear()
        system.pass_time(DAY - HOUR)
        assert _list_requests(system) == 0
        system.pass_time(3 * DAY)
        assert _list_requests(system) == 3

    def test_changed_list(self, system: System) -> None:
        """New, vanished, renamed and disabled advertisers are saved; nothing else changes and no event is published."""
        system.connect(USER)
        before = system.stored_connection(USER)
        world = system.tiktok.world
        world.reach(STARTER, [DemoAdvertiser.QUIET_PIXEL, READY])
        world.advertisers[READY].name = "Renamed"
        world.advertisers[DemoAdvertiser.QUIET_PIXEL].status = "STATUS_LIMIT"
        system.clock.forward(DAY)
        system.sweep()
        after = system.stored_connection(USER)
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
        assert after.default_advertiser == READY
        assert system.due_in(USER) == DAY
        assert len(system.bus) == 1

    def test_enabled_again(self, system: System) -> None:
        """An advertiser that is no longer disabled can be the default again."""
        system.tiktok.world.advertisers[NOTHING].status = "STATUS_DISABLE"
        system.connect(USER)
        assert system.preflight(USER).advertiser_id == READY
        system.tiktok.world.advertisers[NOTHING].status = "STATUS_ENABLE"
        system.clock.forward(DAY)
        system.sweep()
        assert system.preflight(USER).advertiser_id == NOTHING

    def test_statuses_not_returned(self, system: System) -> None:
        """Known disabled advertisers that are still in the list are kept."""
        system.tiktok.world.advertisers[NOTHING].status = "STATUS_DISABLE"
        system.tiktok.world.advertisers[READY].status = "STATUS_DISABLE"
        system.connect(USER)
        system.tiktok.world.reach(STARTER, [READY, DemoAdvertiser.QUIET_PIXEL])
        system.tiktok.faults.add(Fault(path=STATUSES, kind=FaultKind.CODE, code=50000))
        system.clock.forward(DAY)
        system.sweep()
        connection = system.stored_connection(USER)
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
    def test_transient_failure(self, system: System, fault: Fault) -> None:
        """Nothing changes and nothing is published; the refresh is due again in an hour, and no message is retried."""
        system.connect(USER)
        before = system.connection(USER)
        system.tiktok.faults.add(fault)
        system.clock.forward(DAY)
        assert system.sweep() == []
        assert system.connection(USER) == before
        assert system.due_in(USER) == HOUR
        assert len(system.bus) == 1
        system.tiktok.faults.clear()
        system.clock.forward(HOUR)
        system.sweep()
        assert system.due_in(USER) == DAY
        assert system.connection(USER) != before

    def test_missing_permission(self, system: System) -> None:
        """The list is kept and the refresh postponed by a day: the permission would still be missing in an hour."""
        system.connect(USER)
        before = system.connection(USER)
        fault = Fault(path=LIST, kind=FaultKind.CODE, code=40001, message="lacks the required scope")
        system.tiktok.faults.add(fault)
        system.clock.forward(DAY)
        assert system.sweep() == []
        assert system.connection(USER) == before
        assert system.due_in(USER) == DAY

    def test_postponement_keeps_a_newer_list(self, system: System) -> None:
        """A list that a preflight saves while a refresh fails for a missing permission is kept."""
        system.connect(USER)
        fault = Fault(path=LIST, kind=FaultKind.CODE, code=40001, message="lacks the required scope")
        system.tiktok.faults.add(fault)
        system.clock.forward(DAY)
        item = system.teams.items[TEAM, f"USER#{USER}"]
        system.effects.watch(Point(2, after=True), lambda: item.update(advertiser_ids=[READY]))
        system.sweep()
        assert system.effects.reached
        assert system.effects.names[2] == LIST
        connection = system.stored_connection(USER)
        assert connection.advertiser_ids == (READY,)
        assert system.due_in(USER) == DAY

    def test_older_list_does_not_replace_a_newer_one(self, system: System) -> None:
        """An ad account that a preflight finds while a refresh runs is kept, although the refresh did not see it."""
        system.connect(USER)
        system.clock.forward(DAY)

        def find_another() -> None:
            system.tiktok.world.reach(STARTER, [NOTHING, READY, DemoAdvertiser.QUIET_PIXEL])
            system.clock.forward(timedelta(seconds=1))
            assert system.preflight(USER, DemoAdvertiser.QUIET_PIXEL).reason is None

        system.effects.watch(Point(2, after=True), find_another)
        system.sweep()
        assert system.effects.reached
        assert system.effects.names[2] == LIST
        connection = system.stored_connection(USER)
        assert DemoAdvertiser.QUIET_PIXEL in connection.advertiser_ids
        assert system.due_in(USER) == DAY

    def test_consent_without_the_list(self, system: System) -> None:
        """A person who did not grant the list stays connected."""
        assert system.connect(USER, scopes=set(Scope) - {Scope.ADVERTISER_READ}) == "connected"
        system.pass_time(3 * DAY)
        connection = system.stored_connection(USER)
        assert connection.status == "active"
        assert system.published(EXPIRED) == []

    def test_without_the_apps_credentials(self, system: System, log: io.StringIO) -> None:
        """The refresh is due again in an hour, and the log shows it to operators."""
        system.connect(USER)
        system.secrets.credentials = None
        system.clock.forward(DAY)
        assert system.sweep() == []
        assert LogEvent.APP_NOT_CONFIGURED in log.getvalue()
        assert system.due_in(USER) == HOUR

    def test_no_token_in_the_secret(self, system: System, log: io.StringIO) -> None:
        """A missing token does not expire the connection: it is logged, and the refresh is due again in an hour."""
        system.teams.connect(TEAM, USER, [READY])
        system.connections.schedule_refresh(system.stored_connection(USER), system.clock())
        assert system.sweep() == []
        assert LogEvent.SECRET_UNUSABLE in log.getvalue()
        assert system.due_in(USER) == HOUR
        assert len(system.tiktok.requests) == 0

    def test_a_secret_out_of_reach(self, system: System, log: io.StringIO) -> None:
        """Outside the prefix, say: it is logged, and the refresh is due again in an hour, without a dead letter."""
        system.connect(USER)
        system.secrets.denied.add(system.stored_connection(USER).secret_id)
        system.clock.forward(DAY)
        assert system.sweep() == []
        assert LogEvent.SECRET_UNUSABLE in log.getvalue()
        assert (system.stored_connection(USER).status, system.due_in(USER)) == ("active", HOUR)

    def test_a_stale_read(self, system: System) -> None:
        """A read that still brings the previous token does not expire a connection that names its version."""
        system.connect(USER)
        old = str(system.token(USER))
        system.clock.forward(HOUR)
        system.connect(USER)
        system.tiktok.world.revoke(old)
        system.secrets.stale[secret_id_of(TEAM, USER)] = [old]
        system.clock.forward(DAY)
        assert system.sweep() == []
        assert (system.stored_connection(USER).status, system.published(EXPIRED)) == ("active", [])

    def test_one_stale_read_without_a_version(self, system: System) -> None:
        """A connection of another writer names no version: its secret is read again before it expires."""
        system.connect(USER)
        del system.teams.items[TEAM, f"USER#{USER}"]["secret_version"]
        system.secrets.stale[secret_id_of(TEAM, USER)] = [str(DemoToken.REVOKED)]
        system.clock.forward(DAY)
        assert system.sweep() == []
        assert system.stored_connection(USER).status == "active"

    def test_no_secret_id(self, system: System, log: io.StringIO) -> None:
        """The item is treated like one whose secret holds no token; no secret is read under an empty name."""
        system.teams.connect(TEAM, USER, [READY])
        system.connections.schedule_refresh(system.stored_connection(USER), system.clock())
        system.teams.items[TEAM, f"USER#{USER}"]["secret_id"] = ""
        assert system.sweep() == []
        assert LogEvent.SECRET_UNUSABLE in log.getvalue()
        assert system.due_in(USER) == HOUR

    def test_former_member(self, system: System) -> None:
        """The token of a person who left the team is not used, and its expiry not published, until they return."""
        system.add_member("u-left", "mediabuyer")
        system.connect("u-left")
        before = system.connection("u-left")
        system.teams.remove(TEAM, "MEMBER#u-left")
        system.tiktok.world.revoke(str(system.token("u-left")))
        system.tiktok.requests.clear()
        system.pass_time(3 * DAY)
        assert len(system.tiktok.requests) == 0
        assert system.connection("u-left") == before
        assert system.published(EXPIRED) == []
        system.add_member("u-left", "mediabuyer")
        system.pass_time(DAY)
        assert len(system.published(EXPIRED)) == 1

    def test_item_of_another_service(self, system: System) -> None:
        """An item without our own attributes is refreshed once that is scheduled."""
        system.connect(USER)
        system.teams.connect(TEAM, USER, ["1"])
        system.connections.schedule_refresh(system.stored_connection(USER), system.clock())
        system.sweep()
        connection = system.stored_connection(USER)
        assert connection.advertiser_ids == (NOTHING, READY)
        assert connection.scopes is None


class TestInvalidToken:
    def test_expired_and_published_once(self, system: System) -> None:
        """The connection expires and its expiry is published; its list is no longer read, and the secret is kept."""
        system.connect(USER)
        token = system.token(USER)
        system.tiktok.world.revoke(str(token))
        system.clock.forward(DAY)
        system.sweep()
        connection = system.stored_connection(USER)
        assert connection.status == "expired"
        assert connection.advertiser_ids == (NOTHING, READY)
        [event] = system.published(EXPIRED)
        assert event.id == f"connection-expired/{TEAM}/{USER}/{connection.connected_at}"
        requests = _list_requests(system)
        system.pass_time(3 * DAY)
        assert _list_requests(system) == requests
        assert system.due_in(USER) is None
        assert len(system.bus) == 2
        assert system.token(USER) == token

    def test_reconnected_during_the_refresh(self, system: System) -> None:
        """The result for the old token does not end the new connection."""
        system.connect(USER)
        system.tiktok.world.revoke(str(system.token(USER)))
        system.clock.forward(DAY)
        system.effects.watch(Point(2, after=True), lambda: _assert_connects(system))
        system.sweep()
        assert system.effects.reached
        assert system.effects.names[2] == LIST
        system.assert_consistent(USER)
        assert system.stored_connection(USER).status == "active"
        assert system.published(EXPIRED) == []

    def test_old_list_does_not_replace_that_of_a_new_connection(self, system: System) -> None:
        """The person reconnects as another TikTok user while the old list is read."""
        system.connect(USER)
        system.clock.forward(DAY)
        system.effects.watch(Point(2, after=True), lambda: _assert_connects(system, DemoToken.AGENCY.user))
        system.sweep()
        assert system.effects.reached
        system.assert_consistent(USER)

    def test_disconnected_during_the_refresh(self, system: System) -> None:
        """The connection stays revoked and unscheduled."""
        system.connect(USER)
        system.clock.forward(DAY)
        system.effects.watch(Point(3, after=True), lambda: _assert_disconnects(system))
        system.sweep()
        assert system.effects.reached
        system.assert_consistent(USER)
        assert system.due_in(USER) is None


class TestUnscheduled:
    @pytest.mark.parametrize("status", ["expired", "revoked", "unknown status"])
    def test_not_active(self, system: System, status: str) -> None:
        """The connection is due once more, and then unscheduled without a call to TikTok."""
        system.connect(USER)
        requests = len(system.tiktok.requests)
        system.teams.items[TEAM, f"USER#{USER}"]["status"] = status
        system.clock.forward(DAY)
        assert system.sweep() == []
        assert system.due_in(USER) is None
        assert len(system.tiktok.requests) == requests

    def test_no_connection(self, system: System) -> None:
        """A message for a connection that no longer exists is not an error."""
        assert system.deliver(['{"team_id": "northlight", "user_id": "u-gone"}']) == []

    def test_disconnected(self, system: System) -> None:
        """A revoked connection is not due."""
        system.connect(USER)
        system.disconnect(USER)
        assert system.due_in(USER) is None
