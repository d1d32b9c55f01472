"""GET /connections/callback: back from TikTok's consent page, with a code that is kept for whoever began.

Exchanges nothing: the browser that comes back proves that somebody consented, not who they are here. People are
redirected to the deployment's ``WizardUrl`` with a handle, which completes the connection together with the bearer
token of the person who began it (:mod:`publishing.connections.connect`, decision 49), or with an error code of our own.
"""

import json
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from aws_lambda_powertools import Logger
from pydantic import SecretStr

from publishing.connections.authorize import HANDLE_LIFETIME, AuthorizationState, new_handle, parse_state
from publishing.http.problems import CONTENT_TYPE, Problem
from publishing.log_events import LogEvent
from publishing.ports import AuthorizationStateRepository

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

KeepCode = Callable[[str, SecretStr], str]
"""Keeps the code that a state came back with, and returns its handle; raises CallbackError."""
Handler = Callable[[Mapping[str, Any], "LambdaContext"], dict[str, Any]]

logger = Logger(service="publishing")


class CallbackErrorCode(StrEnum):
    """Why a return from TikTok's consent page cannot be completed: the ``code`` in the redirect to the wizard.

    An open set: the wizard treats unknown codes as ``internal_error``.
    """

    STATE_INVALID = "state_invalid"
    STATE_EXPIRED = "state_expired"
    STATE_USED = "state_used"
    CONSENT_DENIED = "consent_denied"
    INTERNAL_ERROR = "internal_error"


CALLBACK_MESSAGES: Mapping[CallbackErrorCode, str] = MappingProxyType(
    {
        CallbackErrorCode.STATE_INVALID: "The link back from TikTok was not issued by this service. Connect again.",
        CallbackErrorCode.STATE_EXPIRED: "The authorization took longer than ten minutes. Connect again.",
        CallbackErrorCode.STATE_USED: (
            "This link back from TikTok has already been used. If nothing is connected, connect again."
        ),
        CallbackErrorCode.CONSENT_DENIED: "Access was not granted at TikTok. Connect again and allow it.",
        CallbackErrorCode.INTERNAL_ERROR: "Internal error. Connect again.",
    }
)
"""What each code means and what to do, for people."""


class CallbackError(Exception):
    """The return cannot be completed."""

    def __init__(self, code: CallbackErrorCode) -> None:
        super().__init__(code.value)
        self.code = code


def callback_endpoint(keep_code: KeepCode, wizard_url: str | None) -> Handler:
    """Return the handler of the page to which TikTok sends people back."""

    def handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
        request_id = (event.get("requestContext") or {}).get("requestId") or context.aws_request_id
        logger.clear_state()
        logger.append_keys(request_id=request_id)
        if wizard_url is None:
            return _problem(Problem("connect_not_set_up"), request_id)
        return _redirect(wizard_url, _outcome(keep_code, event))

    return handler


@dataclass(frozen=True, slots=True)
class Callback:
    """Keeps the codes that people come back with."""

    states: AuthorizationStateRepository
    clock: Callable[[], datetime]

    def keep_code(self, state_text: str, auth_code: SecretStr) -> str:
        """Keep the code for the person for whom the state was issued; return the handle that completes it.

        The same return again gets another handle; only the last one is valid.

        Raises:
            CallbackError: the state is forged, used, expired or came back with another code; nothing is changed.
        """
        key, now = parse_state(state_text), self.clock()
        state = self.states.read(key) if key else None
        if state is None:
            raise CallbackError(CallbackErrorCode.STATE_INVALID)
        error = rejection(state, auth_code, now)
        if error is not None:
            raise CallbackError(error)
        text, handle = new_handle(state.key)
        if not self.states.keep_code(handle, auth_code, now + HANDLE_LIFETIME):
            raise CallbackError(CallbackErrorCode.STATE_USED)
        return text


def rejection(state: AuthorizationState, auth_code: SecretStr, now: datetime) -> CallbackErrorCode | None:
    """Return why the state cannot come back with this code; None if it can. With its first code it can again."""
    if now >= state.expires_at:
        return CallbackErrorCode.STATE_EXPIRED
    if state.closed or state.auth_code not in {None, auth_code}:
        return CallbackErrorCode.STATE_USED
    return None


def _outcome(keep_code: KeepCode, event: Mapping[str, Any]) -> dict[str, str]:
    """Return what the wizard is told: the handle, or why there is none."""
    try:
        handle = keep_code(*_state_and_code(event))
    except CallbackError as error:
        logger.info(LogEvent.REQUEST_REFUSED, code=error.code)
        return {"tiktok": "error", "code": error.code.value}
    except Exception as error:  # noqa: BLE001 - whatever it is, the person is redirected to the wizard
        # Type and frames, not the text of the error: that may quote what must not be logged.
        frames = traceback.format_tb(error.__traceback__)
        logger.error(LogEvent.REQUEST_FAILED, error=type(error).__name__, frames=frames)  # noqa: TRY400 - as above
        return {"tiktok": "error", "code": CallbackErrorCode.INTERNAL_ERROR.value}
    logger.info(LogEvent.ANSWERED, status=int(HTTPStatus.SEE_OTHER))
    return {"tiktok": "confirm", "handle": handle}


def _state_and_code(event: Mapping[str, Any]) -> tuple[str, SecretStr]:
    """Return state and code. TikTok does not document what a denied consent sends: a state without a code means that.

    Raises:
        CallbackError: one of them is absent, or given more than once, or the code holds what none of TikTok's does.
    """
    given = event.get("multiValueQueryStringParameters") or {}
    states, codes = given.get("state") or [], given.get("auth_code") or given.get("code") or []
    if len(states) != 1 or len(codes) > 1:
        raise CallbackError(CallbackErrorCode.STATE_INVALID)
    if not codes or not codes[0]:
        raise CallbackError(CallbackErrorCode.CONSENT_DENIED)
    if not (codes[0].isascii() and codes[0].isprintable()):
        raise CallbackError(CallbackErrorCode.STATE_INVALID)
    return states[0], SecretStr(codes[0])


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
