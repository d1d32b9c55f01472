"""What is put into the queue of checks, and the statistics of the sweep that put it there."""

import json
from dataclasses import asdict, dataclass
from functools import cache
from typing import Annotated

from pydantic import ConfigDict, StringConstraints, TypeAdapter, ValidationError

from publishing.http.request_schemas import AdvertiserId, invalid_fields


class UnreadableJobError(ValueError):
    """A message without a valid job; names the invalid fields, never their values."""


@dataclass(frozen=True, slots=True)
class CheckJob:
    """Requests one check. In the queue it is JSON with these names."""

    __pydantic_config__ = ConfigDict(extra="ignore", strict=True)

    team_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    advertiser_id: AdvertiserId
    claim: str | None = None
    """The record's claim; without one each message makes a check, once."""
    run: str | None = None
    """The sweep that requests it."""
    quiet: bool = False
    """Publish no stale event: most checks of the previous sweep could not be verified, so TikTok itself is failing."""


@dataclass(frozen=True, slots=True)
class SweepStatistics:
    """The results of one sweep so far."""

    run: str
    """The time for which it was scheduled, ISO 8601 in UTC: sorted by name, runs are in order."""
    queued: int = 0
    verified: int = 0
    unverified: int = 0


@cache
def _job_adapter() -> TypeAdapter[CheckJob]:
    return TypeAdapter(CheckJob)  # takes 9 ms, and functions that only send jobs need none


def write_job(job: CheckJob) -> str:
    """Return the job as a message body."""
    return json.dumps({name: value for name, value in asdict(job).items() if value not in {None, False}})


def parse_job(body: str) -> CheckJob:
    """Return the job of a message body.

    Raises:
        UnreadableJobError: the body holds none.
    """
    try:
        return _job_adapter().validate_json(body)
    except ValidationError as error:
        raise UnreadableJobError(f"invalid: {', '.join(invalid_fields(error, 'body'))}") from None
