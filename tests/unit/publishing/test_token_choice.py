"""Whose token is used: the rules of the contract's third chapter."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.teams import Connection, Role, Team, moment
from publishing.token_choice import AdvertiserNotConnectedError, NoTokenError, Purpose, candidates

READ, WRITE = Purpose.READ, Purpose.WRITE
ROLES = {"own": Role.OWNER, "man": Role.MANAGER, "buy": Role.MEDIA_BUYER}


def link(user_id: str, *advertiser_ids: str, at: str = "2026-11-01T09:00:00Z", status: str = "active") -> Connection:
    return Connection("t", user_id, status, advertiser_ids, f"secret-{user_id}", at)


def chosen(
    connections: Iterable[Connection],
    user_id: str = "own",
    advertiser_id: str | None = "1",
    purpose: Purpose = READ,
    role: Role | None = None,
) -> list[tuple[str, str, bool]]:
    team = Team("t", ROLES, None, tuple(connections))
    found = candidates(team, user_id, role or ROLES.get(user_id, Role.MEDIA_BUYER), advertiser_id, purpose)
    return [(one.connection.user_id, one.advertiser_id, one.own) for one in found]


def test_the_callers_own_connection_comes_first() -> None:
    """Also where a teammate has connected later."""
    links = [link("man", "1", at="2026-12-01T09:00:00Z"), link("own", "1")]
    assert chosen(links) == [("own", "1", True), ("man", "1", False)]


@pytest.mark.parametrize("user_id", ["own", "man"])
def test_owner_and_manager_borrow_for_reads(user_id: str) -> None:
    """Who has not connected anything reads with a teammate's token."""
    assert chosen([link("buy", "1")], user_id) == [("buy", "1", False)]


@pytest.mark.parametrize("purpose", Purpose)
def test_a_media_buyer_never_borrows(purpose: Purpose) -> None:
    """Nothing of their own connected is nothing connected."""
    with pytest.raises(NoTokenError):
        chosen([link("own", "1")], "buy", purpose=purpose)


@pytest.mark.parametrize("user_id", ["own", "man"])
def test_a_write_never_borrows(user_id: str) -> None:
    """Neither an owner nor a manager writes with a teammate's token."""
    with pytest.raises(NoTokenError):
        chosen([link("buy", "1")], user_id, purpose=WRITE)


def test_a_write_uses_the_callers_own_token_alone() -> None:
    """Although a teammate has the advertiser too."""
    assert chosen([link("own", "1"), link("man", "1")], purpose=WRITE) == [("own", "1", True)]


@pytest.mark.parametrize("role", ["admin", "", None, "OWNER", 7])
def test_an_unknown_role_has_the_rights_of_a_media_buyer(role: object) -> None:
    """Only the exact words owner and manager let borrow."""
    assert Role.of(role) is Role.MEDIA_BUYER


def test_teammates_are_tried_latest_connected_first_then_by_user_id() -> None:
    """As moments, not as texts: an offset counts; a moment that cannot be read is the oldest."""
    links = [
        link("d", "1", at="2026-11-01T09:00:00Z"),
        link("c", "1", at="2026-11-01T11:30:00+02:00"),  # 09:30 in UTC
        link("b", "1", at="2026-11-01T09:00:00+00:00"),
        link("a", "1", at="lately"),
    ]
    team = Team("t", dict.fromkeys("abcd", Role.MEDIA_BUYER) | {"own": Role.OWNER}, None, tuple(links))
    order = [one.connection.user_id for one in candidates(team, "own", Role.OWNER, "1", READ)]
    assert order == ["c", "b", "d", "a"]


@pytest.mark.parametrize("status", ["expired", "revoked", "ACTIVE", ""])
def test_only_active_connections_count(status: str) -> None:
    """The caller's own and a teammate's alike."""
    assert chosen([link("own", "1", status=status), link("man", "1")]) == [("man", "1", False)]
    assert chosen([link("own", "1"), link("man", "1", status=status)]) == [("own", "1", True)]


def test_a_connection_without_a_secret_does_not_count() -> None:
    """Another service may write one; Secrets Manager refuses to be asked for a secret without a name."""
    assert chosen([replace(link("own", "1"), secret_id=""), link("man", "1")]) == [("man", "1", False)]
    with pytest.raises(NoTokenError):
        chosen([replace(link("own", "1"), secret_id="")])


def test_who_has_left_the_team_does_not_count() -> None:
    """A connection that stayed behind is not used, not even for the person it belongs to."""
    with pytest.raises(NoTokenError):
        chosen([link("gone", "1")])
    with pytest.raises(NoTokenError):
        chosen([link("gone", "1")], "gone", role=Role.OWNER)


def test_the_first_candidate_that_has_the_advertiser_is_used() -> None:
    """Whose list does not hold it is passed over."""
    assert chosen([link("own", "2"), link("man", "1")]) == [("man", "1", False)]


def test_nobody_has_the_advertiser() -> None:
    """There are tokens, so it is not the token that is missing."""
    with pytest.raises(AdvertiserNotConnectedError):
        chosen([link("own", "2"), link("man", "3")])
    with pytest.raises(AdvertiserNotConnectedError):
        chosen([link("own")])


def test_without_an_advertiser_the_first_of_each_list_stands() -> None:
    """In TikTok's order; whose list is empty is passed over."""
    assert chosen([link("own"), link("man", "9", "1")], advertiser_id=None) == [("man", "9", False)]
    assert chosen([link("own", "5", "1")], advertiser_id=None) == [("own", "5", True)]


@pytest.mark.parametrize(
    ("links", "advertiser_id", "detail"),
    [
        ([], "1", None),
        ([link("own", "1", status="expired")], "1", "token_expired"),
        ([link("own", "1", status="revoked")], "1", None),
        ([link("own")], None, "no_advertiser"),
    ],
)
def test_no_token_says_why(links: list[Connection], advertiser_id: str | None, detail: str | None) -> None:
    """Never connected, expired, or connected without any advertiser."""
    with pytest.raises(NoTokenError) as caught:
        chosen(links, advertiser_id=advertiser_id)
    assert (caught.value.detail, caught.value.args) == (detail, (detail,))


def test_the_words_for_a_purpose() -> None:
    """As events and logs tell them."""
    assert [*Purpose] == ["read", "write"]


people = st.sampled_from("abcdef")
connections = st.lists(
    st.tuples(
        people,
        st.lists(st.sampled_from("123"), max_size=3, unique=True),
        st.sampled_from(["2026-11-01T09:00:00Z", "2026-11-02T09:00:00Z", "2026-11-01T23:00:00-05:00", "?"]),
        st.sampled_from(["active", "active", "active", "expired", "revoked"]),
    ).map(lambda drawn: link(drawn[0], *drawn[1], at=drawn[2], status=drawn[3])),
    max_size=6,
    unique_by=lambda one: one.user_id,
)
teams = st.builds(
    Team, st.just("t"), st.dictionaries(people, st.sampled_from(Role), max_size=6), st.none(), connections.map(tuple)
)


@given(teams, people, st.sampled_from(Role), st.none() | st.sampled_from("123"), st.sampled_from(Purpose))
def test_rules_that_hold_in_every_team(
    team: Team, user_id: str, role: Role, advertiser_id: str | None, purpose: Purpose
) -> None:
    """Members, active, with the advertiser: all of these and no others; own first; borrowed only by who may."""
    try:
        found = candidates(team, user_id, role, advertiser_id, purpose)
    except (NoTokenError, AdvertiserNotConnectedError):
        found = ()
    used = [one.connection for one in found]
    may_borrow = purpose is READ and role in {Role.OWNER, Role.MANAGER}
    assert all(one.user_id in team.roles and one.status == "active" for one in used)
    assert may_borrow or all(one.user_id == user_id for one in used)
    assert all(one.own == (one.connection.user_id == user_id) for one in found)
    assert [one.own for one in found] == sorted((one.own for one in found), reverse=True)
    for one in found:
        assert one.advertiser_id in one.connection.advertiser_ids
        assert one.advertiser_id == (advertiser_id or one.connection.advertiser_ids[0])
    borrowed = [one for one in used if one.user_id != user_id]
    assert borrowed == sorted(borrowed, key=lambda one: (-moment(one.connected_at).timestamp(), one.user_id))
    expected = {
        one.user_id
        for one in team.connections
        if one.status == "active"
        and one.user_id in team.roles
        and (one.user_id == user_id or may_borrow)
        and (advertiser_id in one.advertiser_ids if advertiser_id else one.advertiser_ids)
    }
    assert {one.user_id for one in used} == expected
