"""A team: its members' roles, what it pays for, and their connections."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publishing.teams import Connection, ConnectionStatus, Role, Subscription, Team, moment

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
EARLIER, LATER = NOW.timestamp() - 60, NOW.timestamp() + 60
ONE = Connection("t", "u1", "active", ("1",), "secret-u1", "2026-11-01T09:00:00Z")
OTHER = replace(ONE, user_id="u2", secret_id="secret-u2")


def test_what_stands_in_the_table() -> None:
    """Other services write and read the same names."""
    assert [*Role] == ["owner", "manager", "mediabuyer"]
    assert [*ConnectionStatus] == ["active", "expired", "revoked"]


def test_nothing_is_known_of_a_team_unless_it_is_written() -> None:
    """No member, no subscription, no connection."""
    assert Team("t") == Team("t", roles={}, subscription=None, connections=())


def test_a_connection_needs_no_more_than_another_service_writes() -> None:
    """What only this service writes is not known then, and nothing is taken for done."""
    assert (
        Connection(
            "t",
            "u1",
            "active",
            ("1",),
            "secret-u1",
            "2026-11-01T09:00:00Z",
            expiry_told=False,
            names={},
            disabled=frozenset(),
            scopes=None,
            verified_at=None,
            scheduled=False,
        )
        == ONE
    )


def test_connections_with_names_can_be_kept_in_a_set() -> None:
    """Though a mapping cannot."""
    assert len({ONE, replace(ONE, names={"1": "One"}), OTHER}) == 3


def test_a_connection_is_found_by_its_person() -> None:
    """Whatever its status."""
    for status in ConnectionStatus:
        ended = replace(OTHER, status=status)
        assert Team("t", connections=(ONE, ended)).connection_of("u2") == ended
    assert Team("t", connections=(ONE, OTHER)).connection_of("u3") is None


def test_a_connection_takes_the_place_of_its_persons() -> None:
    """The others and all else of the team stay as they are; who has none gets none."""
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
    """Active or trialing, and the period absent or not over."""
    assert Team("t", subscription=subscription).has_active_subscription(NOW) is active


def test_no_subscription_is_not_active() -> None:
    """Absent means unpaid."""
    assert not Team("t").has_active_subscription(NOW)


@pytest.mark.parametrize("role", Role)
def test_a_role_is_known_by_its_name(role: Role) -> None:
    """As it stands in the table."""
    assert Role.of(role.value) is role


@pytest.mark.parametrize("role", [None, 7, "", ["owner"], "Owner", "admin"])
def test_an_odd_role_is_that_of_a_media_buyer(role: object) -> None:
    """The least rights."""
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
    """ISO 8601, in UTC where it does not say; the epoch where it says nothing."""
    assert moment(text) == expected
