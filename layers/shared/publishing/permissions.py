"""TikTok's permissions and what needs each of them: one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from publishing.preflight.objectives import Requirement

if TYPE_CHECKING:
    from publishing.http.response_schemas import MissingPermissions, Permission


@dataclass(frozen=True, slots=True)
class Scope:
    """A permission; granting the parent grants it too (EVA scopes, 2026-08-13)."""

    id: str
    parent: str
    name: str
    endpoints: tuple[str, ...]
    """What TikTok refuses without it (reference: EVA scopes; ``page/library/get/``: portal, 2026-08-23)."""

    def granted_by(self, scopes: tuple[str, ...]) -> bool:
        """Whether a connection with these granted permissions has this one."""
        return self.id in scopes or self.parent in scopes


_ADVERTISER = Scope("100", "10", "Read ad accounts", ("advertiser/info/", "oauth2/advertiser/get/"))
_BUSINESS_CENTERS = Scope("150", "15", "Read Business Centers", ("bc/get/",))
_IDENTITY_READ = Scope("693", "69", "Read identities", ("identity/get/",))
_IDENTITY_CREATE = Scope("692", "69", "Create identities", ("identity/create/",))
_IMAGE_UPLOAD = Scope("601", "60", "Upload images", ("file/image/ad/upload/",))
_PIXEL = Scope("800", "80", "Read pixels", ("pixel/list/",))
_CATALOG = Scope("900", "90", "Read catalogs", ("catalog/get/",))
_APP = Scope("700", "70", "Read apps", ("app/list/",))
_PAGE = Scope("680", "68", "Read lead forms", ("page/get/", "page/library/get/"))
_TERM = Scope("120", "12", "Read signed terms", ("term/check/",))

SCOPES: tuple[Scope, ...] = (
    _ADVERTISER,
    _BUSINESS_CENTERS,
    _IDENTITY_READ,
    _IDENTITY_CREATE,
    _IMAGE_UPLOAD,
    _PIXEL,
    _CATALOG,
    _APP,
    _PAGE,
    _TERM,
)
"""The permissions that this product uses (EVA ``scopes/tiktok-ads-scopes.yml``)."""

NEEDED: Mapping[str, tuple[Scope, ...]] = MappingProxyType(
    {
        Requirement.IDENTITY.value: (_IDENTITY_READ,),
        Requirement.PIXEL.value: (_PIXEL,),
        Requirement.CATALOG.value: (_BUSINESS_CENTERS, _CATALOG),
        Requirement.APP.value: (_APP,),
        Requirement.LEAD_FORM.value: (_PAGE,),
        "createIdentity": (_IDENTITY_CREATE,),
        "identityImage": (_IMAGE_UPLOAD,),
        "advertisers": (_ADVERTISER,),
        "warnings": (_ADVERTISER, _TERM),
    }
)
"""What each check and action needs. ``advertisers``: refreshing the list of ad accounts."""

_BY_ENDPOINT: Mapping[str, Scope] = MappingProxyType({one: scope for scope in SCOPES for one in scope.endpoints})


def needed_for(endpoint: str) -> Scope | None:
    """Return the permission that a TikTok endpoint needs; None if it needs none, or none that is known."""
    return _BY_ENDPOINT.get(endpoint)


def granted(scopes: tuple[str, ...]) -> "tuple[Permission, ...]":
    """Return the granted permissions, used ones first; unused ones are named by their number."""
    from publishing.http.response_schemas import Permission  # noqa: PLC0415 - errors use the table alone, and load no schemas

    known = [one for one in SCOPES if one.granted_by(scopes)]
    named = {one.id for one in known} | {one.parent for one in known}
    others = [Permission(id=one, name=f"Permission {one}") for one in dict.fromkeys(scopes) if one not in named]
    return (*(Permission(id=one.id, name=one.name) for one in known), *others)


def missing(scopes: tuple[str, ...]) -> "tuple[MissingPermissions, ...]":
    """Return what is affected by permissions that were not granted."""
    from publishing.http.response_schemas import MissingPermissions, Permission  # noqa: PLC0415 - errors use the table alone, and load no schemas

    lacking = {check: [one for one in needed if not one.granted_by(scopes)] for check, needed in NEEDED.items()}
    return tuple(
        MissingPermissions(check=check, permissions=tuple(Permission(id=one.id, name=one.name) for one in absent))
        for check, absent in lacking.items()
        if absent
    )
