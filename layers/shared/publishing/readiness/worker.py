"""The worker of the check queues: each message by itself, and no faster than the app's level allows."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from publishing.log_events import LogEvent
from publishing.ports import SweepRepository
from publishing.readiness import metrics
from publishing.readiness.check import CheckReport, CheckServices, JobOutcome, RetryLaterError, check
from publishing.readiness.check_job import CheckJob, SweepStatistics, UnreadableJobError, parse_job
from publishing.readiness.decision import has_transient_failure
from publishing.readiness.pacing import Pace
from publishing.readiness.record import LEASE
from tiktok_business.deadline import Deadline

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

BUDGET_SECONDS = 8.0
"""Time for one check."""
MARGIN_SECONDS = 3.0
"""Of the Lambda's time, reserved for writing what a check found."""
RETRY_AFTER = LEASE
"""After an internal error, doubled with every delivery: earlier, the check's own lease would block it."""
RETRY_UNREADABLE_AFTER = timedelta(seconds=1)
"""Waiting does not make an unreadable message readable."""

logger = Logger(service="publishing")


@dataclass(slots=True)
class CheckWorker:
    """Processes batches. ``sleep`` is an argument so that tests do not wait."""

    services: CheckServices
    statistics: SweepRepository
    pace: Pace
    urgent_queue: str
    """The name of the urgent queue."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _ended: list[tuple[CheckJob | None, CheckReport, int]] = field(default_factory=list)

    def handle(self, event: dict[str, Any], context: "LambdaContext") -> Mapping[str, Any]:
        """Process one batch and return the messages to retry."""
        logger.clear_state()
        self._ended.clear()
        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        end = Deadline.after(context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS, self.clock)
        answer = process_partial_response(event, lambda record: self._process(record, end), processor, context)
        self._count()
        return dict(answer)

    def _process(self, record: SQSRecord, end: Deadline) -> None:
        tries = int(record.attributes.approximate_receive_count)
        urgent = record.event_source_arn.rpartition(":")[2] == self.urgent_queue
        started = self.clock()
        job: CheckJob | None = None
        report = CheckReport(JobOutcome.FAILED)
        try:
            job = parse_job(record.body)
            report = self._check(job, record.message_id, tries, end)
        except RetryLaterError as later:
            report = later.report
            self._retry_after(record, later.at - self.services.clock(), urgent=urgent)
            raise
        except UnreadableJobError as error:
            report = CheckReport(JobOutcome.UNREADABLE)
            logger.error(LogEvent.MESSAGE_UNREADABLE, message_id=record.message_id, problem=str(error), tries=tries)  # noqa: TRY400 - the text says all, and no more
            self._retry_after(record, RETRY_UNREADABLE_AFTER, urgent=urgent)
            raise
        except Exception as error:
            # Its type alone: the text may quote what must not be logged.
            logger.error(LogEvent.CHECK_FAILED, message_id=record.message_id, error=type(error).__name__, tries=tries)  # noqa: TRY400 - as above
            self._retry_after(record, RETRY_AFTER * 2 ** (tries - 1), urgent=urgent)
            raise
        finally:
            self._ended.append((job, report, tries))
            self._log(job, report)
            self._keep_pace(report, started, end, urgent=urgent)

    def _log(self, job: CheckJob | None, report: CheckReport) -> None:
        if job is not None:
            logger.info(
                LogEvent.CHECK_JOB_ENDED,
                team_id=job.team_id,
                advertiser_id=job.advertiser_id,
                outcome=report.outcome,
                events=report.events,
            )

    def _keep_pace(self, report: CheckReport, started: float, end: Deadline, *, urgent: bool) -> None:
        """Wait until this worker may make its next check, if TikTok was asked."""
        if report.result is not None:
            duration = self.pace.min_duration(urgent=urgent).total_seconds()
            self.sleep(max(0.0, min(started + duration - self.clock(), end.remaining())))

    def _check(self, job: CheckJob, message_id: str, tries: int, end: Deadline) -> CheckReport:
        if end.remaining() < BUDGET_SECONDS:
            raise RetryLaterError(CheckReport(JobOutcome.OUT_OF_TIME), self.services.clock())
        return check(self.services, job, message_id, tries, end.within(BUDGET_SECONDS))

    def _retry_after(self, record: SQSRecord, delay: timedelta, *, urgent: bool) -> None:
        try:
            self.services.queue.change_visibility(record.receipt_handle, max(delay, timedelta()), urgent=urgent)
        except Exception as error:  # noqa: BLE001 - then it is retried after the queue's own visibility timeout
            logger.warning(LogEvent.VISIBILITY_NOT_CHANGED, message_id=record.message_id, error=type(error).__name__)

    def _count(self) -> None:
        """Count the batch's outcomes: in metrics, and in the statistics of the sweep."""
        runs: dict[str, Counter[bool]] = {}
        for job, report, tries in self._ended:
            first_refusal = report.outcome is JobOutcome.RATE_LIMITED and tries == 1
            if job and job.run and report.result and (report.outcome is JobOutcome.CHECKED or first_refusal):
                runs.setdefault(job.run, Counter())[has_transient_failure(report.result)] += 1
        try:
            for run, counted in runs.items():
                self.statistics.add(SweepStatistics(run, verified=counted[False], unverified=counted[True]))
        except Exception as error:  # noqa: BLE001 - the checks are made: the batch must not be retried for its statistics
            logger.warning(LogEvent.SWEEP_STATISTICS_NOT_UPDATED, error=type(error).__name__)
        metrics.count_checks([report for _, report, _ in self._ended])
