"""The simulation's results: tables for people, JSON for machines, and the parts of docs/scaling.md."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from publishing.readiness.pacing import CALLS_PER_CHECK, LEVELS
from tools.markdown import table as markdown_table
from tools.simulation import assumptions
from tools.simulation.cases import Variation
from tools.simulation.figures import Figures
from tools.simulation.plots import named
from tools.simulation.profiles import NAMES, Profile, averages
from tools.simulation.run import IDLE, IN_USE, LAUNCH

KINDS = (LAUNCH, IN_USE, IDLE)
Row = Mapping[str, Any]


def as_json(
    profiles: Sequence[Profile], sizes: Iterable[Figures], varied: Iterable[tuple[Variation, Figures]]
) -> dict[str, Any]:
    """Everything that docs/scaling.json holds."""
    return {
        "calls": {name: round(calls, 2) for name, calls in averages(profiles).items()},
        "most_calls": {name: max(profile.count(name) for profile in profiles) for name in NAMES},
        "chain": round(sum(profile.chain for profile in profiles) / len(profiles), 2),
        "sizes": [_rounded(asdict(one)) for one in sizes],
        "varied": [
            {"parameter": variation.parameter, "value": variation.value, **_without_series(_rounded(asdict(one)))}
            for variation, one in varied
        ],
    }


def tables(report: Row) -> list["Table"]:
    """All tables for people, each with its head and its rows."""
    sizes, varied = report["sizes"], report["varied"]
    every = [_freshness(sizes), _work(sizes), _limits(sizes), _costs(sizes)]
    return [*every, _sensitivity(varied)] if varied else every


def markdown(report: Row) -> dict[str, str]:
    """The parts of docs/scaling.md by their names."""
    sizes = report["sizes"]
    return {
        "assumptions": markdown_table(("assumption", "value"), _assumptions()),
        "calls": markdown_table(
            ("endpoint", "calls of a check", "most"),
            ((name, f"{calls:.2f}", str(report["most_calls"][name])) for name, calls in report["calls"].items()),
        ),
        "calls-told": _calls_told(report),
        "summary": "\n".join(_summary(one) for one in sizes),
        "freshness": markdown_table(*_freshness(sizes)),
        "work": markdown_table(*_work(sizes)),
        "endpoints": markdown_table(*_endpoints(sizes)),
        "limits": markdown_table(*_limits(sizes)),
        "outage": markdown_table(*_outage(sizes)),
        "fairness": "\n".join(_fairness(one) for one in sizes),
        "costs": markdown_table(*_costs(sizes)),
        "sensitivity": markdown_table(*_sensitivity(report["varied"])),
    }


Table = tuple[Sequence[str], Iterable[Sequence[str]]]


def _freshness(sizes: Sequence[Row]) -> Table:
    head = ("advertisers, level", "kind", "p50", "p90", "p99", "longest", "change told p50", "p99")
    rows = []
    for one in sizes:
        for kind in KINDS:
            ages = one["ages"].get(kind)
            told = one["told"][IDLE if kind == IDLE else IN_USE]
            if ages:
                rows.append(
                    (
                        named(one["case"]),
                        kind,
                        *(_duration(ages[part]) for part in ("p50", "p90", "p99", "longest")),
                        *((_duration(told[part]) for part in ("p50", "p99")) if kind != LAUNCH else ("", "")),
                    )
                )
    return head, rows


def _work(sizes: Sequence[Row]) -> Table:
    head = (
        "a day of", "looks wanted", "made", "messages", "urgent", "sent again", "deepest queue",
        "handed on", "read units", "write units", "Lambda GB-s", "a requested look takes p50", "p99",
    )  # fmt: skip
    rows = [
        (
            named(one["case"]),
            *(_many(one[name]) for name in ("wanted", "looks", "messages", "urgent_messages", "hidden_messages")),
            _many(one["deepest_queue"]),
            f"{one['sweeps_handed_on']:.1f} of {one['sweeps']:.0f}",
            *(_many(one[name]) for name in ("read_units", "write_units", "gigabyte_seconds")),
            *(_duration(one["requests"][part]) for part in ("p50", "p99")),
        )
        for one in sizes
    ]
    return head, rows


def _endpoints(sizes: Sequence[Row]) -> Table:
    head = ("calls a second", *NAMES, "limit", "looks refused", "preflights refused")
    rows = [
        (
            named(one["case"]),
            *(_calls(one["endpoints"][name]) for name in NAMES),
            f"{LEVELS[one['case']['level']].per_minute / 60:.0f}",
            f"{one['refused_looks_share']:.2%}",
            f"{one['refused_preflights_share']:.2%}",
        )
        for one in sizes
    ]
    return head, rows


def _calls(endpoint: Row) -> str:
    return f"{endpoint['mean_per_second']:.2f} ({endpoint['peak_per_minute'] / 60:.1f})"


def _limits(sizes: Sequence[Row]) -> Table:
    head = ("advertisers, level", "limits, the nearest first", "used", "moved by")
    rows = [
        (named(one["case"]) if not place else "", limit["what"], f"{limit['load']:.0%}", limit["moved_by"])
        for one in sizes
        for place, limit in enumerate(one["limits"])
    ]
    return head, rows


def _outage(sizes: Sequence[Row]) -> Table:
    head = ("advertisers, level", "queue on other days, at most", "after an hour's silence", "as before after")
    rows = []
    for one in sizes:
        outage = one["outage"]
        if outage:
            after = outage["drained_after_minutes"]
            rows.append(
                (
                    named(one["case"]),
                    _many(outage["before"]),
                    _many(outage["deepest"]),
                    "not within the run" if after is None else _duration(after * 60) if after else "at once",
                )
            )
    return head, rows


def _costs(sizes: Sequence[Row]) -> Table:
    names = list(dict.fromkeys(cost["what"] for one in sizes for cost in one["costs"]))
    rows: list[Sequence[str]] = []
    for one in sizes:
        by_name = {cost["what"]: cost["dollars"] for cost in one["costs"]}
        rows.append((named(one["case"]), *(f"{by_name[name]:.2f}" for name in names), f"{sum(by_name.values()):.2f}"))
    return ("$ a month", *names, "all"), rows


def _sensitivity(varied: Sequence[Row]) -> Table:
    head = (
        "parameter", "value", "load", "in use p50", "p99", "idle p50", "p99",
        "a requested look p50", "deepest queue", "$ a month",
    )  # fmt: skip
    rows = [
        (
            one["parameter"],
            one["value"],
            f"{one['load']:.0%}",
            *(_duration(one["ages"][kind][part]) for kind in (IN_USE, IDLE) for part in ("p50", "p99")),
            _duration(one["requests"]["p50"]),
            _many(one["deepest_queue"]),
            f"{sum(cost['dollars'] for cost in one['costs']):.0f}",
        )
        for one in varied
    ]
    return head, rows


def _assumptions() -> Iterable[Sequence[str]]:
    for name, value in vars(assumptions).items():
        if name.isupper():
            yield name.lower().replace("_", " "), f"{value:g}"


def _calls_told(report: Row) -> str:
    busiest = max(report["calls"], key=lambda name: report["calls"][name])
    most = max(report["most_calls"], key=lambda name: report["most_calls"][name])
    return (
        f"The pace counts with {CALLS_PER_CHECK} calls of the endpoint that a check asks most. On average that is"
        f" `{busiest}` with {report['calls'][busiest]:.2f}; one demo advertiser asks `{most}`"
        f" {report['most_calls'][most]} times. {report['chain']:.1f} calls follow one another."
    )


def _summary(one: Row) -> str:
    first, ages = one["limits"][0], one["ages"]
    held = "holds" if one["load"] <= 1 else f"is asked for {one['load']:.1f} times what it can do"
    dollars = sum(cost["dollars"] for cost in one["costs"])
    return (
        f"- **{named(one['case'])}** {held}. What is known is {_duration(ages[IN_USE]['p50'])} old for half of those in"
        f" use ({_duration(ages[IN_USE]['p99'])} for 99 %), {_duration(ages[IDLE]['p50'])}"
        f" ({_duration(ages[IDLE]['p99'])}) for the others."
        f" The nearest limit: {first['what']} ({first['load']:.0%}). ${dollars:.0f} a month."
    )


def _fairness(one: Row) -> str:
    return (
        f"- {named(one['case'])}: the least served part of the list has {one['least_served_shard']:.0%} of the looks of"
        f" the best served; {_many(one['never_looked_at'])} advertisers were not looked at in"
        f" {one['case']['hours']} hours; {one['dead_letters']} dead letters,"
        f" {one['false_events']:.1f} false events a day."
    )


def _duration(seconds: float) -> str:
    if not seconds:
        return "none"
    if seconds < 90:  # noqa: PLR2004 - a minute and a half is still told in seconds
        return f"{seconds:.0f} s"
    if seconds < 5_400:  # noqa: PLR2004 - and so on
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} d"  # noqa: PLR2004 - as above


def _many(number: float) -> str:
    if number < 10_000:  # noqa: PLR2004 - up to here each one is told
        return f"{number:.0f}"
    return f"{number / 1e3:.0f} k" if number < 1_000_000 else f"{number / 1e6:.2f} M"  # noqa: PLR2004 - a million


def _rounded(value: Any) -> Any:
    """Four figures are enough, and make a file that changes only where something has changed."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, Mapping):
        return {name: _rounded(one) for name, one in value.items() if name != "case"} | (
            {"case": value["case"]} if "case" in value else {}
        )
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value


def _without_series(row: Row) -> dict[str, Any]:
    """What no table shows of a variation is left out."""
    return {name: one for name, one in row.items() if name not in {"curve", "background_curve", "depths"}}
