"""Calls of AWS that go wrong, for stores to be given in the place of the real one."""

from collections.abc import Mapping
from typing import Any

from publishing.aws.json_api import AwsCall, AwsError

THROTTLED = "ProvisionedThroughputExceededException"


def throttled(_operation: str, **_request: Any) -> Mapping[str, Any]:
    """As where DynamoDB is asked too often, after every try."""
    raise AwsError(THROTTLED)


def asks_nothing(operation: str, **_request: Any) -> Mapping[str, Any]:
    """For what is not to be asked at all."""
    raise AssertionError(operation)


def sent_twice(call: AwsCall) -> AwsCall:
    """As where AWS's answer is lost on the way: the first one is done, and the second one answered."""

    def twice(operation: str, **request: Any) -> Any:
        call(operation, **request)
        return call(operation, **request)

    return twice
