"""From EventBridge's events to the actions they trigger."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from publishing.connecting.sweep import ConnectionSweep
from publishing.log_events import LogEvent
from publishing.readiness import metrics
from publishing.readiness.cadence import LAUNCHES, shards
from publishing.readiness.record import OutgoingEvent
from publishing.readiness.request import RequestRefusedError, Requests
from publishing.readiness.stores import Bus
from publishing.readiness.sweep import Sweep, Sweeping

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

GOES_ON = "TikTok Readiness Sweep Goes On"
"""The detail type with which a sweep hands itself on; template.yaml has the rule."""
SAVED = "Campaign Draft Saved"
RESERVE_MILLISECONDS = 20_000
"""Of the Lambda's time, from which on a sweep begins no further page: a page takes seconds."""

Handler = Callable[[Mapping[str, Any], "LambdaContext"], None]

logger = Logger(service="publishing")


def sweep_handler(sweep: Sweep, connection_sweep: ConnectionSweep, bus: Bus) -> Handler:
    """The handler of the schedule's events, and of those with which a sweep hands itself on."""

    def handler(event: Mapping[str, Any], context: "LambdaContext") -> None:
        logger.clear_state()

        def out_of_time() -> bool:
            return context.get_remaining_time_in_millis() < RESERVE_MILLISECONDS

        sweeping = _handed_on(event) or sweep.begin(_scheduled_for(event), (LAUNCHES, *shards()))
        swept = sweep.go_on(sweeping, out_of_time=out_of_time)
        if swept.left is None:
            logger.info(LogEvent.CONNECTIONS_ASKED, connections=connection_sweep.run(out_of_time=out_of_time))
        else:
            detail = asdict(swept.left)
            bus.send([OutgoingEvent(f"sweep/{swept.left.run}/{len(swept.left.shards)}", GOES_ON, detail)])
            logger.info(LogEvent.SWEEP_GOES_ON, run=sweeping.run, queued=swept.queued, shards=len(swept.left.shards))
        logger.info(LogEvent.SWEPT, run=sweeping.run, queued=swept.queued, finished=swept.left is None)
        metrics.of_sweep(swept.queued, finished=swept.left is None)

    return handler


def request_handler(requests: Requests) -> Handler:
    """The handler of other services' events."""

    def handler(event: Mapping[str, Any], _context: "LambdaContext") -> None:
        logger.clear_state()
        kind = str(event.get("detail-type", ""))
        try:
            asked = requests.take(str(event.get("id", "")), event.get("detail"), rested=kind == SAVED)
        except RequestRefusedError as error:  # it would be refused again
            logger.error(LogEvent.REQUEST_REFUSED, event_id=event.get("id"), kind=kind, problem=str(error))  # noqa: TRY400 - the text says all, and no more
            metrics.of_refused_request()
            return
        logger.info(LogEvent.LOOK_ASKED, event_id=event.get("id"), kind=kind, looks=asked)

    return handler


def _handed_on(event: Mapping[str, Any]) -> Sweeping | None:
    if event.get("detail-type") != GOES_ON:
        return None
    detail = event["detail"]
    return Sweeping(str(detail["run"]), tuple(detail["shards"]), quiet=bool(detail["quiet"]))


def _scheduled_for(event: Mapping[str, Any]) -> str:
    """The moment that the schedule says: the same event again is the same run."""
    said = event.get("time")
    try:
        moment = datetime.fromisoformat(said) if isinstance(said, str) else datetime.now(UTC)
    except ValueError:
        moment = datetime.now(UTC)
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.isoformat(timespec="milliseconds")
