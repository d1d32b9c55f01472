"""The Lambda authorizer of every route: a bearer token in, an IAM policy for the whole stage out."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from publishing import cold_start

# isort: split

from aws_lambda_powertools import Logger

from publishing.authorizer.policy import Stage, authorization
from publishing.authorizer.token_claims import SigningKeys, UnauthorizedError, Verifier
from publishing.bootstrap import Bootstrap
from publishing.environment import checked_url, required
from publishing.log_events import LogEvent

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(service="authorizer")

bootstrap = Bootstrap(tiktok=False)
verifier = Verifier(
    keys=SigningKeys(checked_url("JWKS_URL", required(os.environ, "JWKS_URL")), bootstrap.ssl_context),
    issuer=required(os.environ, "TOKEN_ISSUER"),
    audience=required(os.environ, "TOKEN_AUDIENCE"),
)
teams = bootstrap.teams
cold_start.finish()


def lambda_handler(event: Mapping[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Allow or deny. API Gateway turns the exception ``Unauthorized``, and no other text, into a 401.

    Lambda's runtime logs that exception with its stack trace, which names this line and nothing that was sent. No other
    way to a 401 is documented: an answer can only deny, which is a 403
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html).
    """
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    try:
        claims = verifier.verify(headers.get("authorization") or "")
    except UnauthorizedError as error:
        logger.info(LogEvent.NOT_AUTHENTICATED, why=str(error))
        raise Exception("Unauthorized") from None  # noqa: TRY002 - the text that API Gateway requires
    team = teams.read_membership(claims.team_id, claims.user_id)
    answer = authorization(claims, team, Stage.of(event["methodArn"]), datetime.now(UTC))
    logger.info(LogEvent.AUTHENTICATED, deny_code=answer["context"]["deny_code"])
    return answer
