"""The worker processes each message of a batch by itself, whatever happens to the others."""

import io
import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind
from publishing.readiness.cadence import QUEUED_FOR
from publishing.readiness.check import CONTENDED, MAX_RECEIVES
from publishing.readiness.check_job import CheckJob, UnreadableJobError, parse_job
from publishing.readiness.record import LEASE, Record
from publishing.readiness.worker import RETRY_AFTER
from tests.support.clock import START, milliseconds
from tests.support.overriding import failing, overriding
from tests.unit.readiness.scenarios import RATE_LIMITED, READY, RECOVERY, remove_pixel, unbind_pixel
from tests.unit.readiness.system import CHANGED, TEAM, System
from tools.in_memory_readiness import VISIBILITY, QueuedMessage

pytestmark = pytest.mark.in_process

MANY = (READY, DemoAdvertiser.SUSPENDED, DemoAdvertiser.LINKED_BY_OWNER)
LIMITED = DemoAdvertiser.SUSPENDED
MINUTE = timedelta(minutes=1)
NEAR_LAUNCH = {"team_id": TEAM, "advertiser_id": str(READY), "launch_at": "2026-11-16T12:00:00Z"}


@pytest.fixture
def batch(system: System) -> System:
    """The jobs of three advertisers are queued."""
    for one in MANY:
        system.add_record(one)
    system.run_sweep()
    return system


@pytest.fixture
def one_job(system: System) -> System:
    """The job of one advertiser is queued."""
    system.add_record(READY)
    system.run_sweep()
    return system


def limit_rate(system: System, advertiser_id: str = LIMITED) -> None:
    """Let TikTok refuse one kind of call about this advertiser for rate."""
    fault = Fault(path="pixel/list/", kind=FaultKind.CODE, code=RATE_LIMITED, advertiser_id=advertiser_id)
    system.tiktok.faults.add(fault)


def only_message(system: System) -> QueuedMessage:
    """Return the only message in the queues."""
    [message] = system.queue.messages
    return message


def verified(system: System) -> list[bool]:
    """Return whether anything was verified, of each of the three advertisers."""
    return [system.record(one).snapshot.generation > 0 for one in MANY]


def test_a_rate_limited_job_is_retried_and_the_others_succeed(batch: System) -> None:
    """It is hidden until TikTok recovers, and keeps its claim; then its check is made."""
    limit_rate(batch)
    claim = batch.record(LIMITED).claim
    assert batch.process_queue() == len(MANY)
    assert verified(batch) == [True, False, True]
    message = only_message(batch)
    assert (message.visible_at, message.tries) == (START + 5 * MINUTE, 1)
    record = batch.record(LIMITED)
    assert (record.claim, record.lease, record.due_at) == (claim, None, START + 5 * MINUTE + QUEUED_FOR)
    batch.tiktok.faults.clear()
    batch.pass_time(10 * MINUTE, sweeps=False)
    assert len(batch.queue) == 0
    assert batch.record(LIMITED).snapshot.checked_at == START + 5 * MINUTE
    assert batch.record(LIMITED).claim is None


def test_the_worker_keeps_its_pace_after_a_refusal_too(batch: System) -> None:
    """TikTok was asked, so the worker waits before the next check."""
    limit_rate(batch)
    batch.process_queue()
    pause = batch.pace.min_duration(urgent=False).total_seconds()
    assert len(batch.pauses) == len(MANY)
    assert all(0 < one <= pause for one in batch.pauses)


def test_the_last_try_keeps_what_it_verified(batch: System) -> None:
    """Four tries are hidden, the last for longest; after the fifth, the advertiser is due within the hour."""
    limit_rate(batch)
    delays = []
    for _ in range(MAX_RECEIVES - 1):
        batch.process_queue()
        delays.append(only_message(batch).visible_at - batch.clock())
        batch.clock.now = only_message(batch).visible_at
    assert delays == [*[5 * MINUTE] * 3, timedelta(hours=11, minutes=50)]
    batch.process_queue()
    assert (len(batch.queue), batch.queue.dead_letters) == (0, [])
    record = batch.record(LIMITED)
    assert sorted(record.snapshot.known) == ["app", "catalog", "identity", "leadForm"]
    assert (record.claim, record.lease) == (None, None)
    assert record.due_at <= batch.clock() + timedelta(hours=1)
    batch.tiktok.faults.clear()
    batch.pass_time(timedelta(hours=2))
    assert batch.record(LIMITED).snapshot.objective("CONVERSIONS").ready


@pytest.mark.parametrize("unbound", [False, True], ids=["no event", "an event"])
def test_a_message_without_a_claim_that_is_delivered_again_is_superseded(system: System, *, unbound: bool) -> None:
    """SQS may deliver a message more than once; another message with the same job makes another check."""
    system.check_now(READY)
    if unbound:
        unbind_pixel(system)
    system.queue.put(CheckJob(TEAM, READY))
    message = only_message(system)
    system.effects.watch()
    for _ in range(2):
        system.process_batch([message])
    assert system.checks_made() == 1
    assert len(system.published()) == unbound
    system.check_now(READY)
    assert system.checks_made() == 2


def test_a_message_without_a_claim_that_is_retried_is_not_superseded(system: System) -> None:
    """TikTok refused a part of the first check for rate."""
    limit_rate(system, READY)
    system.check_now(READY)
    system.tiktok.faults.clear()
    system.effects.watch()
    system.pass_time(10 * MINUTE, sweeps=False)
    assert system.checks_made() == 1
    assert system.record(READY).snapshot.objective("CONVERSIONS").ready


def test_a_retried_job_whose_check_was_made_meanwhile_is_superseded(batch: System) -> None:
    """Its claim is not valid any more."""
    limit_rate(batch)
    batch.process_queue()
    batch.tiktok.faults.clear()
    batch.clock.forward(MINUTE)
    batch.update(batch.record(LIMITED), claim=None)
    batch.effects.watch()
    batch.pass_time(10 * MINUTE, sweeps=False)
    assert batch.effects.names == ["delete messages"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ("", "body"),
        ("not json", "body"),
        ("[]", "body"),
        ('{"team_id": "northlight"}', "advertiser_id"),
        ('{"team_id": "northlight", "advertiser_id": "never-to-be-seen"}', "advertiser_id"),
        ('{"team_id": "", "advertiser_id": "1"}', "team_id"),
        ('{"team_id": "northlight", "advertiser_id": 7}', "advertiser_id"),
        ('{"team_id": "northlight", "advertiser_id": "1", "claim": 7, "quiet": "yes"}', "claim, quiet"),
    ],
)
def test_an_unreadable_message_becomes_a_dead_letter(batch: System, body: str, fields: str) -> None:
    """It is retried within seconds, and does not hold up the messages beside it; the error names the fields."""
    batch.queue.put(body)
    with pytest.raises(UnreadableJobError) as unreadable:
        parse_job(body)
    assert str(unreadable.value) == f"invalid: {fields}"
    batch.process_queue()
    assert verified(batch) == [True, True, True]
    assert only_message(batch).visible_at == START + timedelta(seconds=1)
    batch.pass_time(5 * MINUTE, sweeps=False)
    batch.process_queue()
    assert len(batch.queue) == 0
    [dead_letter] = batch.queue.dead_letters
    assert (dead_letter.content, dead_letter.tries) == (body, MAX_RECEIVES)


def test_after_an_internal_error_a_job_is_retried_with_doubling_delays(one_job: System, log: io.StringIO) -> None:
    """Then it is a dead letter, and a sweep sends a new job two hours later. The log has the error's type alone."""
    system = one_job
    system.replace_records(overriding(system.records, read=failing(f"never-to-be-seen {DemoToken.OWNER}")))
    delays = []
    while system.process_queue():
        delays.append(only_message(system).visible_at - system.clock())
        system.clock.now = only_message(system).visible_at
    assert delays == [RETRY_AFTER * factor for factor in (1, 2, 4, 8, 16)]
    assert [one.tries for one in system.queue.dead_letters] == [MAX_RECEIVES]
    assert log.getvalue().count("RuntimeError") == MAX_RECEIVES
    assert "never-to-be-seen" not in log.getvalue()
    system.replace_records(system.records)
    system.pass_time(timedelta(hours=3))
    assert system.record(READY).snapshot.generation
    assert system.record(READY).lease is None


def test_a_retry_after_an_internal_error_makes_the_check(one_job: System) -> None:
    """It is delivered when the lease of the failed try has expired."""
    system = one_job
    teams = system.services.teams
    system.replace_services(teams=overriding(teams, read=failing("for a while")))
    system.process_queue()
    system.replace_services(teams=teams)
    system.clock.forward(RETRY_AFTER)
    system.process_queue()
    assert len(system.queue) == 0
    assert system.record(READY).snapshot.checked_at == START + LEASE


def test_a_message_whose_visibility_cannot_be_changed_is_retried_after_the_timeout_of_the_queue(
    batch: System, log: io.StringIO
) -> None:
    """The batch goes on, and the error is logged by its type alone."""
    queue = batch.services.queue
    batch.replace_services(queue=overriding(queue, change_visibility=failing("never-to-be-seen")))
    limit_rate(batch)
    batch.process_queue()
    assert only_message(batch).visible_at == START + VISIBILITY
    assert "RuntimeError" in log.getvalue()
    assert "never-to-be-seen" not in log.getvalue()
    batch.tiktok.faults.clear()
    batch.replace_services(queue=queue)
    batch.pass_time(15 * MINUTE, sweeps=False)
    assert len(batch.queue) == 0
    assert batch.record(LIMITED).snapshot.generation


def test_a_job_waits_while_another_worker_checks_its_advertiser(one_job: System) -> None:
    """It is retried when the other's lease expires; TikTok is not asked before."""
    record = one_job.record(READY)
    assert record.claim is not None
    one_job.update(record.leased("other", START).claimed(record.claim, START))
    one_job.process_queue()
    assert only_message(one_job).visible_at == START + LEASE
    assert len(one_job.tiktok.requests) == 0
    one_job.pass_time(5 * MINUTE, sweeps=False)
    assert one_job.record(READY).snapshot.checked_at == START + LEASE


def test_a_job_whose_record_is_written_at_that_moment_is_retried_soon(one_job: System) -> None:
    """It is retried a few seconds later."""

    def before_write(record: Record) -> None:
        one_job.records.before_write = lambda _record: None
        one_job.update(one_job.record(record.advertiser_id).used(START))

    one_job.records.before_write = before_write
    one_job.process_queue()
    assert only_message(one_job).visible_at == START + CONTENDED
    one_job.pass_time(MINUTE, sweeps=False)
    assert one_job.record(READY).snapshot.checked_at == START + CONTENDED


def test_what_others_write_during_a_check_is_kept(one_job: System) -> None:
    """A launch is scheduled meanwhile, for example; what the check found is added to it."""
    launch = START + timedelta(days=30)
    writes: list[Record] = []

    def before_write(record: Record) -> None:
        writes.append(record)
        if len(writes) == 2:  # the first takes the lease, the second writes what was found
            one_job.update(one_job.record(READY).used(START, launch))

    one_job.records.before_write = before_write
    one_job.process_queue()
    record = one_job.record(READY)
    assert (record.launch_at, record.snapshot.generation, record.lease) == (launch, milliseconds(START), None)


@pytest.mark.parametrize("lost_responses", [1, 2, 3])
@pytest.mark.parametrize("change", [unbind_pixel, remove_pixel], ids=["unbound", "removed"])
def test_writes_whose_responses_were_lost_lose_and_double_nothing(
    system: System, lost_responses: int, change: Callable[[System], None]
) -> None:
    """The pixel's absence, authoritative or confirmed, is one change with one event."""
    system.check_now(READY)
    change(system)
    system.records.lost_responses = lost_responses
    system.check_now(READY)
    system.pass_time(RECOVERY)
    [event] = system.published(CHANGED)
    assert system.record(READY).snapshot.generation == event.detail["generation"]
    assert (system.record(READY).lease, system.record(READY).outbox, len(system.queue)) == (None, (), 0)


def test_a_job_without_a_claim_is_always_processed(system: System) -> None:
    """The advertiser need not be known."""
    system.check_now(READY)
    assert system.record(READY).snapshot.checked_at == START
    system.clock.forward(MINUTE)
    system.check_now(READY)
    assert system.record(READY).snapshot.checked_at == START + MINUTE


def test_a_job_whose_record_was_deleted_is_superseded(one_job: System) -> None:
    """TikTok is not asked, and no record is written."""
    one_job.product.records.stored.clear()
    one_job.process_queue()
    assert (len(one_job.queue), len(one_job.product.records), len(one_job.tiktok.requests)) == (0, 0, 0)


def test_a_worker_out_of_time_leaves_the_remaining_messages(batch: System) -> None:
    """They are visible again at once, and no lease is held."""
    answer = batch.process_batch(batch.queue.receive(5), seconds=9)
    assert len(answer["batchItemFailures"]) == len(MANY)
    assert {one.visible_at for one in batch.queue.messages} == {START}
    assert {batch.record(one).lease for one in MANY} == {None}
    assert batch.process_queue() == len(MANY)
    assert len(batch.queue) == 0


def test_urgent_messages_have_their_own_pace(system: System) -> None:
    """It is a fifth of the background's share."""
    system.request_check(NEAR_LAUNCH)
    system.process_queue()
    [pause] = system.pauses
    min_duration = system.pace.min_duration(urgent=True).total_seconds()
    assert min_duration - 1.5 < pause <= min_duration
    assert min_duration == 4 * system.pace.min_duration(urgent=False).total_seconds()


def test_an_urgent_message_is_hidden_in_its_own_queue(system: System) -> None:
    """SQS knows a receipt only in the queue that the message was received from."""
    limit_rate(system, READY)
    system.request_check(NEAR_LAUNCH)
    system.process_queue()
    assert (only_message(system).urgent, only_message(system).visible_at) == (True, START + 5 * MINUTE)


def test_the_statistics_of_a_sweep_count_its_checks(batch: System) -> None:
    """Each is counted once, as verified or unverified; requested checks are not counted."""
    batch.tiktok.faults.add(Fault(path="app/list/", kind=FaultKind.HTTP_STATUS, status=500, advertiser_id=READY))
    batch.queue.put(CheckJob(TEAM, DemoAdvertiser.LINKED_BY_OWNER))
    batch.process_queue()
    [statistics] = batch.statistics.stored.values()
    assert (statistics.queued, statistics.verified, statistics.unverified) == (3, 2, 1)


def test_a_failure_to_update_the_statistics_repeats_no_check(
    batch: System, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """TikTok is not asked a second time, and the metrics still count the checks."""
    batch.worker.statistics = overriding(batch.statistics, add=failing("never-to-be-seen"))
    batch.queue.put(CheckJob(TEAM, READY, run="not-a-moment"))
    batch.process_queue()
    assert (len(batch.queue), batch.queue.dead_letters) == (0, [])
    assert verified(batch) == [True, True, True]
    assert '"Unverified"' in capsys.readouterr().out
    assert "RuntimeError" in log.getvalue()
    assert "never-to-be-seen" not in log.getvalue()


def test_metrics_have_no_ids_in_their_dimensions(batch: System, capsys: pytest.CaptureFixture[str]) -> None:
    """The dimensions are outcome, check and event alone; each message and each check is counted."""
    limit_rate(batch)
    batch.queue.put("unreadable")
    batch.process_queue()
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    dimensions: dict[str, set[str]] = {}
    counted: dict[str, float] = {}
    for one in printed:
        for description in one["_aws"]["CloudWatchMetrics"]:
            for name in (name for names in description["Dimensions"] for name in names):
                dimensions.setdefault(name, set()).add(one[name])
            for metric in description["Metrics"]:
                key = f"{metric['Name']} {one.get('outcome', '')}".strip()
                counted[key] = counted.get(key, 0) + sum(one[metric["Name"]])
    dimensions.pop("service", None)
    assert dimensions == {
        "outcome": {"checked", "rate_limited", "unreadable", "satisfied", "unknown"},
        "check": {"identity", "pixel", "catalog", "app", "leadForm"},
    }
    assert counted["Messages checked"] == 2
    assert counted["Messages rate_limited"] == counted["Messages unreadable"] == 1
    assert counted["Prerequisites satisfied"] + counted["Prerequisites unknown"] == 15
    assert counted["Unverified"] == 1
