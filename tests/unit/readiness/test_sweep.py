"""The sweep: each advertiser that is due gets one message, whatever comes twice or in between."""

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from publishing.readiness.cadence import LAUNCHES, QUEUED_FOR, shards
from publishing.readiness.pacing import Level, Pace
from publishing.readiness.record import Record
from publishing.readiness.stores import LookMessage
from publishing.readiness.sweep import PAGE, Sweep
from publishing.triggers import GOES_ON, RESERVE_MILLISECONDS, sweep_handler
from tests.support.clock import START
from tests.support.invocations import FakeContext
from tests.unit.readiness.system import TEAM, System

if TYPE_CHECKING:
    from publishing.connecting.sweep import ConnectionSweep

FEW = tuple(str(number) for number in range(1, 41))
RUN = "2026-11-16T10:00:00.000+00:00"


@pytest.fixture
def fleet(system: System) -> System:
    """Forty advertisers that are due."""
    for one in FEW:
        system.watch_over(one)
    return system


def messages(system: System) -> list[LookMessage]:
    """What waits in the queues."""
    held = [one.content for one in system.queue.messages]
    assert all(isinstance(one, LookMessage) for one in held)
    return [one for one in held if isinstance(one, LookMessage)]


def assert_each_once(system: System, advertisers: Sequence[str] = FEW) -> None:
    """One message for each, with the claim that its record has."""
    sent = messages(system)
    assert Counter(one.advertiser_id for one in sent) == Counter(advertisers)
    assert {one.claim for one in sent} == {system.record(one).claim for one in advertisers}
    assert len({one.claim for one in sent}) == len(advertisers)


def test_each_due_advertiser_gets_one_message(fleet: System) -> None:
    """With its claim and the run, not urgent, visible at once; and it is due no more."""
    fleet.watch_over("99", due=False)
    fleet.run_sweep()
    assert_each_once(fleet)
    assert {(one.team_id, one.run, one.quiet) for one in messages(fleet)} == {(TEAM, RUN, False)}
    assert {one.urgent for one in fleet.queue.messages} == {False}
    assert {fleet.record(one).due_at for one in FEW} == {START + QUEUED_FOR}
    assert fleet.seen_runs.runs[RUN].queued == len(FEW)


def test_an_advertiser_whose_launch_is_near_goes_ahead(fleet: System) -> None:
    """Its message is in the urgent queue."""
    fleet.change(fleet.record("7").used(START, START + timedelta(hours=5)))
    fleet.run_sweep()
    assert_each_once(fleet)
    assert [
        one.content.advertiser_id for one in fleet.queue.messages if one.urgent and not isinstance(one.content, str)
    ] == ["7"]


def test_the_same_event_twice_does_the_work_once(fleet: System) -> None:
    """Also when the second comes while the messages are worked, and once all is done."""
    fleet.run_sweep(START)
    fleet.run_sweep(START)
    assert_each_once(fleet)
    fleet.clock.forward(timedelta(minutes=1))
    fleet.work()
    looked = fleet.queue.sent
    fleet.run_sweep(START)
    assert fleet.queue.sent == looked
    assert fleet.seen_runs.runs[RUN].queued == len(FEW)


@pytest.mark.parametrize("position", range(0, 40, 3))
def test_a_run_that_overlaps_at_any_record_queues_nothing_twice(fleet: System, position: int) -> None:
    """Another whole run takes place right before this one's write: the write fails, and its message is the other's."""
    written: list[str] = []
    other = replace(fleet.sweep)

    def before_write(record: Record) -> None:
        written.append(record.advertiser_id)
        if len(written) == position + 1:
            fleet.records.before_write = lambda _record: None
            other.go_on(other.begin("2026-11-16T10:00:01.000+00:00", shards()), out_of_time=lambda: False)

    fleet.records.before_write = before_write
    fleet.run_sweep()
    assert len(written) == position + 1
    assert_each_once(fleet)
    assert sum(one.queued for one in fleet.seen_runs.runs.values()) == len(FEW)


@dataclass
class HandingOver:
    """Records, read page by page by two sweeps in turns: each waits for the other before each page."""

    system: System
    barrier: threading.Barrier
    alone: threading.Lock = field(default_factory=threading.Lock)
    """A write's condition and the write are one step."""
    pages: list[tuple[str, int]] = field(default_factory=list)

    def read(self, team_id: str, advertiser_id: str) -> Record | None:
        return self.system.records.read(team_id, advertiser_id)

    def write(self, record: Record) -> Record | None:
        with self.alone:
            return self.system.records.write(record)

    def of_team(self, team_id: str) -> Sequence[Record]:
        return self.system.records.of_team(team_id)

    def due(self, shard: str, before: datetime, page: int) -> Iterator[Sequence[tuple[str, str]]]:
        for number, keys in enumerate([*self.system.records.due(shard, before, min(page, 2))]):
            self.barrier.wait(5)
            self.pages.append((shard, number))
            yield keys


def test_two_runs_that_read_the_same_pages_at_the_same_time_queue_once(fleet: System) -> None:
    """Both are given every page, and claim from it side by side."""
    barrier, alone = threading.Barrier(2), threading.Lock()
    stores = [HandingOver(fleet, barrier, alone) for _ in range(2)]
    runs = [replace(fleet.sweep, records=store) for store in stores]
    queued: list[int] = []

    def swept(sweep: Sweep, name: str) -> None:
        queued.append(sweep.go_on(sweep.begin(name, shards()), out_of_time=lambda: False).queued)

    threads = [
        threading.Thread(target=swept, args=(one, f"2026-11-16T10:00:0{number}Z")) for number, one in enumerate(runs)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert stores[0].pages == stores[1].pages
    assert len(stores[0].pages) > len(shards())
    assert sum(queued) == len(FEW)
    assert_each_once(fleet)


def handed_on(system: System) -> list[dict[str, object]]:
    """The events with which sweeps have handed themselves on, as they come back."""
    return [
        {"detail-type": one.detail_type, "detail": one.detail}
        for one in system.seen_bus.events
        if one.detail_type == GOES_ON
    ]


def test_out_of_time_a_sweep_hands_on_what_is_left(fleet: System) -> None:
    """The continuation, of the same run, finishes it; the continuation delivered twice does no more."""
    pages = iter([False, False, False, True])
    sweeping = fleet.sweep.begin(RUN, shards())
    swept = fleet.sweep.go_on(sweeping, out_of_time=lambda: next(pages))
    assert 0 < swept.queued < len(FEW)
    assert swept.left is not None
    assert swept.left.run == RUN
    assert swept.left.shards == shards()[-len(swept.left.shards) :]
    done = fleet.sweep.go_on(swept.left, out_of_time=lambda: False)
    assert (done.queued + swept.queued, done.left) == (len(FEW), None)
    assert fleet.sweep.go_on(swept.left, out_of_time=lambda: False).queued == 0
    assert_each_once(fleet)
    assert fleet.seen_runs.runs[RUN].queued == len(FEW)


def test_the_handler_hands_on_by_an_event_that_it_understands_itself(fleet: System) -> None:
    """Nothing is queued in a run without time; the event leads to the rest, quiet or not as the run was."""
    fleet.run_sweep(seconds=19)
    assert len(fleet.queue) == 0
    [event] = handed_on(fleet)
    assert event["detail"] == {"run": RUN, "shards": shards(), "quiet": False}
    sweep_handler(fleet.sweep, fleet.connection_sweep, fleet.bus)(event, FakeContext(300))
    assert_each_once(fleet)
    assert {one.run for one in messages(fleet)} == {RUN}
    assert len(handed_on(fleet)) == 1


def _of_room(system: System, room: int) -> Sweep:
    return replace(system.sweep, pace=Pace(Level(10**6, room * 3 // 60, 10**9, workers=2), share=1.0))


@pytest.mark.parametrize(("waiting", "queued"), [(0, 20), (15, 5), (20, 0), (25, 0)])
def test_the_queues_room_bounds_a_sweep(fleet: System, waiting: int, queued: int) -> None:
    """What has no room stays due, and the next sweep with room takes it."""
    for number in range(waiting):
        fleet.queue.put(LookMessage("other", str(number)))
    sweep = _of_room(fleet, 20)
    swept = sweep.go_on(sweep.begin(RUN, shards()), out_of_time=lambda: False)
    assert (swept.queued, swept.left) == (queued, None)
    still_due = [one for one in FEW if fleet.record(one).due_at <= START]
    assert len(still_due) == len(FEW) - queued
    fleet.run_sweep(START + timedelta(hours=1))
    assert sum(one.team_id == TEAM for one in messages(fleet)) == len(FEW)


def test_without_room_the_longest_due_come_first(system: System) -> None:
    """Of one part of the list; the others wait."""
    same = [one for one in map(str, range(1, 400)) if Record(TEAM, one, due_at=START).shard == shards()[0]][:10]
    for number, one in enumerate(same):
        system.product.records.write(Record(TEAM, one, due_at=START - timedelta(hours=number)))
    sweep = _of_room(system, 20)
    for number in range(16):
        system.queue.put(LookMessage("other", str(number)))
    sweep.go_on(sweep.begin(RUN, shards()[:1]), out_of_time=lambda: False)
    assert {one.advertiser_id for one in messages(system) if one.team_id == TEAM} == set(same[-4:])


def test_without_room_no_part_of_the_list_waits_behind_the_others(system: System) -> None:
    """Each has its share of the room, however much is due in the first."""
    for one in map(str, range(1, 400)):
        system.product.records.write(Record(TEAM, one, due_at=START - timedelta(hours=1)))
    sweep = _of_room(system, 80)
    swept = sweep.go_on(sweep.begin(RUN, shards()), out_of_time=lambda: False)
    served = Counter(Record(TEAM, one.advertiser_id, due_at=START).shard for one in messages(system))
    assert swept.queued == 80
    assert served == dict.fromkeys(shards(), 5)


def test_launches_come_first_and_need_no_room(system: System) -> None:
    """Their queue is another one: however much waits in the ordinary one, they are looked at."""
    near = START + timedelta(hours=5)
    for one in map(str, range(1, 31)):
        launch_at = near if int(one) % 10 == 0 else None
        system.product.records.write(Record(TEAM, one, due_at=START, launch_at=launch_at))
    for number in range(20):
        system.queue.put(LookMessage("other", str(number)))
    sweep = _of_room(system, 20)
    swept = sweep.go_on(sweep.begin(RUN, (LAUNCHES, *shards())), out_of_time=lambda: False)
    assert swept.queued == 3
    assert [one.advertiser_id for one in messages(system) if one.team_id == TEAM] == ["10", "20", "30"]


def test_more_than_a_page_is_swept(system: System) -> None:
    """Page after page of one shard, each claimed before its messages are sent."""
    of_one_shard = (one for one in map(str, itertools.count(1)) if Record(TEAM, one, due_at=START).shard == shards()[0])
    same = [*itertools.islice(of_one_shard, 2 * PAGE + 2)]
    for one in same:
        system.watch_over(one)
    system.effects.watch()
    system.run_sweep()
    assert_each_once(system, same)
    pages = [size * [name] for size in (PAGE, PAGE, 2) for name in ("write", "queue")]
    assert system.effects.names == [*itertools.chain(*pages), "count"]


def test_a_write_whose_answer_was_lost_still_sends_its_message(fleet: System) -> None:
    """Read again the claim is seen to be this sweep's own."""
    fleet.records.answers_lost = 5
    fleet.run_sweep()
    assert fleet.records.answers_lost == 0
    assert_each_once(fleet)


LAGS: dict[str, Callable[[Record], Record | None]] = {
    "looked at meanwhile": lambda record: replace(record, due_at=START + timedelta(hours=1)),
    "claimed by another": lambda record: record.claimed("other", START),
    "gone": lambda _record: None,
}


@pytest.mark.parametrize("lag", LAGS)
def test_an_index_that_lags_behind_does_no_harm(system: System, lag: str) -> None:
    """What it lists is read before it is claimed."""
    system.watch_over("1")
    pages = system.records.due(system.record("1").shard, START, 100)
    listed = list(pages)
    now = LAGS[lag](system.record("1"))
    del system.product.records.stored[TEAM, "1"]
    if now is not None:
        system.product.records.stored[TEAM, "1"] = now

    @dataclass
    class Lagging(HandingOver):
        def due(self, shard: str, before: object, page: int) -> Iterator[Sequence[tuple[str, str]]]:
            del before, page
            yield from listed if shard == Record(TEAM, "1", due_at=START).shard else ()

    sweep = replace(system.sweep, records=Lagging(system, threading.Barrier(1)))
    assert sweep.go_on(sweep.begin(RUN, shards()), out_of_time=lambda: False).queued == 0
    assert len(system.queue) == 0


def test_a_claim_whose_message_is_lost_is_sent_again_after_two_hours(fleet: System) -> None:
    """And not before: the message may only be slow."""
    fleet.run_sweep()
    for one in [*fleet.queue.messages]:
        fleet.queue.delete(one.id)
    fleet.clock.forward(QUEUED_FOR - timedelta(seconds=1))
    fleet.run_sweep()
    assert len(fleet.queue) == 0
    fleet.clock.forward(timedelta(seconds=1))
    fleet.run_sweep()
    assert_each_once(fleet)


@pytest.mark.parametrize("time", [None, "not a time", 7])
def test_an_event_without_a_usable_time_is_swept_as_of_now(fleet: System, time: object) -> None:
    """The work matters more than its name."""
    sweep_handler(fleet.sweep, fleet.connection_sweep, fleet.bus)({"time": time}, FakeContext(300))
    assert_each_once(fleet)


@pytest.mark.parametrize(
    "time", ["2026-11-16T10:00:00Z", "2026-11-16T10:00:00+00:00", "2026-11-16T11:00:00+01:00", "2026-11-16T10:00:00"]
)
def test_the_same_moment_is_the_same_run_however_it_is_written(fleet: System, time: str) -> None:
    """So a run's name sorts by time."""
    sweep_handler(fleet.sweep, fleet.connection_sweep, fleet.bus)({"time": time}, FakeContext(300))
    assert [*fleet.seen_runs.runs] == [RUN]


@dataclass
class CountedConnectionSweep:
    """ConnectionSweep that only count how often they were made."""

    made: int = 0

    def run(self, *, out_of_time: Callable[[], bool]) -> int:
        assert callable(out_of_time)
        self.made += 1
        return 0


def test_connections_are_swept_once_the_sweep_of_advertisers_is_through(fleet: System) -> None:
    """A sweep that hands itself on leaves them to the run that ends it."""
    connection_sweep = CountedConnectionSweep()
    handler = sweep_handler(fleet.sweep, cast("ConnectionSweep", connection_sweep), fleet.bus)
    event = {"time": "2026-11-16T10:00:00Z"}
    handler(event, FakeContext(RESERVE_MILLISECONDS / 1000 - 1))
    assert connection_sweep.made == 0
    handler(event, FakeContext(300))
    assert connection_sweep.made == 1
