"""Who sees which connections, in which order and in which words; and which advertiser is taken where none is named."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.tiktok_simulator import DemoAdvertiser
from publishing.aws.teams import team_of
from publishing.connecting.overview import visible
from publishing.teams import Connection, Role, Team
from publishing.token_choice import AdvertiserNotConnectedError, NoTokenError, Purpose, candidates
from tests.unit.connecting.scenarios import NEXT_PERSON, WHO
from tests.unit.connecting.system import HOUR, TEAM, System

READY = DemoAdvertiser.EVERYTHING_READY


@pytest.fixture
def team(system: System) -> System:
    """Four people, of whom three have connected one after the other; one of them has disconnected since."""
    for user, role in (("u-manager", "manager"), ("u-buyer", "mediabuyer"), ("u-other", "mediabuyer")):
        system.member(user, role)
    for user in (WHO, "u-buyer", "u-manager"):
        assert system.connect(user) == "connected"
        system.clock.forward(HOUR)
    system.disconnect("u-buyer")
    return system


@pytest.mark.parametrize(
    ("user", "seen"),
    [
        (WHO, [WHO, "u-manager", "u-buyer"]),
        ("u-manager", ["u-manager", "u-buyer", WHO]),
        ("u-buyer", ["u-buyer"]),
        ("u-other", []),
    ],
)
def test_who_sees_whose(team: System, user: str, seen: list[str]) -> None:
    """Owner and manager the whole team's, others their own; their own first, then the latest."""
    assert [one["user_id"] for one in team.overview(user)] == seen


@pytest.mark.parametrize("role", ["", "admin", "OWNER", "mediabuyer"])
def test_any_other_role_sees_its_own(team: System, role: str) -> None:
    """Whatever it is called."""
    assert [one["user_id"] for one in team.overview("u-buyer", role)] == ["u-buyer"]


def test_what_is_seen(team: System) -> None:
    """Status, advertisers with names and states, moments; of a connection of another service's, what it said."""
    team.tiktok.world.advertisers[READY].status = "STATUS_DISABLE"
    team.pass_time(25 * HOUR)
    own, other, ended = team.overview(WHO)
    assert own["status"] == other["status"] == "active"
    assert own["advertisers"][1] == {
        "advertiser_id": READY,
        "name": team.tiktok.world.advertisers[READY].name,
        "disabled": True,
    }
    assert [one["advertiser_id"] for one in own["advertisers"]] == own["advertiser_ids"]
    assert own["connected_at"] == "2026-11-16T10:00:00.000Z"
    assert own["last_verified_at"] >= "2026-11-17T10:00:00.000Z"
    assert (ended["status"], ended["last_verified_at"]) == ("revoked", "2026-11-16T11:00:00.000Z")
    team.teams.connect(TEAM, WHO, ["1"])
    foreign = team.overview(WHO)[0]
    assert foreign["advertisers"] == [{"advertiser_id": "1", "name": None, "disabled": False}]
    assert (foreign["permissions"], foreign["missing"], foreign["last_verified_at"]) == (None, None, None)


def test_no_call_of_tiktoks(team: System) -> None:
    """And no secret is looked at."""
    asked = len(team.tiktok.requests)
    team.vault.secrets.clear()
    assert team.overview(WHO)
    assert len(team.tiktok.requests) == asked


def test_another_teams_are_not_seen(team: System) -> None:
    """Whoever asks."""
    team.teams.connect("elsewhere", "u-elsewhere", ["1"])
    assert "u-elsewhere" not in {one["user_id"] for one in team.overview(WHO)}


def test_what_nobody_understands_is_not_shown(team: System) -> None:
    """A status that is none of ours."""
    team.teams.items[TEAM, "CONNECTION#u-manager"]["status"] = "being thought about"
    assert [one["user_id"] for one in team.overview(WHO)] == [WHO, "u-buyer"]


IDS = st.lists(st.sampled_from("123456"), max_size=5, unique=True)
USERS = ("u-1", "u-2", "u-3")
ITEMS = st.fixed_dictionaries(
    {
        user: st.none()
        | st.fixed_dictionaries(
            {
                "status": st.sampled_from(["active", "expired", "revoked"]),
                "advertiser_ids": IDS,
                "disabled_advertiser_ids": IDS,
                "connected_at": st.sampled_from(["2026-11-01T00:00:00Z", "2026-11-02T00:00:00.000Z", "", "soon"]),
                "secret_id": st.just("s"),
            }
        )
        for user in USERS
    }
)


def _team(items: Mapping[str, Any]) -> Team:
    rows: list[dict[str, Any]] = [{"sk": f"MEMBER#{user}", "role": "owner"} for user in USERS]
    return team_of(TEAM, [*rows, *({"sk": f"CONNECTION#{user}", **item} for user, item in items.items() if item)])


@given(ITEMS, st.sampled_from(USERS), st.sampled_from([*Role]), st.sampled_from([*Purpose]))
def test_a_disabled_advertiser_is_never_the_default(
    items: Mapping[str, Any], user: str, role: Role, purpose: Purpose
) -> None:
    """Each candidate stands for the first of its list that is not disabled; who has none stands for nobody."""
    team = _team(items)
    try:
        chosen = candidates(team, user, role, None, purpose)
    except NoTokenError:
        chosen = ()
    able = {
        one.user_id: [each for each in one.advertiser_ids if each not in one.disabled]
        for one in team.connections
        if one.status == "active"
    }
    for one in chosen:
        assert one.advertiser_id == able[one.connection.user_id][0]
        assert one.own == (one.connection.user_id == user)
    borrows = purpose is Purpose.READ and role in {Role.OWNER, Role.MANAGER}
    expected = {who for who, ids in able.items() if ids and (who == user or borrows)}
    assert {one.connection.user_id for one in chosen} == expected


@given(ITEMS, st.sampled_from(USERS), st.sampled_from("123456"))
def test_a_disabled_advertiser_that_is_named_is_asked_about(items: Mapping[str, Any], user: str, named: str) -> None:
    """Disabled is no reason not to look: the preflight says what is wrong with it."""
    team = _team(items)
    try:
        chosen = candidates(team, user, Role.OWNER, named, Purpose.READ)
    except (NoTokenError, AdvertiserNotConnectedError):
        chosen = ()
    able = {one.user_id for one in team.connections if one.status == "active" and named in one.advertiser_ids}
    assert {one.connection.user_id for one in chosen} == able
    assert all(one.advertiser_id == named for one in chosen)


@given(ITEMS, st.sampled_from(USERS), st.sampled_from([*Role]))
def test_the_order_of_the_overview(items: Mapping[str, Any], user: str, role: Role) -> None:
    """Nobody twice, none left out that may be seen, the caller's first, the rest by moment and then by id."""
    team = _team(items)
    shown: list[Connection] = visible(team, user, role)
    may_be_seen = {one.user_id for one in team.connections if role is not Role.MEDIA_BUYER or one.user_id == user}
    assert sorted(one.user_id for one in shown) == sorted(may_be_seen)
    if user in may_be_seen:
        assert shown[0].user_id == user
    others = [one for one in shown if one.user_id != user]
    ranks = {"2026-11-02T00:00:00.000Z": 0, "2026-11-01T00:00:00Z": 1, "": 2, "soon": 2}
    assert others == sorted(others, key=lambda one: (ranks[one.connected_at], one.user_id))


def test_a_suspended_account_is_no_default(system: System) -> None:
    """End to end: TikTok lists it first, the preflight takes the next, and checks it where it is named."""
    system.tiktok.world.advertisers[DemoAdvertiser.NOTHING].status = "STATUS_LIMIT"
    system.connect(WHO)
    assert system.preflight(WHO).advertiser_id == READY
    assert system.preflight(WHO, DemoAdvertiser.NOTHING).advertiser_id == DemoAdvertiser.NOTHING
    system.tiktok.world.advertisers[READY].status = "STATUS_DISABLE"
    system.clock.forward(HOUR)
    system.connect(WHO)
    answer = system.preflight(WHO)
    assert (answer.reason, answer.detail) == ("no_token", "no_advertiser")
    system.clock.forward(HOUR)
    assert system.connect(WHO, NEXT_PERSON) == "connected"
    assert system.preflight(WHO).advertiser_id == DemoAdvertiser.MANY_PAGES
