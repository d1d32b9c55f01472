"""Which connections a member sees and how they are shown; which advertiser is the default."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.tiktok_simulator import DemoAdvertiser
from publishing.connections.advertiser_list import MAX_NAME
from publishing.connections.list_connections import visible_connections
from publishing.repositories.team_repository import team_of
from publishing.teams import Connection, Role, Team
from publishing.tokens import AdvertiserNotConnectedError, NoTokenError, Purpose, candidates
from tests.support.invocations import Received
from tests.unit.connections.scenarios import NEXT_PERSON, USER
from tests.unit.connections.system import HOUR, TEAM, System

READY = DemoAdvertiser.EVERYTHING_READY


@pytest.fixture
def team(system: System) -> System:
    """Four members; three have connected one after another, and one of them has disconnected since."""
    for user, role in (("u-manager", "manager"), ("u-buyer", "mediabuyer"), ("u-other", "mediabuyer")):
        system.add_member(user, role)
    for user in (USER, "u-buyer", "u-manager"):
        assert system.connect(user) == "connected"
        system.clock.forward(HOUR)
    system.disconnect("u-buyer")
    return system


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (USER, [USER, "u-manager", "u-buyer"]),
        ("u-manager", ["u-manager", "u-buyer", USER]),
        ("u-buyer", ["u-buyer"]),
        ("u-other", []),
    ],
)
def test_which_connections_each_role_sees(team: System, user: str, expected: list[str]) -> None:
    """Owner and manager see the whole team's, others their own; their own comes first, then the latest."""
    assert [one["user_id"] for one in team.list_connections(user)] == expected


@pytest.mark.parametrize("role", ["", "admin", "OWNER", "mediabuyer"])
def test_a_member_with_any_other_role_sees_their_own(team: System, role: str) -> None:
    """Unknown role names have the rights of a media buyer."""
    assert [one["user_id"] for one in team.list_connections("u-buyer", role)] == ["u-buyer"]


def test_what_is_shown_of_a_connection(team: System) -> None:
    """Status, advertisers with names and statuses, times; what another service did not write is null."""
    team.tiktok.world.advertisers[READY].status = "STATUS_DISABLE"
    team.pass_time(25 * HOUR)
    own, other, ended = team.list_connections(USER)
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
    team.teams.connect(TEAM, USER, ["1"])
    foreign = team.list_connections(USER)[0]
    assert foreign["advertisers"] == [{"advertiser_id": "1", "name": None, "disabled": False}]
    assert (foreign["permissions"], foreign["missing"], foreign["last_verified_at"]) == (None, None, None)


def test_listing_calls_neither_tiktok_nor_secrets_manager(team: System) -> None:
    """Connections are listed although no secret exists."""
    requests = len(team.tiktok.requests)
    team.secrets.secrets.clear()
    assert team.list_connections(USER)
    assert len(team.tiktok.requests) == requests


def test_connections_of_other_teams_are_not_shown(team: System) -> None:
    """An owner sees those of their own team only."""
    team.teams.connect("elsewhere", "u-elsewhere", ["1"])
    assert "u-elsewhere" not in {one["user_id"] for one in team.list_connections(USER)}


def test_a_connection_with_an_unknown_status_is_not_shown(team: System) -> None:
    """Only the statuses of the contract are shown."""
    team.teams.items[TEAM, "USER#u-manager"]["status"] = "unknown status"
    assert [one["user_id"] for one in team.list_connections(USER)] == [USER, "u-buyer"]


@pytest.fixture(params=["outside the items", "in the items, as before decision 50"])
def agency(system: System, request: pytest.FixtureRequest) -> System:
    """Twelve people of a team, each with 5 000 ad accounts, whose names are as long as is kept."""
    for number in range(12):
        user = f"u-{number:02}"
        system.add_member(user, "mediabuyer")
        ids = [f"{number:02}{account:018}" for account in range(5_000)]
        names = dict.fromkeys(ids, "😀" * MAX_NAME)
        system.teams.connect(TEAM, user, ids)
        system.teams.items[TEAM, f"USER#{user}"]["advertiser_names"] = names
        if request.param == "outside the items":
            system.connections.save(system.teams.connection(TEAM, user), system.clock.now)
            assert system.teams.connection(TEAM, user).advertiser_ids == ()
    return system


def _size(response: Received) -> int:
    return len(json.dumps(response.json))


def test_pages_of_connections_have_every_connection_once(agency: System) -> None:
    """No page is larger than 1 MB, whatever its limit."""
    for limit in ("1", "5", "500"):
        listed: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = agency.page_of_connections(USER, "owner", limit=limit, **token)
            assert len(page.json["connections"]) <= int(limit)
            assert _size(page) < 1_000_000
            listed += [one["user_id"] for one in page.json["connections"]]
            if page.json["next_token"] is None:
                break
            token = {"next_token": page.json["next_token"]}
        assert listed == [f"u-{number:02}" for number in range(12)]


def test_a_connection_is_listed_with_its_first_hundred_advertisers(agency: System) -> None:
    """And with how many there are."""
    [shown] = agency.page_of_connections("u-07", "mediabuyer").json["connections"]
    assert shown["advertiser_ids"] == [one["advertiser_id"] for one in shown["advertisers"]]
    assert (len(shown["advertisers"]), shown["advertiser_count"]) == (100, 5_000)


@pytest.mark.parametrize("limit", [1_000, 500, 499])
def test_pages_of_advertisers_have_every_advertiser_once(agency: System, limit: int) -> None:
    """In TikTok's order; a limit above 500 is rejected."""
    page = agency.page_of_advertisers("u-03", "u-03", "mediabuyer", limit=f"{limit}")
    if limit > 500:
        assert (page.status, page.json["errors"][0]["field"]) == (400, "limit")
        return
    listed = page.json["advertisers"]
    while page.json["next_token"] is not None:
        assert (len(page.json["advertisers"]), _size(page) < 1_000_000) == (limit, True)
        assert page.json["advertiser_count"] == 5_000
        token = page.json["next_token"]
        page = agency.page_of_advertisers("u-03", "u-03", "mediabuyer", limit=f"{limit}", next_token=token)
        listed += page.json["advertisers"]
    assert [one["advertiser_id"] for one in listed] == [f"03{account:018}" for account in range(5_000)]


@pytest.mark.parametrize(("user", "role", "status"), [("u-01", "mediabuyer", 404), (USER, "owner", 200)])
def test_whose_advertisers_a_member_sees(agency: System, user: str, role: str, status: int) -> None:
    """Their own, and as an owner or manager anybody's; for all others there is no such connection."""
    response = agency.page_of_advertisers("u-02", user, role)
    assert response.status == status
    assert response.json.get("code") == (None if status == 200 else "no_connection")
    assert agency.page_of_advertisers("u-nobody", user, role).json["code"] == "no_connection"


def test_a_user_id_may_come_percent_encoded(system: System) -> None:
    """API Gateway passes a path parameter as it was sent."""
    system.add_member("auth0|5f7%41", "mediabuyer")
    system.teams.connect(TEAM, "auth0|5f7%41", ["1"])
    for sent in ("auth0|5f7%41", "auth0%7C5f7%2541"):
        page = system.page_of_advertisers(sent, USER, "owner")
        assert [one["advertiser_id"] for one in page.json["advertisers"]] == ["1"]


def test_a_page_of_a_list_that_has_changed_is_refused(agency: System) -> None:
    """Beginning anywhere else could leave rows out."""
    for page in (
        agency.page_of_connections(USER, "owner", next_token="u-gone"),
        *(
            agency.page_of_advertisers("u-02", "u-02", "mediabuyer", next_token=token)
            for token in ("1", "-", "99-03000000000000000000", "5000-1", "4999-1", f"{10**30}-1", "-1-1", "²-1", "99-")
        ),
    ):
        assert (page.status, page.json["errors"][0]["field"]) == (400, "next_token")
        assert "begin again" in page.json["errors"][0]["message"]


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
    return team_of(TEAM, [*rows, *({"sk": f"USER#{user}", **item} for user, item in items.items() if item)])


@given(ITEMS, st.sampled_from(USERS), st.sampled_from([*Role]), st.sampled_from([*Purpose]))
def test_a_disabled_advertiser_is_never_the_default(
    items: Mapping[str, Any], user: str, role: Role, purpose: Purpose
) -> None:
    """A candidate has the first advertiser of its list that is not disabled; a connection without one is none."""
    team = _team(items)
    try:
        chosen = candidates(team, user, role, None, purpose)
    except NoTokenError:
        chosen = ()
    enabled = {
        one.user_id: [each for each in one.advertiser_ids if each not in one.disabled]
        for one in team.connections
        if one.status == "active"
    }
    for one in chosen:
        assert one.advertiser_id == enabled[one.connection.user_id][0]
        assert one.own == (one.connection.user_id == user)
    borrows = purpose is Purpose.READ and role in {Role.OWNER, Role.MANAGER}
    expected = {owner for owner, ids in enabled.items() if ids and (owner == user or borrows)}
    assert {one.connection.user_id for one in chosen} == expected


@given(ITEMS, st.sampled_from(USERS), st.sampled_from("123456"))
def test_a_disabled_advertiser_that_is_named_is_checked(items: Mapping[str, Any], user: str, named: str) -> None:
    """Every active connection that has it is a candidate: the preflight says what is wrong with it."""
    team = _team(items)
    try:
        chosen = candidates(team, user, Role.OWNER, named, Purpose.READ)
    except (NoTokenError, AdvertiserNotConnectedError):
        chosen = ()
    expected = {one.user_id for one in team.connections if one.status == "active" and named in one.advertiser_ids}
    assert {one.connection.user_id for one in chosen} == expected
    assert all(one.advertiser_id == named for one in chosen)


@given(ITEMS, st.sampled_from(USERS), st.sampled_from([*Role]))
def test_the_order_of_visible_connections(items: Mapping[str, Any], user: str, role: Role) -> None:
    """Each visible connection appears once: the caller's first, the others by time and then by user id."""
    team = _team(items)
    shown: list[Connection] = visible_connections(team, user, role)
    may_be_seen = {one.user_id for one in team.connections if role is not Role.MEDIA_BUYER or one.user_id == user}
    assert sorted(one.user_id for one in shown) == sorted(may_be_seen)
    if user in may_be_seen:
        assert shown[0].user_id == user
    others = [one for one in shown if one.user_id != user]
    ranks = {"2026-11-02T00:00:00.000Z": 0, "2026-11-01T00:00:00Z": 1, "": 2, "soon": 2}
    assert others == sorted(others, key=lambda one: (ranks[one.connected_at], one.user_id))


def test_a_suspended_ad_account_is_not_the_default(system: System) -> None:
    """If TikTok lists it first the preflight uses the next one; named explicitly, it is checked."""
    system.tiktok.world.advertisers[DemoAdvertiser.NOTHING].status = "STATUS_LIMIT"
    system.connect(USER)
    assert system.preflight(USER).advertiser_id == READY
    assert system.preflight(USER, DemoAdvertiser.NOTHING).advertiser_id == DemoAdvertiser.NOTHING
    system.tiktok.world.advertisers[READY].status = "STATUS_DISABLE"
    system.clock.forward(HOUR)
    system.connect(USER)
    check = system.preflight(USER)
    assert (check.reason, check.detail) == ("no_token", "no_advertiser")
    system.clock.forward(HOUR)
    assert system.connect(USER, NEXT_PERSON) == "connected"
    assert system.preflight(USER).advertiser_id == DemoAdvertiser.MANY_PAGES
