"""The daily refresh of connections: the sweep queues what is due, the worker reads lists and recovers operations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from publishing.connections.advertiser_list import REFRESH_INTERVAL, REFRESH_RETRY_INTERVAL
from publishing.connections.completion import ConnectionServices, recover
from publishing.connections.pending_operation import DueConnection
from publishing.events.notifications import ExpiryNotifier
from publishing.http.request_schemas import invalid_fields
from publishing.log_events import LogEvent
from publishing.ports import AppNotConfiguredError, ConnectionRepository, SendRefresh, TokenUnavailableError
from publishing.teams import Connection, ConnectionStatus
from publishing.tokens import call_with_token_refresh
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError, TokenInvalidError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

PAGE_SIZE = 100
BUDGET_SECONDS = 20.0
"""Time for one connection: an agency's thousand ad accounts are asked about a hundred at a time."""

logger = Logger(service="publishing")

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True)
class ConnectionSweep:
    """Puts connections that are due into the queue."""

    connections: ConnectionRepository
    send: SendRefresh
    clock: Callable[[], datetime]

    def run(self, *, out_of_time: Callable[[], bool]) -> int:
        """Request a refresh of each connection that is due, and return how many were requested.

        Each is first postponed by an hour: its refresh schedules the next one, and if the message is lost it is due
        again then. The next sweep finds what there was no time for.
        """
        requested = 0
        for page in self.connections.due(self.clock(), PAGE_SIZE):
            for due in page:
                if out_of_time():
                    return requested
                now = self.clock()
                if self.connections.claim_due(due, now, now + REFRESH_RETRY_INTERVAL):
                    self.send(due)
                    requested += 1
        return requested


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    team_id: Name
    user_id: Name


@dataclass(frozen=True, slots=True)
class RefreshWorker:
    """Processes batches of the refresh queue."""

    services: ConnectionServices
    expiry: ExpiryNotifier

    def handle(self, event: dict[str, Any], context: "LambdaContext") -> Mapping[str, Any]:
        """Process one batch and return the messages to retry."""
        logger.clear_state()
        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        return dict(process_partial_response(event, self._process, processor, context))

    def _process(self, record: SQSRecord) -> None:
        try:
            message = _Message.model_validate_json(record.body)
        except ValidationError as error:
            problem = invalid_fields(error, "body")
            logger.error(LogEvent.MESSAGE_UNREADABLE, message_id=record.message_id, problem=problem)  # noqa: TRY400 - the text says all, and no more
            raise ValueError("unreadable message") from None
        try:
            due = DueConnection(message.team_id, message.user_id)
            refresh(self.services, self.expiry, due, Deadline.after(BUDGET_SECONDS))
        except Exception as error:
            # Its type alone: the text may quote what must not be logged.
            logger.error(LogEvent.REFRESH_FAILED, message_id=record.message_id, error=type(error).__name__)  # noqa: TRY400 - as above
            raise


def refresh(services: ConnectionServices, expiry: ExpiryNotifier, due: DueConnection, deadline: Deadline) -> None:
    """Refresh one connection or recover its operation. If TikTok fails it is due again after an hour, or a day."""
    try:
        operation = services.operations.read(due.team_id, due.user_id)
        if operation is not None:
            recover(services, operation, deadline)
            return
        team = services.teams.read(due.team_id)
        connection = team.connection_of(due.user_id)
        if connection is None or connection.status != ConnectionStatus.ACTIVE:
            if connection is not None:
                services.connections.cancel_refresh(connection)
            return
        if connection.user_id not in team.roles:  # has left the team: nobody may use the token, unless they return
            services.connections.postpone_refresh(connection, services.clock() + REFRESH_INTERVAL)
            return
        _refresh_list(services, expiry, connection, deadline)
    except TikTokError as error:
        logger.warning(LogEvent.REFRESH_POSTPONED, user_id=due.user_id, tiktok=str(error))
    except AppNotConfiguredError:
        logger.error(LogEvent.APP_NOT_CONFIGURED)  # noqa: TRY400 - the text says all


def _refresh_list(
    services: ConnectionServices, expiry: ExpiryNotifier, connection: Connection, deadline: Deadline
) -> None:
    """Read the list again. A connection whose token is invalid expires, and its expiry is published."""
    asked_at = services.clock()
    try:
        found = call_with_token_refresh(
            services.secrets, connection, lambda token: services.read_advertisers(token, deadline)
        )
    except TokenUnavailableError as error:
        logger.warning(LogEvent.SECRET_UNUSABLE, user_id=connection.user_id, why=error.why)
        return
    except TokenInvalidError as error:
        logger.warning(LogEvent.TOKEN_INVALID, user_id=connection.user_id, tiktok=str(error))
        services.connections.mark_expired(connection)
        expiry.notify(replace(connection, status=ConnectionStatus.EXPIRED))
        return
    except TikTokError as error:
        if not error.retryable:  # a permission that was not granted, say: an hour later it still is not
            services.connections.postpone_refresh(connection, services.clock() + REFRESH_INTERVAL)
        raise
    refreshed = found.applied_to(services.connections.with_whole_list(connection), asked_at)
    services.connections.save_list(connection, refreshed, services.clock() + REFRESH_INTERVAL)
    logger.info(LogEvent.ADVERTISERS_LISTED, user_id=connection.user_id, advertisers=len(found.advertiser_ids))
