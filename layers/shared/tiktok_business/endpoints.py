"""TikTok's endpoints that this product calls, one method each.

Listings are read lazily and tolerantly (see :meth:`tiktok_business.client.TikTokClient.pages`); those of what an ad can
use come page by page, so that all rows of a page that was read can be counted. Every method raises
:class:`tiktok_business.errors.TikTokError`.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from pydantic import BaseModel

from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.errors import UnexpectedResponseError
from tiktok_business.models import (
    Advertiser,
    App,
    BusinessCenter,
    Catalog,
    CreatedIdentity,
    Identity,
    IdentityType,
    Page,
    PageLibrary,
    Pixel,
    TermCheck,
    UploadedImage,
    parse_data,
)
from tiktok_business.transport import File, Form

LEAD_ADS_TERMS = "LeadAds"
"""``term_type`` of the terms that lead ads need (BUB ``enum/term_type.go``)."""
ADVERTISERS_AT_ONCE = 100
"""Advertisers in one call of ``advertiser/info/``: the maximum is not documented, others send 100 (AIR)."""


@dataclass(slots=True)
class Hints:
    """Where to look first, from a token's earlier answers. A hint saves calls and proves nothing."""

    catalog_bc_id: str | None = None
    """The Business Center that had a catalog for ads."""


@dataclass(frozen=True, slots=True)
class TikTokBusinessApi:
    """The endpoints for one client, that is for one access token."""

    client: TikTokClient
    hints: Hints = field(default_factory=Hints)
    """This token's hints; the caller keeps them between requests."""

    def with_deadline(self, deadline: Deadline) -> "TikTokBusinessApi":
        """Return the endpoints with another deadline."""
        return replace(self, client=replace(self.client, deadline=deadline))

    def identities(self, advertiser_id: str, identity_type: IdentityType | None) -> Iterator[list[Identity]]:
        """``identity/get/``, scope 693: the identities of one type, newest first; at most 100 a page.

        A TT_USER is visible only to the token of the person who linked it (DOC:1848048566169730). Without a type all
        types come, but TikTok's counts of pages are then not to be relied on (DOC:1740218420781057).
        """
        typed = {"identity_type": identity_type.value} if identity_type else {}
        pages = self._identities({"advertiser_id": advertiser_id, **typed})
        return ([one for one in page if identity_type in {None, one.identity_type}] for page in pages)

    def custom_identities_named(self, advertiser_id: str, display_name: str) -> Iterator[Identity]:
        """The CUSTOMIZED_USER identities with exactly this name; TikTok's own ``keyword`` filter is fuzzy."""
        pages = self._identities(
            {
                "advertiser_id": advertiser_id,
                "identity_type": IdentityType.CUSTOMIZED_USER.value,
                "filtering": {"keyword": display_name},
            }
        )
        rows = chain.from_iterable(pages)
        custom = (identity for identity in rows if identity.identity_type == IdentityType.CUSTOMIZED_USER)
        return (identity for identity in custom if identity.display_name == display_name)

    def create_identity(self, advertiser_id: str, display_name: str, image_uri: str | None) -> str:
        """``identity/create/``, scope 692: create a CUSTOMIZED_USER and return its id.

        Not idempotent: there is no request key, and each success creates one more identity (DOC:1740654203526146).
        """
        image = {"image_uri": image_uri} if image_uri else {}
        endpoint = "identity/create/"
        data = self.client.post(endpoint, {"advertiser_id": advertiser_id, "display_name": display_name, **image})
        return parse_data(endpoint, CreatedIdentity, data).identity_id

    def upload_image(self, advertiser_id: str, file: File) -> UploadedImage:
        """``file/image/ad/upload/``, scope 601: put an image into the ad account's library.

        The file name must be new in the ad account, else 40911. Not idempotent: each success creates one more image.
        """
        signature = hashlib.md5(file.content, usedforsecurity=False).hexdigest()
        fields = {"upload_type": "UPLOAD_BY_FILE", "image_signature": signature}
        return self._upload(advertiser_id, file.name, fields, {"image_file": file})

    def upload_image_by_url(self, advertiser_id: str, image_url: str, file_name: str) -> UploadedImage:
        """``file/image/ad/upload/`` with an image that TikTok fetches."""
        fields = {"upload_type": "UPLOAD_BY_URL", "image_url": image_url}
        return self._upload(advertiser_id, file_name, fields, {})

    def advertisers(self, advertiser_ids: Sequence[str]) -> Iterator[Advertiser]:
        """``advertiser/info/``, scope 100: name and status of many ad accounts, a hundred at a time."""
        endpoint = "advertiser/info/"
        for start in range(0, len(advertiser_ids), ADVERTISERS_AT_ONCE):
            some = list(advertiser_ids[start : start + ADVERTISERS_AT_ONCE])
            data = self.client.get(endpoint, {"advertiser_ids": some, "fields": ["advertiser_id", "name", "status"]})
            yield from parse_data(endpoint, _Advertisers, data).list

    def pixels(self, advertiser_id: str) -> Iterator[list[Pixel]]:
        """``pixel/list/``, scope 800; at most 20 a page, more is refused (SDK ``yml_files/pixel_list.yml``)."""
        return self.client.pages(
            "pixel/list/",
            {"advertiser_id": advertiser_id},
            Pixel,
            keys=("pixels",),
            id_of=lambda pixel: pixel.pixel_id,
            page_size=20,
        )

    def business_centers(self) -> Iterator[BusinessCenter]:
        """``bc/get/``, scope 150: the Business Centers that the token's person sees; at most 50 a page."""
        pages = self.client.pages(
            "bc/get/", {}, BusinessCenter, keys=("list",), id_of=lambda center: center.bc_info.bc_id, page_size=50
        )
        return chain.from_iterable(pages)

    def catalogs(self, bc_id: str) -> Iterator[list[Catalog]]:
        """``catalog/get/``, scope 900: the catalogs of one Business Center; at most 100 a page.

        A wrong ``bc_id`` returns an empty list, not an error (NAN ``catalogs``): use only ids from ``bc/get/``.
        """
        return self.client.pages(
            "catalog/get/",
            {"bc_id": bc_id},
            Catalog,
            keys=("list",),
            id_of=lambda catalog: catalog.catalog_id,
            page_size=100,
        )

    def apps(self, advertiser_id: str) -> Iterator[list[App]]:
        """``app/list/``, scope 700: all apps at once, there are no pages (SDK ``yml_files/app_list.yml``)."""
        return self.client.pages(
            "app/list/",
            {"advertiser_id": advertiser_id},
            App,
            keys=("apps",),
            id_of=lambda app: app.app_id,
            page_size=None,
        )

    def lead_forms(self, owner: Mapping[str, str]) -> Iterator[list[Page]]:
        """``page/get/``, scope 680: lead forms of ``{"advertiser_id": …}`` or of ``{"library_id": …}``.

        Forms in a Business Center's library are invisible by advertiser. Drafts are listed too: sources disagree on the
        name of the filter, so none is sent. At most 100 a page (BUB ``model/page/get.go``).
        """
        return self.client.pages(
            "page/get/",
            {**owner, "business_type": "LEAD_GEN"},
            Page,
            keys=("list",),
            id_of=lambda page: page.page_id,
            page_size=100,
        )

    def page_libraries(self, advertiser_id: str) -> Iterator[PageLibrary]:
        """``page/library/get/``: the form libraries with forms of this advertiser.

        TikTok lists those of every advertiser that the token's person sees, without a filter (BUB
        ``model/page/library``). The largest page is not documented.
        """
        pages = self.client.pages(
            "page/library/get/",
            {},
            PageLibrary,
            keys=("list", "libraries"),
            id_of=lambda library: library.library_id,
            page_size=100,
        )
        return (library for library in chain.from_iterable(pages) if library.advertiser_id == advertiser_id)

    def advertiser(self, advertiser_id: str) -> Advertiser:
        """``advertiser/info/``, scope 100: name and status of the ad account."""
        return self._advertiser(advertiser_id, ["advertiser_id", "name", "status"])

    def can_use_custom_identity(self, advertiser_id: str) -> bool | None:
        """``advertiser/info/``: whether TikTok still lets this account run ads under a custom identity.

        A separate call: asking for this field suppresses every other one except the id, which is certain only if
        requested. None: TikTok does not say.
        """
        return self._advertiser(advertiser_id, ["advertiser_id", "can_use_custom_identity"]).can_use_custom_identity

    def lead_terms_confirmed(self, advertiser_id: str) -> bool:
        """``term/check/``, scope 120: whether the LeadAds terms are signed for this ad account."""
        endpoint = "term/check/"
        data = self.client.get(endpoint, {"advertiser_id": advertiser_id, "term_type": LEAD_ADS_TERMS})
        return parse_data(endpoint, TermCheck, data).confirmed

    def _identities(self, params: Mapping[str, Any]) -> Iterator[list[Identity]]:
        return self.client.pages(
            "identity/get/", params, Identity, keys=("identity_list", "list"), id_of=_identity_id, page_size=100
        )

    def _upload(
        self, advertiser_id: str, file_name: str, fields: Mapping[str, str], files: Mapping[str, File]
    ) -> UploadedImage:
        endpoint = "file/image/ad/upload/"
        form = {"advertiser_id": advertiser_id, "file_name": file_name, **fields}
        data = self.client.post(endpoint, Form(form, files) if files else form)
        return parse_data(endpoint, UploadedImage, data)

    def _advertiser(self, advertiser_id: str, fields: list[str]) -> Advertiser:
        endpoint = "advertiser/info/"
        data = self.client.get(endpoint, {"advertiser_ids": [advertiser_id], "fields": fields})
        for row in parse_data(endpoint, _Advertisers, data).list:
            if row.advertiser_id == advertiser_id:
                return row
        raise UnexpectedResponseError(endpoint, "code 0 without the advertiser asked for", code=0)


class _Advertisers(BaseModel):
    list: list[Advertiser]


def _identity_id(identity: Identity) -> tuple[str | None, ...]:
    """One TikTok account can be shared by several Business Centers, under the same id."""
    return (identity.identity_type, identity.identity_id, identity.identity_authorized_bc_id)
