"""Checks that other services request by an event."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken
from publishing.log_events import LogEvent
from publishing.readiness.cadence import ACTIVE_AFTER_LAUNCH, LAUNCHES, MIN_INTERVAL, QUEUED_FOR
from publishing.readiness.check_job import CheckJob
from publishing.readiness.check_request import REQUESTS_CONTINUED, ContendedError, InvalidCheckRequestError
from publishing.readiness.record import LAUNCHES_KEPT, REQUESTS_KEPT, Record
from publishing.teams import MAX_LISTED, Connection
from tests.support.clock import START, milliseconds
from tests.support.effects import KilledError, Point
from tests.support.in_memory_repositories import InMemoryConnections
from tests.unit.readiness.system import TEAM, System

READY = DemoAdvertiser.EVERYTHING_READY
NAMED = {"team_id": TEAM, "advertiser_id": str(READY), "objective": "CONVERSIONS"}
SAVED, SCHEDULED, CONNECTED = "Campaign Draft Saved", "Campaign Scheduled", "TikTok Connected"
KINDS = (SAVED, SCHEDULED, CONNECTED)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_event_requests_one_check(system: System, kind: str) -> None:
    """The advertiser, known or not, is active from now on; its check is queued, and made."""
    system.request_check(NAMED, kind)
    [message] = system.queue.messages
    assert message.content == CheckJob(TEAM, READY, f"event-1/{READY}")
    assert (message.urgent, message.visible_at) == (False, START)
    record = system.record(READY)
    assert record.active(START + timedelta(days=6))
    assert record.due_at == START + QUEUED_FOR
    assert system.process_queue() == 1
    assert system.record(READY).snapshot.objective("CONVERSIONS").ready
    assert system.record(READY).claim is None


@pytest.mark.parametrize(
    ("launch_at", "urgent"),
    [
        ("2026-11-17T10:00:00Z", True),
        ("2026-11-17T12:00:00+02:00", True),
        ("2026-11-17T02:00:00-08:00", True),
        ("2026-11-17T10:00:00", True),
        ("2026-11-17T10:00:01Z", False),
        ("2026-12-31T23:59:59Z", False),
        (None, False),
    ],
)
def test_a_check_is_urgent_if_the_launch_is_near(system: System, launch_at: str | None, *, urgent: bool) -> None:
    """The launch may be in any time zone; without one it is in UTC."""
    system.request_check({**NAMED, "launch_at": launch_at}, SCHEDULED)
    [message] = system.queue.messages
    assert message.urgent is urgent
    record = system.record(READY)
    assert record.launch_at is None or record.launch_at.tzinfo is UTC
    if record.launch_at is not None:
        assert record.active(max(START, record.launch_at) + ACTIVE_AFTER_LAUNCH - timedelta(seconds=1))


def test_a_later_draft_without_a_date_keeps_the_launch(system: System) -> None:
    """The scheduled campaign is still going to launch."""
    system.request_check({**NAMED, "launch_at": "2026-11-17T09:00:00Z"}, SCHEDULED)
    system.process_queue()
    system.clock.forward(timedelta(minutes=5))
    system.request_check(NAMED, SAVED, "event-2")
    [message] = system.queue.messages
    assert message.urgent
    assert system.record(READY).launch_at == datetime(2026, 11, 17, 9, tzinfo=UTC)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["the near one first", "the near one last"])
def test_each_launch_is_urgent_at_its_time(system: System, order: tuple[int, int]) -> None:
    """Neither takes the urgency of the other, whichever is saved first."""
    near, far = START + timedelta(hours=2), START + timedelta(days=60)
    for number, one in enumerate(order):
        system.request_check({**NAMED, "launch_at": (near, far)[one].isoformat()}, SAVED, f"draft-{number}")
        system.process_queue()
        system.clock.forward(MIN_INTERVAL)
    record = system.record(READY)
    urgent = [day for day in range(-5, 70) if record.urgent(START + timedelta(days=day, hours=1))]
    assert urgent == [0, 1, 59, 60]
    assert record.shard == LAUNCHES
    system.request_check(NAMED, SAVED, "without a date")
    assert [one.urgent for one in system.queue.messages] == [True]
    system.process_queue()
    system.clock.now = near + timedelta(days=2)
    system.request_check(NAMED, SAVED, "later")
    assert [one.urgent for one in system.queue.messages] == [False]
    assert system.record(READY).launch_at == far


def test_the_nearest_launches_are_remembered(system: System) -> None:
    """Those that are over are not; neither grows the record without end."""
    for number in range(20):
        launch = START + timedelta(days=40 - number)
        system.request_check({**NAMED, "launch_at": launch.isoformat()}, SAVED, f"draft-{number}")
    record = system.record(READY)
    launches = [START + timedelta(days=day) for day in range(21, 21 + LAUNCHES_KEPT)]
    assert [record.launch_at, *record.later_launches] == launches
    assert record.used(START + timedelta(days=100)).later_launches == ()


def test_drafts_saved_in_a_row_bring_one_check(system: System) -> None:
    """It is made a minute after the last check; all other messages find that the requested check was made."""
    system.request_check(NAMED, SAVED, "first")
    system.process_queue()
    for number in range(5):
        system.clock.forward(timedelta(seconds=5))
        system.request_check(NAMED, SAVED, f"again-{number}")
    assert system.process_queue() == 0
    assert {one.visible_at for one in system.queue.messages} == {START + MIN_INTERVAL}
    assert {one.claim for one in system.queued_jobs()} == {f"again-0/{READY}"}
    system.effects.watch()
    system.pass_time(timedelta(minutes=5), sweeps=False)
    assert len(system.queue) == 0
    assert system.record(READY).snapshot.checked_at == START + MIN_INTERVAL
    assert system.checks_made() == 1


@pytest.mark.parametrize("kind", [SCHEDULED, CONNECTED])
def test_only_drafts_are_debounced(system: System, kind: str) -> None:
    """Who schedules or connects gets a check at once."""
    system.check_now(READY)
    system.request_check(NAMED, kind)
    assert [one.visible_at for one in system.queue.messages] == [START]


def test_a_draft_near_its_launch_is_not_debounced(system: System) -> None:
    """Its check is made at once, through the urgent queue."""
    system.check_now(READY)
    system.request_check({**NAMED, "launch_at": "2026-11-16T12:00:00Z"}, SAVED)
    assert [(one.visible_at, one.urgent) for one in system.queue.messages] == [(START, True)]


def test_the_same_event_twice_brings_one_check(system: System) -> None:
    """Both messages have one claim; the one that is delivered first makes the check."""
    system.request_check(NAMED)
    system.request_check(NAMED)
    assert len({one.content for one in system.queue.messages}) == 1
    system.effects.watch()
    assert system.process_queue() == 2
    assert system.checks_made() == 1
    assert len(system.queue) == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("joined", [False, True], ids=["alone", "with the job of a sweep"])
@pytest.mark.parametrize("ended", [False, True], ids=["while its check is running", "after its check"])
def test_an_event_that_is_delivered_again_brings_no_second_check(
    system: System, kind: str, *, joined: bool, ended: bool
) -> None:
    """Whoever claimed the check that the event requested, and however many events requested it too."""
    if joined:
        system.add_record(READY)
        system.run_sweep()
    events = [f"event-{number}" for number in range(REQUESTS_KEPT)]

    def deliver() -> None:
        for event in events:
            system.request_check(NAMED, kind, event)

    deliver()
    system.effects.watch()
    writes: list[Record] = []

    def before_write(record: Record) -> None:
        writes.append(record)
        if len(writes) == 2 and not ended:  # the first takes the lease, the second writes what was found
            deliver()

    system.records.before_write = before_write
    system.process_queue()
    if ended:
        deliver()
    system.pass_time(timedelta(minutes=10), sweeps=False)
    assert system.checks_made() == 1
    assert len(system.queue) == 0
    assert system.record(READY).claim is None


def test_an_event_whose_process_was_killed_is_processed_when_it_is_delivered_again(system: System) -> None:
    """The check was claimed, but its job was not sent."""
    system.effects.watch(Point(1, after=False))
    with pytest.raises(KilledError):
        system.request_check(NAMED)
    assert (len(system.queue), system.record(READY).claim) == (0, f"event-1/{READY}")
    system.request_check(NAMED)
    assert system.process_queue() == 1
    assert system.record(READY).snapshot.checked_at == START


def test_an_event_without_an_id_always_requests_a_check(system: System) -> None:
    """So somebody invokes the function by hand."""
    for _ in range(2):
        system.request_check(NAMED, event_id="")
        assert system.process_queue() == 1
        system.clock.forward(MIN_INTERVAL)
    assert system.record(READY).snapshot.checked_at == START + MIN_INTERVAL


def test_a_request_while_a_job_of_a_sweep_is_queued_brings_no_second_check(system: System) -> None:
    """The job in the queue stays valid, and the second one has its claim."""
    system.add_record(READY)
    system.run_sweep()
    system.request_check(NAMED)
    assert len(system.queue) == 2
    assert {one.claim for one in system.queued_jobs()} == {system.record(READY).claim}


def test_a_write_that_lost_a_race_is_repeated(system: System) -> None:
    """The second write is derived from the record that the other one wrote; nothing of either is lost."""
    written = []

    def before_write(record: Record) -> None:
        written.append(record)
        if len(written) == 1:
            system.records.before_write = lambda _record: None
            system.check_now(READY)

    system.records.before_write = before_write
    system.request_check({**NAMED, "launch_at": "2026-11-30T10:00:00Z"})
    record = system.record(READY)
    assert record.snapshot.generation == milliseconds(START)
    assert record.launch_at == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert record.claim == f"event-1/{READY}"
    assert len(system.queue) == 1


def test_a_write_whose_response_was_lost_requests_one_check(system: System) -> None:
    """The second write finds the claim of the first."""
    system.records.lost_responses = 1
    system.request_check(NAMED)
    [message] = system.queue.messages
    assert message.content == CheckJob(TEAM, READY, system.record(READY).claim)


def test_a_record_that_others_keep_writing_fails_the_event(system: System) -> None:
    """Lambda delivers the event again; no job is sent for a claim that was not written."""

    def before_write(record: Record) -> None:
        stored = system.product.records.read(record.team_id, record.advertiser_id)
        system.product.records.write(stored or Record(TEAM, READY, due_at=START))

    system.records.before_write = before_write
    with pytest.raises(ContendedError):
        system.request_check(NAMED)
    assert len(system.queue) == 0


def test_the_checks_of_a_team_are_requested_one_by_one(system: System) -> None:
    """An event that ends halfway leaves no claim without its job."""
    many = [str(number) for number in range(1, 6)]
    system.add_person(DemoToken.OWNER, advertisers=many)

    def before_write(record: Record) -> None:
        if record.advertiser_id == many[3]:
            raise TimeoutError

    system.records.before_write = before_write
    with pytest.raises(TimeoutError):
        system.request_check({"team_id": TEAM}, CONNECTED)
    claimed = [one for one in many if system.product.records.read(TEAM, one)]
    assert [one.advertiser_id for one in system.queued_jobs()] == claimed == many[:3]


SECRET = "never-to-be-seen"
MALFORMED: dict[str, tuple[Any, str]] = {
    "null": (None, "detail"),
    "a string": (SECRET, "detail"),
    "a list": ([SECRET], "detail"),
    "no team": ({"advertiser_id": "1", "note": SECRET}, "team_id"),
    "an empty team": ({"team_id": "", "note": SECRET}, "team_id"),
    "a long team": ({"team_id": SECRET * 20}, "team_id"),
    "a number as team": ({"team_id": 7, "note": SECRET}, "team_id"),
    "an invalid advertiser": ({"team_id": TEAM, "advertiser_id": SECRET}, "advertiser_id"),
    "a number as advertiser": ({"team_id": TEAM, "advertiser_id": 73}, "advertiser_id"),
    "an invalid launch": ({"team_id": TEAM, "launch_at": SECRET}, "launch_at"),
    "a launch that means never": ({"team_id": TEAM, "launch_at": "9999-12-31T23:59:59Z"}, "launch_at"),
    "a launch in the year 1": ({"team_id": TEAM, "launch_at": "0001-01-01T00:00:00+14:00"}, "launch_at"),
    "two fields": ({"team_id": "", "advertiser_id": SECRET}, "advertiser_id, team_id"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_request_is_rejected_without_quoting_it(system: System, name: str) -> None:
    """The error names the fields, and nothing is written or sent."""
    detail, fields = MALFORMED[name]
    with pytest.raises(InvalidCheckRequestError) as rejected:
        system.requests.enqueue("event-1", detail)
    assert str(rejected.value) == f"invalid: {fields}"
    assert rejected.value.__cause__ is None
    assert rejected.value.__suppress_context__
    assert (len(system.queue), len(system.product.records)) == (0, 0)


@pytest.mark.parametrize("name", MALFORMED)
def test_the_handler_counts_a_malformed_request_and_does_not_fail(
    system: System, log: io.StringIO, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """It would be rejected again; neither log nor metrics hold its values."""
    system.request_check(MALFORMED[name][0])
    printed = capsys.readouterr().out
    assert json.loads(printed.splitlines()[-1])["RequestsRefused"] == [1.0]
    assert f'"{LogEvent.CHECK_REQUEST_MALFORMED}"' in log.getvalue()
    assert SECRET not in printed + log.getvalue()


def test_other_fields_of_an_event_are_ignored(system: System) -> None:
    """Other services may send more than is read here."""
    system.request_check({**NAMED, "campaign": {"id": 7}, "saved_by": "u-owner"})
    assert len(system.queue) == 1


def test_an_event_for_a_team_requests_checks_of_all_that_its_active_members_have(system: System) -> None:
    """Each advertiser is checked once; those of former members, of expired and of revoked connections are not."""
    teams = system.product.teams
    teams.connect(TEAM, "u-owner", ["1", "2"])
    teams.member(TEAM, "u-buyer", "mediabuyer")
    teams.connect(TEAM, "u-buyer", ["2", "3"])
    teams.connect(TEAM, "u-left", ["4"])
    for status, advertiser in (("expired", "5"), ("revoked", "6"), ("", "7")):
        teams.member(TEAM, f"u-{status}", "owner")
        teams.connect(TEAM, f"u-{status}", [advertiser], status=status)
    system.request_check({"team_id": TEAM}, CONNECTED)
    assert sorted((one.advertiser_id, one.claim) for one in system.queued_jobs()) == [
        (one, f"event-1/{one}") for one in ("1", "2", "3")
    ]


def _connect_agency(system: System, people: int = 3, each: int = 250) -> set[str]:
    """Connect people with long lists, of which neighbours share a half; return all of the team's advertisers."""
    system.product.teams.remove(TEAM, "USER#u-owner")
    for number in range(people):
        user, ids = f"u-{number}", tuple(str(one) for one in range(number * each // 2, number * each // 2 + each))
        system.product.teams.member(TEAM, user, "mediabuyer")
        connection = Connection(TEAM, user, "active", ids, "s", "2026-11-01T09:00:00Z")
        system.product.connections.save(connection, START)
        assert system.product.teams.connection(TEAM, user).advertiser_ids == ()
    return {str(one) for one in range((people - 1) * each // 2 + each)}


class _EndsAfter:
    """Says that the time is over after so many questions: one for each page."""

    def __init__(self, pages: int) -> None:
        self.left = pages

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("pages", [1, 2, 4])
def test_an_event_for_many_advertisers_is_resumed_not_begun_again(system: System, pages: int) -> None:
    """Each run leaves the rest to another one: every advertiser is claimed once, with a job of the first event."""
    expected = _connect_agency(system)
    event: Any = {"id": "event-1", "detail": {"team_id": TEAM, "launch_at": "2026-11-17T09:00:00Z"}}
    runs = 0
    writes: list[Record] = []
    system.records.before_write = writes.append
    while event is not None:
        system.bus.events.clear()
        system.requests.enqueue(event["id"], event["detail"], out_of_time=_EndsAfter(pages))
        runs += 1
        continued = [one for one in system.bus.events if one.detail_type == REQUESTS_CONTINUED]
        assert len(continued) <= 1
        event = {"id": f"another-{runs}", "detail": json.loads(json.dumps(continued[0].detail))} if continued else None
    assert runs == -(-9 // pages)
    assert {one.advertiser_id for one in writes} == expected
    assert {one.claim for one in system.queued_jobs()} == {f"event-1/{one}" for one in expected}
    assert {one.urgent for one in system.queue.messages} == {True}


def test_an_event_with_little_time_left_is_continued_by_the_bus(system: System) -> None:
    """The handler asks Lambda for its remaining time."""
    _connect_agency(system)
    system.request_check({"team_id": TEAM}, CONNECTED, seconds=29.9)
    assert (len(system.queue), system.published_types()) == (0, [REQUESTS_CONTINUED])
    [continued] = system.published(REQUESTS_CONTINUED)
    system.request_check(continued.detail, REQUESTS_CONTINUED, "event-2")
    assert len(system.queue) > 0


def test_drafts_stay_debounced_in_another_run(system: System) -> None:
    """Its event has another detail type."""
    system.product.teams.connect(TEAM, "u-owner", [READY])
    system.check_now(READY)
    system.request_check({"team_id": TEAM}, SAVED, seconds=1)
    [continued] = system.published(REQUESTS_CONTINUED)
    system.request_check(continued.detail, REQUESTS_CONTINUED, "event-2")
    assert [one.visible_at for one in system.queue.messages] == [START + MIN_INTERVAL]


# Connections that another service wrote, with more ad accounts than an item names.


def _announce(system: System, *batches: Sequence[str], user: str = "u-owner") -> None:
    for number, ids in enumerate(batches):
        detail = {"team_id": TEAM, "user_id": user, "advertiser_ids": [*ids]}
        system.request_check(detail, CONNECTED, f"event-{number}")


def test_the_ids_of_several_events_become_the_connections_list(system: System) -> None:
    """In their order, each once; each gets its check, and TikTok's own list is read soon."""
    ids = [str(one) for one in range(1_000, 1_250)]
    system.product.teams.connect(TEAM, "u-owner", [])
    _announce(system, ids[:120], ids[120:250], ids[100:130])
    connection = system.product.teams.connection(TEAM, "u-owner")
    assert (connection.advertiser_count, connection.default_advertiser) == (250, ids[0])
    assert system.product.connections.with_whole_list(connection).advertiser_ids == tuple(ids)
    for one in (ids[0], ids[-1]):
        assert system.product.teams.read(TEAM, one).connections[0].advertiser_ids == (one,)
    assert {one.advertiser_id for one in system.queued_jobs()} == set(ids)
    assert system.product.connections.scheduled == ["u-owner"]


@pytest.mark.parametrize("status", ["expired", "revoked", None])
def test_ids_for_a_connection_that_is_not_active_change_nothing(system: System, status: str | None) -> None:
    """It has ended, or belongs to nobody yet; the checks are requested all the same."""
    if status is not None:
        system.product.teams.connect(TEAM, "u-owner", ["1"], status=status)
    before = dict(system.product.teams.items)
    _announce(system, ["2"])
    assert system.product.teams.items == before
    assert [one.advertiser_id for one in system.queued_jobs()] == ["2"]


def test_ids_that_two_events_add_at_once_are_all_kept(system: System) -> None:
    """The second write finds another list than it read, and begins again from that one."""
    first, second = ([str(one) for one in range(begin, begin + 150)] for begin in (1_000, 2_000))
    system.product.teams.connect(TEAM, "u-owner", [])
    connections = system.product.connections
    act_at_once = connections.step

    def another_event_first(name: str, act: Callable[[], Any]) -> Any:
        if name == "save list":
            connections.step = act_at_once
            _announce(system, second)
        return act()

    connections.step = another_event_first
    _announce(system, first)
    stored = connections.with_whole_list(system.product.teams.connection(TEAM, "u-owner"))
    assert sorted(stored.advertiser_ids) == sorted(first + second)


def test_a_list_that_others_keep_changing_fails_the_event(system: System) -> None:
    """Lambda delivers it again."""
    system.product.teams.connect(TEAM, "u-owner", [])
    system.requests = replace(system.requests, connections=_NeverSaves(system.product.teams))
    with pytest.raises(ContendedError):
        _announce(system, ["1"])


class _NeverSaves(InMemoryConnections):
    def save_list(self, *_: object) -> bool:
        return False


def test_a_connection_keeps_so_many_ids(system: System) -> None:
    """The first ones; the others enter by their preflights."""
    system.product.teams.connect(TEAM, "u-owner", [str(one) for one in range(MAX_LISTED - 1)])
    _announce(system, ["90001", "90002"])
    assert system.product.teams.connection(TEAM, "u-owner").advertiser_count == MAX_LISTED


@pytest.mark.parametrize("team", ["unknown-team", TEAM])
def test_an_event_for_a_team_without_advertisers_requests_nothing(system: System, team: str) -> None:
    """It is no error."""
    system.product.teams.connect(TEAM, "u-owner", [])
    system.request_check({"team_id": team}, CONNECTED)
    assert (len(system.queue), len(system.product.records)) == (0, 0)
