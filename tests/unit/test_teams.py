"""A team: the roles of its members, its subscription and its connections."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from publishing.teams import (
    ADVERTISERS_PER_PAGE,
    BUCKETS,
    MAX_LISTED,
    AdvertiserRow,
    Connection,
    ConnectionStatus,
    OutsideList,
    Role,
    Subscription,
    Team,
    in_utc,
    moment,
    place_of,
)

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
EARLIER, LATER = NOW.timestamp() - 60, NOW.timestamp() + 60
ONE = Connection("t", "u1", "active", ("1",), "secret-u1", "2026-11-01T09:00:00Z")
OTHER = replace(ONE, user_id="u2", secret_id="secret-u2")


def test_roles_and_statuses_have_the_stored_values() -> None:
    """Other services read and write the same values."""
    assert [*Role] == ["owner", "manager", "mediabuyer"]
    assert [*ConnectionStatus] == ["active", "expired", "revoked"]


def test_a_team_is_empty_by_default() -> None:
    """By default a team has no members, no subscription and no connections."""
    assert Team("t") == Team("t", roles={}, subscription=None, connections=())


def test_a_connection_needs_only_what_other_services_write() -> None:
    """The attributes that only this service writes default to unknown and not done."""
    assert (
        Connection(
            "t",
            "u1",
            "active",
            ("1",),
            "secret-u1",
            "2026-11-01T09:00:00Z",
            expiry_notified=False,
            names={},
            disabled=frozenset(),
            scopes=None,
            verified_at=None,
            scheduled=False,
            secret_version=None,
            outside=None,
            replaced_lists=(),
        )
        == ONE
    )


# Lists of ad accounts.

WHOLE = replace(ONE, advertiser_ids=("3", "1", "2"), names={"1": "One"}, disabled=frozenset({"3"}))
LONG = replace(ONE, advertiser_ids=(), outside=OutsideList("a-150", 150, "7"))
NAMED = replace(ONE, advertiser_ids=("3", "1"), outside=OutsideList("b-2", 2, "1"))
"""Its ids are all here; the names are outside."""


def test_the_sizes_of_stored_lists() -> None:
    """Stored lists and the contract rely on them: a bucket is two hexadecimal digits of a checksum."""
    assert (MAX_LISTED, ADVERTISERS_PER_PAGE) == (5_000, 100)
    assert (len(BUCKETS), BUCKETS[0], BUCKETS[10], BUCKETS[-1]) == (256, "00", "0a", "ff")
    assert place_of("7300000000000000001") == ("50", "7300000000000000001")
    assert place_of("1") == ("b7", "1")


def test_what_is_known_of_a_list() -> None:
    """How many there are, whether all are named here, and which is the default: of a whole list, and of one outside."""
    known = [(one.advertiser_count, one.names_all, one.default_advertiser) for one in (WHOLE, LONG, NAMED)]
    assert known == [(3, True, "1"), (150, False, "7"), (2, True, "1")]
    assert replace(ONE, advertiser_ids=()).names_all


def test_a_whole_list_as_rows_and_back() -> None:
    """In its order, with names and statuses; everything else of the connection is kept, and nothing is outside."""
    rows = (AdvertiserRow("3", None, True), AdvertiserRow("1", "One", False), AdvertiserRow("2", None, False))  # noqa: FBT003 - rows
    assert WHOLE.listed() == rows
    assert LONG.with_list(iter(rows)) == WHOLE
    assert ONE.with_list(()) == replace(ONE, advertiser_ids=())


def test_a_connection_can_have_the_list_of_another() -> None:
    """Wherever it is kept; everything else is its own."""
    for other in (WHOLE, LONG, NAMED):
        taken = OTHER.with_list_of(other)
        assert taken == replace(other, user_id="u2", secret_id="secret-u2")
    assert LONG.with_list_of(WHOLE) == WHOLE


def test_which_long_lists_have_an_advertiser() -> None:
    """A connection whose ids are outside has the advertiser if its list is among those; no other changes."""
    team = Team("t", {"u1": Role.OWNER}, Subscription("active"), (WHOLE, LONG, NAMED))
    having = replace(LONG, advertiser_ids=("9",))
    assert team.knowing("9", {"a-150", "b-2"}) == replace(team, connections=(WHOLE, having, NAMED))
    assert team.knowing("9", {"b-2", "c-150"}) == team


def test_connections_with_names_are_hashable() -> None:
    """Connections can be in a set, although mappings are not hashable."""
    assert len({ONE, replace(ONE, names={"1": "One"}), OTHER}) == 3


def test_a_connection_is_found_by_user_id() -> None:
    """A person's connection is found whatever its status."""
    for status in ConnectionStatus:
        ended = replace(OTHER, status=status)
        assert Team("t", connections=(ONE, ended)).connection_of("u2") == ended
    assert Team("t", connections=(ONE, OTHER)).connection_of("u3") is None


def test_a_connection_replaces_the_one_of_the_same_person() -> None:
    """Everything else of the team is unchanged; nothing is added for a person without a connection."""
    team = Team("t", {"u1": Role.OWNER}, Subscription("active"), (ONE, OTHER))
    expired = replace(OTHER, status=ConnectionStatus.EXPIRED)
    assert team.with_connection(expired) == replace(team, connections=(ONE, expired))
    assert team.with_connection(replace(ONE, user_id="u3")) == team


@pytest.mark.parametrize(
    ("subscription", "active"),
    [
        (Subscription("active"), True),
        (Subscription("trialing"), True),
        (Subscription("active", LATER), True),
        (Subscription("trialing", EARLIER), False),
        (Subscription("active", EARLIER), False),
        (Subscription("active", NOW.timestamp()), False),
        (Subscription("past_due"), False),
        (Subscription("canceled"), False),
        (Subscription("ACTIVE"), False),
        (Subscription(""), False),
    ],
)
def test_an_active_subscription(subscription: Subscription, active: bool) -> None:  # noqa: FBT001 - a row of the table
    """A subscription is active if its status is active or trialing and its period is absent or not over."""
    assert Team("t", subscription=subscription).has_active_subscription(NOW) is active


def test_no_subscription_is_not_active() -> None:
    """A team without a subscription may not write."""
    assert not Team("t").has_active_subscription(NOW)


@pytest.mark.parametrize("role", Role)
def test_a_role_is_read_from_its_value(role: Role) -> None:
    """A role is read from its stored value."""
    assert Role.of(role.value) is role


@pytest.mark.parametrize("role", [None, 7, "", ["owner"], "Owner", "admin"])
def test_an_unknown_role_is_read_as_media_buyer(role: Any) -> None:
    """Anything unknown gets the role with the fewest rights."""
    assert Role.of(role) is Role.MEDIA_BUYER


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T17:00:00Z", NOW),
        ("2026-11-22T18:00:00+01:00", NOW),
        ("2026-11-22T17:00:00", NOW),
        ("2026-11-22T17:00:00.500Z", NOW + timedelta(milliseconds=500)),
        ("yesterday", datetime.fromtimestamp(0, UTC)),
        ("", datetime.fromtimestamp(0, UTC)),
    ],
)
def test_moments(text: str, expected: datetime) -> None:
    """ISO 8601 is read, in UTC if it has no offset; anything else is the epoch."""
    assert moment(text) == expected


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOW, "2026-11-22T17:00:00.000Z"),
        (NOW + timedelta(microseconds=1_999), "2026-11-22T17:00:00.001Z"),
        (NOW.astimezone(timezone(timedelta(hours=1))), "2026-11-22T17:00:00.000Z"),
    ],
)
def test_in_utc(monkeypatch: pytest.MonkeyPatch, at: datetime, text: str) -> None:
    """A time is written in UTC, to the millisecond, whatever the machine's time zone is."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert in_utc(at) == text
    finally:
        monkeypatch.undo()
        time.tzset()
