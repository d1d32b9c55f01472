"""The answers of the API, field by field. Names and values are fixed: the wizard relies on them.

What all have in common is here, the rest in a module for each group of endpoints: a function loads what it answers.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema

from publishing.token_choice import Candidate

Moment = Annotated[
    datetime,
    PlainSerializer(lambda moment: moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
"""A moment in UTC, to the second: ``2026-11-22T17:00:00Z``."""


class Answer(BaseModel):
    """Of whichever endpoint."""

    model_config = ConfigDict(frozen=True)


class TokenUsed(Answer):
    """Whose TikTok token answered."""

    source: Literal["own", "teammate"]
    user_id: str
    """Of the person who connected it."""


AdvertiserIdSource = Literal["query", "first_of_active_token"]


def about(candidate: Candidate, *, given: bool, now: datetime) -> dict[str, object]:
    """The fields that say which advertiser was asked about and with whose token, where ``candidate`` answered."""
    return {
        "advertiser_id": candidate.advertiser_id,
        "advertiser_id_source": "query" if given else "first_of_active_token",
        "token": TokenUsed(source="own" if candidate.own else "teammate", user_id=candidate.connection.user_id),
        "checked_at": now,
    }


def about_nobody(advertiser_id: str | None, now: datetime) -> dict[str, object]:
    """The same where nobody's token answered."""
    return {
        "advertiser_id": advertiser_id,
        "advertiser_id_source": "query" if advertiser_id else None,
        "token": None,
        "checked_at": now,
    }
