"""Paged listings of things, in every form that TikTok's responses have or might have."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from pydantic import BaseModel, SecretStr

from tests.support.scripted_tiktok import client_of, success
from tiktok_business.deadline import Deadline
from tiktok_business.errors import IncompleteListingError
from tiktok_business.transport import Body, RawAnswer, Transport

PAGE_SIZE = 5


class Thing(BaseModel):
    """A row."""

    id: str
    picture: str | None = None


def raw_things(count: int) -> list[dict[str, Any]]:
    """Return this many rows as TikTok sends them."""
    return [{"id": f"t{number}"} for number in range(count)]


def in_pages(rows: list[dict[str, Any]], size: int = PAGE_SIZE) -> list[list[dict[str, Any]]]:
    """Return the rows in full pages and a last one with the remaining rows; no rows are one empty page."""
    return [rows[start : start + size] for start in range(0, len(rows), size)] or [[]]


@dataclass
class Listing:
    """A transport with one endpoint that returns these pages, and empty pages after the last.

    ``about`` returns the other members of a response for a page number.
    """

    pages: list[list[Any]]
    about: Callable[[int], Mapping[str, Any]] = lambda _page: {}
    requests: list[Mapping[str, Any]] = field(default_factory=list)

    def send(
        self,
        method: str,
        endpoint: str,
        *,
        token: SecretStr | None,
        deadline: Deadline,
        params: Mapping[str, Any] | None = None,
        body: Body | None = None,
    ) -> RawAnswer:
        assert (method, endpoint, body) == ("GET", "thing/get/", None)
        assert token is not None
        assert deadline is not None
        query = params or {}
        self.requests.append(query)
        page = int(query.get("cursor", query.get("page", 1)))
        rows = self.pages[page - 1] if page <= len(self.pages) else []
        return success({"list": rows, **self.about(page)})


def page_info(**values: object) -> Mapping[str, Any]:
    """Return TikTok's paging object with these members."""
    return {"page_info": values}


def things(listing: Transport, page_size: int | None = PAGE_SIZE) -> Iterator[Thing]:
    """Return the rows of a listing as the client reads them."""
    pages = client_of(listing).pages(
        "thing/get/", {"of": "me"}, Thing, keys=("list", "things"), id_of=lambda thing: thing.id, page_size=page_size
    )
    return chain.from_iterable(pages)


def read(listing: Listing, page_size: int | None = PAGE_SIZE) -> tuple[list[str], bool]:
    """Return the ids of all rows, and whether the client reports the listing as complete."""
    ids: list[str] = []
    rows = things(listing, page_size)
    try:
        while (thing := next(rows, None)) is not None:
            ids.append(thing.id)
    except IncompleteListingError:
        return ids, False
    return ids, True
