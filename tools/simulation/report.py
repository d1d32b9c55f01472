"""The simulation's results: tables for people, JSON for machines, and the parts of docs/scaling.md."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from publishing.readiness.pacing import CALLS_PER_CHECK, LEVELS
from tools.markdown import table as markdown_table
from tools.simulation import assumptions
from tools.simulation.cases import Variation
from tools.simulation.figures import ACTIVE, IDLE, LAUNCH, Figures
from tools.simulation.plots import name_of
from tools.simulation.tiktok import NAMES, Profile, averages

KINDS = (LAUNCH, ACTIVE, IDLE)
Row = Mapping[str, Any]
Table = tuple[Sequence[str], Iterable[Sequence[str]]]


def as_json(
    profiles: Sequence[Profile], sizes: Iterable[Figures], varied: Iterable[tuple[Variation, Figures]]
) -> dict[str, Any]:
    """Return everything that docs/scaling.json holds."""
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


def tables(report: Row) -> str:
    """Return all tables as aligned text."""
    sizes, varied = report["sizes"], report["varied"]
    parts = [_aligned(*_freshness(sizes)), _aligned(*_work(sizes)), _aligned(*_limits(sizes)), _aligned(*_costs(sizes))]
    if varied:
        parts.append(_aligned(*_sensitivity(varied)))
    return "\n\n".join(parts)


def markdown(report: Row) -> dict[str, str]:
    """Return the parts of docs/scaling.md by their names."""
    sizes = report["sizes"]
    return {
        "assumptions": markdown_table(("assumption", "value"), _assumptions()),
        "calls": markdown_table(
            ("endpoint", "calls of a check", "most"),
            ((name, f"{calls:.2f}", str(report["most_calls"][name])) for name, calls in report["calls"].items()),
        ),
        "calls-summary": _calls_summary(report),
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


def _freshness(sizes: Sequence[Row]) -> Table:
    head = ("advertisers, level", "kind", "p50", "p90", "p99", "longest", "change published after p50", "p99")
    rows = []
    for one in sizes:
        for kind in KINDS:
            ages = one["ages"].get(kind)
            notified = one["notified"][IDLE if kind == IDLE else ACTIVE]
            if ages:
                rows.append(
                    (
                        name_of(one["case"]),
                        kind,
                        *(_duration(ages[part]) for part in ("p50", "p90", "p99", "longest")),
                        *((_duration(notified[part]) for part in ("p50", "p99")) if kind != LAUNCH else ("", "")),
                    )
                )
    return head, rows


def _work(sizes: Sequence[Row]) -> Table:
    head = (
        "one day of", "checks wanted", "made", "messages", "urgent", "retried", "deepest queue",
        "sweeps continued", "read units", "write units", "Lambda GB-s", "a requested check takes p50", "p99",
    )  # fmt: skip
    rows = [
        (
            name_of(one["case"]),
            *(_number(one[name]) for name in ("wanted", "checks", "messages", "urgent_messages", "retried_messages")),
            _number(one["deepest_queue"]),
            f"{one['sweeps_continued']:.1f} of {one['sweeps']:.0f}",
            *(_number(one[name]) for name in ("read_units", "write_units", "gigabyte_seconds")),
            *(_duration(one["requests"][part]) for part in ("p50", "p99")),
        )
        for one in sizes
    ]
    return head, rows


def _endpoints(sizes: Sequence[Row]) -> Table:
    head = ("calls per second", *NAMES, "limit", "checks refused", "preflights refused")
    rows = [
        (
            name_of(one["case"]),
            *(_calls(one["endpoints"][name]) for name in NAMES),
            f"{LEVELS[one['case']['level']].per_minute / 60:.0f}",
            f"{one['refused_checks_share']:.2%}",
            f"{one['refused_preflights_share']:.2%}",
        )
        for one in sizes
    ]
    return head, rows


def _calls(endpoint: Row) -> str:
    return f"{endpoint['mean_per_second']:.2f} ({endpoint['peak_per_minute'] / 60:.1f})"


def _limits(sizes: Sequence[Row]) -> Table:
    head = ("advertisers, level", "limit", "used", "moved by")
    rows = [
        (name_of(one["case"]) if not place else "", limit["what"], f"{limit['load']:.0%}", limit["moved_by"])
        for one in sizes
        for place, limit in enumerate(one["limits"])
    ]
    return head, rows


def _outage(sizes: Sequence[Row]) -> Table:
    head = ("advertisers, level", "deepest queue on the day before", "after an outage of one hour", "as before after")
    rows = []
    for one in sizes:
        outage = one["outage"]
        if outage:
            after = outage["drained_after_minutes"]
            rows.append(
                (
                    name_of(one["case"]),
                    _number(outage["before"]),
                    _number(outage["deepest"]),
                    "not within the run" if after is None else _duration(after * 60) if after else "at once",
                )
            )
    return head, rows


def _costs(sizes: Sequence[Row]) -> Table:
    names = list(dict.fromkeys(cost["what"] for one in sizes for cost in one["costs"]))
    rows: list[Sequence[str]] = []
    for one in sizes:
        by_name = {cost["what"]: cost["dollars"] for cost in one["costs"]}
        rows.append((name_of(one["case"]), *(f"{by_name[name]:.2f}" for name in names), f"{sum(by_name.values()):.2f}"))
    return ("$ a month", *names, "total"), rows


def _sensitivity(varied: Sequence[Row]) -> Table:
    head = (
        "parameter", "value", "load", "active p50", "p99", "idle p50", "p99",
        "a requested check takes p50", "deepest queue", "$ a month",
    )  # fmt: skip
    rows = [
        (
            one["parameter"],
            one["value"],
            f"{one['load']:.0%}",
            *(_duration(one["ages"][kind][part]) for kind in (ACTIVE, IDLE) for part in ("p50", "p99")),
            _duration(one["requests"]["p50"]),
            _number(one["deepest_queue"]),
            f"{sum(cost['dollars'] for cost in one['costs']):.0f}",
        )
        for one in varied
    ]
    return head, rows


def _assumptions() -> Iterable[Sequence[str]]:
    for name, value in vars(assumptions).items():
        if name.isupper():
            yield name.lower().replace("_", " "), f"{value:g}"


def _calls_summary(report: Row) -> str:
    busiest = max(report["calls"], key=lambda name: report["calls"][name])
    most = max(report["most_calls"], key=lambda name: report["most_calls"][name])
    return (
        f"The pace assumes {CALLS_PER_CHECK} calls to the endpoint that a check calls most. On average that is"
        f" `{busiest}` with {report['calls'][busiest]:.2f} calls; for one demo advertiser it is `{most}` with"
        f" {report['most_calls'][most]}. {report['chain']:.1f} calls follow one another."
    )


def _summary(one: Row) -> str:
    first, ages = one["limits"][0], one["ages"]
    holds = "capacity is sufficient" if one["load"] <= 1 else f"the demand is {one['load']:.1f} times the capacity"
    dollars = sum(cost["dollars"] for cost in one["costs"])
    return (
        f"- **{name_of(one['case'])}**: {holds}. Snapshots of active advertisers are {_duration(ages[ACTIVE]['p50'])}"
        f" old or less for half of the time ({_duration(ages[ACTIVE]['p99'])} for 99 %), those of idle ones"
        f" {_duration(ages[IDLE]['p50'])} ({_duration(ages[IDLE]['p99'])})."
        f" First limit: {first['what']} ({first['load']:.0%}). ${dollars:.0f} a month."
    )


def _fairness(one: Row) -> str:
    return (
        f"- {name_of(one['case'])}: the least served shard has {one['least_served_shard']:.0%} of the checks of the"
        f" best served; {_number(one['never_checked'])} advertisers were not checked in {one['case']['hours']} hours;"
        f" {one['dead_letters']} dead letters, {one['false_events']:.1f} false events a day."
    )


def _duration(seconds: float) -> str:
    if not seconds:
        return "none"
    if seconds < 90:  # noqa: PLR2004 - seconds up to a minute and a half
        return f"{seconds:.0f} s"
    if seconds < 5_400:  # noqa: PLR2004 - minutes up to an hour and a half
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} d"  # noqa: PLR2004 - two days


def _number(number: float) -> str:
    if number < 10_000:  # noqa: PLR2004 - all digits up to here
        return f"{number:.0f}"
    return f"{number / 1e3:.0f} k" if number < 1_000_000 else f"{number / 1e6:.2f} M"  # noqa: PLR2004 - a million


def _aligned(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rows = list(rows)
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)
    )


def _rounded(value: Any) -> Any:
    """Round to four significant digits, so that the file changes only if a result changes."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, Mapping):
        return {name: _rounded(one) for name, one in value.items() if name != "case"} | (
            {"case": value["case"]} if "case" in value else {}
        )
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value


def _without_series(row: Row) -> dict[str, Any]:
    """Leave out what no table shows of a variation."""
    return {name: one for name, one in row.items() if name not in {"curve", "background_curve", "depths"}}
