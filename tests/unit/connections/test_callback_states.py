"""The state proves who asked: a callback with any other state is rejected and changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from local.tiktok_simulator import DemoToken, Fault, FaultKind
from tests.unit.connections.system import TEAM, Redirect, System

TEN_MINUTES = timedelta(minutes=10)
MOMENT = timedelta(microseconds=1)
NONCE = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE"


def _parts(url: str) -> tuple[str, str]:
    query = dict(parse_qsl(urlsplit(url).query))
    return query["state"], query["auth_code"]


def _return(system: System, state: str, code: str) -> Redirect:
    return system.get_callback([("auth_code", code), ("code", code), ("state", state)])


def _assert_rejected(system: System, state: str, code: str, why: str) -> None:
    """Assert that the callback returns this error, changes nothing and does not call TikTok."""
    before, requests = system.full_state(), len(system.tiktok.requests)
    assert _return(system, state, code).outcome == why
    assert system.full_state() == before
    assert len(system.tiktok.requests) == requests


FORGERIES: dict[str, Callable[[str, str], str]] = {
    "empty": lambda _mine, _other: "",
    "owner only": lambda mine, _other: mine.partition(".")[0],
    "no owner": lambda mine, _other: mine.partition(".")[2],
    "truncated": lambda mine, _other: mine[:-1],
    "lengthened": lambda mine, _other: mine + "A",
    "line break": lambda mine, _other: mine + "\n",
    "own owner, made-up nonce": lambda mine, _other: f"{mine.partition('.')[0]}.{NONCE}",
    "own owner, another's nonce": lambda mine, other: f"{mine.partition('.')[0]}.{other.partition('.')[2]}",
    "another's owner, own nonce": lambda mine, other: f"{other.partition('.')[0]}.{mine.partition('.')[2]}",
    "nonce with swapped case": lambda mine, _other: f"{mine.partition('.')[0]}.{mine.partition('.')[2].swapcase()}",
    "half of a surrogate pair": lambda mine, _other: mine[:-1] + "\ud83d",
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_state_is_rejected(system: System, forged: Callable[[str, str], str]) -> None:
    """So is one that combines the owner of one valid state with the nonce of another."""
    system.add_member("u-other", "mediabuyer")
    mine, code = _parts(system.consent("u-owner"))
    other, _ = _parts(system.consent("u-other"))
    _assert_rejected(system, forged(mine, other), code, "state_invalid")
    assert _return(system, mine, code).outcome == "connected"


def test_a_state_connects_only_the_person_it_was_issued_to(system: System) -> None:
    """It does not matter whose browser returns it."""
    system.add_member("u-other", "mediabuyer")
    assert system.open_callback(system.consent("u-other", DemoToken.AGENCY.user)).outcome == "connected"
    assert system.connection("u-owner") is None
    system.assert_consistent("u-other")


def test_a_state_connects_in_the_team_it_was_issued_for(system: System) -> None:
    """A person in two teams has a connection in each."""
    system.add_member("u-owner", team_id="elsewhere")
    system.teams.put("elsewhere", "SUBSCRIPTION", status="trialing")
    assert system.open_callback(system.consent("u-owner", team_id="elsewhere")).outcome == "connected"
    assert system.connection("u-owner") is None
    assert system.teams.read("elsewhere").connection_of("u-owner") is not None


@pytest.mark.parametrize("same_code", [True, False])
def test_a_used_state_is_rejected(system: System, *, same_code: bool) -> None:
    """So is one that returns with another, valid code."""
    url = system.consent("u-owner")
    state, code = _parts(url)
    assert system.open_callback(url).outcome == "connected"
    _, fresh = _parts(system.consent("u-owner"))
    _assert_rejected(system, state, code if same_code else fresh, "state_used")


def test_a_state_that_returned_with_one_code_is_rejected_with_another(system: System) -> None:
    """Even if the first exchange failed, the callback address is useless to anybody else who sees it."""
    state, code = _parts(system.consent("u-owner"))
    _, other = _parts(system.consent("u-owner", DemoToken.AGENCY.user))
    system.tiktok.faults.add(Fault(path="oauth2/access_token/", kind=FaultKind.CODE, code=50000, times=1))
    assert _return(system, state, code).outcome == "tiktok_error"
    _assert_rejected(system, state, other, "state_used")
    assert _return(system, state, code).outcome == "connected"


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        (TEN_MINUTES - MOMENT, "connected"),
        (TEN_MINUTES, "state_expired"),
        (timedelta(minutes=11), "state_expired"),
        (timedelta(days=30), "state_expired"),
    ],
)
def test_a_state_is_valid_for_less_than_ten_minutes(system: System, after: timedelta, outcome: str) -> None:
    """It expires exactly ten minutes after it was issued."""
    state, code = _parts(system.consent("u-owner"))
    system.clock.forward(after)
    if outcome == "connected":
        assert _return(system, state, code).outcome == outcome
    else:
        _assert_rejected(system, state, code, outcome)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (lambda system: system.teams.remove(TEAM, "MEMBER#u-owner"), "not_a_member"),
        (lambda system: system.teams.remove(TEAM, "SUBSCRIPTION"), "subscription_required"),
        (lambda system: system.teams.put(TEAM, "SUBSCRIPTION", status="canceled"), "subscription_required"),
        (
            lambda system: system.teams.put(
                TEAM, "SUBSCRIPTION", status="active", current_period_end=str(int(system.clock().timestamp()))
            ),
            "subscription_required",
        ),
    ],
)
def test_a_person_who_may_no_longer_connect_is_rejected(
    system: System, change: Callable[[System], None], outcome: str
) -> None:
    """Membership and subscription are checked again on the callback."""
    state, code = _parts(system.consent("u-owner"))
    change(system)
    _assert_rejected(system, state, code, outcome)


def test_a_denied_consent_changes_nothing(system: System) -> None:
    """The state may still return with a code."""
    page = system.request_consent("u-owner")
    before = system.full_state()
    assert system.open_callback(system.tiktok.deny(page)).outcome == "consent_denied"
    assert system.full_state() == before
    assert system.open_callback(system.tiktok.consent(page, DemoToken.AGENCY.user)).outcome == "connected"
