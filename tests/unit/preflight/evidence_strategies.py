"""Hypothesis strategies: any evidence that TikTok's responses can result in."""

from hypothesis import strategies as st

from publishing.preflight.findings import Asset, Finding, Status, Unverified, unknown
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.preflight.verdict import Advice, Evidence
from tiktok_business.errors import ERROR_BY_CATEGORY, IncompleteListingError, TimedOutError
from tiktok_business.models import IdentityType

NONE_REASONS = {
    Requirement.IDENTITY: ("no_identity", "identity_unavailable"),
    Requirement.PIXEL: ("no_pixel", "pixel_unbound"),
    Requirement.CATALOG: ("no_catalog", "catalog_not_eligible"),
    Requirement.APP: ("no_app", "no_app"),
    Requirement.LEAD_FORM: ("no_lead_form", "lead_form_not_published"),
}
"""Reasons of each missing prerequisite: nothing exists, or nothing usable."""

objectives = st.sampled_from(sorted(OBJECTIVES))
ERRORS = [kind("some/endpoint/") for kind in (*ERROR_BY_CATEGORY.values(), TimedOutError, IncompleteListingError)]
advices = st.builds(
    Advice,
    custom_identity_allowed=st.sampled_from([True, False, None]),
    custom_identity_error=st.sampled_from([None, *ERRORS]),
    account_status=st.sampled_from(["STATUS_ENABLE", "STATUS_DISABLE", None]),
    lead_terms_confirmed=st.sampled_from([True, False, None]),
    other_identity_types=st.sampled_from([frozenset[str](), frozenset({"BC_AUTH_TT"})]),
)


def findings(requirement: Requirement, kind: str) -> st.SearchStrategy[Finding]:
    """Draw any finding that the check of ``requirement`` can return for assets of ``kind``."""
    nothing, none_usable = NONE_REASONS[requirement]
    unusable = Asset("1", "Unusable", kind, ("unbound",))
    no_center = [Finding(Status.UNKNOWN, Unverified.NO_BUSINESS_CENTER)] if requirement is Requirement.CATALOG else []
    return st.sampled_from(
        [
            Finding(Status.MISSING, nothing),
            Finding(Status.MISSING, none_usable, (unusable, unusable)),
            *(
                Finding(Status.SATISFIED, assets=(Asset("2", None, kind, no_recent_activity=inactive),))
                for inactive in (False, True)
            ),
            Finding(Status.SATISFIED, assets=(unusable, Asset("2", "Usable", kind))),
            *(unknown(error, seen) for error in ERRORS for seen in ((), (unusable,))),
            *no_center,
        ]
    )


ORDERS = (
    (IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER),
    (IdentityType.CUSTOMIZED_USER, IdentityType.TT_USER),
    (IdentityType.TT_USER,),
    (IdentityType.CUSTOMIZED_USER,),
)


@st.composite
def evidences(draw: st.DrawFn, objective: str, *, strict: bool) -> Evidence:
    """Draw findings of the identity types that production would check, and of every other prerequisite."""
    by_type: dict[IdentityType, Finding] = {}
    order = draw(st.sampled_from(ORDERS))
    for kind in order:
        by_type[kind] = draw(findings(Requirement.IDENTITY, kind))
        if by_type[kind].status is Status.SATISFIED and not (strict and kind is IdentityType.CUSTOMIZED_USER):
            break
    others: dict[Requirement, Finding] = {
        one: draw(findings(one, "ASSET")) for one in OBJECTIVES[objective] if one is not Requirement.IDENTITY
    }
    return Evidence(by_type, others, draw(advices))
