"""The layout of the layer keeps its limits."""

import pytest

from tools.house import Count, counts, flows

COUNTS = counts()


@pytest.mark.parametrize("count", COUNTS, ids=[one.what for one in COUNTS])
def test_limits_hold(count: Count) -> None:
    """No count of the layout exceeds its limit."""
    assert len(count.found) <= count.limit, count.found


def test_every_count_counts_something() -> None:
    """A count that finds nothing would hold whatever happens: only forbidden things may be absent."""
    assert [one.what for one in COUNTS if one.limit and not one.found] == []


def test_three_flows_are_described() -> None:
    """docs/architecture.md walks a request, a readiness check and connecting."""
    assert set(flows()) == {"publish-check", "readiness", "connecting"}
