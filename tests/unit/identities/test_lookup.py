"""Identity check and identity list through their real handlers."""

from typing import Any

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator
from local.tiktok_simulator.world import Identity
from tests.support.invocations import Ask
from tests.support.product import Product

A = DemoAdvertiser
READY = A.EVERYTHING_READY
NOT_GRANTED = "advertiser does not grant you /identity/get/:GET permission"

# Advertiser, user, hasIdentity, reason, detail.
CHECKS = [
    (A.EVERYTHING_READY, "u-owner", True, None, None),
    (A.SUSPENDED, "u-owner", True, None, None),
    (A.NOTHING, "u-buyer", False, "no_tt_user", None),
    (A.CUSTOM_ALLOWED, "u-buyer", False, "no_tt_user", None),
    (A.CUSTOM_RESTRICTED, "u-buyer", False, "no_tt_user", None),
    (A.BC_IDENTITY_ONLY, "u-buyer", False, "no_tt_user", None),
    (A.UNAVAILABLE_TT_USER, "u-buyer", False, "no_tt_user", "tt_user_unavailable"),
    (A.GPPPA, "u-buyer", False, "no_tt_user", "tt_user_unavailable"),
    (A.LINKED_BY_OWNER, "u-owner", True, None, None),
    (A.LINKED_BY_OWNER, "u-manager", False, "no_tt_user", None),
    (A.MANY_PAGES, "u-agency", True, None, None),
    (A.DELETED, "u-owner", False, "api_error", "advertiser_not_accessible"),
    (A.EVERYTHING_READY, "u-revoked", False, "no_token", "token_expired"),
    (A.EVERYTHING_READY, "u-trainee", False, "no_token", None),
]


@pytest.mark.parametrize(("advertiser", "user_id", "has", "reason", "detail"), CHECKS)
def test_check(
    demo: Product, ask: Ask, advertiser: str, user_id: str, reason: str | None, detail: str | None, *, has: bool
) -> None:
    """Only a usable TT_USER counts; in every other case the response is 200 with a reason."""
    if user_id == "u-trainee":
        demo.person(user_id, "mediabuyer")
    response = ask(demo, "check", user_id, advertiser_id=advertiser)
    body = response.json
    assert (response.status, body["hasIdentity"], body["reason"], body["detail"]) == (200, has, reason, detail)
    assert (body["identity_type"], body["identity_id"] is not None) == ("TT_USER" if has else None, has)


def test_a_successful_check_names_the_identity(demo: Product, ask: Ask) -> None:
    """The response has every field of the contract and no other."""
    body = ask(demo, "check", advertiser_id=READY).json
    assert body.pop("checked_at")[-1] == "Z"
    assert len(body.pop("identity_id")) == 36
    assert body.pop("image").startswith("https://images.example/account-1.jpeg")
    assert body == {
        "hasIdentity": True,
        "reason": None,
        "detail": None,
        "identity_type": "TT_USER",
        "display_name": "Demo account 1",
        "advertiser_id": READY,
        "advertiser_id_source": "query",
        "token": {"source": "own", "user_id": "u-owner"},
    }


@pytest.mark.parametrize(
    ("kind", "values", "detail"),
    [
        (FaultKind.CODE, {"code": 40100}, "rate_limited"),
        (FaultKind.CODE, {"code": 50000}, "upstream_error"),
        (FaultKind.CODE, {"code": 40001, "message": "lacks the required scope"}, "missing_scope"),
        (FaultKind.CODE, {"code": 40001, "message": NOT_GRANTED}, "missing_scope"),
        (FaultKind.CODE, {"code": 41000}, "upstream_error"),
        (FaultKind.HTTP_STATUS, {"status": 500}, "upstream_error"),
        (FaultKind.DATA_NULL, {}, "unexpected_response"),
        (FaultKind.MISSING_KEY, {"key": "identity_id"}, "unexpected_response"),
        (FaultKind.HANG, {"seconds": 2}, "timeout"),
    ],
)
def test_a_failed_check_is_200_with_a_reason(
    tiktok: Simulator, demo: Product, ask: Ask, kind: FaultKind, values: dict[str, Any], detail: str
) -> None:
    """hasIdentity is false with api_error, which does not claim that the identity is missing."""
    tiktok.faults.add(Fault(path="identity/get/", kind=kind, **values))
    response = ask(demo, "check", advertiser_id=READY, seconds=0.8)
    assert (response.status, response.json["hasIdentity"]) == (200, False)
    assert (response.json["reason"], response.json["detail"]) == ("api_error", detail)


@pytest.mark.parametrize(
    ("changes", "has"),
    [
        ({}, True),
        ({"available_status": "AVAILABLE"}, True),
        ({"available_status": "SOMETHING_NEW"}, False),
        ({"is_gpppa": True}, False),
        ({"can_push_video": False, "ads_only_mode": True}, True),
    ],
)
def test_a_tt_user_is_unusable_only_if_tiktok_says_so(
    tiktok: Simulator, demo: Product, ask: Ask, changes: dict[str, Any], *, has: bool
) -> None:
    """Only available_status and is_gpppa decide."""
    made = Identity("t-1", "TT_USER", "Acme", linked_by=("u-owner",), **changes)
    tiktok.world.advertisers[READY].identities = [made]
    assert ask(demo, "check", advertiser_id=READY).json["hasIdentity"] is has


@pytest.mark.parametrize("key", ["available_status", "is_gpppa"])
def test_an_absent_field_is_no_information(tiktok: Simulator, demo: Product, ask: Ask, key: str) -> None:
    """An absent field and null do not make a TT_USER unusable."""
    for fault in (
        Fault(path="identity/get/", kind=FaultKind.MISSING_KEY, key=key),
        Fault(path="identity/get/", kind=FaultKind.WRONG_TYPE, key=key, value=None),
    ):
        tiktok.faults.clear()
        tiktok.faults.add(fault)
        assert ask(demo, "check", advertiser_id=READY).json["hasIdentity"] is True


def test_the_first_usable_tt_user_is_named(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Unusable TT_USERs before it, even on an earlier page, do not hide it."""
    user = ("u-agency",)
    tiktok.world.advertisers[A.MANY_PAGES].identities = [
        Identity("good", "TT_USER", "Good", linked_by=user),
        *(Identity(f"bad-{n}", "TT_USER", "Bad", linked_by=user, available_status="X") for n in range(100)),
    ]
    assert ask(demo, "check", "u-agency", advertiser_id=A.MANY_PAGES).json["identity_id"] == "good"
    assert len(tiktok.requests.to("identity/get/")) == 2


def test_list_has_both_types_in_order(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The list has TT_USER first, then display name, then id; an empty picture is null."""
    user = ("u-owner",)
    tiktok.world.advertisers[READY].identities = [
        Identity("2", "CUSTOMIZED_USER", "Alpha"),
        Identity("4", "CUSTOMIZED_USER", "Beta"),
        Identity("3", "CUSTOMIZED_USER", "Alpha"),
        Identity("9", "TT_USER", "Zeta", "https://images.example/z.jpeg", user, is_gpppa=True),
        Identity("8", "BC_AUTH_TT", "Aaa"),
    ]
    body = ask(demo, "list", advertiser_id=READY).json
    assert body.pop("checked_at")[-1] == "Z"
    assert [(one.pop("image") or "").partition("?")[0] for one in body["identities"]] == [
        "https://images.example/z.jpeg", "", "", "",
    ]  # fmt: skip
    assert body == {
        "advertiser_id": READY,
        "advertiser_id_source": "query",
        "token": {"source": "own", "user_id": "u-owner"},
        "complete": True,
        "failed_types": [],
        "identities": [
            {
                "identity_id": identity_id,
                "identity_type": kind,
                "display_name": name,
                "usable": not why_not,
                "why_not": why_not,
            }
            for identity_id, kind, name, why_not in [
                ("9", "TT_USER", "Zeta", ["is_gpppa"]),
                ("2", "CUSTOMIZED_USER", "Alpha", []),
                ("3", "CUSTOMIZED_USER", "Alpha", []),
                ("4", "CUSTOMIZED_USER", "Beta", []),
            ]
        ],
    }


def test_an_empty_picture_is_null(demo: Product, ask: Ask) -> None:
    """TikTok sends an empty string for the default avatar; the list has null."""
    (listed,) = ask(demo, "list", "u-buyer", advertiser_id=A.CUSTOM_ALLOWED).json["identities"]
    assert listed["image"] is None


def test_list_reads_every_page(demo: Product, ask: Ask) -> None:
    """The list has all 111 TT_USER and 130 custom identities."""
    body = ask(demo, "list", "u-agency", advertiser_id=A.MANY_PAGES).json
    types = [one["identity_type"] for one in body["identities"]]
    assert (types.count("TT_USER"), types.count("CUSTOMIZED_USER"), body["complete"]) == (111, 130, True)
    assert types == sorted(types, reverse=True)


def test_list_of_an_advertiser_without_identities_is_empty(demo: Product, ask: Ask) -> None:
    """The list is empty and complete."""
    body = ask(demo, "list", "u-buyer", advertiser_id=A.NOTHING).json
    assert (body["identities"], body["complete"]) == ([], True)


def test_a_failed_type_is_named_and_the_other_listed(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """If one type fails, complete is false, the type is named and the other type is listed."""
    # Both types are read concurrently; whichever call comes first gets the fault.
    tiktok.faults.add(Fault(path="identity/get/", kind=FaultKind.DATA_NULL, times=1))
    body = ask(demo, "list", advertiser_id=READY).json
    (listed,) = body["identities"]
    assert body["complete"] is False
    assert {listed["identity_type"], *body["failed_types"]} == {"TT_USER", "CUSTOMIZED_USER"}


@pytest.mark.parametrize(
    ("kind", "values", "status", "code"),
    [
        (FaultKind.CODE, {"code": 40100}, 503, "tiktok_rate_limited"),
        (FaultKind.CODE, {"code": 50000}, 502, "tiktok_error"),
        (FaultKind.CODE, {"code": 40001, "message": "lacks the required scope"}, 403, "missing_scope"),
        (FaultKind.CODE, {"code": 40001, "message": NOT_GRANTED}, 403, "missing_scope"),
        (
            FaultKind.CODE,
            {"code": 41000, "message": "Client IP Address Is In Banned Country List"},
            502,
            "tiktok_error",
        ),
        (FaultKind.NON_JSON, {}, 502, "tiktok_error"),
        (FaultKind.MISSING_KEY, {"key": "identity_list"}, 502, "tiktok_error"),
        (FaultKind.HANG, {"seconds": 2}, 504, "tiktok_timeout"),
    ],
)
def test_a_failed_list_is_a_problem(
    tiktok: Simulator, demo: Product, ask: Ask, kind: FaultKind, values: dict[str, Any], status: int, code: str
) -> None:
    """If both types fail, the response is 502, 503 or 504 by TikTok's error."""
    tiktok.faults.add(Fault(path="identity/get/", kind=kind, **values))
    response = ask(demo, "list", advertiser_id=READY, seconds=0.8)
    assert (response.status, response.json["code"]) == (status, code)


def test_list_without_a_token_is_a_problem(demo: Product, ask: Ask) -> None:
    """Without a token the list is 409 no_token; with a token but without the advertiser 403."""
    for user_id, status, code in (("u-newcomer", 409, "no_token"), ("u-revoked", 409, "no_token")):
        response = ask(demo, "list", user_id)
        assert (response.status, response.json["code"]) == (status, code)
    denied = ask(demo, "list", "u-buyer", advertiser_id=READY)
    assert (denied.status, denied.json["code"]) == (403, "advertiser_not_accessible")


def test_half_of_a_surrogate_pair_in_a_name_is_left_out(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """A name that TikTok cut in the middle of an emoji is returned without the half character."""
    tiktok.world.advertisers[READY].identities = [Identity("1", "CUSTOMIZED_USER", "Acme \ud83d")]
    assert ask(demo, "list", advertiser_id=READY).json["identities"][0]["display_name"] == "Acme "


@pytest.mark.parametrize("usable", [True, False])
def test_a_status_that_is_a_flag(tiktok: Simulator, demo: Product, ask: Ask, *, usable: bool) -> None:
    """Check, list and publish check read a status of true as available, and false as not."""
    tiktok.world.advertisers[READY].identities = [Identity("t-1", "TT_USER", "Acme", linked_by=("u-owner",))]
    tiktok.faults.add(Fault(path="identity/get/", kind=FaultKind.WRONG_TYPE, key="available_status", value=usable))
    checked = ask(demo, "check", advertiser_id=READY).json
    assert (checked["hasIdentity"], checked["reason"]) == (usable, None if usable else "no_tt_user")
    (listed,) = ask(demo, "list", advertiser_id=READY).json["identities"]
    assert (listed["usable"], listed["why_not"]) == (usable, [] if usable else ["not_available"])
    published = ask(demo, "publish", advertiser_id=READY, objective="TRAFFIC").json
    assert (published["ready"], published["missing"]) == (usable, [] if usable else ["identity"])


def test_the_first_advertiser_of_the_token_is_the_default(demo: Product, ask: Ask) -> None:
    """Check and list use the first advertiser; an owner without a connection uses the latest teammate's."""
    demo.person("u-director", "owner")
    demo.teams.connect("northlight", "u-agency", [A.MANY_PAGES], connected_at="2026-12-01T00:00:00Z")
    for name in ("check", "list"):
        own = ask(demo, name).json
        assert (own["advertiser_id"], own["advertiser_id_source"]) == (READY, "first_of_active_token")
        borrowed = ask(demo, name, "u-director").json
        assert borrowed["advertiser_id"] == A.MANY_PAGES
        assert borrowed["token"] == {"source": "teammate", "user_id": DemoToken.AGENCY.user}
