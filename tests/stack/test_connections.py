"""Connecting, listing and disconnecting on the deployed template, with the simulator's consent page.

Interruptions are tested in memory (tests/unit/connections); these tests need the real gateway, policies and queue.
"""

import base64
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

import pytest

from local.demo.browser import Browser, Form
from local.demo.teams import MANAGER, MEDIA_BUYER, OWNER, STARTER, TRAINEE, UNPAID_OWNER, UNPAID_TEAM
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser as A
from local.tiktok_simulator import DemoToken, Fault, FaultKind, Scope, Simulator
from publishing.connections.authorize import digest_of, parse_state
from tests.stack.connections import (
    CALLBACK,
    add_member,
    complete,
    connect,
    connection,
    consent,
    disconnect,
    error,
    handle_of,
    items_of,
    listed_connection,
    open_callback,
    preflight,
    removed_at,
    request_consent,
    token_of,
)
from tests.support.addresses import query_of
from tests.support.openapi import ROOT
from tests.support.stack import Api, eventually, problem

EXCHANGE, LIST, REVOKE = "oauth2/access_token/", "oauth2/advertiser/get/", "oauth2/revoke_token/"
FOREIGN = DemoToken.FOREIGN_TEAM.user


class TestConnect:
    """POST /connections, the callback and POST /connections/complete."""

    def test_in_a_browser(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """A browser goes from the consent page to the wizard; event, list and preflight show the new connection."""
        assert preflight(api, STARTER)["reason"] == "no_token"
        assert connection(api, STARTER) is None
        began = datetime.now(UTC)
        response = api.call("POST", "/connections", person=STARTER, data="{}")
        assert response.headers["Cache-Control"] == "no-store"
        until = datetime.fromisoformat(response.json()["expires_at"]) - began
        assert timedelta(minutes=9, seconds=55) < until < timedelta(minutes=10, seconds=20)
        with stack.background.listener("connected") as listener:
            browser = Browser()
            page = browser.open(response.json()["authorize_url"])
            redirect = browser.send(Form.of(page), user=STARTER.user_id, decision="allow")
            wizard = browser.follow(browser.follow(redirect))
            assert connection(api, STARTER) is None
            assert len(tiktok.requests.to(EXCHANGE)) == 0
            completed = complete(api, STARTER, query_of(wizard.url)["handle"])
            events = eventually(listener.listen, "TikTok Connected")
        assert wizard.status_code == 200
        assert wizard.url.startswith(f"{stack.wizard.url}?tiktok=confirm&handle=")
        shown = listed_connection(api, STARTER)
        assert (completed.status_code, completed.json()) == (201, shown)
        assert completed.headers["Cache-Control"] == "no-store"
        assert (shown["status"], shown["advertiser_ids"]) == ("active", [A.NOTHING.value, A.EVERYTHING_READY.value])
        assert shown["advertisers"] == [
            {"advertiser_id": A.NOTHING.value, "name": "Nothing", "disabled": False},
            {"advertiser_id": A.EVERYTHING_READY.value, "name": "Everything ready", "disabled": False},
        ]
        assert (shown["missing"], len(shown["permissions"])) == ([], 10)
        assert shown["connected_at"] <= shown["last_verified_at"]
        assert [(one["detail-type"], one["detail"]["user_id"]) for one in events] == [
            ("TikTok Connected", STARTER.user_id)
        ]
        assert (events[0]["detail"]["advertisers"], events[0]["detail"]["connected_at"]) == (2, shown["connected_at"])
        checked = preflight(api, STARTER, A.EVERYTHING_READY)
        assert (checked["ready"], checked["token"]) == (True, {"source": "own", "user_id": STARTER.user_id})
        assert items_of(stack, STARTER) == [f"USER#{STARTER.user_id}"]
        assert len(tiktok.requests.to(EXCHANGE)) == 1

    def test_missing_permissions(self, api: Api) -> None:
        """The list names what missing permissions affect, and the preflight returns it as unknown."""
        connect(api, STARTER, STARTER.user_id, set(Scope) - {Scope.PIXEL_READ, Scope.IDENTITY_CREATE})
        shown = listed_connection(api, STARTER)
        missing = {one["check"]: [each["name"] for each in one["permissions"]] for one in shown["missing"]}
        assert missing == {"pixel": ["Read pixels"], "createIdentity": ["Create identities"]}
        checked = preflight(api, STARTER, A.EVERYTHING_READY, "WEB_CONVERSIONS")
        assert (checked["unknown"], checked["missing"]) == (["pixel"], [])

    def test_no_advertiser(self, api: Api) -> None:
        """A person without ad accounts is connected, and the preflight returns ``no_advertiser``."""
        connect(api, STARTER, DemoToken.NEWCOMER.user)
        shown = listed_connection(api, STARTER)
        assert (shown["status"], shown["advertisers"]) == ("active", [])
        checked = preflight(api, STARTER)
        assert (checked["reason"], checked["detail"]) == ("no_token", "no_advertiser")

    def test_disabled_advertisers(self, api: Api, tiktok: Simulator) -> None:
        """Disabled ad accounts are listed, and are never the default."""
        tiktok.world.reach(STARTER.user_id, [A.SUSPENDED.value, A.EVERYTHING_READY.value])
        connect(api, STARTER, STARTER.user_id)
        shown = listed_connection(api, STARTER)
        assert [one["disabled"] for one in shown["advertisers"]] == [True, False]
        checked = preflight(api, STARTER)
        assert (checked["advertiser_id"], checked["ready"]) == (A.EVERYTHING_READY.value, True)

    def test_denied(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """A denied consent connects nothing, and the same link may be used to consent after all."""
        page = request_consent(api, STARTER)
        assert open_callback(api, tiktok.deny(page)) == error("consent_denied")
        assert items_of(stack, STARTER) == []
        assert complete(api, STARTER, handle_of(api, tiktok.consent(page, STARTER.user_id))).status_code == 201

    def test_the_callback_ignores_bearer_tokens(self, api: Api) -> None:
        """It exchanges nothing, whoever's browser opens it."""
        path = consent(api, STARTER, STARTER.user_id).removeprefix(f"{api.base_url}{ROOT}")
        for headers in ({"Authorization": "Bearer nonsense"}, api.stack.bearer(OWNER)):
            response = api.call("GET", path, headers=headers, allow_redirects=False)
            assert response.status_code == 303
        assert connection(api, STARTER) is None

    def test_completed_by_anybody_else(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """A member sends their own link to somebody else, who consents: nothing is connected, and nobody can do it."""
        handle = handle_of(api, consent(api, STARTER, FOREIGN))
        problem(complete(api, OWNER, handle), 403, "not_your_connection")
        problem(complete(api, STARTER, handle), 400, "invalid_request")
        assert len(tiktok.requests.to(EXCHANGE)) == 0
        assert items_of(stack, STARTER) == []

    def test_completed_again(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """After a lost response the same request returns the same response; the code is exchanged once."""
        handle = handle_of(api, consent(api, STARTER, STARTER.user_id))
        first, again = (complete(api, STARTER, handle) for _ in range(2))
        assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
        assert len(tiktok.requests.to(EXCHANGE)) == 1
        assert items_of(stack, STARTER) == [f"USER#{STARTER.user_id}"]

    def test_connected_again(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """A revoked token makes the connection expired; connecting again replaces it and makes it active."""
        connect(api, STARTER, STARTER.user_id)
        first, before = token_of(stack, STARTER), connection(api, STARTER)
        tiktok.world.revoke(first)
        assert preflight(api, STARTER, A.EVERYTHING_READY)["reason"] == "no_token"
        expired = connection(api, STARTER)
        assert before is not None
        assert expired is not None
        assert expired["status"] == "expired"
        connect(api, STARTER, STARTER.user_id)
        after = listed_connection(api, STARTER)
        assert (after["status"], after["connected_at"] > before["connected_at"]) == ("active", True)
        assert token_of(stack, STARTER) != first
        assert preflight(api, STARTER, A.EVERYTHING_READY)["ready"] is True

    def test_concurrent_completions(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """Completing several times at once exchanges the code once and makes one connection."""
        handle = handle_of(api, consent(api, STARTER, STARTER.user_id))
        tiktok.latency = 0.3
        try:
            with ThreadPoolExecutor(4) as pool:
                answers = [*pool.map(lambda _: complete(api, STARTER, handle), range(4))]
        finally:
            tiktok.latency = 0.0
        codes = Counter(one.json().get("code", "") for one in answers)
        assert codes[""] >= 1
        assert set(codes) <= {"", "in_progress"}
        assert len(tiktok.requests.to(EXCHANGE)) == 1
        assert items_of(stack, STARTER) == [f"USER#{STARTER.user_id}"]

    def test_failed_exchange(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """Nothing is stored, the wizard gets the reason, and the same request may be repeated."""
        handle = handle_of(api, consent(api, STARTER, STARTER.user_id))
        tiktok.faults.add(Fault(path=EXCHANGE, kind=FaultKind.HTTP_STATUS, status=502, times=1))
        problem(complete(api, STARTER, handle), 502, "tiktok_error")
        assert items_of(stack, STARTER) == []
        assert complete(api, STARTER, handle).status_code == 201

    def test_advertisers_not_returned(self, api: Api, tiktok: Simulator) -> None:
        """The person is connected, and the first preflight that names an advertiser reads the list again."""
        tiktok.faults.add(Fault(path=LIST, kind=FaultKind.CODE, code=50000, message="System error"))
        connect(api, STARTER, STARTER.user_id)
        shown = listed_connection(api, STARTER)
        assert (shown["advertiser_ids"], shown["last_verified_at"]) == ([], None)
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
    "of another user, with the own nonce": lambda mine, others: f"{others[:22]}.{mine[23:]}",
    "of another user, with the own hash": lambda mine, others: f"{mine[:22]}.{others[23:]}",
    "only the hash": lambda mine, _others: mine[:22],
    "its digest": lambda mine, _others: f"{mine[:22]}.{digest_of(mine[23:])[:43]}",
    "with swapped case": lambda mine, _others: mine.swapcase(),
    "empty": lambda _mine, _others: "",
    "a URL": lambda _mine, _others: "https://elsewhere.example/",
    "with a line break": lambda mine, _others: f"{mine}\n",
}


def _return(api: Api, *query: tuple[str, str]) -> dict[str, str]:
    return open_callback(api, f"{api.base_url}{ROOT}{CALLBACK}?{urlencode(query)}")


class TestState:
    """Callbacks with a state that was not issued, or is no longer valid."""

    @pytest.mark.parametrize("kind", STATES)
    def test_not_issued(self, api: Api, stack: LocalStack, tiktok: Simulator, kind: str) -> None:
        """No code is exchanged and nothing is stored; the state that was issued stays valid."""
        mate = add_member(stack, "u-mate", "mediabuyer")
        address = consent(api, STARTER, STARTER.user_id)
        mine, code = _parts(address)
        others = query_of(request_consent(api, mate))["state"]
        assert _return(api, ("auth_code", code), ("state", STATES[kind](mine, others))) == error("state_invalid")
        assert len(tiktok.requests.to(EXCHANGE)) == 0
        assert items_of(stack, STARTER) == items_of(stack, mate) == []
        assert complete(api, STARTER, handle_of(api, address)).status_code == 201

    def test_used_before(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """A second callback is rejected, with the same code and with a new one; the connection does not change."""
        page = request_consent(api, STARTER)
        address = tiktok.consent(page, STARTER.user_id)
        assert complete(api, STARTER, handle_of(api, address)).status_code == 201
        token, shown = token_of(stack, STARTER), connection(api, STARTER)
        again = tiktok.consent(page, FOREIGN)
        assert open_callback(api, address) == open_callback(api, again) == error("state_used")
        assert (token_of(stack, STARTER), connection(api, STARTER)) == (token, shown)
        assert len(tiktok.requests.to(EXCHANGE)) == 1

    def test_invalid_code(self, api: Api, stack: LocalStack) -> None:
        """Completing gets ``tiktok_rejected``, nothing is stored, and the state cannot be used again."""
        address = consent(api, STARTER, STARTER.user_id)
        state, _ = _parts(address)
        handle = _return(api, ("state", state), ("auth_code", "made-up"))["handle"]
        rejected = problem(complete(api, STARTER, handle), 422, "tiktok_rejected")
        assert "Connect again" in rejected["detail"]
        assert items_of(stack, STARTER) == []
        assert open_callback(api, address) == error("state_used")

    def test_eleven_minutes_old(self, api: Api, stack: LocalStack) -> None:
        """The state has expired, and nothing is stored."""
        address = consent(api, STARTER, STARTER.user_id)
        key = parse_state(_parts(address)[0])
        assert key is not None
        stack.client("dynamodb").update_item(
            TableName=stack.table_name,
            Key={"pk": {"S": f"CONNECTING#{key.owner}"}, "sk": {"S": f"STATE#{key.digest}"}},
            UpdateExpression="SET good_until = good_until - :minutes",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues={":minutes": {"N": str(11 * 60)}},
        )
        assert open_callback(api, address) == error("state_expired")
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
        """If a parameter is absent or given twice, the browser is redirected to the wizard."""
        assert _return(api, *query) == error(code)

    def test_no_open_redirect(self, api: Api) -> None:
        """The redirect address holds nothing of the request."""
        away = "https://elsewhere.example/?x=1"
        names = ("state", "auth_code", "redirect_uri", "next", "url", "tiktok", "code", "wizard_url")
        response = api.call(
            "GET",
            f"{CALLBACK}?{urlencode([(name, away) for name in names])}",
            headers={"Origin": away, "Referer": away, "X-Forwarded-Host": "elsewhere.example"},
            allow_redirects=False,
        )
        assert response.headers["Location"] == f"{api.stack.wizard.url}?tiktok=error&code=state_invalid"

    def test_eleven_minutes_after_the_return(self, api: Api, stack: LocalStack) -> None:
        """The handle has expired, and nothing is stored."""
        address = consent(api, STARTER, STARTER.user_id)
        handle, key = handle_of(api, address), parse_state(_parts(address)[0])
        assert key is not None
        stack.client("dynamodb").update_item(
            TableName=stack.table_name,
            Key={"pk": {"S": f"CONNECTING#{key.owner}"}, "sk": {"S": f"STATE#{key.digest}"}},
            UpdateExpression="SET handle_until = handle_until - :minutes",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues={":minutes": {"N": str(11 * 60)}},
        )
        problem(complete(api, STARTER, handle), 400, "invalid_request")
        assert items_of(stack, STARTER) == []


class TestList:
    """GET /connections."""

    def test_visible_connections(self, api: Api) -> None:
        """Owner and manager see the team's, their own first; a media buyer their own; nobody another team's."""
        whole = [one["user_id"] for one in api.get("/connections", MANAGER).json()["connections"]]
        assert len(whole) > 5
        assert whole[0] == MANAGER.user_id
        assert api.get("/connections", OWNER).json()["connections"][0]["user_id"] == OWNER.user_id
        own = api.get("/connections", MEDIA_BUYER).json()["connections"]
        assert [one["user_id"] for one in own] == [MEDIA_BUYER.user_id]
        assert api.get("/connections", TRAINEE).json() == {"connections": [], "next_token": None}
        foreign = [one["user_id"] for one in api.get("/connections", UNPAID_OWNER).json()["connections"]]
        assert foreign == [UNPAID_OWNER.user_id]

    def test_written_by_another_service(self, api: Api) -> None:
        """A connection with only the contract's attributes is shown; what is unknown is null."""
        (own,) = api.get("/connections", MEDIA_BUYER).json()["connections"]
        assert (own["permissions"], own["missing"], own["last_verified_at"]) == (None, None, None)
        assert {one["name"] for one in own["advertisers"]} == {None}

    def test_no_parameters(self, api: Api) -> None:
        """A parameter is rejected by name."""
        rejected = problem(api.get("/connections", OWNER, user_id=MANAGER.user_id), 400, "invalid_request")
        assert [one["field"] for one in rejected["errors"]] == ["user_id"]


class TestDisconnect:
    """DELETE /connections/{user_id}."""

    def test_own(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """It is revoked at TikTok and its secret removed; a repeated request returns the same; identities are kept."""
        connect(api, STARTER, STARTER.user_id)
        token = token_of(stack, STARTER)
        made = api.create(STARTER, advertiser_id=A.NOTHING.value, display_name="Stays").json()["identity_id"]
        first = disconnect(api, STARTER, STARTER.user_id)
        assert (first.status_code, first.json()["status"]) == (200, "revoked")
        assert "unchanged" in first.json()["message"]
        again = disconnect(api, STARTER, STARTER.user_id)
        assert (again.status_code, again.text) == (first.status_code, first.text)
        assert tiktok.world.tokens[token].revoked
        assert len(tiktok.requests.to(REVOKE)) == 1
        assert removed_at(stack, STARTER) is not None
        assert items_of(stack, STARTER) == [f"USER#{STARTER.user_id}"]
        shown = listed_connection(api, STARTER)
        assert shown["status"] == "revoked"
        assert preflight(api, STARTER, A.EVERYTHING_READY)["reason"] == "no_token"
        assert made in [one.id for one in tiktok.world.advertisers[A.NOTHING.value].identities]

    def test_connected_again(self, api: Api, stack: LocalStack) -> None:
        """The removed secret is restored with the new token, and the functions use that one."""
        connect(api, STARTER, STARTER.user_id)
        assert preflight(api, STARTER, A.EVERYTHING_READY)["ready"] is True
        assert disconnect(api, STARTER, STARTER.user_id).status_code == 200
        connect(api, STARTER, STARTER.user_id)
        assert removed_at(stack, STARTER) is None
        assert preflight(api, STARTER, A.EVERYTHING_READY)["ready"] is True
        shown = listed_connection(api, STARTER)
        assert shown["status"] == "active"

    def test_of_a_member(self, api: Api, stack: LocalStack) -> None:
        """An owner may end any connection of the team; a manager or a media buyer only their own."""
        manager, buyer = (add_member(stack, f"u-new-{role}", role) for role in ("manager", "mediabuyer"))
        for person in (STARTER, buyer):
            connect(api, person, STARTER.user_id)
        problem(disconnect(api, manager, buyer.user_id), 403, "owner_only")
        problem(disconnect(api, buyer, STARTER.user_id), 403, "owner_only")
        problem(disconnect(api, buyer, "u-nobody"), 403, "owner_only")
        shown = listed_connection(api, STARTER, of=buyer)
        assert shown["status"] == "active"
        assert disconnect(api, STARTER, buyer.user_id).json()["user_id"] == buyer.user_id
        assert disconnect(api, STARTER, buyer.user_id).status_code == 200
        ended, own = connection(api, STARTER, of=buyer), connection(api, STARTER)
        assert ended is not None
        assert own is not None
        assert (ended["status"], own["status"]) == ("revoked", "active")

    def test_no_connection(self, api: Api, stack: LocalStack) -> None:
        """The response is ``no_connection`` for a person who never connected and for members of other teams."""
        mate = add_member(stack, "u-mate", "mediabuyer")
        for person, user_id in (
            (STARTER, "u-nobody"),
            (STARTER, MEDIA_BUYER.user_id),
            (STARTER, STARTER.user_id),
            (mate, mate.user_id),
        ):
            problem(disconnect(api, person, user_id), 404, "no_connection")

    # No slash: MiniStack decodes a path before it matches the route, API Gateway after.
    @pytest.mark.parametrize("user_id", ["auth0|5f7c8ec7", "a b@example.com", "ünï.cödé", "100%", "50%25"])
    def test_any_user_id(self, api: Api, stack: LocalStack, user_id: str) -> None:
        """User ids with special characters are percent-encoded in the path."""
        person = add_member(stack, user_id, "mediabuyer")
        connect(api, person, STARTER.user_id)
        response = disconnect(api, person, quote(user_id, safe=""))
        assert (response.status_code, response.json()["user_id"]) == (200, user_id)

    def test_invalid_token(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """A token that TikTok has already revoked counts as revoked."""
        connect(api, STARTER, STARTER.user_id)
        tiktok.world.revoke(token_of(stack, STARTER))
        assert disconnect(api, STARTER, STARTER.user_id).status_code == 200
        assert removed_at(stack, STARTER) is not None

    def test_failed_revocation(self, api: Api, stack: LocalStack, tiktok: Simulator) -> None:
        """The connection is no longer used, the response is an error, and a repeated request completes it."""
        connect(api, STARTER, STARTER.user_id)
        tiktok.faults.add(Fault(path=REVOKE, kind=FaultKind.HTTP_STATUS, status=500))
        problem(disconnect(api, STARTER, STARTER.user_id), 502, "tiktok_error")
        assert preflight(api, STARTER, A.EVERYTHING_READY)["reason"] == "no_token"
        assert removed_at(stack, STARTER) is None
        tiktok.faults.clear()
        assert disconnect(api, STARTER, STARTER.user_id).status_code == 200
        assert removed_at(stack, STARTER) is not None


class TestWithoutSubscription:
    """A team whose subscription has ended."""

    def test_writes_are_rejected(self, api: Api) -> None:
        """Connecting and uploading return ``subscription_required``."""
        problem(api.call("POST", "/connections", person=UNPAID_OWNER), 403, "subscription_required")
        problem(complete(api, UNPAID_OWNER, "a-handle"), 403, "subscription_required")
        body = {"advertiser_id": A.FOREIGN.value, "image_url": "https://cdn.example.com/logo.png"}
        problem(api.call("POST", "/identity-images", person=UNPAID_OWNER, json=body), 403, "subscription_required")

    def test_listing_and_disconnecting_are_allowed(self, api: Api, stack: LocalStack) -> None:
        """A person can still see and end their connection."""
        key = {"pk": {"S": f"TEAM#{UNPAID_TEAM}"}, "sk": {"S": "SUBSCRIPTION"}}
        assert api.get("/connections", UNPAID_OWNER).status_code == 200
        assert stack.client("dynamodb").get_item(TableName=stack.table_name, Key=key)["Item"]["status"]["S"] != "active"
        assert disconnect(api, UNPAID_OWNER, UNPAID_OWNER.user_id).json()["status"] == "revoked"
