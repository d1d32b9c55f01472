"""Failing calls to AWS, for repositories to use instead of real ones."""

from collections.abc import Mapping
from typing import Any

from publishing.repositories.json_api import AwsCall, AwsError

THROTTLED = "ProvisionedThroughputExceededException"


def throttled(_operation: str, **_request: Any) -> Mapping[str, Any]:
    """Fail as DynamoDB does when it throttles every attempt."""
    raise AwsError(THROTTLED)


def sent_twice(call: AwsCall) -> AwsCall:
    """Return a call that sends each request twice, as when the first response is lost; it returns the second one."""

    def twice(operation: str, **request: Any) -> Any:
        call(operation, **request)
        return call(operation, **request)

    return twice
