"""Answers and requests as they look in real life, made of the API's own models and sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from publishing.answers import TokenUsed
from publishing.answers.identities import CreatedIdentityAnswer, IdentityCheck, IdentityList, ListedIdentity
from publishing.answers.publish_check import (
    AssetSeen,
    CheckDone,
    CheckNotRequired,
    PublishCheck,
    Rules,
    UsedIdentity,
)
from publishing.answers.readiness import Readiness
from publishing.inputs import CreateIdentityBody
from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.messages import text_of, warning
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.readiness.board import shown_of
from publishing.readiness.cadence import Cadence
from publishing.readiness.record import Record
from publishing.readiness.snapshot import Look, Snapshot, observe

READY = "7300000000000000001"
NOTHING = "7300000000000000002"
RESTRICTED = "7300000000000000003"

_NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
_IMAGE = "https://p16-sign-sg.tiktokcdn.com/aweme/100x100/acme.jpeg"
_OWN = TokenUsed(source="own", user_id="u-buyer")
_TEAMMATE = TokenUsed(source="teammate", user_id="u-manager")
_TT_USER = UsedIdentity(
    identity_id="1f0c2b7e-52a1-5d0e-9f63-0a4c8e21b7d5", identity_type="TT_USER", display_name="Acme", image=_IMAGE
)
_CUSTOM = UsedIdentity(
    identity_id="7600000000003000001", identity_type="CUSTOMIZED_USER", display_name="Acme", image=None
)


@dataclass(frozen=True, slots=True)
class Example:
    """A model's instance, or what is sent to become one, and when it looks so."""

    summary: str
    value: BaseModel | Mapping[str, Any]

    @property
    def json(self) -> Any:
        """As it travels."""
        return self.value.model_dump(mode="json") if isinstance(self.value, BaseModel) else dict(self.value)


def _check(requirement: Requirement, status: Status, reason: str | None = None, *assets: AssetSeen) -> CheckDone:
    message, fix = text_of(requirement, Finding(status, reason))
    return CheckDone.model_validate(
        {
            "requirement": requirement,
            "status": status,
            "reason": reason,
            "message": message,
            "fix": fix,
            "count": len(assets),
            "assets": assets,
        }
    )


def _not_required(*requirements: Requirement) -> tuple[CheckNotRequired, ...]:
    return tuple(CheckNotRequired(requirement=one) for one in requirements)


def _asset(identity: UsedIdentity) -> AssetSeen:
    return AssetSeen(
        id=identity.identity_id, name=identity.display_name, type=identity.identity_type, usable=True, why_not=()
    )


def _listed(identity: UsedIdentity, *why_not: str) -> ListedIdentity:
    return ListedIdentity(**identity.model_dump(), usable=not why_not, why_not=why_not)


_PIXEL = AssetSeen(id="7500000000003000001", name="Web shop", type="PIXEL", usable=True, why_not=())

IDENTITY_CHECKS = {
    "linked": Example(
        "A usable TikTok account is linked",
        IdentityCheck(
            hasIdentity=True,
            **_TT_USER.model_dump(),
            advertiser_id=READY,
            advertiser_id_source="query",
            token=_OWN,
            checked_at=_NOW,
        ),
    ),
    "no_tt_user": Example(
        "TikTok knows no usable TikTok account of the advertiser, which is the first of the active token",
        IdentityCheck(
            hasIdentity=False,
            reason="no_tt_user",
            advertiser_id=NOTHING,
            advertiser_id_source="first_of_active_token",
            token=_TEAMMATE,
            checked_at=_NOW,
        ),
    ),
    "no_token": Example(
        "Nobody has connected TikTok",
        IdentityCheck(
            hasIdentity=False,
            reason="no_token",
            advertiser_id=None,
            advertiser_id_source=None,
            token=None,
            checked_at=_NOW,
        ),
    ),
    "api_error": Example(
        "TikTok could not be asked, so nothing is known",
        IdentityCheck(
            hasIdentity=False,
            reason="api_error",
            detail="rate_limited",
            advertiser_id=READY,
            advertiser_id_source="query",
            token=_OWN,
            checked_at=_NOW,
        ),
    ),
}

IDENTITY_LISTS = {
    "both_types": Example(
        "Both types, one account unusable",
        IdentityList(
            advertiser_id=READY,
            advertiser_id_source="query",
            identities=(
                _listed(_TT_USER),
                _listed(
                    UsedIdentity(
                        identity_id="2ad0c5f1-77b0-5a4e-8c1d-90b3f2e6a418",
                        identity_type="TT_USER",
                        display_name="Acme outlet",
                        image=_IMAGE,
                    ),
                    "no_valid_bind_account",
                ),
                _listed(_CUSTOM),
            ),
            complete=True,
            failed_types=(),
            token=_OWN,
            checked_at=_NOW,
        ),
    ),
    "incomplete": Example(
        "One type could not be read",
        IdentityList(
            advertiser_id=RESTRICTED,
            advertiser_id_source="query",
            identities=(_listed(_CUSTOM),),
            complete=False,
            failed_types=("TT_USER",),
            token=_TEAMMATE,
            checked_at=_NOW,
        ),
    ),
}

NEW_IDENTITIES = {
    "name_alone": Example(
        "A name, and TikTok's default image", CreateIdentityBody(advertiser_id=NOTHING, display_name="Acme")
    ),
    "with_image": Example(
        "With an image that was uploaded before",
        CreateIdentityBody(
            advertiser_id=RESTRICTED,
            display_name="Acme, the house of fine anvils since 1949",
            image_uri="ad-site-i18n-sg/202609015d0d7a9c41b2f4e44cc6a1d3",
        ),
    ),
}

CREATED_IDENTITIES = {
    "created": Example(
        "Created",
        CreatedIdentityAnswer(
            identity_id="7900000000000000002",
            identity_type="CUSTOMIZED_USER",
            display_name="Acme",
            advertiser_id=NOTHING,
            display_name_truncated=False,
            warnings=(),
        ),
    ),
    "truncated": Example(
        "The name was cut, and TikTok no longer lets the account run most ads under custom identities",
        CreatedIdentityAnswer(
            identity_id="7900000000000000003",
            identity_type="CUSTOMIZED_USER",
            display_name="Acme, the house of fine anvils since 194",
            advertiser_id=RESTRICTED,
            display_name_truncated=True,
            warnings=(warning("custom_identity_restricted"),),
        ),
    ),
}

PUBLISH_CHECKS = {
    "ready": Example(
        "Ready",
        PublishCheck(
            ready=True,
            missing=(),
            unknown=(),
            at_risk=(),
            reason=None,
            detail=None,
            identity=_TT_USER,
            objective="TRAFFIC",
            advertiser_id=READY,
            advertiser_id_source="query",
            checks=(
                _check(Requirement.IDENTITY, Status.SATISFIED, None, _asset(_TT_USER)),
                *_not_required(Requirement.PIXEL, Requirement.CATALOG, Requirement.APP, Requirement.LEAD_FORM),
            ),
            warnings=(),
            token=_OWN,
            checked_at=_NOW,
        ),
    ),
    "missing": Example(
        "TikTok said that identity and pixel are missing",
        PublishCheck(
            ready=False,
            missing=(Requirement.IDENTITY, Requirement.PIXEL),
            unknown=(),
            at_risk=(),
            reason="no_tt_user",
            detail="no_identity",
            identity=None,
            objective="WEB_CONVERSIONS",
            advertiser_id=NOTHING,
            advertiser_id_source="query",
            checks=(
                _check(Requirement.IDENTITY, Status.MISSING, "no_identity"),
                _check(Requirement.PIXEL, Status.MISSING, "no_pixel"),
                *_not_required(Requirement.CATALOG, Requirement.APP, Requirement.LEAD_FORM),
            ),
            warnings=(),
            token=_OWN,
            checked_at=_NOW,
        ),
    ),
    "at_risk": Example(
        "Ready today, under a custom identity that TikTok no longer lets the account run",
        PublishCheck(
            ready=True,
            missing=(),
            unknown=(),
            at_risk=(Requirement.IDENTITY,),
            reason=None,
            detail=None,
            identity=_CUSTOM,
            objective="WEB_CONVERSIONS",
            advertiser_id=RESTRICTED,
            advertiser_id_source="query",
            checks=(
                _check(Requirement.IDENTITY, Status.SATISFIED, "custom_identity_only", _asset(_CUSTOM)),
                _check(Requirement.PIXEL, Status.SATISFIED, None, _PIXEL),
                *_not_required(Requirement.CATALOG, Requirement.APP, Requirement.LEAD_FORM),
            ),
            warnings=(warning("custom_identity_restricted"),),
            token=_TEAMMATE,
            checked_at=_NOW,
        ),
    ),
    "no_token": Example(
        "Nobody has connected TikTok, so the other prerequisites are not known",
        PublishCheck(
            ready=False,
            missing=(Requirement.IDENTITY,),
            unknown=(Requirement.CATALOG,),
            at_risk=(),
            reason="no_token",
            detail=None,
            identity=None,
            objective="PRODUCT_SALES",
            advertiser_id=None,
            advertiser_id_source=None,
            checks=(
                _check(Requirement.IDENTITY, Status.MISSING, "no_token"),
                *_not_required(Requirement.PIXEL),
                _check(Requirement.CATALOG, Status.UNKNOWN, "no_token"),
                *_not_required(Requirement.APP, Requirement.LEAD_FORM),
            ),
            warnings=(),
            token=None,
            checked_at=_NOW,
        ),
    ),
}

RULES = {"rules": Example("The objective table", Rules(objectives=dict(OBJECTIVES)))}


_AN_HOUR_AGO = _NOW - timedelta(hours=1)
_LAST_WEEK = _NOW - timedelta(days=7)
_ALL_THERE = dict.fromkeys(Requirement, Finding(Status.SATISFIED))


def _looked_at(
    before: Snapshot, at: datetime, findings: Mapping[Requirement, Finding], *, restricted: bool = False
) -> Snapshot:
    """What one more look makes of a snapshot."""
    warnings = ("custom_identity_restricted",) if restricted else ()
    look = Look(at, findings, "u-owner", at_risk=restricted, warnings=warnings)
    return observe(before, look, Cadence().confirm_after).snapshot


def _shown(snapshots: Mapping[str, Snapshot]) -> Readiness:
    """These snapshots of advertisers as the API shows them."""
    records = (Record("northlight", one, due_at=_NOW, snapshot=snapshot) for one, snapshot in snapshots.items())
    return Readiness(advertisers=tuple(shown_of(one, Cadence(), _NOW) for one in records))


READINESS = {
    "complete": Example(
        "Two advertisers, verified an hour ago: one has everything, one lacks what most objectives require",
        _shown(
            {
                READY: _looked_at(_looked_at(Snapshot(), _LAST_WEEK, _ALL_THERE), _AN_HOUR_AGO, _ALL_THERE),
                NOTHING: _looked_at(
                    Snapshot(),
                    _AN_HOUR_AGO,
                    {
                        Requirement.IDENTITY: Finding(Status.SATISFIED),
                        Requirement.PIXEL: Finding(Status.MISSING, "no_pixel"),
                        Requirement.CATALOG: Finding(Status.UNKNOWN, Unverified.NO_BUSINESS_CENTER),
                        Requirement.APP: Finding(Status.MISSING, "no_app"),
                        Requirement.LEAD_FORM: Finding(Status.MISSING, "no_lead_form"),
                    },
                ),
            }
        ),
    ),
    "stale": Example(
        "TikTok could not be asked an hour ago, so what was known before stays; the identity is expected to fail",
        _shown(
            {
                RESTRICTED: _looked_at(
                    _looked_at(Snapshot(), _AN_HOUR_AGO - timedelta(hours=1), _ALL_THERE, restricted=True),
                    _AN_HOUR_AGO,
                    dict.fromkeys(Requirement, Finding(Status.UNKNOWN, Unverified.TIMEOUT)),
                    restricted=True,
                )
            }
        ),
    ),
    "empty": Example("No advertiser that the caller may see was looked at yet", _shown({})),
}
