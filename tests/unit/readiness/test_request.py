"""Looks that other services ask for."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken
from publishing.readiness.cadence import ACTIVE_AFTER_LAUNCH, QUEUED_FOR, REST
from publishing.readiness.record import Record
from publishing.readiness.request import ContendedError, RequestRefusedError
from publishing.readiness.stores import LookMessage
from tests.support.clock import START
from tests.unit.readiness.system import TEAM, System

READY = DemoAdvertiser.EVERYTHING_READY
NAMED = {"team_id": TEAM, "advertiser_id": str(READY), "objective": "CONVERSIONS"}
SAVED, SCHEDULED, CONNECTED = "Campaign Draft Saved", "Campaign Scheduled", "TikTok Connected"
KINDS = (SAVED, SCHEDULED, CONNECTED)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_event_asks_for_one_look(system: System, kind: str) -> None:
    """Of an advertiser that is in use from now on, whether or not it was known; and the look is made."""
    system.ask(NAMED, kind)
    [message] = system.queue.messages
    assert message.content == LookMessage(TEAM, READY, f"event-1/{READY}")
    assert (message.urgent, message.visible_at) == (False, START)
    record = system.record(READY)
    assert record.active(START + timedelta(days=6))
    assert record.due_at == START + QUEUED_FOR
    assert system.work() == 1
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
def test_the_look_goes_ahead_where_the_launch_is_near(system: System, launch_at: str | None, *, urgent: bool) -> None:
    """In whichever zone the launch was given; a moment without a zone is UTC."""
    system.ask({**NAMED, "launch_at": launch_at}, SCHEDULED)
    [message] = system.queue.messages
    assert message.urgent is urgent
    record = system.record(READY)
    assert record.launch_at is None or record.launch_at.tzinfo is UTC
    if record.launch_at is not None:
        assert record.active(max(START, record.launch_at) + ACTIVE_AFTER_LAUNCH - timedelta(seconds=1))


def test_a_later_draft_without_a_date_leaves_the_launch(system: System) -> None:
    """The campaign that was scheduled is still to come."""
    system.ask({**NAMED, "launch_at": "2026-11-17T09:00:00Z"}, SCHEDULED)
    system.work()
    system.clock.forward(timedelta(minutes=5))
    system.ask(NAMED, SAVED, "event-2")
    [message] = system.queue.messages
    assert message.urgent
    assert system.record(READY).launch_at == datetime(2026, 11, 17, 9, tzinfo=UTC)


def test_drafts_saved_one_after_another_are_looked_at_once(system: System) -> None:
    """A minute after the last look, however many there were; each message but one finds its look made."""
    system.ask(NAMED, SAVED, "first")
    system.work()
    for number in range(5):
        system.clock.forward(timedelta(seconds=5))
        system.ask(NAMED, SAVED, f"again-{number}")
    assert system.work() == 0
    assert {one.visible_at for one in system.queue.messages} == {START + REST}
    assert {one.content.claim for one in system.queue.messages if not isinstance(one.content, str)} == {
        f"again-0/{READY}"
    }
    system.effects.watch()
    system.pass_time(timedelta(minutes=5), sweeps=False)
    assert len(system.queue) == 0
    assert system.record(READY).snapshot.checked_at == START + REST
    assert system.effects.names.count("look") == 1


@pytest.mark.parametrize("kind", [SCHEDULED, CONNECTED])
def test_only_drafts_rest(system: System, kind: str) -> None:
    """Who schedules or connects wants to know at once."""
    system.look(READY)
    system.ask(NAMED, kind)
    assert [one.visible_at for one in system.queue.messages] == [START]


def test_a_draft_whose_launch_is_near_does_not_rest(system: System) -> None:
    """It cannot wait."""
    system.look(READY)
    system.ask({**NAMED, "launch_at": "2026-11-16T12:00:00Z"}, SAVED)
    assert [(one.visible_at, one.urgent) for one in system.queue.messages] == [(START, True)]


def test_the_same_event_twice_is_looked_at_once(system: System) -> None:
    """Both messages have one claim; whichever comes first brings the look."""
    system.ask(NAMED)
    system.ask(NAMED)
    assert len({one.content for one in system.queue.messages}) == 1
    system.effects.watch()
    assert system.work() == 2
    assert system.effects.names.count("look") == 1
    assert len(system.queue) == 0


def test_a_request_while_a_sweeps_message_waits_is_looked_at_once(system: System) -> None:
    """The message on its way stays good; the further one has its claim."""
    system.watch_over(READY)
    system.run_sweep()
    system.ask(NAMED)
    assert len(system.queue) == 2
    claims = {one.content.claim for one in system.queue.messages if not isinstance(one.content, str)}
    assert claims == {system.record(READY).claim}


def test_a_write_that_another_was_faster_with_is_made_again(system: System) -> None:
    """On the record as it is then; nothing of either is lost."""
    written = []

    def before_write(record: Record) -> None:
        written.append(record)
        if len(written) == 1:
            system.records.before_write = lambda _record: None
            system.look(READY)

    system.records.before_write = before_write
    system.ask({**NAMED, "launch_at": "2026-11-30T10:00:00Z"})
    record = system.record(READY)
    assert record.snapshot.generation == 1
    assert record.launch_at == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert record.claim == f"event-1/{READY}"
    assert len(system.queue) == 1


def test_a_write_whose_answer_was_lost_asks_once(system: System) -> None:
    """The second try finds the first one's claim."""
    system.records.answers_lost = 1
    system.ask(NAMED)
    [message] = system.queue.messages
    assert message.content == LookMessage(TEAM, READY, system.record(READY).claim)


def test_a_record_that_others_keep_writing_fails_the_event(system: System) -> None:
    """Lambda gives it to the function again; nothing is sent for a claim that does not stand."""

    def before_write(record: Record) -> None:
        stored = system.product.records.read(record.team_id, record.advertiser_id)
        system.product.records.write(stored or Record(TEAM, READY, due_at=START))

    system.records.before_write = before_write
    with pytest.raises(ContendedError):
        system.ask(NAMED)
    assert len(system.queue) == 0


def test_a_team_of_many_is_asked_for_one_after_the_other(system: System) -> None:
    """An event whose time is over halfway has asked for what came before: no claim waits for a message until then."""
    many = [str(number) for number in range(1, 6)]
    system.person(DemoToken.OWNER, advertisers=many)

    def before_write(record: Record) -> None:
        if record.advertiser_id == many[3]:
            raise TimeoutError

    system.records.before_write = before_write
    with pytest.raises(TimeoutError):
        system.ask({"team_id": TEAM}, CONNECTED)
    claimed = [one for one in many if system.product.records.read(TEAM, one)]
    asked = [one.content.advertiser_id for one in system.queue.messages if isinstance(one.content, LookMessage)]
    assert asked == claimed == many[:3]


SECRET = "never-to-be-seen"
BAD: dict[str, tuple[Any, str]] = {
    "nothing": (None, "detail"),
    "a text": (SECRET, "detail"),
    "a list": ([SECRET], "detail"),
    "no team": ({"advertiser_id": "1", "note": SECRET}, "team_id"),
    "an empty team": ({"team_id": "", "note": SECRET}, "team_id"),
    "a long team": ({"team_id": SECRET * 20}, "team_id"),
    "a number as team": ({"team_id": 7, "note": SECRET}, "team_id"),
    "an advertiser that is none": ({"team_id": TEAM, "advertiser_id": SECRET}, "advertiser_id"),
    "a number as advertiser": ({"team_id": TEAM, "advertiser_id": 73}, "advertiser_id"),
    "a launch that is none": ({"team_id": TEAM, "launch_at": SECRET}, "launch_at"),
    "a launch that stands for never": ({"team_id": TEAM, "launch_at": "9999-12-31T23:59:59Z"}, "launch_at"),
    "a launch before all time": ({"team_id": TEAM, "launch_at": "0001-01-01T00:00:00+14:00"}, "launch_at"),
    "two things": ({"team_id": "", "advertiser_id": SECRET}, "advertiser_id, team_id"),
}


@pytest.mark.parametrize("name", BAD)
def test_an_unusable_event_is_refused_without_quoting_it(system: System, name: str) -> None:
    """The text names the fields, and nothing is written or sent."""
    detail, fields = BAD[name]
    with pytest.raises(RequestRefusedError) as refused:
        system.requests.take("event-1", detail)
    assert str(refused.value) == f"unusable: {fields}"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    assert (len(system.queue), len(system.product.records)) == (0, 0)


@pytest.mark.parametrize("name", BAD)
def test_the_handler_counts_an_unusable_event_and_does_not_fail(
    system: System, log: io.StringIO, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """It would be refused again; what it held is in no line."""
    system.ask(BAD[name][0])
    printed = capsys.readouterr().out
    assert json.loads(printed.splitlines()[-1])["RequestsRefused"] == [1.0]
    assert "an event asks for a look" in log.getvalue()
    assert SECRET not in printed + log.getvalue()


def test_further_fields_of_an_event_are_let_be(system: System) -> None:
    """Other services may say more than is read here."""
    system.ask({**NAMED, "campaign": {"id": 7}, "saved_by": "u-owner"})
    assert len(system.queue) == 1


def test_an_event_for_a_team_asks_for_all_that_its_active_members_have(system: System) -> None:
    """Each advertiser once; not those of who has left, of an ended or of a revoked connection."""
    teams = system.product.teams
    teams.connect(TEAM, "u-owner", ["1", "2"])
    teams.member(TEAM, "u-buyer", "mediabuyer")
    teams.connect(TEAM, "u-buyer", ["2", "3"])
    teams.connect(TEAM, "u-left", ["4"])
    for status, advertiser in (("expired", "5"), ("revoked", "6"), ("", "7")):
        teams.member(TEAM, f"u-{status}", "owner")
        teams.connect(TEAM, f"u-{status}", [advertiser], status=status)
    system.ask({"team_id": TEAM}, CONNECTED)
    asked = [one.content for one in system.queue.messages if not isinstance(one.content, str)]
    assert [(one.advertiser_id, one.claim) for one in asked] == [(one, f"event-1/{one}") for one in ("1", "2", "3")]


@pytest.mark.parametrize("team", ["unknown-team", TEAM])
def test_a_team_without_advertisers_asks_for_nothing(system: System, team: str) -> None:
    """That is no error."""
    system.product.teams.connect(TEAM, "u-owner", [])
    system.ask({"team_id": team}, CONNECTED)
    assert (len(system.queue), len(system.product.records)) == (0, 0)
