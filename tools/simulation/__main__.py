"""`make simulate`: runs every case, prints the tables, and with --write keeps them."""

import argparse
import json
import os

from local.console import Console, exit_after
from local.paths import SCALING, SCALING_FIGURES, SCALING_PLOTS
from tools.markdown import with_parts
from tools.simulation import profiles, report
from tools.simulation.cases import SIZES, variations
from tools.simulation.parallel import run_all
from tools.simulation.plots import plots


def main() -> int:
    """Simulate and print; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m tools.simulation", description="Readiness at scale.")
    parser.add_argument("--write", action="store_true", help="write docs/scaling.json, docs/scaling.md and its plots")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="cases at the same time")
    options = parser.parse_args()
    console = Console()
    with console.step("Counting the calls of a check"):
        counted = profiles.measured()
    varied = list(variations())
    done = run_all([*SIZES, *(one.case for one in varied)], counted, options.jobs, console)
    result = report.as_json(counted, (done[one] for one in SIZES), ((one, done[one.case]) for one in varied))
    for head, rows in report.tables(result):
        console.line()
        console.table(head, rows)
    if options.write:
        write(result)
        console.line(f"\nWritten: {SCALING}, {SCALING_FIGURES} and {SCALING_PLOTS}")
    return 0


def write(result: dict[str, object]) -> None:
    """Keep the figures, the page's tables and the plots."""
    text = json.dumps(result, separators=(",", ":")).replace('{"parameter"', '\n{"parameter"') + "\n"
    SCALING_FIGURES.write_text(text)
    read = json.loads(text)
    SCALING.write_text(with_parts(SCALING.read_text(), "simulation", report.markdown(read)))
    SCALING_PLOTS.mkdir(exist_ok=True)
    for name, drawn in plots(read).items():
        (SCALING_PLOTS / name).write_text(drawn)


if __name__ == "__main__":
    exit_after(main)
