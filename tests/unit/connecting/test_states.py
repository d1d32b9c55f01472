"""What a state is: a text that nobody can guess or change, and when it may be used."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.calls import Caller
from publishing.connecting.refusals import Refusal
from publishing.connecting.states import LIFE, PendingState, StateKey, digest_of, key_for, key_of, new_state
from tests.support.clock import START

MOMENT = timedelta(microseconds=1)
TEAM, USER = "northlight", "u-owner"
NONCE = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
GIVEN, STORED = new_state(Caller(USER, TEAM, "owner"), START, NONCE)


def test_a_state_is_the_mark_of_who_asked_and_a_secret() -> None:
    """The very same after a deployment: it comes back up to ten minutes later. Stored is the secret's digest alone."""
    mark, digest = "F6XPzlXsCgbyn9Nk-T5YYw", "b247256873be366d3ca8d06ccf98652d0b49257194f6220d4bfdffb3063ca122"
    assert f"{mark}.{NONCE}" == GIVEN
    assert PendingState(StateKey(mark, digest), TEAM, USER, START + LIFE, code=None, done=False) == STORED
    assert timedelta(minutes=10) == LIFE


def test_a_state_is_found_by_its_text_and_by_its_person() -> None:
    """By the person who comes back with it, and by whoever finishes what was begun with it."""
    assert key_of(GIVEN) == STORED.key
    assert key_for(*STORED.person, STORED.key.digest) == STORED.key


@pytest.mark.parametrize("text", ["", "code", "\ud83d"])
def test_a_digest_can_be_made_of_whatever_comes_back(text: str) -> None:
    """Also of what no UTF-8 can hold."""
    assert len(digest_of(text)) == 64
    assert digest_of(text) != digest_of(text + " ")


@given(
    st.one_of(
        st.text(max_size=80),
        st.from_regex(r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", fullmatch=True),
        st.tuples(st.integers(0, len(GIVEN) - 1), st.characters()).map(
            lambda change: GIVEN[: change[0]] + change[1] + GIVEN[change[0] + 1 :]
        ),
        st.tuples(st.integers(0, len(GIVEN)), st.integers(0, len(GIVEN))).map(
            lambda cut: GIVEN[: cut[0]] + GIVEN[cut[1] :]
        ),
        st.permutations(GIVEN).map("".join),
        st.sampled_from(
            [GIVEN.lower(), GIVEN.upper(), f" {GIVEN}", f"{GIVEN} ", f"{GIVEN}=", GIVEN.replace(".", "%2E")]
        ),
    )
)
def test_nothing_but_the_state_itself_finds_it(text: str) -> None:
    """However it is changed, no other text leads to where it is stored."""
    assert (key_of(text) == STORED.key) == (text == GIVEN)


def test_states_are_not_guessable() -> None:
    """256 bits of chance, of which the table knows a digest alone; the mark is one for each person of each team."""
    made = [new_state(Caller("u-owner", "northlight", "owner"), START) for _ in range(200)]
    nonces = {text.partition(".")[2] for text, _ in made}
    assert len(nonces) == len(made)
    assert {len(one) for one in nonces} == {43}
    assert set("".join(nonces)) == set(ALPHABET)
    for text, state in made:
        assert text.partition(".")[2] not in repr(state)
    people = [("a", "bc"), ("ab", "c"), ("abc", ""), ("1:a", "b"), ("a", "1:b")]
    marks = {new_state(Caller(user, team, ""), START)[0].partition(".")[0] for team, user in people}
    assert len(marks) == len(people)


def test_a_state_says_itself_that_it_was_used() -> None:
    """Done, or come back with another code: before anybody is asked who may connect. Too old goes first."""
    taken = STORED.taken("code")
    assert taken == replace(STORED, code="code")
    assert STORED.refusal("code", START) is None
    assert taken.refusal("code", START) is None
    assert taken.refusal("other", START) is Refusal.STATE_USED
    assert replace(taken, done=True).refusal("code", START) is Refusal.STATE_USED
    assert replace(STORED, done=True).refusal("code", START) is Refusal.STATE_USED
    assert replace(taken, done=True).refusal("code", START + LIFE) is Refusal.STATE_EXPIRED


def test_a_state_is_too_old_after_ten_minutes() -> None:
    """To the microsecond."""
    assert STORED.refusal("code", START + LIFE - MOMENT) is None
    assert STORED.refusal("code", START + LIFE) is Refusal.STATE_EXPIRED
