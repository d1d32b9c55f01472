"""What an endpoint's function gets to see of a request."""

from dataclasses import dataclass

from local.tiktok_simulator.answers import ApiError
from local.tiktok_simulator.parameters import Parameters
from local.tiktok_simulator.world import Advertiser, BusinessCenter, Token, World

NOBODY = Token("", "")
"""Stands in the place of a token where an endpoint takes none: it reaches nothing."""


@dataclass(frozen=True)
class Call:
    """One request that passed the token and scope checks, at a time (epoch seconds)."""

    world: World
    token: Token
    parameters: Parameters
    now: float

    def advertiser(self) -> Advertiser:
        """The advertiser that the request names, if this token may operate it."""
        return self.permitted(self.parameters.required_id("advertiser_id"))

    def permitted(self, advertiser_id: str) -> Advertiser:
        """An advertiser if this token may operate it."""
        if advertiser_id not in self.token.advertiser_ids:
            raise ApiError.no_permission(advertiser_id)
        advertiser = self.world.advertisers.get(advertiser_id)
        if advertiser is None or advertiser.deleted:
            raise ApiError.deleted(advertiser_id)
        return advertiser

    def visible_center(self, bc_id: str) -> BusinessCenter | None:
        """A Business Center if this token's user sees it."""
        center = self.world.business_centers.get(bc_id)
        return center if center and self.token.user in center.user_roles else None
