"""The publish check of an ad of which more was said, through its real handler, at the simulated TikTok."""

from dataclasses import replace
from typing import Any

import pytest

from local.tiktok_simulator import App, Catalog, DemoAdvertiser, DemoToken, Fault, FaultKind, Identity, Page, Simulator
from local.tiktok_simulator.world import Pixel
from tests.support.invocations import Ask, Received
from tests.support.patience import FOREVER
from tests.support.product import Product, product
from tiktok_business.models import IdentityType
from tiktok_business.transport import Transport

READY, MANY = DemoAdvertiser.EVERYTHING_READY, DemoAdvertiser.MANY_PAGES
BC = IdentityType.BC_AUTH_TT


def state_of(response: Received, requirement: str) -> tuple[str, str | None]:
    assert response.status == 200
    (check,) = [one for one in response.json["checks"] if one["requirement"] == requirement]
    return check["status"], check.get("reason")


def codes(response: Received) -> tuple[bool | None, list[str], list[str]]:
    body = response.json
    return body["publishable"], [one["code"] for one in body["blockers"]], [one["code"] for one in body["risks"]]


def calls(tiktok: Simulator) -> set[str]:
    return {one.path for one in tiktok.requests}


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ({"objective": "LEAD_GENERATION", "destination": "website"}, set()),
        ({"objective": "LEAD_GENERATION", "destination": "INSTANT_FORM"}, {"page/get/", "term/check/"}),
        ({"objective": "WEB_CONVERSIONS", "destination": " App "}, {"app/list/"}),
        ({"objective": "PRODUCT_SALES", "destination": "TIKTOK_SHOP"}, set()),
        ({"objective": "REACH", "countries": "it, DE"}, {"tool/region/"}),
        ({"objective": "LEAD_GENERATION", "destination": "WEBSITE", "optimization_event": "SHOPPING"}, {"pixel/list/"}),
    ],
)
def test_only_what_the_ad_needs_is_asked(
    tiktok: Simulator, demo: Product, ask: Ask, query: dict[str, str], paths: set[str]
) -> None:
    """Beside account, verification and identity, TikTok is asked for the ad's own prerequisites alone."""
    response = ask(demo, "publish", advertiser_id=READY, **query)
    assert response.json["ready"]
    assert calls(tiktok) == {"account/verification/status/", "advertiser/info/", "identity/get/", *paths}


@pytest.mark.parametrize(
    ("parameter", "requirement", "listed", "path"),
    [
        ("pixel_id", "pixel", lambda w: w.advertisers[MANY].pixels, "pixel/list/"),
        ("app_id", "app", lambda w: w.advertisers[MANY].apps, "app/list/"),
        ("page_id", "leadForm", lambda w: w.advertisers[MANY].pages, "page/get/"),
        ("catalog_id", "catalog", lambda w: w.business_centers["7200000000000000112"].catalogs, "catalog/get/"),
        ("identity_id", "identity", lambda w: w.advertisers[MANY].identities, "identity/get/"),
    ],
)
def test_a_chosen_asset_is_checked_by_its_id(
    tiktok: Simulator, demo: Product, ask: Ask, parameter: str, requirement: str, listed: Any, path: str
) -> None:
    """On any page: usable satisfies; not listed is missing; in a listing that fails, unknown. For any objective."""

    def chosen(id_: str, **more: str) -> Received:
        return ask(demo, "publish", "u-agency", advertiser_id=MANY, objective="REACH", **{parameter: id_}, **more)

    for number, row in enumerate(listed(tiktok.world)):
        usable = getattr(row, "ad_creation_eligible", "AVAILABLE") == "AVAILABLE"
        usable = usable and getattr(row, "status", "PUBLISHED") == "PUBLISHED"
        usable = usable and getattr(row, "available_status", "AVAILABLE") == "AVAILABLE"
        usable = usable and getattr(row, "relation_status", None) is None
        if number % 20 and not usable:
            continue  # a few of many unusable ones suffice
        response = chosen(row.id)
        assert state_of(response, requirement)[0] == ("satisfied" if usable else "missing")
        (check,) = [one for one in response.json["checks"] if one["requirement"] == requirement]
        assert check["assets"][0]["id"] == row.id
    absent = chosen("9999999999")
    assert state_of(absent, requirement) == ("missing", "chosen_not_found")
    assert requirement in absent.json["missing"]
    tiktok.faults.add(Fault(path=path, kind=FaultKind.HTTP_STATUS, status=500))
    assert state_of(chosen("9999999999"), requirement) == ("unknown", "upstream_error")


@pytest.mark.parametrize(
    ("parameter", "requirement", "reason"),
    [
        ("pixel_id", "pixel", "pixel_unbound"),
        ("catalog_id", "catalog", "catalog_not_eligible"),
        ("page_id", "leadForm", "lead_form_not_published"),
        ("identity_id", "identity", "tt_user_unavailable"),
    ],
)
def test_an_unusable_chosen_asset_has_the_reason_of_its_kind(
    tiktok: Simulator, demo: Product, ask: Ask, parameter: str, requirement: str, reason: str
) -> None:
    """That the advertiser has usable ones beside it does not help, and they are shown after it."""
    advertiser = tiktok.world.advertisers[READY]
    advertiser.pixels.append(Pixel("8", "Old", relation_status="UNBOUND"))
    advertiser.pages.append(Page("8", "Draft", "EDITED"))
    tiktok.world.business_centers["7200000000000000001"].catalogs.append(Catalog("8", "Empty", "NOT_AVAILABLE"))
    advertiser.identities.append(
        Identity("8", "TT_USER", "Private", linked_by=("u-owner",), available_status="IS_PRIVATE_ACCOUNT")
    )
    response = ask(demo, "publish", advertiser_id=READY, objective="REACH", **{parameter: "8"})
    assert state_of(response, requirement) == ("missing", reason)
    assert (response.json["publishable"], response.json["missing"]) == (False, [requirement])


def test_an_identity_of_another_type_is_not_accepted(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """It exists, and the deployment does not accept its type: that is no absence."""
    tiktok.world.advertisers[READY].identities.append(Identity("bc-1", BC, "Shared", authorized_bc_id="72"))
    response = ask(demo, "publish", advertiser_id=READY, objective="REACH", identity_id="bc-1")
    assert state_of(response, "identity") == ("missing", "identity_type_not_accepted")


def test_agencies_accept_identities_of_business_centers(tiktok: Simulator, transport: Transport, ask: Ask) -> None:
    """Where BC_AUTH_TT is accepted, such an identity satisfies a plain check, messages and a draft that names it."""
    tiktok.world.advertisers[READY].identities[:] = [Identity("bc-1", BC, "Shared", authorized_bc_id="72")]
    configured = product(transport, (IdentityType.TT_USER, BC))
    configured.person("u-owner", "owner", DemoToken.OWNER, [READY])
    for query in (
        {"objective": "REACH"},
        {"objective": "REACH", "identity_id": "bc-1"},
        {"objective": "LEAD_GENERATION", "destination": "TIKTOK_MESSAGE"},
    ):
        response = ask(configured, "publish", **query)
        assert (response.json["ready"], response.json["identity"]["identity_type"]) == (True, "BC_AUTH_TT")


def test_a_chosen_identity_that_a_failing_listing_hides_is_unknown(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The listing of all types fails: an identity that a typed one has is found, any other one is unknown."""
    tiktok.faults.add(Fault(path="identity/get/", kind=FaultKind.HTTP_STATUS, status=400, times=1))
    (known, *_) = [one.id for one in tiktok.world.advertisers[READY].identities]
    found = ask(demo, "publish", advertiser_id=READY, objective="REACH", identity_id=known)
    assert state_of(found, "identity")[0] == "satisfied"


def test_a_chosen_identity_is_missing_only_if_the_typed_listings_say_so_too(
    tiktok: Simulator, demo: Product, ask: Ask
) -> None:
    """The listing of all types has unreliable counts: if the listing of a type fails, nothing is known."""
    tiktok.faults.add(Fault(path="identity/get/", kind=FaultKind.CODE, code=40002, message="no", skip=1, times=1))
    response = ask(demo, "publish", advertiser_id=READY, objective="REACH", identity_id="nobody")
    assert state_of(response, "identity") == ("unknown", "upstream_error")


def test_the_page_of_another_objective_is_any_instant_page(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """A traffic ad may lead to an instant page; a lead ad needs a lead form, of a library too."""
    tiktok.world.advertisers[READY].pages.append(Page("8", "Landing", business_type="TIKTOK_INSTANT_PAGE"))
    traffic, leads = (
        ask(demo, "publish", advertiser_id=READY, objective=one, page_id="8") for one in ("TRAFFIC", "LEAD_GENERATION")
    )
    assert state_of(traffic, "leadForm") == ("satisfied", None)
    assert state_of(leads, "leadForm") == ("missing", "chosen_not_found")
    library = DemoAdvertiser.LIBRARY_FORM
    centers = tiktok.world.business_centers_of("u-manager")
    (form,) = [page for one in centers if one.library for page in one.library.pages]
    found = ask(demo, "publish", "u-manager", advertiser_id=library, objective="LEAD_GENERATION", page_id=form.id)
    assert state_of(found, "leadForm") == ("satisfied", None)


def test_the_chosen_catalog_is_shown_first_wherever_it_is(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """It is in the second of two Business Centers; those of the first are not taken for it."""
    first, second = tiktok.world.business_centers_of("u-manager")
    first.catalogs[:] = [Catalog("1", "Other")]
    second.catalogs[:] = [Catalog("2", "Another"), Catalog("3", "Chosen")]
    response = ask(
        demo, "publish", "u-manager", advertiser_id=DemoAdvertiser.LIBRARY_FORM, objective="REACH", catalog_id="3"
    )
    assert state_of(response, "catalog") == ("satisfied", None)
    assert response.json["checks"][2]["assets"][0]["id"] == "3"


def test_messages_need_an_account_that_has_them(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """A custom identity does not count, nor an account of which TikTok says that it has no messages."""
    query = {"advertiser_id": READY, "objective": "LEAD_GENERATION", "destination": "TIKTOK_MESSAGE"}
    assert ask(demo, "publish", **query).json["identity"]["identity_type"] == "TT_USER"
    identities = tiktok.world.advertisers[READY].identities
    identities[:] = [replace(one, can_manage_message=False) for one in identities]
    assert state_of(ask(demo, "publish", **query), "identity") == ("missing", "account_cannot_message")
    identities[:] = [one for one in identities if one.identity_type == "CUSTOMIZED_USER"]
    assert state_of(ask(demo, "publish", **query), "identity") == ("missing", "no_tt_user")
    assert "advertiser/info/" in calls(tiktok)


def test_the_pixel_must_have_the_event(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Without it the pixel is at risk and the ad ready, with strict missing; any usable pixel with it will do."""
    query = {"advertiser_id": READY, "objective": "WEB_CONVERSIONS", "optimization_event": "FORM"}
    lacking, strict = (ask(demo, "publish", **query, strict=one) for one in ("false", "true"))
    assert (lacking.json["ready"], lacking.json["at_risk"]) == (True, ["pixel"])
    assert state_of(lacking, "pixel") == ("satisfied", "pixel_event_missing")
    assert state_of(strict, "pixel") == ("missing", "pixel_event_missing")
    old = [Pixel(str(number), "Old") for number in range(100, 130)]
    tiktok.world.advertisers[READY].pixels[:] = [*old, Pixel("8", "Forms", events=("SubmitForm",))]
    assert ask(demo, "publish", **query).json["at_risk"] == []
    assert ask(demo, "publish", **query, pixel_id="100").json["at_risk"] == ["pixel"]
    assert ask(demo, "publish", **query, pixel_id="8").json["at_risk"] == []


def test_a_country_that_the_account_may_not_target_is_a_blocker(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """TikTok is asked for the objective's current name, and one blocker names the countries."""
    query = {"advertiser_id": READY, "objective": "CONVERSIONS", "countries": "it,jp,kr"}
    response = ask(demo, "publish", **query)
    assert codes(response) == (False, ["country_not_available"], [])
    assert "JP, KR" in response.json["blockers"][0]["message"]
    (region,) = tiktok.requests.to("tool/region/")
    assert (region.query["objective_type"], region.query["placements"]) == ("WEB_CONVERSIONS", '["PLACEMENT_TIKTOK"]')
    assert response.json["ready"]


def test_account_facts_are_blockers_and_risks(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """A suspended account publishes nothing though it is ready; a failed verification is a risk."""
    suspended = ask(demo, "publish", advertiser_id=DemoAdvertiser.SUSPENDED, objective="TRAFFIC")
    assert suspended.json["ready"]
    assert codes(suspended)[:2] == (False, ["account_not_enabled"])
    assert suspended.json["blockers"][0]["fix"]["who"] == "advertiser_admin"
    tiktok.world.advertisers[READY].verification_status = "FAILED"
    assert "verification_incomplete" in codes(ask(demo, "publish", advertiser_id=READY, objective="TRAFFIC"))[2]
    unsigned = DemoAdvertiser.LEAD_TERMS_UNSIGNED
    leads = ask(demo, "publish", "u-buyer", advertiser_id=unsigned, objective="LEAD_GENERATION")
    assert codes(leads)[:2] == (False, ["lead_terms_unsigned"])


@pytest.mark.parametrize(
    ("path", "publishable"),
    [("advertiser/info/", None), ("term/check/", None), ("tool/region/", None), ("account/verification/status/", True)],
)
@pytest.mark.parametrize("kind", [FaultKind.NON_JSON, FaultKind.HANG])
def test_a_failing_account_call_changes_publishable_alone(
    tiktok: Simulator, demo: Product, ask: Ask, path: str, kind: FaultKind, *, publishable: bool | None
) -> None:
    """Where a blocker could hide publishable is null; the verdict is the same, and the gap is named."""
    hangs = kind is FaultKind.HANG
    tiktok.faults.add(Fault(path=path, kind=kind, seconds=FOREVER) if hangs else Fault(path=path, kind=kind))
    query = {"advertiser_id": READY, "objective": "LEAD_GENERATION", "countries": "IT", "campaign_type": "SMART_PLUS"}
    response = ask(demo, "publish", **query).json
    assert (response["ready"], response["unknown"], response["publishable"]) == (True, [], publishable)
    assert len(response["not_checked"]) == 2


def test_a_retired_objective_and_the_shop_are_policies(demo: Product, ask: Ask) -> None:
    """Both have been in force for long: one is a risk, the other blocks, and both name their policy."""
    shop = ask(
        demo,
        "publish",
        advertiser_id=READY,
        objective="PRODUCT_SALES",
        destination="TIKTOK_SHOP",
        campaign_type="MANUAL",
    )
    assert shop.json["publishable"] is False
    (blocker,) = [one for one in shop.json["blockers"] if one["code"] == "gmv_max_only"]
    assert blocker["policy"] == {
        "id": "gmv_max_only",
        "effective_at": "2025-07-01T00:00:00Z",
        "source": "TikTok, About GMV Max",
        "certainty": "documented",
    }
    older = ask(demo, "publish", advertiser_id=READY, objective="CATALOG_SALES")
    assert "objective_retired" in codes(older)[2]


def test_a_chosen_asset_leaves_the_snapshot_alone(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """That a draft names a pixel that does not exist is no news about the advertiser."""
    tiktok.world.advertisers[READY].apps[:] = [App("8", "Shop")]
    ask(demo, "publish", advertiser_id=READY, objective="WEB_CONVERSIONS", pixel_id="99", app_id="8")
    record = demo.records.read("northlight", READY)
    assert record is not None
    assert {one: state.satisfied for one, state in record.snapshot.known.items()} == {"identity": True, "app": True}
