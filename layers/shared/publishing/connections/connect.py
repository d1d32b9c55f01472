"""POST /connections/complete: the person who began connects, with the code that the callback kept.

Whoever consented at TikTok, the token becomes a connection only of the person and team that the state belongs to, and
only when their bearer token brings the handle (decision 49). May be interrupted at any point and repeated, by the same
request or by the sweep: see :mod:`publishing.connections.pending_operation`.
"""

from dataclasses import dataclass
from http import HTTPStatus

from aws_lambda_powertools import Logger
from pydantic import SecretStr

from publishing.connections.authorize import AuthorizationState, parse_handle
from publishing.connections.completion import (
    ConnectionServices,
    complete_connection,
    recover,
    remove_unused_secret,
)
from publishing.connections.list_connections import shown
from publishing.connections.pending_operation import OperationKind, PendingOperation
from publishing.http.problems import Problem, invalid, problem_of_tiktok_error, rejection
from publishing.http.request_context import Principal, RequestContext
from publishing.http.request_schemas import CompleteConnectionBody
from publishing.http.response_schemas import ConnectionSeen
from publishing.log_events import LogEvent
from publishing.ports import AppNotConfiguredError
from publishing.teams import Connection, ConnectionStatus
from tiktok_business.deadline import Deadline
from tiktok_business.errors import DeploymentRefusedError, RequestRejectedError, TikTokError, TokenInvalidError
from tiktok_business.oauth import DeveloperApp

BUDGET_SECONDS = 20.0
"""Time for one request; API Gateway waits for 29 s."""
COMPLETION_SECONDS = 6.0
"""Of the request's time, reserved for what follows the exchange."""
NOT_OUR_APP = frozenset({40101, 40113})
"""TikTok's codes for an app that is blocked or has a wrong secret (EVA errors, 2026-08-13).

40101 also stands for an expired code, but a handle expires long before its code does.
"""

logger = Logger(service="publishing", child=True)


@dataclass(frozen=True, slots=True)
class Connect:
    """Completes what the caller began with POST /connections."""

    services: ConnectionServices

    def respond(self, context: RequestContext, body: CompleteConnectionBody) -> ConnectionSeen:
        """Connect the caller and return the connection; the same request again returns it again.

        Raises:
            Problem: ``invalid_request`` (the handle is unknown, used or has expired), ``not_your_connection``,
                ``in_progress``, ``connect_not_set_up``, or what TikTok answered to the code. After
                ``tiktok_rejected`` the handle is useless; after the others the request may be repeated.
        """
        services = self.services
        state = self._own_state(context.principal, body.handle)
        if state.closed:
            return self._shown(self._made_with(state))
        try:
            app = services.secrets.app()
        except AppNotConfiguredError:
            raise Problem("connect_not_set_up") from None
        now = services.clock()
        unfinished = self._unfinished(state, context.deadline)
        operation = (
            unfinished.resumed(now)
            if unfinished
            else PendingOperation.start(*state.person, OperationKind.CONNECT, now, state.key.digest)
        )
        if not services.operations.begin(operation, now):
            raise Problem("in_progress")
        latest = state if unfinished else services.states.read(state.key) or state
        if latest.closed:  # by an attempt that ended between the two reads; a stored token is completed in any case
            services.operations.delete(operation)
            return self._shown(self._made_with(latest))
        secret_id = services.secrets.secret_id(*state.person)
        token = services.secrets.version(secret_id, operation.secret_version) if unfinished else None
        if token is None:
            operation, token = self._exchanged(operation, state, app, context.deadline, resumed=unfinished is not None)
            services.secrets.store(secret_id, token, operation.secret_version)
        connection = complete_connection(services, operation, token, context.deadline)
        services.states.close(state.key, connection.connected_at)
        services.operations.delete(operation)
        logger.info(LogEvent.CONNECTED, user_id=state.user_id)
        return self._shown(connection)

    def _shown(self, connection: Connection) -> ConnectionSeen:
        (first,) = self.services.connections.read_pages([(connection, 0)])
        return shown(connection, first)

    def _own_state(self, principal: Principal, handle: str) -> AuthorizationState:
        """Return the state that came back with this handle. Anybody else's is closed: nobody can complete it then.

        Raises:
            Problem: ``not_your_connection``, ``invalid_request``.
        """
        parsed = parse_handle(handle)
        state = self.services.states.read(parsed.key) if parsed else None
        if parsed is None or state is None or state.handle_digest != parsed.digest:
            raise _handle_is_invalid()
        if state.person != (principal.team_id, principal.user_id):
            self.services.states.close(state.key)
            raise Problem("not_your_connection")
        if state.handle_expires_at is None or self.services.clock() >= state.handle_expires_at:
            if not state.closed:  # its code is not kept any longer
                self.services.states.close(state.key)
            raise _handle_is_invalid()
        return state

    def _made_with(self, state: AuthorizationState) -> Connection:
        """Return the connection that an earlier request made with this state, if it is still the person's."""
        connection = self.services.teams.read(state.team_id).connection_of(state.user_id)
        if (
            connection is None
            or connection.status != ConnectionStatus.ACTIVE
            or connection.connected_at != state.connected_at
        ):
            raise _handle_is_invalid()
        return connection

    def _unfinished(self, state: AuthorizationState, deadline: Deadline) -> PendingOperation | None:
        """Return what an earlier attempt with this state left unfinished; recover any other operation first."""
        pending = self.services.operations.read(*state.person)
        if pending is None or pending.secret_version == state.key.digest:
            return pending
        try:
            recovered = recover(self.services, pending, deadline.reserve(COMPLETION_SECONDS))
        except AppNotConfiguredError:
            raise Problem("connect_not_set_up") from None
        except TikTokError as error:
            raise _problem_of(error) from None
        if not recovered:
            raise Problem("in_progress")
        return None

    def _exchanged(
        self,
        operation: PendingOperation,
        state: AuthorizationState,
        app: DeveloperApp,
        deadline: Deadline,
        *,
        resumed: bool,
    ) -> tuple[PendingOperation, SecretStr]:
        """Exchange the code for a token. A rejected code closes the state; after any other failure it may be repeated.

        ``resumed``: an earlier attempt may have created the secret for its token.
        """
        services = self.services
        if state.auth_code is None:  # only a closed state has a handle without a code
            raise _handle_is_invalid()
        try:
            grant = services.open_oauth(app, deadline.reserve(COMPLETION_SECONDS)).exchange(state.auth_code)
        except TikTokError as error:
            logger.warning(LogEvent.CODE_EXCHANGE_FAILED, user_id=state.user_id, tiktok=str(error))
            problem = _problem_of(error)
            if resumed:
                remove_unused_secret(services, operation)
            if problem.code == "tiktok_rejected":
                services.states.close(state.key)
            services.operations.delete(operation)
            raise problem from None
        operation = operation.granted(grant.scopes, services.clock())
        services.operations.update(operation)
        return operation, grant.access_token


def _handle_is_invalid() -> Problem:
    return invalid("handle", "is unknown, used or has expired; connect again if nothing is connected")


def _problem_of(error: TikTokError) -> Problem:
    """Return the problem of a failed exchange. None is the caller's missing permission: a code names no advertiser."""
    match error:
        case _ if error.code in NOT_OUR_APP:
            return Problem("connect_not_set_up")
        case DeploymentRefusedError():
            return Problem("connect_not_set_up")
        case RequestRejectedError() | TokenInvalidError():
            return rejection(error, "TikTok did not accept this authorization. Connect again.")
        case _:
            problem = problem_of_tiktok_error(error)
            return problem if problem.kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR else Problem("tiktok_error")
