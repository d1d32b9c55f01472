"""Connecting TikTok, what of it is seen, and ending it: the deployed template, with the simulator's consent page.

What comes after a kill at any point is shown in memory (tests/unit); here is what needs the real gateway, the real
policies and the real queue.
"""

import base64
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

import pytest

from local.demo.browser import Browser, Form
from local.demo.teams import MANAGER, MEDIA_BUYER, NEW_TEAM, OWNER, STARTER, TRAINEE, UNPAID_OWNER, UNPAID_TEAM
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser as A
from local.tiktok_simulator import DemoToken, Fault, FaultKind, Scope, Simulator
from publishing.connecting.states import digest_of, key_of
from tests.stack.connecting import (
    CALLBACK,
    CONNECTED,
    asked,
    connect,
    connection,
    consented,
    disconnect,
    items_of,
    joined,
    preflight,
    refused,
    removed_at,
    returned,
    token_of,
)
from tests.support.addresses import query_of
from tests.support.openapi import ROOT
from tests.support.stack import Api, eventually, problem

EXCHANGE, LISTING, REVOKE = "oauth2/access_token/", "oauth2/advertiser/get/", "oauth2/revoke_token/"
FOREIGN = DemoToken.FOREIGN_TEAM.user


class TestConnect:
    """POST /connections and the way back."""

    def test_in_a_browser(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """From nothing connected to a preflight with the new token: page, form, return, wizard, event, overview."""
        assert preflight(api, STARTER)["reason"] == "no_token"
        assert connection(api, STARTER) is None
        begun = datetime.now(UTC)
        answer = api.call("POST", "/connections", person=STARTER, data="{}")
        assert answer.headers["Cache-Control"] == "no-store"
        until = datetime.fromisoformat(answer.json()["expires_at"]) - begun
        assert timedelta(minutes=9, seconds=55) < until < timedelta(minutes=10, seconds=20)
        with stack.background.listener("connected") as listener:
            browser = Browser()
            page = browser.open(answer.json()["authorize_url"])
            back = browser.send(Form.of(page), user=STARTER.user_id, decision="allow")
            wizard = browser.follow(browser.follow(back))
            told = eventually(listener.listen, "TikTok Connected")
        assert wizard.status_code == 200
        assert wizard.url == f"{stack.wizard.url}?tiktok=connected"
        seen = connection(api, STARTER)
        assert seen is not None
        assert (seen["status"], seen["advertiser_ids"]) == ("active", [A.NOTHING.value, A.EVERYTHING_READY.value])
        assert seen["advertisers"] == [
            {"advertiser_id": A.NOTHING.value, "name": "Nothing", "disabled": False},
            {"advertiser_id": A.EVERYTHING_READY.value, "name": "Everything ready", "disabled": False},
        ]
        assert (seen["missing"], len(seen["permissions"])) == ([], 10)
        assert seen["connected_at"] <= seen["last_verified_at"]
        assert [(one["detail-type"], one["detail"]["user_id"]) for one in told] == [
            ("TikTok Connected", STARTER.user_id)
        ]
        assert (told[0]["detail"]["advertisers"], told[0]["detail"]["connected_at"]) == (2, seen["connected_at"])
        checked = preflight(api, STARTER, A.EVERYTHING_READY)
        assert (checked["ready"], checked["token"]) == (True, {"source": "own", "user_id": STARTER.user_id})
        assert items_of(stack, STARTER) == [f"CONNECTION#{STARTER.user_id}"]
        assert len(tiktok.requests.to(EXCHANGE)) == 1

    def test_less_than_everything(self, api: Api) -> None:
        """Where permissions were not granted, what suffers from it is named, and the check says so too."""
        connect(api, STARTER, STARTER.user_id, set(Scope) - {Scope.PIXEL_READ, Scope.IDENTITY_CREATE})
        seen = connection(api, STARTER)
        assert seen is not None
        lacking = {one["check"]: [each["name"] for each in one["permissions"]] for one in seen["missing"]}
        assert lacking == {"pixel": ["Read pixels"], "createIdentity": ["Create identities"]}
        checked = preflight(api, STARTER, A.EVERYTHING_READY, "WEB_CONVERSIONS")
        assert (checked["unknown"], checked["missing"]) == (["pixel"], [])

    def test_no_advertiser(self, api: Api) -> None:
        """Who reaches no ad account is connected, and the preflight says that there is none."""
        connect(api, STARTER, DemoToken.NEWCOMER.user)
        seen = connection(api, STARTER)
        assert seen is not None
        assert (seen["status"], seen["advertisers"]) == ("active", [])
        checked = preflight(api, STARTER)
        assert (checked["reason"], checked["detail"]) == ("no_token", "no_advertiser")

    def test_disabled_advertisers(self, api: Api, tiktok: Simulator) -> None:
        """Disabled ad accounts are listed, and never taken where none is named."""
        tiktok.world.reach(STARTER.user_id, [A.SUSPENDED.value, A.EVERYTHING_READY.value])
        connect(api, STARTER, STARTER.user_id)
        seen = connection(api, STARTER)
        assert seen is not None
        assert [one["disabled"] for one in seen["advertisers"]] == [True, False]
        checked = preflight(api, STARTER)
        assert (checked["advertiser_id"], checked["ready"]) == (A.EVERYTHING_READY.value, True)

    def test_denied(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """Who says no comes back to the wizard with nothing connected, and may think again with the same link."""
        page = asked(api, STARTER)
        assert returned(api, tiktok.deny(page)) == refused("consent_denied")
        assert items_of(stack, STARTER) == []
        assert returned(api, tiktok.consent(page, STARTER.user_id)) == CONNECTED

    def test_a_bearer_token_is_neither_needed_nor_looked_at(self, api: Api) -> None:
        """The state says who asked, whoever's browser brings it back."""
        path = consented(api, STARTER, STARTER.user_id).removeprefix(f"{api.base_url}{ROOT}")
        for headers in ({"Authorization": "Bearer nonsense"}, api.stack.bearer(OWNER)):
            answer = api.call("GET", path, headers=headers, allow_redirects=False)
            assert answer.status_code == 303
        seen = connection(api, STARTER)
        assert seen is not None
        assert seen["status"] == "active"

    def test_connected_again(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """A token that died makes the connection expired; connecting again replaces it and makes it active."""
        connect(api, STARTER, STARTER.user_id)
        first, before = token_of(stack, STARTER), connection(api, STARTER)
        tiktok.world.revoke(first)
        assert preflight(api, STARTER, A.EVERYTHING_READY)["reason"] == "no_token"
        expired = connection(api, STARTER)
        assert before is not None
        assert expired is not None
        assert expired["status"] == "expired"
        connect(api, STARTER, STARTER.user_id)
        after = connection(api, STARTER)
        assert after is not None
        assert (after["status"], after["connected_at"] > before["connected_at"]) == ("active", True)
        assert token_of(stack, STARTER) != first
        assert preflight(api, STARTER, A.EVERYTHING_READY)["ready"] is True

    def test_two_returns_at_once(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """A browser that loads the page again while it loads exchanges the code once, and ends with one connection."""
        address = consented(api, STARTER, STARTER.user_id)
        tiktok.latency = 0.3
        try:
            with ThreadPoolExecutor(4) as pool:
                told = Counter(one.get("code", "") for one in pool.map(lambda _: returned(api, address), range(4)))
        finally:
            tiktok.latency = 0.0
        assert told[""] == 1
        assert set(told) <= {"", "in_progress", "state_used"}
        assert len(tiktok.requests.to(EXCHANGE)) == 1
        assert items_of(stack, STARTER) == [f"CONNECTION#{STARTER.user_id}"]

    def test_tiktok_does_not_answer_the_exchange(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """Nothing is left behind, the wizard is told why, and the same return may be tried again."""
        address = consented(api, STARTER, STARTER.user_id)
        tiktok.faults.add(Fault(path=EXCHANGE, kind=FaultKind.HTTP_STATUS, status=502, times=1))
        assert returned(api, address) == refused("tiktok_error")
        assert items_of(stack, STARTER) == []
        assert returned(api, address) == CONNECTED

    def test_tiktok_does_not_tell_the_advertisers(self, api: Api, tiktok: Simulator) -> None:
        """Connected all the same: the first preflight that names one asks again."""
        tiktok.faults.add(Fault(path=LISTING, kind=FaultKind.CODE, code=50000, message="System error"))
        connect(api, STARTER, STARTER.user_id)
        seen = connection(api, STARTER)
        assert seen is not None
        assert (seen["advertiser_ids"], seen["last_verified_at"]) == ([], None)
        tiktok.faults.clear()
        assert preflight(api, STARTER, A.EVERYTHING_READY)["ready"] is True


def _parts(address: str) -> tuple[str, str]:
    query = query_of(address)
    return query["state"], query["auth_code"]


def _forged(_mine: str, _others: str) -> str:
    return f"{base64.urlsafe_b64encode(b'm' * 16).decode()[:22]}.{base64.urlsafe_b64encode(b'n' * 32).decode()[:43]}"


STATES: dict[str, Callable[[str, str], str]] = {
    "forged": _forged,
    "truncated": lambda mine, _others: mine[:-1],
    "longer": lambda mine, _others: f"{mine}A",
    "of another user, with the own random part": lambda mine, others: f"{others[:22]}.{mine[23:]}",
    "of another user, with the own mark": lambda mine, others: f"{mine[:22]}.{others[23:]}",
    "only the mark": lambda mine, _others: mine[:22],
    "its digest": lambda mine, _others: f"{mine[:22]}.{digest_of(mine[23:])[:43]}",
    "in other letters": lambda mine, _others: mine.swapcase(),
    "empty": lambda _mine, _others: "",
    "a URL": lambda _mine, _others: "https://elsewhere.example/",
    "with a line break": lambda mine, _others: f"{mine}\n",
}


def _return(api: Api, *query: tuple[str, str]) -> dict[str, str]:
    return returned(api, f"{api.base_url}{ROOT}{CALLBACK}?{urlencode(query)}")


class TestState:
    """What comes back and is not what was given out."""

    @pytest.mark.parametrize("kind", STATES)
    def test_not_one_that_was_given_out(self, api: Api, stack: LocalStack, tiktok: Simulator, kind: str) -> None:
        """Refused, no code is exchanged, nothing is stored, and the state that was given out goes on to be good."""
        mate = joined(stack, "u-mate", "mediabuyer")
        address = consented(api, STARTER, STARTER.user_id)
        mine, code = _parts(address)
        others = query_of(asked(api, mate))["state"]
        assert _return(api, ("auth_code", code), ("state", STATES[kind](mine, others))) == refused("state_invalid")
        assert len(tiktok.requests.to(EXCHANGE)) == 0
        assert items_of(stack, STARTER) == items_of(stack, mate) == []
        assert returned(api, address) == CONNECTED

    def test_of_another_user(self, api: Api, stack: LocalStack) -> None:
        """A state connects whom it was made for: brought back by somebody else it does not connect them."""
        mate = joined(stack, "u-mate", "mediabuyer")
        connect(api, mate, STARTER.user_id)
        assert items_of(stack, STARTER) == []
        assert items_of(stack, mate) == [f"CONNECTION#{mate.user_id}"]

    def test_used_before(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """A second return is refused, with the same code and with a new one; the connection stays as it is."""
        page = asked(api, STARTER)
        address = tiktok.consent(page, STARTER.user_id)
        assert returned(api, address) == CONNECTED
        token, seen = token_of(stack, STARTER), connection(api, STARTER)
        again = tiktok.consent(page, FOREIGN)
        assert returned(api, address) == returned(api, again) == refused("state_used")
        assert (token_of(stack, STARTER), connection(api, STARTER)) == (token, seen)
        assert len(tiktok.requests.to(EXCHANGE)) == 1

    def test_a_code_that_is_none(self, api: Api, stack: LocalStack) -> None:
        """TikTok's refusal is told, nothing is stored, and the state is used up."""
        address = consented(api, STARTER, STARTER.user_id)
        state, _ = _parts(address)
        assert _return(api, ("state", state), ("auth_code", "made-up")) == refused("code_rejected")
        assert items_of(stack, STARTER) == []
        assert returned(api, address) == refused("state_used")

    def test_eleven_minutes_old(self, api: Api, stack: LocalStack) -> None:
        """Refused as expired, and nothing is stored."""
        address = consented(api, STARTER, STARTER.user_id)
        key = key_of(_parts(address)[0])
        assert key is not None
        stack.client("dynamodb").update_item(
            TableName=stack.table_name,
            Key={"pk": {"S": f"CONNECTING#{key.caller}"}, "sk": {"S": f"STATE#{key.digest}"}},
            UpdateExpression="SET good_until = good_until - :minutes",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues={":minutes": {"N": str(11 * 60)}},
        )
        assert returned(api, address) == refused("state_expired")
        assert items_of(stack, STARTER) == []

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ([], "state_invalid"),
            ([("auth_code", "x")], "state_invalid"),
            ([("state", "x"), ("state", "x"), ("auth_code", "x")], "state_invalid"),
            ([("state", "x")], "consent_denied"),
        ],
    )
    def test_incomplete(self, api: Api, query: list[tuple[str, str]], code: str) -> None:
        """Whatever is absent or given twice, the browser comes to the wizard."""
        assert _return(api, *query) == refused(code)

    def test_nobody_is_sent_elsewhere(self, api: Api) -> None:
        """Nothing of what comes in is in where people are sent."""
        away = "https://elsewhere.example/?x=1"
        names = ("state", "auth_code", "redirect_uri", "next", "url", "tiktok", "code", "wizard_url")
        answer = api.call(
            "GET",
            f"{CALLBACK}?{urlencode([(name, away) for name in names])}",
            headers={"Origin": away, "Referer": away, "X-Forwarded-Host": "elsewhere.example"},
            allow_redirects=False,
        )
        assert answer.headers["Location"] == f"{api.stack.wizard.url}?tiktok=error&code=state_invalid"

    @pytest.mark.parametrize(
        ("sort_key", "code"),
        [(f"MEMBER#{STARTER.user_id}", "not_a_member"), ("SUBSCRIPTION", "subscription_required")],
    )
    def test_who_may_not_any_more(self, api: Api, stack: LocalStack, sort_key: str, code: str) -> None:
        """Who has left the team meanwhile, or whose team has ended its subscription, connects nothing."""
        address = consented(api, STARTER, STARTER.user_id)
        key = {"pk": {"S": f"TEAM#{NEW_TEAM}"}, "sk": {"S": sort_key}}
        stack.client("dynamodb").delete_item(TableName=stack.table_name, Key=key)
        assert returned(api, address) == refused(code)
        assert items_of(stack, STARTER) == []


class TestOverview:
    """GET /connections."""

    def test_who_sees_whose(self, api: Api) -> None:
        """Owner and manager see the team's, their own first; a media buyer their own; nobody another team's."""
        whole = [one["user_id"] for one in api.get("/connections", MANAGER).json()["connections"]]
        assert len(whole) > 5
        assert whole[0] == MANAGER.user_id
        assert api.get("/connections", OWNER).json()["connections"][0]["user_id"] == OWNER.user_id
        own = api.get("/connections", MEDIA_BUYER).json()["connections"]
        assert [one["user_id"] for one in own] == [MEDIA_BUYER.user_id]
        assert api.get("/connections", TRAINEE).json() == {"connections": []}
        foreign = [one["user_id"] for one in api.get("/connections", UNPAID_OWNER).json()["connections"]]
        assert foreign == [UNPAID_OWNER.user_id]

    def test_written_by_another_service(self, api: Api) -> None:
        """A connection with no more than the table's promised attributes is shown; what is not known is null."""
        (own,) = api.get("/connections", MEDIA_BUYER).json()["connections"]
        assert (own["permissions"], own["missing"], own["last_verified_at"]) == (None, None, None)
        assert {one["name"] for one in own["advertisers"]} == {None}

    def test_takes_nothing(self, api: Api) -> None:
        """A parameter is refused by name."""
        refusal = problem(api.get("/connections", OWNER, user_id=MANAGER.user_id), 400, "invalid_request")
        assert [one["field"] for one in refusal["errors"]] == ["user_id"]


class TestDisconnect:
    """DELETE /connections/{user_id}."""

    def test_own(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """Not used any more, revoked at TikTok, its secret on its way out; again answers the same; identities stay."""
        connect(api, STARTER, STARTER.user_id)
        token = token_of(stack, STARTER)
        made = api.create(STARTER, advertiser_id=A.NOTHING.value, display_name="Stays").json()["identity_id"]
        first = disconnect(api, STARTER, STARTER.user_id)
        assert (first.status_code, first.json()["status"]) == (200, "revoked")
        assert "not touched" in first.json()["message"]
        again = disconnect(api, STARTER, STARTER.user_id)
        assert (again.status_code, again.text) == (first.status_code, first.text)
        assert tiktok.world.tokens[token].revoked
        assert len(tiktok.requests.to(REVOKE)) == 1
        assert removed_at(stack, STARTER) is not None
        assert items_of(stack, STARTER) == [f"CONNECTION#{STARTER.user_id}"]
        seen = connection(api, STARTER)
        assert seen is not None
        assert seen["status"] == "revoked"
        assert preflight(api, STARTER, A.EVERYTHING_READY)["reason"] == "no_token"
        assert made in [one.id for one in tiktok.world.advertisers[A.NOTHING.value].identities]

    def test_connected_again(self, api: Api, stack: LocalStack) -> None:
        """After a disconnection the same secret is brought back with the new token, and the functions use that one."""
        connect(api, STARTER, STARTER.user_id)
        assert preflight(api, STARTER, A.EVERYTHING_READY)["ready"] is True
        assert disconnect(api, STARTER, STARTER.user_id).status_code == 200
        connect(api, STARTER, STARTER.user_id)
        assert removed_at(stack, STARTER) is None
        assert preflight(api, STARTER, A.EVERYTHING_READY)["ready"] is True
        seen = connection(api, STARTER)
        assert seen is not None
        assert seen["status"] == "active"

    def test_of_a_member(self, api: Api, stack: LocalStack) -> None:
        """An owner may end anybody's in the team; a manager or a media buyer their own alone."""
        manager, buyer = (joined(stack, f"u-new-{role}", role) for role in ("manager", "mediabuyer"))
        for person in (STARTER, buyer):
            connect(api, person, STARTER.user_id)
        problem(disconnect(api, manager, buyer.user_id), 403, "owner_only")
        problem(disconnect(api, buyer, STARTER.user_id), 403, "owner_only")
        problem(disconnect(api, buyer, "u-nobody"), 403, "owner_only")
        seen = connection(api, STARTER, of=buyer)
        assert seen is not None
        assert seen["status"] == "active"
        assert disconnect(api, STARTER, buyer.user_id).json()["user_id"] == buyer.user_id
        assert disconnect(api, STARTER, buyer.user_id).status_code == 200
        ended, own = connection(api, STARTER, of=buyer), connection(api, STARTER)
        assert ended is not None
        assert own is not None
        assert (ended["status"], own["status"]) == ("revoked", "active")

    def test_nobody_is_there(self, api: Api, stack: LocalStack) -> None:
        """Who has connected nothing, and people of other teams, are no such connection."""
        mate = joined(stack, "u-mate", "mediabuyer")
        for person, user_id in (
            (STARTER, "u-nobody"),
            (STARTER, MEDIA_BUYER.user_id),
            (STARTER, STARTER.user_id),
            (mate, mate.user_id),
        ):
            problem(disconnect(api, person, user_id), 404, "no_connection")

    # Not one with a slash: MiniStack decodes a path before it looks for the route, API Gateway after.
    @pytest.mark.parametrize("user_id", ["auth0|5f7c8ec7", "a b@example.com", "ünï.cödé", "100%", "50%25"])
    def test_any_user_id(self, api: Api, stack: LocalStack, user_id: str) -> None:
        """A user id of whatever characters is named percent-encoded."""
        person = joined(stack, user_id, "mediabuyer")
        connect(api, person, STARTER.user_id)
        answer = disconnect(api, person, quote(user_id, safe=""))
        assert (answer.status_code, answer.json()["user_id"]) == (200, user_id)

    def test_dead_at_tiktok_already(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """Counts as revoked."""
        connect(api, STARTER, STARTER.user_id)
        tiktok.world.revoke(token_of(stack, STARTER))
        assert disconnect(api, STARTER, STARTER.user_id).status_code == 200
        assert removed_at(stack, STARTER) is not None

    def test_tiktok_cannot_be_told(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """The connection is out of use at once, the caller is told to repeat, and a repetition ends it."""
        connect(api, STARTER, STARTER.user_id)
        tiktok.faults.add(Fault(path=REVOKE, kind=FaultKind.HTTP_STATUS, status=500))
        problem(disconnect(api, STARTER, STARTER.user_id), 502, "tiktok_error")
        assert preflight(api, STARTER, A.EVERYTHING_READY)["reason"] == "no_token"
        assert removed_at(stack, STARTER) is None
        tiktok.faults.clear()
        assert disconnect(api, STARTER, STARTER.user_id).status_code == 200
        assert removed_at(stack, STARTER) is not None


class TestWithoutSubscription:
    """A team that does not pay any more."""

    def test_connecting_and_uploading_are_refused(self, api: Api) -> None:
        """As all writes, with a reason that the wizard can show."""
        problem(api.call("POST", "/connections", person=UNPAID_OWNER), 403, "subscription_required")
        body = {"advertiser_id": A.FOREIGN.value, "image_url": "https://cdn.example.com/logo.png"}
        problem(api.call("POST", "/identity-images", person=UNPAID_OWNER, json=body), 403, "subscription_required")

    def test_who_connected_may_take_it_back(self, api: Api, stack: LocalStack) -> None:
        """Looking and disconnecting stay possible."""
        key = {"pk": {"S": f"TEAM#{UNPAID_TEAM}"}, "sk": {"S": "SUBSCRIPTION"}}
        assert api.get("/connections", UNPAID_OWNER).status_code == 200
        assert stack.client("dynamodb").get_item(TableName=stack.table_name, Key=key)["Item"]["status"]["S"] != "active"
        assert disconnect(api, UNPAID_OWNER, UNPAID_OWNER.user_id).json()["status"] == "revoked"
