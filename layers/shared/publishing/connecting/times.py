"""Moments and spans of connections."""

from datetime import UTC, datetime, timedelta

LIST_EVERY = timedelta(hours=24)
"""How often the list of a connection's advertisers is read again."""
LIST_AGAIN_AFTER = timedelta(hours=1)
"""The same where TikTok did not tell."""


def in_utc(moment: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond: two connections of a person never have the same."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
