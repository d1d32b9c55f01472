"""`make simulate`: runs every case, prints the tables, and with --write keeps them."""

import argparse
import json
import os
import sys
from typing import Any

from local.console import Console
from local.paths import SCALING, SCALING_FIGURES, SCALING_PLOTS
from tools.markdown import with_parts
from tools.simulation import report, tiktok
from tools.simulation.cases import SIZES, variations
from tools.simulation.plots import plots
from tools.simulation.run import run_all


def main() -> int:
    """Simulate all cases; the result is never a failure."""
    parser = argparse.ArgumentParser(prog="python -m tools.simulation", description="Readiness at scale.")
    parser.add_argument("--write", action="store_true", help="write docs/scaling.json, docs/scaling.md and its plots")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="cases at the same time")
    options = parser.parse_args()
    console = Console()
    with console.step("calls of a check, counted"):
        profiles = tiktok.measured()
    varied = list(variations())
    done = run_all([*SIZES, *(one.case for one in varied)], profiles, options.jobs, console)
    result = report.as_json(profiles, (done[one] for one in SIZES), ((one, done[one.case]) for one in varied))
    console.line(f"\n{report.tables(result)}")
    if options.write:
        write(result)
        console.line(f"\nWritten: {SCALING}, {SCALING_FIGURES} and {SCALING_PLOTS}")
    return 0


def write(result: dict[str, Any]) -> None:
    """Write the figures, the page's tables and the plots."""
    text = json.dumps(result, separators=(",", ":")).replace('{"parameter"', '\n{"parameter"') + "\n"
    SCALING_FIGURES.write_text(text)
    read = json.loads(text)
    SCALING.write_text(with_parts(SCALING.read_text(), "simulation", report.markdown(read)))
    SCALING_PLOTS.mkdir(exist_ok=True)
    for name, plot in plots(read).items():
        (SCALING_PLOTS / name).write_text(plot)


if __name__ == "__main__":
    sys.exit(main())
