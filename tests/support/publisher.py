"""Publishes an ad in the simulated TikTok, as a person with a draft would: campaign, then ad group, then ad.

    publisher = Publisher(tiktok, token, advertiser_id)
    outcome = publisher.publish(Draft("LEAD_GENERATION"), at=datetime(2026, 12, 1, tzinfo=UTC))
    assert outcome.cause is Cause.LEAD_TERMS_UNSIGNED

Where the draft leaves an asset open, every asset of the account is tried: the ad is refused only if TikTok refuses it
with each of them. Nothing of the product is used.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import Any

from local.tiktok_simulator import Advertiser, BusinessCenter, Simulator
from local.tiktok_simulator.http_messages import HttpRequest
from local.tiktok_simulator.parameters import RequestContext
from local.tiktok_simulator.publishing import JUDGES
from local.tiktok_simulator.publishing_rules import Cause, Level, location_id

ALL_IDENTITY_TYPES = ("TT_USER", "BC_AUTH_TT", "AUTH_CODE", "CUSTOMIZED_USER")
CAMPAIGN_TYPES = ("MANUAL", "SMART_PLUS", "GMV_MAX")
_DEFAULT_DESTINATIONS = {
    "WEB_CONVERSIONS": "WEBSITE",
    "CONVERSIONS": "WEBSITE",
    "PRODUCT_SALES": "WEBSITE",
    "CATALOG_SALES": "WEBSITE",
    "SHOP_PURCHASES": "WEBSITE",
    "APP_PROMOTION": "APP",
    "APP_INSTALL": "APP",
    "LEAD_GENERATION": "INSTANT_FORM",
    "TRAFFIC": "WEBSITE",
}
_SALES = frozenset({"PRODUCT_SALES", "CATALOG_SALES", "SHOP_PURCHASES"})
_CONVERSIONS = frozenset({"WEB_CONVERSIONS", "CONVERSIONS"})
_LEAD_PROMOTIONS = {
    "INSTANT_FORM": "LEAD_GENERATION",
    "WEBSITE": "LEAD_GENERATION",
    "TIKTOK_MESSAGE": "LEAD_GEN_CLICK_TO_TT_DIRECT_MESSAGE",
    "MESSAGING_APP": "LEAD_GEN_CLICK_TO_SOCIAL_MEDIA_APP_MESSAGE",
    "PHONE_CALL": "LEAD_GEN_CLICK_TO_CALL",
}
_FORMATS = {
    "VIDEO": "SINGLE_VIDEO",
    "IMAGE": "SINGLE_IMAGE",
    "CAROUSEL": "CAROUSEL_ADS",
    "CATALOG_CAROUSEL": "CATALOG_CAROUSEL",
}
_ANY_EVENT = "SHOPPING"
_REQUEST_ID = "1"

Fields = dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """The ad that is meant. None leaves a choice open; an id that nothing has is sent as it is.

    Without a campaign type a manual campaign is tried, then a Smart+ one.
    """

    objective: str
    destination: str | None = None
    campaign_type: str | None = "MANUAL"
    ad_format: str | None = None
    identity_id: str | None = None
    pixel_id: str | None = None
    catalog_id: str | None = None
    app_id: str | None = None
    page_id: str | None = None
    optimization_event: str | None = None
    countries: tuple[str, ...] = ()
    identity_types: tuple[str, ...] = ALL_IDENTITY_TYPES

    @property
    def target(self) -> str | None:
        """The destination, or the one that the objective has without it."""
        return self.destination or _DEFAULT_DESTINATIONS.get(self.objective)


@dataclass(frozen=True)
class Outcome:
    """What TikTok said. A refusal is the first one: its level, cause, code and message.

    `every` has all causes: also those that TikTok would name only once the ones before them were mended.
    """

    accepted: bool
    level: Level | None = None
    cause: Cause | None = None
    code: int = 0
    message: str = ""
    every: frozenset[Cause] = frozenset()


@dataclass(frozen=True)
class _Answer:
    data: Fields
    code: int
    message: str
    causes: tuple[Cause, ...]


@dataclass(frozen=True)
class Publisher:
    """A person's token at one ad account of the simulated TikTok. Requests need no socket."""

    tiktok: Simulator
    token: str
    advertiser_id: str

    def publish(self, draft: Draft, at: datetime) -> Outcome:
        """Create the draft's campaign, ad group and ad at a moment, at which TikTok's clock then stands."""
        self.tiktok.clock = at.timestamp
        if draft.campaign_type is not None:
            return self._publish(draft)
        outcomes = [self._publish(replace(draft, campaign_type=one)) for one in ("MANUAL", "SMART_PLUS")]
        return next((one for one in outcomes if one.accepted), outcomes[0])

    def _publish(self, draft: Draft) -> Outcome:
        parent = ""
        for level in Level:
            if draft.campaign_type == "GMV_MAX" and level is not Level.CAMPAIGN:
                break  # it was created as a whole
            path, bodies = self._requests(level, draft, parent)
            answers: list[_Answer] = []
            for body in bodies:
                answers.append(self._post(path, body))
                if not answers[-1].causes:
                    break
            if answers[-1].causes:
                first = min(answers, key=lambda one: len(one.causes))
                return Outcome(
                    accepted=False,
                    level=level,
                    cause=first.causes[0],
                    code=first.code,
                    message=first.message,
                    every=self._every_cause(draft),
                )
            parent = next(iter(answers[-1].data.values()))
        return Outcome(accepted=True)

    def _every_cause(self, draft: Draft) -> frozenset[Cause]:
        """All causes, found in a copy of the world where nothing is refused; of several assets the best counts."""
        world = self.tiktok.world.copy()
        token = world.tokens[self.token]
        found: set[Cause] = set()
        parent = ""
        for level in Level:
            if draft.campaign_type == "GMV_MAX" and level is not Level.CAMPAIGN:
                break
            path, bodies = self._requests(level, draft, parent)
            judged = [JUDGES[path](RequestContext(world, token, body, {}, self.tiktok.clock())) for body in bodies]
            best = min(judged, key=lambda one: len(one.refusals))
            found |= {refusal.rule.cause for refusal in best.refusals}
            parent = next(iter(best.store().values()))
        return frozenset(found)

    def _post(self, path: str, body: Fields) -> _Answer:
        request = HttpRequest(
            "POST", f"/open_api/v1.3/{path}", self.token, None, "application/json", json.dumps(body).encode()
        )
        envelope = json.loads(self.tiktok.respond(request).response.body)
        causes = tuple(Cause(one) for one in self.tiktok.requests[-1].causes)
        if envelope["code"] and not causes:
            raise AssertionError(f"{path}: {envelope['code']} {envelope['message']}")  # the request itself is wrong
        return _Answer(envelope["data"], envelope["code"], envelope["message"], causes)

    def _requests(self, level: Level, draft: Draft, parent: str) -> tuple[str, Iterable[Fields]]:
        """The path, and a body for each choice of assets that the draft leaves open."""
        smart = draft.campaign_type == "SMART_PLUS"
        if level is Level.CAMPAIGN:
            paths = {"GMV_MAX": "campaign/gmv_max/create/", "SMART_PLUS": "smart_plus/campaign/create/"}
            return paths.get(draft.campaign_type or "", "campaign/create/"), [self._campaign(draft)]
        prefix = "smart_plus/" if smart else ""
        if level is Level.AD_GROUP:
            return f"{prefix}adgroup/create/", self._ad_groups(draft, parent)
        return f"{prefix}ad/create/", self._ads(draft, parent)

    @property
    def _advertiser(self) -> Advertiser:
        return self.tiktok.world.advertisers[self.advertiser_id]

    @property
    def _centers(self) -> list[BusinessCenter]:
        return self.tiktok.world.business_centers_of(self.tiktok.world.tokens[self.token].user)

    def _campaign(self, draft: Draft) -> Fields:
        body: Fields = {
            "advertiser_id": self.advertiser_id,
            "campaign_name": "Autumn",
            "objective_type": draft.objective,
            "budget_mode": "BUDGET_MODE_INFINITE",
            "request_id": _REQUEST_ID,
        }
        if draft.objective in {"APP_PROMOTION", "APP_INSTALL"}:
            body["app_promotion_type"] = "APP_INSTALL"
        if draft.objective in _SALES:
            body["campaign_product_source"] = "STORE" if draft.target == "TIKTOK_SHOP" else "CATALOG"
        if draft.objective in _SALES | _CONVERSIONS:
            body["sales_destination"] = draft.target
        if draft.campaign_type == "GMV_MAX" and draft.target == "TIKTOK_SHOP" and self._advertiser.stores:
            store = max(self._advertiser.stores, key=lambda one: one.gmv_max_available)
            body |= {"store_id": store.id, "store_authorized_bc_id": store.authorized_bc_id}
        if draft.campaign_type == "GMV_MAX":
            body["sales_destination"] = "TIKTOK_SHOP"
        return body

    def _ad_groups(self, draft: Draft, campaign_id: str) -> Iterator[Fields]:
        locations = [location_id(country) for country in draft.countries]
        body: Fields = {
            "advertiser_id": self.advertiser_id,
            "campaign_id": campaign_id,
            "adgroup_name": "Autumn",
            "request_id": _REQUEST_ID,
            "budget_mode": "BUDGET_MODE_DAY",
            "budget": 100,
            "schedule_type": "SCHEDULE_FROM_NOW",
            "schedule_start_time": "2027-01-01 00:00:00",
            "billing_event": "OCPM",
            "pacing": "PACING_MODE_SMOOTH",
            "location_ids": locations,
            "targeting_spec": {"location_ids": locations},
            "placement_type": "PLACEMENT_TYPE_NORMAL",
            "placements": ["PLACEMENT_TIKTOK"],
            "optimization_goal": _goal(draft),
            "promotion_type": _promotion_type(draft),
        }
        if draft.objective == "LEAD_GENERATION" and draft.target in {"INSTANT_FORM", "WEBSITE"}:
            body["promotion_target_type"] = "INSTANT_PAGE" if draft.target == "INSTANT_FORM" else "EXTERNAL_WEBSITE"
        for pixel, catalog, app in product(self._pixels(draft), self._catalogs(draft), self._apps(draft)):
            yield body | pixel | catalog | app

    def _pixels(self, draft: Draft) -> list[Fields]:
        if draft.pixel_id is None and _goal(draft) != "CONVERT":
            return [{}]
        own = {pixel.id: pixel.events for pixel in self._advertiser.pixels}
        ids = list(own) if draft.pixel_id is None else [draft.pixel_id]
        return [
            {
                "pixel_id": one,
                "optimization_event": draft.optimization_event
                or next((event for event in own.get(one, ()) if event != "Pageview"), _ANY_EVENT),
            }
            for one in ids
        ] or [{}]

    def _catalogs(self, draft: Draft) -> list[Fields]:
        sells = draft.objective in _SALES and draft.target != "TIKTOK_SHOP"
        if draft.catalog_id is None and not sells:
            return [{}]
        own = [(catalog.id, center.id) for center in self._centers for catalog in center.catalogs]
        if draft.catalog_id is not None:
            own = [one for one in own if one[0] == draft.catalog_id] or [(draft.catalog_id, "1")]
        return [{"catalog_id": one, "catalog_authorized_bc_id": center} for one, center in own] or [{}]

    def _apps(self, draft: Draft) -> list[Fields]:
        if draft.app_id is not None:
            return [{"app_id": draft.app_id}]
        return [{"app_id": app.id} for app in self._advertiser.apps if draft.target == "APP"] or [{}]

    def _ads(self, draft: Draft, group_id: str) -> Iterator[Fields]:
        ids = {"advertiser_id": self.advertiser_id, "adgroup_id": group_id, "ad_name": "Autumn"}
        ad_format = _FORMATS[draft.ad_format or "VIDEO"]
        posts: list[Fields] = [{"video_id": "v1"}]
        if ad_format == "SINGLE_VIDEO":
            posts.append({"tiktok_item_id": "7000000000000000001"})
        for identity, post, page in product(self._identities(draft), posts, self._pages(draft)):
            creative = {"ad_format": ad_format, **identity, **post}
            if draft.campaign_type == "SMART_PLUS":
                yield ids | {"creative_list": [{"creative_info": creative}], "page_list": [page] if page else []}
            else:
                yield ids | {"creatives": [{"ad_name": "Autumn", **creative, **page}]}

    def _identities(self, draft: Draft) -> list[Fields]:
        found: list[Fields] = [
            {
                "identity_type": one.identity_type,
                "identity_id": one.id,
                "identity_authorized_bc_id": one.authorized_bc_id,
            }
            for one in self._advertiser.identities
            if one.identity_type in draft.identity_types and draft.identity_id in {None, one.id}
        ]
        if draft.identity_id is not None and not found:
            return [{"identity_type": "TT_USER", "identity_id": draft.identity_id}]
        return found or [{}]

    def _pages(self, draft: Draft) -> Sequence[Fields]:
        if draft.page_id is not None:
            return [{"page_id": draft.page_id}]
        if draft.target != "INSTANT_FORM":
            return [{}]
        moved = [page for center in self._centers if center.library for page in center.library.pages]
        return [{"page_id": page.id} for page in [*self._advertiser.pages, *moved]] or [{}]


def _goal(draft: Draft) -> str:
    """The optimisation goal: an ad to a website counts conversions if it has a pixel to count them."""
    if draft.objective in _CONVERSIONS and draft.target == "WEBSITE":
        return "CONVERT"
    if draft.optimization_event is not None or draft.pixel_id is not None:
        return "CONVERT"
    return "INSTALL" if draft.target == "APP" else "CLICK"


def _promotion_type(draft: Draft) -> str:
    if draft.objective == "LEAD_GENERATION":
        return _LEAD_PROMOTIONS[draft.target or ""]
    if draft.target == "APP":
        return "APP_ANDROID"
    if draft.target == "TIKTOK_SHOP":
        return "VIDEO_SHOPPING"
    return "WEBSITE" if draft.target == "WEBSITE" else "WEBSITE_OR_DISPLAY"
