"""The sentences of checks and warnings: what is wrong, what to do, who can do it, where and with which call."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel

from publishing.preflight.findings import Finding, Unverified
from publishing.preflight.objectives import Requirement

Action = Literal["connect_tiktok", "create_identity", "check_again", "open_url"]


class Fix(BaseModel, frozen=True):
    """Who can fix it, and how."""

    who: Literal["caller", "advertiser_admin", "bc_admin", "tiktok_account_owner", "team_owner", "tiktok"]
    label: str
    url: str
    action: Action
    """What fixes it: connecting (``POST /connections``), creating (``POST /identities``), repeating this check, or
    nothing in this API: then open ``url``, as for an unknown value."""


class Warning_(BaseModel, frozen=True):  # noqa: N801 - Warning is a builtin
    """Something useful to know that does not change the verdict."""

    code: str
    """An open set: show the message, do not fail on a new code."""
    message: str


_IDENTITY_HELP = "https://ads.tiktok.com/help/article/identity"
_CUSTOM_IDENTITY_HELP = "https://ads.tiktok.com/help/article/about-changes-coming-to-custom-identity"
_ADS_MANAGER = "https://ads.tiktok.com/i18n/dashboard"
_EVENTS_MANAGER = "https://ads.tiktok.com/i18n/events_manager"
_BUSINESS_CENTER = "https://business.tiktok.com/"

Text = tuple[str, Fix | None]

# The account's owner links it at TikTok: connecting TikTok here links no account to an advertiser.
_LINK_ACCOUNT = Fix(who="tiktok_account_owner", label="Link a TikTok account", url=_IDENTITY_HELP, action="open_url")
_LINK_NOT_CUSTOM = Fix(
    who="tiktok_account_owner", label="Link a TikTok account", url=_CUSTOM_IDENTITY_HELP, action="open_url"
)
_CREATE_OR_LINK = Fix(
    who="caller",
    label="Create a custom identity or link a TikTok account",
    url=_IDENTITY_HELP,
    action="create_identity",
)
_CONNECT = Fix(who="caller", label="Connect TikTok", url=_ADS_MANAGER, action="connect_tiktok")
_RECONNECT = Fix(who="caller", label="Connect TikTok again", url=_ADS_MANAGER, action="connect_tiktok")
_PIXEL = Fix(who="advertiser_admin", label="Open Events Manager", url=_EVENTS_MANAGER, action="open_url")
_CATALOG = Fix(who="bc_admin", label="Open Business Center", url=_BUSINESS_CENTER, action="open_url")
_APP = Fix(who="advertiser_admin", label="Register the app", url=_ADS_MANAGER, action="open_url")
_LEAD_FORM = Fix(who="advertiser_admin", label="Open lead forms", url=_ADS_MANAGER, action="open_url")
_ACCESS = Fix(who="advertiser_admin", label="Give access to the advertiser", url=_ADS_MANAGER, action="open_url")
_LATER = Fix(who="tiktok", label="Check again later", url=_ADS_MANAGER, action="check_again")

_SATISFIED: Mapping[Requirement, str] = MappingProxyType(
    {
        Requirement.IDENTITY: "A TikTok account is linked. Nothing to do.",
        Requirement.PIXEL: "The advertiser has a pixel. Nothing to do.",
        Requirement.CATALOG: "There is a catalog that ads can use. Nothing to do.",
        Requirement.APP: "An app is registered. Nothing to do.",
        Requirement.LEAD_FORM: "There is a published lead form. Nothing to do.",
    }
)

_BY_REASON: Mapping[str, Text] = MappingProxyType(
    {
        "custom_identity_only": (
            "Only a custom identity exists. TikTok is phasing these out: link a TikTok account.",
            _LINK_ACCOUNT,
        ),
        "custom_identity": (
            "The ad would run under a custom identity. TikTok is phasing these out: link a TikTok account.",
            _LINK_ACCOUNT,
        ),
        "custom_identity_restricted": (
            "Only a custom identity exists, and TikTok no longer accepts it for this account. Link a TikTok account.",
            _LINK_NOT_CUSTOM,
        ),
        "no_identity": (
            "The advertiser has no identity. Create a custom identity or link a TikTok account.",
            _CREATE_OR_LINK,
        ),
        "no_tt_user": ("No TikTok account is linked to the advertiser. Link a TikTok account.", _LINK_ACCOUNT),
        "no_identity_custom_barred": (
            "The advertiser has no identity, and TikTok no longer accepts custom ones for it. Link a TikTok account.",
            _LINK_NOT_CUSTOM,
        ),
        "tt_user_unavailable": (
            "A TikTok account is linked, but TikTok says that ads cannot use it. Link it again or link another one.",
            _LINK_ACCOUNT,
        ),
        "no_pixel": ("The advertiser has no pixel. Create one in Events Manager.", _PIXEL),
        "pixel_unbound": (
            "The advertiser's pixels were unbound from it. Create one, or have one shared with the advertiser again.",
            _PIXEL,
        ),
        "no_catalog": ("The Business Centers have no catalog. Create one in Business Center.", _CATALOG),
        "catalog_not_eligible": (
            "There are catalogs, but none that TikTok accepts for ads. Complete one in Business Center.",
            _CATALOG,
        ),
        "no_app": ("No app is registered for the advertiser. Register it in Ads Manager.", _APP),
        "no_lead_form": ("The advertiser has no lead form. Create and publish one in Ads Manager.", _LEAD_FORM),
        "lead_form_not_published": ("All lead forms are drafts. Publish one in Ads Manager.", _LEAD_FORM),
    }
)

_NAMES: Mapping[Requirement, str] = MappingProxyType(
    {
        Requirement.IDENTITY: "the identity",
        Requirement.PIXEL: "the pixel",
        Requirement.CATALOG: "the catalog",
        Requirement.APP: "the app",
        Requirement.LEAD_FORM: "the lead form",
    }
)

_BY_UNVERIFIED: Mapping[Unverified, Text] = MappingProxyType(
    {
        Unverified.RATE_LIMITED: (
            "TikTok accepts no more requests for now, so {it} was not checked. Check again in a few minutes.",
            _LATER,
        ),
        Unverified.TIMEOUT: ("TikTok did not answer in time, so {it} was not checked. Check again.", _LATER),
        Unverified.UPSTREAM_ERROR: ("TikTok answered with an error, so {it} was not checked. Check again.", _LATER),
        Unverified.UNEXPECTED_RESPONSE: (
            "TikTok's answer could not be read, so {it} was not checked. Check again.",
            _LATER,
        ),
        Unverified.MISSING_SCOPE: (
            "The TikTok connection may not read {it}. Connect TikTok again and grant all permissions.",
            _RECONNECT,
        ),
        Unverified.ADVERTISER_NOT_ACCESSIBLE: (
            "TikTok denied this connection access to the advertiser, so {it} was not checked. Ask its admin.",
            _ACCESS,
        ),
        Unverified.TOKEN_EXPIRED: (
            "The TikTok connection has expired, so {it} was not checked. Connect TikTok again.",
            _RECONNECT,
        ),
        Unverified.NO_TOKEN: (
            "No TikTok account is connected, so {it} was not checked. Connect TikTok.",
            _CONNECT,
        ),
        Unverified.NO_BUSINESS_CENTER: (
            "The TikTok connection has no Business Center, so {it} was not checked. Connect a member of one.",
            _CATALOG,
        ),
    }
)

_WARNINGS: Mapping[str, str] = MappingProxyType(
    {
        "account_not_enabled": "TikTok has not enabled this ad account. Open it in Ads Manager to see what is pending.",
        "custom_identity_restricted": (
            "TikTok no longer allows this account to run most ads under a custom identity. Link a TikTok account."
        ),
        "custom_identity_unverified": (
            "TikTok did not say whether this account may still use a custom identity. Link a TikTok account to be safe."
        ),
        "other_identity_types": (
            "Identities of other types exist, but are not used here. Link a TikTok account to the advertiser."
        ),
        "pixel_no_recent_activity": "The pixel has no recent activity. Check in Events Manager that it fires.",
        "lead_terms_unsigned": "The lead ads terms are not signed. An admin of the ad account must sign them.",
    }
)


def text_of(requirement: Requirement, finding: Finding) -> Text:
    """Return the sentence for one checked prerequisite, and the fix if something must be fixed."""
    reason = finding.reason
    if reason is None:
        return _SATISFIED[requirement], None
    if reason in _BY_REASON:
        return _BY_REASON[reason]
    message, fix = _BY_UNVERIFIED[Unverified(reason)]
    return message.format(it=_NAMES[requirement]), fix


def without_own_token(fix: Fix | None) -> Fix | None:
    """Return the fix for a caller answered with a teammate's token, with which nothing can be created."""
    if fix is None or fix.action != "create_identity":
        return fix
    return fix.model_copy(update={"action": "open_url"})


def warning(code: str) -> Warning_:
    """Return the warning with its sentence."""
    return Warning_(code=code, message=_WARNINGS[code])
