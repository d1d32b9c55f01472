"""The pixel's check on listings as TikTok sends them."""

from typing import Any

import pytest

from publishing.preflight.findings import Status
from publishing.preflight.prerequisites import check_pixel
from tests.support.scripted_tiktok import ScriptedTransport, client_of, success
from tiktok_business.endpoints import TikTokBusinessApi


def row(number: int, status: str | None = None) -> dict[str, Any]:
    """Return a pixel; with ``UNBOUND`` an unusable one."""
    return {"pixel_id": str(number), "pixel_name": "Shop", "asset_ownership": {"asset_relation_status": status}}


UNBOUND = [row(number, "UNBOUND") for number in range(10)]


@pytest.mark.parametrize(
    "info",
    [
        {"page": 1, "page_size": 10, "total_number": "11", "total_page": "2"},
        {"page": 1, "page_size": 10, "total_number": 11, "total_page": 2},
        {"page": 1, "page_size": "10", "total_number": "11"},
        {"page": "1", "page_size": "10", "total_page": "2"},
        {"page": 1, "page_size": 10},
        {"has_more": "true"},
    ],
    ids=str,
)
def test_smaller_pages_than_requested(info: dict[str, Any]) -> None:
    """The pixel on the second page is found, however TikTok says that there is one."""
    pages = [
        {"pixels": UNBOUND, "page_info": info},
        {"pixels": [row(99)], "page_info": {**info, "page": 2, "has_more": None}},
    ]
    found = check_pixel(TikTokBusinessApi(client_of(ScriptedTransport([*map(success, pages)]))), "1")
    assert (found.status, len(found.assets)) == (Status.SATISFIED, 11)


@pytest.mark.parametrize(
    "info", [{"total_number": "eleven"}, {"total_page": "two"}, {"total_number": -1}, [11], {"has_more": "perhaps"}]
)
def test_a_count_that_cannot_be_read_proves_no_absence(info: object) -> None:
    """The pixel is unknown, not missing; one that was seen satisfies all the same."""

    def found(rows: list[dict[str, Any]]) -> Status:
        transport = ScriptedTransport([success({"pixels": rows, "page_info": info}), success({"pixels": []})])
        return check_pixel(TikTokBusinessApi(client_of(transport)), "1").status

    assert found(UNBOUND) is Status.UNKNOWN
    assert found([]) is Status.UNKNOWN
    assert found([*UNBOUND, row(99)]) is Status.SATISFIED
