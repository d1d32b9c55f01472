"""The rows of the matrix: each endpoint of TikTok's as one operation of ours asks it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.deep.fault_matrix import worlds as w
from tests.deep.fault_matrix.faults import Part
from tests.deep.fault_matrix.rules import (
    Rule,
    Word,
    advice,
    checked,
    created,
    exchanged,
    found_in_own_list,
    listed,
    listed_once_connected,
    looked_for,
    partly_listed,
    refreshed,
    required,
    revoked,
    strictly,
    uploaded,
    warned,
)

ACTED, NOT_ACTED = "acted", "not acted"
"""The scenes of a write: whether TikTok has carried it out although its answer may say otherwise."""
CONNECTING = frozenset({"connect", "disconnect", "refresh"})
"""Operations on connections themselves."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One endpoint as one operation asks it."""

    asks: str
    """The operation: check, list, create, upload, publish, or one of ``CONNECTING``."""
    endpoint: str
    note: str = ""
    """Which call, where the operation asks the endpoint for several things."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    scenes: Mapping[str, w.Scene]
    """By name: ``there`` and ``absent``; ``far`` and ``barren`` are the same on several pages,
    ``endless`` has nothing usable on more pages than are read. Or those of a write."""
    plain: Mapping[str, Word]
    """What is told in each scene where nothing goes wrong."""
    rule: Rule
    parts: Mapping[Part, tuple[str, ...]] = field(default_factory=dict)
    id_number: str = "7300000000000000123"
    counted: bool = True
    """Whether the answer has page counts."""
    row_bytes: int = 0
    """About the size of a row; 0 where no list can grow beyond what the product reads."""
    skip: int = 0
    """Calls of the endpoint that are spared."""
    writes: bool = False
    """Whether asking the endpoint changes something at TikTok."""
    unlisted: bool = False
    """Whether the advertiser is not in the list of the caller's connection."""
    patient: bool = False
    """Whether an answer that drips in is waited for: there is time for it."""
    after_lost_write: bool = False
    """The endpoint is asked only because a write's answer was lost."""

    @property
    def has_mates(self) -> bool:
        """Whether a teammate's token may do what the caller's may not."""
        return self.asks in {"check", "list", "publish"} and not self.unlisted

    @property
    def title(self) -> str:
        operation = f"{self.asks} {self.arguments.get('objective', '')}".strip()
        return f"{operation}, {self.endpoint}{f' ({self.note})' if self.note else ''}"


_READY = {"there": "ready", "absent": "missing", "far": "ready", "barren": "missing"}
_IDENTITY = {
    Part.LIST: ("identity_list",),
    Part.ID: ("identity_id",),
    Part.NEEDED: ("identity_type",),
    Part.DECIDING: ("available_status", "is_gpppa"),
    Part.SHOWN: ("display_name", "profile_image", "identity_authorized_bc_id", "page_info", "total_number"),
}
_NAMED_IDENTITY = {
    **_IDENTITY,
    Part.NEEDED: ("identity_type", "display_name"),
    Part.SHOWN: ("profile_image", "identity_authorized_bc_id", "page_info", "total_number"),
}
_ADVERTISER = {Part.LIST: ("list",), Part.ID: ("advertiser_id",)}
_ACCOUNT = {**_ADVERTISER, Part.NEEDED: ("status",), Part.SHOWN: ("name",)}
_FLAG = {**_ADVERTISER, Part.NEEDED: ("can_use_custom_identity",)}
_REACHED = {Part.LIST: ("list",), Part.ID: ("advertiser_id",), Part.SHOWN: ("advertiser_name",)}
_RESTRICTED, _UNVERIFIED = "custom_identity_restricted", "custom_identity_unverified"
_LEADS = {"objective": "LEAD_GENERATION"}

ROWS: tuple[Row, ...] = (
    Row(
        asks="check",
        endpoint="identity/get/",
        scenes={
            "there": w.as_it_is,
            "absent": w.no_identities,
            "far": w.account_on_second_page,
            "barren": w.unusable_accounts,
            "endless": w.endless_accounts,
        },
        plain={"there": "has one", "absent": "no_tt_user", "far": "has one", "barren": "no_tt_user"},
        rule=checked,
        parts=_IDENTITY,
        row_bytes=400,
    ),
    Row(
        asks="list",
        endpoint="identity/get/",
        scenes={
            "there": w.as_it_is,
            "absent": w.no_identities,
            "far": w.accounts_on_two_pages,
            "barren": w.identities_none_usable,
        },
        plain={"there": "200, 2 listed", "absent": "200, 0 listed"},
        rule=listed,
        parts=_IDENTITY,
        row_bytes=400,
    ),
    Row(
        asks="list",
        endpoint="identity/get/",
        note="one of the types",
        scenes={"there": w.as_it_is, "absent": w.no_identities},
        plain={"there": "200, 2 listed", "absent": "200, 0 listed"},
        rule=partly_listed,
        parts=_IDENTITY,
        row_bytes=400,
        skip=1,
    ),
    Row(
        asks="create",
        endpoint="identity/create/",
        scenes={ACTED: w.as_it_is, NOT_ACTED: w.as_it_is},
        plain={ACTED: "201 created"},
        rule=created,
        writes=True,
        parts={Part.ID: ("identity_id",)},
        counted=False,
    ),
    Row(
        asks="create",
        endpoint="identity/get/",
        note="after a lost answer",
        scenes={ACTED: w.as_it_is, NOT_ACTED: w.as_it_is},
        plain={ACTED: "201 found by name", NOT_ACTED: "502 tiktok_error"},
        rule=looked_for,
        parts=_NAMED_IDENTITY,
        row_bytes=400,
        after_lost_write=True,
    ),
    Row(
        asks="create",
        endpoint="advertiser/info/",
        note="flag",
        scenes={"there": w.barred, "absent": w.as_it_is},
        plain={"there": f"201 created, {_RESTRICTED}", "absent": "201 created"},
        rule=warned("201 created"),
        parts=_FLAG,
        id_number=w.ADVERTISER,
        counted=False,
    ),
    Row(
        asks="publish",
        endpoint="identity/get/",
        arguments={"objective": "TRAFFIC"},
        scenes={
            "there": w.as_it_is,
            "absent": w.no_identities,
            "far": w.account_on_second_page,
            "barren": w.unusable_accounts,
            "endless": w.endless_accounts,
        },
        plain=_READY,
        rule=required,
        parts=_IDENTITY,
        row_bytes=400,
    ),
    Row(
        asks="publish",
        endpoint="identity/get/",
        note="custom ones",
        arguments={"objective": "TRAFFIC"},
        scenes={"there": w.custom_alone, "absent": w.no_identities},
        plain=_READY,
        rule=required,
        parts=_IDENTITY,
        row_bytes=400,
        skip=1,
    ),
    Row(
        asks="publish",
        endpoint="pixel/list/",
        arguments={"objective": "WEB_CONVERSIONS"},
        scenes={
            "there": w.as_it_is,
            "absent": w.no_pixel,
            "far": w.pixel_on_third_page,
            "barren": w.unbound_pixels,
            "endless": w.endless_pixels,
        },
        plain=_READY,
        rule=required,
        parts={
            Part.LIST: ("pixels",),
            Part.ID: ("pixel_id",),
            Part.DECIDING: ("asset_ownership", "asset_relation_status"),
            Part.SHOWN: ("pixel_name", "activity_status", "page_info", "total_page"),
        },
        row_bytes=800,
    ),
    Row(
        asks="publish",
        endpoint="bc/get/",
        arguments={"objective": "PRODUCT_SALES"},
        scenes={
            "there": w.as_it_is,
            "absent": w.no_centers,
            "far": w.center_on_second_page,
            "barren": w.empty_centers,
        },
        plain={**_READY, "absent": "unknown: no_business_center"},
        rule=required,
        parts={
            Part.LIST: ("list",),
            Part.ID: ("bc_id",),
            Part.NEEDED: ("bc_info",),
            Part.SHOWN: ("name", "page_info", "total_page"),
        },
        id_number=w.CENTER,
        row_bytes=300,
    ),
    Row(
        asks="publish",
        endpoint="catalog/get/",
        arguments={"objective": "PRODUCT_SALES"},
        scenes={
            "there": w.as_it_is,
            "absent": w.no_catalog,
            "far": w.catalog_on_second_page,
            "barren": w.barred_catalogs,
            "endless": w.endless_catalogs,
        },
        plain=_READY,
        rule=required,
        parts={
            Part.LIST: ("list",),
            Part.ID: ("catalog_id",),
            Part.DECIDING: ("ad_creation_eligible",),
            Part.SHOWN: ("catalog_name", "page_info", "total_page"),
        },
        row_bytes=350,
    ),
    Row(
        asks="publish",
        endpoint="app/list/",
        arguments={"objective": "APP_PROMOTION"},
        scenes={"there": w.as_it_is, "absent": w.no_app},
        plain=_READY,
        rule=required,
        parts={Part.LIST: ("apps",), Part.ID: ("app_id",), Part.SHOWN: ("app_name", "platform")},
        counted=False,
        row_bytes=400,
    ),
    Row(
        asks="publish",
        endpoint="page/get/",
        arguments=_LEADS,
        scenes={
            "there": w.as_it_is,
            "absent": w.no_form,
            "far": w.form_on_second_page,
            "barren": w.drafts,
            "endless": w.endless_drafts,
        },
        plain=_READY,
        rule=required,
        parts={
            Part.LIST: ("list",),
            Part.ID: ("page_id",),
            Part.NEEDED: ("status",),
            Part.SHOWN: ("title", "page_info", "total_page"),
        },
        row_bytes=300,
    ),
    Row(
        asks="publish",
        endpoint="page/library/get/",
        arguments=_LEADS,
        scenes={"there": w.form_in_library, "absent": w.no_form},
        plain=_READY,
        rule=required,
        parts={
            Part.LIST: ("list",),
            Part.ID: ("library_id", "advertiser_id"),
            Part.SHOWN: ("library_name", "page_info", "total_page"),
        },
        id_number=w.LIBRARY,
        row_bytes=80,
    ),
    Row(
        asks="publish",
        endpoint="term/check/",
        note="advice",
        arguments=_LEADS,
        scenes={"there": w.terms_unsigned, "absent": w.as_it_is},
        plain={"there": "ready, lead_terms_unsigned", "absent": "ready"},
        rule=advice("ready"),
        parts={Part.NEEDED: ("confirmed",)},
        counted=False,
    ),
    Row(
        asks="publish",
        endpoint="advertiser/info/",
        note="advice: account",
        arguments={"objective": "TRAFFIC"},
        scenes={"there": w.suspended, "absent": w.as_it_is},
        plain={"there": "ready, account_not_enabled", "absent": "ready"},
        rule=advice("ready"),
        parts=_ACCOUNT,
        id_number=w.ADVERTISER,
        counted=False,
    ),
    Row(
        asks="publish",
        endpoint="advertiser/info/",
        note="advice: flag",
        arguments={"objective": "TRAFFIC"},
        scenes={"there": w.custom_alone_barred, "absent": w.custom_alone},
        plain={"there": f"ready at risk, {_RESTRICTED}", "absent": "ready"},
        rule=advice(f"ready, {_UNVERIFIED}"),
        parts=_FLAG,
        id_number=w.ADVERTISER,
        counted=False,
    ),
    Row(
        asks="publish",
        endpoint="advertiser/info/",
        note="strict: flag",
        arguments={"objective": "TRAFFIC", "strict": "true"},
        scenes={"there": w.custom_alone, "absent": w.custom_alone_barred},
        plain=_READY,
        rule=strictly,
        parts=_FLAG,
        id_number=w.ADVERTISER,
        counted=False,
    ),
    Row(
        asks="publish",
        endpoint="oauth2/advertiser/get/",
        note="own list",
        arguments={"objective": "TRAFFIC"},
        scenes={"there": w.as_it_is, "absent": w.out_of_reach},
        plain={"there": "ready", "absent": "403 advertiser_not_accessible"},
        rule=found_in_own_list,
        parts=_REACHED,
        id_number=w.ADVERTISER,
        counted=False,
        row_bytes=70,
        unlisted=True,
    ),
    Row(
        asks="upload",
        endpoint="file/image/ad/upload/",
        scenes={ACTED: w.as_it_is, NOT_ACTED: w.as_it_is},
        plain={ACTED: "201 uploaded"},
        rule=uploaded,
        writes=True,
        parts={Part.ID: ("image_id",), Part.SHOWN: ("width", "height", "image_url")},
        counted=False,
    ),
    Row(
        asks="connect",
        endpoint="oauth2/access_token/",
        scenes={ACTED: w.as_it_is, NOT_ACTED: w.as_it_is},
        plain={ACTED: "connected, 1 listed"},
        rule=exchanged,
        writes=True,
        parts={Part.NEEDED: ("access_token",), Part.SHOWN: ("scope", "advertiser_ids")},
        counted=False,
    ),
    Row(
        asks="connect",
        endpoint="oauth2/advertiser/get/",
        scenes={"there": w.as_it_is, "absent": w.nothing_reached},
        plain={"there": "connected, 1 listed", "absent": "connected, 0 listed"},
        rule=listed_once_connected,
        patient=True,
        parts=_REACHED,
        id_number=w.ADVERTISER,
        counted=False,
        row_bytes=70,
    ),
    Row(
        asks="connect",
        endpoint="advertiser/info/",
        note="disabled ones",
        scenes={"there": w.suspended, "absent": w.as_it_is},
        plain={"there": "connected, 1 listed, 1 disabled", "absent": "connected, 1 listed"},
        rule=warned("connected, 1 listed"),
        patient=True,
        parts=_ACCOUNT,
        id_number=w.ADVERTISER,
        counted=False,
    ),
    Row(
        asks="disconnect",
        endpoint="oauth2/revoke_token/",
        scenes={ACTED: w.as_it_is, NOT_ACTED: w.as_it_is},
        plain={ACTED: "200 revoked", NOT_ACTED: "200 revoked"},
        rule=revoked,
        writes=True,
        counted=False,
    ),
    Row(
        asks="refresh",
        endpoint="oauth2/advertiser/get/",
        scenes={"there": w.as_it_is, "absent": w.as_it_is},
        plain={"there": "1 listed", "absent": "0 listed"},
        rule=refreshed,
        patient=True,
        parts=_REACHED,
        id_number=w.SECOND,
        counted=False,
        row_bytes=70,
    ),
)
