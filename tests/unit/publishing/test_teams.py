"""A team as its items describe it, whatever other services wrote."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from publishing.aws.teams import team_of
from publishing.teams import Connection, Role, Subscription, Team, moment

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
LATER = Decimal(int(NOW.timestamp()) + 60)
EARLIER = Decimal(int(NOW.timestamp()) - 60)


def test_a_whole_team() -> None:
    """Members with their roles, the subscription, connections with TikTok's order of advertisers."""
    team = team_of(
        "t",
        [
            {"sk": "CONNECTION#u2", "status": "expired", "advertiser_ids": [], "secret_id": "s2", "connected_at": ""},
            {
                "sk": "CONNECTION#u1",
                "status": "active",
                "advertiser_ids": ["9", "1"],
                "secret_id": "s1",
                "connected_at": "2026-11-01T09:00:00Z",
            },
            {"sk": "MEMBER#u1", "role": "owner"},
            {"sk": "MEMBER#u2", "role": "admin"},
            {"sk": "SUBSCRIPTION", "status": "active", "current_period_end": LATER},
        ],
    )
    assert team == Team(
        "t",
        {"u1": Role.OWNER, "u2": Role.MEDIA_BUYER},
        Subscription("active", float(LATER)),
        (
            Connection("t", "u2", "expired", (), "s2", ""),
            Connection("t", "u1", "active", ("9", "1"), "s1", "2026-11-01T09:00:00Z"),
        ),
    )


@pytest.mark.parametrize("status", ["active", "canceled"])
def test_only_the_item_of_that_very_name_is_the_subscription(status: str) -> None:
    """What another service keeps beside it, under a longer name, neither opens writes nor closes them."""
    others = [{"sk": f"SUBSCRIPTION{more}", "status": "trialing"} for more in ("#2025", "#", "S")]
    team = team_of("t", [{"sk": "SUBSCRIPTION", "status": status}, *others])
    assert team.subscription == Subscription(status)
    assert team_of("t", others).subscription is None


def test_nothing_is_known_of_an_unknown_team() -> None:
    """It has no members, no subscription and no connections."""
    assert team_of("t", []) == Team("t")


@pytest.mark.parametrize(
    ("item", "active"),
    [
        ({"status": "active"}, True),
        ({"status": "trialing"}, True),
        ({"status": "active", "current_period_end": LATER}, True),
        ({"status": "trialing", "current_period_end": EARLIER}, False),
        ({"status": "active", "current_period_end": EARLIER}, False),
        ({"status": "active", "current_period_end": int(NOW.timestamp())}, False),
        ({"status": "active", "current_period_end": None}, True),
        ({"status": "active", "current_period_end": "next year"}, False),
        ({"status": "active", "current_period_end": {"when": 1}}, False),
        ({"status": "past_due"}, False),
        ({"status": "canceled"}, False),
        ({"status": "ACTIVE"}, False),
        ({"status": None}, False),
        ({}, False),
    ],
)
def test_an_active_subscription(item: dict[str, Any], active: bool) -> None:  # noqa: FBT001 - a row of the table
    """Active or trialing, and the period absent or not over; what cannot be read opens nothing."""
    assert team_of("t", [{"sk": "SUBSCRIPTION", **item}]).has_active_subscription(NOW) is active


def test_no_subscription_is_not_active() -> None:
    """Absent means unpaid."""
    assert not Team("t").has_active_subscription(NOW)


@pytest.mark.parametrize(
    "item",
    [
        {"sk": "MEMBER#"},
        {"sk": "MEMBER"},
        {"sk": "CONNECTION#"},
        {"sk": "SOMETHING#u1", "role": "owner"},
        {"sk": ""},
    ],
)
def test_items_of_no_known_kind_count_as_absent(item: dict[str, Any]) -> None:
    """Others may keep more under a team's key."""
    assert team_of("t", [item]) == Team("t")


@pytest.mark.parametrize("role", [None, 7, "", ["owner"], "Owner"])
def test_a_member_with_an_odd_role_is_a_media_buyer(role: object) -> None:
    """A member still, with the least rights."""
    assert team_of("t", [{"sk": "MEMBER#u1", "role": role}]).roles == {"u1": Role.MEDIA_BUYER}


@pytest.mark.parametrize(
    ("advertiser_ids", "expected"),
    [(["1", "2"], ("1", "2")), ([Decimal(7300000000000000001)], ("7300000000000000001",)), ("1", ()), (None, ())],
)
def test_a_connection_that_was_written_oddly(advertiser_ids: object, expected: tuple[str, ...]) -> None:
    """Ids are texts whatever they were written as; what is no list is none."""
    (connection,) = team_of("t", [{"sk": "CONNECTION#u1", "advertiser_ids": advertiser_ids}]).connections
    assert connection == Connection("t", "u1", "", expected, "", "")


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
    """ISO 8601, in UTC where it does not say; the epoch where it says nothing."""
    assert moment(text) == expected
