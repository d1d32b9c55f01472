"""The client reads listings page by page to the end, and raises an error if it cannot."""

from itertools import islice
from typing import Any

import pytest

from tests.support.scripted_tiktok import ScriptedTransport, error_response, success
from tests.unit.tiktok_business.listings import PAGE_SIZE, Listing, in_pages, page_info, raw_things, read, things
from tiktok_business.client import MAX_PAGES
from tiktok_business.errors import IncompleteListingError, RequestRejectedError, TikTokError, UnexpectedResponseError

FOURTEEN = in_pages(raw_things(14))
ALL_FOURTEEN = [f"t{number}" for number in range(14)]


def full_info(_page: int) -> Any:
    """Return the correct page_info of ``FOURTEEN``."""
    return page_info(total_page=3, total_number=14)


class TestEveryPage:
    def test_pages(self) -> None:
        """Every page that TikTok names is read once, with the page size and the caller's parameters."""
        listing = Listing(FOURTEEN, full_info)
        assert read(listing) == (ALL_FOURTEEN, True)
        assert listing.requests == [{"of": "me", "page": page, "page_size": PAGE_SIZE} for page in (1, 2, 3)]

    def test_lazily(self) -> None:
        """A page is read when its first row is needed."""
        listing = Listing(FOURTEEN, full_info)
        rows = things(listing)
        assert len(listing.requests) == 0
        list(islice(rows, PAGE_SIZE))
        assert len(listing.requests) == 1
        next(rows)
        assert len(listing.requests) == 2

    def test_empty(self) -> None:
        """An empty listing takes one call and is complete."""
        listing = Listing([[]], lambda _: page_info(total_page=0, total_number=0))
        assert read(listing) == ([], True)
        assert len(listing.requests) == 1

    @pytest.mark.parametrize(
        "about",
        [
            {},
            {"page_info": None},
            {"page_info": []},
            *(page_info(total_page=total) for total in (0, "0", "3", None, 3.0)),
        ],
        ids=str,
    )
    def test_page_not_full(self, about: Any) -> None:
        """If TikTok names no number of pages, or 0, a page that is not full is the last."""
        listing = Listing(FOURTEEN, lambda _: about)
        assert read(listing) == (ALL_FOURTEEN, True)
        assert len(listing.requests) == 3

    def test_counts_as_text(self) -> None:
        """A smaller page than requested is not the last one if TikTok's counts, sent as text, name more."""
        info = {"page": 1, "page_size": 4, "total_number": "5", "total_page": "2"}
        listing = Listing(in_pages(raw_things(5), 4), lambda _: page_info(**info))
        assert read(listing) == (ALL_FOURTEEN[:5], True)
        for name in ("total_number", "total_page"):
            listing = Listing(in_pages(raw_things(5), 4), lambda _, name=name: page_info(**{name: info[name]}))  # type: ignore[misc]  # mypy infers no lambda with a default
            assert read(listing) == (ALL_FOURTEEN[:5], True)

    def test_page_size_of_tiktok(self) -> None:
        """A page of the size that TikTok names is full, although more rows were requested."""
        listing = Listing(in_pages(raw_things(14), 4), lambda _: page_info(page_size="4"))
        assert read(listing) == (ALL_FOURTEEN, True)

    def test_exactly_full(self) -> None:
        """If TikTok names no number of pages, an empty page after a full one ends the listing."""
        listing = Listing(in_pages(raw_things(10)))
        assert read(listing) == (ALL_FOURTEEN[:10], True)
        assert len(listing.requests) == 3

    def test_exactly_full_and_named(self) -> None:
        """A full last page that agrees with TikTok's numbers is the last one read."""
        listing = Listing(in_pages(raw_things(10)), lambda _: page_info(total_page=2, total_number=10))
        assert read(listing) == (ALL_FOURTEEN[:10], True)
        assert len(listing.requests) == 2

    def test_no_pages(self) -> None:
        """A listing without pages takes one call without page and page_size, however long it is."""
        listing = Listing([raw_things(300)])
        assert len(read(listing, page_size=None)[0]) == 300
        assert listing.requests == [{"of": "me"}]

    def test_other_key(self) -> None:
        """The rows are found under any of their keys."""
        assert [thing.id for thing in things(ScriptedTransport([success({"things": raw_things(1)})]))] == ["t0"]

    def test_failing_later(self) -> None:
        """An error on a later page is raised after the rows of the earlier pages."""
        transport = ScriptedTransport([success({"list": FOURTEEN[0]}), error_response(40002)])
        rows = things(transport)
        assert [next(rows).id for _ in range(PAGE_SIZE)] == ALL_FOURTEEN[:PAGE_SIZE]
        with pytest.raises(RequestRejectedError):
            next(rows)


class TestCursor:
    @staticmethod
    def about(page: int) -> Any:
        return {"cursor": str(page + 1), "has_more": page < 3}

    def test_followed(self) -> None:
        """If TikTok returns a cursor, the next call sends it, until has_more is false."""
        listing = Listing(FOURTEEN, self.about)
        assert read(listing) == (ALL_FOURTEEN, True)
        assert [query.get("cursor") for query in listing.requests] == [None, "2", "3"]

    @pytest.mark.parametrize("more", [{}, {"total_page": 0}], ids=["alone", "total_page_0"])
    def test_in_page_info(self, more: dict[str, int]) -> None:
        """The cursor may be in page_info, beside a total_page of 0; pages need not be full."""
        pages = in_pages(raw_things(12), 4)
        listing = Listing(pages, lambda page: page_info(**self.about(page), **more))
        assert read(listing) == (ALL_FOURTEEN[:12], True)
        assert [query.get("cursor") for query in listing.requests] == [None, "2", "3"]

    def test_empty_page(self) -> None:
        """The last page may be empty although has_more was true before."""
        listing = Listing(FOURTEEN[:2], self.about)
        assert read(listing) == (ALL_FOURTEEN[:10], True)
        assert len(listing.requests) == 3

    def test_no_more(self) -> None:
        """A full page with has_more false is the last."""
        listing = Listing(in_pages(raw_things(5)), lambda _: {"has_more": False, "cursor": "2"})
        assert read(listing) == (ALL_FOURTEEN[:5], True)
        assert len(listing.requests) == 1

    def test_small_pages(self) -> None:
        """A page that is not full is not the last if has_more is true."""
        listing = Listing(in_pages(raw_things(14), 2), lambda page: {"cursor": str(page + 1), "has_more": page < 7})
        assert read(listing) == (ALL_FOURTEEN, True)

    @pytest.mark.parametrize(("more", "no_more"), [("true", "false"), ("True", "False"), (1, 0), ("1", "0")])
    def test_has_more_as_text(self, more: object, no_more: object) -> None:
        """A has_more that is a text or a number is followed too."""
        pages = in_pages(raw_things(14), 2)
        listing = Listing(pages, lambda page: {"cursor": str(page + 1), "has_more": more if page < 7 else no_more})
        assert read(listing) == (ALL_FOURTEEN, True)

    def test_stuck(self) -> None:
        """A cursor that returns the same page again ends the listing, which is incomplete."""
        listing = Listing(FOURTEEN, lambda _: {"cursor": "1", "has_more": True})
        assert read(listing) == (ALL_FOURTEEN[:5], False)
        assert len(listing.requests) == 2


class TestIncomplete:
    def test_unreadable_rows(self) -> None:
        """Unreadable rows do not hide readable ones on any page; the listing is then incomplete."""
        pages: list[list[Any]] = [[{"id": "a"}, {"id": None}, "row", 7, None], [[], {}, {"id": "b"}]]
        rows = things(Listing(pages))
        assert [next(rows).id, next(rows).id] == ["a", "b"]
        with pytest.raises(IncompleteListingError, match="6 rows were not readable"):
            next(rows)

    @pytest.mark.parametrize(
        "about",
        [
            {"page_info": [3]},
            {"page_info": "3"},
            *(page_info(total_page=total) for total in (-1, "many", "", "1.5", True, 1.5, [3], "9" * 5000)),
            *(page_info(total_number=total) for total in (-1, "many", "", False, {"n": 14})),
            *({"has_more": more} for more in ("perhaps", 2, "", [True])),
        ],
        ids=lambda about: str(about)[:60],
    )
    def test_unreadable_counts(self, about: Any) -> None:
        """A count that cannot be read proves no absence, but hides no row."""
        assert read(Listing(FOURTEEN, lambda _: about)) == (ALL_FOURTEEN, False)
        first_only = Listing(FOURTEEN, lambda page: about if page == 1 else {})
        assert read(first_only) == (ALL_FOURTEEN, False)
        assert read(Listing([raw_things(3)], lambda _: about), page_size=None) == (ALL_FOURTEEN[:3], False)

    def test_unreadable_pages(self) -> None:
        """A page with only unreadable rows does not end the listing."""
        pages: list[list[Any]] = [[{"n": number} for number in range(5)], [{"id": "a"}]]
        assert read(Listing(pages)) == (["a"], False)

    def test_repeated_page(self) -> None:
        """If every page repeats the first, the listing ends and is incomplete."""
        listing = Listing([FOURTEEN[0]] * 3, full_info)
        assert read(listing) == (ALL_FOURTEEN[:5], False)
        assert len(listing.requests) == 2

    @pytest.mark.parametrize("pages", [[FOURTEEN[0]] * 3, [FOURTEEN[0], FOURTEEN[1], FOURTEEN[1]], FOURTEEN[:1]])
    def test_announced_page_without_new_rows(self, pages: list[list[Any]]) -> None:
        """If TikTok names three pages and one has no new rows, the listing is incomplete."""
        assert not read(Listing(pages, lambda _: page_info(total_page=3)))[1]

    def test_unannounced_page_without_new_rows(self) -> None:
        """If an unannounced second page repeats the first, the listing has no pages and is complete."""
        assert read(Listing([FOURTEEN[0]] * 3)) == (ALL_FOURTEEN[:5], True)

    def test_same_row_with_another_picture_url(self) -> None:
        """A repeated row with another picture URL is not new: TikTok signs picture URLs anew each time."""
        pages = [[{"id": f"t{n}", "picture": f"https://x/{page}"} for n in range(5)] for page in (1, 2)]
        assert read(Listing(pages, lambda _: page_info(total_page=2, total_number=10))) == (ALL_FOURTEEN[:5], False)

    def test_fewer_than_counted(self) -> None:
        """Fewer rows than TikTok counted are incomplete."""
        assert read(Listing([FOURTEEN[2]], lambda _: page_info(total_page=1, total_number=5))) == (
            ["t10", *ALL_FOURTEEN[11:]],
            False,
        )

    def test_fewer_than_counted_before(self) -> None:
        """A count that shrinks between pages does not make the listing complete."""
        listing = Listing(FOURTEEN[:2], lambda page: page_info(total_page=2, total_number=13 - page))
        assert read(listing) == (ALL_FOURTEEN[:10], False)

    def test_smaller_pages_than_requested(self) -> None:
        """If TikTok counts more rows than received, the next page is read although this one is not full."""
        listing = Listing(in_pages(raw_things(14), 4), lambda _: page_info(total_number=14))
        assert read(listing) == (ALL_FOURTEEN, True)

    def test_pages_of_a_listing_without_pages(self) -> None:
        """If TikTok names further pages of a listing without pages, it is incomplete."""
        listing = Listing(FOURTEEN, lambda _: page_info(total_page=3))
        assert read(listing, page_size=None) == (ALL_FOURTEEN[:5], False)
        assert len(listing.requests) == 1

    def test_too_many_pages(self) -> None:
        """After MAX_PAGES pages the listing ends and is incomplete."""
        listing = Listing(in_pages(raw_things(MAX_PAGES * PAGE_SIZE + 1)))
        ids, complete = read(listing)
        assert (len(ids), complete) == (MAX_PAGES * PAGE_SIZE, False)
        assert len(listing.requests) == MAX_PAGES

    def test_as_many_pages_as_allowed(self) -> None:
        """MAX_PAGES pages are read completely."""
        listing = Listing(in_pages(raw_things(MAX_PAGES * PAGE_SIZE - 1)))
        ids, complete = read(listing)
        assert (len(ids), complete) == (MAX_PAGES * PAGE_SIZE - 1, True)


@pytest.mark.parametrize("data", [{}, {"list": None}, {"list": {}}, {"list": "rows"}, {"rows": []}], ids=str)
def test_no_list(data: object) -> None:
    """Data without a list of rows is unexpected, not an empty listing."""
    with pytest.raises(UnexpectedResponseError) as raised:
        next(things(ScriptedTransport([success(data)])))
    assert type(raised.value) is UnexpectedResponseError


def test_error_of_the_first_page() -> None:
    """An error of the first page is raised unchanged."""
    with pytest.raises(TikTokError) as raised:
        next(things(ScriptedTransport([error_response(40300)])))
    assert raised.value.code == 40300
