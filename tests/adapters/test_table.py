"""The table: reading many items while DynamoDB is busy."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from publishing.repositories.json_api import BACKOFF_SECONDS, AwsError
from publishing.repositories.table import Table
from tests.adapters.scripted_aws import WAITS, Waits
from tiktok_business.deadline import Deadline, request_deadline

NAME = "table"
KEYS = [{"pk": {"S": "TEAM#t1"}, "sk": {"S": f"MEMBER#u{number}"}} for number in range(3)]


class BusyDynamoDB:
    """Reads as many of the keys as the script says, in each call."""

    def __init__(self, *reads: int) -> None:
        self.reads = iter(reads)
        self.calls = 0

    def __call__(self, _operation: str, **request: Any) -> Mapping[str, Any]:
        self.calls += 1
        keys = request["RequestItems"][NAME]["Keys"]
        read = next(self.reads)
        unread = {NAME: {"Keys": keys[read:]}} if keys[read:] else {}
        return {"Responses": {NAME: keys[:read]}, "UnprocessedKeys": unread}


@pytest.fixture
def no_time_left() -> Iterator[None]:
    """The time of the current request is over."""
    token = request_deadline.set(Deadline(0.0, lambda: 1.0))
    yield
    request_deadline.reset(token)


def test_a_busy_table_is_given_a_pause() -> None:
    """After a call that read nothing, a random and growing one; none after a call that read something."""
    waits, dynamodb = Waits(), BusyDynamoDB(0, 1, 0, 2)
    table = Table(dynamodb, NAME, sleep=waits.seconds.append, jitter=waits.jitter)
    assert sorted(map(repr, table.get_many(KEYS))) == sorted(map(repr, KEYS))
    assert waits.seconds == WAITS
    assert dynamodb.calls == 4


def test_a_table_that_stays_busy_is_an_error() -> None:
    """After three calls that read nothing, the last one without a pause."""
    waits, dynamodb = Waits(), BusyDynamoDB(0, 0, 0)
    with pytest.raises(AwsError, match=r"^ProvisionedThroughputExceededException$") as caught:
        Table(dynamodb, NAME, sleep=waits.seconds.append, jitter=waits.jitter).get_many(KEYS)
    assert caught.value.transient
    assert waits.seconds == WAITS
    assert max(WAITS) <= BACKOFF_SECONDS


@pytest.mark.usefixtures("no_time_left")
def test_no_pause_exceeds_the_time_of_the_request() -> None:
    """Then the table is called busy at once."""
    waits, dynamodb = Waits(), BusyDynamoDB(0, 3)
    with pytest.raises(AwsError, match=r"^ProvisionedThroughputExceededException$"):
        Table(dynamodb, NAME, sleep=waits.seconds.append, jitter=waits.jitter).get_many(KEYS)
    assert (waits.seconds, dynamodb.calls) == ([], 1)
