"""Catalogs are listed by Business Center: several, none visible, and some that fail."""

from typing import Any

import pytest

from local.tiktok_simulator import Catalog, DemoAdvertiser, Fault, FaultKind, Simulator
from publishing.preflight.prerequisites import CENTERS_AT_ONCE
from tests.support.invocations import Ask
from tests.support.product import Product

# The manager sees two Business Centers, of which only the second has a catalog.
TWO = {"advertiser_id": DemoAdvertiser.SECOND_BUSINESS_CENTER.value, "objective": "PRODUCT_SALES"}


def _catalog(demo: Product, ask: Ask, user_id: str = "u-manager", **query: Any) -> dict[str, Any]:
    body = ask(demo, "publish", user_id, **query).json
    check: dict[str, Any] = body["checks"][2]
    assert check["requirement"] == "catalog"
    return check


def _one_rejection() -> Fault:
    """Return a fault that rejects one call for catalogs; a rejection is not retried."""
    return Fault(path="catalog/get/", kind=FaultKind.CODE, code=40002, message="no", times=1)


def test_every_center_is_checked(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """A catalog in the second Business Center satisfies."""
    assert _catalog(demo, ask, **TWO)["status"] == "satisfied"
    second = tiktok.world.business_centers_of("u-manager")[1]
    assert second.id in {request.query["bc_id"] for request in tiktok.requests.to("catalog/get/")}


def test_a_failing_center_does_not_hide_a_catalog_of_another(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """If one Business Center fails and another has a catalog, the prerequisite is satisfied."""
    for center in tiktok.world.business_centers_of("u-manager"):
        center.catalogs = [Catalog("1", "Feed")]
    tiktok.faults.add(_one_rejection())
    assert _catalog(demo, ask, **TWO)["status"] == "satisfied"


def test_a_failing_center_among_empty_ones_is_unknown(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """If one Business Center has none and the other fails, the prerequisite is unknown."""
    for center in tiktok.world.business_centers.values():
        center.catalogs.clear()
    tiktok.faults.add(_one_rejection())
    check = _catalog(demo, ask, **TWO)
    assert (check["status"], check["reason"]) == ("unknown", "upstream_error")


def test_an_invalid_token_outranks_other_failures(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """The connection is marked although another Business Center's call failed for another reason."""
    tiktok.faults.add(_one_rejection())
    tiktok.faults.add(Fault(path="catalog/get/", kind=FaultKind.CODE, code=40105))
    ask(demo, "publish", "u-manager", **TWO)
    assert demo.connections.mark_attempts == ["u-manager"]


def test_a_hanging_center_does_not_delay_a_catalog_of_another(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """Business Centers are read concurrently: the first catalog ends the wait for the others."""
    for center in tiktok.world.business_centers_of("u-manager"):
        center.catalogs = [Catalog("1", "Feed")]
    tiktok.faults.add(Fault(path="catalog/get/", kind=FaultKind.HANG, seconds=60, times=1))
    assert _catalog(demo, ask, **TWO, seconds=2.0)["status"] == "satisfied"


def test_centers_that_all_hang_are_unknown(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """The response is in time, with a timeout as the reason."""
    tiktok.faults.add(Fault(path="catalog/get/", kind=FaultKind.HANG, seconds=60))
    check = _catalog(demo, ask, **TWO, seconds=1.0)
    assert (check["status"], check["reason"]) == ("unknown", "timeout")


def test_twelve_centers_are_read_four_at_a_time(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """No call follows the group in which a catalog was found: the whole app shares TikTok's rate limit."""
    centers = tiktok.world.business_centers_of("u-agency")
    for center in centers:
        center.catalogs = []
    centers[4].catalogs = [Catalog("1", "Feed")]
    query = {"advertiser_id": DemoAdvertiser.MANY_PAGES.value, "objective": "PRODUCT_SALES"}
    assert _catalog(demo, ask, "u-agency", **query)["status"] == "satisfied"
    assert CENTERS_AT_ONCE < len(tiktok.requests.to("catalog/get/")) <= 2 * CENTERS_AT_ONCE


class TestHint:
    """The Business Center that had a catalog is checked first the next time."""

    @pytest.fixture(autouse=True)
    def hint(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """Record the manager's second Business Center as the hint, without leaving a call running."""
        first, _ = tiktok.world.business_centers_of("u-manager")
        role = first.user_roles.pop("u-manager")
        assert _catalog(demo, ask, **TWO)["status"] == "satisfied"
        first.user_roles["u-manager"] = role
        tiktok.requests.clear()

    def test_it_saves_the_list_of_centers(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """One call replaces three and returns the current state."""
        assert _catalog(demo, ask, **TWO)["status"] == "satisfied"
        assert (len(tiktok.requests.to("bc/get/")), len(tiktok.requests.to("catalog/get/"))) == (0, 1)

    def test_a_deleted_catalog_is_missing(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """The hint proves nothing: all Business Centers are checked, each once."""
        for center in tiktok.world.business_centers.values():
            center.catalogs.clear()
        check = _catalog(demo, ask, **TWO)
        assert (check["status"], check["reason"]) == ("missing", "no_catalog")
        assert (len(tiktok.requests.to("bc/get/")), len(tiktok.requests.to("catalog/get/"))) == (1, 2)

    def test_a_moved_catalog_is_found(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """A catalog moved to another Business Center is found, and that one becomes the hint."""
        first, second = tiktok.world.business_centers_of("u-manager")
        first.catalogs, second.catalogs = second.catalogs, []
        assert _catalog(demo, ask, **TWO)["status"] == "satisfied"
        tiktok.requests.clear()
        assert _catalog(demo, ask, **TWO)["status"] == "satisfied"
        assert [one.query["bc_id"] for one in tiktok.requests.to("catalog/get/")] == [first.id]

    def test_a_center_that_is_no_longer_visible_is_ignored(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """Neither its failure nor its empty list counts; the visible Business Centers decide."""
        first, second = tiktok.world.business_centers_of("u-manager")
        del second.user_roles["u-manager"]
        check = _catalog(demo, ask, **TWO)
        assert (check["status"], check["reason"], check["count"]) == ("missing", "no_catalog", 0)
        assert {one.query["bc_id"] for one in tiktok.requests.to("catalog/get/")} == {first.id, second.id}

    def test_a_failing_hint_that_is_still_visible_counts(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """If the call of a visible hint fails, the prerequisite is unknown."""
        tiktok.faults.add(Fault(path="catalog/get/", kind=FaultKind.CODE, code=40002, message="no"))
        check = _catalog(demo, ask, **TWO)
        assert (check["status"], check["reason"]) == ("unknown", "upstream_error")

    def test_a_failing_hint_is_checked_again_with_the_others(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """The hint's first failure does not count if its second check succeeds."""
        tiktok.faults.add(Fault(path="catalog/get/", kind=FaultKind.CODE, code=40002, message="no", times=1))
        assert _catalog(demo, ask, **TWO)["status"] == "satisfied"

    def test_a_hanging_hint_leaves_time_for_the_others(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """The hint gets one second, not the whole time of the request."""
        first, _ = tiktok.world.business_centers_of("u-manager")
        first.catalogs = [Catalog("1", "Feed")]
        tiktok.faults.add(Fault(path="catalog/get/", kind=FaultKind.HANG, seconds=60, times=1))
        assert _catalog(demo, ask, **TWO, seconds=3.0)["status"] == "satisfied"
        assert len(tiktok.requests.to("bc/get/")) == 1

    def test_it_applies_to_one_token(self, demo: Product, ask: Ask, tiktok: Simulator) -> None:
        """Another person's check does not use it."""
        query = {"advertiser_id": DemoAdvertiser.EVERYTHING_READY.value, "objective": "PRODUCT_SALES"}
        assert _catalog(demo, ask, "u-owner", **query)["status"] == "satisfied"
        assert (len(tiktok.requests.to("bc/get/")), len(tiktok.requests.to("catalog/get/"))) == (1, 1)


def test_if_no_center_has_a_catalog_it_is_missing(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """If every Business Center answers and none has a catalog, it is missing."""
    for center in tiktok.world.business_centers.values():
        center.catalogs.clear()
    check = _catalog(demo, ask, **TWO)
    assert (check["status"], check["reason"], check["count"]) == ("missing", "no_catalog", 0)


def test_without_a_visible_center_it_is_unknown(demo: Product, ask: Ask) -> None:
    """If the token sees no Business Center, the catalog is unknown, and the message says why."""
    query = {"advertiser_id": DemoAdvertiser.NO_BUSINESS_CENTER.value, "objective": "PRODUCT_SALES"}
    check = _catalog(demo, ask, "u-freelancer", **query)
    assert (check["status"], check["reason"]) == ("unknown", "no_business_center")
    assert "no Business Center" in check["message"]
