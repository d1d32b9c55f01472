"""The results of the bench: rows with aim and figure, as a table, JSON and Markdown."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from tools.bench.builds import BACKGROUND_FUNCTIONS
from tools.bench.cold_starts import ColdStarts
from tools.bench.costs import Cost
from tools.bench.fan_out import FanOut
from tools.bench.large_team import Compared, LargeTeam
from tools.bench.load import Load
from tools.bench.overhead import Overhead
from tools.bench.samples import Figure
from tools.bench.sizes import Size, Sizes
from tools.markdown import table as markdown_table

PICTURES = "CreateIdentityImageFunction"
"""The one function with its own library: Pillow."""
_SDK_FLOOR = "REACH"
"""The objective with two calls only, for which concurrency can save half of the time at most."""
_TEAM_READ = "dynamodb:Query"
"""A preflight reads its team before it calls TikTok, a query for each partition; any other call is made meanwhile."""


@dataclass(frozen=True)
class Results:
    """All figures of one run."""

    cold_starts: ColdStarts
    fan_out: Mapping[str, FanOut]
    overhead: Overhead
    large_team: LargeTeam
    sizes: Sizes
    load: Load
    costs: Sequence[Cost]


@dataclass(frozen=True)
class Row:
    """A measure with its aim: the maximum of the figure. The worst of several figures counts."""

    measure: str
    aim: float
    figure: float
    spread: str = ""
    of: str = ""

    @property
    def met(self) -> bool:
        """Whether the rounded figure meets the aim."""
        return round(self.figure, 2) <= self.aim


def rows(results: Results) -> list[Row]:
    """Return every aim with its figure."""
    every = results.cold_starts.functions.items()
    functions = {name: one.ratio for name, one in every if name not in BACKGROUND_FUNCTIONS}
    authorizer = functions.pop("AuthorizerFunction")
    fans = results.fan_out
    over_sdk = {name: fan.over_sdk for name, fan in fans.items() if fan.over_sdk is not None}
    reach = over_sdk.pop(_SDK_FLOOR)
    aws = [fan.aws_calls_warm for fan in fans.values()]
    team = [calls.get(_TEAM_READ, 0) for calls in aws]
    dynamodb = [sum(count for name, count in calls.items() if name.startswith("dynamodb:")) for calls in aws]
    record = [count - before for count, before in zip(dynamodb, team, strict=True)]
    others = [sum(calls.values()) - count for calls, count in zip(aws, dynamodb, strict=True)]
    authorized, checked = results.large_team.authorizer, results.large_team.preflight
    without_pictures = {name: size for name, size in results.sizes.functions.items() if name != PICTURES}
    return [
        _worst("API function, cold: import and Init / boto3 with a DynamoDB client", 1.5, functions),
        _row("authorizer, cold: the same yardstick", 0.6, authorizer),
        _row("import of what we ship / of sources only", 0.40, results.cold_starts.shipped_over_sources),
        _worst("preflight, warm / slowest chain of TikTok calls", 1.15, {name: fan.warm for name, fan in fans.items()}),
        _worst("preflight, cold connections / the same", 1.6, {name: fan.cold for name, fan in fans.items()}),
        _worst("preflight, warm / one after another with TikTok's SDK", 0.4, over_sdk),
        _row("the same with two calls only", 0.4, reach, _SDK_FLOOR),
        Row("DynamoDB round trips of a warm preflight before TikTok's", 2, max(team)),
        Row("the same with long lists of ad accounts", 3, checked.large_queries),
        Row("DynamoDB round trips of a warm preflight beside TikTok's", 1, max(record)),
        Row("other AWS round trips of a warm preflight", 0, max(others)),
        _read_units("authorizer, large team: DynamoDB read units", 2, authorized),
        _read_units("preflight, large team: DynamoDB read units", 8, checked),
        _row("authorizer, warm: large team / small team", 1.10, authorized.large_over_small),
        _row("preflight, warm: large team / small team", 1.10, checked.large_over_small),
        _row("handler without I/O, warm, ms: rules", 1, results.overhead.rules),
        _row("handler without I/O, warm, ms: preflight", 1, results.overhead.preflight),
        _largest("layer zip without boto3, MB", 8, results.sizes.layers, 1e6),
        _largest("function zip, kB", 30, without_pictures, 1e3),
        _largest("function zip with Pillow, MB", 4, {PICTURES: results.sizes.functions[PICTURES]}, 1e6),
        Row("files that differ between two builds", 0, results.sizes.differing_files),
        Row(
            f"errors of {results.load.requests} requests at {results.load.connections} connections",
            0,
            results.load.errors,
        ),
    ]


def _row(measure: str, aim: float, figure: Figure, of: str = "") -> Row:
    return Row(measure, aim, figure.median, f"{figure.low:.2f} to {figure.high:.2f}", of)


def _read_units(measure: str, aim: float, compared: Compared) -> Row:
    return Row(measure, aim, compared.large_read_units, of=f"small team: {compared.small_read_units:g}")


def _worst(measure: str, aim: float, figures: Mapping[str, Figure]) -> Row:
    name = max(figures, key=lambda one: figures[one].median)
    return _row(measure, aim, figures[name], name)


def _largest(measure: str, aim: float, sizes: Mapping[str, Size], unit: float) -> Row:
    name = max(sizes, key=lambda one: sizes[one].zipped)
    return Row(measure, aim, sizes[name].zipped / unit, of=name)


def table(results: Results) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Return the header and the rows of the printed table."""
    return ("measure", "aim", "figure", "quartiles", "met", "worst of"), [
        (row.measure, f"{row.aim:g}", _number(row.figure), row.spread, "yes" if row.met else "NO", row.of)
        for row in rows(results)
    ]


def as_json(results: Results) -> dict[str, Any]:
    """Return all figures, and the system they were measured on."""
    return {
        "measured_at": datetime.now(UTC).strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "rows": [{**asdict(row), "met": row.met} for row in rows(results)],
        **asdict(results),
    }


def markdown_tables(report: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of docs/performance.md by name, from the result of :func:`as_json`."""
    fans = report["fan_out"]
    cold_starts = report["cold_starts"]
    sizes = report["sizes"]
    load = report["load"]
    return {
        "measured": f"Measured on {report['measured_at']}, Python {report['python']}, {report['system']}.",
        "aims": markdown_table(
            ("measure", "aim", "figure", "quartiles", "met", "of several, the worst"),
            (
                (
                    row["measure"],
                    f"{row['aim']:g}",
                    _number(row["figure"]),
                    row["spread"],
                    "yes" if row["met"] else "**no**",
                    row["of"],
                )
                for row in report["rows"]
            ),
        ),
        "cold_starts": markdown_table(
            ("function", "ms", "/ boto3 + client", "modules", "peak MB"),
            (
                (
                    name,
                    _number(one["milliseconds"]["median"]),
                    _number(one["ratio"]["median"]),
                    str(one["modules"]),
                    f"{one['peak_megabytes']:.0f}",
                )
                for name, one in cold_starts["functions"].items()
            ),
        ),
        "bytecode": markdown_table(
            ("bytecode of layer and function, files dated 1980", "import, ms"),
            ((kind, _number(figure["median"])) for kind, figure in cold_starts["bytecode"].items()),
        ),
        "fan_out": markdown_table(
            ("preflight", "warm", "cold", "/ SDK", "/ requests", "TikTok calls cold, warm", "AWS calls cold, warm"),
            (
                (
                    name,
                    _number(fan["warm"]["median"]),
                    _number(fan["cold"]["median"]),
                    _number(fan["over_sdk"]["median"]) if fan["over_sdk"] else "lacks a call",
                    _number(fan["over_requests"]["median"]),
                    f"{fan['tiktok_calls_cold']}, {fan['tiktok_calls_warm']}",
                    f"{sum(fan['aws_calls_cold'].values())}, {sum(fan['aws_calls_warm'].values())}",
                )
                for name, fan in fans.items()
            ),
        ),
        "sizes": markdown_table(
            ("zip", "kB", "unzipped, kB"),
            (
                (name, f"{size['zipped'] / 1e3:.1f}", f"{size['unzipped'] / 1e3:.1f}")
                for name, size in {**sizes["layers"], **sizes["functions"]}.items()
            ),
        ),
        "load": (
            f"{load['requests']} preflights over {load['connections']} connections against the emulated stack, TikTok"
            f" taking 100 ms a call: {load['per_second']:.1f} a second, p50 {load['p50_milliseconds']:.0f} ms,"
            f" p99 {load['p99_milliseconds']:.0f} ms, {load['errors']} errors."
        ),
        "costs": markdown_table(
            ("a million preflights", "$", "of it measured, of it assumed"),
            (
                *((cost["what"], f"{cost['dollars']:.2f}", cost["assumption"]) for cost in report["costs"]),
                ("all of it", f"{sum(cost['dollars'] for cost in report['costs']):.2f}", ""),
            ),
        ),
    }


def _number(value: float) -> str:
    if value == int(value):
        return f"{value:.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.2f}"  # noqa: PLR2004 - three figures are enough
