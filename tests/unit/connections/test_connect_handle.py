"""Who may complete a connection: the person who began it, in the same team, with the handle of the return."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest

from local.tiktok_simulator import DemoToken
from publishing.log_events import LogEvent
from tests.support.effects import KilledError, Point
from tests.unit.connections.scenarios import COMPLETION_FIRST, EXCHANGE, USER
from tests.unit.connections.system import LEASE_EXPIRED, TEAM, System, outcome_of

TEN_MINUTES = timedelta(minutes=10)
MOMENT = timedelta(microseconds=1)
OTHER, ELSEWHERE = "u-other", "elsewhere"
NONCE = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE"


@pytest.fixture(autouse=True)
def other_people(system: System) -> None:
    """Another member of the team, and another team of the same person."""
    system.add_member(OTHER, "owner")
    system.add_member(USER, "owner", ELSEWHERE)
    system.teams.put(ELSEWHERE, "SUBSCRIPTION", status="trialing")


def test_a_consent_never_lands_in_another_persons_team(system: System) -> None:
    """A member sends their own link to somebody else, who consents: nobody is connected, and the code is discarded."""
    page = system.request_consent(USER)
    redirect = system.open_callback(system.tiktok.consent(page, DemoToken.AGENCY.user))
    refused = system.complete(redirect.handle, OTHER)
    assert (refused.status, refused.json["code"]) == (403, "not_your_connection")
    assert "nothing was connected" in refused.json["detail"]
    assert system.connection(USER) is None
    assert system.connection(OTHER) is None
    assert len(system.tiktok.requests.to(EXCHANGE)) == 0
    [state] = system.states.stored.values()
    assert (state.closed, state.auth_code) == (True, None)
    assert outcome_of(system.complete(redirect.handle, USER)) == "invalid_request"
    assert len(system.secrets) == 0


@pytest.mark.parametrize(("user_id", "team_id"), [(OTHER, TEAM), (USER, ELSEWHERE), ("u-nobody", "nowhere")])
def test_anybody_else_is_refused_each_time(system: System, user_id: str, team_id: str) -> None:
    """So is the same person for another team."""
    handle = system.return_to_wizard(USER)
    for _ in range(2):
        assert outcome_of(system.complete(handle, user_id, team_id)) == "not_your_connection"
    assert system.connection(USER) is None
    assert len(system.tiktok.requests.to(EXCHANGE)) == 0


def test_a_connection_outlasts_a_refusal_that_follows(system: System) -> None:
    """Anybody else who gets the handle later changes nothing; the person is still answered with the connection."""
    handle = system.return_to_wizard(USER)
    first = system.complete(handle, USER)
    assert outcome_of(system.complete(handle, OTHER)) == "not_your_connection"
    assert system.complete(handle, USER) == first
    system.assert_consistent(USER)


def test_a_refusal_during_a_repetition_loses_no_token(system: System) -> None:
    """A stored token becomes a connection although anybody else's request discards the handle meanwhile."""
    handle = system.return_to_wizard(USER)
    system.effects.watch(Point(COMPLETION_FIRST.index("create secret") + 1, after=True))
    with pytest.raises(KilledError):
        system.complete(handle, USER)
    system.clock.forward(LEASE_EXPIRED)
    refused: list[str] = []
    system.effects.watch(Point(0, after=False), lambda: refused.append(outcome_of(system.complete(handle, OTHER))))
    assert outcome_of(system.complete(handle, USER)) == "connected"
    assert refused == ["not_your_connection"]
    system.assert_consistent(USER)


def test_each_team_gets_its_own_connection(system: System) -> None:
    """A person in two teams completes what they began in each."""
    handle = system.return_to_wizard(USER, team_id=ELSEWHERE)
    assert outcome_of(system.complete(handle, USER, ELSEWHERE)) == "connected"
    assert system.connection(USER) is None
    assert system.teams.read(ELSEWHERE).connection_of(USER) is not None


FORGERIES: dict[str, Callable[[str, str], str]] = {
    "a word": lambda _mine, _other: "handle",
    "without random part": lambda mine, _other: mine.rpartition(".")[0],
    "made-up random part": lambda mine, _other: f"{mine.rpartition('.')[0]}.{NONCE}",
    "another's random part": lambda mine, other: f"{mine.rpartition('.')[0]}.{other.rpartition('.')[2]}",
    "another's state": lambda mine, other: f"{other.rpartition('.')[0]}.{mine.rpartition('.')[2]}",
    "lengthened": lambda mine, _other: f"{mine}A",
    "line break": lambda mine, _other: f"{mine}\n",
    "another letter": lambda mine, _other: f"{mine[:-1]}ü",
}


@pytest.mark.parametrize("user_id", [USER, OTHER])
@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_handle_changes_nothing(system: System, forged: Callable[[str, str], str], user_id: str) -> None:
    """The person who began knows the state, but not the random part: they cannot complete another browser's return."""
    mine, other = system.return_to_wizard(USER), system.return_to_wizard(OTHER)
    before = system.full_state()
    response = system.complete(forged(mine, other), user_id)
    assert (response.status, response.json["code"]) == (400, "invalid_request")
    assert [one["field"] for one in response.json["errors"]] == ["handle"]
    assert system.full_state() == before
    assert outcome_of(system.complete(mine, USER)) == "connected"


def test_the_state_is_no_handle(system: System) -> None:
    """Nor is it one before the return, when no handle exists."""
    system.request_consent(USER)
    [key] = system.states.stored
    for handle in (f"{key.owner}.{key.digest}.{NONCE}", f"{key.owner}.{NONCE}"):
        assert outcome_of(system.complete(handle, USER)) == "invalid_request"


@pytest.mark.parametrize(("after", "outcome"), [(TEN_MINUTES - MOMENT, "connected"), (TEN_MINUTES, "invalid_request")])
def test_a_handle_is_valid_for_less_than_ten_minutes(system: System, after: timedelta, outcome: str) -> None:
    """From the return, however long the consent took; the answer can be had again for as long."""
    url = system.consent(USER)
    system.clock.forward(timedelta(minutes=9))
    handle = system.open_callback(url).handle
    system.clock.forward(after)
    assert outcome_of(system.complete(handle, USER)) == outcome
    if outcome == "connected":
        assert outcome_of(system.complete(handle, USER)) == outcome
        system.clock.forward(MOMENT)
    assert outcome_of(system.complete(handle, USER)) == "invalid_request"


def test_an_expired_handle_has_no_code(system: System) -> None:
    """The code is of no use to anybody any more."""
    handle = system.return_to_wizard(USER)
    system.clock.forward(TEN_MINUTES)
    assert outcome_of(system.complete(handle, USER)) == "invalid_request"
    [state] = system.states.stored.values()
    assert (state.closed, state.auth_code) == (True, None)


def test_a_handle_answers_for_its_own_connection_only(system: System) -> None:
    """Once that one was replaced or ended, the handle is used."""
    first = system.return_to_wizard(USER)
    assert outcome_of(system.complete(first, USER)) == "connected"
    system.clock.forward(timedelta(minutes=1))
    second = system.return_to_wizard(USER)
    assert outcome_of(system.complete(second, USER)) == "connected"
    assert outcome_of(system.complete(first, USER)) == "invalid_request"
    assert outcome_of(system.complete(second, USER)) == "connected"
    assert system.disconnect(USER).status == 200
    assert outcome_of(system.complete(second, USER)) == "invalid_request"


def test_a_used_handle_has_no_code(system: System) -> None:
    """The code is removed as soon as it is of no use."""
    handle = system.return_to_wizard(USER)
    [before] = system.states.stored.values()
    assert before.auth_code is not None
    assert before.auth_code.get_secret_value() not in repr(before)
    assert outcome_of(system.complete(handle, USER)) == "connected"
    [after] = system.states.stored.values()
    assert (after.auth_code, after.closed) == (None, True)


def test_the_log_names_who_connected(system: System, log: io.StringIO) -> None:
    """And holds neither handle nor code."""
    handle = system.return_to_wizard(USER)
    [state] = system.states.stored.values()
    system.complete(handle, USER)
    assert f'"message":"{LogEvent.CONNECTED}"' in log.getvalue()
    assert state.auth_code is not None
    for secret in (handle.rpartition(".")[2], state.auth_code.get_secret_value()):
        assert secret not in log.getvalue()
