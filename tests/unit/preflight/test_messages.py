"""Every reason and every warning has its sentence: what is the matter. What to do."""

import re

import pytest

from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.messages import text_of, warning
from publishing.preflight.objectives import Requirement

REASONS = {
    Requirement.IDENTITY: [
        "custom_identity_only",
        "custom_identity",
        "custom_identity_restricted",
        "no_identity",
        "no_identity_custom_barred",
        "tt_user_unavailable",
    ],
    Requirement.PIXEL: ["no_pixel", "pixel_unbound"],
    Requirement.CATALOG: ["no_catalog", "catalog_not_eligible"],
    Requirement.APP: ["no_app"],
    Requirement.LEAD_FORM: ["no_lead_form", "lead_form_not_published"],
}
CASES = [(requirement, reason) for requirement, reasons in REASONS.items() for reason in [*reasons, *Unverified]]
WARNINGS = [
    "account_not_enabled",
    "custom_identity_restricted",
    "custom_identity_unverified",
    "other_identity_types",
    "pixel_no_recent_activity",
    "lead_terms_unsigned",
]
TWO_SENTENCES = re.compile(r"[A-Z][^.]*[a-z]\. [A-Z][^.]*[a-z]\.")


@pytest.mark.parametrize(("requirement", "reason"), CASES)
def test_every_reason_says_what_is_the_matter_and_what_to_do(requirement: Requirement, reason: str) -> None:
    """Two sentences without a gap left open, and who can mend it, and where."""
    message, fix = text_of(requirement, Finding(Status.UNKNOWN, reason))
    assert TWO_SENTENCES.fullmatch(message)
    assert "{" not in message
    assert fix is not None
    assert fix.label[0].isupper()
    assert fix.url.startswith("https://")


@pytest.mark.parametrize("requirement", Requirement)
def test_a_satisfied_prerequisite_needs_no_mending(requirement: Requirement) -> None:
    """It says so, in the same form."""
    message, fix = text_of(requirement, Finding(Status.SATISFIED))
    assert TWO_SENTENCES.fullmatch(message)
    assert fix is None


@pytest.mark.parametrize("code", WARNINGS)
def test_every_warning_says_what_is_the_matter_and_what_to_do(code: str) -> None:
    """Two sentences, under the stable code."""
    told = warning(code)
    assert told.code == code
    assert TWO_SENTENCES.fullmatch(told.message)


def test_the_sentence_of_the_contracts_example() -> None:
    """Word for word."""
    message, fix = text_of(Requirement.IDENTITY, Finding(Status.SATISFIED, "custom_identity_only"))
    assert message == "Only a custom identity exists. TikTok is phasing these out: link a TikTok account."
    assert fix is not None
    assert (fix.who, fix.label) == ("tiktok_account_owner", "Link a TikTok account")
