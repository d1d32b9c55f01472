"""TikTok's permissions and what needs each of them: one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from publishing.http.response_schemas import MissingPermissions, Permission
from publishing.preflight.objectives import Requirement


@dataclass(frozen=True, slots=True)
class Scope:
    """A permission; granting the parent grants it too (EVA scopes, 2026-08-13)."""

    id: str
    parent: str
    name: str


_ADVERTISER = Scope("100", "10", "Read ad accounts")
_BUSINESS_CENTERS = Scope("150", "15", "Read Business Centers")
_IDENTITY_READ = Scope("693", "69", "Read identities")
_IDENTITY_CREATE = Scope("692", "69", "Create identities")
_IMAGE_UPLOAD = Scope("601", "60", "Upload images")
_PIXEL = Scope("800", "80", "Read pixels")
_CATALOG = Scope("900", "90", "Read catalogs")
_APP = Scope("700", "70", "Read apps")
_PAGE = Scope("680", "68", "Read lead forms")
_TERM = Scope("120", "12", "Read signed terms")

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


def granted(scopes: tuple[str, ...]) -> tuple[Permission, ...]:
    """Return the granted permissions, used ones first; unused ones are named by their number."""
    known = [one for one in SCOPES if _has(scopes, one)]
    named = {one.id for one in known} | {one.parent for one in known}
    others = [Permission(id=one, name=f"Permission {one}") for one in dict.fromkeys(scopes) if one not in named]
    return (*(Permission(id=one.id, name=one.name) for one in known), *others)


def missing(scopes: tuple[str, ...]) -> tuple[MissingPermissions, ...]:
    """Return what is affected by permissions that were not granted."""
    lacking = {check: [one for one in needed if not _has(scopes, one)] for check, needed in NEEDED.items()}
    return tuple(
        MissingPermissions(check=check, permissions=tuple(Permission(id=one.id, name=one.name) for one in absent))
        for check, absent in lacking.items()
        if absent
    )


def _has(scopes: tuple[str, ...], scope: Scope) -> bool:
    return scope.id in scopes or scope.parent in scopes
