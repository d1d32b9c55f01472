"""The endpoints that create campaigns, ad groups and ads. They refuse by the table in `publishing_rules`.

Required fields, ids and types of parameters are checked first, as everywhere (40002, without a cause). Not simulated:
the key of idempotency (`request_id`), budgets, schedules, materials (`video_id`, `image_ids`), moderation, ads of
showcases and live streams. No source has the shape of the data that these endpoints return, except the ids' names.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType

from local.tiktok_simulator.http_messages import ApiError, JsonObject
from local.tiktok_simulator.parameters import RequestContext
from local.tiktok_simulator.publishing_bodies import (
    AdBody,
    AdGroupBody,
    Body,
    CampaignBody,
    GmvMaxCampaignBody,
    ManualAdBody,
    ManualAdGroupBody,
    SmartPlusAdBody,
    SmartPlusAdGroupBody,
    SmartPlusCampaignBody,
)
from local.tiktok_simulator.publishing_rules import (
    GMV_MAX,
    LEGACY_SMART_PLUS,
    MANUAL,
    SMART_PLUS,
    Attempt,
    Refusal,
    refusals,
)
from local.tiktok_simulator.world import Published

_NO_PROMOTION_TYPE = frozenset({"REACH", "VIDEO_VIEWS", "ENGAGEMENT"})
_SMART_PLUS_TYPES = frozenset({SMART_PLUS, LEGACY_SMART_PLUS})
_CAMPAIGNS: Mapping[str, type[CampaignBody]] = MappingProxyType(
    {
        MANUAL: CampaignBody,
        SMART_PLUS: SmartPlusCampaignBody,
        LEGACY_SMART_PLUS: CampaignBody,
        GMV_MAX: GmvMaxCampaignBody,
    }
)


@dataclass(frozen=True)
class Judged:
    """A complete request with every rule that refuses it; `store` creates the object nevertheless."""

    context: RequestContext
    campaign_type: str
    parent_id: str | None
    id_name: str
    refusals: tuple[Refusal, ...]

    def store(self) -> JsonObject:
        """Create the object; the data of the response."""
        world = self.context.world
        new = Published(world.new_published_id(), self.campaign_type, dict(self.context.values), self.parent_id)
        world.published[new.id] = new
        return {self.id_name: new.id}


def _create(judge: Callable[[RequestContext], Judged]) -> Callable[[RequestContext], JsonObject]:
    """The endpoint that creates the object, unless a rule refuses it."""

    def respond(context: RequestContext) -> JsonObject:
        draft = judge(context)
        if draft.refusals:
            first = draft.refusals[0]
            causes = list(dict.fromkeys(one.rule.cause for one in draft.refusals))
            raise ApiError(first.rule.code, first.message, causes)
        return draft.store()

    return respond


def _campaign(campaign_type: str) -> Callable[[RequestContext], Judged]:
    def judge(context: RequestContext) -> Judged:
        body = context.read(_CAMPAIGNS[campaign_type])
        attempt = _attempt(context, body, campaign_type)
        objective = body.objective
        if objective == "APP_PROMOTION" and body.app_promotion_type is None:
            raise ApiError.missing_parameter("app_promotion_type")
        if campaign_type == MANUAL and objective == "PRODUCT_SALES" and body.campaign_product_source is None:
            raise ApiError.missing_parameter("campaign_product_source")
        if campaign_type == SMART_PLUS and objective == "WEB_CONVERSIONS" and body.sales_destination is None:
            raise ApiError.missing_parameter("sales_destination")
        return Judged(context, campaign_type, None, "campaign_id", tuple(refusals(attempt)))

    return judge


def _ad_group(model: type[AdGroupBody], types: frozenset[str]) -> Callable[[RequestContext], Judged]:
    def judge(context: RequestContext) -> Judged:
        body = context.read(model)
        campaign = _parent(context, body, "campaign_id", body.campaign_id, types)
        attempt = _with_group(context, campaign, body)
        objective = attempt.campaign.objective
        if objective not in _NO_PROMOTION_TYPE and body.promotion_type is None:
            raise ApiError.missing_parameter("promotion_type")
        if objective != "LEAD_GENERATION" and body.promotion_target_type is not None:
            raise ApiError.bad_parameter("promotion_target_type: Only valid for LEAD_GENERATION.")
        return Judged(context, campaign.campaign_type, campaign.id, "adgroup_id", tuple(refusals(attempt)))

    return judge


def _ad(model: type[AdBody], types: frozenset[str]) -> Callable[[RequestContext], Judged]:
    def judge(context: RequestContext) -> Judged:
        body = context.read(model)
        group = _parent(context, body, "adgroup_id", body.adgroup_id, types)
        group_model = SmartPlusAdGroupBody if group.campaign_type in _SMART_PLUS_TYPES else ManualAdGroupBody
        campaign = context.world.published[group.parent_id or ""]
        attempt = replace(_with_group(context, campaign, group_model.read(group.body)), ad=body)
        found = [one for creative in body.shown for one in refusals(replace(attempt, creative=creative))]
        return Judged(context, group.campaign_type, group.id, "ad_id", tuple(found))

    return judge


def _parent(context: RequestContext, body: Body, name: str, parent_id: str, types: frozenset[str]) -> Published:
    """The campaign of an ad group, or the ad group of an ad. ApiError: it is another advertiser's, or another kind."""
    context.advertiser(body.advertiser_id)
    found = context.world.published.get(parent_id)
    # A campaign belongs to nothing.
    is_of_kind = found is not None and (found.parent_id is None) == (name == "campaign_id")
    if found is None or not is_of_kind or found.body["advertiser_id"] != body.advertiser_id:
        raise ApiError.bad_parameter(f"{name}: {parent_id} doesn't exist.")
    if found.campaign_type not in types:
        raise ApiError.bad_parameter(f"{name}: {parent_id} belongs to a campaign of another type.")
    return found


def _attempt(context: RequestContext, campaign: CampaignBody, campaign_type: str) -> Attempt:
    return Attempt(
        context.world,
        context.token.user,
        context.advertiser(campaign.advertiser_id),
        datetime.fromtimestamp(context.now, UTC),
        campaign_type,
        campaign,
    )


def _with_group(context: RequestContext, campaign: Published, group: AdGroupBody) -> Attempt:
    body = _CAMPAIGNS[campaign.campaign_type].read(campaign.body)
    return replace(_attempt(context, body, campaign.campaign_type), group=group)


JUDGES: Mapping[str, Callable[[RequestContext], Judged]] = MappingProxyType(
    {
        "campaign/create/": _campaign(MANUAL),
        "campaign/gmv_max/create/": _campaign(GMV_MAX),
        "campaign/spc/create/": _campaign(LEGACY_SMART_PLUS),
        "smart_plus/campaign/create/": _campaign(SMART_PLUS),
        "adgroup/create/": _ad_group(ManualAdGroupBody, frozenset({MANUAL})),
        "smart_plus/adgroup/create/": _ad_group(SmartPlusAdGroupBody, _SMART_PLUS_TYPES),
        "ad/create/": _ad(ManualAdBody, frozenset({MANUAL})),
        "smart_plus/ad/create/": _ad(SmartPlusAdBody, _SMART_PLUS_TYPES),
    }
)
"""Reads and judges a request of each path without creating anything."""

CREATIONS: Mapping[str, Callable[[RequestContext], JsonObject]] = MappingProxyType(
    {path: _create(judge) for path, judge in JUDGES.items()}
)
"""The endpoints, by path."""
