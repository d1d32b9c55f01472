"""Checks that other services request by an event: a draft was saved, a campaign scheduled, TikTok connected."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

from aws_lambda_powertools import Logger
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from publishing.events.schemas import OutboxEvent
from publishing.http.request_schemas import AdvertiserId, invalid_fields
from publishing.log_events import LogEvent
from publishing.ports import CheckQueue, ConnectionRepository, PublishEvents, ReadinessRepository, TeamRepository
from publishing.readiness import metrics
from publishing.readiness.check_job import CheckJob
from publishing.readiness.record import WRITE_TRIES, Record
from publishing.teams import ADVERTISERS_PER_PAGE, MAX_LISTED, ConnectionStatus

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

DRAFT_SAVED = "Campaign Draft Saved"
REQUESTS_CONTINUED = "TikTok Check Requests Go On"
"""The detail type with which the requests of an event continue in another run; template.yaml has the rule."""
RESERVE_MILLISECONDS = 30_000
"""Another run continues below this remaining Lambda time: a hundred requests take seconds."""
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
    advertiser_ids: tuple[AdvertiserId, ...] = ()
    """Some of the advertisers of a connection whose item does not name them, since they are more than a hundred."""
    launch_at: Annotated[datetime, AfterValidator(_launch)] | None = None
    continues: "_Progress | None" = None


class _Progress(BaseModel):
    """How far the requests of an event have come: what a run leaves to the next one."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    event_id: str
    """Of the event that other services sent."""
    debounced: bool
    user_id: str
    """Whose advertisers come next."""
    page: int
    """The page of that person's advertisers that comes next."""


@dataclass(frozen=True, slots=True)
class CheckRequests:
    """Queues the requested checks."""

    records: ReadinessRepository
    queue: CheckQueue
    teams: TeamRepository
    connections: ConnectionRepository
    publish_events: PublishEvents
    clock: Callable[[], datetime]

    def enqueue(
        self,
        event_id: str,
        detail: Any,
        *,
        debounced: bool = False,
        out_of_time: Callable[[], bool] = lambda: False,
    ) -> int:
        """Request a check of the advertiser, or of all of the team's if the event names none; return how many.

        The same event again requests the same check, which is made once. Near a launch the check goes into the urgent
        queue. ``debounced``: not within ``MIN_INTERVAL`` of the last check, since drafts are saved with every
        keystroke. If ``out_of_time``, the rest is left to another run, which an event begins.

        Raises:
            InvalidCheckRequestError: the detail names no team, or is malformed in another way.
            ContendedError: others kept writing the same record or list.
        """
        try:
            requested = _Detail.model_validate(detail)
        except ValidationError as error:
            raise InvalidCheckRequestError(f"invalid: {', '.join(invalid_fields(error, 'detail'))}") from None
        done = requested.continues
        event_id, debounced = (done.event_id, done.debounced) if done else (event_id, debounced)
        if requested.user_id is not None and requested.advertiser_ids:
            self._add_to_list(requested.team_id, requested.user_id, requested.advertiser_ids)
        queued = 0
        requested_already: set[str] = set()
        for user_id, page, advertiser_ids in self._pages(requested):
            if out_of_time():
                progress = _Progress(event_id=event_id, debounced=debounced, user_id=user_id, page=page)
                self._continue(requested, progress)
                break
            # One by one: if the time ends all the same, nothing is claimed without its job.
            for advertiser_id in dict.fromkeys(one for one in advertiser_ids if one not in requested_already):
                requested_already.add(advertiser_id)
                queued += self._enqueue_one(requested, advertiser_id, event_id, debounced=debounced)
        return queued

    def _enqueue_one(self, requested: _Detail, advertiser_id: str, event_id: str, *, debounced: bool) -> bool:
        now = self.clock()
        record = self._claimed(requested.team_id, advertiser_id, requested.launch_at, event_id)
        if record.claim is None:
            return False  # the event was delivered again: its check is running, or has been made
        self.queue.send(
            CheckJob(record.team_id, record.advertiser_id, record.claim),
            urgent=record.urgent(now),
            delay=record.earliest_check_at(now) - now if debounced else timedelta(),
        )
        return True

    def _pages(self, requested: _Detail) -> Iterator[tuple[str, int, Sequence[str]]]:
        """Return the advertisers that are still to be requested, a hundred at a time, each with whose and which page.

        Those of all usable connections of the team, or of the one person's; their lists are refreshed from now on.
        """
        done = requested.continues
        first_user, first_page = (done.user_id, done.page) if done else ("", 0)
        named = [requested.advertiser_id] if requested.advertiser_id else requested.advertiser_ids
        if named:
            for page, ids in enumerate(batched(named, ADVERTISERS_PER_PAGE, strict=False)):
                if page >= first_page:
                    yield "", page, ids
            return
        team = self.teams.read(requested.team_id)
        usable = [one for one in team.connections if team.may_use(one) and requested.user_id in {None, one.user_id}]
        for connection in sorted(usable, key=lambda one: one.user_id):
            if connection.user_id < first_user:
                continue
            if not connection.scheduled:
                self.connections.schedule_refresh(connection, self.clock())
            begin = first_page if connection.user_id == first_user else 0
            for page in range(begin, -(-connection.advertiser_count // ADVERTISERS_PER_PAGE)):
                (rows,) = self.connections.read_pages([(connection, page)])
                yield connection.user_id, page, [row.advertiser_id for row in rows]

    def _continue(self, requested: _Detail, progress: _Progress) -> None:
        detail = requested.model_copy(update={"continues": progress}).model_dump(mode="json", exclude_defaults=True)
        self.publish_events(
            [OutboxEvent(f"{progress.event_id}/{progress.user_id}/{progress.page}", REQUESTS_CONTINUED, detail)]
        )
        logger.info(LogEvent.REQUESTS_CONTINUED, event_id=progress.event_id, page=progress.page)

    def _add_to_list(self, team_id: str, user_id: str, advertiser_ids: Sequence[str]) -> None:
        """Add advertisers to a connection that another service wrote; TikTok's own list replaces them soon."""
        for _ in range(WRITE_TRIES):
            connection = self.teams.read(team_id).connection_of(user_id)
            if connection is None or connection.status != ConnectionStatus.ACTIVE:
                return
            known = self.connections.with_whole_list(connection)
            ids = tuple(dict.fromkeys((*known.advertiser_ids, *advertiser_ids)))[:MAX_LISTED]
            listed = replace(known, advertiser_ids=ids)
            if listed == known or self.connections.save_list(connection, listed, self.clock()):
                return
        raise ContendedError(f"{team_id}/{user_id}")

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

    def handler(event: Mapping[str, Any], context: "LambdaContext") -> None:
        logger.clear_state()

        def out_of_time() -> bool:
            return context.get_remaining_time_in_millis() < RESERVE_MILLISECONDS

        kind = str(event.get("detail-type", ""))
        event_id = str(event.get("id") or uuid4())
        try:
            detail, debounced = event.get("detail"), kind == DRAFT_SAVED
            queued = requests.enqueue(event_id, detail, debounced=debounced, out_of_time=out_of_time)
        except InvalidCheckRequestError as error:  # would be rejected again
            logger.error(LogEvent.CHECK_REQUEST_MALFORMED, event_id=event.get("id"), kind=kind, problem=str(error))  # noqa: TRY400 - the text says all, and no more
            metrics.count_malformed_request()
            return
        logger.info(LogEvent.CHECKS_REQUESTED, event_id=event.get("id"), kind=kind, checks=queued)

    return handler
