"""The bench's report: its aims, and the page with the figures."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from local.paths import PERFORMANCE, PERFORMANCE_FIGURES
from tools.bench.cold_starts import ColdStarts, Loaded
from tools.bench.costs import costs
from tools.bench.fan_out import FanOut
from tools.bench.large_team import Compared, LargeTeam
from tools.bench.load import Load
from tools.bench.overhead import Overhead
from tools.bench.report import PICTURES, Results, Row, markdown_tables, rows
from tools.bench.samples import Figure
from tools.bench.sizes import Size, Sizes
from tools.markdown import with_parts


def report() -> Mapping[str, Any]:
    """Return the committed figures."""
    measured: Mapping[str, Any] = json.loads(PERFORMANCE_FIGURES.read_text())
    return measured


def test_the_page_shows_the_figures() -> None:
    """docs/performance.md has the tables of docs/performance.json; `make bench ARGS=--write` writes both."""
    page = PERFORMANCE.read_text()
    assert with_parts(page, "bench", markdown_tables(report())) == page


def test_every_missed_aim_is_explained() -> None:
    """The page explains each missed aim in a section."""
    explained = PERFORMANCE.read_text().partition("## What is not met")[2].partition("\n## ")[0]
    missed = [row["measure"] for row in report()["rows"] if not row["met"]]
    assert [measure for measure in missed if f"**{measure}**" not in explained] == []


@pytest.mark.parametrize(("figure", "met"), [(1.0, True), (1.004, True), (1.01, False), (7.0, False), (0.0, True)])
def test_an_aim_is_met_by_the_rounded_figure(figure: float, met: bool) -> None:  # noqa: FBT001 - the expected verdict
    """The figure is rounded to two decimals."""
    assert Row("measure", 1, figure).met is met


def test_a_figure_is_a_median_with_quartiles() -> None:
    """One slow sample changes neither median nor quartiles."""
    figure = Figure.of([1.0, 2.0, 3.0, 4.0, 900.0])
    assert (figure.low, figure.median, figure.high, figure.samples) == (2.0, 3.0, 4.0, 5)
    assert figure.over(2.0) == Figure(1.5, 1.0, 2.0, 5)


def test_a_page_without_the_place_is_an_error() -> None:
    """A table without a place in the page raises an error."""
    page = "<!-- bench:aims -->\nold\n<!-- end -->\nrest"
    assert with_parts(page, "bench", {"aims": "new"}) == "<!-- bench:aims -->\nnew\n<!-- end -->\nrest"
    with pytest.raises(ValueError, match="costs"):
        with_parts(page, "bench", {"costs": "new"})


def figure(value: float) -> Figure:
    return Figure(value, value, value, 15)


def fan(*, warm: float = 1.0, over_sdk: float | None = 0.3, calls: Mapping[str, int] | None = None) -> FanOut:
    warm_calls = calls or {"dynamodb:Query": 1}
    cold_calls = {**warm_calls, "secretsmanager:GetSecretValue": 1}
    sdk = None if over_sdk is None else figure(over_sdk)
    return FanOut(figure(1.2), figure(warm), figure(100 * warm), sdk, figure(0.3), 3, 3, cold_calls, warm_calls, 200)


def compared(*, units: float = 2, queries: int = 0, ratio: float = 1.0) -> Compared:
    return Compared(2, units, queries, figure(2), figure(ratio))


def results(**changes: Any) -> Results:
    """Return the results of a run in which every aim is met, with changes."""
    loaded = Loaded(figure(200), figure(1.0), 400, 40)
    functions = {"AuthorizerFunction": Loaded(figure(100), figure(0.5), 250, 35), "PublishCheckFunction": loaded}
    cold = ColdStarts(figure(200), functions, {}, figure(0.4))
    sizes = Sizes({"SharedLayer": Size(7_000_000, 1)}, {"A": Size(1_000, 1), PICTURES: Size(3_200_000, 1)}, 0)
    load = Load(20, 200, 100.0, 120.0, 150.0, 0)
    overhead, teams = Overhead(figure(0.1), figure(0.5)), LargeTeam(compared(), compared(units=8, queries=3))
    all_met = Results(cold, {"REACH": fan(), "X": fan()}, overhead, teams, sizes, load, [])
    return replace(all_met, **changes)


def missed(run: Results) -> list[tuple[str, str]]:
    return [(row.measure, row.of) for row in rows(run) if not row.met]


def test_the_worst_of_several_decides() -> None:
    """One slow objective or one more AWS call misses an aim; cases that the SDK lacks do not count."""
    assert missed(results()) == []
    slow = results(fan_out={"REACH": fan(), "X": fan(), "Y": fan(warm=1.2, over_sdk=None)})
    assert missed(slow) == [("preflight, warm / slowest chain of TikTok calls", "Y")]
    for calls, expected in (
        ({"dynamodb:Query": 2, "dynamodb:GetItem": 1}, []),
        ({"dynamodb:Query": 3}, ["DynamoDB round trips of a warm preflight before TikTok's"]),
        ({"dynamodb:Query": 2, "dynamodb:GetItem": 2}, ["DynamoDB round trips of a warm preflight beside TikTok's"]),
        ({"secretsmanager:GetSecretValue": 1}, ["other AWS round trips of a warm preflight"]),
    ):
        run = results(fan_out={"REACH": fan(), "X": fan(calls=calls)})
        assert [measure for measure, _ in missed(run)] == expected


def test_a_large_team_may_cost_a_tenth_more_time() -> None:
    """Read units have aims of their own, those of the contract; what a small team costs is shown beside them."""
    dear = LargeTeam(compared(units=3, ratio=1.11), compared(units=9, queries=4, ratio=1.105))
    assert missed(results(large_team=dear)) == [
        ("the same with long lists of ad accounts", ""),
        ("authorizer, large team: DynamoDB read units", "small team: 2"),
        ("preflight, large team: DynamoDB read units", "small team: 2"),
        ("authorizer, warm: large team / small team", ""),
    ]


def test_background_functions_have_no_aim() -> None:
    """A background function may start slowly; a function of the API may not."""
    loaded = results().cold_starts
    for name, late in (("ReadinessCheckFunction", []), ("ReadinessFunction", ["ReadinessFunction"])):
        functions = {**loaded.functions, name: Loaded(figure(600), figure(3.0), 900, 90)}
        assert [of for _, of in missed(results(cold_starts=replace(loaded, functions=functions)))] == late


def test_sizes_differences_and_errors_decide() -> None:
    """The largest zip counts, and every differing file and failed request."""
    sizes = Sizes({"A": Size(1, 1), "B": Size(8_010_000, 1)}, {"F": Size(31_000, 1), PICTURES: Size(4_010_000, 1)}, 1)
    run = results(sizes=sizes, load=Load(20, 200, 1.0, 1.0, 1.0, 1))
    assert missed(run) == [
        ("layer zip without boto3, MB", "B"),
        ("function zip, kB", "F"),
        ("function zip with Pillow, MB", PICTURES),
        ("files that differ between two builds", ""),
        ("errors of 200 requests at 20 connections", ""),
    ]


def test_costs_follow_the_calls() -> None:
    """One more read costs as much as a query, a measured write nothing, and a slower preflight only Lambda time."""
    cold_starts = results().cold_starts
    plain, reading, writing, slow = (
        {cost.what: cost.dollars for cost in costs(one, cold_starts)}
        for one in (
            fan(),
            fan(calls={"dynamodb:Query": 1, "dynamodb:GetItem": 1}),
            fan(calls={"dynamodb:Query": 1, "dynamodb:PutItem": 1}),
            fan(warm=2.0),
        )
    )
    assert plain["DynamoDB, reads"] == pytest.approx(1.5 * 0.125)
    assert reading["DynamoDB, reads"] == pytest.approx(2.5 * 0.125)
    assert plain["DynamoDB, writes"] == pytest.approx(0.5 * 0.625)
    assert writing == plain
    assert plain["REST API"] == pytest.approx(3.5)
    assert slow["Lambda, preflight"] - plain["Lambda, preflight"] == pytest.approx(0.3 * 13.3334)
    assert {name for name in plain if plain[name] != slow[name]} == {"Lambda, preflight"}
