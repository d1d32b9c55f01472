"""The accounts of sweeps: in DynamoDB and in memory alike."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from publishing.aws.json_api import AwsError, JsonApi
from publishing.aws.runs import RUNS_KEPT, DynamoDBRuns
from publishing.aws.table import Table
from publishing.readiness.stores import Run
from tests.adapters.conftest import TABLE
from tests.adapters.failing_calls import THROTTLED, throttled
from tools.in_memory_readiness import InMemoryRuns

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from publishing.readiness.stores import Runs

NINE, TEN, MONTHS_END = (
    "2026-11-30T09:00:00.000+00:00",
    "2026-11-30T10:00:00.000+00:00",
    "2026-12-01T00:00:00.000+00:00",
)


@pytest.fixture(params=["DynamoDB", "in memory"])
def runs(request: pytest.FixtureRequest) -> "Runs":
    """Both stores."""
    if request.param == "in memory":
        return InMemoryRuns()
    return DynamoDBRuns(Table(cast("JsonApi", request.getfixturevalue("dynamodb_api")).call, TABLE))


def test_the_first_sweep_has_none_before_it(runs: "Runs") -> None:
    """Nor has one that has been accounted for itself."""
    assert runs.before(NINE) is None
    runs.count(Run(NINE, queued=1))
    assert runs.before(NINE) is None


def test_the_run_before_is_the_last_earlier_one(runs: "Runs") -> None:
    """By name, in whichever order they were counted, also over a month's end; never a later one."""
    for name, queued in ((TEN, 10), (MONTHS_END, 12), (NINE, 9)):
        runs.count(Run(name, queued=queued))
    assert runs.before(TEN) == Run(NINE, queued=9)
    assert runs.before(MONTHS_END) == Run(TEN, queued=10)
    assert runs.before("2026-12-01T01:00:00.000+00:00") == Run(MONTHS_END, queued=12)
    assert runs.before(NINE) is None


def test_what_is_counted_is_added(runs: "Runs") -> None:
    """Each number by itself, and to its own run alone."""
    runs.count(Run(NINE, queued=100))
    runs.count(Run(TEN, queued=1))
    runs.count(Run(NINE, verified=3, unverified=2))
    runs.count(Run(NINE, queued=20, unverified=1))
    assert runs.before(TEN) == Run(NINE, queued=120, verified=3, unverified=3)
    assert runs.before(MONTHS_END) == Run(TEN, queued=1)


def test_workers_that_count_at_the_same_time_lose_nothing(dynamodb_api: JsonApi) -> None:
    """Each call is by itself in DynamoDB; between two calls of one worker there is room for others' calls."""
    alone, begin = threading.Lock(), threading.Barrier(8)

    def call(operation: str, **request: Any) -> Mapping[str, Any]:
        with alone:
            return dynamodb_api.call(operation, **request)

    def work(_worker: int) -> None:
        begin.wait(timeout=10)
        for _ in range(5):
            DynamoDBRuns(Table(call, TABLE)).count(Run(NINE, queued=1, verified=2, unverified=3))

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(work, range(8)))
    assert DynamoDBRuns(Table(call, TABLE)).before(TEN) == Run(NINE, queued=40, verified=80, unverified=120)


def test_an_account_ends_by_itself(dynamodb_api: JsonApi, dynamodb: "DynamoDBClient") -> None:
    """A week after its sweep, however late it is counted; under the template's name for the end."""
    DynamoDBRuns(Table(dynamodb_api.call, TABLE)).count(Run(NINE, queued=1))
    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    end = datetime(2026, 11, 30, 9, tzinfo=UTC) + RUNS_KEPT
    assert item["expires_at"]["N"] == str(int(end.timestamp()))  # DynamoDB wants whole seconds
    assert RUNS_KEPT.days == 7


def test_a_failure_is_told() -> None:
    """What was not counted is the caller's to know."""
    with pytest.raises(AwsError, match=f"^{THROTTLED}$"):
        DynamoDBRuns(Table(throttled, TABLE)).count(Run(NINE, queued=1))
