"""The ``state`` of an authorization and the handle of its return: they cannot be guessed or altered."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.connections.authorize import (
    HANDLE_LIFETIME,
    STATE_LIFETIME,
    AuthorizationState,
    Handle,
    StateKey,
    digest_of,
    key_for,
    new_handle,
    new_state,
    parse_handle,
    parse_state,
)
from publishing.http.request_context import Principal
from tests.support.clock import START

TEAM, USER = "northlight", "u-owner"
NONCE = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
TEXT, STATE = new_state(Principal(USER, TEAM, "owner"), START, NONCE)


def test_a_state_is_a_hash_of_the_person_and_a_nonce() -> None:
    """The form never changes, since a state may return after a deployment. Only the nonce's digest is stored."""
    owner, digest = "F6XPzlXsCgbyn9Nk-T5YYw", "b247256873be366d3ca8d06ccf98652d0b49257194f6220d4bfdffb3063ca122"
    assert f"{owner}.{NONCE}" == TEXT
    key, expires_at = StateKey(owner, digest), START + STATE_LIFETIME
    assert AuthorizationState(key, TEAM, USER, expires_at) == STATE
    assert (STATE.auth_code, STATE.handle_digest, STATE.handle_expires_at) == (None, None, None)
    assert (STATE.closed, STATE.connected_at) == (False, None)
    assert (timedelta(minutes=10), timedelta(minutes=10)) == (STATE_LIFETIME, HANDLE_LIFETIME)


def test_a_key_is_derived_from_the_text_or_from_person_and_digest() -> None:
    """The callback parses the text; recovery has the person and the digest."""
    assert parse_state(TEXT) == STATE.key
    assert key_for(*STATE.person, STATE.key.digest) == STATE.key


@pytest.mark.parametrize("text", ["", "code", "\ud83d"])
def test_every_text_has_a_digest(text: str) -> None:
    """So has a text that cannot be encoded as UTF-8."""
    assert len(digest_of(text)) == 64
    assert digest_of(text) != digest_of(text + " ")


@given(
    st.one_of(
        st.text(max_size=80),
        st.from_regex(r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", fullmatch=True),
        st.tuples(st.integers(0, len(TEXT) - 1), st.characters()).map(
            lambda change: TEXT[: change[0]] + change[1] + TEXT[change[0] + 1 :]
        ),
        st.tuples(st.integers(0, len(TEXT)), st.integers(0, len(TEXT))).map(
            lambda cut: TEXT[: cut[0]] + TEXT[cut[1] :]
        ),
        st.permutations(TEXT).map("".join),
        st.sampled_from([TEXT.lower(), TEXT.upper(), f" {TEXT}", f"{TEXT} ", f"{TEXT}=", TEXT.replace(".", "%2E")]),
    )
)
def test_only_the_unaltered_text_has_the_states_key(text: str) -> None:
    """No altered text has the key under which the state is stored."""
    assert (parse_state(text) == STATE.key) == (text == TEXT)


def test_states_are_not_guessable() -> None:
    """The nonce has 256 random bits and only its digest is stored; each person of each team has their own hash."""
    issued = [new_state(Principal("u-owner", "northlight", "owner"), START) for _ in range(200)]
    nonces = {text.partition(".")[2] for text, _ in issued}
    assert len(nonces) == len(issued)
    assert {len(one) for one in nonces} == {43}
    assert set("".join(nonces)) == set(ALPHABET)
    for text, state in issued:
        assert text.partition(".")[2] not in repr(state)
    people = [("a", "bc"), ("ab", "c"), ("abc", ""), ("1:a", "b"), ("a", "1:b")]
    owners = {new_state(Principal(user, team, ""), START)[0].partition(".")[0] for team, user in people}
    assert len(owners) == len(people)


def test_a_handle_names_its_state_and_256_other_random_bits() -> None:
    """The form never changes, since a handle may come back after a deployment. Only the random bits' digest is kept."""
    text, handle = new_handle(STATE.key, NONCE)
    assert text == f"{STATE.key.owner}.{STATE.key.digest}.{NONCE}"
    assert handle == Handle(STATE.key, digest_of(NONCE))
    assert parse_handle(text) == handle
    made = [new_handle(STATE.key) for _ in range(200)]
    nonces = {text.rpartition(".")[2] for text, _ in made}
    assert len(nonces) == len(made)
    assert {len(one) for one in nonces} == {43}
    assert set("".join(nonces)) == set(ALPHABET)
    assert not [nonce for nonce in nonces if nonce in repr([handle for _, handle in made])]


@pytest.mark.parametrize("text", ["", TEXT, f"{TEXT}.{NONCE}", f"{new_handle(STATE.key, NONCE)[0]}A", "\ud83d"])
def test_another_text_is_no_handle(text: str) -> None:
    """A state is none: whoever sent the consent page to somebody else knows the state."""
    assert parse_handle(text) is None
