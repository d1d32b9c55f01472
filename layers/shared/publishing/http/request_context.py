"""Who calls, and how much time the request has."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from publishing.http.problems import Problem
from tiktok_business.deadline import Deadline

BUDGET_SECONDS = 7.5
"""Time for one request; callers are promised an answer within 8 seconds."""
MARGIN_SECONDS = 0.5
"""Of the Lambda's remaining time, reserved for building and sending the response."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, from the authorizer's context and nothing else."""

    user_id: str
    team_id: str
    role: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Principal":
        """Return the caller that the authorizer admitted.

        Raises:
            Problem: ``unauthorized``, if the event did not pass the authorizer.
        """
        context = (event.get("requestContext") or {}).get("authorizer") or {}
        user_id, team_id = context.get("user_id"), context.get("team_id")
        if not user_id or not team_id:
            raise Problem("unauthorized")
        return cls(user_id, team_id, context.get("role") or "")


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request."""

    principal: Principal
    deadline: Deadline
    now: datetime
    idempotency_key: str | None = None
    url: str = ""
    """The called resource's URL without its query; empty if API Gateway does not provide it."""
