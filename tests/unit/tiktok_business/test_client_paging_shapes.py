"""Properties of listings in every form that TikTok's responses have or might have."""

from collections.abc import Mapping
from math import ceil
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.unit.tiktok_business.listings import PAGE_SIZE, Listing, in_pages, page_info, raw_things, read
from tiktok_business.client import MAX_PAGES

SPLITS = st.lists(st.integers(1, PAGE_SIZE), min_size=1, max_size=8)
"""Numbers of rows on the pages of a listing; TikTok may return smaller pages than requested."""


def ids(count: int) -> list[str]:
    """Return the ids of this many rows."""
    return [f"t{number}" for number in range(count)]


def split(sizes: list[int]) -> list[list[dict[str, Any]]]:
    """Return rows on pages of these sizes."""
    rows = iter(raw_things(sum(sizes)))
    return [[next(rows) for _ in range(size)] for size in sizes]


@given(
    sizes=SPLITS,
    named=st.sets(st.sampled_from(["total_page", "total_number", "has_more", "cursor"])),
    outside=st.booleans(),
)
def test_truthful(sizes: list[int], named: set[str], outside: bool) -> None:  # noqa: FBT001 - Hypothesis passes it
    """Whichever correct paging members TikTok returns, every row is returned once and in order."""
    if not named & {"total_page", "total_number", "has_more"}:
        sizes = [*[PAGE_SIZE] * (len(sizes) - 1), sizes[-1]]

    def about(page: int) -> Mapping[str, Any]:
        truth: dict[str, object] = {
            "total_page": len(sizes),
            "total_number": sum(sizes),
            "has_more": page < len(sizes),
            "cursor": str(page + 1),
        }
        returned = {name: value for name, value in truth.items() if name in named}
        loose: dict[str, Any] = {
            name: returned.pop(name) for name in ("has_more", "cursor") if outside and name in returned
        }
        return {**page_info(**returned), **loose}

    listing = Listing(split(sizes), about)
    assert read(listing) == (ids(sum(sizes)), True)
    assert len(listing.requests) <= len(sizes) + 1
    if named >= {"total_page", "total_number"}:
        assert len(listing.requests) == len(sizes)


@given(sizes=st.lists(st.integers(0, PAGE_SIZE), min_size=1, max_size=8), total_page=st.booleans())
def test_gaps(sizes: list[int], total_page: bool) -> None:  # noqa: FBT001 - Hypothesis passes it
    """With empty pages between others, every row is returned once, or the listing is incomplete."""
    info = page_info(total_number=sum(sizes), **({"total_page": len(sizes)} if total_page else {}))
    found, complete = read(Listing(split(sizes), lambda _: info))
    assert found == ids(len(found))
    assert len(found) == sum(sizes) or not complete


@given(
    served=st.lists(st.lists(st.integers(0, 30), max_size=PAGE_SIZE), max_size=8),
    members=st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "total_page": st.one_of(st.integers(-1, 9), st.none(), st.just("3")),
                "total_number": st.one_of(st.integers(-1, 40), st.none(), st.just("7")),
                "has_more": st.one_of(st.booleans(), st.none(), st.just("true")),
                "cursor": st.one_of(st.integers(1, 9).map(str), st.none()),
            },
        ),
        min_size=1,
        max_size=8,
    ),
)
def test_untruthful(served: list[list[int]], members: list[dict[str, Any]]) -> None:
    """Whatever TikTok returns, no row is repeated, and a complete listing has at least TikTok's highest count."""
    responses: list[dict[str, Any]] = []

    def about(_page: int) -> Mapping[str, Any]:
        responses.append(members[len(responses) % len(members)])
        return page_info(**responses[-1])

    listing = Listing([[{"id": f"t{number}"} for number in page] for page in served], about)
    found, complete = read(listing)
    assert len(set(found)) == len(found)
    assert len(listing.requests) <= MAX_PAGES
    counted = [int(response["total_number"]) for response in responses if response.get("total_number") is not None]
    assert not complete or len(found) >= max(counted, default=0)


@given(count=st.integers(0, 40), step=st.integers(-9, 9), start=st.integers(0, 1))
@example(count=11, step=-1, start=1)
def test_changing_totals(count: int, step: int, start: int) -> None:
    """If TikTok's totals change with every response, all rows are returned, or the listing is incomplete."""
    pages = in_pages(raw_things(count))
    # A single response whose numbers all say that the first page is the only one looks correct.
    assume(start == 0 or count + step != PAGE_SIZE)

    def about(_page: int) -> Mapping[str, Any]:
        moved = (len(listing.requests) - 1 + start) * step
        return page_info(
            total_page=max(0, ceil(count / PAGE_SIZE) + moved), total_number=max(0, count + moved), page_size=PAGE_SIZE
        )

    listing = Listing(pages, about)
    found, complete = read(listing)
    assert found == ids(len(found))
    assert len(found) == count or not complete


@given(count=st.integers(1, 40), total_number=st.booleans())
def test_every_page_repeats_the_first(count: int, total_number: bool) -> None:  # noqa: FBT001 - Hypothesis passes it
    """If every page repeats the first, its rows are returned once, and the listing is incomplete if more were named."""
    pages = in_pages(raw_things(count))
    info = page_info(total_page=len(pages), **({"total_number": count} if total_number else {}))
    listing = Listing([pages[0]] * len(pages), lambda _: info)
    assert read(listing) == (ids(min(count, PAGE_SIZE)), count <= PAGE_SIZE)
    assert len(listing.requests) <= 2
