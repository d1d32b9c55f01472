"""Failover from one token to the next: which errors cause it, which connections are marked, whose token answers."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from threading import Event
from typing import Any

import pytest
from pydantic import SecretStr

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator
from publishing.identities.lookup import LISTED_TYPES
from publishing.log_events import LogEvent
from publishing.repositories.json_api import AwsError
from publishing.teams import Connection, Role
from publishing.tokens import Purpose, candidates
from tests.support.clock import SecondsClock
from tests.support.in_memory_repositories import secret_id_of
from tests.support.invocations import Ask, Received
from tests.support.patience import FOREVER
from tests.support.product import Product
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import NoTimeLeftError, TokenInvalidError
from tiktok_business.models import IdentityType
from tiktok_business.transport import Body, RawAnswer

SHARED = DemoAdvertiser.LINKED_BY_OWNER
"""Connected by owner and manager; the owner's token sees its TT_USER, the manager's a custom identity only."""
FOREIGN = DemoAdvertiser.FOREIGN
"""Connected by nobody."""
PATHS = {
    "identity/get/": "TRAFFIC",
    "advertiser/info/": "TRAFFIC",
    "pixel/list/": "CONVERSIONS",
    "bc/get/": "PRODUCT_SALES",
    "catalog/get/": "PRODUCT_SALES",
    "app/list/": "APP_INSTALL",
    "page/get/": "LEAD_GENERATION",
    "term/check/": "LEAD_GENERATION",
}
INVALID_TOKEN_CODES = (40102, 40104, 40105, 40106, 40114, 40309)
NO_PERMISSION = f"No permission to operate advertiser: {SHARED}"


def fail(tiktok: Simulator, code: int, token: str, path: str = "*", message: str | None = None) -> None:
    tiktok.faults.add(Fault(path=path, kind=FaultKind.CODE, code=code, token=token, message=message))


def token_of(response: Received) -> tuple[str, str]:
    used = response.json["token"]
    return used["source"], used["user_id"]


def failure_of(response: Received) -> tuple[object, object, object]:
    return response.json["reason"], response.json["detail"], response.json["token"]


@pytest.mark.parametrize("path", PATHS)
def test_one_call_with_an_invalid_token_moves_the_whole_response_to_the_next_token(
    tiktok: Simulator, demo: Product, ask: Ask, path: str
) -> None:
    """The owner's TT_USER is not in the manager's response, even if it was read before another call failed."""
    fail(tiktok, 40105, DemoToken.OWNER, path)
    response = ask(demo, "publish", advertiser_id=SHARED, objective=PATHS[path])
    assert token_of(response) == ("teammate", "u-manager")
    assert response.json["identity"]["identity_type"] == "CUSTOMIZED_USER"
    assert demo.connections.mark_attempts == ["u-owner"]
    assert "u-owner" in demo.connections.expired


@pytest.mark.parametrize("code", INVALID_TOKEN_CODES)
@pytest.mark.parametrize("name", ["check", "list", "publish"])
def test_an_invalid_token_is_marked_and_the_next_one_is_used(
    tiktok: Simulator, demo: Product, ask: Ask, name: str, code: int
) -> None:
    """Within one request; the connection becomes expired, its secret stays, and the next request skips it."""
    fail(tiktok, code, DemoToken.OWNER)
    query = {"advertiser_id": SHARED} | ({"objective": "TRAFFIC"} if name == "publish" else {})
    assert token_of(ask(demo, name, **query)) == ("teammate", "u-manager")
    assert demo.connections.expired == ["u-owner"]
    assert secret_id_of("northlight", "u-owner") in demo.secrets
    tiktok.requests.clear()
    assert token_of(ask(demo, name, **query)) == ("teammate", "u-manager")
    assert {one.fault for one in tiktok.requests} == {None}


@pytest.mark.parametrize("name", ["check", "list", "publish"])
@pytest.mark.parametrize("message", [NO_PERMISSION, f"The advertiser {SHARED} doesn't exist or has been deleted."])
def test_a_token_without_the_advertiser_is_skipped_and_not_marked(
    tiktok: Simulator, demo: Product, ask: Ask, name: str, message: str
) -> None:
    """A token that TikTok denies this advertiser is skipped and not marked: it is valid for other advertisers."""
    fail(tiktok, 40001, DemoToken.OWNER, message=message)
    query = {"advertiser_id": SHARED} | ({"objective": "CONVERSIONS"} if name == "publish" else {})
    assert token_of(ask(demo, name, **query)) == ("teammate", "u-manager")
    assert (demo.connections.mark_attempts, demo.connections.expired) == ([], [])


def test_an_advertiser_denied_on_one_endpoint_only_is_a_missing_scope(
    tiktok: Simulator, demo: Product, ask: Ask
) -> None:
    """TikTok accepts the token on other endpoints, so no other token is tried, and the check is unknown."""
    fail(tiktok, 40001, DemoToken.OWNER, "pixel/list/", NO_PERMISSION)
    response = ask(demo, "publish", advertiser_id=SHARED, objective="CONVERSIONS")
    assert token_of(response) == ("own", "u-owner")
    assert (response.json["unknown"], response.json["detail"]) == (["pixel"], "missing_scope")
    assert response.json["identity"]["identity_type"] == "TT_USER"


def test_an_advertiser_denied_on_identities_only_is_a_missing_scope(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Even if the objective requires nothing else: TikTok returned the account to this token."""
    fail(tiktok, 40001, DemoToken.OWNER, "identity/get/", NO_PERMISSION)
    response = ask(demo, "publish", advertiser_id=SHARED, objective="TRAFFIC")
    assert token_of(response) == ("own", "u-owner")
    assert (response.json["unknown"], response.json["detail"]) == (["identity"], "missing_scope")


@pytest.mark.parametrize(
    ("path", "objective", "requirement", "permission"),
    [
        ("identity/get/", "TRAFFIC", "identity", "693"),
        ("pixel/list/", "CONVERSIONS", "pixel", "800"),
        ("app/list/", "APP_INSTALL", "app", "700"),
        ("page/get/", "LEAD_GENERATION", "leadForm", "680"),
        ("page/library/get/", "LEAD_GENERATION", "leadForm", "680"),
    ],
)
def test_nobody_is_advised_to_grant_what_is_granted(
    tiktok: Simulator, demo: Product, ask: Ask, path: str, objective: str, requirement: str, permission: str
) -> None:
    """A denial without a hint is a denial if the permission was granted, and a missing permission otherwise."""
    fail(tiktok, 40001, DemoToken.OWNER, path, "No permission.")
    if path == "page/library/get/":
        tiktok.world.advertisers[SHARED].pages = []
    item = demo.teams.items["northlight", "USER#u-owner"]
    for scopes, reason, action in (
        (["10", "15", "60", "69", "68", "70", "80", "90", "12"], "advertiser_not_accessible", "open_url"),
        ([permission], "advertiser_not_accessible", "open_url"),
        (["100", "123"], "missing_scope", "connect_tiktok"),
    ):
        item["scopes"] = scopes
        body = ask(demo, "publish", advertiser_id=SHARED, objective=objective).json
        (check,) = (one for one in body["checks"] if one["requirement"] == requirement)
        assert (body["missing"], body["unknown"], check["reason"]) == ([], [requirement], reason)
        assert check["fix"]["action"] == action
        assert ("grant" in check["message"]) == (reason == "missing_scope")


def test_a_denial_that_names_its_endpoint_is_a_missing_scope(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Without the word scope: check, list and publish check name the cure, and no other token is tried."""
    message = "advertiser does not grant you /identity/get/:GET permission"
    fail(tiktok, 40001, DemoToken.OWNER, "identity/get/", message)
    assert failure_of(ask(demo, "check", advertiser_id=SHARED))[:2] == ("api_error", "missing_scope")
    listed = ask(demo, "list", advertiser_id=SHARED)
    assert (listed.status, listed.json["code"]) == (403, "missing_scope")
    published = ask(demo, "publish", advertiser_id=SHARED, objective="TRAFFIC")
    assert (token_of(published), published.json["detail"]) == (("own", "u-owner"), "missing_scope")


def test_a_list_with_one_invalid_token_error_comes_from_the_next_token(
    tiktok: Simulator, demo: Product, ask: Ask
) -> None:
    """A list never combines two tokens, and an invalid token does not make it incomplete."""
    tiktok.faults.add(Fault(path="identity/get/", kind=FaultKind.CODE, code=40105, token=DemoToken.OWNER, times=1))
    response = ask(demo, "list", advertiser_id=SHARED)
    assert (response.status, response.json["complete"]) == (200, True)
    assert token_of(response) == ("teammate", "u-manager")


@dataclass(frozen=True)
class FailingTransport:
    """A transport to a TikTok that returns one error code for each identity type."""

    codes: Mapping[str, int]

    def send(
        self,
        method: str,
        endpoint: str,
        *,
        token: SecretStr | None,
        deadline: Deadline,
        params: Mapping[str, Any] | None = None,
        body: Body | None = None,
    ) -> RawAnswer:
        assert (method, endpoint, body) == ("GET", "identity/get/", None)
        assert token is not None
        assert not deadline.passed
        code = self.codes[(params or {})["identity_type"]]
        return RawAnswer(200, json.dumps({"code": code, "message": NO_PERMISSION}).encode())


@pytest.mark.parametrize("code", [40105, 40001])
@pytest.mark.parametrize("failing_type", LISTED_TYPES)
def test_a_list_whose_other_type_fails_for_another_reason_comes_from_the_next_token_too(
    demo: Product, ask: Ask, failing_type: IdentityType, code: int
) -> None:
    """Another error of one identity type does not hide the error that requires the next token."""
    failing = FailingTransport({kind.value: code if kind is failing_type else 50000 for kind in LISTED_TYPES})

    def open_tiktok(token: SecretStr, deadline: Deadline) -> TikTokBusinessApi:
        api = demo.tokens.open_tiktok(token, deadline)
        is_owners = token.get_secret_value() == DemoToken.OWNER
        return replace(api, client=replace(api.client, transport=failing)) if is_owners else api

    response = ask(replace(demo, tokens=replace(demo.tokens, open_tiktok=open_tiktok)), "list", advertiser_id=SHARED)
    assert (response.status, token_of(response)) == (200, ("teammate", "u-manager"))
    assert demo.connections.mark_attempts == (["u-owner"] if code in INVALID_TOKEN_CODES else [])


def test_a_missing_scope_does_not_cause_a_failover(demo: Product, ask: Ask) -> None:
    """A token without a scope is still the one that answers, although other tokens have the scope."""
    demo.teams.member("northlight", "u-narrow", "owner")
    query = {"advertiser_id": DemoAdvertiser.EVERYTHING_READY, "objective": "CONVERSIONS"}
    response = ask(demo, "publish", "u-narrow", **query)
    assert token_of(response) == ("own", "u-narrow")
    assert (response.json["unknown"], response.json["detail"]) == (["pixel"], "missing_scope")


@pytest.mark.parametrize("code", [40100, 50000, 40002])
def test_other_errors_do_not_cause_a_failover(tiktok: Simulator, demo: Product, ask: Ask, code: int) -> None:
    """A rate limit or an outage of TikTok would affect the next token too."""
    fail(tiktok, code, DemoToken.OWNER)
    response = ask(demo, "publish", advertiser_id=SHARED, objective="TRAFFIC")
    assert token_of(response) == ("own", "u-owner")
    assert response.json["reason"] == "api_error"


def test_all_tokens_invalid_is_no_token(tiktok: Simulator, empty: Product, ask: Ask) -> None:
    """The check reports no_token, also in later requests; all connections are marked in the order tried."""
    for token, role in ((DemoToken.OWNER, "owner"), (DemoToken.MANAGER, "manager")):
        empty.person(token.user, role, token, [SHARED])
        tiktok.world.revoke(token)
    for _ in range(2):
        publish = ask(empty, "publish", advertiser_id=SHARED, objective="CONVERSIONS")
        assert failure_of(publish) == ("no_token", "token_expired", None)
        assert (publish.json["missing"], publish.json["unknown"]) == (["identity"], ["pixel"])
    assert empty.connections.mark_attempts == ["u-owner", "u-manager"]


def test_a_caller_without_other_tokens_gets_token_expired(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """In the request that detects it and in the next one; list and create return 409 no_token."""
    tiktok.world.revoke(DemoToken.MEDIA_BUYER)
    query = {"advertiser_id": DemoAdvertiser.UNBOUND_PIXELS}
    for _ in range(2):
        assert failure_of(ask(demo, "check", "u-buyer", **query)) == ("no_token", "token_expired", None)
    for name, more in (("list", {}), ("create", {"display_name": "Acme"})):
        response = ask(demo, name, "u-buyer", **query, **more)
        assert (response.status, response.json["code"]) == (409, "no_token")


def test_all_tokens_denied_the_advertiser_is_not_accessible(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Checks report api_error with advertiser_not_accessible and nothing missing; the list returns 403."""
    for token in (DemoToken.OWNER, DemoToken.MANAGER):
        fail(tiktok, 40001, token, message=NO_PERMISSION)
    publish = ask(demo, "publish", advertiser_id=SHARED, objective="CONVERSIONS")
    assert failure_of(publish) == ("api_error", "advertiser_not_accessible", None)
    assert (publish.json["missing"], publish.json["unknown"]) == ([], ["identity", "pixel"])
    assert failure_of(ask(demo, "check", advertiser_id=SHARED)) == ("api_error", "advertiser_not_accessible", None)
    listed = ask(demo, "list", advertiser_id=SHARED)
    assert (listed.status, listed.json["code"]) == (403, "advertiser_not_accessible")


def test_one_invalid_and_one_denied_token_is_not_accessible(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """There is still a valid token, but not for this advertiser."""
    tiktok.world.revoke(DemoToken.OWNER)
    fail(tiktok, 40001, DemoToken.MANAGER, message=NO_PERMISSION)
    response = ask(demo, "publish", advertiser_id=SHARED, objective="TRAFFIC")
    assert failure_of(response) == ("api_error", "advertiser_not_accessible", None)


def test_without_an_advertiser_each_token_uses_its_own_first_one(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The response names the advertiser of the token that answered."""
    tiktok.world.revoke(DemoToken.OWNER)
    response = ask(demo, "check")
    assert token_of(response)[0] == "teammate"
    user_id = token_of(response)[1]
    assert response.json["advertiser_id"] == tiktok.world.tokens[f"simulated-token-{user_id}"].advertiser_ids[0]


def test_a_secret_that_was_replaced_meanwhile_is_read_again(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """If TikTok rejects the cached token and the secret holds another, that one is used and nothing is marked."""
    secret_id = secret_id_of("northlight", "u-owner")
    demo.secrets.put(secret_id, DemoToken.REVOKED)
    demo.secrets.read_token(demo.teams.connection("northlight", "u-owner"))
    demo.secrets.put(secret_id, DemoToken.OWNER)
    tiktok.requests.clear()
    response = ask(demo, "publish", advertiser_id=SHARED, objective="TRAFFIC")
    assert token_of(response) == ("own", "u-owner")
    assert (demo.secrets.fetched, demo.connections.mark_attempts) == ([secret_id, secret_id], [])


def test_an_invalid_token_does_not_stay_cached(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The next read fetches the secret, so that a new connection of the same person works at once."""
    tiktok.world.revoke(DemoToken.OWNER)
    ask(demo, "check", advertiser_id=SHARED)
    assert secret_id_of("northlight", "u-owner") not in {secret_id for secret_id, *_ in demo.secrets.cached}


def test_a_replaced_token_that_is_invalid_too_is_marked(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The replaced token is tried once, then the connection is marked."""
    secret_id = secret_id_of("northlight", "u-owner")
    tiktok.world.revoke(DemoToken.OWNER)
    demo.secrets.read_token(demo.teams.connection("northlight", "u-owner"))
    demo.secrets.put(secret_id, DemoToken.REVOKED)
    assert token_of(ask(demo, "check", advertiser_id=SHARED)) == ("teammate", "u-manager")
    assert demo.connections.mark_attempts == ["u-owner"]
    assert secret_id not in {one for one, *_ in demo.secrets.cached}


@pytest.mark.parametrize("name", ["check", "list", "publish"])
def test_a_connection_without_its_secret_is_skipped_and_not_marked(demo: Product, ask: Ask, name: str) -> None:
    """A missing secret says nothing about whether the token is valid at TikTok."""
    del demo.secrets.secrets[secret_id_of("northlight", "u-owner")]
    query = {"advertiser_id": SHARED} | ({"objective": "TRAFFIC"} if name == "publish" else {})
    assert token_of(ask(demo, name, **query)) == ("teammate", "u-manager")
    assert demo.connections.mark_attempts == []


def invalid_teammates(demo: Product, count: int) -> None:
    """Let this many people connect the foreign advertiser with invalid tokens, ``u-0`` first."""
    for number in range(count):
        demo.person(f"u-{number}", "mediabuyer", f"invalid-{number}", [FOREIGN], connected_at=f"2026-11-0{number + 2}")


def test_all_teammates_are_tried_while_there_is_time(demo: Product, ask: Ask) -> None:
    """Six invalid tokens do not hide the seventh, which was connected first of all; each is tried once."""
    invalid_teammates(demo, 6)
    response = ask(demo, "publish", advertiser_id=FOREIGN, objective="TRAFFIC")
    assert token_of(response) == ("teammate", "u-foreign")
    assert demo.connections.mark_attempts == ["u-5", "u-4", "u-3", "u-2", "u-1", "u-0"]


def test_the_deadline_ends_the_failover(demo: Product) -> None:
    """The next connection is not tried once the time is over, and the error says that not all were."""
    invalid_teammates(demo, 3)
    clock = SecondsClock()

    def work(_api: TikTokBusinessApi, _advertiser_id: str) -> None:
        clock.now += 4.0
        raise TokenInvalidError("identity/get/", code=40105)

    chosen = candidates(demo.teams.read("northlight"), "u-owner", Role.OWNER, FOREIGN, Purpose.READ)
    with pytest.raises(NoTimeLeftError, match="2 connections"):
        demo.tokens.first_answer(chosen, work, Deadline.after(7.5, clock))
    assert demo.connections.mark_attempts[:1] == ["u-2"]


@pytest.mark.parametrize("name", ["check", "list", "publish"])
def test_connections_left_untried_are_not_told_as_nothing_connected(demo: Product, ask: Ask, name: str) -> None:
    """The result is unknown: a timeout."""

    def open_tiktok(_token: SecretStr, _deadline: Deadline) -> TikTokBusinessApi:
        raise NoTimeLeftError("", "connections were not tried")

    query = {"advertiser_id": SHARED} | ({"objective": "TRAFFIC"} if name == "publish" else {})
    response = ask(replace(demo, tokens=replace(demo.tokens, open_tiktok=open_tiktok)), name, **query)
    if name == "list":
        assert (response.status, response.json["code"]) == (504, "tiktok_timeout")
    else:
        assert failure_of(response) == ("api_error", "timeout", None)


@pytest.mark.parametrize("name", ["check", "list", "publish"])
def test_a_mark_that_cannot_be_written_does_not_fail_the_request(
    tiktok: Simulator, demo: Product, ask: Ask, log: io.StringIO, name: str
) -> None:
    """Denied or throttled, the next token answers; the log shows it to operators."""
    fail(tiktok, 40105, DemoToken.OWNER)

    def denied(_connection: Connection) -> None:
        raise AwsError("AccessDeniedException")

    query = {"advertiser_id": SHARED} | ({"objective": "TRAFFIC"} if name == "publish" else {})
    response = ask(replace(demo, tokens=replace(demo.tokens, mark_expired=denied)), name, **query)
    assert (response.status, token_of(response)) == (200, ("teammate", "u-manager"))
    assert LogEvent.WRITE_FAILED in log.getvalue()


def test_a_mark_that_does_not_end_keeps_to_the_deadline(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The response does not wait for DynamoDB beyond the request's time."""
    fail(tiktok, 40105, DemoToken.OWNER)
    answered, ended = Event(), Event()

    def hanging(_connection: Connection) -> None:
        answered.wait(FOREVER)
        ended.set()

    hung = replace(demo, tokens=replace(demo.tokens, mark_expired=hanging))
    response = ask(hung, "check", advertiser_id=SHARED, seconds=1.0)
    assert not ended.is_set()
    answered.set()
    assert failure_of(response) == ("api_error", "timeout", None)


@pytest.mark.parametrize("kind", ["denied", "failing"])
@pytest.mark.parametrize("name", ["check", "list", "publish"])
def test_a_secret_that_cannot_be_read_is_one_candidate_less(demo: Product, ask: Ask, name: str, kind: str) -> None:
    """Outside the prefix, denied, or because Secrets Manager fails: the next token answers, nothing is marked."""
    getattr(demo.secrets, kind).add(secret_id_of("northlight", "u-owner"))
    query = {"advertiser_id": SHARED} | ({"objective": "TRAFFIC"} if name == "publish" else {})
    response = ask(demo, name, **query)
    assert (response.status, token_of(response)) == (200, ("teammate", "u-manager"))
    assert demo.connections.mark_attempts == []


@pytest.mark.parametrize(
    ("kind", "check", "status"),
    [("denied", ("no_token", "token_expired", None), 409), ("failing", ("api_error", "upstream_error", None), 502)],
)
def test_without_another_candidate_a_secret_that_fails_for_now_is_unknown(
    demo: Product, ask: Ask, kind: str, check: tuple[object, ...], status: int
) -> None:
    """Nothing connected is told only if the token is out of reach for good."""
    getattr(demo.secrets, kind).add(secret_id_of("northlight", "u-buyer"))
    advertiser = DemoAdvertiser.UNBOUND_PIXELS
    publish = ask(demo, "publish", "u-buyer", advertiser_id=advertiser, objective="TRAFFIC")
    assert (failure_of(publish), failure_of(ask(demo, "check", "u-buyer", advertiser_id=advertiser))) == (check, check)
    assert ask(demo, "list", "u-buyer", advertiser_id=advertiser).status == status
    created = ask(demo, "create", "u-buyer", advertiser_id=advertiser, display_name="Acme")
    assert (created.status, len(demo.idempotency)) == (status, 0)


def test_two_stale_reads_do_not_expire_a_new_connection(demo: Product, ask: Ask) -> None:
    """The connection names the version of its token, so the old token that reads still bring is never used."""
    secret_id = secret_id_of("northlight", "u-owner")
    demo.secrets.store(secret_id, SecretStr(DemoToken.OWNER), "new")
    demo.secrets.stale[secret_id] = [DemoToken.REVOKED, DemoToken.REVOKED]
    demo.teams.items["northlight", "USER#u-owner"]["secret_version"] = "new"
    response = ask(demo, "publish", advertiser_id=SHARED, objective="TRAFFIC")
    assert token_of(response) == ("own", "u-owner")
    assert (demo.connections.mark_attempts, demo.secrets.stale[secret_id]) == ([], [DemoToken.REVOKED] * 2)


def test_the_token_of_a_named_version_is_read_once(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """A version never changes: if TikTok calls its token invalid, the connection expires at once."""
    secret_id = secret_id_of("northlight", "u-owner")
    demo.secrets.store(secret_id, SecretStr(DemoToken.OWNER), "named")
    demo.teams.items["northlight", "USER#u-owner"]["secret_version"] = "named"
    tiktok.world.revoke(DemoToken.OWNER)
    assert token_of(ask(demo, "check", advertiser_id=SHARED)) == ("teammate", "u-manager")
    assert (demo.secrets.fetched.count(secret_id), demo.connections.expired) == (1, ["u-owner"])
