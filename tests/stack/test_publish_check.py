"""Contract §5, GET /publish-check: the verdict of each case."""

from dataclasses import dataclass, field

import pytest

from local.demo.teams import MANAGER, MEDIA_BUYER, OWNER, OWNER_WITHOUT_CONNECTION, PEOPLE, TRAINEE, Person
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator
from publishing.preflight.objectives import OBJECTIVES
from tests.support.stack import Api, problem

PERSON = {person.token: person for person in PEOPLE if person.token}
ORDER = ["identity", "pixel", "catalog", "app", "leadForm"]


@dataclass(frozen=True)
class Case:
    """The expected verdict of one person, advertiser and objective."""

    token: DemoToken
    advertiser: DemoAdvertiser
    objective: str
    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    at_risk: list[str] = field(default_factory=list)
    reason: str | None = None
    warnings: list[str] = field(default_factory=list)


A, T = DemoAdvertiser, DemoToken
CASES = [
    *(Case(T.OWNER, A.EVERYTHING_READY, objective) for objective in OBJECTIVES),
    Case(T.OWNER, A.SUSPENDED, "REACH", warnings=["account_not_enabled"]),
    Case(T.MEDIA_BUYER, A.NOTHING, "TRAFFIC", missing=["identity"], reason="no_tt_user"),
    Case(T.MEDIA_BUYER, A.NOTHING, "WEB_CONVERSIONS", missing=["identity", "pixel"], reason="no_tt_user"),
    Case(T.MEDIA_BUYER, A.NOTHING, "SHOP_PURCHASES", missing=["identity", "catalog"], reason="no_tt_user"),
    Case(T.MEDIA_BUYER, A.NOTHING, "APP_INSTALL", missing=["identity", "app"], reason="no_tt_user"),
    Case(
        T.MEDIA_BUYER,
        A.NOTHING,
        "LEAD_GENERATION",
        missing=["identity", "leadForm"],
        reason="no_tt_user",
        warnings=["lead_terms_unsigned"],
    ),
    Case(T.MEDIA_BUYER, A.CUSTOM_RESTRICTED, "REACH", at_risk=["identity"], warnings=["custom_identity_restricted"]),
    Case(T.MEDIA_BUYER, A.CUSTOM_ALLOWED, "REACH"),
    Case(T.MEDIA_BUYER, A.CUSTOM_UNCERTAIN, "REACH", warnings=["custom_identity_unverified"]),
    Case(T.MEDIA_BUYER, A.UNBOUND_PIXELS, "CONVERSIONS", missing=["pixel"]),
    Case(T.MEDIA_BUYER, A.QUIET_PIXEL, "WEB_CONVERSIONS", warnings=["pixel_no_recent_activity"]),
    Case(T.MANAGER, A.SECOND_BUSINESS_CENTER, "PRODUCT_SALES"),
    Case(T.CATALOG_OPERATOR, A.CATALOG_NOT_ELIGIBLE, "CATALOG_SALES", missing=["catalog"]),
    Case(T.FREELANCER, A.NO_BUSINESS_CENTER, "PRODUCT_SALES", unknown=["catalog"], reason="api_error"),
    Case(T.MEDIA_BUYER, A.DRAFT_FORMS, "LEAD_GENERATION", missing=["leadForm"]),
    Case(T.MANAGER, A.LIBRARY_FORM, "LEAD_GENERATION"),
    Case(T.MEDIA_BUYER, A.LEAD_TERMS_UNSIGNED, "LEAD_GENERATION", warnings=["lead_terms_unsigned"]),
    Case(T.MEDIA_BUYER, A.UNAVAILABLE_TT_USER, "REACH", missing=["identity"], reason="no_tt_user"),
    Case(T.MEDIA_BUYER, A.GPPPA, "REACH", missing=["identity"], reason="no_tt_user"),
    Case(
        T.MEDIA_BUYER,
        A.BC_IDENTITY_ONLY,
        "REACH",
        missing=["identity"],
        reason="no_tt_user",
        warnings=["other_identity_types"],
    ),
    Case(T.NARROW_SCOPE, A.EVERYTHING_READY, "WEB_CONVERSIONS", unknown=["pixel"], reason="api_error"),
    *(Case(T.AGENCY, A.MANY_PAGES, one) for one in ("REACH", "CONVERSIONS", "PRODUCT_SALES", "LEAD_GENERATION")),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.token.name}-{case.advertiser.name}-{case.objective}")
def test_verdict(api: Api, case: Case) -> None:
    """Each demo advertiser gets the verdict that matches its state at TikTok."""
    person = PERSON[case.token]
    body = api.get(
        "/publish-check", person, advertiser_id=case.advertiser.value, objective=case.objective.lower()
    ).json()
    verdict = {name: body[name] for name in ("missing", "unknown", "at_risk", "reason")}
    assert verdict == {name: getattr(case, name) for name in verdict}
    assert body["ready"] == (not case.missing and not case.unknown)
    assert [one["code"] for one in body["warnings"]] == case.warnings
    assert body["objective"] == case.objective
    assert (body["advertiser_id"], body["advertiser_id_source"]) == (case.advertiser.value, "query")
    assert body["token"] == {"source": "own", "user_id": person.user_id}
    assert [one["requirement"] for one in body["checks"]] == ORDER
    required = [one["requirement"] for one in body["checks"] if one["status"] != "not_required"]
    assert required == list(OBJECTIVES[case.objective])


def test_every_field_of_the_example(api: Api) -> None:
    """The response has exactly the contract's fields."""
    body = api.get(
        "/publish-check", MEDIA_BUYER, advertiser_id=A.CUSTOM_RESTRICTED.value, objective="WEB_CONVERSIONS"
    ).json()
    assert set(body) == {
        *("ready", "missing", "unknown", "at_risk", "reason", "detail", "identity", "objective", "advertiser_id"),
        *("advertiser_id_source", "checks", "warnings", "token", "checked_at"),
    }
    identity, pixel, catalog, *_ = body["checks"]
    assert set(identity) == {"requirement", "status", "reason", "message", "fix", "count", "assets"}
    assert identity["reason"] == "custom_identity_only"
    assert set(identity["fix"]) == {"who", "label", "url", "action"}
    assert set(identity["assets"][0]) == {"id", "name", "type", "usable", "why_not"}
    assert set(body["identity"]) == {"identity_id", "identity_type", "display_name", "image"}
    assert pixel["status"] == "satisfied"
    assert catalog == {"requirement": "catalog", "status": "not_required"}
    assert body["checked_at"].endswith("Z")


def test_strict(api: Api) -> None:
    """With strict=true a restricted custom identity is missing, and an unreadable flag unknown."""
    query = {"objective": "REACH", "strict": "true"}
    restricted = api.get("/publish-check", MEDIA_BUYER, advertiser_id=A.CUSTOM_RESTRICTED.value, **query).json()
    assert (restricted["missing"], restricted["at_risk"]) == (["identity"], [])
    assert (restricted["reason"], restricted["identity"]) == ("no_tt_user", None)
    uncertain = api.get("/publish-check", MEDIA_BUYER, advertiser_id=A.CUSTOM_UNCERTAIN.value, **query).json()
    assert (uncertain["missing"], uncertain["unknown"], uncertain["reason"]) == ([], ["identity"], "api_error")
    assert api.get("/publish-check", MEDIA_BUYER, advertiser_id=A.CUSTOM_ALLOWED.value, **query).json()["ready"]


def test_nothing_connected(api: Api) -> None:
    """A person without a connection who may not borrow gets no_token, and TikTok is not called."""
    body = api.get("/publish-check", TRAINEE, objective="WEB_CONVERSIONS").json()
    assert (body["ready"], body["missing"], body["unknown"]) == (False, ["identity"], ["pixel"])
    assert (body["reason"], body["token"], body["advertiser_id"]) == ("no_token", None, None)
    assert len(api.stack.tiktok.requests) == 0


def test_no_advertiser_at_all(api: Api) -> None:
    """A connection without advertisers counts as no token, with the detail no_advertiser."""
    body = api.get("/publish-check", PERSON[T.NEWCOMER], objective="REACH").json()
    assert (body["reason"], body["detail"]) == ("no_token", "no_advertiser")


def test_unconnected_advertiser(api: Api) -> None:
    """An advertiser that no usable connection has is 403; the caller's own list is read once."""
    for person in (MEDIA_BUYER, OWNER):
        for _ in range(2):
            response = api.get("/publish-check", person, advertiser_id=A.FOREIGN.value, objective="REACH")
            problem(response, 403, "advertiser_not_accessible")
    assert [one.path for one in api.stack.tiktok.requests] == ["oauth2/advertiser/get/"] * 2


def test_media_buyers_do_not_borrow(api: Api) -> None:
    """A media buyer may not use an advertiser that only a teammate has."""
    response = api.get("/publish-check", MEDIA_BUYER, advertiser_id=A.SECOND_BUSINESS_CENTER.value, objective="REACH")
    problem(response, 403, "advertiser_not_accessible")


@pytest.mark.parametrize("person", [OWNER, MANAGER, OWNER_WITHOUT_CONNECTION], ids=lambda one: one.user_id)
def test_owners_and_managers_borrow(api: Api, person: Person) -> None:
    """Owners and managers read with the token of the teammate who has the advertiser."""
    body = api.get("/publish-check", person, advertiser_id=A.NOTHING.value, objective="REACH").json()
    assert body["token"] == {"source": "teammate", "user_id": MEDIA_BUYER.user_id}
    assert body["missing"] == ["identity"]


def test_first_of_active_token(api: Api) -> None:
    """Without an advertiser the first one of the active token is checked and named."""
    body = api.get("/publish-check", OWNER, objective="REACH").json()
    assert (body["advertiser_id"], body["advertiser_id_source"]) == (A.EVERYTHING_READY.value, "first_of_active_token")


def test_an_invalid_token_is_marked_and_the_next_one_is_used(api: Api, stack: LocalStack, tiktok: Simulator) -> None:
    """The connection of an invalid token becomes expired, and the whole response uses a teammate's token."""
    tiktok.world.revoke(T.OWNER.value)
    body = api.get("/publish-check", OWNER, advertiser_id=A.LINKED_BY_OWNER.value, objective="REACH").json()
    assert body["token"] == {"source": "teammate", "user_id": MANAGER.user_id}
    item = stack.client("dynamodb").get_item(
        TableName=stack.table_name,
        Key={"pk": {"S": f"CONNECTIONS#{OWNER.team_id}"}, "sk": {"S": f"USER#{OWNER.user_id}"}},
    )["Item"]
    assert item["status"] == {"S": "expired"}
    again = api.get("/publish-check", OWNER, advertiser_id=A.LINKED_BY_OWNER.value, objective="REACH").json()
    assert again["token"]["user_id"] == MANAGER.user_id


def test_only_invalid_tokens(api: Api) -> None:
    """If the only token is invalid, the reason is no_token."""
    body = api.get("/publish-check", PERSON[T.REVOKED], objective="REACH").json()
    assert (body["reason"], body["detail"], body["token"]) == ("no_token", "token_expired", None)


def test_denied_by_tiktok(api: Api) -> None:
    """An advertiser that TikTok denies to every token is unknown, not missing."""
    body = api.get("/publish-check", MEDIA_BUYER, advertiser_id=A.DELETED.value, objective="WEB_CONVERSIONS").json()
    assert (body["missing"], body["unknown"]) == ([], ["identity", "pixel"])
    assert (body["reason"], body["detail"]) == ("api_error", "advertiser_not_accessible")


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        (Fault(path="pixel/list/", kind=FaultKind.CODE, code=40100, message="Too many requests."), "rate_limited"),
        (Fault(path="pixel/list/", kind=FaultKind.CODE, code=50000, message="System error"), "upstream_error"),
        (Fault(path="pixel/list/", kind=FaultKind.HTTP_STATUS, status=502), "upstream_error"),
        (Fault(path="pixel/list/", kind=FaultKind.DATA_NULL), "unexpected_response"),
        (Fault(path="pixel/list/", kind=FaultKind.HANG, seconds=20), "timeout"),
    ],
    ids=lambda one: one if isinstance(one, str) else one.kind,
)
def test_failing_check(api: Api, tiktok: Simulator, fault: Fault, detail: str) -> None:
    """A failed check is unknown, in time, and does not hide other checks."""
    tiktok.faults.add(fault)
    response = api.get("/publish-check", OWNER, advertiser_id=A.EVERYTHING_READY.value, objective="CONVERSIONS")
    body = response.json()
    assert (body["missing"], body["unknown"], body["reason"]) == ([], ["pixel"], "api_error")
    assert body["detail"] == detail
    assert body["checks"][0]["status"] == "satisfied"
    assert response.elapsed.total_seconds() < 15  # 8 s are promised; more for a slow machine


def test_rules(api: Api) -> None:
    """The objective table is returned as data, without calling TikTok."""
    body = api.get("/publish-check/rules", TRAINEE).json()
    assert body == {"objectives": {name: list(required) for name, required in OBJECTIVES.items()}}
    assert len(api.stack.tiktok.requests) == 0
