"""The publish check through its real handler, for every demo advertiser and every objective."""

from typing import Any, NamedTuple

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator
from local.tiktok_simulator.world import Pixel
from tests.support.invocations import Ask, Received
from tests.support.product import Product, product
from tiktok_business.models import IdentityType
from tiktok_business.transport import Transport

A = DemoAdvertiser
T = DemoToken
OBJECTIVES = ("TRAFFIC", "WEB_CONVERSIONS", "PRODUCT_SALES", "APP_PROMOTION", "LEAD_GENERATION")


class Row(NamedTuple):
    """The verdict of each objective for an advertiser: ``ready``, ``-missing``, ``?unknown``, ``~at risk``."""

    advertiser: DemoAdvertiser
    token: DemoToken
    traffic: str = "ready"
    web_conversions: str = "ready"
    product_sales: str = "ready"
    app_promotion: str = "ready"
    lead_generation: str = "ready"
    warnings: tuple[str, ...] = ()


GONE = ("?identity", "?identity ?pixel", "?identity ?catalog", "?identity ?app", "?identity ?leadForm")
RISK = ("ready ~identity", "ready ~identity", "-catalog ~identity", "ready ~identity", "ready ~identity")
NO_IDENTITY = ("-identity", "-identity", "-identity -catalog", "-identity", "-identity")
NOTHING = ("-identity", "-identity -pixel", "-identity -catalog", "-identity -app", "-identity -leadForm")
NO_CATALOG = ("ready", "ready", "-catalog", "ready", "ready")
# fmt: off
TABLE = (
    #   advertiser                token              TRAFFIC  WEB_CONVERSIONS PRODUCT_SALES APP_PROMOTION LEAD_GEN…
    Row(A.EVERYTHING_READY,       T.OWNER),
    Row(A.NOTHING,                T.MEDIA_BUYER,     *NOTHING),
    Row(A.CUSTOM_RESTRICTED,      T.MEDIA_BUYER,     *RISK, ("custom_identity_restricted",)),
    Row(A.CUSTOM_ALLOWED,         T.MEDIA_BUYER,     *NO_CATALOG),
    Row(A.CUSTOM_UNCERTAIN,       T.MEDIA_BUYER,     *NO_CATALOG, ("custom_identity_unverified",)),
    Row(A.UNBOUND_PIXELS,         T.MEDIA_BUYER,     "ready", "-pixel",       "-catalog",    "ready",      "ready"),
    Row(A.QUIET_PIXEL,            T.MEDIA_BUYER,     *NO_CATALOG),
    Row(A.SECOND_BUSINESS_CENTER, T.MANAGER),
    Row(A.CATALOG_NOT_ELIGIBLE,   T.CATALOG_OPERATOR, *NO_CATALOG),
    Row(A.NO_BUSINESS_CENTER,     T.FREELANCER,      "ready", "ready",        "?catalog",    "ready",      "ready"),
    Row(A.DRAFT_FORMS,            T.MEDIA_BUYER,     "ready", "ready",        "-catalog",    "ready",      "-leadForm"),
    Row(A.LIBRARY_FORM,           T.MANAGER),
    Row(A.LEAD_TERMS_UNSIGNED,    T.MEDIA_BUYER,     *NO_CATALOG),
    Row(A.SUSPENDED,              T.OWNER,           warnings=("account_not_enabled",)),
    Row(A.UNAVAILABLE_TT_USER,    T.MEDIA_BUYER,     *NO_IDENTITY),
    Row(A.GPPPA,                  T.MEDIA_BUYER,     *NO_IDENTITY),
    Row(A.BC_IDENTITY_ONLY,       T.MEDIA_BUYER,     *NO_IDENTITY, ("other_identity_types",)),
    Row(A.LINKED_BY_OWNER,        T.OWNER),
    Row(A.LINKED_BY_OWNER,        T.MANAGER),
    Row(A.MANY_PAGES,             T.AGENCY),
    Row(A.DELETED,                T.OWNER,           *GONE),
    Row(A.FOREIGN,                T.FOREIGN_TEAM),
    Row(A.EVERYTHING_READY,       T.NARROW_SCOPE,    "ready", "?pixel",       "ready",       "ready",      "ready"),
)
# fmt: on
ONLY_FOR = {
    (A.QUIET_PIXEL, "WEB_CONVERSIONS"): ["pixel_no_recent_activity"],
    (A.NOTHING, "LEAD_GENERATION"): ["lead_terms_unsigned"],
    (A.LEAD_TERMS_UNSIGNED, "LEAD_GENERATION"): ["lead_terms_unsigned"],
}
"""Warnings that an advertiser has for one objective only."""


def verdict_of(response: Received) -> str:
    """Return the verdict in the notation of the table."""
    body = response.json
    words = [f"{mark}{one}" for mark, key in (("-", "missing"), ("?", "unknown")) for one in body[key]]
    return " ".join((["ready"] if body["ready"] else words) + [f"~{one}" for one in body["at_risk"]])


def check_of(response: Received, requirement: str) -> Any:
    return next(one for one in response.json["checks"] if one["requirement"] == requirement)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.advertiser.name}-{row.token.name}")
def test_every_demo_advertiser_gets_the_verdict_of_the_table(demo: Product, ask: Ask, row: Row) -> None:
    """Each advertiser and objective gets the expected verdict and warnings."""
    for objective, expected in zip(OBJECTIVES, row[2:7], strict=True):
        response = ask(demo, "publish", row.token.user, advertiser_id=row.advertiser, objective=objective)
        assert (objective, response.status, verdict_of(response)) == (objective, 200, expected)
        codes = [one["code"] for one in response.json["warnings"]]
        assert codes == [*row.warnings, *ONLY_FOR.get((row.advertiser, objective), [])]


def test_a_library_form_of_another_ad_account_does_not_count(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """TikTok lists every library that the person sees; a form of one ad account does not make another ready."""
    tiktok.world.advertisers[A.LINKED_BY_OWNER].pages.clear()
    user = T.MANAGER.user
    response = ask(demo, "publish", user, advertiser_id=A.LINKED_BY_OWNER, objective="LEAD_GENERATION")
    assert (response.json["ready"], response.json["missing"]) == (False, ["leadForm"])
    assert ask(demo, "publish", user, advertiser_id=A.LIBRARY_FORM, objective="LEAD_GENERATION").json["ready"]


def test_count_counts_all_rows_of_every_page_read(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Rows after the first usable one of its page count too, and all usable ones are among the first assets."""
    unbound = [Pixel(str(number), "Old", relation_status="UNBOUND") for number in range(7)]
    tiktok.world.advertisers[A.EVERYTHING_READY].pixels = [*unbound, Pixel("8", "Shop"), Pixel("9", "Blog")]
    response = ask(demo, "publish", advertiser_id=A.EVERYTHING_READY, objective="WEB_CONVERSIONS").json
    pixel = response["checks"][1]
    assert (pixel["status"], pixel["count"], len(pixel["assets"])) == ("satisfied", 9, 5)
    assert [one["id"] for one in pixel["assets"][:2]] == ["8", "9"]


def test_a_response_has_every_field_of_the_contract(demo: Product, ask: Ask) -> None:
    """The response equals the contract's example as far as the demo world allows."""
    response = ask(demo, "publish", "u-buyer", advertiser_id=A.UNBOUND_PIXELS, objective=" web_conversions ").json
    assert response.pop("checked_at").endswith("Z")
    checks = response.pop("checks")
    identity = response.pop("identity")
    assert (identity["identity_type"], identity["display_name"]) == ("TT_USER", "Demo account 1")
    assert response == {
        "advertiser_id": A.UNBOUND_PIXELS,
        "advertiser_id_source": "query",
        "token": {"source": "own", "user_id": "u-buyer"},
        "ready": False,
        "missing": ["pixel"],
        "unknown": [],
        "at_risk": [],
        "reason": None,
        "detail": None,
        "objective": "WEB_CONVERSIONS",
        "warnings": [],
    }
    assert [one["requirement"] for one in checks] == ["identity", "pixel", "catalog", "app", "leadForm"]
    assert checks[1]["reason"] == "pixel_unbound"
    assert checks[1]["fix"]["who"] == "advertiser_admin"
    assert [one["why_not"] for one in checks[1]["assets"]] == [["unbound"], ["unbound"]]
    assert checks[2:] == [{"requirement": one, "status": "not_required"} for one in ("catalog", "app", "leadForm")]


def test_at_most_five_assets_are_shown_usable_first_and_all_are_counted(demo: Product, ask: Ask) -> None:
    """Of 45 pixels five are shown; the only usable one, which TikTok lists last, comes first."""
    pixel = check_of(ask(demo, "publish", "u-agency", advertiser_id=A.MANY_PAGES, objective="WEB_CONVERSIONS"), "pixel")
    assert pixel["count"] == 45
    assert [one["usable"] for one in pixel["assets"]] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("advertiser", "expected", "reason", "identity_reason"),
    [
        (A.CUSTOM_RESTRICTED, "-identity", "no_tt_user", "custom_identity_restricted"),
        (A.CUSTOM_ALLOWED, "ready", None, "custom_identity_only"),
        (A.CUSTOM_UNCERTAIN, "?identity", "api_error", "unexpected_response"),
        (A.UNBOUND_PIXELS, "ready", None, None),
    ],
)
def test_strict_counts_a_custom_identity_only_if_tiktok_allows_it(
    demo: Product, ask: Ask, advertiser: str, expected: str, reason: str | None, identity_reason: str | None
) -> None:
    """With strict=true a restricted custom identity is missing, an unreadable flag unknown, a TT_USER unchanged."""
    response = ask(demo, "publish", "u-buyer", advertiser_id=advertiser, objective="TRAFFIC", strict="true")
    assert (verdict_of(response), response.json["reason"]) == (expected, reason)
    assert check_of(response, "identity")["reason"] == identity_reason
    assert (response.json["identity"] is None) == (expected != "ready")


def test_a_flag_that_cannot_be_read_makes_a_strict_identity_unknown(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """With strict=true an unreadable flag makes the identity unknown, neither ready nor missing."""
    tiktok.faults.add(Fault(path="advertiser/info/", kind=FaultKind.HTTP_STATUS, status=500))
    query = {"advertiser_id": A.CUSTOM_ALLOWED, "objective": "TRAFFIC"}
    assert verdict_of(ask(demo, "publish", "u-buyer", **query)) == "ready"
    strict = ask(demo, "publish", "u-buyer", **query, strict="true")
    assert (verdict_of(strict), strict.json["detail"]) == ("?identity", "upstream_error")


def test_nothing_connected_is_no_token(demo: Product, ask: Ask) -> None:
    """The identity counts as missing, the objective's other prerequisites as unknown, and no token is named."""
    demo.person("u-trainee", "mediabuyer")
    response = ask(demo, "publish", "u-trainee", advertiser_id=A.EVERYTHING_READY, objective="WEB_CONVERSIONS")
    assert (response.status, verdict_of(response)) == (200, "-identity ?pixel")
    assert (response.json["reason"], response.json["detail"], response.json["token"]) == ("no_token", None, None)
    assert {one["fix"]["action"] for one in response.json["checks"] if one.get("fix")} == {"connect_tiktok"}
    assert response.json["advertiser_id"] == A.EVERYTHING_READY


@pytest.mark.parametrize(
    ("person", "source", "action"), [("u-buyer", "own", "create_identity"), ("u-owner", "teammate", "open_url")]
)
def test_creating_is_offered_only_with_the_callers_own_token(
    demo: Product, ask: Ask, person: str, source: str, action: str
) -> None:
    """Writes never borrow, so the fix offers creating only to the person whose own token answered."""
    response = ask(demo, "publish", person, advertiser_id=A.NOTHING, objective="TRAFFIC")
    assert response.json["token"] == {"source": source, "user_id": "u-buyer"}
    assert check_of(response, "identity")["fix"]["action"] == action


def test_a_connection_without_advertisers_is_no_advertiser(demo: Product, ask: Ask, tiktok: Simulator) -> None:
    """Without an advertiser in query and connection the detail is no_advertiser, and TikTok is not called."""
    response = ask(demo, "publish", "u-newcomer", objective="TRAFFIC")
    assert (response.json["reason"], response.json["detail"]) == ("no_token", "no_advertiser")
    assert (response.json["advertiser_id"], response.json["advertiser_id_source"]) == (None, None)
    assert len(tiktok.requests) == 0


def test_an_advertiser_that_no_connection_has_is_rejected_without_a_call(
    demo: Product, ask: Ask, tiktok: Simulator
) -> None:
    """The response is 403 advertiser_not_accessible, and TikTok is not called."""
    response = ask(demo, "publish", "u-buyer", advertiser_id=A.FOREIGN, objective="TRAFFIC")
    assert (response.status, response.json["code"]) == (403, "advertiser_not_accessible")
    assert len(tiktok.requests) == 0


def test_without_an_advertiser_the_first_of_the_token_is_checked(demo: Product, ask: Ask) -> None:
    """The first advertiser of the caller's active token is checked and named."""
    response = ask(demo, "publish", "u-manager", objective="PRODUCT_SALES")
    assert response.json["advertiser_id"] == A.SECOND_BUSINESS_CENTER
    assert response.json["advertiser_id_source"] == "first_of_active_token"


@pytest.mark.parametrize(
    ("accepted", "identity_type"),
    [
        ((IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER), "TT_USER"),
        ((IdentityType.CUSTOMIZED_USER, IdentityType.TT_USER), "CUSTOMIZED_USER"),
        ((IdentityType.CUSTOMIZED_USER,), "CUSTOMIZED_USER"),
    ],
)
def test_the_preferred_accepted_identity_type_is_used(
    transport: Transport, ask: Ask, accepted: tuple[IdentityType, ...], identity_type: str
) -> None:
    """AcceptedIdentityTypes decides which identities count, and in which order of preference."""
    configured = product(transport, accepted)
    configured.person("u-owner", "owner", T.OWNER, [A.EVERYTHING_READY])
    response = ask(configured, "publish", objective="TRAFFIC")
    assert (verdict_of(response), response.json["identity"]["identity_type"]) == ("ready", identity_type)


def test_an_identity_type_that_is_not_accepted_does_not_count(transport: Transport, ask: Ask) -> None:
    """If only TT_USER is accepted, a custom identity does not count, and the fix is to link an account."""
    configured = product(transport, (IdentityType.TT_USER,))
    configured.person("u-buyer", "mediabuyer", T.MEDIA_BUYER, [A.CUSTOM_ALLOWED])
    response = ask(configured, "publish", "u-buyer", objective="TRAFFIC")
    identity = check_of(response, "identity")
    assert (verdict_of(response), identity["reason"], identity["fix"]["label"]) == (
        "-identity",
        "no_tt_user",
        "Link a TikTok account",
    )


@pytest.mark.parametrize(("strict", "identity_type"), [("false", "CUSTOMIZED_USER"), ("true", "TT_USER")])
def test_strict_falls_back_to_a_tt_user_if_the_preferred_custom_identity_is_restricted(
    tiktok: Simulator, transport: Transport, ask: Ask, strict: str, identity_type: str
) -> None:
    """An advertiser with a usable TT_USER is ready although the preferred custom identity is restricted."""
    tiktok.world.advertisers[A.EVERYTHING_READY].can_use_custom_identity = False
    accepted = (IdentityType.CUSTOMIZED_USER, IdentityType.TT_USER)
    configured = product(transport, accepted)
    configured.person("u-owner", "owner", T.OWNER, [A.EVERYTHING_READY])
    response = ask(configured, "publish", objective="TRAFFIC", strict=strict)
    assert response.json["ready"]
    assert response.json["identity"]["identity_type"] == identity_type
