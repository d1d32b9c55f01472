"""Whose token a look is made with, and what its end comes to."""

from datetime import timedelta

import pytest

from local.tiktok_simulator import DemoToken, Identity, Token
from publishing.preflight.objectives import Requirement
from tests.support.clock import START
from tests.support.in_memory_stores import secret_id_of
from tests.unit.readiness.happenings import READY
from tests.unit.readiness.system import CHANGED, EXPIRED, STALE, TEAM, System

OWNER = DemoToken.OWNER.user
MINUTE = timedelta(minutes=1)


def a_token_like_the_owners(system: System, user: str, sees_centers_of: str | None = OWNER) -> None:
    """A further member's token that reaches the same advertisers; and, unless said otherwise, the same centers."""
    world = system.tiktok.world
    value = f"simulated-token-{user}"
    world.tokens[value] = Token(value, user, world.tokens[DemoToken.OWNER].advertiser_ids)
    for center in world.business_centers.values():
        if sees_centers_of in center.user_roles:
            center.user_roles[user] = "ADMIN"
    identities = world.advertisers[READY].identities
    identities[:] = [
        Identity(one.id, one.identity_type, one.display_name, linked_by=(*one.linked_by, user)) for one in identities
    ]
    system.product.person(user, "mediabuyer", value, [READY], connected_at="2026-10-01T09:00:00Z")


def test_a_dead_token_makes_nothing_missing(system: System) -> None:
    """What is known stays, as stale."""
    system.look(READY)
    system.tiktok.world.revoke(DemoToken.OWNER)
    system.clock.forward(10 * MINUTE)
    system.look(READY)
    snapshot = system.record(READY).snapshot
    assert {one.satisfied for one in snapshot.known.values()} == {True}
    assert (snapshot.stale_since, snapshot.generation) == (START + 10 * MINUTE, 1)
    assert system.sent(CHANGED) == []


def test_another_members_token_answers_where_one_is_dead(system: System) -> None:
    """The end is told of, and the snapshot is whole."""
    a_token_like_the_owners(system, "u-second")
    system.tiktok.world.revoke(DemoToken.OWNER)
    system.look(READY)
    snapshot = system.record(READY).snapshot
    assert (snapshot.witness, snapshot.stale_since) == ("u-second", None)
    assert snapshot.objective("CONVERSIONS").ready
    assert [one.detail_type for one in system.seen_bus.events] == [EXPIRED]


@pytest.mark.parametrize("how", ["never connected", "left", "revoked", "without the advertiser", "no secret"])
def test_without_a_token_to_ask_with_what_is_known_is_stale(system: System, how: str) -> None:
    """Nothing is missing and nothing is told, until it is stale for a whole interval."""
    system.watch_over(READY)
    system.look(READY)
    teams = system.product.teams
    if how == "never connected":
        teams.remove(TEAM, f"CONNECTION#{OWNER}")
    elif how == "left":
        teams.remove(TEAM, f"MEMBER#{OWNER}")
    elif how == "revoked":
        teams.connect(TEAM, OWNER, [READY], status="revoked")
    elif how == "without the advertiser":
        teams.connect(TEAM, OWNER, ["1"])
    else:
        system.product.tokens.secrets.clear()
        system.product.tokens.remembered.clear()
    system.pass_time(timedelta(hours=1, minutes=30))
    snapshot = system.record(READY).snapshot
    assert {one.satisfied for one in snapshot.known.values()} == {True}
    assert snapshot.stale_since is not None
    assert snapshot.generation == 1
    assert system.seen_bus.events == []
    system.pass_time(timedelta(hours=30))
    assert [one.detail_type for one in system.seen_bus.events] == [STALE]


def test_an_advertiser_that_was_never_connected_knows_nothing(system: System) -> None:
    """Unknown, not missing; and no event, ever."""
    system.watch_over("7300000000000000999")
    system.pass_time(timedelta(hours=5))
    record = system.record("7300000000000000999")
    assert (record.snapshot.known, record.snapshot.generation) == ({}, 0)
    assert system.seen_bus.events == []


def test_an_advertiser_that_moves_to_a_teammate_who_sees_the_same_changes_nothing(system: System) -> None:
    """The owner's connection loses it, another has it: the witness is another one, and nobody is told anything."""
    a_token_like_the_owners(system, "u-second")
    system.look(READY)
    assert system.record(READY).snapshot.witness == OWNER
    system.product.teams.connect(TEAM, OWNER, [])
    system.clock.forward(10 * MINUTE)
    system.look(READY)
    snapshot = system.record(READY).snapshot
    assert (snapshot.witness, snapshot.generation, snapshot.suspected_since) == ("u-second", 1, None)
    assert snapshot.checked_at == START + 10 * MINUTE
    assert system.seen_bus.events == []


def test_what_the_teammate_does_not_see_is_confirmed_before_it_is_told(system: System) -> None:
    """The teammate's Business Center has no catalog: a suspicion, a second look, one event."""
    a_token_like_the_owners(system, "u-second", sees_centers_of=DemoToken.MEDIA_BUYER.user)
    system.look(READY)
    system.product.teams.connect(TEAM, OWNER, [])
    system.clock.forward(10 * MINUTE)
    system.look(READY)
    catalog = system.record(READY).snapshot.known[Requirement.CATALOG]
    assert catalog.satisfied
    assert catalog.suspicion is not None
    assert system.seen_bus.events == []
    system.pass_time(10 * MINUTE, sweeps=False)
    [event] = system.sent(CHANGED)
    assert [(one["requirement"], one["reason"]) for one in event.detail["added"]] == [("catalog", "no_catalog")]
    assert sorted(event.detail["objectives"]) == ["CATALOG_SALES", "PRODUCT_SALES", "SHOP_PURCHASES"]


def test_what_the_teammate_cannot_ask_for_is_stale_and_not_missing(system: System) -> None:
    """A teammate in no Business Center says nothing of catalogs."""
    a_token_like_the_owners(system, "u-second", sees_centers_of=None)
    system.look(READY)
    system.product.teams.connect(TEAM, OWNER, [])
    system.clock.forward(10 * MINUTE)
    system.look(READY)
    known = system.record(READY).snapshot.known
    assert [one for one in Requirement if known[one].stale_since] == [Requirement.CATALOG]
    assert known[Requirement.CATALOG].satisfied
    assert system.seen_bus.events == []


def test_a_rotated_secret_is_used_and_nothing_is_told(system: System) -> None:
    """The memory holds the dead token, the store the new one."""
    system.look(READY)
    system.tiktok.world.revoke(DemoToken.OWNER)
    system.tiktok.world.tokens["rotated"] = Token("rotated", OWNER, (READY,))
    system.product.tokens.secrets[secret_id_of(TEAM, OWNER)] = "rotated"
    system.clock.forward(10 * MINUTE)
    system.look(READY)
    assert system.seen_bus.events == []
    assert system.record(READY).snapshot.checked_at == START + 10 * MINUTE
