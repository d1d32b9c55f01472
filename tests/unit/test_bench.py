"""The bench's report: verdicts that can be no, and a page that says what was measured."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from local.bench.report import Row, markdown_tables, with_tables
from local.bench.samples import Figure
from local.paths import PERFORMANCE, PERFORMANCE_FIGURES


def report() -> Mapping[str, Any]:
    """What was measured last."""
    measured: Mapping[str, Any] = json.loads(PERFORMANCE_FIGURES.read_text())
    return measured


def test_the_page_shows_the_figures() -> None:
    """docs/performance.md has the tables of docs/performance.json; `make bench ARGS=--write` writes both."""
    page = PERFORMANCE.read_text()
    assert with_tables(page, markdown_tables(report())) == page


def test_every_aim_has_a_verdict() -> None:
    """And those that are not met are spoken of in the page."""
    page = PERFORMANCE.read_text()
    verdicts = [Row(row["measure"], row["aim"], row["figure"]).met for row in report()["rows"]]
    assert verdicts == [row["met"] for row in report()["rows"]]
    assert len(verdicts) >= 15
    assert all(verdicts) or "## What is not met" in page


@pytest.mark.parametrize(("figure", "met"), [(1.0, True), (1.004, True), (1.01, False), (7.0, False), (0.0, True)])
def test_an_aim_is_met_by_what_is_shown(figure: float, met: bool) -> None:  # noqa: FBT001 - the expected verdict
    """To two decimals."""
    assert Row("measure", 1, figure).met is met


def test_a_figure_is_a_median_with_quartiles() -> None:
    """One slow sample moves neither."""
    figure = Figure.of([1.0, 2.0, 3.0, 4.0, 900.0])
    assert (figure.low, figure.median, figure.high, figure.samples) == (2.0, 3.0, 4.0, 5)
    assert figure.over(2.0) == Figure(1.5, 1.0, 2.0, 5)


def test_a_page_without_a_place_is_refused() -> None:
    """A table is never lost in silence."""
    page = "<!-- bench:aims -->\nold\n<!-- end -->\nrest"
    assert with_tables(page, {"aims": "new"}) == "<!-- bench:aims -->\nnew\n<!-- end -->\nrest"
    with pytest.raises(ValueError, match="costs"):
        with_tables(page, {"costs": "new"})


def test_costs_are_shown_with_their_sum() -> None:
    """The last row of the table is the sum of the others."""
    rows = [row["dollars"] for row in report()["costs"]]
    assert len(rows) == 6
    assert f"| all of it | {sum(rows):.2f} |" in markdown_tables(report())["costs"]
