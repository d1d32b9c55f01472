"""The state proves who asked: a callback with any other state is rejected and changes nothing; none exchanges codes."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from local.tiktok_simulator import DemoToken
from tests.support.effects import KilledError, Point
from tests.unit.connections.system import Redirect, System, outcome_of

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


def test_a_callback_exchanges_nothing(system: System) -> None:
    """It keeps the code for its handle: TikTok is not called, and nobody is connected."""
    url = system.consent("u-owner")
    requests = len(system.tiktok.requests)
    assert system.open_callback(url).outcome == "confirm"
    assert len(system.tiktok.requests) == requests
    assert system.connection("u-owner") is None
    assert (len(system.secrets), len(system.operations), len(system.bus)) == (0, 0, 0)


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
    assert _return(system, mine, code).outcome == "confirm"


@pytest.mark.parametrize("same_code", [True, False])
def test_a_used_state_is_rejected(system: System, *, same_code: bool) -> None:
    """So is one that returns with another, valid code."""
    url = system.consent("u-owner")
    state, code = _parts(url)
    assert outcome_of(system.complete(system.open_callback(url).handle, "u-owner")) == "connected"
    _, fresh = _parts(system.consent("u-owner"))
    _assert_rejected(system, state, code if same_code else fresh, "state_used")


def test_a_state_that_returned_with_one_code_is_rejected_with_another(system: System) -> None:
    """Before it is completed too: the callback address is useless to anybody else who sees it."""
    state, code = _parts(system.consent("u-owner"))
    _, other = _parts(system.consent("u-owner", DemoToken.AGENCY.user))
    assert _return(system, state, code).outcome == "confirm"
    _assert_rejected(system, state, other, "state_used")
    assert _return(system, state, code).outcome == "confirm"


def test_the_same_return_again_gets_another_handle(system: System) -> None:
    """As when the browser did not receive the first redirect: the last handle completes, the others do not."""
    url = system.consent("u-owner")
    first, last = (system.open_callback(url).handle for _ in range(2))
    assert first != last
    assert outcome_of(system.complete(first, "u-owner")) == "invalid_request"
    assert outcome_of(system.complete(last, "u-owner")) == "connected"


@pytest.mark.parametrize("after", [False, True])
def test_a_callback_killed_at_any_point_is_repeated(system: System, *, after: bool) -> None:
    """Its only effect keeps the code; nothing has to be recovered."""
    url = system.consent("u-owner")
    system.effects.watch(Point(0, after=after))
    with pytest.raises(KilledError):
        system.open_callback(url)
    assert system.effects.names == ["keep code"]
    system.effects.watching = False
    assert outcome_of(system.complete(system.open_callback(url).handle, "u-owner")) == "connected"
    system.assert_consistent("u-owner")


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        (TEN_MINUTES - MOMENT, "confirm"),
        (TEN_MINUTES, "state_expired"),
        (timedelta(minutes=11), "state_expired"),
        (timedelta(days=30), "state_expired"),
    ],
)
def test_a_state_is_valid_for_less_than_ten_minutes(system: System, after: timedelta, outcome: str) -> None:
    """It expires exactly ten minutes after it was issued."""
    state, code = _parts(system.consent("u-owner"))
    system.clock.forward(after)
    if outcome == "confirm":
        assert _return(system, state, code).outcome == outcome
    else:
        _assert_rejected(system, state, code, outcome)


def test_a_denied_consent_changes_nothing(system: System) -> None:
    """The state may still return with a code."""
    page = system.request_consent("u-owner")
    before = system.full_state()
    assert system.open_callback(system.tiktok.deny(page)).outcome == "consent_denied"
    assert system.full_state() == before
    assert system.open_callback(system.tiktok.consent(page, DemoToken.AGENCY.user)).outcome == "confirm"
