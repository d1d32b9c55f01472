"""Completes pending operations: called by the request that began one, by the person's next request, or by the sweep."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from aws_lambda_powertools import Logger
from pydantic import SecretStr

from publishing.connections.advertiser_list import (
    REFRESH_INTERVAL,
    REFRESH_RETRY_INTERVAL,
    AdvertiserList,
    OpenOAuth,
    read_advertisers,
    with_statuses,
)
from publishing.connections.authorize import key_for
from publishing.connections.pending_operation import OperationKind, PendingOperation
from publishing.events.notifications import connected_event
from publishing.log_events import LogEvent, put_metric
from publishing.ports import (
    AppNotConfiguredError,
    AuthorizationStateRepository,
    ConnectionRepository,
    PendingOperationRepository,
    PublishEvents,
    SecretRepository,
    TeamRepository,
    TokenUnavailableError,
)
from publishing.teams import Connection, ConnectionStatus, in_utc
from publishing.tokens import OpenTikTok
from tiktok_business.deadline import Deadline
from tiktok_business.errors import (
    AdvertiserNotAccessibleError,
    DeploymentRefusedError,
    RequestRejectedError,
    ScopeMissingError,
    TikTokError,
    TokenInvalidError,
)

REFUSED_FOR_GOOD = (
    TokenInvalidError,
    RequestRejectedError,
    ScopeMissingError,
    AdvertiserNotAccessibleError,
    DeploymentRefusedError,
)
"""TikTok's answers to a revocation that a repetition would get again."""
CORRECTABLE = frozenset({40101, 41000})
"""TikTok's codes for a blocked app or a wrong app secret, and for our network's country: operators can correct these
(EVA errors, 2026-08-13)."""

logger = Logger(service="publishing", child=True)


@dataclass(frozen=True, slots=True)
class ConnectionServices:
    """What making, ending and refreshing connections works with."""

    teams: TeamRepository
    states: AuthorizationStateRepository
    operations: PendingOperationRepository
    connections: ConnectionRepository
    secrets: SecretRepository
    publish_events: PublishEvents
    open_oauth: OpenOAuth
    open_tiktok: OpenTikTok
    clock: Callable[[], datetime]

    def read_advertisers(self, token: SecretStr, deadline: Deadline) -> AdvertiserList:
        """Return the advertisers that the token reaches, with names and with which of them are disabled.

        Raises:
            AppNotConfiguredError: TikTok cannot be asked without the app's credentials.
            TikTokError: TikTok did not return the list.
        """
        found = read_advertisers(self.open_oauth(self.secrets.app(), deadline), token)
        return with_statuses(found, self.open_tiktok(token, deadline))


def complete_connection(
    services: ConnectionServices, operation: PendingOperation, token: SecretStr, deadline: Deadline
) -> Connection:
    """Make the connection whose token is stored, publish and return it. Repeating it makes the same connection again.

    If TikTok does not return the advertisers, the connection keeps the previous one's and is refreshed soon: by a
    preflight that misses an advertiser, or by the sweep.
    """
    connection = Connection(
        team_id=operation.team_id,
        user_id=operation.user_id,
        status=ConnectionStatus.ACTIVE,
        advertiser_ids=(),
        secret_id=services.secrets.secret_id(operation.team_id, operation.user_id),
        connected_at=in_utc(operation.started_at),
        scopes=operation.scopes,
        secret_version=operation.secret_version or None,
    )
    now = services.clock()
    try:
        connection = services.read_advertisers(token, deadline).applied_to(connection, now)
        due_at = now + REFRESH_INTERVAL
    except (AppNotConfiguredError, TikTokError) as error:
        why = str(error) if isinstance(error, TikTokError) else "no app"
        logger.warning(LogEvent.ADVERTISERS_NOT_LISTED, user_id=operation.user_id, tiktok=why)
        before = services.teams.read(operation.team_id).connection_of(operation.user_id)
        if before is not None:
            connection = connection.with_list_of(before)
        due_at = now + REFRESH_RETRY_INTERVAL
    services.connections.save(connection, due_at)
    services.publish_events([connected_event(connection)])
    return connection


def complete_disconnection(
    services: ConnectionServices, operation: PendingOperation, deadline: Deadline, *, repeated: bool
) -> None:
    """Revoke the connection here and at TikTok, and remove its secrets. Repeating it ends the same connection.

    A token that this service may not read, or that TikTok refuses to revoke for good, ends here alone: nobody could do
    more by repeating it, and the person must be able to connect again. Operators get an alarm.

    ``repeated``: an earlier attempt at this disconnection may have revoked the token, and its answer was lost.

    Raises:
        AppNotConfiguredError, TikTokError: TikTok did not revoke the token this time; the operation stays pending,
            without a lease.
    """
    connection = services.teams.read(operation.team_id).connection_of(operation.user_id)
    may_be_revoked = repeated or (connection is not None and connection.status != ConnectionStatus.ACTIVE)
    if connection is not None and connection.status != ConnectionStatus.REVOKED:
        services.connections.mark_revoked(connection)
    # Another service may have chosen another name; an unfinished operation may have left a secret under ours.
    named = [connection.secret_id] if connection is not None and connection.secret_id else []
    for secret_id in dict.fromkeys([*named, services.secrets.secret_id(operation.team_id, operation.user_id)]):
        try:
            for token in _tokens_in(services, connection, secret_id):
                may_be_revoked |= _revoke(services, operation, token, deadline, may_be_revoked=may_be_revoked)
            services.secrets.remove(secret_id)
        except TokenUnavailableError as error:
            _not_revoked(operation, error.why)
    services.operations.delete(operation)


def recover(services: ConnectionServices, unfinished: PendingOperation, deadline: Deadline) -> bool:
    """Finish an unfinished operation: complete it if its token is stored, otherwise undo it.

    False, and nothing is done, while another attempt holds the lease.

    Raises:
        AppNotConfiguredError, TikTokError: as :func:`complete_disconnection`.
    """
    now = services.clock()
    operation = unfinished.resumed(now)
    if not unfinished.lease_expired(now) or not services.operations.begin(operation, now):
        return False
    if operation.kind is OperationKind.DISCONNECT:
        complete_disconnection(services, operation, deadline, repeated=True)
    else:
        _recover_connection(services, operation, deadline)
    logger.info(LogEvent.OPERATION_RECOVERED, user_id=operation.user_id, kind=operation.kind)
    return True


def remove_unused_secret(services: ConnectionServices, operation: PendingOperation) -> None:
    """Remove a secret that was created or restored for a token that was never stored."""
    connection = services.teams.read(operation.team_id).connection_of(operation.user_id)
    if connection is None or connection.status == ConnectionStatus.REVOKED:
        services.secrets.remove(services.secrets.secret_id(operation.team_id, operation.user_id))


def _recover_connection(services: ConnectionServices, operation: PendingOperation, deadline: Deadline) -> None:
    secret_id = services.secrets.secret_id(operation.team_id, operation.user_id)
    token = services.secrets.version(secret_id, operation.secret_version)
    connected_at = None
    if token is None:
        remove_unused_secret(services, operation)
    else:
        connected_at = complete_connection(services, operation, token, deadline).connected_at
    services.states.close(key_for(operation.team_id, operation.user_id, operation.secret_version), connected_at)
    services.operations.delete(operation)


def _tokens_in(services: ConnectionServices, connection: Connection | None, secret_id: str) -> Iterable[SecretStr]:
    """Return the connection's token and the secret's current one: an unfinished operation may have stored another."""
    found = [services.secrets.current(secret_id)]
    if connection is not None and connection.secret_id == secret_id and connection.secret_version is not None:
        found.insert(0, services.secrets.version(secret_id, connection.secret_version))
    return dict.fromkeys(token for token in found if token is not None)


def _revoke(
    services: ConnectionServices,
    operation: PendingOperation,
    token: SecretStr,
    deadline: Deadline,
    *,
    may_be_revoked: bool,
) -> bool:
    """Revoke the token at TikTok; False if there was nothing to revoke, or if TikTok refused for good.

    ``may_be_revoked``: the token may have ended before, so that TikTok calling it invalid is no news: the connection
    was not active, an earlier attempt may have revoked it, or it ended with another token of the person.
    """
    try:
        services.open_oauth(services.secrets.app(), deadline).revoke(token)
    except (AppNotConfiguredError, TikTokError) as error:
        if isinstance(error, TokenInvalidError) and may_be_revoked:
            return False
        why = str(error) if isinstance(error, TikTokError) else "no app"
        if isinstance(error, REFUSED_FOR_GOOD) and error.code not in CORRECTABLE:
            _not_revoked(operation, why)
            return False
        logger.warning(LogEvent.REVOKE_FAILED, user_id=operation.user_id, tiktok=why)
        services.operations.update(operation.released(services.clock()))
        raise
    return True


def _not_revoked(operation: PendingOperation, why: str) -> None:
    """Tell operators that a connection ended here, but that its token may still be valid at TikTok."""
    logger.warning(LogEvent.NOT_REVOKED, team_id=operation.team_id, user_id=operation.user_id, why=why)
    put_metric("NotRevoked", [1])
