"""Every reason and every warning has its sentence: what is the matter. What to do."""

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
"""The reasons that a call of this API mends. Every other one is mended at TikTok."""
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


@pytest.mark.parametrize(("requirement", "reason"), CASES)
def test_every_fix_names_the_call_that_mends_it(requirement: Requirement, reason: str) -> None:
    """Connecting, creating and checking again exactly where they help; elsewhere the button opens TikTok."""
    _, fix = text_of(requirement, Finding(Status.UNKNOWN, reason))
    assert fix is not None
    assert fix.action == next((action for action, reasons in ACTIONS.items() if reason in reasons), "open_url")


@pytest.mark.parametrize(("requirement", "reason"), CASES)
def test_the_action_is_what_message_and_label_say(requirement: Requirement, reason: str) -> None:
    """A button never does something else than the sentence asks for, and only the caller acts through this API."""
    message, fix = text_of(requirement, Finding(Status.UNKNOWN, reason))
    assert fix is not None
    words = {
        "connect_tiktok": "Connect TikTok",
        "create_identity": "Create a custom identity",
        "check_again": "Check again",
    }
    for action, asked in words.items():
        assert (asked in message and fix.label.startswith(asked)) == (fix.action == action)
    actors = {"connect_tiktok": "caller", "create_identity": "caller", "check_again": "tiktok"}
    assert fix.who == actors.get(fix.action, fix.who)
    assert fix.action != "open_url" or fix.who not in {"caller", "tiktok"}


def test_who_was_answered_with_a_teammates_token_creates_nothing() -> None:
    """Writes never borrow: what would create an identity opens TikTok, and every other fix stays as it is."""
    for requirement, reason in CASES:
        _, fix = text_of(requirement, Finding(Status.UNKNOWN, reason))
        assert fix is not None
        borrowed = without_own_token(fix)
        assert borrowed is not None
        assert borrowed.action == ("open_url" if fix.action == "create_identity" else fix.action)
        assert (borrowed.who, borrowed.label, borrowed.url) == (fix.who, fix.label, fix.url)
    assert without_own_token(None) is None


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
    assert (fix.who, fix.label, fix.action) == ("tiktok_account_owner", "Link a TikTok account", "open_url")
