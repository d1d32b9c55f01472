"""Advertiser lists are refreshed by preflights and by the sweep: on the deployed template."""

import pytest
import requests

from local.demo.teams import NEW_TEAM, STARTER
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser as A
from local.tiktok_simulator import Fault, FaultKind, Simulator
from tests.stack.connections import (
    connect,
    connection,
    disconnect,
    items_of,
    listed_connection,
    preflight,
    removed_at,
    token_of,
)
from tests.support.stack import Api, eventually, problem

pytestmark = pytest.mark.deep

LIST, REVOKE = "oauth2/advertiser/get/", "oauth2/revoke_token/"


def _give_access(tiktok: Simulator, *advertisers: A) -> None:
    """Give the person access to other ad accounts at TikTok, through the simulator's control API."""
    url = f"{tiktok.control_url}/users/{STARTER.user_id}"
    body = {"advertiser_ids": [one.value for one in advertisers]}
    assert requests.patch(url, json=body, timeout=10).status_code == 200


def test_by_a_preflight(api: Api, tiktok: Simulator) -> None:
    """A preflight for an unlisted ad account reads the list again, at most once in five minutes."""
    connect(api, STARTER, STARTER.user_id)
    tiktok.requests.clear()
    unlisted = api.get("/publish-check", STARTER, objective="REACH", advertiser_id=A.QUIET_PIXEL.value)
    problem(unlisted, 403, "advertiser_not_accessible")
    assert len(tiktok.requests.to(LIST)) == 1
    _give_access(tiktok, A.QUIET_PIXEL)
    unlisted = api.get("/publish-check", STARTER, objective="REACH", advertiser_id=A.QUIET_PIXEL.value)
    problem(unlisted, 403, "advertiser_not_accessible")
    assert len(tiktok.requests.to(LIST)) == 1


def test_added_at_tiktok(api: Api, tiktok: Simulator) -> None:
    """An ad account that was just added is checked, and is listed from then on."""
    connect(api, STARTER, STARTER.user_id)
    _give_access(tiktok, A.NOTHING, A.QUIET_PIXEL)
    assert preflight(api, STARTER, A.QUIET_PIXEL, "WEB_CONVERSIONS")["ready"] is True
    shown = listed_connection(api, STARTER)
    assert shown["advertiser_ids"] == [A.NOTHING.value, A.QUIET_PIXEL.value]
    assert [one["name"] for one in shown["advertisers"]] == ["Nothing", "Quiet pixel"]


def test_added_after_a_reconnection(api: Api, tiktok: Simulator) -> None:
    """A function that has cached the previous token does not mark the new connection expired."""
    connect(api, STARTER, STARTER.user_id)
    assert preflight(api, STARTER, A.EVERYTHING_READY)["ready"] is True
    assert disconnect(api, STARTER, STARTER.user_id).status_code == 200
    connect(api, STARTER, STARTER.user_id)
    _give_access(tiktok, A.QUIET_PIXEL)
    assert preflight(api, STARTER, A.QUIET_PIXEL)["ready"] is True


def test_by_the_sweep(api: Api, stack: LocalStack, tiktok: Simulator) -> None:
    """A list that is a day old is refreshed, with names and disabled ad accounts."""
    connect(api, STARTER, STARTER.user_id)
    _give_access(tiktok, A.QUIET_PIXEL, A.SUSPENDED)
    stack.background.make_connections_due(NEW_TEAM)
    stack.background.sweep()

    def is_refreshed() -> bool:
        shown = connection(api, STARTER)
        rows = [{"advertiser_id": A.QUIET_PIXEL.value, "name": "Quiet pixel", "disabled": False}]
        rows += [{"advertiser_id": A.SUSPENDED.value, "name": "Suspended", "disabled": True}]
        return bool(shown and shown["advertisers"] == rows)

    eventually(is_refreshed, "the list is refreshed")


def test_the_sweep_finds_an_invalid_token(api: Api, stack: LocalStack, tiktok: Simulator) -> None:
    """The connection expires, and its expiry is published once, whether this or a readiness check finds it first."""
    connect(api, STARTER, STARTER.user_id)
    with stack.background.listener("expired") as listener:
        tiktok.world.revoke(token_of(stack, STARTER))
        stack.background.make_connections_due(NEW_TEAM)
        stack.background.sweep()
        events = eventually(
            lambda: [one for one in listener.listen() if one["detail-type"] == "TikTok Connection Expired"],
            "TikTok Connection Expired",
        )
    assert [one["detail"]["user_id"] for one in events] == [STARTER.user_id]
    shown = listed_connection(api, STARTER)
    assert shown["status"] == "expired"


def test_the_sweep_completes_a_disconnection(api: Api, stack: LocalStack, tiktok: Simulator) -> None:
    """A disconnection whose revocation failed is completed without another request."""
    connect(api, STARTER, STARTER.user_id)
    token = token_of(stack, STARTER)
    tiktok.faults.add(Fault(path=REVOKE, kind=FaultKind.HTTP_STATUS, status=500))
    problem(disconnect(api, STARTER, STARTER.user_id), 502, "tiktok_error")
    assert f"CHANGE#{STARTER.user_id}" in items_of(stack, STARTER)
    tiktok.faults.clear()
    stack.background.make_connections_due(NEW_TEAM)
    stack.background.sweep()
    eventually(lambda: items_of(stack, STARTER) == [f"USER#{STARTER.user_id}"], "the operation is completed")
    assert tiktok.world.tokens[token].revoked
    assert removed_at(stack, STARTER) is not None
