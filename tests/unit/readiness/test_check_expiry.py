"""A check publishes the expiry of a connection once."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Token
from publishing.log_events import LogEvent
from publishing.readiness.check_job import CheckJob
from publishing.teams import Connection
from tests.support.overriding import overriding
from tests.unit.readiness.scenarios import READY
from tests.unit.readiness.system import EXPIRED, TEAM, System

OWNER = DemoToken.OWNER.user
MINUTE = timedelta(minutes=1)


def test_the_expiry_is_published_once(system: System) -> None:
    """The event names the person, the time of connecting and the advertisers; later checks do not publish it again."""
    system.check_now(READY)
    system.tiktok.world.revoke(DemoToken.OWNER)
    for _ in range(3):
        system.clock.forward(10 * MINUTE)
        system.check_now(READY)
    [event] = system.bus.events
    assert event.detail_type == EXPIRED
    connection = system.product.teams.connection(TEAM, OWNER)
    assert connection.status == "expired"
    assert event.detail == {
        "id": f"connection-expired/{TEAM}/{OWNER}/{connection.connected_at}",
        "team_id": TEAM,
        "user_id": OWNER,
        "connected_at": connection.connected_at,
        "advertiser_ids": list(connection.advertiser_ids),
        "message": "The TikTok connection has expired. Connect TikTok again.",
    }


def test_two_workers_that_find_the_same_token_invalid_publish_one_event(system: System) -> None:
    """Each checks one of the team's advertisers; the second does so just before the first publishes the expiry."""
    other = DemoAdvertiser.SUSPENDED
    for one in (READY, other):
        system.add_record(one)
    system.tiktok.world.revoke(DemoToken.OWNER)
    begin = system.services.connections.begin_expiry_notification
    begun: list[bool] = []

    def begin_and_run_another(connection: Connection, now: datetime) -> bool:
        leased = begin(connection, now)
        begun.append(leased)
        if len(begun) == 1:
            system.queue.put(CheckJob(TEAM, other))
            [message] = system.queue.receive(1)
            with system.another_worker():
                system.process_batch([message])
        return leased

    connections = overriding(system.services.connections, begin_expiry_notification=begin_and_run_another)
    system.replace_services(expiry=replace(system.services.expiry, connections=connections))
    system.check_now(READY)
    assert begun == [True, False]
    assert system.published_types() == [EXPIRED]


def test_the_next_check_publishes_what_a_preflight_only_marked(system: System) -> None:
    """A preflight that finds a token invalid only marks the connection; a check of another advertiser publishes it."""
    system.tiktok.world.revoke(DemoToken.OWNER)
    system.preflight(READY)
    assert system.product.connections.expired == [OWNER]
    assert system.bus.events == []
    system.check_now(DemoAdvertiser.SUSPENDED)
    system.check_now(READY)
    assert system.published_types() == [EXPIRED]


def test_no_expiry_is_published_of_who_has_connected_again(system: System) -> None:
    """The invalid token is not the new connection's: neither the mark nor the event applies to it."""
    system.tiktok.world.revoke(DemoToken.OWNER)
    mark_expired = system.services.tokens.mark_expired

    def reconnect_and_mark(connection: Connection) -> None:
        system.product.teams.connect(TEAM, OWNER, [READY], connected_at="2026-11-16T09:59:00Z")
        mark_expired(connection)

    system.replace_tokens(mark_expired=reconnect_and_mark)
    system.check_now(READY)
    assert system.bus.events == []
    assert system.product.teams.connection(TEAM, OWNER).status == "active"


def test_the_expiry_of_a_new_connection_is_another_event(system: System) -> None:
    """A person who connects again has another connection, whose expiry is published too."""
    for connected_at in ("2026-11-01T09:00:00Z", "2026-11-10T09:00:00Z"):
        system.tiktok.world.tokens[DemoToken.OWNER] = Token(DemoToken.OWNER, OWNER, (READY,))
        system.product.person(OWNER, "owner", DemoToken.OWNER, [READY], connected_at=connected_at)
        system.check_now(READY)
        system.tiktok.world.revoke(DemoToken.OWNER)
        system.check_now(READY)
        system.clock.forward(10 * MINUTE)
    assert [one.detail["connected_at"] for one in system.published(EXPIRED)] == [
        "2026-11-01T09:00:00Z",
        "2026-11-10T09:00:00Z",
    ]


@pytest.mark.parametrize("step", ["mark expired", "schedule refresh"])
def test_a_write_on_a_connection_that_fails_does_not_fail_the_check(
    system: System, step: str, log: io.StringIO
) -> None:
    """Denied or throttled, the check is made with the next token; a later check marks, schedules and publishes."""
    system.add_person(DemoToken.MANAGER, "manager", [READY])
    system.tiktok.world.revoke(DemoToken.OWNER)
    watched = system.product.connections.step

    def failing[Result](name: str, act: Callable[[], Result]) -> Result:
        if name == step:
            raise RuntimeError("AccessDeniedException")
        return act()

    system.product.connections.step = failing
    system.check_now(READY)
    assert len(system.queue) == 0, "no retry"
    assert LogEvent.WRITE_FAILED in log.getvalue()
    system.product.connections.step = watched
    system.clock.forward(10 * MINUTE)
    system.check_now(READY)
    assert system.product.connections.expired == [OWNER]
    assert EXPIRED in system.published_types()
    assert "u-manager" in system.product.connections.scheduled
