"""``make bench``: measures everything in one run, prints a table and writes the rest as JSON."""

import argparse
import json

from local.console import Console, exit_after
from local.paths import PERFORMANCE, PERFORMANCE_FIGURES, WORK
from tools.bench import cold_starts, costs, fan_out, large_team, load, overhead, report, sizes
from tools.bench.builds import build_twice
from tools.bench.harness import SimulatedTikTok, aws_with_demo_data
from tools.markdown import with_parts

FIGURES = WORK / "bench" / "results.json"


def main() -> int:
    """Measure and print; return 0 whether or not the aims are met.

    Raises:
        StackError: something to be measured does not start.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description="Measures the product.")
    parser.add_argument("--write", action="store_true", help="write docs/performance.json and docs/performance.md too")
    options = parser.parse_args()
    console = Console()
    console.line("\nThis takes about five minutes. Run nothing else on this machine meanwhile.")
    results = _measured(console)
    console.line()
    console.table(*report.table(results))
    text = json.dumps(report.as_json(results), indent=1) + "\n"
    FIGURES.write_text(text)
    if options.write:
        PERFORMANCE_FIGURES.write_text(text)
        tables = report.markdown_tables(json.loads(text))
        PERFORMANCE.write_text(with_parts(PERFORMANCE.read_text(), "bench", tables))
    console.line(f"\nWritten: {PERFORMANCE_FIGURES if options.write else FIGURES}")
    return 0


def _measured(console: Console) -> report.Results:
    build, second = build_twice(console)
    loaded = cold_starts.measure(build, console)
    with SimulatedTikTok(WORK / "bench" / "tls") as tiktok, aws_with_demo_data(tiktok.certificate) as aws:
        fans = fan_out.measure(build, tiktok, aws, console)
        warm = overhead.measure(build, tiktok, aws, console)
        teams = large_team.measure(build, tiktok, aws, console)
    return report.Results(
        cold_starts=loaded,
        fan_out=fans,
        overhead=warm,
        large_team=teams,
        sizes=sizes.measure(build, second),
        load=load.measure(console),
        costs=costs.costs(fans[fan_out.CASES[1].name], loaded),
    )


if __name__ == "__main__":
    exit_after(main)
