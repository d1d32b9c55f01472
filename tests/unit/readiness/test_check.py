"""Which token a check asks TikTok with, and what it finds without one; its verdicts are those of the publish check."""

from datetime import timedelta

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Identity, Simulator, Token
from publishing.ports import TokenUnavailableError
from publishing.preflight.objectives import OBJECTIVES, Requirement
from tests.support.clock import START, milliseconds
from tests.support.in_memory_repositories import secret_id_of
from tests.unit.readiness.scenarios import READY
from tests.unit.readiness.system import CHANGED, EXPIRED, STALE, TEAM, System
from tiktok_business.transport import Transport

pytestmark = pytest.mark.in_process

OWNER = DemoToken.OWNER.user
TEAMMATE = "u-second"
MINUTE = timedelta(minutes=1)


def add_teammate(system: System, same_centers_as: str | None = OWNER) -> None:
    """Add a member whose token reaches the owner's advertisers, and the Business Centers of ``same_centers_as``."""
    world = system.tiktok.world
    value = f"simulated-token-{TEAMMATE}"
    world.tokens[value] = Token(value, TEAMMATE, world.tokens[DemoToken.OWNER].advertiser_ids)
    for center in world.business_centers.values():
        if same_centers_as in center.user_roles:
            center.user_roles[TEAMMATE] = "ADMIN"
    identities = world.advertisers[READY].identities
    identities[:] = [
        Identity(one.id, one.identity_type, one.display_name, linked_by=(*one.linked_by, TEAMMATE))
        for one in identities
    ]
    system.product.person(TEAMMATE, "mediabuyer", value, [READY], connected_at="2026-10-01T09:00:00Z")


def remove_secrets(system: System) -> None:
    """Remove all tokens, from the cache too."""
    system.product.secrets.secrets.clear()
    system.product.secrets.cached.clear()


@pytest.mark.parametrize("advertiser", DemoAdvertiser, ids=lambda one: one.name)
def test_a_check_finds_what_the_publish_check_returns(
    tiktok: Simulator, transport: Transport, advertiser: DemoAdvertiser
) -> None:
    """For every demo advertiser and objective, ready, missing, unknown and at risk are equal; so are all warnings."""
    owner_without_connection = "u-boss"  # borrows the tokens that a scheduled check takes
    system = System(tiktok, transport)
    for token in DemoToken:
        system.add_person(token, "mediabuyer")
    system.product.person(owner_without_connection, "owner")
    system.check_now(advertiser)
    snapshot = system.record(advertiser).snapshot
    warnings = set()
    for objective in OBJECTIVES:
        response = system.preflight(advertiser, objective, owner_without_connection)
        state = snapshot.objective(objective)
        assert (state.ready, state.missing, state.unknown) == (
            response.ready,
            response.missing,
            response.unknown,
        ), objective
        assert snapshot.at_risk == bool(response.at_risk)
        warnings |= {one.code for one in response.warnings}
    assert {*snapshot.warnings} == (warnings if snapshot.known else set())


def test_an_invalid_token_makes_nothing_missing(system: System) -> None:
    """What was known is kept, as stale."""
    system.check_now(READY)
    system.tiktok.world.revoke(DemoToken.OWNER)
    system.clock.forward(10 * MINUTE)
    system.check_now(READY)
    snapshot = system.record(READY).snapshot
    assert {one.satisfied for one in snapshot.known.values()} == {True}
    assert (snapshot.stale_since, snapshot.generation) == (START + 10 * MINUTE, milliseconds(START))
    assert system.published(CHANGED) == []


def test_another_members_token_answers_if_the_first_is_invalid(system: System) -> None:
    """The snapshot is complete, and the connection's expiry is published."""
    add_teammate(system)
    system.tiktok.world.revoke(DemoToken.OWNER)
    system.check_now(READY)
    snapshot = system.record(READY).snapshot
    assert (snapshot.verified_by, snapshot.stale_since) == (TEAMMATE, None)
    assert snapshot.objective("CONVERSIONS").ready
    assert system.published_types() == [EXPIRED]


@pytest.mark.parametrize("how", ["never connected", "left", "revoked", "without the advertiser", "no secret"])
def test_without_a_token_the_snapshot_becomes_stale(system: System, how: str) -> None:
    """Nothing is missing, and nothing is published until the snapshot has been stale for a whole interval."""
    system.add_record(READY)
    system.check_now(READY)
    teams = system.product.teams
    if how == "never connected":
        teams.remove(TEAM, f"USER#{OWNER}")
    elif how == "left":
        teams.remove(TEAM, f"MEMBER#{OWNER}")
    elif how == "revoked":
        teams.connect(TEAM, OWNER, [READY], status="revoked")
    elif how == "without the advertiser":
        teams.connect(TEAM, OWNER, ["1"])
    else:
        remove_secrets(system)
    system.pass_time(timedelta(hours=1, minutes=30))
    snapshot = system.record(READY).snapshot
    assert {one.satisfied for one in snapshot.known.values()} == {True}
    assert snapshot.stale_since is not None
    assert snapshot.generation == milliseconds(START)
    assert system.bus.events == []
    system.pass_time(timedelta(hours=30))
    assert system.published_types() == [STALE]


def test_a_missing_secret_makes_nothing_missing(system: System) -> None:
    """Without a token nothing is known, and nothing is published."""
    remove_secrets(system)
    with pytest.raises(TokenUnavailableError):
        system.product.secrets.read_token(system.product.teams.connection(TEAM, OWNER))
    system.check_now(READY)
    assert system.record(READY).snapshot.known == {}
    assert system.bus.events == []


def test_an_advertiser_that_was_never_connected_stays_unknown(system: System) -> None:
    """Nothing is missing, and no event is ever published."""
    system.add_record("7300000000000000999")
    system.pass_time(timedelta(hours=5))
    record = system.record("7300000000000000999")
    assert (record.snapshot.known, record.snapshot.generation) == ({}, 0)
    assert system.bus.events == []


def test_a_move_to_a_teammate_who_sees_the_same_changes_nothing(system: System) -> None:
    """Another connection has the advertiser: the user who verified it changes, and no event is published."""
    add_teammate(system)
    system.check_now(READY)
    assert system.record(READY).snapshot.verified_by == OWNER
    system.product.teams.connect(TEAM, OWNER, [])
    system.clock.forward(10 * MINUTE)
    system.check_now(READY)
    snapshot = system.record(READY).snapshot
    assert (snapshot.verified_by, snapshot.generation, snapshot.unconfirmed_since) == (
        TEAMMATE,
        milliseconds(START),
        None,
    )
    assert snapshot.checked_at == START + 10 * MINUTE
    assert system.bus.events == []


def test_what_the_teammate_does_not_see_is_confirmed_before_it_is_published(system: System) -> None:
    """The teammate's Business Center has no catalog: an unconfirmed absence, a confirmation check, one event."""
    add_teammate(system, same_centers_as=DemoToken.MEDIA_BUYER.user)
    system.check_now(READY)
    system.product.teams.connect(TEAM, OWNER, [])
    system.clock.forward(10 * MINUTE)
    system.check_now(READY)
    catalog = system.record(READY).snapshot.known[Requirement.CATALOG]
    assert catalog.satisfied
    assert catalog.unconfirmed_absence is not None
    assert system.bus.events == []
    system.pass_time(10 * MINUTE, sweeps=False)
    [event] = system.published(CHANGED)
    assert [(one["requirement"], one["reason"]) for one in event.detail["added"]] == [("catalog", "no_catalog")]
    assert sorted(event.detail["objectives"]) == ["CATALOG_SALES", "PRODUCT_SALES", "SHOP_PURCHASES"]


def test_what_the_teammate_cannot_ask_for_is_stale_and_not_missing(system: System) -> None:
    """A teammate without a Business Center says nothing about catalogs."""
    add_teammate(system, same_centers_as=None)
    system.check_now(READY)
    system.product.teams.connect(TEAM, OWNER, [])
    system.clock.forward(10 * MINUTE)
    system.check_now(READY)
    known = system.record(READY).snapshot.known
    assert [one for one in Requirement if known[one].stale_since] == [Requirement.CATALOG]
    assert known[Requirement.CATALOG].satisfied
    assert system.bus.events == []


def test_a_rotated_secret_is_used_and_no_expiry_is_published(system: System) -> None:
    """The cache holds the invalid token, Secrets Manager the new one."""
    system.check_now(READY)
    system.tiktok.world.revoke(DemoToken.OWNER)
    system.tiktok.world.tokens["rotated"] = Token("rotated", OWNER, (READY,))
    system.product.secrets.put(secret_id_of(TEAM, OWNER), "rotated")
    system.clock.forward(10 * MINUTE)
    system.check_now(READY)
    assert system.bus.events == []
    assert system.record(READY).snapshot.checked_at == START + 10 * MINUTE
