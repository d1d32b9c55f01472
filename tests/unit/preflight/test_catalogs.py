"""Catalogs are listed by Business Center: several, none visible, and one that fails among good ones."""

from typing import Any

import pytest

from local.tiktok_simulator import Catalog, DemoAdvertiser, Fault, FaultKind, Simulator
from publishing.preflight.catalogs import CENTERS_AT_ONCE
from tests.support.invocations import Ask
from tests.support.product import Product

# The manager sees two Business Centers; only the second has a catalog.
TWO = {"advertiser_id": DemoAdvertiser.SECOND_BUSINESS_CENTER.value, "objective": "PRODUCT_SALES"}


def _catalog(demo: Product, ask: Ask, user_id: str = "u-manager", **asked: Any) -> dict[str, Any]:
    body = ask(demo, "publish", user_id, **asked).json
    check: dict[str, Any] = body["checks"][2]
    assert check["requirement"] == "catalog"
    return check


def _one_fails() -> Fault:
    """One of the Business Centers asked for its catalogs answers with a refusal that no retry mends."""
    return Fault(path="catalog/get/", kind=FaultKind.CODE, code=40002, message="no", times=1)


def test_a_later_center_is_asked_too(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """A catalog in the second Business Center satisfies."""
    assert _catalog(demo, ask, **TWO)["status"] == "satisfied"
    second = tiktok.world.business_centers_of("u-manager")[1]
    assert second.id in {request.query["bc_id"] for request in tiktok.requests.to("catalog/get/")}


def test_a_failing_center_does_not_hide_a_good_one(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """Where one Business Center fails and another has a catalog, the prerequisite is satisfied."""
    for center in tiktok.world.business_centers_of("u-manager"):
        center.catalogs = [Catalog("1", "Feed")]
    tiktok.faults.add(_one_fails())
    assert _catalog(demo, ask, **TWO)["status"] == "satisfied"


def test_a_failing_center_among_empty_ones_is_unknown(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """Where one Business Center has none and the other fails, nobody can say that there is none."""
    for center in tiktok.world.business_centers.values():
        center.catalogs.clear()
    tiktok.faults.add(_one_fails())
    check = _catalog(demo, ask, **TWO)
    assert (check["status"], check["reason"]) == ("unknown", "upstream_error")


def test_a_dead_token_is_found_out_whatever_else_failed(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """One Business Center fails, and the other says that the token is dead: whichever of them was asked first."""
    tiktok.faults.add(_one_fails())
    tiktok.faults.add(Fault(path="catalog/get/", kind=FaultKind.CODE, code=40105))
    ask(demo, "publish", "u-manager", **TWO)
    assert demo.marks.tried == ["u-manager"]


def test_a_hanging_center_does_not_hold_up_a_good_one(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """Business Centers are asked side by side: the first catalog ends the wait for the others."""
    for center in tiktok.world.business_centers_of("u-manager"):
        center.catalogs = [Catalog("1", "Feed")]
    tiktok.faults.add(Fault(path="catalog/get/", kind=FaultKind.HANG, seconds=60, times=1))
    assert _catalog(demo, ask, **TWO, seconds=2.0)["status"] == "satisfied"


def test_centers_that_all_hang_are_unknown(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """The answer comes in time all the same."""
    tiktok.faults.add(Fault(path="catalog/get/", kind=FaultKind.HANG, seconds=60))
    check = _catalog(demo, ask, **TWO, seconds=1.0)
    assert (check["status"], check["reason"]) == ("unknown", "timeout")


def test_a_dozen_centers_are_asked_four_at_a_time(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """Nothing is asked beyond the group in which a catalog was found: TikTok's calls are the whole app's."""
    centers = tiktok.world.business_centers_of("u-agency")
    for center in centers:
        center.catalogs = []
    centers[4].catalogs = [Catalog("1", "Feed")]
    asked = {"advertiser_id": DemoAdvertiser.MANY_PAGES.value, "objective": "PRODUCT_SALES"}
    assert _catalog(demo, ask, "u-agency", **asked)["status"] == "satisfied"
    assert CENTERS_AT_ONCE < len(tiktok.requests.to("catalog/get/")) <= 2 * CENTERS_AT_ONCE


class TestHint:
    """The Business Center that had a catalog is asked first the next time."""

    @pytest.fixture(autouse=True)
    def hint(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """The manager's second Business Center had one; nothing of that look is still under way."""
        first, _ = tiktok.world.business_centers_of("u-manager")
        role = first.user_roles.pop("u-manager")
        assert _catalog(demo, ask, **TWO)["status"] == "satisfied"
        first.user_roles["u-manager"] = role
        tiktok.requests.clear()

    def test_it_spares_the_list_of_centers(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """One call instead of three, and what it says is today's."""
        assert _catalog(demo, ask, **TWO)["status"] == "satisfied"
        assert (len(tiktok.requests.to("bc/get/")), len(tiktok.requests.to("catalog/get/"))) == (0, 1)

    def test_a_catalog_that_is_gone_is_missing(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """The hint proves nothing: all Business Centers decide, each asked once."""
        for center in tiktok.world.business_centers.values():
            center.catalogs.clear()
        check = _catalog(demo, ask, **TWO)
        assert (check["status"], check["reason"]) == ("missing", "no_catalog")
        assert (len(tiktok.requests.to("bc/get/")), len(tiktok.requests.to("catalog/get/"))) == (1, 2)

    def test_a_catalog_that_has_moved_is_found(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """In another Business Center, which is the hint from then on."""
        first, second = tiktok.world.business_centers_of("u-manager")
        first.catalogs, second.catalogs = second.catalogs, []
        assert _catalog(demo, ask, **TWO)["status"] == "satisfied"
        tiktok.requests.clear()
        assert _catalog(demo, ask, **TWO)["status"] == "satisfied"
        assert [one.query["bc_id"] for one in tiktok.requests.to("catalog/get/")] == [first.id]

    def test_a_center_that_is_not_visible_any_more_says_nothing(
        self, demo: Product, ask: Ask, tiktok: Simulator
    ) -> None:
        """Neither its failure nor its emptiness: what is visible now decides."""
        first, second = tiktok.world.business_centers_of("u-manager")
        del second.user_roles["u-manager"]
        check = _catalog(demo, ask, **TWO)
        assert (check["status"], check["reason"], check["count"]) == ("missing", "no_catalog", 0)
        assert {one.query["bc_id"] for one in tiktok.requests.to("catalog/get/")} == {first.id, second.id}

    def test_a_failing_hint_that_is_still_visible_counts(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """What could not be read there is unknown."""
        tiktok.faults.add(Fault(path="catalog/get/", kind=FaultKind.CODE, code=40002, message="no"))
        check = _catalog(demo, ask, **TWO)
        assert (check["status"], check["reason"]) == ("unknown", "upstream_error")

    def test_a_failing_hint_is_asked_again_with_the_others(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """The first failure does not stand where the second look succeeds."""
        tiktok.faults.add(Fault(path="catalog/get/", kind=FaultKind.CODE, code=40002, message="no", times=1))
        assert _catalog(demo, ask, **TWO)["status"] == "satisfied"

    def test_a_hanging_hint_leaves_time_for_the_others(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """It is waited for a second, not as long as the request lasts."""
        first, _ = tiktok.world.business_centers_of("u-manager")
        first.catalogs = [Catalog("1", "Feed")]
        tiktok.faults.add(Fault(path="catalog/get/", kind=FaultKind.HANG, seconds=60, times=1))
        assert _catalog(demo, ask, **TWO, seconds=3.0)["status"] == "satisfied"
        assert len(tiktok.requests.to("bc/get/")) == 1

    def test_it_is_of_one_token(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """Another person's look is not led by it."""
        asked = {"advertiser_id": DemoAdvertiser.EVERYTHING_READY.value, "objective": "PRODUCT_SALES"}
        assert _catalog(demo, ask, "u-owner", **asked)["status"] == "satisfied"
        assert (len(tiktok.requests.to("bc/get/")), len(tiktok.requests.to("catalog/get/"))) == (1, 1)


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
