"""Listings in every shape that TikTok's answers have or might have."""

from collections.abc import Mapping
from math import ceil
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.unit.tiktok_business.listings import PAGE_SIZE, Listing, in_pages, page_info, raw_things, read
from tiktok_business.client import MAX_PAGES

SPLITS = st.lists(st.integers(1, PAGE_SIZE), min_size=1, max_size=8)
"""Numbers of rows on the pages of a listing, where TikTok may make pages smaller than asked for."""


def ids(count: int) -> list[str]:
    """The ids of so many rows."""
    return [f"t{number}" for number in range(count)]


def split(sizes: list[int]) -> list[list[dict[str, Any]]]:
    """Rows on pages of these sizes."""
    rows = iter(raw_things(sum(sizes)))
    return [[next(rows) for _ in range(size)] for size in sizes]


@given(
    sizes=SPLITS,
    named=st.sets(st.sampled_from(["total_page", "total_number", "has_more", "cursor"])),
    outside=st.booleans(),
)
def test_truthful(sizes: list[int], named: set[str], outside: bool) -> None:  # noqa: FBT001 - Hypothesis passes it
    """Whatever part of the truth TikTok tells about its pages, each row comes once, in order, and all of them do."""
    if not named & {"total_page", "total_number", "has_more"}:
        sizes = [*[PAGE_SIZE] * (len(sizes) - 1), sizes[-1]]

    def about(page: int) -> Mapping[str, Any]:
        truth: dict[str, object] = {
            "total_page": len(sizes),
            "total_number": sum(sizes),
            "has_more": page < len(sizes),
            "cursor": str(page + 1),
        }
        told = {name: value for name, value in truth.items() if name in named}
        loose: dict[str, Any] = {name: told.pop(name) for name in ("has_more", "cursor") if outside and name in told}
        return {**page_info(**told), **loose}

    listing = Listing(split(sizes), about)
    assert read(listing) == (ids(sum(sizes)), True)
    assert len(listing.asked) <= len(sizes) + 1
    if named >= {"total_page", "total_number"}:
        assert len(listing.asked) == len(sizes)


@given(sizes=st.lists(st.integers(0, PAGE_SIZE), min_size=1, max_size=8), total_page=st.booleans())
def test_gaps(sizes: list[int], total_page: bool) -> None:  # noqa: FBT001 - Hypothesis passes it
    """Where empty pages stand between the others, each row comes once, or the reading says that it is incomplete."""
    info = page_info(total_number=sum(sizes), **({"total_page": len(sizes)} if total_page else {}))
    found, complete = read(Listing(split(sizes), lambda _: info))
    assert found == ids(len(found))
    assert len(found) == sum(sizes) or not complete


@given(
    served=st.lists(st.lists(st.integers(0, 30), max_size=PAGE_SIZE), max_size=8),
    told=st.lists(
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
def test_untruthful(served: list[list[int]], told: list[dict[str, Any]]) -> None:
    """Whatever TikTok sends and says, no row comes twice, and no count of TikTok's is more than a complete reading."""
    answers: list[dict[str, Any]] = []

    def about(_page: int) -> Mapping[str, Any]:
        answers.append(told[len(answers) % len(told)])
        return page_info(**answers[-1])

    listing = Listing([[{"id": f"t{number}"} for number in page] for page in served], about)
    found, complete = read(listing)
    assert len(set(found)) == len(found)
    assert len(listing.asked) <= MAX_PAGES
    counted = [answer["total_number"] for answer in answers if type(answer.get("total_number")) is int]
    assert not complete or len(found) >= max(counted, default=0)


@given(count=st.integers(0, 40), step=st.integers(-9, 9), start=st.integers(0, 1))
@example(count=11, step=-1, start=1)
def test_changing_totals(count: int, step: int, start: int) -> None:
    """Where TikTok's totals move with every answer, all rows come, or the reading says that it is incomplete."""
    pages = in_pages(raw_things(count))
    # One answer alone whose every number says that the first page is all cannot be told from the truth.
    assume(start == 0 or count + step != PAGE_SIZE)

    def about(_page: int) -> Mapping[str, Any]:
        moved = (len(listing.asked) - 1 + start) * step
        return page_info(
            total_page=max(0, ceil(count / PAGE_SIZE) + moved), total_number=max(0, count + moved), page_size=PAGE_SIZE
        )

    listing = Listing(pages, about)
    found, complete = read(listing)
    assert found == ids(len(found))
    assert len(found) == count or not complete


@given(count=st.integers(1, 40), total_number=st.booleans())
def test_every_page_the_first(count: int, total_number: bool) -> None:  # noqa: FBT001 - Hypothesis passes it
    """Where TikTok answers every page with the first, its rows come once, and where it named more that is said."""
    pages = in_pages(raw_things(count))
    info = page_info(total_page=len(pages), **({"total_number": count} if total_number else {}))
    listing = Listing([pages[0]] * len(pages), lambda _: info)
    assert read(listing) == (ids(min(count, PAGE_SIZE)), count <= PAGE_SIZE)
    assert len(listing.asked) <= 2
