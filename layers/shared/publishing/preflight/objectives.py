"""Which prerequisites each campaign objective has: the only table."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Requirement(StrEnum):
    """A prerequisite of an ad, in the order of responses."""

    IDENTITY = "identity"
    PIXEL = "pixel"
    CATALOG = "catalog"
    APP = "app"
    LEAD_FORM = "leadForm"


_IDENTITY_ONLY = (Requirement.IDENTITY,)
_WITH_PIXEL = (Requirement.IDENTITY, Requirement.PIXEL)
_WITH_CATALOG = (Requirement.IDENTITY, Requirement.CATALOG)
_WITH_APP = (Requirement.IDENTITY, Requirement.APP)
_WITH_LEAD_FORM = (Requirement.IDENTITY, Requirement.LEAD_FORM)

OBJECTIVES: Mapping[str, tuple[Requirement, ...]] = MappingProxyType(
    {
        "REACH": _IDENTITY_ONLY,
        "TRAFFIC": _IDENTITY_ONLY,
        "VIDEO_VIEWS": _IDENTITY_ONLY,
        "ENGAGEMENT": _IDENTITY_ONLY,
        "RF_REACH": _IDENTITY_ONLY,
        "BRAND_CONSIDERATION": _IDENTITY_ONLY,
        "WEB_CONVERSIONS": _WITH_PIXEL,
        "CONVERSIONS": _WITH_PIXEL,
        "PRODUCT_SALES": _WITH_CATALOG,
        "SHOP_PURCHASES": _WITH_CATALOG,
        "CATALOG_SALES": _WITH_CATALOG,
        "APP_PROMOTION": _WITH_APP,
        "APP_INSTALL": _WITH_APP,
        "LEAD_GENERATION": _WITH_LEAD_FORM,
    }
)
"""Prerequisites by objective, under its current and older names. All objectives require an identity."""


def normalised_objective(text: str) -> str | None:
    """Return the objective that ``text`` names, whatever its letter case and outer white space; None if unknown."""
    objective = text.strip().upper()
    return objective if objective in OBJECTIVES else None
