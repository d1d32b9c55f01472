"""The worker of the queues of looks: each message by itself, and no faster than the app's level allows."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from publishing.inputs import AdvertiserId, faulty_fields
from publishing.log_events import LogEvent
from publishing.readiness import metrics
from publishing.readiness.check import CheckServices, check
from publishing.readiness.decision import troubled
from publishing.readiness.looks import Checked, ComesBackError, Outcome
from publishing.readiness.pacing import Pace
from publishing.readiness.record import LEASE
from publishing.readiness.stores import LookMessage, Run, Runs
from tiktok_business.deadline import Deadline

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

BUDGET_SECONDS = 8.0
"""For one look."""
MARGIN_SECONDS = 3.0
"""Of the Lambda's time, kept to write down what a look found."""
RETRY_AFTER = LEASE
"""After an error of ours, doubled with every try: before, its own lease would be in its way."""
RETRY_UNREADABLE_AFTER = timedelta(seconds=1)
"""A message that cannot be read gets no better by waiting."""

logger = Logger(service="publishing")


class UnreadableMessageError(ValueError):
    """A message that asks for nothing; says which fields are wrong, never what they hold."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    team_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    advertiser_id: AdvertiserId
    claim: str | None = None
    run: str | None = None
    quiet: bool = False


@dataclass(slots=True)
class Worker:
    """Works through batches. ``sleep`` is an argument so that tests do not wait."""

    services: CheckServices
    runs: Runs
    pace: Pace
    urgent_queue: str
    """The name of the urgent queue."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _done: list[tuple[LookMessage | None, Checked, int]] = field(default_factory=list)

    def handle(self, event: dict[str, Any], context: "LambdaContext") -> Mapping[str, Any]:
        """Work through one batch; the answer names the messages that are to come again."""
        logger.clear_state()
        self._done.clear()
        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        end = Deadline.after(context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS, self.clock)
        answer = process_partial_response(event, lambda record: self._one(record, end), processor, context)
        self._account()
        return dict(answer)

    def _one(self, record: SQSRecord, end: Deadline) -> None:
        tries = int(record.attributes.approximate_receive_count)
        urgent = record.event_source_arn.rpartition(":")[2] == self.urgent_queue
        begun = self.clock()
        message: LookMessage | None = None
        checked = Checked(Outcome.FAILED)
        try:
            message = parsed(record.body)
            checked = self._checked(message, record.message_id, tries, end)
        except ComesBackError as later:
            checked = later.checked
            self._hide(record, later.at - self.services.clock(), urgent=urgent)
            raise
        except UnreadableMessageError as error:
            checked = Checked(Outcome.UNREADABLE)
            logger.error(LogEvent.MESSAGE_UNREADABLE, message_id=record.message_id, problem=str(error), tries=tries)  # noqa: TRY400 - the text says all, and no more
            self._hide(record, RETRY_UNREADABLE_AFTER, urgent=urgent)
            raise
        except Exception as error:
            # Its type alone: the text may quote what must not be logged.
            logger.error(LogEvent.CHECK_FAILED, message_id=record.message_id, error=type(error).__name__, tries=tries)  # noqa: TRY400 - as above
            self._hide(record, RETRY_AFTER * 2 ** (tries - 1), urgent=urgent)
            raise
        finally:
            self._done.append((message, checked, tries))
            self._log(message, checked)
            self._rest(checked, begun, end, urgent=urgent)

    def _log(self, message: LookMessage | None, checked: Checked) -> None:
        if message is not None:
            logger.info(
                LogEvent.CHECKED,
                team_id=message.team_id,
                advertiser_id=message.advertiser_id,
                outcome=checked.outcome,
                events=checked.events,
            )

    def _rest(self, checked: Checked, begun: float, end: Deadline, *, urgent: bool) -> None:
        """Wait until this worker's next turn, where TikTok was asked."""
        if checked.look is not None:
            gap = self.pace.gap(urgent=urgent).total_seconds()
            self.sleep(max(0.0, min(begun + gap - self.clock(), end.remaining())))

    def _checked(self, message: LookMessage, message_id: str, tries: int, end: Deadline) -> Checked:
        if end.remaining() < BUDGET_SECONDS:
            raise ComesBackError(Checked(Outcome.OUT_OF_TIME), self.services.clock())
        return check(self.services, message, message_id, tries, end.within(BUDGET_SECONDS))

    def _hide(self, record: SQSRecord, delay: timedelta, *, urgent: bool) -> None:
        try:
            self.services.queue.hide(record.receipt_handle, max(delay, timedelta()), urgent=urgent)
        except Exception as error:  # noqa: BLE001 - then it comes back when the queue's own time is over
            logger.warning(LogEvent.NOT_HIDDEN, message_id=record.message_id, error=type(error).__name__)

    def _account(self) -> None:
        """Count what came of the batch: for operators, and for the next sweep."""
        runs: dict[str, Counter[bool]] = {}
        for message, checked, tries in self._done:
            first_refusal = checked.outcome is Outcome.RATE_LIMITED and tries == 1
            if message and message.run and checked.look and (checked.outcome is Outcome.LOOKED or first_refusal):
                runs.setdefault(message.run, Counter())[troubled(checked.look)] += 1
        try:
            for name, counted in runs.items():
                self.runs.count(Run(name, verified=counted[False], unverified=counted[True]))
        except Exception as error:  # noqa: BLE001 - the looks are made: the batch must not come again for its account
            logger.warning(LogEvent.NOT_COUNTED, error=type(error).__name__)
        metrics.of_checks([checked for _, checked, _ in self._done])


def parsed(body: str) -> LookMessage:
    """The message that a body holds.

    Raises:
        UnreadableMessageError: it holds none.
    """
    try:
        read = _Body.model_validate_json(body)
    except ValidationError as error:
        raise UnreadableMessageError(f"unusable: {', '.join(faulty_fields(error, 'body'))}") from None
    return LookMessage(read.team_id, read.advertiser_id, read.claim, read.run, read.quiet)
