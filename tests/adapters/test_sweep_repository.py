"""The statistics of sweeps, in DynamoDB and in memory."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from publishing.ports import SweepRepository
from publishing.readiness.check_job import SweepStatistics
from publishing.repositories.json_api import AwsError
from publishing.repositories.sweep_repository import STATISTICS_KEPT, DynamoDBSweepRepository
from publishing.repositories.table import Table
from tests.adapters.conftest import TABLE
from tests.adapters.failing_calls import THROTTLED, throttled
from tools.in_memory_readiness import InMemorySweeps

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from publishing.repositories.json_api import JsonApi

NINE, TEN, NEXT_MONTH = (
    "2026-11-30T09:00:00.000+00:00",
    "2026-11-30T10:00:00.000+00:00",
    "2026-12-01T00:00:00.000+00:00",
)


@pytest.fixture(params=["DynamoDB", "in memory"])
def sweeps(request: pytest.FixtureRequest) -> SweepRepository:
    """Both implementations."""
    if request.param == "in memory":
        return InMemorySweeps()
    return DynamoDBSweepRepository(cast("Table", request.getfixturevalue("stored")))


def test_the_first_sweep_has_no_previous_one(sweeps: SweepRepository) -> None:
    """Its own statistics are not those of a previous sweep."""
    assert sweeps.previous(NINE) is None
    sweeps.add(SweepStatistics(NINE, queued=1))
    assert sweeps.previous(NINE) is None


def test_the_previous_sweep_is_the_last_earlier_one(sweeps: SweepRepository) -> None:
    """Sweeps are ordered by name, whatever was added first, over the end of a month too."""
    for run, queued in ((TEN, 10), (NEXT_MONTH, 12), (NINE, 9)):
        sweeps.add(SweepStatistics(run, queued=queued))
    assert sweeps.previous(TEN) == SweepStatistics(NINE, queued=9)
    assert sweeps.previous(NEXT_MONTH) == SweepStatistics(TEN, queued=10)
    assert sweeps.previous("2026-12-01T01:00:00.000+00:00") == SweepStatistics(NEXT_MONTH, queued=12)
    assert sweeps.previous(NINE) is None


def test_numbers_are_added(sweeps: SweepRepository) -> None:
    """Each number is added to its own sum, of its own sweep."""
    sweeps.add(SweepStatistics(NINE, queued=100))
    sweeps.add(SweepStatistics(TEN, queued=1))
    sweeps.add(SweepStatistics(NINE, verified=3, unverified=2))
    sweeps.add(SweepStatistics(NINE, queued=20, unverified=1))
    assert sweeps.previous(TEN) == SweepStatistics(NINE, queued=120, verified=3, unverified=3)
    assert sweeps.previous(NEXT_MONTH) == SweepStatistics(TEN, queued=1)


def test_concurrent_workers_lose_no_numbers(dynamodb_api: "JsonApi") -> None:
    """DynamoDB processes one call at a time; other workers' calls come between two calls of one worker."""
    lock, barrier = threading.Lock(), threading.Barrier(8)

    def call(operation: str, **request: Any) -> Mapping[str, Any]:
        with lock:
            return dynamodb_api.call(operation, **request)

    def add_five_times(_worker: int) -> None:
        barrier.wait(timeout=10)
        for _ in range(5):
            DynamoDBSweepRepository(Table(call, TABLE)).add(SweepStatistics(NINE, queued=1, verified=2, unverified=3))

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(add_five_times, range(8)))
    added = DynamoDBSweepRepository(Table(call, TABLE)).previous(TEN)
    assert added == SweepStatistics(NINE, queued=40, verified=80, unverified=120)


def test_statistics_expire_a_week_after_their_sweep(stored: Table, dynamodb: "DynamoDBClient") -> None:
    """The time of the last addition makes no difference; the attribute is the one that the template names."""
    DynamoDBSweepRepository(stored).add(SweepStatistics(NINE, queued=1))
    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    end = datetime(2026, 11, 30, 9, tzinfo=UTC) + STATISTICS_KEPT
    assert item["expires_at"]["N"] == str(int(end.timestamp()))  # DynamoDB takes whole seconds
    assert STATISTICS_KEPT.days == 7


def test_a_failure_is_raised() -> None:
    """The caller must know what was not counted."""
    with pytest.raises(AwsError, match=f"^{THROTTLED}$"):
        DynamoDBSweepRepository(Table(throttled, TABLE)).add(SweepStatistics(NINE, queued=1))
