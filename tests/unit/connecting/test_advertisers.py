"""Which advertisers a connection reaches: what is kept of TikTok's list, and of the one before."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from publishing.connecting.advertisers import MAX_LISTED, MAX_NAME, MAX_NAMED, Listing, listing, with_statuses
from publishing.teams import Connection
from tests.support.clock import START
from tests.unit.tiktok_business.fakes import TOKEN, ScriptedTransport, client_of, refusal, success
from tiktok_business.api import ADVERTISERS_AT_ONCE, TikTokBusinessApi
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError
from tiktok_business.oauth import DeveloperApp, TikTokOAuth
from tiktok_business.transport import RawAnswer

Row = dict[str, Any]

BEFORE = Connection(
    "northlight",
    "u-owner",
    "active",
    ("1", "2", "3"),
    "secret",
    "2026-11-01T09:00:00Z",
    expiry_told=True,
    names={"1": "One", "2": "Two"},
    disabled=frozenset({"1", "2"}),
    scopes=("693",),
    verified_at="2026-11-15T10:00:00.000Z",
    scheduled=True,
)


def listed(answer: RawAnswer) -> Listing:
    """The list, where TikTok answers this."""
    oauth = TikTokOAuth(ScriptedTransport([answer]), DeveloperApp("app", SecretStr("app-secret")), Deadline.after(60))
    return listing(oauth, SecretStr(TOKEN))


def rows(*answered: Row) -> RawAnswer:
    """TikTok's answer with these rows."""
    return success({"list": answered})


def test_a_connection_takes_the_list_over() -> None:
    """Advertisers, their names, and when; it is the same connection otherwise."""
    found = Listing(("3", "4"), {"4": "Four"}, frozenset({"4"}))
    assert found.of(BEFORE, START) == replace(
        BEFORE,
        advertiser_ids=("3", "4"),
        names={"4": "Four"},
        disabled=frozenset({"4"}),
        verified_at="2026-11-16T10:00:00.000Z",
    )


def test_who_is_disabled_stays_known_where_tiktok_does_not_say() -> None:
    """Of those that are still there; where it says that nobody is, nobody is."""
    assert Listing(("2", "4"), {}).of(BEFORE, START).disabled == {"2"}
    assert Listing(("2", "4"), {}, frozenset()).of(BEFORE, START).disabled == frozenset()


def test_who_is_disabled_is_in_the_list() -> None:
    """A status of another advertiser says nothing of this connection's."""
    assert Listing(("2", "4"), {}, frozenset({"4", "9"})).of(BEFORE, START).disabled == {"4"}


def test_the_list_is_tiktoks_in_its_order() -> None:
    """Each advertiser once; without a name where TikTok gives none; of their statuses nothing is known yet."""
    answer = rows(
        {"advertiser_id": "9", "advertiser_name": "Nine"},
        {"advertiser_id": "1", "advertiser_name": ""},
        {"advertiser_id": "5"},
        {"advertiser_id": "9", "advertiser_name": "Nine"},
        {"advertiser_id": "2", "advertiser_name": "Two"},
    )
    assert listed(answer) == Listing(("9", "1", "5", "2"), {"9": "Nine", "2": "Two"}, disabled=None)


def test_nothing_listed_is_a_list_too() -> None:
    """The person has lost their last advertiser, and is connected still."""
    assert listed(rows()) == Listing((), {})


def test_the_list_keeps_what_an_item_can_hold() -> None:
    """The first five thousand, the first thousand names, and of each name sixty characters."""
    assert (MAX_LISTED, MAX_NAMED, MAX_NAME) == (5_000, 1_000, 60)
    found = listed(rows(*({"advertiser_id": str(one), "advertiser_name": f"{one:061}"} for one in range(5_001))))
    assert found.advertiser_ids == tuple(map(str, range(5_000)))
    assert found.names == {str(one): f"{one:061}"[:60] for one in range(1_000)}


def test_no_list_is_no_empty_list() -> None:
    """Where TikTok does not tell, no advertiser is lost."""
    with pytest.raises(TikTokError):
        listed(refusal(40002))


@pytest.mark.parametrize(
    ("status", "disabled"),
    [
        ("STATUS_DISABLE", True),
        ("STATUS_LIMIT", True),
        ("STATUS_ENABLE", False),
        ("STATUS_PENDING_CONFIRM", False),
        ("STATUS_CONFIRM_FAIL", False),
        ("status_disable", False),
        ("", False),
        (None, False),
    ],
)
def test_disabled_is_what_tiktok_calls_so(status: str | None, disabled: bool) -> None:  # noqa: FBT001 - a row of the table
    """Under review is not disabled: whoever waits for TikTok prepares meanwhile."""
    found = Listing(("1", "2"), {"1": "One"})
    answer = rows({"advertiser_id": "1", "status": status}, {"advertiser_id": "2", "status": "STATUS_ENABLE"})
    api = TikTokBusinessApi(client_of(ScriptedTransport([answer])))
    assert with_statuses(found, api) == replace(found, disabled=frozenset({"1"} if disabled else ()))


def test_statuses_are_asked_of_the_first_thousand() -> None:
    """As many as have names."""
    found = Listing(tuple(map(str, range(1_001))), {})
    transport = ScriptedTransport([rows()] * (1_000 // ADVERTISERS_AT_ONCE))
    assert with_statuses(found, TikTokBusinessApi(client_of(transport))).disabled == frozenset()
    asked = [one for sent in transport.sent for one in (sent.params or {})["advertiser_ids"]]
    assert tuple(asked) == found.advertiser_ids[:1_000]


def test_statuses_that_tiktok_does_not_tell_are_not_known() -> None:
    """Which is not that nobody is disabled; the list itself stands."""
    found = Listing(("1", "2"), {"1": "One"})
    api = TikTokBusinessApi(client_of(ScriptedTransport([refusal(40001)])))
    assert with_statuses(found, api) == found
