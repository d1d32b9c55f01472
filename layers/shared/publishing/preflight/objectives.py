"""What an ad is meant to be, and which prerequisites it has: the only table of objectives and destinations (pure)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Requirement(StrEnum):
    """A prerequisite of an ad, in the order of responses."""

    IDENTITY = "identity"
    PIXEL = "pixel"
    CATALOG = "catalog"
    APP = "app"
    LEAD_FORM = "leadForm"


class Destination(StrEnum):
    """Where an ad leads."""

    WEBSITE = "WEBSITE"
    APP = "APP"
    TIKTOK_SHOP = "TIKTOK_SHOP"
    INSTANT_FORM = "INSTANT_FORM"
    TIKTOK_MESSAGE = "TIKTOK_MESSAGE"
    MESSAGING_APP = "MESSAGING_APP"
    PHONE_CALL = "PHONE_CALL"


class CampaignType(StrEnum):
    """How the campaign is made: by hand, as Upgraded Smart+ or as GMV Max."""

    MANUAL = "MANUAL"
    SMART_PLUS = "SMART_PLUS"
    GMV_MAX = "GMV_MAX"


class AdFormat(StrEnum):
    """What the ad shows."""

    VIDEO = "VIDEO"
    IMAGE = "IMAGE"
    CAROUSEL = "CAROUSEL"
    CATALOG_CAROUSEL = "CATALOG_CAROUSEL"


Required = tuple[Requirement, ...]


def _required(*beside_identity: Requirement) -> Required:
    return (Requirement.IDENTITY, *beside_identity)


_IDENTITY_ONLY = _required()
_PIXEL = _required(Requirement.PIXEL)
_CATALOG = _required(Requirement.CATALOG)
_CATALOG_AND_APP = _required(Requirement.CATALOG, Requirement.APP)
_APP = _required(Requirement.APP)
_LEAD_FORM = _required(Requirement.LEAD_FORM)

_Destinations = Mapping[Destination, Required]
_NONE: _Destinations = {}
_TRAFFIC: _Destinations = {Destination.WEBSITE: _IDENTITY_ONLY, Destination.APP: _APP}
_CONVERSIONS: _Destinations = {Destination.WEBSITE: _PIXEL, Destination.APP: _APP}
_SALES: _Destinations = {
    Destination.WEBSITE: _CATALOG,
    Destination.APP: _CATALOG_AND_APP,
    Destination.TIKTOK_SHOP: _IDENTITY_ONLY,
}
_APPS: _Destinations = {Destination.APP: _APP}
_LEADS: _Destinations = {
    Destination.INSTANT_FORM: _LEAD_FORM,
    Destination.WEBSITE: _IDENTITY_ONLY,
    Destination.TIKTOK_MESSAGE: _IDENTITY_ONLY,
    Destination.MESSAGING_APP: _IDENTITY_ONLY,
    Destination.PHONE_CALL: _IDENTITY_ONLY,
}
_TABLE: Mapping[str, tuple[Required, _Destinations]] = {
    "REACH": (_IDENTITY_ONLY, _NONE),
    "TRAFFIC": (_IDENTITY_ONLY, _TRAFFIC),
    "VIDEO_VIEWS": (_IDENTITY_ONLY, _NONE),
    "ENGAGEMENT": (_IDENTITY_ONLY, _NONE),
    "RF_REACH": (_IDENTITY_ONLY, _NONE),
    "BRAND_CONSIDERATION": (_IDENTITY_ONLY, _NONE),
    "WEB_CONVERSIONS": (_PIXEL, _CONVERSIONS),
    "CONVERSIONS": (_PIXEL, _CONVERSIONS),
    "PRODUCT_SALES": (_CATALOG, _SALES),
    "SHOP_PURCHASES": (_CATALOG, _SALES),
    "CATALOG_SALES": (_CATALOG, _SALES),
    "APP_PROMOTION": (_APP, _APPS),
    "APP_INSTALL": (_APP, _APPS),
    "LEAD_GENERATION": (_LEAD_FORM, _LEADS),
}
"""By objective: what it requires if the destination is not named, and what each destination requires."""

OBJECTIVES: Mapping[str, Required] = MappingProxyType({name: required for name, (required, _) in _TABLE.items()})
"""Prerequisites by objective, under its current and older names. All objectives require an identity."""

DESTINATIONS: Mapping[str, _Destinations] = MappingProxyType(
    {name: MappingProxyType(dict(destinations)) for name, (_, destinations) in _TABLE.items() if destinations}
)
"""Prerequisites by objective and destination; objectives that take no destination are absent."""

CURRENT_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "CONVERSIONS": "WEB_CONVERSIONS",
        "CATALOG_SALES": "PRODUCT_SALES",
        "SHOP_PURCHASES": "PRODUCT_SALES",
        "APP_INSTALL": "APP_PROMOTION",
    }
)
"""TikTok's current name of the objectives that were renamed."""


def normalised_objective(text: str) -> str | None:
    """Return the objective that ``text`` names, whatever its letter case and outer white space; None if unknown."""
    objective = text.strip().upper()
    return objective if objective in OBJECTIVES else None


def takes_optimization_event(objective: str, destination: Destination | None) -> bool:
    """Whether an ad group of this objective and destination optimises for a pixel's event."""
    if CURRENT_NAMES.get(objective, objective) in {"WEB_CONVERSIONS", "PRODUCT_SALES"}:
        return destination in {None, Destination.WEBSITE}
    return objective == "LEAD_GENERATION" and destination is Destination.WEBSITE


@dataclass(frozen=True, slots=True)
class MeantAd:
    """The ad that a caller means. None or empty: not said; then only the objective counts."""

    objective: str
    destination: Destination | None = None
    campaign_type: CampaignType | None = None
    ad_format: AdFormat | None = None
    chosen: Mapping[Requirement, str] = field(default_factory=dict)
    """TikTok's ids of the assets that the draft names."""
    optimization_event: str | None = None
    countries: tuple[str, ...] = ()
    """ISO 3166-1 alpha-2."""

    @property
    def required(self) -> Required:
        """The prerequisites, in the order of responses: the table's, and what the draft names."""
        required: Iterable[Requirement] = (
            DESTINATIONS[self.objective][self.destination] if self.destination else OBJECTIVES[self.objective]
        )
        event = {Requirement.PIXEL} if self.optimization_event else set()
        every = {*required, *self.chosen, *event}
        return tuple(one for one in Requirement if one in every)

    @property
    def qualified(self) -> bool:
        """Whether anything beside the objective was said."""
        return self != MeantAd(self.objective)

    @property
    def needs_lead_terms(self) -> bool:
        """Whether TikTok refuses the ad without signed LeadAds terms: they belong to instant forms."""
        return self.objective == "LEAD_GENERATION" and self.destination in {None, Destination.INSTANT_FORM}

    @property
    def may_use_custom_identity(self) -> bool:
        """Whether TikTok exempts the ad from barring custom identities: manual catalog ads, and those to TikTok Shop.

        The other exemptions (reference §1.1: Branded Mission, Smart Creative, placements) cannot be expressed here.
        """
        if self.destination is Destination.TIKTOK_SHOP:
            return True
        return self.campaign_type is CampaignType.MANUAL and Requirement.CATALOG in self.required
