"""From evidence to verdict: the rules of the contract's publish check."""

import pytest

from publishing.permissions import SCOPES
from publishing.preflight.findings import Asset, Finding, Status, unknown
from publishing.preflight.objectives import Requirement
from publishing.preflight.verdict import Advice, Evidence, Verdict, not_accessible, nothing_connected, verdict
from tiktok_business.errors import AdvertiserGoneError, RateLimitedError, ScopeMissingError, TimedOutError
from tiktok_business.models import IdentityType

TT = IdentityType.TT_USER
CUSTOM = IdentityType.CUSTOMIZED_USER
PIXEL = Requirement.PIXEL

ACCOUNT = Asset("t1", "Account", TT)
PRIVATE_ACCOUNT = Asset("t2", "Private", TT, ("is_private_account",))
BRAND = Asset("c1", "Brand", CUSTOM)

NONE = Finding(Status.MISSING, "no_identity")
HAS_ACCOUNT = Finding(Status.SATISFIED, assets=(ACCOUNT,))
UNUSABLE_ACCOUNT = Finding(Status.MISSING, "identity_unavailable", (PRIVATE_ACCOUNT,))
HAS_BRAND = Finding(Status.SATISFIED, assets=(BRAND,))
TIMEOUT = unknown(TimedOutError("identity/get/"))
LIMITED = unknown(RateLimitedError("identity/get/"))
HAS_PIXEL = Finding(Status.SATISFIED, assets=(Asset("p1", "Shop", "PIXEL"),))
NO_PIXEL = Finding(Status.MISSING, "no_pixel")

ALLOWED = Advice(custom_identity_allowed=True)
BARRED = Advice(custom_identity_allowed=False)
NOT_SAID = Advice()
DENIED = Advice(custom_identity_error=AdvertiserGoneError("advertiser/info/"))
UNREAD = Advice(custom_identity_error=RateLimitedError("advertiser/info/"))


def verdict_on(
    tt_user: Finding, custom: Finding | None = None, advice: Advice = NOT_SAID, *, strict: bool = False
) -> Verdict:
    identities = {TT: tt_user} | ({CUSTOM: custom} if custom else {})
    return verdict("TRAFFIC", Evidence(identities, advice=advice), strict=strict)


@pytest.mark.parametrize(
    ("tt_user", "custom", "advice", "status", "reason", "at_risk"),
    [
        (HAS_ACCOUNT, None, NOT_SAID, "satisfied", None, False),
        (HAS_ACCOUNT, None, BARRED, "satisfied", None, False),
        (NONE, HAS_BRAND, ALLOWED, "satisfied", "custom_identity_only", False),
        (NONE, HAS_BRAND, NOT_SAID, "satisfied", "custom_identity_only", False),
        (NONE, HAS_BRAND, BARRED, "satisfied", "custom_identity_only", True),
        (UNUSABLE_ACCOUNT, HAS_BRAND, BARRED, "satisfied", "custom_identity_only", True),
        (TIMEOUT, HAS_BRAND, ALLOWED, "satisfied", "custom_identity", False),
        (NONE, NONE, ALLOWED, "missing", "no_identity", False),
        (NONE, NONE, NOT_SAID, "missing", "no_identity", False),
        (NONE, NONE, BARRED, "missing", "no_identity_custom_barred", False),
        (NONE, None, NOT_SAID, "missing", "no_tt_user", False),
        (UNUSABLE_ACCOUNT, NONE, ALLOWED, "missing", "tt_user_unavailable", False),
        (NONE, TIMEOUT, ALLOWED, "unknown", "timeout", False),
        (TIMEOUT, NONE, ALLOWED, "unknown", "timeout", False),
        (LIMITED, TIMEOUT, ALLOWED, "unknown", "rate_limited", False),
        (UNUSABLE_ACCOUNT, TIMEOUT, ALLOWED, "unknown", "timeout", False),
        (unknown(AdvertiserGoneError("x")), NONE, ALLOWED, "unknown", "missing_scope", False),
    ],
)
def test_identity(
    tt_user: Finding, custom: Finding | None, advice: Advice, status: str, reason: str | None, *, at_risk: bool
) -> None:
    """A usable TT_USER counts, else a custom identity; it is missing only if TikTok has neither."""
    result = verdict_on(tt_user, custom, advice)
    finding = result.findings[Requirement.IDENTITY]
    assert (finding.status, finding.reason, bool(result.at_risk)) == (status, reason, at_risk)
    assert result.ready == (status == "satisfied")
    assert not result.ready or result.detail is None


@pytest.mark.parametrize(
    ("tt_user", "custom", "advice", "status", "reason"),
    [
        (HAS_ACCOUNT, None, BARRED, "satisfied", None),
        (NONE, HAS_BRAND, ALLOWED, "satisfied", "custom_identity_only"),
        (NONE, HAS_BRAND, BARRED, "missing", "custom_identity_restricted"),
        (NONE, HAS_BRAND, NOT_SAID, "unknown", "unexpected_response"),
        (NONE, HAS_BRAND, UNREAD, "unknown", "rate_limited"),
        (NONE, HAS_BRAND, DENIED, "unknown", "missing_scope"),
        (TIMEOUT, HAS_BRAND, ALLOWED, "satisfied", "custom_identity"),
        (TIMEOUT, HAS_BRAND, BARRED, "unknown", "timeout"),
        (TIMEOUT, HAS_BRAND, NOT_SAID, "unknown", "timeout"),
        (NONE, NONE, BARRED, "missing", "no_identity_custom_barred"),
    ],
)
def test_strict_identity(
    tt_user: Finding, custom: Finding | None, advice: Advice, status: str, reason: str | None
) -> None:
    """Strict: a restricted custom identity is missing; an unread flag makes it unknown."""
    result = verdict_on(tt_user, custom, advice, strict=True)
    finding = result.findings[Requirement.IDENTITY]
    assert (finding.status, finding.reason) == (status, reason)
    assert result.at_risk == ()
    assert (result.identity is not None) == (status == "satisfied")


def test_the_verdicts_identity_is_the_usable_one_of_the_preferred_type() -> None:
    """An unusable TT_USER does not become the identity that the ad would run under."""
    assert verdict_on(UNUSABLE_ACCOUNT, HAS_BRAND).identity == BRAND
    assert verdict_on(HAS_ACCOUNT).identity == ACCOUNT
    assert verdict_on(NONE, NONE).identity is None


@pytest.mark.parametrize(
    ("tt_user", "custom", "advice", "assets"),
    [
        (UNUSABLE_ACCOUNT, HAS_BRAND, ALLOWED, (PRIVATE_ACCOUNT, BRAND)),
        (UNUSABLE_ACCOUNT, HAS_BRAND, BARRED, (PRIVATE_ACCOUNT, BRAND)),
        (UNUSABLE_ACCOUNT, HAS_BRAND, NOT_SAID, (PRIVATE_ACCOUNT, BRAND)),
        (UNUSABLE_ACCOUNT, HAS_BRAND, UNREAD, (PRIVATE_ACCOUNT, BRAND)),
        (UNUSABLE_ACCOUNT, NONE, BARRED, (PRIVATE_ACCOUNT,)),
        (UNUSABLE_ACCOUNT, TIMEOUT, ALLOWED, (PRIVATE_ACCOUNT,)),
        (TIMEOUT, HAS_BRAND, BARRED, (BRAND,)),
        (NONE, NONE, ALLOWED, ()),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_the_identitys_assets_are_those_of_all_types(
    tt_user: Finding, custom: Finding, advice: Advice, assets: tuple[Asset, ...], *, strict: bool
) -> None:
    """The caller sees why a TT_USER was skipped, whether the identity is satisfied, missing or unknown."""
    assert verdict_on(tt_user, custom, advice, strict=strict).findings[Requirement.IDENTITY].assets == assets


@pytest.mark.parametrize("advice", [BARRED, NOT_SAID, UNREAD])
def test_strict_uses_a_tt_user_instead_of_a_restricted_custom_identity(advice: Advice) -> None:
    """If custom identities are preferred: without strict, or if allowed, the custom identity is used."""
    identities = {CUSTOM: HAS_BRAND, TT: HAS_ACCOUNT}
    strict, lenient = (verdict("TRAFFIC", Evidence(identities, advice=advice), strict=one) for one in (True, False))
    assert strict.findings[Requirement.IDENTITY] == Finding(Status.SATISFIED, None, (ACCOUNT, BRAND))
    assert (strict.identity, lenient.identity) == (ACCOUNT, BRAND)
    assert verdict("TRAFFIC", Evidence(identities, advice=ALLOWED), strict=True).identity == BRAND
    without = {CUSTOM: HAS_BRAND, TT: UNUSABLE_ACCOUNT}
    assert verdict("TRAFFIC", Evidence(without, advice=advice), strict=True).identity is None


def test_by_default_there_is_no_other_evidence() -> None:
    """What was not read is None or empty."""
    nothing = Advice(None, None, None, None, frozenset())
    assert Evidence({}) == Evidence({}, {}, nothing, scopes=None)


@pytest.mark.parametrize(
    ("identity", "pixel", "missing", "unknown_", "reason", "detail"),
    [
        (HAS_ACCOUNT, HAS_PIXEL, [], [], None, None),
        (HAS_ACCOUNT, NO_PIXEL, ["pixel"], [], None, None),
        (NONE, HAS_PIXEL, ["identity"], [], "no_tt_user", "no_identity"),
        (NONE, NO_PIXEL, ["identity", "pixel"], [], "no_tt_user", "no_identity"),
        (NONE, LIMITED, ["identity"], ["pixel"], "api_error", "rate_limited"),
        (TIMEOUT, LIMITED, [], ["identity", "pixel"], "api_error", "timeout"),
        (TIMEOUT, NO_PIXEL, ["pixel"], ["identity"], "api_error", "timeout"),
        (HAS_ACCOUNT, unknown(ScopeMissingError("pixel/list/")), [], ["pixel"], "api_error", "missing_scope"),
    ],
)
def test_reason(
    identity: Finding, pixel: Finding, missing: list[str], unknown_: list[str], reason: str | None, detail: str | None
) -> None:
    """Unknown prerequisites come before a missing identity; a missing pixel alone has no reason."""
    result = verdict("CONVERSIONS", Evidence({TT: identity, CUSTOM: NONE}, {PIXEL: pixel}), strict=False)
    assert ([*result.missing], [*result.unknown]) == (missing, unknown_)
    assert (result.reason, result.detail) == (reason, detail)
    assert result.ready == (not missing and not unknown_)


@pytest.mark.parametrize("detail", [None, "no_advertiser", "token_expired"])
def test_nothing_connected(detail: str | None) -> None:
    """The identity is missing, the objective's others are unknown, and the reason is no_token."""
    result = nothing_connected("LEAD_GENERATION", detail)
    assert (result.missing, result.unknown) == (("identity",), ("leadForm",))
    assert (result.ready, result.reason, result.detail, result.identity) == (False, "no_token", detail, None)
    assert (result.at_risk, result.warnings) == ((), ())
    assert [(one.status, one.reason) for one in result.findings.values()] == [
        ("missing", "no_token"),
        *[("not_required", None)] * 3,
        ("unknown", "no_token"),
    ]


def test_nothing_connected_without_other_prerequisites() -> None:
    """An objective that requires only the identity has nothing unknown."""
    assert nothing_connected("REACH", None).unknown == ()


def test_an_advertiser_denied_to_every_token_is_unknown() -> None:
    """Nothing is missing of an advertiser that TikTok returned nothing of."""
    result = not_accessible("APP_INSTALL", AdvertiserGoneError("identity/get/"))
    assert (result.missing, result.unknown) == ((), ("identity", "app"))
    assert (result.reason, result.detail) == ("api_error", "advertiser_not_accessible")
    assert result.findings[PIXEL].status is Status.NOT_REQUIRED
    assert (result.at_risk, result.warnings) == ((), ())


@pytest.mark.parametrize(
    ("scopes", "reason"),
    [
        (None, "missing_scope"),
        ((), "missing_scope"),
        (tuple(one.id for one in SCOPES), "advertiser_not_accessible"),
    ],
)
def test_a_denial_of_one_endpoint_is_a_missing_permission_unless_it_was_granted(
    scopes: tuple[str, ...] | None, reason: str
) -> None:
    """Of identities, of another prerequisite, and of what decides whether a custom identity counts."""
    denied = {one: unknown(AdvertiserGoneError(one)) for one in ("identity/get/", "pixel/list/")}
    evidence = Evidence({TT: denied["identity/get/"]}, {PIXEL: denied["pixel/list/"]}, scopes=scopes)
    findings = verdict("WEB_CONVERSIONS", evidence, strict=False).findings
    assert (findings[Requirement.IDENTITY].reason, findings[PIXEL].reason) == (reason, reason)
    restricted = verdict("TRAFFIC", Evidence({CUSTOM: HAS_BRAND}, advice=DENIED, scopes=scopes), strict=True)
    assert restricted.findings[Requirement.IDENTITY].reason == reason


INACTIVE = Finding(Status.SATISFIED, assets=(Asset("p1", "Shop", "PIXEL", no_recent_activity=True),))
FORM = Finding(Status.SATISFIED, assets=(Asset("f1", "Form", "LEAD_FORM"),))


@pytest.mark.parametrize(
    ("objective", "evidence", "warnings"),
    [
        ("TRAFFIC", Evidence({TT: HAS_ACCOUNT}, advice=Advice(account_status="STATUS_ENABLE")), ()),
        (
            "TRAFFIC",
            Evidence({TT: HAS_ACCOUNT}, advice=Advice(account_status="STATUS_LIMIT")),
            ("account_not_enabled",),
        ),
        ("TRAFFIC", Evidence({TT: HAS_ACCOUNT}, advice=BARRED), ()),
        ("TRAFFIC", Evidence({TT: NONE, CUSTOM: HAS_BRAND}, advice=BARRED), ("custom_identity_restricted",)),
        ("TRAFFIC", Evidence({TT: NONE, CUSTOM: HAS_BRAND}, advice=UNREAD), ("custom_identity_unverified",)),
        (
            "TRAFFIC",
            Evidence({TT: HAS_ACCOUNT}, advice=Advice(other_identity_types=frozenset({"AUTH_CODE"}))),
            ("other_identity_types",),
        ),
        ("CONVERSIONS", Evidence({TT: HAS_ACCOUNT}, {PIXEL: INACTIVE}), ("pixel_no_recent_activity",)),
        ("CONVERSIONS", Evidence({TT: HAS_ACCOUNT}, {PIXEL: HAS_PIXEL}), ()),
        (
            "LEAD_GENERATION",
            Evidence({TT: HAS_ACCOUNT}, {Requirement.LEAD_FORM: FORM}, Advice(lead_terms_confirmed=False)),
            ("lead_terms_unsigned",),
        ),
        ("TRAFFIC", Evidence({TT: HAS_ACCOUNT}, advice=Advice(lead_terms_confirmed=False)), ()),
    ],
)
def test_warnings(objective: str, evidence: Evidence, warnings: tuple[str, ...]) -> None:
    """Each warning appears exactly if it applies, and never changes ready."""
    result = verdict(objective, evidence, strict=False)
    assert (result.warnings, result.ready) == (warnings, True)
