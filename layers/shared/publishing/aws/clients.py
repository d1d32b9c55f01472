"""botocore's DynamoDB client, for the mark on a dead connection: loaded by the request that needs it (decision 13)."""

from functools import cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@cache
def dynamodb_client() -> "DynamoDBClient":
    """DynamoDB's client with the region and credentials that Lambda gives.

    Made as ``boto3.client`` makes it, by botocore, but without importing the rest of boto3.
    """
    import botocore.session  # noqa: PLC0415 - half of a cold start, which hardly any needs
    from botocore.config import Config  # noqa: PLC0415 - as above

    # AWS answers in milliseconds; a longer wait would only use up the request's time.
    config = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3})
    return cast("DynamoDBClient", botocore.session.get_session().create_client("dynamodb", config=config))
