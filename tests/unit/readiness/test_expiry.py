"""A connection that TikTok has ended is told of once."""

from datetime import datetime, timedelta

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Token
from publishing.readiness.stores import LookMessage
from publishing.teams import Connection
from tests.support.overriding import overriding
from tests.unit.readiness.happenings import READY
from tests.unit.readiness.system import EXPIRED, TEAM, System

OWNER = DemoToken.OWNER.user
MINUTE = timedelta(minutes=1)


def test_a_dead_token_is_told_of_once(system: System) -> None:
    """Who connected, when, and which advertisers; marked, and never told of again."""
    system.look(READY)
    system.tiktok.world.revoke(DemoToken.OWNER)
    for _ in range(3):
        system.clock.forward(10 * MINUTE)
        system.look(READY)
    [event] = system.seen_bus.events
    assert event.detail_type == EXPIRED
    connection = system.product.teams.connection(TEAM, OWNER)
    assert connection.status == "expired"
    assert event.detail == {
        "id": f"connection-expired/{TEAM}/{OWNER}/{connection.connected_at}",
        "team_id": TEAM,
        "user_id": OWNER,
        "connected_at": connection.connected_at,
        "advertiser_ids": list(connection.advertiser_ids),
        "message": "The TikTok connection has ended. Connect TikTok again.",
    }


def test_two_workers_that_find_the_same_token_dead_tell_of_it_once(system: System) -> None:
    """Each with an advertiser of the same team: the second looks while the first is about to tell."""
    other = DemoAdvertiser.SUSPENDED
    for one in (READY, other):
        system.watch_over(one)
    system.tiktok.world.revoke(DemoToken.OWNER)
    begin = system.services.announcements.begin
    begun: list[bool] = []

    def overtaken(connection: Connection, now: datetime) -> bool:
        mine = begin(connection, now)
        begun.append(mine)
        if len(begun) == 1:
            system.queue.put(LookMessage(TEAM, other))
            [given] = system.queue.receive(1)
            with system.another_worker():
                system.deliver([given])
        return mine

    system.use(announcements=overriding(system.services.announcements, begin=overtaken))
    system.look(READY)
    assert begun == [True, False]
    assert [one.detail_type for one in system.seen_bus.events] == [EXPIRED]


def test_who_could_not_tell_is_made_up_for_by_the_next_look_of_the_team(system: System) -> None:
    """A preflight found the token dead and only marked it; a look at another advertiser tells."""
    system.tiktok.world.revoke(DemoToken.OWNER)
    system.preflight(READY)
    assert "u-owner" in system.product.marks
    assert system.seen_bus.events == []
    system.look(DemoAdvertiser.SUSPENDED)
    system.look(READY)
    assert [one.detail_type for one in system.seen_bus.events] == [EXPIRED]


def test_who_connected_again_meanwhile_is_not_told_of(system: System) -> None:
    """The dead token is not theirs any more: the mark and the telling are for the connection that was used."""
    system.tiktok.world.revoke(DemoToken.OWNER)
    mark = system.services.marks.expired

    def connected_again(connection: Connection) -> None:
        system.product.teams.connect(TEAM, OWNER, [READY], connected_at="2026-11-16T09:59:00Z")
        mark(connection)

    system.use(marks=overriding(system.services.marks, expired=connected_again))
    system.look(READY)
    assert system.seen_bus.events == []
    assert system.product.teams.connection(TEAM, OWNER).status == "active"


def test_an_end_after_a_new_connection_is_another_event(system: System) -> None:
    """Connected again it is another connection, whose end is told of too."""
    for connected_at in ("2026-11-01T09:00:00Z", "2026-11-10T09:00:00Z"):
        system.tiktok.world.tokens[DemoToken.OWNER] = Token(DemoToken.OWNER, OWNER, (READY,))
        system.product.person(OWNER, "owner", DemoToken.OWNER, [READY], connected_at=connected_at)
        system.look(READY)
        system.tiktok.world.revoke(DemoToken.OWNER)
        system.look(READY)
        system.clock.forward(10 * MINUTE)
    assert [one.detail["connected_at"] for one in system.sent(EXPIRED)] == [
        "2026-11-01T09:00:00Z",
        "2026-11-10T09:00:00Z",
    ]
