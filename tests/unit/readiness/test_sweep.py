"""The sweep queues one job for each advertiser that is due, whatever runs twice or at the same time."""

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from publishing.readiness.cadence import LAUNCHES, QUEUED_FOR, shards
from publishing.readiness.check_job import CheckJob
from publishing.readiness.pacing import Level, Pace
from publishing.readiness.record import Record
from publishing.readiness.sweep import (
    PAGE_SIZE,
    RESERVE_MILLISECONDS,
    SWEEP_CONTINUED,
    Sweep,
    SweepResult,
    sweep_handler,
)
from tests.support.clock import START
from tests.support.invocations import FakeContext
from tests.support.overriding import failing, overriding
from tests.unit.readiness.system import TEAM, System

FORTY = tuple(str(number) for number in range(1, 41))
RUN = "2026-11-16T10:00:00.000+00:00"


@pytest.fixture
def forty(system: System) -> System:
    """Forty advertisers are due."""
    for one in FORTY:
        system.add_record(one)
    return system


def run(sweep: Sweep, *, name: str = RUN, swept: Sequence[str] = shards()) -> SweepResult:
    """Run a new sweep of these shards, with enough time."""
    return sweep.run(sweep.start(name, tuple(swept)), out_of_time=lambda: False)


def own_jobs(system: System) -> list[CheckJob]:
    """Return the team's jobs in both queues; tests fill the queues with another team's."""
    return [one for one in system.queued_jobs() if one.team_id == TEAM]


def assert_each_queued_once(system: System, advertisers: Sequence[str] = FORTY) -> None:
    """Assert that each advertiser has one job, with the claim of its record."""
    jobs = system.queued_jobs()
    assert Counter(one.advertiser_id for one in jobs) == Counter(advertisers)
    assert {one.claim for one in jobs} == {system.record(one).claim for one in advertisers}
    assert len({one.claim for one in jobs}) == len(advertisers)


def fill_queue(system: System, count: int) -> None:
    """Put another team's jobs into the queue."""
    for number in range(count):
        system.queue.put(CheckJob("other", str(number)))


def with_capacity(system: System, jobs: int) -> Sweep:
    """Return the sweep at a pace at which the queue takes so many jobs."""
    return replace(system.sweep, pace=Pace(Level(10**6, jobs * 3 // 60, 10**9, workers=2), share=1.0))


def continuations(system: System) -> list[Mapping[str, Any]]:
    """Return the events with which sweeps continue themselves, as EventBridge delivers them."""
    return [
        {"detail-type": one.detail_type, "detail": one.detail}
        for one in system.bus.events
        if one.detail_type == SWEEP_CONTINUED
    ]


def test_each_due_advertiser_gets_one_job(forty: System) -> None:
    """The job has the claim and the run, is not urgent and visible at once; the advertiser is not due any more."""
    forty.add_record("99", due=False)
    forty.run_sweep()
    assert_each_queued_once(forty)
    assert {(one.team_id, one.run, one.quiet) for one in forty.queued_jobs()} == {(TEAM, RUN, False)}
    assert {one.urgent for one in forty.queue.messages} == {False}
    assert {forty.record(one).due_at for one in FORTY} == {START + QUEUED_FOR}
    assert forty.statistics.stored[RUN].queued == len(FORTY)


def test_statistics_that_cannot_be_written_do_not_fail_the_sweep(forty: System) -> None:
    """Its jobs are queued: Lambda must not repeat the sweep for its statistics."""
    forty.sweep = replace(forty.sweep, statistics=overriding(forty.sweep.statistics, add=failing("throttled")))
    forty.run_sweep()
    assert_each_queued_once(forty)


def test_an_advertiser_near_its_launch_is_urgent(forty: System) -> None:
    """Its job is in the urgent queue."""
    forty.update(forty.record("7").used(START, START + timedelta(hours=5)))
    forty.run_sweep()
    assert_each_queued_once(forty)
    urgent = forty.queue.receive(10, urgent=True)
    assert [one.content.advertiser_id for one in urgent if isinstance(one.content, CheckJob)] == ["7"]


def test_the_same_event_twice_queues_each_advertiser_once(forty: System) -> None:
    """That holds while jobs are queued, and once they are processed."""
    forty.run_sweep(START)
    forty.run_sweep(START)
    assert_each_queued_once(forty)
    forty.clock.forward(timedelta(minutes=1))
    forty.process_queue()
    sent = forty.queue.sent
    forty.run_sweep(START)
    assert forty.queue.sent == sent
    assert forty.statistics.stored[RUN].queued == len(FORTY)


@pytest.mark.parametrize("position", range(0, 40, 3))
def test_a_run_that_overlaps_at_any_record_queues_nothing_twice(forty: System, position: int) -> None:
    """Another run takes place just before one of this run's writes, which then fails; the other run sent the job."""
    written: list[str] = []
    other = replace(forty.sweep)

    def before_write(record: Record) -> None:
        written.append(record.advertiser_id)
        if len(written) == position + 1:
            forty.records.before_write = lambda _record: None
            run(other, name="2026-11-16T10:00:01.000+00:00")

    forty.records.before_write = before_write
    forty.run_sweep()
    assert len(written) == position + 1
    assert_each_queued_once(forty)
    assert sum(one.queued for one in forty.statistics.stored.values()) == len(FORTY)


@dataclass
class ReadinessInStep:
    """Records that two sweeps read page by page, each waiting for the other before each page."""

    system: System
    barrier: threading.Barrier
    write_lock: threading.Lock = field(default_factory=threading.Lock)
    """A write and its condition are one step."""
    pages: list[tuple[str, int]] = field(default_factory=list)

    def read(self, team_id: str, advertiser_id: str) -> Record | None:
        return self.system.records.read(team_id, advertiser_id)

    def write(self, record: Record) -> Record | None:
        with self.write_lock:
            return self.system.records.write(record)

    def read_many(self, team_id: str, advertiser_ids: Sequence[str]) -> Sequence[Record]:
        return self.system.records.read_many(team_id, advertiser_ids)

    def due(self, shard: str, before: datetime, page_size: int) -> Iterator[Sequence[tuple[str, str]]]:
        for number, keys in enumerate([*self.system.records.due(shard, before, min(page_size, 2))]):
            self.barrier.wait(5)
            self.pages.append((shard, number))
            yield keys


def test_two_runs_that_read_the_same_pages_at_the_same_time_queue_each_advertiser_once(forty: System) -> None:
    """Both get every page, and claim from it concurrently."""
    barrier, write_lock = threading.Barrier(2), threading.Lock()
    repositories = [ReadinessInStep(forty, barrier, write_lock) for _ in range(2)]
    sweeps = [replace(forty.sweep, records=one) for one in repositories]
    queued: list[int] = []

    def run_one(sweep: Sweep, name: str) -> None:
        queued.append(run(sweep, name=name).queued)

    threads = [
        threading.Thread(target=run_one, args=(one, f"2026-11-16T10:00:0{number}Z"))
        for number, one in enumerate(sweeps)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert repositories[0].pages == repositories[1].pages
    assert len(repositories[0].pages) > len(shards())
    assert sum(queued) == len(FORTY)
    assert_each_queued_once(forty)


def test_a_sweep_out_of_time_returns_the_remaining_shards(forty: System) -> None:
    """The continuation of the same run finishes it; delivered twice, it queues nothing more."""
    out_of_time = iter([False, False, False, True])
    result = forty.sweep.run(forty.sweep.start(RUN, shards()), out_of_time=lambda: next(out_of_time))
    assert 0 < result.queued < len(FORTY)
    assert result.remaining is not None
    assert result.remaining.run == RUN
    assert result.remaining.shards == shards()[-len(result.remaining.shards) :]
    second = forty.sweep.run(result.remaining, out_of_time=lambda: False)
    assert (second.queued + result.queued, second.remaining) == (len(FORTY), None)
    assert forty.sweep.run(result.remaining, out_of_time=lambda: False).queued == 0
    assert_each_queued_once(forty)
    assert forty.statistics.stored[RUN].queued == len(FORTY)


def test_the_handler_continues_the_sweep_by_an_event_to_itself(forty: System) -> None:
    """A run without time queues nothing; the event continues it, quiet or not as the run was."""
    forty.run_sweep(seconds=19)
    assert len(forty.queue) == 0
    [event] = continuations(forty)
    assert event["detail"] == {"run": RUN, "shards": shards(), "quiet": False}
    forty.handle_sweep_event(event)
    assert_each_queued_once(forty)
    assert {one.run for one in forty.queued_jobs()} == {RUN}
    assert len(continuations(forty)) == 1


@pytest.mark.parametrize(("waiting", "queued"), [(0, 20), (15, 5), (20, 0), (25, 0)])
def test_the_capacity_of_the_queue_limits_a_sweep(forty: System, waiting: int, queued: int) -> None:
    """All other advertisers stay due, and the next sweep with capacity queues them."""
    fill_queue(forty, waiting)
    result = run(with_capacity(forty, 20))
    assert (result.queued, result.remaining) == (queued, None)
    still_due = [one for one in FORTY if forty.record(one).due_at <= START]
    assert len(still_due) == len(FORTY) - queued
    forty.run_sweep(START + timedelta(hours=1))
    assert len(own_jobs(forty)) == len(FORTY)


def test_without_capacity_for_all_the_longest_due_of_a_shard_come_first(system: System) -> None:
    """The others wait."""
    same = [one for one in map(str, range(1, 400)) if Record(TEAM, one, due_at=START).shard == shards()[0]][:10]
    for number, one in enumerate(same):
        system.product.records.write(Record(TEAM, one, due_at=START - timedelta(hours=number)))
    fill_queue(system, 16)
    run(with_capacity(system, 20), swept=shards()[:1])
    assert {one.advertiser_id for one in own_jobs(system)} == set(same[-4:])


def test_without_capacity_for_all_each_shard_gets_an_equal_part(system: System) -> None:
    """No shard waits behind the others, however much is due in them."""
    for one in map(str, range(1, 400)):
        system.product.records.write(Record(TEAM, one, due_at=START - timedelta(hours=1)))
    assert run(with_capacity(system, 80)).queued == 80
    by_shard = Counter(Record(TEAM, one.advertiser_id, due_at=START).shard for one in system.queued_jobs())
    assert by_shard == dict.fromkeys(shards(), 5)


def test_launches_come_first_and_need_no_capacity(system: System) -> None:
    """They have their own queue, so they are checked however much waits in the ordinary one."""
    near = START + timedelta(hours=5)
    for one in map(str, range(1, 31)):
        launch_at = near if int(one) % 10 == 0 else None
        system.product.records.write(Record(TEAM, one, due_at=START, launch_at=launch_at))
    fill_queue(system, 20)
    assert run(with_capacity(system, 20), swept=(LAUNCHES, *shards())).queued == 3
    assert [one.advertiser_id for one in own_jobs(system)] == ["10", "20", "30"]


def test_a_shard_of_several_pages_is_swept_page_by_page(system: System) -> None:
    """Each page is claimed before its jobs are sent."""
    of_one_shard = (one for one in map(str, itertools.count(1)) if Record(TEAM, one, due_at=START).shard == shards()[0])
    same = [*itertools.islice(of_one_shard, 2 * PAGE_SIZE + 2)]
    for one in same:
        system.add_record(one)
    system.effects.watch()
    system.run_sweep()
    assert_each_queued_once(system, same)
    pages = [size * [name] for size in (PAGE_SIZE, PAGE_SIZE, 2) for name in ("write record", "send job")]
    assert system.effects.names == [*itertools.chain(*pages), "add statistics"]


def test_a_claim_whose_response_was_lost_still_sends_its_job(forty: System) -> None:
    """The record is read again, and has this sweep's claim."""
    forty.records.lost_responses = 5
    forty.run_sweep()
    assert forty.records.lost_responses == 0
    assert_each_queued_once(forty)


LAGS: dict[str, Callable[[Record], Record | None]] = {
    "checked meanwhile": lambda record: replace(record, due_at=START + timedelta(hours=1)),
    "claimed by another": lambda record: record.claimed("other", START),
    "deleted": lambda _record: None,
}


@pytest.mark.parametrize("lag", LAGS)
def test_an_index_that_lags_behind_does_no_harm(system: System, lag: str) -> None:
    """A listed record is read before it is claimed."""
    system.add_record("1")
    listed = [*system.records.due(system.record("1").shard, START, 100)]
    current = LAGS[lag](system.record("1"))
    del system.product.records.stored[TEAM, "1"]
    if current is not None:
        system.product.records.stored[TEAM, "1"] = current

    @dataclass
    class Lagging(ReadinessInStep):
        def due(self, shard: str, before: object, page_size: int) -> Iterator[Sequence[tuple[str, str]]]:
            del before, page_size
            yield from listed if shard == Record(TEAM, "1", due_at=START).shard else ()

    assert run(replace(system.sweep, records=Lagging(system, threading.Barrier(1)))).queued == 0
    assert len(system.queue) == 0


def test_a_lost_job_is_sent_again_after_two_hours(forty: System) -> None:
    """It is not sent again before: the message may only be slow."""
    forty.run_sweep()
    for one in [*forty.queue.messages]:
        forty.queue.delete(one.id)
    forty.clock.forward(QUEUED_FOR - timedelta(seconds=1))
    forty.run_sweep()
    assert len(forty.queue) == 0
    forty.clock.forward(timedelta(seconds=1))
    forty.run_sweep()
    assert_each_queued_once(forty)


@pytest.mark.parametrize("time", [None, "not a time", 7])
def test_an_event_without_a_valid_time_sweeps_for_the_current_time(forty: System, time: object) -> None:
    """The sweep is more important than its name."""
    forty.handle_sweep_event({"time": time})
    assert_each_queued_once(forty)


@pytest.mark.parametrize(
    "time", ["2026-11-16T10:00:00Z", "2026-11-16T10:00:00+00:00", "2026-11-16T11:00:00+01:00", "2026-11-16T10:00:00"]
)
def test_the_same_moment_is_the_same_run_in_every_notation(forty: System, time: str) -> None:
    """Names of runs sort by time."""
    forty.handle_sweep_event({"time": time})
    assert [*forty.statistics.stored] == [RUN]


def test_connections_are_swept_once_the_advertisers_are_finished(forty: System) -> None:
    """A run that continues the sweep leaves them to the run that finishes it."""
    sweeps: list[object] = []

    def sweep_connections(*, out_of_time: Callable[[], bool]) -> int:
        sweeps.append(out_of_time)
        return 0

    handler = sweep_handler(forty.sweep, sweep_connections)
    event = {"time": "2026-11-16T10:00:00Z"}
    handler(event, FakeContext(RESERVE_MILLISECONDS / 1000 - 1))
    assert len(sweeps) == 0
    handler(event, FakeContext(300))
    assert len(sweeps) == 1
    assert callable(sweeps[0])
