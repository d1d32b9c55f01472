"""The responses of the API, field by field. Names and values are fixed: the wizard relies on them.

Responses about prerequisites are in :mod:`publishing.http.check_schemas`: loading what they use takes 12 ms of a cold
start, which the other functions save.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema

Moment = Annotated[
    datetime,
    PlainSerializer(lambda moment: moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
"""A moment in UTC, to the second: ``2026-11-22T17:00:00Z``."""


class Response(BaseModel):
    """A response of any endpoint. A function builds only the models that it returns, when it returns them first."""

    model_config = ConfigDict(frozen=True, defer_build=True)


MAX_PAGE_BYTES = 900_000
"""Of the rows of a page, so that no response is larger than 1 MB (contract §8.6)."""


def page_of[Row: Response](rows: Iterable[tuple[str, Row]], limit: int) -> tuple[tuple[Row, ...], str | None]:
    """Return the first rows, at most ``limit`` and as many as fit, and the next page's token; None: there is none.

    Each row comes with its key. The token is the key of the last row, which the next page begins after.
    """
    page: list[Row] = []
    size = 0
    last = ""
    for key, row in rows:
        size += len(json.dumps(row.model_dump(mode="json")))
        if page and (len(page) == limit or size > MAX_PAGE_BYTES):
            return tuple(page), last
        page.append(row)
        last = key
    return tuple(page), None


class IdentityImage(Response):
    """A picture in the ad account's library, ready to become an identity's avatar."""

    image_uri: str
    """TikTok's id of the picture; pass it to the creation of an identity unchanged. Contains a slash."""
    width: int | None
    """In pixels; null, like ``height``, if TikTok does not state the size of the picture that it fetched."""
    height: int | None
    """Equal to ``width``."""
    image_url: str | None
    """URL of the picture at TikTok, null if TikTok does not return one. Show it, do not store it: it may expire."""


class ConsentAsked(Response):
    """Where to send the person."""

    authorize_url: str
    """TikTok's consent page, for one person and one use."""
    expires_at: Moment
    """Until when the person may return from it."""


class ListedAdvertiser(Response):
    """An ad account that a connection reaches."""

    advertiser_id: str
    name: str | None
    """Null if TikTok did not return it."""
    disabled: bool
    """Whether TikTok calls it disabled; a disabled advertiser is never the default."""


class Permission(Response):
    """A TikTok permission."""

    id: str
    name: str
    """For people."""


class MissingPermissions(Response):
    """What cannot be done with this connection."""

    check: str
    """What is affected: a prerequisite or an action; an open set."""
    permissions: tuple[Permission, ...]
    """Grant these by connecting again."""


class ConnectionSeen(Response):
    """One person's connection."""

    user_id: str
    status: str
    """``active``, ``expired`` or ``revoked``."""
    advertiser_ids: tuple[str, ...]
    """In TikTok's order, the first hundred."""
    advertisers: tuple[ListedAdvertiser, ...]
    """The same, with names. `GET /connections/{user_id}/advertisers` returns all, a page at a time."""
    advertiser_count: int
    """How many there are."""
    connected_at: str | None
    last_verified_at: str | None
    """When TikTok last accepted the token; null if it has not been asked yet."""
    permissions: tuple[Permission, ...] | None
    """The granted permissions; null if unknown."""
    missing: tuple[MissingPermissions, ...] | None
    """The permissions that were not granted, by what they affect; null if unknown."""


class ConnectionList(Response):
    """The caller's own and, for owner and manager, the team's; the caller's first, then the latest."""

    connections: tuple[ConnectionSeen, ...]
    next_token: str | None
    """Ask for the next page with it; null on the last page."""


class ConnectionAdvertisers(Response):
    """The ad accounts that a connection reaches, in TikTok's order."""

    advertisers: tuple[ListedAdvertiser, ...]
    advertiser_count: int
    """How many there are on all pages."""
    next_token: str | None
    """Ask for the next page with it; null on the last page."""


class Disconnected(Response):
    """The connection has been ended."""

    user_id: str
    status: str = "revoked"
    message: str = "TikTok is disconnected. Identities and campaigns at TikTok are unchanged."
