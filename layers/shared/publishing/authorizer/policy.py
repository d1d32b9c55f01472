"""What a caller may call: the authorizer's answer (pure)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from publishing.authorizer.token_claims import TokenClaims
from publishing.http.problems import PROBLEMS
from publishing.teams import Team

SUBSCRIBER_METHODS = (
    "POST/api/v1/tiktok/connections",
    "POST/api/v1/tiktok/connections/complete",
    "POST/api/v1/tiktok/identities",
    "POST/api/v1/tiktok/identity-images",
)
"""Methods and paths that need an active subscription."""
MEMBER_METHODS = ("GET/*", "DELETE/api/v1/tiktok/connections/*")
"""Methods and paths that every member may call: reads and disconnecting."""

PolicyDocument = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """One deployed stage of the API, as an ARN prefix."""

    arn: str

    @classmethod
    def of(cls, method_arn: str) -> "Stage":
        """Return the stage of a method's ARN: ``arn:…:api-id/stage/GET/path``."""
        api, stage, *_ = method_arn.split("/")
        return cls(f"{api}/{stage}")

    def resource(self, method_and_path: str) -> str:
        """Return the ARN of a method and path of this stage."""
        return f"{self.arn}/{method_and_path}"


def authorization(claims: TokenClaims, team: Team, stage: Stage, now: datetime) -> dict[str, Any]:
    """Return the answer of the Lambda authorizer, for the whole stage.

    API Gateway caches one answer per token and applies it to every method, so it must be right for all of them: reads
    and disconnecting for every member, other writes with an active subscription.
    """
    role = team.roles.get(claims.user_id)
    if role is None:
        return _answer(claims, _statement("Deny", stage, ["*"]), deny_code="not_a_member")
    active = team.has_active_subscription(now)
    writes = _statement("Allow" if active else "Deny", stage, list(SUBSCRIBER_METHODS))
    return _answer(
        claims,
        _statement("Allow", stage, list(MEMBER_METHODS)),
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


def _answer(claims: TokenClaims, *statements: PolicyDocument, deny_code: str | None, **context: str) -> dict[str, Any]:
    """Return the answer. The ``problem_…`` texts become the body of the API's gateway response if a request is denied.

    They are set in any case: what the policy neither allows nor denies is denied, too, and a gateway response cannot
    replace an empty text (https://docs.aws.amazon.com/apigateway/latest/developerguide/
    api-gateway-swagger-extensions-gateway-responses.responseTemplates.html: not processed by VTL).
    """
    problem_code = deny_code or "forbidden"
    problem = PROBLEMS[problem_code]
    return {
        "principalId": claims.user_id,
        "policyDocument": {"Version": "2012-10-17", "Statement": list(statements)},
        "context": {
            "user_id": claims.user_id,
            "team_id": claims.team_id,
            **context,
            "deny_code": deny_code or "",
            "problem_code": problem_code,
            "problem_title": problem.title,
            "problem_detail": problem.detail,
        },
    }
