"""The return from TikTok's consent page, from API Gateway's event to the redirect to the wizard.

Where people are sent is the deployment's ``WizardUrl`` and one of our own codes: nothing of what came in is in it.
"""

import json
import traceback
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from aws_lambda_powertools import Logger

from publishing.calls import MARGIN_SECONDS
from publishing.connecting.refusals import Refusal, RefusedError
from publishing.log_events import LogEvent
from publishing.problems import CONTENT_TYPE, Problem
from tiktok_business.deadline import Deadline

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

BUDGET_SECONDS = 20.0
"""For one return; API Gateway waits for 29 s."""

Connect = Callable[[str, str, Deadline], None]
"""Connects by a state and a code, until a deadline; raises RefusedError."""
Handler = Callable[[Mapping[str, Any], "LambdaContext"], dict[str, Any]]

logger = Logger(service="publishing")


def callback_endpoint(connect: Connect, wizard_url: str | None) -> Handler:
    """The handler of the page that TikTok sends people back to."""

    def handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
        request_id = (event.get("requestContext") or {}).get("requestId") or context.aws_request_id
        logger.clear_state()
        logger.append_keys(request_id=request_id)
        if wizard_url is None:
            return _problem(Problem("connect_not_set_up"), request_id)
        refusal = _refusal(connect, event, context)
        return _redirect(wizard_url, {"tiktok": "error", "code": refusal.value} if refusal else {"tiktok": "connected"})

    return handler


def _refusal(connect: Connect, event: Mapping[str, Any], context: "LambdaContext") -> Refusal | None:
    """Why nothing is connected; None where it is."""
    try:
        state, code = _came_back(event)
        remaining = context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS
        connect(state, code, Deadline.after(min(BUDGET_SECONDS, remaining)))
    except RefusedError as refused:
        logger.info(LogEvent.REFUSED, code=refused.refusal)
        return refused.refusal
    except Exception as error:  # noqa: BLE001 - whatever it is, the person is sent back to the wizard
        # Type and frames, not the text of the error: that may quote what must not be logged.
        frames = traceback.format_tb(error.__traceback__)
        logger.error(LogEvent.FAILED, error=type(error).__name__, frames=frames)  # noqa: TRY400 - as above
        return Refusal.INTERNAL_ERROR
    logger.info(LogEvent.ANSWERED, status=int(HTTPStatus.SEE_OTHER))
    return None


def _came_back(event: Mapping[str, Any]) -> tuple[str, str]:
    """State and code. What TikTok sends where consent is denied is not documented: a state without a code is taken so.

    Raises:
        RefusedError: one is absent, or given more than once.
    """
    given = event.get("multiValueQueryStringParameters") or {}
    states, codes = given.get("state") or [], given.get("auth_code") or given.get("code") or []
    if len(states) != 1 or len(codes) > 1:
        raise RefusedError(Refusal.STATE_INVALID)
    if not codes or not codes[0]:
        raise RefusedError(Refusal.CONSENT_DENIED)
    return states[0], codes[0]


def _redirect(wizard_url: str, told: Mapping[str, str]) -> dict[str, Any]:
    parts = urlsplit(wizard_url)
    query = "&".join(one for one in (parts.query, urlencode(told)) if one)
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
