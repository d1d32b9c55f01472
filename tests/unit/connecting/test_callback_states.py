"""The state proves who asked: whatever else comes back is refused, and changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from local.tiktok_simulator import DemoToken, Fault, FaultKind
from tests.unit.connecting.system import TEAM, Landing, System

TEN_MINUTES = timedelta(minutes=10)
MOMENT = timedelta(microseconds=1)
NONCE = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE"


def _parts(url: str) -> tuple[str, str]:
    query = dict(parse_qsl(urlsplit(url).query))
    return query["state"], query["auth_code"]


def _back(system: System, state: str, code: str) -> Landing:
    return system.callback([("auth_code", code), ("code", code), ("state", state)])


def _refused(system: System, state: str, code: str, why: str) -> None:
    """Refused with this code; nothing is stored, nothing told, and TikTok not asked."""
    before, asked = system.everything(), len(system.tiktok.requests)
    assert _back(system, state, code).outcome == why
    assert system.everything() == before
    assert len(system.tiktok.requests) == asked


FORGERIES: dict[str, Callable[[str, str], str]] = {
    "nothing": lambda _mine, _other: "",
    "mark alone": lambda mine, _other: mine.partition(".")[0],
    "no mark": lambda mine, _other: mine.partition(".")[2],
    "truncated": lambda mine, _other: mine[:-1],
    "lengthened": lambda mine, _other: mine + "A",
    "line break": lambda mine, _other: mine + "\n",
    "own mark, made-up nonce": lambda mine, _other: f"{mine.partition('.')[0]}.{NONCE}",
    "own mark, another's nonce": lambda mine, other: f"{mine.partition('.')[0]}.{other.partition('.')[2]}",
    "another's mark, own nonce": lambda mine, other: f"{other.partition('.')[0]}.{mine.partition('.')[2]}",
    "nonce in other letters": lambda mine, _other: f"{mine.partition('.')[0]}.{mine.partition('.')[2].swapcase()}",
    "half of a surrogate pair": lambda mine, _other: mine[:-1] + "\ud83d",
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_state_is_refused(system: System, forged: Callable[[str, str], str]) -> None:
    """Also one made of two that are good: the mark of one person, the secret of another."""
    system.member("u-other", "mediabuyer")
    mine, code = _parts(system.consent("u-owner"))
    other, _ = _parts(system.consent("u-other"))
    _refused(system, forged(mine, other), code, "state_invalid")
    assert _back(system, mine, code).outcome == "connected"


def test_a_state_connects_whom_it_was_made_for_and_nobody_else(system: System) -> None:
    """Whoever's browser brings it."""
    system.member("u-other", "mediabuyer")
    assert system.come_back(system.consent("u-other", DemoToken.AGENCY.user)).outcome == "connected"
    assert system.connection("u-owner") is None
    system.assert_well("u-other")


def test_a_state_of_another_team_connects_there(system: System) -> None:
    """The same person in two teams has two connections."""
    system.member("u-owner", team_id="elsewhere")
    system.teams.put("elsewhere", "SUBSCRIPTION", status="trialing")
    assert system.come_back(system.consent("u-owner", team_id="elsewhere")).outcome == "connected"
    assert system.connection("u-owner") is None
    assert system.teams.read("elsewhere").connection_of("u-owner") is not None


@pytest.mark.parametrize("same_code", [True, False])
def test_a_used_state_is_refused(system: System, *, same_code: bool) -> None:
    """With the same code as with another one that is good."""
    url = system.consent("u-owner")
    state, code = _parts(url)
    assert system.come_back(url).outcome == "connected"
    _, fresh = _parts(system.consent("u-owner"))
    _refused(system, state, code if same_code else fresh, "state_used")


def test_a_state_that_came_back_with_one_code_is_refused_with_another(system: System) -> None:
    """Though nothing came of the first, as TikTok was in trouble: who sees the address can do nothing with it."""
    state, code = _parts(system.consent("u-owner"))
    _, other = _parts(system.consent("u-owner", DemoToken.AGENCY.user))
    system.tiktok.faults.add(Fault(path="oauth2/access_token/", kind=FaultKind.CODE, code=50000, times=1))
    assert _back(system, state, code).outcome == "tiktok_error"
    _refused(system, state, other, "state_used")
    assert _back(system, state, code).outcome == "connected"


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        (TEN_MINUTES - MOMENT, "connected"),
        (TEN_MINUTES, "state_expired"),
        (timedelta(minutes=11), "state_expired"),
        (timedelta(days=30), "state_expired"),
    ],
)
def test_a_state_is_good_for_less_than_ten_minutes(system: System, after: timedelta, outcome: str) -> None:
    """To the microsecond."""
    state, code = _parts(system.consent("u-owner"))
    system.clock.forward(after)
    if outcome == "connected":
        assert _back(system, state, code).outcome == outcome
    else:
        _refused(system, state, code, outcome)


@pytest.mark.parametrize(
    ("happens", "outcome"),
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
def test_who_may_no_longer_connect_is_refused(system: System, happens: Callable[[System], None], outcome: str) -> None:
    """What held when consent was asked for must hold on the return too."""
    state, code = _parts(system.consent("u-owner"))
    happens(system)
    _refused(system, state, code, outcome)


def test_a_denied_consent_is_told(system: System) -> None:
    """And changes nothing: the state may still come back with a code."""
    page = system.ask_consent("u-owner")
    before = system.everything()
    assert system.come_back(system.tiktok.deny(page)).outcome == "consent_denied"
    assert system.everything() == before
    assert system.come_back(system.tiktok.consent(page, DemoToken.AGENCY.user)).outcome == "connected"
