"""Checks that other services request by an event: a draft was saved, a campaign scheduled, TikTok connected."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

from aws_lambda_powertools import Logger
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from publishing.http.request_schemas import AdvertiserId, invalid_fields
from publishing.log_events import LogEvent
from publishing.ports import CheckQueue, ConnectionRepository, ReadinessRepository, TeamRepository
from publishing.readiness import metrics
from publishing.readiness.check_job import CheckJob
from publishing.readiness.record import WRITE_TRIES, Record

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

DRAFT_SAVED = "Campaign Draft Saved"
LAUNCH_YEARS = range(2000, 3000)
"""Years in which a campaign can be launched."""

Handler = Callable[[Mapping[str, Any], "LambdaContext"], None]

logger = Logger(service="publishing")


class InvalidCheckRequestError(ValueError):
    """A malformed check request; the text names the invalid fields."""


class ContendedError(Exception):
    """Others kept writing the record: to be retried later."""


def _launch(moment: datetime) -> datetime:
    """Return it in UTC; a placeholder at an end of the calendar is no launch, and nothing can be computed from it."""
    if moment.year not in LAUNCH_YEARS:
        raise ValueError("not a launch date")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


class _Detail(BaseModel):
    """The part of an event's ``detail`` that is read; other fields are allowed."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    team_id: Annotated[str, StringConstraints(min_length=1, max_length=200, strict=True)]
    advertiser_id: AdvertiserId | None = None
    user_id: str | None = None
    """Who connected: only that connection's advertisers are meant."""
    launch_at: Annotated[datetime, AfterValidator(_launch)] | None = None


@dataclass(frozen=True, slots=True)
class CheckRequests:
    """Queues the requested checks."""

    records: ReadinessRepository
    queue: CheckQueue
    teams: TeamRepository
    connections: ConnectionRepository
    clock: Callable[[], datetime]

    def enqueue(self, event_id: str, detail: Any, *, debounced: bool = False) -> int:
        """Request a check of the advertiser, or of all of the team's if the event names none; return how many.

        The same event again requests the same check, which is made once. Near a launch the check goes into the urgent
        queue. ``debounced``: not within ``MIN_INTERVAL`` of the last check, since drafts are saved with every
        keystroke.

        Raises:
            InvalidCheckRequestError: the detail names no team, or is malformed in another way.
        """
        try:
            requested = _Detail.model_validate(detail)
        except ValidationError as error:
            raise InvalidCheckRequestError(f"invalid: {', '.join(invalid_fields(error, 'detail'))}") from None
        now = self.clock()
        queued = 0
        advertisers = [requested.advertiser_id] if requested.advertiser_id else self._advertisers(requested)
        for advertiser_id in advertisers:  # one by one: if the time ends, nothing is claimed without its job
            record = self._claimed(requested.team_id, advertiser_id, requested.launch_at, event_id)
            if record.claim is None:
                continue  # the event was delivered again: its check is running, or has been made
            self.queue.send(
                CheckJob(record.team_id, record.advertiser_id, record.claim),
                urgent=record.urgent(now),
                delay=record.earliest_check_at(now) - now if debounced else timedelta(),
            )
            queued += 1
        return queued

    def _advertisers(self, requested: _Detail) -> Collection[str]:
        """Return those of the team's connections, or of the one person's; their lists are refreshed from now on."""
        team = self.teams.read(requested.team_id)
        usable = [one for one in team.connections if team.may_use(one) and requested.user_id in {None, one.user_id}]
        for connection in usable:
            if not connection.scheduled:
                self.connections.schedule_refresh(connection, self.clock())
        return dict.fromkeys(advertiser_id for one in usable for advertiser_id in one.advertiser_ids)

    def _claimed(self, team_id: str, advertiser_id: str, launch_at: datetime | None, event_id: str) -> Record:
        for _ in range(WRITE_TRIES):
            now = self.clock()
            record = self.records.read(team_id, advertiser_id) or Record(team_id, advertiser_id, due_at=now)
            if event_id in record.requests:
                return record
            written = self.records.write(record.requested(event_id, now, launch_at))
            if written is not None:
                return written
        raise ContendedError(f"{team_id}/{advertiser_id}")


def request_handler(requests: CheckRequests) -> Handler:
    """Return the handler of other services' events."""

    def handler(event: Mapping[str, Any], _context: "LambdaContext") -> None:
        logger.clear_state()
        kind = str(event.get("detail-type", ""))
        event_id = str(event.get("id") or uuid4())
        try:
            queued = requests.enqueue(event_id, event.get("detail"), debounced=kind == DRAFT_SAVED)
        except InvalidCheckRequestError as error:  # would be rejected again
            logger.error(LogEvent.CHECK_REQUEST_MALFORMED, event_id=event.get("id"), kind=kind, problem=str(error))  # noqa: TRY400 - the text says all, and no more
            metrics.count_malformed_request()
            return
        logger.info(LogEvent.CHECKS_REQUESTED, event_id=event.get("id"), kind=kind, checks=queued)

    return handler
