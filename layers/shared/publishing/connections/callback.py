"""GET /connections/callback: back from TikTok's consent page, a code for a token, and the connection made with it.

May be interrupted at any point and repeated, by the same return or by the sweep: see
:mod:`publishing.connections.pending_operation`. People are redirected to the deployment's ``WizardUrl`` with a code of
our own; nothing of what came in is part of that address.
"""

import json
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from aws_lambda_powertools import Logger
from pydantic import SecretStr

from publishing.connections.authorize import AuthorizationState, digest_of, parse_state
from publishing.connections.callback_errors import CallbackError, CallbackErrorCode, callback_error_of
from publishing.connections.completion import (
    ConnectionServices,
    complete_connection,
    recover,
    remove_unused_secret,
)
from publishing.connections.pending_operation import OperationKind, PendingOperation
from publishing.http.problems import CONTENT_TYPE, Problem
from publishing.http.request_context import MARGIN_SECONDS
from publishing.log_events import LogEvent
from publishing.ports import AppNotConfiguredError
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError
from tiktok_business.oauth import DeveloperApp

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

BUDGET_SECONDS = 20.0
"""Time for one return; API Gateway waits for 29 s."""
COMPLETION_SECONDS = 6.0
"""Of the request's time, reserved for what follows the exchange."""

Connect = Callable[[str, str, Deadline], None]
"""Connects with a state and a code, until a deadline; raises CallbackError."""
Handler = Callable[[Mapping[str, Any], "LambdaContext"], dict[str, Any]]

logger = Logger(service="publishing")


def callback_endpoint(connect: Connect, wizard_url: str | None) -> Handler:
    """Return the handler of the page to which TikTok sends people back."""

    def handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
        request_id = (event.get("requestContext") or {}).get("requestId") or context.aws_request_id
        logger.clear_state()
        logger.append_keys(request_id=request_id)
        if wizard_url is None:
            return _problem(Problem("connect_not_set_up"), request_id)
        code = _error_code(connect, event, context)
        return _redirect(wizard_url, {"tiktok": "error", "code": code.value} if code else {"tiktok": "connected"})

    return handler


@dataclass(frozen=True, slots=True)
class Callback:
    """Connects the person who comes back with a state and a code."""

    services: ConnectionServices

    def connect(self, state_text: str, auth_code: str, deadline: Deadline) -> None:
        """Connect the person for whom the state was issued.

        Raises:
            CallbackError: this return connects nothing. A state or code that is forged, used, expired or somebody
                else's changes nothing.
        """
        services, now = self.services, self.services.clock()
        state = self._state(state_text, digest_of(auth_code))
        try:
            app = services.secrets.app()
        except AppNotConfiguredError:
            raise CallbackError(CallbackErrorCode.NOT_CONFIGURED) from None
        if not services.states.claim(state):
            raise CallbackError(CallbackErrorCode.STATE_USED)
        unfinished = self._unfinished(state, deadline)
        operation = (
            unfinished.resumed(now)
            if unfinished
            else PendingOperation.start(*state.person, OperationKind.CONNECT, now, state.key.digest)
        )
        if not services.operations.begin(operation, now):
            raise CallbackError(CallbackErrorCode.IN_PROGRESS)
        secret_id = services.secrets.secret_id(*state.person)
        token = services.secrets.version(secret_id, operation.secret_version) if unfinished else None
        if token is None:
            operation, token = self._exchanged(
                operation, state, app, SecretStr(auth_code), deadline, resumed=unfinished is not None
            )
            services.secrets.store(secret_id, token, operation.secret_version)
        complete_connection(services, operation, token, deadline)
        services.states.close(state.key)
        services.operations.delete(operation)
        logger.info(LogEvent.CONNECTED, user_id=state.user_id)

    def _state(self, text: str, code_digest: str) -> AuthorizationState:
        """Return the issued state with the code's digest.

        Raises:
            CallbackError: it cannot connect the person for whom it was issued.
        """
        key = parse_state(text)
        state = self.services.states.read(key) if key else None
        if state is None:
            raise CallbackError(CallbackErrorCode.STATE_INVALID)
        error = state.rejection(code_digest, self.services.clock())
        if error is not None:
            raise CallbackError(error)
        team = self.services.teams.read(state.team_id)
        if state.user_id not in team.roles:
            raise CallbackError(CallbackErrorCode.NOT_A_MEMBER)
        if not team.has_active_subscription(self.services.clock()):
            raise CallbackError(CallbackErrorCode.SUBSCRIPTION_REQUIRED)
        return state.with_code(code_digest)

    def _unfinished(self, state: AuthorizationState, deadline: Deadline) -> PendingOperation | None:
        """Return what an earlier attempt with this state left unfinished; recover any other operation first."""
        pending = self.services.operations.read(*state.person)
        if pending is None or pending.secret_version == state.key.digest:
            return pending
        try:
            recovered = recover(self.services, pending, deadline.reserve(COMPLETION_SECONDS))
        except AppNotConfiguredError:
            raise CallbackError(CallbackErrorCode.NOT_CONFIGURED) from None
        except TikTokError as error:
            raise CallbackError(callback_error_of(error)) from None
        if not recovered:
            raise CallbackError(CallbackErrorCode.IN_PROGRESS)
        return None

    def _exchanged(
        self,
        operation: PendingOperation,
        state: AuthorizationState,
        app: DeveloperApp,
        auth_code: SecretStr,
        deadline: Deadline,
        *,
        resumed: bool,
    ) -> tuple[PendingOperation, SecretStr]:
        """Exchange the code for a token. A rejected code closes the state; after any other failure it may be repeated.

        ``resumed``: an earlier attempt may have created the secret for its token.
        """
        services = self.services
        try:
            grant = services.open_oauth(app, deadline.reserve(COMPLETION_SECONDS)).exchange(auth_code)
        except TikTokError as error:
            logger.warning(LogEvent.CODE_EXCHANGE_FAILED, user_id=state.user_id, tiktok=str(error))
            code = callback_error_of(error)
            if resumed:
                remove_unused_secret(services, operation)
            if code is CallbackErrorCode.CODE_REJECTED:
                services.states.close(state.key)
            services.operations.delete(operation)
            raise CallbackError(code) from None
        operation = operation.with_scopes(grant.scopes)
        services.operations.update(operation)
        return operation, grant.access_token


def _error_code(connect: Connect, event: Mapping[str, Any], context: "LambdaContext") -> CallbackErrorCode | None:
    """Return why nothing was connected; None if it was."""
    try:
        state, code = _state_and_code(event)
        remaining = context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS
        connect(state, code, Deadline.after(min(BUDGET_SECONDS, remaining)))
    except CallbackError as error:
        logger.info(LogEvent.REQUEST_REFUSED, code=error.code)
        return error.code
    except Exception as error:  # noqa: BLE001 - whatever it is, the person is redirected to the wizard
        # Type and frames, not the text of the error: that may quote what must not be logged.
        frames = traceback.format_tb(error.__traceback__)
        logger.error(LogEvent.REQUEST_FAILED, error=type(error).__name__, frames=frames)  # noqa: TRY400 - as above
        return CallbackErrorCode.INTERNAL_ERROR
    logger.info(LogEvent.ANSWERED, status=int(HTTPStatus.SEE_OTHER))
    return None


def _state_and_code(event: Mapping[str, Any]) -> tuple[str, str]:
    """Return state and code. TikTok does not document what a denied consent sends: a state without a code means that.

    Raises:
        CallbackError: one of them is absent, or given more than once.
    """
    given = event.get("multiValueQueryStringParameters") or {}
    states, codes = given.get("state") or [], given.get("auth_code") or given.get("code") or []
    if len(states) != 1 or len(codes) > 1:
        raise CallbackError(CallbackErrorCode.STATE_INVALID)
    if not codes or not codes[0]:
        raise CallbackError(CallbackErrorCode.CONSENT_DENIED)
    return states[0], codes[0]


def _redirect(wizard_url: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    parts = urlsplit(wizard_url)
    query = "&".join(one for one in (parts.query, urlencode(parameters)) if one)
    return {
        "statusCode": int(HTTPStatus.SEE_OTHER),
        "headers": {
            "Location": urlunsplit(parts._replace(query=query)),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
        },
        "body": "",
    }


def _problem(problem: Problem, request_id: str) -> dict[str, Any]:
    return {
        "statusCode": int(problem.kind.status),
        "headers": {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"},
        "body": json.dumps(problem.body(request_id)),
    }
