"""The worker of the queue of connections: refreshes the connection that each message names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from publishing.connecting.refresh import refresh
from publishing.connecting.services import ConnectServices
from publishing.connecting.stores import DueConnection
from publishing.inputs import faulty_fields
from publishing.log_events import LogEvent
from publishing.readiness.expiry import Expiry
from publishing.stores import Marks
from tiktok_business.deadline import Deadline

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

BUDGET_SECONDS = 20.0
"""For one connection: an agency's thousand ad accounts are asked about a hundred at a time."""

logger = Logger(service="publishing")

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    team_id: Name
    user_id: Name


@dataclass(frozen=True, slots=True)
class Worker:
    """Works through batches."""

    services: ConnectServices
    marks: Marks
    expiry: Expiry

    def handle(self, event: dict[str, Any], context: "LambdaContext") -> Mapping[str, Any]:
        """Work through one batch; the answer names the messages that are to come again."""
        logger.clear_state()
        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        return dict(process_partial_response(event, self._one, processor, context))

    def _one(self, record: SQSRecord) -> None:
        try:
            body = _Body.model_validate_json(record.body)
        except ValidationError as error:
            problem = faulty_fields(error, "body")
            logger.error(LogEvent.MESSAGE_UNREADABLE, message_id=record.message_id, problem=problem)  # noqa: TRY400 - the text says all, and no more
            raise ValueError("unreadable message") from None
        try:
            refresh(
                self.services,
                self.marks,
                self.expiry,
                DueConnection(body.team_id, body.user_id),
                Deadline.after(BUDGET_SECONDS),
            )
        except Exception as error:
            # Its type alone: the text may quote what must not be logged.
            logger.error(LogEvent.REFRESH_FAILED, message_id=record.message_id, error=type(error).__name__)  # noqa: TRY400 - as above
            raise
