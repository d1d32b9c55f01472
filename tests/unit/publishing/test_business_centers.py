"""Catalogs are listed by Business Center: several, none visible, and one that fails among good ones."""

from typing import Any

from local.tiktok_simulator import DemoAdvertiser, Fault, FaultKind, Simulator
from tests.fakes import Ask, Product

# The manager sees two Business Centers; only the second has a catalog.
TWO = {"advertiser_id": DemoAdvertiser.SECOND_BUSINESS_CENTER.value, "objective": "PRODUCT_SALES"}


def _catalog(demo: Product, ask: Ask, user_id: str = "u-manager", **asked: Any) -> dict[str, Any]:
    body = ask(demo, "publish", user_id, **asked).json
    check: dict[str, Any] = body["checks"][2]
    assert check["requirement"] == "catalog"
    return check


def _fails(nth: int) -> Fault:
    """The nth Business Center asked for its catalogs answers with a refusal that no retry mends."""
    return Fault(path="catalog/get/", kind=FaultKind.CODE, code=40002, message="no", skip=nth - 1, times=1)


def test_a_later_center_is_asked_too(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """A catalog in the second Business Center satisfies; both were asked."""
    assert _catalog(demo, ask, **TWO)["status"] == "satisfied"
    assert len(tiktok.requests.to("catalog/get/")) == 2


def test_a_failing_center_does_not_hide_a_good_one(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """Where one Business Center fails and another has a catalog, the prerequisite is satisfied."""
    tiktok.faults.add(_fails(1))
    assert _catalog(demo, ask, **TWO)["status"] == "satisfied"


def test_a_failing_center_among_empty_ones_is_unknown(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """Where one Business Center has none and the other fails, nobody can say that there is none."""
    tiktok.faults.add(_fails(2))
    check = _catalog(demo, ask, **TWO)
    assert (check["status"], check["reason"]) == ("unknown", "upstream_error")


def test_centers_that_all_answer_and_have_none(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """Where every Business Center answers and none has a catalog, it is missing."""
    for center in tiktok.world.business_centers.values():
        center.catalogs.clear()
    check = _catalog(demo, ask, **TWO)
    assert (check["status"], check["reason"], check["count"]) == ("missing", "no_catalog", 0)


def test_no_visible_center(demo: Product, ask: Ask) -> None:
    """Where the token's person sees no Business Center nothing is known, and the sentence says so."""
    asked = {"advertiser_id": DemoAdvertiser.NO_BUSINESS_CENTER.value, "objective": "PRODUCT_SALES"}
    check = _catalog(demo, ask, "u-freelancer", **asked)
    assert (check["status"], check["reason"]) == ("unknown", "no_business_center")
    assert "no Business Center" in check["message"]
