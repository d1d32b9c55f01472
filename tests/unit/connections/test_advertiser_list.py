"""Reading a connection's advertiser list, and applying it to the connection."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from publishing.connections.advertiser_list import (
    MAX_NAME,
    MAX_STATUSES,
    AdvertiserList,
    read_advertisers,
    with_statuses,
)
from publishing.teams import MAX_LISTED, Connection, OutsideList
from tests.support.clock import START
from tests.support.scripted_tiktok import TOKEN, ScriptedTransport, client_of, error_response, success
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import ADVERTISERS_AT_ONCE, TikTokBusinessApi
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
    expiry_notified=True,
    names={"1": "One", "2": "Two"},
    disabled=frozenset({"1", "2"}),
    scopes=("693",),
    verified_at="2026-11-15T10:00:00.000Z",
    scheduled=True,
)


def list_from(answer: RawAnswer) -> AdvertiserList:
    """Read the list; TikTok returns ``answer``."""
    oauth = TikTokOAuth(ScriptedTransport([answer]), DeveloperApp("app", SecretStr("app-secret")), Deadline.after(60))
    return read_advertisers(oauth, SecretStr(TOKEN))


def rows(*answered: Row) -> RawAnswer:
    """TikTok's response with these rows."""
    return success({"list": answered})


def test_a_list_is_applied_to_a_connection() -> None:
    """Advertisers, names, disabled advertisers and the time of verification change, and nothing else."""
    found = AdvertiserList(("3", "4"), {"4": "Four"}, frozenset({"4"}))
    assert found.applied_to(BEFORE, START) == replace(
        BEFORE,
        advertiser_ids=("3", "4"),
        names={"4": "Four"},
        disabled=frozenset({"4"}),
        verified_at="2026-11-16T10:00:00.000Z",
    )


def test_an_applied_list_is_whole() -> None:
    """Nothing of it is outside the connection's item, whatever was before."""
    before = replace(BEFORE, outside=OutsideList("a-150", 150, "1"))
    assert AdvertiserList(("3",), {}).applied_to(before, START).outside is None


def test_known_disabled_advertisers_are_kept_if_tiktok_returns_no_statuses() -> None:
    """Those that are still in the list are kept; a response that names none disabled clears them."""
    assert AdvertiserList(("2", "4"), {}).applied_to(BEFORE, START).disabled == {"2"}
    assert AdvertiserList(("2", "4"), {}, frozenset()).applied_to(BEFORE, START).disabled == frozenset()


def test_disabled_advertisers_are_a_subset_of_the_list() -> None:
    """The status of an advertiser outside the list is dropped."""
    assert AdvertiserList(("2", "4"), {}, frozenset({"4", "9"})).applied_to(BEFORE, START).disabled == {"4"}


def test_the_list_keeps_tiktoks_order() -> None:
    """Each advertiser appears once, without a name if TikTok returns none; statuses are not known yet."""
    answer = rows(
        {"advertiser_id": "9", "advertiser_name": "Nine"},
        {"advertiser_id": "1", "advertiser_name": ""},
        {"advertiser_id": "5"},
        {"advertiser_id": "9", "advertiser_name": "Nine"},
        {"advertiser_id": "2", "advertiser_name": "Two"},
    )
    assert list_from(answer) == AdvertiserList(("9", "1", "5", "2"), {"9": "Nine", "2": "Two"}, disabled=None)


def test_an_empty_list_is_valid() -> None:
    """A person who has lost their last advertiser stays connected."""
    assert list_from(rows()) == AdvertiserList((), {})


def test_the_list_is_limited() -> None:
    """The first 5,000 advertisers and 60 characters of each name are kept."""
    assert (MAX_LISTED, MAX_STATUSES, MAX_NAME) == (5_000, 1_000, 60)
    found = list_from(rows(*({"advertiser_id": str(one), "advertiser_name": f"{one:061}"} for one in range(5_001))))
    assert found.advertiser_ids == tuple(map(str, range(5_000)))
    assert found.names == {str(one): f"{one:061}"[:60] for one in range(5_000)}


def test_a_failed_response_is_not_an_empty_list() -> None:
    """If TikTok does not return the list, an error is raised and no advertiser is lost."""
    with pytest.raises(TikTokError):
        list_from(error_response(40002))


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
def test_which_statuses_are_disabled(status: str | None, disabled: bool) -> None:  # noqa: FBT001 - a row of the table
    """An advertiser under review is not disabled: people prepare ads during the review."""
    found = AdvertiserList(("1", "2"), {"1": "One"})
    answer = rows({"advertiser_id": "1", "status": status}, {"advertiser_id": "2", "status": "STATUS_ENABLE"})
    api = TikTokBusinessApi(client_of(ScriptedTransport([answer])))
    assert with_statuses(found, api) == replace(found, disabled=frozenset({"1"} if disabled else ()))


def test_statuses_are_requested_for_the_first_thousand() -> None:
    """A hundred with one call: more would take longer than connecting may."""
    found = AdvertiserList(tuple(map(str, range(1_001))), {})
    transport = ScriptedTransport([rows()] * (1_000 // ADVERTISERS_AT_ONCE))
    assert with_statuses(found, TikTokBusinessApi(client_of(transport))).disabled == frozenset()
    requested = [one for sent in transport.sent for one in (sent.params or {})["advertiser_ids"]]
    assert tuple(requested) == found.advertiser_ids[:1_000]


def test_statuses_that_tiktok_does_not_return_are_unknown() -> None:
    """Unknown statuses do not mean that no advertiser is disabled; the list itself is kept."""
    found = AdvertiserList(("1", "2"), {"1": "One"})
    api = TikTokBusinessApi(client_of(ScriptedTransport([error_response(40001)])))
    assert with_statuses(found, api) == found
