"""From one person's token to the next: which errors lead there, what is marked, and whose answer it is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from pydantic import SecretStr

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator
from publishing.identities.lookup import LISTED_TYPES
from tests.support.in_memory_stores import secret_id_of
from tests.support.invocations import Ask, Received
from tests.support.product import Product
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.deadline import Deadline
from tiktok_business.models import IdentityType
from tiktok_business.transport import Body, RawAnswer

SHARED = DemoAdvertiser.LINKED_BY_OWNER
"""Of owner and manager; its TT_USER is visible to the owner's token alone, the manager sees a custom identity."""
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
DEAD = (40102, 40104, 40105, 40106, 40114, 40309)
NO_PERMISSION = f"No permission to operate advertiser: {SHARED}"


def refuse(tiktok: Simulator, code: int, token: str, path: str = "*", message: str | None = None) -> None:
    tiktok.faults.add(Fault(path=path, kind=FaultKind.CODE, code=code, token=token, message=message))


def whose(answer: Received) -> tuple[str, str]:
    used = answer.json["token"]
    return used["source"], used["user_id"]


def no_answer(answer: Received) -> tuple[object, object, object]:
    return answer.json["reason"], answer.json["detail"], answer.json["token"]


@pytest.mark.parametrize("path", PATHS)
def test_whichever_call_finds_the_token_dead_the_whole_answer_is_the_next_tokens(
    tiktok: Simulator, demo: Product, ask: Ask, path: str
) -> None:
    """The owner's TT_USER, seen before another call found the token dead, is not in the manager's answer."""
    refuse(tiktok, 40105, DemoToken.OWNER, path)
    answer = ask(demo, "publish", advertiser_id=SHARED, objective=PATHS[path])
    assert whose(answer) == ("teammate", "u-manager")
    assert answer.json["identity"]["identity_type"] == "CUSTOMIZED_USER"
    assert demo.marks.tried == ["u-owner"]
    assert "u-owner" in demo.marks


@pytest.mark.parametrize("code", DEAD)
@pytest.mark.parametrize("name", ["check", "list", "publish"])
def test_a_dead_token_is_marked_and_the_next_one_answers(
    tiktok: Simulator, demo: Product, ask: Ask, name: str, code: int
) -> None:
    """In the same request; the connection becomes expired, its secret stays, and the next request does not try it."""
    refuse(tiktok, code, DemoToken.OWNER)
    asked = {"advertiser_id": SHARED} | ({"objective": "TRAFFIC"} if name == "publish" else {})
    assert whose(ask(demo, name, **asked)) == ("teammate", "u-manager")
    assert ("u-owner" in demo.marks, len(demo.marks)) == (True, 1)
    assert secret_id_of("northlight", "u-owner") in demo.tokens
    tiktok.requests.clear()
    assert whose(ask(demo, name, **asked)) == ("teammate", "u-manager")
    assert {one.fault for one in tiktok.requests} == {None}


@pytest.mark.parametrize("name", ["check", "list", "publish"])
@pytest.mark.parametrize("message", [NO_PERMISSION, f"The advertiser {SHARED} doesn't exist or has been deleted."])
def test_a_token_without_the_advertiser_is_passed_over_unmarked(
    tiktok: Simulator, demo: Product, ask: Ask, name: str, message: str
) -> None:
    """It is good for other advertisers."""
    refuse(tiktok, 40001, DemoToken.OWNER, message=message)
    asked = {"advertiser_id": SHARED} | ({"objective": "CONVERSIONS"} if name == "publish" else {})
    assert whose(ask(demo, name, **asked)) == ("teammate", "u-manager")
    assert (demo.marks.tried, len(demo.marks)) == ([], 0)


def test_refused_on_one_endpoint_alone_is_a_missing_permission(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """TikTok answers the token elsewhere, so no other token is tried, and the check is unknown."""
    refuse(tiktok, 40001, DemoToken.OWNER, "pixel/list/", NO_PERMISSION)
    answer = ask(demo, "publish", advertiser_id=SHARED, objective="CONVERSIONS")
    assert whose(answer) == ("own", "u-owner")
    assert (answer.json["unknown"], answer.json["detail"]) == (["pixel"], "missing_scope")
    assert answer.json["identity"]["identity_type"] == "TT_USER"


def test_refused_on_identities_alone_is_a_missing_permission_too(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Even where nothing else is required: TikTok told this token about the account."""
    refuse(tiktok, 40001, DemoToken.OWNER, "identity/get/", NO_PERMISSION)
    answer = ask(demo, "publish", advertiser_id=SHARED, objective="TRAFFIC")
    assert whose(answer) == ("own", "u-owner")
    assert (answer.json["unknown"], answer.json["detail"]) == (["identity"], "missing_scope")


def test_a_list_of_which_one_half_finds_the_token_dead_is_the_next_tokens(
    tiktok: Simulator, demo: Product, ask: Ask
) -> None:
    """No list is put together from two tokens, and none is called incomplete for want of a living one."""
    tiktok.faults.add(Fault(path="identity/get/", kind=FaultKind.CODE, code=40105, token=DemoToken.OWNER, times=1))
    answer = ask(demo, "list", advertiser_id=SHARED)
    assert (answer.status, answer.json["complete"]) == (200, True)
    assert whose(answer) == ("teammate", "u-manager")


@dataclass(frozen=True)
class Refusing:
    """A transport to a TikTok that refuses the listing of each identity type with a code of its own."""

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
@pytest.mark.parametrize("half", LISTED_TYPES)
def test_a_list_whose_other_half_fails_otherwise_is_the_next_tokens_too(
    demo: Product, ask: Ask, half: IdentityType, code: int
) -> None:
    """Whichever half says that this token's turn is over: TikTok's trouble with the other does not hide it."""
    refusing = Refusing({kind.value: code if kind is half else 50000 for kind in LISTED_TYPES})

    def open_tiktok(token: SecretStr, deadline: Deadline) -> TikTokBusinessApi:
        api = demo.services.open_tiktok(token, deadline)
        owners = token.get_secret_value() == DemoToken.OWNER
        return replace(api, client=replace(api.client, transport=refusing)) if owners else api

    answer = ask(replace(demo, services=replace(demo.services, open_tiktok=open_tiktok)), "list", advertiser_id=SHARED)
    assert (answer.status, whose(answer)) == (200, ("teammate", "u-manager"))
    assert demo.marks.tried == (["u-owner"] if code in DEAD else [])


def test_a_missing_scope_is_not_mended_by_another_token(demo: Product, ask: Ask) -> None:
    """The same advertiser with the narrow token stays the narrow token's answer."""
    demo.teams.member("northlight", "u-narrow", "owner")
    asked = {"advertiser_id": DemoAdvertiser.EVERYTHING_READY, "objective": "CONVERSIONS"}
    answer = ask(demo, "publish", "u-narrow", **asked)
    assert whose(answer) == ("own", "u-narrow")
    assert (answer.json["unknown"], answer.json["detail"]) == (["pixel"], "missing_scope")


@pytest.mark.parametrize("code", [40100, 50000, 40002])
def test_other_errors_do_not_lead_to_another_token(tiktok: Simulator, demo: Product, ask: Ask, code: int) -> None:
    """A limit or TikTok's own trouble would meet the next token too."""
    refuse(tiktok, code, DemoToken.OWNER)
    answer = ask(demo, "publish", advertiser_id=SHARED, objective="TRAFFIC")
    assert whose(answer) == ("own", "u-owner")
    assert answer.json["reason"] == "api_error"


def test_no_token_left_because_all_are_dead(tiktok: Simulator, empty: Product, ask: Ask) -> None:
    """The checks say no_token, and go on saying so; all are marked, in the order in which they were tried."""
    for token, role in ((DemoToken.OWNER, "owner"), (DemoToken.MANAGER, "manager")):
        empty.person(token.user, role, token, [SHARED])
        tiktok.world.revoke(token)
    for _ in range(2):
        publish = ask(empty, "publish", advertiser_id=SHARED, objective="CONVERSIONS")
        assert no_answer(publish) == ("no_token", "token_expired", None)
        assert (publish.json["missing"], publish.json["unknown"]) == (["identity"], ["pixel"])
    assert empty.marks.tried == ["u-owner", "u-manager"]


def test_who_has_nobody_to_borrow_from_is_told_that_the_token_expired(
    tiktok: Simulator, demo: Product, ask: Ask
) -> None:
    """In the request that found out and in the next one alike; list and create say 409 no_token."""
    tiktok.world.revoke(DemoToken.MEDIA_BUYER)
    asked = {"advertiser_id": DemoAdvertiser.UNBOUND_PIXELS}
    for _ in range(2):
        assert no_answer(ask(demo, "check", "u-buyer", **asked)) == ("no_token", "token_expired", None)
    for name, more in (("list", {}), ("create", {"display_name": "Acme"})):
        answer = ask(demo, name, "u-buyer", **asked, **more)
        assert (answer.status, answer.json["code"]) == (409, "no_token")


def test_no_token_left_because_all_are_refused_the_advertiser(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Checks: api_error with advertiser_not_accessible, nothing missing. List: 403."""
    for token in (DemoToken.OWNER, DemoToken.MANAGER):
        refuse(tiktok, 40001, token, message=NO_PERMISSION)
    publish = ask(demo, "publish", advertiser_id=SHARED, objective="CONVERSIONS")
    assert no_answer(publish) == ("api_error", "advertiser_not_accessible", None)
    assert (publish.json["missing"], publish.json["unknown"]) == ([], ["identity", "pixel"])
    assert no_answer(ask(demo, "check", advertiser_id=SHARED)) == ("api_error", "advertiser_not_accessible", None)
    listed = ask(demo, "list", advertiser_id=SHARED)
    assert (listed.status, listed.json["code"]) == (403, "advertiser_not_accessible")


def test_one_dead_and_one_refused_is_not_accessible(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """There still is a token, only not for this advertiser."""
    tiktok.world.revoke(DemoToken.OWNER)
    refuse(tiktok, 40001, DemoToken.MANAGER, message=NO_PERMISSION)
    answer = ask(demo, "publish", advertiser_id=SHARED, objective="TRAFFIC")
    assert no_answer(answer) == ("api_error", "advertiser_not_accessible", None)


def test_without_an_advertiser_each_token_is_asked_for_its_own_first(
    tiktok: Simulator, demo: Product, ask: Ask
) -> None:
    """The answer names the advertiser of the token that answered."""
    tiktok.world.revoke(DemoToken.OWNER)
    answer = ask(demo, "check")
    assert whose(answer)[0] == "teammate"
    user_id = whose(answer)[1]
    assert answer.json["advertiser_id"] == tiktok.world.tokens[f"simulated-token-{user_id}"].advertiser_ids[0]


def test_a_secret_that_was_rotated_meanwhile_is_read_once_more(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Memory holds the old token: TikTok calls it dead, the store has the new one, nothing is marked."""
    secret_id = secret_id_of("northlight", "u-owner")
    demo.tokens.secrets[secret_id] = DemoToken.REVOKED
    demo.tokens.read(demo.teams.connection("northlight", "u-owner"))
    demo.tokens.secrets[secret_id] = DemoToken.OWNER
    tiktok.requests.clear()
    answer = ask(demo, "publish", advertiser_id=SHARED, objective="TRAFFIC")
    assert whose(answer) == ("own", "u-owner")
    assert (demo.tokens.fetched, demo.marks.tried) == ([secret_id, secret_id], [])


def test_a_dead_token_does_not_stay_in_memory(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The next read asks the store, so that who connects again is served at once."""
    tiktok.world.revoke(DemoToken.OWNER)
    ask(demo, "check", advertiser_id=SHARED)
    assert secret_id_of("northlight", "u-owner") not in {secret_id for secret_id, _ in demo.tokens.remembered}


def test_a_rotated_token_that_is_dead_too_is_marked(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """It is tried once, not again and again."""
    secret_id = secret_id_of("northlight", "u-owner")
    tiktok.world.revoke(DemoToken.OWNER)
    demo.tokens.read(demo.teams.connection("northlight", "u-owner"))
    demo.tokens.secrets[secret_id] = DemoToken.REVOKED
    assert whose(ask(demo, "check", advertiser_id=SHARED)) == ("teammate", "u-manager")
    assert demo.marks.tried == ["u-owner"]
    assert secret_id not in {one for one, _ in demo.tokens.remembered}


@pytest.mark.parametrize("name", ["check", "list", "publish"])
def test_a_connection_without_its_secret_is_passed_over_unmarked(demo: Product, ask: Ask, name: str) -> None:
    """What our store lacks says nothing about the token's life at TikTok."""
    del demo.tokens.secrets[secret_id_of("northlight", "u-owner")]
    asked = {"advertiser_id": SHARED} | ({"objective": "TRAFFIC"} if name == "publish" else {})
    assert whose(ask(demo, name, **asked)) == ("teammate", "u-manager")
    assert demo.marks.tried == []


def test_five_tokens_are_tried_and_no_more(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """A team of dead connections does not eat the whole request."""
    advertiser = DemoAdvertiser.FOREIGN
    for number in range(7):
        demo.person(f"u-{number}", "mediabuyer", f"dead-{number}", [advertiser], connected_at=f"2026-11-0{number + 1}")
    answer = ask(demo, "check", advertiser_id=advertiser)
    assert no_answer(answer) == ("no_token", "token_expired", None)
    assert demo.marks.tried == ["u-6", "u-5", "u-4", "u-3", "u-2"]
    assert len(tiktok.requests) == 5
