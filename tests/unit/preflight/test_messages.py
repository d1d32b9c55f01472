"""Every reason and every warning has two sentences: what is wrong, and what to do."""

import re
from collections.abc import Mapping

import pytest

from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.messages import text_of, warning, without_own_token
from publishing.preflight.objectives import Requirement

REASONS = {
    Requirement.IDENTITY: [
        "custom_identity_only",
        "custom_identity",
        "custom_identity_restricted",
        "no_identity",
        "no_tt_user",
        "no_identity_custom_barred",
        "tt_user_unavailable",
    ],
    Requirement.PIXEL: ["no_pixel", "pixel_unbound"],
    Requirement.CATALOG: ["no_catalog", "catalog_not_eligible"],
    Requirement.APP: ["no_app"],
    Requirement.LEAD_FORM: ["no_lead_form", "lead_form_not_published"],
}
ACTIONS: Mapping[str, frozenset[str]] = {
    "connect_tiktok": frozenset({Unverified.NO_TOKEN, Unverified.TOKEN_EXPIRED, Unverified.MISSING_SCOPE}),
    "create_identity": frozenset({"no_identity"}),
    "check_again": frozenset(
        {Unverified.RATE_LIMITED, Unverified.TIMEOUT, Unverified.UPSTREAM_ERROR, Unverified.UNEXPECTED_RESPONSE}
    ),
}
"""Reasons that a call of this API fixes; all others are fixed at TikTok."""
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
def test_every_reason_has_a_message_and_a_fix(requirement: Requirement, reason: str) -> None:
    """The message has two sentences without a placeholder; the fix says who can fix it, and where."""
    message, fix = text_of(requirement, Finding(Status.UNKNOWN, reason))
    assert TWO_SENTENCES.fullmatch(message)
    assert "{" not in message
    assert fix is not None
    assert fix.label[0].isupper()
    assert fix.url.startswith("https://")


@pytest.mark.parametrize(("requirement", "reason"), CASES)
def test_every_fix_names_the_call_that_fixes_it(requirement: Requirement, reason: str) -> None:
    """Connecting, creating and checking again are offered exactly if they help; otherwise a URL is opened."""
    _, fix = text_of(requirement, Finding(Status.UNKNOWN, reason))
    assert fix is not None
    assert fix.action == next((action for action, reasons in ACTIONS.items() if reason in reasons), "open_url")


@pytest.mark.parametrize(("requirement", "reason"), CASES)
def test_action_message_and_label_agree(requirement: Requirement, reason: str) -> None:
    """The action does what message and label say, and only the caller acts through this API."""
    message, fix = text_of(requirement, Finding(Status.UNKNOWN, reason))
    assert fix is not None
    labels = {
        "connect_tiktok": "Connect TikTok",
        "create_identity": "Create a custom identity",
        "check_again": "Check again",
    }
    for action, words in labels.items():
        assert (words in message and fix.label.startswith(words)) == (fix.action == action)
    actors = {"connect_tiktok": "caller", "create_identity": "caller", "check_again": "tiktok"}
    assert fix.who == actors.get(fix.action, fix.who)
    assert fix.action != "open_url" or fix.who not in {"caller", "tiktok"}


def test_a_borrowed_token_offers_no_creation() -> None:
    """Writes never borrow: the fix that creates an identity opens a URL instead; other fixes are unchanged."""
    for requirement, reason in CASES:
        _, fix = text_of(requirement, Finding(Status.UNKNOWN, reason))
        assert fix is not None
        borrowed = without_own_token(fix)
        assert borrowed is not None
        assert borrowed.action == ("open_url" if fix.action == "create_identity" else fix.action)
        assert (borrowed.who, borrowed.label, borrowed.url) == (fix.who, fix.label, fix.url)
    assert without_own_token(None) is None


@pytest.mark.parametrize("requirement", Requirement)
def test_a_satisfied_prerequisite_has_no_fix(requirement: Requirement) -> None:
    """Its message has two sentences too, and there is no fix."""
    message, fix = text_of(requirement, Finding(Status.SATISFIED))
    assert TWO_SENTENCES.fullmatch(message)
    assert fix is None


@pytest.mark.parametrize("code", WARNINGS)
def test_every_warning_has_a_message(code: str) -> None:
    """A warning has its stable code and a message of two sentences."""
    found = warning(code)
    assert found.code == code
    assert TWO_SENTENCES.fullmatch(found.message)


def test_the_message_of_the_contracts_example() -> None:
    """The contract's example has exactly this message and fix."""
    message, fix = text_of(Requirement.IDENTITY, Finding(Status.SATISFIED, "custom_identity_only"))
    assert message == "Only a custom identity exists. TikTok is phasing these out: link a TikTok account."
    assert fix is not None
    assert (fix.who, fix.label, fix.action) == ("tiktok_account_owner", "Link a TikTok account", "open_url")
