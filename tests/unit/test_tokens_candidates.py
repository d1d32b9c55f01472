"""Whose token is used: the rules of the contract, chapter 3."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.teams import Connection, Role, Team, moment
from publishing.tokens import AdvertiserNotConnectedError, NoTokenError, Purpose, candidates

READ, WRITE = Purpose.READ, Purpose.WRITE
ROLES = {"own": Role.OWNER, "man": Role.MANAGER, "buy": Role.MEDIA_BUYER}


def connection(
    user_id: str, *advertiser_ids: str, at: str = "2026-11-01T09:00:00Z", status: str = "active"
) -> Connection:
    return Connection("t", user_id, status, advertiser_ids, f"secret-{user_id}", at)


def candidates_of(
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
    """The caller's own connection comes first, even if a teammate has connected later."""
    connections = [connection("man", "1", at="2026-12-01T09:00:00Z"), connection("own", "1")]
    assert candidates_of(connections) == [("own", "1", True), ("man", "1", False)]


@pytest.mark.parametrize("user_id", ["own", "man"])
def test_owner_and_manager_borrow_for_reads(user_id: str) -> None:
    """An owner or manager without a connection reads with a teammate's token."""
    assert candidates_of([connection("buy", "1")], user_id) == [("buy", "1", False)]


@pytest.mark.parametrize("purpose", Purpose)
def test_a_media_buyer_never_borrows(purpose: Purpose) -> None:
    """A media buyer without a connection gets NoTokenError, although a teammate has connected."""
    with pytest.raises(NoTokenError):
        candidates_of([connection("own", "1")], "buy", purpose=purpose)


@pytest.mark.parametrize("user_id", ["own", "man"])
def test_a_write_never_borrows(user_id: str) -> None:
    """Owners and managers do not write with a teammate's token."""
    with pytest.raises(NoTokenError):
        candidates_of([connection("buy", "1")], user_id, purpose=WRITE)


def test_a_write_uses_only_the_callers_own_token() -> None:
    """The teammate's connection, which has the advertiser too, is not a candidate."""
    assert candidates_of([connection("own", "1"), connection("man", "1")], purpose=WRITE) == [("own", "1", True)]


@pytest.mark.parametrize("role", ["admin", "", None, "OWNER", 7])
def test_an_unknown_role_has_the_rights_of_a_media_buyer(role: Any) -> None:
    """Only the exact roles owner and manager may borrow."""
    assert Role.of(role) is Role.MEDIA_BUYER


def test_teammates_are_tried_latest_connected_first_then_by_user_id() -> None:
    """Times are compared with their UTC offsets; a malformed time counts as the oldest."""
    connections = [
        connection("d", "1", at="2026-11-01T09:00:00Z"),
        connection("c", "1", at="2026-11-01T11:30:00+02:00"),  # 09:30 in UTC
        connection("b", "1", at="2026-11-01T09:00:00+00:00"),
        connection("a", "1", at="lately"),
    ]
    team = Team("t", dict.fromkeys("abcd", Role.MEDIA_BUYER) | {"own": Role.OWNER}, None, tuple(connections))
    order = [one.connection.user_id for one in candidates(team, "own", Role.OWNER, "1", READ)]
    assert order == ["c", "b", "d", "a"]


@pytest.mark.parametrize("status", ["expired", "revoked", "ACTIVE", ""])
def test_only_active_connections_count(status: str) -> None:
    """A connection with another status is no candidate, neither the caller's own nor a teammate's."""
    assert candidates_of([connection("own", "1", status=status), connection("man", "1")]) == [("man", "1", False)]
    assert candidates_of([connection("own", "1"), connection("man", "1", status=status)]) == [("own", "1", True)]


def test_a_connection_without_a_secret_does_not_count() -> None:
    """Other services may write one; Secrets Manager rejects an empty secret name."""
    assert candidates_of([replace(connection("own", "1"), secret_id=""), connection("man", "1")]) == [
        ("man", "1", False)
    ]
    with pytest.raises(NoTokenError):
        candidates_of([replace(connection("own", "1"), secret_id="")])


def test_connections_of_former_members_do_not_count() -> None:
    """The connection of a former member is not used, not even for that person."""
    with pytest.raises(NoTokenError):
        candidates_of([connection("gone", "1")])
    with pytest.raises(NoTokenError):
        candidates_of([connection("gone", "1")], "gone", role=Role.OWNER)


def test_connections_without_the_advertiser_are_skipped() -> None:
    """Only connections whose list has the advertiser are candidates."""
    assert candidates_of([connection("own", "2"), connection("man", "1")]) == [("man", "1", False)]


def test_no_connection_has_the_advertiser() -> None:
    """With usable connections but none for the advertiser, the error is AdvertiserNotConnectedError."""
    with pytest.raises(AdvertiserNotConnectedError):
        candidates_of([connection("own", "2"), connection("man", "3")])
    with pytest.raises(AdvertiserNotConnectedError):
        candidates_of([connection("own")])


def test_without_an_advertiser_the_first_of_each_list_is_used() -> None:
    """The first advertiser in TikTok's order is used; connections with an empty list are skipped."""
    assert candidates_of([connection("own"), connection("man", "9", "1")], advertiser_id=None) == [("man", "9", False)]
    assert candidates_of([connection("own", "5", "1")], advertiser_id=None) == [("own", "5", True)]


@pytest.mark.parametrize(
    ("connections", "advertiser_id", "detail"),
    [
        ([], "1", None),
        ([connection("own", "1", status="expired")], "1", "token_expired"),
        ([connection("own", "1", status="revoked")], "1", None),
        ([connection("own")], None, "no_advertiser"),
    ],
)
def test_no_token_has_a_detail(connections: list[Connection], advertiser_id: str | None, detail: str | None) -> None:
    """The detail tells an expired connection and one without advertisers from no connection."""
    with pytest.raises(NoTokenError) as caught:
        candidates_of(connections, advertiser_id=advertiser_id)
    assert (caught.value.detail, caught.value.args) == (detail, (detail,))


def test_the_values_of_a_purpose() -> None:
    """Purposes have the values that events and logs contain."""
    assert [*Purpose] == ["read", "write"]


people = st.sampled_from("abcdef")
drawn_connections = st.lists(
    st.tuples(
        people,
        st.lists(st.sampled_from("123"), max_size=3, unique=True),
        st.sampled_from(["2026-11-01T09:00:00Z", "2026-11-02T09:00:00Z", "2026-11-01T23:00:00-05:00", "?"]),
        st.sampled_from(["active", "active", "active", "expired", "revoked"]),
    ).map(lambda drawn: connection(drawn[0], *drawn[1], at=drawn[2], status=drawn[3])),
    max_size=6,
    unique_by=lambda one: one.user_id,
)
teams = st.builds(
    Team,
    st.just("t"),
    st.dictionaries(people, st.sampled_from(Role), max_size=6),
    st.none(),
    drawn_connections.map(tuple),
)


@given(teams, people, st.sampled_from(Role), st.none() | st.sampled_from("123"), st.sampled_from(Purpose))
def test_rules_that_hold_in_every_team(
    team: Team, user_id: str, role: Role, advertiser_id: str | None, purpose: Purpose
) -> None:
    """Candidates are all active connections of members with the advertiser; own first; borrowed only if allowed."""
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
