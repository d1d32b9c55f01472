"""Any failure at TikTok makes its prerequisite unknown: never missing, never satisfied, and no other one."""

import time
from typing import Any

import pytest

from local.tiktok_simulator import DemoAdvertiser, Fault, FaultKind, Simulator
from publishing.http.request_context import BUDGET_SECONDS
from tests.support.invocations import Ask, Received
from tests.support.patience import FOREVER, GENEROUS_SECONDS
from tests.support.product import Product

READY = DemoAdvertiser.EVERYTHING_READY
NOTHING = DemoAdvertiser.NOTHING

# Endpoint, the key of its rows, the prerequisite it is for, an objective that requires it.
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


def add_fault(tiktok: Simulator, path: str, kind: FaultKind, **values: Any) -> None:
    tiktok.faults.add(Fault(path=path, kind=kind, **values))


def missing_and_unknown(response: Received) -> tuple[list[str], list[str]]:
    return response.json["missing"], response.json["unknown"]


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
    """The reason says what happened; the other prerequisites keep their state, of a ready and an empty advertiser."""
    key_of_fault = {"key": key} if kind in {FaultKind.MISSING_KEY, FaultKind.WRONG_TYPE} else {}
    add_fault(tiktok, path, kind, **values, **key_of_fault)
    user_id, advertiser, others = ("u-owner", READY, [])
    if path == "page/library/get/":  # called only if the advertiser itself has no published form
        user_id, advertiser = "u-buyer", DemoAdvertiser.DRAFT_FORMS
    if path not in {"bc/get/", "catalog/get/"}:
        empty = ask(demo, "publish", "u-buyer", advertiser_id=NOTHING, objective=objective)
        others = [] if requirement == "identity" else ["identity"]
        assert missing_and_unknown(empty) == (others, [requirement])
    response = ask(demo, "publish", user_id, advertiser_id=advertiser, objective=objective)
    assert missing_and_unknown(response) == ([], [requirement])
    assert (response.json["reason"], response.json["detail"]) == ("api_error", reason)
    assert response.json["token"] == {"source": "own", "user_id": user_id}
    (check,) = [one for one in response.json["checks"] if one["status"] == "unknown"]
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
def test_an_irregular_response_with_an_asset_satisfies(
    tiktok: Simulator, demo: Product, ask: Ask, kind: FaultKind, values: dict[str, Any]
) -> None:
    """An asset in the response counts, however slow, repeated or miscounted the response is."""
    add_fault(tiktok, "*", kind, **values)
    for _, _, _, objective in ENDPOINTS:
        assert ask(demo, "publish", advertiser_id=READY, objective=objective).json["ready"]


@pytest.mark.parametrize("values", [{"step": 1}, {"step": 5}])
def test_fewer_rows_than_tiktok_counted_do_not_prove_absence(
    tiktok: Simulator, demo: Product, ask: Ask, values: dict[str, int]
) -> None:
    """If TikTok counts a pixel that it does not return, the pixel is unknown, not missing."""
    add_fault(tiktok, "pixel/list/", FaultKind.CHANGING_TOTALS, **values)
    response = ask(demo, "publish", "u-buyer", advertiser_id=NOTHING, objective="CONVERSIONS")
    assert missing_and_unknown(response) == (["identity"], ["pixel"])
    assert response.json["reason"] == "api_error"


@pytest.mark.parametrize("path", ["identity/get/", "pixel/list/"])
def test_a_hanging_call_ends_at_the_deadline_and_hides_nothing(
    tiktok: Simulator, demo: Product, ask: Ask, path: str
) -> None:
    """The hanging check is unknown because of a timeout; the other check keeps its state."""
    add_fault(tiktok, path, FaultKind.HANG, seconds=FOREVER)
    before = time.monotonic()
    response = ask(demo, "publish", "u-buyer", advertiser_id=NOTHING, objective="CONVERSIONS", seconds=1.5)
    assert time.monotonic() - before < GENEROUS_SECONDS
    hanging = "identity" if path == "identity/get/" else "pixel"
    assert missing_and_unknown(response) == ([one for one in ("identity", "pixel") if one != hanging], [hanging])
    assert response.json["detail"] == "timeout"


def test_if_all_of_tiktok_hangs_everything_is_unknown_in_time(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The request ends by its deadline, whatever TikTok does."""
    add_fault(tiktok, "*", FaultKind.HANG, seconds=FOREVER)
    before = time.monotonic()
    response = ask(demo, "publish", advertiser_id=READY, objective="LEAD_GENERATION", strict="true", seconds=0.75)
    assert time.monotonic() - before < GENEROUS_SECONDS
    assert missing_and_unknown(response) == ([], ["identity", "leadForm"])
    assert (response.status, response.json["detail"]) == (200, "timeout")


def test_the_checks_run_concurrently(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """All calls that do not depend on another response are sent before TikTok has answered any."""
    add_fault(tiktok, "*", FaultKind.HANG, seconds=FOREVER)
    ask(demo, "publish", advertiser_id=READY, objective="LEAD_GENERATION", seconds=1.5)
    paths = sorted(one.path for one in tiktok.requests)
    assert paths == ["advertiser/info/", "identity/get/", "page/get/", "term/check/"]


@pytest.mark.parametrize("path", ["advertiser/info/", "term/check/"])
@pytest.mark.parametrize("kind", [FaultKind.NON_JSON, FaultKind.DATA_NULL, FaultKind.RESET_BEFORE])
def test_advice_that_cannot_be_read_is_left_out(
    tiktok: Simulator, demo: Product, ask: Ask, path: str, kind: FaultKind
) -> None:
    """A failure to read account status or lead terms does not change the verdict."""
    add_fault(tiktok, path, kind)
    response = ask(demo, "publish", advertiser_id=READY, objective="LEAD_GENERATION")
    assert (response.json["ready"], response.json["warnings"]) == (True, [])


def test_advice_delays_the_response_briefly_at_most(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The verdict waits half a second at most for advice; a late warning is left out."""
    add_fault(tiktok, "advertiser/info/", FaultKind.HANG, seconds=FOREVER)
    before = time.monotonic()
    response = ask(demo, "publish", advertiser_id=DemoAdvertiser.SUSPENDED, objective="TRAFFIC")
    assert time.monotonic() - before < GENEROUS_SECONDS < BUDGET_SECONDS
    assert (response.json["ready"], response.json["warnings"]) == (True, [])


@pytest.mark.parametrize(("advertiser", "missing"), [(READY, []), (NOTHING, ["identity"])])
def test_a_custom_identity_that_could_not_be_checked_is_not_missing(
    tiktok: Simulator, demo: Product, ask: Ask, advertiser: str, missing: list[str]
) -> None:
    """If only the second call for identities fails, nothing is called missing."""
    add_fault(tiktok, "identity/get/", FaultKind.HTTP_STATUS, status=500, skip=1)
    user_id = "u-owner" if advertiser == READY else "u-buyer"
    response = ask(demo, "publish", user_id, advertiser_id=advertiser, objective="TRAFFIC")
    assert missing_and_unknown(response) == ([], missing)


def test_a_transient_fault_is_retried(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """A read is retried if that may help, and the caller notices nothing."""
    add_fault(tiktok, "pixel/list/", FaultKind.CODE, code=40100, times=2)
    assert ask(demo, "publish", advertiser_id=READY, objective="CONVERSIONS").json["ready"]
    assert len(tiktok.requests.to("pixel/list/")) == 3
