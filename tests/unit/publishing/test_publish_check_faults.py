"""Whatever goes wrong at TikTok makes a prerequisite unknown: never missing, never satisfied, never somebody else's."""

import time
from typing import Any

import pytest

from local.tiktok_simulator import DemoAdvertiser, Fault, FaultKind, Simulator
from publishing.calls import BUDGET_SECONDS
from tests.support.invocations import Ask, Received
from tests.support.patience import FOREVER, GENEROUS_SECONDS
from tests.support.product import Product

READY = DemoAdvertiser.EVERYTHING_READY
NOTHING = DemoAdvertiser.NOTHING

# Endpoint, the key of its rows, the prerequisite that it answers, an objective that has it.
ENDPOINTS = [
    ("identity/get/", "identity_list", "identity", "TRAFFIC"),
    ("pixel/list/", "pixels", "pixel", "WEB_CONVERSIONS"),
    ("bc/get/", "list", "catalog", "PRODUCT_SALES"),
    ("catalog/get/", "list", "catalog", "SHOP_PURCHASES"),
    ("app/list/", "apps", "app", "APP_PROMOTION"),
    ("page/get/", "list", "leadForm", "LEAD_GENERATION"),
    ("page/library/get/", "list", "leadForm", "LEAD_GENERATION"),
]
FAULTS: list[tuple[str, FaultKind, dict[str, Any]]] = [
    ("upstream_error", FaultKind.CODE, {"code": 50000}),
    ("upstream_error", FaultKind.CODE, {"code": 40002, "message": "no such parameter"}),
    ("rate_limited", FaultKind.CODE, {"code": 40100}),
    ("rate_limited", FaultKind.HTTP_STATUS, {"status": 429}),
    ("upstream_error", FaultKind.HTTP_STATUS, {"status": 503}),
    ("upstream_error", FaultKind.NON_JSON, {}),
    ("upstream_error", FaultKind.TRUNCATED_JSON, {}),
    ("upstream_error", FaultKind.SHORT_BODY, {}),
    ("upstream_error", FaultKind.RESET_BEFORE, {}),
    ("upstream_error", FaultKind.RESET_AFTER, {}),
    ("unexpected_response", FaultKind.WRONG_TOP_LEVEL, {}),
    ("unexpected_response", FaultKind.DATA_NULL, {}),
    ("unexpected_response", FaultKind.MISSING_KEY, {}),
    ("unexpected_response", FaultKind.WRONG_TYPE, {}),
    ("missing_scope", FaultKind.CODE, {"code": 40001, "message": "lacks the required scope"}),
]


def strike(tiktok: Simulator, path: str, kind: FaultKind, **values: Any) -> None:
    tiktok.faults.add(Fault(path=path, kind=kind, **values))


def lists(answer: Received) -> tuple[list[str], list[str]]:
    return answer.json["missing"], answer.json["unknown"]


@pytest.mark.parametrize(("path", "key", "requirement", "objective"), ENDPOINTS, ids=[one[0] for one in ENDPOINTS])
@pytest.mark.parametrize(("reason", "kind", "values"), FAULTS, ids=[f"{one[1]}-{one[2]}" for one in FAULTS])
def test_a_fault_makes_its_own_prerequisite_unknown(
    tiktok: Simulator,
    demo: Product,
    ask: Ask,
    path: str,
    key: str,
    requirement: str,
    objective: str,
    reason: str,
    kind: FaultKind,
    values: dict[str, Any],
) -> None:
    """The reason says what happened; the others are told as ever, of a ready and of an empty advertiser."""
    own = {"key": key} if kind in {FaultKind.MISSING_KEY, FaultKind.WRONG_TYPE} else {}
    strike(tiktok, path, kind, **values, **own)
    user_id, advertiser, others = ("u-owner", READY, [])
    if path == "page/library/get/":  # asked only where the advertiser itself has no published form
        user_id, advertiser = "u-buyer", DemoAdvertiser.DRAFT_FORMS
    if path not in {"bc/get/", "catalog/get/"}:
        empty = ask(demo, "publish", "u-buyer", advertiser_id=NOTHING, objective=objective)
        others = [] if requirement == "identity" else ["identity"]
        assert lists(empty) == (others, [requirement])
    answer = ask(demo, "publish", user_id, advertiser_id=advertiser, objective=objective)
    assert lists(answer) == ([], [requirement])
    assert (answer.json["reason"], answer.json["detail"]) == ("api_error", reason)
    assert answer.json["token"] == {"source": "own", "user_id": user_id}
    (check,) = [one for one in answer.json["checks"] if one["status"] == "unknown"]
    assert (check["requirement"], check["reason"]) == (requirement, reason)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (FaultKind.LATENCY, {"seconds": 0.005}),
        (FaultKind.SLOW_DRIP, {"seconds": 0.005}),
        (FaultKind.HUGE_LIST, {"repeat": 50}),
        (FaultKind.DUPLICATE_PAGES, {}),
        (FaultKind.CHANGING_TOTALS, {"step": -1}),
        (FaultKind.CURSOR, {}),
    ],
)
def test_an_odd_answer_that_shows_an_asset_satisfies(
    tiktok: Simulator, demo: Product, ask: Ask, kind: FaultKind, values: dict[str, Any]
) -> None:
    """What was seen was seen, however slow, repeated or miscounted."""
    strike(tiktok, "*", kind, **values)
    for _, _, _, objective in ENDPOINTS:
        assert ask(demo, "publish", advertiser_id=READY, objective=objective).json["ready"]


@pytest.mark.parametrize("values", [{"step": 1}, {"step": 5}])
def test_fewer_rows_than_tiktok_counted_prove_no_absence(
    tiktok: Simulator, demo: Product, ask: Ask, values: dict[str, int]
) -> None:
    """Where TikTok speaks of a pixel that it does not show, the pixel is unknown, not missing."""
    strike(tiktok, "pixel/list/", FaultKind.CHANGING_TOTALS, **values)
    answer = ask(demo, "publish", "u-buyer", advertiser_id=NOTHING, objective="CONVERSIONS")
    assert lists(answer) == (["identity"], ["pixel"])
    assert answer.json["reason"] == "api_error"


@pytest.mark.parametrize("path", ["identity/get/", "pixel/list/"])
def test_silence_ends_at_the_deadline_and_hides_nothing(tiktok: Simulator, demo: Product, ask: Ask, path: str) -> None:
    """The silent check is unknown because of the time; the other one is told."""
    strike(tiktok, path, FaultKind.HANG, seconds=FOREVER)
    before = time.monotonic()
    answer = ask(demo, "publish", "u-buyer", advertiser_id=NOTHING, objective="CONVERSIONS", seconds=1.5)
    assert time.monotonic() - before < GENEROUS_SECONDS
    silent = "identity" if path == "identity/get/" else "pixel"
    assert lists(answer) == ([one for one in ("identity", "pixel") if one != silent], [silent])
    assert answer.json["detail"] == "timeout"


def test_all_of_tiktok_silent_is_all_unknown_in_time(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The whole request ends by its deadline, whatever TikTok does."""
    strike(tiktok, "*", FaultKind.HANG, seconds=FOREVER)
    before = time.monotonic()
    answer = ask(demo, "publish", advertiser_id=READY, objective="LEAD_GENERATION", strict="true", seconds=0.75)
    assert time.monotonic() - before < GENEROUS_SECONDS
    assert lists(answer) == ([], ["identity", "leadForm"])
    assert (answer.status, answer.json["detail"]) == (200, "timeout")


def test_the_checks_run_side_by_side(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Before TikTok has answered anything, it was asked all that does not depend on an answer."""
    strike(tiktok, "*", FaultKind.HANG, seconds=FOREVER)
    ask(demo, "publish", advertiser_id=READY, objective="LEAD_GENERATION", seconds=1.5)
    asked = sorted(one.path for one in tiktok.requests)
    assert asked == ["advertiser/info/", "identity/get/", "page/get/", "term/check/"]


@pytest.mark.parametrize("path", ["advertiser/info/", "term/check/"])
@pytest.mark.parametrize("kind", [FaultKind.NON_JSON, FaultKind.DATA_NULL, FaultKind.RESET_BEFORE])
def test_advice_that_cannot_be_had_is_left_out(
    tiktok: Simulator, demo: Product, ask: Ask, path: str, kind: FaultKind
) -> None:
    """Account status and lead terms never change the verdict, nor does their failure."""
    strike(tiktok, path, kind)
    answer = ask(demo, "publish", advertiser_id=READY, objective="LEAD_GENERATION")
    assert (answer.json["ready"], answer.json["warnings"]) == (True, [])


def test_advice_is_not_waited_for_long(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """A verdict that is there is told half a second later at most, without the late warning."""
    strike(tiktok, "advertiser/info/", FaultKind.HANG, seconds=FOREVER)
    before = time.monotonic()
    answer = ask(demo, "publish", advertiser_id=DemoAdvertiser.SUSPENDED, objective="TRAFFIC")
    assert time.monotonic() - before < GENEROUS_SECONDS < BUDGET_SECONDS
    assert (answer.json["ready"], answer.json["warnings"]) == (True, [])


@pytest.mark.parametrize(("advertiser", "missing"), [(READY, []), (NOTHING, ["identity"])])
def test_a_custom_identity_that_could_not_be_looked_for_is_not_missing(
    tiktok: Simulator, demo: Product, ask: Ask, advertiser: str, missing: list[str]
) -> None:
    """A TT_USER was looked for in vain or in peace; only the second look fails."""
    strike(tiktok, "identity/get/", FaultKind.HTTP_STATUS, status=500, skip=1)
    user_id = "u-owner" if advertiser == READY else "u-buyer"
    answer = ask(demo, "publish", user_id, advertiser_id=advertiser, objective="TRAFFIC")
    assert lists(answer) == ([], missing)


def test_a_passing_fault_is_not_noticed(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """A read is repeated where that may help."""
    strike(tiktok, "pixel/list/", FaultKind.CODE, code=40100, times=2)
    assert ask(demo, "publish", advertiser_id=READY, objective="CONVERSIONS").json["ready"]
    assert len(tiktok.requests.to("pixel/list/")) == 3
