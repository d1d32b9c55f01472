"""The columns of the matrix: each of TikTok's endpoints as called by one operation."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.deep.fault_matrix import worlds as w
from tests.deep.fault_matrix.faults import Part
from tests.deep.fault_matrix.rules import (
    Rule,
    Summary,
    advice,
    checked,
    created,
    exchanged,
    found_in_own_list,
    listed,
    listed_after_connecting,
    looked_up,
    partly_listed,
    refreshed,
    required,
    revoked,
    strict,
    uploaded,
    warned,
)

ACTED, NOT_ACTED = "acted", "not acted"
"""Scenes of a write: whether TikTok has applied it, whatever its response says."""
CONNECTING = frozenset({"connect", "disconnect", "refresh"})
"""Operations on connections themselves."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One endpoint as called by one operation."""

    operation: str
    """The operation: check, list, create, upload, publish, or one of ``CONNECTING``."""
    endpoint: str
    note: str = ""
    """Which call, if the operation calls the endpoint for several purposes."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    scenes: Mapping[str, w.Scene]
    """By name: ``there`` and ``absent``; ``far`` and ``barren`` are the same on several pages,
    ``endless`` has nothing usable on more pages than are read. Or those of a write."""
    without_fault: Mapping[str, Summary]
    """The summary of each scene without a fault."""
    rule: Rule
    parts: Mapping[Part, tuple[str, ...]] = field(default_factory=dict)
    id_number: str = "7300000000000000123"
    counted: bool = True
    """Whether the response has page counts."""
    row_bytes: int = 0
    """Approximate size of a row; 0 if no list can be larger than the product reads."""
    skip: int = 0
    """Calls of the endpoint before the fault begins."""
    writes: bool = False
    """Whether the call changes something at TikTok."""
    not_in_own_list: bool = False
    """Whether the advertiser is absent from the list of the caller's connection."""
    waits_for_slow_responses: bool = False
    """Whether there is time for a response that arrives slowly."""
    after_lost_write: bool = False
    """Whether the call follows a write whose response was lost."""

    @property
    def may_use_teammate(self) -> bool:
        """Whether the operation may use a teammate's token."""
        return self.operation in {"check", "list", "publish"} and not self.not_in_own_list

    @property
    def title(self) -> str:
        operation = f"{self.operation} {self.arguments.get('objective', '')}".strip()
        return f"{operation}, {self.endpoint}{f' ({self.note})' if self.note else ''}"


_READY = {"there": "ready", "absent": "missing", "far": "ready", "barren": "missing"}
_IDENTITY = {
    Part.LIST: ("identity_list",),
    Part.ID: ("identity_id",),
    Part.REQUIRED: ("identity_type",),
    Part.DECIDING: ("available_status", "is_gpppa"),
    Part.DISPLAYED: ("display_name", "profile_image", "identity_authorized_bc_id"),
    Part.COUNT: ("page_info", "total_number"),
}
_NAMED_IDENTITY = {
    **_IDENTITY,
    Part.REQUIRED: ("identity_type", "display_name"),
    Part.DISPLAYED: ("profile_image", "identity_authorized_bc_id"),
    Part.COUNT: ("page_info", "total_number"),
}
_ADVERTISER = {Part.LIST: ("list",), Part.ID: ("advertiser_id",)}
_ACCOUNT = {**_ADVERTISER, Part.REQUIRED: ("status",), Part.DISPLAYED: ("name",)}
_FLAG = {**_ADVERTISER, Part.REQUIRED: ("can_use_custom_identity",)}
_REACHED = {Part.LIST: ("list",), Part.ID: ("advertiser_id",), Part.DISPLAYED: ("advertiser_name",)}
_RESTRICTED, _UNVERIFIED = "custom_identity_restricted", "custom_identity_unverified"
_LEADS = {"objective": "LEAD_GENERATION"}

ROWS: tuple[Row, ...] = (
    Row(
        operation="check",
        endpoint="identity/get/",
        scenes={
            "there": w.unchanged,
            "absent": w.no_identities,
            "far": w.account_on_second_page,
            "barren": w.unusable_accounts,
            "endless": w.endless_accounts,
        },
        without_fault={"there": "has one", "absent": "no_tt_user", "far": "has one", "barren": "no_tt_user"},
        rule=checked,
        parts=_IDENTITY,
        row_bytes=400,
    ),
    Row(
        operation="list",
        endpoint="identity/get/",
        scenes={
            "there": w.unchanged,
            "absent": w.no_identities,
            "far": w.accounts_on_two_pages,
            "barren": w.identities_none_usable,
        },
        without_fault={"there": "200, 2 listed", "absent": "200, 0 listed"},
        rule=listed,
        parts=_IDENTITY,
        row_bytes=400,
    ),
    Row(
        operation="list",
        endpoint="identity/get/",
        note="one of the types",
        scenes={"there": w.unchanged, "absent": w.no_identities},
        without_fault={"there": "200, 2 listed", "absent": "200, 0 listed"},
        rule=partly_listed,
        parts=_IDENTITY,
        row_bytes=400,
        skip=1,
    ),
    Row(
        operation="create",
        endpoint="identity/create/",
        scenes={ACTED: w.unchanged, NOT_ACTED: w.unchanged},
        without_fault={ACTED: "201 created"},
        rule=created,
        writes=True,
        parts={Part.ID: ("identity_id",)},
        counted=False,
    ),
    Row(
        operation="create",
        endpoint="identity/get/",
        note="after a lost response",
        scenes={ACTED: w.unchanged, NOT_ACTED: w.unchanged},
        without_fault={ACTED: "201 found by name", NOT_ACTED: "502 tiktok_error"},
        rule=looked_up,
        parts=_NAMED_IDENTITY,
        row_bytes=400,
        after_lost_write=True,
    ),
    Row(
        operation="create",
        endpoint="advertiser/info/",
        note="flag",
        scenes={"there": w.restricted, "absent": w.unchanged},
        without_fault={"there": f"201 created, {_RESTRICTED}", "absent": "201 created"},
        rule=warned("201 created"),
        parts=_FLAG,
        id_number=w.ADVERTISER,
        counted=False,
    ),
    Row(
        operation="publish",
        endpoint="identity/get/",
        arguments={"objective": "TRAFFIC"},
        scenes={
            "there": w.unchanged,
            "absent": w.no_identities,
            "far": w.account_on_second_page,
            "barren": w.unusable_accounts,
            "endless": w.endless_accounts,
        },
        without_fault=_READY,
        rule=required,
        parts=_IDENTITY,
        row_bytes=400,
    ),
    Row(
        operation="publish",
        endpoint="identity/get/",
        note="custom identities",
        arguments={"objective": "TRAFFIC"},
        scenes={"there": w.only_custom, "absent": w.no_identities},
        without_fault=_READY,
        rule=required,
        parts=_IDENTITY,
        row_bytes=400,
        skip=1,
    ),
    Row(
        operation="publish",
        endpoint="pixel/list/",
        arguments={"objective": "WEB_CONVERSIONS"},
        scenes={
            "there": w.unchanged,
            "absent": w.no_pixel,
            "far": w.pixel_on_third_page,
            "barren": w.unbound_pixels,
            "endless": w.endless_pixels,
        },
        without_fault=_READY,
        rule=required,
        parts={
            Part.LIST: ("pixels",),
            Part.ID: ("pixel_id",),
            Part.DECIDING: ("asset_ownership", "asset_relation_status"),
            Part.DISPLAYED: ("pixel_name", "activity_status"),
            Part.COUNT: ("page_info", "total_page"),
        },
        row_bytes=800,
    ),
    Row(
        operation="publish",
        endpoint="bc/get/",
        arguments={"objective": "PRODUCT_SALES"},
        scenes={
            "there": w.unchanged,
            "absent": w.no_centers,
            "far": w.center_on_second_page,
            "barren": w.empty_centers,
        },
        without_fault={**_READY, "absent": "unknown: no_business_center"},
        rule=required,
        parts={
            Part.LIST: ("list",),
            Part.ID: ("bc_id",),
            Part.REQUIRED: ("bc_info",),
            Part.DISPLAYED: ("name",),
            Part.COUNT: ("page_info", "total_page"),
        },
        id_number=w.CENTER,
        row_bytes=300,
    ),
    Row(
        operation="publish",
        endpoint="catalog/get/",
        arguments={"objective": "PRODUCT_SALES"},
        scenes={
            "there": w.unchanged,
            "absent": w.no_catalog,
            "far": w.catalog_on_second_page,
            "barren": w.ineligible_catalogs,
            "endless": w.endless_catalogs,
        },
        without_fault=_READY,
        rule=required,
        parts={
            Part.LIST: ("list",),
            Part.ID: ("catalog_id",),
            Part.DECIDING: ("ad_creation_eligible",),
            Part.DISPLAYED: ("catalog_name",),
            Part.COUNT: ("page_info", "total_page"),
        },
        row_bytes=350,
    ),
    Row(
        operation="publish",
        endpoint="app/list/",
        arguments={"objective": "APP_PROMOTION"},
        scenes={"there": w.unchanged, "absent": w.no_app},
        without_fault=_READY,
        rule=required,
        parts={Part.LIST: ("apps",), Part.ID: ("app_id",), Part.DISPLAYED: ("app_name", "platform")},
        counted=False,
        row_bytes=400,
    ),
    Row(
        operation="publish",
        endpoint="page/get/",
        arguments=_LEADS,
        scenes={
            "there": w.unchanged,
            "absent": w.no_form,
            "far": w.form_on_second_page,
            "barren": w.drafts,
            "endless": w.endless_drafts,
        },
        without_fault=_READY,
        rule=required,
        parts={
            Part.LIST: ("list",),
            Part.ID: ("page_id",),
            Part.REQUIRED: ("status",),
            Part.DISPLAYED: ("title",),
            Part.COUNT: ("page_info", "total_page"),
        },
        row_bytes=300,
    ),
    Row(
        operation="publish",
        endpoint="page/library/get/",
        arguments=_LEADS,
        scenes={"there": w.form_in_library, "absent": w.no_form},
        without_fault=_READY,
        rule=required,
        parts={
            Part.LIST: ("list",),
            Part.ID: ("library_id", "advertiser_id"),
            Part.DISPLAYED: ("library_name",),
            Part.COUNT: ("page_info", "total_page"),
        },
        id_number=w.LIBRARY,
        row_bytes=80,
    ),
    Row(
        operation="publish",
        endpoint="term/check/",
        note="advice",
        arguments=_LEADS,
        scenes={"there": w.terms_unsigned, "absent": w.unchanged},
        without_fault={"there": "ready, lead_terms_unsigned", "absent": "ready"},
        rule=advice("ready"),
        parts={Part.REQUIRED: ("confirmed",)},
        counted=False,
    ),
    Row(
        operation="publish",
        endpoint="advertiser/info/",
        note="advice: account",
        arguments={"objective": "TRAFFIC"},
        scenes={"there": w.suspended, "absent": w.unchanged},
        without_fault={"there": "ready, account_not_enabled", "absent": "ready"},
        rule=advice("ready"),
        parts=_ACCOUNT,
        id_number=w.ADVERTISER,
        counted=False,
    ),
    Row(
        operation="publish",
        endpoint="advertiser/info/",
        note="advice: flag",
        arguments={"objective": "TRAFFIC"},
        scenes={"there": w.only_restricted_custom, "absent": w.only_custom},
        without_fault={"there": f"ready at risk, {_RESTRICTED}", "absent": "ready"},
        rule=advice(f"ready, {_UNVERIFIED}"),
        parts=_FLAG,
        id_number=w.ADVERTISER,
        counted=False,
    ),
    Row(
        operation="publish",
        endpoint="advertiser/info/",
        note="strict: flag",
        arguments={"objective": "TRAFFIC", "strict": "true"},
        scenes={"there": w.only_custom, "absent": w.only_restricted_custom},
        without_fault=_READY,
        rule=strict,
        parts=_FLAG,
        id_number=w.ADVERTISER,
        counted=False,
    ),
    Row(
        operation="publish",
        endpoint="oauth2/advertiser/get/",
        note="own list",
        arguments={"objective": "TRAFFIC"},
        scenes={"there": w.unchanged, "absent": w.not_reached},
        without_fault={"there": "ready", "absent": "403 advertiser_not_accessible"},
        rule=found_in_own_list,
        parts=_REACHED,
        id_number=w.ADVERTISER,
        counted=False,
        row_bytes=70,
        not_in_own_list=True,
    ),
    Row(
        operation="upload",
        endpoint="file/image/ad/upload/",
        scenes={ACTED: w.unchanged, NOT_ACTED: w.unchanged},
        without_fault={ACTED: "201 uploaded"},
        rule=uploaded,
        writes=True,
        parts={Part.ID: ("image_id",), Part.DISPLAYED: ("width", "height", "image_url")},
        counted=False,
    ),
    Row(
        operation="connect",
        endpoint="oauth2/access_token/",
        scenes={ACTED: w.unchanged, NOT_ACTED: w.unchanged},
        without_fault={ACTED: "connected, 1 listed"},
        rule=exchanged,
        writes=True,
        parts={Part.REQUIRED: ("access_token",), Part.DISPLAYED: ("scope", "advertiser_ids")},
        counted=False,
    ),
    Row(
        operation="connect",
        endpoint="oauth2/advertiser/get/",
        scenes={"there": w.unchanged, "absent": w.nothing_reached},
        without_fault={"there": "connected, 1 listed", "absent": "connected, 0 listed"},
        rule=listed_after_connecting,
        waits_for_slow_responses=True,
        parts=_REACHED,
        id_number=w.ADVERTISER,
        counted=False,
        row_bytes=70,
    ),
    Row(
        operation="connect",
        endpoint="advertiser/info/",
        note="disabled advertisers",
        scenes={"there": w.suspended, "absent": w.unchanged},
        without_fault={"there": "connected, 1 listed, 1 disabled", "absent": "connected, 1 listed"},
        rule=warned("connected, 1 listed"),
        waits_for_slow_responses=True,
        parts=_ACCOUNT,
        id_number=w.ADVERTISER,
        counted=False,
    ),
    Row(
        operation="disconnect",
        endpoint="oauth2/revoke_token/",
        scenes={ACTED: w.unchanged, NOT_ACTED: w.unchanged},
        without_fault={ACTED: "200 revoked", NOT_ACTED: "200 revoked"},
        rule=revoked,
        writes=True,
        counted=False,
    ),
    Row(
        operation="refresh",
        endpoint="oauth2/advertiser/get/",
        scenes={"there": w.unchanged, "absent": w.unchanged},
        without_fault={"there": "1 listed", "absent": "0 listed"},
        rule=refreshed,
        waits_for_slow_responses=True,
        parts=_REACHED,
        id_number=w.SECOND,
        counted=False,
        row_bytes=70,
    ),
)
