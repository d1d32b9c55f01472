"""An advertiser's place in the schedule: claims, turns, leases."""

from datetime import timedelta

import pytest

from publishing.readiness.cadence import QUEUED_FOR, REST, Cadence
from publishing.readiness.record import LEASE, Lease, OutgoingEvent, Record, Turn
from publishing.readiness.snapshot import Snapshot
from tests.support.clock import START
from tests.unit.readiness.system import System

SECOND = timedelta(seconds=1)
DUE = Record("northlight", "1", due_at=START)


def test_a_claim_is_due_again_only_when_its_message_counts_as_lost() -> None:
    """Until then nobody else claims it, however often they ask."""
    claimed = DUE.claimed("first", START)
    assert (claimed.claim, claimed.due_at, claimed.claimed_at) == ("first", START + QUEUED_FOR, START)
    assert claimed.claimed("second", START + QUEUED_FOR - SECOND) == claimed


def test_a_lost_message_is_sent_again_under_the_same_claim() -> None:
    """Should the first come after all, only one of the two brings a look."""
    again = DUE.claimed("first", START).claimed("second", START + QUEUED_FOR)
    assert (again.claim, again.due_at, again.claimed_at) == ("first", START + 2 * QUEUED_FOR, START)


LOOKING = DUE.claimed("mine", START).taken("mine", START)


@pytest.mark.parametrize(
    ("record", "claim", "after", "turn"),
    [
        (DUE.claimed("mine", START), "mine", SECOND, Turn.LOOK),
        (DUE.claimed("mine", START), "other", SECOND, Turn.DONE),
        (DUE.claimed("mine", START), None, SECOND, Turn.LOOK),
        (DUE, "mine", SECOND, Turn.DONE),
        (DUE, None, SECOND, Turn.LOOK),
        (LOOKING, "mine", LEASE - SECOND, Turn.WAIT),
        (LOOKING, "mine", LEASE, Turn.LOOK),
        (LOOKING, "other", SECOND, Turn.DONE),
        (LOOKING, None, SECOND, Turn.WAIT),
        (LOOKING.free(), "mine", SECOND, Turn.DONE),
        (LOOKING.claimed("next", START), "next", SECOND, Turn.WAIT),
        (LOOKING.claimed("next", START), "mine", LEASE, Turn.LOOK),
        (LOOKING.comes_back("mine", START), "mine", SECOND, Turn.LOOK),
    ],
)
def test_whose_turn_it_is(record: Record, claim: str | None, after: timedelta, turn: Turn) -> None:
    """A message looks where its claim stands or its own lease has ended; it waits for another's lease."""
    assert record.turn(claim, START + after) is turn


def test_who_asks_during_a_look_gets_one_more() -> None:
    """The look under way may have begun before what they ask about."""
    asked = LOOKING.claimed("next", START + SECOND)
    assert asked.claim == "next"
    looked = asked.looked(Snapshot(generation=1), Cadence(), START + SECOND, troubled=False)
    assert (looked.claim, looked.due_at, looked.snapshot.generation) == ("next", asked.due_at, 1)


@pytest.mark.parametrize(
    ("active", "troubled", "every"),
    [
        (True, False, timedelta(hours=1)),
        (False, False, timedelta(hours=24)),
        (False, True, timedelta(hours=1)),
    ],
)
def test_what_is_in_use_or_in_trouble_is_looked_at_sooner(*, active: bool, troubled: bool, every: timedelta) -> None:
    """TikTok's own trouble passes; so the next look does not wait for a day."""
    record = LOOKING.used(START) if active else LOOKING
    looked = record.looked(Snapshot(), Cadence(), START + SECOND, troubled=troubled)
    assert START + every * 0.9 <= looked.due_at <= START + every
    assert looked.claimed_at is None


def test_rest_is_kept_between_two_looks_that_are_asked_for(system: System) -> None:
    """A minute after the last evidence; at once where there is none, or where a launch is near."""
    assert DUE.rested_at(START) == START
    advertiser = "7300000000000000001"
    system.look(advertiser)
    record = system.record(advertiser)
    assert record.rested_at(START) == START + REST
    assert record.rested_at(START + REST + SECOND) == START + REST + SECOND
    assert record.used(START, START + timedelta(hours=23)).rested_at(START) == START


def test_only_what_is_known_to_be_sent_leaves_the_outbox() -> None:
    """The others wait for their turn."""
    events = tuple(OutgoingEvent(name, "TikTok Readiness Changed", {}) for name in ("1", "2", "3"))
    record = Record("northlight", "1", due_at=START, outbox=events, lease=Lease("mine", START))
    assert [one.id for one in record.sent(frozenset({"1", "3"})).outbox] == ["2"]
