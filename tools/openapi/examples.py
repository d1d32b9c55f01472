"""Examples of responses and requests, built from the API's own models, sentences and functions."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from publishing.connections.authorize import new_handle, new_state
from publishing.connections.list_connections import list_advertisers, list_connections, shown
from publishing.http.check_schemas import (
    AssetSeen,
    CheckDone,
    CheckNotRequired,
    CreatedIdentityAnswer,
    IdentityCheck,
    IdentityList,
    ListedIdentity,
    PublishCheck,
    Readiness,
    Rules,
    TokenUsed,
    UsedIdentity,
)
from publishing.http.request_context import BUDGET_SECONDS, Principal, RequestContext
from publishing.http.request_schemas import (
    CompleteConnectionBody,
    ConnectionAdvertisersQuery,
    CreateIdentityBody,
    CreateIdentityImageBody,
    NoInput,
    PageQuery,
)
from publishing.http.response_schemas import ConsentAsked, Disconnected, IdentityImage
from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.messages import text_of, warning
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.readiness.cadence import Cadence
from publishing.readiness.list_readiness import readiness_of
from publishing.readiness.record import Record
from publishing.readiness.snapshot import CheckResult, Snapshot, observe
from publishing.teams import AdvertiserRow, Connection, Role, Team, in_utc
from tiktok_business.deadline import Deadline
from tiktok_business.oauth import consent_url
from tiktok_business.transport import PRODUCTION_BASE_URL

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
    """A model's instance, or the JSON of a request, with a summary."""

    summary: str
    value: BaseModel | Mapping[str, Any]

    @property
    def json(self) -> Any:
        """The example as JSON."""
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
        "The advertiser, the first one of the active token, has no usable TikTok account",
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
        "TikTok could not be asked, so the identity is unknown",
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
        "A name with TikTok's default image", CreateIdentityBody(advertiser_id=NOTHING, display_name="Acme")
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
        "The name was truncated, and TikTok no longer allows most ads of the account under custom identities",
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
        "Ready today, but TikTok no longer allows the account to run ads under a custom identity",
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
        "Nobody has connected TikTok, so the other prerequisites are unknown",
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
_ALL_SATISFIED = dict.fromkeys(Requirement, Finding(Status.SATISFIED))


def _checked(
    before: Snapshot, at: datetime, findings: Mapping[Requirement, Finding], *, restricted: bool = False
) -> Snapshot:
    """Return the snapshot after one more check."""
    warnings = ("custom_identity_restricted",) if restricted else ()
    result = CheckResult(at, findings, "u-owner", at_risk=restricted, warnings=warnings)
    return observe(before, result, Cadence().confirm_after).snapshot


def _readiness(snapshots: Mapping[str, Snapshot]) -> Readiness:
    """Return the API's response for these snapshots."""
    records = (Record("northlight", one, due_at=_NOW, snapshot=snapshot) for one, snapshot in snapshots.items())
    return Readiness(advertisers=tuple(readiness_of(one, Cadence(), _NOW) for one in records), next_token=None)


READINESS = {
    "complete": Example(
        "Two advertisers, checked an hour ago: one has everything, the other lacks most prerequisites",
        _readiness(
            {
                READY: _checked(_checked(Snapshot(), _LAST_WEEK, _ALL_SATISFIED), _AN_HOUR_AGO, _ALL_SATISFIED),
                NOTHING: _checked(
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
        "The last check failed, so the known state is stale; the identity is at risk",
        _readiness(
            {
                RESTRICTED: _checked(
                    _checked(Snapshot(), _AN_HOUR_AGO - timedelta(hours=1), _ALL_SATISFIED, restricted=True),
                    _AN_HOUR_AGO,
                    dict.fromkeys(Requirement, Finding(Status.UNKNOWN, Unverified.TIMEOUT)),
                    restricted=True,
                )
            }
        ),
    ),
    "empty": Example("No advertiser that the caller may see was checked yet", _readiness({})),
}


CALLBACK_URL = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/live/api/v1/tiktok/connections/callback"
APP_ID = "7400000000000000555"
AUTH_CODE = "53e0b5c2a4d94b7f8f1d6a2e9c7b3d10aa45f0c1"

_OWNER = Principal("u-owner", "northlight", Role.OWNER)
_BUYER = Principal("u-buyer", "northlight", Role.MEDIA_BUYER)
_NONCE = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")
_EVERYTHING = ("10", "12", "15", "60", "68", "69", "70", "80", "90")

STATE, _PENDING = new_state(_BUYER, _NOW, _NONCE)

NO_BODY = {"empty": Example("No fields", NoInput())}

HANDLES = {
    "returned": Example(
        "The handle of the redirect", CompleteConnectionBody(handle=new_handle(_PENDING.key, _NONCE)[0])
    )
}

CONSENTS = {
    "created": Example(
        "Where to send the caller",
        ConsentAsked(
            authorize_url=consent_url(PRODUCTION_BASE_URL, APP_ID, STATE, CALLBACK_URL), expires_at=_PENDING.expires_at
        ),
    )
}


@dataclass(frozen=True, slots=True)
class _OneTeam:
    connections: tuple[Connection, ...] = ()

    def read(self, team_id: str, advertiser_id: str | None = None) -> Team:  # noqa: ARG002 - no list is outside
        """Return a team with these connections."""
        return Team(team_id, connections=self.connections)


def _rows(wanted: Sequence[tuple[Connection, int]]) -> Sequence[Sequence[AdvertiserRow]]:
    return [connection.listed() for connection, _ in wanted]


def _connection(user_id: str, days_ago: int, names: Mapping[str, str]) -> Connection:
    return Connection(
        team_id=_OWNER.team_id,
        user_id=user_id,
        status="active",
        advertiser_ids=tuple(names),
        secret_id=f"wevion/tiktok/connections/{_OWNER.team_id}/{user_id}",
        connected_at=in_utc(_NOW - timedelta(days=days_ago)),
        names=names,
        scopes=_EVERYTHING,
        verified_at=in_utc(_NOW - timedelta(hours=3)),
    )


_OWNERS = _connection("u-owner", 20, {READY: "Acme"})
_BUYERS = replace(
    _connection("u-buyer", 2, {NOTHING: "Acme outlet", RESTRICTED: "Acme archive"}),
    disabled=frozenset({RESTRICTED}),
    scopes=("10", "12", "15", "68", "69", "70", "90"),
)
_EXPIRED = replace(_connection("u-manager", 90, {READY: ""}), status="expired", names={}, scopes=None, verified_at=None)


def _connection_list(summary: str, principal: Principal, *connections: Connection) -> Example:
    context = RequestContext(principal, Deadline.after(BUDGET_SECONDS), _NOW)
    return Example(summary, list_connections(_OneTeam(connections), _rows, context, PageQuery()))


CONNECTIONS = {
    "own": _connection_list("A media buyer sees their own connection, whose token lacks permissions", _BUYER, _BUYERS),
    "team": _connection_list(
        "An owner sees the team's connections; one was written by another service and has expired",
        _OWNER,
        *(_OWNERS, _BUYERS, _EXPIRED),
    ),
    "none": _connection_list("Nobody has connected TikTok", _OWNER),
}

CONNECTION_ADVERTISERS = {
    "all": Example(
        "A media buyer's own, of which one is disabled at TikTok",
        list_advertisers(
            _OneTeam((_BUYERS,)),
            _rows,
            RequestContext(_BUYER, Deadline.after(BUDGET_SECONDS), _NOW),
            ConnectionAdvertisersQuery(user_id="u-buyer"),
        ),
    )
}
COMPLETED = {"connected": Example("Connected, now or by an earlier request", shown(_BUYERS, _BUYERS.listed()))}

DISCONNECTED = {"disconnected": Example("Ended, now or earlier", Disconnected(user_id="u-buyer"))}


def _sent(summary: str, **body: Any) -> Example:
    CreateIdentityImageBody.model_validate(body)
    return Example(summary, body)


_SMALLEST_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="

NEW_IMAGES = {
    "url": _sent(
        "TikTok fetches the picture",
        advertiser_id=NOTHING,
        image_url="https://cdn.example.com/brands/acme/logo-512x512.png",
    ),
    "file": _sent(
        "The file itself, cropped to its centred square",
        advertiser_id=NOTHING,
        image_base64=_SMALLEST_PNG,
        crop="center",
    ),
}

CREATED_IMAGES = {
    "created": Example(
        "In the ad account's library",
        IdentityImage(
            image_uri="ad-site-i18n-sg/202609015d0d7a9c41b2f4e44cc6a1d3",
            width=512,
            height=512,
            image_url="https://p16-sign-sg.tiktokcdn.com/ad-site-i18n-sg/202609015d0d7a9c41b2f4e44cc6a1d3.png",
        ),
    ),
    "size_unknown": Example(
        "TikTok returns neither size nor URL of the fetched picture",
        IdentityImage(
            image_uri="ad-site-i18n-sg/202609015d0d7a9c41b2f4e44cc6a1d4", width=None, height=None, image_url=None
        ),
    ),
}
