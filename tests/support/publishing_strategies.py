"""Hypothesis strategies for an ad account at the simulated TikTok, an ad that is meant for it, and a date.

They are written from TikTok's side, without the product. By default a case differs only in what can be read at TikTok;
`beyond` adds what cannot be: the allowlist of Smart+, shops, and rules that no source settles.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from hypothesis import strategies as st

from local.tiktok_simulator import (
    Advertiser,
    App,
    BusinessCenter,
    Catalog,
    FormLibrary,
    Identity,
    Page,
    Pixel,
    Simulator,
    Store,
    Token,
    World,
)
from local.tiktok_simulator.publishing_rules import DATES, RULES
from tests.support.publisher import Draft, Publisher

USER = "u-publisher"
TOKEN = "simulated-token-u-publisher"
ADVERTISER_ID = "7300000000000000099"
CENTER_ID, OTHER_CENTER_ID = "7200000000000000098", "7200000000000000099"
NOBODYS_ID = "7999999999999999999"

DESTINATIONS: dict[str, tuple[str | None, ...]] = {
    "WEB_CONVERSIONS": (None, "WEBSITE", "APP"),
    "CONVERSIONS": (None, "WEBSITE", "APP"),
    "PRODUCT_SALES": (None, "WEBSITE", "APP", "TIKTOK_SHOP"),
    "CATALOG_SALES": (None, "WEBSITE", "APP", "TIKTOK_SHOP"),
    "SHOP_PURCHASES": (None, "WEBSITE", "APP", "TIKTOK_SHOP"),
    "APP_PROMOTION": (None, "APP"),
    "APP_INSTALL": (None, "APP"),
    "LEAD_GENERATION": (None, "INSTANT_FORM", "WEBSITE", "TIKTOK_MESSAGE", "MESSAGING_APP", "PHONE_CALL"),
    "TRAFFIC": (None, "WEBSITE", "APP"),
    "REACH": (None,),
    "VIDEO_VIEWS": (None,),
    "ENGAGEMENT": (None,),
    "RF_REACH": (None,),
    "BRAND_CONSIDERATION": (None,),
}
"""The destinations of each objective."""
_STATUSES = (
    "STATUS_DISABLE",
    "STATUS_LIMIT",
    "STATUS_CONFIRM_FAIL",
    "STATUS_CONFIRM_FAIL_END",
    "STATUS_PENDING_CONFIRM",
)
_WITH_EVENT = frozenset({"WEB_CONVERSIONS", "CONVERSIONS"})


@dataclass(frozen=True)
class Case:
    """A world with one ad account and one person's token, an ad that is meant, and when it is published."""

    world: World
    draft: Draft
    at: datetime

    def publisher(self, tiktok: Simulator) -> Publisher:
        """The person, after the world has become this simulator's."""
        tiktok.requests.clear()
        tiktok.world = self.world.copy()
        return Publisher(tiktok, TOKEN, ADVERTISER_ID)


def _mostly[Value](usual: Value, *others: Value, of: int = 6) -> st.SearchStrategy[Value]:
    """One value, and in one of so many cases another: else nearly every ad would be refused."""
    return st.sampled_from([*(usual for _ in range((of - 1) * len(others))), *others])


_USUALLY = st.sampled_from([*[True] * 5, False])
_RARELY = st.sampled_from([*[False] * 5, True])
_FEW = st.sampled_from([1, 1, 1, 2, 2, 0])
_STATUS = _mostly("STATUS_ENABLE", *_STATUSES, of=12)
_FLAG = st.sampled_from([True, False, None])
_ROLES = _mostly({}, {USER: "OPERATOR"}, {USER: "ANALYST"}, of=12)
_TARGETABLE = _mostly(None, ("IT",), ("IT", "FR"))
_VERIFICATION = _mostly("VERIFIED", "NOT_SUBMITTED", "REVIEWING", "FAILED", "EXPIRED")
_CREATED = st.sampled_from([int(at.timestamp()) for at in (*DATES, datetime(2023, 5, 1, tzinfo=UTC))])
_ELIGIBLE = _mostly("AVAILABLE", "NOT_AVAILABLE")
_OWN_ROLES = _mostly({USER: "ADMIN"}, {}, of=10)
_OTHER_ROLES = st.sampled_from([{USER: "STANDARD"}, {}])
_TYPES = st.sampled_from(["MANUAL", "MANUAL", "SMART_PLUS", None])
_SHOP_TYPES = st.sampled_from(["GMV_MAX", "GMV_MAX", "MANUAL", "SMART_PLUS", None])
_FORMATS = _mostly(None, "VIDEO", "IMAGE", "CAROUSEL", "CATALOG_CAROUSEL")
_EVENTS = st.sampled_from([None, "CompletePayment", "SubmitForm"])
_TARGETED: st.SearchStrategy[tuple[str, ...]] = st.sampled_from([(), ("IT",), ("FR", "IT"), ("US",)])


@cache
def _identity(number: int, identity_type: str) -> st.SearchStrategy[Identity]:
    custom = identity_type == "CUSTOMIZED_USER"
    return st.builds(
        Identity,
        id=st.just(f"76{number:017d}" if custom else f"00000000-0000-5000-8000-{number:012d}"),
        identity_type=st.just(identity_type),
        display_name=st.just(f"Brand {number}"),
        linked_by=_mostly((USER,), ("u-another",)) if identity_type == "TT_USER" else st.just(()),
        authorized_bc_id=st.sampled_from([CENTER_ID, OTHER_CENTER_ID]) if identity_type == "BC_AUTH_TT" else st.none(),
        username=st.none() if custom else st.just(f"brand.{number}"),
        available_status=_mostly("AVAILABLE", "NO_VALID_BIND_ACCOUNT", "IS_PRIVATE_ACCOUNT"),
        can_push_video=_USUALLY,
        can_pull_video=_USUALLY,
        can_manage_message=st.booleans(),
        is_gpppa=st.just(value=False) if custom else _RARELY,
    )


_TYPE = st.sampled_from(["TT_USER", "TT_USER", "BC_AUTH_TT", "AUTH_CODE", "CUSTOMIZED_USER"])


@cache
def _pixel(number: int) -> st.SearchStrategy[Pixel]:
    return st.builds(
        Pixel,
        id=st.just(f"75{number:017d}"),
        name=st.just(f"Site {number}"),
        activity_status=st.sampled_from(["ACTIVE", "NO_RECENT_ACTIVITY"]),
        relation_status=_mostly(None, "UNBOUND", "SHARED"),
        events=_mostly(("CompletePayment",), ("Pageview", "SubmitForm"), ("Pageview",), ()),
    )


@cache
def _page(number: int) -> st.SearchStrategy[Page]:
    return st.builds(
        Page,
        id=st.just(f"74{number:017d}"),
        title=st.just(f"Quote {number}"),
        status=_mostly("PUBLISHED", "EDITED"),
        business_type=_mostly("LEAD_GEN", "TIKTOK_INSTANT_PAGE"),
    )


@cache
def _app(number: int) -> st.SearchStrategy[App]:
    return st.builds(
        App,
        id=st.just(f"71{number:017d}"),
        name=st.just("Shop app"),
        platform=st.sampled_from(["ANDROID", "IOS"]),
        self_attribution_enabled=_USUALLY,
    )


_STORES = st.builds(
    Store,
    id=st.just("7700000000000000001"),
    authorized_bc_id=st.just(CENTER_ID),
    gmv_max_available=_USUALLY,
)


@st.composite
def advertisers(draw: st.DrawFn, *, beyond: bool = False) -> Advertiser:
    """An ad account with up to two or three assets of each kind."""
    made = Advertiser(
        id=ADVERTISER_ID,
        name="Generated",
        status=draw(_STATUS),
        can_use_custom_identity=draw(_FLAG),
        owner_bc_id=CENTER_ID,
        lead_terms_confirmed=draw(_USUALLY),
        identities=[draw(_identity(number, draw(_TYPE))) for number in range(draw(_FEW))],
        pixels=[draw(_pixel(number)) for number in range(draw(_FEW))],
        apps=[draw(_app(number)) for number in range(draw(_FEW))],
        pages=[draw(_page(number)) for number in range(draw(_FEW))],
        user_roles=draw(_ROLES),
        countries=draw(_TARGETABLE),
        verification_status=draw(_VERIFICATION),
        created_at=draw(_CREATED),
    )
    if beyond:
        made.smart_plus_allowed = draw(_USUALLY)
        made.stores = tuple(draw(st.lists(_STORES, max_size=1)))
    return made


@st.composite
def worlds(draw: st.DrawFn, *, beyond: bool = False) -> World:
    """One ad account, the person's token, and two Business Centers of which the person sees one, both or none."""
    catalogs = [Catalog(f"70{number:017d}", f"Feed {number}", draw(_ELIGIBLE)) for number in range(draw(_FEW))]
    library = draw(st.none() | st.just(FormLibrary("7500000000000000099", "Forms", ADVERTISER_ID, ())))
    if library is not None:
        library = FormLibrary(library.id, library.name, library.advertiser_id, (draw(_page(9)),))
    centers = [
        BusinessCenter(CENTER_ID, "Own", draw(_OWN_ROLES), catalogs, library),
        BusinessCenter(OTHER_CENTER_ID, "Other", draw(_OTHER_ROLES)),
    ]
    unsettled = [rule.cause for rule in RULES if not rule.settled]
    return World(
        tokens={TOKEN: Token(TOKEN, USER, (ADVERTISER_ID,))},
        advertisers={ADVERTISER_ID: draw(advertisers(beyond=beyond))},
        business_centers={center.id: center for center in centers},
        unsettled=frozenset(draw(st.lists(st.sampled_from(unsettled), max_size=2))) if beyond else frozenset(),
    )


@st.composite
def drafts(draw: st.DrawFn, world: World) -> Draft:
    """An ad; an asset that it names is in one case of several nobody's."""
    advertiser = world.advertisers[ADVERTISER_ID]
    objective = draw(st.sampled_from(sorted(DESTINATIONS)))
    destination = draw(st.sampled_from(DESTINATIONS[objective]))
    counts = objective in _WITH_EVENT and destination != "APP"
    counts = counts or (objective, destination) == ("LEAD_GENERATION", "WEBSITE")

    def chosen(ids: list[str]) -> str | None:
        return draw(st.sampled_from([None, None, None, *ids, *ids, NOBODYS_ID]))

    return Draft(
        objective,
        destination,
        campaign_type=draw(_SHOP_TYPES if destination == "TIKTOK_SHOP" else _TYPES),
        ad_format=draw(_FORMATS),
        identity_id=chosen([one.id for one in advertiser.identities]),
        pixel_id=chosen([one.id for one in advertiser.pixels]) if counts else None,
        catalog_id=chosen([one.id for center in world.business_centers.values() for one in center.catalogs])
        if objective == "PRODUCT_SALES" and destination != "TIKTOK_SHOP"
        else None,
        app_id=chosen([one.id for one in advertiser.apps]) if destination == "APP" else None,
        page_id=chosen([one.id for one in advertiser.pages]) if destination == "INSTANT_FORM" else None,
        optimization_event=draw(_EVENTS) if counts else None,
        countries=draw(_TARGETED),
    )


moments = st.one_of(
    st.sampled_from([at + shift for at in DATES for shift in (timedelta(seconds=-1), timedelta(), timedelta(days=1))]),
    st.datetimes(datetime(2025, 6, 1), datetime(2027, 6, 1)).map(lambda one: one.replace(tzinfo=UTC)),  # noqa: DTZ001
)
"""Dates between 2025 and 2027, many of them where a rule begins."""


@st.composite
def cases(draw: st.DrawFn, *, beyond: bool = False) -> Case:
    """An ad account, an ad and a date."""
    world = draw(worlds(beyond=beyond))
    return Case(world, draw(drafts(world)), draw(moments))
