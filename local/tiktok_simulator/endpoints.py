"""The table of TikTok's endpoints that are simulated; paths, parameters and limits are those of the API v1.3."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from local.tiktok_simulator import assets, identities, oauth, publishing
from local.tiktok_simulator.http_messages import ApiError, HttpRequest, JsonObject, UploadedFile
from local.tiktok_simulator.parameters import RequestContext
from local.tiktok_simulator.world import Scope, Token, World

_NO_FILES: Mapping[str, UploadedFile] = MappingProxyType({})

_NO_TOKEN = Token("", "")
"""Replaces the token of an endpoint that takes none: it has access to nothing."""


@dataclass(frozen=True)
class Endpoint:
    """A path's method, the scope that its token needs, and the function that responds.

    `needs_token` false: the endpoint takes no token; the app's secret authenticates the caller.
    `takes_files`: the body may be a multipart form.
    """

    path: str
    method: Literal["GET", "POST"]
    scope: Scope | None
    respond: Callable[[RequestContext], JsonObject]
    needs_token: bool = True
    takes_files: bool = False

    def __call__(self, world: World, request: HttpRequest, query: Mapping[str, str], now: float) -> JsonObject:
        """The data of the response; checks first the token, then its scope, then the parameters.

        `query` replaces the request's own query, `now` is in epoch seconds. ApiError: TikTok's error response.
        """
        form = request.form if self.takes_files else None
        if self.method == "GET":
            values, files = query, _NO_FILES
        elif form is not None:
            values, files = form.fields, form.files
        else:
            values, files = request.json_object(), _NO_FILES
        return self.respond(RequestContext(world, self._token(world, request.token), values, files, now))

    def _token(self, world: World, token_value: str | None) -> Token:
        if not self.needs_token:
            return _NO_TOKEN
        if not token_value:
            raise ApiError.token_missing()
        token = world.tokens.get(token_value)
        if token is None or token.revoked:
            raise ApiError.token_invalid()
        if self.scope in token.missing_scopes:
            raise ApiError.missing_scope(self.path, self.method)
        return token


def _table(*endpoints: Endpoint) -> Mapping[str, Endpoint]:
    return MappingProxyType({endpoint.path: endpoint for endpoint in endpoints})


ENDPOINTS = _table(
    Endpoint("advertiser/info/", "GET", Scope.ADVERTISER_READ, assets.advertiser_info),
    Endpoint("app/list/", "GET", Scope.APP_READ, assets.app_list),
    Endpoint("bc/get/", "GET", Scope.BUSINESS_CENTER_READ, assets.bc_get),
    Endpoint("catalog/get/", "GET", Scope.CATALOG_READ, assets.catalog_get),
    Endpoint("file/image/ad/upload/", "POST", Scope.IMAGE_UPLOAD, identities.file_image_ad_upload, takes_files=True),
    Endpoint("identity/create/", "POST", Scope.IDENTITY_CREATE, identities.identity_create),
    Endpoint("identity/delete/", "POST", Scope.IDENTITY_DELETE, identities.identity_delete),
    Endpoint("identity/get/", "GET", Scope.IDENTITY_READ, identities.identity_get),
    Endpoint("identity/info/", "GET", Scope.IDENTITY_READ, identities.identity_info),
    Endpoint("oauth2/access_token/", "POST", None, oauth.oauth2_access_token, needs_token=False),
    Endpoint("oauth2/advertiser/get/", "GET", Scope.ADVERTISER_READ, oauth.oauth2_advertiser_get),
    Endpoint("oauth2/revoke_token/", "POST", None, oauth.oauth2_revoke_token),
    Endpoint("page/get/", "GET", Scope.PAGE_READ, assets.page_get),
    Endpoint("page/library/get/", "GET", None, assets.page_library_get),
    Endpoint("pixel/list/", "GET", Scope.PIXEL_READ, assets.pixel_list),
    Endpoint("term/check/", "GET", Scope.TERM, assets.term_check),
    Endpoint("user/info/", "GET", None, oauth.user_info),
    # TikTok asks for the scopes 201, 211 and 221 here, which the simulated app does not request.
    *(Endpoint(path, "POST", None, create) for path, create in publishing.CREATIONS.items()),
)
