"""A change that is written down: who is at it, and until when it is left alone."""

from dataclasses import replace
from datetime import timedelta

from publishing.connecting.changes import FINISHED_AFTER, LEASE, Change, Kind
from tests.support.clock import START

MOMENT = timedelta(microseconds=1)
LATER = START + timedelta(minutes=5)
BEGUN = Change.begun("northlight", "u-owner", Kind.CONNECT, START, "digest")


def test_a_change_begins_with_a_lease() -> None:
    """Of whom, what, since when and for which state; nothing is granted yet."""
    assert (
        Change("northlight", "u-owner", Kind.CONNECT, START, BEGUN.attempt, START + LEASE, grant="digest", scopes=None)
        == BEGUN
    )
    ending = Change.begun("northlight", "u-owner", Kind.DISCONNECT, START)
    assert ending == Change("northlight", "u-owner", Kind.DISCONNECT, START, ending.attempt, START + LEASE)
    assert ending.grant == ""
    assert {len(BEGUN.attempt), len(ending.attempt)} == {32}
    assert BEGUN.attempt != ending.attempt


def test_a_change_is_left_alone_until_its_lease_is_over() -> None:
    """To the microsecond."""
    assert not BEGUN.is_alone(START + LEASE - MOMENT)
    assert BEGUN.is_alone(START + LEASE)


def test_another_attempt_is_the_same_change_with_another_name_and_a_new_lease() -> None:
    """What was begun and what was granted stays, so that the connection comes out the same."""
    left = BEGUN.granted(("693",))
    again = left.again(LATER)
    assert again == replace(left, attempt=again.attempt, lease_until=LATER + LEASE)
    assert len({BEGUN.attempt, again.attempt, BEGUN.again(LATER).attempt}) == 3


def test_what_was_granted_is_noted_and_nothing_else_changes() -> None:
    """Nothing granted is not the same as not known."""
    for scopes in (("693", "100"), (), None):
        assert BEGUN.granted(scopes) == replace(BEGUN, scopes=scopes)


def test_what_is_given_up_may_be_taken_up_at_once() -> None:
    """And is still the same attempt's."""
    given_up = BEGUN.given_up(START + MOMENT)
    assert given_up == replace(BEGUN, lease_until=START + MOMENT)
    assert given_up.is_alone(START + MOMENT)


def test_how_long_people_are_told_to_wait() -> None:
    """Half a minute says the callback, two minutes more say the pages."""
    assert (timedelta(seconds=30), timedelta(minutes=2)) == (LEASE, FINISHED_AFTER)


def test_what_stands_in_the_table() -> None:
    """Changes that were begun before a deployment are finished after it."""
    assert [*Kind] == ["connect", "disconnect"]
