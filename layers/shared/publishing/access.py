"""What a bearer may call: the authorizer's answer, as a pure rule over the team."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from publishing.bearer import Bearer
from publishing.problems import PROBLEMS
from publishing.teams import Team

WRITES = (
    "POST/api/v1/tiktok/connections",
    "POST/api/v1/tiktok/identities",
    "POST/api/v1/tiktok/identity-images",
)
"""Methods and paths that need an active subscription."""
FREE = ("GET/*", "DELETE/api/v1/tiktok/connections/*")
"""Those that every member may call: reads, and taking one's TikTok back."""

PolicyDocument = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """One deployed stage of the API, as an ARN prefix."""

    arn: str

    @classmethod
    def of(cls, method_arn: str) -> "Stage":
        """The stage of a method's ARN: ``arn:…:api-id/stage/GET/path``."""
        api, stage, *_ = method_arn.split("/")
        return cls(f"{api}/{stage}")

    def resource(self, method_and_path: str) -> str:
        """The ARN of a method and path of this stage."""
        return f"{self.arn}/{method_and_path}"


def authorization(bearer: Bearer, team: Team, stage: Stage, now: datetime) -> dict[str, Any]:
    """The answer of the Lambda authorizer, for the whole stage.

    API Gateway keeps one answer for a token and applies it to every method, so it must be right for all of them: reads
    and disconnecting for every member, other writes with an active subscription.
    """
    role = team.roles.get(bearer.user_id)
    if role is None:
        return _answer(bearer, _statement("Deny", stage, ["*"]), deny_code="not_a_member")
    active = team.has_active_subscription(now)
    writes = _statement("Allow" if active else "Deny", stage, list(WRITES))
    return _answer(
        bearer,
        _statement("Allow", stage, list(FREE)),
        writes,
        role=role.value,
        subscription="active" if active else "inactive",
        deny_code=None if active else "subscription_required",
    )


def _statement(effect: str, stage: Stage, methods_and_paths: list[str]) -> PolicyDocument:
    return {
        "Effect": effect,
        "Action": "execute-api:Invoke",
        "Resource": [stage.resource(one) for one in methods_and_paths],
    }


def _answer(bearer: Bearer, *statements: PolicyDocument, deny_code: str | None, **context: str) -> dict[str, Any]:
    """The answer; the ``deny_…`` texts are what the API's gateway response tells whoever is denied."""
    denial = PROBLEMS[deny_code] if deny_code else None
    return {
        "principalId": bearer.user_id,
        "policyDocument": {"Version": "2012-10-17", "Statement": list(statements)},
        "context": {
            "user_id": bearer.user_id,
            "team_id": bearer.team_id,
            **context,
            "deny_code": deny_code or "",
            "deny_title": denial.title if denial else "",
            "deny_detail": denial.detail if denial else "",
        },
    }
