"""A team: what its members' roles are worth, whether it has paid, and when things were."""

from datetime import UTC, datetime, timedelta

import pytest

from publishing.teams import Role, Subscription, Team, moment

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
EARLIER, LATER = NOW.timestamp() - 60, NOW.timestamp() + 60


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
