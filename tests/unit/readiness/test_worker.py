"""The worker: each message of a batch by itself, whatever becomes of the others."""

import io
import json
from datetime import timedelta

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind
from publishing.readiness.cadence import QUEUED_FOR
from publishing.readiness.looks import CONTENDED, MAX_RECEIVES
from publishing.readiness.record import LEASE, Record
from publishing.readiness.stores import LookMessage
from publishing.readiness.worker import RETRY_AFTER, UnreadableMessageError, parsed
from publishing.stores import TokenUnavailableError
from tests.support.clock import START
from tests.support.overriding import failing, overriding
from tests.unit.readiness.happenings import RATE_LIMITED, READY
from tests.unit.readiness.system import CHANGED, TEAM, System, body_of
from tools.in_memory_readiness import Waiting

MANY = (READY, DemoAdvertiser.SUSPENDED, DemoAdvertiser.LINKED_BY_OWNER)
LIMITED = DemoAdvertiser.SUSPENDED
MINUTES = timedelta(minutes=1)


@pytest.fixture
def batch(system: System) -> System:
    """Three advertisers whose messages wait."""
    for one in MANY:
        system.watch_over(one)
    system.run_sweep()
    return system


def refuse_for_rate(system: System, advertiser_id: str = LIMITED) -> None:
    """TikTok refuses one kind of call about this advertiser."""
    fault = Fault(path="pixel/list/", kind=FaultKind.CODE, code=RATE_LIMITED, advertiser_id=advertiser_id)
    system.tiktok.faults.add(fault)


def waiting(system: System) -> Waiting:
    """The one message that waits."""
    [message] = system.queue.messages
    return message


def test_what_tiktok_refuses_for_rate_comes_back_and_the_others_are_done(batch: System) -> None:
    """Hidden until TikTok recovers, its claim kept; then it is looked at as if nothing had been."""
    refuse_for_rate(batch)
    claim = batch.record(LIMITED).claim
    assert batch.work() == len(MANY)
    assert [batch.record(one).snapshot.generation for one in MANY] == [1, 0, 1]
    message = waiting(batch)
    assert (message.visible_at, message.tries) == (START + 5 * MINUTES, 1)
    record = batch.record(LIMITED)
    assert (record.claim, record.lease, record.due_at) == (claim, None, START + 5 * MINUTES + QUEUED_FOR)
    batch.tiktok.faults.clear()
    batch.pass_time(10 * MINUTES, sweeps=False)
    assert len(batch.queue) == 0
    assert batch.record(LIMITED).snapshot.checked_at == START + 5 * MINUTES
    assert batch.record(LIMITED).claim is None


def test_a_worker_rests_after_a_refusal_too(batch: System) -> None:
    """TikTok was asked, so its pace holds."""
    refuse_for_rate(batch)
    batch.work()
    gap = batch.pace.gap(urgent=False).total_seconds()
    assert len(batch.slept) == len(MANY)
    assert all(0 < one <= gap for one in batch.slept)


def test_on_the_last_try_what_is_verified_is_kept(batch: System) -> None:
    """Four times it is hidden, longer in the end; the fifth keeps the rest, and looks again within the hour."""
    refuse_for_rate(batch)
    seen = []
    for _ in range(MAX_RECEIVES - 1):
        batch.work()
        seen.append(waiting(batch).visible_at - batch.clock())
        batch.clock.now = waiting(batch).visible_at
    assert seen == [*[5 * MINUTES] * 3, timedelta(hours=11, minutes=50)]
    batch.work()
    assert (len(batch.queue), batch.queue.dead) == (0, [])
    record = batch.record(LIMITED)
    assert sorted(record.snapshot.known) == ["app", "catalog", "identity", "leadForm"]
    assert (record.claim, record.lease) == (None, None)
    assert record.due_at <= batch.clock() + timedelta(hours=1)
    batch.tiktok.faults.clear()
    batch.pass_time(timedelta(hours=2))
    assert batch.record(LIMITED).snapshot.objective("CONVERSIONS").ready


def test_a_hidden_message_is_given_up_where_another_brought_the_look(batch: System) -> None:
    """Its claim stands no more when it comes back."""
    refuse_for_rate(batch)
    batch.work()
    batch.tiktok.faults.clear()
    batch.clock.forward(MINUTES)
    record = batch.record(LIMITED)
    batch.change(record, claim=None)
    batch.effects.watch()
    batch.pass_time(10 * MINUTES, sweeps=False)
    assert batch.effects.names == ["delete"]


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
def test_what_cannot_be_read_is_a_dead_letter_after_so_many_tries(batch: System, body: str, fields: str) -> None:
    """Seconds later, and without holding up the messages beside it."""
    batch.queue.put(body)
    with pytest.raises(UnreadableMessageError) as refused:
        parsed(body)
    assert str(refused.value) == f"unusable: {fields}"
    batch.work()
    assert [batch.record(one).snapshot.generation for one in MANY] == [1, 1, 1]
    assert waiting(batch).visible_at == START + timedelta(seconds=1)
    batch.pass_time(5 * MINUTES, sweeps=False)
    batch.work()
    assert len(batch.queue) == 0
    [dead] = batch.queue.dead
    assert (dead.content, dead.tries) == (body, MAX_RECEIVES)


def test_a_message_says_what_it_was_sent_with() -> None:
    """And nothing else of what a body may hold."""
    message = LookMessage(TEAM, READY, "claim", "run", quiet=True)
    assert parsed(body_of(message)) == message
    assert parsed('{"team_id": "t", "advertiser_id": "1", "more": 7}') == LookMessage("t", "1")


def test_an_error_of_ours_comes_back_with_a_doubling_delay(system: System, log: io.StringIO) -> None:
    """And is a dead letter in the end; the log names its type alone. A sweep brings a new message two hours later."""
    system.watch_over(READY)
    system.run_sweep()
    system.use(records=overriding(system.records, read=failing(f"never-to-be-seen {DemoToken.OWNER}")))
    delays = []
    while system.work():
        delays.append(waiting(system).visible_at - system.clock())
        system.clock.now = waiting(system).visible_at
    assert delays == [RETRY_AFTER * factor for factor in (1, 2, 4, 8, 16)]
    assert [one.tries for one in system.queue.dead] == [MAX_RECEIVES]
    assert log.getvalue().count("RuntimeError") == MAX_RECEIVES
    assert "never-to-be-seen" not in log.getvalue()
    system.use(records=system.records)
    system.pass_time(timedelta(hours=3))
    assert system.record(READY).snapshot.generation == 1
    assert system.record(READY).lease is None


def test_an_error_of_ours_that_passes_is_made_up_for_at_the_next_try(system: System) -> None:
    """Which does not come before its own lease, held since the try that failed, is over."""
    teams = system.services.teams
    system.use(teams=overriding(teams, read=failing("for a while")))
    system.watch_over(READY)
    system.run_sweep()
    system.work()
    system.use(teams=teams)
    system.clock.forward(RETRY_AFTER)
    system.work()
    assert len(system.queue) == 0
    assert system.record(READY).snapshot.checked_at == START + LEASE


def test_a_message_that_cannot_be_hidden_comes_back_by_itself(batch: System, log: io.StringIO) -> None:
    """When the queue's own time is over; the batch goes on, and the log names the error's type alone."""
    queue = batch.services.queue
    batch.use(queue=overriding(queue, hide=failing("never-to-be-seen")))
    refuse_for_rate(batch)
    batch.work()
    assert waiting(batch).visible_at == START + timedelta(minutes=12)
    assert "RuntimeError" in log.getvalue()
    assert "never-to-be-seen" not in log.getvalue()
    batch.tiktok.faults.clear()
    batch.use(queue=queue)
    batch.pass_time(15 * MINUTES, sweeps=False)
    assert len(batch.queue) == 0
    assert batch.record(LIMITED).snapshot.generation == 1


def test_a_message_for_an_advertiser_that_another_worker_looks_at_waits(system: System) -> None:
    """Until that one's lease has ended; TikTok is not asked."""
    system.watch_over(READY)
    system.run_sweep()
    record = system.record(READY)
    assert record.claim is not None
    system.change(record.taken("other", START).claimed(record.claim, START))
    system.work()
    assert waiting(system).visible_at == START + LEASE
    assert len(system.tiktok.requests) == 0
    system.pass_time(5 * MINUTES, sweeps=False)
    assert system.record(READY).snapshot.checked_at == START + LEASE


def test_a_message_whose_record_another_writes_at_that_moment_comes_back_soon(system: System) -> None:
    """A few seconds later it is its turn."""
    system.watch_over(READY)
    system.run_sweep()

    def before_write(record: Record) -> None:
        system.records.before_write = lambda _record: None
        system.change(system.record(record.advertiser_id).used(START))

    system.records.before_write = before_write
    system.work()
    assert waiting(system).visible_at == START + CONTENDED
    system.pass_time(MINUTES, sweeps=False)
    assert system.record(READY).snapshot.checked_at == START + CONTENDED


def test_what_another_writes_during_a_look_is_kept(system: System) -> None:
    """A launch that is scheduled meanwhile, say; and what the look found comes on top."""
    system.watch_over(READY)
    system.run_sweep()
    launch = START + timedelta(days=30)
    writes: list[Record] = []

    def before_write(record: Record) -> None:
        writes.append(record)
        if len(writes) == 2:  # the first takes the claim, the second writes what was found
            system.change(system.record(READY).used(START, launch))

    system.records.before_write = before_write
    system.work()
    record = system.record(READY)
    assert (record.launch_at, record.snapshot.generation, record.lease) == (launch, 1, None)


@pytest.mark.parametrize("answers_lost", [1, 2, 3])
@pytest.mark.parametrize("unbound", [True, False])
def test_a_write_whose_answer_was_lost_loses_and_doubles_nothing(
    system: System, answers_lost: int, *, unbound: bool
) -> None:
    """The pixel goes, at once or confirmed; there is one change and one event of it."""
    system.look(READY)
    pixels = system.tiktok.world.advertisers[READY].pixels
    pixels[:] = [pixels[0].__class__("75", "Shop", relation_status="UNBOUND")] if unbound else []
    system.records.answers_lost = answers_lost
    system.look(READY)
    system.pass_time(timedelta(hours=4, minutes=30))
    assert [one.detail["generation"] for one in system.sent(CHANGED)] == [2]
    assert system.record(READY).snapshot.generation == 2
    assert (system.record(READY).lease, system.record(READY).outbox, len(system.queue)) == (None, (), 0)


def test_a_message_without_a_claim_looks_in_any_case(system: System) -> None:
    """Also at an advertiser that nobody knew of."""
    system.look(READY)
    assert system.record(READY).snapshot.checked_at == START
    system.clock.forward(MINUTES)
    system.look(READY)
    assert system.record(READY).snapshot.checked_at == START + MINUTES


def test_a_message_for_a_record_that_is_gone_is_done(system: System) -> None:
    """Nobody has the advertiser any more; nothing is asked and nothing comes back."""
    system.watch_over(READY)
    system.run_sweep()
    system.product.records.stored.clear()
    system.work()
    assert (len(system.queue), len(system.product.records), len(system.tiktok.requests)) == (0, 0, 0)


def test_a_worker_whose_time_is_almost_over_leaves_the_rest(batch: System) -> None:
    """The messages are there again at once, and nobody holds a lease."""
    given = batch.queue.receive(5)
    answer = batch.deliver(given, seconds=9)
    assert len(answer["batchItemFailures"]) == len(MANY)
    assert {one.visible_at for one in batch.queue.messages} == {START}
    assert {batch.record(one).lease for one in MANY} == {None}
    assert batch.work() == len(MANY)
    assert len(batch.queue) == 0


def test_urgent_messages_keep_their_own_pace(system: System) -> None:
    """A fifth of the background's share."""
    system.ask({"team_id": TEAM, "advertiser_id": str(READY), "launch_at": "2026-11-16T12:00:00Z"})
    system.work()
    [slept] = system.slept
    gap = system.pace.gap(urgent=True).total_seconds()
    assert gap - 1.5 < slept <= gap
    assert gap == 4 * system.pace.gap(urgent=False).total_seconds()


def test_an_urgent_message_is_hidden_in_its_own_queue(system: System) -> None:
    """SQS knows a receipt only in the queue that gave it."""
    refuse_for_rate(system, READY)
    system.ask({"team_id": TEAM, "advertiser_id": str(READY), "launch_at": "2026-11-16T12:00:00Z"})
    system.work()
    assert (waiting(system).urgent, waiting(system).visible_at) == (True, START + 5 * MINUTES)


def test_the_account_of_a_run_counts_its_looks(batch: System) -> None:
    """Verified or not, each once; what was asked for otherwise is nobody's."""
    batch.tiktok.faults.add(Fault(path="app/list/", kind=FaultKind.HTTP_STATUS, status=500, advertiser_id=READY))
    batch.queue.put(LookMessage(TEAM, DemoAdvertiser.LINKED_BY_OWNER))
    batch.work()
    [run] = batch.seen_runs.runs.values()
    assert (run.queued, run.verified, run.unverified) == (3, 2, 1)


def test_an_account_that_cannot_be_written_brings_no_look_again(
    batch: System, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """The looks are made and told: TikTok is not asked a second time, and operators still see them counted."""
    batch.worker.runs = overriding(batch.seen_runs, count=failing("never-to-be-seen"))
    batch.queue.put(LookMessage(TEAM, READY, run="not-a-moment"))
    batch.work()
    assert (len(batch.queue), batch.queue.dead) == (0, [])
    assert [batch.record(one).snapshot.generation for one in MANY] == [1, 1, 1]
    assert '"Unverified"' in capsys.readouterr().out
    assert "RuntimeError" in log.getvalue()
    assert "never-to-be-seen" not in log.getvalue()


def test_metrics_have_no_ids_in_their_dimensions(batch: System, capsys: pytest.CaptureFixture[str]) -> None:
    """By outcome, by check and by event alone; and each message and each look is counted."""
    refuse_for_rate(batch)
    batch.queue.put("unreadable")
    batch.work()
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    dimensions: dict[str, set[str]] = {}
    counted: dict[str, float] = {}
    for one in printed:
        for described in one["_aws"]["CloudWatchMetrics"]:
            for name in (name for names in described["Dimensions"] for name in names):
                dimensions.setdefault(name, set()).add(one[name])
            for metric in described["Metrics"]:
                key = f"{metric['Name']} {one.get('outcome', '')}".strip()
                counted[key] = counted.get(key, 0) + sum(one[metric["Name"]])
    dimensions.pop("service", None)
    assert dimensions == {
        "outcome": {"looked", "rate_limited", "unreadable", "satisfied", "unknown"},
        "check": {"identity", "pixel", "catalog", "app", "leadForm"},
    }
    assert counted["Messages looked"] == 2
    assert counted["Messages rate_limited"] == counted["Messages unreadable"] == 1
    assert counted["Prerequisites satisfied"] + counted["Prerequisites unknown"] == 15
    assert counted["Unverified"] == 1


def test_a_secret_that_is_gone_makes_nothing_missing(system: System) -> None:
    """No token is no evidence."""
    system.product.tokens.secrets.clear()
    connection = system.product.teams.connection(TEAM, "u-owner")
    with pytest.raises(TokenUnavailableError):
        system.product.tokens.read(connection)
    system.look(READY)
    assert system.record(READY).snapshot.known == {}
    assert system.seen_bus.events == []
