"""TikTok's endpoints: one small function each, and the table that says which path is which.

Paths, parameters and limits are those of the Marketing API v1.3.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from local.tiktok_simulator.answers import ApiError, JsonObject
from local.tiktok_simulator.call import NOBODY, Call
from local.tiktok_simulator.images import file_image_ad_upload
from local.tiktok_simulator.oauth import oauth2_access_token, oauth2_advertiser_get, oauth2_revoke_token
from local.tiktok_simulator.parameters import Parameters
from local.tiktok_simulator.rows import (
    advertiser_flags,
    advertiser_row,
    app_row,
    business_center_row,
    catalog_row,
    identity_details,
    identity_row,
    library_row,
    page_row,
    pixel_row,
)
from local.tiktok_simulator.world import Advertiser, Identity, Page, Scope, Token, World, image_url

_IDENTITY_TYPES = ("CUSTOMIZED_USER", "AUTH_CODE", "TT_USER", "BC_AUTH_TT")
_PAGE_TYPES = (
    "LEAD_GEN",
    "STORE_FRONT",
    "APP_PROFILE_PAGE",
    "TIKTOK_INSTANT_PAGE",
    "SHOP_ADS_PLP",
    "SHOP_ADS_PDP",
    "POP_UP_FORM",
)
_TERM_TYPES = ("LeadAds", "InstantPage", "Pixel", "ReachFrequency")
_FLAGS = frozenset({"can_use_custom_identity", "ads_only_mode", "company_name_editable"})
_MAX_DISPLAY_NAME = 100
_MAX_ADVERTISER_IDS = 100


def identity_get(call: Call) -> JsonObject:
    """List identities, newest first; `page_info` is right only for a typed request.

    (Reference: portal doc 1740218420781057.)
    """
    advertiser = call.advertiser()
    identity_type = call.parameters.choice("identity_type", _IDENTITY_TYPES)
    keyword = _keyword(call.parameters)
    page = call.parameters.page(default_size=20, max_size=100)
    identities = _visible_identities(advertiser, call.token)
    if identity_type is not None:
        identities = [identity for identity in identities if identity.identity_type == identity_type]
    if identity_type == "BC_AUTH_TT":
        bc_id = call.parameters.required_id("identity_authorized_bc_id")
        identities = [identity for identity in identities if identity.authorized_bc_id == bc_id]
    if identity_type in {None, "CUSTOMIZED_USER"}:
        identities = [identity for identity in identities if keyword in identity.display_name.casefold()]
    rows = [identity_row(identity) for identity in identities[page.part]]
    info = page.info(len(identities))
    if identity_type is None:
        # What TikTok answers is documented as unreliable, so nothing here may help who relies on it.
        info |= {"total_number": len(rows), "total_page": 0}
    return {"identity_list": rows, "page_info": info}


def identity_info(call: Call) -> JsonObject:
    """One identity (reference: portal doc 1740218453385217). The code for an unknown id is a guess."""
    advertiser = call.advertiser()
    identity_id = call.parameters.required_text("identity_id")
    identity_type = call.parameters.required_choice("identity_type", _IDENTITY_TYPES)
    bc_id = None
    if identity_type == "BC_AUTH_TT":
        bc_id = call.parameters.required_id("identity_authorized_bc_id")
    asked = (identity_id, identity_type, bc_id)
    for identity in _visible_identities(advertiser, call.token):
        if (identity.id, identity.identity_type, identity.authorized_bc_id) == asked:
            return {"identity_info": identity_details(identity)}
    raise ApiError.bad_parameter(f"identity_id: The identity {identity_id} doesn't exist.")


def identity_create(call: Call) -> JsonObject:
    """Create a CUSTOMIZED_USER, every time anew: TikTok has no request key here.

    (Reference: portal doc 1740654203526146.) It works whatever `can_use_custom_identity` says.
    """
    advertiser = call.advertiser()
    name = call.parameters.required_text("display_name")
    image_uri = call.parameters.text("image_uri")
    if len(name) > _MAX_DISPLAY_NAME:
        raise ApiError.bad_parameter(f"display_name: Length must be between 1 and {_MAX_DISPLAY_NAME}.")
    image = advertiser.image(image_uri) if image_uri else None
    # An image that was never uploaded is taken unseen: its name may say that it is not square.
    if (image is not None and not image.is_square) or (image_uri is not None and "not-square" in image_uri):
        raise ApiError.bad_parameter("Avatar's width & height is not equal.")
    identity = Identity(
        id=call.world.new_identity_id(),
        identity_type="CUSTOMIZED_USER",
        display_name=name,
        profile_image=image_url(image_uri) if image_uri else "",
    )
    advertiser.identities.append(identity)
    return {"identity_id": identity.id}


def identity_delete(call: Call) -> JsonObject:
    """Delete a custom identity; no other type can be (reference: portal doc 1759155939236865)."""
    advertiser = call.advertiser()
    identity_id = call.parameters.required_text("identity_id")
    call.parameters.required_choice("identity_type", ["CUSTOMIZED_USER"])
    for identity in advertiser.identities:
        if identity.id == identity_id and identity.identity_type == "CUSTOMIZED_USER":
            advertiser.identities.remove(identity)
            return {}
    raise ApiError.bad_parameter(f"identity_id: The identity {identity_id} doesn't exist.")


def pixel_list(call: Call) -> JsonObject:
    """List pixels, at most 20 a page, unusable (UNBOUND) ones among them."""
    advertiser = call.advertiser()
    pixel_id = call.parameters.id("pixel_id")
    code = call.parameters.text("code")
    name = (call.parameters.text("name") or "").casefold()
    order = call.parameters.choice("order_by", ["EARLIEST_CREATE", "LATEST_CREATE"])
    call.parameters.json_object("filtering")
    page = call.parameters.page(default_size=10, max_size=20)
    pixels = [
        pixel
        for pixel in advertiser.pixels
        if name in pixel.name.casefold() and pixel_id in {None, pixel.id} and code in {None, pixel.code}
    ]
    if order == "LATEST_CREATE":
        pixels.reverse()
    return {"pixels": [pixel_row(pixel) for pixel in pixels[page.part]], "page_info": page.info(len(pixels))}


def bc_get(call: Call) -> JsonObject:
    """List the Business Centers that the token's user sees."""
    bc_id = call.parameters.id("bc_id")
    keyword = _keyword(call.parameters)
    page = call.parameters.page(default_size=10, max_size=50)
    centers = [
        center
        for center in call.world.business_centers_of(call.token.user)
        if bc_id in {None, center.id} and keyword in center.name.casefold()
    ]
    rows = [business_center_row(center, call.token.user) for center in centers[page.part]]
    return {"list": rows, "page_info": page.info(len(centers))}


def catalog_get(call: Call) -> JsonObject:
    """List a Business Center's catalogs; a wrong or invisible `bc_id` is answered with an empty list."""
    center = call.visible_center(call.parameters.required_id("bc_id"))
    catalog_id = call.parameters.id("catalog_id")
    page = call.parameters.page(default_size=10, max_size=100)
    catalogs = [catalog for catalog in center.catalogs if catalog_id in {None, catalog.id}] if center else []
    rows = [catalog_row(catalog, center) for catalog in catalogs[page.part]] if center else []
    return {"list": rows, "page_info": page.info(len(catalogs))}


def app_list(call: Call) -> JsonObject:
    """List every app; this endpoint has no pages."""
    advertiser = call.advertiser()
    platform_ids = call.parameters.json_texts("app_platform_ids")
    rows = [app_row(app, advertiser) for app in advertiser.apps]
    if platform_ids is not None:
        rows = [row for row in rows if row["app_platform_id"] in platform_ids]
    return {"apps": rows}


def page_get(call: Call) -> JsonObject:
    """List the pages of an ad account, or of a form library: each hides the other's.

    With both ids the library's are listed; an unknown or invisible library is empty (both undocumented).
    """
    library_id = call.parameters.id("library_id")
    candidates = _library_pages(call, library_id) if library_id else _advertiser_pages(call)
    business_type = call.parameters.choice("business_type", _PAGE_TYPES) or "LEAD_GEN"
    business_types = call.parameters.json_texts("business_types") or [business_type]
    if not set(business_types) <= set(_PAGE_TYPES):
        raise ApiError.bad_parameter("business_types: Invalid value.")
    status = call.parameters.choice("status", ["EDITED", "PUBLISHED"])
    title = (call.parameters.text("title") or "").casefold()
    page_of = call.parameters.page(default_size=10, max_size=100)
    pages = [
        page
        for page in candidates
        if page.business_type in business_types and status in {None, page.status} and title in page.title.casefold()
    ]
    rows = [page_row(page, in_library=library_id is not None) for page in pages[page_of.part]]
    return {"list": rows, "page_info": page_of.info(len(pages))}


def page_library_get(call: Call) -> JsonObject:
    """List the form libraries of the Business Centers that the token's user sees, whichever ad account each is of.

    (Reference: BUB model/page/library, which has no page_info.) The largest page is a guess.
    """
    page = call.parameters.page(default_size=10, max_size=100)
    libraries = [center.library for center in call.world.business_centers_of(call.token.user) if center.library]
    rows = [library_row(library) for library in libraries[page.part]]
    return {"list": rows, "page_info": page.info(len(libraries))}


def advertiser_info(call: Call) -> JsonObject:
    """Describe advertisers by the `fields` that are asked for; any of the flags among them suppresses all others.

    (Reference: portal doc 1739593083610113.) A row without the advertiser's id was recorded where it was not asked for
    (2026-09-10); that the flags come with it all the same is not relied on.
    """
    ids = call.parameters.required_ids("advertiser_ids")
    fields = set(call.parameters.json_texts("fields") or ())
    if len(ids) > _MAX_ADVERTISER_IDS:
        raise ApiError(40011, f"advertiser_ids: Must not have more than {_MAX_ADVERTISER_IDS} ids.")
    every_field = set(advertiser_row(Advertiser("", "", owner_bc_id=""), is_bc_admin=True))
    if unknown := fields - every_field - _FLAGS:
        raise ApiError.bad_parameter(f"fields: Invalid value: {', '.join(sorted(unknown))}.")
    rows = []
    for advertiser in [call.permitted(advertiser_id) for advertiser_id in ids]:
        row = advertiser_row(advertiser, is_bc_admin=_is_admin(call, advertiser.owner_bc_id))
        if fields & _FLAGS:
            row |= advertiser_flags(advertiser)
            shown = fields & (_FLAGS | {"advertiser_id"})
        else:
            shown = fields or every_field
        rows.append({key: value for key, value in row.items() if key in shown})
    return {"list": rows}


def term_check(call: Call) -> JsonObject:
    """Whether an advertiser agreed to some terms; here only those of lead ads can be open."""
    advertiser = call.advertiser()
    term_type = call.parameters.required_choice("term_type", _TERM_TYPES)
    return {"confirmed": advertiser.lead_terms_confirmed if term_type == "LeadAds" else True}


def user_info(call: Call) -> JsonObject:
    """Describe the token's user; needs no scope."""
    user = call.token.user
    return {
        "display_name": user,
        "email": f"{user[0]}***@example.com",
        "core_user_id": f"70{sum(user.encode()):017d}",
        "avatar_url": "",
        "create_time": 1_780_000_000,
    }


def _visible_identities(advertiser: Advertiser, token: Token) -> list[Identity]:
    """Identities newest first, without the TT_USERs that another user linked."""
    return [
        identity
        for identity in reversed(advertiser.identities)
        if identity.identity_type != "TT_USER" or token.user in identity.linked_by
    ]


def _keyword(parameters: Parameters) -> str:
    """The fuzzy filter's keyword; here fuzzy means anywhere in the name, in any letter case."""
    keyword = parameters.json_object("filtering").get("keyword", "")
    if not isinstance(keyword, str):
        raise ApiError.bad_parameter("filtering.keyword: Not a valid string.")
    return keyword.casefold()


def _advertiser_pages(call: Call) -> tuple[Page, ...]:
    if call.parameters.text("advertiser_id") is None:
        raise ApiError.bad_parameter("Either advertiser_id or library_id is required.")
    return tuple(call.advertiser().pages)


def _library_pages(call: Call, library_id: str) -> tuple[Page, ...]:
    for center in call.world.business_centers_of(call.token.user):
        if center.library is not None and center.library.id == library_id:
            return center.library.pages
    return ()


def _is_admin(call: Call, bc_id: str | None) -> bool:
    center = call.visible_center(bc_id) if bc_id else None
    return center is not None and center.user_roles[call.token.user] == "ADMIN"


@dataclass(frozen=True)
class Endpoint:
    """A path's method, the scope its token needs, and the function that answers.

    `needs_token` false: the path takes no token, whoever asks proves themself with the app's secret.
    `takes_files`: the body may be multipart.
    """

    path: str
    method: Literal["GET", "POST"]
    scope: Scope | None
    answer: Callable[[Call], JsonObject]
    needs_token: bool = True
    takes_files: bool = False

    def __call__(self, world: World, token_value: str | None, parameters: Parameters, now: float) -> JsonObject:
        """Answer a request: the token first, then its scope, then the parameters."""
        return self.answer(Call(world, self._token(world, token_value), parameters, now))

    def _token(self, world: World, token_value: str | None) -> Token:
        if not self.needs_token:
            return NOBODY
        if not token_value:
            raise ApiError.token_missing()
        token = world.tokens.get(token_value)
        if token is None or token.revoked:
            raise ApiError.token_dead()
        if self.scope in token.missing_scopes:
            raise ApiError.missing_scope(self.path, self.method)
        return token


def _table(*endpoints: Endpoint) -> Mapping[str, Endpoint]:
    return MappingProxyType({endpoint.path: endpoint for endpoint in endpoints})


ENDPOINTS = _table(
    Endpoint("advertiser/info/", "GET", Scope.ADVERTISER_READ, advertiser_info),
    Endpoint("app/list/", "GET", Scope.APP_READ, app_list),
    Endpoint("bc/get/", "GET", Scope.BUSINESS_CENTER_READ, bc_get),
    Endpoint("catalog/get/", "GET", Scope.CATALOG_READ, catalog_get),
    Endpoint("file/image/ad/upload/", "POST", Scope.IMAGE_UPLOAD, file_image_ad_upload, takes_files=True),
    Endpoint("identity/create/", "POST", Scope.IDENTITY_CREATE, identity_create),
    Endpoint("identity/delete/", "POST", Scope.IDENTITY_DELETE, identity_delete),
    Endpoint("identity/get/", "GET", Scope.IDENTITY_READ, identity_get),
    Endpoint("identity/info/", "GET", Scope.IDENTITY_READ, identity_info),
    Endpoint("oauth2/access_token/", "POST", None, oauth2_access_token, needs_token=False),
    Endpoint("oauth2/advertiser/get/", "GET", Scope.ADVERTISER_READ, oauth2_advertiser_get),
    Endpoint("oauth2/revoke_token/", "POST", None, oauth2_revoke_token),
    Endpoint("page/get/", "GET", Scope.PAGE_READ, page_get),
    Endpoint("page/library/get/", "GET", None, page_library_get),
    Endpoint("pixel/list/", "GET", Scope.PIXEL_READ, pixel_list),
    Endpoint("term/check/", "GET", Scope.TERM, term_check),
    Endpoint("user/info/", "GET", None, user_info),
)
