"""The one place where repositories and clients are constructed, once, in Init.

Each property imports what it constructs: a function loads the modules of its own flow only (docs/performance.md).
"""

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from publishing.environment import required
from publishing.repositories.json_api import (
    DYNAMODB,
    EVENTBRIDGE,
    SECRETS_MANAGER,
    SQS,
    AwsCall,
    AwsError,
    JsonApi,
    Service,
)
from publishing.repositories.table import Table

if TYPE_CHECKING:
    from pydantic import SecretStr

    from publishing.connections.advertiser_list import OpenOAuth
    from publishing.connections.completion import ConnectionServices
    from publishing.events.notifications import ExpiryNotifier
    from publishing.readiness.check import CheckServices
    from publishing.readiness.snapshot_refresher import SnapshotRefresher
    from publishing.repositories.authorization_state_repository import DynamoDBAuthorizationStateRepository
    from publishing.repositories.connection_repository import DynamoDBConnectionRepository
    from publishing.repositories.idempotency_repository import DynamoDBIdempotencyRepository
    from publishing.repositories.messaging import EventBridgeBus, SqsCheckQueue, SqsRefreshQueue
    from publishing.repositories.readiness_repository import DynamoDBReadinessRepository
    from publishing.repositories.secret_repository import SecretsManagerRepository
    from publishing.repositories.sweep_repository import DynamoDBSweepRepository
    from publishing.repositories.team_repository import DynamoDBTeamRepository
    from publishing.tokens import OpenTikTok, TokenFailover
    from tiktok_business.endpoints import Hints
    from tiktok_business.transport import Transport

CONNECT_READ_TIMEOUT_SECONDS = 12.0
"""How long TikTok may take to answer while connecting: an exchange that is given up may have used the code."""


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


@dataclass
class Bootstrap:
    """The dependencies of functions, from the function's environment variables.

    Properties raise SettingsError for a missing or invalid variable. ``read_timeout`` is how long TikTok may take to
    answer, in seconds; None takes the transport's default.
    """

    boto3: bool = False
    """Whether AWS is called through boto3: for background functions, since importing it takes as long as all the rest
    (decisions 13 and 36)."""
    tiktok: bool = True
    """Whether the function calls TikTok: then all its connections trust certifi's authorities, which are read once."""
    read_timeout: float | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        """One context for all connections: reading the authorities takes 17 ms."""
        if not self.tiktok:
            return ssl.create_default_context()
        from tiktok_business.transport import trusting_context

        return trusting_context()

    @cached_property
    def teams(self) -> "DynamoDBTeamRepository":
        """Teams."""
        from publishing.repositories.team_repository import DynamoDBTeamRepository

        return DynamoDBTeamRepository(self._table)

    @cached_property
    def connections(self) -> "DynamoDBConnectionRepository":
        """Connections."""
        from publishing.repositories.connection_repository import DynamoDBConnectionRepository

        return DynamoDBConnectionRepository(self._table)

    @cached_property
    def secrets(self) -> "SecretsManagerRepository":
        """Tokens and the app's credentials."""
        from publishing.repositories.secret_repository import SecretsManagerRepository

        return SecretsManagerRepository(self._aws(SECRETS_MANAGER), required(self.environment, "SECRET_PREFIX"))

    @cached_property
    def idempotency(self) -> "DynamoDBIdempotencyRepository":
        """Idempotency records."""
        from publishing.repositories.idempotency_repository import DynamoDBIdempotencyRepository

        return DynamoDBIdempotencyRepository(self._table)

    @cached_property
    def readiness(self) -> "DynamoDBReadinessRepository":
        """Readiness records."""
        from publishing.repositories.readiness_repository import DynamoDBReadinessRepository

        return DynamoDBReadinessRepository(self._table)

    @cached_property
    def sweeps(self) -> "DynamoDBSweepRepository":
        """Statistics of sweeps."""
        from publishing.repositories.sweep_repository import DynamoDBSweepRepository

        return DynamoDBSweepRepository(self._table)

    @cached_property
    def check_queue(self) -> "SqsCheckQueue":
        """The queues of check jobs."""
        from publishing import settings
        from publishing.repositories.messaging import SqsCheckQueue

        queues = settings.QueueSettings.from_environment(self.environment)
        return SqsCheckQueue(self._aws(SQS), queues.url, queues.urgent_url)

    @cached_property
    def refresh_queue(self) -> "SqsRefreshQueue":
        """The queue of connection refreshes."""
        from publishing.repositories.messaging import SqsRefreshQueue

        return SqsRefreshQueue(self._aws(SQS), required(self.environment, "CONNECTION_QUEUE_URL"))

    @cached_property
    def bus(self) -> "EventBridgeBus":
        """The event bus."""
        from publishing.repositories.messaging import EventBridgeBus

        return EventBridgeBus(self._aws(EVENTBRIDGE), required(self.environment, "EVENT_BUS_NAME"))

    @cached_property
    def tokens(self) -> "TokenFailover":
        """Token failover."""
        from publishing.tokens import TokenFailover

        return TokenFailover(self.teams, self.secrets, self.connections.mark_expired, self.open_tiktok)

    @cached_property
    def tokens_with_own_list(self) -> "TokenFailover":
        """The same, reading the caller's advertiser list again if no connection has the advertiser."""
        from dataclasses import replace

        from publishing.connections.advertiser_list import OwnListRefresher

        refresher = OwnListRefresher(self.connections, self.secrets, self.open_oauth, utc_now)
        return replace(self.tokens, refresh_own_list=refresher.refresh)

    @cached_property
    def states(self) -> "DynamoDBAuthorizationStateRepository":
        """Authorization states."""
        from publishing.repositories.authorization_state_repository import DynamoDBAuthorizationStateRepository

        return DynamoDBAuthorizationStateRepository(self._table)

    @cached_property
    def connection_services(self) -> "ConnectionServices":
        """The dependencies of making, ending and refreshing connections."""
        from publishing.connections.completion import ConnectionServices
        from publishing.repositories.pending_operation_repository import DynamoDBPendingOperationRepository

        return ConnectionServices(
            teams=self.teams,
            states=self.states,
            operations=DynamoDBPendingOperationRepository(self._table),
            connections=self.connections,
            secrets=self.secrets,
            publish_events=self.bus.publish,
            open_oauth=self.open_oauth,
            open_tiktok=self.open_tiktok,
            clock=utc_now,
        )

    @cached_property
    def expiry(self) -> "ExpiryNotifier":
        """Publishes that connections have expired."""
        from publishing.events.notifications import ExpiryNotifier

        return ExpiryNotifier(self.connections, self.bus.publish, utc_now)

    @cached_property
    def snapshot_refresher(self) -> "SnapshotRefresher":
        """Writes what a preflight found to the readiness record, in another thread: over a connection of its own."""
        from publishing import settings
        from publishing.readiness.snapshot_refresher import SnapshotRefresher
        from publishing.repositories.readiness_repository import DynamoDBReadinessRepository

        records = DynamoDBReadinessRepository(self._new_table())
        return SnapshotRefresher(records, self.check_queue, settings.cadence(self.environment), utc_now)

    @cached_property
    def check_services(self) -> "CheckServices":
        """The dependencies of a readiness check."""
        from publishing import settings
        from publishing.readiness.check import CheckRunner, CheckServices

        cadence = settings.cadence(self.environment)
        return CheckServices(
            runner=CheckRunner(self.readiness, self.check_queue, self.bus.publish, cadence, utc_now),
            queue=self.check_queue,
            teams=self.teams,
            tokens=self.tokens,
            connections=self.connections,
            expiry=self.expiry,
            accepted_identity_types=settings.accepted_identity_types(self.environment),
            clock=utc_now,
        )

    @cached_property
    def open_tiktok(self) -> "OpenTikTok":
        """Opens TikTok's endpoints for one token; what hints at cheaper calls is kept for each token."""
        from tiktok_business.client import TikTokClient
        from tiktok_business.endpoints import TikTokBusinessApi

        transport, hints = self._transport, HintCache()
        return lambda token, deadline: TikTokBusinessApi(TikTokClient(transport, token, deadline), hints.of(token))

    @cached_property
    def open_oauth(self) -> "OpenOAuth":
        """Opens TikTok's OAuth endpoints for the app."""
        from tiktok_business.oauth import TikTokOAuth

        transport = self._transport
        return lambda app, deadline: TikTokOAuth(transport, app, deadline)

    @cached_property
    def _transport(self) -> "Transport":
        from publishing import settings
        from tiktok_business.transport import READ_TIMEOUT_SECONDS, RequestsTransport

        base_url = settings.tiktok_base_url(self.environment)
        return RequestsTransport(base_url, self.ssl_context, read_timeout=self.read_timeout or READ_TIMEOUT_SECONDS)

    @cached_property
    def _table(self) -> Table:
        return self._new_table()

    def _new_table(self) -> Table:
        return Table(self._aws(DYNAMODB), required(self.environment, "TABLE_NAME"))

    def _aws(self, service: Service) -> AwsCall:
        if self.boto3:
            return boto3_call(service)
        return JsonApi.from_environment(service, self.environment, self.ssl_context).call


class HintCache:
    """Hints for recently used tokens, while a function stays warm. Holds digests of tokens, no tokens."""

    def __init__(self) -> None:
        from tiktok_business.endpoints import Hints

        self._hints = lru_cache(maxsize=1_000)(lambda _digest: Hints())

    def of(self, token: "SecretStr") -> "Hints":
        """Return the hints for this token."""
        return self._hints(sha256(token.get_secret_value().encode()).digest())


def boto3_call(service: Service) -> AwsCall:
    """Return boto3's client of the service in the form of :meth:`JsonApi.call`.

    botocore knows no budget for a whole call. Two attempts of one second and one pause of up to a second keep a call to
    a service that does not respond at the three seconds of :class:`JsonApi`.
    """
    import logging

    import boto3
    from botocore import xform_name
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

    logging.getLogger("botocore").setLevel(logging.WARNING)  # at DEBUG it logs requests and responses, with tokens
    config = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2})
    client: Any = boto3.client(service.name, config=config)  # type: ignore[call-overload]  # the name is a variable

    def call(operation: str, **request: Any) -> Mapping[str, Any]:
        method: Callable[..., Mapping[str, Any]] = getattr(client, xform_name(operation))
        try:
            return method(**request)
        except ClientError as error:
            failure = AwsError(
                error.response["Error"]["Code"],
                cast("Mapping[str, Any]", error.response.get("Item", {})),
                transient=error.response["ResponseMetadata"]["HTTPStatusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR,
            )
        except ParamValidationError:
            failure = AwsError("ValidationException")  # as the service would name it
        except BotoCoreError as error:
            failure = AwsError(type(error).__name__, transient=True)
        raise failure  # not above: the cause, with whatever it holds, would stay as its context

    return call
