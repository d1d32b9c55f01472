"""Looks that other services ask for: a draft was saved, a campaign scheduled, TikTok connected."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from publishing.inputs import AdvertiserId, faulty_fields
from publishing.readiness.record import WRITE_TRIES, Record
from publishing.readiness.stores import LookMessage, Outgoing, Queue, Records, Refreshes
from publishing.teams import Teams

LAUNCH_YEARS = range(2000, 3000)
"""In which a campaign can be launched."""


class RequestRefusedError(ValueError):
    """An event that names no advertiser to look at; the text says what is wrong with it."""


def _launch(moment: datetime) -> datetime:
    """In UTC; a placeholder at an end of the calendar is no launch, and nothing can be reckoned from it."""
    if moment.year not in LAUNCH_YEARS:
        raise ValueError("no launch")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


class _Detail(BaseModel):
    """The part of an event's ``detail`` that is read; others may be there."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    team_id: Annotated[str, StringConstraints(min_length=1, max_length=200, strict=True)]
    advertiser_id: AdvertiserId | None = None
    user_id: str | None = None
    """Who connected: only that connection's advertisers are meant."""
    launch_at: Annotated[datetime, AfterValidator(_launch)] | None = None


@dataclass(frozen=True, slots=True)
class Requests:
    """Takes the requests in."""

    records: Records
    queue: Queue
    teams: Teams
    refreshes: Refreshes
    clock: Callable[[], datetime]

    def take(self, event_id: str, detail: Any, *, rested: bool = False) -> int:
        """Ask for a look at the advertiser, or at all of the team's where the event names none; return how many.

        The same event again asks for the same look, which is made once unless it is over by then. Where a launch is
        near the look goes ahead of the queue. ``rested``: not right after the last look, as drafts are saved with
        every keystroke.

        Raises:
            RequestRefusedError: the detail names no team, or something else is wrong with it.
        """
        try:
            asked = _Detail.model_validate(detail)
        except ValidationError as error:
            raise RequestRefusedError(f"unusable: {', '.join(faulty_fields(error, 'detail'))}") from None
        now = self.clock()
        advertisers = [asked.advertiser_id] if asked.advertiser_id else self._advertisers(asked)
        # One by one as they are sent: should the time end among thousands, nothing is claimed without its message.
        records = (self._claimed(asked.team_id, one, asked.launch_at, f"{event_id}/{one}") for one in advertisers)
        self.queue.send(
            Outgoing(
                LookMessage(record.team_id, record.advertiser_id, record.claim),
                urgent=record.urgent(now),
                delay=record.rested_at(now) - now if rested else timedelta(),
            )
            for record in records
        )
        return len(advertisers)

    def _advertisers(self, asked: _Detail) -> Collection[str]:
        """Those of the team's connections, or of the one person's; their lists are refreshed from now on."""
        team = self.teams.read(asked.team_id)
        usable = [one for one in team.connections if team.may_use(one) and asked.user_id in {None, one.user_id}]
        for connection in usable:
            if not connection.scheduled:
                self.refreshes.schedule(connection, self.clock())
        return dict.fromkeys(advertiser_id for one in usable for advertiser_id in one.advertiser_ids)

    def _claimed(self, team_id: str, advertiser_id: str, launch_at: datetime | None, claim: str) -> Record:
        for _ in range(WRITE_TRIES):
            now = self.clock()
            record = self.records.read(team_id, advertiser_id) or Record(team_id, advertiser_id, due_at=now)
            written = self.records.write(record.used(now, launch_at).claimed(claim, now))
            if written is not None:
                return written
        raise ContendedError(f"{team_id}/{advertiser_id}")


class ContendedError(Exception):
    """A record that others kept writing: to be tried again later."""
