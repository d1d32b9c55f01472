"""One request, as far as the product needs to know it: who calls, and how long there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from publishing.problems import Problem
from tiktok_business.deadline import Deadline

BUDGET_SECONDS = 7.5
"""Time for one request, of the 8 seconds that callers are promised."""
MARGIN_SECONDS = 0.5
"""Of the Lambda's remaining time, kept to shape and send the answer."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, from the authorizer's context and nothing else."""

    user_id: str
    team_id: str
    role: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Caller":
        """The caller whom the authorizer let pass.

        Raises:
            Problem: ``unauthorized``, where the event did not come through the authorizer.
        """
        context = (event.get("requestContext") or {}).get("authorizer") or {}
        user_id, team_id = context.get("user_id"), context.get("team_id")
        if not user_id or not team_id:
            raise Problem("unauthorized")
        return cls(user_id, team_id, context.get("role") or "")


@dataclass(frozen=True, slots=True)
class Call:
    """One request under way."""

    caller: Caller
    deadline: Deadline
    now: datetime
    idempotency_key: str | None = None
    url: str = ""
    """Of the resource that is called, without its query; empty where API Gateway does not tell."""
