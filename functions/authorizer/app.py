"""The Lambda authorizer of every route: a bearer token in, an IAM policy for the whole stage out."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import jwt
from aws_lambda_powertools import Logger

from publishing.access import Stage, authorization
from publishing.aws.config import AWS_CONFIG
from publishing.aws.teams import DynamoDBTeams
from publishing.bearer import JWKS_CACHE_SECONDS, JWKS_TIMEOUT_SECONDS, UnauthorizedError, Verifier
from publishing.log_events import LogEvent
from publishing.settings import checked_url, required

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(service="authorizer")

VERIFIER = Verifier(
    keys=jwt.PyJWKClient(
        checked_url("JWKS_URL", required(os.environ, "JWKS_URL")),
        lifespan=JWKS_CACHE_SECONDS,
        timeout=JWKS_TIMEOUT_SECONDS,
    ),
    issuer=required(os.environ, "TOKEN_ISSUER"),
    audience=required(os.environ, "TOKEN_AUDIENCE"),
)
TEAMS = DynamoDBTeams(boto3.client("dynamodb", config=AWS_CONFIG), required(os.environ, "TABLE_NAME"))


def lambda_handler(event: Mapping[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Allow or deny. API Gateway turns the exception ``Unauthorized``, and no other text, into a 401."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    try:
        bearer = VERIFIER.verify(headers.get("authorization") or "")
    except UnauthorizedError as error:
        logger.info(LogEvent.NOT_AUTHORIZED, why=str(error))
        raise Exception("Unauthorized") from None  # noqa: TRY002 - the text that API Gateway asks for
    answer = authorization(bearer, TEAMS.read(bearer.team_id), Stage.of(event["methodArn"]), datetime.now(UTC))
    logger.info(LogEvent.AUTHORIZED, deny_code=answer["context"]["deny_code"])
    return answer
